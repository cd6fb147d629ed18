"""Recordings cut and handed on: the only door to PyAV's muxers outside the recorder.

What every browser plays (H.264 in 8 bit 4:2:0, AAC) is copied as it is; only the rest is encoded
anew. Nothing of the original's metadata (title, place, device, date, chapters) goes along, and the
original is never touched. The file gets its name only when it is complete.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import av.error as av_error
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container.output import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from analysis.errors import CutFailed, MediaUnreadable
from analysis.media import Probe, open_streams, probe_media

COPIED_PICTURE = ("h264",)
COPIED_PIXELS = ("yuv420p", "yuvj420p")
COPIED_SOUND = ("aac",)
"""What the browsers of all systems play in MP4 (MDN, "Web video codec guide"); the rest is
encoded."""

SOUND_RATE_HZ = 48_000
SOUND_BITS_PER_S = {1: 96_000, 2: 128_000}
"""by channels; speech in AAC is transparent from about 64 kbit/s a channel (our judgement)"""

QUALITY = {"preset": "veryfast", "crf": "21"}
SMALL_QUALITY = {"preset": "veryfast", "crf": "27"}
"""of x264; small for a page that holds its recording. Our judgement, looked at on the samples"""

_CLOCK = Fraction(1, 90_000)
_KEY_FRAME_PICTURES = 60
# A jump of the sound's time stamps above this is lost sound, below it rounding.
_GAP_S = 0.05
_BROKEN = (av_error.FFmpegError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Patch:
    """Grey letters that are laid over the rows of a picture from `top_px` on, over its width."""

    top_px: int
    """even"""
    luma: NDArray[np.uint8]
    """shape (rows, width), both even; 16 = black, 235 = white"""
    alpha: NDArray[np.float32]
    """of the same shape, 0 = the picture, 1 = the letters"""


Overlay = Callable[[float, tuple[int, int]], Patch | None]
"""(time on the take's clock in s, (width, height) of the upright picture in px) → what is laid
over it"""


@dataclass(frozen=True, slots=True)
class Piece:
    """What was written."""

    start_s: float
    """s on the take's clock; of a copied picture the key frame at or before what was asked for"""
    end_s: float
    """s on the take's clock"""
    picture: str
    """ "copied", "encoded" or "" where there is none"""
    sound: str
    """ "copied", "encoded" or "" where there is none"""
    bytes: int


@dataclass(frozen=True, slots=True)
class Request:
    """What to write of a recording."""

    picture: bool = True
    """False = sound alone"""
    start_s: float = -math.inf
    """s on the take's clock; the default is the beginning"""
    end_s: float = math.inf
    """s on the take's clock"""
    short_side_px: int | None = None
    """picture encoded anew with this shorter side, never enlarged; None = as it is"""
    overlay: Overlay | None = None
    """drawn over the pictures, which are encoded anew for it"""
    encode: bool = False
    """encode anew what could be copied"""


def write_piece(source: Path, target: Path, request: Request) -> Piece:
    """Write a recording, or a part of it, as MP4.

    Parameters
    ----------
    source : any file that FFmpeg reads.
    target : new file; its folder exists.
    request : what to write.

    Raises
    ------
    MediaUnreadable
        The source is no recording, or has nothing of what was asked for.
    CutFailed
        The target exists, or it can't be written.
    """
    probe = probe_media(source)
    part = target.with_name(f".{target.name}.part")
    try:
        _refuse_existing(target)
        try:
            piece = _Writing(source, part, probe, request).run()
            _check(part)
        except _BROKEN as exc:
            if request.encode or (isinstance(exc, OSError) and exc.errno == errno.ENOSPC):
                raise
            # Packets of an unusual or damaged file may not fit into MP4; its pictures do.
            piece = _Writing(source, part, probe, replace(request, encode=True)).run()
            _check(part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        _refuse_existing(target)
        os.rename(part, target)
    except _BROKEN as exc:
        why = (isinstance(exc, OSError) and exc.strerror) or exc
        raise CutFailed(f"{target} can't be made of {source.name}: {why}") from exc
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return piece


class _Writing:
    """One pass over a recording, into one file."""

    def __init__(self, source: Path, part: Path, probe: Probe, request: Request) -> None:
        self.source, self.part, self.probe, self.request = source, part, probe, request
        self.origin_s = probe.origin_s

    def run(self) -> Piece:
        request, facts = self.request, self.probe.facts
        with open_streams(self.source) as (container, audio, video):
            video = video if request.picture and facts.video_codec else None
            audio = audio if facts.audio_codec else None
            if audio is None and video is None:
                raise MediaUnreadable(f"{self.source.name} has no sound")
            copies = video is not None and self._copies_picture(video)
            begin_s = self._begin(video, copies)
            end_s = self.origin_s + request.end_s
            options = {"movflags": "faststart"}
            with av.open(str(self.part.absolute()), "w", format="mp4", options=options) as out:
                lines: dict[int, _Line] = {}
                picture = sound = ""
                if video is not None:
                    line = _Copied if copies else _Pictures
                    lines[video.index] = line(out, video, begin_s, end_s, self)
                    picture = "copied" if copies else "encoded"
                if audio is not None:
                    same = audio.codec_context.name in COPIED_SOUND and not request.encode
                    line = _Copied if same else _Sound
                    lines[audio.index] = line(out, audio, begin_s, end_s, self)
                    sound = "copied" if same else "encoded"
                for packet in container.demux():
                    if line := lines.get(packet.stream.index):
                        out.mux(line.take(packet))
                    if all(line.done for line in lines.values()):
                        break
                for line in lines.values():
                    out.mux(line.end())
        if not any(line.count for line in lines.values()):
            raise MediaUnreadable(f"{self.source.name} holds nothing at that moment")
        return Piece(
            start_s=begin_s - self.origin_s,
            end_s=min(request.end_s, facts.duration_s),
            picture=picture,
            sound=sound,
            bytes=self.part.stat().st_size,
        )

    def _copies_picture(self, video: VideoStream) -> bool:
        request, context = self.request, video.codec_context
        wanted_anew = request.encode or request.overlay or request.short_side_px
        return (
            not wanted_anew and context.name in COPIED_PICTURE and context.pix_fmt in COPIED_PIXELS
        )

    def _begin(self, video: VideoStream | None, copies: bool) -> float:
        """Return the container time that becomes zero, s."""
        wanted_s = self.origin_s + self.request.start_s
        if math.isinf(self.request.start_s):
            offset_s = self.probe.facts.av_offset_s
            early_s = min(0.0, offset_s) if video is not None and not math.isnan(offset_s) else 0.0
            return self.origin_s + early_s
        if not copies or video is None:
            return wanted_s
        with open_streams(self.source) as (container, _, stream):
            assert stream is not None
            assert stream.time_base is not None
            base = stream.time_base
            keys = [
                float(p.pts * base)
                for p in container.demux(stream)
                if p.is_keyframe and p.pts is not None
            ]
        before = [key for key in keys if key <= wanted_s + 0.001]
        return max(before, default=min(keys, default=wanted_s))


class _Line:
    """One stream on its way into the file."""

    done = False
    count = 0
    """packets or frames that went in"""

    def __init__(self, begin_s: float, end_s: float, whole: bool) -> None:
        self.begin_s, self.end_s, self.whole = begin_s, end_s, whole

    def take(self, packet: Packet) -> list[Packet]:
        raise NotImplementedError

    def end(self) -> list[Packet]:
        return []


class _Copied(_Line):
    """Packets as they are."""

    def __init__(
        self,
        out: OutputContainer,
        stream: VideoStream | AudioStream,
        begin_s: float,
        end_s: float,
        writing: _Writing,
    ) -> None:
        super().__init__(begin_s, end_s, math.isinf(writing.request.start_s))
        self.stream = out.add_stream_from_template(stream)
        assert stream.time_base is not None
        self.base = stream.time_base
        self.shift = round(begin_s / self.base)
        self.is_sound = isinstance(stream, AudioStream)
        self.waiting: list[Packet] = []

    def take(self, packet: Packet) -> list[Packet]:
        if packet.pts is None or packet.is_corrupt or self.done:
            return []
        time_s = float(packet.pts * self.base)
        decoded_s = time_s if packet.dts is None else float(packet.dts * self.base)
        if decoded_s >= self.end_s:
            self.done = True
            return []
        # Half a unit: a key frame's own time, there and back through float.
        last_s = time_s + float((packet.duration or 0) * self.base) if self.is_sound else time_s
        if not self.whole and (
            last_s <= self.begin_s if self.is_sound else last_s < self.begin_s - 0.0005
        ):
            return []
        packet.pts -= self.shift
        packet.stream = self.stream
        self.count += 1
        if packet.dts is None:
            # Matroska has no times of decoding; the first ones can't be told until one is known.
            self.waiting.append(packet)
            return []
        packet.dts -= self.shift
        return [*self._dated(packet.dts), packet]

    def end(self) -> list[Packet]:
        return self._dated(max((p.pts or 0 for p in self.waiting), default=0) + 1)

    def _dated(self, next_dts: int) -> list[Packet]:
        """Return what waited, decoded at even steps before the packet that follows."""
        packets, self.waiting = self.waiting, []
        for steps, packet in enumerate(reversed(packets), start=1):
            packet.dts = next_dts - steps * max(1, packet.duration or 1)
        return packets


class _Pictures(_Line):
    """Pictures that are encoded anew: upright, scaled, drawn over."""

    def __init__(
        self,
        out: OutputContainer,
        stream: VideoStream | AudioStream,
        begin_s: float,
        end_s: float,
        writing: _Writing,
    ) -> None:
        super().__init__(begin_s, end_s, False)
        request, self.origin_s = writing.request, writing.origin_s
        self.overlay = request.overlay
        first = _first_picture(writing.source)
        self.turns = round(first.rotation / 90) % 4
        scale = min(1.0, (request.short_side_px or math.inf) / min(first.width, first.height))
        self.size = _even(first.width * scale), _even(first.height * scale)
        small = first.reformat(*self.size, format="yuv420p")
        video = out.add_stream("libx264", rate=30)
        assert isinstance(video, VideoStream)
        context = video.codec_context
        context.width, context.height = self.size[::-1] if self.turns % 2 else self.size
        context.pix_fmt = "yuv420p"
        context.time_base = video.time_base = _CLOCK
        context.gop_size = _KEY_FRAME_PICTURES
        context.color_range, context.colorspace = small.color_range, small.colorspace
        context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
        context.options = dict(SMALL_QUALITY if request.short_side_px else QUALITY)
        self.stream, self.last_pts = video, -1
        stream.codec_context.thread_type = "AUTO"

    def take(self, packet: Packet) -> list[Packet]:
        packets = []
        for frame in () if self.done else _frames(packet):
            if not isinstance(frame, VideoFrame) or frame.time is None:
                continue
            if frame.time >= self.end_s:
                self.done = True
                break
            pts = round((frame.time - self.begin_s) / _CLOCK)
            if frame.time >= self.begin_s - 0.0005 and pts > self.last_pts:
                packets += self.stream.encode(self._upright(frame, pts))
                self.last_pts = pts
                self.count += 1
        return packets

    def end(self) -> list[Packet]:
        return self.stream.encode(None)

    def _upright(self, frame: VideoFrame, pts: int) -> VideoFrame:
        small = frame.reformat(*self.size, format="yuv420p")
        upright = small
        width, height = self.size
        size = (height, width) if self.turns % 2 else (width, height)
        patch = self.overlay(frame.time - self.origin_s, size) if self.overlay else None
        if patch is not None or self.turns:
            planes = _planes(np.asarray(small.to_ndarray(), dtype=np.uint8), self.size)
            planes = [np.rot90(plane, self.turns) for plane in planes]
            if patch is not None:
                planes = _laid_over(planes, patch)
            width, height = size
            whole = np.concatenate([np.ascontiguousarray(p).reshape(-1) for p in planes])
            upright = VideoFrame.from_ndarray(
                whole.reshape(height * 3 // 2, width), format="yuv420p"
            )
            upright.color_range, upright.colorspace = small.color_range, small.colorspace
        upright.pts, upright.time_base = pts, _CLOCK
        return upright


class _Sound(_Line):
    """Sound that is encoded anew; what the time stamps say was lost becomes silence."""

    def __init__(
        self,
        out: OutputContainer,
        stream: VideoStream | AudioStream,
        begin_s: float,
        end_s: float,
        writing: _Writing,
    ) -> None:
        super().__init__(begin_s, end_s, False)
        assert isinstance(stream, AudioStream)
        self.channels = 1 if stream.codec_context.channels == 1 else 2
        layout = "mono" if self.channels == 1 else "stereo"
        sound = out.add_stream(
            "aac", rate=SOUND_RATE_HZ, layout=layout, bit_rate=SOUND_BITS_PER_S[self.channels]
        )
        assert isinstance(sound, AudioStream)
        self.stream, self.layout = sound, layout
        self.resampler = AudioResampler(format="fltp", layout=layout, rate=SOUND_RATE_HZ)
        self.fifo = AudioFifo()
        self.given = self.encoded = 0
        self.first: int | None = None

    def take(self, packet: Packet) -> list[Packet]:
        for frame in () if self.done else _frames(packet):
            if not isinstance(frame, AudioFrame) or frame.time is None:
                continue
            if frame.time >= self.end_s:
                self.done = True
                break
            if frame.time + frame.samples / frame.sample_rate <= self.begin_s:
                continue
            at = round((frame.time - self.begin_s) * SOUND_RATE_HZ)
            if self.first is None:
                self.first = at
            lost = at - self.first - self.given
            if lost > _GAP_S * SOUND_RATE_HZ:
                self._give(self._silence(lost))
            for piece in self.resampler.resample(frame):
                self._give(piece)
        return self._encode(partial=False)

    def end(self) -> list[Packet]:
        if self.first is not None:
            for piece in self.resampler.resample(None):
                self._give(piece)
        return [*self._encode(partial=True), *self.stream.encode(None)]

    def _silence(self, samples: int) -> AudioFrame:
        zeros = np.zeros((self.channels, samples), dtype=np.float32)
        frame = AudioFrame.from_ndarray(zeros, format="fltp", layout=self.layout)
        frame.sample_rate = SOUND_RATE_HZ
        return frame

    def _give(self, frame: AudioFrame) -> None:
        frame.pts = None
        self.given += frame.samples
        self.fifo.write(frame)

    def _encode(self, *, partial: bool) -> list[Packet]:
        packets = []
        size = self.stream.codec_context.frame_size or 1024
        while frame := self.fifo.read(size, partial=partial):
            frame.pts = (self.first or 0) + self.encoded
            frame.time_base = Fraction(1, SOUND_RATE_HZ)
            self.encoded += frame.samples
            self.count += 1
            packets += self.stream.encode(frame)
        return packets


def _frames(packet: Packet) -> Iterable[object]:
    """Return what a packet holds; nothing of one that is damaged."""
    try:
        return packet.decode()
    except av_error.FFmpegError:
        return ()


def _first_picture(path: Path) -> VideoFrame:
    with open_streams(path) as (container, _, video):
        for packet in container.demux(video) if video else ():
            for frame in _frames(packet):
                if isinstance(frame, VideoFrame):
                    return frame
    raise MediaUnreadable(f"{path.name} has no picture that can be decoded")


def _planes(picture: NDArray[np.uint8], size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Split 4:2:0 into brightness and the two planes of colour."""
    width, height = size
    flat = picture.reshape(-1)
    quarter = width * height // 4
    colour = flat[width * height :].reshape(2, quarter)
    half = height // 2, width // 2
    return [flat[: width * height].reshape(height, width), *(c.reshape(half) for c in colour)]


def _laid_over(planes: list[NDArray[np.uint8]], patch: Patch) -> list[NDArray[np.uint8]]:
    """Return the picture with the patch over it; the patch has no colour."""
    light, *colours = (plane.copy() for plane in planes)
    rows = slice(patch.top_px, patch.top_px + patch.luma.shape[0])
    light[rows] = np.rint(light[rows] * (1 - patch.alpha) + patch.luma * patch.alpha)
    thin = patch.alpha.reshape(patch.alpha.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3))
    half = slice(rows.start // 2, rows.stop // 2)
    for colour in colours:
        colour[half] = np.rint(colour[half] * (1 - thin) + 128 * thin)
    return [light, *colours]


def _even(size_px: float) -> int:
    return max(2, round(size_px) & ~1)


def _check(part: Path) -> None:
    """Raise where the new file can't be played: a stream without anything that decodes."""
    with av.open(str(part.absolute())) as container:
        waiting = {stream.index for stream in container.streams}
        for packet in container.demux():
            if packet.stream.index in waiting and packet.size and packet.decode():
                waiting.discard(packet.stream.index)
            if not waiting:
                return
    raise ValueError("what was written can't be decoded")


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise CutFailed(f"{target} exists: it is not overwritten")
