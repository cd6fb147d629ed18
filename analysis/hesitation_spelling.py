"""How hesitations are written: by name, in any kana, or as words that sound like them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

from analysis.japanese import reading
from analysis.results import Word
from analysis.speech import bare

_FULL = str.maketrans("ぁぃぅぇぉ", "あいうえお")


def find_written(words: tuple[Word, ...], known: frozenset[str]) -> list[tuple[int, int]]:
    """Return the first and last word of every hesitation that the recogniser wrote.

    Japanese ones may be in katakana (エット), and be cut in two (えっ, と).
    """
    found: list[tuple[int, int]] = []
    i = 0
    while i < len(words):
        for last in (i + 1, i):
            if last >= len(words) or (last > i and words[last].space_before):
                continue
            if _hiragana(bare("".join(w.text for w in words[i : last + 1]))) in known:
                found.append((i, last))
                i = last
                break
        i += 1
    return found


def likeness(text: str, known: Iterable[str]) -> float:
    """Return how much a Japanese text reads like a hesitation (イエート like えーと), 0..1.

    0 for other languages: in English a recogniser writes any short word for an "er".
    """
    if not text or text.isascii():
        return 0.0
    said = _sounds_of(text)
    return max((_alike(said, k) for k in map(_sounds_of, known) if len(k) > 1), default=0.0)


def _hiragana(text: str) -> str:
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in text)


def _sounds_of(text: str) -> str:
    """Return a Japanese text as it sounds, roughly: without long vowels and stops."""
    kana = _hiragana(reading(bare(text)))
    return "".join(c for c in kana.translate(_FULL) if c not in "ーっ")


def _alike(a: str, b: str) -> float:
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0
