"""The bundled sample takes: the demo, and the self-test against their known truth."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from analysis.results import AnswerAnalysis
from analysis.timeline import Segment, intersect, total

ENGLISH, JAPANESE = "english_take", "japanese_take"
SAMPLES = (ENGLISH, JAPANESE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number of the self-test."""

    what: str
    true: str
    measured: str
    tolerance: str
    good: bool


def copy_sample(name: str, folder: Path) -> Path:
    """Copy a sample take into a folder (its report plays it from there) and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.mp4"
    source = resources.files("sample_media").joinpath(f"{name}.mp4")
    with source.open("rb") as original, target.open("wb") as copy:
        shutil.copyfileobj(original, copy)
    return target


def read_truth(name: str) -> dict[str, Any]:
    """Return the truth of a sample take, known from its making."""
    text = resources.files("sample_media").joinpath(f"{name}.expected.json").read_text("utf-8")
    return json.loads(text)


def compare(analysis: AnswerAnalysis, truth: dict[str, Any]) -> Iterator[Comparison]:
    """Yield measured against true, number by number."""
    raise NotImplementedError


__all__ = ["Callable"]
