"""The history page: when and what was practised, how each measure went, where the takes are.

One self-contained file (see `page`), made from the summaries alone.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from recorder.session import Question
from reports.drills import is_drill
from reports.language import interface, t
from reports.measures import read_measures
from reports.page import render_page
from reports.practice_calendar import day_text, local_time, month_text, practice_calendar
from reports.practice_trends import chosen_measures, practice_trends, question_text
from reports.take_tiles import best_take, targets_met
from reports.takes import Defect, TakeRecord, question_key
from reports.targets import Targets
from reports.wording import clock, language_name

STAGES = ("first", "technical", "final", "closing")
TAKE_COLUMNS = (
    "take",
    "recorded",
    "session",
    "number",
    "question_id",
    "question",
    "language",
    "drill",
    "analysed",
    "recording",
    "duration_s",
    "targets_met",
    "targets_judged",
)
"""of `history_rows`, beside the measures"""
OPEN_MONTHS = 1
"""newest months whose sessions are unfolded; our judgement"""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question and how often it was answered."""

    text: str
    language: str
    """of the text"""
    id: str
    """what the user types; "" where it is in no bank"""
    count: int
    last: str
    """day of the newest take, "" = never"""
    best_name: str
    """day of the best take, "" = none can be told"""
    best_href: str | None
    best_text: str


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """The questions of a stage."""

    title: str
    practised: tuple[QuestionRow, ...]
    missing: tuple[QuestionRow, ...]


