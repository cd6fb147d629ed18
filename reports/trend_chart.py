"""A measure over takes: a small chart of its values, its target and how far it moves by itself.

Positions are percentages of the width and height, so that the templates draw them at any width
without distorting text; ``templates/trend.html.j2`` has the macro that does. Nothing here knows
colours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.language import t, tn
from reports.marks import Tick
from reports.measures import Measure
from reports.targets import Band
from reports.wording import clock, percent

SIDE = 7.0
"""room left and right of the first and last point, %"""
MOST_LABELS = 6
"""names on the axis that a narrow chart has room for"""
MOST_STEPS = 4
"""lines of the grid"""
HUGE = 1e5
"""numbers from here on are written with a power of ten"""
BROKEN = 1e12
"""nothing that is measured comes near: such a number is from a broken file, and not drawn"""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A take on the chart."""

    value: float | None
    """None or not finite = not measured: a gap"""
    label: str
    """short, for the axis: a number or a date"""
    name: str
    """the take in words, for who hears the chart"""
    href: str | None = None
    """where the point leads: the report of the take"""
    text: str = ""
    """the value in words; "" = as the measure says it"""
    note: str = ""
    """added to the words: a verdict, or why it was not measured"""
    noise: float | None = None
    """the smallest change from the point before that counts, in the unit"""
    parted: bool = False
    """not comparable with the point before: no line leads here"""


@dataclass(frozen=True, slots=True)
class TrendDot:
    """A point that is drawn."""

    x: float
    """%"""
    y: float
    """% from the top"""
    label: str
    """what it is, in words"""
    href: str | None
    newest: bool


@dataclass(frozen=True, slots=True)
class TrendGap:
    """A take without a value."""

    x: float
    """%"""
    label: str


@dataclass(frozen=True, slots=True)
class TrendChart:
    """The values of one measure over takes."""

    id: str
    title: str
    unit: str
    """ "" where the words of the newest value have it"""
    latest: str
    """the newest value in words"""
    summary: str
    """the picture in words"""
    target: str
    """the target in words; "" = it has none"""
    dots: tuple[TrendDot, ...]
    gaps: tuple[TrendGap, ...]
    lines: tuple[str, ...]
    """points of polylines in a 0..100 by 0..100 box"""
    wedges: tuple[str, ...]
    """points of polygons: a line inside one is a change that does not count"""
    band_top: float | None
    """% from the top; None = no target"""
    band_height: float
    """%"""
    ticks: tuple[Tick, ...]
    """values, % from the top"""
    names: tuple[Tick, ...]
    """takes, % from the left"""


def trend_chart(
    points: Sequence[TrendPoint],
    *,
    measure: Measure,
    band: Band | None = None,
    noise: float | None = None,
    unit: str = "",
) -> TrendChart:
    """Return the picture of a measure over takes.

    Parameters
    ----------
    points : the takes, the oldest first; evenly spaced, whenever they were.
    measure : what is shown.
    band : its target; infinite = no limit on that side.
    noise : the smallest change that counts, for points that have none of their own; None = unknown.
    unit : of the values, told beside the newest one; "" = its words have it.
    """
    values = [_finite(p.value) for p in points]
    known = [v for v in values if v is not None]
    limits = [_limit(p, values[i - 1], noise) if i else None for i, p in enumerate(points)]
    reach = [
        values[i - 1] + sign * limit  # type: ignore[operator]
        for i, limit in enumerate(limits)
        if limit is not None
        for sign in (-1, 1)
    ]
    scale = _Scale(known, reach, band, measure.unit)
    xs = [_across(i, len(points)) for i in range(len(points))]
    newest = max((i for i, v in enumerate(values) if v is not None), default=-1)
    dots: list[TrendDot] = []
    gaps: list[TrendGap] = []
    for index, (point, x, value) in enumerate(zip(points, xs, values, strict=True)):
        label = _label(point, value, measure)
        if value is None:
            gaps.append(TrendGap(x, label))
        else:
            dots.append(TrendDot(x, scale.at(value), label, point.href, index == newest))
    lines, wedges = _connected(points, values, xs, scale, limits)
    top, height = _band_place(band, scale)
    target = _target(band, measure)
    latest = _value_text(points[newest], known[-1], measure) if known else t("not measured")
    return TrendChart(
        id=measure.id,
        title=t(measure.title),
        unit=unit if known else "",
        latest=latest,
        summary=_summary(points, values, measure, target),
        target=target,
        dots=tuple(dots),
        gaps=tuple(gaps),
        lines=lines,
        wedges=wedges,
        band_top=top,
        band_height=height,
        ticks=tuple(Tick(scale.at(v), _tick_text(v, scale.step, measure)) for v in scale.ticks),
        names=_names(points, xs),
    )


class _Scale:
    """Values to percent from the top."""

    def __init__(
        self, values: Sequence[float], reach: Sequence[float], band: Band | None, unit: str
    ) -> None:
        """Take the values, how far the wedges reach, and the target."""
        edges = list(values) or [0.0, 1.0]
        positive = min(edges) >= 0
        # Room for what doesn't count: else a change inside it would fill the picture.
        edges += [max(0.0, e) if positive else e for e in reach]
        if band is not None:
            edges += [e for e in (band.low, band.high) if math.isfinite(e)]
        lowest, highest = min(edges), max(edges)
        # A hair line for equal values would look like a wild change.
        least = max(abs(highest) * 0.1, 0.05 if unit == "share" else 1.0)
        if highest - lowest < least:
            lowest, highest = lowest - least / 2, highest + least / 2
        room = (highest - lowest) * 0.15
        bottom, top = lowest - room, highest + room
        if min(edges) >= 0:
            bottom = max(0.0, bottom)
        if unit == "share" and max(edges) <= 1:
            top = min(1.0, top)
        self.bottom, self.top = bottom, top
        self.step = _step((top - bottom) / MOST_STEPS)
        first = math.ceil(bottom / self.step - 1e-9)
        count = math.floor(top / self.step + 1e-9) - first + 1
        self.ticks = tuple((first + i) * self.step for i in range(max(0, min(count, 12))))

    def at(self, value: float) -> float:
        """Return the place of a value, % from the top, inside the picture."""
        share = (self.top - value) / (self.top - self.bottom)
        return round(5 + 90 * min(max(share, 0.0), 1.0), 2)


