"""Microphones: their names, and blocks of sound as they arrive (the door to sounddevice)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class AudioBlock:
    """Sound as one callback delivered it."""

    samples: NDArray[np.int16]
    """shape (n, channels)"""
    arrival_s: float
    """`time.monotonic()` at the start of the callback: the last sample is at most this old"""
    overflow: bool = False
    """the device says that it lost sound before this block"""
