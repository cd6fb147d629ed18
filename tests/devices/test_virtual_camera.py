"""The virtual camera, seen through the real OpenCV."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.devices.virtual_camera import VirtualCameras

pytestmark = pytest.mark.virtual_devices
SMALL = (320, 240)
# What a program gets when it opens the camera and asks for its name and for a format.
OPEN = """
import fcntl, os, struct, sys
capability, form = bytearray(104), bytearray(208)
struct.pack_into("I", form, 0, 1)
try:
    file = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, 0x80685600, capability)
    fcntl.ioctl(file, 0xC0D05605, form)
    print(0, capability[16:48].rstrip(b"\\0").decode())
except OSError as exc:
    print(exc.errno, "")
"""


@pytest.fixture
def camera(virtual_cameras):
    return virtual_cameras.add(size_px=SMALL)


def grey(level: int) -> np.ndarray:
    return np.full((SMALL[1], SMALL[0], 3), level, np.uint8)


def opened(environment, path="/dev/video0") -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", OPEN, path],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    error, name = done.stdout.rstrip("\n").split(" ", 1)
    return int(error), name


def test_frames_come_at_their_time_and_in_order(camera, device_environment, probe):
    program = probe("probe_camera.py", 0, 3, 0, environment=device_environment(camera=camera))
    program.began()
    shown = camera.play([grey(40 + 8 * k) for k in range(20)])
    told = program.told()
    assert told["size"] == [320, 240]
    stamps = np.array([stamp for _, _, stamp, _ in told["frames"]])
    came = np.array([at for _, at, _, _ in told["frames"]])
    assert np.all(came >= stamps - 1e-6)
    first = int(np.argmin(np.abs(stamps - shown.start_s)))
    counts = camera.counts()
    assert counts.streams >= 1
    if counts.dropped == 0:  # else this machine was too busy to see all of them
        seen = told["frames"][first : first + 20]
        assert [round(colour[0]) for *_, colour in seen] == pytest.approx(
            [40 + 8 * k for k in range(20)], abs=2
        )
    # The k-th picture bears the time that was promised, to the microsecond of V4L2.
    grid = (stamps - shown.start_s) * camera.rate_hz
    assert np.abs(grid - np.round(grid)).max() * shown.period_s < 2e-6


def test_frames_without_a_buffer_are_counted(camera, device_environment, probe):
    environment = device_environment(camera=camera)
    told = probe("probe_camera.py", 0, 3, 1.0, environment=environment).told()
    stamps = np.array([stamp for _, _, stamp, _ in told["frames"]])
    missed = np.round(np.diff(stamps) * camera.rate_hz).sum() - (len(stamps) - 1)
    counts = camera.counts()
    # Of 30 frames in that second, four found a buffer.
    assert missed >= 20
    assert 0 <= counts.dropped - missed <= 10  # those after the last that was read
    assert len(stamps) <= counts.delivered


def test_broken_frames_arrive_and_opencv_repeats_the_one_before(camera, device_environment, probe):
    program = probe("probe_camera.py", 0, 2, 0, environment=device_environment(camera=camera))
    program.began()
    camera.play([grey(90), grey(140), *[b"\xff\xd8 not a picture"] * 600])
    frames = program.told()["frames"]
    assert len(frames) > 40
    assert [round(colour[0]) for *_, colour in frames[-20:]] == pytest.approx([140] * 20, abs=2)


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("busy", errno.EBUSY),
        ("lock", errno.EBUSY),
        ("deny", errno.EACCES),
        ("unplug", errno.ENOENT),
    ],
)
def test_states_are_the_real_errors(state, error, camera, device_environment, probe):
    environment = device_environment(camera=camera)
    getattr(camera, state)()
    assert opened(environment)[0] == error
    assert not probe("probe_camera.py", 0, 1, 0, environment=environment).told()["opened"]
    camera.replug() if state == "unplug" else camera.allow()
    assert opened(environment) == (0, "Virtual Camera")


def test_unplugged_while_it_is_read(camera, device_environment, probe):
    program = probe("probe_camera.py", 0, 60, 0, environment=device_environment(camera=camera))
    program.began()
    time.sleep(0.5)
    gone_s = time.monotonic()
    camera.unplug()
    camera.replug(number=1)  # what was open stays dead
    got, came_s, *_ = program.told()["frames"][-1]
    assert not got
    assert came_s > gone_s
    assert camera.path == "/dev/video1"


def test_stalled_sends_neither_frame_nor_error(camera, device_environment, probe):
    program = probe("probe_camera.py", 0, 4, 0, environment=device_environment(camera=camera))
    program.began()
    time.sleep(0.5)
    camera.stall()
    time.sleep(1.5)
    camera.stall(False)
    frames = program.told()["frames"]
    assert all(got for got, *_ in frames)
    assert np.diff([stamp for *_, stamp, _ in frames]).max() > 1.2


def test_second_program_finds_it_busy(camera, device_environment, probe):
    environment = device_environment(camera=camera)
    first = probe("probe_camera.py", 0, 4, 0, environment=environment)
    first.began()
    assert camera.streaming_pid() == first.process.pid
    assert opened(environment)[0] == errno.EBUSY
    first.process.kill()
    first.process.wait()
    # The system takes back what a dead program had.
    assert opened(environment)[0] == 0


def test_listed_with_names_as_real_ones_are(virtual_cameras, device_environment):
    virtual_cameras.add(0, "Front Camera", size_px=SMALL, usb_id=(0x46D, 0x825))
    virtual_cameras.add(2, "Desk Camera", size_px=SMALL)
    environment = device_environment(camera=virtual_cameras)
    program = (
        "import cv2; from cv2_enumerate_cameras import enumerate_cameras\n"
        "found = enumerate_cameras(cv2.CAP_V4L2)\n"
        "print(sorted((c.index, c.name, c.path, c.vid) for c in found))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(
        [(0, "Front Camera", "/dev/video0", 0x46D), (2, "Desk Camera", "/dev/video2", 0x1234)]
    )
    assert opened(environment, "/dev/video2") == (0, "Desk Camera")
    assert opened(environment, "/dev/video1")[0] == errno.ENOENT


def test_two_buses_do_not_disturb_each_other(device_environment, probe):
    with VirtualCameras() as left, VirtualCameras() as right:
        programs = []
        for bus, level in ((left, 60), (right, 180)):
            camera = bus.add(size_px=SMALL)
            camera.play([grey(level)], repeat=True)
            environment = device_environment(camera=bus)
            programs.append((probe("probe_camera.py", 0, 2, 0, environment=environment), level))
        for program, level in programs:
            assert program.told()["frames"][-1][3][0] == pytest.approx(level, abs=2)


def test_delay_of_the_cable_does_not_touch_the_time_stamp(
    virtual_cameras, device_environment, probe
):
    camera = virtual_cameras.add(size_px=SMALL, latency_s=0.05)
    told = probe("probe_camera.py", 0, 2, 0, environment=device_environment(camera=camera)).told()
    delays = [came - stamp for got, came, stamp, _ in told["frames"] if got]
    assert min(delays) >= 0.05


def test_without_a_camera_there_is_none(device_environment):
    assert opened(device_environment())[0] == errno.ENOENT


def test_nothing_is_left_behind():
    with VirtualCameras() as bus:
        camera = bus.add(size_px=SMALL)
        folder, pid = bus.folder, camera.pid
        assert folder.exists()
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("ahead_s", [3600.0, -3600.0])
def test_clock_of_the_wall_alone_is_set(ahead_s, virtual_clock, device_environment):
    program = (
        "import sys, threading, time, datetime\n"
        "print(flush=True); sys.stdin.readline()\n"
        "print(time.time(), time.monotonic(), datetime.datetime.now().timestamp())\n"
        "threading.Event().wait(0.2)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=device_environment(clock=virtual_clock),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    virtual_clock.set_ahead(ahead_s)
    wall_s, monotonic_s = time.time(), time.monotonic()
    out, _ = process.communicate("\n", timeout=30)
    told = [float(part) for part in out.split()]
    assert told[0] - wall_s == pytest.approx(ahead_s, abs=10)
    assert told[2] - wall_s == pytest.approx(ahead_s, abs=10)
    assert 0 <= told[1] - monotonic_s < 10
