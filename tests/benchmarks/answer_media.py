"""A long 720p answer for the speed benchmark, made of a recording at hand."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

FPS = 30
SIZE_PX = (1280, 720)
RATE_HZ = 48_000
NOISE_LUMA = 4.0
"""standard deviation of the noise of a webcam's sensor (of 255); without it a made picture stands
still and costs nothing to decode: 0.3 Mbit/s against some 2 of a webcam"""
_FIELDS = 8
_MADE_BY = "1"
"""counts up when the making changes"""


def make_answer(source: Path, length_s: float) -> Path:
    """Return an H.264 and AAC file of that length, 1280×720 at 30 fps; made once, then kept.

    The source is repeated until it is long enough. Encoder: x264 at "veryfast" with its own
    defaults, B-frames among them, and AAC.
    """
    named = f"{_MADE_BY} {source.resolve()} {source.stat().st_mtime_ns} {length_s}"
    digest = hashlib.sha256(named.encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / "mensetsu-benchmark"
    folder.mkdir(exist_ok=True)
    target = folder / f"{source.stem}-{length_s:g}s-{digest}.mp4"
    if not target.is_file():
        part = target.with_suffix(f".{os.getpid()}.mp4")
        try:
            _encode(source, part, length_s)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return target


def _encode(source: Path, target: Path, length_s: float) -> None:
    with av.open(str(target), "w") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
        video.width, video.height = SIZE_PX
        video.pix_fmt = "yuv420p"
        video.time_base = Fraction(1, FPS)
        audio = out.add_stream("aac", rate=RATE_HZ, layout="mono")
        audio.bit_rate = 96_000
        sound = _sound(source, length_s)
        for number, picture in enumerate(_pictures(source, round(length_s * FPS))):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(video.encode(frame))
            # Sound and picture side by side, as a recorder writes them.
            if number % FPS == 0:
                for piece in _blocks(sound, number // FPS):
                    out.mux(audio.encode(piece))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def _pictures(source: Path, count: int) -> Iterator[NDArray[np.uint8]]:
    """Yield planar YUV pictures, each source frame as often as its time asks for."""
    random = np.random.default_rng(20)
    width, height = SIZE_PX
    noise = random.normal(0, NOISE_LUMA, (_FIELDS, height, width)).round().astype(np.int16)
    made = 0
    while made < count:
        begun = made
        with av.open(str(source)) as container:
            for frame in container.decode(video=0):
                due = begun + round(((frame.time or 0.0) + 1 / float(_rate(container))) * FPS)
                picture = np.asarray(
                    frame.reformat(width, height, "yuv420p").to_ndarray(), dtype=np.uint8
                )
                for _ in range(made, min(due, count)):
                    noisy = picture.copy()
                    luma = picture[:height] + noise[random.integers(_FIELDS)]
                    noisy[:height] = np.clip(luma, 0, 255)
                    yield noisy
                    made += 1
        if made == begun:
            raise ValueError(f"{source.name} has no picture")


def _rate(container: InputContainer) -> Fraction:
    return container.streams.video[0].average_rate or Fraction(FPS)


def _sound(source: Path, length_s: float) -> NDArray[np.float32]:
    """Return mono sound of that length, the source repeated."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    blocks = []
    with av.open(str(source)) as container:
        length = round((container.duration or 0) / 1e6 * RATE_HZ)
        for frame in container.decode(audio=0):
            blocks += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
        blocks += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    sound = np.concatenate(blocks)
    # As long as the picture, so that both are repeated together.
    sound = np.pad(sound, (0, max(0, length - len(sound))))
    wanted = round(length_s * RATE_HZ)
    return np.tile(sound, -(-wanted // len(sound)))[:wanted].astype(np.float32)


def _blocks(sound: NDArray[np.float32], second: int) -> Iterator[av.AudioFrame]:
    part = sound[second * RATE_HZ : (second + 1) * RATE_HZ]
    if len(part):
        frame = av.AudioFrame.from_ndarray(part[None, :], format="flt", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, second * RATE_HZ
        frame.time_base = Fraction(1, RATE_HZ)
        yield frame
