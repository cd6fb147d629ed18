"""How probable it is that a place is a hesitation, and between which numbers their count lies.

A logistic regression over a few measures (`features`) for each language, made true to its word by
a second one over voices that it was not fitted on: of those with 0.8, 8 in 10 are hesitations.
Weights are data with their origin (``data/hesitations.toml``); a user's file of the same name may
name any of them again.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.errors import AnalysisError
from analysis.hesitation_evidence import Evidence
from analysis.own_file import read_own_file
from analysis.results import CountRange, Filler

FILE = "hesitations.toml"
FEATURES = (
    *("first", "ratio", "place_s", "overlap_ratio", "held_s", "change", "level_db", "length_s"),
    *("free_s", "opens", "closes", "extra", "swallows", "likeness", "written"),
)
"""what is weighed"""
_LIMITS = {
    "count_from": (0.05, 0.95),
    "show_from": (0.01, 0.95),
    "level_ratio": (0.5, 0.99),
    "intercept": (-100.0, 100.0),
    "slope": (0.05, 5.0),
    "shift": (-10.0, 10.0),
    "missed_ratio": (0.0, 2.0),
    "missed_least": (0.0, 5.0),
    "spread": (0.0, 5.0),
}
"""what makes sense, by name"""


@dataclass(frozen=True, slots=True)
class HesitationModel:
    """The weights of a language and what follows from them."""

    weights: dict[str, float]
    """per unit of each of `FEATURES`, in log odds"""
    intercept: float
    """log odds where all features are 0"""
    slope: float
    """by how much the log odds of a new voice are true; 1 = as they are"""
    shift: float
    """added to them"""
    count_from: float
    """probability from which a hesitation is counted"""
    show_from: float
    """probability below which there is nothing"""
    missed_ratio: float
    """hesitations that nothing is shown for, for each one that is expected"""
    missed_least: float
    """and how many of them there are in an answer where none is expected"""
    spread: float
    """standard deviation of the log odds from answer to answer"""
    level_ratio: float
    """share of the ranges that are to hold the true number"""

    def probability(self, evidence: Evidence) -> float:
        """Return how probable it is that this is a hesitation, 0..1."""
        raw = self.intercept + sum(
            self.weights[name] * value
            for name, value in zip(FEATURES, features(evidence), strict=True)
        )
        return _logistic(self.slope * raw + self.shift)


def features(evidence: Evidence) -> tuple[float, ...]:
    """Return what is weighed, in the order of `FEATURES`.

    All are limited: beyond a point more of the same says nothing, and no single measure of an odd
    recording may decide alone. A hesitation that the recogniser wrote itself has no ratio.
    """
    e = evidence
    first = min(max(e.first, 1e-4), 0.98)
    return (
        0.0 if e.written else math.log(first / (1 - first)),
        0.0 if e.written else min(max(e.ratio, -10.0), 2.0),
        0.0 if e.written else min(e.place_s, 0.6),
        0.0 if e.written else e.overlap_ratio,
        min(e.held_s, 0.4),
        1.0 if math.isnan(e.change) else min(max(e.change, 0.3), 1.0),
        -10.0 if math.isnan(e.level_db) else min(max(e.level_db, -10.0), 3.0),
        min(max(e.end - e.start, 0.1), 0.4),
        min(e.free_s, 0.6),
        float(e.opens),
        float(e.closes),
        float(e.extra),
        float(e.swallows),
        e.likeness,
        float(e.written),
    )


def count_range(fillers: Iterable[Filler], model: HesitationModel) -> CountRange:
    """Return between which numbers the true count of hesitations lies.

    Every one that was found is there with its probability, counted or not, and some were not found
    at all. How sure the probabilities are differs from answer to answer, the same way for all of
    an answer (`spread`); the range is over that, too.

    Parameters
    ----------
    fillers : of an answer; only hesitation sounds matter.
    model : of its language.
    """
    found = np.array([f.probability for f in fillers if f.kind == "acoustic"], dtype=np.float64)
    odds = np.log(np.clip(found, 1e-6, 1 - 1e-6) / (1 - np.clip(found, 1e-6, 1 - 1e-6)))
    chances = np.zeros(1)
    for z, weight in _NORMAL:
        shifted = 1 / (1 + np.exp(-(odds + z * model.spread)))
        missed = model.missed_least + model.missed_ratio * float(shifted.sum())
        # Where much is seen less is overlooked, and the other way round.
        part = np.convolve(_sum_of(shifted), _poisson(missed * math.exp(z * model.spread / 2)))
        longest = max(len(chances), len(part))
        chances = np.pad(chances, (0, longest - len(chances)))
        chances += weight * np.pad(part, (0, longest - len(part)))
    below = np.cumsum(chances) / chances.sum()
    tail = (1 - model.level_ratio) / 2
    low = int(np.searchsorted(below, tail, side="right"))
    high = int(np.searchsorted(below, 1 - tail, side="left"))
    return CountRange(low, max(low, high), model.level_ratio)


# A normal distribution in nine steps: (standard deviations, share).
_STEPS = np.linspace(-2.4, 2.4, 9)
_SHARES = np.exp(-(_STEPS**2) / 2)
_NORMAL = tuple((float(z), float(w)) for z, w in zip(_STEPS, _SHARES / _SHARES.sum(), strict=True))


def _sum_of(chances: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Distribution of how many of independent events happen."""
    total = np.ones(1)
    for chance in chances:
        total = np.convolve(total, [1 - chance, chance])
    return total


