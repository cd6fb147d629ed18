"""Loudness while sound is decoded, at its native rate and block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL_STEP_S = 0.02
"""length of a level frame; our judgement, short against a syllable (about 0.2 s)"""

CLIPPED_ABOVE = 0.999
"""of full scale; 16-bit sound at its limit is 0.99997, AAC and MP3 may go beyond 1"""

# A channel this far below the loudest carries nothing: coders leak a little into a dead one.
_DEAD_BELOW = 0.01


@dataclass(frozen=True, slots=True)
class Levels:
    """Loudness at the native sample rate, one value per frame of `LEVEL_STEP_S`."""

    mean_square: NDArray[np.float32]
    """shape (n,), full scale = 1; frame k begins at k · LEVEL_STEP_S"""
    peak: float
    """largest sample, full scale = 1"""
    clipped_ratio: float
    """share of samples at or above `CLIPPED_ABOVE`"""


class LevelMeter:
    """Mean square per `LEVEL_STEP_S`, peak and clipping, fed block by block."""

    def __init__(self) -> None:
        self.rate_hz = 0
        self._squares: list[NDArray[np.float32]] = []
        self._rest = np.zeros(0, dtype=np.float32)
        self._done = 0
        self._count = 0
        self._peak = 0.0
        self._clipped = 0
        self._samples = 0

    def add(self, channels: NDArray[np.float32]) -> None:
        """Add a block, shape (channels, n)."""
        magnitude = np.abs(channels)
        self._peak = max(self._peak, float(magnitude.max(initial=0.0)))
        self._clipped += int(np.count_nonzero(magnitude.max(axis=0) >= CLIPPED_ABOVE))
        self._samples += channels.shape[1]
        self._rest = np.concatenate([self._rest, np.square(mix(channels))])
        # Frame borders follow the clock, not a whole number of samples (11 025 Hz, 22 050 Hz).
        edges = []
        while True:
            edge = round((self._count + 1) * LEVEL_STEP_S * self.rate_hz) - self._done
            if edge > len(self._rest):
                break
            edges.append(edge)
            self._count += 1
        if edges:
            starts = np.concatenate([[0], edges[:-1]]).astype(int)
            sums = np.add.reduceat(self._rest[: edges[-1]], starts)
            self._squares.append((sums / np.diff(np.append(starts, edges[-1]))).astype(np.float32))
            self._rest = self._rest[edges[-1] :]
            self._done += edges[-1]

    def result(self) -> Levels:
        """Return what was measured."""
        squares = np.concatenate(self._squares) if self._squares else np.zeros(0, np.float32)
        return Levels(squares, self._peak, self._clipped / max(1, self._samples))


def mix(channels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of the channels that carry anything (a headset often leaves one of two at zero)."""
    if len(channels) == 1:
        mixed = channels[0]
    else:
        peaks = np.abs(channels).max(axis=1, initial=0.0)
        live = channels[peaks > _DEAD_BELOW * peaks.max()]
        mixed = live.mean(axis=0) if len(live) else channels[0]
    return np.ascontiguousarray(np.nan_to_num(mixed), dtype=np.float32)
