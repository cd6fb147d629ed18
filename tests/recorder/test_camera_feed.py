"""The camera's thread, with a stand-in for the camera."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from recorder import camera_feed
from recorder.camera_feed import QUEUE_S, CameraFeed
from recorder.errors import CameraUnusable
from recorder.video import VideoFrame
from tests.recorder.live import wait


class Source:
    """Sends a picture every 5 ms."""

    size_px, rate_hz = (64, 48), 200.0
    missed = unreadable = 0

    def __init__(self, camera=None, *, size_px=None, rate_hz=None):
        self.camera = SimpleNamespace(id="cam", name="Cam")
        self.fail = self.nothing = self.closed = False
        self.period_s = 0.005

    def read(self):
        time.sleep(self.period_s)
        if self.fail:
            raise RuntimeError("out of order")
        if self.nothing or self.closed:
            return None
        return VideoFrame(np.zeros((48, 64, 3), np.uint8), time.monotonic())

    def gone(self):
        return self.nothing

    def close(self):
        self.closed = True


@pytest.fixture
def feed(monkeypatch):
    monkeypatch.setattr(camera_feed, "RETRY_S", 0.05)
    monkeypatch.setattr(camera_feed, "find_camera", lambda id_: SimpleNamespace(id=id_))
    monkeypatch.setattr(camera_feed, "CameraSource", Source)
    meters = SimpleNamespace(write_preview=lambda image, time_s: None)
    made = CameraFeed(Source(), meters, (64, 48), 200.0)
    made.start()
    yield made
    made.stop()
    made.join(5)


def test_what_the_encoder_does_not_take_is_counted(feed):
    wait(lambda: feed.drops["queue"] > 5, "the queue is full")
    kept = []
    while frame := feed.pop():
        kept.append(frame.capture_s)
    assert kept == sorted(kept)
    assert kept[-1] - kept[0] <= QUEUE_S + 0.2


def test_a_quick_encoder_gets_every_picture(feed):
    """Both threads at the queue all the time: neither may stumble over the other."""
    over = threading.Event()
    got = []

    def take():
        while not over.is_set():
            frame = feed.pop()
            if frame is not None:
                got.append(frame)

    first = feed._source
    first.period_s = 0.0
    thread = threading.Thread(target=take)
    thread.start()
    wait(lambda: len(got) > 500, "pictures come")
    over.set()
    thread.join()
    assert feed.is_alive()
    assert feed._source is first


def test_a_camera_that_is_gone_is_found_again(feed, monkeypatch):
    def not_there(id_):
        raise CameraUnusable("not there", "none")

    monkeypatch.setattr(camera_feed, "find_camera", not_there)
    first = feed._source
    first.missed, first.unreadable, first.nothing = 3, 2, True
    wait(lambda: feed.gone, "it is told")
    assert first.closed
    assert (feed.drops["camera"], feed.drops["unreadable"]) == (3, 2)
    time.sleep(0.2)
    assert feed.gone
    monkeypatch.setattr(camera_feed, "find_camera", lambda id_: SimpleNamespace(id=id_))
    wait(lambda: not feed.gone, "it is back")
    assert (feed.drops["camera"], feed.drops["unreadable"]) == (3, 2)
    assert feed.measured_rate_hz > 0


def test_a_failure_is_not_the_end_of_the_picture(feed, caplog):
    first = feed._source
    first.fail = True
    wait(lambda: feed._source not in (None, first), "the camera is opened anew")
    assert first.closed
    assert "out of order" in caplog.text
    caplog.clear()
    while feed.pop():
        pass
    assert wait(feed.pop, "pictures come again")
