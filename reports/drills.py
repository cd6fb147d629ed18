"""Exercises: data, one or more per kind of remark, each with a short form that is recorded.

A recorded exercise is a question like any other (kind "drill"): it is measured, and its report
opens with the measures that it trains. It says nothing about an answer to an interviewer, so it is
no question practised.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from recorder.session import Question
from reports.language import catalogue
from reports.measures import Measure, read_measures

KIND = "drill"
"""kind of the question of a recorded exercise"""
PREFIX = "drill-"
SHORTEST_SHARE = 0.75
"""of its seconds an exercise should be filled with talk (our judgement)"""
LAST_SENTENCE_S = 5.0
"""after its seconds, so that a sentence may be ended (our judgement)"""


@dataclass(frozen=True, slots=True)
class Drill:
    """An exercise."""

    id: str
    remarks: tuple[str, ...]
    """kinds of remark that it is for"""
    measures: tuple[str, ...]
    """keys of summary.json that it trains"""
    title: str
    text: str
    length_s: float
    """one round, s"""
    exercise: str
    """what to say in the recorded form"""
    seconds: float
    """length of the recorded form, s"""

    @property
    def ends_after_s(self) -> float:
        """When its recording ends by itself, s."""
        return self.seconds + LAST_SENTENCE_S

    @property
    def command(self) -> str:
        """What to type to record it."""
        return f"mensetsu record --drill {self.id}"

    def trained(self, language: str | None) -> tuple[Measure, ...]:
        """Return the measures that it trains in a language; None = whatever it is."""
        measures = (read_measures()[name] for name in self.measures)
        return tuple(m for m in measures if language is None or m.language in ("", language))


@cache
def read_drills() -> dict[str, Drill]:
    """Return the drills by id."""
    text = resources.files("reports").joinpath("data/drills.toml").read_text(encoding="utf-8")
    return {d["id"]: _drill(d) for d in tomllib.loads(text)["drill"]}


def drill_question(drill: Drill) -> Question:
    """Return the question under which an exercise is recorded."""
    return Question(
        id=f"{PREFIX}{drill.id}",
        text_en=drill.exercise,
        text_ja=catalogue("ja").get(drill.exercise, drill.exercise),
        stage="",
        kind=KIND,
        intent="",
        structure="",
        band_s=(SHORTEST_SHARE * drill.seconds, drill.ends_after_s),
        band_source="length of this exercise; our judgement",
    )


def drill_of(question: Question | None) -> Drill | None:
    """Return the exercise that a question is; None = it is none, or one we no longer know."""
    if question is None or question.kind != KIND:
        return None
    return read_drills().get(question.id.removeprefix(PREFIX))


def is_drill(question: Question | None) -> bool:
    """Whether a take was an exercise, even one that is no longer known."""
    return question is not None and question.kind == KIND


def _drill(table: dict[str, object]) -> Drill:
    lists = {name: tuple(table[name]) for name in ("remarks", "measures")}  # type: ignore[arg-type]
    return Drill(**{**table, **lists})  # type: ignore[arg-type]
