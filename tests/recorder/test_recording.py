"""The thread that writes, with stand-ins for devices and files."""

import sys
import threading
import time
from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest

from recorder import audio
from recorder.audio import AudioBlock, MicrophoneStream
from recorder.errors import WriterFailed
from recorder.housekeeping import Housekeeping
from recorder.messages import CaptureOptions
from recorder.microphone_feed import MicrophoneFeed
from recorder.microphone_list import Microphone as FoundMicrophone
from recorder.recording import Recording
from recorder.video import VideoFrame
from tests.recorder.live import wait

RATE_HZ = 48_000
BLOCK = 480


class Microphone:
    """Delivers numbered samples in real time."""

    rate_hz = RATE_HZ

    def __init__(self):
        self.start_s = time.monotonic()
        self.sent = 0

    def take(self):
        blocks = []
        while time.monotonic() >= self.start_s + (self.sent + BLOCK) / RATE_HZ:
            numbers = (np.arange(self.sent, self.sent + BLOCK) % 30_000 + 1).astype(np.int16)
            self.sent += BLOCK
            blocks.append(AudioBlock(numbers[:, None], self.start_s + self.sent / RATE_HZ))
        return blocks


class Camera:
    """Hands out the pictures that a test puts in."""

    gone = False

    def __init__(self):
        self.frames = deque()

    @property
    def waiting(self):
        return bool(self.frames)

    def pop(self):
        return self.frames.popleft() if self.frames else None


class Run:
    """Keeps what it is given; fails where a test says so."""

    def __init__(self, fail_sound=None, fail_picture=None):
        self.parts, self.pictures = [], []
        self.start_sample, self.video_failed, self.reason = None, False, ""
        self.fail_sound, self.fail_picture = fail_sound, fail_picture

    def write_sound(self, samples):
        if self.fail_sound:
            raise self.fail_sound
        self.parts.append(samples[:, 0].copy())

    def write_silence(self, n_frames):
        self.parts.append(np.zeros(n_frames, np.int16))

    def write_picture(self, image, sample):
        if self.fail_picture:
            self.video_failed = not self.fail_picture.full
            raise self.fail_picture
        self.pictures.append(sample)

    @property
    def samples(self):
        return np.concatenate(self.parts)


@pytest.fixture
def desk():
    """A recording at work, settled."""
    microphone, camera = Microphone(), Camera()
    finished, failed = [], []
    meters = SimpleNamespace(write_level=lambda level: None)
    recording = Recording(microphone, camera, meters, finished.append, failed.append)
    recording.start()
    wait(lambda: recording.line.clock.settled, "the clock is settled")
    yield SimpleNamespace(
        recording=recording, camera=camera, microphone=microphone, finished=finished, failed=failed
    )
    recording.cut(None, "closed").made.wait()
    recording.stop()


def frame(capture_s):
    return VideoFrame(np.zeros((4, 4, 3), np.uint8), capture_s)


def test_takes_meet_at_one_sample(desk):
    runs = [Run(), Run(), Run()]
    cuts = []
    for run in runs:
        cut = desk.recording.cut(run, "switched")
        assert cut.made.wait(5)
        cuts.append(cut)
        time.sleep(0.137)
    last = desk.recording.cut(None, "asked")
    assert last.made.wait(5)
    assert [c.ended for c in (*cuts, last)] == [None, *runs]
    wait(lambda: len(desk.finished) == 3, "all are handed over")
    assert [run.reason for run in runs] == ["switched", "switched", "asked"]
    joined = np.concatenate([run.samples for run in runs])
    first = runs[0].start_sample
    expected = (np.arange(first, first + len(joined)) % 30_000 + 1).astype(np.int16)
    assert np.array_equal(joined, expected)
    for cut, run in zip(cuts, runs, strict=True):
        # It begins where it was asked for, not where a block happens to begin.
        asked = (cut.time_s - desk.microphone.start_s) * RATE_HZ
        assert run.start_sample == pytest.approx(asked, abs=0.02 * RATE_HZ)


def test_pictures_belong_to_the_take_of_their_time(desk):
    first, second = Run(), Run()
    desk.recording.cut(first, "asked").made.wait(5)
    time.sleep(0.2)
    cut = desk.recording.cut(second, "switched")
    cut.made.wait(5)
    # They were taken around the cut, and come after it.
    for offset_s in (-0.10, -0.06, -0.02, 0.02, 0.06):
        desk.camera.frames.append(frame(cut.time_s + offset_s))
    wait(lambda: len(second.pictures) == 2, "the pictures are written")
    assert len(first.pictures) == 3
    assert max(first.pictures) < second.start_sample <= min(second.pictures)
    wait(lambda: first in desk.finished, "the first take has all its pictures")
    assert second not in desk.finished


