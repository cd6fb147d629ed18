"""When one practised: weeks by days, as plain data for a page.

Days are those of the place where the page is made: a session at half past midnight belongs to the
day that the user's clock showed.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.language import interface, t, tn
from reports.takes import TakeRecord

WEEKS = 26
"""half a year: more is too small to read on a narrow screen; our judgement"""
NARROW_WEEKS = 13
LEVELS = (1, 3, 6)
"""takes a day from which a cell is filled more; our judgement (a sitting has three to six)"""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "ja": ("月", "火", "水", "木", "金", "土", "日"),
}


@dataclass(frozen=True, slots=True)
class Day:
    """A cell of the calendar."""

    day: dt.date
    count: int
    """takes"""
    level: int
    """0 to 3, by the count"""
    label: str
    """in words"""
    future: bool


@dataclass(frozen=True, slots=True)
class PracticeCalendar:
    """Weeks by days."""

    rows: tuple[tuple[str, tuple[Day, ...]], ...]
    """weekday and its days, Monday first, the oldest week first"""
    months: tuple[str, ...]
    """above each week: the month that begins in it, else "" """
    summary: str
    """the picture in words"""
    early_weeks: int
    """count of the weeks at the beginning that a narrow page leaves out"""


def local_day(recorded: str | None, zone: dt.tzinfo | None = None) -> dt.date | None:
    """Return the day of a moment (UTC, ISO 8601) where the page is made; None = unknown.

    `zone`: None = that of the system.
    """
    moment = local_time(recorded, zone)
    return None if moment is None else moment.date()


def local_time(recorded: str | None, zone: dt.tzinfo | None = None) -> dt.datetime | None:
    """Return a moment (UTC, ISO 8601) by the clock of the place; None = unknown."""
    if recorded is None:
        return None
    try:
        return dt.datetime.fromisoformat(recorded).astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return None


def day_text(day: dt.date) -> str:
    """Return a day in the language of the page: "3 Nov 2026", "2026年11月3日"."""
    if interface() == "ja":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def month_text(day: dt.date) -> str:
    """Return a month in the language of the page: "Nov 2026", "2026年11月"."""
    if interface() == "ja":
        return f"{day.year}年{day.month}月"
    return f"{_MONTHS[day.month - 1]} {day.year}"


def practice_calendar(
    takes: Iterable[TakeRecord], today: dt.date, zone: dt.tzinfo | None = None
) -> PracticeCalendar:
    """Return the calendar of the last 26 weeks, the present one included."""
    counts = Counter(day for take in takes if (day := local_day(take.recorded, zone)) is not None)
    monday = today - dt.timedelta(days=today.weekday())
    first = monday - dt.timedelta(weeks=WEEKS - 1)
    mondays = [first + dt.timedelta(weeks=week) for week in range(WEEKS)]
    names = _DAYS[interface()]
    rows = tuple(
        (
            names[weekday],
            tuple(_day(m + dt.timedelta(days=weekday), counts, today) for m in mondays),
        )
        for weekday in range(7)
    )
    shown = [day for _, days in rows for day in days if day.count]
    total = sum(day.count for day in shown)
    return PracticeCalendar(
        rows=rows,
        months=_months(mondays),
        summary=t(
            "{takes} on {days} in the last {weeks} weeks",
            takes=tn("{n} take", "{n} takes", total),
            days=tn("{n} day", "{n} days", len(shown)),
            weeks=WEEKS,
        ),
        early_weeks=WEEKS - NARROW_WEEKS,
    )


def _day(day: dt.date, counts: Counter[dt.date], today: dt.date) -> Day:
    count = counts[day]
    weekday = _DAYS[interface()][day.weekday()]
    told = tn("{n} take", "{n} takes", count) if count else t("no practice")
    name = t("{weekday}, {day}: {told}", weekday=weekday, day=day_text(day), told=told)
    return Day(day, count, sum(count >= least for least in LEVELS), name, day > today)


def _months(mondays: Sequence[dt.date]) -> tuple[str, ...]:
    """Name each month above the first week that begins in it; not twice within three weeks."""
    found: list[str] = []
    last = -3
    for index, monday in enumerate(mondays):
        new = index == 0 or monday.month != mondays[index - 1].month
        if new and index - last >= 3:
            last = index
            name = f"{monday.month}月" if interface() == "ja" else _MONTHS[monday.month - 1]
            found.append(name)
        else:
            found.append("")
    return tuple(found)
