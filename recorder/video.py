"""Cameras: their names, and frames as they arrive (the door to OpenCV's capture)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One picture of the camera."""

    image: NDArray[np.uint8]
    """BGR, shape (height, width, 3)"""
    capture_s: float
    """time of capture on the clock of `time.monotonic()`"""
