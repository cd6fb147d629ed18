"""A new goal: from a remark on a take, from a measure of it, or for a question."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

import typer

from analysis.storage import read_analysis
from app import config
from app.errors import AppError, SourceUnknown
from app.goal_check import take_of
from app.results_folder import ANALYSIS
from app.shelf import find_take, read_shelf, read_take
from recorder.questions import find_question, read_bank
from reports.drills import is_drill
from reports.feedback import choose_remarks
from reports.goal_forms import measure_of_remark, suggested_goal
from reports.goal_numbers import (
    AT_LEAST,
    AT_MOST,
    BETWEEN,
    command_number,
    goal_value,
    number_text,
    read_number,
)
from reports.goals import AskedQuestion, Goal
from reports.measures import Measure, read_measures
from reports.remarks import Remark
from reports.takes import TakeRecord, question_key


def interactive() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def newest_take() -> str:
    """Return the name of the newest analysed answer of the data folder.

    Raises
    ------
    SourceUnknown
        There is none.
    """
    takes = read_shelf(config.sessions_dir()).takes
    for take in reversed(takes):
        if take.results is not None and not is_drill(take.question):
            return take.name
    raise SourceUnknown("no answer is analysed yet: name a folder of results, or analyse one first")


def goal_of_take(
    given: str, number: int | None, measure: str | None, at_most: str | None, at_least: str | None
) -> Goal:
    """Make a goal of a remark on a take, or of a measure of it."""
    found = find_take(given)
    if found.results is None:
        raise SourceUnknown(f"{found.name} is not analysed yet: run 'mensetsu analyse' first")
    analysis = read_analysis(found.results / ANALYSIS)
    take = take_of(analysis, found.results)
    asked = _asked(take)
    targets = config.targets()
    remarks = choose_remarks(analysis, targets)
    if measure is None:
        chosen = _chosen(remarks, number, take)
        drill = chosen.drill.id
        about = measure_of_remark(chosen.id, take, targets)
        if about is None:
            raise AppError(
                f"“{chosen.title}” has no number to reach: do its exercise, “{chosen.drill.title}”"
            )
    else:
        about = _measure(measure)
        same = (r for r in remarks if measure_of_remark(r.id, take, targets) == about)
        drill = next((remark.drill.id for remark in same), None)
    value = goal_value(about, take)
    if value is None:
        raise AppError(f"{take.name} has no {about.id}: it was not measured there")
    if at_most is None and at_least is None:
        step = suggested_goal(about, take, targets, config.noise())
        if step is None:
            raise AppError(
                f"{about.id} is in its target already ({number_text(about, value)}): give the"
                " number with --at-most or --at-least"
            )
        comparison, suggested = step
        text = command_number(about, suggested)
        if interactive():
            now = number_text(about, value)
            label = f"{about.title}, now {now}: {comparison}"
            text = typer.prompt(label, text, err=True)
        at_most, at_least = (text, None) if comparison == AT_MOST else (None, text)
    goal = _goal(about, asked, take.language, at_most, at_least)
    return replace(goal, start_value=value, start_take=take.id, start_name=take.name, drill=drill)


def goal_of_question(
    given: str,
    measure: str | None,
    at_most: str | None,
    at_least: str | None,
    start: str | None,
) -> Goal:
    """Make a goal for a question, with the newest take of it as its start."""
    if measure is None or (at_most is None and at_least is None):
        raise typer.BadParameter("--question needs --measure and --at-most or --at-least")
    about = _measure(measure)
    asked = find_question(read_bank(config.questions_file()), given)
    question = AskedQuestion(question_key(asked), asked.id, asked.text_en, asked.text_ja)
    goal = _goal(about, question, about.language or None, at_most, at_least)
    if start is not None:
        return replace(goal, start_value=read_number(about, start))
    takes = [
        take
        for take in read_shelf(config.sessions_dir()).takes
        if take.results is not None and goal.is_for(take.question, take.language)
    ]
    if not takes or takes[-1].results is None:
        return goal
    newest = takes[-1]
    # Summaries of earlier versions lack some numbers.
    value = goal_value(about, read_take(takes[-1].results))
    return replace(
        goal,
        language=about.language or newest.language,
        start_value=value,
        start_take=newest.id,
        start_name=newest.name,
    )


def _goal(
    measure: Measure,
    asked: AskedQuestion,
    language: str | None,
    at_most: str | None,
    at_least: str | None,
) -> Goal:
    high = None if at_most is None else read_number(measure, at_most)
    low = None if at_least is None else read_number(measure, at_least)
    if low is not None and high is not None and low > high:
        raise typer.BadParameter("--at-least is above --at-most")
    comparison = BETWEEN if None not in (low, high) else AT_MOST if low is None else AT_LEAST
    return Goal(
        id="",
        measure=measure.id,
        comparison=comparison,
        low=low,
        high=high,
        question=asked,
        language=language,
        until="",
        set="",
    )


def _asked(take: TakeRecord) -> AskedQuestion:
    asked = take.question
    if asked is None:
        raise AppError(
            f"of {take.name} no question is known, and a goal is for one: analyse it again with"
            " --question"
        )
    return AskedQuestion(question_key(asked), asked.id, asked.text_en, asked.text_ja)


def _chosen(remarks: Sequence[Remark], number: int | None, take: TakeRecord) -> Remark:
    """Return the remark that is meant: by its number, the only one, or by asking."""
    if not remarks:
        raise AppError(
            f"{take.name} has no remarks: name what to reach with --measure and --at-most or"
            " --at-least"
        )
    if number is None and len(remarks) > 1 and not interactive():
        raise AppError(f"{take.name} has {len(remarks)} remarks: say which with --remark")
    if number is None and interactive():
        for index, remark in enumerate(remarks, 1):
            typer.echo(f"{index}  {remark.title}", err=True)
        number = typer.prompt("Which one?", 1, type=int, err=True)
    index = 1 if number is None else number
    if not 1 <= index <= len(remarks):
        raise AppError(f"{take.name} has {len(remarks)} remarks, and no remark {index}")
    return remarks[index - 1]


def _measure(name: str) -> Measure:
    measures = read_measures()
    if name not in measures:
        raise AppError(f"no measure is called {name!r}: there are {', '.join(measures)}")
    return measures[name]
