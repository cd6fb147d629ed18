"""Audio and video files as arrays on one clock: the only door to PyAV's decoders.

t = 0 is the first audio sample (the first frame where there is no audio). Audio comes as float32
mono at 16 kHz in a file-backed array, so that hours of sound fit in bounded memory, together
with the level measured at the native rate. Frames are streamed, each with its own time: webcams
and phones have variable frame rates, so an index says nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av.error as av_error
import numpy as np
from av.audio.resampler import AudioResampler
from av.container.input import InputContainer
from av.stream import Disposition
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from analysis.errors import MediaUnreadable
from analysis.frame_picking import picked_frames
from analysis.levels import LevelMeter, Levels, mix
from analysis.results import Caution, MediaFacts

RATE_HZ = 16_000
"""what Whisper and Silero expect"""

SHORTEST_S = 0.3
"""shorter than any syllable group: nothing in it can be measured (our judgement)"""

# The smallest jump of the time stamps that counts as lost sound; below it is rounding.
_GAP_S = 0.05
# Frames are shown at most this much later than others that are decoded before them.
_REORDERED_S = 1.0
# Sound is handled in blocks of about this length.
_BLOCK_S = 0.5
_STILL_FORMATS = ("image2", "_pipe", "tty", "gif")


@dataclass(frozen=True, slots=True)
class Sound:
    """The decoded audio of a file."""

    samples: NDArray[np.float32]
    """mono at `RATE_HZ`, shape (n,), t = 0 at the first"""
    levels: Levels
    cautions: tuple[Caution, ...]

    @property
    def duration_s(self) -> float:
        """Length in s."""
        return len(self.samples) / RATE_HZ


@dataclass(frozen=True, slots=True)
class Probe:
    """What the container says, and where t = 0 lies in it."""

    facts: MediaFacts
    origin_s: float
    """container time of t = 0"""
    cautions: tuple[Caution, ...]


def probe_media(path: Path) -> Probe:
    """Look into a file without decoding it all.

    Raises
    ------
    MediaUnreadable
        It is missing, empty, a folder, not audio or video, or cut off; the message says which.
    """
    check_file(path)
    with _open(path) as container:
        name = container.format.name
        if any(name.endswith(still) or name.startswith(still) for still in _STILL_FORMATS):
            raise MediaUnreadable(f"{path.name} is a picture or a text, not audio or video")
        audio = _audio_stream(container)
        video = _video_stream(container)
        if audio is None and video is None:
            raise MediaUnreadable(f"{path.name} holds neither audio nor video")
        audio_start = _first_time(path, "audio") if audio else math.nan
        video_start, rotation, size = _first_picture(path) if video else (math.nan, 0, None)
        if math.isnan(audio_start):
            audio = None
        if math.isnan(video_start):
            video = None
        if audio is None and video is None:
            raise MediaUnreadable(
                f"{path.name} can't be decoded: the file is damaged or incomplete"
            )
        audio_s = _stream_duration(container, audio, audio_start)
        video_s = _stream_duration(container, video, video_start)
        offset = video_start - audio_start
        ends = [d + o for d, o in ((audio_s, 0.0), (video_s, offset)) if not math.isnan(d + o)]
        if not ends:
            ends = [d for d in (audio_s, video_s) if not math.isnan(d)]
        duration = max(ends, default=_container_duration(container))
        if duration < SHORTEST_S:
            raise MediaUnreadable(
                f"{path.name} is {duration:.1f} s long: too short to measure anything"
            )
        cautions = []
        streams = [s for s in container.streams.audio]
        if len(streams) > 1 and audio is not None:
            cautions.append(
                Caution(
                    "several-audio-streams",
                    f"The file has {len(streams)} audio streams; the main one was measured"
                    f" (number {streams.index(audio) + 1}).",
                )
            )
        if audio is None:
            cautions.append(Caution("no-audio", "The file has no sound: speech was not measured."))
        if video is None:
            cautions.append(
                Caution(
                    "no-video", "The file has no picture: eye contact and posture not measured."
                )
            )
        facts = MediaFacts(
            name=path.name,
            path=path.name,
            sha256=file_sha256(path),
            duration_s=duration,
            audio_codec=audio.codec_context.name if audio else None,
            audio_streams=len(streams),
            sample_rate_hz=audio.codec_context.sample_rate if audio else None,
            channels=audio.codec_context.channels if audio else None,
            audio_duration_s=audio_s,
            video_codec=video.codec_context.name if video else None,
            frame_size_px=size if video else None,
            rotation_deg=rotation if video else 0,
            video_duration_s=video_s,
            av_offset_s=offset,
        )
    return Probe(facts, video_start if audio is None else audio_start, tuple(cautions))


def read_sound(
    path: Path, scratch: Path, *, progress: Callable[[float], None] | None = None
) -> Sound:
    """Decode the main audio stream.

    Parameters
    ----------
    path : any file that FFmpeg reads.
    scratch : folder for the decoded samples (they are mapped, not held in memory); the caller
        removes it.
    progress : called with seconds decoded so far.

    Raises
    ------
    MediaUnreadable
        No audio stream, or nothing in it could be decoded.
    """
    target = scratch / "sound.f32"
    levels = LevelMeter()
    with _open(path) as container, target.open("wb") as out:
        stream = _audio_stream(container)
        if stream is None:
            raise MediaUnreadable(f"{path.name} has no audio stream")
        stream.codec_context.thread_type = "AUTO"
        native: AudioResampler | None = None
        to_16k: AudioResampler | None = None
        rate = 0
        written = 0
        start_s = math.nan
        damaged = 0

        def push(mono: NDArray[np.float32] | None) -> None:
            nonlocal written
            assert to_16k is not None
            frame = None
            if mono is not None:
                frame = av.AudioFrame.from_ndarray(mono[None, :], format="flt", layout="mono")
                frame.sample_rate = rate
            for piece in to_16k.resample(frame):
                out.write(piece.to_ndarray().astype("<f4", copy=False).tobytes())
                written += piece.samples

        def feed(channels: NDArray[np.float32]) -> None:
            levels.add(channels)
            push(mix(channels))

        # Packets are as short as 10 ms: handled one by one they cost ten times the decoding.
        waiting: list[NDArray[np.float32]] = []

        def feed_waiting() -> None:
            if waiting:
                feed(np.concatenate(waiting, axis=1))
                waiting.clear()

        fed = 0
        for frame in _decoded(container, stream):
            if frame is None:
                damaged += 1
                continue
            if native is None or to_16k is None:
                rate = frame.sample_rate
                native = AudioResampler(format="fltp", rate=rate)
                to_16k = AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
                levels.rate_hz = rate
                start_s = frame.time if frame.time is not None else 0.0
            if frame.time is not None:
                # A jump of the time stamps is lost sound: silence of the same length keeps
                # the clock right.
                missing = round((frame.time - start_s) * rate) - fed
                if missing > _GAP_S * rate:
                    feed_waiting()
                    for silence in _silence(missing, rate):
                        feed(silence[None, :])
                    fed += missing
            for piece in native.resample(frame):
                waiting.append(piece.to_ndarray().astype(np.float32, copy=False))
                fed += piece.samples
            if sum(piece.shape[1] for piece in waiting) >= _BLOCK_S * rate:
                feed_waiting()
                if progress is not None:
                    progress(fed / rate)
        if to_16k is not None:
            feed_waiting()
            push(None)
            if progress is not None:
                progress(fed / rate)
    if not written:
        raise MediaUnreadable(f"{path.name}: its sound can't be decoded")
    samples = np.memmap(target, dtype="<f4", mode="r", shape=(written,))
    if os.name == "posix":
        # It stays readable here, and is gone even if this process is killed.
        target.unlink()
    cautions = ()
    if damaged:
        cautions = (
            Caution(
                "damaged-audio", f"{damaged} pieces of the sound are damaged and were skipped."
            ),
        )
    return Sound(samples, levels.result(), cautions)


def read_frames(
    path: Path, *, rate_hz: float, origin_s: float, width_px: int = 640
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Stream frames, thinned out to about `rate_hz`.

    Only what the frames that come out need is decoded, as far as the file tells; they are the
    ones, bit by bit, that decoding everything would give (checked on 11 real and 7 made files).

    Parameters
    ----------
    path : any file that FFmpeg reads.
    rate_hz : frames per second wanted; fewer come where the video has fewer.
    origin_s : container time of t = 0 (`Probe.origin_s`).
    width_px : longer side of the frames that come out; never enlarged.

    Yields
    ------
    time : s on the clock of the take.
    frame : RGB, uint8, shape (height, width, 3), upright by the container's rotation tag.
    """
    with _open(path) as container:
        stream = _video_stream(container)
        if stream is None:
            return
        # Threads that decode ahead cost a tenth more and hold frames of their own: 16 (a large
        # computer's default) took 76 MB more than one with 1080x1920 H.264 (our measurements).
        stream.codec_context.thread_count = 1
        # One for all frames: to set up a conversion costs about as much as the conversion itself.
        reformatter = VideoReformatter()
        for frame in picked_frames(container, stream, rate_hz):
            scale = min(1.0, width_px / max(frame.width, frame.height))
            small = reformatter.reformat(
                frame,
                width=max(2, round(frame.width * scale)),
                height=max(2, round(frame.height * scale)),
                format="rgb24",
            )
            picture = np.asarray(small.to_ndarray(), dtype=np.uint8)
            turns = round(frame.rotation / 90) % 4
            yield frame.time - origin_s, np.ascontiguousarray(np.rot90(picture, turns))


