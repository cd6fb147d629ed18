"""Japanese words and readings: the only door to SudachiPy.

Morae are counted on the reading: every kana is one mora (ー, ッ and ン too), small kana that
colour the one before (ャ, ュ, ョ, ァ, ィ, ゥ, ェ, ォ, ヮ) are none. Sudachi reads Arabic digits one
by one and spells many Latin words, so those have their reading before it is asked
(`analysis.fixed_readings`).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from analysis.fixed_readings import Fixed, find_fixed, find_words, rewritten
from analysis.katakana import is_english, spell
from analysis.readings import Readings, read_readings
from analysis.results import Word

_SMALL = set("ャュョァィゥェォヮゃゅょぁぃぅぇぉゎ")
_KANA = re.compile(r"[ァ-ヺー]")
_JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ一-鿿々]")
_LATIN_SIGN = re.compile(r"[A-Za-z0-9.,!?'’+#&%-]")
_KATAKANA = re.compile(r"[ァ-ヺー]+")
_NOT_WORDS = ("補助記号", "空白", "記号")
_MARKS = re.compile(r"[。、？！\s]")
_NOBODY = -1
_ENOUGH = "十分"  # ジュウブン more often than ten minutes, which are written 10分
_LONGEST_PIECE = 8000  # characters; at most four bytes each


@dataclass(frozen=True, slots=True)
class Morpheme:
    """A dictionary word inside a text."""

    begin: int
    """index of its first character in the text"""
    end: int
    """index after its last"""
    surface: str
    part_of_speech: str
    """first part of Sudachi's tag, for instance "名詞" """
    detail: str
    """second part"""
    reading: str
    """katakana"""

    @property
    def is_word(self) -> bool:
        """Whether it is a word, not punctuation or space."""
        return self.part_of_speech not in _NOT_WORDS


def split_words(text: str) -> tuple[Morpheme, ...]:
    """Split a text into dictionary words (Sudachi mode C)."""
    from sudachipy import SplitMode

    return tuple(
        Morpheme(
            at + m.begin(),
            at + m.end(),
            m.surface(),
            m.part_of_speech()[0],
            m.part_of_speech()[1],
            m.reading_form(),
        )
        for at, piece in _pieces_for_sudachi(text)
        for m in _tokenizer().tokenize(piece, SplitMode.C)
    )


def _pieces_for_sudachi(text: str) -> Iterator[tuple[int, str]]:
    """Cut a long text behind a mark: Sudachi takes 49 149 bytes, half an hour of speech."""
    at = 0
    while len(text) - at > _LONGEST_PIECE:
        ends = list(_MARKS.finditer(text, at, at + _LONGEST_PIECE))
        end = ends[-1].end() if ends else at + _LONGEST_PIECE
        yield at, text[at:end]
        at = end
    yield at, text[at:]


def reading(text: str, *, readings: Readings | None = None) -> str:
    """Return the reading in katakana: numbers, acronyms and English words as they are said.

    Parameters
    ----------
    readings : with the user's own; None = ours alone.
    """
    readings = readings or read_readings()
    plain = unicodedata.normalize("NFKC", text)
    spoken, fixed = rewritten(plain, find_fixed(plain, readings))
    morphemes = split_words(spoken)
    borders = {b for m in morphemes for b in (m.begin, m.end)}
    chosen = [
        f
        for f in fixed
        if f.sure or ({f.begin, f.end} <= borders and spoken[f.begin : f.end] != _ENOUGH)
    ]
    known = {(m.begin, m.end): m.reading for m in morphemes if _KATAKANA.fullmatch(m.reading)}
    chosen = [_by_dictionary(f, known.get((f.begin, f.end), ""), spoken) for f in chosen]
    for word in find_words(spoken, readings):
        whole = word.sure or {word.begin, word.end} <= borders
        if whole and not any(f.begin < word.end and word.begin < f.end for f in chosen):
            chosen.append(word)
    return "".join(_read_around(morphemes, sorted(chosen, key=lambda f: f.begin)))


def _by_dictionary(fixed: Fixed, said: str, text: str) -> Fixed:
    """Take the dictionary's reading of an English word, unless it only spells the letters."""
    if not fixed.rule or not said or said == spell(text[fixed.begin : fixed.end]):
        return fixed
    return replace(fixed, reading=said)


def _read_around(morphemes: tuple[Morpheme, ...], fixed: list[Fixed]) -> Iterator[str]:
    """Yield readings: the known ones, and between them those of the dictionary."""
    waiting = iter((*fixed, None))
    following = next(waiting)
    at = 0
    for morpheme in morphemes:
        begin = max(at, morpheme.begin)
        while following is not None and following.begin < morpheme.end:
            if begin < following.begin:
                yield _read_part(morpheme, begin, following.begin)
            yield following.reading
            begin = at = max(at, following.end)
            following = next(waiting)
        if begin < morpheme.end:
            yield _read_part(morpheme, begin, morpheme.end)


