"""The journal beside a recording: what is known of a take even if the program is killed.

JSON lines in ``NN-<question>.journal.jsonl``: first ``start`` with the take as far as it is known
by then, ``second`` about once a second, ``fault`` where one begins and again where it ends, and
``end`` with the finished take. `recorder.recovery` adds ``recovered`` or ``unreadable``. Every
line is synced to the disk before the call returns. A kill can tear the last line: reading skips
what is no whole line.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recorder.disk import free_ballast, is_full, sync_file
from recorder.errors import FolderRefused
from recorder.session import Fault, Take, sync_folder, take_from_dict

SUFFIX = ".journal.jsonl"


def journal_path(media: Path) -> Path:
    """Return where the journal of a recording lies."""
    return media.with_name(media.stem + SUFFIX)


@dataclass(frozen=True, slots=True)
class JournalRead:
    """What a journal says."""

    start: Take | None
    """the take as it was when it began; None = the journal was cut off before that"""
    utc: str | None
    """when it began, ISO 8601"""
    language: str
    """of the session"""
    seconds: tuple[dict[str, Any], ...]
    """the lines of every second, oldest first"""
    faults: tuple[Fault, ...]
    """in the order of their beginning"""
    end: Take | None
    """the finished take; None = it was cut off"""
    outcome: dict[str, Any] | None
    """what a recovery has noted"""

    def take_when_cut_off(self) -> Take | None:
        """Return the take as far as the journal knows it, without an end."""
        if self.start is None:
            return None
        last = self.seconds[-1] if self.seconds else {}
        drops = last.get("frames_dropped_by", {})
        health = replace(
            self.start.health,
            frames_dropped_by=drops,
            frames_dropped=sum(drops.values()),
            audio_gap_s=last.get("audio_gap_s", 0.0),
            audio_overflows=last.get("audio_overflows", 0),
            faults=self.faults,
        )
        return replace(self.start, health=health)


class TakeJournal:
    """The journal of a running take; the lines may come from any one thread.

    Parameters
    ----------
    path : `journal_path` of the recording; a journal that exists is not overwritten.
    take : what is known of the take at its start (id, question, goal, devices, formats, media).
    language : of the session, which a recovery needs where session.json is lost.

    Raises
    ------
    FolderRefused
        It can't be made there.
    """

    def __init__(self, path: Path, take: Take, *, language: str = "en") -> None:
        self.path = path
        self.failures = 0
        """lines that could not be written"""
        self._torn = False
        try:
            self._file = path.open("xb", buffering=0)
        except OSError as exc:
            raise FolderRefused(f"{path} can't be made ({exc.strerror})") from exc
        sync_folder(path.parent)
        utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._add("start", {"utc": utc, "language": language, "take": asdict(take)})

    def second(self, t_s: float, **figures: Any) -> None:
        """Note the state of the take, about once a second.

        Parameters
        ----------
        t_s : where the take stands, s of sound.
        figures : anything that JSON knows. A recovery takes ``frames_dropped_by`` (count by
            cause), ``audio_gap_s`` and ``audio_overflows`` (all since the start) from here.
        """
        plain = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in figures.items()
        }
        self._add("second", {"t_s": t_s, **plain})

    def fault(self, fault: Fault) -> None:
        """Note a fault when it begins (``end_s`` None) and again when it is over."""
        self._add("fault", asdict(fault))

    def end(self, take: Take) -> None:
        """Note the finished take."""
        self._add("end", {"take": asdict(take)})

    def close(self) -> None:
        """Close the file; nothing more is noted."""
        self._file.close()

    def __enter__(self) -> TakeJournal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _add(self, event: str, content: dict[str, Any]) -> None:
        """Append a line. One that can't be written is counted: the recording is worth more."""
        if self._file.closed:
            return
        line = _line({"event": event, **content})
        try:
            # What is left of a line that failed must not swallow this one.
            _append(self._file.fileno(), b"\n" + line if self._torn else line, self.path.parent)
        except OSError:
            self.failures += 1
            self._torn = True
        else:
            self._torn = False


def note_outcome(journal: Path, event: str, **content: Any) -> None:
    """Add what a recovery came to (``recovered``, ``unreadable``); makes a journal that is missing.

    Raises
    ------
    OSError
        The line can't be written.
    """
    line = _line({"event": event, **content})
    with journal.open("ab", buffering=0) as file:
        # The torn line of a kill must not swallow this one; an empty one does no harm.
        _append(file.fileno(), b"\n" + line, journal.parent)


def read_journal(path: Path) -> JournalRead:
    """Read a journal, cut off or not.

    Raises
    ------
    OSError
        The file can't be read.
    """
    start = end = outcome = utc = None
    language = "en"
    seconds: list[dict[str, Any]] = []
    faults: dict[tuple[str, float], Fault] = {}
    for line in _whole_lines(path.read_bytes()):
        event = line.pop("event", None)
        try:
            if event == "start":
                start, utc = take_from_dict(line["take"]), line.get("utc")
                language = line.get("language", language)
            elif event == "second":
                seconds.append(line)
            elif event == "fault":
                fault = Fault(**line)
                faults[fault.kind, fault.start_s] = fault
            elif event == "end":
                end = take_from_dict(line["take"])
            elif event in ("recovered", "unreadable"):
                outcome = {"event": event, **line}
        except (TypeError, LookupError, ValueError, AttributeError):
            continue  # damaged, or of another program: what else there is counts
    return JournalRead(start, utc, language, tuple(seconds), tuple(faults.values()), end, outcome)


def _line(content: dict[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace") + b"\n"


def _append(descriptor: int, line: bytes, folder: Path) -> None:
    rest = memoryview(line)
    freed = False
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except OSError as exc:
            if freed or not is_full(exc) or not free_ballast(folder):
                raise
            freed = True
    sync_file(descriptor)


def _whole_lines(text: bytes) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            content = json.loads(line)
        except ValueError:
            continue  # torn by a kill, or zeros after a power cut
        if isinstance(content, dict):
            yield content
