"""Filler words ("like", まあ): words that carry no content here, by the transcript and its context.

``data/fillers.toml`` lists the words, and for each the contexts in which it is a filler or is not,
with a probability; the first context that fits decides. Sounds ("um", えーと) are found by
`analysis.hesitations`; the lexicon holds their written forms.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError
from analysis.filler_contexts import Classes, Context, fits, places, read_pattern, see
from analysis.results import Filler, Word
from analysis.speech import bare
from analysis.timeline import Segment, intersect, support, total

COUNTED_FROM = 0.6
"""probability from which a filler word is counted, where the file does not say; our judgement"""
POSSIBLE_FROM = 0.3
"""probability from which it is shown as possible, where the file does not say; our judgement"""
_SAME_SOUND = 0.5  # share of a word in a hesitation from which it is the same sound; our judgement

_WORD_KEYS = {"text", "spellings", "probability", "contexts", "source"}
_OLD_KEYS = {"text", "probability", "set_off", "not_after", "not_before", "source"}
_CONTEXT_KEYS = {"probability", "left", "right", "source"}
_LIMIT_KEYS = {"counted_from", "possible_from", "source"}


@dataclass(frozen=True, slots=True)
class FillerWord:
    """A filler word and its contexts; see ``data/fillers.toml``."""

    text: str
    spellings: tuple[str, ...]
    """other ways to write it"""
    probability: float
    """where no context fits"""
    contexts: tuple[Context, ...]
    """the first that fits decides"""
    source: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What counts as a filler in a language."""

    hesitations: frozenset[str]
    words: tuple[FillerWord, ...]
    classes: Classes
    """name to the words of a class"""
    counted_from: float = COUNTED_FROM
    possible_from: float = POSSIBLE_FROM


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
        classes = {
            key: tuple(str(entry) for entry in table["words"])
            for key, table in data.get("classes", {}).items()
            if table["source"]
        }
        limits = data.get("limits", {})
        _only(limits, _LIMIT_KEYS)
        return Lexicon(
            hesitations=frozenset(bare(t) for t in data["hesitations"]["texts"]),
            words=tuple(_read_word(entry, classes, language) for entry in data["words"]),
            classes=classes,
            counted_from=_share(limits.get("counted_from", COUNTED_FROM)),
            possible_from=_share(limits.get("possible_from", POSSIBLE_FROM)),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise AnalysisError(f"{name} has a mistake ({exc}): correct or remove it") from exc


def find_lexical_fillers(
    words: tuple[Word, ...],
    lexicon: Lexicon,
    language: str,
    *,
    heard: tuple[Filler, ...] = (),
) -> tuple[Filler, ...]:
    """Find filler words in their context.

    Parameters
    ----------
    words : the transcript (Japanese: grouped into dictionary words).
    lexicon : words and contexts.
    language : "en" or "ja"; Japanese phrases are matched without spaces.
    heard : hesitations that were found; a word that lies in a counted one is that sound, misheard
        (あの for あのー), and not counted twice.
    """
    sounds = support(Segment(h.start, h.end) for h in heard if h.counted)
    clause = see(words, lexicon.hesitations, language)
    found: list[Filler] = []
    taken: set[int] = set()
    spelt = [(text, word) for word in lexicon.words for text in (word.text, *word.spellings)]
    for text, word in sorted(spelt, key=lambda pair: -len(pair[0])):
        for first, end in places(clause, text, language):
            if taken.intersection(range(first, end)):
                continue
            probability = next(
                (
                    context.probability
                    for context in word.contexts
                    if fits(context, clause, first, end, lexicon.classes)
                ),
                word.probability,
            )
            if probability < lexicon.possible_from:
                continue
            taken.update(range(first, end))
            span = Segment(words[clause.index[first]].start, words[clause.index[end - 1]].end)
            if total(intersect([span], sounds)) > _SAME_SOUND * span.duration_s:
                continue
            found.append(
                Filler(
                    start=span.start,
                    end=span.end,
                    text=word.text,
                    kind="word",
                    probability=probability,
                    counted=probability >= lexicon.counted_from,
                )
            )
    return tuple(sorted(found, key=lambda f: f.start))


def _read_word(entry: dict[str, Any], classes: Classes, language: str) -> FillerWord:
    text, source = str(entry["text"]), str(entry["source"])
    if not bare(text):
        raise ValueError("a word without text")
    if not source:
        raise ValueError(f"no source for {text!r}")
    probability = _share(entry["probability"])
    if "set_off" in entry:
        _only(entry, _OLD_KEYS)
        return FillerWord(text, (), 0.0, _old_contexts(entry, probability), source)
    _only(entry, _WORD_KEYS)
    contexts = []
    for context in entry.get("contexts", ()):
        _only(context, _CONTEXT_KEYS)
        sides = {
            side: tuple(read_pattern(str(p), classes, language) for p in _rows(context, side))
            for side in ("left", "right")
        }
        chance = _share(context["probability"])
        contexts.append(
            Context(chance, sides["left"], sides["right"], str(context.get("source", "")))
        )
    return FillerWord(text, tuple(_rows(entry, "spellings")), probability, tuple(contexts), source)


def _old_contexts(entry: dict[str, Any], probability: float) -> tuple[Context, ...]:
    """Return the contexts that a rule of the first format (`set_off`) stands for."""
    rule = str(entry["set_off"])
    if rule not in ("either", "both", "after", "none", "start"):
        raise ValueError(f"set_off = {rule!r} for {entry['text']!r}")
    off = (("<off>",),)
    # Words around it told only where nothing set the filler off from them.
    after = tuple((bare(w), "<close>") for w in _rows(entry, "not_after"))
    before = tuple(("<close>", bare(w)) for w in _rows(entry, "not_before"))
    if rule == "start":
        return (Context(probability, (("<start>",),), off),)
    contexts = []
    if rule in ("both", "either", "none"):
        contexts.append(Context(probability, off, off))
    if rule == "both":
        return tuple(contexts)
    if rule == "after":
        contexts.append(Context(probability, off, off))
    contexts += [Context(0.0, after, ())] if after else []
    contexts += [Context(0.0, (), before)] if before else []
    if rule in ("either", "none"):
        contexts.append(Context(probability, off, ()))
    if rule in ("either", "after"):
        contexts.append(Context(probability, (), off))
    if rule == "none":
        contexts.append(Context(probability, (), ()))
    return tuple(contexts)


def _rows(entry: dict[str, Any], key: str) -> list[str]:
    rows = entry.get(key, [])
    if not isinstance(rows, list):
        raise ValueError(f"{key} must be a list, not {rows!r}")
    return [str(row) for row in rows]


def _only(entry: dict[str, Any], keys: set[str]) -> None:
    if unknown := set(entry) - keys:
        raise ValueError(f"unknown key {sorted(unknown)[0]!r}")


def _share(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not 0.0 <= number <= 1.0:
        raise ValueError(f"a probability must lie between 0 and 1, not {value!r}")
    return number
