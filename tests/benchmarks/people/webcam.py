"""What a webcam makes of a picture: light, noise, blur, compression."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

BIT_RATE = 2_500_000
"""of 1280x720 at 30 frames a second; other sizes and rates get as many bits a pixel"""
BLUR_PX = 0.6
"""standard deviation at 1280x720: cheap lens and demosaicking; our judgement"""
NOISE_SIGMAS = {1.0: 1.5, 0.3: 4.0, 0.15: 6.0}
"""standard deviation of the sensor's noise in grey levels of 255, by factor of light"""


class Sensor:
    """Light, blur and noise of one clip.

    The noise of a frame is a window, at a random place, of one larger field: drawing three million
    new numbers for each frame takes longer than drawing the person.
    """

    _MARGIN_PX = 128

    def __init__(self, size_px: tuple[int, int], light: float, *, seed: int) -> None:
        self._size, self._light = size_px, light
        self._random = np.random.default_rng(seed)
        width, height = size_px
        self._noise = self._random.standard_normal(
            (height + self._MARGIN_PX, width + self._MARGIN_PX, 3), dtype=np.float32
        )

    def expose(self, picture: Picture) -> Picture:
        """Return the picture with its pixel values times the light, blurred, with noise."""
        width, height = self._size
        blurred = cv2.GaussianBlur(picture, (0, 0), BLUR_PX * width / 1280).astype(np.float32)
        x, y = self._random.integers(0, self._MARGIN_PX, 2)
        noise = np.ascontiguousarray(self._noise[y : y + height, x : x + width])
        sigma = NOISE_SIGMAS[self._light]
        seen = cv2.addWeighted(blurred, self._light, noise, sigma, 0.0, dtype=cv2.CV_8U)
        return seen.astype(np.uint8, copy=False)


class ClipWriter:
    """Writes H.264. Use it in a `with`; what is half written is removed on failure."""

    def __init__(self, path: Path, *, size_px: tuple[int, int], rate_hz: float) -> None:
        import av

        self._av, self._path = av, path
        self._part = path.with_name(f".{path.stem}.part.mp4")
        self._container = av.open(str(self._part), "w")
        rate = Fraction(rate_hz).limit_denominator(1000)
        self._stream = self._container.add_stream("libx264", rate=rate)
        self._stream.width, self._stream.height = size_px
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = 1 / rate
        share = size_px[0] * size_px[1] / (1280 * 720) * float(rate) / 30
        self._stream.bit_rate = int(BIT_RATE * share)
        self._stream.options = {"preset": "veryfast"}
        self._count = 0

    def __enter__(self) -> ClipWriter:
        return self

    def write(self, picture: Picture) -> None:
        frame = self._av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = self._count
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)
