"""Geometry of the pace over time, and what it shows in words.

Positions are percentages of the width and height, so that the templates draw them at any width
without distorting text. Nothing here knows colours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.results import Passage
from analysis.timeline import Track
from reports.language import t
from reports.marks import Mark, Scale, Tick
from reports.targets import Band
from reports.wording import listed_and, moment_clock, span


@dataclass(frozen=True, slots=True)
class PaceChart:
    """The pace over time."""

    lines: tuple[str, ...]
    """points of polylines in a 0..100 by 0..100 box; NaN parts them"""
    band_top: float | None
    """% from the top; None = no band"""
    band_height: float
    """%"""
    ticks: tuple[Tick, ...]
    unit: str
    summary: str
    """the picture in words"""
    marks: tuple[Mark, ...] = ()
    """the fastest and the slowest passage"""


def pace_chart(
    track: Track,
    band: Band | None,
    duration_s: float,
    *,
    fastest: Passage | None = None,
    slowest: Passage | None = None,
) -> PaceChart | None:
    """Return the picture of the pace, or None where there is nothing to draw."""
    present = ~np.isnan(track.values)
    if not present.any():
        return None
    values = track.values[present]
    edges = [float(values.min()), float(values.max())]
    if band is not None:
        edges += [e for e in (band.low, band.high) if math.isfinite(e)]
    step = next(s for s in (10, 20, 25, 50, 100, 200, 10_000) if max(edges) - min(edges) <= 5 * s)
    bottom = max(0.0, math.floor((min(edges) - step / 4) / step) * step)
    top = math.ceil((max(edges) + step / 4) / step) * step

    # Room for the names of the passages above and below the line.
    room = 0.2 * (top - bottom) if fastest or slowest else 0.0
    highest, lowest = top + room, bottom - room

    def height(value: float) -> float:
        return 100 * (highest - min(max(value, bottom), top)) / (highest - lowest)

    scale = Scale(duration_s)
    lines: list[str] = []
    points: list[str] = []
    for time, value in zip(track.times, track.values, strict=True):
        if math.isnan(value):
            if points:
                lines.append(" ".join(points))
            points = []
        else:
            points.append(f"{scale.at(time):.2f},{height(float(value)):.1f}")
    if points:
        lines.append(" ".join(points))

    unit = t(track.unit)
    summary = t(
        "Pace between {low} and {high} {unit}",
        low=f"{values.min():.0f}",
        high=f"{values.max():.0f}",
        unit=unit,
    )
    passages = ((t("Fastest passage"), "fast", fastest), (t("Slowest passage"), "slow", slowest))
    marks = tuple(
        scale.mark(p.start, p.end, kind, f"{name}{t(', ')}{passage_text(p, unit)}")
        for name, kind, p in passages
        if p is not None
    )
    if band is None:
        return PaceChart(tuple(lines), None, 0.0, (), unit, summary, marks)
    summary += t("; ") + shares_text(track, band)
    ticks = tuple(
        Tick(height(bottom + i * step), f"{bottom + i * step:.0f}")
        for i in range(1, round((top - bottom) / step))
    )
    band_top = height(band.high)
    return PaceChart(
        tuple(lines), band_top, height(band.low) - band_top, ticks, unit, summary, marks
    )


def shares_text(track: Track, band: Band) -> str:
    """Return for which share of the time the pace lies within its band, in words."""
    values = track.values[track.present]
    if not len(values):
        return t("not measured")
    faster, slower = float(np.mean(values > band.high)), float(np.mean(values < band.low))
    beyond = [t("faster for {share}", share=f"{faster:.0%}")] if faster >= 0.005 else []
    beyond += [t("slower for {share}", share=f"{slower:.0%}")] if slower >= 0.005 else []
    wanted = span(f"{band.low:.0f}", f"{band.high:.0f}")
    if not beyond:
        return t("within {band} all the time", band=wanted)
    return t(
        "within {band} for {share} of the time, {beyond}",
        band=wanted,
        share=f"{1 - faster - slower:.0%}",
        beyond=listed_and(beyond),
    )


def passage_text(passage: Passage, unit: str) -> str:
    """Return when a passage is and how fast."""
    when = span(moment_clock(passage.start), moment_clock(passage.end))
    return t("{time}, {rate} {unit}", time=when, rate=f"{passage.rate_per_min:.0f}", unit=unit)
