"""Is a change between takes real? How much each measure moves when the same take is repeated.

``data/repeat_noise.toml`` holds what was measured once (``tests/benchmarks/repeat_noise.py`` and
``vision_repeats.py``): the same answers re-recorded, re-encoded and with other noise, and how far
apart the measures were. It is the noise of measuring alone: the same person, asked again, also
varies. ``tests/benchmarks/noise_limits.py`` says how the change that counts follows from it.

    [speech_rate_wpm]
    kind = "relative"          # limit_95 is a share of the mean of both; "absolute": in the unit
    unit = "words/min"
    sd = 0.004                 # of one measurement
    limit_95 = 0.012           # 95 % of the differences between two repeats are smaller
    counts_from = 0.03         # a change that is larger counts; without it: limit_95
    at_least = 1.5             # never below this, in the unit
    steady_from_s = 30         # with less speech in a take the limit grows in proportion
    n = 120                    # differences it was measured on
    source = "…"

A table may be followed by one for a language, ``[speech_rate_wpm.ja]``. A user's file of the same
name overrides the tables that it names.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from reports.errors import ReportError

FILE = "repeat_noise.toml"
LEAST_TALK_S = 10.0
"""with less speech in a take what hangs on its words or its melody is not compared: with 2
to 6 s repeats differed by up to 86 %, with 12 s or more by up to 6 % (our measurements)"""
LEAST_SNR_DB = 10.0
"""pauses were checked down to here; what hangs on telling speech from noise is not compared below
(our measurements)"""
KINDS = ("absolute", "relative")
_NUMBERS = ("sd", "limit_95", "n", "counts_from", "at_least", "steady_from_s")
_TEXTS = ("kind", "unit", "source")


@dataclass(frozen=True, slots=True)
class RepeatNoise:
    """The noise of one measure."""

    measure: str
    """key of summary.json, perhaps with a language: "hesitation_count.ja" """
    kind: str
    """ "absolute", or "relative": a share of the mean of the two values"""
    unit: str
    sd: float
    """standard deviation of one measurement, in the unit or as a share"""
    limit_95: float
    """95 % of the differences between two repeats are at most this, in the unit or as a share"""
    n: int
    """differences it was measured on"""
    source: str
    counts_from: float | None = None
    """a larger change counts, in the unit or as a share; None = one above `limit_95` does"""
    at_least: float = 0.0
    """the limit is never below this, in the unit"""
    steady_from_s: float = 0.0
    """with less speech the limit grows in proportion: one word more weighs more there"""

    def limit(self, before: float, after: float, *, talk_s: float | None = None) -> float:
        """Return the largest change between two values that does not count, in the unit.

        Parameters
        ----------
        before, after : the values.
        talk_s : speech in the take that has less of it; None = enough.
        """
        limit = self.limit_95 if self.counts_from is None else self.counts_from
        if self.kind == "relative":
            limit *= (abs(before) + abs(after)) / 2
        limit = max(limit, self.at_least)
        if talk_s and self.steady_from_s:
            limit *= max(1.0, self.steady_from_s / talk_s)
        return limit


def read_repeat_noise(override: Path | None = None) -> dict[str, RepeatNoise]:
    """Return the noise of every measure that has one, a user's file over ours.

    Raises
    ------
    ReportError
        The user's file has a mistake; the message names it.
    """
    noise = dict(_bundled())
    if override is None or not override.is_file():
        return noise
    try:
        # Editors on Windows put a byte order mark in front.
        own = tomllib.loads(override.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise ReportError(f"{override} is not UTF-8: save it as UTF-8, or remove it") from exc
    except (OSError, ValueError) as exc:
        raise ReportError(f"{override} has a mistake ({exc}): correct or remove it") from exc
    for measure, table in _tables(own, str(override)):
        noise[measure] = _entry(measure, table, noise.get(measure), str(override))
    return noise


def noise_of(
    measure: str,
    language: str | None = None,
    noise: Mapping[str, RepeatNoise] | None = None,
) -> RepeatNoise | None:
    """Return the noise of a measure; None = not known.

    Parameters
    ----------
    measure : key of summary.json.
    language : of both takes, where the noise of a language is known on its own.
    noise : what `read_repeat_noise` returned; None = ours.
    """
    noise = _bundled() if noise is None else noise
    return noise.get(f"{measure}.{language}") or noise.get(measure)


@cache
def _bundled() -> dict[str, RepeatNoise]:
    text = resources.files("reports").joinpath(f"data/{FILE}").read_text(encoding="utf-8")
    tables = _tables(tomllib.loads(text), FILE)
    return {measure: _entry(measure, table, None, FILE) for measure, table in tables}


def _tables(data: dict[str, Any], file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for measure, table in data.items():
        if not isinstance(table, dict):
            raise ReportError(f"{file}: write [{measure}] and below it limit_95 = …")
        own = {key: value for key, value in table.items() if not isinstance(value, dict)}
        if own:
            yield measure, own
        for language, inner in table.items():
            if isinstance(inner, dict):
                yield f"{measure}.{language}", inner


def _entry(
    measure: str, table: dict[str, Any], before: RepeatNoise | None, file: str
) -> RepeatNoise:
    values: dict[str, Any] = {}
    for key, value in table.items():
        where = f"{file}: {measure}.{key}"
        if key in _NUMBERS:
            number = not isinstance(value, bool) and isinstance(value, (int, float))
            if not number or not 0 <= value < math.inf:
                raise ReportError(f"{where} must be a number from 0 on, not {value!r}")
            values[key] = int(value) if key == "n" else float(value)
        elif key in _TEXTS:
            if not isinstance(value, str) or (key == "kind" and value not in KINDS):
                wanted = f"one of {', '.join(KINDS)}" if key == "kind" else "a text"
                raise ReportError(f"{where} must be {wanted}, not {value!r}")
            values[key] = value
        else:
            known = ", ".join((*_TEXTS, *_NUMBERS))
            raise ReportError(f"{where}: unknown key (there are: {known})")
    if before is not None:
        own = {"source": "your own choice"}
        whole = {key: getattr(before, key) for key in (*_TEXTS, *_NUMBERS)}
        if "limit_95" in values:
            # Who sets this means it: files from before there was more than this work as they did.
            whole |= {"counts_from": None, "at_least": 0.0, "steady_from_s": 0.0}
        return RepeatNoise(measure, **{**whole, **own, **values})
    defaults: dict[str, Any] = {"unit": "", "sd": 0.0, "n": 0, "source": "your own choice"}
    missing = [key for key in ("kind", "limit_95") if key not in values]
    if missing:
        raise ReportError(f"{file}: {measure}.{missing[0]} is missing")
    return RepeatNoise(measure, **{**defaults, **values})
