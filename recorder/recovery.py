"""Takes that a crash, a kill or a power cut left unfinished are restored; nothing is deleted.

What is missing in ``session.json`` is found by the journals beside the recordings, and by
recordings that have none. One that was cut off is copied into ``NN-<question>.recovered.mkv``
with duration and index (`recorder.remux`) and entered with ``health.recovered``; one that was
ended and only not entered yet is entered as it is. What can't be restored is told once, noted in
its journal and left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recorder.disk import free_ballast, is_full
from recorder.errors import RecordingUnreadable, WriterFailed
from recorder.journal import SUFFIX, JournalRead, journal_path, note_outcome, read_journal
from recorder.session import (
    FILE_NAME,
    CaptureHealth,
    Question,
    Session,
    Take,
    read_session,
    sync_folder,
    write_session,
)

RECOVERED = ".recovered"
"""comes before the ending of a restored recording"""

_MEDIA = re.compile(r"(?P<number>\d+)-(?P<question>.+)\.mkv")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A take that is on the disk and not in ``session.json``."""

    media: Path
    """the recording as it was left; it may be missing"""
    journal: JournalRead | None
    """None = it has none that can be read"""

    @property
    def recovered_media(self) -> Path:
        """Where the restored recording goes."""
        return self.media.with_name(self.media.stem + RECOVERED + self.media.suffix)

    @property
    def outcome(self) -> dict[str, Any]:
        """What an earlier recovery has noted; empty = none was tried."""
        return (self.journal and self.journal.outcome) or {}


def find_unfinished(folder: Path, *, again: bool = False) -> tuple[Unfinished, ...]:
    """Find the takes of a session folder that its ``session.json`` does not have.

    Parameters
    ----------
    folder : a session folder; what another program records there must be kept out by the caller
        (`recorder.store.session_lock`).
    again : also those that an earlier recovery found unreadable.

    Raises
    ------
    SessionUnreadable
        ``session.json`` is there and can't be read.
    """
    known = _session(folder)
    ids = {take.id for take in known.takes} if known else set()
    files = {take.media for take in known.takes} if known else set()
    names = {path.name for path in folder.glob("*.mkv") if not path.stem.endswith(RECOVERED)}
    names |= {p.name.removesuffix(SUFFIX) + ".mkv" for p in folder.glob(f"*{SUFFIX}")}
    found = []
    for name in sorted(names, key=lambda n: (_number(n), n)):
        recovered = name.removesuffix(".mkv") + RECOVERED + ".mkv"
        if not _MEDIA.fullmatch(name) or {name, recovered} & files:
            continue  # the user's own, or entered long ago
        item = Unfinished(folder / name, _journal(folder / name))
        take = _known_take(item)
        if take and take.id in ids:
            continue
        if item.outcome.get("event") == "unreadable" and not again:
            continue
        found.append(item)
    return tuple(found)


def recover(
    folder: Path,
    report: Callable[[Path, str], None] | None = None,
    *,
    again: bool = False,
) -> tuple[Take, ...]:
    """Restore the unfinished takes of a session folder and enter them into ``session.json``.

    Parameters
    ----------
    folder : a session folder; one that has lost its ``session.json`` gets a new one.
    report : told the file and a sentence for every take that can't be restored.
    again : try also those that an earlier recovery found unreadable.

    Returns
    -------
    tuple[Take, ...]
        The takes that were entered, oldest first.

    Raises
    ------
    RecorderBusy
        The session is being recorded.
    SessionUnreadable
        ``session.json`` is there and can't be read.
    WriterFailed, FolderRefused
        The disk is full or can't be written; what was restored before that is entered.
    """
    from recorder.store import session_lock

    restored = []
    with session_lock(folder):
        # A recorder that was killed has left its own; the copies need the room.
        free_ballast(folder)
        for item in find_unfinished(folder, again=again):
            try:
                take = _restore(item, folder)
            except RecordingUnreadable as exc:
                _note(item, "unreadable", why=str(exc))
                if report is not None:
                    report(item.media, str(exc))
                continue
            _enter(take, folder)
            restored.append(take)
            _note(item, "recovered", media=take.media)
    return tuple(restored)


