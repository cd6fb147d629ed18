"""The thread that encodes and writes: sound first, then one picture, then sound again.

Sound always passes through `SampleLine`, whether a take runs or not, so that the clock stays
settled between answers. A take begins and ends at one sample (`Cut`); pictures belong to the take
that has their time, so an ended take waits for those that are still on their way.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from recorder.camera_feed import CameraFeed
from recorder.errors import WriterFailed
from recorder.meters import Level, LevelMeter, Meters
from recorder.microphone_feed import MicrophoneFeed
from recorder.take_run import TakeRun
from recorder.timeline import Piece, SampleLine
from recorder.video import VideoFrame
from recorder.watchdogs import Clipping, Zeros

IDLE_S = 0.005
"""pause when there is nothing to do; blocks come every 10 ms"""
LEVEL_EVERY_S = 0.03
CUT_LIMIT_S = 1.0
"""a cut does not wait longer for the sound up to its moment: more than blocks are ever held back
without a fault (our judgement)"""
LAST_PICTURES_S = 0.5
"""an ended take waits so long for its last pictures; they take 0.03-0.1 s on their way"""
LATEST_PICTURES_S = 5.0
"""and so long while pictures wait in the queue, on a busy machine (our judgement)"""


@dataclass(slots=True, eq=False)
class Cut:
    """Where a take ends, another begins, or both."""

    time_s: float
    run: TakeRun | None
    """the take that begins; None = none"""
    reason: str
    """why the old one ends"""
    ended: TakeRun | None = None
    """the old one"""
    made: threading.Event = field(default_factory=threading.Event)


class Recording:
    """Everything between the devices and the files.

    Parameters
    ----------
    microphone, camera : open; no camera = sound only.
    meters : where the level is shown.
    finish : takes a take that nothing writes to any more, to end it in another thread.
    video_failed : told when pictures can't be written any more.
    """

    def __init__(
        self,
        microphone: MicrophoneFeed,
        camera: CameraFeed | None,
        meters: Meters,
        finish: Callable[[TakeRun], None],
        video_failed: Callable[[str], None],
    ) -> None:
        self.line = SampleLine(microphone.rate_hz)
        self.zeros = Zeros(microphone.rate_hz)
        self.clipping = Clipping()
        self.run: TakeRun | None = None
        """the running take"""
        self.gaps: deque[tuple[float, float]] = deque()
        """silence that was put in: from, to on the time line, s; whoever reads them takes them"""
        self._microphone = microphone
        self._camera = camera
        self._meters = meters
        self._level = LevelMeter(microphone.rate_hz)
        self._level_s = 0.0
        self._finish = finish
        self._video_failed = video_failed
        self._cuts: deque[Cut] = deque()
        self._slept_s: deque[float] = deque()
        self._ending: list[tuple[TakeRun, int, float]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="encode", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def cut(self, run: TakeRun | None, reason: str) -> Cut:
        """Have the running take end now, and ``run`` begin at the same sample."""
        cut = Cut(time.monotonic(), run, reason)
        self._cuts.append(cut)
        return cut

    def slept(self, seconds: float) -> None:
        """Have silence put in for a sleep that the clock did not count."""
        self._slept_s.append(seconds)

    def stop(self) -> None:
        """End the thread; the running take has to be cut off before."""
        self._stopping.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            busy = self._sound()
            self._cut_where_due()
            busy = self._picture() or busy
            self._let_go()
            if not busy:
                time.sleep(IDLE_S)
        for run, _, _ in self._ending:
            self._finish(run)

    def _sound(self) -> bool:
        blocks = self._microphone.take()
        for block in blocks:
            self.zeros.feed(block.samples)
            self._write_all(self.line.feed(block))
            self._level.feed(block.samples)
            if self.line.clock.started:
                self.clipping.feed(block.samples, self.line.clock.seconds(block.arrival_s))
        now_s = time.monotonic()
        self._write_all(self.line.tick(now_s))
        while self._slept_s:
            self._write_all(self.line.slept(self._slept_s.popleft()))
        if now_s - self._level_s >= LEVEL_EVERY_S:
            self._level_s = now_s
            dead = self.line.dead
            self._meters.write_level(Level(time_s=now_s) if dead else self._level.level(now_s))
        return bool(blocks)

    def _write_all(self, pieces: list[Piece]) -> None:
        """Write pieces, cutting inside where a cut falls into one."""
        # The line has counted them all already.
        sample = self.line.clock.count - sum(piece.n_frames for piece in pieces)
        for piece in pieces:
            if piece.samples is None:
                rate_hz = self.line.clock.rate_hz
                self.gaps.append((sample / rate_hz, (sample + piece.n_frames) / rate_hz))
            done = 0
            while done < piece.n_frames:
                end = piece.n_frames
                if self._cuts:
                    wanted = self.line.clock.sample(self._cuts[0].time_s) - sample
                    if wanted <= done:
                        self._make_cut(sample + done)
                        continue
                    end = min(end, wanted)
                self._write(piece, done, end)
                done = end
            sample += piece.n_frames

    def _write(self, piece: Piece, start: int, end: int) -> None:
        if self.run is None:
            return
        try:
            if piece.samples is None:
                self.run.write_silence(end - start)
            else:
                self.run.write_sound(np.ascontiguousarray(piece.samples[start:end]))
        except WriterFailed as exc:
            self._end_run(self.line.clock.count, _why(exc), 0.0)

    def _cut_where_due(self) -> None:
        """Make cuts for which there is no more sound to wait for."""
        while self._cuts:
            cut = self._cuts[0]
            clock = self.line.clock
            reached = clock.started and clock.count >= clock.sample(cut.time_s)
            if not reached and time.monotonic() - cut.time_s < CUT_LIMIT_S:
                return
            self._make_cut(clock.count)

    def _make_cut(self, sample: int) -> None:
        cut = self._cuts.popleft()
        cut.ended = self._end_run(sample, cut.reason)
        if cut.run is not None:
            cut.run.start_sample = sample
            self.run = cut.run
        cut.made.set()

    def _end_run(self, sample: int, reason: str, wait_s: float = LAST_PICTURES_S) -> TakeRun | None:
        run, self.run = self.run, None
        if run is not None:
            run.reason = reason
            self._ending.append((run, sample, time.monotonic() + wait_s))
        return run

    def _picture(self) -> bool:
        """Write one picture; False = there was none."""
        if self._camera is None or not self.line.clock.settled:
            return False
        if self._cuts:
            # Which take it belongs to is open until the cut is made.
            return False
        frame = self._camera.pop()
        if frame is None:
            return False
        sample = self.line.clock.sample(frame.capture_s)
        for i, (run, end, _) in enumerate(self._ending):
            if sample >= end:
                # Pictures come in order: this take has all of its own.
                self._ending[i] = (run, end, 0.0)
            elif sample >= run.start_sample:
                self._write_picture(run, frame, sample)
                return True
        if self.run is not None and sample >= self.run.start_sample:
            self._write_picture(self.run, frame, sample)
        return True

    def _write_picture(self, run: TakeRun, frame: VideoFrame, sample: int) -> None:
        try:
            run.write_picture(frame.image, sample)
        except WriterFailed as exc:
            if run.video_failed:
                self._video_failed(str(exc))
            elif run is self.run:
                self._end_run(self.line.clock.count, _why(exc), 0.0)

    def _let_go(self) -> None:
        """Hand over the takes that have got all their pictures."""
        if not self._ending:
            return
        now_s = time.monotonic()
        if self._camera is not None and self._camera.waiting:
            now_s -= LATEST_PICTURES_S - LAST_PICTURES_S
        coming = self._camera is not None and (self._camera.waiting or not self._camera.gone)
        over = [item for item in self._ending if not coming or now_s >= item[2]]
        self._ending = [item for item in self._ending if item not in over]
        for run, _, _ in over:
            self._finish(run)


def _why(error: WriterFailed) -> str:
    return "disk-full" if error.full else "write-failed"
