"""Where somebody speaks: voice activity, the only door to faster-whisper's Silero VAD.

Two passes, because two questions are asked. The *measuring* pass asks when speech starts and
stops: it keeps every silence from 0.16 s on and pads nothing. The *lenient* pass feeds the
recogniser: it bridges short silences and leaves a margin, so that no word is cut. The library's
defaults (2 s, 400 ms) suit neither; they find 3 % of the silent frames of the TEN-VAD test set.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.media import RATE_HZ
from analysis.timeline import Segment, Segments, gaps, support

_BLOCK_S = 600.0
_SEARCH_S = 60.0

# The network is slow to wake after a long silence: a soft "um" that ends 32 s of silence stays
# below the threshold, and is found (.9) when the same samples are heard with a fresh memory. So
# silences are heard a second time in short windows. Stricter, as a fresh memory is also jumpier.
_SECOND_LOOK_FROM_S = 2.0
_WINDOW_S = 5.0
_OVERLAP_S = 1.0
_SECOND_THRESHOLD = 0.7
_SECOND_MIN_SPEECH_MS = 192
# And only where something is heard at all: 6 dB over the typical frame of the silence (our
# judgement; frames of steady noise differ by 1 dB). It spares the work in hours of silence.
_AUDIBLE_RATIO = 4.0
_FRAME = 512
_CHUNK = 512 * 16_000

# Silero hears less the softer a noisy recording is (a noisy clip 12 dB down: 0.7 s of its 19 s of
# speech). So soft sound is amplified first: what its loudest two seconds exceed, to −12 dBFS.
# Measured: with it 57 of 58 labelled pauses are found at every level; noise and hum stay silent.
_FULL_LEVEL_DBFS = -12.0
_LOUDEST_S = 2.0
_MOST_GAIN_DB = 30.0


@dataclass(frozen=True, slots=True)
class VadOptions:
    """Settings of a pass."""

    threshold: float
    """speech probability that opens a segment"""
    min_silence_ms: int
    """a shorter silence does not close one"""
    pad_ms: int
    """added at both ends"""
    min_speech_ms: int
    """shorter bursts (clicks, a mouse) are not speech"""
    amplify: bool
    """whether soft sound is made loud first"""


MEASURING = VadOptions(threshold=0.6, min_silence_ms=160, pad_ms=0, min_speech_ms=96, amplify=True)
"""Silence 160 ms and pad 0: measured on spliced gaps and on the TEN-VAD labels (found 24 of 24
gaps at 10 dB SNR and better, mean duration error 0.20–0.26 s). Threshold 0.6 on amplified sound:
57 of 58 labelled pauses and none false, against 3 false with 0.5. 96 ms (three frames): our
judgement, shorter than any syllable."""

LENIENT = VadOptions(threshold=0.5, min_silence_ms=500, pad_ms=200, min_speech_ms=0, amplify=False)
"""Measured: no text at all from zeros, noise and hum; the cheapest that loses no word."""


def detect_speech(
    samples: NDArray[np.float32],
    options: VadOptions,
    *,
    progress: Callable[[float], None] | None = None,
) -> Segments:
    """Find the stretches with speech.

    Parameters
    ----------
    samples : mono at 16 kHz, shape (n,); may be file-backed and hours long (read in blocks).
    options : `MEASURING` or `LENIENT`.
    progress : called with the seconds that are done.

    Returns
    -------
    Segments in s from the first sample, to about 32 ms (Silero's frame).
    """
    found: list[Segment] = []
    gain = _gain(samples) if options.amplify else 1.0
    start = 0
    while start < len(samples):
        end = _quiet_cut(samples, start)
        first = _listen(samples, start, end, gain, options)
        found += first
        silences = gaps(first, Segment(start / RATE_HZ, end / RATE_HZ))
        found += _second_look(samples, silences, gain, options)
        start = end
        if progress is not None:
            progress(end / RATE_HZ)
    return support(found, collar_s=options.min_silence_ms / 1000)


def _gain(samples: NDArray[np.float32]) -> float:
    """Return the factor that makes soft sound loud enough; never below 1."""
    energy = np.concatenate(
        [
            _frame_energy(samples, start, min(start + _CHUNK, len(samples)))
            for start in range(0, len(samples), _CHUNK)
        ]
        or [np.zeros(0)]
    )
    rank = min(round(_LOUDEST_S * RATE_HZ / _FRAME), len(energy) - 1)
    if rank < 0:
        return 1.0
    level = max(float(np.sort(energy)[::-1][rank]), 1e-12)
    wanted_db = _FULL_LEVEL_DBFS - 10 * math.log10(level)
    return 10 ** (min(max(wanted_db, 0.0), _MOST_GAIN_DB) / 20)


def _listen(
    samples: NDArray[np.float32], start: int, end: int, gain: float, options: VadOptions
) -> list[Segment]:
    """Run Silero over samples[start:end], amplified, with a fresh memory."""
    from faster_whisper.vad import VadOptions as SileroOptions
    from faster_whisper.vad import get_speech_timestamps

    silero = SileroOptions(
        threshold=options.threshold,
        min_silence_duration_ms=options.min_silence_ms,
        speech_pad_ms=options.pad_ms,
        min_speech_duration_ms=options.min_speech_ms,
    )
    block = np.clip(np.asarray(samples[start:end], dtype=np.float32) * np.float32(gain), -1, 1)
    return [
        Segment((start + chunk["start"]) / RATE_HZ, (start + chunk["end"]) / RATE_HZ)
        for chunk in get_speech_timestamps(block, silero, sampling_rate=RATE_HZ)
    ]


def _second_look(
    samples: NDArray[np.float32], silences: Segments, gain: float, options: VadOptions
) -> list[Segment]:
    """Hear long silences once more, in short windows."""
    stricter = replace(options, threshold=_SECOND_THRESHOLD, min_speech_ms=_SECOND_MIN_SPEECH_MS)
    found: list[Segment] = []
    for silence in silences:
        if silence.duration_s < _SECOND_LOOK_FROM_S:
            continue
        first, last = round(silence.start * RATE_HZ), round(silence.end * RATE_HZ)
        energy = _frame_energy(samples, first, last)
        audible = energy > _AUDIBLE_RATIO * np.median(energy)
        for start in range(first, last, round((_WINDOW_S - _OVERLAP_S) * RATE_HZ)):
            end = min(start + round(_WINDOW_S * RATE_HZ), last)
            if audible[(start - first) // _FRAME : -(-(end - first) // _FRAME)].any():
                found += _listen(samples, start, end, gain, stricter)
    return found


def _frame_energy(samples: NDArray[np.float32], start: int, end: int) -> NDArray[np.float64]:
    """Return the mean square of every whole frame of `_FRAME` samples."""
    count = (end - start) // _FRAME
    frames = np.asarray(samples[start : start + count * _FRAME], dtype=np.float32)
    return np.square(frames.reshape(count, _FRAME)).mean(axis=1, dtype=np.float64)


def collect(samples: NDArray[np.float32], segments: Segments) -> NDArray[np.float32]:
    """Return the samples inside the segments, one after the other, shape (m,)."""
    pieces = [samples[round(s.start * RATE_HZ) : round(s.end * RATE_HZ)] for s in segments]
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)


def _quiet_cut(samples: NDArray[np.float32], start: int) -> int:
    """Return where the block from `start` ends: the quietest half second near its end."""
    end = start + int(_BLOCK_S * RATE_HZ)
    if end >= len(samples):
        return len(samples)
    first = end - int(_SEARCH_S * RATE_HZ)
    half = RATE_HZ // 2
    tail = np.asarray(samples[first:end], dtype=np.float32)
    energy = np.square(tail[: len(tail) // half * half]).reshape(-1, half).sum(axis=1)
    return first + int(np.argmin(energy)) * half + half // 2
