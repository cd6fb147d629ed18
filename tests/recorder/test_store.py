"""The store of sessions: private, portable, one recorder at a time, deletion of sessions alone."""

import errno
import os
import re
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder import store
from recorder.errors import FolderRefused, RecorderBusy
from recorder.questions import read_bank
from recorder.session import (
    CaptureHealth,
    GazeCalibration,
    Session,
    SetupUsed,
    Take,
    read_session,
    write_session,
)

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX'")
# What Windows allows in the name of a file.
WINDOWS_SAFE = re.compile(r"[a-z0-9-]*[a-z0-9](-)?")


@pytest.fixture
def root(tmp_path) -> Path:
    return store.sessions_dir(tmp_path / "home")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def add_take(folder):
    session = read_session(folder)
    (folder / "01-self-introduction.mkv").write_bytes(b"x" * 1000)
    take = Take(
        f"{session.id}-01",
        read_bank()[0],
        "01-self-introduction.mkv",
        30.0,
        48_000,
        1,
        None,
        CaptureHealth(),
    )
    write_session(Session(session.id, session.created, session.language, (take,)), folder)


def test_a_session_is_private_and_says_what_it_was_made_with(root):
    setup = SetupUsed("2026-11-23T08:00:00+00:00", ("microphone",), (), ())
    calibration = GazeCalibration(1.0, -2.0, None, None, "2026-11-23T08:00:00+00:00", "Webcam")
    folder = store.create_session(root, "ja", setup, calibration)
    session = read_session(folder)
    assert folder.parent == root
    assert (session.id, session.language, session.takes) == (folder.name, "ja", ())
    assert (session.setup, session.calibration) == (setup, calibration)
    age = datetime.now(UTC) - datetime.fromisoformat(session.created)
    assert 0 <= age.total_seconds() < 60


@posix
def test_folders_are_for_the_user_alone_whatever_the_umask(root):
    before = os.umask(0)
    try:
        folder = store.create_session(root, "en")
        assert mode(root) == mode(folder) == 0o700
        assert mode(folder / "session.json") & 0o077 == 0
        root.chmod(0o755)  # as a copy on another machine may come out
        store.create_session(root, "en")
        assert mode(root) == 0o700
    finally:
        os.umask(before)


def test_ids_are_unique_within_a_minute_and_safe_on_windows(root):
    names = {store.create_session(root, "en").name for _ in range(20)}
    assert len(names) == 20
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}-[a-z0-9]{4}", name) for name in names)


def test_sessions_are_listed_by_name_with_their_size(root):
    assert store.list_sessions(root) == ()
    folders = sorted(store.create_session(root, "en") for _ in range(3))
    add_take(folders[1])
    (root / "notes").mkdir()
    (root / ".deleted-x").mkdir()
    (root / "a file").touch()
    entries = store.list_sessions(root)
    assert [entry.folder for entry in entries] == folders
    assert [len(entry.session.takes) for entry in entries] == [0, 1, 0]
    assert entries[1].size_bytes > entries[0].size_bytes + 1000


def test_broken_sessions_are_entries_with_their_reason(root):
    folders = sorted(store.create_session(root, "en") for _ in range(3))
    (folders[0] / "session.json").write_text("{", encoding="utf-8")
    (folders[1] / "session.json").unlink()
    (root / "copied by hand").mkdir()
    (root / "copied by hand" / "01-x.journal.jsonl").touch()
    entries = store.list_sessions(root)
    assert [entry.session is None for entry in entries] == [True, True, False, True]
    assert "is not a session file" in entries[0].error
    assert "can't be read" in entries[1].error
    assert entries[3].id == "copied by hand"


def test_a_store_survives_being_moved_and_copied(root, tmp_path):
    folder = store.create_session(root, "en")
    add_take(folder)
    moved = shutil.move(root, tmp_path / "elsewhere 引越し")
    shutil.copytree(moved / folder.name, moved / "a copy")
    for entry in store.list_sessions(moved):
        (take,) = entry.session.takes
        assert (entry.folder / take.media).is_file()
        assert str(tmp_path) not in (entry.folder / "session.json").read_text(encoding="utf-8")
    store.delete_session(moved / "a copy")
    assert [entry.id for entry in store.list_sessions(moved)] == [folder.name]


