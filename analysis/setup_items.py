"""The items of the set-up check: limits as data, and a value held against them.

``data/setup.toml`` holds every item with its limits, their source and what to do. A user's file
with the same tables overrides the limits that it names.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError

PASS, FIX, UNCHECKED = "pass", "fix", "unchecked"

_LIMITS = ("low", "high", "unsure_low", "unsure_high")

PICTURE_ITEMS = (
    "face-found",
    "picture-upright",
    "one-person",
    "face-centred",
    "face-size",
    "head-room",
    "eye-line",
    "shoulders-visible",
    "shoulders-level",
    "camera-height",
    "face-brightness",
    "backlight",
    "side-light",
    "sharpness",
    "background-busy",
)
"""ids of the items that a picture shows, in the order of the check"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one item is held against; infinite = no limit on that side."""

    id: str
    title: str
    unit: str
    source: str
    """where the limits come from"""
    low: float = -math.inf
    high: float = math.inf
    unsure_low: float = math.nan
    """between this and `low` the advice is a hint only; NaN = no such zone"""
    unsure_high: float = math.nan
    hint: bool = False
    """the measure is weak: its advice is always a hint"""
    digits: int = 0
    """decimals shown"""
    too_low: str = ""
    """what to do, one sentence"""
    too_high: str = ""
    wanted: str = ""
    """the limits in words, where numbers are not plain enough"""

    @property
    def target(self) -> str:
        """The limits in words."""
        if self.wanted:
            return self.wanted
        low, high = (_number(limit, self.digits) for limit in (self.low, self.high))
        if math.isinf(self.low):
            return f"at most {high} {self.unit}"
        if math.isinf(self.high):
            return f"at least {low} {self.unit}"
        return f"{low} to {high} {self.unit}"


@dataclass(frozen=True, slots=True)
class Item:
    """One judged item."""

    id: str
    title: str
    state: str
    """`PASS`, `FIX` or `UNCHECKED`"""
    value: float
    """NaN = could not be checked"""
    unit: str
    shown: str
    """the value in words; "" = could not be checked"""
    target: str
    source: str
    """of the target"""
    advice: str = ""
    """what to do, or why it could not be checked; "" where it is in order"""
    hint: bool = False
    """a `FIX` that is not sure: the measure is weak, or the value near the limit"""


def judge(limits: Limits, value: float, *, why_not: str = "", shown: str = "") -> Item:
    """Hold a value against its limits.

    Parameters
    ----------
    limits : of the item.
    value : NaN = could not be checked.
    why_not : the reason where it could not be.
    shown : the value in words, where a number with its unit is not plain enough.
    """
    item = Item(
        id=limits.id,
        title=limits.title,
        state=UNCHECKED,
        value=value,
        unit=limits.unit,
        shown="",
        target=limits.target,
        source=limits.source,
        advice=why_not,
    )
    if math.isnan(value):
        return item
    item = replace(item, shown=shown or f"{_number(value, limits.digits)} {limits.unit}")
    # As it is shown: "20 dB, at least 20 dB" must not be a fault.
    value = round(value, limits.digits) if math.isfinite(value) else value
    if limits.low <= value <= limits.high:
        return replace(item, state=PASS, advice="")
    low = value < limits.low
    edge = limits.unsure_low if low else limits.unsure_high
    near = value >= edge if low else value <= edge
    return replace(
        item,
        state=FIX,
        advice=limits.too_low if low else limits.too_high,
        hint=limits.hint or near,
    )


def read_limits(override: Path | None = None) -> dict[str, Limits]:
    """Return the limits of all items by id, in the order in which they are shown.

    Parameters
    ----------
    override : the user's own file, if it exists.

    Raises
    ------
    AnalysisError
        The user's file has a mistake.
    """
    text = resources.files("analysis").joinpath("data/setup.toml").read_text(encoding="utf-8")
    limits = {name: Limits(id=name, **entry) for name, entry in tomllib.loads(text).items()}
    if override is None or not override.is_file():
        return limits
    try:
        own = tomllib.loads(override.read_text(encoding="utf-8-sig"))
        for name, entry in own.items():
            if name not in limits:
                raise ValueError(f"[{name}] is no item; there are {', '.join(limits)}")
            limits[name] = _overridden(limits[name], entry, override.name)
    except OSError as exc:
        raise AnalysisError(f"{override} can't be read: {exc.strerror}") from exc
    except (TypeError, ValueError, AttributeError) as exc:
        raise AnalysisError(f"{override} has a mistake ({exc}): correct or remove it") from exc
    return limits


def _overridden(limits: Limits, entry: dict[str, Any], name: str) -> Limits:
    for key, value in entry.items():
        if key == "source" and isinstance(value, str):
            continue
        if key not in _LIMITS or isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"[{limits.id}] {key} = {value!r}")
    # A zone that the user did not name gives way to the new limit.
    gone = {
        f"unsure_{side}": math.nan
        for side in ("low", "high")
        if side in entry and f"unsure_{side}" not in entry
    }
    source = entry.get("source", f"Your own choice ({name}).")
    changed = replace(limits, **{**gone, **entry, "source": source, "wanted": ""})
    if not changed.low <= changed.high:
        raise ValueError(f"[{limits.id}] low = {changed.low:g} is above high = {changed.high:g}")
    return changed


def _number(value: float, digits: int) -> str:
    # "−0" is no number to show.
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if not float(text) else text.replace("-", "−")
