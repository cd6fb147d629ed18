"""`sessions`, `recover` and `delete`: what is listed, what is asked, what is never deleted."""

import json
import os
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from app.commands import record
from recorder.errors import MicrophoneUnusable
from recorder.journal import TakeJournal, journal_path
from recorder.messages import Event, Ready, Status
from recorder.meters import Level
from recorder.questions import find_question, read_bank
from recorder.session import (
    CaptureHealth,
    Fault,
    SetupUsed,
    Take,
    read_session,
    write_session,
)
from recorder.store import create_session, create_session_at, session_lock
from recorder.writer import SoundFormat, TakeWriter

posix = pytest.mark.skipif(os.name != "posix", reason="a POSIX terminal")


@pytest.fixture
def store(home):
    return home / "sessions"


@pytest.fixture
def recorded(store):
    """A session of two takes, the second recovered, the first analysed."""
    folder = create_session(store, "en")
    session = read_session(folder)
    healths = (
        CaptureHealth(frames_written=90, frames_dropped_by={"camera": 10}),
        CaptureHealth(recovered=True, faults=(Fault("camera-gone", 2.0),)),
    )
    bank = read_bank()
    takes = []
    for number, (question, health) in enumerate(
        zip(("strengths", "Why [bold]?"), healths, strict=True), start=1
    ):
        media = f"{number:02}-x.mkv"
        (folder / media).write_bytes(b"x" * 1_000_000)
        asked = find_question(bank, question)
        id_ = f"{session.id}-{number:02}"
        takes.append(Take(id_, asked, media, 61.5, 48_000, 1, None, health))
    write_session(replace(session, takes=tuple(takes)), folder)
    (folder / "01-x-analysis").mkdir()
    (folder / "01-x-analysis" / "analysis.json").write_text("{}", encoding="utf-8")
    return folder


def test_no_sessions(mensetsu, store):
    done = mensetsu("sessions")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"No sessions in {store}: 'mensetsu record' makes one.\n"
    assert json.loads(mensetsu("sessions", "--json").out) == []
    assert mensetsu("recover").out == "Nothing to recover.\n"
    assert not store.exists()


def test_sessions_are_listed_with_their_takes(mensetsu, recorded):
    done = mensetsu("sessions")
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(
        rf"{recorded.name}  \d\d \w+ \d{{4}} \d\d:\d\d  English  2\.0 MB\n"
        r"  set-up not checked before\n"
        r"   1:01  strengths  \(analysed; 10 of 100 pictures lost\)\n"
        r"   1:01  Why \[bold\]\?  \(not analysed; recovered after an interruption; the camera"
        r" is gone\)\n\n",
        done.out,
    ), done.out
    (row,) = json.loads(mensetsu("sessions", "--json").out)
    assert (row["id"], row["language"], row["error"]) == (recorded.name, "en", None)
    assert [take["analysed"] for take in row["takes"]] == [True, False]
    assert [take["recovered"] for take in row["takes"]] == [False, True]
    assert [take["duration_s"] for take in row["takes"]] == [61.5, 61.5]


def test_a_session_says_under_which_set_up_it_was_recorded(mensetsu, store):
    setup = SetupUsed("2026-01-31T12:00:00+00:00", ("face-found",), ("backlight", "snr"), ())
    folder = create_session(store, "ja", setup)
    assert re.search(
        r"set-up checked \d\d \w+ 2026 \d\d:\d\d, 2 to fix: backlight, snr\n",
        mensetsu("sessions").out,
    )
    (row,) = json.loads(mensetsu("sessions", "--json").out)
    assert row["setup"] == {
        "made": setup.made,
        "passed": ["face-found"],
        "to_fix": ["backlight", "snr"],
        "not_checked": [],
    }
    assert row["gaze_calibrated"] is False
    write_session(replace(read_session(folder), setup=replace(setup, to_fix=())), folder)
    assert ", in order\n" in mensetsu("sessions").out


def test_a_broken_session_is_listed_with_its_reason(mensetsu, recorded, store):
    (recorded / "session.json").write_text("{", encoding="utf-8")
    good = create_session(store, "ja")
    done = mensetsu("sessions")
    assert done.code == 0
    assert "is not a session file of mensetsu" in done.out
    assert good.name in done.out
    rows = {row["id"]: row for row in json.loads(mensetsu("sessions", "--json").out)}
    assert rows[recorded.name]["error"]
    assert rows[recorded.name]["takes"] == []
    assert rows[good.name]["error"] is None


def test_deletion_needs_a_yes(mensetsu, recorded, untouched):
    with untouched():
        done = mensetsu("delete", recorded.name)
    assert done.code == 1
    shown, refused = done.err.splitlines()
    assert re.search(r"2 takes, 2:03 min, 2\.0 MB with all results$", shown)
    assert "nothing was deleted" in refused


@posix
def test_deletion_asks(terminal, recorded, store):
    other = create_session(store, "en")
    for answer in ("\n", "n\n"):
        shown = terminal(os.environ, "delete", recorded.name, columns=200)
        shown.wait_for(r"2 takes, 2:03 min, 2\.0 MB with all results")
        shown.wait_for(r"Delete it for good\? \[y/N\]")
        shown.press(answer)
        assert shown.finish() == 0
        shown.wait_for("Nothing was deleted")
        assert (recorded / "02-x.mkv").is_file()
    shown = terminal(os.environ, "delete", recorded, columns=200)
    shown.wait_for("Delete it for good")
    shown.press("y\n")
    assert shown.finish() == 0
    assert [path.name for path in store.iterdir()] == [other.name]


