"""The thirteen conditions of the corpus: ``degrade(samples, rate_hz, "white10", seed=1)``.

No condition moves the sound in time, so that the labels stay valid.

Conventions
-----------
Levels are dBFS, 0 = RMS of full scale 1. The ratio of speech to noise is that of the RMS of the
frames with speech to the RMS of the noise. Frames with speech are those within 30 dB of the
loudest tenth: the corpus is clean, so nothing else comes near.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

_RT60_S = 0.6
_DIRECT_TO_ROOM_DB = 3.0
"""sound that comes straight against the room's: a talker half a metre from a laptop in a small bare
room; our judgement"""
_TELEPHONE_HZ = 8000
_TELEPHONE_BAND_HZ = (300.0, 3400.0)
_CLIP_GAIN_DB = 18.0
_CLIP_DBFS = -1.0
_SOFT_DBFS = -45.0


@dataclass(frozen=True, slots=True)
class Condition:
    """How a recording went wrong."""

    name: str
    kind: Literal["clean", "noise", "room", "telephone", "clipped", "soft"]
    noise: str | None = None
    """ "white", "pink", "babble", "hum1" or "hum2" """
    snr_db: float | None = None
    """speech against noise; None = no noise is added"""


CONDITIONS: dict[str, Condition] = {
    condition.name: condition
    for condition in (
        Condition("clean", "clean"),
        Condition("white20", "noise", "white", 20.0),
        Condition("white10", "noise", "white", 10.0),
        Condition("pink20", "noise", "pink", 20.0),
        Condition("pink10", "noise", "pink", 10.0),
        Condition("babble20", "noise", "babble", 20.0),
        Condition("babble10", "noise", "babble", 10.0),
        Condition("room", "room"),
        Condition("bluetooth8k", "telephone"),
        Condition("clipped", "clipped"),
        Condition("soft45", "soft"),
        Condition("hum1", "noise", "hum1", 18.0),
        Condition("hum2", "noise", "hum2", 15.0),
    )
}


def degrade(
    samples: Samples,
    rate_hz: int,
    condition: str | Condition,
    *,
    seed: int,
    babble: Samples | None = None,
) -> Samples:
    """Return the recording under a condition; as many samples, none of them moved in time.

    Parameters
    ----------
    samples : mono, full scale 1.
    condition : a name in `CONDITIONS` or a condition of one's own.
    seed : of the noise and the room.
    babble : other people talking, for the conditions with babble; repeated if it is shorter.

    Raises
    ------
    ValueError : if babble is needed and not given.
    """
    wanted = CONDITIONS[condition] if isinstance(condition, str) else condition
    sound = np.asarray(samples, np.float64)
    # With the name in it, two conditions of one seed don't share their noise.
    random = np.random.default_rng([seed, zlib.crc32(wanted.name.encode())])
    if wanted.kind == "noise":
        return _with_noise(sound, rate_hz, wanted, random, babble)
    if wanted.kind == "room":
        return _in_a_room(sound, rate_hz, random)
    if wanted.kind == "telephone":
        return _over_the_telephone(sound, rate_hz)
    if wanted.kind == "clipped":
        ceiling = 10 ** (_CLIP_DBFS / 20)
        return np.clip(sound * 10 ** (_CLIP_GAIN_DB / 20), -ceiling, ceiling)
    if wanted.kind == "soft":
        gain = 10 ** (_SOFT_DBFS / 20) / speech_rms(sound, rate_hz)
        return np.round(sound * gain * 32768) / 32768
    return sound.copy()


def speech_rms(samples: Samples, rate_hz: int) -> float:
    """Return the RMS of the frames with speech; see the module's conventions."""
    frame = max(1, round(0.02 * rate_hz))
    whole = samples[: samples.size // frame * frame].reshape(-1, frame)
    power = np.mean(np.square(whole), axis=1)
    if not power.size or power.max() == 0:
        raise ValueError("There is no speech in this recording.")
    loud = np.quantile(power[power > power.max() * 1e-4], 0.9)
    return float(np.sqrt(power[power > loud * 1e-3].mean()))


def _with_noise(
    sound: Samples,
    rate_hz: int,
    condition: Condition,
    random: np.random.Generator,
    babble: Samples | None,
) -> Samples:
    if condition.noise == "babble":
        if babble is None or not babble.size:
            raise ValueError(f"{condition.name} needs babble: see read_corpus.babble_of.")
        noise = np.resize(babble, sound.size).astype(np.float64)
    else:
        noise = _NOISES[str(condition.noise)](sound.size, rate_hz, random)
    if condition.snr_db is None:
        raise ValueError(f"{condition.name} has no ratio of speech to noise.")
    wanted = speech_rms(sound, rate_hz) * 10 ** (-condition.snr_db / 20)
    mixed = sound + noise * (wanted / np.sqrt(np.mean(np.square(noise))))
    # Rare peaks above full scale: turned down as a whole, which leaves the ratio as it is.
    return mixed / max(1.0, float(np.abs(mixed).max()) / 0.99)


def _white(count: int, rate_hz: int, random: np.random.Generator) -> Samples:
    return random.standard_normal(count)


def _pink(count: int, rate_hz: int, random: np.random.Generator) -> Samples:
    return _shaped(count, rate_hz, random, lambda hz: 1 / np.sqrt(np.maximum(hz, 20.0)))


def _fan_and_mains(count: int, rate_hz: int, random: np.random.Generator) -> Samples:
    """Make the first laptop: a mains ripple of 50 Hz, a steady fan, and a whining converter."""
    time_s = np.arange(count) / rate_hz
    hum = np.zeros(count)
    for order, level_db in ((1, 0), (2, -4), (3, -7), (4, -14), (5, -11), (7, -17), (9, -22)):
        phase = random.uniform(0, 2 * np.pi)
        hum += 10 ** (level_db / 20) * np.sin(2 * np.pi * 50.02 * order * time_s + phase)
    fan = _shaped(count, rate_hz, random, lambda hz: (1 + (hz / 400) ** 2) ** -0.6)
    # The blades: a weak tone that wanders a little with the speed of the fan.
    blades = _wandering_tone(count, rate_hz, random, hz=287.0, spread=0.004)
    whine = _wandering_tone(count, rate_hz, random, hz=6830.0, spread=0.0005)
    return _mix((hum, -3.0), (fan, 0.0), (blades, -10.0), (whine, -24.0))


def _coil_and_slow_fan(count: int, rate_hz: int, random: np.random.Generator) -> Samples:
    """Make the second laptop: 60 Hz, a coil at 120 Hz, and a fan that swells every few seconds."""
    time_s = np.arange(count) / rate_hz
    hum = np.zeros(count)
    for order, level_db in ((1, -6), (2, 0), (4, -5), (6, -9), (8, -15), (10, -19), (14, -24)):
        phase = random.uniform(0, 2 * np.pi)
        hum += 10 ** (level_db / 20) * np.sin(2 * np.pi * 59.98 * order * time_s + phase)
    fan = _shaped(count, rate_hz, random, lambda hz: np.exp(-(((hz - 900) / 900) ** 2)) + 0.08)
    swell_db = 4.0 * np.sin(2 * np.pi * time_s / 6.3 + random.uniform(0, 2 * np.pi))
    coil = _wandering_tone(count, rate_hz, random, hz=3170.0, spread=0.002)
    return _mix((hum, -2.0), (fan * 10 ** (swell_db / 20), 0.0), (coil, -18.0))


_NOISES: dict[str, Callable[[int, int, np.random.Generator], Samples]] = {
    "white": _white,
    "pink": _pink,
    "hum1": _fan_and_mains,
    "hum2": _coil_and_slow_fan,
}


def _shaped(
    count: int,
    rate_hz: int,
    random: np.random.Generator,
    magnitude: Callable[[Samples], Samples],
) -> Samples:
    size = _fast_size(count)
    spectrum = np.fft.rfft(random.standard_normal(size))
    weights = magnitude(np.fft.rfftfreq(size, 1 / rate_hz))
    return np.fft.irfft(spectrum * weights, size)[:count]


def _wandering_tone(
    count: int, rate_hz: int, random: np.random.Generator, *, hz: float, spread: float
) -> Samples:
    """Make a tone whose frequency wanders slowly by the share `spread`."""
    knots = random.standard_normal(max(2, round(count / rate_hz / 0.5) + 2))
    wander = np.interp(np.arange(count) / rate_hz, np.arange(knots.size) * 0.5, knots)
    hz = min(hz, 0.45 * rate_hz)
    return np.sin(2 * np.pi * np.cumsum(hz * (1 + spread * wander)) / rate_hz)


def _mix(*tracks: tuple[Samples, float]) -> Samples:
    mixed = np.zeros(tracks[0][0].size)
    for track, level_db in tracks:
        mixed += track * (10 ** (level_db / 20) / np.sqrt(np.mean(np.square(track))))
    return mixed


def _in_a_room(sound: Samples, rate_hz: int, random: np.random.Generator) -> Samples:
    """Add a room's answer, noise that decays by 60 dB in `_RT60_S`; direct sound isn't delayed."""
    length = round(1.2 * _RT60_S * rate_hz)
    time_s = np.arange(length) / rate_hz
    tail = random.standard_normal(length) * 10 ** (-3 * time_s / _RT60_S)
    first_reflection = round(0.004 * rate_hz)
    tail[:first_reflection] = 0
    # Walls swallow the high sounds: a gentle low-pass over the tail.
    tail = np.convolve(tail, np.ones(3) / 3, "same")
    tail[:first_reflection] = 0
    tail *= 10 ** (-_DIRECT_TO_ROOM_DB / 20) / np.sqrt(np.sum(np.square(tail)))
    tail[0] = 1.0
    size = _fast_size(sound.size + length)
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: sound.size]
    wet *= speech_rms(sound, rate_hz) / speech_rms(wet, rate_hz)
    return wet / max(1.0, float(np.abs(wet).max()) / 0.99)


