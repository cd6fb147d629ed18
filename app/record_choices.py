"""What is asked, and in which language: by the options, by what is remembered, or by asking."""

from __future__ import annotations

import difflib
import re

import typer

from analysis.models import user_dir
from app import config
from app.check_store import FOLDER, newest_calibration
from app.errors import AppError, SourceUnknown
from app.goal_check import goals_for
from app.remembered import Choices, remember
from app.sitting import ShownGoal
from recorder.errors import CameraUnusable, QuestionUnknown
from recorder.questions import find_question, find_set, read_bank, read_sets
from recorder.session import GazeCalibration, Question
from reports.drills import Drill, drill_question, read_drills

_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_DEFAULT_QUESTION = "self-introduction"


def choose_questions(texts: list[str], set_name: str | None, *, ask: bool) -> tuple[Question, ...]:
    """Return what is to be asked: the set first, then the single questions."""
    bank = read_bank(config.questions_file())
    sets = read_sets(config.questions_file())
    found = list(find_set(sets, set_name)) if set_name is not None else []
    found += [find_question(bank, text) for text in texts]
    if found:
        return tuple(found)
    if not ask:
        return (find_question(bank, _DEFAULT_QUESTION),)
    typer.echo(f"Sets: {', '.join(sets)}. Questions: see 'mensetsu questions list'.", err=True)
    while True:
        given: str = typer.prompt(
            "A set, the id of a question, or your own question", _DEFAULT_QUESTION, err=True
        )
        try:
            return sets.get(given.strip()) or (find_question(bank, given),)
        except QuestionUnknown as exc:
            typer.echo(str(exc), err=True)


def choose_drill(given: str) -> tuple[Drill, Question]:
    """Return an exercise, and the question under which it is recorded.

    Raises
    ------
    SourceUnknown
        There is no such exercise.
    """
    known = read_drills()
    name = given.strip().removeprefix("drill-")
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise SourceUnknown(f"no exercise is called {given!r}: {hint}(mensetsu drills lists them)")
    return known[name], drill_question(known[name])


def open_goals(questions: tuple[Question, ...], language: str) -> tuple[tuple[ShownGoal, ...], ...]:
    """Return the open goals of each question, to be shown; without them if they can't be read."""
    try:
        return tuple(
            tuple(ShownGoal(goal.id, goal.text) for goal in goals_for(question, language))
            for question in questions
        )
    except AppError as exc:
        typer.echo(f"note: {exc}; recording goes on without goals", err=True)
        return ()


def choose_language(
    wanted: str | None, choices: Choices, asked: tuple[Question, ...], *, ask: bool
) -> str:
    """Return the language of the answers, which the analysis depends on: ask rather than guess."""
    if wanted or choices.language:
        return wanted or choices.language or "en"
    own = "".join(q.text_en for q in asked if q.kind == "own")
    likely = "ja" if _KANA.search(own) or config.system_is_japanese() else "en"
    if not ask:
        return likely
    while True:
        given: str = typer.prompt("Which language will you answer in, en or ja?", likely, err=True)
        if given.strip() in ("en", "ja"):
            remember(config.choices_file(), language=given.strip())
            return given.strip()


def calibration_for(camera: str | None, remembered: str | None) -> GazeCalibration | None:
    """Return the newest calibration of gaze that was made with the camera that will be used."""
    if not any((user_dir() / FOLDER).glob("*-gaze.json")):
        return None  # most never make one, and looking for cameras takes its time
    from recorder.camera_list import find_camera

    try:
        return newest_calibration(user_dir(), find_camera(camera, remembered).name)
    except CameraUnusable:  # opening it tells why
        return None
