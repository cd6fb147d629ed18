"""Loudness and melody of the voice: the only door to Praat (parselmouth).

Level and clipping are measured at the native sample rate, f0 on the 16 kHz signal. Everything
is over speech frames only; the noise floor is over the silences. A microphone's automatic gain
changes both: read levels as those of the recording, not of the room.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.levels import LEVEL_STEP_S, Levels
from analysis.media import RATE_HZ
from analysis.results import Caution, VoiceMetrics
from analysis.timeline import Segment, Segments, Track, gaps, support

F0_FLOOR_HZ = 65.0
"""lowest voice looked for; below bass speech"""
F0_CEILING_HZ = 400.0
"""highest; above a woman's lively speech (Praat's advice: 75–300 men, 100–500 women)"""
F0_STEP_S = 0.01

QUIETEST_DBFS = -100.0
"""floor of what is reported: the quantisation noise of 16-bit sound lies at −98 dBFS"""

_MARGIN_S = 0.1  # silences are measured away from the edges of speech
_MINIMUM_SILENCE_S = 0.5
_BLOCK_S = 60.0


def track_f0(
    samples: NDArray[np.float32],
    within: Iterable[Segment],
    *,
    progress: Callable[[float], None] | None = None,
) -> Track:
    """Measure the fundamental frequency inside some segments (Praat, autocorrelation).

    Returns
    -------
    Track in Hz, a value every 10 ms inside the segments; NaN = unvoiced.
    """
    import parselmouth

    times: list[NDArray[np.float64]] = []
    values: list[NDArray[np.float32]] = []
    for span in _blocks(support(within, collar_s=0.05)):
        piece = np.asarray(
            samples[round(span.start * RATE_HZ) : round(span.end * RATE_HZ)], dtype=np.float64
        )
        # Praat needs three periods of the lowest voice.
        if len(piece) < 3.2 / F0_FLOOR_HZ * RATE_HZ:
            continue
        sound = parselmouth.Sound(piece, sampling_frequency=RATE_HZ)
        pitch = sound.to_pitch_ac(
            time_step=F0_STEP_S, pitch_floor=F0_FLOOR_HZ, pitch_ceiling=F0_CEILING_HZ
        )
        f0 = pitch.selected_array["frequency"].astype(np.float32)
        f0[f0 == 0] = np.nan
        at = pitch.xs() + span.start
        if times and len(times[-1]):
            later = at > times[-1][-1]
            at, f0 = at[later], f0[later]
        times.append(at)
        values.append(f0)
        if progress is not None:
            progress(span.end)
    if not times:
        return Track(np.zeros(0), np.zeros(0, dtype=np.float32), "Hz")
    return Track(np.concatenate(times), np.concatenate(values), "Hz")


def measure_voice(
    levels: Levels, f0: Track, speech: Segments, duration_s: float
) -> tuple[VoiceMetrics | None, tuple[Caution, ...]]:
    """Measure level, noise floor, SNR, clipping and melody.

    Parameters
    ----------
    levels : at the native rate.
    f0 : over the speech, Hz.
    speech : by the measuring pass, s.
    duration_s : length of the sound, s.

    Returns
    -------
    VoiceMetrics or None (no speech at all), and what to be careful about.
    """
    cautions: list[Caution] = []
    silences = [
        Segment(g.start + _MARGIN_S, g.end - _MARGIN_S)
        for g in gaps(speech, Segment(0.0, duration_s))
        if g.duration_s > 2 * _MARGIN_S + LEVEL_STEP_S
    ]
    noise = _mean_square(levels, silences, minimum_s=_MINIMUM_SILENCE_S, middle=True)
    if not speech:
        return None, ()
    spoken = _mean_square(levels, speech, minimum_s=0.0)
    if math.isnan(noise):
        cautions.append(
            Caution(
                "no-noise-floor",
                "There is no silence of half a second to measure the background noise in:"
                " noise floor and SNR not measured.",
            )
        )
    quietest = 10 ** (QUIETEST_DBFS / 10)
    snr = math.nan
    if not math.isnan(noise) and spoken > 0:
        # What was measured as speech is speech and noise together.
        snr = 10 * math.log10(max(spoken - noise, 0.01 * spoken) / max(noise, quietest))
    if snr < 10:
        cautions.append(
            Caution(
                "noisy",
                f"The voice is only {snr:.0f} dB above the background noise (10 dB are needed):"
                " pauses, words and fillers are less certain. Choose a quieter place or move closer"
                " to the microphone.",
            )
        )
    voiced = f0.values[f0.present].astype(np.float64)
    spread = math.nan
    if len(voiced) >= 50:  # half a second of voice
        low, high = np.percentile(voiced, [10, 90])
        spread = 12 * math.log2(high / low)
    return (
        VoiceMetrics(
            level_dbfs=_dbfs(spoken),
            peak_dbfs=max(QUIETEST_DBFS, 20 * math.log10(max(levels.peak, 1e-9))),
            noise_floor_dbfs=_dbfs(noise),
            snr_db=snr,
            f0_median_hz=float(np.median(voiced)) if len(voiced) >= 50 else math.nan,
            f0_spread_st=spread,
            voiced_ratio=f0.coverage_ratio,
            clipped_ratio=levels.clipped_ratio,
        ),
        tuple(cautions),
    )


def _spectral_change(
    samples: NDArray[np.float32], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Level-normalised log-mel change over 100 ms around each time, RMS over the bands."""
    mel = _mel_filters()
    offsets = np.round(times * RATE_HZ).astype(int)
    half = 200  # 25 ms windows
    padded = np.pad(
        np.asarray(samples[max(0, offsets[0] - half) : offsets[-1] + half + 1], dtype=np.float64),
        (max(0, half - offsets[0]), 2 * half),
    )
    first = offsets - offsets[0]
    frames = np.stack([padded[i : i + 2 * half] for i in first]) * np.hanning(2 * half)
    power = np.abs(np.fft.rfft(frames, 512, axis=1)) ** 2
    logmel = np.log(power @ mel.T + 1e-10)
    logmel -= logmel.mean(axis=1, keepdims=True)
    lag = round(0.1 / F0_STEP_S) // 2
    change = np.zeros(len(times))
    if len(times) > 2 * lag:
        difference = logmel[2 * lag :] - logmel[: -2 * lag]
        change[lag:-lag] = np.sqrt(np.mean(difference**2, axis=1))
        change[:lag], change[-lag:] = change[lag], change[-lag - 1]
    return change


