import errno
import os
import struct
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from recorder import camera_list, video
from recorder.camera_list import DSHOW, MSMF, V4L2, Camera
from recorder.errors import CameraUnusable
from recorder.video import CameraSource, find_camera, list_cameras
from tests.recorder.device_program import Program

virtual_devices = pytest.mark.virtual_devices

START = """
import threading, time
from recorder.video import CameraSource, find_camera, list_cameras
def opened(wanted=None, **options):
    global source
    source = CameraSource(find_camera(wanted), **options)
def frames(count):
    global taken, read_s
    taken, read_s = [], []
    until = time.monotonic() + 60
    while len(taken) < count:
        assert time.monotonic() < until, "no pictures came"
        frame = source.read()
        if frame is not None:
            taken.append(frame)
            read_s.append(time.monotonic())
def nothing(within_s=30):
    began = time.monotonic()
    while source.read() is not None:
        assert time.monotonic() - began < within_s, "pictures still come"
"""


# --- with OpenCV's real V4L2 backend -------------------------------------------------------------


@virtual_devices
def test_cameras_by_name_and_id(virtual_cameras, device_environment):
    virtual_cameras.add(0, "Integrated IR Camera", usb_id=(0x04F2, 0xB604))
    virtual_cameras.add(2, "HD Webcam C920", usb_id=(0x046D, 0x082D))
    virtual_cameras.add(11, "Capture Card", usb_id=(0x046D, 0x0001))
    with Program(device_environment(None, virtual_cameras), START) as program:
        listed = program.value("list_cameras()")
        assert [(c["id"], c["index"], c["path"]) for c in listed] == [
            ("Integrated IR Camera [04f2:b604]", 0, "/dev/video0"),
            ("HD Webcam C920 [046d:082d]", 2, "/dev/video2"),
            ("Capture Card [046d:0001]", 11, "/dev/video11"),
        ]
        assert [c["name"] for c in listed][1] == "HD Webcam C920"
        # Nobody means the camera of the face unlock.
        assert program.value("find_camera(None).name") == "HD Webcam C920"
        assert program.value("find_camera('1').name") == "Integrated IR Camera"
        assert program.value("find_camera('card').index") == 11
        assert program.value("find_camera(None, 'Capture Card [046d:0001]').index") == 11
        with pytest.raises(CameraUnusable, match=r"no camera 9: .*2 HD Webcam C920") as unknown:
            program.value("find_camera('9')")
        with pytest.raises(CameraUnusable, match="more than one camera fits '046d'"):
            program.value("find_camera('046d')")
        assert unknown.value.reason == "unknown"
        assert program.printed == ""


@virtual_devices
def test_alike_cameras_are_told_apart_by_their_plug(virtual_cameras, device_environment):
    first = virtual_cameras.add(0, "Webcam")
    virtual_cameras.add(2, "Webcam")
    with Program(device_environment(None, virtual_cameras), START) as program:
        assert program.value("[c.id for c in list_cameras()]") == [
            "Webcam [1234:5678] @ usb-0000:00:14.0-1",
            "Webcam [1234:5678] @ usb-0000:00:14.0-2",
        ]
        for wanted in ("@ usb-0000:00:14.0-2", "Webcam [1234:5678] @ usb-0000:00:14.0-2"):
            assert program.value(f"find_camera({wanted!r}).index") == 2
        first.unplug()
        # The one that is left is known by the id that it had beside its twin, the other is not.
        assert program.value("[c.id for c in list_cameras()]") == ["Webcam [1234:5678]"]
        assert program.value(f"find_camera({wanted!r}).index") == 2
        with pytest.raises(CameraUnusable, match="no camera 'Webcam"):
            program.value("find_camera('Webcam [1234:5678] @ usb-0000:00:14.0-1')")


@virtual_devices
def test_no_camera(device_environment):
    with Program(device_environment(None, None), START) as program:
        assert program.value("list_cameras()") == []
        for wanted in ("None", "'1'", "'x'"):
            with pytest.raises(CameraUnusable, match=r"no camera was found.*--no-video") as refused:
                program.value(f"find_camera({wanted})")
            assert refused.value.reason == "none"
        assert program.printed == ""