def read_waveform(path: Path, *, limit_s: float) -> tuple[NDArray[np.float32], int]:
    """Decode the beginning of the main audio stream at its own rate, in memory.

    Parameters
    ----------
    path : any file that FFmpeg reads.
    limit_s : no more than this much sound is read.

    Returns
    -------
    samples : mono, shape (n,), full scale = 1; lost sound is silence.
    rate_hz : of the samples.

    Raises
    ------
    MediaUnreadable
        No audio stream, or nothing in it could be decoded.
    """
    check_file(path)
    pieces: list[NDArray[np.float32]] = []
    rate = fed = 0
    start_s = 0.0
    native: AudioResampler | None = None
    with _open(path) as container:
        stream = _audio_stream(container)
        if stream is None:
            raise MediaUnreadable(f"{path.name} has no audio stream")
        for frame in _decoded(container, stream):
            if frame is None:
                continue
            if native is None:
                rate = frame.sample_rate
                native = AudioResampler(format="fltp", rate=rate)
                start_s = frame.time or 0.0
            if frame.time is not None:
                missing = round((min(frame.time - start_s, limit_s)) * rate) - fed
                if missing > _GAP_S * rate:
                    channels = pieces[0].shape[0] if pieces else 1
                    pieces.append(np.zeros((channels, missing), dtype=np.float32))
                    fed += missing
            for piece in native.resample(frame):
                pieces.append(piece.to_ndarray().astype(np.float32, copy=False))
                fed += piece.samples
            if fed >= limit_s * rate:
                break
    if not pieces:
        raise MediaUnreadable(f"{path.name}: its sound can't be decoded")
    return mix(np.concatenate(pieces, axis=1)[:, : round(limit_s * rate)]), rate


