"""The comparison page: takes of one question, the newest against the one before it.

One self-contained HTML file beside its two recordings (see `page`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.meaning import Meaning
from analysis.results import AnswerAnalysis
from recorder.session import Question
from reports.cautions import caution_text
from reports.compare import NOT_COMPARABLE, Ladder
from reports.comparison_lines import change_lines
from reports.comparison_rows import TakeName, measure_rows, take_names, trends
from reports.comparison_text import text_rows
from reports.language import t
from reports.measures import read_measures
from reports.page import render_page
from reports.repeat_noise import RepeatNoise, noise_of
from reports.retelling import Retelling, Vectors, retell, sentences_of
from reports.targets import Targets


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two takes, as it is played."""

    id: str
    """ "before" or "after" """
    title: str
    take: TakeName
    media_href: str | None
    media_kind: str
    """ "video", "audio" or "" where nothing can be played"""
    frame_size_px: tuple[int, int] | None
    missing: str
    """why it can't be played; "" = it can"""
    language: str
    """code of what was said"""


def render_comparison(
    ladder: Ladder,
    *,
    before: AnswerAnalysis | None,
    after: AnswerAnalysis | None,
    media_before: str | None,
    media_after: str | None,
    links: Mapping[str, str],
    targets: Targets,
    noise: Mapping[str, RepeatNoise] | None = None,
    meaning: Vectors | None = None,
) -> str:
    """Return the comparison page of takes.

    Parameters
    ----------
    ladder : the takes and what changed between them.
    before, after : analyses of the newest take but one and of the newest; None = unreadable: the
        page has their numbers, and neither their words nor their moments.
    media_before, media_after : addresses of their recordings as seen from the page; None = gone.
    links : addresses of the reports of the takes, by `TakeRecord.name`.
    targets : bands that the trends are drawn with.
    noise : what `read_repeat_noise` returned, for its sources; None = ours.
    meaning : vectors of sentences; None = a new `analysis.meaning.Meaning`, which takes a second
        to load where the tellings differ.
    """
    step, names = ladder.newest, take_names(ladder.takes, links)
    sides = (
        _side("before", t("Earlier take"), names[-2], before, media_before),
        _side("after", t("Later take"), names[-1], after, media_after),
    )
    retelling = _retelling(before, after, meaning or Meaning())
    comparable = [d for d in step.deltas if d.verdict != NOT_COMPARABLE]
    charts = trends(ladder, targets, names)
    main = {m.id for m in read_measures().values() if m.main}
    return render_page(
        "comparison.html.j2",
        styles=["answer.css", "trend.css", "comparison.css"],
        scripts=["trend.js", "comparison.js"],
        data=_data(before, after, retelling),
        question=_asked(ladder),
        names=names,
        sentence=step.sentence,
        since_first=ladder.since_first.sentence if ladder.since_first else "",
        lines=change_lines(step, before, after, retelling),
        sides=sides,
        playable=[side.id for side in sides if side.media_kind],
        main_rows=measure_rows([d for d in comparable if d.measure.main]),
        other_rows=measure_rows([d for d in comparable if not d.measure.main]),
        told_rows=measure_rows([d for d in step.told if not d.reason]),
        left_rows=measure_rows(step.of(NOT_COMPARABLE)),
        main_charts=[c for c in charts if c.id in main],
        other_charts=[c for c in charts if c.id not in main],
        text=text_rows(retelling) if retelling else (),
        retelling=retelling,
        no_text=_no_text(before, after),
        sources=_sources(ladder, targets, noise),
    )


def _asked(ladder: Ladder) -> Question | None:
    """Return the question, where all takes answer the same one."""
    keys = {take.question_key for take in ladder.takes}
    return ladder.takes[-1].question if len(keys) == 1 else None


def _side(
    name: str, title: str, take: TakeName, analysis: AnswerAnalysis | None, href: str | None
) -> Side:
    media = analysis.media if analysis else None
    missing = "" if href else t("The recording is gone: there is nothing to play.")
    picture = media is None or media.video_codec is not None
    return Side(
        id=name,
        title=title,
        take=take,
        media_href=href,
        media_kind=("video" if picture else "audio") if href else "",
        frame_size_px=media.frame_size_px if media else None,
        missing=missing,
        language=analysis.transcript.language if analysis and analysis.transcript else "",
    )


def _retelling(
    before: AnswerAnalysis | None, after: AnswerAnalysis | None, vectors: Vectors
) -> Retelling | None:
    """Return both tellings against each other; None = one has no words."""
    tellings = sentences_of(before), sentences_of(after)
    return retell(*tellings, vectors) if all(tellings) else None


def _no_text(before: AnswerAnalysis | None, after: AnswerAnalysis | None) -> str:
    missing = [not sentences_of(a) for a in (before, after)]
    if all(missing):
        return t("There is no transcript of either take.")
    if missing[0]:
        return t("There is no transcript of the earlier take.")
    return t("There is no transcript of the later take.") if missing[1] else ""


def _data(
    before: AnswerAnalysis | None, after: AnswerAnalysis | None, retelling: Retelling | None
) -> dict[str, Any]:
    """Return what the script needs: when each sentence is said, and which say the same."""
    links = retelling.links if retelling else ()
    groups = {
        "before": {i: n for n, link in enumerate(links) for i in link.before},
        "after": {i: n for n, link in enumerate(links) for i in link.after},
    }
    sides: dict[str, Any] = {}
    for name, analysis in (("before", before), ("after", after)):
        told = sentences_of(analysis) if retelling else ()
        sides[name] = {
            "zero_s": round(analysis.media.player_zero_s, 3) if analysis else 0,
            "first_s": _first_word_s(analysis),
            "duration_s": _duration_s(analysis),
            "sentences": [
                [round(s.start, 3), round(s.end, 3), groups[name].get(i, -1)]
                for i, s in enumerate(told)
            ],
        }
    return {
        **sides,
        "texts": {
            "none": t("No more sentences"),
            "waiting": t("This is not said in the other take: it waits."),
            "cant": t("Your browser can't play this recording, or it is no longer there."),
        },
    }


def _first_word_s(analysis: AnswerAnalysis | None) -> float:
    speech = analysis.speech if analysis else None
    return round(speech.answer.start, 3) if speech and speech.answer else 0.0


def _duration_s(analysis: AnswerAnalysis | None) -> float | None:
    """Return the length of a recording; None = unknown."""
    length_s = analysis.media.duration_s if analysis else math.nan
    return round(length_s, 3) if math.isfinite(length_s) else None


def _sources(
    ladder: Ladder, targets: Targets, noise: Mapping[str, RepeatNoise] | None
) -> list[tuple[str, str]]:
    """Return where targets and noise come from, by title of the measure."""
    newest = ladder.takes[-1]
    found: list[tuple[str, str]] = []
    for delta in ladder.newest.deltas:
        measure = delta.measure
        known = noise_of(measure.id, newest.language, noise)
        band = measure.band_of(targets, newest.language, newest.question)
        parts = (
            t(measure.why),
            t("Target: {source}", source=band.cited) if band else "",
            _change_source(known) if known else "",
        )
        if delta.verdict != NOT_COMPARABLE:
            found.append((t(measure.title), " ".join(part for part in parts if part)))
    return found


def _change_source(known: RepeatNoise) -> str:
    # It holds numbers: its Japanese is found by its pattern.
    return t("What counts as a change: {source}.", source=caution_text(known.source))
