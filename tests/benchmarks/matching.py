"""Comparing what was measured with what is true: events in time, and texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from truth import HESITATIONS

from analysis import japanese


class Span(Protocol):
    """Anything with a start and an end, s."""

    @property
    def start(self) -> float: ...

    @property
    def end(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Matches:
    """Which true events were found, one to one."""

    pairs: tuple[tuple[Span, Span], ...]
    """(true, measured)"""
    missed: tuple[Span, ...]
    false: tuple[Span, ...]

    @property
    def edge_errors_s(self) -> list[float]:
        """Distance of starts and of ends, s."""
        return [abs(a - b) for t, m in self.pairs for a, b in ((t.start, m.start), (t.end, m.end))]


def match_stretches(true: Sequence[Span], measured: Sequence[Span]) -> Matches:
    """Match stretches that share at least half of the time that they cover together."""
    shares = [(_shared(t, m), i, k) for i, t in enumerate(true) for k, m in enumerate(measured)]
    return _best_pairs(true, measured, [s for s in shares if s[0] >= 0.5])


def match_events(true: Sequence[Span], measured: Sequence[Span], collar_s: float) -> Matches:
    """Match events that overlap once the true ones are widened by a collar."""
    nearness = [
        (-abs(t.start + t.end - m.start - m.end), i, k)
        for i, t in enumerate(true)
        for k, m in enumerate(measured)
        if m.start <= t.end + collar_s and m.end >= t.start - collar_s
    ]
    return _best_pairs(true, measured, nearness)


def _shared(a: Span, b: Span) -> float:
    together = min(a.end, b.end) - max(a.start, b.start)
    covered = max(a.end, b.end) - min(a.start, b.start)
    return together / covered if covered > 0 else 0.0


def _best_pairs(
    true: Sequence[Span], measured: Sequence[Span], scores: list[tuple[float, int, int]]
) -> Matches:
    left, right = set(range(len(true))), set(range(len(measured)))
    pairs = []
    for _, i, k in sorted(scores, key=lambda s: (-s[0], s[1], s[2])):
        if i in left and k in right:
            left.remove(i)
            right.remove(k)
            pairs.append((i, k))
    return Matches(
        tuple((true[i], measured[k]) for i, k in sorted(pairs)),
        tuple(true[i] for i in sorted(left)),
        tuple(measured[k] for k in sorted(right)),
    )


def edits(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Return the smallest number of insertions, deletions and substitutions."""
    row = list(range(len(heard) + 1))
    for i, wanted in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for k, got in enumerate(heard, 1):
            diagonal, row[k] = (
                row[k],
                min(row[k] + 1, row[k - 1] + 1, diagonal + (wanted != got)),
            )
    return row[-1]


_NOT_WORDS = re.compile(r"<[^>]*>|\[[^\]]*\]")
_SPELLINGS = {
    "yknow": "you know",
    "alright": "all right",
    "ok": "okay",
    "gonna": "going to",
    "firefox": "fire fox",
    "%": "percent",
    "&": "and",
}
_LOOSE_LETTERS = re.compile(r"(?<![\w'])[a-z](?: [a-z](?![\w']))+")
_HESITATIONS = frozenset(
    (*HESITATIONS, "mmm", "uhm", "umm", "uhh", "ah", "eh", "uh-huh", "mhm", "ahh")
)
_JAPANESE_HESITATIONS = re.compile(
    r"(?:(?<=[、。])|^)(?:えーと|えっと|ええと|えー|あのー|あの|うーん|んー)(?=[、。ー]|$)"
)


def english_words(text: str) -> list[str]:
    """Return the words to compare: lower case, no punctuation, numbers in words, no "um"."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = _NOT_WORDS.sub(" ", plain)
    plain = re.sub(r"(\d),(\d{3})\b", r"\1\2", plain)
    plain = re.sub(r"\d+", lambda m: f" {number_in_words(int(m[0]))} ", plain)
    plain = plain.replace("%", " % ").replace("&", " & ")
    words: list[str] = [w.strip("'") for w in re.findall(r"[a-z']+|[%&]", plain)]
    spelt = [_SPELLINGS.get(w, w) for w in words if w and w not in _HESITATIONS]
    # Letters that are said one by one are one word, however they were written: "m f a", "MFA".
    joined = _LOOSE_LETTERS.sub(lambda m: m[0].replace(" ", ""), " ".join(spelt))
    return joined.split()


def count_words(text: str) -> int:
    """Count words without hesitations and sounds, in the spelling of the recogniser."""
    return len(english_words(text))


def kana(text: str) -> str:
    """Return the reading to compare: katakana without hesitations that stand alone."""
    before = None
    while before != text:
        before, text = text, _JAPANESE_HESITATIONS.sub("", text)
    return japanese.reading(text)


_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def number_in_words(number: int) -> str:
    """Write a whole number in English words, without "and"."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        ones = f" {_ONES[number % 10]}" if number % 10 else ""
        return _TENS[number // 10 - 2] + ones
    for size, name in (
        (10**9, "billion"),
        (10**6, "million"),
        (1000, "thousand"),
        (100, "hundred"),
    ):
        if number >= size:
            rest = f" {number_in_words(number % size)}" if number % size else ""
            return f"{number_in_words(number // size)} {name}{rest}"
    raise AssertionError(number)
