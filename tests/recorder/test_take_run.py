"""A take on its way to the disk, without devices."""

import errno
from types import SimpleNamespace

import numpy as np
import pytest

from recorder.errors import FolderRefused, WriterFailed
from recorder.journal import read_journal
from recorder.recording import Recording
from recorder.session import CaptureHealth, DevicesUsed, Fault, Take
from recorder.take_run import TakeRun
from recorder.video import VideoFrame
from tests.recorder.live import QUESTION, picture_times_of, sound_of

RATE_HZ = 48_000


@pytest.fixture
def take():
    return Take(
        "s-01", QUESTION, "01-why-us.mkv", 0.0, RATE_HZ, 1, (64, 48), CaptureHealth(),
        "calm", DevicesUsed("Mic", "none", "Cam", 30.0),
    )  # fmt: skip


@pytest.fixture
def run(take, tmp_path):
    made = TakeRun(take, tmp_path, 30.0, {"camera": 5, "queue": 1}, 2, language="ja")
    made.start_sample = 1000
    yield made
    made._writer.close()
    made._journal.close()


def sound(n):
    return np.arange(n, dtype=np.int16)[:, None]


def picture(value):
    return np.full((48, 64, 3), value, np.uint8)


def test_what_a_take_knows_in_the_end(run, take, tmp_path):
    run.write_sound(sound(RATE_HZ))
    run.write_silence(RATE_HZ * 2 + 7)
    run.write_sound(sound(480))
    for i in range(10):
        run.write_picture(picture(20 * i), 1000 + RATE_HZ * (i + 1) / 30)
    run.write_picture(picture(0), 1000 + RATE_HZ / 30)  # not later than the one before
    assert run.length_s == pytest.approx(3.01, abs=0.001)
    assert run.start_s == pytest.approx(1000 / RATE_HZ)
    faults = (Fault("microphone-stalled", 1.0, 3.0),)
    done = run.close(faults, {"camera": 8, "queue": 1, "unreadable": 1}, 3)
    health = done.health
    assert health.frames_dropped_by == {"camera": 3, "unreadable": 1, "clock": 1}
    assert health.frames_dropped == 5
    assert health.frames_written == 10
    assert health.audio_overflows == 1
    assert health.audio_gap_s == pytest.approx(2.0, abs=0.001)
    assert health.av_offset_s == pytest.approx(1 / 30, abs=0.001)
    assert health.faults == faults
    samples = sound_of(tmp_path / take.media)[:, 0]
    assert done.duration_s == len(samples) / RATE_HZ
    assert not samples[RATE_HZ : RATE_HZ * 3 + 7].any()
    assert np.array_equal(samples[-480:], sound(480)[:, 0])
    times, keyframe = picture_times_of(tmp_path / take.media)
    assert keyframe
    assert times[0] == pytest.approx(health.av_offset_s)


def test_the_journal_says_what_a_recovery_needs(run, tmp_path):
    run.write_sound(sound(4800))
    run.write_silence(480)
    run.note_second({"camera": 6, "queue": 1}, 4, free_bytes=7)
    run.note_fault(Fault("camera-gone", 0.05))
    known = read_journal(tmp_path / "01-why-us.journal.jsonl")
    cut_off = known.take_when_cut_off()
    assert cut_off.health.frames_dropped_by == {"camera": 1}
    assert cut_off.health.audio_gap_s == 0.01
    assert cut_off.health.audio_overflows == 2
    assert cut_off.health.faults == (Fault("camera-gone", 0.05),)
    assert known.end is None


def test_sound_goes_on_when_pictures_fail(run, monkeypatch):
    class Broken:
        def encode(self, frame):
            raise ValueError("encoder lost")

    monkeypatch.setattr(run._writer, "_video", Broken())
    with pytest.raises(WriterFailed, match="can't be encoded"):
        run.write_picture(picture(1), 2000)
    assert run.video_failed
    run.write_picture(picture(1), 4000)  # told once
    run.write_sound(sound(480))
    assert run.close((), {}, 2).health.frames_written == 0


class LostDisk:
    """A file on a disk that is gone."""

    def __init__(self, file):
        self._file = file

    def write(self, data):
        raise OSError(errno.EIO, "Input/output error")

    def __getattr__(self, name):
        return getattr(self._file, name)


def test_a_lost_disk_met_by_a_picture_ends_the_take(run, monkeypatch):
    """It is no failure of the picture alone: sound that seems to go on would be lost."""
    ended, no_video = [], []
    desk = SimpleNamespace(rate_hz=RATE_HZ)
    recording = Recording(desk, None, None, ended.append, no_video.append)
    recording.run = run
    run.write_sound(sound(RATE_HZ))
    run._writer._sink._file = LostDisk(run._writer._sink._file)
    random = np.random.default_rng(1)
    for i in range(300):
        image = random.integers(0, 256, (48, 64, 3), np.uint8)
        moment = 1000 + RATE_HZ * (i + 1) / 30
        recording._write_picture(run, VideoFrame(image, 0.0), moment)
        if recording.run is None:
            break
    assert recording.run is None
    assert run.reason == "write-failed"
    assert not run.video_failed
    recording._let_go()
    assert ended == [run]
    assert no_video == []
    run.write_sound(sound(480))  # told once


def test_a_file_without_an_end_is_left_to_the_recovery(run, monkeypatch, tmp_path):
    run.write_sound(sound(4800))
    run._writer._sink.broken = OSError(5, "gone")
    with pytest.raises(WriterFailed, match="mensetsu recover"):
        run.close((), {}, 2)
    assert read_journal(tmp_path / "01-why-us.journal.jsonl").end is None


def test_nothing_is_overwritten(run, take, tmp_path):
    with pytest.raises(FolderRefused):
        TakeRun(take, tmp_path, 30.0, {}, 0, language="ja")
    assert (tmp_path / take.media).exists()


def test_a_file_that_can_not_be_made_leaves_no_journal(take, tmp_path):
    (tmp_path / take.media).write_bytes(b"mine")
    with pytest.raises(WriterFailed):
        TakeRun(take, tmp_path, 30.0, {}, 0, language="ja")
    assert [p.name for p in tmp_path.iterdir()] == [take.media]
    assert (tmp_path / take.media).read_bytes() == b"mine"
