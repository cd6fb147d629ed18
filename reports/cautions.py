"""What an analysis says of itself, in the language of the page.

The warnings in an ``analysis.json`` are whole English sentences with numbers in them. Their
patterns and the translation of each stand in ``data/ja/cautions.toml``:

    "The voice is only {snr} dB above the noise." = "声と雑音の差が{snr} dBしかありません。"

A sentence that matches none, from another version perhaps, stays English. The sources of the
noise of a measure hold numbers too, and are told in the same way.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

from reports.language import interface
from reports.wording import listed

FILE = "cautions.toml"

NUMBERS = frozenset(
    ("count", "degrees", "end", "length", "n", "share", "snr", "start", "time", "when")
)
"""Placeholders that hold nothing but a number or a time; ``when`` holds several of them."""
_NUMBER = r"[\d.:,%−-]+"
_WHEN = r"[\d.:,%−-].*?|at \d.*?"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def caution_text(text: str) -> str:
    """Return a sentence with numbers from an analysis or a data file in the page's language."""
    return text if interface() == "en" else _told(text, interface()) or text


def _told(text: str, language: str) -> str | None:
    for pattern, told in _patterns(language):
        found = pattern.fullmatch(text)
        if found:
            values = {name: _value(value, language) for name, value in found.groupdict().items()}
            return told.format(**values)
    return None


def _value(value: str, language: str) -> str:
    """Return what stands in a placeholder: a phrase, several of them, or something to keep."""
    if re.fullmatch(_NUMBER, value):
        return value
    return listed(_phrases(value, language)) or value


def _phrases(value: str, language: str) -> list[str]:
    """Return the phrases of an enumeration; [] = at least one of them is unknown."""
    whole = _told(value, language)
    if whole is not None:
        return [whole]
    for joint in (", ", " and "):
        # From the right: a phrase may hold an "and" of its own.
        before, _, last = value.rpartition(joint)
        if before:
            first, then = _phrases(before, language), _phrases(last, language)
            if first and then:
                return [*first, *then]
    return []


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the patterns of a language, those with most words of their own first."""
    file = resources.files("reports").joinpath("data", language, FILE)
    texts = tomllib.loads(file.read_text(encoding="utf-8"))
    by_words = sorted(texts.items(), key=lambda item: -len(_PLACEHOLDER.sub("", item[0])))
    return tuple((_pattern(english), told) for english, told in by_words)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(english)
    for index, part in enumerate(parts):
        if index % 2 == 0:
            parts[index] = re.escape(part)
        elif part == "when":
            parts[index] = f"(?P<when>{_WHEN})"
        else:
            parts[index] = f"(?P<{part}>{_NUMBER if part in NUMBERS else '.+?'})"
    return re.compile("".join(parts), re.DOTALL)
