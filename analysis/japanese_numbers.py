"""Numbers as they are said in Japanese: 1200 as センニヒャク, 3本 as サンボン, 4月 as シガツ.

A counter (人, 月, 本 …) changes the number before it. How is data: the table ``counters`` of
``data/readings.toml`` names for each its kana, what whole numbers are called with it, what the last
digit turns into, and the kind of its sound change:

    plain   nothing changes
    k       1 イッ, 6 ロッ, 8 ハッ, 10 ジュッ, 100 ヒャッ      (回: イッカイ)
    s       1 イッ, 8 ハッ, 10 ジュッ; also before t           (歳: ハッサイ)
    h       as k, and ハ, ヒ, フ, ヘ, ホ turn into パ … behind it  (本: イッポン)
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

DIGITS = "〇一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_GROUPS = ("", "万", "億", "兆")
_ONES = ("", "イチ", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ")
_HUNDREDS = {1: "ヒャク", 3: "サンビャク", 6: "ロッピャク", 8: "ハッピャク"}
_THOUSANDS = {1: "セン", 3: "サンゼン", 8: "ハッセン"}
_GROUPS_SAID = ("", "マン", "オク", "チョウ")
# Short before the sounds of k, s and t.
_SHORT = {"イチ": "イッ", "ハチ": "ハッ", "ジュウ": "ジュッ"}
_SHORT_K = {**_SHORT, "ロク": "ロッ", "ャク": "ャッ"}
_LAST_SOUND = re.compile("(?:イチ|ハチ|ロク|ャク|ジュウ)$")
KINDS = ("plain", "k", "s", "h")

_KANJI = "〇零一二三四五六七八九十百千万億兆"
NUMBER = re.compile(
    rf"(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:\.\d+)?(?:[十百千]?[万億兆]\d*[千百十]?)*|[{_KANJI}]+"
)
"""a number as it is written: digits, kanji, or both (150万, 1億2000万)"""


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted, and how its number is said."""

    text: str
    """as it is written, for instance "本" """
    reading: str
    """katakana"""
    kind: str
    """one of `KINDS`"""
    own: dict[str, str]
    """number → reading of number and counter: 1 → ヒトリ"""
    last: dict[str, str]
    """last digit → reading of that digit and the counter: 4 → ヨニン"""
    tails: dict[str, str]
    """what may follow as part of it → its reading: 目 → メ"""


def kanji_number(digits: str) -> str:
    """Write an Arabic number as it is said: 1200 as 千二百, 3.5 as 三点五."""
    whole, _, fraction = digits.replace(",", "").partition(".")
    if len(whole) > 16 or (len(whole) > 1 and whole.startswith("0")):
        said = "".join(DIGITS[int(d)] for d in whole)
    else:
        said = _kanji_whole(int(whole))
    return said + ("点" + "".join(DIGITS[int(d)] for d in fraction) if fraction else "")


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
                said += ("" if digit == 1 and unit else DIGITS[digit]) + _UNITS[unit]
        said += _GROUPS[power]
    return said


def written_value(text: str) -> int | None:
    """Return the value of a whole number as it is written (1,200, 150万, 二十四); None = no number.

    Digits in a row (二〇二四) are read by their places.
    """
    text = unicodedata.normalize("NFKC", text).replace(",", "").replace("零", "〇")
    total = group = 0
    digits = ""
    limit = 10**17
    for sign in text:
        if sign.isdecimal() or sign in DIGITS:
            digits += str(DIGITS.index(sign)) if sign in DIGITS else sign
        elif sign in _UNITS[1:]:
            unit = 10 ** _UNITS.index(sign)
            if limit <= unit or (digits and len(digits) > 1):
                return None
            group += int(digits or 1) * unit
            digits, limit = "", unit
        elif sign in _GROUPS[1:]:
            if not digits and not group:
                return None
            total += (group + int(digits or 0)) * 10_000 ** _GROUPS.index(sign)
            group, digits, limit = 0, "", 10**17
        else:
            return None
    return total + group + int(digits or 0) if text else None


def say_number(text: str) -> str | None:
    """Return a number as it is said, in katakana; None = it is no number.

    >>> say_number("3.5"), say_number("150万")
    ('サンテンゴ', 'ヒャクゴジュウマン')
    """
    whole, point, rest = unicodedata.normalize("NFKC", text).replace(",", "").partition(".")
    if point:
        fraction = re.match(r"\d+", rest)
        before = say_number(whole)
        if fraction is None or before is None:
            return None
        groups = rest[fraction.end() :]
        if any(sign not in _GROUPS[1:] for sign in groups):
            return None
        places = "".join(_ONES[int(d)] or "ゼロ" for d in fraction[0])
        before = "レイ" if before == "ゼロ" else _shortened(before, _SHORT)
        return f"{before}テン{places}" + "".join(_GROUPS_SAID[_GROUPS.index(g)] for g in groups)
    if len(whole) > 16 or (len(whole) > 1 and whole[0] == "0"):
        return "".join(_ONES[int(d)] or "ゼロ" for d in whole) if whole.isdecimal() else None
    value = written_value(whole)
    return None if value is None else _say_whole(value)


def _say_whole(number: int) -> str:
    if number == 0:
        return "ゼロ"
    said = ""
    for power in range(3, -1, -1):
        group = number // 10_000**power % 10_000
        if not group:
            continue
        part = ""
        thousand, hundred, ten, one = (int(d) for d in f"{group:04d}")
        if thousand:
            part += _THOUSANDS.get(thousand, _ONES[thousand] + "セン")
            if thousand == 1 and power:
                part = "イッセン"
        if hundred:
            part += _HUNDREDS.get(hundred, _ONES[hundred] + "ヒャク")
        if ten:
            part += ("" if ten == 1 else _ONES[ten]) + "ジュウ"
        part += _ONES[one]
        said += (_shortened(part, _SHORT) if power == 3 else part) + _GROUPS_SAID[power]
    return said


def count_up(number: str, counter: Counter, *, ordinal: bool = True) -> str | None:
    """Return a number and its counter as they are said: 4 and 月 as シガツ.

    Parameters
    ----------
    number : as it is written.
    counter : what is counted.
    ordinal : False = the number belongs to a range (2〜3人), where nobody says フタリ.
    """
    said = say_number(number)
    if said is None:
        return None
    value = None if "." in number else written_value(number)
    if value is not None:
        if ordinal and str(value) in counter.own:
            return counter.own[str(value)]
        digit = value % 10
        if str(digit) in counter.last and said.endswith(_ONES[digit]) and digit:
            return said[: -len(_ONES[digit])] + counter.last[str(digit)]
    reading = counter.reading
    if counter.kind == "k":
        said = _shortened(said, _SHORT_K)
    elif counter.kind == "s":
        said = _shortened(said, _SHORT)
    elif counter.kind == "h":
        short = _shortened(said, _SHORT_K)
        if short != said:
            reading = _hard(reading)
        said = short
    return said + reading


def _hard(reading: str) -> str:
    """Turn ハ into パ: it stands two places further in Unicode."""
    return chr(ord(reading[0]) + 2) + reading[1:] if reading[0] in "ハヒフヘホ" else reading


def _shortened(said: str, short: dict[str, str]) -> str:
    return _LAST_SOUND.sub(lambda m: short.get(m[0], m[0]), said)
