"""Marks in lanes over time: what they are and where they lie.

Positions along the time are percentages of the width, so that the templates draw them at any width
without distorting text; across the lane they are pixels of its height.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reports.language import t
from reports.wording import moment_clock, seconds

TOP_PX, HEIGHT_PX = 5.0, 16.0
"""of a mark that has its lane for itself; a lane is 26 px high"""
_STACK_PX, _APART_PX = 24.0, 2.0


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a time, drawn in a lane and reachable by keyboard."""

    start: float
    """s"""
    end: float
    """s"""
    kind: str
    """names its look"""
    label: str
    """what it is and when, in words"""
    x: float
    """left edge, %"""
    width: float
    """%"""
    sign: str = ""
    """one character drawn on it where there is room"""
    top_px: float = TOP_PX
    height_px: float = HEIGHT_PX

    @property
    def middle_x(self) -> float:
        """Middle, %."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Lane:
    """Marks of one sort over the whole recording."""

    id: str
    title: str
    note: str
    """how many, or why there are none"""
    marks: tuple[Mark, ...]
    measured: bool = True
    why: str = ""
    """why it was not measured"""


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis."""

    position: float
    """% from the left or top"""
    label: str
    minor: bool = False
    """may be left out in a narrow window"""


class Scale:
    """Seconds to percent of the width."""

    def __init__(self, duration_s: float) -> None:
        """Take the length of the recording, s."""
        self.duration_s = max(duration_s, 1e-3)

    def at(self, time_s: float) -> float:
        """Return the place of a time, %."""
        return round(100 * min(max(time_s, 0.0), self.duration_s) / self.duration_s, 3)

    def mark(self, start: float, end: float, kind: str, label: str, sign: str = "") -> Mark:
        """Return a mark in its place."""
        x = self.at(start)
        return Mark(start, end, kind, label, x, round(self.at(end) - x, 3), sign)


def stacked(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return marks in order of time, those that overlap one above the other."""
    placed: list[Mark] = []
    group: list[Mark] = []
    for mark in sorted(marks, key=lambda m: (m.start, m.end)):
        if group and mark.start >= max(m.end for m in group):
            placed += _in_rows(group)
            group = []
        group.append(mark)
    return tuple(placed + _in_rows(group))


def missing_lane(id: str, title: str, why: str = "") -> Lane:
    """Return a lane for what was not measured, and why."""
    return Lane(id, title, t("not measured"), (), measured=False, why=why)


def span_text(start: float, end: float) -> str:
    """Return length and beginning of a stretch, for instance "2.1 s at 0:47"."""
    return t("{length} at {time}", length=seconds(end - start), time=moment_clock(start))


def _in_rows(group: list[Mark]) -> list[Mark]:
    """Give each mark of an overlapping group the first row that is free by then."""
    ends: list[float] = []
    rows: list[int] = []
    for mark in group:
        row = next((i for i, end in enumerate(ends) if end <= mark.start), len(ends))
        ends[row:] = [mark.end, *ends[row + 1 :]]
        rows.append(row)
    if len(ends) <= 1:
        return group
    height = (_STACK_PX - _APART_PX * (len(ends) - 1)) / len(ends)
    return [
        replace(
            mark,
            top_px=round(1 + row * (height + _APART_PX), 1),
            height_px=round(height, 1),
        )
        for mark, row in zip(group, rows, strict=True)
    ]
