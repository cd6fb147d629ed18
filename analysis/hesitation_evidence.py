"""What speaks for a hesitation at each place where one may be.

A place is sound between two words that is neither's: a held voice, or speech that no word covers.
What the recogniser would have written there comes from the boundaries (`Boundary`), how it sounds
from the trace of the voice. Everything here is measured, nothing is decided: see
`analysis.hesitation_model`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from analysis.hesitation_guesses import Boundary, Guess
from analysis.hesitation_spelling import find_alike, find_written, likeness
from analysis.results import Word
from analysis.speech import bare
from analysis.timeline import Segment, Segments, extent, intersect, support, total
from analysis.voice import F0_STEP_S, VoiceTrace

# Spectral change below which a voice is held: half of what is usual for the speaker. High voices
# change more, as their harmonics move, and so does the speech of machines.
_HELD_CHANGE = 0.5
_HELD_CHANGE_LEAST = 0.9
_HELD_SLOPE_ST = 4.0  # and how much f0 may move in 100 ms
_SLOPE_STEPS = 5
_BRIDGE_S = 0.06  # the closure in えっと or between vowel and nasal in "um"
_APART_S = 0.2  # two held voices this far apart are two sounds
_LEAST_S = 0.1
_EXPECTED = 0.05  # first-token probability, or ratio, from which the recogniser expects one
_EXPECTED_RATIO = -2.0
_EDGE_S = 0.08  # a sound this close to an edge of speech begins or ends there
_ONSET_S = 0.3  # a sound has at most this much before and after its held voice
_FREE_S = 0.2  # uncovered speech from which a place is looked at that the recogniser did not try
_BEFORE_S = 0.5  # a written word may lie this far from its sound
_MISPLACED_S = 1.2
_TAIL_S = 0.12  # speech this shortly after a word is its own end
_MOST = 3  # sounds at one boundary
_SHARED_RATIO = 0.3


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place where a hesitation may lie, and what speaks for it."""

    start: float
    """s"""
    end: float
    """s"""
    text: str
    """the likeliest hesitation; "" = not known"""
    first: float
    """first-token probability at the boundary, 0..1"""
    ratio: float
    """ln likelihood ratio of the text with and without it; -inf = not tried"""
    place_s: float
    """how long it would be by the recogniser, s"""
    overlap_ratio: float
    """share of the sound that lies where the recogniser would put it, 0..1"""
    held_s: float
    """held voice in it, s"""
    change: float
    """mean spectral change of its voice, 1 = usual for the speaker; nan = no voice"""
    level_db: float
    """against the median of the voice; nan = no voice"""
    free_s: float
    """speech between the two words that is neither's, s"""
    opens: bool
    """a silence lies before it"""
    closes: bool
    """a silence lies after it"""
    extra: bool
    """another sound of the same boundary fits better"""
    swallows: bool
    """the recogniser wrote it as other words"""
    likeness: float
    """how much those words read like a hesitation, 0..1; Japanese only"""
    written: bool
    """the recogniser wrote it itself"""

    @property
    def span(self) -> Segment:
        """Where it lies."""
        return Segment(self.start, self.end)


