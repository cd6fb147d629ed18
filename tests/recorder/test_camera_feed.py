from types import SimpleNamespace

import numpy as np
import pytest

from recorder import camera_feed
from recorder.camera_feed import QUEUE_BYTES, QUEUE_S, CameraFeed, shrunk
from recorder.video import VideoFrame


class Camera:
    """A source that sends what it is told to, then ends its feed."""

    camera = SimpleNamespace(id="front", name="Front")
    rate_hz = 30.0
    missed = unreadable = 0

    def __init__(self, frames, size_px):
        self.size_px = size_px
        self.frames = list(frames)

    def read(self):
        if self.frames:
            return self.frames.pop(0)
        self.feed.stop()
        return None

    def gone(self):
        return False

    def close(self):
        pass


def fed(count, size_px=(64, 48), rate_hz=30.0):
    image = np.zeros((size_px[1], size_px[0], 3), np.uint8)
    frames = [VideoFrame(image, 100 + k / rate_hz) for k in range(count)]
    source = Camera(frames, size_px)
    meters = SimpleNamespace(write_preview=lambda image, time_s: None)
    source.feed = CameraFeed(source, meters, size_px, rate_hz)
    source.feed.run()  # in this thread
    taken = []
    while (frame := source.feed.pop()) is not None:
        taken.append(frame.capture_s)
    return source.feed, taken


def test_nothing_is_left_out_while_the_encoder_keeps_up():
    feed, taken = fed(10)
    assert len(taken) == 10
    assert feed.drops == {"camera": 0, "unreadable": 0, "queue": 0}


def test_pictures_never_wait_longer_than_a_crash_may_cost():
    feed, taken = fed(90)
    assert taken[-1] == pytest.approx(100 + 89 / 30)  # the newest are kept
    assert taken[-1] - taken[0] == pytest.approx(QUEUE_S, abs=1 / 30)
    assert feed.drops["queue"] == 90 - len(taken) > 0


def test_large_pictures_are_bounded_by_memory(monkeypatch):
    monkeypatch.setattr(camera_feed, "QUEUE_BYTES", 5 * 64 * 48 * 3)
    feed, taken = fed(10)
    assert len(taken) == 5
    assert feed.drops["queue"] == 5
    assert QUEUE_BYTES > 20 * 1280 * 720 * 3  # the real bound holds more than half a second


def test_a_preview_keeps_its_proportions():
    assert shrunk(np.zeros((720, 1280, 3), np.uint8)).shape == (360, 640, 3)
    assert shrunk(np.zeros((1280, 720, 3), np.uint8)).shape == (360, 202, 3)
    assert shrunk(np.zeros((100, 100, 3), np.uint8)).shape == (100, 100, 3)
