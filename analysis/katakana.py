"""Latin words as they are said in a Japanese sentence: IT as アイティー, team as チーム.

In this order: the list of ``data/readings.toml`` (and the user's own), letters one by one for
acronyms, the sounds of CMU's dictionary turned into kana, Japanese words in Latin letters
(nemawari), two words written as one (backend). What is left is guessed by its length.

From sounds to kana: a consonant takes the vowel after it; without one it takes ウ (オ after t, d),
n is ン; long vowels and diphthongs take two morae; r after a vowel is no sound of its own; a short
vowel before the last t, k, p, d, ch or sh of a word takes ッ (kit: キット).
"""

from __future__ import annotations

import functools
import re

from analysis.pronunciations import sounds_of
from analysis.readings import Readings

_LETTERS = {
    **{"A": "エー", "B": "ビー", "C": "シー", "D": "ディー", "E": "イー", "F": "エフ", "G": "ジー"},
    **{"H": "エイチ", "I": "アイ", "J": "ジェー", "K": "ケー", "L": "エル", "M": "エム"},
    **{"N": "エヌ", "O": "オー", "P": "ピー", "Q": "キュー", "R": "アール", "S": "エス"},
    **{"T": "ティー", "U": "ユー", "V": "ブイ", "W": "ダブリュー", "X": "エックス"},
    **{"Y": "ワイ", "Z": "ゼット"},
}
ENGLISH_DIGITS = (
    *("ゼロ", "ワン", "ツー", "スリー", "フォー"),
    *("ファイブ", "シックス", "セブン", "エイト", "ナイン"),
)
_LONGEST_ACRONYM = 5

# For each consonant what it is with a, i, u, e, o, without a vowel, and with yu.
_ROWS = {
    sound: row.split()
    for sound, row in {
        "B": "バ ビ ブ ベ ボ ブ ビュ",
        "CH": "チャ チ チュ チェ チョ チ チュ",
        "D": "ダ ディ ドゥ デ ド ド デュ",
        "DH": "ザ ジ ズ ゼ ゾ ズ ジュ",
        "F": "ファ フィ フ フェ フォ フ フュ",
        "G": "ガ ギ グ ゲ ゴ グ ギュ",
        "HH": "ハ ヒ フ ヘ ホ フ ヒュ",
        "JH": "ジャ ジ ジュ ジェ ジョ ジ ジュ",
        "K": "カ キ ク ケ コ ク キュ",
        "L": "ラ リ ル レ ロ ル リュ",
        "M": "マ ミ ム メ モ ム ミュ",
        "N": "ナ ニ ヌ ネ ノ ン ニュ",
        "P": "パ ピ プ ペ ポ プ ピュ",
        "R": "ラ リ ル レ ロ ル リュ",
        "S": "サ シ ス セ ソ ス シュ",
        "SH": "シャ シ シュ シェ ショ シュ シュ",
        "T": "タ ティ トゥ テ ト ト チュ",
        "TH": "サ シ ス セ ソ ス シュ",
        "V": "バ ビ ブ ベ ボ ブ ビュ",
        "W": "ワ ウィ ウ ウェ ウォ ウ ウュ",
        "Y": "ヤ イ ユ イェ ヨ イ ユ",
        "Z": "ザ ジ ズ ゼ ゾ ズ ジュ",
        "ZH": "ジャ ジ ジュ ジェ ジョ ジュ ジュ",
    }.items()
}
_PLAIN = ("ア", "イ", "ウ", "エ", "オ")
# Vowel → its kana column and what follows it.
_VOWELS = {
    "AA": (4, ""),
    "AE": (0, ""),
    "AH": (0, ""),
    "AO": (4, ""),
    "AW": (0, "ウ"),
    "AY": (0, "イ"),
    "EH": (3, ""),
    "ER": (0, "ー"),
    "EY": (3, "ー"),
    "IH": (1, ""),
    "IY": (1, "ー"),
    "OW": (4, "ー"),
    "OY": (4, "イ"),
    "UH": (2, ""),
    "UW": (2, "ー"),
}
_SHORT = {"AA", "AE", "AH", "EH", "IH", "UH"}
# r colours the vowel before it: car カー, door ドー, hair ヘア.
_BEFORE_R = {"AA": (0, "ー"), "AO": (4, "ー"), "EH": (3, "ア"), "IH": (1, "ア"), "UH": (2, "ア")}
_DOUBLED = {"P", "T", "K", "D", "CH", "SH", "JH"}

