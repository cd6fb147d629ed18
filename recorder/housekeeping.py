"""Two threads beside the recording: one looks whether all is well, one keeps the journal.

Neither touches sound or pictures; each may be held up by the disk or the system without the
other, or the recording, noticing.
"""

from __future__ import annotations

import logging
import queue
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil

from recorder.camera_feed import CameraFeed
from recorder.episodes import Episodes
from recorder.messages import CaptureOptions, Event, Status
from recorder.microphone_feed import MicrophoneFeed
from recorder.recording import Recording
from recorder.session import Fault
from recorder.take_run import TakeRun
from recorder.watchdogs import (
    NO_PICTURE_S,
    STALLED_S,
    Clocks,
    Disk,
    Drops,
    Quiet,
    Room,
    Ticks,
)

TICK_S = 0.1
BEAT_S = 0.5
SECOND_S = 1.0
JOIN_GAP_S = 1.0
"""silence this close to a stall or a sleep belongs to it, and is not told once more"""
AFTER_STALL_S = 1.0
"""the camera's lost pictures are counted within a few frames of the next one that comes"""
REMEMBER_S = 60.0
"""faults that were over so long before the running take began are forgotten"""

_log = logging.getLogger(__name__)


class Housekeeping:
    """Watchdogs, heartbeat and journal.

    Parameters
    ----------
    recording, microphone, camera : what is watched.
    folder : the session's; its disk is watched.
    options : how much room to leave on the disk.
    beat, tell : where counters and events go; both return at once.
    disk_full : asked to end the running take; returns at once.
    """

    def __init__(
        self,
        recording: Recording,
        microphone: MicrophoneFeed,
        camera: CameraFeed | None,
        folder: Path,
        options: CaptureOptions,
        beat: Callable[[Status], None],
        tell: Callable[[Event], None],
        disk_full: Callable[[], None],
    ) -> None:
        self._recording = recording
        self._microphone = microphone
        self._camera = camera
        self._folder = folder
        self._beat = beat
        self._tell = tell
        self._disk_full = disk_full
        self._episodes = Episodes()
        self._reporting = threading.Lock()
        self._ticks = Ticks(TICK_S)
        self._silent = Quiet(STALLED_S)
        self._blind = Quiet(NO_PICTURE_S)
        self._drops = Drops()
        self._seeing_since_s = 0.0
        self._disk = Disk(options.low_bytes, options.reserve_bytes)
        self._room: Room | None = None
        self._process = psutil.Process()
        self._cpu = (time.monotonic(), 0.0)
        self._cpu_ratio = 0.0
        self._faults: queue.SimpleQueue[tuple[TakeRun, Fault]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, name="watchdogs", daemon=True),
            threading.Thread(target=self._journal, name="journal", daemon=True),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def look_at_disk(self) -> Room:
        """Measure the room on the disk now."""
        usage = shutil.disk_usage(self._folder)
        run = self._recording.run
        written = run.bytes_written if run is not None else None
        self._room = self._disk.look(time.monotonic(), usage.free, usage.total, written)
        return self._room

    def faults_of(self, run: TakeRun) -> tuple[Fault, ...]:
        """Return what went wrong during a take that has ended."""
        with self._reporting:
            return self._episodes.during(run.start_s, run.start_s + run.length_s)

    def carry_over(self, run: TakeRun) -> None:
        """Have the journal of a new take know the faults that last."""
        with self._reporting:
            lasting = self._episodes.lasting(run.start_s)
        for fault in lasting:
            self._faults.put((run, fault))

    def note(
        self,
        kind: str,
        start_s: float,
        end_s: float,
        detail: str = "",
        *,
        run: TakeRun | None = None,
    ) -> None:
        """Tell of a fault that is over, at times of the time line.

        Parameters
        ----------
        run : the take that it belongs to; None = the running one.
        """
        with self._reporting:
            self._episodes.note(kind, start_s, end_s, detail)
        self._announce(Fault(kind, start_s, end_s, detail), run or self._recording.run)

    def report(self, kind: str, lasts: bool, at_s: float, detail: str = "") -> None:
        """Tell whether a fault lasts; only news go on to the user and the journal."""
        with self._reporting:
            news = self._episodes.report(kind, lasts, at_s, detail)
        if news is not None:
            self._announce(news, self._recording.run)

    def beat(self) -> None:
        """Tell the counters now."""
        self._beat(self._status(time.monotonic()))

    def now_s(self) -> float:
        """Return the present on the time line."""
        return self._at(time.monotonic())

    def _announce(self, fault: Fault, run: TakeRun | None) -> None:
        origin_s = fault.start_s if run is None else run.start_s
        end_s = None if fault.end_s is None else round(max(fault.end_s - origin_s, 0.0), 3)
        told = Fault(fault.kind, round(max(fault.start_s - origin_s, 0.0), 3), end_s, fault.detail)
        kind = "fault-began" if end_s is None else "fault-over"
        self._tell(Event(kind, run.take.id if run else None, told))
        if run is not None:
            self._faults.put((run, told))

    def _at(self, time_s: float) -> float:
        clock = self._recording.line.clock
        return clock.seconds(time_s) if clock.started else 0.0

    # --- the thread of the watchdogs -----------------------------------------------------------

    def _watch(self) -> None:
        beat_s = 0.0
        while not self._stopping.wait(TICK_S):
            tick = self._ticks.look(_clocks())
            now_s = time.monotonic()
            if tick.stood_still_s:
                if tick.slept_s:
                    self._recording.slept(tick.slept_s)
                at_s = self._at(now_s)
                still_s = tick.stood_still_s
                self.note("suspended", max(at_s - still_s, 0.0), at_s, f"for {still_s:.1f} s")
            if tick.clock_step_s:
                at_s = self._at(now_s)
                self.note("clock-changed", at_s, at_s, f"by {tick.clock_step_s:+.1f} s")
            self._listen(now_s, tick.awake_s)
            if self._camera is not None:
                self._see(self._camera, now_s, tick.awake_s)
            if now_s - beat_s >= BEAT_S:
                beat_s = now_s
                self._measure_cpu(now_s)
                self.beat()

    def _listen(self, now_s: float, awake_s: float) -> None:
        recording, microphone = self._recording, self._microphone
        # As it came, not as it was taken: a slow disk does not make the microphone dead.
        newest_s = microphone.newest_s
        at_s = self._at(now_s)
        silent = self._silent.lasts(newest_s, awake_s)
        microphone.tell_dead(silent)
        self.report("microphone-stalled", silent, at_s if not silent else self._at(newest_s))
        by = microphone.replaced_by
        self.report("microphone-replaced", by is not None, at_s, f"now: {by}" if by else "")
        zeros = recording.zeros
        since_s = at_s - zeros.length_s if zeros.lasts else at_s
        muted = "it is muted" if microphone.muted else ""
        self.report("microphone-zeros", zeros.lasts, since_s, muted)
        self.report("microphone-clipping", recording.clipping.lasts(at_s), at_s)
        while recording.gaps:
            start_s, end_s = recording.gaps.popleft()
            with self._reporting:
                around = self._episodes.during(start_s - JOIN_GAP_S, end_s + JOIN_GAP_S)
            if not {fault.kind for fault in around} & {"microphone-stalled", "suspended"}:
                self.note("audio-gap", start_s, end_s, f"{end_s - start_s:.2f} s")

    def _see(self, camera: CameraFeed, now_s: float, awake_s: float) -> None:
        at_s, newest_s = self._at(now_s), camera.newest_s
        blind = self._blind.lasts(newest_s, awake_s)
        for kind, lasts in (
            ("camera-gone", camera.gone),
            ("camera-stalled", blind and not camera.gone),
        ):
            self.report(kind, lasts, self._at(newest_s) if lasts else at_s, camera.camera.name)
        black_s, same_s = camera.picture.black_since_s, camera.picture.same_since_s
        self.report("picture-black", black_s is not None, self._at(black_s or now_s))
        self.report("picture-constant", same_s is not None, self._at(same_s or now_s))
        self.report("frames-dropped", self._many_drops(camera, now_s, blind), at_s)

    def _many_drops(self, camera: CameraFeed, now_s: float, blind: bool) -> bool:
        run = self._recording.run
        # Pictures that a stall has cost are counted after it, and were told as a stall.
        if blind or run is None:
            self._seeing_since_s = now_s
        if run is None or now_s - self._seeing_since_s < AFTER_STALL_S:
            self._drops = Drops()
            return False
        return self._drops.lasts(now_s, run.frames, sum(run.drops(camera.drops).values()))

    def _measure_cpu(self, now_s: float) -> None:
        used = self._process.cpu_times()
        used_s = used.user + used.system
        since_s, before_s = self._cpu
        self._cpu = (now_s, used_s)
        self._cpu_ratio = (used_s - before_s) / max(now_s - since_s, 1e-3)

    def _status(self, now_s: float) -> Status:
        run, room, camera = self._recording.run, self._room, self._camera
        clock = self._recording.line.clock
        common = Status(
            camera_rate_hz=camera.measured_rate_hz if camera is not None else 0.0,
            free_bytes=room.free_bytes if room else 0,
            remaining_s=room.remaining_s if room else float("inf"),
            cpu_ratio=round(self._cpu_ratio, 3),
            memory_bytes=self._process.memory_info().rss,
            offset_s=clock.offset_s if clock.started else 0.0,
        )
        with self._reporting:
            faults = self._episodes.lasting(run.start_s if run else self._at(now_s))
        if run is None:
            return replace(common, faults=faults)
        return replace(
            common,
            take_id=run.take.id,
            elapsed_s=round(run.length_s, 3),
            samples=run.samples,
            gap_s=round(run.gap_s, 3),
            audio_overflows=run.overflows(self._recording.line.overflows),
            frames_written=run.frames,
            frames_dropped_by=run.drops(camera.drops if camera is not None else {}),
            worst_sync_ms=round(1000 * run.worst_sync_s, 1),
            faults=faults,
        )

    # --- the thread of the journal -------------------------------------------------------------

    def _journal(self) -> None:
        due_s = time.monotonic()
        while not self._stopping.is_set():
            try:
                run, fault = self._faults.get(timeout=max(due_s - time.monotonic(), 0.01))
            except queue.Empty:
                due_s = max(due_s + SECOND_S, time.monotonic())
                self._second()
            else:
                run.note_fault(fault)

    def _second(self) -> None:
        try:
            room = self.look_at_disk()
        except OSError as exc:
            # A disk that was taken away is told by the writer.
            _log.info("the disk does not tell its free space: %s", exc)
            return
        at_s = self.now_s()
        self.report("disk-low", room.low, at_s)
        run = self._recording.run
        if run is None:
            with self._reporting:
                self._episodes.forget(at_s - REMEMBER_S)
            return
        if room.full:
            self._disk_full()
        camera, clock = self._camera, self._recording.line.clock
        run.note_second(
            camera.drops if camera is not None else {},
            self._recording.line.overflows,
            clock_offset_s=round(clock.offset_s, 6),
            free_bytes=room.free_bytes,
            cpu_s=round(sum(self._process.cpu_times()[:2]), 2),
        )


def _clocks() -> Clocks:
    monotonic_s = time.monotonic()
    boot_s = monotonic_s
    # On both, the monotonic clock stands still while the computer sleeps, and another one does not.
    if sys.platform == "linux":
        boot_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    elif sys.platform == "darwin":
        boot_s = time.clock_gettime(time.CLOCK_MONOTONIC)
    return Clocks(monotonic_s, time.time(), boot_s)
