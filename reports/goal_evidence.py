"""The moments of an answer that a goal's number rests on."""

from __future__ import annotations

from analysis.results import AnswerAnalysis, SpeechMetrics
from analysis.timeline import Segment
from reports.evidence import Moment, densest, longest, moments, pace_extremes
from reports.feedback import pace_of
from reports.measures import Measure
from reports.sight import habits, measured_gaze, measured_posture
from reports.targets import Targets

OPENING_S = 5.0
"""what is played for a measure of the whole recording (our judgement)"""


def goal_moments(
    measure: Measure, analysis: AnswerAnalysis, targets: Targets
) -> tuple[Moment, ...]:
    """Return where to look and listen for a measure, at most three moments; () = nowhere."""
    speech = analysis.speech
    if speech is None:
        return ()
    if measure.settings == "sight":
        return _of_sight(measure, analysis)
    if measure.id in ("fillers_per_min", "hesitation_count", "lexical_filler_count"):
        return _of_fillers(measure, analysis)
    if measure.id in ("repetition_count", "restart_count"):
        kind = measure.id.removesuffix("_count")
        found = [Segment(r.start, r.end) for r in analysis.counted_repetitions(kind) or ()]
        return moments(analysis, found)
    if measure.id in ("pace_wpm", "pace_characters_per_min", "speech_rate_wpm"):
        value, band = pace_of(analysis, targets)
        fast = band is None or value > (band.low + band.high) / 2
        return moments(analysis, pace_extremes(analysis, fast=fast))
    return moments(analysis, _of_sound(measure, analysis, speech))


def _of_sound(measure: Measure, analysis: AnswerAnalysis, speech: SpeechMetrics) -> list[Segment]:
    answer, delivery = speech.answer, analysis.delivery
    if measure.id == "longest_silence_s":
        return [Segment(p.start, p.end) for p in longest(speech.pauses)[:1]]
    if measure.id == "silences_over_30s":
        return [Segment(p.start, p.end) for p in speech.silences_over_limit]
    if measure.id == "pause_count":
        return [Segment(p.start, p.end) for p in longest(speech.pauses_inside)]
    if measure.id == "soft_end_ratio":
        drops = sorted(delivery.drops if delivery else (), key=lambda d: -d.drop_db)
        return [Segment(d.start, d.end) for d in drops]
    if measure.id == "monotone_ratio":
        return longest(delivery.monotone) if delivery else []
    if answer is None:
        return []
    if measure.id == "latency_s":
        return [Segment(0.0, answer.start)]
    if measure.id == "answer_s":
        return [Segment(max(answer.start, answer.end - OPENING_S), answer.end)]
    return [Segment(answer.start, min(answer.end, answer.start + OPENING_S))]


def _of_fillers(measure: Measure, analysis: AnswerAnalysis) -> tuple[Moment, ...]:
    found = {
        "hesitation_count": analysis.hesitations,
        "lexical_filler_count": analysis.lexical_fillers,
    }.get(measure.id, tuple(f for f in analysis.fillers or () if f.counted))
    return moments(analysis, densest(list(found or ())))


def _of_sight(measure: Measure, analysis: AnswerAnalysis) -> tuple[Moment, ...]:
    gaze, posture = measured_gaze(analysis), measured_posture(analysis)
    if measure.id in ("eye_contact_ratio", "away_count"):
        return moments(analysis, longest(gaze.away)) if gaze else ()
    if measure.id == "notes_looks_per_min":
        places = [p.moments for p in gaze.places if p.kind == "notes"] if gaze else []
        return moments(analysis, longest(max(places, key=len, default=())))
    for habit in habits(posture) if posture else ():
        if habit.measure == measure.id:
            return moments(analysis, longest(habit.moments))
    return ()
