"""Where in a Japanese text the reading is known before the dictionary is asked.

These are counted numbers, Latin words, and the words of ``data/readings.toml``. The dictionary
still sees the whole text, with numbers in kanji, so that it reads the words around them right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from analysis.japanese_numbers import NUMBER, count_up, kanji_number, say_number, written_value
from analysis.katakana import ENGLISH_DIGITS, is_acronym, say_latin
from analysis.readings import Readings

_LATIN_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
_TIME = re.compile(r"(?<![\d:])(\d{1,2}):(\d{2})(?![\d:])")
_FRACTION = re.compile(r"(?<![\d/.])(\d{1,3})/(\d{1,4})(?![\d/])")
_RANGE_SIGN = re.compile(r"[〜~∼–−,、-](?=\d)")
_PART_OF = re.compile(r"の[\d一二三四五六七八九]")
_AFTER_LATIN = re.compile(r"[A-Za-z] ?$")
_SIGNS = {"&": "アンド", "@": "アット"}
_SIGN = re.compile(r"(?<=[A-Za-z])[&@](?=[A-Za-z])")
_LOOKED_UP = 3
"""letters from which the dictionary is asked for an English word; it spells shorter ones"""
_LONGEST_LOOSE = 2
"""words up to this long count only as whole words: 他 is not part of 他社"""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A stretch of a text whose reading is known."""

    begin: int
    end: int
    reading: str
    sure: bool
    """False = only where the dictionary's words begin and end there too"""
    written: str = ""
    """what the dictionary is shown instead; "" = what stands there"""
    rule: bool = False
    """made by our rules for English sounds: the dictionary is better where it has the word"""


def find_fixed(text: str, readings: Readings) -> tuple[Fixed, ...]:
    """Return the known readings of a text (in NFKC), in order, none over another."""
    found: list[Fixed] = []
    for group in (
        _latin_terms(text, readings),
        _counted(text, readings),
        _latin_words(text, readings),
    ):
        found = _merged(found, group)
    return tuple(found)


def find_words(text: str, readings: Readings) -> Iterator[Fixed]:
    """Yield the Japanese words of the list, and those that depend on their neighbours."""
    for match in readings.word_pattern.finditer(text):
        long = match.end() - match.start() > _LONGEST_LOOSE
        yield Fixed(match.start(), match.end(), readings.words[match[0]], long)
    for context in readings.contexts:
        for match in re.finditer(re.escape(context.text), text):
            before, after = text[: match.start()], text[match.end() :]
            if (not context.after or before.endswith(context.after)) and (
                not context.before or after.startswith(context.before)
            ):
                yield Fixed(match.start(), match.end(), context.reading, False)


def rewritten(text: str, found: tuple[Fixed, ...]) -> tuple[str, tuple[Fixed, ...]]:
    """Return the text as the dictionary is to see it, and the readings at their new places."""
    parts: list[str] = []
    moved: list[Fixed] = []
    at = length = 0
    for fixed in found:
        parts.append(text[at : fixed.begin])
        length += len(parts[-1])
        parts.append(fixed.written or text[fixed.begin : fixed.end])
        moved.append(replace(fixed, begin=length, end=length + len(parts[-1])))
        length += len(parts[-1])
        at = fixed.end
    return "".join((*parts, text[at:])), tuple(moved)


def _merged(found: list[Fixed], more: Iterable[Fixed]) -> list[Fixed]:
    """Add what touches nothing that was found before."""
    for fixed in more:
        if not any(f.begin < fixed.end and fixed.begin < f.end for f in found):
            found = [*found, fixed]
    return sorted(found, key=lambda f: f.begin)


def _latin_terms(text: str, readings: Readings) -> Iterator[Fixed]:
    for match in readings.latin_pattern.finditer(text):
        word = match[0]
        said = readings.of_latin(word)
        digit = word[0].isdigit() and text[: match.start()][-1:].isdigit()
        if said and not digit and not (word[-1].isdigit() and text[match.end() :][:1].isdigit()):
            yield Fixed(match.start(), match.end(), said, True)


def _latin_words(text: str, readings: Readings) -> Iterator[Fixed]:
    for match in _LATIN_WORD.finditer(text):
        word = match[0]
        rule = len(word) >= _LOOKED_UP and not is_acronym(word)
        said = say_latin(word, readings)
        yield Fixed(match.start(), match.end(), said, True, word.lower() if rule else "", rule)
    for match in _SIGN.finditer(text):
        yield Fixed(match.start(), match.end(), _SIGNS[match[0]], True)


