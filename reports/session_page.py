"""The page of a session: all its answers in short, each with the way to its report.

One self-contained file (see `page`), made from the summaries; only the remarks need the analyses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.results import AnswerAnalysis
from recorder.session import SetupUsed
from reports.drills import is_drill
from reports.feedback import choose_remarks
from reports.history_page import defect_groups, take_language
from reports.language import t, tn
from reports.page import render_page
from reports.practice_calendar import day_text, local_time
from reports.practice_trends import question_text
from reports.remarks import Remark
from reports.take_tiles import TakeTile, take_tiles
from reports.takes import Defect, TakeRecord
from reports.targets import Targets
from reports.wording import clock, language_name


@dataclass(frozen=True, slots=True)
class AnswerSummary:
    """An answer of the session in short."""

    number: int
    anchor: str
    text: str
    language: str
    """of the question's text"""
    facts: str
    href: str | None
    tiles: tuple[TakeTile, ...]
    remark: Remark | None
    well: bool
    """there was something to remark on, and nothing stood out"""
    state: str
    """why there are no numbers, or no recording; "" = all is there"""
    goals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetupSummary:
    """The set-up check before the session in words."""

    text: str
    to_fix: tuple[str, ...]
    not_checked: tuple[str, ...]


def render_session(
    takes: Sequence[TakeRecord],
    analyses: Mapping[str, AnswerAnalysis],
    *,
    name: str,
    created: str | None,
    setup: SetupUsed | None,
    setup_titles: Mapping[str, str],
    targets: Targets,
    links: Mapping[str, str],
    defects: Sequence[Defect] = (),
    goal_lines: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Return the page of a session.

    Parameters
    ----------
    takes : of the session, in the order of their numbers.
    analyses : by name of the take; those that are missing have no remark.
    name : of the session.
    created : when it began, UTC, ISO 8601; None = unknown.
    setup : the set-up check before it; None = there was none.
    setup_titles : English titles of the items of the set-up check, by id.
    targets : bands to hold the numbers against.
    links : addresses of the reports as seen from the page, by name of the take.
    defects : what could not be used.
    goal_lines : how goals were met, a sentence each, by name of the take.
    """
    moment = local_time(created)
    title = name if moment is None else t("Session of {day}", day=day_text(moment.date()))
    facts = [] if moment is None else [f"{moment.hour}:{moment.minute:02d}"]
    languages = dict.fromkeys(take.language for take in takes if take.language)
    facts += [t(language_name(code)) for code in languages]
    facts.append(tn("{n} take", "{n} takes", len(takes)))
    answers = [
        _answer(take, analyses.get(take.name), targets, links, goal_lines or {}) for take in takes
    ]
    return render_page(
        "session.html.j2",
        styles=["answer.css", "session.css"],
        scripts=["session.js"],
        data={},
        title=title,
        name=name,
        facts=facts,
        answers=answers,
        setup=_setup(setup, setup_titles),
        defects=defect_groups(defects),
    )


def _answer(
    take: TakeRecord,
    analysis: AnswerAnalysis | None,
    targets: Targets,
    links: Mapping[str, str],
    goal_lines: Mapping[str, Sequence[str]],
) -> AnswerSummary:
    facts = [clock(take.duration_s)] if take.duration_s > 0 else []
    if is_drill(take.question):
        facts.append(t("drill"))
    remarks = () if analysis is None else choose_remarks(analysis, targets)
    spoken = analysis is not None and analysis.speech is not None and analysis.speech.answer
    return AnswerSummary(
        number=take.number,
        anchor=f"take-{take.number}",
        text=question_text(take),
        language=take_language(take),
        facts=" · ".join(facts),
        href=links.get(take.name),
        tiles=take_tiles(take, targets) if take.analysed else (),
        remark=remarks[0] if remarks else None,
        well=bool(spoken) and not remarks,
        state=_state(take),
        goals=tuple(goal_lines.get(take.name, ())),
    )


def _state(take: TakeRecord) -> str:
    if take.media is None:
        if take.analysed:
            return t("The recording is gone; its numbers are kept.")
        return t("The recording is gone, and it was not analysed.")
    if not take.analysed:
        return t("No numbers yet: 'mensetsu analyse' measures it.")
    return ""


def _setup(setup: SetupUsed | None, titles: Mapping[str, str]) -> SetupSummary:
    if setup is None:
        return SetupSummary(t("The set-up was not checked before this session."), (), ())
    moment = local_time(setup.made)
    day = day_text(moment.date()) if moment is not None else t("Date unknown")
    to_fix = tuple(t(titles.get(item, item)) for item in setup.to_fix)
    not_checked = tuple(t(titles.get(item, item)) for item in setup.not_checked)
    if to_fix:
        text = tn(
            "Checked on {day}: {n} thing to fix.",
            "Checked on {day}: {n} things to fix.",
            len(to_fix),
            day=day,
        )
    else:
        text = t("Checked on {day}: what was checked is in order.", day=day)
    return SetupSummary(text, to_fix, not_checked)
