"""Who speaks into this microphone, told by level: the candidate, or other people in the room.

The voice activity network hears every voice. Where several people talk behind the candidate, it
hears one long speech, and a silence of 35 s is gone. But the candidate is nearer, hence louder.

Definition
    The level is that of the speech band (150–4000 Hz) in frames of 20 ms, one every 10 ms. The
    *peak* of a moment is the loudest 0.2 s within a second around it. Over a take the peaks fall
    into heaps: the lowest holds the moments without the candidate.

Conventions
    A gate is only set where the lower heap is other people's talk: the network hears speech in it,
    the level in it hardly moves (many voices at once have no gaps, unlike a soft voice in a quiet
    room), and the candidate lies far enough above it. Otherwise nothing is gated: soft speech in a
    clean recording stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.media import RATE_HZ
from analysis.results import Caution
from analysis.timeline import Segment, Segments, intersect, support, total

LEVEL_STEP_S = 0.01
"""distance of the level frames"""
_STEP = round(LEVEL_STEP_S * RATE_HZ)
_FRAME = 2 * _STEP
_BAND_HZ = (150.0, 4000.0)
_CHUNK = 4096
_SYLLABLE = 20
"""frames over which the level is taken for a peak: 0.2 s, about a syllable"""
_CLOSURE = 5
"""frames over which it is taken for a dip: 50 ms, about the closure of a stop"""
_HOLE_S = 0.1
_SAY_FROM_S = 3.0
"""less of other people's speech is not worth a word; our judgement"""
_BLOCK = 10
_WINDOW = 10
_BIN_DB = 0.25
_BELL_DB = 0.75
_HEAP_DB = 2.0
"""what lies this near to the middle of a heap belongs to it for certain"""
_LEAST_HEAP = 10
_LEAST_HEAP_RATIO = 0.03
_NOTHING_DBFS = -100.0
"""below it nothing was recorded at all (16 bits end at −98 dBFS)"""

Levels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ForegroundOptions:
    """When other people's talk is told from the candidate's."""

    least_distance_db: float
    """the candidate must lie this far above the others"""
    most_dip_db: float
    """how far the level of other people's talk falls within a second"""
    least_talk_ratio: float
    """share of the time without the candidate in which the network hears speech"""
    margin_db: float
    """how far above the peaks of the others the gate lies"""
    split_s: float
    """sound at the level of the others for this long parts two stretches of speech"""
    pad_s: float
    """soft starts and ends lie below the gate: as much stays on either side of what lies above"""


@dataclass(frozen=True, slots=True)
class IslandOptions:
    """Which loud sounds between stretches of speech are worth another hearing."""

    below_voice_db: float
    """not further than this below the candidate"""
    least_snr_db: float
    """only where the candidate lies this far above the background"""
    shortest_s: float
    longest_s: float
    threshold: float
    """speech probability that makes such a sound speech"""


@dataclass(frozen=True, slots=True)
class Foreground:
    """The two heaps of a take."""

    near_dbfs: float
    """median peak of the moments with the candidate; NaN = nothing recorded"""
    far_dbfs: float
    """median peak of the moments without"""
    gate_dbfs: float
    """what stays below is not the candidate; −inf = no gate"""
    talk_ratio: float
    """share of the moments without the candidate in which the network hears speech"""
    dip_db: float
    """how far the level falls within a second without the candidate"""

    @property
    def gated(self) -> bool:
        """Whether other people were told from the candidate."""
        return math.isfinite(self.gate_dbfs)


