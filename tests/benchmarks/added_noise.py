"""Noise so many dB below the speech of a recording, pink or white."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
"""one channel, full scale 1, shape (n,)"""


def with_noise(
    samples: Samples,
    rate_hz: int,
    random: np.random.Generator,
    *,
    below_db: float,
    pink: bool,
) -> Samples:
    """Add noise so many dB below the speech, pink (as loud in every octave) or white."""
    size = fast_size(len(samples))
    noise = random.standard_normal(size)
    if pink:
        spectrum = np.fft.rfft(noise)
        # Below 50 Hz microphones hear little.
        spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(size, 1 / rate_hz), 50.0))
        noise = np.fft.irfft(spectrum, size)
    noise = noise[: len(samples)]
    wanted = speech_rms(samples, rate_hz) * 10 ** (-below_db / 20)
    return samples + noise * (wanted / np.sqrt(np.mean(noise**2)))


def speech_rms(samples: Samples, rate_hz: int) -> float:
    """Return the level of the louder third of 50 ms blocks: speech, without its pauses."""
    size = round(0.05 * rate_hz)
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    power = np.sort(np.mean(blocks**2, axis=1))
    return float(np.sqrt(np.mean(power[-max(1, len(power) // 3) :])))


def fast_size(length: int) -> int:
    """Return the next length that a Fourier transform takes quickly."""
    return 1 << (length - 1).bit_length()
