"""How hesitations are written: by name, in any kana, or as words that sound like them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

from analysis.japanese import reading
from analysis.results import Word
from analysis.speech import bare

_SMALL = dict(zip("ぁぃぅぇぉゃゅょ", "aiueoauo", strict=True))
_MARKS = ("、", "。", "？", "！", ",", ".")
_MOST_WORDS = 3
_LONGEST_S = 1.2  # our judgement
_PAUSE_S = 0.12  # our judgement
_ALIKE = 0.85  # our judgement
_ONSETS = "bdghjktwyz"
"""consonants for which the onset of a vowel is taken"""


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
    """Return how much a Japanese text sounds like a hesitation (ジェート like えーと), 0..1.

    The onset of a vowel is often taken for a consonant, and えー for えい: neither counts. 0 for
    other languages: in English a recogniser writes any short word for an "er".
    """
    if not text or text.isascii():
        return 0.0
    said = _sounds_of(text)
    if sum(c in "aiueon" for c in said) < 2:
        return 0.0  # a particle (で, に) rather than a short えー
    return max(
        (_alike(_core(said), _core(k)) for k in map(_sounds_of, known) if len(k) > 1),
        default=0.0,
    )


def find_alike(words: tuple[Word, ...], known: frozenset[str]) -> list[tuple[int, int]]:
    """Return the first and last word of short Japanese runs that sound like a hesitation.

    They are set off by a pause or a comma on at least one side, and no longer than 1.2 s.
    """
    found: list[tuple[int, int]] = []
    i = 0
    while i < len(words):
        for last in range(min(i + _MOST_WORDS, len(words)) - 1, i - 1, -1):
            long = words[last].end - words[i].start > _LONGEST_S
            if long or not (_set_off(words, i) or _set_off(words, last + 1)):
                continue
            if likeness("".join(w.text for w in words[i : last + 1]), known) >= _ALIKE:
                found.append((i, last))
                i = last
                break
        i += 1
    return found


def _set_off(words: tuple[Word, ...], i: int) -> bool:
    if not 0 < i < len(words):
        return True
    return words[i].start - words[i - 1].end >= _PAUSE_S or words[i - 1].text.endswith(_MARKS)


def _hiragana(text: str) -> str:
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in text)


def _sounds_of(text: str) -> str:
    """Return a Japanese text in Latin letters as it sounds, roughly: without stops."""
    kana = _hiragana(reading(bare(text)))
    said = ""
    for sign in kana:
        if sign == "ー":
            said += said[-1:]
        elif sign in _SMALL:
            said = said[:-1] + _SMALL[sign]
        elif sign != "っ":
            # "HIRAGANA LETTER ZE" is "ze".
            said += unicodedata.name(sign, "").rpartition(" ")[2].lower()
    return said.replace("ei", "ee").replace("ou", "oo")


def _core(said: str) -> str:
    """Leave out the first consonant, and what only makes a vowel longer."""
    short = "".join(c for c, before in zip(said, " " + said, strict=False) if c != before)
    return short.lstrip(_ONSETS)


def _alike(a: str, b: str) -> float:
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0
