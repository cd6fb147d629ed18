"""What the microphone of a set-up hears: voice, noise, clipping, holes, bandwidth, echo.

The echo is found with a known test sound, a chirp that the computer's own loudspeaker plays: the
microphone's signal is divided by it in the spectrum, which yields the path from loudspeaker to
microphone and with it level and delay, also far below the noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.levels import LevelMeter
from analysis.media import resample
from analysis.timeline import Segment, Segments, Track
from analysis.vad import MEASURING, detect_speech
from analysis.voice import measure_voice

Samples = NDArray[np.float32]

LISTENED_S = 30.0
"""as much of a recording is listened to; our judgement"""
LEAST_SPEECH_S = 1.0
"""less speech says nothing about the level; our judgement"""

TEST_SOUND_S = 1.2
TEST_SOUND_DBFS = -20.0
"""about as loud as an interviewer in a call: the middle of what we hold for a good voice"""
_CHIRP_HZ = (300.0, 7000.0)
_FADE_S = 0.02

# The test sound is looked for this long before and after the moment it was asked for: the first,
# because clocks of two processes are compared, the second for the way through the sound system.
_EARLY_S, _LATE_S = 0.3, 1.5
# The path from loudspeaker to microphone in a room: what comes later is below the rest.
_PATH_BEFORE_S, _PATH_AFTER_S = 0.005, 0.2
_HEARD_ABOVE = 7.0
"""peak of the path by its noise that counts as heard: of 130 000 samples of mere noise the
highest lies at about 4.7"""

_HOLE_FROM_S, _HOLE_TO_S = 0.004, 1.0
_HOLE_EDGE_S, _HOLE_EDGE_DBFS = 0.003, -45.0

_SPECTRUM_S = 0.02
_BELOW_PEAK_DB = 70.0
"""Sound this far below the strongest part of the voice is not there: speech itself lies 40 to 55 dB
below above 8 kHz, a resampled telephone line more than 85 (16-bit noise: 93). Our measurements on
one voice and our calculation."""


@dataclass(frozen=True, slots=True)
class Echo:
    """What the microphone hears of the loudspeaker."""

    level_dbfs: float
    """of the test sound at the microphone; NaN = not heard"""
    delay_s: float
    """from the moment it was asked for, the way through the sound system included; NaN = not
    heard"""
    limit_dbfs: float
    """below this it would not have been heard"""


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """What is heard. NaN = could not be measured."""

    duration_s: float
    rate_hz: int
    silent: bool
    """nothing but digital silence"""
    speech_s: float
    level_dbfs: float
    """RMS of the speech"""
    clipped_ratio: float
    """share of the samples"""
    noise_floor_dbfs: float
    snr_db: float
    holes: Segments
    """sudden digital silence inside sound"""
    bandwidth_hz: float
    """highest frequency in the voice"""
    echo: Echo | None
    """None = no test sound was played"""


def make_test_sound(rate_hz: int) -> Samples:
    """Return the test sound: a rising chirp, shape (n,), at `TEST_SOUND_DBFS` RMS."""
    n = round(TEST_SOUND_S * rate_hz)
    t = np.arange(n) / rate_hz
    low, high = _CHIRP_HZ[0], min(_CHIRP_HZ[1], 0.45 * rate_hz)
    chirp = np.sin(2 * np.pi * (low * t + (high - low) / (2 * TEST_SOUND_S) * t**2))
    ramp = np.minimum(1.0, np.minimum(t, t[::-1]) / _FADE_S)
    chirp *= 0.5 - 0.5 * np.cos(np.pi * ramp)
    chirp *= 10 ** (TEST_SOUND_DBFS / 20) / math.sqrt(float(np.mean(chirp**2)))
    return chirp.astype(np.float32)


def measure_setup_sound(
    samples: Samples, rate_hz: int, *, test_sound_s: float | None = None
) -> SoundFacts:
    """Measure the sound of a set-up.

    Parameters
    ----------
    samples : mono, shape (n,), full scale = 1: speech, silence, then perhaps the test sound.
    rate_hz : of the samples.
    test_sound_s : when the test sound was asked for; what comes from then on serves the echo
        alone. None = none was played.
    """
    end = len(samples)
    if test_sound_s is not None:
        end = min(end, max(0, round((test_sound_s - 0.05) * rate_hz)))
    own = samples[:end]
    meter = LevelMeter()
    meter.rate_hz = rate_hz
    meter.add(own[None, :])
    levels = meter.result()
    speech = detect_speech(resample(own, rate_hz), MEASURING) if len(own) else ()
    spoken_s = sum(s.duration_s for s in speech)
    no_melody = Track(np.zeros(0), np.zeros(0, dtype=np.float32), "Hz")
    enough = speech if spoken_s >= LEAST_SPEECH_S else ()
    voice, _ = measure_voice(levels, no_melody, enough, len(own) / rate_hz)
    noise_dbfs = voice.noise_floor_dbfs if voice else _quiet_dbfs(levels.mean_square, speech)
    echo = None
    if test_sound_s is not None:
        echo = measure_echo(samples, rate_hz, test_sound_s)
    return SoundFacts(
        duration_s=len(samples) / rate_hz,
        rate_hz=rate_hz,
        silent=not bool(np.any(np.abs(samples) > 1.5 / 32768)),
        speech_s=spoken_s,
        level_dbfs=voice.level_dbfs if voice else math.nan,
        clipped_ratio=levels.clipped_ratio if len(own) else math.nan,
        noise_floor_dbfs=noise_dbfs,
        snr_db=voice.snr_db if voice else math.nan,
        holes=find_holes(own, rate_hz),
        bandwidth_hz=measure_bandwidth(own, rate_hz, enough),
        echo=echo,
    )


def measure_echo(samples: Samples, rate_hz: int, test_sound_s: float) -> Echo:
    """Find the test sound in what the microphone heard.

    Parameters
    ----------
    samples : mono, shape (n,).
    rate_hz : of the samples.
    test_sound_s : when the test sound was asked for.
    """
    known = make_test_sound(rate_hz).astype(np.float64)
    first = max(0, round((test_sound_s - _EARLY_S) * rate_hz))
    last = round((test_sound_s + _LATE_S) * rate_hz) + len(known)
    heard = np.asarray(samples[first:last], dtype=np.float64)
    if len(heard) < len(known):
        return Echo(math.nan, math.nan, math.nan)
    size = 1 << (len(heard) + len(known) - 1).bit_length()
    spectrum = np.fft.rfft(known, size)
    power = np.abs(spectrum) ** 2
    # Outside the chirp's band nothing is divided by next to nothing.
    floor = 0.03 * float(power.max())
    path = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(spectrum) / (power + floor), size)
    whole = np.fft.irfft(power / (power + floor), size)
    path = path[: len(heard)]
    magnitude = np.abs(path)
    peak = int(np.argmax(magnitude))
    start = max(0, peak - round(_PATH_BEFORE_S * rate_hz))
    stop = min(len(path), peak + round(_PATH_AFTER_S * rate_hz))
    elsewhere = np.concatenate([path[:start], path[stop:]])
    noise = float(np.mean(elsewhere**2)) if len(elsewhere) else 0.0
    full = float(np.sum(whole**2))
    # What a peak at the threshold would amount to.
    least = TEST_SOUND_DBFS + _db(_HEARD_ABOVE**2 * max(noise, 1e-16) / float(np.max(whole)) ** 2)
    if magnitude[peak] ** 2 <= _HEARD_ABOVE**2 * noise or magnitude[peak] == 0:
        return Echo(math.nan, math.nan, least)
    energy = float(np.sum(path[start:stop] ** 2)) - noise * (stop - start)
    # Never less than the straight way alone.
    energy = max(energy, float(magnitude[peak] / np.max(whole)) ** 2 * full * 0.5)
    delay = (first + peak) / rate_hz - test_sound_s
    return Echo(TEST_SOUND_DBFS + _db(energy / full), delay, least)


def find_holes(samples: Samples, rate_hz: int) -> Segments:
    """Find sudden digital silence inside sound.

    A noise gate's silence has soft edges, a hole has not: right before and after it there is
    sound above −45 dBFS (our judgement).
    """
    silent = np.abs(samples) <= 1.5 / 32768
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    span = max(1, round(_HOLE_EDGE_S * rate_hz))
    found = []
    for start, stop in edges.reshape(-1, 2):
        if not _HOLE_FROM_S * rate_hz <= stop - start <= _HOLE_TO_S * rate_hz:
            continue
        around = (samples[max(0, start - span) : start], samples[stop : stop + span])
        if all(
            len(piece) == span and _db(float(np.mean(np.square(piece)))) > _HOLE_EDGE_DBFS
            for piece in around
        ):
            found.append(Segment(start / rate_hz, stop / rate_hz))
    return tuple(found)


def measure_bandwidth(samples: Samples, rate_hz: int, speech: Segments) -> float:
    """Return the highest frequency that is in the voice, Hz; NaN without speech.

    A Bluetooth headset in a call sends sound up to 4 or 8 kHz, whatever rate the system shows.
    """
    size = round(_SPECTRUM_S * rate_hz) // 2 * 2
    frames = [
        np.asarray(samples[at : at + size], dtype=np.float64)
        for s in speech
        for at in range(round(s.start * rate_hz), round(s.end * rate_hz) - size, size // 2)
        if at + size <= len(samples)
    ]
    if not frames:
        return math.nan
    # A window with side lobes far below what is looked for.
    power = np.mean(np.abs(np.fft.rfft(np.array(frames) * np.blackman(size), axis=1)) ** 2, axis=0)
    there = power > power.max() * 10 ** (-_BELOW_PEAK_DB / 10)
    # One bin alone (a whistling power supply) is no voice.
    solid = there[:-2] & there[1:-1] & there[2:]
    return float((np.flatnonzero(solid)[-1] + 2) * rate_hz / size) if solid.any() else math.nan


def _quiet_dbfs(mean_square: NDArray[np.float32], speech: Segments) -> float:
    """Return the level where nobody speaks at all; NaN with the little speech that is too short."""
    if speech or not len(mean_square):
        return math.nan
    return max(-100.0, _db(float(np.median(mean_square))))


def _db(power: float) -> float:
    return 10 * math.log10(max(power, 1e-20))
