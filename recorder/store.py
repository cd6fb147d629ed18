"""Where sessions lie: folders under the data folder, private to the user.

A store is a folder of session folders. Nothing in it depends on where it lies or on the machine:
names are plain ASCII that every file system takes, and a session's files name each other
relatively. So a session, or the whole store, can be moved or copied with any tool.

Two locks, both freed by the system when their process dies: the store's lets only one recorder
run, the session's keeps recovery and deletion away from what is being recorded.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import filelock

from recorder.errors import FolderRefused, RecorderBusy, SessionUnreadable
from recorder.session import (
    FILE_NAME as SESSION_FILE,
)
from recorder.session import (
    GazeCalibration,
    Session,
    SetupUsed,
    read_session,
    sync_folder,
    write_session,
)

FOLDER = "sessions"
LOCK = "recorder.lock"
SESSION_LOCK = ".session.lock"
LEAST_FREE_BYTES = 50_000_000
"""about four minutes of 1280×720 at the 13 MB a minute that were measured; our judgement"""
LONGEST_NAME = 60
"""characters of a safe name; with the rest of the path it stays below Windows' 260"""

_DELETED = ".deleted-"
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is easily misread: i l o 0 1
_ID = re.compile(rf"\d{{4}}-\d\d-\d\d-\d{{4}}-[{_SIGNS}]{{4}}")
_RESERVED = {"con", "prn", "aux", "nul"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A session folder of the store, readable or not."""

    id: str
    """name of the folder: what the user types"""
    folder: Path
    session: Session | None
    """None = it can't be read"""
    error: str | None
    """why it can't be read"""
    size_bytes: int
    """of everything in the folder"""


def sessions_dir(home: Path) -> Path:
    """Return the store's folder within a data folder."""
    return home / FOLDER


def create_session(
    root: Path,
    language: str,
    setup: SetupUsed | None = None,
    calibration: GazeCalibration | None = None,
) -> Path:
    """Make a session without takes in a store and return its folder.

    Raises
    ------
    FolderRefused
        The store can't be written, or has no space.
    """
    check_folder(root)
    while True:
        folder = root / _new_id()
        with _refusals(root), contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            try:
                _begin(folder, folder.name, language, setup, calibration)
            except OSError:
                folder.rmdir()
                raise
            return folder


def create_session_at(
    folder: Path,
    language: str,
    setup: SetupUsed | None = None,
    calibration: GazeCalibration | None = None,
) -> None:
    """Make a session without takes in a folder of the user's choice, new or empty.

    Raises
    ------
    FolderRefused
        The folder can't be written, has no space, or is not empty.
    """
    check_folder(folder)
    with _refusals(folder):
        if any(folder.iterdir()):
            raise FolderRefused(f"{folder} is not empty: choose another folder for the session")
        _begin(folder, _new_id(), language, setup, calibration)


def list_sessions(root: Path) -> tuple[SessionEntry, ...]:
    """Return what a store holds, in the order of the names: the oldest first.

    Raises
    ------
    FolderRefused
        The store itself can't be read.
    """
    with _refusals(root):
        folders = sorted(p for p in root.iterdir() if is_session(p)) if root.exists() else []
    return tuple(_entry(folder) for folder in folders)


def is_session(folder: Path) -> bool:
    """Whether a folder is a session of ours, even one whose session.json is gone."""
    if folder.name.startswith(".") or folder.is_symlink() or not folder.is_dir():
        return False
    if is_id(folder.name) or (folder / SESSION_FILE).exists():
        return True
    return next(folder.glob("*.journal.jsonl"), None) is not None


def is_id(name: str) -> bool:
    """Whether a name has the form of a session's id."""
    return _ID.fullmatch(name) is not None


def check_folder(root: Path) -> None:
    """Make a store's folder if need be and see that it can be written, privately.

    Raises
    ------
    FolderRefused
        It can't; the message says why and what to do.
    """
    with _refusals(root):
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.name == "posix" and root.stat().st_mode & 0o077:
            root.chmod(0o700)
        # Permission bits don't tell: only writing does.
        probe = root / f".probe-{secrets.token_hex(4)}"
        try:
            with probe.open("xb") as out:
                out.write(b"\0" * 65536)
                out.flush()
                os.fsync(out.fileno())
        finally:
            probe.unlink(missing_ok=True)
        free = shutil.disk_usage(root).free
    if free < LEAST_FREE_BYTES:
        raise FolderRefused(_full(root, free))


def delete_session(folder: Path) -> None:
    """Remove a session and everything in it.

    It vanishes in one step (a new name), then its files are removed; what an interrupted removal
    left over is removed by the next.

    Raises
    ------
    RecorderBusy
        It is being recorded.
    FolderRefused
        It is no session, or can't be removed.
    """
    if not is_session(folder):
        raise FolderRefused(f"{folder} is not a session folder of mensetsu: nothing was deleted")
    with session_lock(folder):
        pass  # Windows can't rename a folder with an open file in it, so it is not held any longer
    try:
        folder.rename(folder.with_name(f"{_DELETED}{folder.name}-{secrets.token_hex(4)}"))
        for left in folder.parent.glob(f"{_DELETED}*"):
            shutil.rmtree(left)
    except OSError as exc:
        raise FolderRefused(
            f"{exc.filename or folder} can't be deleted ({exc.strerror or exc}): close the programs"
            " that use it, or delete it yourself"
        ) from exc


@contextlib.contextmanager
def recording_lock(root: Path) -> Iterator[None]:
    """Hold the right to record: one recorder at a time in a store.

    Raises
    ------
    RecorderBusy
        Another recorder runs.
    FolderRefused
        The lock can't be made there.
    """
    message = "another recording is running: stop it first, then start this one"
    with _held(root / LOCK, message):
        yield


@contextlib.contextmanager
def session_lock(folder: Path) -> Iterator[None]:
    """Hold a session folder: while it is recorded, recovered or deleted.

    Raises
    ------
    RecorderBusy
        Somebody else holds it.
    FolderRefused
        The lock can't be made there.
    """
    with _held(
        folder / SESSION_LOCK, f"the session {folder.name} is being recorded: stop it first"
    ):
        yield


def safe_name(text: str) -> str:
    """Return a file name (without ending) that every file system takes.

    Lower-case ASCII letters, digits and hyphens: accents are dropped and all else becomes a
    hyphen, since names outside ASCII change their form between file systems and archives, and
    upper case is no difference on some. Not empty, not a device name of Windows.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:LONGEST_NAME].rstrip("-")
    if not name:
        return "untitled"
    return f"{name}-" if name in _RESERVED else name


def _new_id() -> str:
    # The local time is for the user's eyes; nothing reads it.
    ending = "".join(secrets.choice(_SIGNS) for _ in range(4))
    return f"{datetime.now():%Y-%m-%d-%H%M}-{ending}"


def _begin(
    folder: Path,
    id_: str,
    language: str,
    setup: SetupUsed | None,
    calibration: GazeCalibration | None,
) -> None:
    """Write the session.json of a new session."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    write_session(Session(id_, created, language, (), setup, calibration), folder)
    sync_folder(folder.parent)


def _entry(folder: Path) -> SessionEntry:
    size = _size(folder)
    try:
        return SessionEntry(folder.name, folder, read_session(folder), None, size)
    except SessionUnreadable as exc:
        return SessionEntry(folder.name, folder, None, str(exc), size)


def _size(folder: Path) -> int:
    total = 0
    for place, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:  # a recorder at work replaces and removes files
                continue
    return total


@contextlib.contextmanager
def _held(path: Path, busy: str) -> Iterator[None]:
    lock = filelock.FileLock(path, timeout=0, mode=0o600, thread_local=False)
    try:
        with _refusals(path.parent):
            lock.acquire()
    except filelock.Timeout:
        raise RecorderBusy(busy) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _refusals(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into one sentence that says what to do."""
    try:
        yield
    except filelock.Timeout:  # an OSError too, but no refusal of the file system
        raise
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise FolderRefused(_full(folder)) from exc
        if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            why = "read-only" if exc.errno == errno.EROFS else "no permission"
            raise FolderRefused(
                f"the folder {folder} can't be written ({why}): allow it, or set MENSETSU_HOME to"
                " a folder that can"
            ) from exc
        if exc.errno in (errno.EEXIST, errno.ENOTDIR):
            raise FolderRefused(
                f"{folder} can't be a folder, a file stands in its way: move that file, or set"
                " MENSETSU_HOME to another folder"
            ) from exc
        raise FolderRefused(
            f"the folder {folder} can't be used ({exc.strerror or exc}): set MENSETSU_HOME to"
            " another one"
        ) from exc


def _full(folder: Path, free_bytes: int | None = None) -> str:
    left = "" if free_bytes is None else f" ({free_bytes / 1e6:.0f} MB left)"
    return (
        f"no space for recordings in {folder}{left}: free at least"
        f" {LEAST_FREE_BYTES / 1e6:.0f} MB, or set MENSETSU_HOME to a folder on another disk"
    )
