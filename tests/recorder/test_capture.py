"""The whole recorder against virtual devices: takes, sessions, and how it ends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from recorder import engine
from recorder.capture import CaptureOptions, Recorder, record_take
from recorder.errors import (
    CameraUnusable,
    MicrophoneUnusable,
    RecorderBusy,
    RecorderFailed,
    SessionUnreadable,
)
from recorder.faults import describe
from recorder.journal import read_journal
from recorder.session import read_session
from tests.recorder.live import (
    QUESTION,
    WAIT_S,
    Told,
    noise,
    picture_times_of,
    place_in,
    recorded,
    sound_of,
    wait,
)

pytestmark = pytest.mark.virtual_devices
ROOT = Path(__file__).resolve().parents[2]
SOUND_ONLY = CaptureOptions(video=False)

# The user interface as a process that can be killed: begins a take and waits.
INTERFACE = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from recorder.capture import CaptureOptions, Recorder
from tests.recorder.live import QUESTION
with Recorder(Path(sys.argv[1]), CaptureOptions()) as recorder:
    recorder.open()
    recorder.begin(QUESTION)
    print(recorder.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "sessions" / "2026-11-23-1045-test"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def devices(virtual_microphone, virtual_camera, device_environment, monkeypatch):
    """A microphone and a camera that a recorder started here will find."""
    for name, value in device_environment(virtual_microphone, virtual_camera).items():
        monkeypatch.setenv(name, value)
    return virtual_microphone, virtual_camera


@pytest.fixture
def microphone(virtual_microphone, device_environment, monkeypatch):
    for name, value in device_environment(virtual_microphone).items():
        monkeypatch.setenv(name, value)
    return virtual_microphone


def test_from_answer_to_answer_no_sample_is_lost(devices, folder):
    microphone, _ = devices
    played = noise(40)
    before = set(os.listdir("/dev/shm"))
    with Recorder(folder, CaptureOptions()) as recorder:
        ready = recorder.open()
        # Nothing is left behind whoever gets killed from now on.
        assert {n for n in os.listdir("/dev/shm") if n.startswith("psm_")} <= before
        microphone.play(played)
        wait(lambda: recorder.level().rms_dbfs > -40, "the sound is heard")
        first = recorder.begin(QUESTION, goal="calm")
        recorded(recorder, 2.0)
        second = recorder.begin(QUESTION)
        recorded(recorder, 1.0)
        third = recorder.begin(QUESTION)
        recorded(recorder, 1.0)
        status = recorder.status()
        preview = recorder.preview()
        take = recorder.finish()
        assert recorder.finish() is None
        assert recorder.status()
        told = recorder.events()
        session = recorder.close()
    assert (ready.microphone, ready.rate_hz, ready.channels) == ("Virtual Microphone", 48_000, 1)
    assert (ready.camera, ready.size_px, ready.codec) == (
        "Virtual Camera", (1280, 720), "libx264",
    )  # fmt: skip
    assert preview.image.shape == (360, 640, 3)
    assert status.take_id == third
    assert status.frames_written > 0
    assert status.free_bytes > 0
    assert status.memory_bytes > 1e7
    ids = [first, second, third]
    assert ids == [f"{folder.name}-{n:02}" for n in (1, 2, 3)]
    assert [t.id for t in session.takes] == ids
    assert [(e.take_id, e.reason) for e in told if e.kind == "take-finished"] == [
        (first, "switched"), (second, "switched"), (third, "asked"),
    ]  # fmt: skip
    assert take == session.takes[-1]
    assert session.takes[0].goal == "calm"
    assert session == read_session(folder)
    # To the bit what was played, over both changes.
    heard = [sound_of(folder / t.media) for t in session.takes]
    at = place_in(played, np.concatenate(heard))
    assert at > 0
    for t, samples in zip(session.takes, heard, strict=True):
        assert t.duration_s == pytest.approx(len(samples) / 48_000, abs=1e-6)
        assert t.health.audio_gap_s == 0.0
        assert t.health.audio_overflows == 0
        times, keyframe = picture_times_of(folder / t.media)
        assert keyframe
        assert len(times) == t.health.frames_written
        assert times[0] == pytest.approx(t.health.av_offset_s, abs=1e-6)
        assert times[0] >= 0.0
        assert times[-1] < t.duration_s
        assert np.all(np.diff(times) > 0)
        journal = read_journal(folder / t.media.replace(".mkv", ".journal.jsonl"))
        assert journal.end == t
        assert journal.start.question == QUESTION
        assert journal.seconds
    # No picture was lost at a change either, unless it is counted.
    dropped = sum(t.health.frames_dropped for t in session.takes)
    written = sum(t.health.frames_written for t in session.takes)
    length_s = sum(t.duration_s for t in session.takes)
    assert written + dropped == pytest.approx(30 * length_s, abs=5)
    assert os.listdir("/dev/shm") == [n for n in os.listdir("/dev/shm") if "psm_" not in n]
    assert not (folder / ".reserve").exists()


def test_a_pause_between_answers_is_not_recorded(microphone, folder):
    played = noise(60)
    with Recorder(folder, SOUND_ONLY) as recorder:
        recorder.open()
        microphone.play(played)
        wait(lambda: recorder.level().rms_dbfs > -40, "the sound is heard")
        recorder.begin(QUESTION)
        recorded(recorder, 1.0)
        first = recorder.finish()
        assert recorder.status().take_id is None
        time.sleep(1.0)
        recorder.begin(QUESTION)
        recorded(recorder, 1.0)
        second = recorder.finish()
    ends = place_in(played, sound_of(folder / first.media)) + round(48_000 * first.duration_s)
    begins = place_in(played, sound_of(folder / second.media))
    assert begins - ends > 48_000
    assert first.frame_size_px is None
    assert first.devices.camera is None
    # Numbers go on in the same session, over what files and session say.
    (folder / "07-torn.journal.jsonl").write_bytes(b"")
    with Recorder(folder, SOUND_ONLY) as recorder:
        recorder.open()
        assert recorder.begin(QUESTION).endswith("-08")
        recorded(recorder, 0.3)
        session = recorder.close()
    assert [t.media[:2] for t in session.takes] == ["01", "02", "08"]


def test_only_one_recorder_at_a_time(microphone, folder):
    other = folder.with_name("other")
    other.mkdir()
    with Recorder(folder, SOUND_ONLY) as recorder:
        recorder.open()
        recorder.begin(QUESTION)
        with Recorder(other, SOUND_ONLY) as second, pytest.raises(RecorderBusy, match="stop it"):
            second.open()
        recorded(recorder, 0.5)
        assert recorder.finish().health.audio_gap_s == 0.0
    with Recorder(other, SOUND_ONLY) as second:
        second.open()


def interface(folder):
    """Start a user interface that records; return it and the recorder's process."""
    process = subprocess.Popen(
        [sys.executable, "-c", INTERFACE, str(folder), str(ROOT)], stdout=subprocess.PIPE
    )
    pid = int(process.stdout.readline())
    time.sleep(1.0)
    return process, psutil.Process(pid)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGHUP])
