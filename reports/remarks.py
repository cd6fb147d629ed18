"""A remark on an answer, and its place among the others."""

from __future__ import annotations

from dataclasses import dataclass

from reports.drills import Drill, read_drills
from reports.evidence import Moment
from reports.targets import Band, Judgement, Targets


@dataclass(frozen=True, slots=True)
class Remark:
    """What to work on, and why."""

    id: str
    title: str
    evidence: tuple[Moment, ...]
    why: str
    source: str
    """where the band comes from"""
    drill: Drill


@dataclass(frozen=True, slots=True)
class Candidate:
    """A remark with its place in the ranking."""

    kind: str
    level: str
    remark: Remark


def candidate(
    kind: str,
    judged: Judgement,
    title: str,
    shown: tuple[Moment, ...],
    why: str,
    band: Band,
    drill: str,
) -> Candidate:
    """Return a remark that is held against a band, with the drill of that id."""
    remark = Remark(kind, title, shown, why, band.cited, read_drills()[drill])
    return Candidate(kind, judged.level, remark)


def judged_by(targets: Targets, measure: str, value: float) -> tuple[Band | None, Judgement]:
    """Return the band of a measure, where there is one, and where the value lies."""
    band = targets.band(measure)
    return band, band.judge(value) if band else Judgement("unjudged")
