"""The main measures of a take against their targets, from its summary alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.drills import is_drill
from reports.glance import SYMBOLS
from reports.language import t
from reports.measures import Measure, read_measures
from reports.takes import TakeRecord
from reports.targets import UNJUDGED, Band, Judgement, Targets

_ESTIMATE = "eye_contact_ratio"
_LIMIT = "silences_over_30s"


@dataclass(frozen=True, slots=True)
class TakeTile:
    """One measure of a take."""

    id: str
    title: str
    value: str
    """with its unit"""
    verdict: str
    level: str
    """ "good", "near", "off", "neutral" (told, not graded) or "unjudged" (not measured)"""

    @property
    def symbol(self) -> str:
        """The verdict as a sign, so that it never hangs on colour."""
        return SYMBOLS[self.level]


@dataclass(frozen=True, slots=True)
class TargetsMet:
    """How many of the main measures of a take lie in their target."""

    take: TakeRecord
    met: int
    judged: int
    """main measures that were measured and have a target"""
    off: int
    """of them, those well outside"""


def take_tiles(take: TakeRecord, targets: Targets) -> tuple[TakeTile, ...]:
    """Return the main measures of a take, in the order of the pages."""
    return tuple(_tile(take, measure, targets) for measure in main_measures(take.language))


def main_measures(language: str | None) -> tuple[Measure, ...]:
    """Return the measures that are shown without unfolding, for answers in a language."""
    return tuple(
        m for m in read_measures().values() if m.main and m.language in ("", language or "en")
    )


def measure_value(take: TakeRecord, measure: Measure) -> float | None:
    """Return a number of a take; None = not measured, or before it meant what it means now."""
    schema = take.value("schema")
    if schema is None or schema < measure.since:
        return None
    return take.value(measure.id)


def judge(take: TakeRecord, measure: Measure, targets: Targets) -> Judgement:
    """Say where a measure of a take lies against its target; not judged where it has none."""
    value = measure_value(take, measure)
    if value is None or measure.id == _ESTIMATE:
        # Nobody knows the right share, and averted eyes have many causes.
        return UNJUDGED
    if measure.id == _LIMIT:
        return Judgement("off", "high") if value > 0 else Judgement("good")
    band = target_of(take, measure, targets)
    return UNJUDGED if band is None else band.judge(value)


def target_of(take: TakeRecord, measure: Measure, targets: Targets) -> Band | None:
    """Return the band that a measure of a take is held against; None = there is none."""
    if measure.band:
        return measure.band_of(targets, take.language, take.question)
    return None if measure.id == _ESTIMATE else targets.band(measure.id, take.language)


def targets_met(take: TakeRecord, targets: Targets) -> TargetsMet:
    """Count the main measures of a take that lie in their target."""
    levels = [judge(take, m, targets).level for m in main_measures(take.language)]
    return TargetsMet(
        take, levels.count("good"), len(levels) - levels.count("unjudged"), levels.count("off")
    )


def best_take(takes: Sequence[TakeRecord], targets: Targets) -> TargetsMet | None:
    """Return the take with most of its main measures in their target; None = none can be told.

    No measure is weighed against another: nobody knows what a second of silence is worth in looks
    away. Of equal ones the one with fewer well outside counts, then the newer. Drills, and takes
    in which no answer was found, are left out.
    """
    counted = [
        targets_met(take, targets)
        for take in takes
        if not is_drill(take.question) and (take.value("answer_s") or 0.0) > 0
    ]
    # `max` keeps the first of equal ones.
    return max(reversed(counted), key=lambda c: (c.met, -c.off), default=None)


def _tile(take: TakeRecord, measure: Measure, targets: Targets) -> TakeTile:
    value = measure_value(take, measure)
    judged = judge(take, measure, targets)
    level = judged.level
    if value is None or math.isnan(value):
        verdict = t("not measured")
        return TakeTile(measure.id, t(measure.title), "–", verdict, "unjudged")
    if level == "unjudged":
        verdict = t("an estimate") if measure.id == _ESTIMATE else t("told, not judged")
        level = "neutral"
    elif measure.id == _LIMIT and level == "off":
        verdict = t("should be none")
    else:
        verdict = verdict_words(judged)
    return TakeTile(measure.id, t(measure.title), measure.text(value), verdict, level)


def verdict_words(judged: Judgement) -> str:
    """Return where a value lies against its target, in words."""
    if judged.level == "good":
        return t("in the target")
    if judged.level == "unjudged":
        return t("not judged")
    words = {
        ("near", "low"): t("a bit under the target"),
        ("near", "high"): t("a bit over the target"),
        ("off", "low"): t("well under the target"),
        ("off", "high"): t("well over the target"),
    }
    return words[judged.level, judged.side]
