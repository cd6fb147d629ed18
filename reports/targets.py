"""The bands that measurements are held against: data, each with its source, all overridable.

``data/targets.toml`` holds ours. A user's file with the same tables overrides what it names:

    [en.pace_wpm]
    low = 100
    high = 150
"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from recorder.session import Question
from reports.errors import TargetsUnreadable
from reports.language import t

LANGUAGES = ("any", "en", "ja")
LIMITS = ("low", "high", "amber_low", "amber_high")
STRENGTHS = {
    "advice": "",
    "published": "",
    "weak": "weak source",
    "own judgement": "our judgement",
    "your choice": "your own choice",
}
"""How well a band is founded, and the caveat that the page adds."""
OWN_CHOICE = re.compile(r"Your own choice \((.*)\)\.", re.DOTALL)
"""The source of a band that the user named none for: see `read_targets`."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Where a value lies against its band."""

    level: str
    """ "good" inside, "near" close to it, "off" beyond, "unjudged" without a value or a band"""
    side: str = ""
    """ "low" or "high" of the band, or "" """


UNJUDGED = Judgement("unjudged")


@dataclass(frozen=True, slots=True)
class Band:
    """The band of one measure; infinite = no limit on that side."""

    measure: str
    unit: str
    low: float
    high: float
    amber_low: float
    amber_high: float
    source: str
    strength: str
    """one of `STRENGTHS`"""

    @property
    def cited(self) -> str:
        """The source, and that it is weak or our judgement where it does not say so itself."""
        own = OWN_CHOICE.fullmatch(self.source)
        source = t("Your own choice ({file}).", file=own[1]) if own else t(self.source)
        caveat = STRENGTHS[self.strength]
        if not caveat or caveat.split()[0] in self.source.lower():
            return source
        return t("{source} ({caveat})", source=source, caveat=t(caveat))

    def judge(self, value: float | None) -> Judgement:
        """Say where a value lies; None and NaN are not judged."""
        if value is None or math.isnan(value):
            return UNJUDGED
        if self.low <= value <= self.high:
            return Judgement("good")
        side = "low" if value < self.low else "high"
        near = self.amber_low <= value <= self.amber_high
        return Judgement("near" if near else "off", side)


@dataclass(frozen=True, slots=True)
class Targets:
    """All bands, by language and measure."""

    bands: dict[tuple[str, str], Band]
    """(language or "any", measure) to band"""

    def band(self, measure: str, language: str | None = None) -> Band | None:
        """Return the band of a measure for a language, else the one for any, else None."""
        return self.bands.get((language or "any", measure)) or self.bands.get(("any", measure))

    def answer_band(self, question: Question | None) -> Band:
        """Return the band of the answer's length: the question's own, else the general one."""
        general = self.bands["any", "answer_s"]
        if question is None:
            return general
        low, high = question.band_s
        # As far outside the question's band as the general one allows outside its own.
        return Band(
            measure="answer_s",
            unit="s",
            low=low,
            high=high,
            amber_low=low * _share(general.amber_low, general.low),
            amber_high=high * _share(general.amber_high, general.high),
            source=question.band_source or "The band of this question.",
            strength="your choice" if not question.band_source else "published",
        )


def read_targets(override: Path | None = None) -> Targets:
    """Return our bands, with those of a user's file over them.

    Raises
    ------
    TargetsUnreadable
        The user's file can't be read or has a mistake.
    """
    tables = _packaged()
    if override is None:
        return Targets(_bands(tables, "targets.toml"))
    try:
        own = tomllib.loads(override.read_text(encoding="utf-8"))
    except OSError as exc:
        raise TargetsUnreadable(f"{override} can't be read: {exc.strerror}") from exc
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise TargetsUnreadable(f"{override} is not valid TOML: {exc}") from exc
    return Targets(_bands(_merged(tables, own, str(override)), str(override)))


@cache
def _packaged_text() -> str:
    return resources.files("reports").joinpath("data/targets.toml").read_text(encoding="utf-8")


def _packaged() -> dict[str, dict[str, dict[str, Any]]]:
    return tomllib.loads(_packaged_text())


def _merged(
    tables: dict[str, dict[str, dict[str, Any]]], own: dict[str, Any], name: str
) -> dict[str, dict[str, dict[str, Any]]]:
    """Put a user's tables over ours."""
    for language, measures in own.items():
        if language not in tables or not isinstance(measures, dict):
            raise TargetsUnreadable(
                f"{name}: unknown table [{language}] (there are: {', '.join(LANGUAGES)})"
            )
        for measure, entry in measures.items():
            where = f"{language}.{measure}"
            if measure not in tables[language] or not isinstance(entry, dict):
                known = ", ".join(sorted(tables[language]))
                raise TargetsUnreadable(f"{name}: unknown table [{where}] (there are: {known})")
            for key, value in entry.items():
                _check(where, key, value, name)
            band = {**tables[language][measure], **entry}
            band.setdefault("source", "")
            if "source" not in entry:
                band |= {
                    "source": f"Your own choice ({Path(name).name}).",
                    "strength": "your choice",
                }
            # An amber limit that the user did not name gives way to the new band.
            if "low" in entry and "amber_low" not in entry and "amber_low" in band:
                band["amber_low"] = min(band["amber_low"], band["low"])
            if "high" in entry and "amber_high" not in entry and "amber_high" in band:
                band["amber_high"] = max(band["amber_high"], band["high"])
            tables[language][measure] = band
    return tables


def _check(where: str, key: str, value: object, name: str) -> None:
    """Raise unless a key of an entry is known and its value of the right kind."""
    if key in LIMITS:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
            raise TargetsUnreadable(f"{name}: {where}.{key} must be a number, not {value!r}")
    elif key in ("source", "unit", "strength"):
        if not isinstance(value, str):
            raise TargetsUnreadable(f"{name}: {where}.{key} must be a text, not {value!r}")
        if key == "strength" and value not in STRENGTHS:
            raise TargetsUnreadable(
                f"{name}: {where}.strength must be one of {', '.join(STRENGTHS)}"
            )
    else:
        known = ", ".join((*LIMITS, "source", "unit", "strength"))
        raise TargetsUnreadable(f"{name}: {where}: unknown key {key!r} (there are: {known})")


def _bands(tables: dict[str, dict[str, dict[str, Any]]], name: str) -> dict[tuple[str, str], Band]:
    bands: dict[tuple[str, str], Band] = {}
    for language, measures in tables.items():
        for measure, entry in measures.items():
            low, high = entry.get("low", -math.inf), entry.get("high", math.inf)
            band = Band(
                measure=measure,
                unit=entry["unit"],
                low=low,
                high=high,
                amber_low=entry.get("amber_low", low),
                amber_high=entry.get("amber_high", high),
                source=entry["source"],
                strength=entry["strength"],
            )
            if not band.amber_low <= band.low <= band.high <= band.amber_high:
                raise TargetsUnreadable(
                    f"{name}: {language}.{measure}: the limits must rise in the order"
                    " amber_low, low, high, amber_high"
                )
            bands[language, measure] = band
    return bands


def _share(amber: float, limit: float) -> float:
    return amber / limit if math.isfinite(amber) and math.isfinite(limit) and limit else 1.0
