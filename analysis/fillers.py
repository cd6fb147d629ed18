"""Filler words ("like", まあ): words that carry no content here, by the transcript and its context.

The words and their context rules are in ``data/fillers.toml``. Sounds ("um", えーと) are found by
`analysis.hesitations`; the lexicon holds their written forms.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from analysis.errors import AnalysisError
from analysis.results import Filler, Word
from analysis.speech import bare

WORD_COUNTED_FROM = 0.6
"""probability from which a filler word is counted; our judgement"""
_SET_OFF_S = 0.15  # a pause this long sets a word off (our judgement)


@dataclass(frozen=True, slots=True)
class FillerWord:
    """A filler word and its context rule; see ``data/fillers.toml``."""

    text: str
    probability: float
    set_off: str
    not_after: tuple[str, ...]
    not_before: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What counts as a filler in a language."""

    hesitations: frozenset[str]
    words: tuple[FillerWord, ...]


def read_lexicon(language: str, override: Path | None = None) -> Lexicon:
    """Read the fillers of a language.

    Parameters
    ----------
    language : "en" or "ja".
    override : the user's own file; used instead of the bundled one where it exists.

    Raises
    ------
    AnalysisError
        The user's file has a mistake.
    """
    source, name = resources.files("analysis").joinpath("data/fillers.toml"), "fillers.toml"
    if override is not None and override.is_file():
        source, name = override, str(override)
    try:
        # Editors on Windows put a byte order mark in front.
        data = tomllib.loads(source.read_text(encoding="utf-8-sig"))[language]
        words = []
        for entry in data["words"]:
            word = FillerWord(
                text=str(entry["text"]),
                probability=float(entry["probability"]),
                set_off=str(entry["set_off"]),
                not_after=tuple(entry.get("not_after", ())),
                not_before=tuple(entry.get("not_before", ())),
                source=str(entry["source"]),
            )
            if word.set_off not in ("either", "both", "after", "none", "start"):
                raise ValueError(f"set_off = {word.set_off!r} for {word.text!r}")
            words.append(word)
        return Lexicon(frozenset(bare(t) for t in data["hesitations"]["texts"]), tuple(words))
    except (KeyError, TypeError, ValueError) as exc:
        raise AnalysisError(f"{name} has a mistake ({exc}): correct or remove it") from exc


def find_lexical_fillers(
    words: tuple[Word, ...], lexicon: Lexicon, language: str
) -> tuple[Filler, ...]:
    """Find filler words in their context.

    Parameters
    ----------
    words : the transcript (Japanese: grouped into dictionary words).
    lexicon : rules.
    language : "en" or "ja"; Japanese phrases are matched without spaces.
    """
    found: list[Filler] = []
    taken: set[int] = set()
    for rule in sorted(lexicon.words, key=lambda w: -len(w.text)):
        for first, last in _matches(words, rule.text, language):
            if taken.intersection(range(first, last + 1)):
                continue
            if _is_filler(words, first, last, rule):
                taken.update(range(first, last + 1))
                found.append(
                    Filler(
                        start=words[first].start,
                        end=words[last].end,
                        text=rule.text,
                        kind="word",
                        probability=rule.probability,
                        counted=rule.probability >= WORD_COUNTED_FROM,
                    )
                )
    return tuple(sorted(found, key=lambda f: f.start))


def _matches(words: tuple[Word, ...], phrase: str, language: str) -> list[tuple[int, int]]:
    parts = [phrase] if language == "ja" else [bare(p) for p in phrase.split()]
    found = []
    for i in range(len(words)):
        if language == "ja":
            text, last = "", i
            while last < len(words) and len(text) < len(phrase):
                text += bare(words[last].text)
                last += 1
            if text == phrase:
                found.append((i, last - 1))
        elif [bare(w.text) for w in words[i : i + len(parts)]] == parts:
            found.append((i, i + len(parts) - 1))
    return found


def _is_filler(words: tuple[Word, ...], first: int, last: int, rule: FillerWord) -> bool:
    before = bare(words[first - 1].text) if first else ""
    after = bare(words[last + 1].text) if last + 1 < len(words) else ""
    off_before = set_off(words, first)
    off_after = set_off(words, last + 1)
    starts = first == 0 or words[first - 1].text.endswith((".", "?", "!", "。", "？", "！"))
    # Content words around it tell only where nothing sets the filler off from them.
    if before in rule.not_after and not off_before:
        return False
    if after in rule.not_before and not off_after:
        return False
    match rule.set_off:
        case "either":
            return off_before or off_after
        case "both":
            return off_before and off_after
        case "after":
            return off_after
        case "start":
            return starts and off_after
        case _:
            return True


def set_off(words: tuple[Word, ...], index: int) -> bool:
    """Tell whether a comma, the end of a sentence or a pause lies before the word `index`."""
    if index == 0 or index >= len(words):
        return True
    before, after = words[index - 1], words[index]
    return (
        before.text.endswith((",", ".", "?", "!", ";", "…", "-", "–", "、", "。", "？", "！"))
        or after.start - before.end >= _SET_OFF_S
    )
