"""A take as comparison, history and goals see it: what was asked, when, with what, what came out.

The numbers are those of summary.json, so that hundreds of takes are read in no time. Nobody
vouches for a file that lies on a disk: what is no number there is not measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recorder.session import Question

OWN = "own"
"""id of every question of the user's own; they are told apart by their text"""


@dataclass(frozen=True, slots=True)
class TakeRecord:
    """One take."""

    id: str
    """of the take; "" = unknown"""
    name: str
    """what the user types to mean it: a path, or SESSION/NN"""
    recorded: str | None
    """when its session began, UTC, ISO 8601; None = unknown (a recording from elsewhere)"""
    number: int
    """of the take in its session, from 1; of recordings from elsewhere, 0"""
    session: str | None
    """id of its session"""
    question: Question | None
    language: str | None
    """of the answer"""
    summary: Mapping[str, Any] | None
    """what summary.json holds; None = not analysed"""
    results: Path | None
    """folder of analysis.json; None = not analysed"""
    media: Path | None
    """the recording; None = gone"""
    microphone: str | None = None
    """name; None = unknown"""
    camera: str | None = None
    """name; None = unknown or sound only"""
    duration_s: float = math.nan
    goal: str | None = None
    """id of the goal that was shown before it"""
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """for whoever makes a page: nothing here is judged"""

    def value(self, measure: str) -> float | None:
        """Return a number of the summary; None = not measured, or no number."""
        value = None if self.summary is None else self.summary.get(measure)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return float(value) if math.isfinite(value) else None

    def text(self, key: str) -> str | None:
        """Return a text of the summary; None = it has none."""
        value = None if self.summary is None else self.summary.get(key)
        return value if isinstance(value, str) and value else None

    @property
    def analysed(self) -> bool:
        """Whether there are numbers."""
        return self.summary is not None

    @property
    def question_key(self) -> str:
        """What takes of the same question have in common; "" = no question is known."""
        return question_key(self.question)


@dataclass(frozen=True, slots=True)
class Defect:
    """Something in the store that can't be used, named once."""

    place: str
    """the file or folder"""
    kind: str
    """ "media-gone", "broken", "older", "newer", "twice" or "moved" """
    text: str
    """what happened and what to do, one sentence"""


def question_key(question: Question | None) -> str:
    """Return what takes of the same question have in common; "" = no question."""
    if question is None:
        return ""
    if question.id == OWN:
        return f"{OWN}:{' '.join((question.text_en or question.text_ja).split()).casefold()}"
    return question.id


def oldest_first(takes: Sequence[TakeRecord]) -> tuple[TakeRecord, ...]:
    """Return takes in the order of their recording; as given, where that isn't known of one."""
    if any(take.recorded is None for take in takes):
        return tuple(takes)
    return tuple(sorted(takes, key=lambda take: (take.recorded or "", take.number)))