def _counted(text: str, readings: Readings) -> Iterator[Fixed]:
    hour, minute = readings.counters["時"], readings.counters["分"]
    taken: list[tuple[int, int]] = []
    for match in _TIME.finditer(text):
        said = count_up(match[1], hour) or ""
        if int(match[2]):
            said += count_up(str(int(match[2])), minute) or ""
        taken.append(match.span())
        yield Fixed(*match.span(), said, True, kanji_number(match[1].lstrip("0") or "0") + "時")
    for match in _FRACTION.finditer(text):
        said = f"{say_number(match[2])}ブンノ{say_number(match[1])}"
        taken.append(match.span())
        yield Fixed(*match.span(), said, True, "三分の一")
    month_ends = -1
    at = 0
    while match := NUMBER.search(text, at):
        begin, at = match.span()
        if any(b < at and begin < e for b, e in taken):
            continue
        number, low = match[0], ""
        sign = _RANGE_SIGN.match(text, at)
        if sign and number[0].isdecimal():
            second = NUMBER.match(text, sign.end())
            if second and (_follows(number, second[0]) or sign[0] not in ",、"):
                low, number, at = number, second[0], second.end()
        counter_match = readings.counter_pattern.match(text, at)
        fixed = None
        if counter_match and not _cut_short(text, counter_match):
            fixed = _with_counter(begin, low, number, counter_match, readings, month_ends)
        if fixed:
            at = fixed.end
            if counter_match and counter_match[0] == "月":
                month_ends = at
            yield fixed
        elif number[0].isdecimal():
            yield _alone(text, begin, at, low, number)


def _cut_short(text: str, counter: re.Match[str]) -> bool:
    """Whether Latin letters go on behind a counter of Latin letters: "5 means" is no 5 m."""
    after = text[counter.end() :][:1]
    return counter[0].isascii() and counter[0].isalpha() and after.isascii() and after.isalpha()


def _with_counter(
    begin: int,
    low: str,
    number: str,
    match: re.Match[str],
    readings: Readings,
    month_ends: int,
) -> Fixed | None:
    spelling = match[0]
    counter = readings.counters.get(spelling)
    tail = ""
    if counter is None:
        base = next(
            b
            for b in sorted(readings.counters, key=len, reverse=True)
            if spelling.startswith(b) and spelling[len(b) :] in readings.counters[b].tails
        )
        counter = readings.counters[base]
        tail = counter.tails[spelling[len(base) :]]
    said = count_up(number, counter, ordinal=not low)
    if said is None:
        return None
    first_of_month = counter.text == "日" and begin == month_ends and written_value(number) == 1
    if first_of_month:
        said = "ツイタチ"
    if counter.text == "分" and not tail and _PART_OF.match(match.string, match.end()):
        return None  # 三分の一 is no time
    digits = number[0].isdecimal()
    return Fixed(
        begin,
        match.end(),
        _low_end(low, number) + said + tail,
        digits or first_of_month,
        _kanji(number) + spelling if digits else "",
    )


def _alone(text: str, begin: int, end: int, low: str, number: str) -> Fixed:
    """Say a number without a counter; one digit behind a Latin word is English (Python 3)."""
    if (
        len(number) == 1
        and not low
        and _AFTER_LATIN.search(text[max(0, begin - 2) : begin])
        and text[end : end + 1] not in (".", "%")
    ):
        return Fixed(begin, end, ENGLISH_DIGITS[int(number)], True)
    said = say_number(number)
    if said is None:
        said = "".join(say_number(d) or "" for d in number if d.isdecimal())
    return Fixed(begin, end, _low_end(low, number) + said, True, _kanji(number))


def _low_end(low: str, high: str) -> str:
    """Say the lower end of a range: 2〜3年 is ニサンネン, 10〜20年 ジュッカラ…: ジュウカラ."""
    if not low:
        return ""
    if _follows(low, high):
        return {"4": "シ", "7": "シチ", "9": "ク"}.get(low) or say_number(low) or ""
    return (say_number(low) or "") + "カラ"


def _follows(low: str, high: str) -> bool:
    """Whether both are single digits, one after the other: 2〜3, 2、3."""
    return len(low) == len(high) == 1 and int(low) + 1 == int(high)


def _kanji(number: str) -> str:
    return re.sub(r"\d[\d,]*(?:\.\d+)?", lambda m: kanji_number(m[0]), number)