class EvidenceCollector:
    """Finds the places where hesitations may lie.

    Parameters
    ----------
    words : the transcript.
    speech : stretches with speech by the measuring pass.
    trace : of the voice, over the speech.
    hesitations : how hesitations are written.
    """

    def __init__(
        self,
        words: tuple[Word, ...],
        speech: Segments,
        trace: VoiceTrace,
        hesitations: frozenset[str],
    ) -> None:
        self._words = words
        self._speech = support(speech)
        self._trace = trace
        self._hesitations = hesitations
        self._written = find_written(words, hesitations)
        voiced = ~np.isnan(trace.f0_st)
        self._usual_change = float(np.median(trace.change[voiced])) if voiced.any() else 1.0
        self._held = _held_voice(trace, max(_HELD_CHANGE_LEAST, _HELD_CHANGE * self._usual_change))
        self._median_db = float(np.median(trace.level_db[voiced])) if voiced.any() else math.nan

    def collect(self, boundaries: Sequence[Boundary]) -> tuple[Evidence, ...]:
        """Return the evidence for every place, in order; places do not overlap."""
        found: list[Evidence] = []
        by_word = {b.word: b for b in boundaries}
        for i, last in self._written:
            boundary = by_word.get(i, Boundary(i, 0.0))
            span = self._around(i, last)
            found.append(self._describe(span, boundary, None, span, written=True))
        for boundary in boundaries:
            found += (*self._between(boundary), *self._as_words(boundary))
        for i, last in find_alike(self._words, self._hesitations):
            found += self._alike(by_word.get(i, Boundary(i, 0.0)), last)
        return tuple(_without_doubles(found))

    def _around(self, i: int, last: int) -> Segment:
        """Return the sound on which a hesitation lies, written as the words `i` to `last`."""
        words = self._words
        own = Segment(words[i].start, words[last].end)
        low, high = own.start - _BEFORE_S, own.end + _BEFORE_S
        if i > 0:
            low = max(low, min(words[i - 1].end, words[i - 1].start + own_length_s(words[i - 1])))
        if last + 1 < len(words):
            after = words[last + 1]
            high = min(high, max(after.start, after.end - own_length_s(after)))
        window = Segment(max(0.0, min(low, own.start)), max(high, own.end))
        near = Segment(max(0.0, own.start - _EDGE_S), own.end + _EDGE_S)
        sounds = intersect([window], self._speech)
        return extent(s for s in sounds if intersect([s], [near])) or own

    def _between(self, boundary: Boundary) -> Iterator[Evidence]:
        """Yield the places at one boundary, the best first."""
        guess = boundary.inserted
        core, window = self._room(boundary)
        if guess is None and total(intersect([core], self._speech)) < _FREE_S:
            return
        sounds = self._sounds(window)
        place = [guess.place] if guess is not None else []
        expected = guess is not None and (
            boundary.probability >= _EXPECTED or guess.ratio > _EXPECTED_RATIO
        )
        if not sounds and expected:
            # The words were laid over it: the recogniser still knows where it would be.
            sounds = [s for s in intersect(place, self._speech) if s.duration_s >= _LEAST_S][:1]

        def fit(sound: Segment) -> float:
            return total(intersect([sound], place)) + total(intersect([sound], self._held))

        for rank, sound in enumerate(sorted(sounds, key=fit, reverse=True)[:_MOST]):
            held = total(intersect([sound], self._held)) >= _BRIDGE_S
            if self._begins(sound.start):
                own = True
            elif rank == 0:
                # A hoarse "uh" is held by nobody's measure, but it lasts.
                rest = sound.end - max(sound.start, core.start + _TAIL_S)
                own = fit(sound) >= _BRIDGE_S or (expected and rest >= _LEAST_S)
            else:
                # Without a silence before it, it may be the end of the word before.
                own = held and sound.start >= core.start + _TAIL_S
            if own:
                yield self._describe(sound, boundary, guess, core, extra=rank > 0)

    def _as_words(self, boundary: Boundary) -> Iterator[Evidence]:
        """Yield the words after a boundary as a place, where they may be the hesitation."""
        guess, other = boundary.instead, boundary.inserted
        if guess is None or boundary.word >= len(self._words):
            return
        start = self._words[boundary.word].start
        core = Segment(start, start + guess.replaced_s)
        if other is not None and other.ratio > guess.ratio:
            return  # it lies between the words
        if total(intersect([core], [guess.place])) < _SHARED_RATIO * core.duration_s:
            return  # even without these words it would lie elsewhere
        span = extent(intersect([core], self._speech)) or core
        yield self._describe(span, boundary, guess, core)

    def _alike(self, boundary: Boundary, last: int) -> Iterator[Evidence]:
        """Yield words that sound like a hesitation, whatever the recogniser says of others."""
        core = Segment(self._words[boundary.word].start, self._words[last].end)
        place = boundary.instead.place if boundary.instead else core
        text = "".join(w.text for w in self._words[boundary.word : last + 1])
        guess = Guess("", -math.inf, place, core.duration_s)
        span = extent(intersect([core], self._speech)) or core
        found = self._describe(span, boundary, boundary.instead or guess, core)
        yield replace(found, swallows=True, likeness=likeness(text, self._hesitations))

    def _replaced(self, boundary: Boundary, guess: Guess | None) -> str:
        """Return the text that a guess replaces."""
        if guess is None or not guess.replaced_s or boundary.word >= len(self._words):
            return ""
        until = self._words[boundary.word].start + guess.replaced_s - _EDGE_S
        behind = self._words[boundary.word :]
        return "".join(w.text for w in takewhile(lambda w: w.start < until, behind))

    def _room(self, boundary: Boundary) -> tuple[Segment, Segment]:
        """Return what is neither word's, and that together with where the recogniser would look.

        Whisper stretches words over hesitations: a word's own length is counted from its start for
        the word before, from its end for the word after.
        """
        k, words = boundary.word, self._words
        last = self._speech[-1].end if self._speech else 0.0
        low = high = 0.0
        if k > 0:
            low = min(words[k - 1].end, words[k - 1].start + own_length_s(words[k - 1]))
        if k < len(words):
            high = max(words[k].start, words[k].end - own_length_s(words[k]))
        else:
            high = max(low, last)
        core = Segment(low, max(low, high))
        if boundary.inserted is not None:
            place = boundary.inserted.place
            earliest = words[k - 1].start if k > 0 else 0.0
            # The word after may have been put before the sound, and belongs behind it.
            latest = words[k].end + _MISPLACED_S if k < len(words) else last
            low = min(low, max(place.start, earliest))
            high = max(high, min(place.end, max(latest, low)))
        return core, Segment(low, max(low, high))

    def _sounds(self, window: Segment) -> list[Segment]:
        """Return the sounds in a stretch: held voices, or speech where no voice is held."""
        found: list[Segment] = []
        for island in intersect([window], self._speech):
            if island.duration_s < _LEAST_S:
                continue
            held = [s for s in intersect([island], self._held) if s.duration_s >= _BRIDGE_S]
            voices = [s for s in support(held, collar_s=_APART_S) if s.duration_s >= _LEAST_S]
            if not voices:
                found.append(island)
            for voice in voices:
                # What begins or ends a stretch of speech is all of it.
                start = island.start if self._begins(island.start) else voice.start
                end = island.end if self._ends(island.end) else voice.end
                found.append(
                    Segment(
                        start if voice.start - start <= _ONSET_S else voice.start,
                        end if end - voice.end <= _ONSET_S else voice.end,
                    )
                )
        return found

    def _begins(self, time: float) -> bool:
        return any(abs(s.start - time) <= _EDGE_S for s in self._speech)

    def _ends(self, time: float) -> bool:
        return any(abs(s.end - time) <= _EDGE_S for s in self._speech)

    def _describe(
        self,
        span: Segment,
        boundary: Boundary,
        guess: Guess | None,
        core: Segment,
        *,
        extra: bool = False,
        written: bool = False,
    ) -> Evidence:
        place = guess.place if guess is not None else Segment(span.start, span.start)
        steps = self._trace.inside(span)
        voiced = ~np.isnan(self._trace.f0_st[steps])
        some = bool(voiced.any())

        def mean(values: NDArray[np.float64], reference: float) -> float:
            return float(np.mean(values[steps][voiced])) - reference if some else math.nan

        return Evidence(
            start=span.start,
            end=span.end,
            text=bare(self._words[boundary.word].text)
            if written
            else (guess.sound if guess else ""),
            first=boundary.probability,
            ratio=guess.ratio if guess is not None else -math.inf,
            place_s=place.duration_s,
            overlap_ratio=total(intersect([span], [place])) / max(span.duration_s, 0.01),
            held_s=total(intersect([span], self._held)),
            change=mean(self._trace.change, 0.0) / max(self._usual_change, 1e-3),
            level_db=mean(self._trace.level_db, self._median_db),
            free_s=total(intersect([core], self._speech)),
            opens=self._begins(span.start),
            closes=self._ends(span.end),
            extra=extra,
            swallows=guess is not None and guess.replaced_s > 0,
            likeness=likeness(self._replaced(boundary, guess), self._hesitations),
            written=written,
        )


