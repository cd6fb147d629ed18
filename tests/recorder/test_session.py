import errno
import json
import os
import stat
from dataclasses import replace

import pytest

from recorder import session as session_module
from recorder.errors import RecorderError, SessionUnreadable
from recorder.session import (
    FILE_NAME,
    SCHEMA,
    CaptureHealth,
    DevicesUsed,
    Fault,
    GazeCalibration,
    Question,
    Session,
    SetupUsed,
    Take,
    question_from_dict,
    read_session,
    write_session,
)

QUESTION = Question(
    id="why-this-company",
    text_en="Why us?",
    text_ja="弊社を志望された理由を教えてください。",
    stage="first",
    kind="motivation",
    intent="Whether you mean this one.",
    structure="PREP",
    band_s=(60.0, 120.0),
    band_source="a coach",
    talking_points=("製品を使っている",),
)
TAKE = Take(
    id="take-01",
    question=QUESTION,
    media="take-01/録画 1.mkv",
    duration_s=93.25,
    sample_rate_hz=48000,
    channels=1,
    frame_size_px=(1280, 720),
    health=CaptureHealth(
        audio_overflows=2,
        frames_dropped=3,
        frames_written=1400,
        av_offset_s=-0.012,
        frames_dropped_by={"camera": 2, "queue": 1},
        audio_gap_s=0.5,
        faults=(
            Fault("microphone-replaced", 12.5, 14.0, "内蔵マイク"),
            Fault("camera-gone", 80.0),
        ),
    ),
    goal="えーと を減らす",
    devices=DevicesUsed("USB マイク", "echo cancellation", "Webcam", 30.0),
)
SESSION = Session(
    id="2025-01-31-面接",
    created="2025-01-31T09:00:00+00:00",
    language="ja",
    takes=(TAKE, replace(TAKE, id="take-02", frame_size_px=None, goal=None, devices=None)),
    setup=SetupUsed("2025-01-30T09:00:00+00:00", ("face",), ("backlight", "noise"), ("echo",)),
    calibration=GazeCalibration(1.5, -2.0, 0.5, -11.0, "2025-01-31T08:59:00+00:00", "Webcam"),
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "my sessions" / "面接 の 練習"


def test_round_trip_with_japanese_text_and_a_folder_with_spaces(folder):
    path = write_session(SESSION, folder)
    assert path == folder / FILE_NAME
    assert read_session(folder) == SESSION
    assert "弊社を志望" in path.read_text(encoding="utf-8")


def test_an_empty_session_and_overwriting(folder):
    write_session(SESSION, folder)
    empty = replace(SESSION, takes=())
    write_session(empty, folder)
    assert read_session(folder) == empty
    assert [p.name for p in folder.iterdir()] == [FILE_NAME]  # no temporary file left


def test_a_failed_write_leaves_the_old_file(folder):
    write_session(SESSION, folder)
    broken = replace(SESSION, takes=(replace(TAKE, duration_s=float("nan")),))
    with pytest.raises(ValueError, match="JSON"):
        write_session(broken, folder)
    assert read_session(folder) == SESSION
    assert [p.name for p in folder.iterdir()] == [FILE_NAME]


def test_a_file_system_that_syncs_no_folders(folder, monkeypatch):
    """As some network shares."""

    def refuse(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    write_session(SESSION, folder)
    assert read_session(folder) == SESSION


def test_a_file_that_somebody_on_windows_is_just_reading(folder, monkeypatch):
    refusals = [PermissionError(13, "in use")] * 3
    real = os.replace

    def replace_unless_read(*paths):
        if refusals:
            raise refusals.pop()
        real(*paths)

    write_session(SESSION, folder)
    monkeypatch.setattr(session_module, "_WINDOWS", True)
    monkeypatch.setattr(os, "replace", replace_unless_read)
    write_session(replace(SESSION, takes=()), folder)
    assert read_session(folder).takes == ()
    assert not refusals


def test_a_missing_file_or_folder(tmp_path):
    with pytest.raises(SessionUnreadable, match="is this a session folder"):
        read_session(tmp_path)
    with pytest.raises(SessionUnreadable, match="is this a session folder"):
        read_session(tmp_path / "none")
    assert issubclass(SessionUnreadable, RecorderError)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "3", "{}", '{"schema": "one"}', '{"name": "x", "version": "1.0.0"}'],
)
def test_broken_and_foreign_files(tmp_path, text):
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(SessionUnreadable, match="not a session file"):
        read_session(tmp_path)


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(SessionUnreadable, match="not a session file"):
        read_session(tmp_path)


def test_a_file_cut_off_in_the_middle(folder):
    path = write_session(SESSION, folder)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    with pytest.raises(SessionUnreadable, match="not a session file"):
        read_session(folder)


def test_a_newer_schema(folder):
    path = write_session(SESSION, folder)
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**data, "schema": SCHEMA + 1}), encoding="utf-8")
    with pytest.raises(SessionUnreadable, match="newer mensetsu"):
        read_session(folder)


def test_a_file_of_the_first_schema(folder):
    path = write_session(SESSION, folder)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["schema"] = 1
    del data["setup"], data["calibration"]
    for take in data["takes"]:
        del take["devices"]
        for name in ("frames_dropped_by", "audio_gap_s", "faults"):
            del take["health"][name]
    path.write_text(json.dumps(data), encoding="utf-8")
    old = read_session(folder)
    assert (old.setup, old.calibration, old.takes[0].devices) == (None, None, None)
    assert old.takes[0].health == CaptureHealth(2, 3, 1400, -0.012)
    assert old.schema == 1


@pytest.mark.parametrize("field", ["setup", "calibration"])
def test_a_broken_set_up_or_calibration(folder, field):
    path = write_session(SESSION, folder)
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**data, field: {"made": "today"}}), encoding="utf-8")
    with pytest.raises(SessionUnreadable, match="not a session file"):
        read_session(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("health", None),
        ("health", {"faults": [{"kind": "camera-gone"}]}),
        ("devices", {"microphone": "x", "colour": "red"}),
        ("frame_size_px", ["wide", "high"]),
        ("frame_size_px", [1]),
        ("question", {}),
        ("colour", "red"),
    ],
)
def test_a_broken_take(folder, field, value):
    path = write_session(SESSION, folder)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["takes"][0][field] = value
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(SessionUnreadable, match="not a session file"):
        read_session(folder)


def test_a_question_without_optional_fields():
    data = {
        "id": "x",
        "text_en": "x",
        "text_ja": "x",
        "stage": "first",
        "kind": "x",
        "intent": "x",
        "structure": "x",
        "band_s": [30, 60],
    }
    question = question_from_dict(data)
    assert question.band_s == (30.0, 60.0)
    assert question.talking_points == ()
    with pytest.raises(KeyError):
        question_from_dict({k: v for k, v in data.items() if k != "band_s"})
