"""Every watchdog against the virtual devices: told while it lasts, kept with the take, time intact.

How soon they tell is measured by the benchmark of the recorder; here a busy machine may be late.
"""

import os
import signal
import time

import numpy as np
import pytest

from recorder.capture import CaptureOptions, Recorder
from recorder.microphone_feed import MEND_AFTER_S
from tests.devices.virtual_camera import moving_pattern
from tests.recorder.live import QUESTION, Told, noise, picture_times_of, recorded, sound_of, wait

pytestmark = pytest.mark.virtual_devices
PLAYED_S = 150
GAP_ERROR_S = 0.02
"""allowed for the length of a silence"""
FOUND_S = 4.5
"""after which small losses without a pause are found and filled"""


class Studio:
    """A recorder that records, and what it is fed with."""

    def __init__(self, recorder, folder, microphone, camera):
        self.recorder = recorder
        self.folder = folder
        self.microphone = microphone
        self.camera = camera
        self.told = Told(recorder)
        self.sound = noise(PLAYED_S)
        self.played = microphone.play(self.sound)
        wait(lambda: recorder.level().rms_dbfs > -40, "the sound is heard")
        recorder.begin(QUESTION)
        recorded(recorder, 1.5)

    def finish(self, after_s=1.0):
        recorded(self.recorder, after_s)
        self.take = self.recorder.finish()
        self.samples = sound_of(self.folder / self.take.media)[:, 0]
        assert len(self.samples) == round(self.take.duration_s * 48_000)
        return self.take

    def kinds(self):
        """Return the faults of the take but those that a busy machine makes."""
        busy = ("frames-dropped", "suspended")
        return [f.kind for f in self.take.health.faults if f.kind not in busy]

    def lag_s(self, at_s):
        """Return how far the take's clock is behind what was played; the sound is there."""
        at = round(at_s * 48_000)
        heard = self.samples[at : at + 64]
        found = self.sound.tobytes().find(heard.tobytes()) // 2
        assert found > 0, f"no played sound at {at_s} s"
        return (found - at) / 48_000


@pytest.fixture
def begin(virtual_microphone, virtual_camera, device_environment, monkeypatch, tmp_path):
    """Return a function that starts recording; it is closed with the test."""
    recorders = []

    def start(*, video, clock=None):
        camera = virtual_camera if video else None
        environment = device_environment(virtual_microphone, camera, clock)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        folder = tmp_path / "session"
        folder.mkdir()
        recorder = Recorder(folder, CaptureOptions(video=video))
        recorders.append(recorder)
        recorder.open()
        return Studio(recorder, folder, virtual_microphone, camera)

    yield start
    for recorder in recorders:
        recorder.close()


def test_a_microphone_that_stops(begin):
    studio = begin(video=True)
    studio.microphone.suspend()
    began = studio.told.began("microphone-stalled")
    recorded(studio.recorder, 3.0)  # silence is recorded meanwhile
    pictures = studio.recorder.status().frames_written
    studio.microphone.resume()
    over = studio.told.over("microphone-stalled")
    take = studio.finish()
    assert studio.kinds() == ["microphone-stalled"]
    assert took(over) == pytest.approx(over.end_s - began.start_s)
    # The silence is as long as the sound was away.
    assert take.health.audio_gap_s == pytest.approx(took(over), abs=0.2)
    assert studio.lag_s(take.duration_s - 0.5) == pytest.approx(studio.lag_s(0.5), abs=GAP_ERROR_S)
    assert pictures > 60
    times, _ = picture_times_of(studio.folder / take.media)
    assert np.all(np.diff(times) > 0)


def took(fault):
    return fault.end_s - fault.start_s


def test_a_microphone_that_is_pulled_out_and_another_takes_over(begin):
    studio = begin(video=False)
    studio.microphone.unload()
    began = studio.told.began("microphone-replaced")
    assert "Spare Microphone" in began.detail
    studio.microphone.reload()
    studio.told.over("microphone-replaced")
    take = studio.finish(after_s=FOUND_S)
    assert "microphone-replaced" in studio.kinds()
    # The chosen one is recorded again, at its time.
    assert studio.lag_s(take.duration_s - 0.5) == pytest.approx(studio.lag_s(0.5), abs=GAP_ERROR_S)


def test_a_silent_microphone_is_opened_anew(begin):
    """It is still there and not suspended, but sends nothing: another stream may help."""
    studio = begin(video=False)
    studio.microphone.stall()
    studio.told.began("microphone-stalled")
    recorded(studio.recorder, MEND_AFTER_S + 2.0)
    studio.microphone.stall(False)
    studio.told.over("microphone-stalled")
    take = studio.finish(after_s=FOUND_S)
    assert studio.kinds() == ["microphone-stalled"]
    assert studio.lag_s(take.duration_s - 0.5) == pytest.approx(studio.lag_s(0.5), abs=GAP_ERROR_S)