def _read_part(morpheme: Morpheme, begin: int, end: int) -> str:
    """Read a morpheme from `begin` to `end`; cut ones are looked up anew."""
    if (begin, end) == (morpheme.begin, morpheme.end):
        parts: tuple[Morpheme, ...] = (morpheme,)
    else:
        parts = split_words(morpheme.surface[begin - morpheme.begin : end - morpheme.begin])
    return "".join(p.reading for p in parts if p.is_word and _KANA.search(p.reading))


def group_pieces(pieces: tuple[Word, ...]) -> tuple[tuple[Word, ...], dict[int, int]]:
    """Join the pieces of the recogniser (often single characters) into dictionary words.

    Returns
    -------
    words : a word for each dictionary word, punctuation joined to the word before it.
    index : piece index → word index, for the pieces with which a word begins.
    """
    text = ""
    owner: list[int] = []
    for i, piece in enumerate(pieces):
        if _needs_space(text, piece):
            text += " "
            owner.append(_NOBODY)
        text += piece.text
        owner += [i] * len(piece.text)
    words: list[Word] = []
    index: dict[int, int] = {}
    for morpheme in split_words(text):
        owners = [o for o in owner[morpheme.begin : morpheme.end] if o != _NOBODY]
        if not owners:
            continue
        first, last = pieces[owners[0]], pieces[owners[-1]]
        if not morpheme.is_word and words:
            before = words[-1]
            words[-1] = replace(before, text=before.text + morpheme.surface)
            continue
        if morpheme.begin == 0 or owner[morpheme.begin - 1] != owners[0]:
            index[owners[0]] = len(words)
        start = _within(first, morpheme.begin - owner.index(owners[0]))
        end = _within(last, morpheme.end - owner.index(owners[-1]))
        if words:
            start = max(start, words[-1].end)
        words.append(
            Word(
                start=start,
                end=max(start, end),
                text=morpheme.surface,
                probability=min(pieces[i].probability for i in owners),
                space_before=first.space_before
                and owner[morpheme.begin - 1 : morpheme.begin] != owners[:1],
            )
        )
    return tuple(words), index


def _within(piece: Word, characters: int) -> float:
    """Return the time after that many characters of a piece, spread evenly over it."""
    return piece.start + (piece.end - piece.start) * characters / len(piece.text)


def count_morae(text: str, *, readings: Readings | None = None) -> int:
    """Count the morae of a text, of foreign words and numbers too."""
    return count_kana(reading(text, readings=readings))


def count_kana(katakana: str) -> int:
    """Count the morae of a reading."""
    return sum(1 for c in katakana if _KANA.match(c) and c not in _SMALL)


def count_characters(text: str, *, readings: Readings | None = None) -> int:
    """Count kana, kanji, digits and letters, without punctuation and spaces.

    An English word counts as many characters as its katakana has: its letters would make an answer
    look faster. Acronyms keep their letters.
    """
    readings = readings or read_readings()
    plain = unicodedata.normalize("NFKC", text)
    english = [f for f in find_fixed(plain, readings) if is_english(plain[f.begin : f.end])]
    count = sum(len(f.reading) for f in english)
    at = 0
    for begin, end in [*((f.begin, f.end) for f in english), (len(plain), len(plain))]:
        count += sum(1 for c in plain[at:begin] if unicodedata.category(c)[0] in "LN")
        at = end
    return count


def count_words(text: str) -> int:
    """Count dictionary words; a Latin word is one, however the dictionary cuts it."""
    return len(word_texts(text))


def word_texts(text: str) -> tuple[str, ...]:
    """Return the words of a text, without punctuation."""
    words: list[str] = []
    end = -1
    for morpheme in split_words(text):
        if not morpheme.is_word:
            continue
        latin = morpheme.surface[:1].isascii() and morpheme.surface[:1].isalnum()
        if latin and morpheme.begin == end and words[-1][-1:].isascii():
            words[-1] += morpheme.surface
        else:
            words.append(morpheme.surface)
        end = morpheme.end
    return tuple(words)


def has_japanese(text: str) -> bool:
    """Whether kana or kanji are in it."""
    return _JAPANESE.search(text) is not None


def join_words(words: Iterable[Word]) -> str:
    """Write words as one text, with spaces only between Latin words."""
    text = ""
    for word in words:
        text += (" " if _needs_space(text, word) else "") + word.text
    return text


def _needs_space(before: str, word: Word) -> bool:
    return (
        word.space_before
        and _LATIN_SIGN.match(before[-1:]) is not None
        and _LATIN_SIGN.match(word.text[:1]) is not None
    )


@functools.cache
def _tokenizer() -> Any:
    from sudachipy import Dictionary

    dictionary = Dictionary(dict="core")
    # The name before 0.7 is `create`.
    return (getattr(dictionary, "tokenizer", None) or dictionary.create)()
