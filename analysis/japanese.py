"""Japanese words and readings: the only door to SudachiPy.

Morae are counted on the reading: every kana is one mora (ー, ッ and ン too), small kana that
colour the one before (ャ, ュ, ョ, ァ, ィ, ゥ, ェ, ォ, ヮ) are none. Sudachi reads Arabic digits one
by one, so numbers are written in kanji first; イチ against イッ makes no difference to the count.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from analysis.results import Word

_SMALL = set("ャュョァィゥェォヮゃゅょぁぃぅぇぉゎ")
_KANA = re.compile(r"[ァ-ヺー]")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# 1000万 is said イッセンマン.
_BARE_THOUSAND = re.compile(r"(?<![〇一二三四五六七八九十百])千(?=[万億兆])")
_DIGITS = "〇一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_GROUPS = ("", "万", "億", "兆")
_NOT_WORDS = ("補助記号", "空白", "記号")
_LATIN = re.compile(r"[A-Za-z]+")
_MARKS = re.compile(r"[。、？！\s]")
_LONGEST_PIECE = 8000  # characters; at most four bytes each

# Sudachi's reading is not the one said in interviews.
_SAID = {"御社": "オンシャ", "貴社": "キシャ"}
_SAID_ALONE = {"私": "ワタシ"}

# How the Latin letters are read in Japanese; an acronym is read letter by letter.
_LETTERS = {
    **{"A": "エー", "B": "ビー", "C": "シー", "D": "ディー", "E": "イー", "F": "エフ", "G": "ジー"},
    **{
        "H": "エイチ",
        "I": "アイ",
        "J": "ジェー",
        "K": "ケー",
        "L": "エル",
        "M": "エム",
        "N": "エヌ",
    },
    **{"O": "オー", "P": "ピー", "Q": "キュー", "R": "アール", "S": "エス", "T": "ティー"},
    **{"U": "ユー", "V": "ブイ", "W": "ダブリュー", "X": "エックス", "Y": "ワイ", "Z": "ゼット"},
}


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


def reading(text: str) -> str:
    """Return the reading in katakana; what can't be read (foreign words) is spelt by letters."""
    spoken = _NUMBER.sub(lambda m: kanji_number(m[0]), unicodedata.normalize("NFKC", text))
    spoken = _BARE_THOUSAND.sub("一千", spoken)
    for written, said in _SAID.items():
        spoken = spoken.replace(written, said)
    parts = []
    for morpheme in split_words(spoken):
        if not morpheme.is_word:
            continue
        if _KANA.search(morpheme.reading):
            parts.append(_SAID_ALONE.get(morpheme.surface, morpheme.reading))
        else:
            parts.append(_spelt(morpheme.surface))
    return "".join(parts)


def group_pieces(pieces: tuple[Word, ...]) -> tuple[tuple[Word, ...], dict[int, int]]:
    """Join the pieces of the recogniser (often single characters) into dictionary words.

    Returns
    -------
    words : a word for each dictionary word, punctuation joined to the word before it.
    index : piece index → word index, for the pieces with which a word begins.
    """
    text = "".join(p.text for p in pieces)
    owner = [i for i, p in enumerate(pieces) for _ in p.text]
    words: list[Word] = []
    index: dict[int, int] = {}
    for morpheme in split_words(text):
        owners = owner[morpheme.begin : morpheme.end]
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


def count_morae(text: str) -> int:
    """Count the morae of a text."""
    return sum(1 for c in reading(text) if _KANA.match(c) and c not in _SMALL)


def count_characters(text: str) -> int:
    """Count letters, kana, kanji and digits, without punctuation and spaces."""
    return sum(1 for c in text if unicodedata.category(c)[0] in "LN")


def kanji_number(digits: str) -> str:
    """Write an Arabic number as it is said: 1200 as 千二百, 3.5 as 三点五."""
    whole, _, fraction = digits.replace(",", "").partition(".")
    if len(whole) > 16 or (len(whole) > 1 and whole.startswith("0")):
        said = "".join(_DIGITS[int(d)] for d in whole)
    else:
        said = _kanji_whole(int(whole))
    return said + ("点" + "".join(_DIGITS[int(d)] for d in fraction) if fraction else "")


def _kanji_whole(number: int) -> str:
    if number == 0:
        return "ゼロ"
    said = ""
    for power in range(len(_GROUPS) - 1, -1, -1):
        group = number // 10_000**power % 10_000
        if not group:
            continue
        for unit in range(3, -1, -1):
            digit = group // 10**unit % 10
            if digit:
                # 一 is said before 万 and above, and alone, but not before 十, 百 and 千.
                said += ("" if digit == 1 and unit else _DIGITS[digit]) + _UNITS[unit]
        said += _GROUPS[power]
    return said


def _spelt(surface: str) -> str:
    if _LATIN.fullmatch(surface):
        if surface.isupper() and len(surface) <= 5:
            return "".join(_LETTERS[c] for c in surface)
        # An English word in katakana takes about one mora per 1.3 letters (our judgement).
        return "ア" * max(1, round(len(surface) / 1.3))
    return "".join(c for c in surface if _KANA.match(c))


@functools.cache
def _tokenizer() -> Any:
    from sudachipy import Dictionary

    dictionary = Dictionary(dict="core")
    # The name before 0.7 is `create`.
    return (getattr(dictionary, "tokenizer", None) or dictionary.create)()
