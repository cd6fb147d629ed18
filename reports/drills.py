"""Exercises: data, one per kind of remark."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Drill:
    """An exercise."""

    id: str
    measure: str
    title: str
    text: str
    length_s: float
    """one round, s"""


@cache
def read_drills() -> dict[str, Drill]:
    """Return the drills by id."""
    text = resources.files("reports").joinpath("data/drills.toml").read_text(encoding="utf-8")
    return {d["id"]: Drill(**d) for d in tomllib.loads(text)["drill"]}
