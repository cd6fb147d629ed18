"""session.json read leniently: what is sound in it counts, what is not is named.

`recorder.session.read_session` is for those who write on a session and must be sure of all of it.
Pages over all sessions must come even where one file is damaged or from a newer program.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from recorder.session import FILE_NAME, SCHEMA, Question, SetupUsed
from recorder.store import is_id
from reports.language import t
from reports.takes import Defect

LARGEST_BYTES = 20_000_000
"""a session.json of a thousand takes has 2 MB (our measurement); what is far bigger is not ours"""

_NUMBER = re.compile(r"(\d{1,6})-")
_TEXTS = ("id", "text_en", "text_ja", "stage", "kind", "intent", "structure", "band_source")
_SETUP = tuple(f.name for f in fields(SetupUsed) if f.name != "made")


@dataclass(frozen=True, slots=True)
class StoredTake:
    """What a session says of one of its takes."""

    id: str
    """ "" = unknown"""
    number: int
    """from 1, no two alike in a session"""
    question: Question | None
    media: Path | None
    """path within the session folder; None = unknown, or one that leads out of it"""
    duration_s: float
    microphone: str | None = None
    camera: str | None = None
    goal: str | None = None


@dataclass(frozen=True, slots=True)
class StoredSession:
    """What can be told of a session folder."""

    id: str | None
    """as session.json has it; None = unknown"""
    created: str | None
    """UTC, ISO 8601; None = unknown"""
    language: str | None
    setup: SetupUsed | None
    takes: tuple[StoredTake, ...]
    defect: Defect | None
    """what is wrong with session.json"""


def read_stored_session(folder: Path) -> StoredSession:
    """Read what can be read of a session folder; never raises for what is in a file."""
    path = folder / FILE_NAME
    try:
        data = read_json(path)
    except OSError as exc:
        return _unknown(folder, t("can't be read ({why})", why=exc.strerror or exc))
    except ValueError:
        return _unknown(folder, t("is damaged"))
    if not isinstance(data, dict) or not isinstance(data.get("takes"), list):
        return _unknown(folder, t("is damaged"))
    return _session(data, folder)


def read_json(path: Path, largest_bytes: int = LARGEST_BYTES) -> Any:
    """Read a JSON file of unknown origin.

    Numbers that no float holds come as NaN.

    Raises
    ------
    OSError
        It can't be read.
    ValueError
        It is no JSON, too deep, or too big.
    """
    with path.open("rb") as file:
        content = file.read(largest_bytes + 1)
    if len(content) > largest_bytes:
        raise ValueError("too big")
    try:
        return json.loads(content.decode("utf-8"), parse_int=_whole, parse_constant=_no_number)
    except RecursionError as exc:
        raise ValueError("too deep") from exc


def utc(text: object) -> str | None:
    """Return a date in UTC, ISO 8601, so that dates sort as texts; None = it is no date."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return None


def read_question(data: object) -> Question | None:
    """Return a question of JSON data if all that pages need of it is sound."""
    if not isinstance(data, dict):
        return None
    texts = {name: data.get(name, "") for name in _TEXTS}
    band = data.get("band_s")
    if not all(isinstance(text, str) for text in texts.values()) or not texts["id"]:
        return None
    if not isinstance(band, list) or len(band) != 2:
        return None
    low, high = number(band[0]), number(band[1])
    if not 0 <= low <= high < math.inf:  # NaN too
        return None
    points = data.get("talking_points", ())
    sound = isinstance(points, (list, tuple)) and all(isinstance(p, str) for p in points)
    return Question(**texts, band_s=(low, high), talking_points=tuple(points) if sound else ())


