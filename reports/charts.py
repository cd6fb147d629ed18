"""Geometry of the pictures on a page: lanes of marks over time, and the pace over time.

Positions are percentages of the width, so that the templates draw them at any width without
distorting text. Nothing here knows colours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.results import SILENCE_LIMIT_S, AnswerAnalysis, Filler, Pause
from analysis.timeline import Segments, Track
from reports.targets import Band
from reports.wording import clock, moment_clock, seconds

SHOWN_PAUSE_S = 1.0
"""Shorter pauses are part of speaking: counted, visible as gaps of the speech, not marked."""

TICK_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
MOST_TICKS = 10


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a time, drawn in a lane and reachable by keyboard."""

    start: float
    """s"""
    end: float
    """s"""
    kind: str
    """names its look"""
    label: str
    """what it is and when, in words"""
    x: float
    """left edge, %"""
    width: float
    """%"""

    @property
    def middle_x(self) -> float:
        """Middle, %."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Lane:
    """Marks of one sort over the whole recording."""

    id: str
    title: str
    note: str
    """how many, or why there are none"""
    marks: tuple[Mark, ...]
    measured: bool = True


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis."""

    position: float
    """% from the left or top"""
    label: str
    minor: bool = False
    """may be left out in a narrow window"""


@dataclass(frozen=True, slots=True)
class PaceChart:
    """The pace over time."""

    lines: tuple[str, ...]
    """points of polylines in a 0..100 by 0..100 box; NaN parts them"""
    band_top: float | None
    """% from the top; None = no band"""
    band_height: float
    """%"""
    ticks: tuple[Tick, ...]
    unit: str
    summary: str
    """the picture in words"""


def lanes(analysis: AnswerAnalysis, duration_s: float) -> tuple[Lane, ...]:
    """Return the lanes of the timeline: speech, pauses, fillers, facing away, posture."""
    scale = _Scale(duration_s)
    return (
        _speech_lane(analysis, scale),
        _pause_lane(analysis, scale),
        _filler_lane(analysis, scale),
        _away_lane(analysis, scale),
        _posture_lane(analysis, scale),
    )


def time_ticks(duration_s: float) -> tuple[Tick, ...]:
    """Return the labels of the time axis."""
    scale = _Scale(duration_s)
    step_s = next((s for s in TICK_STEPS_S if duration_s / s <= MOST_TICKS), TICK_STEPS_S[-1])
    count = int(duration_s / step_s) + 1
    return tuple(
        Tick(scale.at(i * step_s), moment_clock(i * step_s), minor=i % 2 == 1)
        for i in range(count)
        # A label at the very end would stick out.
        if scale.at(i * step_s) < 97
    )


def pace_chart(track: Track, band: Band | None, duration_s: float) -> PaceChart | None:
    """Return the picture of the pace, or None where there is nothing to draw."""
    present = ~np.isnan(track.values)
    if not present.any():
        return None
    values = track.values[present]
    edges = [float(values.min()), float(values.max())]
    if band is not None:
        edges += [e for e in (band.low, band.high) if math.isfinite(e)]
    step = next(s for s in (10, 20, 25, 50, 100, 200, 10_000) if max(edges) - min(edges) <= 5 * s)
    bottom = max(0.0, math.floor((min(edges) - step / 4) / step) * step)
    top = math.ceil((max(edges) + step / 4) / step) * step

    def height(value: float) -> float:
        return 100 * (top - min(max(value, bottom), top)) / (top - bottom)

    scale = _Scale(duration_s)
    lines: list[str] = []
    points: list[str] = []
    for time, value in zip(track.times, track.values, strict=True):
        if math.isnan(value):
            if points:
                lines.append(" ".join(points))
            points = []
        else:
            points.append(f"{scale.at(time):.2f},{height(float(value)):.1f}")
    if points:
        lines.append(" ".join(points))

    summary = f"Pace between {values.min():.0f} and {values.max():.0f} {track.unit}"
    if band is None:
        return PaceChart(tuple(lines), None, 0.0, (), track.unit, summary)
    inside = float(np.mean((values >= band.low) & (values <= band.high)))
    summary += f"; {inside:.0%} of the time within {band.low:.0f}–{band.high:.0f}"
    ticks = tuple(
        Tick(height(bottom + i * step), f"{bottom + i * step:.0f}")
        for i in range(1, round((top - bottom) / step))
    )
    band_top = height(band.high)
    return PaceChart(
        tuple(lines), band_top, height(band.low) - band_top, ticks, track.unit, summary
    )


class _Scale:
    """Seconds to percent of the width."""

    def __init__(self, duration_s: float) -> None:
        self.duration_s = max(duration_s, 1e-3)

    def at(self, time_s: float) -> float:
        return round(100 * min(max(time_s, 0.0), self.duration_s) / self.duration_s, 3)

    def mark(self, start: float, end: float, kind: str, label: str) -> Mark:
        x = self.at(start)
        return Mark(start, end, kind, label, x, round(self.at(end) - x, 3))


