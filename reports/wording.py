"""How numbers become words: the only place (with the templates) that rounds."""

from __future__ import annotations

import math

from analysis.results import SILENCE_LIMIT_S, CountRange

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
    if length_s < 9.95:
        return f"{length_s:.1f} s"
    # 30.2 s is over the limit of 30 s: it must not read "30 s".
    if limit_s < length_s < limit_s + 1:
        return f"{math.ceil(length_s * 10 - 1e-6) / 10:.1f} s"
    return f"{length_s:.0f} s"


def number(value: float | None, decimals: int = 0, unit: str = "") -> str:
    """Return a number with its unit, "not measured" for None and NaN."""
    if value is None or math.isnan(value):
        return "not measured"
    # A typographic minus; and no "-0".
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    text = text.replace("-", "−")
    return f"{text} {unit}".strip()


def percent(ratio: float) -> str:
    """Return a share in whole percent, "not measured" for NaN."""
    return "not measured" if math.isnan(ratio) else f"{ratio:.0%}"


def rough_share(ratio: float) -> str:
    """Return a share of an estimate, in steps of 5 %: more would claim what it does not know."""
    return f"about {5 * round(ratio * 20)}%"


def share_range(ratio: float, low: float, high: float) -> str:
    """Return a share and how sure it is, in steps of 5 % outwards: "about 60–75%".

    One number where both ends lie within one step of each other, or are not known (NaN).
    """
    if math.isnan(low) or math.isnan(high):
        return rough_share(ratio)
    # A hair of slack: 0.6 is 12 steps, not 11.999….
    lowest, highest = 5 * math.floor(low * 20 + 1e-6), 5 * math.ceil(high * 20 - 1e-6)
    if highest - lowest <= 5:
        return rough_share(ratio)
    return f"about {lowest}–{highest}%"


def angle(degrees: float) -> str:
    """Return the size of a gaze angle in steps of 5°: more would claim what it does not know."""
    return f"about {5 * round(abs(degrees) / 5)}°"


def language_name(code: str | None) -> str:
    """Return the English name of a language."""
    return LANGUAGE_NAMES.get(code or "", code or "")


def plural(count: int, name: str, several: str = "") -> str:
    """Return a count with its noun; `several` where that is not the noun with an s."""
    return f"{count} {name}" if count == 1 else f"{count} {several or f'{name}s'}"


def range_text(count: int, likely: CountRange, name: str) -> str:
    """Return a count with its noun and the range that it lies in, for instance "5 (4–7) ums"."""
    noun = name if count == 1 else f"{name}s"
    if likely.low == likely.high == count:
        return f"{count} {noun}"
    between = f"{likely.low}" if likely.low == likely.high else f"{likely.low}–{likely.high}"
    return f"{count} ({between}) {noun}"
