"""Recordings as virtual devices need them: pictures at a camera's rate, sound at a microphone's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np


def frames_of(
    path: Path, *, rate_hz: float = 30.0, size_px: tuple[int, int] = (1280, 720)
) -> Iterator[np.ndarray]:
    """Yield BGR pictures: the k-th is the one that is on the screen at k / `rate_hz`.

    Other shapes than the camera's get black bars.
    """
    import cv2

    width, height = size_px
    number, shown = 0, None
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            at_s = frame.time or 0.0
            while shown is not None and number / rate_hz < at_s - 1e-6:
                yield shown
                number += 1
            image = frame.to_ndarray(format="bgr24")
            scale = min(width / image.shape[1], height / image.shape[0])
            if scale != 1:
                image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            shown = np.zeros((height, width, 3), np.uint8)
            top, left = (height - image.shape[0]) // 2, (width - image.shape[1]) // 2
            shown[top : top + image.shape[0], left : left + image.shape[1]] = image
    if shown is not None:
        yield shown


def sound_of(path: Path, *, rate_hz: int = 48_000) -> np.ndarray:
    """Return mono int16 samples; the first belongs to the moment 0 of the recording."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
    pieces, start_s = [], None
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            start_s = frame.time or 0.0 if start_s is None else start_s
            pieces += [f.to_ndarray()[0] for f in resampler.resample(frame)]
        pieces += [f.to_ndarray()[0] for f in resampler.resample(None)]
    samples = np.concatenate(pieces)
    before = round((start_s or 0.0) * rate_hz)
    return np.pad(samples, (before, 0)) if before > 0 else samples[-before:]
