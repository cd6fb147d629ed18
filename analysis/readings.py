"""The readings of ``data/readings.toml`` and of the user's own file of that name."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError
from analysis.japanese_numbers import KINDS, Counter

FILE = "readings.toml"
_KATAKANA = re.compile("[ァ-ヺー]+")
_LATIN = re.compile(r"[A-Za-z0-9]")
_SHORT_ACRONYM = 4
"""words written in that many capitals are not the small word: IT is not "it" """


@dataclass(frozen=True, slots=True)
class Context:
    """A reading that holds only between certain neighbours."""

    text: str
    reading: str
    after: tuple[str, ...]
    """one of these must end before it; empty = anything"""
    before: tuple[str, ...]
    """one of these must begin behind it; empty = anything"""


@dataclass(frozen=True)
class Readings:
    """How words, Latin words and counted numbers are said."""

    words: dict[str, str]
    """Japanese words"""
    latin: dict[str, str]
    """words with Latin letters, as written"""
    contexts: tuple[Context, ...]
    counters: dict[str, Counter]
    """by every spelling"""
    changed: tuple[str, ...] = ()
    """words that the user's file gives"""

    @cached_property
    def small_latin(self) -> dict[str, str]:
        """The Latin words in small letters, those left out whose capitals matter."""
        return {w.casefold(): r for w, r in self.latin.items() if not _looks_like_letters(w)}

    def of_latin(self, word: str) -> str | None:
        """Return how a Latin word of the list is said; IT is not the small word "it"."""
        said = self.latin.get(word)
        if said is None and not _looks_like_letters(word):
            said = self.small_latin.get(word.casefold())
        return said

    @cached_property
    def word_pattern(self) -> re.Pattern[str]:
        """Finds every Japanese word of the list, the longest first."""
        return _any_of(self.words)

    @cached_property
    def latin_pattern(self) -> re.Pattern[str]:
        """Finds every Latin word of the list that stands alone, the longest first."""
        return re.compile(
            rf"(?<![A-Za-z])(?:{_any_of(self.latin).pattern})(?![A-Za-z])", re.IGNORECASE
        )

    @cached_property
    def counter_pattern(self) -> re.Pattern[str]:
        """Finds a counter and its tail at the place where it is asked for."""
        return _any_of({t + tail for t, c in self.counters.items() for tail in ("", *c.tails)})


def read_readings(override: Path | None = None) -> Readings:
    """Return our readings, with those of a user's file over them.

    Raises
    ------
    AnalysisError
        The user's file has a mistake; the message names it.
    """
    ours = _bundled()
    if override is None or not override.is_file():
        return ours
    try:
        # Editors on Windows put a byte order mark in front.
        own = tomllib.loads(override.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as exc:
        raise AnalysisError(
            f'{override} has a mistake ({exc}): lines look like "弊社" = "ヘイシャ"'
        ) from exc
    words, latin = dict(ours.words), dict(ours.latin)
    for text, said in own.items():
        plain = unicodedata.normalize("NFKC", text)
        kana = unicodedata.normalize("NFKC", said) if isinstance(said, str) else ""
        if not _KATAKANA.fullmatch(kana):
            raise AnalysisError(
                f"{override}: the reading of {text!r} must be katakana, not {said!r}"
            )
        if not plain.strip():
            raise AnalysisError(f"{override}: {kana} belongs to no word")
        (latin if _LATIN.search(plain) else words)[plain] = kana
    return replace(ours, words=words, latin=latin, changed=tuple(own))


@cache
def _bundled() -> Readings:
    text = resources.files("analysis").joinpath(f"data/{FILE}").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    words: dict[str, str] = {}
    latin: dict[str, str] = {}
    for table in data.values():
        for word, said in table.get("words", {}).items() if isinstance(table, dict) else ():
            (latin if _LATIN.search(word) else words)[word] = said
    contexts = tuple(
        Context(c["text"], c["reading"], tuple(c.get("after", ())), tuple(c.get("before", ())))
        for c in data["context"]
    )
    counters = {}
    for entry in data["numbers"]["counters"]:
        for spelling in (entry["text"], *entry.get("same", ())):
            counters[spelling] = _counter(spelling, entry)
    return Readings(words, latin, contexts, counters)


def _counter(spelling: str, entry: dict[str, Any]) -> Counter:
    kind = entry.get("kind", "plain")
    if kind not in KINDS:
        raise ValueError(f"{entry['text']}: kind = {kind!r}")
    return Counter(
        spelling,
        entry["reading"],
        kind,
        dict(entry.get("own", {})),
        dict(entry.get("last", {})),
        dict(entry.get("tails", {})),
    )


def _looks_like_letters(word: str) -> bool:
    return word.isupper() and word.isalpha() and len(word) <= _SHORT_ACRONYM


def _any_of(texts: Any) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(t) for t in sorted(texts, key=lambda t: (-len(t), t))))
