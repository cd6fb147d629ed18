"""The results that lie beside a recording, read fast and leniently.

A page over hundreds of takes reads the small summary.json of each; of analysis.json only its
beginning and its end, which tell whose it is and whether it is whole. Where summary.json can't be
used, analysis.json stands in.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisUnreadable
from analysis.results import SCHEMA
from analysis.storage import read_analysis, summary
from app.results_folder import ANALYSIS, SUMMARY
from app.stored_session import read_json
from reports.language import t
from reports.takes import Defect

_RESULTS = re.compile(r"(?P<stem>.+)-analysis(?:-\d+)?", re.DOTALL)
_CUT_BYTES = 180
"""names of recordings that are longer may be cut in the name of their folder"""
_HEAD_BYTES, _TAIL_BYTES = 8192, 64
_LARGEST_SUMMARY_BYTES = 2_000_000
_NEW_KEYS = ("pace_wpm", "speech_settings")
"""written since the present version of summary.json"""


@dataclass(frozen=True, slots=True)
class StoredResults:
    """The results of one recording."""

    folder: Path | None
    """None = not analysed, or by a newer program"""
    summary: Mapping[str, Any] | None
    defects: tuple[Defect, ...]


NONE = StoredResults(None, None, ())


def find_results(media: Path, beside: Iterable[str]) -> StoredResults:
    """Return the newest complete results of a recording.

    Parameters
    ----------
    media : the recording, which may be gone.
    beside : names of what lies in its folder.
    """
    folders = [media.parent / name for name in beside if _fits(name, media.stem)]
    whole, halves = [], []
    for folder in folders:
        try:
            modified = (folder / ANALYSIS).stat().st_mtime_ns
        except OSError:
            if (folder / SUMMARY).is_file():
                halves.append(folder)
            continue
        whole.append((modified, folder))
    elsewhere: Defect | None = None
    for _, folder in sorted(whole, reverse=True):
        told = _whose(folder / ANALYSIS)
        if told is None:
            # Nobody knows whose it is, so its place decides.
            return _read(folder, (_broken(folder / ANALYSIS),))
        if told.name == media.name:
            moved = () if told.of(folder) == os.path.normpath(media) else (_moved(folder, told),)
            return _read(folder, moved if told.whole else (*moved, _broken(folder / ANALYSIS)))
        if (media.parent / told.name).is_file():
            continue  # of another recording with the same stem
        elsewhere = elsewhere or _moved(folder, told, used=False)
    if elsewhere is not None:
        return StoredResults(None, None, (elsewhere,))
    return StoredResults(None, None, (_broken(halves[0] / ANALYSIS),)) if halves else NONE


def _fits(name: str, stem: str) -> bool:
    match = _RESULTS.fullmatch(name)
    if match is None:
        return False
    told = match["stem"]
    return told == stem or (len(os.fsencode(told)) > _CUT_BYTES and stem.startswith(told))


def read_summary(folder: Path) -> tuple[Mapping[str, Any] | None, Defect | None]:
    """Return the summary of a results folder, and what is wrong with summary.json or its version.

    None instead of the summary: nothing there can be read.
    """
    path = folder / SUMMARY
    try:
        found = _flat(read_json(path, _LARGEST_SUMMARY_BYTES))
    except (OSError, ValueError):
        found = None
    schema = None if found is None else found.get("schema")
    if found is not None and type(schema) is int and schema >= 1:
        return _of_version(found, schema, folder)
    instead, why = _from_analysis(folder)
    if instead is None:
        return None, why
    return instead, Defect(
        str(path),
        "broken",
        t(
            "{file} can't be read: the numbers are taken from {other}; analyse the take again",
            file=_short(path),
            other=ANALYSIS,
        ),
    )


def is_current(told: Mapping[str, Any]) -> bool:
    """Whether a summary holds all that this version writes."""
    return told.get("schema") == SCHEMA and all(key in told for key in _NEW_KEYS)


def _read(folder: Path, defects: tuple[Defect, ...]) -> StoredResults:
    found, defect = read_summary(folder)
    # A file is named once, even where it is found wanting twice.
    named = {d.place for d in defects}
    if defect is not None and defect.place not in named:
        defects = (*defects, defect)
    newer = defect is not None and defect.kind == "newer"
    return StoredResults(None if newer or found is None else folder, found, defects)


def _of_version(
    found: Mapping[str, Any], schema: int, folder: Path
) -> tuple[Mapping[str, Any] | None, Defect | None]:
    if schema > SCHEMA:
        text = t(
            "{file} was written by a newer mensetsu (schema {schema}): update mensetsu to see its"
            " numbers",
            file=_short(folder),
            schema=schema,
        )
        return None, Defect(str(folder), "newer", text)
    if not is_current(found):
        text = t(
            "{file} was measured by an earlier version of mensetsu: analyse the take again to"
            " compare all of it",
            file=_short(folder),
        )
        return found, Defect(str(folder), "older", text)
    return found, None


def _from_analysis(folder: Path) -> tuple[Mapping[str, Any] | None, Defect | None]:
    path = folder / ANALYSIS
    try:
        newer = read_json(path, 200_000_000).get("schema")
        if type(newer) is int and newer > SCHEMA:
            return _of_version({}, newer, folder)
        return summary(read_analysis(path)), None
    except (AnalysisUnreadable, OSError):
        return None, _broken(path)
    except Exception:  # Nobody vouches for the file, and the other takes must be shown.
        return None, _broken(path)


@dataclass(frozen=True, slots=True)
class _Whose:
    """What the beginning of an analysis.json tells."""

    name: str
    """of the recording"""
    path: str
    """of the recording from the results folder"""
    whole: bool
    """whether the file ends as it should"""

    def of(self, folder: Path) -> str:
        """Return where the recording lay."""
        return os.path.normpath(folder / self.path)


def _whose(path: Path) -> _Whose | None:
    """Return whose an analysis.json is without reading all of it; None = it does not tell."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES).decode("utf-8", "ignore")
            file.seek(-min(_TAIL_BYTES, file.seek(0, os.SEEK_END)), os.SEEK_END)
            whole = file.read().rstrip().endswith(b"}")
        start = re.search(r'"media"\s*:\s*(?=\{)', head)
        media: Any = None
        if start is not None:
            media, _ = json.JSONDecoder().raw_decode(head, start.end())
        else:
            media = read_json(path, 200_000_000)["media"]
        name, way = media["name"], media["path"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    if not isinstance(name, str) or not isinstance(way, str) or "\0" in name + way or not name:
        return None
    return _Whose(name, way, whole)


def _flat(data: object) -> Mapping[str, Any] | None:
    """Return what a summary may hold: numbers, texts, and lists of them."""
    if not isinstance(data, dict):
        return None
    return {
        key: value
        for key, value in data.items()
        if _simple(value) or (isinstance(value, list) and all(_simple(item) for item in value))
    }


def _simple(value: object) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _broken(path: Path) -> Defect:
    text = t("{file} is missing or damaged: analyse the take again", file=_short(path))
    return Defect(str(path), "broken", text)


def _moved(folder: Path, told: _Whose, *, used: bool = True) -> Defect:
    if used:
        text = t(
            "{file} was measured when the recording lay elsewhere ({path}): its numbers are shown;"
            " analyse the take again if they are another recording's",
            file=_short(folder),
            path=told.path,
        )
    else:
        text = t(
            "{file} holds the results of another recording ({name}), which does not lie there:"
            " put it back, or analyse the take again",
            file=_short(folder),
            name=told.name,
        )
    return Defect(str(folder), "moved", text)


def _short(path: Path) -> str:
    """Return a path with as much as tells it apart in the store: session, results, file."""
    parts = path.parts
    return "/".join(parts[-3:] if path.name in (ANALYSIS, SUMMARY) else parts[-2:])