@virtual_devices
def test_pictures_with_the_time_of_their_capture(virtual_camera, device_environment):
    with Program(device_environment(None, virtual_camera), START) as program:
        program.run("opened()")
        assert program.value("source.size_px, source.rate_hz") == [[1280, 720], 30]
        grey = np.full((720, 1280, 3), 128, np.uint8)
        shown = virtual_camera.play([grey], repeat=True)
        program.run("frames(60)")
        assert program.value("[f.image.shape for f in taken[:1]]") == [[720, 1280, 3]]
        assert program.value("taken[0].image.dtype.name, taken[0].image.flags.owndata")
        assert abs(program.value("int(taken[-1].image.mean())") - 128) <= 2
        times = np.array(program.value("[f.capture_s for f in taken]"))
        # The driver's time stamp, not when we got round to it: a whole number of periods apart.
        offsets = (times - shown.start_s) / shown.period_s
        assert np.abs(offsets - np.round(offsets)).max() < 0.01
        assert (np.diff(times) > 0).all()
        read_s = np.array(program.value("read_s"))
        assert (read_s > times).all()
        assert program.value("abs(source.last_frame_s - read_s[-1]) < 1")
        assert program.value("source.unreadable") == 0
        program.run("source.close(); source.close()")
        assert program.value("source.read()") is None
        assert virtual_camera.streaming_pid() is None
        assert program.printed == ""


@virtual_devices
def test_frames_that_never_came_are_counted(virtual_camera, device_environment):
    with Program(device_environment(None, virtual_camera), START) as program:
        program.run("opened(); frames(30); time.sleep(1.5); frames(40); source.close()")
        dropped = virtual_camera.counts().dropped
        assert dropped > 20  # there is room for 10
        assert abs(program.value("source.missed") - dropped) <= 2


@virtual_devices
@pytest.mark.parametrize(
    ("camera", "size_px"),
    [
        ({"fourcc": "YUYV", "size_px": (640, 480)}, [640, 480]),
        ({"size_px": (800, 600)}, [800, 600]),
    ],
)
def test_a_camera_that_grants_something_else(virtual_cameras, device_environment, camera, size_px):
    virtual_cameras.add(0, "Old Webcam", rate_hz=15, **camera)
    with Program(device_environment(None, virtual_cameras), START) as program:
        program.run("opened(); frames(3)")
        assert program.value("source.size_px, source.rate_hz") == [size_px, 15]
        assert program.value("taken[0].image.shape") == [size_px[1], size_px[0], 3]


@virtual_devices
def test_a_time_stamp_of_long_ago_is_not_believed(virtual_cameras, device_environment):
    virtual_cameras.add(0, "Odd Webcam", latency_s=1.5, rate_hz=10)
    with Program(device_environment(None, virtual_cameras), START) as program:
        program.run("opened(); frames(5)")
        ages = program.value("[r - f.capture_s for r, f in zip(read_s, taken)]")
        assert max(ages) < 1


@virtual_devices
def test_unplugged_and_found_again_under_another_number(virtual_camera, device_environment):
    with Program(device_environment(None, virtual_camera), START) as program:
        program.run("opened(); frames(5); chosen = source.camera.id")
        assert program.value("source.gone()") is False
        virtual_camera.unplug()
        program.run("nothing()")
        assert program.value("source.gone()") is True
        began = time.monotonic()
        assert program.value("[source.read() for _ in range(5)]") == [None] * 5
        assert time.monotonic() - began >= 5 * video.RETRY_S  # it does not cost a core
        with pytest.raises(CameraUnusable, match="is gone") as gone:
            program.run("CameraSource(source.camera)")
        assert gone.value.reason == "none"
        virtual_camera.replug(3)
        assert program.value("source.gone()") is False
        assert program.value("source.read()") is None  # what was open stays dead
        program.run("source.close(); opened(chosen); frames(5)")
        assert program.value("source.camera.index") == 3
        assert program.printed == ""


@virtual_devices
def test_a_stalled_camera_is_not_gone_and_may_come_back(virtual_camera, device_environment):
    with Program(device_environment(None, virtual_camera), START) as program:
        program.run("opened(); frames(5)")
        virtual_camera.stall()
        program.run("nothing()")
        assert program.value("source.gone()") is False
        # OpenCV itself would wait for 10 s.
        program.run("began = time.monotonic(); source.read(); took_s = time.monotonic() - began")
        assert program.value("took_s") < 8
        virtual_camera.stall(False)
        program.run("frames(5)")
        assert program.printed == ""


