"""Delivery over time: pace, melody, and ends of sentences that fade away.

Definitions (limits: ``data/speech.toml``, tables ``pace`` and ``delivery``)
    Fastest and slowest passage: of the windows of `analysis.pace` that lie wholly inside the answer
    and hold enough speech, the two that do not overlap and differ most. In an answer without two
    such windows neither is measured.

    Share of monotone speech (see `analysis.melody`): that of the speech in stretches that could be
    judged.

    Drops (see `analysis.sentence_ends`) are withheld where the voice is less than 10 dB above the
    noise, or where there is no silence to tell.

Conventions
    Times in s; None and NaN = not measured.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.levels import Levels
from analysis.melody import measure_melody
from analysis.pace import pace_track
from analysis.results import (
    Caution,
    DeliveryMetrics,
    Drop,
    Filler,
    Passage,
    SpeechMetrics,
    Transcript,
    VoiceMetrics,
)
from analysis.sentence_ends import SentenceEnd, judge_sentence_ends
from analysis.sentences import without_hesitations
from analysis.settings import Settings
from analysis.timeline import Segment, Track, intersect, total


def measure_delivery(
    transcript: Transcript | None,
    speech: SpeechMetrics,
    f0: Track,
    levels: Levels,
    settings: Settings,
    *,
    voice: VoiceMetrics | None,
    fillers: tuple[Filler, ...] = (),
    tail_f0: Track | None = None,
) -> tuple[DeliveryMetrics | None, tuple[Caution, ...]]:
    """Measure pace, melody and ends of sentences over time.

    Parameters
    ----------
    transcript : None = pace and ends of sentences are not measured.
    speech : answer, pauses and stretches of speech.
    f0 : over the speech, Hz.
    levels : at the native rate.
    settings : thresholds of the sound analysis.
    voice : noise floor and SNR; None = ends of sentences are withheld.
    fillers : their hesitations are no words, and no ends of sentences.
    tail_f0 : over `soft_tails`, Hz; None = sentences stop where the voice detector stops.

    Returns
    -------
    DeliveryMetrics or None (nobody spoke), and what to be careful about.
    """
    if speech.answer is None:
        return None, ()
    pace = Track(np.zeros(0), np.zeros(0, dtype=np.float32), "")
    fastest = slowest = None
    if transcript is not None:
        spoken = without_hesitations(transcript, fillers)
        window_s = settings["pace.window_s"]
        worded = settings["pace.min_worded_ratio"]
        pace = pace_track(
            spoken,
            speech,
            window_s=window_s,
            min_talk_s=settings["pace.min_talk_s"],
            min_worded_ratio=worded,
        )
        full = pace_track(
            spoken,
            speech,
            window_s=window_s,
            min_talk_s=settings["delivery.passage_talk_s"],
            min_worded_ratio=worded,
        )
        fastest, slowest = _extremes(full, speech.answer, window_s)
    spread, judged, flat = measure_melody(f0, speech, levels, settings)
    ends: tuple[SentenceEnd, ...] = ()
    noisy = voice is None or not voice.snr_db >= settings["delivery.least_snr_db"]
    if transcript is not None and voice is not None and not noisy:
        ends = judge_sentence_ends(
            transcript, speech, levels, voice, settings, fillers=fillers, tail_f0=tail_f0
        )
    judged_s = total(intersect(judged, speech.speech))
    flat_s = total(intersect(flat, speech.speech))
    metrics = DeliveryMetrics(
        pace_unit=pace.unit,
        pace=pace,
        fastest=fastest,
        slowest=slowest,
        f0_spread_st=spread,
        monotone=flat,
        monotone_ratio=flat_s / judged_s if judged_s else math.nan,
        sentence_end_count=len(ends),
        drops=tuple(
            Drop(e.start, e.end, e.drop_db)
            for e in ends
            if e.drop_db >= settings["delivery.drop_from_db"]
        ),
        pace_window_s=settings["pace.window_s"],
        flat_below_st=settings["delivery.flat_below_st"],
        flat_window_s=settings["delivery.flat_window_s"],
        drop_from_db=settings["delivery.drop_from_db"],
    )
    return metrics, _doubts(metrics, transcript, noisy=noisy, settings=settings)


def _doubts(
    metrics: DeliveryMetrics, transcript: Transcript | None, *, noisy: bool, settings: Settings
) -> tuple[Caution, ...]:
    cautions: list[Caution] = []
    if noisy:
        cautions.append(
            Caution(
                "ends-withheld",
                "Whether sentences fade away was not measured: for that the voice must be known to"
                f" be {settings['delivery.least_snr_db']:g} dB above the background noise.",
            )
        )
    missing = []
    if metrics.fastest is None and transcript is not None:
        missing.append("the fastest and the slowest passage")
    if math.isnan(metrics.monotone_ratio):
        missing.append("the melody over time")
    if not metrics.sentence_end_count and not noisy and transcript is not None:
        missing.append("the ends of sentences")
    if missing:
        text = " and ".join([", ".join(missing[:-1]), missing[-1]]) if missing[1:] else missing[0]
        cautions.append(
            Caution("delivery-too-short", f"There was too little talk to measure {text}.")
        )
    return tuple(cautions)


def _extremes(
    pace: Track, answer: Segment, window_s: float
) -> tuple[Passage | None, Passage | None]:
    """Return the two windows inside the answer that do not overlap and differ most."""
    half = window_s / 2
    inside = (pace.times >= answer.start + half - 1e-6) & (pace.times <= answer.end - half + 1e-6)
    usable = inside & pace.present
    times, rates = pace.times[usable], pace.values[usable].astype(np.float64)
    apart = np.abs(times[:, None] - times[None, :]) >= window_s - 1e-6
    if not apart.any():
        return None, None
    difference = np.where(apart, rates[:, None] - rates[None, :], -np.inf)
    fast, slow = np.unravel_index(int(np.argmax(difference)), difference.shape)

    def passage(index: int) -> Passage:
        time = float(times[index])
        start, end = max(answer.start, time - half), min(answer.end, time + half)
        return Passage(start, end, float(rates[index]))

    return passage(int(fast)), passage(int(slow))
