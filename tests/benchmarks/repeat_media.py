"""The same take again as a file with its picture: encoded anew, or with noise in the sound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from tests.benchmarks.added_noise import Samples, with_noise

CRF = 30
"""of x264: visibly poorer than a recording, as a messenger or a video site leaves it"""
SOUND_BIT_RATE = 48_000
LONGEST_PX = 1280
PEAK = 0.98
"""of full scale: decoders of lossy sound go beyond 1, and files with whole numbers can't"""
_MILLISECOND = Fraction(1, 1000)


def encoded_again(path: Path, target: Path) -> Path:
    """Encode picture (H.264, half the quality) and sound (Opus) anew; target ends in .mkv."""
    with av.open(str(path)) as source, av.open(str(target), "w") as out:
        seeing = _picture(source, out)
        hearing = _sound(source, out, "libopus", 48_000)
        if hearing is not None:
            hearing.bit_rate = SOUND_BIT_RATE
        if seeing is not None:
            _encode_picture(source, out, seeing)
        if hearing is not None:
            start_s, samples, rate_hz = heard(path)
            _encode_sound(out, hearing, samples, rate_hz, start_s)
    return target


def with_noise_in(
    path: Path, target: Path, *, below_db: float, pink: bool, random: np.random.Generator
) -> Path:
    """Add noise to the sound and leave the picture bit by bit; target ends in .mkv.

    Where the sum would reach beyond the loudest sample of the take, all of it is made softer:
    clipping is another change than noise.
    """
    start_s, samples, rate_hz = heard(path)
    noisy = with_noise(samples, rate_hz, random, below_db=below_db, pink=pink)
    noisy *= min(1.0, min(PEAK, np.abs(samples).max()) / np.abs(noisy).max())
    with av.open(str(path)) as source, av.open(str(target), "w") as out:
        copied = {s.index: out.add_stream_from_template(s) for s in source.streams.video[:1]}
        hearing = _sound(source, out, "pcm_s16le", rate_hz)
        assert hearing is not None
        for packet in source.demux(*source.streams.video[:1]) if copied else ():
            if packet.dts is not None:
                packet.stream = copied[packet.stream.index]
                out.mux(packet)
        _encode_sound(out, hearing, noisy, rate_hz, start_s)
    return target


def _picture(source: InputContainer, out: OutputContainer) -> VideoStream | None:
    if not source.streams.video:
        return None
    stream = source.streams.video[0]
    made = out.add_stream(
        "libx264",
        rate=round(float(stream.average_rate or 30)) or 30,
        options={"crf": str(CRF), "preset": "veryfast"},
    )
    scale = min(1.0, LONGEST_PX / max(stream.width, stream.height))
    # Even sizes: colour is stored at half the resolution.
    made.width, made.height = (2 * round(v * scale / 2) for v in (stream.width, stream.height))
    made.pix_fmt = "yuv420p"
    made.time_base = made.codec_context.time_base = _MILLISECOND
    return made


def _encode_picture(source: InputContainer, out: OutputContainer, made: VideoStream) -> None:
    stream = source.streams.video[0]
    stream.thread_type = "AUTO"
    for frame in source.decode(stream):
        if frame.time is None:
            continue
        again = frame.reformat(width=made.width, height=made.height, format="yuv420p")
        again.pts, again.time_base = round(frame.time * 1000), _MILLISECOND
        again.pict_type = 0  # pyright: ignore[reportAttributeAccessIssue]
        out.mux(made.encode(again))
    out.mux(made.encode(None))


def _sound(
    source: InputContainer, out: OutputContainer, codec: str, rate_hz: int
) -> AudioStream | None:
    if not source.streams.audio:
        return None
    made = out.add_stream(codec, rate=rate_hz, layout="mono")
    assert isinstance(made, AudioStream)
    return made


def heard(path: Path) -> tuple[float, Samples, int]:
    """Return where the sound starts (s), its samples as one channel, and their rate in Hz."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        # To one channel by the mean: the resampler makes two equal ones 3 dB louder.
        resampler = av.AudioResampler(format="fltp", rate=stream.rate)
        start_s: float | None = None
        pieces = []
        for frame in _frames(file, stream):
            if frame is not None and start_s is None:
                start_s = frame.time or 0.0
            pieces += [piece.to_ndarray().mean(axis=0) for piece in resampler.resample(frame)]
        return start_s or 0.0, np.concatenate(pieces).astype(np.float64), stream.rate


def _frames(file: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame | None]:
    yield from file.decode(stream)
    yield None


def _encode_sound(
    out: OutputContainer, made: AudioStream, samples: Samples, rate_hz: int, start_s: float
) -> None:
    resampler = av.AudioResampler(
        format=made.format.name,
        layout="mono",
        rate=made.rate,
        frame_size=made.codec_context.frame_size or 0,
    )
    whole = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)[None, :]
    frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
    frame.sample_rate = rate_hz
    frame.pts = round(start_s * rate_hz)
    frame.time_base = Fraction(1, rate_hz)
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        out.mux(made.encode(piece))
    out.mux(made.encode(None))
