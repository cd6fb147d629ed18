"""The report page of an answer: one self-contained HTML file (see `page`)."""

from __future__ import annotations

from analysis.results import AnswerAnalysis
from reports.answer_view import answer_view
from reports.page import media_link, render_page
from reports.targets import Targets

__all__ = ["media_link", "render_answer"]


def render_answer(
    analysis: AnswerAnalysis,
    *,
    media_href: str | None,
    targets: Targets,
    created: str | None = None,
) -> str:
    """Return the report page of an answer.

    Parameters
    ----------
    analysis : what was measured.
    media_href : address of the recording as seen from the page (see `media_link`); None = none.
    targets : bands to hold the numbers against.
    created : when it was recorded, ISO 8601; None = show when it was analysed.
    """
    view = answer_view(analysis, media_href=media_href, targets=targets, created=created)
    return render_page(
        "answer.html.j2",
        styles=["answer.css"],
        scripts=["answer.js"],
        data={
            "duration_s": round(view.duration_s, 3),
            "player_zero_s": round(view.player_zero_s, 3),
            "words": [[round(start, 3), round(end, 3)] for start, end in view.word_times],
        },
        view=view,
        drill_length=_drill_length,
    )


def _drill_length(length_s: float) -> str:
    minutes = length_s / 60
    return f"{minutes:g} min" if minutes >= 1 else f"{length_s:g} s"