def test_without_its_user_interface_the_take_is_closed(devices, folder, how):
    process, recorder = interface(folder)
    process.send_signal(how)
    process.wait(WAIT_S)
    process.stdout.close()
    recorder.wait(WAIT_S)
    (take,) = read_session(folder).takes
    assert take.duration_s > 0.5
    assert len(sound_of(folder / take.media)) == round(take.duration_s * 48_000)
    assert read_journal(folder / take.media.replace(".mkv", ".journal.jsonl")).end == take


def test_signals_to_the_recorder(microphone, folder):
    """Ctrl-C is for the user interface; who asks the recorder itself to end gets a clean end."""
    with Recorder(folder, SOUND_ONLY) as recorder:
        recorder.open()
        recorder.begin(QUESTION)
        process = psutil.Process(recorder.pid)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGHUP)
        recorded(recorder, 1.0)
        process.terminate()
        process.wait(WAIT_S)
        with pytest.raises(RecorderFailed):
            recorder.close()
    (take,) = read_session(folder).takes
    assert take.duration_s >= 1.0


def test_a_recorder_that_was_killed(microphone, folder):
    with Recorder(folder, SOUND_ONLY) as recorder:
        recorder.open()
        recorder.begin(QUESTION)
        recorded(recorder, 1.5)
        os.kill(recorder.pid, signal.SIGKILL)
        with pytest.raises(RecorderFailed, match="mensetsu recover"):
            wait(lambda: recorder.status() and False, "the end is noticed")
        with pytest.raises(RecorderFailed):
            recorder.finish()
        with pytest.raises(RecorderFailed):
            recorder.close()
    assert read_session(folder).takes == ()
    (media,) = folder.glob("01-*.mkv")
    assert len(sound_of(media)) > 0.5 * 48_000
    # The lock went with it, and its number is not used again.
    with Recorder(folder, SOUND_ONLY) as recorder:
        recorder.open()
        assert recorder.begin(QUESTION).endswith("-02")


def test_a_recorder_that_hangs_is_noticed(microphone, folder):
    with Recorder(folder, SOUND_ONLY) as recorder:
        recorder.open()
        os.kill(recorder.pid, signal.SIGSTOP)
        try:
            with pytest.raises(RecorderFailed, match="not answered for 5 s"):
                wait(lambda: recorder.status() and False, "the silence is noticed")
        finally:
            os.kill(recorder.pid, signal.SIGCONT)


# The recorder with a thread that fails once it is served.
HALF_A_RECORDER = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from recorder import engine
def obey(commands, sender):
    def fail():
        commands.get()
        raise ValueError("a thread failed")
    threading.Thread(target=fail).start()
    threading.Event().wait(600)