def _poisson(mean: float) -> NDArray[np.float64]:
    longest = math.ceil(mean + 6 * math.sqrt(mean) + 3)
    return np.array(
        [
            math.exp(-mean + k * math.log(max(mean, 1e-12)) - math.lgamma(k + 1))
            for k in range(longest)
        ]
    )


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -50.0), 50.0)))


def read_hesitation_model(language: str, override: Path | None = None) -> HesitationModel:
    """Return our weights, with those of a user's file over them.

    Raises
    ------
    AnalysisError
        The user's file has a mistake; the message names it.
    """
    tables = {name: dict(table) for name, table in _bundled().items()}
    if override is not None and override.is_file():
        own = read_own_file(override)
        for name, table in own.items():
            if name not in tables or not isinstance(table, dict):
                raise AnalysisError(
                    f"{override}: unknown table [{name}] (there are: {', '.join(sorted(tables))})"
                )
            _override(tables[name], table, f"{override}: {name}")
    table = tables[language]
    return HesitationModel(
        weights={name: float(table["weights"][name]) for name in FEATURES},
        **{name: float(table[name]) for name in _LIMITS},
    )


def _override(ours: dict[str, Any], own: dict[str, Any], where: str) -> None:
    for key, value in own.items():
        if key == "source":
            continue
        if key == "weights":
            if not isinstance(value, dict):
                raise AnalysisError(f"{where}.weights must be a table of numbers")
            ours["weights"] = dict(ours["weights"])
            for name, weight in value.items():
                if name not in FEATURES:
                    raise AnalysisError(
                        f"{where}.weights: unknown measure {name!r}"
                        f" (there are: {', '.join(FEATURES)})"
                    )
                ours["weights"][name] = _number(weight, (-100.0, 100.0), f"{where}.weights.{name}")
        elif key in _LIMITS:
            ours[key] = _number(value, _LIMITS[key], f"{where}.{key}")
        else:
            raise AnalysisError(
                f"{where}: unknown key {key!r} (there are: weights, {', '.join(_LIMITS)})"
            )


def _number(value: Any, limits: tuple[float, float], where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise AnalysisError(f"{where} must be a number, not {value!r}")
    if not limits[0] <= value <= limits[1]:
        raise AnalysisError(f"{where} must lie between {limits[0]:g} and {limits[1]:g}")
    return float(value)


@cache
def _bundled() -> dict[str, dict[str, Any]]:
    text = resources.files("analysis").joinpath(f"data/{FILE}").read_text(encoding="utf-8")
    return tomllib.loads(text)