def _mel_filters(bands: int = 40, low_hz: float = 100.0, high_hz: float = 7000.0) -> NDArray:
    def to_mel(hz: float | NDArray) -> float | NDArray:
        return 2595 * np.log10(1 + np.asarray(hz) / 700)

    edges = 700 * (10 ** (np.linspace(to_mel(low_hz), to_mel(high_hz), bands + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(512, 1 / RATE_HZ)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling))


def _blocks(segments: Segments) -> Iterable[Segment]:
    """Cut long segments, so that memory does not grow with the take."""
    for segment in segments:
        at = segment.start
        while segment.end - at > _BLOCK_S:
            yield Segment(at, at + _BLOCK_S)
            at += _BLOCK_S
        yield Segment(at, segment.end)


def _mean_square(
    levels: Levels, segments: Iterable[Segment], *, minimum_s: float, middle: bool = False
) -> float:
    """Mean square over the level frames inside the segments; NaN where there are too few.

    `middle` leaves out the loudest fifth: a cough or a chair in a silence is no noise floor.
    """
    pieces = []
    for segment in segments:
        first = math.ceil(segment.start / LEVEL_STEP_S - 1e-6)
        last = math.floor(segment.end / LEVEL_STEP_S + 1e-6)
        if last > first:
            pieces.append(levels.mean_square[first:last])
    frames = np.concatenate(pieces) if pieces else np.zeros(0)
    if len(frames) == 0 or len(frames) * LEVEL_STEP_S < minimum_s:
        return math.nan
    if middle:
        frames = np.sort(frames)[: max(1, len(frames) * 4 // 5)]
    return float(np.mean(frames, dtype=np.float64))


def _dbfs(mean_square: float) -> float:
    if math.isnan(mean_square):
        return math.nan
    return max(QUIETEST_DBFS, 10 * math.log10(max(mean_square, 1e-12)))


@dataclass(frozen=True, slots=True, eq=False)
class VoiceTrace:
    """The voice in steps of 10 ms, over speech only; between two stretches of it times jump."""

    times: NDArray[np.float64]
    """s, shape (n,)"""
    f0_st: NDArray[np.float64]
    """semitones over 100 Hz; nan = unvoiced"""
    change: NDArray[np.float64]
    """level-normalised log-mel change over 100 ms, RMS over the bands, natural log"""
    level_db: NDArray[np.float64]
    """dB over full scale"""

    def inside(self, span: Segment) -> slice:
        """Return which steps lie in a stretch."""
        first, last = np.searchsorted(self.times, [span.start, span.end])
        return slice(int(first), int(last))


def trace_voice(samples: NDArray[np.float32], f0: Track) -> VoiceTrace:
    """Measure what tells a held sound ("um") from speech, wherever f0 was looked for.

    Parameters
    ----------
    samples : mono at 16 kHz, shape (n,).
    f0 : of `track_f0`.
    """
    times = np.asarray(f0.times, dtype=np.float64)
    change, level = np.zeros(len(times)), np.full(len(times), QUIETEST_DBFS)
    holes = np.flatnonzero(np.diff(times) > 1.5 * F0_STEP_S) + 1
    longest = round(_BLOCK_S / F0_STEP_S)
    for stretch in np.split(np.arange(len(times)), holes):
        for at in range(0, len(stretch), longest):
            part = stretch[at : at + longest]
            instants = np.asarray(times[part], dtype=np.float64)
            change[part] = _spectral_change(samples, instants)
            level[part] = _levels_around(samples, instants)
    with np.errstate(invalid="ignore"):
        semitones = np.asarray(12 * np.log2(f0.values.astype(np.float64) / 100.0), dtype=np.float64)
    return VoiceTrace(times, semitones, change, level)


def _levels_around(samples: NDArray[np.float32], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the level of 25 ms around each time, dB over full scale."""
    half = RATE_HZ // 80
    first = round(times[0] * RATE_HZ)
    low = max(0, first - half)
    piece = np.asarray(samples[low : round(times[-1] * RATE_HZ) + half], dtype=np.float64)
    energy = np.concatenate([[0.0], np.cumsum(piece**2)])
    at = np.round(times * RATE_HZ).astype(int) - low
    begin, end = np.clip(at - half, 0, len(piece)), np.clip(at + half, 0, len(piece))
    mean = (energy[end] - energy[begin]) / np.maximum(end - begin, 1)
    return np.maximum(10 * np.log10(np.maximum(mean, 1e-12)), QUIETEST_DBFS)
