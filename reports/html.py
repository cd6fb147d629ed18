"""The report page of an answer: one self-contained HTML file (see `page`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.results import AnswerAnalysis
from reports.answer_view import answer_view
from reports.language import t
from reports.marks import Lane
from reports.page import media_link, render_page
from reports.targets import Targets

__all__ = ["media_link", "render_answer"]


def render_answer(
    analysis: AnswerAnalysis,
    *,
    media_href: str | None,
    targets: Targets,
    created: str | None = None,
    parts: Mapping[str, object] | None = None,
    extra_lanes: Sequence[Lane] = (),
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    data: Mapping[str, Any] | None = None,
) -> str:
    """Return the report page of an answer.

    Parameters
    ----------
    analysis : what was measured.
    media_href : address of the recording as seen from the page (see `media_link`); None = none.
    targets : bands to hold the numbers against.
    created : when it was recorded, ISO 8601; None = show when it was analysed.
    parts : what belongs to the answer beside its numbers (goal, own rating, mentor's comments), by
        the name under which the templates know it.
    extra_lanes : lanes of the timeline below ours.
    styles, scripts : files beside the templates that those parts need, after ours.
    data : what their scripts need, plain JSON.
    """
    view = answer_view(
        analysis,
        media_href=media_href,
        targets=targets,
        created=created,
        extra_lanes=extra_lanes,
    )
    return render_page(
        "answer.html.j2",
        styles=["answer.css", *styles],
        scripts=["answer.js", *scripts],
        data={
            "duration_s": round(view.duration_s, 3),
            "player_zero_s": round(view.player_zero_s, 3),
            "words": [[round(start, 3), round(end, 3)] for start, end in view.word_times],
            "texts": {"no_more_marks": t("No more marks")},
            **(data or {}),
        },
        parts=parts or {},
        view=view,
        drill_length=_drill_length,
    )


def _drill_length(length_s: float) -> str:
    minutes = length_s / 60
    if minutes >= 1:
        return t("{time} min", time=f"{minutes:g}")
    return t("{n} s", n=f"{length_s:g}")
