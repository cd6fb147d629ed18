"""The contexts of a filler word: patterns of the words, marks and pauses around it.

A pattern is a row of steps in the order of the text, with a space between them:

``would``       this word (Japanese: one dictionary word or several)
``look*``       a word that begins with these letters; ``*ly`` one that ends with them
``<pronoun>``   a word of a class that the same file lists, or ``<number>``, or ``<name>``: a word
                with a capital letter that begins no sentence;
                Japanese also Sudachi's part of speech: ``<名詞>``, ``<名詞/普通名詞>``
``<comma>``     a comma or dash here · ``<start>`` ``<end>`` of a sentence · ``<first>`` start of
                the answer · ``<pause>`` a pause or "um" here · ``<off>`` any of these ·
                ``<close>`` none of these

A word of a pattern lies in the same clause: neither comma nor end of sentence stands before it,
unless the pattern says so. A pause may.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from analysis import japanese
from analysis.results import Word
from analysis.speech import bare

SET_OFF_S = 0.15
"""a pause this long sets a word off (our judgement)"""
_COMMAS = (",", ";", "…", "-", "–", "—", "、")
_ENDS = (".", "?", "!", "。", "？", "！")
_I = re.compile(r"I\b")
_BREAKS = ("<comma>", "<first>", "<start>", "<end>", "<pause>", "<off>", "<close>")
_NUMBERS = {
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    *("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
    *("hundred", "thousand", "million", "billion", "half"),
}
_TAGS = {
    *("名詞", "代名詞", "形状詞", "連体詞", "副詞", "接続詞", "感動詞", "動詞", "形容詞", "助動詞"),
    *("助詞", "接頭辞", "接尾辞"),
}

Side = Literal["left", "right"]
Classes = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Break:
    """What lies between two words."""

    comma: bool = False
    sentence: bool = False
    """the end of a sentence, and so the start of the next"""
    first: bool = False
    """nothing was said before"""
    pause: bool = False

    @property
    def off(self) -> bool:
        """Whether anything sets the words off from each other."""
        return self.comma or self.sentence or self.pause


@dataclass(frozen=True, slots=True)
class Clause:
    """A transcript as patterns see it: without hesitations."""

    texts: tuple[str, ...]
    """words without punctuation, in lower case"""
    tags: tuple[str, ...]
    """Japanese: part of speech and its detail, for instance "名詞/普通名詞"; English: empty"""
    capital: tuple[bool, ...]
    """whether it is written with a capital letter, "I" aside"""
    breaks: tuple[Break, ...]
    """before each word, and after the last"""
    index: tuple[int, ...]
    """place of each word in the transcript"""


@dataclass(frozen=True, slots=True)
class Context:
    """Surroundings and how probable a filler is in them."""

    probability: float
    left: tuple[tuple[str, ...], ...]
    """one of these patterns ends right before the word; empty = whatever"""
    right: tuple[tuple[str, ...], ...]
    """one of these begins right after it; empty = whatever"""
    source: str = ""
    """empty = that of the word"""


def see(words: tuple[Word, ...], hesitations: frozenset[str], language: str) -> Clause:
    """Prepare a transcript for patterns: a hesitation counts as a pause."""
    tags = _tags(words) if language == "ja" else [""] * len(words)
    hesitant = _hesitant(words, hesitations, language)
    kept = [i for i, word in enumerate(words) if bare(word.text) and i not in hesitant]
    breaks = []
    for at, i in enumerate(kept):
        if not at:
            breaks.append(Break(sentence=True, first=True, pause=kept[0] > 0))
            continue
        before, between = words[kept[at - 1]], words[kept[at - 1] + 1 : i]
        breaks.append(
            Break(
                comma=before.text.endswith(_COMMAS),
                sentence=any(w.text.endswith(_ENDS) for w in (before, *between)),
                pause=bool(between) or words[i].start - before.end >= SET_OFF_S,
            )
        )
    return Clause(
        texts=tuple(bare(words[i].text) for i in kept),
        tags=tuple(tags[i] for i in kept),
        capital=tuple(words[i].text[:1].isupper() and not _I.match(words[i].text) for i in kept),
        breaks=(*breaks, Break(sentence=True)),
        index=tuple(kept),
    )


def places(clause: Clause, phrase: str, language: str) -> list[tuple[int, int]]:
    """Return (first, end) of every place where a word or phrase stands in one breath of text."""
    found = []
    parts = tuple(bare(part) for part in phrase.split())
    for at in range(len(clause.texts)):
        end = (
            _joined(clause, at, phrase, 1)
            if language == "ja"
            else at + len(parts)
            if clause.texts[at : at + len(parts)] == parts
            else None
        )
        if end is not None and not any(b.comma or b.sentence for b in clause.breaks[at + 1 : end]):
            found.append((at, end))
    return found


def fits(context: Context, clause: Clause, first: int, end: int, classes: Classes) -> bool:
    """Whether the words from `first` up to `end` stand in a context."""
    left = not context.left or any(
        matches(clause, first, p, classes, before=True) for p in context.left
    )
    return left and (
        not context.right or any(_walk(clause, end, p, classes, 1) for p in context.right)
    )


def matches(
    clause: Clause, at: int, pattern: tuple[str, ...], classes: Classes, *, before: bool = False
) -> bool:
    """Whether a pattern begins at a place, whatever lies before it, or ends there (`before`)."""
    return _walk(clause, at, pattern, classes, -1 if before else 1, crossed=not before)


def read_pattern(text: str, classes: Classes, language: str) -> tuple[str, ...]:
    """Split a pattern into its steps.

    Raises
    ------
    ValueError
        It is empty, or names a class that there is not.
    """
    steps = tuple(text.split())
    if not steps:
        raise ValueError("an empty pattern")
    for step in steps:
        if not step.startswith("<") or step in (*_BREAKS, "<number>", "<name>"):
            continue
        name = step.strip("<>")
        if name not in classes and not (language == "ja" and name.split("/")[0] in _TAGS):
            raise ValueError(f"unknown class {step} in the pattern {text!r}")
    return steps


def _walk(
    clause: Clause,
    at: int,
    pattern: tuple[str, ...],
    classes: Classes,
    way: Literal[1, -1],
    *,
    crossed: bool = False,
) -> bool:
    """Follow a pattern from a place between two words, onwards or (way -1) backwards.

    `crossed`: a comma or the end of a sentence right here does not matter.
    """
    for step in pattern[::way]:
        gap = clause.breaks[at]
        if step in _BREAKS:
            if not _breaks(gap, step):
                return False
            crossed = step != "<close>"
            continue
        if (gap.comma or gap.sentence) and not crossed:
            return False
        reached = _word(clause, at, step, classes, way)
        if reached is None:
            return False
        at, crossed = reached, False
    return True


def _breaks(gap: Break, step: str) -> bool:
    match step:
        case "<comma>":
            return gap.comma
        case "<first>":
            return gap.first
        case "<start>" | "<end>":
            return gap.sentence
        case "<pause>":
            return gap.pause
        case "<off>":
            return gap.off
        case _:
            return not gap.off


def _word(clause: Clause, at: int, step: str, classes: Classes, way: Literal[1, -1]) -> int | None:
    """Return the place behind the word that a step asks for; None = another word is there."""
    place = at if way == 1 else at - 1
    if not 0 <= place < len(clause.texts):
        return None
    text, tag = clause.texts[place], clause.tags[place]
    if not step.startswith("<"):
        if tag and "*" not in step:
            return _joined(clause, at, step, way)
        return at + way if fnmatchcase(text, step) else None
    name = step.strip("<>")
    if name == "number":
        found = text[:1].isdigit() or text in _NUMBERS or tag == "名詞/数詞"
    elif name == "name":
        found = clause.capital[place] and not clause.breaks[place].sentence
    elif name in classes:
        found = any(fnmatchcase(text, entry) for entry in classes[name])
    else:
        found = tag == name or tag.startswith(f"{name}/")
    return at + way if found else None


def _joined(clause: Clause, at: int, text: str, way: Literal[1, -1]) -> int | None:
    """Return the place behind several dictionary words that together are a text."""
    said, place = "", at
    while len(said) < len(text):
        step = place if way == 1 else place - 1
        if not 0 <= step < len(clause.texts):
            return None
        said = said + clause.texts[step] if way == 1 else clause.texts[step] + said
        place += way
    return place if said == text else None


def _hesitant(words: tuple[Word, ...], hesitations: frozenset[str], language: str) -> set[int]:
    """Return the words that are hesitations; Sudachi makes two of えーと."""
    longest = 3 if language == "ja" else 1
    found: set[int] = set()
    for first in range(len(words)):
        for end in range(min(first + longest, len(words)), first, -1):
            if "".join(bare(word.text) for word in words[first:end]) in hesitations:
                found.update(range(first, end))
                break
    return found


def _tags(words: tuple[Word, ...]) -> list[str]:
    """Return the part of speech of each word; words are Sudachi's own."""
    text = "".join(word.text for word in words)
    by_character = [""] * len(text)
    for morpheme in japanese.split_words(text):
        tag = f"{morpheme.part_of_speech}/{morpheme.detail}"
        by_character[morpheme.begin : morpheme.end] = [tag] * (morpheme.end - morpheme.begin)
    tags, at = [], 0
    for word in words:
        tags.append(by_character[at] if word.text else "")
        at += len(word.text)
    return tags
