"""What both sides tell each other comes through unchanged."""

from dataclasses import asdict

import pytest

from recorder import messages as m
from recorder.errors import CameraUnusable, FolderRefused, RecorderBusy, RecorderFailed
from recorder.session import (
    CaptureHealth,
    DevicesUsed,
    Fault,
    GazeCalibration,
    Question,
    SetupUsed,
    Take,
)

QUESTION = Question(
    "why-us", "Why us?", "志望動機は？", "first", "motivation", "x", "PREP", (60, 90)
)
TAKE = Take(
    "s-01", QUESTION, "01-why-us.mkv", 3.5, 48_000, 1, (1280, 720),
    CaptureHealth(frames_dropped_by={"camera": 2}, faults=(Fault("camera-gone", 1.0),)),
    "calm", DevicesUsed("Mic", "none", "Cam", 30.0),
)  # fmt: skip


def through(value):
    return m.decode(m.encode({"value": asdict(value)}))["value"]


def test_options():
    options = m.CaptureOptions(
        microphone="Mic 面接",
        size_px=(640, 480),
        setup=SetupUsed("2026-01-01T00:00:00Z", ("a",), (), ("b", "c")),
        calibration=GazeCalibration(1.0, 2.0, None, None, "2026-01-01T00:00:00Z", "Cam"),
        reserve_bytes=5,
    )
    assert m.options_from_dict(through(options)) == options
    assert m.options_from_dict(through(m.CaptureOptions())) == m.CaptureOptions()


@pytest.mark.parametrize("size", [None, (1280, 720)])
def test_ready(size):
    ready = m.Ready("Mic", "mic", 44_100, 2, "none", True, "Cam", "cam", size, 30.0, "libx264")
    assert m.ready_from_dict(through(ready)) == ready


def test_status():
    status = m.Status("s-01", 3.0, 144_000, frames_dropped_by={"queue": 1}, faults=(Fault("x", 1),))
    assert m.status_from_dict(through(status)) == status


def test_infinite_times_come_through():
    assert m.status_from_dict(through(m.Status())).remaining_s == float("inf")


@pytest.mark.parametrize(
    "event",
    [
        m.Event("fault-began", None, Fault("camera-gone", 1.0)),
        m.Event("take-finished", "s-01", take=TAKE, reason="asked"),
    ],
)
def test_event(event):
    assert m.event_from_dict(through(event)) == event


@pytest.mark.parametrize(
    "error",
    [RecorderBusy("busy"), FolderRefused("full"), CameraUnusable("no", "permission")],
)
def test_errors(error):
    told = m.error_from_dict(m.decode(m.encode(m.error_to_dict(error))))
    assert type(told) is type(error)
    assert str(told) == str(error)
    assert getattr(told, "reason", None) == getattr(error, "reason", None)


def test_an_unknown_error_is_still_told():
    told = m.error_from_dict({"type": "Strange", "message": "what", "reason": None})
    assert isinstance(told, RecorderFailed)


@pytest.mark.parametrize("line", [b"nonsense\n", b"[1]\n"])
def test_what_is_no_message(line):
    with pytest.raises(ValueError):
        m.decode(line)
