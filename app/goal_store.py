"""The user's goals on disk: ``goals.json`` in the data folder.

The file is one JSON object: ``schema``, and ``goals``, a list in the order of their setting. It is
written atomically, and only after it was read: one that is broken or of a newer mensetsu is told
of and left alone. Keys that this version does not know are kept. No goal is ever removed: one
that is given up stays in the list as such.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from app import config
from app.errors import AppError
from app.results_folder import replace_file
from reports.goal_numbers import AT_LEAST, AT_MOST, BETWEEN
from reports.goals import GIVEN_UP, MET, MOST_OPEN, OPEN, AskedQuestion, Goal, Try
from reports.measures import read_measures

SCHEMA = 1
_LARGEST_BYTES = 5_000_000
"""no list of goals comes near; more is no file of ours"""
_TEXTS = ("id", "measure", "comparison", "until", "set", "state")
_TEXTS_OR_NONE = ("language", "start_take", "start_name", "drill", "ended", "met_take")
_NUMBERS_OR_NONE = ("low", "high", "start_value")
_TRY_TEXTS = ("take", "name", "date", "kind")


class GoalsUnreadable(AppError):
    """The file of the goals can't be read; it is left as it is."""


@dataclass(frozen=True, slots=True)
class GoalBook:
    """All goals, in the order of their setting."""

    goals: tuple[Goal, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """keys of the file that this version does not know"""

    def of(self, state: str) -> tuple[Goal, ...]:
        """Return the goals in a state."""
        return tuple(goal for goal in self.goals if goal.state == state)

    def find(self, id_: str) -> Goal:
        """Return a goal by its id.

        Raises
        ------
        AppError
            There is none.
        """
        for goal in self.goals:
            if goal.id == id_.strip():
                return goal
        raise AppError(f"there is no goal {id_!r}: mensetsu goals lists them")

    def add(self, goal: Goal) -> GoalBook:
        """Return the book with a new open goal, which gets the next id.

        Raises
        ------
        AppError
            As many as should be are open already.
        """
        if len(self.of(OPEN)) >= MOST_OPEN:
            ids = ", ".join(open_.id for open_ in self.of(OPEN))
            raise AppError(
                f"{MOST_OPEN} goals are open ({ids}), and more would be too many to work on: meet"
                " one, or 'mensetsu goals clear ID' first"
            )
        taken = [int(g.id) for g in self.goals if g.id.isascii() and g.id.isdecimal()]
        new = replace(goal, id=str(max(taken, default=0) + 1), state=OPEN)
        return replace(self, goals=(*self.goals, new))

    def put(self, goal: Goal) -> GoalBook:
        """Return the book with a goal in the place of the one of its id."""
        return replace(self, goals=tuple(goal if g.id == goal.id else g for g in self.goals))

    def give_up(self, id_: str) -> GoalBook:
        """Return the book with a goal given up.

        Raises
        ------
        AppError
            There is none, or it is not open.
        """
        goal = self.find(id_)
        if goal.state != OPEN:
            raise AppError(f"goal {goal.id} is not open ({goal.state}): nothing was changed")
        return self.put(replace(goal, state=GIVEN_UP, ended=utc_now()))


def utc_now() -> str:
    """Return the time of now, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_goals(path: Path | None = None) -> GoalBook:
    """Return the goals of a file; without one there are none.

    Parameters
    ----------
    path : the file; None = that of the data folder.

    Raises
    ------
    GoalsUnreadable
        It can't be read, is broken, or was written by a newer mensetsu.
    """
    path = path or config.goals_file()
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ValueError("far too large")
        data = json.loads(path.read_text(encoding="utf-8"))
        schema = data["schema"]
        if type(schema) is not int:
            raise ValueError("schema is no whole number")
        if schema > SCHEMA:
            raise GoalsUnreadable(
                f"{path} was written by a newer mensetsu (schema {schema}): update mensetsu"
            )
        goals = tuple(_goal(number, g) for number, g in enumerate(_list(data, "goals"), 1))
    except (FileNotFoundError, NotADirectoryError):  # the store tells of the latter
        return GoalBook()
    except OSError as exc:
        raise GoalsUnreadable(f"{path} can't be read ({exc.strerror}): allow it") from exc
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as exc:
        raise GoalsUnreadable(
            f"{path} is no file of goals ({_why(exc)}): correct it, or move it away to begin anew"
        ) from exc
    ids = [goal.id for goal in goals]
    if len(set(ids)) < len(ids):
        raise GoalsUnreadable(f"{path} holds two goals of one id: correct it")
    return GoalBook(goals, {k: v for k, v in data.items() if k not in ("schema", "goals")})


def write_goals(book: GoalBook, path: Path | None = None) -> None:
    """Write the goals; the file appears complete or not at all.

    Raises
    ------
    AppError
        It can't be written.
    """
    path = path or config.goals_file()
    data = {**book.extra, "schema": SCHEMA, "goals": [goal_dict(goal) for goal in book.goals]}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False))
    except OSError as exc:
        raise AppError(f"{path} can't be written: {exc.strerror or exc}") from exc


def goal_dict(goal: Goal) -> dict[str, Any]:
    """Return a goal as it stands in the file."""
    names = [f.name for f in fields(Goal) if f.name not in ("question", "tries", "extra")]
    return {
        **goal.extra,
        **{name: getattr(goal, name) for name in names},
        "question": {f.name: getattr(goal.question, f.name) for f in fields(AskedQuestion)},
        "tries": [{f.name: getattr(one, f.name) for f in fields(Try)} for one in goal.tries],
    }


def _goal(number: int, data: Any) -> Goal:
    """Make a goal from its JSON form; raises ValueError or LookupError with what is wrong."""
    where = f"goal {number}"
    if not isinstance(data, dict):
        raise ValueError(f"{where} is no object")
    texts: dict[str, Any] = {name: _text(data, name, where) for name in _TEXTS}
    texts |= {n: None if data.get(n) is None else _text(data, n, where) for n in _TEXTS_OR_NONE}
    numbers: dict[str, Any] = {
        name: _number(data.get(name), f"{where}: {name}") for name in _NUMBERS_OR_NONE
    }
    if texts["measure"] not in read_measures():
        raise ValueError(f"{where}: unknown measure {texts['measure']!r}")
    if texts["state"] not in (OPEN, MET, GIVEN_UP):
        raise ValueError(f"{where}: unknown state {texts['state']!r}")
    limits = {AT_MOST: ("high",), AT_LEAST: ("low",), BETWEEN: ("low", "high")}
    if texts["comparison"] not in limits:
        raise ValueError(f"{where}: unknown comparison {texts['comparison']!r}")
    wanted = limits[texts["comparison"]]
    if any((numbers[name] is None) == (name in wanted) for name in ("low", "high")):
        raise ValueError(f"{where}: {texts['comparison']!r} needs {' and '.join(wanted)} alone")
    date.fromisoformat(texts["until"])
    datetime.fromisoformat(texts["set"])
    asked = data["question"]
    if not isinstance(asked, dict):
        raise ValueError(f"{where}: question is no object")
    question = {f.name: _text(asked, f.name, where) for f in fields(AskedQuestion)}
    known = {f.name for f in fields(Goal)}
    return Goal(
        **texts,
        **numbers,
        question=AskedQuestion(**question),
        tries=tuple(_try(one, where) for one in _list(data, "tries")),
        extra={key: value for key, value in data.items() if key not in known},
    )


def _try(data: Any, where: str) -> Try:
    if not isinstance(data, dict):
        raise ValueError(f"{where}: a try is no object")
    texts = {name: _text(data, name, where) for name in _TRY_TEXTS}
    return Try(**texts, value=_number(data.get("value"), f"{where}: value of a try"))


def _text(data: dict[str, Any], name: str, where: str) -> str:
    value = data[name]
    if not isinstance(value, str):
        raise ValueError(f"{where}: {name} is no text")
    return value


def _number(value: Any, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{where} is no number")
    return float(value)


def _list(data: dict[str, Any], name: str) -> list[Any]:
    value = data.get(name, [])
    if not isinstance(value, list):
        raise ValueError(f"{name} is no list")
    return value


def _why(exc: Exception) -> str:
    if isinstance(exc, json.JSONDecodeError):
        return f"line {exc.lineno}: {exc.msg}"
    if isinstance(exc, KeyError):
        return f"{exc.args[0]} is missing"
    return str(exc) or type(exc).__name__
