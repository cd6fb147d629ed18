"""The moments of an answer that a remark rests on: when, and what was said there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from analysis.pace import pace_track
from analysis.results import AnswerAnalysis, Filler, Pause
from analysis.sentences import without_hesitations
from analysis.timeline import Segment, Track
from reports.quotes import quote

_Span = TypeVar("_Span", Segment, Pause)

MOST_MOMENTS = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of the answer that a remark rests on."""

    start: float
    """s"""
    end: float
    """s"""
    quote: str
    """the words around it; "" without a transcript"""


def moments(
    analysis: AnswerAnalysis, spans: list[Segment] | list[Pause] | list[Filler]
) -> tuple[Moment, ...]:
    """Return the first spans as moments, in order of time, with the words around them."""
    chosen = sorted(spans[:MOST_MOMENTS], key=lambda s: s.start)
    return tuple(Moment(s.start, s.end, quote(analysis, s.start, s.end)) for s in chosen)


def longest(spans: tuple[_Span, ...]) -> list[_Span]:
    """Return spans, longest first."""
    return sorted(spans, key=lambda s: -s.duration_s)


def densest(fillers: list[Filler]) -> list[Filler]:
    """Return fillers from where most lie close together, at most one per 5 s."""
    company = [sum(abs(f.start - other.start) < 10 for other in fillers) for f in fillers]
    chosen: list[Filler] = []
    for near, filler in sorted(
        zip(company, fillers, strict=True), key=lambda c: (-c[0], c[1].start)
    ):
        apart = all(abs(filler.start - other.start) >= 5 for other in chosen)
        # A lonely one is no example of a crowd.
        if apart and 2 * near >= max(company):
            chosen.append(filler)
    return chosen


def pace_over_time(analysis: AnswerAnalysis) -> Track | None:
    """Return the pace in a rolling window; None without words."""
    if analysis.delivery is not None:
        track = analysis.delivery.pace
        # As it is stored, so that a page is the same from memory and from the file.
        values = np.round(track.values.astype(np.float64), 3).astype(np.float32)
        return Track(np.round(track.times, 4), values, track.unit)
    # Analyses before schema 3 did not store it.
    if analysis.transcript is None or analysis.speech is None:
        return None
    counted = without_hesitations(analysis.transcript, analysis.fillers or ())
    return pace_track(counted, analysis.speech)


def pace_extremes(analysis: AnswerAnalysis, *, fast: bool) -> list[Segment]:
    """Return where the pace is highest (or lowest), at most one stretch per 15 s."""
    track = pace_over_time(analysis)
    if track is None or analysis.speech is None:
        return []
    values = track.values if fast else -track.values
    chosen: list[float] = []
    for index in np.argsort(-values):
        time = float(track.times[index])
        if math.isnan(values[index]):
            break
        if all(abs(time - other) >= 15 for other in chosen):
            chosen.append(time)
    answer = analysis.speech.answer or Segment(0.0, 0.0)
    return [Segment(max(answer.start, t - 3), min(answer.end, t + 3)) for t in chosen]
