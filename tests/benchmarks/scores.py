"""One row of the table of conditions: what a set of analysed recordings scores.

Counts are pooled over the recordings, errors of rates are means over recordings. None = nothing
known to measure it on, or the analysis did not measure it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from alignment import word_edge_errors_s
from cases import Case
from matching import count_words, edits, english_words, kana, match_events, match_stretches
from truth import TRUE_PAUSE_S

from analysis.japanese import count_morae
from analysis.results import Filler
from analysis.timeline import Segment, Segments, gaps, intersect, support, total

COLLAR_S = 0.35
FLUENT_MARGIN_S = 1.0
"""speech this near to a true hesitation is not called fluent"""
LONG_ENOUGH_S = 10.0
"""rates are only judged over an answer of at least this length"""
_SHORTEST_PAUSE_S = 0.25
_NEARLY_PAUSE_S = 0.3


@dataclass(slots=True)
class Found:
    """Events: true, found, false."""

    true: int = 0
    found: int = 0
    false: int = 0
    measured: bool = False
    """whether anything could be compared at all"""

    def add(self, true: int, found: int, false: int) -> None:
        """Count one recording."""
        self.true += true
        self.found += found
        self.false += false
        self.measured = True

    @property
    def recall(self) -> float:
        """Share of the true ones that were found; NaN = there are none."""
        return self.found / self.true if self.true else math.nan

    @property
    def precision(self) -> float:
        """Share of the counted ones that are true; NaN = none counted."""
        counted = self.found + self.false
        return self.found / counted if counted else math.nan

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        both = 2 * self.found + self.false + (self.true - self.found)
        return 2 * self.found / both if both else math.nan


@dataclass(slots=True)
class Scores:
    """Sums and errors of a set of recordings."""

    clips: int = 0
    minutes: float = 0.0
    words_true: int = 0
    words_wrong: int = 0
    kana_true: int = 0
    kana_wrong: int = 0
    word_edges_s: list[float] = field(default_factory=list)
    pauses: Found = field(default_factory=Found)
    pauses_right: Found = field(default_factory=Found)
    """measured ones of 0.5 s against true ones of 0.3 s: for the precision"""
    pause_edges_s: list[float] = field(default_factory=list)
    pause_lengths_s: list[float] = field(default_factory=list)
    silences: Found = field(default_factory=Found)
    silence_edges_s: list[float] = field(default_factory=list)
    hesitations: Found = field(default_factory=Found)
    hesitation_offs_s: list[float] = field(default_factory=list)
    fluent_minutes: float = 0.0
    fluent_false: int = 0
    ranges: list[bool] = field(default_factory=list)
    """of each recording, whether its range holds the true number"""
    lexical: Found = field(default_factory=Found)
    repetitions: Found = field(default_factory=Found)
    rates: list[float] = field(default_factory=list)
    """relative errors, signed"""
    articulation: list[float] = field(default_factory=list)
    answers_s: list[float] = field(default_factory=list)
    morae: list[float] = field(default_factory=list)
    languages: list[bool] = field(default_factory=list)


def score(cases: Sequence[Case]) -> Scores:
    """Return the scores of recordings; those that repeat others are left out."""
    scores = Scores()
    for case in cases:
        if not case.clip.pooled:
            continue
        scores.clips += 1
        scores.minutes += case.analysis.media.duration_s / 60
        _words(scores, case)
        _silences(scores, case)
        _hesitations(scores, case)
        _others(scores, case)
        _rates(scores, case)
    return scores


def mean_size(errors: Sequence[float]) -> float:
    """Return the mean of the sizes of errors; NaN = none."""
    return statistics.fmean(map(abs, errors)) if errors else math.nan


def timed_hesitations(case: Case) -> tuple[Sequence[Filler], Segments] | None:
    """Return (heard ones, counted and possible; true ones), None where their times are unknown."""
    if case.clip.hesitations is None or case.analysis.fillers is None:
        return None
    heard = [f for f in case.analysis.fillers if f.kind == "acoustic"]
    return heard, case.clip.hesitations


def _words(scores: Scores, case: Case) -> None:
    clip, transcript = case.clip, case.analysis.transcript
    heard = transcript.text if transcript else ""
    if clip.text and clip.language == "en":
        reference = english_words(clip.text)
        scores.words_true += len(reference)
        scores.words_wrong += edits(reference, english_words(heard))
    elif clip.text and clip.language == "ja":
        spoken = kana(clip.text)
        scores.kana_true += len(spoken)
        scores.kana_wrong += edits(spoken, kana(heard))
    if clip.language is not None:
        got = transcript.language if transcript else None
        known = clip.language in ("en", "ja")
        scores.languages.append(got == clip.language if known else got is None)
    if clip.chunks and transcript and transcript.language == clip.language:
        scores.word_edges_s += word_edge_errors_s(clip.chunks, transcript)


def _silences(scores: Scores, case: Case) -> None:
    clip, speech = case.clip, case.analysis.speech
    if not clip.speech or speech is None:
        return
    matches = match_stretches(clip.long_silences, speech.silences_over_limit)
    scores.silences.add(len(clip.long_silences), len(matches.pairs), len(matches.false))
    scores.silence_edges_s += matches.edge_errors_s

    inside = speech.pauses_inside
    true = [p for p in clip.pauses if p.duration_s >= TRUE_PAUSE_S - 1e-6]
    matches = match_stretches(true, [p for p in inside if p.duration_s >= _SHORTEST_PAUSE_S])
    scores.pauses.add(len(true), len(matches.pairs), 0)
    scores.pause_edges_s += matches.edge_errors_s
    scores.pause_lengths_s += [(m.end - m.start) - (t.end - t.start) for t, m in matches.pairs]
    if clip.pauses_complete:
        nearly = [p for p in clip.pauses if p.duration_s >= _NEARLY_PAUSE_S - 1e-6]
        counted = [p for p in inside if p.duration_s >= TRUE_PAUSE_S]
        backwards = match_stretches(nearly, counted)
        scores.pauses_right.add(len(nearly), len(backwards.pairs), len(backwards.false))
    if clip.answer and speech.answer:
        scores.answers_s.append(speech.answer_s - clip.answer.duration_s)


def _hesitations(scores: Scores, case: Case) -> None:
    clip, counted = case.clip, case.analysis.hesitations
    if clip.hesitation_count is None or counted is None:
        return
    span = case.analysis.hesitation_range
    if span is not None:
        scores.ranges.append(span.low <= clip.hesitation_count <= span.high)
    if clip.hesitations is None:
        hits = min(len(counted), clip.hesitation_count)
        scores.hesitations.add(clip.hesitation_count, hits, len(counted) - hits)
        if clip.hesitation_count == 0 and case.analysis.speech:
            scores.fluent_minutes += case.analysis.speech.speaking_s / 60
            scores.fluent_false += len(counted)
        return
    matches = match_events(clip.hesitations, counted, COLLAR_S)
    scores.hesitations.add(len(clip.hesitations), len(matches.pairs), len(matches.false))
    scores.hesitation_offs_s += [(m.start + m.end - t.start - t.end) / 2 for t, m in matches.pairs]
    fluent = fluent_speech(clip.speech or (), clip.hesitations)
    scores.fluent_minutes += total(fluent) / 60
    scores.fluent_false += sum(
        any(s.start <= (f.start + f.end) / 2 < s.end for s in fluent) for f in matches.false
    )


def fluent_speech(speech: Segments, hesitations: Segments) -> Segments:
    """Return the stretches with speech that are not near a hesitation."""
    if not speech:
        return ()
    wide = support(
        Segment(max(0.0, h.start - FLUENT_MARGIN_S), h.end + FLUENT_MARGIN_S) for h in hesitations
    )
    whole = Segment(0.0, speech[-1].end)
    return intersect(speech, gaps(wide, whole))


def _others(scores: Scores, case: Case) -> None:
    for found, true, counted in (
        (scores.lexical, case.clip.lexical_fillers, case.analysis.lexical_fillers),
        (
            scores.repetitions,
            case.clip.repetitions,
            case.analysis.repetitions and [r for r in case.analysis.repetitions if r.counted],
        ),
    ):
        if true is not None and counted is not None:
            matches = match_events(true, counted, COLLAR_S)
            found.add(len(true), len(matches.pairs), len(matches.false))


def _rates(scores: Scores, case: Case) -> None:
    clip, speech = case.clip, case.analysis.speech
    answer = clip.answer
    if answer is None or not clip.text or speech is None or clip.language not in ("en", "ja"):
        return
    if clip.language == "ja":
        count = clip.mora_count or count_morae(clip.text)
        rates = speech.mora_rate_per_min, speech.mora_articulation_rate_per_min
        if speech.mora_count is not None:
            scores.morae.append(speech.mora_count / count - 1)
    else:
        count = clip.word_count or count_words(clip.text)
        rates = speech.speech_rate_wpm, speech.articulation_rate_wpm
    if answer.duration_s < LONG_ENOUGH_S:
        return
    pauses_s = total(tuple(p for p in clip.pauses if p.duration_s >= _SHORTEST_PAUSE_S))
    true = 60 * count / answer.duration_s, 60 * count / (answer.duration_s - pauses_s)
    # No rate at all (no words heard) is an error of its whole size.
    errors = [got / want - 1 if got == got else -1.0 for got, want in zip(rates, true, strict=True)]
    scores.rates.append(errors[0])
    if clip.pauses_complete:
        scores.articulation.append(errors[1])