def test_pictures_from_before_the_first_take_are_not_written(desk):
    run = Run()
    cut = desk.recording.cut(run, "asked")
    cut.made.wait(5)
    desk.camera.frames.extend([frame(cut.time_s - 0.5), frame(cut.time_s + 0.05)])
    wait(lambda: run.pictures, "the picture is written")
    assert len(run.pictures) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (WriterFailed("full", full=True), "disk-full"),
        (WriterFailed("broken"), "write-failed"),
    ],
)
def test_a_take_that_can_not_be_written_is_ended(desk, error, reason):
    run = Run(fail_sound=error)
    desk.recording.cut(run, "asked").made.wait(5)
    wait(lambda: desk.finished == [run], "it is handed over")
    assert run.reason == reason
    # The recorder goes on, and the next take is fine.
    another = Run()
    desk.recording.cut(another, "asked").made.wait(5)
    wait(lambda: another.parts, "sound is written")


def test_a_full_disk_met_by_a_picture(desk):
    run = Run(fail_picture=WriterFailed("full", full=True))
    cut = desk.recording.cut(run, "asked")
    cut.made.wait(5)
    desk.camera.frames.append(frame(cut.time_s + 0.01))
    wait(lambda: desk.finished == [run], "it is handed over")
    assert run.reason == "disk-full"


def test_pictures_that_fail_leave_the_sound(desk):
    run = Run(fail_picture=WriterFailed("no encoder"))
    cut = desk.recording.cut(run, "asked")
    cut.made.wait(5)
    desk.camera.frames.append(frame(cut.time_s + 0.01))
    wait(lambda: desk.failed == ["no encoder"], "it is told")
    before = len(run.parts)
    wait(lambda: len(run.parts) > before + 5, "sound goes on")


def test_a_microphone_that_sends_nothing_does_not_hold_up_a_cut(desk):
    desk.microphone.take = lambda: []
    cut = desk.recording.cut(Run(), "asked")
    assert cut.made.wait(10)


def test_silence_that_was_put_in_is_told(desk):
    run = Run()
    desk.recording.cut(run, "asked").made.wait(5)
    desk.recording.slept(2.0)
    start_s, end_s = wait(lambda: desk.recording.gaps and desk.recording.gaps.popleft(), "a gap")
    assert end_s - start_s == pytest.approx(2.0, abs=1e-3)
    wait(lambda: len(run.samples) > 2 * RATE_HZ, "it is in the take")
    assert np.count_nonzero(run.samples == 0) == 2 * RATE_HZ


class PortAudio:
    """PortAudio with one device; closing a stream takes as long as a test likes."""

    PortAudioError = OSError

    def __init__(self):
        self.closing, self.may_close = threading.Event(), threading.Event()
        self.callbacks = []

    def query_devices(self):
        return [{"name": "Desk (hw:1,0)", "hostapi": 0, "max_input_channels": 1}]

    def query_hostapis(self, index):
        return {"name": "ALSA"}

    def RawInputStream(self, *, callback, **options):
        self.callbacks.append(callback)
        return SimpleNamespace(start=lambda: None, close=self._close)

    def _close(self):
        self.closing.set()
        self.may_close.wait(30)


@pytest.fixture
def port_audio(monkeypatch):
    port_audio = PortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", port_audio)
    monkeypatch.setattr(audio, "_open_streams", 0)
    monkeypatch.setattr(audio, "_index", lambda sd, microphone: 0)
    yield port_audio
    port_audio.may_close.set()


FOUND = FoundMicrophone(
    id="ALSA: Desk",
    name="Desk",
    channels=2,
    rate_hz=48000,
    host="ALSA",
    default=True,
    processing="unknown",
    bluetooth=False,
    device="Desk (hw:1,0)",
)


def test_a_stream_that_hangs_when_closed_does_not_hold_up_another(port_audio):
    dead = MicrophoneStream(FOUND, print)
    closer = threading.Thread(target=dead.close, daemon=True)
    closer.start()
    assert port_audio.closing.wait(5)
    opener = threading.Thread(target=MicrophoneStream, args=(FOUND, print), daemon=True)
    opener.start()
    opener.join(5)
    held_up = opener.is_alive()
    port_audio.may_close.set()
    closer.join(5)
    assert not held_up
    assert audio._open_streams == 1


def test_a_busy_disk_does_not_make_the_microphone_look_dead(port_audio, tmp_path):
    """The encode thread hangs in a write and takes no blocks; the microphone is fine."""
    port_audio.may_close.set()
    feed = MicrophoneFeed(FOUND)
    recording = Recording(feed, None, None, print, print)  # not started: it takes nothing
    told = []
    keeping = Housekeeping(
        recording, feed, None, tmp_path, CaptureOptions(), print, told.append, print
    )
    for _ in range(10):
        port_audio.callbacks[0](bytes(2 * BLOCK), BLOCK, None, None)
        keeping._listen(time.monotonic(), 0.1)
    assert told == []
    assert not feed._dead.is_set()
    assert len(feed.take()) == 10
    for _ in range(10):
        keeping._listen(time.monotonic(), 0.1)
    assert [event.fault.kind for event in told] == ["microphone-stalled"]
    assert feed._dead.is_set()
