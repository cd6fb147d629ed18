"""What a recorded exercise shows first: the measures it trains, against band and last time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reports.compare import BETTER, NOT_COMPARABLE, SAME, WORSE, compare_takes
from reports.drills import Drill
from reports.goal_numbers import goal_value, number_text
from reports.language import t
from reports.repeat_noise import RepeatNoise
from reports.takes import TakeRecord
from reports.targets import Band, Targets


@dataclass(frozen=True, slots=True)
class DrillRow:
    """One measure that the exercise trains."""

    title: str
    value: str
    level: str
    """ "good", "near", "off" or "unjudged" """
    verdict: str
    """the level in words, with the band"""
    before: str
    """last time; "" = it is the first time"""
    change: str
    """ "better", "worse", "about the same", or why it can't be said; "" without a last time"""


@dataclass(frozen=True, slots=True)
class DrillPart:
    """The head of the report of an exercise."""

    drill: Drill
    rows: tuple[DrillRow, ...]
    first_time: bool


def drill_part(
    drill: Drill,
    take: TakeRecord,
    before: TakeRecord | None,
    targets: Targets,
    noise: Mapping[str, RepeatNoise] | None,
) -> DrillPart:
    """Return what is shown of an exercise, in the language of the page.

    Parameters
    ----------
    drill : the exercise.
    take : this time.
    before : last time; None = it is the first time.
    targets, noise : what the numbers are held against.
    """
    changes: dict[str, tuple[str, str]] = {}
    if before is not None:
        compared = compare_takes(before, take, targets=targets, noise=noise)
        changes = {d.metric: (d.verdict, d.reason) for d in (*compared.deltas, *compared.told)}
    rows: list[DrillRow] = []
    for measure in drill.trained(take.language):
        value = goal_value(measure, take)
        band = measure.band_of(targets, take.language, take.question)
        band = band or targets.band(measure.id, take.language)
        level = band.judge(value).level if band else "unjudged"
        earlier = None if before is None else goal_value(measure, before)
        rows.append(
            DrillRow(
                title=t(measure.title),
                value=number_text(measure, value),
                level=level,
                verdict=_verdict(level, band),
                before="" if before is None else number_text(measure, earlier),
                change=_change(*changes.get(measure.id, ("", ""))),
            )
        )
    return DrillPart(drill, tuple(rows), before is None)


def _verdict(level: str, band: Band | None) -> str:
    if band is None or level == "unjudged":
        return t("not judged")
    return {
        "good": t("in its target"),
        "near": t("close to its target"),
        "off": t("outside its target"),
    }[level]


def _change(verdict: str, reason: str) -> str:
    word = {BETTER: t("better"), WORSE: t("worse"), SAME: t("about the same")}.get(verdict, "")
    if verdict == NOT_COMPARABLE:
        return reason or t("not comparable")
    return word