def held_by_another_process(context):
    """Start a process that holds a lock of the store; it ends with its standard input."""
    code = (
        "import sys; from pathlib import Path; from recorder import store\n"
        f"with store.{context}(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )

    def start(place):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(place)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout.readline().strip() == b"held"
        return process

    return start


@pytest.mark.parametrize("context", ["recording_lock", "session_lock"])
def test_a_lock_is_exclusive_and_ends_with_its_process(root, context):
    place = store.create_session(root, "en")
    hold = getattr(store, context)
    with held_by_another_process(context)(place) as other:
        try:
            with pytest.raises(RecorderBusy, match="stop"), hold(place):
                pass
        finally:
            other.kill()
    with hold(place), pytest.raises(RecorderBusy), hold(place):
        pass
    with hold(place):
        pass


def test_deletion_takes_the_session_and_nothing_else(root):
    folder, other = (store.create_session(root, "en") for _ in range(2))
    add_take(folder)
    store.delete_session(folder)
    assert sorted(root.iterdir()) == [other]


def test_what_an_interrupted_deletion_left_goes_with_the_next(root, monkeypatch):
    first, second = (store.create_session(root, "en") for _ in range(2))
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.delete_session(first)
    assert [entry.folder for entry in store.list_sessions(root)] == [second]
    store.delete_session(second)
    assert list(root.iterdir()) == []


def interrupt(*_, **__):
    raise KeyboardInterrupt


def test_what_is_being_recorded_is_not_deleted(root):
    folder = store.create_session(root, "en")
    with store.session_lock(folder), pytest.raises(RecorderBusy, match="being recorded"):
        store.delete_session(folder)
    assert (folder / "session.json").is_file()


@pytest.mark.parametrize("name", ["photos", ".hidden", "a file", "nothing", "a link"])
def test_what_is_no_session_is_not_deleted(root, name, tmp_path):
    folder = store.create_session(root, "en")
    (root / "photos").mkdir()
    (root / ".hidden").mkdir()
    (root / ".hidden" / "session.json").touch()
    (root / "a file").touch()
    (root / "a link").symlink_to(folder, target_is_directory=True)
    before = sorted(root.rglob("*"))
    with pytest.raises(FolderRefused, match="is not a session folder"):
        store.delete_session(root / name)
    assert sorted(root.rglob("*")) == before


def test_what_can_not_be_deleted_is_told(root, monkeypatch):
    folder = store.create_session(root, "en")

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied", "in use.mkv")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(FolderRefused, match=r"in use\.mkv can't be deleted \(Permission denied\)"):
        store.delete_session(folder)


def test_a_file_in_the_place_of_the_store(tmp_path):
    (tmp_path / "sessions").write_text("mine", encoding="utf-8")
    with pytest.raises(FolderRefused, match="a file stands in its way"):
        store.create_session(tmp_path / "sessions", "en")
    with pytest.raises(FolderRefused, match="a file stands in its way"):
        store.check_folder(tmp_path / "sessions" / "below")
    assert (tmp_path / "sessions").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.ENOSPC, "no space for recordings"),
        (errno.EIO, "can't be used"),
    ],
)
def test_what_the_file_system_refuses_is_told_with_what_to_do(root, monkeypatch, number, words):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(FolderRefused, match=words) as caught:
        store.check_folder(root)
    assert "MENSETSU_HOME" in str(caught.value)
    assert list(root.iterdir()) == []


def test_a_disk_that_is_nearly_full(root, monkeypatch):
    usage = shutil.disk_usage(root.parent.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=20_000_000))
    with pytest.raises(FolderRefused, match="20 MB left"):
        store.create_session(root, "en")
    assert list(root.iterdir()) == []


def test_a_session_that_can_not_be_written_leaves_no_folder(root, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "write_session", refuse)
    with pytest.raises(FolderRefused, match="no space"):
        store.create_session(root, "en")
    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("self-introduction", "self-introduction"),
        ("Why Us?", "why-us"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\x|y<z>*.", "c-x-y-z"),
        ("Café résumé", "cafe-resume"),
        ("CON", "con-"),
        ("lpt1", "lpt1-"),
        ("自己紹介", "untitled"),
        (" . ", "untitled"),
        ("x" * 300, "x" * store.LONGEST_NAME),
    ],
)
def test_safe_names(text, name):
    assert store.safe_name(text) == name


@given(st.text())
def test_safe_names_are_safe_and_stay_what_they_are(text):
    name = store.safe_name(text)
    assert WINDOWS_SAFE.fullmatch(name)
    assert len(name) <= store.LONGEST_NAME
    assert store.safe_name(name) == name
