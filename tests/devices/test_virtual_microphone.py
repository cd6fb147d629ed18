"""The virtual microphone, heard through the real sounddevice."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.devices.virtual_microphone import MicrophoneModel, VirtualMicrophone

pytestmark = pytest.mark.virtual_devices
RATE_HZ = 48_000


def sequence(seconds: float, seed: int = 1, rate_hz: int = RATE_HZ) -> np.ndarray:
    """Samples that occur nowhere else."""
    random = np.random.default_rng(seed)
    return random.integers(-20_000, 20_000, round(seconds * rate_hz), np.int16)


def position(samples: np.ndarray, recorded: np.ndarray) -> int:
    """Where the samples are, bit by bit; -1 = nowhere."""
    at = recorded.tobytes().find(samples.tobytes())
    return at // 2 if at >= 0 else -1


def record(probe, microphone, path, environment, seconds, *, rate_hz=RATE_HZ):
    program = probe("probe_microphone.py", seconds, rate_hz, path, environment=environment)
    program.began()
    return program


def wait_for(condition, seconds=20.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def test_what_was_played_is_recorded_bit_by_bit(
    virtual_microphone, device_environment, probe, tmp_path
):
    environment = device_environment(virtual_microphone)
    program = record(probe, virtual_microphone, tmp_path / "raw", environment, 3)
    wait_for(lambda: virtual_microphone.state().taken)
    samples = sequence(1.0)
    played = virtual_microphone.play(samples)
    told = program.told()
    recorded = np.fromfile(tmp_path / "raw", np.int16)
    at = position(samples, recorded)
    assert at > 0
    assert {"pulse", "default"} <= set(told["devices"])
    # The sample comes after it was captured, and (once the stream runs) not much later.
    counts = np.cumsum([frames for _, frames in told["came"]])
    came_s = told["came"][int(np.searchsorted(counts, at, side="right"))][0]
    assert 0 <= came_s - played.start_s < 2.0
    # In between there is noise, not digital silence.
    assert 0 < np.abs(recorded[:at]).max() <= 3


def test_moment_of_playing_can_be_chosen(virtual_microphone):
    wanted_s = time.monotonic() + 0.5
    played = virtual_microphone.play(sequence(0.1), at_s=wanted_s)
    assert abs(played.start_s - wanted_s) < 1 / RATE_HZ
    assert virtual_microphone.time_of(played.first) == pytest.approx(played.start_s)


def test_drift_changes_the_rate_from_now_on(virtual_microphone):
    virtual_microphone.drift(200_000)
    before, began_s = virtual_microphone.state(), time.monotonic()
    time.sleep(0.5)
    after, passed_s = virtual_microphone.state(), time.monotonic() - began_s
    assert after.true_rate_hz == pytest.approx(57_600)
    assert after.count - before.count == pytest.approx(57_600 * passed_s, abs=5_760)


def test_zeros_are_exact(virtual_microphone, device_environment, probe, tmp_path):
    environment = device_environment(virtual_microphone)
    program = record(probe, virtual_microphone, tmp_path / "raw", environment, 2)
    virtual_microphone.zeros()
    program.told()
    recorded = np.fromfile(tmp_path / "raw", np.int16)
    assert recorded[: RATE_HZ // 100].any()
    assert not recorded[-RATE_HZ // 2 :].any()


def test_muted_sends_zeros(virtual_microphone, device_environment, probe, tmp_path):
    environment = device_environment(virtual_microphone)
    program = record(probe, virtual_microphone, tmp_path / "raw", environment, 2)
    virtual_microphone.mute()
    program.told()
    assert not np.fromfile(tmp_path / "raw", np.int16)[-RATE_HZ // 2 :].any()


@pytest.mark.parametrize("end", ["suspend", "stall"])
def test_no_callback_comes_while_it_sends_nothing(
    end, virtual_microphone, device_environment, probe, tmp_path
):
    environment = device_environment(virtual_microphone)
    program = record(probe, virtual_microphone, tmp_path / "raw", environment, 3)
    wait_for(lambda: virtual_microphone.state().taken)
    time.sleep(0.5)
    began_s = time.monotonic()
    if end == "suspend":
        virtual_microphone.suspend()
        time.sleep(1.5)
        virtual_microphone.resume()
    else:
        virtual_microphone.stall()
        time.sleep(1.5)
        virtual_microphone.stall(False)
    over_s = time.monotonic()
    came = np.array([at for at, _ in program.told()["came"]])
    gaps = np.diff(came)
    worst = int(gaps.argmax())
    assert gaps[worst] > 1.2
    assert began_s - 0.2 < came[worst] < over_s < came[-1]


def test_unplugged_another_takes_over_silently(
    virtual_microphone, device_environment, probe, tmp_path
):
    environment = device_environment(virtual_microphone)
    program = record(probe, virtual_microphone, tmp_path / "raw", environment, 4)
    wait_for(lambda: virtual_microphone.state().taken)
    virtual_microphone.unload()
    samples = sequence(0.5)
    wait_for(lambda: virtual_microphone.state(on="spare_microphone").taken)
    virtual_microphone.play(samples, on="spare_microphone")
    told = program.told()
    assert position(samples, np.fromfile(tmp_path / "raw", np.int16)) > 0
    assert told["flags"] == []
    virtual_microphone.reload()
    listed = subprocess.run(
        ["pactl", "list", "short", "sources"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "virtual_microphone" in listed.stdout


def test_nobody_records_and_nothing_grows_old(
    virtual_microphone, device_environment, probe, tmp_path
):
    old, new = sequence(1.0, seed=2), sequence(0.5, seed=3)
    virtual_microphone.play(old)
    time.sleep(1.2)
    environment = device_environment(virtual_microphone)
    program = record(probe, virtual_microphone, tmp_path / "raw", environment, 2)
    wait_for(lambda: virtual_microphone.state().taken)
    virtual_microphone.play(new)
    program.told()
    recorded = np.fromfile(tmp_path / "raw", np.int16)
    assert position(old[-480:], recorded) < 0 < position(new, recorded)
    assert virtual_microphone.state().discarded > 0


def test_other_rates_and_several_at_once_do_not_disturb_each_other(
    device_environment, probe, tmp_path
):
    headset = MicrophoneModel("headset", "Headset", 16_000, 1, {"device.bus": "bluetooth"})
    with VirtualMicrophone(headset) as first, VirtualMicrophone() as second:
        programs, played = [], []
        for number, (microphone, rate_hz) in enumerate(((first, 16_000), (second, 48_000))):
            path = tmp_path / str(number)
            environment = device_environment(microphone)
            program = record(probe, microphone, path, environment, 3, rate_hz=rate_hz)
            wait_for(lambda m=microphone: m.state().taken)
            played.append((path, sequence(0.5, number, rate_hz)))
            microphone.play(played[-1][1])
            programs.append(program)
        for program, (path, samples) in zip(programs, played, strict=True):
            program.told()
            assert position(samples, np.fromfile(path, np.int16)) > 0


def test_loudspeaker_is_heard_by_the_test_and_as_an_echo(
    virtual_microphone, device_environment, probe, tmp_path
):
    play = (
        "import numpy as np, sounddevice as sd;"
        "t = np.arange(48000) / 48000;"
        "sd.play(np.sin(2 * np.pi * 1000 * t).astype('float32') * 0.5, 48000, blocking=True)"
    )
    environment = device_environment(virtual_microphone)
    program = record(probe, virtual_microphone, tmp_path / "raw", environment, 5)
    virtual_microphone.echo(0.25)
    heard = virtual_microphone.heard([sys.executable, "-c", play], env=environment)
    virtual_microphone.echo(0)
    program.told()
    recorded = np.fromfile(tmp_path / "raw", np.int16)
    assert np.abs(heard).max() == pytest.approx(16_384, rel=0.02)
    assert np.abs(recorded).max() == pytest.approx(4_096, rel=0.05)


def test_without_a_microphone_there_is_none(device_environment):
    done = subprocess.run(
        [sys.executable, "-c", "import sounddevice as sd; print(len(sd.query_devices()))"],
        env=device_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "0"


def test_nothing_is_left_behind():
    with VirtualMicrophone() as microphone:
        folder, pids = microphone.folder, microphone.pids
        microphone.echo(0.5)
        assert all(alive(pid) for pid in pids)
    assert not folder.exists()
    assert not any(alive(pid) for pid in pids)


def test_nothing_outlives_a_test_that_is_killed(tmp_path):
    program = (
        "import sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from tests.devices.virtual_microphone import VirtualMicrophone\n"
        "from tests.devices.virtual_camera import VirtualCameras\n"
        "microphone, bus = VirtualMicrophone(), VirtualCameras()\n"
        "camera = bus.add(size_px=(320, 240))\n"
        "print(microphone.folder, bus.folder, *microphone.pids, camera.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", program, os.getcwd()], stdout=subprocess.PIPE, text=True
    )
    assert killed.stdout is not None
    sound, pictures, *numbers = killed.stdout.readline().split()
    pids = [int(number) for number in numbers]
    killed.kill()
    killed.communicate()
    assert len(pids) == 3
    wait_for(lambda: not any(alive(pid) for pid in pids))
    assert not os.path.exists(sound)
    assert not os.path.exists(pictures)


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
