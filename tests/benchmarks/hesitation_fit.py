"""Logistic regression of hesitations, by voice left out, and how true it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.hesitation_evidence import Evidence
from analysis.hesitation_model import FEATURES, HesitationModel, count_range, features
from analysis.results import Filler

RIDGE = 4.0
"""strength of the pull of weights (per standard deviation) towards 0; our judgement"""
LEVEL = 0.9
SPREADS = (0.0, 0.3, 0.6, 0.9, 1.2, 1.6, 2.0)
SHOWN_LEAST = 0.1


@dataclass(frozen=True, slots=True)
class Group:
    """A take in one condition: its places, and which of them are hesitations."""

    voice: str
    condition: str
    evidence: tuple[Evidence, ...]
    labels: tuple[int, ...]
    """index of the true hesitation, -1 = none"""
    true_count: int
    speech_s: float
    errors_s: tuple[tuple[float, float], ...] = ()
    """how far starts and ends of the hesitations are off, s"""
    robotic: bool = False
    """formant synthesis"""

    @property
    def rows(self) -> NDArray[np.float64]:
        """Features, shape (places, len(FEATURES))."""
        return np.array([features(e) for e in self.evidence]).reshape(-1, len(FEATURES))

    @property
    def truth(self) -> NDArray[np.float64]:
        """1 = a hesitation, shape (places,)."""
        return (np.array(self.labels) >= 0).astype(float)


@dataclass(frozen=True, slots=True)
class Judged:
    """A group with the probabilities of a model."""

    group: Group
    chances: NDArray[np.float64]

    def fillers(self, show_from: float) -> list[Filler]:
        """Return what would be shown."""
        return [
            Filler(e.start, e.end, e.text, "acoustic", float(p), counted=False)
            for e, p in zip(self.group.evidence, self.chances, strict=True)
            if p >= show_from
        ]


def fit_model(groups: Sequence[Group]) -> tuple[HesitationModel, list[Judged]]:
    """Fit, and judge every group by a model that has not seen its voice."""
    voices = sorted({g.voice for g in groups})
    raw: dict[int, NDArray[np.float64]] = {}
    for voice in voices:
        weights, intercept = _fit([g for g in groups if g.voice != voice])
        for i, group in enumerate(groups):
            if group.voice == voice:
                raw[i] = group.rows @ weights + intercept
    odds = np.concatenate([raw[i] for i in range(len(groups))])
    truth = np.concatenate([g.truth for g in groups])
    (slope,), shift = _newton(odds[:, None], truth, ridge=0.0)
    weights, intercept = _fit(groups)
    model = HesitationModel(
        weights={n: float(w) for n, w in zip(FEATURES, weights, strict=True)},
        intercept=float(intercept),
        slope=float(slope),
        shift=float(shift),
        # As probable as not: the most right answers where probabilities are true.
        count_from=0.5,
        show_from=SHOWN_LEAST,
        missed_ratio=0.0,
        missed_least=0.0,
        spread=0.0,
        level_ratio=LEVEL,
    )
    judged = [Judged(g, 1 / (1 + np.exp(-(slope * raw[i] + shift)))) for i, g in enumerate(groups)]
    return _with_misses(model, judged), judged


def judge(groups: Iterable[Group], model: HesitationModel) -> list[Judged]:
    """Judge groups by a finished model."""
    return [Judged(g, np.array([model.probability(e) for e in g.evidence])) for g in groups]


def _with_misses(model: HesitationModel, judged: Sequence[Judged]) -> HesitationModel:
    """Measure what is not found at all, and widen ranges until they hold what they should."""
    missed = expected = 0.0
    for j in judged:
        shown = j.chances >= model.show_from
        missed += j.group.true_count - j.group.truth[shown].sum()
        expected += j.chances[shown].sum()
    model = replace(model, missed_ratio=round(missed / max(expected, 1.0), 3), missed_least=0.1)
    for spread in SPREADS:
        model = replace(model, spread=spread)
        if coverage(judged, model) >= LEVEL:
            break
    return model


def coverage(judged: Sequence[Judged], model: HesitationModel) -> float:
    """Return the share of answers whose range holds the true number."""
    inside = []
    for j in judged:
        limits = count_range(j.fillers(model.show_from), model)
        inside.append(limits.low <= j.group.true_count <= limits.high)
    return float(np.mean(inside)) if inside else math.nan


def tally(judged: Iterable[Judged], threshold: float) -> tuple[int, int, int]:
    """Return how many hesitations there are, were found, and were found rightly."""
    true = found = right = 0
    for j in judged:
        counted = j.chances >= threshold
        true += j.group.true_count
        found += int(counted.sum())
        right += int(j.group.truth[counted].sum())
    return true, found, right


def auc(judged: Sequence[Judged]) -> float:
    """Return how often a hesitation is more probable than a place without one."""
    chances = np.concatenate([j.chances for j in judged])
    truth = np.concatenate([j.group.truth for j in judged]) > 0
    ranks = np.argsort(np.argsort(chances, kind="stable")) + 1.0
    yes, no = truth.sum(), (~truth).sum()
    return float((ranks[truth].sum() - yes * (yes + 1) / 2) / max(yes * no, 1))


def _fit(groups: Sequence[Group]) -> tuple[NDArray[np.float64], float]:
    rows = np.concatenate([g.rows for g in groups])
    truth = np.concatenate([g.truth for g in groups])
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < 1e-6] = 1.0
    weights, intercept = _newton((rows - middle) / spread, truth, ridge=RIDGE)
    return weights / spread, float(intercept - (weights / spread) @ middle)


def _newton(
    rows: NDArray[np.float64],
    truth: NDArray[np.float64],
    *,
    ridge: float,
) -> tuple[NDArray[np.float64], float]:
    """Logistic regression by Newton's method."""
    design = np.column_stack([rows, np.ones(len(rows))])
    pull = np.diag([*[ridge] * rows.shape[1], 1e-6])
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        chances = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        gradient = design.T @ (truth - chances) - pull @ beta
        curvature = (design * (chances * (1 - chances))[:, None]).T @ design + pull
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(beta)), gradient)
        beta = beta + step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-9))
        if np.abs(step).max() < 1e-8:
            break
    return beta[:-1], float(beta[-1])
