"""Ends of sentences that fade away.

Definition (limits: ``data/speech.toml``, table ``delivery``)
    Drop: power of the sentence but its end against the power of its end, in dB, both over speech
    and without the power of the background noise. The end is the last 0.7 s of speech before a
    pause, hesitations left out. The voice detector stops early where a voice fades, so what is
    still voiced and above the noise right behind it belongs to the sentence (breath is not
    voiced). Voices fall at the end of a sentence, and unstressed words are softer: only what goes
    far beyond counts.

Conventions
    Times in s. Automatic gain of a microphone hides soft ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.levels import LEVEL_STEP_S, Levels
from analysis.results import Filler, SpeechMetrics, Transcript, VoiceMetrics
from analysis.sentences import Sentence, split_sentences
from analysis.settings import Settings
from analysis.timeline import Segment, Segments, Track, gaps, intersect, segments_where

_QUIET_DB = 30.0
"""frames this far below their sentence are silence that the voice detector took for speech"""

# A fading voice behind the end of detected speech: how far it is looked for, over which gaps of
# consonants, and how long and how far above the noise it must be. Our judgement.
_TAIL_S = 1.0
_TAIL_GAP_S = 0.25
_TAIL_RUN_S = 0.04
_AUDIBLE_DB = 6.0


@dataclass(frozen=True, slots=True)
class SentenceEnd:
    """The end of a sentence, judged."""

    start: float
    """s"""
    end: float
    """s"""
    drop_db: float
    """how much softer than the sentence, dB; below 0 = louder"""


def soft_tails(speech: Segments, duration_s: float) -> Segments:
    """Return where a fading voice may go on unnoticed by the voice detector."""
    return tuple(
        Segment(g.start, min(g.end, g.start + _TAIL_S))
        for g in gaps(speech, Segment(0.0, duration_s))
        if g.start > 0
    )


def judge_sentence_ends(
    transcript: Transcript,
    speech: SpeechMetrics,
    levels: Levels,
    voice: VoiceMetrics,
    settings: Settings,
    *,
    fillers: Iterable[Filler] = (),
    tail_f0: Track | None = None,
) -> tuple[SentenceEnd, ...]:
    """Return the ends of sentences that can be judged.

    Parameters
    ----------
    transcript : says where sentences end.
    speech : stretches of speech; ends beside lost sound are not judged.
    levels : at the native rate.
    voice : for the noise floor.
    settings : thresholds of the sound analysis.
    fillers : their hesitations, possible ones too, are no ends of sentences.
    tail_f0 : over `soft_tails`, Hz; None = sentences stop where the voice detector stops.
    """
    noise = _power(voice.noise_floor_dbfs)
    talk = _talk(speech, fillers, levels, noise, tail_f0)
    silences = [
        g
        for g in gaps(talk, Segment(0.0, speech.duration_s))
        if g.duration_s >= settings["delivery.end_pause_s"] and not intersect([g], speech.lost)
    ]
    sentences = split_sentences(transcript, speech.pauses)
    ends: list[SentenceEnd] = []
    for index, sentence in enumerate(sentences):
        following = sentences[index + 1] if index + 1 < len(sentences) else None
        end = _end_s(sentence, following, silences)
        if end is None or end <= sentence.start:
            continue
        pieces = intersect([Segment(sentence.start, end)], talk)
        judged = _judge_end(_frames(levels, pieces), levels, noise, settings)
        if judged is not None:
            ends.append(judged)
    return tuple(ends)


def _talk(
    speech: SpeechMetrics,
    fillers: Iterable[Filler],
    levels: Levels,
    noise: float,
    tail_f0: Track | None,
) -> Segments:
    """Return the speech with its soft tails and without hesitations."""
    sounds = [Segment(f.start, max(f.start, f.end)) for f in fillers if f.kind == "acoustic"]
    tails: list[Segment] = []
    if tail_f0 is not None and len(tail_f0.times):
        frames = np.minimum(
            (tail_f0.times / LEVEL_STEP_S).astype(np.intp), len(levels.mean_square) - 1
        )
        audible = noise * 10 ** (_AUDIBLE_DB / 10)
        voiced = tail_f0.present & (levels.mean_square[frames] >= audible)
        runs = segments_where(tail_f0.times, voiced, max_step_s=0.02)
        runs = tuple(r for r in runs if r.duration_s >= _TAIL_RUN_S)
        for stretch in speech.speech:
            end = stretch.end
            for run in runs:
                if stretch.end - 0.01 <= run.start <= end + _TAIL_GAP_S:
                    end = max(end, run.end)
            tails.append(Segment(stretch.end, end))
    whole = Segment(0.0, speech.duration_s)
    return intersect((*speech.speech, *tails), gaps(sounds, whole))


def _end_s(sentence: Sentence, following: Sentence | None, silences: list[Segment]) -> float | None:
    """Return where the sound of a sentence stops, s; None where no pause follows."""
    last = sentence.words[-1]
    middle = (last.start + last.end) / 2
    until = math.inf
    if following is not None:
        word = following.words[0]
        until = (word.start + word.end) / 2
    return next((s.start for s in silences if middle <= s.middle and s.start < until), None)


def _frames(levels: Levels, pieces: Segments) -> NDArray[np.intp]:
    """Return the level frames that lie wholly inside some segments."""
    ranges = [
        np.arange(
            math.ceil(p.start / LEVEL_STEP_S - 1e-6),
            min(math.floor(p.end / LEVEL_STEP_S + 1e-6), len(levels.mean_square)),
            dtype=np.intp,
        )
        for p in pieces
    ]
    return np.concatenate(ranges) if ranges else np.zeros(0, dtype=np.intp)


def _judge_end(
    frames: NDArray[np.intp], levels: Levels, noise: float, settings: Settings
) -> SentenceEnd | None:
    """Return how much softer the end is; None where the sentence is too short to tell."""
    if not len(frames):
        return None
    power = levels.mean_square[frames].astype(np.float64)
    loud = np.flatnonzero(power > power.mean() * 10 ** (-_QUIET_DB / 10))
    frames, power = frames[: loud[-1] + 1], power[: loud[-1] + 1]
    end_count = round(settings["delivery.end_s"] / LEVEL_STEP_S)
    if len(frames) < end_count + round(settings["delivery.body_s"] / LEVEL_STEP_S):
        return None
    body, end = power[:-end_count].mean() - noise, power[-end_count:].mean() - noise
    if body <= 0:
        return None
    # An end that drowns in the noise is at least this soft; more can't be told.
    end = max(end, 0.1 * noise, 1e-12)
    start_s, end_s = frames[-end_count] * LEVEL_STEP_S, (frames[-1] + 1) * LEVEL_STEP_S
    return SentenceEnd(float(start_s), float(end_s), 10 * math.log10(body / end))


def _power(dbfs: float) -> float:
    return 0.0 if math.isnan(dbfs) else 10 ** (dbfs / 10)
