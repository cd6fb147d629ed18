"""The page of a session: ``session.html`` in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.errors import AnalysisError
from analysis.results import AnswerAnalysis
from analysis.setup_items import read_limits
from analysis.storage import read_analysis
from app import config
from app.errors import AppError
from app.goal_check import goal_verdicts
from app.report_files import output_errors
from app.results_folder import ANALYSIS, replace_file
from app.shelf import SessionRecord, read_session_record
from reports.language import t
from reports.page import media_link
from reports.session_page import render_session
from reports.takes import Defect

PAGE = "session.html"


def write_session_page(folder: Path) -> Path:
    """Make the page of a session, in the language that is set (`reports.language.speaking`).

    Parameters
    ----------
    folder : of the session, wherever it lies.

    Raises
    ------
    AppError
        The page can't be written.
    """
    session, defects = read_session_record(folder)
    analyses, broken = _analyses(session)
    known = {defect.place for defect in defects}
    page = folder / PAGE
    html = render_session(
        session.takes,
        analyses,
        name=session.id,
        created=session.created,
        setup=session.setup,
        setup_titles={item.id: item.title for item in read_limits().values()},
        targets=config.targets(),
        links={
            take.name: media_link(report, page)
            for take in session.takes
            if (report := take.context["report"]) is not None
        },
        defects=(*defects, *(d for d in broken if d.place not in known)),
        goal_lines=_goal_lines(session, analyses),
    )
    with output_errors(page):
        replace_file(page, html)
    return page


def _analyses(session: SessionRecord) -> tuple[dict[str, AnswerAnalysis], list[Defect]]:
    """Return the analyses by name of the take, and what is wrong with those that can't be read."""
    found: dict[str, AnswerAnalysis] = {}
    broken: list[Defect] = []
    for take in session.takes:
        if take.results is None:
            continue
        path = take.results / ANALYSIS
        try:
            found[take.name] = read_analysis(path)
        except AnalysisError:
            file = f"{take.results.name}/{ANALYSIS}"
            text = t("{file} is missing or damaged: analyse the take again", file=file)
            broken.append(Defect(str(path), "broken", text))
    return found, broken


def _goal_lines(
    session: SessionRecord, analyses: dict[str, AnswerAnalysis]
) -> dict[str, Sequence[str]]:
    lines: dict[str, Sequence[str]] = {}
    for take in session.takes:
        analysis = analyses.get(take.name)
        if analysis is None or take.results is None:
            continue
        try:
            verdicts = goal_verdicts(analysis, take.results)
        except AppError:  # a broken list of goals is told by `mensetsu goals`
            continue
        lines[take.name] = [
            t(
                "{goal}: {verdict} ({value})",
                goal=verdict.goal.text,
                verdict=verdict.word,
                value=verdict.value_text,
            )
            for verdict in verdicts
        ]
    return lines
