"""Samples: where the voice is, how loud, and how to stretch, flatten and resample it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
Edges = list[tuple[float, float]]

FRAME_S = 0.010
_STEP_S = 0.005
_BELOW_LOUDEST_DB = 38.0
"""a frame this far below the loudest one holds no voice; synthesised chunks have no noise of their
own, and 38 dB keeps the weak fricatives at the ends of words"""
MARGIN_S = 0.012
_NATURAL_GAP_S = 0.16


def frame_levels(samples: Samples, rate_hz: int) -> Samples:
    """Return the level in dBFS of frames of 10 ms that start every 5 ms."""
    frame, step = round(FRAME_S * rate_hz), round(_STEP_S * rate_hz)
    if samples.size < frame:
        return np.empty(0)
    power = np.concatenate(([0.0], np.cumsum(np.square(samples))))
    starts = np.arange(0, samples.size - frame + 1, step)
    return 10.0 * np.log10((power[starts + frame] - power[starts]) / float(frame) + 1e-12)


def voice_edges(samples: Samples, rate_hz: int, *, longest_gap_s: float = _NATURAL_GAP_S) -> Edges:
    """Return the stretches with voice in seconds; gaps shorter than `longest_gap_s` are closed."""
    levels = frame_levels(samples, rate_hz)
    if not levels.size:
        return []
    voiced = np.flatnonzero(levels > levels.max() - _BELOW_LOUDEST_DB)
    step = round(_STEP_S * rate_hz) / rate_hz
    edges: Edges = []
    for index in voiced:
        start, end = float(index * step), float(index * step + FRAME_S)
        if edges and start - edges[-1][1] < longest_gap_s:
            edges[-1] = (edges[-1][0], end)
        else:
            edges.append((start, end))
    return edges


def cut_to_voice(samples: Samples, rate_hz: int) -> tuple[Samples, Edges]:
    """Cut a chunk to its voice.

    Returns
    -------
    The samples with a faded margin of `MARGIN_S` before the first and after the last voice, and the
    stretches with voice, counted from the first voice (which is at `MARGIN_S` in the samples).
    """
    edges = voice_edges(samples, rate_hz)
    if not edges:
        raise ValueError("There is no voice in this chunk.")
    margin = round(MARGIN_S * rate_hz)
    first, last = round(edges[0][0] * rate_hz), round(edges[-1][1] * rate_hz)
    padded = np.pad(samples, margin)
    piece = padded[first : last + 2 * margin].copy()
    fade = np.sin(np.linspace(0, np.pi / 2, margin)) ** 2
    piece[:margin] *= fade
    piece[-margin:] *= fade[::-1]
    return piece, [(start - edges[0][0], end - edges[0][0]) for start, end in edges]


def rms(samples: Samples) -> float:
    """Return the root mean square, 0 for no samples."""
    return float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0


def speech_rms(samples: Samples, rate_hz: int) -> float:
    """Return the RMS of what has voice."""
    edges = voice_edges(samples, rate_hz, longest_gap_s=0.05)
    parts = [samples[round(a * rate_hz) : round(b * rate_hz)] for a, b in edges]
    return rms(np.concatenate(parts)) if parts else 0.0


def resample(samples: Samples, rate_hz: int, wanted_hz: int) -> Samples:
    """Change the rate with Praat's sinc interpolation."""
    if rate_hz == wanted_hz:
        return samples
    return _sound(samples, rate_hz).resample(wanted_hz, 50).values[0]


def voiced_share(samples: Samples, rate_hz: int) -> tuple[float, float]:
    """Return the share of frames with a fundamental and its median in Hz (NaN without any)."""
    f0 = _sound(samples, rate_hz).to_pitch(0.01, 55, 500).selected_array["frequency"]
    voiced = f0[f0 > 0]
    return voiced.size / max(1, f0.size), float(np.median(voiced)) if voiced.size else float("nan")


def nasal_end_db(samples: Samples, rate_hz: int) -> float:
    """How much the share of sound above 700 Hz falls from the first third to the last, in dB.

    A vowel that stays a vowel has about 0, an "um" that closes its lips well above 6.
    """
    third = max(1, samples.size // 3)

    def brightness(part: Samples) -> float:
        power = np.abs(np.fft.rfft(part * np.hanning(part.size))) ** 2
        hz = np.fft.rfftfreq(part.size, 1 / rate_hz)
        low = power[(hz > 60) & (hz <= 700)].sum()
        return 10 * float(np.log10((power[(hz > 700) & (hz < 4000)].sum() + 1e-12) / (low + 1e-12)))

    return brightness(samples[:third]) - brightness(samples[-third:])


def reshape(
    samples: Samples,
    rate_hz: int,
    *,
    lengthen: float,
    lower_st: float = 0.0,
    flatten: float = 1.0,
    part: tuple[float, float] | None = None,
) -> Samples:
    """Lengthen, lower and flatten a voice with Praat's PSOLA.

    Parameters
    ----------
    lengthen : factor of duration.
    lower_st : semitones by which the fundamental falls.
    flatten : what is left of the fundamental's movement around its median, 0..1.
    part : stretch in seconds to lengthen; None = all of it.
    """
    from parselmouth.praat import call, run

    # PSOLA jitters the voiceless periods that it repeats.
    run("random_initializeWithSeedUnsafelyButPredictably(4)")
    sound = _sound(samples, rate_hz)
    manipulation = call(sound, "To Manipulation", 0.01, 60, 500)
    pitch_tier = call(manipulation, "Extract pitch tier")
    if call(pitch_tier, "Get number of points") > 0:
        middle = call(pitch_tier, "Get mean (points)", 0, 0)
        wanted = middle * 2 ** (-lower_st / 12)
        call(pitch_tier, "Formula", f"{wanted} * (self / {middle}) ^ {flatten}")
        call([pitch_tier, manipulation], "Replace pitch tier")
    tier = call("Create DurationTier", "length", 0, sound.duration)
    if part is None:
        call(tier, "Add point", 0, lengthen)
    else:
        ramp = 0.015
        for time, factor in (
            (part[0], 1.0),
            (part[0] + ramp, lengthen),
            (part[1] - ramp, lengthen),
            (part[1], 1.0),
        ):
            call(tier, "Add point", time, factor)
    call([tier, manipulation], "Replace duration tier")
    return call(manipulation, "Get resynthesis (overlap-add)").values[0]


def vowel(samples: Samples, rate_hz: int) -> tuple[float, float]:
    """Return the stretch around the loudest voiced moment that stays within 8 dB of it."""
    levels = frame_levels(samples, rate_hz)
    step = round(_STEP_S * rate_hz) / rate_hz
    pitch = _sound(samples, rate_hz).to_pitch(0.005, 60, 500)
    voiced = np.array(
        [(pitch.get_value_at_time((i + 1) * step) or 0) > 0 for i in range(levels.size)]
    )
    levels = np.where(voiced, levels, -120.0)
    top = int(np.argmax(levels))
    low = high = top
    while low > 0 and levels[low - 1] > levels[top] - 8:
        low -= 1
    while high < levels.size - 1 and levels[high + 1] > levels[top] - 8:
        high += 1
    return low * step, high * step + FRAME_S


def _sound(samples: Samples, rate_hz: int) -> Any:
    import parselmouth

    return parselmouth.Sound(np.asarray(samples, np.float64), sampling_frequency=rate_hz)
