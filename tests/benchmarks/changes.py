"""Takes with known changes: the same answer spoken faster, with more pauses, looking away longer.

A change that a comparison must find has to be known exactly, so it is made, not measured: speech
is stretched by a known factor, room noise of a known length put in at known places, the picture
replaced for a known share of the time. The rest of the take stays what it was. `changed_takes`
does so with what lies in the repository.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import av.filter
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
"""one channel, full scale 1, shape (n,)"""
Pixels = NDArray[np.uint8]

PICTURE_HZ = 10
"""pictures per second of what is written; the analysis looks at 5"""
PICTURE_PX = (640, 360)
"""width and height of what is written"""
CRF = 20
"""of x264: hardly visible losses"""
SOUND_BIT_RATE = 128_000
FADE_S = 0.005
"""the ends of each scene's sound are faded for so long: a step would be a click"""
_MILLISECOND = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Scene:
    """A stretch of a new take: a sound, and a stretch of a picture shown as long as it lasts."""

    sound: Samples
    picture: Path | None = None
    """None = no picture, then in no scene"""
    start_s: float = 0.0
    end_s: float = 0.0
    """the stretch of the picture, shown faster or slower as needed; of no length: one still"""


def faster(samples: Samples, rate_hz: int, ratio: float) -> Samples:
    """Return speech at another speed with the same pitch (FFmpeg's atempo, a kind of WSOLA).

    Parameters
    ----------
    samples : shape (n,).
    rate_hz : of the samples.
    ratio : 1.15 = 15 % faster, so the sound gets 1/1.15 of its length; 0.5 to 100.
    """
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=rate_hz, format="flt", layout="mono", time_base=Fraction(1, rate_hz)
    )
    graph.link_nodes(source, graph.add("atempo", f"{ratio}"), graph.add("abuffersink")).configure()
    frame = av.AudioFrame.from_ndarray(samples.astype(np.float32)[None, :], "flt", "mono")
    frame.sample_rate = rate_hz
    frame.pts = 0
    source.push(frame)
    source.push(None)
    pieces = []
    while True:
        try:
            pieces.append(graph.pull().to_ndarray()[0])
        except (av.error.BlockingIOError, av.error.EOFError):
            break
    stretched = np.concatenate(pieces).astype(np.float64)
    wanted = round(len(samples) / ratio)
    # The filter leaves the last window short, or pads it.
    return np.concatenate([stretched, np.zeros(max(0, wanted - len(stretched)))])[:wanted]


def room_noise(quiet: Samples, length: int, random: np.random.Generator) -> Samples:
    """Return noise as in a quiet stretch, of any length and never twice the same.

    Parameters
    ----------
    quiet : a stretch of the take in which nothing is heard.
    length : samples wanted.
    """
    spectrum = np.abs(np.fft.rfft(quiet * np.hanning(len(quiet))))
    shape = np.interp(
        np.fft.rfftfreq(length), np.fft.rfftfreq(len(quiet)), np.convolve(spectrum, _SMOOTH, "same")
    )
    noise = np.fft.irfft(np.fft.rfft(random.standard_normal(length)) * shape, length)
    return noise * (np.sqrt(np.mean(quiet**2)) / np.sqrt(np.mean(noise**2)))


_SMOOTH = np.full(15, 1 / 15)


def write_take(scenes: Sequence[Scene], rate_hz: int, target: Path) -> Path:
    """Write the scenes one after the other (H.264 and AAC for .mp4) and return the path.

    Parameters
    ----------
    scenes : at least one; either all or none with a picture.
    rate_hz : of their sounds.
    target : its ending decides on the container; without pictures use .wav.
    """
    sound = _joined([scene.sound for scene in scenes], round(FADE_S * rate_hz))
    with_picture = scenes[0].picture is not None
    with av.open(str(target), "w") as out:
        hearing = out.add_stream(
            "aac" if with_picture else "pcm_s16le", rate=rate_hz, layout="mono"
        )
        if with_picture:
            hearing.bit_rate = SOUND_BIT_RATE
            seeing = out.add_stream(
                "libx264", rate=PICTURE_HZ, options={"crf": str(CRF), "preset": "veryfast"}
            )
            seeing.width, seeing.height = PICTURE_PX
            seeing.pix_fmt = "yuv420p"
            seeing.time_base = seeing.codec_context.time_base = _MILLISECOND
            for number, pixels in enumerate(_pictures(scenes, rate_hz)):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.time_base = _MILLISECOND
                frame.pts = round(1000 * number / PICTURE_HZ)
                out.mux(seeing.encode(frame))
            out.mux(seeing.encode(None))
        resampler = av.AudioResampler(
            format=hearing.format.name,
            layout="mono",
            rate=rate_hz,
            frame_size=hearing.codec_context.frame_size or 0,
        )
        whole = np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
        frame.sample_rate = rate_hz
        frame.pts = 0
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(hearing.encode(piece))
        out.mux(hearing.encode(None))
    return target


def _joined(sounds: Sequence[Samples], fade: int) -> Samples:
    """Return sounds one after the other, each faded in and out where it meets another."""
    rise = np.sin(np.linspace(0.0, np.pi / 2, fade)) ** 2
    joined = [sound.copy() for sound in sounds]
    for before, after in itertools.pairwise(joined):
        before[-fade:] *= rise[::-1]
        after[:fade] *= rise
    return np.concatenate(joined)


def _pictures(scenes: Sequence[Scene], rate_hz: int) -> Iterator[Pixels]:
    """Yield the pictures of the whole take, at `PICTURE_HZ`."""
    starts = np.cumsum([0, *(len(scene.sound) for scene in scenes)]) / rate_hz
    clock = np.arange(int(starts[-1] * PICTURE_HZ)) / PICTURE_HZ
    for scene, start_s, end_s in zip(scenes, starts, starts[1:], strict=False):
        assert scene.picture is not None
        inside = clock[(clock >= start_s) & (clock < end_s)] - start_s
        speed = (scene.end_s - scene.start_s) / (end_s - start_s)
        yield from _shown(scene.picture, list(scene.start_s + speed * inside))


def _shown(path: Path, times_s: list[float]) -> Iterator[Pixels]:
    """Yield the picture that is shown at each time (s, in order)."""
    if not times_s:
        return
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        stream.thread_type = "AUTO"
        source.seek(int(times_s[0] * av.time_base))
        last: av.VideoFrame | None = None
        done = 0
        for frame in source.decode(stream):
            assert frame.time is not None
            # Half a millisecond: times of containers are rounded.
            upto = bisect.bisect_left(times_s, frame.time - 0.0005)
            if last is not None and upto > done:
                pixels = _pixels(last)
                for _ in range(done, upto):
                    yield pixels
            done = max(done, upto)
            last = frame
            if done == len(times_s):
                return
        assert last is not None
        for _ in range(done, len(times_s)):
            yield _pixels(last)


def _pixels(frame: av.VideoFrame) -> Pixels:
    width, height = PICTURE_PX
    return np.asarray(frame.to_ndarray(format="rgb24", width=width, height=height), dtype=np.uint8)