_TWICE = re.compile("(?:pp|tt|gg)ing$|ppy$|pple$")
_PREFIX = re.compile("(?:re|de|be|pre)[^aeiouy]", re.IGNORECASE)

_ROMAJI = {
    **dict(zip("aiueo", _PLAIN, strict=True)),
    **{
        start + vowel: kana
        for start, row in {
            "k": "カキクケコ",
            "s": "サシスセソ",
            "t": "タチツテト",
            "n": "ナニヌネノ",
            "h": "ハヒフヘホ",
            "m": "マミムメモ",
            "r": "ラリルレロ",
            "g": "ガギグゲゴ",
            "z": "ザジズゼゾ",
            "d": "ダヂヅデド",
            "b": "バビブベボ",
            "p": "パピプペポ",
        }.items()
        for vowel, kana in zip("aiueo", row, strict=True)
    },
    **{"shi": "シ", "chi": "チ", "tsu": "ツ", "fu": "フ", "ji": "ジ", "ya": "ヤ", "yu": "ユ"},
    **{"yo": "ヨ", "wa": "ワ", "wo": "ヲ", "n": "ン"},
    **{
        start + end: row + small
        for start, row in {
            "ky": "キ",
            "gy": "ギ",
            "ny": "ニ",
            "hy": "ヒ",
            "my": "ミ",
            "ry": "リ",
            "by": "ビ",
            "py": "ピ",
            "sh": "シ",
            "ch": "チ",
            "j": "ジ",
        }.items()
        for end, small in (("a", "ャ"), ("u", "ュ"), ("o", "ョ"))
    },
}
_SYLLABLE = re.compile("|".join(sorted(_ROMAJI, key=lambda s: (-len(s), s))))
_DOUBLE_CONSONANT = re.compile(r"(?<=[aiueo])([kstpgdbc])(?=\1|ch)")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z'’]+")


def say_latin(word: str, readings: Readings) -> str:
    """Return a word in Latin letters as it is said in Japanese, in katakana."""
    said = readings.of_latin(word)
    if said:
        return said
    parts = _CAMEL.findall(word)
    if len(parts) > 1 and not is_acronym(word):
        return "".join(say_latin(part, readings) for part in parts)
    return _say(word)


def is_acronym(word: str) -> bool:
    """Whether a word is read letter by letter: AWS, APIs, sql; not LINE, which the list has."""
    if word.isupper() or (word.endswith("s") and word[:-1].isupper()):
        return len(word) <= _LONGEST_ACRONYM
    return len(word) <= 4 and not re.search("[aeiouyAEIOUY]", word)


def is_english(word: str) -> bool:
    """Whether something with Latin letters is said as a word, not letter by letter."""
    return re.search("[a-z]{2}|^a$", word) is not None and not is_acronym(word)


def spell(letters: str) -> str:
    """Say Latin letters one by one."""
    return "".join(_LETTERS.get(c, "") for c in letters.upper())


@functools.lru_cache(maxsize=4096)
def _say(word: str) -> str:
    if word == "a":
        return "ア"
    if is_acronym(word):
        plural = "ズ" if len(word) > 1 and word.endswith("s") and word[:-1].isupper() else ""
        letters = word[:-1] if plural else word
        return spell(letters) + plural
    sounds = sounds_of(word)
    if sounds:
        return from_sounds(sounds, word)
    return from_romaji(word) or _from_two(word) or _guessed(word)


