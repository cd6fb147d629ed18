"""Each measure over time, across questions: takes while they are few, else sessions or months.

A chart of hundreds of points tells nothing and makes a heavy page, so the points become longer
stretches of time as the takes become more, each with the median of its takes.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from reports.conditions import not_comparable
from reports.drills import is_drill
from reports.language import t, tn
from reports.measures import Measure, read_measures
from reports.practice_calendar import day_text, local_day, local_time, month_text
from reports.take_tiles import measure_value, target_of
from reports.takes import TakeRecord
from reports.targets import Band, Targets
from reports.trend_chart import TrendChart, TrendPoint, trend_chart
from reports.wording import number

MOST_POINTS = 40
"""as many as a chart of 300 px can tell apart; our judgement"""
_OF_QUESTION = "question"


@dataclass(frozen=True, slots=True)
class LanguageTrends:
    """The measures of the answers in one language."""

    language: str
    note: str
    """what a point is"""
    charts: tuple[TrendChart, ...]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Takes that make one point, the oldest first."""

    takes: tuple[TakeRecord, ...]
    label: str
    name: str
    href: str | None


def practice_trends(
    takes: Sequence[TakeRecord],
    targets: Targets,
    links: Mapping[str, str],
    session_links: Mapping[str, str],
) -> tuple[LanguageTrends, ...]:
    """Return the trends of each language, the most used first; drills are left out.

    Parameters
    ----------
    takes : the oldest first.
    links, session_links : addresses of reports by name of a take, of pages by id of a session.
    """
    shown = [
        take
        for take in takes
        if take.analysed
        and take.language
        and not is_drill(take.question)
        and local_day(take.recorded)
    ]
    languages = Counter(take.language or "" for take in shown)
    return tuple(
        _of_language(
            language, [x for x in shown if x.language == language], targets, links, session_links
        )
        for language, _ in languages.most_common()
    )


def chosen_measures(language: str | None = None) -> tuple[Measure, ...]:
    """Return the measures that can be shown over time, for a language or for any."""
    return tuple(
        m
        for m in read_measures().values()
        if m.judged != "told" and (language is None or m.language in ("", language))
    )


def _of_language(
    language: str,
    takes: Sequence[TakeRecord],
    targets: Targets,
    links: Mapping[str, str],
    session_links: Mapping[str, str],
) -> LanguageTrends:
    stretches, note = _stretches(takes, links, session_links)
    charts = tuple(
        trend_chart(
            _points(stretches, measure),
            measure=measure,
            band=_band(takes, measure, targets),
        )
        for measure in chosen_measures(language)
        if any(measure_value(take, measure) is not None for take in takes)
    )
    return LanguageTrends(language, note, charts)


def _stretches(
    takes: Sequence[TakeRecord], links: Mapping[str, str], session_links: Mapping[str, str]
) -> tuple[list[_Stretch], str]:
    """Return what the points are of, and a sentence on it."""
    if len(takes) <= MOST_POINTS:
        return [_single(take, links) for take in takes], t("A point is a take.")
    sessions = _grouped(takes, lambda take: take.session or take.name)
    if len(sessions) <= MOST_POINTS:
        stretches = [_session(group, session_links) for group in sessions]
        return stretches, t("A point is a session: the median of its takes.")
    weeks = _grouped(takes, lambda take: str(_monday(take)))
    if len(weeks) <= MOST_POINTS:
        note = t("A point is a week with practice: the median of its takes.")
        return [_week(group) for group in weeks], note
    months = _grouped(takes, lambda take: str(local_day(take.recorded))[:7])
    note = t("A point is a month with practice: the median of its takes.")
    if len(months) > MOST_POINTS:
        note += " " + t("The newest {n} months are shown.", n=MOST_POINTS)
    return [_month(group) for group in months[-MOST_POINTS:]], note


def _grouped(
    takes: Sequence[TakeRecord], key: Callable[[TakeRecord], str]
) -> list[tuple[TakeRecord, ...]]:
    return [tuple(group) for _, group in groupby(takes, key)]


def _single(take: TakeRecord, links: Mapping[str, str]) -> _Stretch:
    day = local_day(take.recorded)
    assert day is not None  # those without a date are left out
    name = t("{day}, {question}", day=day_text(day), question=question_text(take))
    return _Stretch((take,), _short(take), name, links.get(take.name))


def _session(takes: tuple[TakeRecord, ...], session_links: Mapping[str, str]) -> _Stretch:
    day = local_day(takes[0].recorded)
    assert day is not None
    name = t("{day}, {takes}", day=day_text(day), takes=tn("{n} take", "{n} takes", len(takes)))
    return _Stretch(takes, _short(takes[0]), name, session_links.get(takes[0].session or ""))


def _week(takes: tuple[TakeRecord, ...]) -> _Stretch:
    monday = _monday(takes[0])
    name = t(
        "week from {day}, {takes}",
        day=day_text(monday),
        takes=tn("{n} take", "{n} takes", len(takes)),
    )
    return _Stretch(takes, f"{monday.month}/{monday.day}", name, None)


def _month(takes: tuple[TakeRecord, ...]) -> _Stretch:
    day = local_day(takes[0].recorded)
    assert day is not None
    month = month_text(day)
    name = t("{day}, {takes}", day=month, takes=tn("{n} take", "{n} takes", len(takes)))
    return _Stretch(takes, f"{day.year % 100:02d}/{day.month}", name, None)


def _points(stretches: Sequence[_Stretch], measure: Measure) -> list[TrendPoint]:
    points: list[TrendPoint] = []
    before: TakeRecord | None = None
    for stretch in stretches:
        values = [v for take in stretch.takes if (v := _value(take, measure)) is not None]
        single = stretch.takes[0] if len(stretch.takes) == 1 else None
        parted = before is not None and single is not None and _parted(measure, before, single)
        value = statistics.median(values) if values else None
        told = value is not None and measure.per_talk
        points.append(
            TrendPoint(
                value=value,
                label=stretch.label,
                name=stretch.name,
                href=stretch.href,
                text=number(value, 1, t("per min of speech")) if told else "",
                parted=parted,
            )
        )
        before = single if values else None
    return points


def _parted(measure: Measure, before: TakeRecord, after: TakeRecord) -> bool:
    """Whether a line between two takes would tell of the set-up, not of the candidate."""
    if measure.id == "answer_s":
        return False  # another question is no reason here
    return bool(not_comparable(measure, before, after))


def _value(take: TakeRecord, measure: Measure) -> float | None:
    value = measure_value(take, measure)
    if value is None or not measure.per_talk:
        return value
    speaking_s = take.value("speaking_s")
    return 60 * value / speaking_s if speaking_s else None


def _band(takes: Sequence[TakeRecord], measure: Measure, targets: Targets) -> Band | None:
    """Return the target that all takes share; None = there is none."""
    if _OF_QUESTION in measure.needs or measure.per_talk:
        return None
    return target_of(takes[-1], measure, targets)


def question_text(take: TakeRecord) -> str:
    """Return the question of a take in the language in which it was asked."""
    question = take.question
    if question is None:
        return t("no question")
    texts = (question.text_ja, question.text_en)
    first, second = texts if take.language == "ja" else texts[::-1]
    return first or second or question.id


def _monday(take: TakeRecord) -> dt.date:
    day = local_day(take.recorded)
    assert day is not None  # those without a date are left out
    return day - dt.timedelta(days=day.weekday())


def _short(take: TakeRecord) -> str:
    moment = local_time(take.recorded)
    return "" if moment is None else f"{moment.month}/{moment.day}"
