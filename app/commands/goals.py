"""``goals``: what to reach next, on which question, until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import typer

from app.errors import AppError
from app.goal_making import goal_of_question, goal_of_take, interactive, newest_take
from app.goal_store import goal_dict, read_goals, utc_now, write_goals
from app.output import print_json
from app.record_view import printable
from reports.goal_numbers import (
    AT_MOST,
    number_text,
)
from reports.goals import DEFAULT_DAYS, GIVEN_UP, MET, OPEN, AskedQuestion, Goal

goals = typer.Typer(
    help="Goals: what to reach next, on which question, until when.", invoke_without_command=True
)


@goals.callback()
def list_goals(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show the goals: open, met, given up."""
    if context.invoked_subcommand is not None:
        if as_json:
            raise typer.BadParameter("give --json after the command")
        return
    book = read_goals()
    if as_json:
        print_json([_row(goal) for goal in book.goals])
        return
    if not book.goals:
        typer.echo("No goals yet: 'mensetsu goals set TAKE' makes one of a remark.")
    for title, state in (("Open", OPEN), ("Achievements", MET), ("Given up", GIVEN_UP)):
        found = book.of(state)
        if found:
            typer.echo(title)
        for goal in found:
            for line in _lines(goal):
                typer.echo(printable(line))


@goals.command("set")
def set_goal(
    take: Annotated[
        str | None,
        typer.Argument(metavar="TAKE", help="SESSION/NN, or results. Default: the newest."),
    ] = None,
    remark: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The remark of its report, from 1.")
    ] = None,
    question: Annotated[
        str | None, typer.Option(metavar="ID|TEXT", help="Instead of a take: for which question.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(metavar="NAME", help="What to measure, for instance latency_s.")
    ] = None,
    at_most: Annotated[
        str | None, typer.Option(metavar="X", help="For instance 3, 45% or 1:30.")
    ] = None,
    at_least: Annotated[str | None, typer.Option(metavar="X", help="As --at-most.")] = None,
    start: Annotated[
        str | None, typer.Option(metavar="X", help="Where you are now. Default: your newest take.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help=f"For instance 2026-12-01. Default: {DEFAULT_DAYS} days."
        ),
    ] = None,
    instead: Annotated[
        str | None, typer.Option(metavar="ID", help="Give this goal up for the new one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the goal as JSON.")] = False,
) -> None:
    """Set a goal: from a remark on a take, or for a question and a measure."""
    if take is not None and question is not None:
        raise typer.BadParameter("give a TAKE, or --question with --measure")
    if remark is not None and (question is not None or measure is not None):
        raise typer.BadParameter("--remark is of a TAKE, without --measure")
    day = _day(until)
    book = read_goals()
    if instead is not None:
        book = book.give_up(instead)
    # Before anything is asked.
    book.add(_EMPTY)
    if question is not None:
        goal = goal_of_question(question, measure, at_most, at_least, start)
    else:
        goal = goal_of_take(take or newest_take(), remark, measure, at_most, at_least)
    book = book.add(replace(goal, until=day.isoformat(), set=utc_now()))
    write_goals(book)
    new = book.goals[-1]
    if as_json:
        print_json(_row(new))
        return
    typer.echo(printable(f"Goal {new.id}: {new.text}, on {new.question.given}, until {new.until}"))
    if new.start_value is not None:
        typer.echo(f"Now: {number_text(new.about, new.start_value)}")
    if new.drill is not None:
        typer.echo(f"Exercise: mensetsu record --drill {new.drill}", err=True)


@goals.command("clear")
def clear_goal(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As 'mensetsu goals' lists it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the goal as JSON.")] = False,
) -> None:
    """Give a goal up; it stays in the list as given up."""
    book = read_goals()
    after = book.give_up(id_)
    goal = after.find(id_)
    if not yes:
        if not interactive():
            raise AppError("nothing was changed: nobody can be asked; --yes gives the goal up")
        typer.echo(printable(f"Goal {goal.id}: {goal.text}, on {goal.question.given}"), err=True)
        if not typer.confirm("Give it up?", default=False, err=True):
            typer.echo("Nothing was changed.")
            return
    write_goals(after)
    if as_json:
        print_json(_row(goal))
    else:
        typer.echo(f"Given up: goal {goal.id}")


_EMPTY = Goal("", "answer_s", AT_MOST, None, 1.0, AskedQuestion("", "", "", ""), None, "", "")
"""tries whether there is room for one more"""


def _day(until: str | None) -> date:
    if until is None:
        return datetime.now().date() + timedelta(days=DEFAULT_DAYS)
    try:
        day = date.fromisoformat(until.strip())
    except ValueError as exc:
        raise AppError(f"{until!r} is no date: write it like 2026-12-01") from exc
    if day < datetime.now().date():
        raise AppError(f"{until} has passed: give a day to come with --until")
    return day


def _lines(goal: Goal) -> list[str]:
    head = f"  {goal.id}  {goal.text}, on {goal.question.given}"
    if goal.state == OPEN:
        overdue = datetime.now().date() > date.fromisoformat(goal.until)
        head += f", until {goal.until}{' (passed)' if overdue else ''}"
        if goal.tries:
            last = goal.tries[-1]
            count = f"{len(goal.tries)} {'try' if len(goal.tries) == 1 else 'tries'}"
            told = number_text(goal.about, last.value)
            return [head, f"     {count}; last measured {told} ({last.kind}), {last.name}"]
        started = number_text(goal.about, goal.start_value)
        return [head, f"     not tried yet; started from {started}"]
    ended = (goal.ended or "").partition("T")[0]
    if goal.state == MET:
        met = next((one for one in goal.tries if one.take == goal.met_take), None)
        told = f" with {number_text(goal.about, met.value)}, {met.name}" if met else ""
        return [head, f"     met on {ended}{told}"]
    return [head, f"     given up on {ended}"]


def _row(goal: Goal) -> dict[str, Any]:
    return {**goal_dict(goal), "text": goal.text}