def from_sounds(sounds: list[str], word: str = "") -> str:
    """Turn ARPAbet sounds into katakana.

    >>> from_sounds(["T", "IY1", "M"])
    'ティーム'
    """
    said = ""
    at = 0
    bare = [s.rstrip("012") for s in sounds]
    while at < len(bare):
        sound = bare[at]
        after = bare[at + 1] if at + 1 < len(bare) else ""
        if sound in _VOWELS:
            kana, used = _vowel(sounds, bare, at, _PLAIN, word)
            said += kana
        elif sound == "NG" and after in _VOWELS:
            kana, used = _vowel(sounds, bare, at + 1, _ROWS["G"], word)
            said, used = said + "ン" + kana, used + 1
        elif sound == "NG":
            said, used = said + ("ン" if after in ("K", "G") else "ング"), 1
        elif sound == "M" and after in ("B", "P"):
            said, used = said + "ン", 1
        elif sound in ("T", "D") and after in ("S", "Z") and at + 2 >= len(bare):
            said, used = said + ("ツ" if sound == "T" else "ズ"), 2
        elif sound == "Y" and after in ("UW", "UH"):
            said, used = said + "ユ" + ("ー" if after == "UW" else ""), 2
        elif after == "Y" and at + 2 < len(bare) and bare[at + 2] in ("UW", "UH", "ER", "AH"):
            long = "" if bare[at + 2] in ("UH", "AH") else "ー"
            said, used = said + _ROWS[sound][6] + long, 3
        elif after in _VOWELS:
            kana, used = _vowel(sounds, bare, at + 1, _ROWS[sound], word)
            said, used = said + kana, used + 1
        else:
            said, used = said + _ROWS[sound][5], 1
        at += used
    return said


def _vowel(
    sounds: list[str], bare: list[str], at: int, row: list[str] | tuple[str, ...], word: str
) -> tuple[str, int]:
    """Return the kana of a vowel with its consonant, and how many sounds they take."""
    vowel = bare[at]
    after = bare[at + 1] if at + 1 < len(bare) else ""
    beyond = bare[at + 2] if at + 2 < len(bare) else ""
    column, tail = _VOWELS[vowel]
    if after == "R" and beyond not in _VOWELS:
        column, tail = _BEFORE_R.get(vowel, (column, tail + "ア" if tail in ("イ", "ウ") else "ー"))
        return row[column] + tail, 2
    if vowel == "IY" and (after in _VOWELS or (sounds[at].endswith("0") and after)):
        tail = ""
    if vowel == "IY" and at == 1 and after not in ("", *_VOWELS) and _PREFIX.match(word):
        tail = "" if not sounds[at].endswith("1") else tail
    if vowel == "OW" and ((not after and word.endswith("o")) or (at == 2 and word[:3] == "pro")):
        tail = ""
    if vowel in ("OW", "UW") and sounds[at].endswith("0") and after:
        tail = ""
    if vowel == "AO" and (not after or re.search("a[lwu]|our|oa", word)):
        tail = "ー"
    last = not beyond and after in _DOUBLED and (after != "JH" or "dge" in word)
    doubled = (after == "K" and "ck" in word) or (
        after in ("P", "T", "G") and _TWICE.search(word) is not None
    )
    if vowel in _SHORT and (last or doubled):
        tail = "ッ"
    return row[column] + tail, 1


def from_romaji(word: str) -> str:
    """Return a Japanese word in Latin letters (nemawari) in katakana; "" = it is none."""
    rest = _DOUBLE_CONSONANT.sub("ッ", word.casefold().replace("ō", "ou").replace("ū", "uu"))
    said = ""
    while rest:
        if rest[0] == "ッ":
            said, rest = said + "ッ", rest[1:]
            continue
        found = _SYLLABLE.match(rest)
        if not found:
            return ""
        said, rest = said + _ROMAJI[found[0]], rest[found.end() :]
    return said


def _from_two(word: str) -> str:
    """Read two English words written as one, the first as long as it goes."""
    for cut in range(len(word) - 3, 2, -1):
        first, second = sounds_of(word[:cut]), sounds_of(word[cut:])
        if first and second:
            return from_sounds(first, word[:cut]) + from_sounds(second, word[cut:])
    return ""


def _guessed(word: str) -> str:
    # An English word in katakana takes about one mora per 1.3 letters (our judgement).
    letters = sum(c.isalpha() for c in word)
    return "ア" * max(1, round(letters / 1.3)) if letters else ""