def band_levels(samples: NDArray[np.float32]) -> Levels:
    """Return the level in the speech band in dBFS, a frame of 20 ms every 10 ms.

    Parameters
    ----------
    samples : mono at 16 kHz, shape (n,); may be file-backed (read in chunks).
    """
    window = np.hanning(_FRAME).astype(np.float32)
    hz = np.fft.rfftfreq(_FRAME, 1 / RATE_HZ)
    band = (hz >= _BAND_HZ[0]) & (hz <= _BAND_HZ[1])
    scale = 2.0 / (_FRAME * float(np.square(window).sum()))
    count = max(0, (len(samples) - _FRAME) // _STEP + 1)
    levels = np.empty(count, dtype=np.float32)
    for first in range(0, count, _CHUNK):
        last = min(first + _CHUNK, count)
        piece = np.asarray(samples[first * _STEP : (last - 1) * _STEP + _FRAME], dtype=np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(piece, _FRAME)[::_STEP]
        spectrum = np.fft.rfft(frames * window, axis=1)[:, band]
        power = scale * np.square(np.abs(spectrum)).sum(axis=1)
        levels[first:last] = 10 * np.log10(power + 1e-12)
    return levels


def find_foreground(levels: Levels, speech: Segments, options: ForegroundOptions) -> Foreground:
    """Part the moments of a take into those with the candidate and those without.

    Parameters
    ----------
    levels : from `band_levels`.
    speech : what the network hears, s.
    """
    nothing = Foreground(math.nan, math.nan, -math.inf, 0.0, math.nan)
    peaks = _windowed(np.maximum, smooth_levels(levels, _SYLLABLE))
    floors = _windowed(np.minimum, smooth_levels(levels, _CLOSURE))
    talk = _windowed(np.add, _mask(speech, len(levels))) / (_BLOCK * _WINDOW)
    real = peaks > _NOTHING_DBFS
    if not real.any():
        return nothing
    peaks, floors, talk = peaks[real], floors[real], talk[real]
    far = _lowest_heap(peaks)
    heap = np.abs(peaks - far) <= _HEAP_DB
    above = peaks > far + _HEAP_DB
    near = float(np.median(peaks[above])) if above.any() else far
    dip = float(np.median(peaks[heap] - floors[heap]))
    talk_ratio = float(talk[heap].mean())
    gate = -math.inf
    if (
        near - far >= options.least_distance_db
        and dip <= options.most_dip_db
        and talk_ratio >= options.least_talk_ratio
    ):
        gate = min(far + options.margin_db, (near + far) / 2)
    return Foreground(near, far, gate, talk_ratio, dip)


def keep_foreground(
    speech: Segments, levels: Levels, foreground: Foreground, options: ForegroundOptions
) -> Segments:
    """Return what of the speech is louder than the others; all of it where there is no gate."""
    if not foreground.gated:
        return speech
    loud = smooth_levels(levels, _SYLLABLE) > foreground.gate_dbfs
    pad_s = options.pad_s
    near = support(
        (Segment(max(0.0, s.start - pad_s), s.end + pad_s) for s in _segments(loud)),
        collar_s=options.split_s,
    )
    return intersect(speech, near)


def find_islands(
    levels: Levels, speech: Segments, foreground: Foreground, options: IslandOptions
) -> Segments:
    """Return the loud sounds that lie apart from all speech: a drawn-out "um", or a door.

    The network is deaf to a vowel that does not move, the more so on a telephone.
    """
    if foreground.gated or not (foreground.near_dbfs - foreground.far_dbfs >= options.least_snr_db):
        return ()
    loud = levels > foreground.near_dbfs - options.below_voice_db
    return tuple(
        island
        for island in support(_segments(loud), collar_s=_HOLE_S)
        if options.shortest_s <= island.duration_s <= options.longest_s
        and not intersect([Segment(max(0.0, island.start - _HOLE_S), island.end + _HOLE_S)], speech)
    )


def background_doubts(
    foreground: Foreground, others: Segments, options: ForegroundOptions
) -> tuple[Caution, ...]:
    """Say where other people's voices make the pauses less sure.

    Parameters
    ----------
    others : what was left out as other people's speech, s.
    """
    behind_s = total(others)
    if foreground.gated and behind_s >= _SAY_FROM_S:
        return (
            Caution(
                "background-voices",
                f"Other people are heard in the background for about {behind_s:.0f} s. They were"
                " left out by their level, so soft words may be missing and pauses may seem"
                " longer than they were.",
            ),
        )
    near = foreground.near_dbfs - foreground.far_dbfs < options.least_distance_db
    if near and foreground.dip_db <= options.most_dip_db and foreground.talk_ratio >= 0.5:
        return (
            Caution(
                "background-too-loud",
                "The background is nearly as loud as the voice: pauses and silences can't be told"
                " from it.",
            ),
        )
    return ()


def smooth_levels(levels: Levels, frames: int) -> NDArray[np.float64]:
    """Return the level over so many frames around every frame."""
    power = np.concatenate(([0.0], np.cumsum(10 ** (levels.astype(np.float64) / 10))))
    at = np.arange(len(levels))
    first = np.maximum(at - frames // 2, 0)
    last = np.minimum(at + (frames + 1) // 2, len(levels))
    mean = (power[last] - power[first]) / np.maximum(last - first, 1)
    return np.asarray(10 * np.log10(mean + 1e-12), dtype=np.float64)


def _windowed(join: np.ufunc, values: NDArray) -> NDArray[np.float64]:
    """Join the values of every second, one second every 0.1 s."""
    count = len(values) // _BLOCK
    blocks = join.reduce(
        np.asarray(values[: count * _BLOCK], dtype=np.float64).reshape(count, _BLOCK), axis=1
    )
    if count < _WINDOW:
        return np.zeros(0)
    seconds = np.lib.stride_tricks.sliding_window_view(blocks, _WINDOW)
    return np.asarray(join.reduce(seconds, axis=1), dtype=np.float64)


def _lowest_heap(peaks: NDArray[np.float64]) -> float:
    """Return the middle of the lowest heap that is more than a few odd moments."""
    bins = np.arange(math.floor(peaks.min()) - 3, math.ceil(peaks.max()) + 3, _BIN_DB)
    counts, edges = np.histogram(peaks, bins=bins)
    middles = (edges[:-1] + edges[1:]) / 2
    offsets = np.arange(-round(3 / _BIN_DB), round(3 / _BIN_DB) + 1) * _BIN_DB
    bell = np.exp(-0.5 * np.square(offsets / _BELL_DB))
    density = np.convolve(counts, bell, "same")
    tops = np.flatnonzero((density[1:-1] > density[:-2]) & (density[1:-1] >= density[2:])) + 1
    for top in tops:
        mass = np.count_nonzero(np.abs(peaks - middles[top]) <= _HEAP_DB)
        if mass >= max(_LEAST_HEAP, _LEAST_HEAP_RATIO * len(peaks)):
            return float(middles[top])
    return float(middles[int(np.argmax(density))])


def _mask(segments: Segments, count: int) -> NDArray[np.bool_]:
    mask = np.zeros(count, dtype=bool)
    for segment in segments:
        mask[round(segment.start / LEVEL_STEP_S) : round(segment.end / LEVEL_STEP_S)] = True
    return mask


def _segments(mask: NDArray[np.bool_]) -> Segments:
    """Return the stretches of true frames on the clock (a frame stands for its middle)."""
    steps = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    shift = (_FRAME - _STEP) / 2 / RATE_HZ
    return tuple(
        Segment(a * LEVEL_STEP_S + shift, b * LEVEL_STEP_S + shift)
        for a, b in zip(steps[::2], steps[1::2], strict=True)
    )