@virtual_devices
def test_closing_while_another_thread_waits_for_a_picture(virtual_camera, device_environment):
    with Program(device_environment(None, virtual_camera), START) as program:
        program.run("opened(); frames(2)")
        virtual_camera.stall()
        program.run(
            "nothing()\n"
            "got = []\n"
            "reader = threading.Thread(target=lambda: got.append(source.read()))\n"
            "reader.start(); time.sleep(0.2); source.close(); reader.join(30)"
        )
        assert program.value("reader.is_alive(), got") == [False, [None]]
        assert virtual_camera.streaming_pid() is None


@virtual_devices
def test_closing_while_another_thread_reads(virtual_camera, device_environment):
    with Program(device_environment(None, virtual_camera), START) as program:
        program.run(
            "def reading():\n"
            "    while not over: source.read()\n"
            "for _ in range(5):\n"
            "    over = False\n"
            "    opened()\n"
            "    reader = threading.Thread(target=reading)\n"
            "    reader.start(); time.sleep(0.1); source.close(); over = True; reader.join(30)\n"
        )
        assert program.value("reader.is_alive()") is False
        assert virtual_camera.streaming_pid() is None


@virtual_devices
def test_broken_pictures_are_counted_and_none_stands_in_for_them(
    virtual_camera, device_environment
):
    """OpenCV's own V4L2 decoding gives the picture before once more in their place."""
    with Program(device_environment(None, virtual_camera), START) as program:
        program.run("opened(); frames(2)")
        virtual_camera.play([b"\xff\xd8 no picture \xff\xd9" * 20] * 10)
        program.run("frames(30)")
        assert program.value("all(f.image.shape == (720, 1280, 3) for f in taken)")
        assert program.value("source.unreadable") == 10
        missed = program.value("source.missed")
        assert missed == pytest.approx(virtual_camera.counts().dropped, abs=3)  # not twice
        assert (
            program.value("any((a.image == b.image).all() for a, b in zip(taken, taken[1:]))")
            is False
        )


@virtual_devices
def test_a_camera_that_another_program_uses(virtual_camera, device_environment):
    environment = device_environment(None, virtual_camera)
    with Program(environment, START) as first, Program(environment, START) as second:
        first.run("opened(); frames(2)")
        assert second.value("[c.name for c in list_cameras()]") == [virtual_camera.name]
        with pytest.raises(CameraUnusable, match="in use by another program") as busy:
            second.run("opened()")
        assert busy.value.reason == "busy"
        first.run("frames(5); source.close()")  # the first is unharmed
        second.run("opened(); frames(2)")
        assert (first.printed, second.printed) == ("", "")


@virtual_devices
@pytest.mark.parametrize(
    ("refuse", "reason", "words"),
    [("deny", "permission", "group video"), ("lock", "busy", "in use by another program")],
)
def test_a_camera_that_refuses(virtual_camera, device_environment, refuse, reason, words):
    with Program(device_environment(None, virtual_camera), START) as program:
        program.run("camera = find_camera(None)")
        getattr(virtual_camera, refuse)()
        assert program.value("[c.trouble for c in list_cameras()]") == [reason]
        for wanted in ("None", "'1'", "camera.id", "None, camera.id"):
            with pytest.raises(CameraUnusable, match=words) as refused:
                program.value(f"find_camera({wanted})")
            assert refused.value.reason == reason
        with pytest.raises(CameraUnusable, match=words) as refused:
            program.run("CameraSource(camera)")
        assert refused.value.reason == reason
        virtual_camera.allow()
        program.run("CameraSource(camera).close()")
        assert program.printed == ""


@virtual_devices
def test_a_camera_that_opens_and_never_sends_a_picture(virtual_camera, device_environment):
    with Program(device_environment(None, virtual_camera), START) as program:
        program.run("from recorder import video; video.OPEN_LIMIT_S = 2")
        virtual_camera.stall()
        time.sleep(0.5)  # what it has captured already still comes
        with pytest.raises(CameraUnusable, match="gives no picture") as refused:
            program.run("opened()")
        assert refused.value.reason == "failed"


# --- with the system replaced --------------------------------------------------------------------


