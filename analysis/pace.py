"""Pace over time: how fast the answer runs, moment by moment.

Definition
    The value at an instant is the number of words (English) or characters (Japanese; letters,
    kana, kanji and digits, no punctuation) per minute in a window around it. A word counts
    evenly over its own time. Pauses above `SpeechMetrics.long_pause_s` belong to no window: neither
    does their time count, nor has an instant inside one a value. So the mean of the track
    agrees with `SpeechMetrics.pace_wpm`, and pace beside a silence is not falsely low.

Conventions
    Times in s; NaN = not measured there (inside a long pause, too little talk in the window, or
    talk in which no words were recognised).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.results import SpeechMetrics, Transcript
from analysis.timeline import Segment, Segments, Track, gaps, intersect, support

_NEAR_S = 0.5
"""Word times are good to about 0.3 s, and a hesitation in between is no missed word."""


def pace_track(
    transcript: Transcript,
    speech: SpeechMetrics,
    *,
    window_s: float = 15.0,
    step_s: float = 1.0,
    min_talk_s: float = 3.0,
    min_worded_ratio: float = 0.7,
) -> Track:
    """Return the pace over the answer, in words/min or (Japanese) characters/min.

    Parameters
    ----------
    transcript : its language decides the unit.
    speech : answer, pauses and stretches of speech.
    window_s : length of the window, s, centred on the instant and cut off at the answer's ends.
    step_s : distance of the instants, s.
    min_talk_s : a window with less speech has no pace: one word more or less would decide it.
    min_worded_ratio : least share of a window's speech with a word within 0.5 s: below it the
        recogniser missed words, and the pace would be falsely low.
    """
    if not (window_s > 0 and step_s > 0):
        raise ValueError("window_s and step_s must be positive")
    japanese = transcript.language == "ja"
    unit = "characters/min" if japanese else "words/min"
    if speech.answer is None or not transcript.words:
        return Track(np.empty(0), np.empty(0, dtype=np.float32), unit)

    answer = speech.answer
    silences = [
        Segment(p.start, p.end) for p in speech.pauses_inside if p.duration_s > speech.long_pause_s
    ]
    base = gaps(silences, within=answer)
    times = answer.start + step_s * np.arange(int(answer.duration_s / step_s + 1e-9) + 1)
    low, high = times - window_s / 2, times + window_s / 2

    pieces = _pieces(transcript, base, japanese=japanese)
    units = _covered_units(high, pieces) - _covered_units(low, pieces)
    base_s = _covered_s(high, base) - _covered_s(low, base)
    talk_s = _covered_s(high, speech.speech) - _covered_s(low, speech.speech)
    near = support(
        Segment(w.start - _NEAR_S, max(w.start, w.end) + _NEAR_S) for w in transcript.words
    )
    worded = intersect(near, speech.speech)
    worded_s = _covered_s(high, worded) - _covered_s(low, worded)
    silent = np.zeros(len(times), dtype=bool)
    for silence in silences:
        silent |= (times > silence.start) & (times < silence.end)

    # A little slack: exactly as much talk as needed must not fall to rounding.
    measured = (talk_s >= min_talk_s - 1e-6) & (base_s > 0) & ~silent
    measured &= (worded_s >= min_worded_ratio * talk_s - 1e-6) & (units > 0)
    values = np.full(len(times), np.nan)
    values[measured] = 60 * units[measured] / base_s[measured]
    return Track(times, values.astype(np.float32), unit)


def spoken_units(text: str, *, japanese: bool) -> int:
    """Return how much a word counts: 1, or in Japanese its characters; 0 for mere punctuation."""
    characters = sum(c.isalnum() for c in text)
    return characters if japanese else min(characters, 1)


def _pieces(transcript: Transcript, base: Segments, *, japanese: bool) -> NDArray[np.float64]:
    """Return (start, end, units) of the time each word takes outside the long pauses."""
    pieces: list[tuple[float, float, float]] = []
    for word in transcript.words:
        units = spoken_units(word.text, japanese=japanese)
        if not units:
            continue
        # The recogniser stretches words over silences: what lies in one does not count.
        spans = intersect([Segment(word.start, max(word.start, word.end))], base)
        length_s = sum(s.duration_s for s in spans)
        if spans:
            pieces += [(s.start, s.end, units * s.duration_s / length_s) for s in spans]
        else:
            pieces.append((word.end, word.end, float(units)))
    return np.array(pieces, dtype=np.float64).reshape(-1, 3)


def _covered_units(times: NDArray[np.float64], pieces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the units spoken before each time."""
    starts, ends, units = pieces.T
    length_s = np.maximum(ends - starts, 1e-9)
    done = np.clip((times[:, None] - starts[None, :]) / length_s[None, :], 0.0, 1.0)
    return done @ units


def _covered_s(times: NDArray[np.float64], segments: Segments) -> NDArray[np.float64]:
    """Return how much time of the segments lies before each time, s."""
    if not segments:
        return np.zeros(len(times))
    edges = np.array([t for s in segments for t in (s.start, s.end)])
    inside = np.array([d for s in segments for d in (s.duration_s, 0.0)])
    before = np.concatenate(([0.0], np.cumsum(inside)[:-1]))
    return np.interp(times, edges, before)