def test_zeros_and_clipping(begin):
    studio = begin(video=False)
    studio.microphone.zeros()
    began = studio.told.began("microphone-zeros")
    studio.microphone.zeros(False)
    studio.told.over("microphone-zeros")
    loud = np.clip(np.sin(np.arange(48_000) / 30) * 60_000, -32_768, 32_767).astype(np.int16)
    studio.microphone.play(loud)
    studio.told.began("microphone-clipping")
    studio.told.over("microphone-clipping")
    take = studio.finish()
    assert studio.kinds() == ["microphone-zeros", "microphone-clipping"]
    assert take.health.audio_gap_s == 0.0
    assert not np.any(studio.samples[round((began.start_s + 0.5) * 48_000) :][:4800])
    assert studio.lag_s(take.duration_s - 0.5) == studio.lag_s(0.5)


def test_a_camera_that_is_unplugged_and_plugged_in_elsewhere(begin):
    studio = begin(video=True)
    studio.camera.unplug()
    began = studio.told.began("camera-gone")
    recorded(studio.recorder, 1.0)
    studio.camera.replug(3)
    over = studio.told.over("camera-gone")
    take = studio.finish()
    assert studio.kinds() == ["camera-gone"]
    assert began.detail == "Virtual Camera"
    # The sound went on to the bit, and the picture has a hole where the camera was away.
    assert studio.lag_s(take.duration_s - 0.5) == studio.lag_s(0.5)
    assert take.health.audio_gap_s == 0.0
    times, _ = picture_times_of(studio.folder / take.media)
    assert np.diff(times).max() == pytest.approx(took(over), abs=0.5)
    assert times[-1] > over.end_s


def test_a_camera_that_sends_nothing_then_black_then_always_the_same(begin):
    studio = begin(video=True)
    studio.camera.stall()
    studio.told.began("camera-stalled")
    studio.camera.stall(False)
    studio.told.over("camera-stalled")
    studio.camera.black()
    studio.told.began("picture-black")
    studio.camera.freeze()
    studio.told.over("picture-black")
    studio.told.began("picture-constant")
    studio.camera.play(moving_pattern(studio.camera.size_px), repeat=True)
    studio.told.over("picture-constant")
    take = studio.finish()
    assert studio.kinds() == ["camera-stalled", "picture-black", "picture-constant"]
    assert studio.lag_s(take.duration_s - 0.5) == studio.lag_s(0.5)


def test_a_fault_that_lasts_is_told_to_the_next_take_too(begin):
    studio = begin(video=True)
    studio.camera.unplug()
    studio.told.began("camera-gone")
    studio.recorder.begin(QUESTION)
    recorded(studio.recorder, 0.5)
    assert [f.kind for f in studio.recorder.status().faults] == ["camera-gone"]
    take = studio.finish()
    (fault,) = [f for f in take.health.faults if f.kind == "camera-gone"]
    assert (fault.start_s, fault.end_s) == (0.0, None)
    assert take.health.frames_written == 0


def test_a_program_that_stood_still(begin):
    studio = begin(video=True)
    pid = studio.recorder.pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(3.0)
    os.kill(pid, signal.SIGCONT)
    fault = studio.told.over("suspended")
    assert took(fault) == pytest.approx(3.0, abs=1.0)
    times_before = studio.recorder.status().frames_written
    wait(lambda: studio.recorder.status().frames_written > times_before + 30, "pictures go on")
    take = studio.finish()
    assert "suspended" in [f.kind for f in take.health.faults]
    # The sound server kept what came meanwhile: nothing is lost, nothing was put in.
    assert take.health.audio_gap_s == 0.0
    assert studio.lag_s(take.duration_s - 0.5) == studio.lag_s(0.5)


def test_a_clock_that_is_set_changes_nothing(begin, virtual_clock):
    studio = begin(video=False, clock=virtual_clock)
    virtual_clock.set_ahead(3600.0)
    studio.told.over("clock-changed")
    virtual_clock.set_ahead(-86_400.0)
    fault = studio.told.over("clock-changed")
    assert "-90000" in fault.detail
    take = studio.finish()
    assert studio.kinds() == ["clock-changed", "clock-changed"]
    assert take.duration_s < 60
    assert studio.lag_s(take.duration_s - 0.5) == studio.lag_s(0.5)