def resample(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Return mono samples at `RATE_HZ`."""
    if rate_hz == RATE_HZ:
        return samples
    resampler = AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    block = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples, dtype=np.float32)[None, :], format="flt", layout="mono"
    )
    block.sample_rate = rate_hz
    pieces = [
        piece.to_ndarray()[0] for given in (block, None) for piece in resampler.resample(given)
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)


def frame_rate(path: Path, *, limit_s: float) -> float:
    """Return the frames per second that are really in the beginning of a file; NaN = no picture.

    By the times of the frames, whatever the container promises: a webcam in the dark delivers
    fewer.
    """
    with _open(path) as container:
        stream = _video_stream(container)
        if stream is None or stream.time_base is None:
            return math.nan
        times: list[float] = []
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            times.append(float(packet.pts * stream.time_base))
            # Frames come in the order of decoding: those before the limit may come after it.
            if times[-1] - times[0] > limit_s + _REORDERED_S:
                break
    first = min(times, default=0.0)
    times = [time for time in times if time <= first + limit_s]
    span = max(times) - min(times) if times else 0.0
    return (len(times) - 1) / span if span > 0 else math.nan


def _silence(samples: int, rate_hz: int) -> Iterator[NDArray[np.float32]]:
    while samples > 0:
        block = min(samples, 10 * rate_hz)
        yield np.zeros(block, dtype=np.float32)
        samples -= block


def check_file(path: Path) -> None:
    """Raise MediaUnreadable for what is not a readable, non-empty file."""
    if path.is_dir():
        raise MediaUnreadable(f"{path} is a folder: give an audio or video file")
    if not path.exists():
        raise MediaUnreadable(f"{path}: no such file")
    try:
        with path.open("rb") as probe:
            if not probe.read(1):
                raise MediaUnreadable(f"{path.name} is empty (0 bytes)")
    except OSError as exc:
        raise MediaUnreadable(f"{path} can't be read: {exc.strerror}") from exc


@contextlib.contextmanager
def open_streams(
    path: Path,
) -> Iterator[tuple[InputContainer, av.AudioStream | None, av.VideoStream | None]]:
    """Open a file and yield it with its main sound and its picture, cover pictures left out.

    Raises
    ------
    MediaUnreadable
        It is not audio or video, or damaged.
    """
    with _open(path) as container:
        yield container, _audio_stream(container), _video_stream(container)


def _open(path: Path) -> InputContainer:
    try:
        # Absolute: FFmpeg takes what stands before a colon ("10:30.mkv") for a protocol.
        return av.open(str(path.absolute()), metadata_errors="replace")
    except (av_error.FFmpegError, OSError, ValueError) as exc:
        reason = "cut off or damaged" if _looks_like_media(path) else "not audio or video"
        if getattr(exc, "errno", None) == errno.EACCES:
            reason = "not readable for you (permission denied)"
        raise MediaUnreadable(
            f"{path.name} can't be opened: it is {reason} ({_reason(exc)})"
        ) from exc


def _looks_like_media(path: Path) -> bool:
    """Whether the first bytes are those of a known container (its rest may be missing)."""
    with path.open("rb") as file:
        head = file.read(16)
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free") or head.startswith(
        (b"\x1aE\xdf\xa3", b"RIFF", b"OggS", b"fLaC", b"ID3", b"FORM")
    )


def _reason(exc: Exception) -> str:
    return str(getattr(exc, "strerror", None) or exc)


def _audio_stream(container: InputContainer) -> av.AudioStream | None:
    stream = container.streams.best("audio")
    return stream if isinstance(stream, av.AudioStream) and stream.codec_context else None


def _video_stream(container: InputContainer) -> av.VideoStream | None:
    """Return the video stream, cover pictures of music files left out."""
    streams = [
        s
        for s in container.streams.video
        if s.codec_context
        and not s.disposition & (Disposition.attached_pic | Disposition.still_image)
    ]
    best = container.streams.best("video")
    return next((s for s in streams if best and s.index == best.index), next(iter(streams), None))


def _decoded(container: InputContainer, stream: av.AudioStream | av.VideoStream) -> Iterator:
    """Yield decoded frames, and None for each packet that can't be decoded."""
    demuxed = container.demux(stream)
    while True:
        try:
            packet = next(demuxed)
        except StopIteration:
            return
        except av_error.FFmpegError:
            # The file ends in the middle: what came before it counts.
            yield None
            return
        try:
            yield from packet.decode()
        except av_error.EOFError:
            return
        except av_error.FFmpegError:
            yield None


def _first_frame(path: Path, kind: str):
    with _open(path) as container:
        stream = _audio_stream(container) if kind == "audio" else _video_stream(container)
        if stream is None:
            return None
        for tried, frame in enumerate(_decoded(container, stream)):
            if frame is not None:
                return frame
            if tried > 500:
                break
    return None


def _first_time(path: Path, kind: str) -> float:
    frame = _first_frame(path, kind)
    if frame is None:
        return math.nan
    return frame.time if frame.time is not None else 0.0


def _first_picture(path: Path) -> tuple[float, int, tuple[int, int] | None]:
    """Return time, rotation and upright size (width, height) of the first frame."""
    frame = _first_frame(path, "video")
    if frame is None:
        return math.nan, 0, None
    rotation = round(frame.rotation / 90) * 90 % 360
    size = (frame.width, frame.height)
    if rotation % 180:
        size = (size[1], size[0])
    return (frame.time if frame.time is not None else 0.0), rotation, size


def _stream_duration(
    container: InputContainer, stream: av.AudioStream | av.VideoStream | None, start_s: float
) -> float:
    if stream is None or math.isnan(start_s):
        return math.nan
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    total = _container_duration(container)
    return max(0.0, total - start_s) if not math.isnan(total) else math.nan


def _container_duration(container: InputContainer) -> float:
    return container.duration / 1e6 if container.duration is not None else math.nan


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, which is what tells one recording from another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
