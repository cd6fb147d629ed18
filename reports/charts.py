"""The timeline on a page: lanes of marks over time, from speech to posture.

What eyes and body add is in `reports.sight_lanes`. Nothing here knows colours.
"""

from __future__ import annotations

import math

from analysis.results import AnswerAnalysis, Filler, Pause, Repetition
from analysis.timeline import intersect, total
from reports.marks import Lane, Mark, Scale, Tick, span_text
from reports.sight_lanes import facing_lane, posture_lane
from reports.wording import clock, moment_clock, plural, seconds

SHOWN_PAUSE_S = 1.0
"""Shorter pauses are part of speaking: counted, visible as gaps of the speech, not marked."""

TICK_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
MOST_TICKS = 10


def lanes(analysis: AnswerAnalysis, duration_s: float) -> tuple[Lane, ...]:
    """Return the lanes of the timeline, from speech to posture."""
    scale = Scale(duration_s)
    return (
        _speech_lane(analysis, scale),
        _pause_lane(analysis, scale),
        _filler_lane(analysis, scale),
        # Analyses before schema 3 know nothing of it.
        *((_voice_lane(analysis, scale),) if analysis.delivery else ()),
        facing_lane(analysis, scale),
        posture_lane(analysis, scale),
    )


def time_ticks(duration_s: float) -> tuple[Tick, ...]:
    """Return the labels of the time axis."""
    scale = Scale(duration_s)
    step_s = next((s for s in TICK_STEPS_S if duration_s / s <= MOST_TICKS), TICK_STEPS_S[-1])
    count = int(duration_s / step_s) + 1
    return tuple(
        Tick(scale.at(i * step_s), moment_clock(i * step_s), minor=i % 2 == 1)
        for i in range(count)
        # A label at the very end would stick out.
        if scale.at(i * step_s) < 97
    )


def pause_label(pause: Pause, limit_s: float) -> str:
    """Return what a pause is and when, in words."""
    name = f"Silence over {limit_s:g} s" if is_over_limit(pause, limit_s) else "Pause"
    place = {"before": ", before the answer", "after": ", after the answer"}.get(pause.place, "")
    length = seconds(pause.duration_s, limit_s)
    return f"{name}, {length} at {moment_clock(pause.start)}{place}"


def is_over_limit(pause: Pause, limit_s: float) -> bool:
    """Whether a pause is a silence too long (see `SpeechMetrics.silences_over_limit`)."""
    return pause.duration_s > limit_s + 0.001


def filler_kind(filler: Filler) -> str:
    """Return the look of a filler: word or hesitation, counted or only possible."""
    sort = "hesitation" if filler.kind == "acoustic" else "word"
    return f"filler {sort} {'counted' if filler.counted else 'possible'}"


def filler_label(filler: Filler) -> str:
    """Return what a filler is and when, in words."""
    sort = "hesitation" if filler.kind == "acoustic" else "filler word"
    name = sort.capitalize() if filler.counted else f"Possible {sort}"
    return f"{name} “{filler.text}” at {moment_clock(filler.start)}"


def repetition_kind(repetition: Repetition) -> str:
    """Return the look of words said again."""
    return f"repeat {'counted' if repetition.counted else 'possible'}"


def repetition_label(repetition: Repetition) -> str:
    """Return what was said again or begun anew, and when, in words."""
    name = "Repetition" if repetition.kind == "repetition" else "Restart"
    name = name if repetition.counted else f"Possible {name.lower()}"
    return f"{name} “{repetition.text}” at {moment_clock(repetition.start)}"


def _speech_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    speech = analysis.speech
    if speech is None:
        return Lane("speech", "Speech", "not measured", (), measured=False)
    marks = tuple(
        scale.mark(s.start, s.end, "speech", f"Speech, {span_text(s.start, s.end)}")
        for s in speech.speech
    )
    return Lane(
        "speech", "Speech", f"{clock(speech.speaking_s)} min" if marks else "none found", marks
    )


def _pause_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    speech = analysis.speech
    if speech is None:
        return Lane("pauses", "Pauses", "not measured", (), measured=False)
    shown = [p for p in speech.pauses if p.duration_s >= SHOWN_PAUSE_S]
    marks = tuple(
        scale.mark(
            p.start,
            p.end,
            f"pause{' over' if is_over_limit(p, speech.silence_limit_s) else ''} {p.place}",
            pause_label(p, speech.silence_limit_s),
        )
        for p in shown
    )
    return Lane("pauses", "Pauses", _count(marks, f"of {SHOWN_PAUSE_S:g} s or more"), marks)


def _filler_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    if analysis.fillers is None:
        return Lane("fillers", "Fillers", "not measured", (), measured=False)
    repeats = analysis.repetitions or ()
    marks = [
        *(scale.mark(f.start, f.end, filler_kind(f), filler_label(f)) for f in analysis.fillers),
        *(scale.mark(r.start, r.end, repetition_kind(r), repetition_label(r)) for r in repeats),
    ]
    marks.sort(key=lambda m: m.start)
    counted = sum(f.counted for f in analysis.fillers)
    note = f"{counted} counted" if analysis.fillers else "none found"
    if len(analysis.fillers) > counted:
        note += f", {len(analysis.fillers) - counted} possible"
    if again := sum(r.counted for r in repeats):
        note += f"; {plural(again, 'repeat')}"
    return Lane("fillers", "Fillers", note, tuple(marks))


def flat_talk_s(analysis: AnswerAnalysis) -> float:
    """Return how long somebody speaks in the monotone stretches, s."""
    if analysis.delivery is None or analysis.speech is None:
        return 0.0
    return total(intersect(analysis.delivery.monotone, analysis.speech.speech))


def _voice_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    delivery = analysis.delivery
    if delivery is None or (
        math.isnan(delivery.monotone_ratio) and not delivery.sentence_end_count
    ):
        return Lane("voice", "Voice", "not measured", (), measured=False)
    flat = [
        scale.mark(s.start, s.end, "flat", f"Flat melody, {span_text(s.start, s.end)}")
        for s in delivery.monotone
    ]
    soft = [
        scale.mark(
            d.start,
            d.end,
            "soft",
            f"Soft end of a sentence, {d.drop_db:.0f} dB softer, at {moment_clock(d.start)}",
        )
        for d in delivery.drops
    ]
    parts = [f"{clock(flat_talk_s(analysis))} min flat"] if flat else []
    parts += [plural(len(soft), "soft end")] if soft else []
    marks = sorted([*flat, *soft], key=lambda m: (m.start, m.end))
    return Lane("voice", "Voice", ", ".join(parts) or "nothing flat or soft", tuple(marks))


def _count(marks: tuple[Mark, ...], what: str = "") -> str:
    return f"{len(marks)} {what}".strip() if marks else f"none {what}".strip()
