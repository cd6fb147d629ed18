"""The transcript in sentences, and moments of it as quotes.

A sentence ends at closing punctuation or at a pause above `SENTENCE_PAUSE_S`. Recognisers write
little punctuation for some voices, so a long stretch is also split at its next short pause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from analysis.results import AnswerAnalysis, Filler, Pause, Transcript, Word

SENTENCE_PAUSE_S = 1.5
"""A pause above this ends a sentence."""

ENDINGS = "。．.?!？！"
CLOSERS = "」』”’\"')）"

LONG_SENTENCE_CHARACTERS = {"ja": 60}
LONG_SENTENCE_CHARACTERS_ELSE = 180
LONG_SENTENCE_PAUSE_S = 0.4

QUOTE_CHARACTERS = {"ja": 36}
QUOTE_CHARACTERS_ELSE = 72


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words that belong together."""

    words: tuple[Word, ...]
    """at least one"""

    @property
    def start(self) -> float:
        """Start in s."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """End in s."""
        return self.words[-1].end

    @property
    def text(self) -> str:
        """The words as one string."""
        return joined(self.words)


def joined(words: Iterable[Word]) -> str:
    """Return words as one string, spaced as their language wants."""
    return "".join(f" {w.text}" if w.space_before else w.text for w in words).strip()


def unstretched(words: Iterable[Word], pauses: Iterable[Pause]) -> tuple[Word, ...]:
    """Take the pauses above 1 s out of the times of the words.

    A recogniser tends to stretch a word back over the silence before it: a click on it must
    lead to the word, not into the silence.
    """
    silences = [p for p in pauses if p.duration_s > 1.0]
    result = []
    for word in words:
        start, end = word.start, word.end
        for silence in silences:
            if silence.end <= start or silence.start >= end:
                continue
            # The end of a word is heard better than its start: keep what follows the silence.
            if silence.end < end:
                start = silence.end
            elif silence.start > start:
                end = silence.start
        result.append(replace(word, start=start, end=end))
    return tuple(result)


def split_sentences(transcript: Transcript, pauses: tuple[Pause, ...] = ()) -> tuple[Sentence, ...]:
    """Split a transcript into sentences.

    Parameters
    ----------
    transcript : its words in order of time.
    pauses : measured silences; gaps between words count as well.
    """
    words = unstretched(transcript.words, pauses)
    long = LONG_SENTENCE_CHARACTERS.get(transcript.language, LONG_SENTENCE_CHARACTERS_ELSE)
    sentences: list[Sentence] = []
    current: list[Word] = []
    for index, word in enumerate(words):
        current.append(word)
        if index + 1 == len(words):
            break
        gap_s = _gap_s(word, words[index + 1], pauses)
        length = sum(len(w.text) for w in current)
        if (
            _closes(word.text)
            or gap_s > SENTENCE_PAUSE_S
            or (length > long and gap_s > LONG_SENTENCE_PAUSE_S)
        ):
            sentences.append(Sentence(tuple(current)))
            current = []
    if current:
        sentences.append(Sentence(tuple(current)))
    return tuple(sentences)


def is_written(filler: Filler, word: Word) -> bool:
    """Whether a hesitation is this very word: some recognisers write "um" down."""
    return (
        filler.kind == "acoustic"
        and filler.start < word.end
        and filler.end > word.start
        and _bare(filler.text) == _bare(word.text)
    )


def without_hesitations(analysis: AnswerAnalysis) -> Transcript | None:
    """Return the transcript without hesitations that were written down: what a pace counts."""
    if analysis.transcript is None:
        return None
    fillers = analysis.fillers or ()
    words = analysis.transcript.words
    kept = tuple(w for w in words if not any(is_written(f, w) for f in fillers))
    return replace(analysis.transcript, words=kept)


def quote(analysis: AnswerAnalysis, start: float, end: float) -> str:
    """Return the words around a moment, hesitations in brackets; "" without a transcript."""
    if analysis.transcript is None:
        return ""
    limit = QUOTE_CHARACTERS.get(analysis.transcript.language, QUOTE_CHARACTERS_ELSE)
    pauses = analysis.speech.pauses if analysis.speech else ()
    words = unstretched(analysis.transcript.words, pauses)
    marked = sorted((*words, *_bracketed(analysis)), key=lambda w: w.start)
    if not marked:
        return ""
    inside = [i for i, w in enumerate(marked) if w.end > start and w.start < end]
    if not inside:
        # A silence: the last words before it tell best where it is.
        before = [i for i, w in enumerate(marked) if w.end <= start + 0.3]
        inside = [before[-1] if before else 0]
    first, last = inside[0], inside[0]
    while True:
        grown = len(joined(marked[first : last + 1]))
        if last + 1 <= inside[-1] and grown < limit:
            last += 1
        elif grown < limit / 2 and (first > 0 or last + 1 < len(marked)):
            first, last = max(0, first - 1), min(len(marked) - 1, last + 1)
        else:
            break
    text = joined(marked[first : last + 1])
    return f"{'…' if first > 0 else ''}{text}{'…' if last + 1 < len(marked) else ''}"


def _bracketed(analysis: AnswerAnalysis) -> Iterator[Word]:
    spaced = analysis.transcript is None or analysis.transcript.language != "ja"
    words = analysis.transcript.words if analysis.transcript else ()
    for filler in analysis.hesitations or ():
        if any(is_written(filler, w) for w in words):
            continue
        text = f"({filler.text})"
        yield Word(filler.start, filler.end, text, filler.probability, spaced)


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c == "ー").casefold()


def _closes(text: str) -> bool:
    return text.rstrip(CLOSERS).endswith(tuple(ENDINGS))


def _gap_s(word: Word, following: Word, pauses: tuple[Pause, ...]) -> float:
    """Return the pause between two words, s: the measured one, else the gap between them."""
    from_s, to_s = (word.start + word.end) / 2, (following.start + following.end) / 2
    between = [p.duration_s for p in pauses if from_s <= (p.start + p.end) / 2 <= to_s]
    return max([*between, following.start - word.end])
