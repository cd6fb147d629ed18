"""The timeline on a page: lanes of marks over time, from speech to posture.

What eyes and body add is in `reports.sight_lanes`. Nothing here knows colours.
"""

from __future__ import annotations

import math

from analysis.results import AnswerAnalysis, Filler, Pause, Repetition
from analysis.timeline import intersect, total
from reports.language import t, tn
from reports.marks import Lane, Scale, Tick, missing_lane, span_text
from reports.sight_lanes import facing_lane, posture_lane
from reports.wording import listed, minutes, moment_clock, seconds

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
    over = is_over_limit(pause, limit_s)
    name = t("Silence over {limit} s", limit=f"{limit_s:g}") if over else t("Pause")
    length, time = seconds(pause.duration_s, limit_s), moment_clock(pause.start)
    if pause.place == "before":
        return t(
            "{what}, {length} at {time}, before the answer", what=name, length=length, time=time
        )
    if pause.place == "after":
        return t(
            "{what}, {length} at {time}, after the answer", what=name, length=length, time=time
        )
    return t("{what}, {length} at {time}", what=name, length=length, time=time)


def is_over_limit(pause: Pause, limit_s: float) -> bool:
    """Whether a pause is a silence too long (see `SpeechMetrics.silences_over_limit`)."""
    return pause.duration_s > limit_s + 0.001


def filler_kind(filler: Filler) -> str:
    """Return the look of a filler: word or hesitation, counted or only possible."""
    sort = "hesitation" if filler.kind == "acoustic" else "word"
    return f"filler {sort} {'counted' if filler.counted else 'possible'}"


def filler_label(filler: Filler) -> str:
    """Return what a filler is and when, in words."""
    if filler.kind == "acoustic":
        name = t("Hesitation") if filler.counted else t("Possible hesitation")
    else:
        name = t("Filler word") if filler.counted else t("Possible filler word")
    time = moment_clock(filler.start)
    return t("{what} “{text}” at {time}", what=name, text=filler.text, time=time)


def repetition_kind(repetition: Repetition) -> str:
    """Return the look of words said again."""
    return f"repeat {'counted' if repetition.counted else 'possible'}"


def repetition_label(repetition: Repetition) -> str:
    """Return what was said again or begun anew, and when, in words."""
    if repetition.kind == "repetition":
        name = t("Repetition") if repetition.counted else t("Possible repetition")
    else:
        name = t("Restart") if repetition.counted else t("Possible restart")
    time = moment_clock(repetition.start)
    return t("{what} “{text}” at {time}", what=name, text=repetition.text, time=time)


def _speech_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    speech = analysis.speech
    if speech is None:
        return missing_lane("speech", t("Speech"))
    marks = tuple(
        scale.mark(
            s.start,
            s.end,
            "speech",
            t("{what}, {span}", what=t("Speech"), span=span_text(s.start, s.end)),
        )
        for s in speech.speech
    )
    note = minutes(speech.speaking_s) if marks else t("none found")
    return Lane("speech", t("Speech"), note, marks)


def _pause_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    speech = analysis.speech
    if speech is None:
        return missing_lane("pauses", t("Pauses"))
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
    shortest = f"{SHOWN_PAUSE_S:g}"
    note = t("none of {length} s or more", length=shortest)
    if marks:
        note = t("{n} of {length} s or more", n=len(marks), length=shortest)
    return Lane("pauses", t("Pauses"), note, marks)


def _filler_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    if analysis.fillers is None:
        return missing_lane("fillers", t("Fillers"))
    repeats = analysis.repetitions or ()
    marks = [
        *(scale.mark(f.start, f.end, filler_kind(f), filler_label(f)) for f in analysis.fillers),
        *(scale.mark(r.start, r.end, repetition_kind(r), repetition_label(r)) for r in repeats),
    ]
    marks.sort(key=lambda m: m.start)
    counted = sum(f.counted for f in analysis.fillers)
    note = t("{n} counted", n=counted) if analysis.fillers else t("none found")
    if len(analysis.fillers) > counted:
        note = listed((note, t("{n} possible", n=len(analysis.fillers) - counted)))
    if again := sum(r.counted for r in repeats):
        note += t("; ") + tn("{n} repeat", "{n} repeats", again)
    return Lane("fillers", t("Fillers"), note, tuple(marks))


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
        return missing_lane("voice", t("Voice"))
    flat = [
        scale.mark(
            s.start,
            s.end,
            "flat",
            t("{what}, {span}", what=t("Flat melody"), span=span_text(s.start, s.end)),
        )
        for s in delivery.monotone
    ]
    soft = [
        scale.mark(
            d.start,
            d.end,
            "soft",
            t(
                "Soft end of a sentence, {drop} dB softer, at {time}",
                drop=f"{d.drop_db:.0f}",
                time=moment_clock(d.start),
            ),
        )
        for d in delivery.drops
    ]
    parts = [t("{length} flat", length=minutes(flat_talk_s(analysis)))] if flat else []
    parts += [tn("{n} soft end", "{n} soft ends", len(soft))] if soft else []
    marks = sorted([*flat, *soft], key=lambda m: (m.start, m.end))
    return Lane("voice", t("Voice"), listed(parts) or t("nothing flat or soft"), tuple(marks))
