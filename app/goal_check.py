"""Takes held against the user's goals: for the report, the terminal, and the list of goals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import typer

from analysis.errors import AnalysisUnreadable
from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis, summary
from app import config
from app.errors import AppError
from app.goal_store import GoalBook, read_goals, utc_now, write_goals
from app.results_folder import ANALYSIS, find_media
from app.shelf import read_session_record, read_shelf, read_take
from recorder.session import FILE_NAME, Question
from reports.drill_rows import DrillPart, drill_part
from reports.drills import drill_of
from reports.feedback import choose_remarks
from reports.goal_forms import GoalPart, goal_forms
from reports.goal_numbers import goal_noise
from reports.goal_steps import set_command, smaller_step
from reports.goals import (
    MET,
    NOT_MEASURED,
    OPEN,
    TRIES_BEFORE_SMALLER,
    Goal,
    GoalVerdict,
    SmallerStep,
    Try,
    judge_goal,
)
from reports.takes import TakeRecord

_AGAIN = "goals.json is left as it is; the page is made without goals"


def take_of(analysis: AnswerAnalysis, folder: Path) -> TakeRecord:
    """Return the take of an analysis that is about to be written, or was, with what is known of it.

    Its ``id`` tells it from every other one: of a recording from elsewhere, whose own id is only
    the name of its file, it is made of what is in the file.
    """
    media = find_media(analysis, folder) or _written_media(analysis, folder)
    language = analysis.transcript.language if analysis.transcript else None
    places = [folder.parent] if media is None else [media.parent, *media.parents[1:2]]
    for place in dict.fromkeys(places):
        if not (place / FILE_NAME).is_file():
            continue
        for take in read_session_record(place)[0].takes:
            if take.id and take.id == analysis.take_id:
                return replace(
                    take,
                    question=analysis.question or take.question,
                    language=language or take.language,
                    summary=summary(analysis),
                    results=folder,
                )
    return TakeRecord(
        id=f"sha256-{analysis.media.sha256[:16]}",
        name=str(folder),
        recorded=None if media is None else _changed(media),
        number=0,
        session=None,
        question=analysis.question,
        language=language,
        summary=summary(analysis),
        results=folder,
        media=media,
        duration_s=analysis.media.duration_s,
    )


def goal_verdicts(analysis: AnswerAnalysis, folder: Path) -> tuple[GoalVerdict, ...]:
    """Return the verdicts of a take on the goals that it counts for; nothing is written.

    Raises
    ------
    AppError
        The goals can't be read.
    """
    return _verdicts(read_goals(), take_of(analysis, folder), analysis)


def note_take(analysis: AnswerAnalysis, folder: Path) -> tuple[GoalVerdict, ...]:
    """Note a take with the goals that it counts for, and return its verdicts.

    A goal that is met is closed. A take counts once, however often it is analysed.

    Raises
    ------
    AppError
        The goals can't be read or written.
    """
    book = read_goals()
    take = take_of(analysis, folder)
    verdicts = _verdicts(book, take, analysis)
    after = book
    for verdict in verdicts:
        if verdict.goal.state == OPEN:
            after = after.put(_noted(verdict, take))
    if after != book:
        write_goals(after)
    return verdicts


def goal_parts(analysis: AnswerAnalysis, folder: Path) -> GoalPart:
    """Return what goals and exercises add to the report of a take, in the language of the page.

    Goals that can't be read are told of in a line; the page is made all the same.
    """
    targets, noise = config.targets(), config.noise()
    take = take_of(analysis, folder)
    try:
        verdicts = _verdicts(read_goals(), take, analysis)
    except AppError as exc:
        typer.echo(f"note: {exc}; {_AGAIN}", err=True)
        verdicts = ()
    drill: DrillPart | None = None
    exercise = drill_of(take.question)
    if exercise is not None:
        before = take_before(take, takes_around(take))
        drill = drill_part(exercise, take, before, targets, noise)
    address = take.name if in_store(take) else None
    remarks = choose_remarks(analysis, targets)
    today = datetime.now().date()
    forms = goal_forms(remarks, take, address, targets, noise, today)
    return GoalPart(verdicts, forms, drill)


def goal_lines(verdicts: Sequence[GoalVerdict]) -> list[str]:
    """Return the verdicts as lines for the terminal."""
    lines: list[str] = []
    for verdict in verdicts:
        line = f"goal {verdict.goal.id}, {verdict.word}: {verdict.goal.text}"
        line += f"; measured {verdict.value_text}"
        if verdict.before_text:
            line += f", before {verdict.before_text}"
        lines.append(line)
        if verdict.smaller is not None:
            step = f"  {verdict.number} tries: a smaller step may help, {verdict.smaller.text}"
            lines.append(f"{step}: {verdict.smaller.command}" if verdict.smaller.command else step)
    return lines


def goals_for(question: Question, language: str) -> tuple[Goal, ...]:
    """Return the open goals of a question that is about to be answered in a language.

    Raises
    ------
    AppError
        The goals can't be read.
    """
    return tuple(g for g in read_goals().of(OPEN) if g.is_for(question, language))


def takes_around(take: TakeRecord) -> tuple[TakeRecord, ...]:
    """Return all takes of the data folder, and of the take's session where that lies elsewhere."""
    stored = read_shelf(config.sessions_dir()).takes
    folder = take.context.get("session_folder")
    if isinstance(folder, Path) and not in_store(take):
        stored += read_session_record(folder)[0].takes
    return stored


