"""Where exactly speech starts and stops: the edges of voice activity, by level.

The voice activity network answers every 32 ms, wakes late (a soft first consonant) and lets go
late. Where the voice stands well above the background, its level tells the edge better, so each
edge is moved to where the level leaves the background. Where it does not, the level would follow
the noise: such an edge stays where the network put it. In a room that echoes the level falls long
after the voice has stopped; there the ends stay too.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.foreground import LEVEL_STEP_S, Levels
from analysis.timeline import Segment, Segments, gaps, support


@dataclass(frozen=True, slots=True)
class EdgeOptions:
    """When and how far edges are moved."""

    outward_snr_db: float
    """an edge moves out where the voice lies this far above the background beside it"""
    inward_snr_db: float
    """and in where it lies this far above it: below, weak ends drown"""
    above_background_db: float
    """voice is what lies this far above the background, or further where that is unsteady"""
    below_voice_db: float
    """and not further than this below the loudest of the half second beside the edge"""
    reach_s: float
    """an edge moves no further than this"""
    hold_db: float
    """but sound that goes on within this much of the voice (a long "um") is voice"""
    hold_s: float
    """for this long"""
    hole_s: float
    """a weaker moment (the closure of a stop) of at most this length does not end the voice"""
    tail_s: float
    """where the ends would typically move out by more, the room echoes: they stay"""


_NEAR_S = 0.5
_LEAST_ENDS = 5
"""fewer ends say nothing about the room; our judgement"""
_SPREADS = 4.0
"""unsteady background: voice lies this many times (median − lower quartile) above it"""


def refine_edges(
    speech: Segments, levels: Levels, options: EdgeOptions, *, duration_s: float
) -> Segments:
    """Move the edges of speech to where its level leaves the background.

    Parameters
    ----------
    speech : stretches with speech, s.
    levels : from `foreground.band_levels`.
    duration_s : length of the sound, s.
    """
    silences = gaps(speech, Segment(0.0, max(duration_s, speech[-1].end if speech else 0.0)))
    by_start = {s.start: s for s in speech}
    by_end = {s.end: s for s in speech}
    starts: dict[float, _Moved] = {}
    ends: dict[float, _Moved] = {}
    for silence in silences:
        if before := by_end.get(silence.start):
            ends[before.end] = _edge(levels, before, silence, options, 1)
        if after := by_start.get(silence.end):
            starts[after.start] = _edge(levels, after, silence, options, -1)
    known = [new.edge - old for old, new in ends.items() if new.edge is not None]
    echoes = len(known) >= _LEAST_ENDS and statistics.median(known) > options.tail_s
    moved = []
    for voice in speech:
        first = starts[voice.start].latest(-1) if voice.start in starts else None
        last = ends[voice.end].latest(1, held_only=echoes) if voice.end in ends else None
        moved.append(
            Segment(voice.start if first is None else first, voice.end if last is None else last)
        )
    return support(moved)


@dataclass(frozen=True, slots=True)
class _Moved:
    """Where the level puts an edge; None = it can't tell."""

    edge: float | None
    held: float | None
    """end of the sound that goes on as loud as the voice"""

    def latest(self, way: int, *, held_only: bool = False) -> float | None:
        """Return the outer one of the two."""
        known = [e for e in (None if held_only else self.edge, self.held) if e is not None]
        return way * max(way * e for e in known) if known else None


def _background(levels: Levels, silence: Segment) -> tuple[float, float]:
    """Return level and spread of a silence in dB: of its middle, or the least of a short one."""
    inner = _cut(levels, silence.start + 0.1, silence.end - 0.1)
    if len(inner) >= 20:
        # The lower half: the upper one may hold voice that the network missed.
        low, middle = np.percentile(inner, [25, 50])
        return float(middle), float(middle - low)
    short = _cut(levels, silence.start, silence.end)
    return (float(np.percentile(short, 20)) if len(short) else np.inf), 0.0


def _edge(
    levels: Levels, voice: Segment, silence: Segment, options: EdgeOptions, way: int
) -> _Moved:
    """Return where the level puts the edge between `voice` and `silence`.

    `way` is +1 where the silence comes after the voice, −1 where it comes before.
    """
    edge_s = voice.end if way > 0 else voice.start
    near = (
        (max(voice.start, edge_s - _NEAR_S), edge_s)
        if way > 0
        else (edge_s, min(voice.end, edge_s + _NEAR_S))
    )
    loud = _cut(levels, *near)
    background_db, spread_db = _background(levels, silence)
    if not len(loud) or loud.max() - background_db < options.outward_snr_db:
        return _Moved(None, None)
    top_db = float(loud.max())
    least_db = max(
        background_db + max(options.above_background_db, _SPREADS * spread_db),
        top_db - options.below_voice_db,
    )
    hole = round(options.hole_s / LEVEL_STEP_S)

    def walk(inward_s: float, outward_s: float, limit_db: float) -> float | None:
        inward_s = min(inward_s, voice.duration_s)
        outward_s = min(outward_s, silence.duration_s)
        inner = round(inward_s / LEVEL_STEP_S)
        at = _index(edge_s) + way * np.arange(-inner, round(outward_s / LEVEL_STEP_S) + 1)
        at = at[(at >= 0) & (at < len(levels))]
        last = _last_voiced(levels[at] > limit_db, inner, hole)
        # From the middle of the frame, which is 20 ms long, to its outer end.
        return None if last is None else float((at[last] + 1 + way) * LEVEL_STEP_S)

    edge = walk(options.reach_s, min(options.reach_s, silence.duration_s / 2), least_db)
    if edge is not None and way * (edge - edge_s) < 0:
        if top_db - background_db < options.inward_snr_db:
            edge = edge_s
        else:
            edge = max(edge, voice.start) if way > 0 else min(edge, voice.end)
    loud_db = max(top_db - options.hold_db, least_db)
    held = walk(options.reach_s, options.hold_s, loud_db)
    if held is not None and way * (held - edge_s) <= options.reach_s:
        held = None
    return _Moved(edge, held)


def _last_voiced(voiced: NDArray[np.bool_], edge: int, hole: int) -> int | None:
    """Return the last voiced frame that is reached from inside without too long a hole."""
    inside = np.flatnonzero(voiced[: edge + 1])
    if not len(inside):
        return None
    last = int(inside[-1])
    for index in np.flatnonzero(voiced[edge + 1 :]) + edge + 1:
        if index - last > hole + 1:
            break
        last = int(index)
    return last


def _index(time_s: float) -> int:
    """Return the frame whose middle is nearest."""
    return round(time_s / LEVEL_STEP_S) - 1


def _cut(levels: Levels, start_s: float, end_s: float) -> Levels:
    return levels[max(0, _index(start_s)) : max(0, _index(end_s) + 1)]