def pause_label(pause: Pause) -> str:
    """Return what a pause is and when, in words."""
    name = "Silence over 30 s" if is_over_limit(pause) else "Pause"
    place = {"before": ", before the answer", "after": ", after the answer"}.get(pause.place, "")
    return f"{name}, {seconds(pause.duration_s)} at {moment_clock(pause.start)}{place}"


def is_over_limit(pause: Pause) -> bool:
    """Whether a pause breaks the 30 s rule (see `SpeechMetrics.silences_over_limit`)."""
    return pause.duration_s > SILENCE_LIMIT_S + 0.001


def filler_kind(filler: Filler) -> str:
    """Return the look of a filler: word or hesitation, counted or only possible."""
    sort = "hesitation" if filler.kind == "acoustic" else "word"
    return f"filler {sort} {'counted' if filler.counted else 'possible'}"


def filler_label(filler: Filler) -> str:
    """Return what a filler is and when, in words."""
    sort = "hesitation" if filler.kind == "acoustic" else "filler word"
    name = sort.capitalize() if filler.counted else f"Possible {sort}"
    return f"{name} “{filler.text}” at {moment_clock(filler.start)}"


def _speech_lane(analysis: AnswerAnalysis, scale: _Scale) -> Lane:
    speech = analysis.speech
    if speech is None:
        return Lane("speech", "Speech", "not measured", (), measured=False)
    marks = tuple(
        scale.mark(s.start, s.end, "speech", f"Speech, {_span(s.start, s.end)}")
        for s in speech.speech
    )
    return Lane(
        "speech", "Speech", f"{clock(speech.speaking_s)} min" if marks else "none found", marks
    )


def _pause_lane(analysis: AnswerAnalysis, scale: _Scale) -> Lane:
    speech = analysis.speech
    if speech is None:
        return Lane("pauses", "Pauses", "not measured", (), measured=False)
    shown = [p for p in speech.pauses if p.duration_s >= SHOWN_PAUSE_S]
    marks = tuple(
        scale.mark(
            p.start,
            p.end,
            f"pause{' over' if is_over_limit(p) else ''} {p.place}",
            pause_label(p),
        )
        for p in shown
    )
    return Lane("pauses", "Pauses", _count(marks, f"of {SHOWN_PAUSE_S:g} s or more"), marks)


def _filler_lane(analysis: AnswerAnalysis, scale: _Scale) -> Lane:
    if analysis.fillers is None:
        return Lane("fillers", "Fillers", "not measured", (), measured=False)
    marks = tuple(
        scale.mark(f.start, f.end, filler_kind(f), filler_label(f))
        for f in sorted(analysis.fillers, key=lambda f: f.start)
    )
    counted = sum(f.counted for f in analysis.fillers)
    note = f"{counted} counted"
    if len(marks) > counted:
        note += f", {len(marks) - counted} possible"
    return Lane("fillers", "Fillers", note if marks else "none found", marks)


def _away_lane(analysis: AnswerAnalysis, scale: _Scale) -> Lane:
    gaze = analysis.gaze
    if gaze is None or math.isnan(gaze.eye_contact_ratio):
        return Lane("away", "Facing away", "not measured", (), measured=False)
    marks = tuple(
        scale.mark(s.start, s.end, "away", f"Facing away, {_span(s.start, s.end)}")
        for s in gaze.away
    )
    return Lane("away", "Facing away", _count(marks), marks)


def _posture_lane(analysis: AnswerAnalysis, scale: _Scale) -> Lane:
    posture = analysis.posture
    if posture is None or (
        math.isnan(posture.slouch_ratio) and math.isnan(posture.side_lean_ratio)
    ):
        return Lane("posture", "Posture", "not measured", (), measured=False)
    kinds: tuple[tuple[str, str, Segments], ...] = (
        ("slouch", "Slouching", posture.slouch),
        ("lean", "Leaning sideways", posture.side_lean),
        ("tilt", "Shoulders tilted", posture.tilt),
    )
    marks = sorted(
        (
            scale.mark(s.start, s.end, kind, f"{name}, {_span(s.start, s.end)}")
            for kind, name, segments in kinds
            for s in segments
        ),
        key=lambda m: m.start,
    )
    return Lane("posture", "Posture", _count(tuple(marks)), tuple(marks))


def _span(start: float, end: float) -> str:
    return f"{seconds(end - start)} at {moment_clock(start)}"


def _count(marks: tuple[Mark, ...], what: str = "") -> str:
    return f"{len(marks)} {what}".strip() if marks else f"none {what}".strip()
