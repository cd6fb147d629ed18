"""The report page of an answer with all that belongs to it beside its numbers.

Goals, the own rating, a mentor's comments: every place that writes a report page asks here, so
that none forgets a part.
"""

from __future__ import annotations

from pathlib import Path

from analysis.results import AnswerAnalysis
from app import config
from app.goal_check import goal_parts
from app.mentor import comment_parts
from app.page_parts import AnswerParts
from app.self_rating import rating_parts
from reports.html import render_answer
from reports.language import speaking


def render_report(
    analysis: AnswerAnalysis, folder: Path, media_href: str | None, *, language: str | None = None
) -> str:
    """Return the report page of an answer.

    Parameters
    ----------
    analysis : what was measured.
    folder : of its results, perhaps about to be written.
    media_href : address of the recording as seen from the page; None = there is none.
    language : of the page; None = the one that is set.
    """
    targets = config.targets()
    with speaking(language or config.interface()):
        goals = AnswerParts(
            {"goal": goal_parts(analysis, folder)}, styles=("goals.css",), scripts=("goals.js",)
        )
        found = [
            part
            for part in (
                goals,
                rating_parts(analysis, folder, targets),
                comment_parts(analysis, folder),
            )
            if part is not None
        ]
        return render_answer(
            analysis,
            media_href=media_href,
            targets=targets,
            parts={name: part for one in found for name, part in one.parts.items()},
            extra_lanes=[lane for one in found for lane in one.lanes],
            styles=[style for one in found for style in one.styles],
            scripts=[script for one in found for script in one.scripts],
            data={name: value for one in found for name, value in one.data.items()},
        )
