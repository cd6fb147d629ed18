"""Where somebody speaks: voice activity, the only door to faster-whisper's Silero VAD.

Two passes, because two questions are asked. The *measuring* pass asks when the candidate starts
and stops: it keeps every silence from 0.16 s on, pads nothing, leaves out other people in the
background (`analysis.foreground`) and puts the edges where the level says (`analysis.vad_edges`).
The *lenient* pass feeds the recogniser: it bridges short silences and leaves a margin, so that no
word is cut. The library's defaults (2 s, 400 ms) suit neither; they find 3 % of the silent frames
of the TEN-VAD test set.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.foreground import (
    Foreground,
    band_levels,
    find_foreground,
    find_islands,
    keep_foreground,
)
from analysis.media import RATE_HZ
from analysis.telephone import is_telephone, measure_balance, widen
from analysis.timeline import Segment, Segments, gaps, intersect, support, total
from analysis.vad_edges import refine_edges
from analysis.vad_options import (
    LENIENT,
    MEASURING,
    Amplification,
    SecondLook,
    VadOptions,
    lenient_options,
    measuring_options,
)

__all__ = [
    "LENIENT",
    "MEASURING",
    "Amplification",
    "SecondLook",
    "VadOptions",
    "VoiceActivity",
    "choose_passages",
    "collect",
    "detect_speech",
    "lenient_options",
    "measure_voice_activity",
    "measuring_options",
]

_BLOCK_S = 600.0
_SEARCH_S = 60.0

# The network is slow to wake after a long silence: a soft "um" that ends 32 s of silence stays
# below the threshold, and is found (.9) when the same samples are heard with a fresh memory. So
# silences are heard a second time in short windows. Stricter, as a fresh memory is also jumpier.
_WINDOW_S = 5.0
_OVERLAP_S = 1.0
# And only where something is heard at all: 6 dB over the typical frame of the silence (our
# judgement; frames of steady noise differ by 1 dB). It spares the work in hours of silence.
_AUDIBLE_RATIO = 4.0
_FRAME = 512
_CHUNK = 512 * 16_000
_LOUDEST_S = 2.0
_NEAR_S = 0.5
_LEAD_S = 0.5
"""heard before and after a loud sound, so that it has surroundings"""


@dataclass(frozen=True, slots=True)
class VoiceActivity:
    """Where somebody speaks, and what was found out on the way."""

    speech: Segments
    """s from the first sample"""
    others: Segments
    """speech of other people in the background, not part of `speech`, s"""
    foreground: Foreground | None
    """None = not asked for"""


def detect_speech(
    samples: NDArray[np.float32],
    options: VadOptions,
    *,
    progress: Callable[[float], None] | None = None,
) -> Segments:
    """Find the stretches with speech; see `measure_voice_activity`."""
    return measure_voice_activity(samples, options, progress=progress).speech


def measure_voice_activity(
    samples: NDArray[np.float32],
    options: VadOptions,
    *,
    progress: Callable[[float], None] | None = None,
) -> VoiceActivity:
    """Find the stretches with speech.

    Parameters
    ----------
    samples : mono at 16 kHz, shape (n,); may be file-backed and hours long (read in blocks).
    options : `MEASURING` or `LENIENT`, or built from a user's settings.
    progress : called with the seconds that are done.

    Returns
    -------
    Times in s from the first sample; good to a hundredth where the voice stands well above the
    background, else to about 32 ms (Silero's frame).
    """
    ear = _Ear(
        samples,
        _gain(samples, options.amplification) if options.amplification else 1.0,
        is_telephone(measure_balance(samples), options.telephone),
    )
    heard = _hear(ear, options, progress)
    if options.foreground is None:
        return VoiceActivity(heard, (), None)
    levels = band_levels(samples)
    foreground = find_foreground(levels, heard, options.foreground)
    speech = keep_foreground(heard, levels, foreground, options.foreground)
    speech = _long_enough(speech, options)
    others = tuple(part for s in heard for part in gaps(speech, s))
    if options.islands is not None and speech:
        islands = find_islands(levels, speech, foreground, options.islands)
        speech = support((*speech, *_hear_islands(ear, islands, options)))
    if options.edges is not None:
        duration_s = len(samples) / RATE_HZ
        speech = refine_edges(speech, levels, options.edges, duration_s=duration_s)
    return VoiceActivity(
        support(speech, collar_s=options.min_silence_ms / 1000), others, foreground
    )


def choose_passages(activity: VoiceActivity, lenient: Segments, *, pad_s: float) -> Segments:
    """Return what the recogniser shall hear: where both passes agree, with a margin.

    The lenient pass alone lets music through, and other people: where those were left out, nothing
    further than half a second from the candidate's speech is heard.

    Parameters
    ----------
    activity : from the measuring pass.
    lenient : from the lenient pass.
    pad_s : margin of the lenient pass, s.
    """
    speech = activity.speech
    both = (s for s in lenient if intersect([s], speech))
    certain = (Segment(max(0.0, s.start - pad_s), s.end + pad_s) for s in speech)
    heard = support((*both, *certain))
    if not activity.others:
        return heard
    near = (Segment(max(0.0, s.start - _NEAR_S), s.end + _NEAR_S) for s in speech)
    return intersect(heard, near)


def _hear(ear: _Ear, options: VadOptions, progress: Callable[[float], None] | None) -> Segments:
    """Return what Silero hears, both looks together."""
    found: list[Segment] = []
    start = 0
    while start < len(ear.samples):
        end = _quiet_cut(ear.samples, start)
        first = ear.listen(start, end, options)
        found += first
        silences = gaps(first, Segment(start / RATE_HZ, end / RATE_HZ))
        found += _look_again(ear, silences, options)
        start = end
        if progress is not None:
            progress(end / RATE_HZ)
    return support(found, collar_s=options.min_silence_ms / 1000)


def _hear_islands(ear: _Ear, islands: Segments, options: VadOptions) -> list[Segment]:
    """Return the loud sounds that have something of a voice."""
    if options.islands is None:
        return []
    milder = replace(options, threshold=options.islands.threshold, min_speech_ms=0)
    found: list[Segment] = []
    for island in islands:
        start = max(0, round((island.start - _LEAD_S) * RATE_HZ))
        end = min(len(ear.samples), round((island.end + _LEAD_S) * RATE_HZ))
        if total(intersect(ear.listen(start, end, milder), [island])) >= island.duration_s / 2:
            found.append(island)
    return found


@dataclass(frozen=True, slots=True)
class _Ear:
    """Silero, and how the sound has to be brought to it."""

    samples: NDArray[np.float32]
    gain: float
    telephone: bool

    def listen(self, start: int, end: int, options: VadOptions) -> list[Segment]:
        """Run Silero over samples[start:end] with a fresh memory."""
        from faster_whisper.vad import VadOptions as SileroOptions
        from faster_whisper.vad import get_speech_timestamps

        silero = SileroOptions(
            threshold=options.threshold,
            min_silence_duration_ms=options.min_silence_ms,
            speech_pad_ms=options.pad_ms,
            min_speech_duration_ms=options.min_speech_ms,
        )
        block = np.asarray(self.samples[start:end], dtype=np.float32)
        if self.telephone:
            block = widen(block)
        block = np.clip(block * np.float32(self.gain), -1, 1)
        return [
            Segment((start + chunk["start"]) / RATE_HZ, (start + chunk["end"]) / RATE_HZ)
            for chunk in get_speech_timestamps(block, silero, sampling_rate=RATE_HZ)
        ]


def _long_enough(speech: Segments, options: VadOptions) -> Segments:
    """Drop what is no longer than a click once the background is cut off."""
    joined = support(speech, collar_s=options.min_silence_ms / 1000)
    return tuple(s for s in joined if s.duration_s * 1000 > options.min_speech_ms)


def _gain(samples: NDArray[np.float32], amplification: Amplification) -> float:
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
    wanted_db = amplification.full_level_dbfs - 10 * math.log10(level)
    return 10 ** (min(max(wanted_db, 0.0), amplification.most_gain_db) / 20)


def _look_again(ear: _Ear, silences: Segments, options: VadOptions) -> list[Segment]:
    """Hear long silences once more, in short windows."""
    second = options.second
    stricter = replace(options, threshold=second.threshold, min_speech_ms=second.min_speech_ms)
    found: list[Segment] = []
    for silence in silences:
        if silence.duration_s < second.from_s:
            continue
        first, last = round(silence.start * RATE_HZ), round(silence.end * RATE_HZ)
        energy = _frame_energy(ear.samples, first, last)
        audible = energy > _AUDIBLE_RATIO * np.median(energy)
        for start in range(first, last, round((_WINDOW_S - _OVERLAP_S) * RATE_HZ)):
            end = min(start + round(_WINDOW_S * RATE_HZ), last)
            if audible[(start - first) // _FRAME : -(-(end - first) // _FRAME)].any():
                found += ear.listen(start, end, stricter)
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
