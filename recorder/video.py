"""Cameras as they are opened: pictures as they arrive, with the time of their capture.

The door to OpenCV's capture. `recorder.camera_list` tells what there is.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.camera_list import (
    DSHOW,
    MSMF,
    V4L2,
    Camera,
    find_camera,
    is_present,
    list_cameras,
    refusal,
    trouble_with,
    twin_on,
)
from recorder.frame_gaps import GapCounter

__all__ = [
    "Camera",
    "CameraSource",
    "VideoFrame",
    "find_camera",
    "is_present",
    "list_cameras",
]

OPEN_LIMIT_S = 8.0
"""time for a camera to send its first picture (our judgement; webcams take up to 2-3 s; Windows'
MSMF takes 4-20 s, but inside one call that can't be cut short)"""
STALL_S = 1
"""after so long without a picture `CameraSource.read` returns (OpenCV's own limit is 10 s, and the
user is to be told of a camera that is gone within 1 s)"""
BUFFERS = 10
"""driver buffers (recording facts, section 6: fewer drops than with 4)"""
OLDEST_S = 1.0
"""a first capture time further back than this is on another clock (recording facts, section 5)"""
TRIES = 10
"""broken pictures in a row before it counts as none (our judgement)"""
RETRY_S = 0.02
"""pause after a failed grab, so that a camera that is gone does not cost a core"""


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One picture of the camera."""

    image: NDArray[np.uint8]
    """BGR, shape (height, width, 3)"""
    capture_s: float
    """time of capture on the clock of `time.monotonic()`"""


class CameraSource:
    """A camera that is open: it has sent a picture.

    Parameters
    ----------
    camera
        As `find_camera` returned it.
    size_px, rate_hz
        Asked for; `size_px` and `rate_hz` of the object tell what was granted.

    Raises
    ------
    CameraUnusable
        Reason "none" (gone), "busy", "permission" or "failed".
    """

    def __init__(
        self, camera: Camera, *, size_px: tuple[int, int] = (1280, 720), rate_hz: float = 30
    ) -> None:
        self.camera = camera
        self.unreadable = 0
        """pictures that came broken or in another form, and were thrown away"""
        self.last_frame_s: float | None = None
        """`time.monotonic()` when the last picture came"""
        self._lock = threading.Lock()
        self._closed = False
        cv2 = _cv2()
        deadline_s = time.monotonic() + OPEN_LIMIT_S
        for attempt, mjpeg in _attempts(camera):
            self.camera = attempt
            self._capture: Any = cv2.VideoCapture(attempt.index, attempt.backend)
            if self._capture.isOpened():
                self._configure(cv2, size_px, rate_hz, mjpeg)
                if self._first_picture(deadline_s):
                    return
            self._capture.release()
        raise refusal(camera, trouble_with(camera))

    @property
    def missed(self) -> int:
        """Frames that never came from the device."""
        return self._gaps.missed

    def read(self) -> VideoFrame | None:
        """Wait for the next picture and return it.

        None = none came: within about `STALL_S`, or the camera is gone (`gone` tells), or this
        source is closed. Never raises.
        """
        frame = None
        with self._lock:
            for _ in range(TRIES):
                if self._closed:
                    break
                capture_s = self._grab()
                if capture_s is None:
                    break
                self._gaps.add(capture_s)  # a broken one came, too: it is counted as such only
                frame = self._retrieve(capture_s)
                if frame is not None:
                    self.last_frame_s = time.monotonic()
                    break
                self.unreadable += 1
        if self._closed:
            self._release()
            return None
        if frame is None:
            time.sleep(RETRY_S)
        return frame

    def gone(self) -> bool:
        """Whether the system has lost the camera (a stalled one is still there)."""
        return not is_present(self.camera)

    def close(self) -> None:
        """Give the camera back; any number of times, from any thread.

        Where another thread is inside `read`, that one gives it back as it leaves.
        """
        self._closed = True
        self._release()

    def _release(self) -> None:
        # Released under a running grab, the driver's memory would vanish from under it.
        if self._lock.acquire(blocking=False):
            try:
                self._capture.release()
            finally:
                self._lock.release()

    def _configure(self, cv2: Any, size_px: tuple[int, int], rate_hz: float, mjpeg: bool) -> None:
        settings = {
            cv2.CAP_PROP_BUFFERSIZE: BUFFERS,
            cv2.CAP_PROP_FRAME_WIDTH: size_px[0],
            cv2.CAP_PROP_FRAME_HEIGHT: size_px[1],
            cv2.CAP_PROP_FPS: rate_hz,
        }
        if mjpeg:  # 720p at 30/s does not fit through USB 2 otherwise
            settings = {
                cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"MJPG"),
                **settings,
            }
        for property_, value in settings.items():
            self._capture.set(property_, value)
        self._decode: Callable[[NDArray[np.uint8]], NDArray[np.uint8] | None] | None = None
        granted = int(self._capture.get(cv2.CAP_PROP_FOURCC))
        if self.camera.backend == V4L2 and granted == cv2.VideoWriter.fourcc(*"MJPG"):
            # Decoded by OpenCV's capture, a broken picture would come as the one before it again.
            self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
            self._decode = lambda data: cv2.imdecode(data, cv2.IMREAD_COLOR)
        granted_hz = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.rate_hz = granted_hz if 1 <= granted_hz <= 1000 else float(rate_hz)
        self.size_px = (0, 0)
        self._position = cv2.CAP_PROP_POS_MSEC
        self._error = cv2.error
        self._gaps = GapCounter()
        self._stamp_s: float | None = None

    def _first_picture(self, deadline_s: float) -> bool:
        """Wait for a picture; its size is the granted one."""
        unreadable = refused = 0
        while max(unreadable, refused) < TRIES and time.monotonic() < deadline_s:
            began_s = time.monotonic()
            if self._grab() is None:
                # One that refuses at once will go on refusing; one that is slow may come.
                refused += time.monotonic() - began_s < STALL_S / 2
                time.sleep(RETRY_S)
                continue
            image = self._image()
            if image is not None:
                self.size_px = (image.shape[1], image.shape[0])
                return True
            unreadable += 1
        return False

    def _grab(self) -> float | None:
        """Wait for a picture and return when it was taken."""
        try:
            grabbed = self._capture.grab()
            arrival_s = time.monotonic()
            if not grabbed:
                return None
            taken_s = self._capture.get(self._position) / 1000
        except self._error:
            return None
        return self._capture_time(taken_s, arrival_s)

    def _capture_time(self, taken_s: float, arrival_s: float) -> float:
        """Return the driver's time stamp where it can be believed, else the time of arrival."""
        # Only V4L2 tells the time on the clock of `time.monotonic`, and not every driver does.
        if self.camera.backend != V4L2 or taken_s > arrival_s:
            return arrival_s
        # Later frames may be old with good reason: nobody fetched them from the buffers.
        believed = self._stamp_s is not None and taken_s > self._stamp_s
        if not believed and arrival_s - taken_s >= OLDEST_S:
            return arrival_s
        self._stamp_s = taken_s
        return taken_s

    def _retrieve(self, capture_s: float) -> VideoFrame | None:
        image = self._image()
        if image is None or image.shape[1::-1] != self.size_px:
            return None
        return VideoFrame(image, capture_s)

    def _image(self) -> NDArray[np.uint8] | None:
        """Return the grabbed picture; None if it is broken or raw data."""
        with contextlib.suppress(self._error):
            fine, image = self._capture.retrieve()
            if fine and image is not None and self._decode is not None:
                image = self._decode(image.reshape(-1))
            if fine and image is not None and image.ndim == 3 and image.shape[2] == 3:
                return image
        return None


def _attempts(camera: Camera) -> Iterator[tuple[Camera, bool]]:
    """Yield what is tried in turn: interface, and whether Motion JPEG is asked for."""
    if camera.backend == MSMF:
        # MSMF chooses the format by size and rate itself. DSHOW opens fast, and some cameras
        # that fail in MSMF work there.
        yield camera, False
        twin = twin_on(camera, DSHOW)
        if twin is not None:
            yield twin, True
        return
    yield camera, True
    yield camera, False


def _cv2() -> Any:
    """Return OpenCV, quiet and set up; the variables must stand before it is first loaded."""
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(STALL_S))
    import cv2

    # A camera that does not open is told in words of ours.
    cv2.setLogLevel(2)  # errors only
    return cv2