def number(value: object) -> float:
    """Return a number of JSON data, NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    return float(value)


def begun_by_name(folder: Path) -> str | None:
    """Return when a session began by the name of its folder, which holds the local time."""
    if not is_id(folder.name):
        return None
    try:
        moment = datetime.strptime(folder.name[:15], "%Y-%m-%d-%H%M").astimezone()
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None


def _whole(digits: str) -> float:
    # Nothing that is counted here needs more, and some readers of numbers stumble over more.
    return int(digits) if len(digits) <= 18 else math.nan


def _no_number(_: str) -> None:
    return None  # NaN, Infinity: JSON has neither


def _unknown(folder: Path, why: str) -> StoredSession:
    path = folder / FILE_NAME
    text = t(
        "{file} {why}: put it back from a copy, or delete the session; the recordings are kept"
        " until then",
        file=f"{folder.name}/{FILE_NAME}",
        why=why,
    )
    defect = Defect(str(path), "broken", text)
    return StoredSession(None, begun_by_name(folder), None, None, (), defect)


def _session(data: Mapping[str, Any], folder: Path) -> StoredSession:
    schema, id_, language = data.get("schema"), data.get("id"), data.get("language")
    created = utc(data.get("created"))
    takes = tuple(
        _take(take, position, folder.name)
        for position, take in enumerate(data["takes"], 1)
        if isinstance(take, dict)
    )
    sound = (
        isinstance(id_, str)
        and id_ != ""
        and language in ("en", "ja")
        and created is not None
        and type(schema) is int
        and schema >= 1
        and len(takes) == len(data["takes"])
        and all(take.id and take.question and take.media for take in takes)
    )
    newer = type(schema) is int and schema > SCHEMA
    defect = None
    place = str(folder / FILE_NAME)
    if newer:
        text = t(
            "{file} was written by a newer mensetsu (schema {schema}): update mensetsu to see its"
            " numbers",
            file=f"{folder.name}/{FILE_NAME}",
            schema=schema,
        )
        defect = Defect(place, "newer", text)
    elif not sound:
        text = t(
            "{file} is damaged in places: what can be read of it is shown; put it back from a copy",
            file=f"{folder.name}/{FILE_NAME}",
        )
        defect = Defect(place, "broken", text)
    return StoredSession(
        id=id_ if isinstance(id_, str) and id_ else folder.name,
        created=created or begun_by_name(folder),
        language=language if language in ("en", "ja") else None,
        setup=_setup(data.get("setup")),
        takes=_numbered(takes),
        defect=defect,
    )


def _take(data: Mapping[str, Any], position: int, session: str) -> StoredTake:
    media = _inside(data.get("media"))
    told = None if media is None else _NUMBER.match(media.name)
    devices = data.get("devices")
    devices = devices if isinstance(devices, dict) else {}
    return StoredTake(
        id=_text(data.get("id")) or "",
        number=int(told[1]) if told else position,
        question=read_question(data.get("question")),
        media=media,
        duration_s=number(data.get("duration_s")),
        microphone=_text(devices.get("microphone")),
        camera=_text(devices.get("camera")),
        goal=_text(data.get("goal")),
    )


def _numbered(takes: tuple[StoredTake, ...]) -> tuple[StoredTake, ...]:
    """Give takes whose number is taken (or none) the next free one: names must mean one take."""
    used: set[int] = set()
    found: list[StoredTake] = []
    for take in takes:
        free = take.number
        while free in used or free < 1:
            free += 1
        used.add(free)
        found.append(replace(take, number=free))
    return tuple(found)


def _inside(text: object) -> Path | None:
    """Return a path within the session folder; None = it is none, or leads out of it."""
    if not isinstance(text, str) or not text or "\0" in text:
        return None
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name:
        return None
    return Path(path)


def _setup(data: object) -> SetupUsed | None:
    if not isinstance(data, dict):
        return None
    made, lists = utc(data.get("made")), [data.get(name) for name in _SETUP]
    if made is None or not all(
        isinstance(items, list) and all(isinstance(item, str) for item in items) for items in lists
    ):
        return None
    return SetupUsed(made, *(tuple(items or ()) for items in lists))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
