"""Melody over time: how much the voice rises and falls, and where it hardly does.

Definitions (limits: ``data/speech.toml``, table ``delivery``)
    f0 spread at an instant: distance of the 10th and the 90th percentile of f0, in semitones, in
    a window around it that lies wholly inside the answer and holds enough voiced sound. Only what
    is about as loud as the voice counts: behind it others may talk. Octave
    errors of the tracker are taken out first: voiced runs shorter than 50 ms (a jump of 4
    semitones within 10 ms parts two runs), and what lies outside 0.75 times the first and 1.5
    times the third quartile of the answer (De Looze and Hirst 2008).

    A spread above the greatest that one voice has is not measured.

    Monotone: the middle half of every window whose spread is below the limit (to the edge of the
    answer in its first and last window), cut to where somebody speaks at both ends; shorter
    stretches than the limit of length are left out. The middle half, because percentiles take no
    notice of the first two seconds of livelier speech.

Conventions
    Times in s; NaN = not measured there.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from analysis.levels import LEVEL_STEP_S, Levels
from analysis.results import SpeechMetrics
from analysis.settings import Settings
from analysis.timeline import Segment, Segments, Track, intersect, support

_STEP_S = 1.0
_RUN_FRAMES = 5
_JUMP_ST = 4.0


def measure_melody(
    f0: Track, speech: SpeechMetrics, levels: Levels, settings: Settings
) -> tuple[Track, Segments, Segments]:
    """Return the f0 spread over time, what of it could be judged, and the monotone stretches.

    Parameters
    ----------
    f0 : over the speech, Hz.
    speech : somebody spoke.
    levels : at the native rate.
    settings : thresholds of the sound analysis.
    """
    if speech.answer is None:
        raise ValueError("nobody spoke")
    window_s = settings["delivery.flat_window_s"]
    times, semitones = steady_semitones(_loud(f0, levels, settings["delivery.flat_loud_db"]))
    frame_s = float(np.median(np.diff(f0.times))) if len(f0.times) > 1 else 0.01
    least = settings["delivery.flat_voiced_s"] / frame_s
    room_s = speech.answer.duration_s - window_s
    count = int(room_s / _STEP_S + 1e-9) + 1 if room_s >= -1e-9 else 0
    starts = speech.answer.start + _STEP_S * np.arange(count)
    values = np.full(count, np.nan)
    first, last = np.searchsorted(times, starts), np.searchsorted(times, starts + window_s)
    for index, (low, high) in enumerate(zip(first, last, strict=True)):
        if high - low >= least:
            values[index] = np.subtract(*np.percentile(semitones[low:high], [90, 10]))
    # Not one voice any more: others talk as loudly, or the tracker fails.
    values[values > settings["delivery.spread_most_st"]] = np.nan
    middles = [
        Segment(
            speech.answer.start if i == 0 else float(start) + window_s / 4,
            speech.answer.end if i == count - 1 else float(start) + window_s * 3 / 4,
        )
        for i, start in enumerate(starts)
    ]
    judged = support(m for m, v in zip(middles, values, strict=True) if not math.isnan(v))
    limit, shortest_s = settings["delivery.flat_below_st"], settings["delivery.flat_shortest_s"]
    below = support(m for m, v in zip(middles, values, strict=True) if v < limit)
    talked = (_talked(b, speech.speech) for b in below)
    flat = tuple(t for t in talked if t.duration_s >= shortest_s)
    track = Track(starts + window_s / 2, values.astype(np.float32), "semitones")
    return track, judged, flat


def _loud(f0: Track, levels: Levels, below_db: float) -> Track:
    """Return f0 without what is much softer than the typical voiced sound."""
    if not f0.present.any() or not len(levels.mean_square):
        return f0
    frames = np.minimum((f0.times / LEVEL_STEP_S).astype(np.intp), len(levels.mean_square) - 1)
    power = levels.mean_square[frames].astype(np.float64)
    # The loudest quarter, as pauses may be full of others who talk.
    usual = np.percentile(power[f0.present], 75)
    kept = power >= usual * 10 ** (-below_db / 10)
    return Track(f0.times, np.where(kept, f0.values, np.nan).astype(np.float32), f0.unit)


def steady_semitones(f0: Track) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times and semitones (of 100 Hz) of f0 without octave errors and stray frames."""
    times = f0.times[f0.present]
    hertz = f0.values[f0.present].astype(np.float64)
    semitones = np.asarray(12 * np.log2(hertz / 100), dtype=np.float64)
    if not len(times):
        return times, semitones
    gap = np.diff(times) > 0.015
    edges = np.flatnonzero(gap | (np.abs(np.diff(semitones)) > _JUMP_ST)) + 1
    lengths = np.diff(np.concatenate(([0], edges, [len(times)])))
    kept = np.repeat(lengths >= _RUN_FRAMES, lengths)
    times, semitones = times[kept], semitones[kept]
    if not len(times):
        return times, semitones
    quarter, three = np.percentile(semitones, [25, 75])
    kept = semitones >= quarter + 12 * math.log2(0.75)
    kept &= semitones <= three + 12 * math.log2(1.5)
    return times[kept], semitones[kept]


def _talked(window: Segment, speech: Segments) -> Segment:
    """Return a window from its first to its last speech."""
    inside = intersect([window], speech)
    return (
        Segment(inside[0].start, inside[-1].end) if inside else Segment(window.start, window.start)
    )
