"""Sound of telephone width (300–3400 Hz: many Bluetooth headsets), widened for the voice detector.

The voice activity network knows voices with their fundamental and their hiss. With both cut away it
hears 46 % of the speech of a clean recording. Rectifying a voice gives harmonics back below and
above the band: with them it hears 93 %, and silence stays silent. Nobody else gets that sound to
hear: it is rough, and only says when somebody speaks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.media import RATE_HZ

_FRAME = 512
_CHUNK = 1 << 18
_OVERLAP = 2048
_LOW_HZ = (60.0, 220.0)
_BAND_HZ = (300.0, 3400.0)
_HIGH_HZ = (4200.0, 7500.0)
_NOTHING = 1e-12

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TelephoneOptions:
    """When sound counts as of telephone width."""

    low_below_db: float
    """60–220 Hz lies at least this far below 300–3400 Hz"""
    high_below_db: float
    """4200–7500 Hz lies at least this far below it"""


@dataclass(frozen=True, slots=True)
class BandBalance:
    """How much there is below and above the telephone band."""

    low_db: float
    """60–220 Hz against 300–3400 Hz"""
    high_db: float
    """4200–7500 Hz against 300–3400 Hz"""


def measure_balance(samples: Sound) -> BandBalance:
    """Measure the bands of a whole take, mono at 16 kHz; may be file-backed (read in chunks)."""
    power = np.zeros(_FRAME // 2 + 1)
    window = np.hanning(_FRAME).astype(np.float32)
    for start in range(0, len(samples), _CHUNK):
        piece = np.asarray(samples[start : start + _CHUNK], dtype=np.float32)
        frames = piece[: len(piece) // _FRAME * _FRAME].reshape(-1, _FRAME) * window
        power += np.square(np.abs(np.fft.rfft(frames, axis=1))).sum(axis=0)
    hz = np.fft.rfftfreq(_FRAME, 1 / RATE_HZ)
    low, band, high = (
        float(power[(hz >= a) & (hz <= b)].sum()) + _NOTHING
        for a, b in (_LOW_HZ, _BAND_HZ, _HIGH_HZ)
    )
    return BandBalance(10 * math.log10(low / band), 10 * math.log10(high / band))


def is_telephone(balance: BandBalance, options: TelephoneOptions) -> bool:
    """Whether what lies below and above the telephone band is missing."""
    return balance.low_db < -options.low_below_db and balance.high_db < -options.high_below_db


def widen(samples: Sound) -> Sound:
    """Return the sound with harmonics below and above the telephone band, shape (n,)."""
    wide = np.empty(len(samples), dtype=np.float32)
    for start in range(0, len(samples), _CHUNK):
        first, last = max(0, start - _OVERLAP), min(len(samples), start + _CHUNK + _OVERLAP)
        piece = np.asarray(samples[first:last], dtype=np.float32)
        rectified = np.pad(np.abs(piece), (0, _CHUNK + 2 * _OVERLAP - len(piece)))
        spectrum = np.fft.rfft(rectified)
        hz = np.fft.rfftfreq(len(rectified), 1 / RATE_HZ)
        spectrum[(hz < _LOW_HZ[0]) | ((hz > _BAND_HZ[0]) & (hz < _BAND_HZ[1]))] = 0
        added = np.fft.irfft(spectrum, len(rectified))[: len(piece)]
        end = min(len(samples), start + _CHUNK)
        wide[start:end] = (piece + added)[start - first : end - first]
    return wide