def _restore(item: Unfinished, folder: Path) -> Take:
    from recorder.remux import inspect, remux

    if not item.media.exists():
        raise RecordingUnreadable(f"{item.media.name} was cut off before its recording began")
    ended = item.journal and item.journal.end
    if ended:
        written = inspect(item.media)
        if written.clean:
            return ended
    target = item.recovered_media
    # There already: an earlier recovery was stopped before it could enter it.
    written = inspect(target) if target.exists() else remux(item.media, target)
    take = ended or _known_take(item) or _unknown_take(item, folder)
    size_px = None
    if written.picture is not None:
        size_px = (written.picture.width_px, written.picture.height_px)
    return replace(
        take,
        media=target.name,
        duration_s=written.duration_s,
        sample_rate_hz=written.sound.rate_hz,
        channels=written.sound.channels,
        frame_size_px=size_px,
        health=replace(
            take.health,
            recovered=True,
            frames_written=written.frames,
            av_offset_s=written.first_frame_s or 0.0,
        ),
    )


def _known_take(item: Unfinished) -> Take | None:
    if item.journal is None:
        return None
    return item.journal.end or item.journal.take_when_cut_off()


def _unknown_take(item: Unfinished, folder: Path) -> Take:
    """Return a take for a recording whose journal is lost: its name tells number and question."""
    match = _MEDIA.fullmatch(item.media.name)
    assert match is not None
    session = _session(folder)
    return Take(
        id=f"{session.id if session else folder.name}-{int(match['number']):02}",
        question=_question(match["question"]),
        media=item.media.name,
        duration_s=0.0,
        sample_rate_hz=0,
        channels=0,
        frame_size_px=None,
        health=CaptureHealth(),
    )


def _question(question_id: str) -> Question:
    from recorder.questions import OWN_BAND_S, OWN_BAND_SOURCE, read_bank

    for question in read_bank():
        if question.id == question_id:
            return question
    text = question_id.replace("-", " ")
    return Question(
        id=question_id,
        text_en=text,
        text_ja=text,
        stage="first",
        kind="own",
        intent="",
        structure="",
        band_s=OWN_BAND_S,
        band_source=OWN_BAND_SOURCE,
    )


def _enter(take: Take, folder: Path) -> None:
    """Put a take into the session, in the order of the numbers."""
    session = _session(folder) or _new_session(folder)
    takes = sorted((*session.takes, take), key=lambda t: _number(t.media))
    try:
        write_session(replace(session, takes=tuple(takes)), folder)
    except OSError as exc:
        raise WriterFailed(
            f"{folder / FILE_NAME} can't be written ({exc.strerror}): once it can, run mensetsu"
            " recover",
            full=is_full(exc),
        ) from exc
    sync_folder(folder)


def _session(folder: Path) -> Session | None:
    return read_session(folder) if (folder / FILE_NAME).exists() else None


def _new_session(folder: Path) -> Session:
    names = sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))
    journals = (_journal(folder / f"{name}.mkv") for name in names)
    begun = [journal for journal in journals if journal and journal.utc]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Session(
        id=folder.name,
        created=(begun[0].utc if begun else None) or now,
        language=begun[0].language if begun else "en",
    )


def _journal(media: Path) -> JournalRead | None:
    try:
        return read_journal(journal_path(media))
    except OSError:
        return None


def _note(item: Unfinished, event: str, **content: Any) -> None:
    try:
        note_outcome(journal_path(item.media), event, **content)
    except OSError:
        return  # without the note it is only looked at once more


def _number(name: str) -> int:
    match = re.match(r"\d+", name)
    return int(match[0]) if match else 0
