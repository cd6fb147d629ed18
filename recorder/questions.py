"""The question bank: a bundled data file and the user's own of the same form.

Conventions
-----------
A bank is a tuple of questions with unique ids, in the order of the file; the user's new
questions come after the bundled ones. Ids are kebab-case: lower-case letters and digits joined
by single hyphens. Lengths are seconds. A set is a named list of questions for one sitting:
every stage is one, and the ``[sets]`` tables of both files name others.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

from recorder.errors import QuestionUnknown
from recorder.session import Question

STAGES = ("first", "technical", "final", "closing")
OWN_ID = "own"
OWN_BAND_S = (60.0, 180.0)
OWN_BAND_SOURCE = "our judgement"
USER_BAND_SOURCE = "your own question file"
BUNDLED = "questions.toml"

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TEXTS = ("text_en", "text_ja", "stage", "kind", "intent", "structure")
_KEYS = frozenset(f.name for f in fields(Question)) | {"band"}

_Band = tuple[tuple[float, float], str]


def read_bank(user_file: Path | None = None) -> tuple[Question, ...]:
    """Read the bundled bank and, over it, the user's own file.

    Parameters
    ----------
    user_file
        TOML file with ``[[question]]`` entries; an id of a bundled question replaces that
        question in its place. The bundled ``[bands]`` may be used there. None or a path that
        does not exist = the bundled bank alone.

    Raises
    ------
    QuestionUnknown
        A file or an entry in it has a mistake; the message names both.
    """
    bands: dict[str, _Band] = {}
    bank: dict[str, Question] = {}
    for name, data in _files(user_file):
        bank |= {q.id: q for q in _questions(data, name, bands)}
    return tuple(bank.values())


def read_sets(user_file: Path | None = None) -> dict[str, tuple[Question, ...]]:
    """Read the sets of questions: the stages, the bundled sets, and the user's own over them.

    Raises
    ------
    QuestionUnknown
        A file or a set in it has a mistake; the message names both.
    """
    bank = read_bank(user_file)
    by_id = {q.id: q for q in bank}
    sets = {stage: tuple(q for q in bank if q.stage == stage) for stage in STAGES}
    for file, data in _files(user_file):
        table = data.get("sets", {})
        if not isinstance(table, dict):
            raise QuestionUnknown(f"{file}: write sets as [sets] with NAME = [ids of questions]")
        for name, ids in table.items():
            where = f"{file}, set {name!r}"
            if not isinstance(ids, list) or not ids or not all(isinstance(i, str) for i in ids):
                raise QuestionUnknown(f"{where}: give a list of ids of questions")
            unknown = set(ids) - set(by_id)
            if unknown:
                raise QuestionUnknown(f"{where}: no question has the id {_listed(unknown)}")
            sets[name] = tuple(by_id[i] for i in ids)
    return sets


def find_set(sets: dict[str, tuple[Question, ...]], name: str) -> tuple[Question, ...]:
    """Find a set by its name.

    Raises
    ------
    QuestionUnknown
        No set is called so.
    """
    if name not in sets:
        raise QuestionUnknown(f"no set is called {name!r}: there are {', '.join(sets)}")
    return sets[name]


def find_question(bank: tuple[Question, ...], id_or_text: str) -> Question:
    """Find a question by its id; any other free text becomes a question of the user's own.

    Raises
    ------
    QuestionUnknown
        The text looks like an id (kebab-case, no spaces) and no question has it, or is empty.
    """
    wanted = id_or_text.strip()
    by_id = {q.id: q for q in bank}
    if wanted in by_id:
        return by_id[wanted]
    if not wanted:
        raise QuestionUnknown("the question is empty: give an id or the question itself")
    if _ID.fullmatch(wanted):
        near = difflib.get_close_matches(wanted, by_id, n=3, cutoff=0.5)
        near = near or [i for i in by_id if wanted in i][:3]
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise QuestionUnknown(
            f"no question has the id {wanted!r}: {hint}(mensetsu questions lists all)"
        )
    return Question(
        id=OWN_ID,
        text_en=wanted,
        text_ja=wanted,
        stage="first",
        kind="own",
        intent="your own question",
        structure="conclusion first, then a concrete example",
        band_s=OWN_BAND_S,
        band_source=OWN_BAND_SOURCE,
    )


def _files(user_file: Path | None) -> list[tuple[str, dict[str, Any]]]:
    """Name and content of the bundled file and, where it exists, of the user's."""
    text = (resources.files("recorder") / "data" / BUNDLED).read_text(encoding="utf-8")
    found = [(BUNDLED, _parse(text, BUNDLED))]
    if user_file is not None and user_file.exists():
        try:
            text = user_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise QuestionUnknown(
                f"{user_file} can't be read as UTF-8 text ({exc}): correct or remove it"
            ) from exc
        found.append((str(user_file), _parse(text, str(user_file))))
    return found


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise QuestionUnknown(f"{name} is not valid TOML ({exc}): correct or remove it") from exc
    unknown = set(data) - {"bands", "question", "sets"}
    if unknown:
        raise QuestionUnknown(
            f"{name}: unknown {_listed(unknown)}: only [bands.…], [[question]] and [sets] are known"
        )
    return data


