"""Two minutes of answering: looks away and their edges, notes, and what moving about does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.results import GazeMetrics
from analysis.timeline import Segment, Segments
from tests.benchmarks.tables import Cell, Table
from tests.benchmarks.vision_clips import PeopleClip
from tests.benchmarks.vision_figures import Answer, Figure, share_figure, share_text
from tests.benchmarks.vision_judging import MODES, TWO_POINT, Judge, Judged
from tests.benchmarks.vision_scores import (
    Share,
    StretchScore,
    covered,
    looks_away,
    pooled,
    score_stretches,
    share,
    stretches,
)

EDGE_S = 0.4
SHORTEST_S = 1.0
LEAST_LOOKS = 3
"""true looks that make a place the notes, of the five in an answer; our judgement"""
FIRST_S, LAST_S = 40.0, 30.0
"""the person moves the chair at 50 s and sinks at 90 s: before, between and after"""
ON = "rendered people's answers of 2 minutes"


@dataclass(frozen=True, slots=True)
class NotesScore:
    """How the places named "notes" compare with the true looks at the notes."""

    found: Share
    """true looks of which moments of such places cover half or more"""
    right: Share
    """moments of such places that touch a true look"""
    named: bool
    """a place with at least `LEAST_LOOKS` true looks that is mostly them"""
    false_places: int
    """such places that are mostly something else"""


def answers(judge: Judge, clips: Sequence[PeopleClip]) -> Answer:
    """Are looks away found in time, notes named, and is the share right before and after moving?"""
    own = [c for c in clips if c.kind == "answer"]
    answer = Answer()
    for mode in MODES:
        answer += _away(judge, own, mode)
    return answer


def true_looks(judged: Judged, label: str | None = None) -> Segments:
    """Return the true looks away, through blinks; with a label only those to what has it."""
    truth = judged.truth
    away = looks_away(truth.gaze_yaw_deg, truth.gaze_pitch_deg)
    looks = stretches(truth.times_s, away, ignored=truth.eyes_closed > 0.2)
    if label is None:
        return looks
    told = stretches(truth.times_s, truth.label == label)
    return tuple(look for look in looks if covered(look, told) > 0)


def _away(judge: Judge, clips: Sequence[PeopleClip], mode: str) -> Answer:
    rows: list[tuple[Cell, ...]] = []
    drift: list[tuple[Cell, ...]] = []
    missed: list[tuple[Cell, ...]] = []
    whole = StretchScore()
    found: dict[str, Share] = {}
    edges: dict[str, Share] = {}
    named: dict[str, Share] = {}
    noted: dict[str, Share] = {}
    for clip in clips:
        judged, given = judge.frames(clip, mode), judge.metrics(clip, mode)
        if judged is None or given is None:
            continue
        metrics, cautions = given
        within = _watched(judged)
        looks = true_looks(judged)
        score = score_stretches(looks, metrics.away, within=within, shortest_s=SHORTEST_S)
        notes = notes_score(true_looks(judged, "notes"), metrics)
        who = clip.identity
        whole += score
        found[who] = found.get(who, Share()) + score.found
        edges[who] = edges.get(who, Share()) + score.edges_within(EDGE_S)
        noted[who] = noted.get(who, Share()) + notes.found
        named[who] = named.get(who, Share()) + Share(int(notes.named), 1)
        rows.append(
            (
                f"{who} {clip.condition}",
                share_text(score.found),
                share_text(score.edges_within(EDGE_S)),
                score.worst_edge_s,
                score.false_per_min,
                share_text(notes.found),
                share_text(notes.right),
                notes.false_places,
                " ".join(p.kind for p in metrics.places) or None,
                len(metrics.anchors),
                " ".join(c.code for c in cautions),
            )
        )
        drift.append((f"{who} {clip.condition}", *_drift(judged, metrics)))
        missed += _missed(who, looks, judged, metrics)
    if not rows:
        return Answer()
    tables = (
        Table(
            f"Looks away of at least {SHORTEST_S:g} s in answers, calibration: {mode}",
            (
                *("", "found", f"edges ≤ {EDGE_S:g} s", "worst s", "false/min"),
                *("notes found", "notes right", "false places", "places", "anchors", "cautions"),
            ),
            tuple(rows),
            "notes found: true looks at the notes that a place of that kind covers by half;\n"
            "notes right: moments of such a place that are true looks at the notes; false places:\n"
            "places of that kind that are mostly something else.",
        ),
        Table(
            f"Share of contact in answers, calibration: {mode}",
            ("", "whole", "true", "error", "first 40 s", "middle", "last 30 s", "low–high"),
            tuple(drift),
            "error and the columns behind it: measured minus true share, of the frames with open\n"
            "eyes that are judged. The person moves the chair at 50 s and sinks at 90 s.",
        ),
        Table(
            f"Looks away that were missed or have a wrong edge, calibration: {mode}",
            ("", "start s", "end s", "deg left", "deg up", "measured"),
            tuple(missed),
        ),
    )
    if mode != TWO_POINT:
        return Answer(tables)
    worst = max(whole.edges_s, default=math.nan)
    within_figure = share_figure("away_edges_within", edges, ON, high_is_good=True)
    p95 = float(np.quantile(whole.edges_s, 0.95)) if whole.edges_s else math.nan
    figures = (
        share_figure("away_found", found, ON, high_is_good=True),
        within_figure,
        Figure("away_edge_s", p95, "s", len(whole.edges_s), within_figure.on, high=worst),
        share_figure("notes_named", named, ON, high_is_good=True),
        share_figure("notes_looks_found", noted, ON, high_is_good=True),
    )
    return Answer(tables, figures)


def notes_score(true: Segments, metrics: GazeMetrics) -> NotesScore:
    """Compare the looks at the notes with the places that are named so."""
    places = [place.moments for place in metrics.places if place.kind == "notes"]
    moments = [m for place in places for m in place]
    shares = [Share(sum(_touches(m, true) for m in place), len(place)) for place in places]
    real = [s for s in shares if s.value >= 0.5]
    return NotesScore(
        found=Share(sum(covered(look, moments) >= 0.5 for look in true), len(true)),
        right=pooled(shares),
        named=any(s.hits >= LEAST_LOOKS for s in real),
        false_places=len(shares) - len(real),
    )


def _touches(moment: Segment, true: Segments) -> bool:
    return any(moment.start < t.end and moment.end > t.start for t in true)


def _watched(judged: Judged) -> Segment:
    times = judged.truth.times_s
    return Segment(float(times[0]), float(times[-1] + np.median(np.diff(times))))


def contact_error(judged: Judged, start_s: float, end_s: float) -> tuple[float, float]:
    """Return the measured share of contact in a stretch and the true one, of the same frames."""
    times = judged.truth.times_s
    among = judged.judged & judged.truly_open & (times >= start_s) & (times < end_s)
    away = looks_away(judged.truth.gaze_yaw_deg, judged.truth.gaze_pitch_deg)
    return share(judged.contact, among).value, share(~away, among).value


def _drift(judged: Judged, metrics: GazeMetrics) -> tuple[Cell, ...]:
    span = _watched(judged)
    start, end = span.start, span.end
    cells: list[Cell] = []
    measured, true = contact_error(judged, start, end)
    cells += [measured, true, measured - true]
    for a, b in (
        (start, start + FIRST_S),
        (start + FIRST_S, end - LAST_S),
        (end - LAST_S, end),
    ):
        measured, true = contact_error(judged, a, b)
        cells.append(f"{measured - true:+.3f}")
    low, high = metrics.eye_contact_low_ratio, metrics.eye_contact_high_ratio
    cells.append(None if math.isnan(low) else f"{low:.2f}–{high:.2f}")
    return tuple(cells)


def _missed(
    who: str, looks: Segments, judged: Judged, metrics: GazeMetrics
) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    truth = judged.truth
    for look in looks:
        if look.duration_s < SHORTEST_S - 1e-6:
            continue
        score = score_stretches([look], metrics.away, within=_watched(judged))
        if score.found.hits and score.worst_edge_s <= EDGE_S + 1e-6:
            continue
        inside = (truth.times_s >= look.start) & (truth.times_s < look.end)
        touching = [m for m in metrics.away if m.start < look.end and m.end > look.start]
        rows.append(
            (
                who,
                look.start,
                look.end,
                f"{np.median(truth.gaze_yaw_deg[inside]):+.0f}",
                f"{np.median(truth.gaze_pitch_deg[inside]):+.0f}",
                " ".join(f"{m.start:.1f}–{m.end:.1f}" for m in touching) or None,
            )
        )
    return rows
