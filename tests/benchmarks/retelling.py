"""How well are two tellings of an answer aligned? Precision and recall on labelled material.

    python -m tests.benchmarks.retelling

The material is written by hand (retelling_pairs.toml, retelling_tellings.toml): every second case
is for tuning the thresholds of `reports.retelling`, the others are for judging. Nothing is recorded
here, so errors of speech recognition are not in it.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import reports.retelling as ours
from analysis.meaning import Meaning
from analysis.results import Word
from analysis.sentences import Sentence
from reports.retelling import Retelling, Vectors, retell

HERE = Path(__file__).parent
LANGUAGES = ("en", "ja")
HALVES = ("tuning", "judging")
THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
FARS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
GAINS = (0.01, 0.02, 0.03, 0.05, 0.08)


@dataclass(frozen=True, slots=True)
class Telling:
    """Two tellings and which sentences say the same."""

    language: str
    half: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    truth: frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of what was found, and of what there was to find."""

    right: int
    found: int
    there: int

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of what there was that was found."""
        return self.right / self.there if self.there else 1.0

    @property
    def text(self) -> str:
        """Both, with the counts."""
        return (
            f"precision {self.precision:.2f} ({self.right}/{self.found}),"
            f" recall {self.recall:.2f} ({self.right}/{self.there})"
        )


def sentence(text: str, start: float = 0.0) -> Sentence:
    """Return a sentence of one word as long as the text takes."""
    return Sentence((Word(start, start + 0.1 * len(text), text, 1.0),))


def sentences(texts: Iterable[str]) -> tuple[Sentence, ...]:
    """Return sentences one after the other."""
    made: list[Sentence] = []
    for text in texts:
        made.append(sentence(text, made[-1].end + 0.5 if made else 0.5))
    return tuple(made)


def tellings() -> tuple[Telling, ...]:
    """Return the labelled tellings."""
    raw = tomllib.loads((HERE / "retelling_tellings.toml").read_text(encoding="utf-8"))["telling"]
    counts = dict.fromkeys(LANGUAGES, 0)
    made = []
    for entry in raw:
        language = entry["language"]
        half = HALVES[counts[language] % 2]
        counts[language] += 1
        after = [line.split(" | ", 1) for line in entry["after"]]
        truth = {(int(n), j) for j, (n, _) in enumerate(after) if n != "-"}
        texts = tuple(text for _, text in after)
        made.append(Telling(language, half, tuple(entry["before"]), texts, frozenset(truth)))
    return tuple(made)


def pairs() -> Iterator[tuple[str, str, str, str, str]]:
    """Return the labelled pairs: language, half, label and both sentences."""
    raw: dict[str, Any] = tomllib.loads((HERE / "retelling_pairs.toml").read_text(encoding="utf-8"))
    for language, labels in raw.items():
        for label, listed in labels.items():
            for index, (before, after) in enumerate(listed):
                yield language, HALVES[index % 2], label, before, after


def told_pairs(found: Retelling) -> set[tuple[int, int]]:
    """Return the pairs of positions that were called the same."""
    return {(i, j) for link in found.links for i in link.before for j in link.after}


def score_tellings(language: str, half: str, vectors: Vectors) -> Score:
    """Return how many pairs of sentences are found."""
    right = found = there = 0
    for telling in tellings():
        if (telling.language, telling.half) != (language, half):
            continue
        told = told_pairs(retell(sentences(telling.before), sentences(telling.after), vectors))
        right += len(told & telling.truth)
        found += len(told)
        there += len(telling.truth)
    return Score(right, found, there)


def score_pairs(language: str, half: str, vectors: Vectors) -> Score:
    """Return how many pairs are told to say the same, where each is a telling of its own."""
    right = found = there = 0
    for own_language, own_half, label, before, after in pairs():
        if (own_language, own_half) != (language, half):
            continue
        told = bool(retell([sentence(before)], [sentence(after)], vectors).links)
        right += told and label != "different"
        found += told
        there += label != "different"
    return Score(right, found, there)


def score_words(language: str, half: str) -> Score:
    """Return how many pairs are told to have nearly the same words."""
    right = found = there = 0
    for own_language, own_half, label, before, after in pairs():
        if (own_language, own_half) != (language, half):
            continue
        told = bool(retell([sentence(before)], [sentence(after)], None).links)
        right += told and label == "same"
        found += told
        there += label == "same"
    return Score(right, found, there)


def score_split(language: str, half: str, vectors: Vectors) -> Score:
    """Return how often one sentence that is told as two is found to be both.

    Two neighbours of the first telling are made one, as a recogniser without a full stop does.
    Found counts every sentence of more than one part, right those that are the ones made.
    """
    right = found = there = 0
    joint = "、" if language == "ja" else ", and "
    for telling in tellings():
        if (telling.language, telling.half) != (language, half):
            continue
        partner = dict(telling.truth)
        for i in range(len(telling.before) - 1):
            if i not in partner or partner.get(i + 1) != partner[i] + 1:
                continue
            one = telling.before[i].rstrip("。.") + joint + telling.before[i + 1]
            texts = (*telling.before[:i], one, *telling.before[i + 2 :])
            links = retell(sentences(texts), sentences(telling.after), vectors).links
            told = [link for link in links if len(link.before) + len(link.after) > 2]
            wanted = ((i,), (partner[i], partner[i] + 1))
            right += any((link.before, link.after) == wanted for link in told)
            found += len(told)
            there += 1
    return Score(right, found, there)


def _by(name: str, values: Iterable[float], score: Callable[[str, str], Score]) -> None:
    """Print the scores for each value of a threshold, and put the one in use back."""
    chosen = getattr(ours, name)
    try:
        for value in values:
            setattr(ours, name, value)
            _rows(f"{value:.2f} ", score)
    finally:
        setattr(ours, name, chosen)


def _rows(start: str, score: Callable[[str, str], Score]) -> None:
    for language in LANGUAGES:
        for half in HALVES:
            print(f"  {start}{language} {half:8} {score(language, half).text}")


def main() -> None:
    """Print the tables."""
    meaning = Meaning()
    begun = time.perf_counter()
    meaning(["Loaded."])
    loaded_s = time.perf_counter() - begun
    print("Nearly the same words, of labelled pairs:")
    _rows("", score_words)
    print(f"The same meaning, pairs alone, by SAME_MEANING (in use: {ours.SAME_MEANING}):")
    _by("SAME_MEANING", THRESHOLDS, partial(score_pairs, vectors=meaning))
    print(f"The same meaning, sentences of tellings (in use: {ours.SAME_MEANING}):")
    _by("SAME_MEANING", THRESHOLDS, partial(score_tellings, vectors=meaning))
    print(f"Sentences of tellings, by FAR (in use: {ours.FAR}):")
    _by("FAR", FARS, partial(score_tellings, vectors=meaning))
    print(f"One sentence told as two, by JOINED (in use: {ours.JOINED}):")
    _by("JOINED", GAINS, partial(score_split, vectors=meaning))
    print(f"Loading the encoder: {loaded_s:.2f} s")
    texts = [f"{t} Number {i}." for i in range(3) for x in tellings() for t in x.before]
    begun = time.perf_counter()
    meaning(texts)
    each_ms = 1000 * (time.perf_counter() - begun) / len(texts)
    print(f"A sentence: {each_ms:.1f} ms (of {len(texts)})")
    many = [sentences(np.random.default_rng(n).permutation(texts)[:200]) for n in (1, 2)]
    begun = time.perf_counter()
    retell(many[0], many[1], meaning)
    print(f"Two tellings of 200 sentences, vectors known: {time.perf_counter() - begun:.2f} s")


if __name__ == "__main__":
    main()