def _questions(data: dict[str, Any], name: str, bands: dict[str, _Band]) -> list[Question]:
    """Questions of one file; its bands are added to ``bands``."""
    tables, entries = data.get("bands", {}), data.get("question", [])
    if not isinstance(tables, dict) or not isinstance(entries, list):
        raise QuestionUnknown(f"{name}: write questions as [[question]] and bands as [bands.NAME]")
    for key, table in tables.items():
        where = f"{name}, band {key!r}"
        if not isinstance(table, dict):
            raise QuestionUnknown(f"{where}: write it as [bands.{key}]")
        bands[key] = _band(table, where)
    questions: list[Question] = []
    for number, entry in enumerate(entries, 1):
        where = f"{name}, question {number}"
        if not isinstance(entry, dict):
            raise QuestionUnknown(f"{where}: write it as [[question]]")
        question = _question(entry, where, bands)
        if any(q.id == question.id for q in questions):
            raise QuestionUnknown(f"{where}: the id {question.id!r} stands twice in this file")
        questions.append(question)
    return questions


def _question(entry: dict[str, Any], where: str, bands: dict[str, _Band]) -> Question:
    id_ = entry.get("id")
    if not isinstance(id_, str) or not _ID.fullmatch(id_) or id_ == OWN_ID:
        raise QuestionUnknown(
            f"{where}: id must be kebab-case such as 'why-this-company' "
            f"(and not {OWN_ID!r}), not {id_!r}"
        )
    where = f"{where} ({id_})"
    unknown = set(entry) - _KEYS
    if unknown:
        raise QuestionUnknown(f"{where}: unknown {_listed(unknown)}")
    texts = {key: _text(entry, key, where) for key in _TEXTS}
    if texts["stage"] not in STAGES:
        raise QuestionUnknown(
            f"{where}: stage must be one of {', '.join(STAGES)}, not {texts['stage']!r}"
        )
    points = entry.get("talking_points", [])
    if not isinstance(points, list) or not all(isinstance(p, str) for p in points):
        raise QuestionUnknown(f"{where}: talking_points must be a list of texts")
    if "band" in entry and "band_s" in entry:
        raise QuestionUnknown(f"{where}: give band or band_s, not both")
    if "band" in entry:
        band = entry["band"]
        if not isinstance(band, str) or band not in bands:
            raise QuestionUnknown(
                f"{where}: no band is called {band!r}; there are {', '.join(sorted(bands))}"
            )
        band_s, source = bands[band]
        source = _text(entry, "band_source", where) if "band_source" in entry else source
    else:
        band_s, source = _band(entry, where)
    return Question(
        id=id_, **texts, band_s=band_s, band_source=source, talking_points=tuple(points)
    )


def _band(table: dict[str, Any], where: str) -> _Band:
    """Band and source of a table with ``band_s`` and perhaps ``band_source``."""
    limits = table.get("band_s")
    if (
        not isinstance(limits, list)
        or len(limits) != 2
        or not all(isinstance(s, int | float) and not isinstance(s, bool) for s in limits)
        or not 0 < limits[0] < limits[1] <= 3600
    ):
        raise QuestionUnknown(
            f"{where}: band_s must be [shortest, longest] in seconds, such as [60, 120] "
            f"(or name a band), not {limits!r}"
        )
    given = "band_source" in table
    source = _text(table, "band_source", where) if given else USER_BAND_SOURCE
    return (float(limits[0]), float(limits[1])), source


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise QuestionUnknown(f"{where}: {key} must be a text that is not empty")
    return value.strip()


def _listed(keys: set[str]) -> str:
    return ", ".join(repr(key) for key in sorted(keys))
