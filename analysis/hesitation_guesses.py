"""What the recogniser says about a hesitation between two words."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.timeline import Segment


@dataclass(frozen=True, slots=True)
class Guess:
    """A hesitation as the recogniser would write it."""

    sound: str
    ratio: float
    """ln of how much likelier the text is with it"""
    place: Segment
    """where it would lie"""
    replaced_s: float = 0.0
    """how long the words were that it replaces, s; 0 = it stands between words"""


@dataclass(frozen=True, slots=True)
class Boundary:
    """How probable a hesitation is right before a word, by the recogniser."""

    word: int
    """index of the word that follows; 0 = before the first, number of words = behind the last"""
    probability: float
    """summed probability of the first tokens of hesitations, 0..1"""
    repeat: float = 0.0
    """probability that the word just said is said again here, 0..1"""
    inserted: Guess | None = None
    """the likeliest hesitation here; None = none was tried"""
    instead: Guess | None = None
    """the likeliest that was written as the words that follow; None = none was tried"""