@dataclass(frozen=True, slots=True)
class TakeRow:
    """A take in the list of its session."""

    number: int
    text: str
    language: str
    href: str | None
    facts: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in the list."""

    id: str
    anchor: str
    title: str
    href: str | None
    takes: tuple[TakeRow, ...]


def render_history(
    takes: Sequence[TakeRecord],
    defects: Sequence[Defect],
    *,
    bank: Sequence[Question],
    targets: Targets,
    now: dt.datetime,
    links: Mapping[str, str],
    session_links: Mapping[str, str],
    achievements: Sequence[str] = (),
) -> str:
    """Return the history page.

    Parameters
    ----------
    takes : all of the store, the oldest first, those of unknown date last.
    defects : what could not be used; each is named.
    bank : the questions that can be practised.
    targets : bands to hold the numbers against.
    now : local time.
    links : addresses of reports as seen from the page, by name of the take.
    session_links : addresses of session pages, by id of the session.
    achievements : goals that were met, a sentence each, the newest first.
    """
    anchors = _anchors(takes)
    months = _months(takes, targets, links, session_links, anchors)
    first_of_day: dict[dt.date, str] = {}
    for take in takes:
        moment = local_time(take.recorded)
        if moment is not None:
            first_of_day.setdefault(moment.date(), anchors[take.session or take.name])
    return render_page(
        "history.html.j2",
        styles=["answer.css", "trend.css", "history.css"],
        scripts=["trend.js", "history.js"],
        data={},
        title=t("Your practice"),
        made=day_text(now.date()),
        figures=_figures(takes, bank),
        empty=not takes,
        calendar=practice_calendar(takes, now.date()),
        day_links=first_of_day,
        groups=_questions(takes, bank, targets, links),
        trends=practice_trends(takes, targets, links, session_links),
        measures=_choices(takes),
        months=months,
        open_months=OPEN_MONTHS,
        defects=defect_groups(defects),
        achievements=tuple(achievements),
        language_title=lambda code: t(language_name(code)),
    )


def achievement(goal: str, question: str, ended: str | None) -> str:
    """Return a goal that was met in a sentence.

    Parameters
    ----------
    goal, question : in words.
    ended : when it was met, UTC, ISO 8601; None = unknown.
    """
    moment = local_time(ended)
    if moment is None:
        return t("{goal} (“{question}”)", goal=goal, question=question)
    day = day_text(moment.date())
    return t("{goal} (“{question}”), met on {day}", goal=goal, question=question, day=day)


def history_rows(takes: Sequence[TakeRecord], targets: Targets) -> list[dict[str, Any]]:
    """Return a row per take, with every number as it was measured; None = not measured.

    Keys: `TAKE_COLUMNS`, and "measures" by the keys of summary.json, whose units are in their
    names. "recording" tells whether it is there; "targets_met" of "targets_judged" main measures
    lie in their target.
    """
    rows: list[dict[str, Any]] = []
    for take in takes:
        met = targets_met(take, targets) if take.analysed else None
        question = take.question
        rows.append(
            {
                "take": take.name,
                "recorded": take.recorded,
                "session": take.session,
                "number": take.number,
                "question_id": None if question is None else question.id,
                "question": None if question is None else question_text(take),
                "language": take.language,
                "drill": is_drill(question),
                "analysed": take.analysed,
                "recording": take.media is not None,
                "duration_s": take.duration_s if math.isfinite(take.duration_s) else None,
                "targets_met": None if met is None else met.met,
                "targets_judged": None if met is None else met.judged,
                "measures": {measure: take.value(measure) for measure in read_measures()},
            }
        )
    return rows


def _figures(takes: Sequence[TakeRecord], bank: Sequence[Question]) -> list[tuple[str, str]]:
    days = {m.date() for take in takes if (m := local_time(take.recorded)) is not None}
    known = {question_key(q) for q in bank}
    asked = {take.question_key for take in takes} & known
    spoken = sum(take.value("answer_s") or 0.0 for take in takes)
    return [
        (t("Sessions"), str(len({take.session for take in takes}))),
        (t("Takes"), str(len(takes))),
        (t("Days with practice"), str(len(days))),
        (t("Questions practised"), t("{n} of {all}", n=len(asked), all=len(known))),
        (t("Time answered"), _long_time(spoken)),
    ]


def _long_time(length_s: float) -> str:
    if length_s < 3600:
        return t("{clock} min", clock=clock(length_s))
    minutes = round(length_s / 60)
    return t("{h} h {min} min", h=minutes // 60, min=minutes % 60)


def _choices(takes: Sequence[TakeRecord]) -> list[tuple[str, str, bool]]:
    """Return the measures that can be chosen: ids, title, whether they are shown at first."""
    languages = {take.language for take in takes}
    found: dict[str, tuple[str, str, bool]] = {}
    for measure in chosen_measures():
        if measure.language and measure.language not in languages:
            continue
        # The pace has one name and a measure per language.
        title = t(measure.title)
        ids, _, main = found.get(title, ("", "", False))
        found[title] = (f"{ids} {measure.id}".strip(), title, main or measure.main)
    return list(found.values())


def _questions(
    takes: Sequence[TakeRecord],
    bank: Sequence[Question],
    targets: Targets,
    links: Mapping[str, str],
) -> list[QuestionGroup]:
    by_key: dict[str, list[TakeRecord]] = {}
    for take in takes:
        if not is_drill(take.question):
            by_key.setdefault(take.question_key, []).append(take)
    titles = {
        "first": t("First interview"),
        "technical": t("Technical interview"),
        "final": t("Final interview"),
        "closing": t("Closing"),
    }
    groups: list[QuestionGroup] = []
    known: set[str] = set()
    stages = [*STAGES, *sorted({q.stage for q in bank} - set(STAGES))]
    for stage in stages:
        rows = []
        for question in (q for q in bank if q.stage == stage):
            key = question_key(question)
            known.add(key)
            text, language = _shown(question)
            found = by_key.get(key, [])
            rows.append(_question_row(text, language, question.id, found, targets, links))
        if rows:
            groups.append(_group(titles.get(stage, stage), rows))
    others = []
    for key, found in by_key.items():
        question = found[-1].question
        if key in known or question is None:
            continue
        text, language = _shown(question)
        others.append(_question_row(text, language, "", found, targets, links))
    if others:
        groups.append(_group(t("Your own questions"), others))
    return groups


def _group(title: str, rows: Sequence[QuestionRow]) -> QuestionGroup:
    practised = sorted((r for r in rows if r.count), key=lambda r: -r.count)
    return QuestionGroup(title, tuple(practised), tuple(r for r in rows if not r.count))


def _question_row(
    text: str,
    language: str,
    id_: str,
    takes: Sequence[TakeRecord],
    targets: Targets,
    links: Mapping[str, str],
) -> QuestionRow:
    best = best_take(takes, targets)
    days = [d for take in takes if (d := _day(take))]
    return QuestionRow(
        text=text,
        language=language,
        id=id_,
        count=len(takes),
        last=days[-1] if days else "",
        best_name="" if best is None else _day(best.take) or best.take.name,
        best_href=None if best is None else links.get(best.take.name),
        best_text=""
        if best is None
        else t("{met} of {judged} in the target", met=best.met, judged=best.judged),
    )


def _months(
    takes: Sequence[TakeRecord],
    targets: Targets,
    links: Mapping[str, str],
    session_links: Mapping[str, str],
    anchors: Mapping[str, str],
) -> list[tuple[str, int, list[SessionRow]]]:
    """Return the sessions by month, the newest first: name, count of the takes, sessions."""
    sessions: dict[str, list[TakeRecord]] = {}
    for take in takes:
        sessions.setdefault(take.session or take.name, []).append(take)
    dated = [s for s in sessions.items() if local_time(s[1][0].recorded) is not None]
    undated = [s for s in sessions.items() if local_time(s[1][0].recorded) is None]
    found: list[tuple[str, int, list[SessionRow]]] = []
    for name, group in groupby(reversed(dated), lambda s: _month(s[1][0])):
        found.append(_month_rows(name, list(group), targets, links, session_links, anchors))
    if undated:
        found.append(
            _month_rows(t("Date unknown"), undated, targets, links, session_links, anchors)
        )
    return found


def _month_rows(
    name: str,
    sessions: Sequence[tuple[str, list[TakeRecord]]],
    targets: Targets,
    links: Mapping[str, str],
    session_links: Mapping[str, str],
    anchors: Mapping[str, str],
) -> tuple[str, int, list[SessionRow]]:
    rows = [
        SessionRow(
            id=id_,
            anchor=anchors[id_],
            title=_session_title(id_, takes),
            href=session_links.get(id_),
            takes=tuple(_take_row(take, targets, links) for take in takes),
        )
        for id_, takes in sessions
    ]
    return name, sum(len(row.takes) for row in rows), rows


def _session_title(id_: str, takes: Sequence[TakeRecord]) -> str:
    moment = local_time(takes[0].recorded)
    if moment is None:
        return id_
    return f"{day_text(moment.date())}, {moment.hour}:{moment.minute:02d}"


def _take_row(take: TakeRecord, targets: Targets, links: Mapping[str, str]) -> TakeRow:
    facts = [clock(take.duration_s)] if take.duration_s > 0 else []
    if is_drill(take.question):
        facts.append(t("drill"))
    if not take.analysed:
        facts.append(t("no numbers"))
    else:
        met = targets_met(take, targets)
        if met.judged:
            facts.append(t("{met} of {judged} in the target", met=met.met, judged=met.judged))
    if take.media is None:
        facts.append(t("recording gone"))
    return TakeRow(
        take.number,
        question_text(take),
        take_language(take),
        links.get(take.name),
        " · ".join(facts),
    )


def defect_groups(defects: Sequence[Defect]) -> list[tuple[str, list[Defect]]]:
    """Return defects by their kind: its title, and those of it."""
    titles = {
        "media-gone": t("Recordings that are gone"),
        "broken": t("Files that can't be read"),
        "older": t("Measured by an earlier version"),
        "newer": t("Written by a newer version"),
        "twice": t("There twice"),
        "moved": t("Moved or renamed"),
    }
    counts = Counter(defect.kind for defect in defects)
    return [
        (title, [d for d in defects if d.kind == kind])
        for kind, title in titles.items()
        if counts[kind]
    ]


def _anchors(takes: Sequence[TakeRecord]) -> dict[str, str]:
    """Return an anchor per session: plain, whatever its folder is called."""
    sessions = dict.fromkeys(take.session or take.name for take in takes)
    return {session: f"s{number}" for number, session in enumerate(sessions, 1)}


def _shown(question: Question) -> tuple[str, str]:
    """Return the text of a question in the language of the page, and which that is."""
    if interface() == "ja":
        return (question.text_ja, "ja") if question.text_ja else (question.text_en, "en")
    return (question.text_en, "en") if question.text_en else (question.text_ja, "ja")


def take_language(take: TakeRecord) -> str:
    """Return the language of what `question_text` returned."""
    if take.question is None:
        return interface()
    if take.language == "ja":
        return "ja" if take.question.text_ja else "en"
    return "en" if take.question.text_en else "ja"


def _day(take: TakeRecord) -> str:
    moment = local_time(take.recorded)
    return "" if moment is None else day_text(moment.date())


def _month(take: TakeRecord) -> str:
    moment = local_time(take.recorded)
    return "" if moment is None else month_text(moment.date())
