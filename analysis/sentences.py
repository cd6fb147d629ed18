"""The transcript in sentences.

A sentence ends at closing punctuation or at a pause above `SENTENCE_PAUSE_S`. Recognisers write
little punctuation for some voices, so a long stretch is also split at its next short pause.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from analysis.results import Filler, Pause, Transcript, Word

SENTENCE_PAUSE_S = 1.5
"""A pause above this ends a sentence."""

ENDINGS = "。．.?!？！"
CLOSERS = "」』”’\"')）"

LONG_SENTENCE_CHARACTERS = {"ja": 60}
LONG_SENTENCE_CHARACTERS_ELSE = 180
LONG_SENTENCE_PAUSE_S = 0.4


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


def without_hesitations(transcript: Transcript, fillers: Iterable[Filler]) -> Transcript:
    """Return the transcript without hesitations that were written down: what a pace counts."""
    sounds = [f for f in fillers if f.kind == "acoustic"]
    kept = tuple(w for w in transcript.words if not any(is_written(f, w) for f in sounds))
    return replace(transcript, words=kept)


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c == "ー").casefold()


def _closes(text: str) -> bool:
    return text.rstrip(CLOSERS).endswith(tuple(ENDINGS))


def _gap_s(word: Word, following: Word, pauses: tuple[Pause, ...]) -> float:
    """Return the pause between two words, s: the measured one, else the gap between them."""
    from_s, to_s = (word.start + word.end) / 2, (following.start + following.end) / 2
    between = [p.duration_s for p in pauses if from_s <= (p.start + p.end) / 2 <= to_s]
    return max([*between, following.start - word.end])
