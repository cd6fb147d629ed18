"""The candidate's own rating of an answer beside what was measured of it.

Nothing is added up and nobody is told to be right: the two columns are different things, and where
nothing is measured (confidence, for one) the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.conditions import LEAST_SNR_DB
from reports.goal_numbers import number_text
from reports.language import t
from reports.measures import read_measures
from reports.takes import TakeRecord
from reports.targets import Targets

LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True, slots=True)
class SelfRating:
    """What a candidate thought of an answer."""

    made: str
    """UTC, ISO 8601"""
    structure: int | None
    """1 to 5, 5 = very good; None = not rated"""
    delivery: int | None
    confidence: int | None
    note: str = ""
    after_numbers: bool = False
    """the numbers could be seen before"""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not self.note and self.structure is self.delivery is self.confidence is None


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure beside a rating."""

    title: str
    value: str
    level: str
    """ "good", "near", "off" or "unjudged" """
    verdict: str
    """the level in words; "" = unjudged"""


@dataclass(frozen=True, slots=True)
class SelfRow:
    """One thing that was rated, and what was measured of it."""

    title: str
    rating: int | None
    measured: tuple[Measured, ...]
    note: str
    """instead of measures, or beside them; "" = none"""

    @property
    def dots(self) -> str:
        """The rating as five dots."""
        count = self.rating or 0
        return "●" * count + "○" * (HIGHEST - count)


@dataclass(frozen=True, slots=True)
class SelfPart:
    """What the newest rating adds to the report."""

    rating: SelfRating
    rows: tuple[SelfRow, ...]
    earlier: int
    """count of the ratings before it"""


def self_part(ratings: tuple[SelfRating, ...], take: TakeRecord, targets: Targets) -> SelfPart:
    """Return the newest rating beside the measures of the take, in the language of the page.

    Raises
    ------
    ValueError
        There is no rating.
    """
    if not ratings:
        raise ValueError("no rating")
    newest = ratings[-1]
    japanese = take.language == "ja"
    pace = "pace_characters_per_min" if japanese else "pace_wpm"
    delivery = (pace, "fillers_per_min", "longest_silence_s")
    rows = (
        SelfRow(
            t("Structure"),
            newest.structure,
            (_measured("answer_s", take, targets), _conclusion(take)),
            "",
        ),
        SelfRow(
            t("Delivery"),
            newest.delivery,
            tuple(_measured(name, take, targets) for name in delivery),
            _noisy(take),
        ),
        SelfRow(
            t("Confidence"),
            newest.confidence,
            (),
            t("Not measured: nothing here measures confidence."),
        ),
    )
    return SelfPart(newest, rows, len(ratings) - 1)


def _measured(name: str, take: TakeRecord, targets: Targets) -> Measured:
    measure = read_measures()[name]
    value = take.value(name)
    band = measure.band_of(targets, take.language, take.question)
    band = band or targets.band(name, take.language)
    level = band.judge(value).level if band else "unjudged"
    verdict = {
        "good": t("in its target"),
        "near": t("close to its target"),
        "off": t("outside its target"),
    }.get(level, "")
    return Measured(t(measure.title), number_text(measure, value), level, verdict)


def _conclusion(take: TakeRecord) -> Measured:
    value = take.value("conclusion_s")
    told = t("not measured") if value is None else t("{n} s", n=f"{value:.0f}")
    return Measured(t("Conclusion after"), told, "unjudged", "")


def _noisy(take: TakeRecord) -> str:
    snr_db = take.value("snr_db")
    if snr_db is None or snr_db >= LEAST_SNR_DB:
        return ""
    return t("The recording is noisy: these numbers are not to be trusted.")