def own_length_s(word: Word) -> float:
    """Return how long a word takes when nothing is stretched, s.

    About 0.18 s and 0.09 s a letter (measured on English recordings); a kana or kanji takes about
    a mora or two, at 6 to 8 morae a second.
    """
    return 0.18 + (0.09 if word.text.isascii() else 0.2) * len(bare(word.text))


def _held_voice(trace: VoiceTrace, most_change: float) -> Segments:
    """Return where a voice is held: it has a pitch that moves slowly, and one sound."""
    slope = np.zeros(len(trace.times))
    lag = _SLOPE_STEPS
    if len(slope) > 2 * lag:
        moved = np.abs(trace.f0_st[2 * lag :] - trace.f0_st[: -2 * lag])
        # At the edges of a voice there is no slope to speak of.
        slope[lag:-lag] = np.nan_to_num(moved, nan=0.0)
    held = ~np.isnan(trace.f0_st) & (trace.change < most_change) & (slope < _HELD_SLOPE_ST)
    half = F0_STEP_S / 2
    steps = (Segment(max(0.0, float(t) - half), float(t) + half) for t in trace.times[held])
    return support(steps, collar_s=_BRIDGE_S)


def _without_doubles(found: list[Evidence]) -> list[Evidence]:
    """Keep the strongest of those that share their sound."""

    def strength(e: Evidence) -> tuple[bool, float]:
        return e.written, max(e.ratio, -12.0) + math.log(e.first + 1e-3) - 4.0 * e.extra

    kept: list[Evidence] = []
    for evidence in sorted(found, key=strength, reverse=True):
        for i, other in enumerate(kept):
            shared = min(evidence.end, other.end) - max(evidence.start, other.start)
            if shared > _SHARED_RATIO * min(evidence.span.duration_s, other.span.duration_s):
                if not other.written:
                    kept[i] = replace(other, first=max(other.first, evidence.first))
                break
        else:
            kept.append(evidence)
    return sorted(kept, key=lambda e: e.start)
