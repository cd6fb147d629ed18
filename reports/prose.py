"""The transcript as it is shown: sentences with their words, pauses and hesitations in place."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.results import SILENCE_LIMIT_S, AnswerAnalysis, Filler, Pause, Word
from analysis.sentences import is_written, split_sentences
from reports.charts import (
    SHOWN_PAUSE_S,
    filler_kind,
    filler_label,
    is_over_limit,
    pause_label,
)
from reports.language import t
from reports.wording import moment_clock, seconds


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or a mark between words."""

    sort: str
    """ "word", "filler" (a word that is one), "sound" (hesitation) or "pause" """
    start: float
    """s"""
    end: float
    """s"""
    text: str
    space_before: bool = True
    look: str = ""
    """names its look"""
    label: str = ""
    """in words, "" for a plain word"""


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence, or a silence over the limit on a line of its own."""

    start: float
    """s"""
    end: float
    """s"""
    clock: str
    pieces: tuple[Piece, ...]
    silence: str = ""
    """text of a silence over the limit; then there are no pieces"""

    @property
    def text(self) -> str:
        """Beginning of the words, to name the passage."""
        return " ".join(p.text for p in self.pieces if p.sort in ("word", "filler"))[:60]

    @property
    def word_times(self) -> tuple[tuple[float, float], ...]:
        """Start and end of each word, s."""
        return tuple((p.start, p.end) for p in self.pieces if p.sort in ("word", "filler"))


def passages(analysis: AnswerAnalysis) -> tuple[Passage, ...]:
    """Return the transcript with everything marked; () without one."""
    if analysis.transcript is None:
        return ()
    pauses = analysis.speech.pauses if analysis.speech else ()
    shown = [p for p in pauses if p.duration_s >= SHOWN_PAUSE_S]
    limit_s = analysis.speech.silence_limit_s if analysis.speech else SILENCE_LIMIT_S
    over = [p for p in shown if is_over_limit(p, limit_s)]
    # A hesitation that the transcript itself holds is marked there, not put in once more.
    written = [
        f
        for f in analysis.fillers or ()
        if f.kind != "acoustic" or any(is_written(f, w) for w in analysis.transcript.words)
    ]
    sounds = [f for f in analysis.fillers or () if f not in written]
    between = sorted(
        [_pause_piece(p, limit_s) for p in shown if p not in over]
        + [_sound_piece(f) for f in sounds],
        key=_middle,
    )
    result: list[Passage] = []
    sentences = split_sentences(analysis.transcript, pauses)
    for index, sentence in enumerate(sentences):
        last = index + 1 == len(sentences)
        until = None if last else sentences[index + 1].words[0]
        last_word = sentence.words[-1]
        pieces: list[Piece] = []
        for word in sentence.words:
            while between and _middle(between[0]) < _word_middle(word):
                pieces.append(between.pop(0))
            pieces.append(_word_piece(word, written))
        # What follows the last word up to the next sentence belongs to this one.
        while between and (until is None or _middle(between[0]) < _word_middle(until)):
            if (
                until is not None
                and between[0].sort == "sound"
                and _closer(between[0], until, last_word)
            ):
                break
            pieces.append(between.pop(0))
        result.append(
            Passage(sentence.start, sentence.end, moment_clock(sentence.start), tuple(pieces))
        )
    result += [
        Passage(p.start, p.end, moment_clock(p.start), (), _over_text(p, limit_s)) for p in over
    ]
    return tuple(sorted(result, key=lambda p: (p.start, p.end)))


def _word_piece(word: Word, fillers: list[Filler]) -> Piece:
    for filler in fillers:
        # By its middle: the times of fillers and words may differ by rounding.
        if filler.start <= _word_middle(word) < max(filler.end, filler.start + 0.01):
            return Piece(
                "filler",
                word.start,
                word.end,
                word.text,
                word.space_before,
                filler_kind(filler),
                filler_label(filler),
            )
    return Piece("word", word.start, word.end, word.text, word.space_before)


def _sound_piece(filler: Filler) -> Piece:
    text = filler.text if filler.counted else f"{filler.text}?"
    return Piece(
        "sound",
        filler.start,
        filler.end,
        text,
        look=filler_kind(filler),
        label=filler_label(filler),
    )


def _pause_piece(pause: Pause, limit_s: float) -> Piece:
    text, label = f"⟨{seconds(pause.duration_s, limit_s)}⟩", pause_label(pause, limit_s)
    return Piece("pause", pause.start, pause.end, text, look="pause", label=label)


def _closer(piece: Piece, following: Word, word: Word) -> bool:
    return following.start - piece.end < piece.start - word.end


def _middle(piece: Piece) -> float:
    return (piece.start + piece.end) / 2


def _word_middle(word: Word) -> float:
    return (word.start + word.end) / 2


def _over_text(pause: Pause, limit_s: float) -> str:
    length, limit = seconds(pause.duration_s, limit_s), f"{limit_s:g}"
    if pause.place == "before":
        text = t("Silence of {length} before the answer", length=length)
    elif pause.place == "after":
        text = t("Silence of {length} after the answer", length=length)
    else:
        text = t("Silence of {length}", length=length)
    return t("{what} – over the limit of {limit} s", what=text, limit=limit)
