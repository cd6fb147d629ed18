"""All that was recorded, as history, comparison and goals see it: read from the store in one go.

Nothing here raises for what is in a file: what can't be used is named once, as a `Defect`, and the
rest is there all the same. 500 takes are read in 0.2 s, in proportion to their number
(``tests/benchmarks/history.py``); so there is no index that could be out of date.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis, summary
from app import config
from app.errors import SourceUnknown
from app.results_folder import ANALYSIS, REPORT, find_media
from app.stored_results import NONE, StoredResults, find_results, is_current
from app.stored_session import (
    StoredSession,
    StoredTake,
    read_stored_session,
)
from recorder.session import FILE_NAME, SetupUsed
from recorder.store import is_session
from reports.language import t
from reports.takes import Defect, TakeRecord, oldest_first

_NUMBERED = re.compile(r"(?P<session>.+)[/\\](?P<number>\d{1,6})")


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session of the store."""

    id: str
    """name of its folder: what the user types"""
    folder: Path
    created: str | None
    """UTC, ISO 8601; None = unknown"""
    language: str | None
    setup: SetupUsed | None
    """the set-up check before it; None = there was none"""
    takes: tuple[TakeRecord, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything in a store."""

    takes: tuple[TakeRecord, ...]
    """the oldest first"""
    sessions: tuple[SessionRecord, ...]
    """the oldest first; those whose beginning isn't known, last"""
    defects: tuple[Defect, ...]
    """each named once, in the language of the page"""


def read_shelf(root: Path) -> Shelf:
    """Read a store of sessions.

    It never raises for what it finds. A take whose recording is gone is shown with its numbers; of
    two takes with one id the first counts (of a copied session folder: the one that has its name).
    The sentences of the defects are in the language of the page (`reports.language.speaking`).
    """
    try:
        folders = sorted(folder for folder in root.iterdir() if is_session(folder))
    except FileNotFoundError:
        return Shelf((), (), ())
    except OSError as exc:
        text = t("{place} can't be read ({why}): allow it", place=root, why=exc.strerror or exc)
        return Shelf((), (), (Defect(str(root), "broken", text),))
    read = [(folder, read_stored_session(folder)) for folder in folders]
    # A copy has the same id inside: the folder that is called so is the original.
    read.sort(key=lambda item: (item[1].id != item[0].name, item[0].name))
    defects: list[Defect] = []
    seen: dict[str, str] = {}
    sessions = [
        record
        for folder, stored in read
        if (record := _session(folder, stored, folder.name, seen, defects)) is not None
    ]
    sessions.sort(key=lambda s: (s.created is None, s.created or "", s.id))
    # Those of unknown date come last in both lists.
    known = [take for s in sessions for take in s.takes if take.recorded is not None]
    unknown = [take for s in sessions for take in s.takes if take.recorded is None]
    return Shelf((*oldest_first(known), *unknown), tuple(sessions), tuple(defects))


def read_session_record(folder: Path) -> tuple[SessionRecord, tuple[Defect, ...]]:
    """Read one session, wherever it lies, with what is wrong in it; never raises for a file."""
    defects: list[Defect] = []
    in_store = folder.parent.resolve() == config.sessions_dir().resolve()
    name = folder.name if in_store else str(folder)
    record = _session(folder, read_stored_session(folder), name, {}, defects)
    assert record is not None  # nothing was seen before it
    return record, tuple(defects)


def read_take(folder_or_file: Path) -> TakeRecord:
    """Read the take whose results lie in a folder, or in a folder with this analysis.json.

    The numbers are worked out from analysis.json, so those of earlier versions are as complete as
    they can be; 30 ms each.

    Raises
    ------
    SourceUnknown
        It is neither.
    AnalysisUnreadable
        The analysis can't be read.
    """
    path = folder_or_file / ANALYSIS if folder_or_file.is_dir() else folder_or_file
    if not path.is_file():
        raise SourceUnknown(
            f"{folder_or_file} holds no results: run 'mensetsu analyse' on its recording first"
        )
    analysis = read_analysis(path)
    folder = path.parent
    media = find_media(analysis, folder)
    known = _in_session(media or folder.parent / analysis.media.name)
    if known is None:
        return TakeRecord(
            id=analysis.take_id,
            name=str(folder_or_file),
            recorded=None,
            number=0,
            session=None,
            question=analysis.question,
            language=_language(analysis),
            summary=summary(analysis),
            results=folder,
            media=media,
            duration_s=analysis.media.duration_s,
            context=_context(folder),
        )
    context = {**known.context, **_context(folder)}
    return replace(_with_numbers(known, analysis), results=folder, media=media, context=context)


def find_take(given: str, shelf: Shelf | None = None) -> TakeRecord:
    """Return the take that the user means.

    Parameters
    ----------
    given : path of a results folder, an analysis.json or a recording with results; or SESSION/NN,
        where SESSION is an id in the store or the path of a session folder; or the id of a take.
    shelf : the store if it was read already; None = read what is needed.

    Raises
    ------
    SourceUnknown
        There is none, or several are meant.
    AnalysisUnreadable
        Its analysis can't be read.
    """
    path = Path(given)
    if given and (path.is_file() or (path / ANALYSIS).is_file()):
        return _of_file(path)
    match = _NUMBERED.fullmatch(given)
    if match is not None:
        return _of_number(match["session"], int(match["number"]))
    for folder in (config.sessions_dir() / given, path):
        if given and is_session(folder):
            return _only(folder)
    takes = read_shelf(config.sessions_dir()).takes if shelf is None else shelf.takes
    take = next((take for take in takes if take.id == given and given), None)
    if take is None:
        raise SourceUnknown(
            f"no take {given!r}: give a folder with results, or SESSION/NN as 'mensetsu sessions'"
            " lists them"
        )
    return _whole(take)


def _of_file(path: Path) -> TakeRecord:
    """Return the take of a results folder, its analysis.json, or a recording."""
    if path.is_dir() or path.suffix.lower() == ".json":
        return read_take(path)
    results = find_results(path, _names(path.parent))
    if results.folder is None:
        known = _in_session(path)
        if known is not None:
            return known
        raise SourceUnknown(f"{path} is not analysed yet: run 'mensetsu analyse {path}' first")
    return replace(read_take(results.folder), media=path)


def _of_number(session: str, number: int) -> TakeRecord:
    for folder in (config.sessions_dir() / session, Path(session)):
        if is_session(folder):
            takes = read_session_record(folder)[0].takes
            take = next((take for take in takes if take.number == number), None)
            if take is None:
                raise SourceUnknown(f"{session} has no take {number}: mensetsu sessions lists them")
            return _whole(take)
    raise SourceUnknown(f"no session {session!r}: mensetsu sessions lists them")


def _only(folder: Path) -> TakeRecord:
    takes = read_session_record(folder)[0].takes
    if len(takes) == 1:
        return _whole(takes[0])
    names = ", ".join(take.name for take in takes) or "none"
    raise SourceUnknown(f"{folder} is a session: name one of its takes ({names})")


def _whole(take: TakeRecord) -> TakeRecord:
    """Return a take as its analysis tells it, where its summary is of an earlier version."""
    if take.results is None or take.summary is None or is_current(take.summary):
        return take
    return _with_numbers(take, read_analysis(take.results / ANALYSIS))


def _with_numbers(take: TakeRecord, analysis: AnswerAnalysis) -> TakeRecord:
    return replace(
        take,
        # The question may have been given anew with the analysis.
        question=analysis.question or take.question,
        language=_language(analysis) or take.language,
        summary=summary(analysis),
    )


def _in_session(media: Path) -> TakeRecord | None:
    """Return what its session tells of a recording; None = it lies in no session."""
    # A take may lie in a folder within its session.
    for folder in (media.parent, *media.parents[1:3]):
        if (folder / FILE_NAME).is_file():
            for take in read_session_record(folder)[0].takes:
                if take.context["stored_media"] == os.path.normpath(media.absolute()):
                    return take
            return None
    return None


def _session(
    folder: Path,
    stored: StoredSession,
    name: str,
    seen: dict[str, str],
    defects: list[Defect],
) -> SessionRecord | None:
    """Make the record of a session and note what is wrong; None = all of it was seen before.

    `name` is what the user types for it; `seen` holds the ids of the takes so far, with the name
    of the take that has it.
    """
    if stored.defect is not None:
        defects.append(stored.defect)
    if stored.id is None:
        return _salvaged(folder, stored, name, seen)
    counts = Counter(take.id for take in stored.takes)
    copied = [take for take in stored.takes if take.id and take.id in seen]
    if copied:
        text = t(
            "{place} is a copy of {other}: the takes of the copy are left out; delete one of them",
            place=folder.name,
            other=os.path.dirname(seen[copied[0].id]),
        )
        defects.append(Defect(str(folder), "twice", text))
        if len(copied) == len(stored.takes):
            return None
    elif stored.id != folder.name:
        text = t(
            "{place} was called {other} when it was recorded: its takes are shown under the new"
            " name",
            place=folder.name,
            other=stored.id,
        )
        defects.append(Defect(str(folder), "moved", text))
    for id_, count in counts.items():
        if id_ and count > 1 and id_ not in seen:
            text = t(
                "{file} names {n} takes with the id {id}: goals and notes go with the first one",
                file=f"{folder.name}/{FILE_NAME}",
                n=count,
                id=id_,
            )
            defects.append(Defect(f"{folder / FILE_NAME}#{id_}", "twice", text))
    takes: list[TakeRecord] = []
    names: dict[Path, list[str]] = {}
    recordings: set[Path | None] = set()
    earlier = frozenset(seen)
    for take in stored.takes:
        if take.id in earlier or (take.id in seen and take.media in recordings):
            continue
        # Another recording under the same id is an answer all the same, but nobody's by that id.
        known = replace(take, id="") if take.id in seen else take
        takes.append(_take(folder, stored, known, name, names, defects))
        recordings.add(take.media)
        if take.id:
            seen.setdefault(take.id, takes[-1].name)
    return SessionRecord(
        folder.name, folder, stored.created, stored.language, stored.setup, tuple(takes)
    )


def _take(
    folder: Path,
    session: StoredSession,
    take: StoredTake,
    of: str,
    names: dict[Path, list[str]],
    defects: list[Defect],
) -> TakeRecord:
    media = None if take.media is None else folder / take.media
    present = media is not None and media.is_file()
    results = NONE
    if media is not None:
        if media.parent not in names:
            names[media.parent] = _names(media.parent)
        results = find_results(media, names[media.parent])
        defects.extend(results.defects)
        if not present:
            file = f"{folder.name}/{take.media}"
            text = (
                t("The recording {file} is gone: put it back to analyse the take", file=file)
                if results.summary is None
                else t(
                    "The recording {file} is gone: its numbers are kept; put it back to see and"
                    " hear the take again",
                    file=file,
                )
            )
            defects.append(Defect(str(media), "media-gone", text))
    if session.defect is not None and session.defect.kind == "newer":
        # What a newer program means by its words, nobody here knows.
        results = StoredResults(None, None, ())
    told = {} if results.summary is None else results.summary
    language = told.get("language")
    return TakeRecord(
        id=take.id,
        name=f"{of}/{take.number:02d}",
        recorded=session.created,
        number=take.number,
        session=folder.name,
        question=take.question,
        language=language if isinstance(language, str) and language else session.language,
        summary=results.summary,
        results=results.folder,
        media=media if present else None,
        microphone=take.microphone,
        camera=take.camera,
        duration_s=take.duration_s,
        goal=take.goal,
        context={
            **_context(results.folder),
            "session_folder": folder,
            "stored_media": "" if media is None else os.path.normpath(media.absolute()),
        },
    )


def _salvaged(
    folder: Path, stored: StoredSession, of: str, seen: dict[str, str]
) -> SessionRecord | None:
    """Make the record of a session whose session.json is lost from the results in it."""
    takes: list[TakeRecord] = []
    for name in sorted(_names(folder)):
        if not (folder / name / ANALYSIS).is_file():
            continue
        try:
            analysis = read_analysis(folder / name / ANALYSIS)
            numbers = summary(analysis)
        except Exception:  # Nobody vouches for the file, and session.json is named already.
            continue
        if analysis.take_id in seen:
            continue
        number = len(takes) + 1
        take = TakeRecord(
            id=analysis.take_id,
            name=f"{of}/{number:02d}",
            recorded=stored.created,
            number=number,
            session=folder.name,
            question=analysis.question,
            language=_language(analysis),
            summary=numbers,
            results=folder / name,
            media=find_media(analysis, folder / name),
            duration_s=analysis.media.duration_s,
            context={**_context(folder / name), "session_folder": folder, "stored_media": ""},
        )
        seen[take.id] = take.name
        takes.append(take)
    languages = {take.language for take in takes}
    language = languages.pop() if len(languages) == 1 else None
    return SessionRecord(folder.name, folder, stored.created, language, None, tuple(takes))


def _context(results: Path | None) -> Mapping[str, Any]:
    report = None if results is None else results / REPORT
    return {"report": report if report is not None and report.is_file() else None}


def _language(analysis: AnswerAnalysis) -> str | None:
    return analysis.transcript.language if analysis.transcript else None


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
