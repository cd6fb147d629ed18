"""The measures that takes are compared by: data, each with its direction and the reason for it."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from recorder.session import Question
from reports.language import interface, t
from reports.targets import Band, Targets
from reports.wording import clock, number, percent, seconds

COUNTED = ("silences", "pauses", "hesitations", "words", "repetitions", "restarts", "looks")
"""units of measures that are counts"""


@dataclass(frozen=True, slots=True)
class Measure:
    """One key of summary.json and how it is judged."""

    id: str
    title: str
    """English; shown through `language.t`"""
    unit: str
    judged: str
    """ "fewer", "more", "band" or "told": never judged"""
    band: str = ""
    """name of its band in the targets"""
    language: str = ""
    """the only language that it is for; "" = any"""
    per_talk: bool = False
    """a count that is compared at the same amount of talk"""
    needs: tuple[str, ...] = ()
    """what two takes must have in common"""
    settings: str = "speech"
    """which thresholds it hangs on: "speech" or "sight" """
    since: int = 1
    """first schema of analysis.json in which it means what it means now"""
    main: bool = False
    """shown without unfolding"""
    why: str = ""
    """why this direction"""

    def band_of(
        self, targets: Targets, language: str | None, question: Question | None
    ) -> Band | None:
        """Return the band that it is held against; None = it has none."""
        if not self.band:
            return None
        if self.band == "answer_s":
            return targets.answer_band(question)
        return targets.band(self.band, language)

    def text(self, value: float | None) -> str:
        """Return a value in words, with its unit."""
        if value is None or math.isnan(value):
            return t("not measured")
        if self.unit == "share":
            return percent(value)
        if self.id == "answer_s":
            return t("{clock} min", clock=clock(value))
        if self.unit == "s":
            return seconds(value)
        if self.unit in COUNTED:
            # "Pauses: 12" needs no noun; a Japanese number needs its counter.
            return number(value) if interface() == "en" else number(value) + t(self.unit)
        decimals = 1 if self.unit in ("per min", "semitones") else 0
        return number(value, decimals, t(self.unit))


@cache
def read_measures() -> dict[str, Measure]:
    """Return the measures by id, in the order of the pages."""
    text = resources.files("reports").joinpath("data/measures.toml").read_text(encoding="utf-8")
    return {id_: _measure(id_, table) for id_, table in tomllib.loads(text).items()}


def _measure(id_: str, table: dict[str, object]) -> Measure:
    known = {**table, "settings": table.get("from", "speech")}
    known["needs"] = tuple(table.get("needs", ()))  # type: ignore[arg-type]
    known.pop("from", None)
    return Measure(id_, **known)  # type: ignore[arg-type]
