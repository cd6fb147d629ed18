"""How the answer was delivered over time, in a few plain sentences with moments to click."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.results import AnswerAnalysis, CountRange, DeliveryMetrics, Passage
from reports.charts import flat_talk_s
from reports.evidence import pace_over_time
from reports.pace_chart import shares_text
from reports.targets import Band
from reports.wording import clock, moment_clock, plural, range_text, seconds

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
        shares = shares_text(track, band)
        text = f"{shares[0].upper()}{shares[1:]} ({track.unit})."
    delivery = analysis.delivery
    if delivery is None:
        return DeliveryRow("Pace", text) if text else None
    if delivery.fastest is None or delivery.slowest is None:
        more = "There is too little talk for a fastest and a slowest passage."
        return DeliveryRow("Pace", f"{text} {more}".strip())
    places = (
        _passage("fastest", delivery.fastest, band, delivery.pace_unit),
        _passage("slowest", delivery.slowest, band, delivery.pace_unit),
    )
    return DeliveryRow("Pace", text, places)


def _passage(name: str, passage: Passage, band: Band | None, unit: str) -> Place:
    verdict = _verdict(passage.rate_per_min, band)
    text = f"{name}, {passage.rate_per_min:.0f}{verdict}"
    span = f"{moment_clock(passage.start)}–{moment_clock(passage.end)}"
    spoken = f"{name} passage, {passage.rate_per_min:.0f} {unit}{verdict}"
    return Place(passage.start, span, text, f"Go to {span}, {spoken}")


def _verdict(rate: float, band: Band | None) -> str:
    if band is None:
        return ""
    judged = band.judge(rate)
    if judged.level == "good":
        return ": fine"
    word = "slow" if judged.side == "low" else "fast"
    return f": a bit {word}" if judged.level == "near" else f": too {word}"


def _melody(analysis: AnswerAnalysis) -> DeliveryRow | None:
    delivery = analysis.delivery
    if delivery is None:
        return None
    if math.isnan(delivery.monotone_ratio):
        return DeliveryRow("Melody", "Not measured: too little of one voice alone.")
    rule = f"less than {delivery.flat_below_st:g} semitones within {delivery.flat_window_s:g} s"
    if not delivery.monotone:
        return DeliveryRow(
            "Melody", f"The voice rises and falls throughout (flat would be {rule})."
        )
    text = (
        f"Flat for {_length(flat_talk_s(analysis))}, {delivery.monotone_ratio:.0%} of the talk:"
        f" the voice rises and falls by {rule}."
    )
    places = [
        _place(s.start, f"{moment_clock(s.start)}–{moment_clock(s.end)}", "", "flat melody")
        for s in delivery.monotone
    ]
    return _row("Melody", text, places)


def _length(length_s: float) -> str:
    return seconds(length_s) if length_s < 60 else f"{clock(length_s)} min"


def _ends(delivery: DeliveryMetrics | None) -> DeliveryRow | None:
    if delivery is None:
        return None
    title, count = "Ends of sentences", delivery.sentence_end_count
    if not count:
        return DeliveryRow(title, "Not measured: see the limits below.")
    rule = f"{delivery.drop_from_db:g} dB or more below the rest of the sentence"
    if not delivery.drops:
        return DeliveryRow(title, f"None of {count} fades away (that would be {rule}).")
    fade = "fades" if len(delivery.drops) == 1 else "fade"
    text = f"{len(delivery.drops)} of {count} {fade} away: {rule}."
    places = [
        _place(d.start, moment_clock(d.start), f"{d.drop_db:.0f} dB", "soft end of a sentence")
        for d in delivery.drops
    ]
    return _row(title, text, places)


def _hesitations(analysis: AnswerAnalysis) -> DeliveryRow | None:
    likely, counted = analysis.hesitation_range, analysis.hesitations
    if likely is None or counted is None:
        return None
    text = f"{range_text(len(counted), likely, 'hesitation')}{_meaning(len(counted), likely)}."
    places = [
        _place(f.start, moment_clock(f.start), f"{f.text}?", f"possible {f.text}")
        for f in analysis.possible_hesitations or ()
    ]
    return _row("Hesitations", text, places, "Possible, not counted:")


def _meaning(count: int, likely: CountRange) -> str:
    if likely.low == likely.high == count:
        return ""
    return (
        f": {count} counted, and in {likely.level_ratio:.0%} of such answers the true number lies"
        " within the range in brackets"
    )


def _repeats(analysis: AnswerAnalysis) -> DeliveryRow | None:
    again, anew = (analysis.counted_repetitions(kind) for kind in ("repetition", "restart"))
    if again is None or anew is None or analysis.repetitions is None:
        return None
    possible = len(analysis.repetitions) - len(again) - len(anew)
    parts = [plural(len(again), "repetition")] if again else []
    parts += [plural(len(anew), "restart")] if anew else []
    text = " and ".join(parts) or "No word repeated, no sentence begun anew"
    if possible:
        text += f"; {possible} more possible, not counted"
    places = [
        _place(
            r.start,
            moment_clock(r.start),
            f"“{r.text}”{'' if r.counted else '?'}",
            f"{'' if r.counted else 'possible '}{r.kind}",
        )
        for r in sorted(analysis.repetitions, key=lambda r: r.start)
    ]
    return _row("Repeated words", f"{text}.", places)


def _row(title: str, text: str, places: Sequence[Place], before_places: str = "") -> DeliveryRow:
    shown = tuple(places[:MOST_SHOWN])
    return DeliveryRow(title, text, shown, before_places if shown else "", len(places) - len(shown))


def _place(start: float, clock: str, text: str, what: str) -> Place:
    return Place(start, clock, text, f"Go to {clock}, {what}{f', {text}' if text else ''}")
