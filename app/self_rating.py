"""The candidate's own ratings on disk, and the asking for them.

``<recording>-self.json`` beside the recording (of one from elsewhere: in its results folder) holds
all ratings of a take, the newest last; none is ever replaced.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from analysis.results import AnswerAnalysis
from app.errors import AppError
from app.goal_check import take_of
from app.goal_store import utc_now
from app.page_parts import AnswerParts
from app.record_view import printable
from app.results_folder import find_media, replace_file
from app.takes import title
from recorder.session import FILE_NAME, Take
from reports.drills import is_drill
from reports.self_rating import HIGHEST, LOWEST, SelfRating, self_part
from reports.targets import Targets

SCHEMA = 1
LONGEST_NOTE = 4000
"""characters; more is no note (our judgement)"""
_LARGEST_BYTES = 2_000_000
_KINDS = ("structure", "delivery", "confidence")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""also what would turn the direction of the text around it"""


class RatingUnreadable(AppError):
    """A file of ratings can't be read; it is left as it is."""


def rating_file(media: Path, results: Path | None) -> Path:
    """Return where the ratings of a recording lie.

    Parameters
    ----------
    media : the recording.
    results : folder of its results; None = it is not analysed.
    """
    name = f"{media.stem}-self.json"
    beside = media.with_name(name)
    in_session = (media.parent / FILE_NAME).is_file()
    # One from elsewhere that was rated before there were results keeps its file.
    if results is None or in_session or beside.is_file():
        return beside
    return results / name


def read_ratings(path: Path) -> tuple[SelfRating, ...]:
    """Return the ratings in a file, the newest last; without a file there are none.

    Raises
    ------
    RatingUnreadable
        It is broken, or was written by a newer mensetsu.
    """
    return _read(path)[0]


def add_rating(path: Path, rating: SelfRating) -> None:
    """Add a rating to a file; the earlier ones stay.

    Raises
    ------
    AppError
        The file can't be read or written.
    """
    _, data = _read(path)
    entries = [*data.get("ratings", []), asdict(rating)]
    text = json.dumps(
        {**data, "schema": SCHEMA, "ratings": entries},
        ensure_ascii=False,
        indent=1,
        allow_nan=False,
    )
    try:
        replace_file(path, text)
    except OSError as exc:
        raise AppError(f"{path} can't be written: {exc.strerror or exc}") from exc


def rating_parts(analysis: AnswerAnalysis, folder: Path, targets: Targets) -> AnswerParts | None:
    """Return what the candidate's rating adds to the report, in the language of the page.

    None = there is none. One that can't be read is told of in a line; the page is made without it.
    """
    media = find_media(analysis, folder) or folder.parent / analysis.media.name
    try:
        ratings = read_ratings(rating_file(media, folder))
    except AppError as exc:
        typer.echo(f"note: {exc}; the page is made without it", err=True)
        return None
    if not ratings:
        return None
    # Its look is in goals.css, which every report has.
    return AnswerParts({"self_rating": self_part(ratings, take_of(analysis, folder), targets)})


def offer_ratings(folder: Path, takes: Sequence[Take]) -> None:
    """Ask once whether to rate the answers of a session, before there are numbers, and do it."""
    answers = [take for take in takes if not is_drill(take.question)]
    if not answers:
        return
    question = "Rate your answer first?" if len(answers) == 1 else "Rate your answers first?"
    if not typer.confirm(question, default=False, err=True):
        return
    for take in answers:
        typer.echo(printable(title(take)), err=True)
        rating = ask_rating(after_numbers=False)
        if not rating.is_empty:
            add_rating(rating_file(folder / take.media, None), rating)


def ask_rating(*, after_numbers: bool) -> SelfRating:
    """Ask for the three ratings and a note; Enter skips each."""
    numbers = {kind: _ask_number(kind) for kind in _KINDS}
    note: str = typer.prompt("Note (Enter for none)", "", show_default=False, err=True)
    return SelfRating(utc_now(), **numbers, note=clean_note(note), after_numbers=after_numbers)


def clean_note(text: str) -> str:
    """Return a note without what would steer a terminal or turn a text around.

    Raises
    ------
    AppError
        It is longer than a note.
    """
    note = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    # A terminal gives what it can't decode as lone surrogates.
    note = note.encode("utf-8", "replace").decode("utf-8")
    if len(note) > LONGEST_NOTE:
        raise AppError(f"the note has {len(note)} characters: {LONGEST_NOTE} are the most")
    return note


def _ask_number(kind: str) -> int | None:
    label = f"{kind.capitalize()}, {LOWEST} to {HIGHEST} (Enter skips)"
    while True:
        given: str = typer.prompt(label, "", show_default=False, err=True)
        # A Japanese input method sends wide digits.
        number = unicodedata.normalize("NFKC", given).strip()
        if not number:
            return None
        if number in [str(n) for n in range(LOWEST, HIGHEST + 1)]:
            return int(number)


def _read(path: Path) -> tuple[tuple[SelfRating, ...], dict[str, Any]]:
    """Return the ratings of a file and all that is in it."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ValueError("far too large")
        data = json.loads(path.read_text(encoding="utf-8"))
        if type(data["schema"]) is not int:
            raise ValueError("schema is no whole number")
        if data["schema"] > SCHEMA:
            raise RatingUnreadable(f"{path} was written by a newer mensetsu: update mensetsu")
        return tuple(_rating(entry) for entry in data["ratings"]), data
    except FileNotFoundError:
        return (), {}
    except OSError as exc:
        raise RatingUnreadable(f"{path} can't be read ({exc.strerror}): allow it") from exc
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as exc:
        raise RatingUnreadable(
            f"{path} is no file of ratings ({exc!r:.80}): correct it, or move it away"
        ) from exc


def _rating(data: dict[str, Any]) -> SelfRating:
    numbers = {kind: data.get(kind) for kind in _KINDS}
    for kind, value in numbers.items():
        if value is not None and (type(value) is not int or not LOWEST <= value <= HIGHEST):
            raise ValueError(f"{kind} is {value!r}")
    note, made, after = data.get("note", ""), data["made"], data.get("after_numbers", False)
    if not isinstance(note, str) or not isinstance(made, str) or not isinstance(after, bool):
        raise ValueError("a rating is damaged")
    return SelfRating(made, **numbers, note=clean_note(note[:LONGEST_NOTE]), after_numbers=after)
