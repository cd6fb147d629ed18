"""Sound of one channel, from and to files."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
"""one channel, full scale 1, shape (n,)"""


def read_mono(path: Path) -> tuple[Samples, int]:
    """Return the first sound stream as one channel, and its rate in Hz."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        rate_hz = stream.rate
        # To one channel by the mean: the resampler makes two equal ones 3 dB louder.
        resampler = av.AudioResampler(format="fltp", rate=rate_hz)
        pieces = [
            piece.to_ndarray().mean(axis=0)
            for frame in [*file.decode(stream), None]
            for piece in resampler.resample(frame)
        ]
    return np.concatenate(pieces).astype(np.float64), rate_hz


def write_sound(
    path: Path,
    samples: Samples,
    rate_hz: int,
    *,
    codec: str = "pcm_s16le",
    bit_rate: int | None = None,
) -> Path:
    """Encode one channel; the ending of the path decides on the container."""
    whole = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)[None, :]
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate_hz, layout="mono")
        if bit_rate is not None:
            stream.bit_rate = bit_rate
        resampler = av.AudioResampler(
            format=stream.format.name,
            layout="mono",
            rate=rate_hz,
            frame_size=stream.codec_context.frame_size or 0,
        )
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
        frame.sample_rate = rate_hz
        frame.pts = 0
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return path
