"""The session that takes are recorded into, and those that were cut off."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import typer

from app import config
from app.errors import SourceUnknown
from app.takes import clock, title
from recorder import store
from recorder.disk import BALLAST
from recorder.errors import RecorderBusy, RecorderError, SessionUnreadable
from recorder.session import GazeCalibration, SetupUsed, Take, read_session

_LANGUAGES = {"en": "English", "ja": "Japanese"}


def find_session(given: str) -> Path:
    """Return the folder of a session: its id in the store, or its folder anywhere.

    Raises
    ------
    SourceUnknown
        There is none.
    """
    for folder in (config.sessions_dir() / given, Path(given)):
        if given and store.is_session(folder):
            return folder
    raise SourceUnknown(f"no session {given!r}: mensetsu sessions lists them")


@contextlib.contextmanager
def open_session(
    given: Path | None,
    language: str,
    setup: SetupUsed | None,
    calibration: GazeCalibration | None,
) -> Iterator[Path]:
    """Yield the folder of a new or an earlier session; a new one without takes vanishes again.

    Parameters
    ----------
    given : the user's choice: an earlier session, or a folder to be made; None = a new session
        in the store.
    language : for a new session.

    Raises
    ------
    SourceUnknown
        The folder holds something else.
    FolderRefused, RecorderBusy
        It can't be written; another recorder runs.
    """
    root = config.sessions_dir()
    with contextlib.ExitStack() as stack:
        if given is None:
            folder, new = store.create_session(root, language, setup, calibration), True
        else:
            folder = _chosen(given)
            new = not store.is_session(folder)
            if not _in_store(folder):
                # Within the store, the recorder itself holds this lock.
                store.check_folder(root)
                stack.enter_context(store.recording_lock(root))
            if new:
                store.create_session_at(folder, language, setup, calibration)
        try:
            yield folder
        finally:
            if new:
                _remove_if_empty(folder)


def session_language(given: Path | None) -> str | None:
    """Return the language of an earlier session; None where there is none."""
    if given is None:
        return None
    folder = _chosen(given)
    return read_session(folder).language if store.is_session(folder) else None


def check_language(given: Path, of_session: str, wanted: str | None) -> None:
    """Refuse to mix languages: the analysis takes a session's for all its takes."""
    if wanted not in (None, of_session):
        raise SourceUnknown(
            f"the session {given} is in {_LANGUAGES[of_session]}: leave --language out, or start"
            " a new session"
        )


def recover_unfinished(root: Path, *, again: bool = False) -> int:
    """Repair what earlier recordings left unfinished in a store.

    It says so in a line each. `again`: try also what could not be repaired before.

    Returns
    -------
    int
        Count of the takes that were recovered.
    """
    return sum(_recover_if_any(e.folder, again=again) for e in store.list_sessions(root))


def recover_given(given: Path | None) -> None:
    """Repair what is unfinished in an earlier session that lies outside the store."""
    if given is None:
        return
    folder = _chosen(given)
    if store.is_session(folder) and not _in_store(folder):
        _recover_if_any(folder)


def _recover_if_any(folder: Path, *, again: bool = False) -> int:
    from recorder.recovery import find_unfinished

    try:
        if find_unfinished(folder, again=again):
            return len(recover_folder(folder, again=again))
    except (RecorderBusy, SessionUnreadable):
        # That one is being recorded, or can't be read, as `mensetsu sessions` tells.
        pass
    except RecorderError as exc:
        typer.echo(f"note: {exc}", err=True)
    return 0


def recover_folder(folder: Path, *, again: bool = False) -> tuple[Take, ...]:
    """Repair what is unfinished in a session, and say so in a line each.

    `again` as for `recover_unfinished`.
    """
    from recorder.recovery import recover

    def report(path: Path, why: str) -> None:
        typer.echo(f"note: {why} ({path})", err=True)

    takes = recover(folder, report, again=again)
    for take in takes:
        typer.echo(
            f"recovered: {title(take)}, {clock(take.duration_s)}, in session {folder.name}",
            err=True,
        )
    return takes


def _chosen(given: Path) -> Path:
    """Return the folder that is meant: a path, or the id of a session in the store."""
    in_store = config.sessions_dir() / given
    folder = in_store if not given.exists() and store.is_session(in_store) else given
    if folder.exists() and not store.is_session(folder):
        if not folder.is_dir():
            raise SourceUnknown(f"{folder} is a file: give a folder with --session")
        if any(folder.iterdir()):
            raise SourceUnknown(
                f"{folder} holds something else than a session: give another folder with --session"
            )
    elif store.is_id(str(given)) and not folder.exists():
        raise SourceUnknown(f"no session {str(given)!r}: mensetsu sessions lists them")
    return folder


def _in_store(folder: Path) -> bool:
    return folder.parent.resolve() == config.sessions_dir().resolve()


def _remove_if_empty(folder: Path) -> None:
    """Remove a new session in which nothing was recorded."""
    left = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if left and left <= {store.SESSION_FILE, store.SESSION_LOCK, BALLAST}:
        for name in left:
            (folder / name).unlink()
        folder.rmdir()
