"""``sessions``, ``recover`` and ``delete``: what was recorded."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from app import config
from app.errors import SourceUnknown
from app.output import print_json
from app.results_folder import ANALYSIS
from app.session_folder import find_session, recover_folder, recover_unfinished
from app.takes import clock, health, title
from recorder import store
from recorder.session import SetupUsed, Take
from recorder.store import SessionEntry


def sessions(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show what was recorded, the newest last."""
    root = config.sessions_dir()
    recover_unfinished(root)
    entries = store.list_sessions(root)
    if as_json:
        print_json([_row(entry) for entry in entries])
        return
    if not entries:
        typer.echo(f"No sessions in {root}: 'mensetsu record' makes one.")
    for entry in entries:
        _show(entry)


def recover(
    session: Annotated[
        str | None, typer.Argument(metavar="[SESSION]", help="Id or folder. Default: all.")
    ] = None,
) -> None:
    """Repair recordings that were cut off; the originals are kept."""
    if session is None:
        recovered = recover_unfinished(config.sessions_dir(), again=True)
    else:
        recovered = len(recover_folder(find_session(session), again=True))
    typer.echo(f"{recovered} recovered" if recovered else "Nothing to recover.")


def delete(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Id or folder of a session.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a session with its recordings and results, after asking."""
    root = config.sessions_dir()
    folder = find_session(session)
    if folder.parent.resolve() != root.resolve():
        raise SourceUnknown(
            f"{folder} does not lie in {root}: mensetsu deletes sessions there only; delete the"
            " folder yourself"
        )
    entry = next(e for e in store.list_sessions(root) if e.folder.name == folder.name)
    typer.echo(_deletion(entry), err=True)
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise SourceUnknown("nothing was deleted: nobody can be asked; --yes deletes it")
        if not typer.confirm("Delete it for good?", default=False, err=True):
            typer.echo("Nothing was deleted.")
            return
    store.delete_session(entry.folder)
    typer.echo(f"deleted: {entry.id}")


def _deletion(entry: SessionEntry) -> str:
    """Return what a deletion would take away."""
    size = f"{entry.size_bytes / 1e6:.1f} MB"
    if entry.session is None:
        return f"{entry.folder}: a session that can't be read, {size}"
    takes = entry.session.takes
    count = "1 take" if len(takes) == 1 else f"{len(takes)} takes"
    seconds = sum(take.duration_s for take in takes)
    return f"{entry.folder}: {count}, {clock(seconds)} min, {size} with all results"


def _show(entry: SessionEntry) -> None:
    size = f"{entry.size_bytes / 1e6:.1f} MB"
    if entry.session is None:
        typer.echo(f"{entry.id}  {size}\n  {entry.error}\n")
        return
    made = datetime.fromisoformat(entry.session.created).astimezone()
    language = {"en": "English", "ja": "Japanese"}.get(entry.session.language, "?")
    typer.echo(f"{entry.id}  {made:%d %b %Y %H:%M}  {language}  {size}")
    typer.echo(f"  {_setup(entry.session.setup)}")
    for take in entry.session.takes:
        analysed = "analysed" if is_analysed(entry.folder, take) else "not analysed"
        typer.echo(f"  {clock(take.duration_s):>5}  {title(take)}  ({analysed}; {health(take)})")
    if not entry.session.takes:
        typer.echo("  no takes")
    typer.echo("")


def _setup(setup: SetupUsed | None) -> str:
    """Say under which set-up a session was recorded."""
    if setup is None:
        return "set-up not checked before"
    made = datetime.fromisoformat(setup.made).astimezone()
    found = f"{len(setup.to_fix)} to fix: {', '.join(setup.to_fix)}" if setup.to_fix else "in order"
    return f"set-up checked {made:%d %b %Y %H:%M}, {found}"


def _row(entry: SessionEntry) -> dict[str, Any]:
    session = entry.session
    return {
        "id": entry.id,
        "folder": str(entry.folder),
        "error": entry.error,
        "size_bytes": entry.size_bytes,
        "created": None if session is None else session.created,
        "language": None if session is None else session.language,
        "setup": session and session.setup and asdict(session.setup),
        "gaze_calibrated": session and session.calibration is not None,
        "takes": [_take_row(entry.folder, take) for take in session.takes] if session else [],
    }


def _take_row(folder: Path, take: Take) -> dict[str, Any]:
    return {
        "id": take.id,
        "question_id": take.question.id,
        "question": take.question.text_en,
        "media": take.media,
        "duration_s": take.duration_s,
        "recovered": take.health.recovered,
        "health": health(take),
        "analysed": is_analysed(folder, take),
    }


def is_analysed(folder: Path, take: Take) -> bool:
    """Whether results lie beside a take's recording."""
    media = folder / take.media
    return any(media.parent.glob(f"{_literal(media.stem)}-analysis*/{ANALYSIS}"))


def _literal(name: str) -> str:
    """Return a name as a pattern that means it."""
    return "".join(f"[{c}]" if c in "[?*" else c for c in name)