def test_the_second_device_of_a_camera_is_left_out(monkeypatch):
    """A UVC camera has one device for pictures and one for their metadata."""
    nodes = {"/dev/video0": 0x04200001, "/dev/video1": 0x04A00000}

    def opened(path, flags):
        if path in nodes:
            return list(nodes).index(path)
        raise OSError(errno.ENOENT, "none")

    def told(device, request, answer):
        caps = list(nodes.values())[device]
        struct.pack_into("16s32s32s3I", answer, 0, b"uvc", b"Cam", b"usb-1", 6, 0x84A00001, caps)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "close", lambda device: None)
    monkeypatch.setattr(os, "O_NONBLOCK", 0, raising=False)
    monkeypatch.setattr(camera_list, "_ioctl", told)
    monkeypatch.setitem(sys.modules, "cv2_enumerate_cameras", None)  # not installed
    assert list_cameras() == (Camera("Cam", "Cam", 0, "/dev/video0", V4L2, "usb-1"),)


PLACE = r"\\?\usb#vid_046d&pid_082d&mi_00#7&abc&0&0000"
PATH = PLACE + "#{e5323777}\\global"


@pytest.fixture
def windows(monkeypatch):
    """Windows with two cameras, as far as the libraries tell."""
    webcam = SimpleNamespace(name="C920", vid=0x046D, pid=0x082D, index=1, path=PATH)
    virtual = SimpleNamespace(name="OBS Virtual Camera", vid=None, pid=None, index=0, path=None)
    shown = {
        MSMF: [virtual, webcam],
        DSHOW: [SimpleNamespace(**{**vars(webcam), "index": 0, "path": PLACE.upper() + "#{65E8}"})],
    }
    library = SimpleNamespace(enumerate_cameras=shown.__getitem__)
    monkeypatch.setitem(sys.modules, "cv2_enumerate_cameras", library)
    monkeypatch.setattr(sys, "platform", "win32")
    return shown


def test_windows_cameras(windows):
    camera = find_camera(None)
    assert (camera.id, camera.index, camera.backend) == ("C920 [046d:082d]", 1, MSMF)
    assert find_camera("obs").id == "OBS Virtual Camera"
    windows[MSMF].append(SimpleNamespace(**{**vars(windows[MSMF][1]), "index": 2}))
    assert [c.id for c in list_cameras()][1:] == [
        f"C920 [046d:082d] @ {PLACE}",
        f"C920 [046d:082d] @ {PLACE}#2",
    ]


class FakeCapture:
    """OpenCV's capture; only DSHOW works."""

    log: list = []  # noqa: RUF012
    image = np.zeros((720, 1280, 3), np.uint8)

    def __init__(self, index, backend):
        self.log.append((index, backend))
        self.works = backend == DSHOW

    def isOpened(self):
        return self.works

    def set(self, property_, value):
        self.log.append((property_, value))

    def get(self, property_):
        return 0.0

    def grab(self):
        return True

    def retrieve(self):
        return True, self.image

    def release(self):
        self.log.append("released")


def test_windows_second_interface_and_pictures_of_a_wrong_form(windows, monkeypatch):
    import cv2

    monkeypatch.setattr(cv2, "VideoCapture", FakeCapture)
    monkeypatch.setattr(FakeCapture, "log", [])
    before = time.monotonic()
    source = CameraSource(find_camera("c920"))
    assert FakeCapture.log[:3] == [(1, MSMF), "released", (0, DSHOW)]
    assert FakeCapture.log[3][0] == cv2.CAP_PROP_FOURCC
    assert (source.size_px, source.rate_hz, source.camera.backend) == ((1280, 720), 30, DSHOW)
    frame = source.read()
    assert frame is not None
    assert before <= frame.capture_s <= time.monotonic()  # DSHOW tells no time of capture
    for wrong in (np.zeros((1, 172800), np.uint8), np.zeros((480, 640, 3), np.uint8), None):
        monkeypatch.setattr(FakeCapture, "image", wrong)
        assert source.read() is None
    assert source.unreadable == 3 * video.TRIES

    def fails(self):
        raise cv2.error("gone")

    monkeypatch.setattr(FakeCapture, "grab", fails)
    assert source.read() is None
    source.close()
    windows[MSMF].pop()
    monkeypatch.setattr(FakeCapture, "isOpened", lambda self: False)
    with pytest.raises(CameraUnusable, match="is gone") as refused:
        CameraSource(source.camera)
    assert refused.value.reason == "none"


def test_without_the_library_the_first_camera_can_still_be_tried(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setitem(sys.modules, "cv2_enumerate_cameras", None)
    assert find_camera(None).index == 0
