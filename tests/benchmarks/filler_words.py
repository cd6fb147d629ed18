"""How well filler words are told from content: one table over the labelled sentences.

``python -m tests.benchmarks.filler_words`` prints each word's counts, precision and recall on the
sentences that rules were chosen on and on those held out, and how often a filler stands behind
each probability. ``--wrong tuning`` lists what went wrong, ``--contexts`` what each context saw.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analysis import japanese
from analysis.filler_contexts import fits, places, see
from analysis.fillers import Lexicon, find_lexical_fillers, read_lexicon
from analysis.results import Word

SENTENCES = Path(__file__).resolve().parents[1] / "analysis" / "filler_sentences.toml"
_MARK = re.compile(r"<(?P<filler>[^>]+)>|\[(?P<content>[^\]]+)\]|(?P<pause>/)")
_WORD_S, _CHARACTER_S, _PAUSE_S = 0.3, 0.12, 0.5

Half = Literal["tuning", "held out"]


@dataclass(frozen=True, slots=True)
class Use:
    """A labelled use of a filler word."""

    start: float
    """s"""
    end: float
    """s"""
    text: str
    filler: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with its labels."""

    language: str
    word: str
    """for which it was written"""
    half: Half
    marked: str
    words: tuple[Word, ...]
    uses: tuple[Use, ...]

    @property
    def is_filler(self) -> bool:
        """Whether the word that it was written for is a filler in it."""
        return next(use.filler for use in self.uses if use.text.casefold() == self.word.casefold())


def read_sentences(path: Path = SENTENCES) -> list[Sentence]:
    """Read the labelled sentences."""
    sentences = []
    for language, lists in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for word, rows in lists.items():
            seen: Counter[bool] = Counter()
            for marked in rows:
                words, uses = read_marked(marked, language)
                sentence = Sentence(language, word, "tuning", marked, words, uses)
                seen[sentence.is_filler] += 1
                half: Half = "tuning" if seen[sentence.is_filler] % 2 else "held out"
                sentences.append(Sentence(language, word, half, marked, words, uses))
    return sentences


def read_marked(marked: str, language: str) -> tuple[tuple[Word, ...], tuple[Use, ...]]:
    """Return the words of a marked sentence, one after the other, and its labels."""
    words: list[Word] = []
    uses: list[Use] = []
    now = 0.0
    at = 0

    def say(text: str) -> None:
        nonlocal now
        length_s = _CHARACTER_S if language == "ja" else _WORD_S
        for piece in text if language == "ja" else text.split():
            if words and not any(c.isalnum() for c in piece):
                last = words[-1]
                words[-1] = Word(last.start, last.end, last.text + piece, 1.0, last.space_before)
                continue
            words.append(Word(now, now + length_s, piece, 1.0, language == "en"))
            now += length_s

    for mark in _MARK.finditer(marked):
        say(marked[at : mark.start()])
        at = mark.end()
        if mark["pause"]:
            now += _PAUSE_S
            continue
        start, text = now, mark["filler"] or mark["content"]
        say(text)
        uses.append(Use(start, now, text, mark["filler"] is not None))
    say(marked[at:])
    said = tuple(words)
    return japanese.group_pieces(said)[0] if language == "ja" else said, tuple(uses)