def test_deletion_with_yes_and_of_a_broken_session(mensetsu, recorded, store):
    (recorded / "session.json").unlink()
    done = mensetsu("delete", recorded.name, "--yes")
    assert done.code == 0
    assert done.out == f"deleted: {recorded.name}\n"
    assert "a session that can't be read, 2.0 MB" in done.err
    assert list(store.iterdir()) == []


def test_what_is_not_deleted(mensetsu, recorded, store, tmp_path, home):
    shutil.copytree(recorded, tmp_path / "copy")
    (store / "photos").mkdir()
    (home / "targets.toml").touch()
    before = sorted(str(path) for place in (home, tmp_path) for path in place.rglob("*"))
    with session_lock(recorded):
        done = mensetsu("delete", recorded.name, "--yes")
    assert done.code == 1
    assert "is being recorded" in done.err
    outside = mensetsu("delete", tmp_path / "copy", "--yes")
    assert outside.code == 1
    assert "does not lie in" in outside.err
    for wrong in ("photos", store / "photos", "nothing", "", ".", "..", store, home, "/"):
        done = mensetsu("delete", wrong, "--yes")
        assert (done.code, done.out) == (1, ""), wrong
        assert re.fullmatch(r"mensetsu: no session [^\n]+\n", done.err)
    (recorded / ".session.lock").unlink()
    after = sorted(str(path) for place in (home, tmp_path) for path in place.rglob("*"))
    assert after == before


def test_recover_of_nothing_that_is_there(mensetsu):
    done = mensetsu("recover", "2026-01-01-1200-abcd")
    assert done.code == 1
    assert "mensetsu sessions lists them" in done.err


def leave_cut_off(folder):
    """Leave a take as a recorder leaves it whose file could not be ended."""
    id_ = f"{read_session(folder).id}-01"
    asked = find_question(read_bank(), "strengths")
    take = Take(id_, asked, "01-strengths.mkv", 0.0, 48_000, 1, None, CaptureHealth())
    media = folder / take.media
    with TakeJournal(journal_path(media), take):
        writer = TakeWriter(media, SoundFormat(48_000, 1), None)
        for _ in range(300):
            writer.write_sound(np.ones((480, 1), np.int16))
        shutil.copy(media, folder / "copy")
        writer.close()
        (folder / "copy").replace(media)
    return id_


def test_what_was_cut_off_in_a_session_elsewhere_is_recovered_first(
    mensetsu, monkeypatch, tmp_path
):
    folder = tmp_path / "mine"
    create_session_at(folder, "en", None, None)
    id_ = leave_cut_off(folder)

    def refuse(*_, **__):
        assert [take.id for take in read_session(folder).takes] == [id_]
        raise MicrophoneUnusable("no microphone")

    monkeypatch.setattr(record, "_open_recorder", refuse)
    done = mensetsu("record", "--session", folder, "--question", "strengths")
    assert (done.code, done.out) == (1, "")
    assert re.match(r"recovered: .*, in session mine\n", done.err)
    assert done.err.endswith("mensetsu: no microphone\n")


def test_an_answer_whose_file_could_not_be_ended_is_recovered_and_shown(
    mensetsu, monkeypatch, store
):
    ready = Ready("Mic", "m", 48_000, 1, "none", False, None, None, None, None, None)
    closed = []

    class Device:
        def __init__(self, folder):
            self.folder = folder
            self.news = []

        def __enter__(self):
            return self

        def __exit__(self, *_):
            closed.append(self.folder)

        def begin(self, question, *, goal=None):
            id_ = leave_cut_off(self.folder)
            self.news = [Event("take-finished", id_, reason="write-failed")]
            return id_

        def finish(self):
            return None

        def status(self):
            return Status()

        def events(self):
            news, self.news = self.news, []
            return news

        def level(self):
            return Level()

    monkeypatch.setattr(record, "_open_recorder", lambda folder, *_, **__: (Device(folder), ready))
    done = mensetsu("record", "--question", "strengths", "--seconds", "1", "--no-video")
    assert len(closed) == 1
    assert done.code == 1
    assert "Nothing was recorded." not in done.out
    assert "recovered after an interruption" in done.out
    assert "recovered: strengths" in done.err
    assert "could not be written on: this answer ended.\n" in done.err


def test_a_short_take_does_not_stop_the_analysis_of_the_others(mensetsu, recorded, voice):
    shutil.copyfile(voice, recorded / "02-x.mkv")
    (recorded / "01-x.mkv").write_bytes(b"no recording")
    done = mensetsu("analyse", recorded, "--model", "tiny.en", "--no-video", "--json")
    assert done.code == 1
    first, second = json.loads(done.out)["takes"]
    assert first["take_id"].endswith("-01")
    assert first["error"] in done.err
    assert second["word_count"] > 8


@pytest.mark.parametrize(
    "arguments",
    [
        ("record", "--seconds", "0"),
        ("record", "--seconds", "nan"),
        ("record", "--language", "fr"),
        ("record", "--camera", "1", "--no-video"),
        ("delete",),
        ("sessions", "x"),
    ],
)
def test_wrong_usage_is_2(mensetsu, untouched, arguments):
    with untouched():
        done = mensetsu(*arguments)
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "nothing"), "no set is called 'nothing': there are first"),
        (("--question", "proud-projet"), "did you mean proud-project"),
        (("--question", " "), "the question is empty"),
    ],
)
def test_an_unknown_question_or_set_is_refused_before_any_device(
    mensetsu, untouched, arguments, words
):
    with untouched():
        done = mensetsu("record", *arguments)
    assert (done.code, done.out) == (1, "")
    assert words in done.err
    assert len(done.err.splitlines()) == 1
