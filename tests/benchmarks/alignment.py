"""How far the edges of words are off, where a chunk of speech begins and ends by construction.

The words (Japanese: the kana) of the reference and those heard are aligned as sequences. A chunk's
beginning counts if its first unit was heard and begins a heard word, its end likewise: a word that
was misheard has no edge to compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from matching import english_words, kana
from truth import Chunk

from analysis.results import Transcript

FAR_S = 2.0
"""further off it is another word of the same name"""


@dataclass(frozen=True, slots=True)
class _Unit:
    text: str
    start: float | None
    """of the chunk or word, where this is its first unit, s"""
    end: float | None
    """where it is the last"""


def word_edge_errors_s(chunks: Sequence[Chunk], transcript: Transcript) -> list[float]:
    """Return by how much heard words begin and end off the edges of their chunks, sizes in s."""
    split = kana if transcript.language == "ja" else english_words
    true = [unit for c in chunks for unit in _units(split(c.text), c.start, c.end)]
    heard = [unit for w in transcript.words for unit in _units(split(w.text), w.start, w.end)]
    matcher = SequenceMatcher(None, [u.text for u in true], [u.text for u in heard], autojunk=False)
    errors = []
    for block in matcher.get_matching_blocks():
        for i in range(block.size):
            a, b = true[block.a + i], heard[block.b + i]
            for wanted, got in ((a.start, b.start), (a.end, b.end)):
                if wanted is not None and got is not None and abs(got - wanted) < FAR_S:
                    errors.append(abs(got - wanted))
    return errors


def _units(texts: Sequence[str], start: float, end: float) -> list[_Unit]:
    last = len(texts) - 1
    return [
        _Unit(text, start if i == 0 else None, end if i == last else None)
        for i, text in enumerate(texts)
    ]
