"""The camera's thread: pictures into a queue, every second one into the preview."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import Counter, deque

import cv2
import numpy as np
from numpy.typing import NDArray

from recorder.errors import CameraUnusable
from recorder.meters import PREVIEW_PX, Meters
from recorder.video import CameraSource, VideoFrame, find_camera
from recorder.watchdogs import Picture

QUEUE_BYTES = 60_000_000
"""pictures waiting for the encoder: 0.7 s of 1280×720, more than the longest stall measured
(0.47 s); with 90 pictures the process grew to 384 MB"""
QUEUE_S = 0.4
"""no picture waits longer: what waits is lost in a crash. With 60 MB alone a kill on a busy machine
took up to 2.3 s of the picture (measured), 1 s is the most it may (the project's requirement)"""
PREVIEW_EVERY = 2
WATCH_EVERY_PX = 8
"""the watchdogs see every so many pixels of every picture, as they are: sensor noise stays"""
RETRY_S = 2.0
"""between two tries to find a camera that is gone (our judgement)"""
GIVE_UP_S = 5.0
"""a camera that is there but silent for so long is opened anew (our judgement)"""
RATE_WINDOW_S = 3.0

_log = logging.getLogger(__name__)


class CameraFeed(threading.Thread):
    """Reads a camera; finds it again when it comes back."""

    def __init__(
        self, source: CameraSource, meters: Meters, size_px: tuple[int, int], rate_hz: float
    ) -> None:
        super().__init__(name="camera", daemon=True)
        self.camera = source.camera
        self.size_px = source.size_px
        self.rate_hz = source.rate_hz
        self.gone = False
        """the system has lost it"""
        self.newest_s = time.monotonic()
        """when a picture came last"""
        self.picture = Picture()
        self._source: CameraSource | None = source
        self._wanted = (size_px, rate_hz)
        self._meters = meters
        self._stopping = threading.Event()
        self._frames: deque[VideoFrame] = deque()
        self._earlier: Counter[str] = Counter()
        self._queue_drops = 0
        self._count = 0
        self._came: deque[float] = deque()

    @property
    def drops(self) -> dict[str, int]:
        """Pictures that were lost since the beginning, by cause."""
        counts = self._earlier.copy()
        source = self._source
        if source is not None:
            counts.update(camera=source.missed, unreadable=source.unreadable)
        counts["queue"] = self._queue_drops
        return dict(counts)

    @property
    def measured_rate_hz(self) -> float:
        """Pictures per s that came in the last seconds."""
        since_s = time.monotonic() - RATE_WINDOW_S
        return sum(time_s >= since_s for time_s in tuple(self._came)) / RATE_WINDOW_S

    @property
    def waiting(self) -> bool:
        """Whether there are pictures to take."""
        return bool(self._frames)

    def pop(self) -> VideoFrame | None:
        """Take the oldest picture; None = there is none."""
        try:
            return self._frames.popleft()
        except IndexError:
            return None

    def stop(self) -> None:
        """End the thread; it may still hang in the driver for a moment."""
        self._stopping.set()
        source = self._source
        if source is not None:
            source.close()

    def run(self) -> None:
        """Read until told to stop."""
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception:
                # The sound must not end with the picture, and the picture not for ever.
                _log.exception("the camera's thread failed: the camera is opened anew")
                self._give_up()

    def _step(self) -> None:
        source = self._source
        if source is None:
            self._source = self._find_again()
            return
        frame = source.read()
        if frame is None:
            self._nothing_came(source)
        else:
            self._take(frame)

    def _take(self, frame: VideoFrame) -> None:
        self.gone = False
        self.newest_s = time.monotonic()
        self._came.append(self.newest_s)
        while self._came[0] < self.newest_s - RATE_WINDOW_S:
            self._came.popleft()
        self._frames.append(frame)
        self._thin_out(frame)
        if self._count % PREVIEW_EVERY == 0:
            self._meters.write_preview(shrunk(frame.image), frame.capture_s)
        self.picture.feed(frame.image[::WATCH_EVERY_PX, ::WATCH_EVERY_PX].copy(), self.newest_s)
        self._count += 1

    def _thin_out(self, newest: VideoFrame) -> None:
        """Leave the oldest pictures out where the encoder is behind."""
        with contextlib.suppress(IndexError):  # the encoder has just taken the last one
            while (
                len(self._frames) * newest.image.nbytes > QUEUE_BYTES
                or newest.capture_s - self._frames[0].capture_s > QUEUE_S
            ):
                self._frames.popleft()
                self._queue_drops += 1

    def _nothing_came(self, source: CameraSource) -> None:
        if self._stopping.is_set():
            return
        gone = source.gone()
        if not gone and time.monotonic() - self.newest_s < GIVE_UP_S:
            return
        self.gone = gone
        self._give_up()

    def _give_up(self) -> None:
        """Close the camera; the next step looks for it."""
        self.picture.forget()
        source, self._source = self._source, None
        if source is not None:
            self._earlier.update(camera=source.missed, unreadable=source.unreadable)
            source.close()

    def _find_again(self) -> CameraSource | None:
        """Wait a moment and try to open the same camera; None = not yet."""
        if self._stopping.wait(RETRY_S):
            return None
        size_px, rate_hz = self._wanted
        try:
            camera = find_camera(self.camera.id)
            return CameraSource(camera, size_px=size_px, rate_hz=rate_hz)
        except CameraUnusable as exc:
            _log.info("the camera is not back: %s", exc)
            return None


def shrunk(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture at most `PREVIEW_PX` large, its proportions kept."""
    height, width = image.shape[:2]
    scale = min(PREVIEW_PX[0] / width, PREVIEW_PX[1] / height)
    if scale >= 1:
        return image.copy()
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