def _over_the_telephone(sound: Samples, rate_hz: int) -> Samples:
    """Send the sound through a headset's narrow band: 300–3400 Hz, 8 kHz, G.711 µ-law."""
    size = _fast_size(sound.size)
    spectrum = np.fft.rfft(sound, size)
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    low_hz, high_hz = _TELEPHONE_BAND_HZ
    # Cosine flanks, no phase: nothing moves in time.
    rise = np.clip((hz - low_hz / 1.5) / (low_hz - low_hz / 1.5), 0, 1)
    fall = np.clip((3900 - hz) / (3900 - high_hz), 0, 1)
    narrow = spectrum * np.sin(rise * np.pi / 2) ** 2 * np.sin(fall * np.pi / 2) ** 2
    # The rate is changed by cutting and padding the spectrum; the size is made to divide evenly.
    small = round(size * _TELEPHONE_HZ / rate_hz)
    low_rate = np.fft.irfft(narrow[: small // 2 + 1], small) * (small / size)
    coded = _mu_law(low_rate)
    wide = np.zeros(size // 2 + 1, complex)
    back = np.fft.rfft(coded)
    wide[: back.size] = back
    return np.clip(np.fft.irfft(wide, size)[: sound.size] * (size / small), -1, 1)


def _mu_law(samples: Samples) -> Samples:
    """Code to 8 bits and back with the codec of FFmpeg (ITU-T G.711)."""
    import av

    whole = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)
    coder = av.CodecContext.create("pcm_mulaw", "w")
    coder.sample_rate, coder.layout, coder.format = _TELEPHONE_HZ, "mono", "s16"
    reader = av.CodecContext.create("pcm_mulaw", "r")
    reader.sample_rate, reader.layout = _TELEPHONE_HZ, "mono"
    frame = av.AudioFrame.from_ndarray(whole[None, :], format="s16", layout="mono")
    frame.sample_rate = _TELEPHONE_HZ
    decoded = [
        heard.to_ndarray()[0]
        for packet in [*coder.encode(frame), *coder.encode(None)]
        for heard in reader.decode(packet)
    ]
    return np.concatenate(decoded).astype(np.float64)[: samples.size] / 32768


def _fast_size(count: int) -> int:
    """Return a size of at least `count` that the FFT likes and that any usual rate divides."""
    step = 480
    size = -(-count // step)
    while True:
        left = size
        for prime in (2, 3, 5):
            while left % prime == 0:
                left //= prime
        if left == 1:
            return size * step
        size += 1
