"""A take that is being recorded: its file, its journal, its counters."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.errors import WriterFailed
from recorder.journal import TakeJournal, journal_path
from recorder.session import Fault, Take
from recorder.writer import PictureFormat, SoundFormat, TakeWriter

SILENCE_STEP_S = 1.0
"""silence is written in pieces of this length, so that a long one takes no memory"""


class TakeRun:
    """One answer on its way to the disk.

    Sound and pictures are written by one thread, journal lines by another, and whoever closes it
    does so after both have let go.

    Parameters
    ----------
    take : what is known of it now.
    folder : the session's.
    picture_rate_hz : what the camera promises; None = sound only.
    drops : running counts of lost pictures by cause, of the camera.
    overflows : running count of the microphone.
    language : of the session.

    Raises
    ------
    FolderRefused, WriterFailed
        The files can't be made.
    """

    def __init__(
        self,
        take: Take,
        folder: Path,
        picture_rate_hz: float | None,
        drops: dict[str, int],
        overflows: int,
        *,
        language: str,
    ) -> None:
        self.take = take
        self.reason = "asked"
        """why it ends"""
        self.start_sample = 0
        """of the microphone's time line"""
        self.samples = 0
        self.gap_samples = 0
        self.frames = 0
        self.video_failed = False
        """the encoder of pictures gave up; the sound goes on"""
        self.result: Take | None = None
        """the finished take"""
        self.trouble = ""
        """why there is no result"""
        self.done = threading.Event()
        """set when it is finished and in the session"""
        self._drops_before = dict(drops)
        self._overflows_before = overflows
        self._late_frames = 0
        media = folder / take.media
        picture = None
        if take.frame_size_px is not None and picture_rate_hz is not None:
            picture = PictureFormat(*take.frame_size_px, picture_rate_hz)
        sound = SoundFormat(take.sample_rate_hz, take.channels)
        self._writing_journal = threading.Lock()
        self._journal = TakeJournal(journal_path(media), take, language=language)
        try:
            self._writer = TakeWriter(media, sound, picture)
        except BaseException:
            # Nothing was recorded: an empty journal would look like a take that was cut off.
            self._journal.close()
            self._journal.path.unlink(missing_ok=True)
            raise

    @property
    def start_s(self) -> float:
        """Where it begins on the microphone's time line."""
        return self.start_sample / self.take.sample_rate_hz

    @property
    def length_s(self) -> float:
        """Length of its sound so far."""
        return self.samples / self.take.sample_rate_hz

    @property
    def gap_s(self) -> float:
        """Silence in it that stands for missing sound."""
        return self.gap_samples / self.take.sample_rate_hz

    @property
    def bytes_written(self) -> int:
        """Size of its file."""
        return self._writer.bytes_written

    @property
    def worst_sync_s(self) -> float:
        """Longest sync to disk so far."""
        return self._writer.worst_sync_s

    def write_sound(self, samples: NDArray[np.int16]) -> None:
        """Append sound.

        Raises
        ------
        WriterFailed
        """
        self._writer.write_sound(samples)
        self.samples += len(samples)

    def write_silence(self, n_frames: int) -> None:
        """Append silence that stands for missing sound.

        Raises
        ------
        WriterFailed
        """
        step = round(SILENCE_STEP_S * self.take.sample_rate_hz)
        zeros = np.zeros((min(step, n_frames), self.take.channels), np.int16)
        while n_frames > 0:
            part = zeros[:n_frames]
            self.write_sound(part)
            self.gap_samples += len(part)
            n_frames -= len(part)

    def write_picture(self, image: NDArray[np.uint8], sample: float) -> None:
        """Write a picture that was taken at a sample of the microphone's time line.

        Raises
        ------
        WriterFailed
        """
        if self.take.frame_size_px is None or self.video_failed:
            return
        time_s = (sample - self.start_sample) / self.take.sample_rate_hz
        try:
            written = self._writer.write_picture(image, time_s)
        except WriterFailed:
            # Of the encoder only: a broken file takes no sound either, and ends the take.
            self.video_failed = self._writer.picture_failed
            raise
        if written:
            self.frames += 1
        else:
            self._late_frames += 1

    def drops(self, now: dict[str, int]) -> dict[str, int]:
        """Return the pictures of this take that were lost, by cause; ``now`` as at the start."""
        counts = Counter(now)
        counts.subtract(self._drops_before)
        counts["clock"] += self._late_frames
        return {cause: count for cause, count in counts.items() if count > 0}

    def overflows(self, now: int) -> int:
        """Return how often the device lost sound in this take; ``now`` as at the start."""
        return now - self._overflows_before

    def note_second(self, drops: dict[str, int], overflows: int, **figures: Any) -> None:
        """Add the line of a second to the journal."""
        with self._writing_journal:
            self._journal.second(
                round(self.length_s, 3),
                frames=self.frames,
                samples=self.samples,
                frames_dropped_by=self.drops(drops),
                audio_gap_s=round(self.gap_s, 3),
                audio_overflows=self.overflows(overflows),
                bytes=self.bytes_written,
                worst_sync_ms=round(1000 * self.worst_sync_s, 1),
                **figures,
            )

    def note_fault(self, fault: Fault) -> None:
        """Add the beginning or the end of a fault to the journal."""
        with self._writing_journal:
            self._journal.fault(fault)

    def close(self, faults: tuple[Fault, ...], drops: dict[str, int], overflows: int) -> Take:
        """End file and journal and return the finished take.

        Where the file could not be ended as it should, the journal stays without an end, and the
        take is left to the recovery.

        Raises
        ------
        WriterFailed
            The file has no end.
        """
        written = self._writer.close()
        dropped = self.drops(drops)
        health = replace(
            self.take.health,
            audio_overflows=self.overflows(overflows),
            frames_dropped=sum(dropped.values()),
            frames_dropped_by=dropped,
            frames_written=written.frames,
            av_offset_s=written.first_frame_s or 0.0,
            audio_gap_s=round(self.gap_s, 3),
            faults=faults,
        )
        take = replace(self.take, duration_s=written.duration_s, health=health)
        with self._writing_journal:
            if written.clean:
                self._journal.end(take)
            self._journal.close()
        if not written.clean:
            raise WriterFailed(
                f"{self.take.media} could not be ended: what was recorded is kept, and"
                " `mensetsu recover` mends it"
            )
        return take
