"""How the answer was delivered over time, in a few plain sentences with moments to click."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.results import AnswerAnalysis, DeliveryMetrics, Passage, Repetition
from reports.charts import flat_talk_s
from reports.evidence import pace_over_time
from reports.language import t, tn
from reports.pace_chart import shares_text
from reports.targets import Band
from reports.wording import capital, length, listed_and, moment_clock, range_text, span

MOST_SHOWN = 6
"""The timeline shows them all."""


@dataclass(frozen=True, slots=True)
class Place:
    """A moment to click."""

    start: float
    """s"""
    clock: str
    text: str
    """what is there, "" where the row says it"""
    name: str
    """what a screen reader says"""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One aspect of the delivery."""

    title: str
    text: str
    places: tuple[Place, ...] = ()
    before_places: str = ""
    """leads to the places, for instance "Possible:" """
    more: int = 0
    """places that are not listed"""


def delivery_rows(analysis: AnswerAnalysis, band: Band | None) -> tuple[DeliveryRow, ...]:
    """Return what can be told; () for an analysis that holds nothing of it.

    Parameters
    ----------
    band : of the pace; None = there is none for the language.
    """
    return tuple(
        row
        for row in (
            _pace(analysis, band),
            _melody(analysis),
            _ends(analysis.delivery),
            _hesitations(analysis),
            _repeats(analysis),
        )
        if row is not None
    )


def _pace(analysis: AnswerAnalysis, band: Band | None) -> DeliveryRow | None:
    track = pace_over_time(analysis)
    if track is None or not track.present.any():
        return None
    text = ""
    if band is not None:
        shares = capital(shares_text(track, band))
        text = t("{shares} ({unit}).", shares=shares, unit=t(track.unit))
    title = t("Pace")
    delivery = analysis.delivery
    if delivery is None:
        return DeliveryRow(title, text) if text else None
    if delivery.fastest is None or delivery.slowest is None:
        more = t("There is too little talk for a fastest and a slowest passage.")
        return DeliveryRow(title, f"{text} {more}".strip())
    places = (
        _passage(delivery.fastest, band, delivery.pace_unit, fastest=True),
        _passage(delivery.slowest, band, delivery.pace_unit, fastest=False),
    )
    return DeliveryRow(title, text, places)


def _passage(passage: Passage, band: Band | None, unit: str, *, fastest: bool) -> Place:
    rate = f"{passage.rate_per_min:.0f}"
    if fastest:
        text = t("fastest, {rate}", rate=rate)
        spoken = t("fastest passage, {rate} {unit}", rate=rate, unit=t(unit))
    else:
        text = t("slowest, {rate}", rate=rate)
        spoken = t("slowest passage, {rate} {unit}", rate=rate, unit=t(unit))
    if band is not None:
        verdict = _verdict(passage.rate_per_min, band)
        text = t("{what}: {verdict}", what=text, verdict=verdict)
        spoken = t("{what}: {verdict}", what=spoken, verdict=verdict)
    when = span(moment_clock(passage.start), moment_clock(passage.end))
    return Place(passage.start, when, text, t("Go to {time}, {what}", time=when, what=spoken))


def _verdict(rate: float, band: Band) -> str:
    judged = band.judge(rate)
    if judged.level == "good":
        return t("fine")
    if judged.side == "low":
        return t("a bit slow") if judged.level == "near" else t("too slow")
    return t("a bit fast") if judged.level == "near" else t("too fast")


def _melody(analysis: AnswerAnalysis) -> DeliveryRow | None:
    delivery = analysis.delivery
    if delivery is None:
        return None
    title = t("Melody")
    if math.isnan(delivery.monotone_ratio):
        return DeliveryRow(title, t("Not measured: too little of one voice alone."))
    rule = t(
        "less than {limit} semitones within {window} s",
        limit=f"{delivery.flat_below_st:g}",
        window=f"{delivery.flat_window_s:g}",
    )
    if not delivery.monotone:
        text = t("The voice rises and falls throughout (flat would be {rule}).", rule=rule)
        return DeliveryRow(title, text)
    text = t(
        "Flat for {length}, {share} of the talk: the voice rises and falls by {rule}.",
        length=length(flat_talk_s(analysis)),
        share=f"{delivery.monotone_ratio:.0%}",
        rule=rule,
    )
    what = t("flat melody")
    places = [
        _place(s.start, span(moment_clock(s.start), moment_clock(s.end)), "", what)
        for s in delivery.monotone
    ]
    return _row(title, text, places)