def in_store(take: TakeRecord) -> bool:
    """Whether a take lies in the data folder, where its name is enough to find it."""
    if take.session is None or take.results is None:
        return False
    store = config.sessions_dir().absolute()
    return take.results.absolute().is_relative_to(store)


def take_before(
    take: TakeRecord, stored: Sequence[TakeRecord], goal: Goal | None = None
) -> TakeRecord | None:
    """Return the newest analysed take of the same question and language before a take.

    Of recordings from elsewhere only the tries of a goal are known, and the take it was made from.

    Parameters
    ----------
    take : the take.
    stored : what `takes_around` returned.
    goal : whose tries are looked through; None = none.
    """
    found = [
        other
        for other in stored
        if other.analysed
        and other.question_key == take.question_key != ""
        and other.language == take.language
        and other.id != take.id
        and _is_earlier(other, take)
    ]
    if found:
        return found[-1]
    if goal is None:
        return None
    tries = [one.name for one in goal.tries if one.take != take.id]
    for name in (*reversed(tries), goal.start_name):
        if name is None or name == take.name:
            continue
        try:
            return read_take(Path(name))
        except Exception:  # gone, moved or broken: then it is not known
            continue
    return None


def _verdicts(
    book: GoalBook, take: TakeRecord, analysis: AnswerAnalysis
) -> tuple[GoalVerdict, ...]:
    counting = [goal for goal in book.goals if _counts(goal, take)]
    if not counting:
        return ()
    noise, targets = config.noise(), config.targets()
    stored = takes_around(take)
    verdicts: list[GoalVerdict] = []
    for goal in counting:
        before = take_before(take, stored, goal)
        verdict = judge_goal(goal, take, before, noise, shown=(analysis, targets))
        tries = _tries(goal, verdict, take)
        number = next((i for i, one in enumerate(tries, 1) if one.take == take.id), 0)
        verdict = replace(verdict, number=number, overdue=_today() > date.fromisoformat(goal.until))
        limit = goal_noise(goal.about, before or take, take, noise)
        verdicts.append(replace(verdict, smaller=_smaller(goal, tries, verdict, limit)))
    return tuple(verdicts)


def _counts(goal: Goal, take: TakeRecord) -> bool:
    """Whether a take is held against a goal: of its question, and recorded after it was set."""
    known = {one.take for one in goal.tries} | {goal.met_take}
    if take.id in known:
        return goal.state in (OPEN, MET)
    if goal.state != OPEN or take.id == goal.start_take:
        return False
    if not goal.is_for(take.question, take.language):
        return False
    if goal.id in (take.goal or "").split():
        return True
    return take.recorded is not None and _time(take.recorded) > _time(goal.set)


def _tries(goal: Goal, verdict: GoalVerdict, take: TakeRecord) -> tuple[Try, ...]:
    """Return the tries with this one; one that is known already keeps its place."""
    now = Try(take.id, take.name, take.recorded or utc_now(), verdict.value, verdict.kind)
    if any(one.take == take.id for one in goal.tries):
        return tuple(now if one.take == take.id else one for one in goal.tries)
    tries = (*goal.tries, now)
    return tuple(sorted(tries, key=lambda one: _time(one.date)))


def _noted(verdict: GoalVerdict, take: TakeRecord) -> Goal:
    goal = replace(verdict.goal, tries=_tries(verdict.goal, verdict, take))
    if verdict.kind != MET:
        return goal
    return replace(goal, state=MET, ended=take.recorded or utc_now(), met_take=take.id)


def _smaller(
    goal: Goal, tries: Sequence[Try], verdict: GoalVerdict, limit: float | None
) -> SmallerStep | None:
    """Suggest an easier number after several measured takes without meeting the goal."""
    values = [
        one.value
        for one in tries[: verdict.number]
        if one.value is not None and one.kind not in (MET, NOT_MEASURED)
    ]
    if verdict.kind in (MET, NOT_MEASURED) or len(values) < TRIES_BEFORE_SMALLER or limit is None:
        return None
    step = smaller_step(goal, values[-TRIES_BEFORE_SMALLER:], limit)
    if step is None:
        return None
    return SmallerStep(step.wanted, set_command(step, instead=goal.id))


def _is_earlier(other: TakeRecord, take: TakeRecord) -> bool:
    if other.recorded is None or take.recorded is None:
        return False
    return (_time(other.recorded), other.number) < (_time(take.recorded), take.number or math.inf)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:  # a session file edited by hand: before everything
        return datetime.min.replace(tzinfo=UTC)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _today() -> date:
    return datetime.now().date()


def _written_media(analysis: AnswerAnalysis, folder: Path) -> Path | None:
    """Return the recording by the results that were written: only these know the way to it."""
    try:
        written = read_analysis(folder / ANALYSIS)
    except AnalysisUnreadable:
        return None
    same = written.media.sha256 == analysis.media.sha256
    return find_media(written, folder) if same else None


def _changed(media: Path) -> str | None:
    """Return when a recording from elsewhere was last written: the best that tells its age."""
    try:
        return datetime.fromtimestamp(media.stat().st_mtime, UTC).isoformat(timespec="seconds")
    except (OSError, ValueError, OverflowError):
        return None
