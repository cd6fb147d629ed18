"""What the recogniser wrote, brought in order: words lie in speech, loops and overlaps are gone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from analysis.results import Word
from analysis.timeline import Segment, Segments, intersect, total

_MARKS = " ,.?!。、"

MAX_REPEATS = 4
"""one word this often in a row is a loop of the decoder, not speech"""
_EDGE_S = 0.3
"""how far from measured speech a word may lie"""


def inside_speech(word: Word, measured: Segments) -> Word | None:
    """Cut a word to the speech it lies in; None where it lies in a silence.

    Whisper stretches words over silences, mostly their starts: what overlaps speech by 30 % is
    cut to it. The measuring pass misses soft syllables at its edges: a word within `_EDGE_S` of
    speech stands as it is. Both shares: our judgement.
    """
    if not word.text:
        return None
    end = max(word.end, word.start + 0.02)
    span = Segment(word.start, end)
    inside = intersect([span], measured)
    if total(inside) >= min(0.3 * span.duration_s, 0.1) and inside:
        # A word lies in one stretch of speech: the one that holds most of it, the later of equals.
        best = max(inside, key=lambda s: (round(s.duration_s, 2), s.start))
        return replace(word, start=best.start, end=best.end)
    near = intersect(
        [span], (Segment(max(0.0, s.start - _EDGE_S), s.end + _EDGE_S) for s in measured)
    )
    if total(near) < 0.5 * span.duration_s:
        return None
    return replace(word, start=near[0].start, end=near[-1].end)


def looping(before: Sequence[Word], word: Word) -> bool:
    """Whether a word only goes on with a loop of the decoder."""
    tail = before[-MAX_REPEATS:]
    bare = word.text.casefold().strip(_MARKS)
    return len(tail) == MAX_REPEATS and all(w.text.casefold().strip(_MARKS) == bare for w in tail)


def join_pieces(pieces: tuple[Word, ...]) -> tuple[tuple[Word, ...], dict[int, int]]:
    """Join pieces that no space separates ("full" + "-time"); also return piece → word index."""
    words: list[Word] = []
    index: dict[int, int] = {}
    for i, piece in enumerate(pieces):
        if words and not piece.space_before:
            before = words[-1]
            words[-1] = replace(
                before,
                end=max(before.end, piece.end),
                text=before.text + piece.text,
                probability=min(before.probability, piece.probability),
            )
            continue
        index[i] = len(words)
        words.append(piece)
    return tuple(words), index


def in_order(words: list[Word]) -> tuple[Word, ...]:
    """Times never run backwards and words do not overlap."""
    ordered: list[Word] = []
    last = -math.inf
    for word in words:
        start = max(word.start, last)
        end = max(word.end, start)
        ordered.append(replace(word, start=start, end=end))
        last = end
    return tuple(ordered)
