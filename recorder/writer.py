"""One answer into one Matroska file that stays readable whatever happens (door to the encoders).

The number of sound samples is the clock: sample n lies at n / rate. Pictures carry their time of
capture on that clock, in ms, the unit of the container; none is duplicated. Short clusters,
written out at once and synced to the disk by a thread of its own, bound what a crash, a kill or a
power cut can take. A disk that fills up frees its reserve (`recorder.disk`) in the very moment of
the failing write, so that the file ends whole.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error as av_error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.output import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from recorder.disk import is_full
from recorder.encoders import (
    LAYOUTS,
    VIDEO_CODECS,
    PictureFormat,
    SoundFormat,
    add_sound,
    add_video,
    black,
    hide_vp8,
    to_i420,
    video_codec,
)
from recorder.errors import WriterFailed
from recorder.session import sync_folder
from recorder.sink import Sink, Syncer, full_message

__all__ = [
    "VIDEO_CODECS",
    "PictureFormat",
    "SoundFormat",
    "TakeWriter",
    "Written",
    "video_codec",
]

CLUSTER_MS = 200
"""a cluster is written when it holds this much: with a frame of sound (24 ms) and a picture
(33 ms) more it stays below 250 ms"""

CLUSTER_BYTES = 32_768
"""or this much, whatever comes first: pictures that come late, in a burst, end no cluster by their
times; about five of 720p (our judgement)"""

INTERLEAVE_CAP_US = 200_000
"""how long one stream waits for the other before it is written alone: without a cap a kill lost
4.5 s of picture behind a late microphone, with this one 0.5 s (measured)"""

KEYFRAME_S = 0.95
"""a picture that would let the distance of keyframes grow past this becomes one: 1 s with room for
jitter of the capture times"""

VP8_HELD_S = (1.5, 2.0)
"""sound that waits for a picture beyond the second is let go up to the first, with VP8 alone: a
picture may come so late when the computer is busy (our judgement)"""

SYNC_S = 0.5
"""simulated power cuts took at most 0.63 s at 0.5 s, 1.23 s at 1 s (measured)"""


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds."""

    duration_s: float
    """length of the sound; of the picture where there is no sound"""
    samples: int
    """per channel"""
    frames: int
    first_frame_s: float | None
    """time of the first picture; None = no picture"""
    bytes: int
    clean: bool
    """it was ended with duration and index; False = it is readable like one that was cut off"""
    sound: SoundFormat
    picture: PictureFormat | None
    """None = no picture in it"""