engine._obey = obey
engine.main()
"""


def test_a_thread_that_fails_ends_the_recorder(folder, monkeypatch):
    """Half a recorder would pretend to record."""
    command = [sys.executable, "-P", "-c", HALF_A_RECORDER, str(ROOT)]
    monkeypatch.setattr(engine, "command", lambda: command)
    with (
        Recorder(folder, SOUND_ONLY) as recorder,
        pytest.raises(RecorderFailed, match="exit code 1: ValueError: a thread failed"),
    ):
        recorder.open()


def test_devices_that_can_not_be_used(devices, folder):
    microphone, camera = devices

    def refusal(options, error):
        with Recorder(folder, options) as recorder, pytest.raises(error) as told:
            recorder.open()
        return told.value.reason

    assert refusal(CaptureOptions(microphone="9"), MicrophoneUnusable) == "unknown"
    assert refusal(CaptureOptions(camera="9"), CameraUnusable) == "unknown"
    camera.deny()
    assert refusal(CaptureOptions(), CameraUnusable) == "permission"
    camera.unplug()
    assert refusal(CaptureOptions(), CameraUnusable) == "none"
    microphone.suspend()
    assert refusal(SOUND_ONLY, MicrophoneUnusable) == "failed"
    microphone.resume()
    with Recorder(folder, SOUND_ONLY) as recorder:
        assert recorder.open().camera is None


def test_a_session_that_can_not_be_read_is_left_alone(microphone, folder):
    (folder / "session.json").write_text("{broken")
    with Recorder(folder, SOUND_ONLY) as recorder, pytest.raises(SessionUnreadable):
        recorder.open()
    assert (folder / "session.json").read_text() == "{broken"


def test_one_take_the_simple_way(devices, folder):
    levels, previews, events = [], [], []
    take = record_take(
        folder,
        QUESTION,
        CaptureOptions(),
        seconds=1.0,
        on_level=levels.append,
        on_preview=previews.append,
        on_event=events.append,
    )
    assert take.duration_s == pytest.approx(1.0, abs=0.9)
    assert levels
    assert previews
    assert len({p.time_s for p in previews}) == len(previews)
    assert read_session(folder).takes == (take,)


def test_one_take_until_it_is_stopped(microphone, folder):
    stop = threading.Event()
    threading.Timer(1.5, stop.set).start()
    take = record_take(folder, QUESTION, SOUND_ONLY, seconds=None, stop=stop)
    assert take.duration_s > 0


def test_commands_before_the_devices_are_open(folder):
    with Recorder(folder, SOUND_ONLY) as recorder:
        with pytest.raises(RecorderFailed, match="not open"):
            recorder.begin(QUESTION)
        with pytest.raises(RecorderFailed, match="not open"):
            recorder.status()
        assert recorder.preview() is None
        assert recorder.close() is None


def test_the_recorder_reaches_no_network():
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import socket\n"
        "from recorder.engine import refuse_network\n"
        "refuse_network()\n"
        "for attempt in (\n"
        "    lambda: socket.create_connection(('127.0.0.1', 9)),\n"
        "    lambda: socket.getaddrinfo('example.org', 80),\n"
        "    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9)),\n"
        "):\n"
        "    try:\n"
        "        attempt()\n"
        "    except PermissionError as exc:\n"
        "        print('refused')\n"
        "a, b = socket.socketpair(); a.sendall(b'x'); print(b.recv(1))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n") == ["refused"] * 3 + ["b'x'", ""]


@pytest.mark.parametrize("reserve", [None, 0])
def test_a_disk_that_gets_full(devices, tmp_path, reserve):
    """Warned at once, closed before it is full (or in the moment it is), refused, all readable."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)],
        capture_output=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("no right to mount here")
    try:
        folder = disk / "session"
        folder.mkdir()
        fill = disk / "fill"
        with Recorder(folder, CaptureOptions(reserve_bytes=reserve)) as recorder:
            recorder.open()
            told = Told(recorder)
            recorder.begin(QUESTION)
            assert told.began("disk-low").start_s < 3
            recorded(recorder, 1.5)
            free = os.statvfs(disk)
            left = 1_500_000 if reserve is None else 0
            with contextlib.suppress(OSError):  # the recorder writes, too
                fill.write_bytes(b"\1" * (free.f_bavail * free.f_frsize - left))
            full = told.over("disk-full")
            assert describe(full)[0].startswith("The disk is full")
            finished = told.finished()
            assert (finished.reason, finished.take.duration_s > 1.0) == ("disk-full", True)
            with pytest.raises(Exception, match="nearly full"):
                recorder.begin(QUESTION)
            fill.unlink()
            wait(lambda: _begins(recorder), "a take begins when there is room again")
            session = recorder.close()
        first, second = session.takes
        kinds = [f.kind for f in first.health.faults if f.kind != "frames-dropped"]
        assert kinds == ["disk-low", "disk-full"]
        for take in (first, second):
            samples = sound_of(folder / take.media)
            assert len(samples) == round(take.duration_s * 48_000)
        assert json.loads((folder / "session.json").read_text())["takes"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _begins(recorder):
    from recorder.errors import FolderRefused

    try:
        return recorder.begin(QUESTION)
    except FolderRefused:
        return None
