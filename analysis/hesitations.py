"""Hesitation sounds ("um", えーと): found by forced decoding, placed by a steady voice.

The recogniser mostly drops them, so they come from forced decoding (`analysis.asr`): a probability
at every word boundary. The gap is then searched for a steady voice to place them in time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analysis.fillers import Lexicon, set_off
from analysis.results import Filler, Word
from analysis.speech import bare
from analysis.timeline import Segment, Segments, intersect
from analysis.voice import VoicedSpan

COUNTED_FROM = 0.10
"""boundary probability from which a hesitation is counted"""
POSSIBLE_FROM = 0.04
"""below it there is nothing"""
_WRITTEN = 0.9  # probability of a hesitation that the content pass wrote down itself
_SECOND_GAP_S = 0.25  # two steady voices this far apart are two hesitations

_TAIL_S = 0.12  # speech this shortly after a word is its own end
_LONGEST_TAIL_S = 0.5  # and this long after it, it is something else
_LEAST_S = 0.14  # less sound than this is no hesitation (the shortest labelled one)
_MISHEARD_S = 1.2

Steady = Callable[[Segment], tuple[VoicedSpan, ...]]


@dataclass(frozen=True, slots=True)
class Boundary:
    """How probable a hesitation is right before a word, by forced decoding."""

    word: int
    """index of the word that follows"""
    probability: float
    """summed probability of the hesitation tokens, 0..1"""


def find_hesitations(
    words: tuple[Word, ...],
    boundaries: tuple[Boundary, ...],
    speech: Segments,
    lexicon: Lexicon,
    *,
    steady: Steady,
    language: str,
) -> tuple[Filler, ...]:
    """Find hesitation sounds and place them in time.

    Parameters
    ----------
    words : the transcript.
    boundaries : hesitation probability before words, from forced decoding.
    speech : stretches with speech by the measuring pass.
    lexicon : written forms of hesitations.
    steady : finds steady voice in a stretch of the recording.
    language : names the sound ("um" or えー).
    """
    name = "えー" if language == "ja" else "um"
    found: list[Filler] = []
    for word in words:
        if bare(word.text) in lexicon.hesitations:
            found.append(
                Filler(word.start, word.end, bare(word.text), "acoustic", _WRITTEN, counted=True)
            )
    for boundary in boundaries:
        after = words[boundary.word]
        if boundary.probability < POSSIBLE_FROM or boundary.word == 0:
            continue
        before = words[boundary.word - 1]
        if bare(after.text) in lexicon.hesitations or bare(before.text) in lexicon.hesitations:
            continue  # the same sound, heard twice
        counted = boundary.probability >= COUNTED_FROM
        gap = _gap(before, after)
        spots = _place(words, boundary.word, gap, speech, steady)
        stretched = after.end - after.start > _own_length_s(after)
        if not spots and stretched and any(abs(s.start - after.start) <= _TAIL_S for s in speech):
            # The word was laid over the sound before it, as its length tells.
            spots, counted = [Segment(after.start, after.start + _SECOND_GAP_S)], False
        if not spots:
            # No sound in which it could lie: the decoder expects an "um" after a long silence.
            continue
        found.append(
            Filler(spots[0].start, spots[0].end, name, "acoustic", boundary.probability, counted)
        )
        found += [
            Filler(s.start, s.end, name, "acoustic", boundary.probability / 2, counted=False)
            for s in spots[1:]
        ]
    return tuple(sorted(found, key=lambda f: f.start))


def _wordless(words: tuple[Word, ...], index: int, speech: Segments) -> list[Segment]:
    """Return sound of its own right after the word `index`, in which no word lies.

    The recogniser may put a short word ("and") before the hesitation that came before it.
    """
    word = words[index]
    until = words[index + 1].start if index + 1 < len(words) else word.end + _MISHEARD_S
    return [
        s
        for s in speech
        if s.start >= word.end and s.end <= until and _LEAST_S <= s.duration_s <= _MISHEARD_S
    ][:1]


def _misheard(words: tuple[Word, ...], index: int) -> Segment | None:
    """Return the words at `index` if they may be the hesitation itself, written as words.

    The recogniser writes えーと as イエートは、 when it writes it at all: a short run of words
    (at most 1.2 s: our judgement) that a pause or comma sets off on both sides.
    """
    if not set_off(words, index):
        return None
    last = index
    while last + 1 < len(words) and not set_off(words, last + 1):
        last += 1
    if words[last].end - words[index].start > _MISHEARD_S:
        return None
    return Segment(words[index].start, words[last].end)


def _place(
    words: tuple[Word, ...], index: int, gap: Segment, speech: Segments, steady: Steady
) -> list[Segment]:
    """Return where the hesitation before the word `index` lies; empty = nowhere.

    From sound that is nobody's to sound that may be the end of the word before. More than one
    place means more than one hesitation, the likeliest first.
    """
    tail = words[index - 1].end + _TAIL_S
    sounds = [s for s in intersect([gap], speech) if s.end - max(s.start, tail) >= _LEAST_S]
    own = [s for s in sounds if s.start > tail or s.end > tail - _TAIL_S + _LONGEST_TAIL_S]
    spans = sorted((s for s in steady(gap) if s.end > tail), key=lambda s: s.start - s.end)
    if not own:
        spans = [s for s in spans if s.start > tail]
    if spans and sounds:
        best = spans[0]
        others = [
            Segment(s.start, s.end)
            for s in spans[1:]
            if s.end - s.start >= 0.18
            and max(s.start - best.end, best.start - s.end) >= _SECOND_GAP_S
        ]
        return [Segment(best.start, best.end), *others[:1]]
    if own:
        return [max(own, key=lambda s: s.duration_s)]
    misheard = _misheard(words, index)
    return (
        _wordless(words, index, speech)
        or ([misheard] if misheard else [])
        or sorted(sounds, key=lambda s: -s.duration_s)[:1]
    )


def _gap(before: Word, after: Word) -> Segment:
    """Return the stretch between two words in which something else may have been said.

    Whisper stretches word starts back over hesitations; a word takes about 0.18 s + 0.09 s a
    letter (measured on the same recordings), the rest is not its own.
    """
    start = min(before.end, before.start + _own_length_s(before))
    end = max(after.start, after.end - _own_length_s(after))
    if end - start < 0.14:
        middle = (before.end + after.start) / 2
        start, end = middle - 0.2, middle + 0.2
    return Segment(max(0.0, start), end)


def _own_length_s(word: Word) -> float:
    letters = len(bare(word.text))
    # A kana or kanji takes about a mora or two (6–8 morae a second).
    per_letter = 0.09 if word.text.isascii() else 0.2
    return 0.18 + per_letter * letters
