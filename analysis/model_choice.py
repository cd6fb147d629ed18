"""Which speech model "auto" means: by the language, and by what this computer has room for.

``data/models.toml`` holds what is known about each model, with a source. A user's file of the same
name may name any of them again, and add models of their own:

    [my-whisper]
    languages = ["en", "ja"]
    needed_memory_mb = 1500
    least_cores = 2
    rank = 65
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import psutil

from analysis.errors import AnalysisError, ModelMissing
from analysis.own_file import read_own_file

FILE = "models.toml"
LANGUAGES = {"en": "English", "ja": "Japanese"}
_NUMBERS = ("size_mb", "needed_memory_mb", "least_cores", "cpu_s_per_s", "rank")


@dataclass(frozen=True, slots=True)
class ModelRule:
    """What is known about a speech model."""

    name: str
    languages: tuple[str, ...]
    """ISO 639-1 codes, of those that this program supports"""
    size_mb: float = math.nan
    """on disk; NaN = not known"""
    needed_memory_mb: float = 0.0
    """free memory at the start"""
    least_cores: float = 1.0
    """processor cores; fewer would make it too slow"""
    cpu_s_per_s: float = math.nan
    """processor seconds per second of sound; NaN = not known"""
    rank: float = 0.0
    """the higher, the better the words"""
    source: str = "your own choice"

    def knows(self, language: str) -> bool:
        """Whether it can transcribe the language; "auto" may turn out to be any."""
        wanted = LANGUAGES if language == "auto" else (language,)
        return all(code in self.languages for code in wanted)


@dataclass(frozen=True, slots=True)
class ModelPick:
    """A model, and why this one."""

    name: str
    reason: str
    """half a sentence for the user"""


def choose_model(
    present: Iterable[str],
    language: str,
    *,
    memory_mb: float,
    cores: int,
    rules: Mapping[str, ModelRule],
) -> ModelPick:
    """Pick one of the models that are here.

    The one of the highest rank that knows the language and that there is room for. Where there is
    room for none, the one that needs least memory: it is slow at worst, and the words are needed.
    Models without a rule are never picked.

    Parameters
    ----------
    present : names of the models that can be loaded.
    language : "en", "ja" or "auto".
    memory_mb : free memory.
    cores : processor cores that may be used.
    rules : by name.

    Raises
    ------
    ModelMissing
        None of them knows the language.
    """
    present = tuple(present)
    able = [rules[name] for name in present if name in rules and rules[name].knows(language)]
    if not able:
        raise ModelMissing(_nothing_for(language, present))
    able.sort(key=lambda rule: -rule.rank)
    for at, rule in enumerate(able):
        if not _lacks(rule, memory_mb, cores):
            return ModelPick(rule.name, _why(able[:at], language, memory_mb, cores))
    least = min(able, key=lambda rule: (rule.needed_memory_mb, -rule.rank))
    return ModelPick(
        least.name,
        f"the smallest one here, yet it {_lacks(least, memory_mb, cores)}: expect it to be slow",
    )


def free_memory_mb() -> float:
    """Return the memory that programs can still get without swapping, in MB."""
    return psutil.virtual_memory().available / 1e6


def usable_cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_model_rules(override: Path | None = None) -> dict[str, ModelRule]:
    """Return what is known about each model, with a user's file over ours.

    Raises
    ------
    AnalysisError
        The user's file has a mistake; the message names it.
    """
    rules = dict(_bundled())
    if override is None or not override.is_file():
        return rules
    own = read_own_file(override)
    for name, table in own.items():
        rules[name] = _rule(name, table, rules.get(name), str(override))
    return rules


@cache
def _bundled() -> dict[str, ModelRule]:
    text = resources.files("analysis").joinpath(f"data/{FILE}").read_text(encoding="utf-8")
    return {name: _rule(name, table, None, FILE) for name, table in tomllib.loads(text).items()}


def _rule(name: str, table: Any, before: ModelRule | None, file: str) -> ModelRule:
    if not isinstance(table, dict):
        raise AnalysisError(f"{file}: write [{name}] and below it what is known of that model")
    if before is None and "languages" not in table:
        raise AnalysisError(f'{file}: {name}.languages is missing: give ["en"] or ["en", "ja"]')
    values: dict[str, Any] = {}
    for key, value in table.items():
        where = f"{file}: {name}.{key}"
        if key == "languages":
            known = isinstance(value, list) and value and all(v in LANGUAGES for v in value)
            if not known:
                raise AnalysisError(f'{where} must be a list of "en" and "ja", not {value!r}')
            values[key] = tuple(value)
        elif key in _NUMBERS:
            number = not isinstance(value, bool) and isinstance(value, (int, float))
            if not number or not 0 <= value < math.inf:
                raise AnalysisError(f"{where} must be a number from 0 on, not {value!r}")
            values[key] = float(value)
        elif key == "source":
            if not isinstance(value, str):
                raise AnalysisError(f"{where} must be a text, not {value!r}")
            values[key] = value
        else:
            known_keys = ", ".join(("languages", *_NUMBERS, "source"))
            raise AnalysisError(f"{where}: unknown key (there are: {known_keys})")
    if before is None:
        return ModelRule(name, **values)
    return replace(before, **{"source": "your own choice", **values})


def _lacks(rule: ModelRule, memory_mb: float, cores: int) -> str:
    """Say what a model needs more than there is; "" = nothing."""
    needs = []
    if cores < rule.least_cores:
        needs.append(f"{rule.least_cores:.0f} processor cores (there are {cores})")
    if memory_mb < rule.needed_memory_mb:
        needs.append(f"{rule.needed_memory_mb:.0f} MB of free memory (there are {memory_mb:.0f})")
    return f"needs {' and '.join(needs)}" if needs else ""


def _why(passed: list[ModelRule], language: str, memory_mb: float, cores: int) -> str:
    if passed:
        return "; ".join(
            f"{rule.name} is here too, but {_lacks(rule, memory_mb, cores)}" for rule in passed
        )
    if language == "auto":
        return "the best one here that knows both languages"
    return f"the best one here for {LANGUAGES[language]}"


def _nothing_for(language: str, present: tuple[str, ...]) -> str:
    here = ", ".join(present) or "none"
    if language == "auto":
        return (
            f"no speech model here knows both English and Japanese (here: {here}): give the"
            " language with --language, or run 'mensetsu models fetch base'"
        )
    return (
        f"no speech model here knows {LANGUAGES.get(language, language)} (here: {here}): run"
        " 'mensetsu models fetch base', or name one with --model"
    )
