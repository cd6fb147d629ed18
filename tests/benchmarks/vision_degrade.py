"""A clip made worse by a known amount: smaller, darker, noisier, compressed harder.

Nothing of what the person does changes, so whatever a measure changes by is the picture's doing.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

CLEAN_CRF = 18
"""of x264; hardly visible losses"""
MILLISECONDS = Fraction(1, 1000)
LONGER_PX = 1280
"""of what is written; the analysis looks at 640"""
_SEED = 5
_SHIFT_PX = 64


@dataclass(frozen=True, slots=True)
class Degradation:
    """What is done to each frame."""

    name: str
    shorter_px: int | None = None
    """scaled down until the shorter side has this length (never up); None = as it is"""
    light_ratio: float = 1.0
    """factor of the 8-bit values as they are stored (not of linear light)"""
    noise_sigma: float = 0.0
    """sd of the noise added to each 8-bit value after that; each frame's is a window, at a random
    place, of one larger field"""
    zoom_ratio: float = 1.0
    """the picture's middle cut out (above 1) or the whole laid on a plain frame (below 1): about
    what coming nearer or going further away does, but for the perspective"""
    crf: int = CLEAN_CRF
    """x264's constant rate factor; 18 is near lossless, 40 a bad call"""


DEGRADATIONS = (
    Degradation("encoded again"),
    Degradation("480p", shorter_px=480),
    Degradation("240p", shorter_px=240),
    Degradation("light ×0.3, noise 4", light_ratio=0.3, noise_sigma=4.0, crf=28),
    Degradation("light ×0.15, noise 4", light_ratio=0.15, noise_sigma=4.0, crf=28),
    Degradation("as from twice as far", zoom_ratio=0.5),
    Degradation("crf 32", crf=32),
    Degradation("crf 40", crf=40),
)


def degrade(path: Path, how: Degradation, folder: Path) -> Path:
    """Write the degraded clip (H.264, same presentation times, no sound) and return its path.

    Parameters
    ----------
    path : any clip with a picture.
    how : what is done.
    folder : for the clip.
    """
    target = folder / "degraded.mkv"
    random = np.random.default_rng(_SEED)
    with av.open(str(path)) as source, av.open(str(target), "w") as sink:
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        output = None
        field = np.empty(0, dtype=np.float32)
        for frame in source.decode(stream):
            if frame.time is None:
                continue
            sides = (frame.width, frame.height)
            scale = min(1.0, LONGER_PX / max(sides), (how.shorter_px or min(sides)) / min(sides))
            # Even sizes: colour is stored at half the resolution.
            width, height = (2 * round(side * scale / 2) for side in sides)
            picture = frame.to_ndarray(format="rgb24", width=width, height=height)
            picture = np.rot90(picture, round(frame.rotation / 90) % 4)
            picture = np.ascontiguousarray(_zoomed(picture, how.zoom_ratio))
            if how.light_ratio != 1.0 or how.noise_sigma:
                if not field.size:
                    size = (picture.shape[0] + _SHIFT_PX, picture.shape[1] + _SHIFT_PX, 3)
                    field = how.noise_sigma * random.standard_normal(size, dtype=np.float32)
                y, x = random.integers(0, _SHIFT_PX, 2)
                noise = field[y : y + picture.shape[0], x : x + picture.shape[1]]
                lit = picture * np.float32(how.light_ratio) + noise
                picture = np.clip(lit, 0, 255).astype(np.uint8)
            if output is None:
                output = sink.add_stream(
                    "libx264",
                    rate=round(float(stream.average_rate or 30)) or 30,
                    options={"crf": str(how.crf), "preset": "veryfast"},
                )
                output.width, output.height = picture.shape[1], picture.shape[0]
                output.pix_fmt = "yuv420p"
                output.time_base = output.codec_context.time_base = MILLISECONDS
            made = av.VideoFrame.from_ndarray(picture, format="rgb24")
            made.time_base = MILLISECONDS
            made.pts = round(frame.time / MILLISECONDS)
            sink.mux(output.encode(made))
        if output is not None:
            sink.mux(output.encode(None))
    return target


def _zoomed(picture: np.ndarray, ratio: float) -> np.ndarray:
    """Scale the content, not the frame."""
    if ratio == 1.0:
        return picture
    height, width = picture.shape[:2]
    h, w = (2 * round(side * min(ratio, 1 / ratio) / 2) for side in (height, width))
    top, left = (height - h) // 2, (width - w) // 2
    if ratio > 1:
        middle = np.ascontiguousarray(picture[top : top + h, left : left + w])
        return _resized(middle, width, height)
    plain = np.empty_like(picture)
    plain[:] = np.median(picture[0], axis=0).astype(np.uint8)
    # At the bottom, where people are: nobody floats.
    plain[height - h :, left : left + w] = _resized(picture, w, h)
    return plain


def _resized(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return frame.to_ndarray(format="rgb24", width=width, height=height)
