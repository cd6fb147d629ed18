"""How numbers become words: the only place (with the templates) that rounds.

What is said in words comes in the language of the page (see `reports.language`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.results import SILENCE_LIMIT_S, CountRange
from reports.language import t

LANGUAGE_NAMES = {"en": "English", "ja": "Japanese"}


def clock(time_s: float) -> str:
    """Return a time as minutes and seconds, for instance "1:05"."""
    whole = math.floor(max(0.0, time_s) + 0.5)
    return f"{whole // 60}:{whole % 60:02d}"


def moment_clock(time_s: float) -> str:
    """Return the second in which a moment lies: rounded down, as players show it."""
    whole = math.floor(max(0.0, time_s))
    return f"{whole // 60}:{whole % 60:02d}"


def seconds(length_s: float, limit_s: float = SILENCE_LIMIT_S) -> str:
    """Return a length in seconds: "2.3 s"; from 10 s on without decimals, never across a limit."""
    return t("{n} s", n=seconds_number(length_s, limit_s))


def seconds_number(length_s: float, limit_s: float = SILENCE_LIMIT_S) -> str:
    """Return the same without the unit."""
    if length_s < 9.95:
        return f"{length_s:.1f}"
    # 30.2 s is over the limit of 30 s: it must not read "30 s".
    if limit_s < length_s < limit_s + 1:
        return f"{math.ceil(length_s * 10 - 1e-6) / 10:.1f}"
    return f"{length_s:.0f}"


def minutes(length_s: float) -> str:
    """Return a length in minutes and seconds with its unit: "1:05 min"."""
    return t("{time} min", time=clock(length_s))


def length(length_s: float) -> str:
    """Return a length in seconds, from a minute on in minutes and seconds."""
    return seconds(length_s) if length_s < 60 else minutes(length_s)


def number(value: float | None, decimals: int = 0, unit: str = "") -> str:
    """Return a number with its unit, "not measured" for None and NaN."""
    if value is None or math.isnan(value):
        return t("not measured")
    # A typographic minus; and no "-0".
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    text = text.replace("-", "−")
    return f"{text} {unit}".strip()


def percent(ratio: float) -> str:
    """Return a share in whole percent, "not measured" for NaN."""
    return t("not measured") if math.isnan(ratio) else f"{ratio:.0%}"


def rough_share(ratio: float) -> str:
    """Return a share of an estimate, in steps of 5 %: more would claim what it does not know."""
    return t("about {value}", value=f"{5 * round(ratio * 20)}%")


def share_range(ratio: float, low: float, high: float) -> str:
    """Return a share and how sure it is, in steps of 5 % outwards: "about 60–75%".

    One number where both ends lie within one step of each other, or are not known (NaN).
    """
    ends = _share_ends(low, high)
    if ends is None:
        return rough_share(ratio)
    return t("about {value}", value=span(str(ends[0]), f"{ends[1]}%"))


def is_range(low: float, high: float) -> bool:
    """Whether a share with these ends is told as a range (see `share_range`)."""
    return _share_ends(low, high) is not None


def _share_ends(low: float, high: float) -> tuple[int, int] | None:
    if math.isnan(low) or math.isnan(high):
        return None
    # A hair of slack: 0.6 is 12 steps, not 11.999….
    lowest, highest = 5 * math.floor(low * 20 + 1e-6), 5 * math.ceil(high * 20 - 1e-6)
    return (lowest, highest) if highest - lowest > 5 else None


def angle(degrees: float) -> str:
    """Return the size of a gaze angle in steps of 5°: more would claim what it does not know."""
    return t("about {value}", value=f"{5 * round(abs(degrees) / 5)}°")


def language_name(code: str | None) -> str:
    """Return the name of a language."""
    return t(LANGUAGE_NAMES.get(code or "", code or ""))


def range_text(count: int, likely: CountRange) -> str:
    """Return a count and the range that it lies in, for instance "5 (4–7)"."""
    if likely.low == likely.high == count:
        return f"{count}"
    between = f"{likely.low}" if likely.low == likely.high else span(likely.low, likely.high)
    return t("{n} ({range})", n=count, range=between)


def span(low: object, high: object) -> str:
    """Return two ends with the dash of the language: "4–7"."""
    return t("{low}–{high}", low=low, high=high)


def listed(parts: Sequence[str]) -> str:
    """Return parts one after the other: "a, b, c"."""
    return t(", ").join(parts)


def listed_and(parts: Sequence[str]) -> str:
    """Return parts one after the other, the last with "and": "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return t("{others} and {last}", others=listed(parts[:-1]), last=parts[-1])


def capital(text: str) -> str:
    """Return a text with its first letter in capital."""
    return text[:1].upper() + text[1:]