class TakeWriter:
    """The file of one answer, written from one thread.

    Parameters
    ----------
    path : file to make; one that exists is not overwritten.
    sound : what `write_sound` will get.
    picture : what `write_picture` will get; None = sound only.
    codec : one of `VIDEO_CODECS`; None = the first that opens.
    sync_s : how often the data is synced to the disk.

    Raises
    ------
    FolderRefused
        The file can't be made there.
    WriterFailed
        It exists, or no encoder opens, or the disk is full.
    """

    def __init__(
        self,
        path: Path,
        sound: SoundFormat,
        picture: PictureFormat | None,
        *,
        codec: str | None = None,
        sync_s: float = SYNC_S,
    ) -> None:
        if not 1 <= sound.channels <= len(LAYOUTS):
            raise ValueError(f"{sound.channels} channels: 1 to {len(LAYOUTS)} can be written")
        self.path = path
        self.sound = sound
        self.picture = picture
        self.codec: str | None = None
        """the video encoder in use; None = sound only"""
        self._samples = 0
        self._frames = 0
        self._first_ms: int | None = None
        self._last_ms = -1
        self._keyframe_ms = -1
        self._newest: VideoFrame | None = None
        self._told = False
        self._picture_failed = False
        self._written: Written | None = None
        self._sink = Sink(path)
        try:
            self._container, self._audio, self._video = self._open_streams(codec)
            self._start()
        except BaseException:
            self._sink.close()
            path.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
        self._syncer = Syncer(path, sync_s)

    @property
    def bytes_written(self) -> int:
        """Length of the file so far."""
        return self._sink.length

    @property
    def worst_sync_s(self) -> float:
        """The longest that a sync to the disk took."""
        return self._syncer.worst_s

    @property
    def failed_syncs(self) -> int:
        """How often the disk refused to sync."""
        return self._syncer.failures

    @property
    def picture_failed(self) -> bool:
        """Whether the encoder of pictures gave up; sound can still be written."""
        return self._picture_failed

    @property
    def samples(self) -> int:
        """Samples per channel taken so far: the clock of the take."""
        return self._samples

    def write_sound(self, samples: NDArray[np.int16]) -> None:
        """Append sound, shape (n, channels).

        Raises
        ------
        WriterFailed
            The disk is full, the file can't be written on, or the disk lost some of it (once;
            later calls do nothing).
        """
        if not len(samples):
            return
        self._tell_broken("the sound")
        if self._stopped:
            return
        packed = np.ascontiguousarray(samples, dtype=np.int16).reshape(1, -1)
        if packed.shape[1] != len(samples) * self.sound.channels:
            raise ValueError(f"shape {samples.shape}, not (n, {self.sound.channels})")
        frame = AudioFrame.from_ndarray(
            packed, format="s16", layout=LAYOUTS[self.sound.channels - 1]
        )
        frame.sample_rate = self.sound.rate_hz
        frame.pts = self._samples
        frame.time_base = Fraction(1, self.sound.rate_hz)
        self._samples += len(samples)
        with self._telling("the sound"):
            self._container.mux(self._audio.encode(frame))
            if self.codec == "libvpx":
                self._let_sound_pass()

    def write_picture(self, image: NDArray[np.uint8], time_s: float) -> bool:
        """Add a picture.

        Parameters
        ----------
        image : BGR, shape (height, width, 3); one of another size than promised is fitted in.
        time_s : its time of capture on the clock of the take.

        Returns
        -------
        bool
            False = left out: it lies before the take or not after the picture before it (to the
            ms), or pictures can't be written any more.

        Raises
        ------
        WriterFailed
            As `write_sound`; or the encoder gave up (once: sound can still be written).
        """
        if self._video is None or self._picture_failed:
            return False
        self._tell_broken("the picture")
        if self._stopped:
            return False
        pts = round(time_s * 1000)
        if pts <= self._last_ms:
            return False
        assert self.picture is not None
        frame = to_i420(image, self.picture)
        frame.pts = pts
        # The next picture probably comes as long after this one as this one after the last.
        if self._frames == 0 or 2 * pts - self._last_ms - self._keyframe_ms > 1000 * KEYFRAME_S:
            frame.pict_type = PictureType.I
            self._keyframe_ms = pts
        self._last_ms = pts
        try:
            packets = self._video.encode(frame)
        except (av_error.FFmpegError, ValueError) as exc:
            self._picture_failed = True
            raise WriterFailed(f"the picture can't be encoded any more ({exc})") from exc
        if self._first_ms is None:
            self._first_ms = pts
        self._frames += 1
        self._newest = frame
        with self._telling("the picture"):
            self._container.mux(packets)
        return True

    def close(self) -> Written:
        """End the file with duration and index, sync it, and say what it holds.

        Nothing is raised: where the disk doesn't let the file end, `Written.clean` is False.
        """
        if self._written is not None:
            return self._written
        clean = self._end()
        self._syncer.stop()
        clean = self._sink.close(sync=True) and clean
        first = None if self._first_ms is None else self._first_ms / 1000
        sound_s = self._samples / self.sound.rate_hz
        self._written = Written(
            duration_s=sound_s or max(self._last_ms, 0) / 1000,
            samples=self._samples,
            frames=self._frames,
            first_frame_s=first,
            bytes=self._sink.length,
            clean=clean,
            sound=self.sound,
            picture=self.picture if self._frames else None,
        )
        return self._written

    def _let_sound_pass(self) -> None:
        """Release sound that waits for a picture that doesn't come.

        FFmpeg exempts VP8 from its cap on waiting: without this, all sound since the camera
        stopped would be lost in a crash. A hidden frame (a part of VP8 like any other) has a time
        but shows nothing.
        """
        now_ms = self._samples * 1000 // self.sound.rate_hz
        late_ms, held_ms = (round(1000 * limit) for limit in VP8_HELD_S)
        if now_ms - self._last_ms < held_ms or self._video is None or self._picture_failed:
            return
        # In the past, so that a picture that is only late still finds its place.
        self._last_ms = now_ms - late_ms
        frame = self._newest or black(self._video)
        frame.pts, frame.pict_type = self._last_ms, PictureType.NONE
        try:
            packets = self._video.encode(frame)
        except av_error.FFmpegError:
            self._picture_failed = True
            return
        for shown in packets:
            hidden = av.Packet(hide_vp8(bytes(shown)))
            hidden.pts = hidden.dts = shown.pts
            hidden.time_base, hidden.stream = shown.time_base, shown.stream
            hidden.is_keyframe = shown.is_keyframe
            self._container.mux(hidden)

    @property
    def _stopped(self) -> bool:
        return self._told or self._written is not None

    def _tell_broken(self, what: str) -> None:
        """Tell of a file that broke where nobody was told, as while sound was let pass."""
        if self._sink.broken is not None and not self._stopped:
            self._raise_broken(what, self._sink.broken)

    @contextlib.contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        """Turn errors of the file into WriterFailed; a freed reserve is told once."""
        try:
            yield
        except (av_error.FFmpegError, OSError, ValueError) as exc:
            self._raise_broken(what, exc)
        if self._sink.full or self._syncer.full:
            self._told = True
            raise WriterFailed(full_message(self.path), full=True)
        if self._syncer.lost:
            # The system forgets what it could not write: the file may have a hole already. It is
            # not marked as broken, so that it still gets its end.
            self._told = True
            raise WriterFailed(
                f"the disk of {self.path.parent} loses what is written: record to another disk"
            )

    def _raise_broken(self, what: str, exc: Exception) -> None:
        broken = self._sink.broken or exc
        self._told = True
        if is_full(broken):
            raise WriterFailed(full_message(self.path), full=True) from exc
        self._sink.broken = self._sink.broken or OSError(errno.EIO, str(exc))
        raise WriterFailed(
            f"{what} can't be written to {self.path} ({broken}): record to another disk"
        ) from exc

    def _open_streams(
        self, codec: str | None
    ) -> tuple[OutputContainer, AudioStream, VideoStream | None]:
        if self.picture is None:
            return (*self._open_container(), None)
        failures = []
        for name in (codec,) if codec else VIDEO_CODECS:
            if name not in av.codecs_available:
                failures.append(f"{name}: not in this PyAV")
                continue
            container, audio = self._open_container()
            try:
                video = add_video(container, name, self.picture)
            except (av_error.FFmpegError, OSError, ValueError) as exc:
                failures.append(f"{name}: {exc}")
                continue
            self.codec = name
            return container, audio, video
        raise WriterFailed(f"no video encoder opens ({'; '.join(failures)}): reinstall PyAV")

    def _open_container(self) -> tuple[OutputContainer, AudioStream]:
        container = av.open(
            self._sink,
            "w",
            format="matroska",
            options={
                "cluster_time_limit": str(CLUSTER_MS),
                "cluster_size_limit": str(CLUSTER_BYTES),
                "flush_packets": "1",
                "max_interleave_delta": str(INTERLEAVE_CAP_US),
            },
        )
        return container, add_sound(container, self.sound)

    def _start(self) -> None:
        """Open the encoder of sound and write the header."""
        try:
            self._container.start_encoding()
        except (av_error.FFmpegError, OSError, ValueError) as exc:
            broken = self._sink.broken or exc
            if is_full(broken):
                raise WriterFailed(full_message(self.path), full=True) from exc
            raise WriterFailed(f"{self.path} can't be written ({broken})") from exc

    def _end(self) -> bool:
        """Empty the encoders and write duration and index; False where that fails."""
        clean = self._sink.broken is None
        for stream in (self._video, self._audio):
            if stream is None or (stream is self._video and not self._frames):
                continue
            try:
                self._container.mux(stream.encode(None))
            except (av_error.FFmpegError, OSError, ValueError):
                clean = clean and stream is self._video and self._picture_failed
        try:
            self._container.close()
        except (av_error.FFmpegError, OSError, ValueError):
            clean = False
        return clean and self._sink.broken is None