def _step(least: float) -> float:
    """Return a round number from `least` on: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9))


def _across(index: int, count: int) -> float:
    return 50.0 if count == 1 else round(SIDE + (100 - 2 * SIDE) * index / (count - 1), 2)


def _connected(
    points: Sequence[TrendPoint],
    values: Sequence[float | None],
    xs: Sequence[float],
    scale: _Scale,
    limits: Sequence[float | None],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines between the points, and the wedges of what does not count."""
    lines: list[str] = []
    wedges: list[str] = []
    line: list[str] = []
    for index, (point, x, value) in enumerate(zip(points, xs, values, strict=True)):
        before = values[index - 1] if index else None
        if value is None or point.parted or before is None:
            lines += [" ".join(line)] if len(line) > 1 else []
            line = []
        if value is None:
            continue
        line.append(f"{x:g},{scale.at(value):g}")
        own = limits[index]
        if own is not None and before is not None:
            left, middle = xs[index - 1], scale.at(before)
            ends = (scale.at(before + own), scale.at(before - own))
            wedges.append(f"{left:g},{middle:g} {x:g},{ends[0]:g} {x:g},{ends[1]:g}")
    lines += [" ".join(line)] if len(line) > 1 else []
    return tuple(lines), tuple(wedges)


def _limit(point: TrendPoint, before: float | None, noise: float | None) -> float | None:
    """Return the smallest change that counts; None = unknown, or there is nothing to compare."""
    own = _finite(point.noise if point.noise is not None else noise)
    if not own or before is None or point.parted or _finite(point.value) is None:
        return None
    return own


def _band_place(band: Band | None, scale: _Scale) -> tuple[float | None, float]:
    if band is None or not (math.isfinite(band.low) or math.isfinite(band.high)):
        return None, 0.0
    top = scale.at(band.high) if math.isfinite(band.high) else 0.0
    bottom = scale.at(band.low) if math.isfinite(band.low) else 100.0
    return top, round(bottom - top, 2)


def _names(points: Sequence[TrendPoint], xs: Sequence[float]) -> tuple[Tick, ...]:
    # Counted from the newest: that one always has its name.
    every = max(1, math.ceil(len(points) / MOST_LABELS))
    last = len(points) - 1
    return tuple(
        Tick(x, point.label)
        for index, (point, x) in enumerate(zip(points, xs, strict=True))
        if (last - index) % every == 0
    )


def _label(point: TrendPoint, value: float | None, measure: Measure) -> str:
    told = t("not measured") if value is None else _value_text(point, value, measure)
    if point.note:
        return t("{take}: {value}. {note}", take=point.name, value=told, note=point.note)
    return t("{take}: {value}", take=point.name, value=told)


def _value_text(point: TrendPoint, value: float, measure: Measure) -> str:
    if point.text:
        return point.text
    return f"{value:.2e}" if abs(value) >= HUGE else measure.text(value)


def _target(band: Band | None, measure: Measure) -> str:
    if band is None:
        return ""
    low, high = math.isfinite(band.low), math.isfinite(band.high)
    if low and high:
        return t("target {low} to {high}", low=measure.text(band.low), high=measure.text(band.high))
    if low:
        return t("target from {low} on", low=measure.text(band.low))
    return t("target up to {high}", high=_small(band.high, measure)) if high else ""


def _small(value: float, measure: Measure) -> str:
    """Return a limit in words; a tiny share must not read 0%."""
    if measure.unit == "share" and 0 < value < 0.005:
        return f"{value * 100:.2g}%"
    return measure.text(value)


def _tick_text(value: float, step: float, measure: Measure) -> str:
    if abs(value) >= HUGE:
        return f"{value:.2e}".replace("e+0", "e").replace("e+", "e")
    if measure.unit == "share":
        return percent(value) if step >= 0.01 else f"{value * 100:.2g}%"
    if measure.id == "answer_s" and step >= 1 and value >= 0:
        return clock(value)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    text = f"{value:.{min(decimals, 6)}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def _summary(
    points: Sequence[TrendPoint],
    values: Sequence[float | None],
    measure: Measure,
    target: str,
) -> str:
    known = [(p, v) for p, v in zip(points, values, strict=True) if v is not None]
    title, takes = t(measure.title), tn("{n} take", "{n} takes", len(points))
    if not known:
        return t("{measure}, {takes}: not measured", measure=title, takes=takes)
    first, last = (_value_text(*known[i], measure) for i in (0, -1))
    told = (
        t("{measure}, {takes}: {first}", measure=title, takes=takes, first=first)
        if len(known) == 1
        else t(
            "{measure}, {takes}: from {first} to {last}",
            measure=title,
            takes=takes,
            first=first,
            last=last,
        )
    )
    missing = len(points) - len(known)
    parts = [told, tn("{n} not measured", "{n} not measured", missing) if missing else "", target]
    return t("; ").join(part for part in parts if part)


def _finite(value: float | None) -> float | None:
    # Also NaN: it compares with nothing.
    return float(value) if value is not None and abs(value) < BROKEN else None