def _ends(delivery: DeliveryMetrics | None) -> DeliveryRow | None:
    if delivery is None:
        return None
    title, count = t("Ends of sentences"), delivery.sentence_end_count
    if not count:
        return DeliveryRow(title, t("Not measured: see the limits below."))
    drop = f"{delivery.drop_from_db:g}"
    rule = t("{drop} dB or more below the rest of the sentence", drop=drop)
    if not delivery.drops:
        text = t("None of {count} fades away (that would be {rule}).", count=count, rule=rule)
        return DeliveryRow(title, text)
    text = tn(
        "{n} of {count} fades away: {rule}.",
        "{n} of {count} fade away: {rule}.",
        len(delivery.drops),
        count=count,
        rule=rule,
    )
    what = t("soft end of a sentence")
    places = [
        _place(d.start, moment_clock(d.start), f"{d.drop_db:.0f} dB", what) for d in delivery.drops
    ]
    return _row(title, text, places)


def _hesitations(analysis: AnswerAnalysis) -> DeliveryRow | None:
    likely, counted = analysis.hesitation_range, analysis.hesitations
    if likely is None or counted is None:
        return None
    count = len(counted)
    text = tn(
        "{count} hesitation",
        "{count} hesitations",
        count,
        count=range_text(count, likely),
    )
    if likely.low == likely.high == count:
        text = t("{what}.", what=text)
    else:
        text = t(
            "{what}: {n} counted, and in {level} of such answers the true number lies within the"
            " range in brackets.",
            what=text,
            n=count,
            level=f"{likely.level_ratio:.0%}",
        )
    places = [
        _place(f.start, moment_clock(f.start), f"{f.text}?", t("possible {what}", what=f.text))
        for f in analysis.possible_hesitations or ()
    ]
    return _row(t("Hesitations"), text, places, t("Possible, not counted:"))


def _repeats(analysis: AnswerAnalysis) -> DeliveryRow | None:
    again, anew = (analysis.counted_repetitions(kind) for kind in ("repetition", "restart"))
    if again is None or anew is None or analysis.repetitions is None:
        return None
    possible = len(analysis.repetitions) - len(again) - len(anew)
    parts = [tn("{n} repetition", "{n} repetitions", len(again))] if again else []
    parts += [tn("{n} restart", "{n} restarts", len(anew))] if anew else []
    text = listed_and(parts) or t("No word repeated, no sentence begun anew")
    if possible:
        text += t("; ") + t("{n} more possible, not counted", n=possible)
    places = [
        _place(
            r.start,
            moment_clock(r.start),
            t("“{text}”", text=r.text) if r.counted else t("“{text}”?", text=r.text),
            _repeat_name(r),
        )
        for r in sorted(analysis.repetitions, key=lambda r: r.start)
    ]
    return _row(t("Repeated words"), t("{what}.", what=text), places)


def _repeat_name(repetition: Repetition) -> str:
    if repetition.kind == "repetition":
        return t("repetition") if repetition.counted else t("possible repetition")
    return t("restart") if repetition.counted else t("possible restart")


def _row(title: str, text: str, places: Sequence[Place], before_places: str = "") -> DeliveryRow:
    shown = tuple(places[:MOST_SHOWN])
    return DeliveryRow(title, text, shown, before_places if shown else "", len(places) - len(shown))


def _place(start: float, clock: str, text: str, what: str) -> Place:
    what = f"{what}{t(', ')}{text}" if text else what
    return Place(start, clock, text, t("Go to {time}, {what}", time=clock, what=what))
