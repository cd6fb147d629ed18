"""A recording that was cut off becomes a whole one: same pictures and sound, duration and index.

Nothing is encoded anew and the original is never touched. Sound is decoded on the way, checksums
included, and pictures from the last keyframe on: what a torn tail left undecodable stays out.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import av.error as av_error
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from recorder.disk import is_full
from recorder.encoders import PictureFormat, SoundFormat, is_hidden_vp8
from recorder.errors import RecordingUnreadable, WriterFailed
from recorder.session import sync_folder
from recorder.sink import Sink, full_message
from recorder.writer import Written

# A jump of the sound's time stamps above this is a missing piece, below it rounding to ms.
_GAP_S = 0.002
# A duration in the header that is longer than the contents by more: the end is missing.
_TAIL_S = 0.25
_BROKEN = (av_error.FFmpegError, OSError, ValueError)


def inspect(path: Path) -> Written:
    """Read a recording through and say what it holds; ``clean`` = it has its whole duration.

    Raises
    ------
    RecordingUnreadable
        No sound can be decoded.
    """
    with _opened(path) as container:
        return _read(path, container, _last_keyframe(path), lambda packet: None)


def remux(source: Path, target: Path) -> Written:
    """Copy a recording that was cut off into a whole file and check that one.

    The copy gets its name only when it is complete, checked and synced.

    Raises
    ------
    RecordingUnreadable
        The source holds no sound that can be decoded.
    WriterFailed
        The target exists, can't be written (``full``: no space), or turned out wrong.
    FolderRefused
        The target can't be made in its folder.
    """
    if target.exists():
        raise WriterFailed(f"{target} exists: it is not overwritten")
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        copied = _copy(source, part)
        checked = inspect(part)
        if not checked.clean or _content(checked) != _content(copied):
            raise WriterFailed(f"the restored copy of {source.name} is not right: try again")
        os.rename(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
    return checked


def _content(written: Written) -> tuple[float, int, int, float | None]:
    return written.duration_s, written.samples, written.frames, written.first_frame_s


def _copy(source: Path, part: Path) -> Written:
    last_keyframe_s = _last_keyframe(source)
    with _opened(source) as container:
        sink = Sink(part, reserve=False)
        try:
            output = av.open(sink, "w", format="matroska")
            streams: dict[int, Stream] = {}
            for stream in container.streams:
                if isinstance(stream, AudioStream) or last_keyframe_s is not None:
                    streams[stream.index] = output.add_stream_from_template(stream, opaque=True)

            def keep(packet: Packet) -> None:
                packet.stream = streams[packet.stream_index]
                output.mux(packet)

            written = _read(source, container, last_keyframe_s, keep)
            output.close()
        except _BROKEN as exc:
            broken = sink.broken or exc
            if is_full(broken):
                raise WriterFailed(full_message(part), full=True) from exc
            raise WriterFailed(f"{source.name} can't be restored ({broken})") from exc
        finally:
            synced = sink.close(sync=True)
    if not synced:
        raise WriterFailed(f"{part.parent} refuses to keep data: restore to another disk")
    return replace(written, clean=True)


def _read(
    path: Path,
    container: InputContainer,
    last_keyframe_s: float | None,
    keep: Callable[[Packet], None],
) -> Written:
    """Go through the packets, hand the sound ones to `keep`, and count."""
    audio = next(iter(container.streams.audio), None)
    video = next(iter(container.streams.video), None)
    if audio is None:
        raise RecordingUnreadable(f"{path.name} was cut off before any sound was recorded")
    # FLAC has a checksum in every frame, which is looked at only on request.
    audio.codec_context.options = {"err_detect": "crccheck+explode"}
    rate_hz = audio.codec_context.sample_rate
    samples = frames = 0
    sound_end_s = 0.0
    first_s: float | None = None
    last_s = 0.0
    begun = False
    for time_s, packet in _packets(container):
        if isinstance(packet.stream, AudioStream):
            decoded = _decoded(packet)
            if not decoded:
                continue
            got = sum(frame.samples for frame in decoded)
            sound_end_s = time_s + got / rate_hz
            samples += got
        elif last_keyframe_s is None or (not begun and not packet.is_keyframe):
            continue
        else:
            if time_s >= last_keyframe_s and _decoded(packet) is None:
                continue
            begun = True
            last_s = time_s
            if not _hidden(packet):
                frames += 1
                first_s = time_s if first_s is None else first_s
        keep(packet)
    if not samples:
        raise RecordingUnreadable(f"{path.name} was cut off before any sound was recorded")
    exact_s = samples / rate_hz
    return Written(
        duration_s=exact_s if abs(sound_end_s - exact_s) < _GAP_S else sound_end_s,
        samples=samples,
        frames=frames,
        first_frame_s=first_s,
        bytes=path.stat().st_size,
        clean=_whole(container, max(sound_end_s, last_s)),
        sound=SoundFormat(rate_hz, audio.codec_context.channels),
        picture=_picture(video) if frames and video else None,
    )


def _picture(video: VideoStream) -> PictureFormat:
    context = video.codec_context
    return PictureFormat(context.width, context.height, float(video.average_rate or 0))


def _whole(container: InputContainer, end_s: float) -> bool:
    return container.duration is not None and container.duration / 1e6 < end_s + _TAIL_S


def _last_keyframe(path: Path) -> float | None:
    """Return the time of the last picture that decoding can start at; None = no picture."""
    with _opened(path) as container:
        times = [
            time_s
            for time_s, packet in _packets(container)
            if packet.is_keyframe and isinstance(packet.stream, VideoStream)
        ]
    return max(times, default=None)


def _packets(container: InputContainer) -> Iterator[tuple[float, Packet]]:
    """Yield times and packets up to where the file is torn."""
    demuxed = container.demux()
    while True:
        try:
            packet = next(demuxed)
        except (StopIteration, *_BROKEN):
            return
        # Without a time stamp: the mark with which PyAV ends each stream.
        if packet.pts is not None and packet.time_base is not None and not packet.is_corrupt:
            yield float(packet.pts * packet.time_base), packet


def _hidden(packet: Packet) -> bool:
    return packet.stream.codec_context.name == "vp8" and is_hidden_vp8(bytes(packet))


def _decoded(packet: Packet) -> list | None:
    """Return what a packet holds; None = it is damaged."""
    try:
        return list(packet.decode())
    except _BROKEN:
        return None


@contextlib.contextmanager
def _opened(path: Path):
    try:
        # Absolute: FFmpeg takes what stands before a colon for a protocol.
        container = av.open(str(path.absolute()), metadata_errors="replace")
    except _BROKEN as exc:
        raise RecordingUnreadable(f"{path.name} was cut off before anything was recorded") from exc
    with container:
        yield container
