"""How sure eye contact and posture are: what a benchmark measured, and on what.

``data/sight_accuracy.toml`` is written by ``tests/benchmarks/vision.py``, one table a figure:

    [lens_counted]
    value = 0.97               # in the unit
    low = 0.95                 # 95 % interval of a share; may be missing
    high = 0.98                # of an error: see `_HIGHS`
    count = 1200               # frames, stretches or edges behind it
    unit = "ratio"             # or "deg", "s"
    on = "rendered people, 3 identities"

A figure that is missing there is not told: nothing takes its place.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from analysis.results import AnswerAnalysis
from reports.language import t
from reports.sight import measured_gaze, measured_posture
from reports.wording import number, span

FILE = "sight_accuracy.toml"

LENS = "Looking at the lens, counted as facing the camera"
CALIBRATED_FIGURES = {
    "lens_counted": LENS,
    "sideways_15_counted": "Looking 15° or more sideways, wrongly counted as facing",
    "down_15_counted": "Looking 15° or more down, wrongly counted as facing",
    "screen_counted": "Looking at the middle of the screen, wrongly counted as facing",
}
"""How sure these are hangs on the calibration: they are told for that of the answer."""
REAL_FIGURES = {
    "real_lens_counted": LENS,
    "real_away_counted": "Looking away, wrongly counted as facing",
}
"""The same on real people; of the calibrations only the lens alone was tried there."""
GAZE_FIGURES = {
    "away_found": "Looks away of 1 s or more, found",
    "away_edge_s": "Begin and end of a look away: 95% are off by at most",
    "head_yaw_error_deg": "Turn of the head, off by on average",
    "closed_recall": "Closed eyes, noticed",
    "real_closed_recall": "Closed eyes, noticed",
    "closed_false": "Open eyes, taken for closed",
    "real_closed_false": "Open eyes, taken for closed",
}
POSTURE_FIGURES = {
    "slouch_found": "Slouching, found",
    "side_lean_found": "Leaning sideways, found",
    "tilt_found": "Tilted shoulders, found",
    "lean_in_found": "Leaning in, found",
}
_SUFFIXES = {"two-point": "", "one-point": "_one_point", "own first seconds": "_own_start"}
_HIGHS = {
    "head_yaw_error_deg": "{value} (95% up to {high})",
    "away_edge_s": "{value} (at worst {high})",
}
"""What the upper figure of an error is."""

SCHEMA_OF_FIGURES = 4
"""Analyses before it were measured in another way than the figures were."""

_DECIMALS = {"deg": 1, "s": 2}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure, in words."""

    name: str
    value: str
    """with its unit and, where known, its 95 % interval"""
    on: str
    """measured on what, and how many"""


def accuracy(
    analysis: AnswerAnalysis, tables: Mapping[str, Any] | None = None
) -> tuple[Figure, ...]:
    """Return the figures that belong to what the page shows; () where none are known for it.

    Parameters
    ----------
    tables : figures as in the file; None = ours.
    """
    if analysis.schema < SCHEMA_OF_FIGURES:
        return ()
    names: dict[str, str] = {}
    gaze = measured_gaze(analysis)
    if gaze is not None:
        names = _calibrated(gaze.calibration) | GAZE_FIGURES
    if measured_posture(analysis) is not None:
        names |= POSTURE_FIGURES
    tables = _bundled() if tables is None else tables
    figures = (_figure(key, t(name), tables.get(key)) for key, name in names.items())
    return tuple(f for f in figures if f is not None)


def _calibrated(calibration: str) -> dict[str, str]:
    """Return the keys of the figures that belong to a calibration, and their names."""
    if calibration not in _SUFFIXES:
        return {}
    suffix = _SUFFIXES[calibration]
    names = {
        f"{key}{suffix or '_two_point'}" if key == "screen_counted" else f"{key}{suffix}": name
        for key, name in CALIBRATED_FIGURES.items()
    }
    if calibration == "own first seconds":
        return names | {f"{key}{suffix}": name for key, name in REAL_FIGURES.items()}
    if calibration != "two-point":
        return names | REAL_FIGURES
    return names | {
        key: t("{figure} (calibrated on the lens alone)", figure=t(name))
        for key, name in REAL_FIGURES.items()
    }


@cache
def _bundled() -> Mapping[str, Any]:
    file = resources.files("reports").joinpath(f"data/{FILE}")
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def _figure(key: str, name: str, table: object) -> Figure | None:
    if not isinstance(table, dict):
        return None
    value, low, high = (_finite(table.get(end)) for end in ("value", "low", "high"))
    count, on = table.get("count"), table.get("on")
    # What it was measured on belongs to a figure: without it there is none.
    if value is None or type(count) is not int or count <= 0 or not isinstance(on, str) or not on:
        return None
    unit = str(table.get("unit", ""))
    text = _value(value, unit)
    if low is not None and high is not None:
        ends = span(_value(low, unit, bare=True), _value(high, unit))
        text = t("{value} ({range})", value=text, range=ends)
    elif high is not None and key in _HIGHS:
        text = t(_HIGHS[key], value=text, high=_value(high, unit))
    return Figure(name, text, t("{on}; {n} measured", on=t(on), n=f"{count:,}"))


def _value(value: float, unit: str, *, bare: bool = False) -> str:
    if unit == "ratio":
        # 99.7 % is not all, and 0.3 % is not none.
        close = 0 < min(value, 1 - value) < 0.01
        shown = f"{min(max(100 * value, 0.1), 99.9):.1f}" if close else f"{100 * value:.0f}"
        return shown if bare else f"{shown}%"
    shown = number(value, _DECIMALS.get(unit, 2))
    if bare:
        return shown
    if unit == "s":
        return t("{n} s", n=shown)
    return f"{shown}°" if unit == "deg" else f"{shown} {unit}".rstrip()


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)