@dataclass(slots=True)
class Score:
    """Counts of one word."""

    fillers: int = 0
    contents: int = 0
    right: int = 0
    """fillers that were counted"""
    wrong: int = 0
    """content that was counted"""

    @property
    def precision(self) -> float:
        """Share of the counted that are fillers; NaN = none counted."""
        counted = self.right + self.wrong
        return self.right / counted if counted else float("nan")

    @property
    def recall(self) -> float:
        """Share of the fillers that are counted; NaN = none there."""
        return self.right / self.fillers if self.fillers else float("nan")


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled use and what we made of it."""

    sentence: Sentence
    use: Use
    probability: float
    """0 = not found at all"""
    counted: bool


def judge(sentences: Iterable[Sentence], lexicons: dict[str, Lexicon]) -> Iterator[Judged]:
    """Yield each labelled use with our probability.

    A filler of ours that meets no label counts as wrong: it is yielded as a use with content.
    """
    for sentence in sentences:
        found = list(
            find_lexical_fillers(sentence.words, lexicons[sentence.language], sentence.language)
        )
        for use in sentence.uses:
            ours = [f for f in found if min(f.end, use.end) - max(f.start, use.start) > 0.05]
            found = [f for f in found if f not in ours]
            yield Judged(
                sentence,
                use,
                max((f.probability for f in ours), default=0.0),
                any(f.counted for f in ours),
            )
        for extra in found:
            use = Use(extra.start, extra.end, extra.text, filler=False)
            yield Judged(sentence, use, extra.probability, extra.counted)


def score(judged: Iterable[Judged]) -> dict[str, Score]:
    """Count right and wrong by word."""
    scores: dict[str, Score] = defaultdict(Score)
    for one in judged:
        row = scores[one.use.text.casefold()]
        row.fillers += one.use.filler
        row.contents += not one.use.filler
        row.right += one.use.filler and one.counted
        row.wrong += one.counted and not one.use.filler
    return dict(scores)


def pooled(scores: Iterable[Score]) -> Score:
    """Add up."""
    total = Score()
    for row in scores:
        total.fillers += row.fillers
        total.contents += row.contents
        total.right += row.right
        total.wrong += row.wrong
    return total


def _print_tables(sentences: list[Sentence], lexicons: dict[str, Lexicon]) -> None:
    print(f"{'word':12}", *(f"{half:^27}" for half in ("tuning", "held out")))
    print(f"{'':12}", *(f"{'fill cont  prec  recall':^27}" for _ in range(2)))
    for language in ("en", "ja"):
        halves = [
            score(judge((s for s in sentences if (s.language, s.half) == (language, h)), lexicons))
            for h in ("tuning", "held out")
        ]
        for word in [*dict.fromkeys(w for half in halves for w in half), f"all {language}"]:
            rows = [h.get(word, Score()) for h in halves]
            if word.startswith("all "):
                rows = [pooled(h.values()) for h in halves]
            print(f"{word:12}", *(_cells(row) for row in rows))


def _cells(row: Score) -> str:
    return f"{row.fillers:6} {row.contents:4} {row.precision:6.2f} {row.recall:6.2f}  "


def _print_reliability(sentences: list[Sentence], lexicons: dict[str, Lexicon]) -> None:
    print("\nHeld out: how many of those with a probability are fillers")
    bins: dict[int, list[Judged]] = defaultdict(list)
    for one in judge((s for s in sentences if s.half == "held out"), lexicons):
        bins[min(4, int(one.probability * 5))].append(one)
    for key in sorted(bins):
        share = sum(one.use.filler for one in bins[key]) / len(bins[key])
        print(f"  {key / 5:.1f} to {key / 5 + 0.2:.1f}: {share:.2f} of {len(bins[key])}")


def _print_contexts(sentences: list[Sentence], lexicons: dict[str, Lexicon]) -> None:
    print("\nTuning sentences: fillers and content in each context")
    seen: dict[tuple[str, str, int], Counter[bool]] = defaultdict(Counter)
    for sentence in (s for s in sentences if s.half == "tuning"):
        lexicon = lexicons[sentence.language]
        clause = see(sentence.words, lexicon.hesitations, sentence.language)
        for word in lexicon.words:
            for first, end in places(clause, word.text, sentence.language):
                start = sentence.words[clause.index[first]].start
                label = any(u.filler and abs(u.start - start) < 0.05 for u in sentence.uses)
                hit = next(
                    (
                        i
                        for i, c in enumerate(word.contexts)
                        if fits(c, clause, first, end, lexicon.classes)
                    ),
                    -1,
                )
                seen[sentence.language, word.text, hit][label] += 1
    for (language, text, hit), labels in sorted(seen.items()):
        (word,) = (w for w in lexicons[language].words if w.text == text)
        chance = word.contexts[hit].probability if hit >= 0 else word.probability
        print(
            f"  {text:10} {'context ' + str(hit + 1) if hit >= 0 else 'otherwise':11}"
            f" says {chance:.2f}: {labels[True]} fillers, {labels[False]} content"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", choices=("tuning", "held out"), help="list what went wrong")
    parser.add_argument("--contexts", action="store_true", help="what each context saw (tuning)")
    options = parser.parse_args()
    lexicons = {language: read_lexicon(language) for language in ("en", "ja")}
    sentences = read_sentences()
    _print_tables(sentences, lexicons)
    _print_reliability(sentences, lexicons)
    if options.contexts:
        _print_contexts(sentences, lexicons)
    for one in judge(sentences, lexicons):
        if one.sentence.half == options.wrong and one.counted != one.use.filler:
            label = "filler" if one.use.filler else "content"
            print(f"{label:7} {one.probability:.2f} {one.use.text!r}: {one.sentence.marked}")


if __name__ == "__main__":
    main()
