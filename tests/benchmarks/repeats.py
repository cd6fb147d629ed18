"""The same take once more: recorded again, encoded again, with other noise.

Nothing of what the candidate does changes, so whatever a measure changes by is its own noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from added_noise import fast_size, with_noise
from sound_files import Samples, write_sound

RATE_HZ = 48_000
"""of a recording"""
DRIFT = 50e-6
"""how far two clocks of sound cards are apart: typical figures are 10 to 100 millionths"""
GAIN_DB = 2.0
ROOM_RT60_S = 0.25
ROOM_DIRECT_DB = 12.0
"""a small furnished room, near the microphone"""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A way to have a take again."""

    name: str
    make: Callable[[Samples, int, np.random.Generator, Path], Path]
    """samples, rate, randomness, folder → file"""


def rerecorded(samples: Samples, rate_hz: int, random: np.random.Generator, folder: Path) -> Path:
    """Play it in a room and record it at 48 kHz: gain, clock, start and room differ a little."""
    gain = 10 ** (random.uniform(-GAIN_DB, GAIN_DB) / 20)
    drift = 1 + random.uniform(-DRIFT, DRIFT)
    # The start falls anywhere within a block of the sound card.
    late_s = random.uniform(0.0, 0.03)
    times = (np.arange(int(len(samples) / rate_hz * RATE_HZ)) / RATE_HZ) * drift - late_s
    played = np.interp(times * rate_hz, np.arange(len(samples)), samples, left=0.0, right=0.0)
    heard = gain * _in_room(played, RATE_HZ, random)
    hiss = 10 ** (-72 / 20) * random.standard_normal(len(heard))
    return write_sound(folder / "rerecorded.wav", heard + hiss, RATE_HZ)


def _in_room(samples: Samples, rate_hz: int, random: np.random.Generator) -> Samples:
    """Add the echo of a room behind the direct sound, which stays where it is."""
    times = np.arange(round(ROOM_RT60_S * rate_hz)) / rate_hz
    echo = random.standard_normal(len(times)) * 10 ** (-3 * times / ROOM_RT60_S)
    echo[: round(0.003 * rate_hz)] = 0.0
    echo *= 10 ** (-ROOM_DIRECT_DB / 20) / np.sqrt(np.sum(echo**2))
    size = fast_size(len(samples) + len(echo) - 1)
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(echo, size), size)
    return samples + wet[: len(samples)]


def _encoded(ending: str, codec: str, bit_rate: int | None, to_hz: int = 48_000):
    def make(samples: Samples, rate_hz: int, random: np.random.Generator, folder: Path) -> Path:
        del random
        at = np.arange(int(len(samples) / rate_hz * to_hz)) / to_hz * rate_hz
        resampled = samples
        if rate_hz > to_hz:
            resampled = _without_above(samples, rate_hz, to_hz / 2)
        if rate_hz != to_hz:
            resampled = np.interp(at, np.arange(len(samples)), resampled)
        path = folder / f"{codec}{ending}"
        return write_sound(path, resampled, to_hz, codec=codec, bit_rate=bit_rate)

    return make


def _without_above(samples: Samples, rate_hz: int, limit_hz: float) -> Samples:
    size = fast_size(len(samples))
    spectrum = np.fft.rfft(samples, size)
    spectrum[np.fft.rfftfreq(size, 1 / rate_hz) > limit_hz] = 0.0
    return np.fft.irfft(spectrum, size)[: len(samples)]


def _noisy(low_db: float, high_db: float, *, pink: bool = True):
    def make(samples: Samples, rate_hz: int, random: np.random.Generator, folder: Path) -> Path:
        below_db = random.uniform(low_db, high_db)
        noisy = with_noise(samples, rate_hz, random, below_db=below_db, pink=pink)
        return write_sound(folder / "noisy.wav", noisy, rate_hz)

    return make


REPEATS: dict[str, tuple[Repeat, ...]] = {
    "re-recorded": (Repeat("rerecorded-1", rerecorded), Repeat("rerecorded-2", rerecorded)),
    "re-encoded": (
        Repeat("opus-32k", _encoded(".ogg", "libopus", 32_000)),
        Repeat("aac-64k", _encoded(".m4a", "aac", 64_000)),
        Repeat("mp3-64k", _encoded(".mp3", "libmp3lame", 64_000)),
        Repeat("pcm-16k", _encoded(".wav", "pcm_s16le", None, 16_000)),
    ),
    "other noise": (
        Repeat("noise-1", _noisy(25, 30)),
        Repeat("noise-2", _noisy(25, 30)),
        Repeat("noise-white", _noisy(25, 25, pink=False)),
    ),
}
