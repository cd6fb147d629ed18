"""The text of a window of the recogniser, and hesitations written into it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.hesitation_guesses import Guess

_ROOM_FROM = 0.003  # first-token probability from which a hesitation is tried
_ROOM_FROM_S = 0.12  # or time between two words that is neither's
_MISHEARD_FROM = 0.03  # first-token probability from which words may be a hesitation
_MISHEARD_S = 1.2  # a hesitation that was written as words is at most this long
_MISHEARD_PIECES = 12
_DOUBTFUL = 0.5  # probability below which a word may be something else
ENDS = (".", "?", "!", "。", "？", "！")
_MARKS = (*ENDS, ",", "、", "…", "-")


@dataclass(frozen=True, slots=True)
class GapScore:
    """What the recogniser says about a boundary between two words."""

    first: float
    """summed probability of the first tokens of hesitations, 0..1"""
    inserted: Guess | None = None
    """the likeliest hesitation here; None = none was tried"""
    instead: Guess | None = None
    """the likeliest that was written as the words that follow; None = none was tried"""
    repeats: tuple[float, ...] = ()
    """probability that the piece before is said again, the one before that, …"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the text of a window."""

    position: int
    """index of its first token"""
    text: str
    start: float
    """s; nan = not the start of a word"""
    end: float
    """s"""
    probability: float = 1.0
    """of the word it belongs to"""


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the recogniser and what is known about it so far."""

    encoded: Any
    frames: int
    tokens: list[int]
    pieces: Sequence[Piece]
    likely: NDArray[np.float64]
    """ln probability of every token as it stands, among the tokens of text"""
    goes_on: float
    """ln probability that the text goes on behind its last token"""
    scores: list[GapScore]

    def position(self, i: int) -> int:
        """Index of the first token of the piece `i`; of the end behind the last piece."""
        return self.pieces[i].position if i < len(self.pieces) else len(self.tokens)

    def has_room(self, i: int) -> bool:
        """Whether a hesitation may lie before the piece `i`."""
        if i in (0, len(self.pieces)):
            return True
        before, after = self.pieces[i - 1], self.pieces[i]
        if math.isnan(after.start) or after.position > len(self.tokens):
            return False
        return self.scores[i].first >= _ROOM_FROM or after.start - before.end >= _ROOM_FROM_S

    def misheard(self, i: int) -> tuple[int, int] | None:
        """Return the few pieces from `i` on that may be a hesitation written as words, or None.

        A short run that is set off at its end, else one word; where a hesitation is likely or the
        words are not.
        """
        one: tuple[int, int] | None = None
        start = self.pieces[i].start
        expected = self.scores[i].first
        if math.isnan(start) or (
            expected < _MISHEARD_FROM and self.pieces[i].probability >= _DOUBTFUL
        ):
            return None
        for last in range(i, min(i + _MISHEARD_PIECES, len(self.pieces))):
            piece = self.pieces[last]
            after = self.pieces[last + 1] if last + 1 < len(self.pieces) else None
            if not piece.end - start <= _MISHEARD_S or self.position(last + 1) > len(self.tokens):
                break
            if after is not None and (math.isnan(after.start) or not _spoken(after.text)):
                continue  # the word, or the mark behind it, goes on
            if one is None:
                one = (i, last + 1)
            apart = after is None or after.start - piece.end >= _ROOM_FROM_S
            if apart or piece.text.strip().endswith(_MARKS):
                return (i, last + 1)
        return one


@dataclass(frozen=True, slots=True)
class Edit:
    """A hesitation written into a text."""

    piece: int
    """it is written before this piece"""
    sound: str
    start: int
    """index of the first token that is replaced"""
    stop: int
    """index behind the last"""
    said: list[int]
    """tokens of the hesitation"""
    last: list[int] = field(default_factory=list)
    """token of the text that follows, spelt anew; it replaces the token at `start`"""
    replaced_s: float = 0.0
    """how long what it replaces was said to be"""


def _spoken(text: str) -> bool:
    return any(c.isalnum() for c in text)


def cut(
    texts: Sequence[str], lengths: Sequence[int], words: Sequence[Any], offset: float
) -> tuple[list[Piece], list[int | None]]:
    """Bring the words of the recogniser and the pieces of its text together.

    Parameters
    ----------
    texts : the pieces into which the tokenizer cuts the text.
    lengths : how many tokens each of them has.
    words : with `word` (text), `start`, `end` and `probability`.
    offset : start of the window, s; the times of pieces count from it.

    Returns
    -------
    pieces : with the times of their words.
    starts : for each word the index of the piece with which it begins; None = in the midst of one.
    """
    # The text is walked once: the same word may come again.
    text = "".join(texts)
    spans: list[tuple[int, int]] = []
    at = 0
    for word in words:
        begin = text.find(word.word, at)
        spans.append((begin, begin + len(word.word)))
        at = max(at, begin + len(word.word))
    pieces: list[Piece] = []
    starts: list[int | None] = [None] * len(words)
    position, letter, k = 0, 0, 0
    for piece, length in zip(texts, lengths, strict=True):
        while k + 1 < len(spans) and spans[k][1] <= letter:
            k += 1
        begins = k < len(spans) and spans[k][0] == letter
        if begins:
            starts[k] = len(pieces)
        pieces.append(
            Piece(
                position,
                piece,
                words[k].start - offset if begins else math.nan,
                words[k].end - offset if words else math.nan,
                words[k].probability if words else 0.0,
            )
        )
        position += length
        letter += len(piece)
    return pieces, starts
