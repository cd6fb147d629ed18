"""The thresholds of the analysis: data with a source each, overridable by the user.

``data/speech.toml`` (the sound) and ``data/sight.toml`` (the picture) hold ours, one table per
number. A user's file of the same name may name any of them again; it overrides only what it names:

    [pauses.shortest_s]
    value = 0.3
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError
from analysis.own_file import read_own_file

SPEECH, SIGHT = "speech.toml", "sight.toml"
_KEYS = ("value", "low", "high", "unit", "source")


@dataclass(frozen=True, slots=True)
class Setting:
    """A threshold."""

    name: str
    """group and name, for instance "pauses.shortest_s" """
    value: float
    low: float
    """least value that makes sense"""
    high: float
    """greatest"""
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All thresholds by name."""

    entries: dict[str, Setting]
    changed: tuple[str, ...] = ()
    """names that the user's file overrides"""

    def __getitem__(self, name: str) -> float:
        """Return the value of a threshold by its name."""
        return self.entries[name].value


def read_settings(override: Path | None = None, *, file: str = SPEECH) -> Settings:
    """Return our thresholds, with those of a user's file over them.

    Parameters
    ----------
    override : the user's file; it need not be there.
    file : which of ours, `SPEECH` or `SIGHT`.

    Raises
    ------
    AnalysisError
        The user's file has a mistake; the message names it.
    """
    entries = dict(_bundled(file))
    if override is None or not override.is_file():
        return Settings(entries)
    own = read_own_file(override)
    changed = []
    for name, table in _tables(own, str(override)):
        if name not in entries:
            raise AnalysisError(
                f"{override}: unknown threshold [{name}] (there are: {', '.join(sorted(entries))})"
            )
        entries[name] = _entry(name, table, entries[name], str(override))
        changed.append(name)
    return Settings(entries, tuple(changed))


@cache
def _bundled(file: str) -> dict[str, Setting]:
    text = resources.files("analysis").joinpath(f"data/{file}").read_text(encoding="utf-8")
    return {
        name: Setting(
            name=name,
            value=float(table["value"]),
            low=float(table["low"]),
            high=float(table["high"]),
            unit=str(table["unit"]),
            source=str(table["source"]),
        )
        for name, table in _tables(tomllib.loads(text), file)
    }


def _tables(data: dict[str, Any], file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for group, tables in data.items():
        if not isinstance(tables, dict):
            raise AnalysisError(f"{file}: {group} must be a table like [pauses.shortest_s]")
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise AnalysisError(f"{file}: write [{group}.{name}] and below it value = …")
            yield f"{group}.{name}", table


def _entry(name: str, table: dict[str, Any], ours: Setting, file: str) -> Setting:
    for key in table:
        if key not in _KEYS:
            raise AnalysisError(f"{file}: {name}: unknown key {key!r} (give value, and source)")
    value = table.get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise AnalysisError(f"{file}: {name}.value must be a number, not {value!r}")
    if not ours.low <= value <= ours.high:
        raise AnalysisError(
            f"{file}: {name}.value must lie between {ours.low:g} and {ours.high:g} {ours.unit}"
        )
    source = table.get("source", "your own choice")
    if not isinstance(source, str):
        raise AnalysisError(f"{file}: {name}.source must be a text, not {source!r}")
    return Setting(name, float(value), ours.low, ours.high, ours.unit, source)
