"""At most three remarks on an answer: evidence with time and quote, why it matters, one drill.

Ranked by what harms an interview most, outside its band before close to it. Remarks speak of
what was measured, never of confidence, feelings, personality or fitness for a job. A number that
was withheld yields none; in a noisy recording nothing that hangs on hearing is judged but a
silence over the limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from analysis.results import AnswerAnalysis, Pause
from analysis.timeline import Segment
from reports.evidence import densest, longest, moments, pace_extremes
from reports.language import t
from reports.remarks import Candidate, Remark, candidate, judged_by
from reports.sight_remarks import sight_remarks
from reports.targets import Band, Judgement, Targets
from reports.wording import clock, seconds, span

MOST_REMARKS = 3

LOW_TRUST_SNR_DB = 10.0
"""Below this, what hangs on telling speech from noise is not judged."""

FEWEST_SOFT_ENDS = 3
"""One or two soft ends happen to everybody."""

FEWEST_FILLERS = 3
"""One "um" in an answer of five seconds is a high rate, and nothing to remark."""

# Smaller = more important. What is only close to its band comes after all that is outside.
ORDER = (
    "silence",
    "noise",
    "answer_s",
    "level_dbfs",
    "clipped_ratio",
    "fillers_per_min",
    "pace",
    "notes_looks_per_min",
    "eye_contact_ratio",
    "posture",
    "latency_s",
    "soft_end_ratio",
    "monotone_ratio",
)


def choose_remarks(analysis: AnswerAnalysis, targets: Targets) -> tuple[Remark, ...]:
    """Return the remarks that matter most, at most three; () = nothing to remark."""
    candidates = [*_of_sound(analysis, targets), *sight_remarks(analysis, targets)]
    candidates.sort(key=lambda c: (c.level != "off", ORDER.index(c.kind)))
    return tuple(c.remark for c in candidates[:MOST_REMARKS])


def low_trust(analysis: AnswerAnalysis) -> bool:
    """Whether the recording is too noisy to trust what hangs on telling speech from noise."""
    return analysis.voice is not None and analysis.voice.snr_db < LOW_TRUST_SNR_DB


def pace_of(analysis: AnswerAnalysis, targets: Targets) -> tuple[float, Band | None]:
    """Return the judged pace and its band, by language; NaN = not measured."""
    language = analysis.transcript.language if analysis.transcript else None
    if analysis.speech is None:
        return math.nan, None
    if language == "ja":
        value = analysis.speech.pace_characters_per_min
        return value, targets.band("pace_characters_per_min", language)
    return analysis.speech.pace_wpm, targets.band("pace_wpm", language)


def _of_sound(analysis: AnswerAnalysis, targets: Targets) -> Iterator[Candidate]:
    speech = analysis.speech
    if speech is None:
        return
    yield from _silence(analysis, targets)
    if speech.answer is None:
        return
    if low_trust(analysis):
        yield from _noise(analysis, targets)
        return
    yield from _length(analysis, targets, speech.answer)
    yield from _voice(analysis, targets, speech.answer)
    yield from _fillers(analysis, targets)
    yield from _pace(analysis, targets)
    yield from _latency(analysis, targets, speech.answer)
    yield from _delivery(analysis, targets)


def _silence(analysis: AnswerAnalysis, targets: Targets) -> Iterator[Candidate]:
    speech = analysis.speech
    band = targets.band("longest_silence_s")
    if speech is None or band is None:
        return
    over = speech.silences_over_limit
    if speech.answer is None:
        if speech.duration_s > 0:
            title = t("No speech was found in this recording")
            why = t("If you did speak, the microphone did not pick it up.")
            shown = moments(analysis, [Segment(0.0, speech.duration_s)])
            judged = Judgement("off")
            yield candidate("silence", judged, title, shown, why, band, "check-microphone")
        return
    limit = f"{speech.silence_limit_s:g}"
    why = t(
        "A thoughtful pause is fine. Over {limit} s the interviewer can't tell whether you think,"
        " are stuck, or the line is dead. Say that you are thinking.",
        limit=limit,
    )
    if over:
        worst = max(over, key=lambda p: p.duration_s)
        length = seconds(worst.duration_s, speech.silence_limit_s)
        title = _silence_title(worst, length)
        if len(over) > 1:
            title = t(
                "{n} silences over {limit} s, the longest {length}",
                n=len(over),
                limit=limit,
                length=length,
            )
        shown = moments(analysis, longest(over))
        yield candidate("silence", Judgement("off"), title, shown, why, band, "bridge-sentences")
        return
    # After the answer only the hand on the stop button is late; before it, see the latency.
    inside = max(speech.pauses_inside, key=lambda p: p.duration_s, default=None)
    judged = band.judge(inside.duration_s if inside else None)
    if inside and judged.level in ("near", "off") and not low_trust(analysis):
        length = seconds(inside.duration_s)
        title = t("A long silence of {length} inside the answer", length=length)
        shown = moments(analysis, [inside])
        yield candidate("silence", judged, title, shown, why, band, "bridge-sentences")


def _noise(analysis: AnswerAnalysis, targets: Targets) -> Iterator[Candidate]:
    assert analysis.voice is not None
    assert analysis.speech is not None
    assert analysis.speech.answer is not None
    band, judged = judged_by(targets, "snr_db", analysis.voice.snr_db)
    if band:
        snr = f"{analysis.voice.snr_db:.0f}"
        title = t("Noisy: the voice is only {snr} dB above the noise", snr=snr)
        why = t("An interviewer strains to follow, and the numbers here are not to be trusted.")
        shown = moments(analysis, [analysis.speech.answer])
        yield candidate("noise", judged, title, shown, why, band, "quiet-room")


def _length(analysis: AnswerAnalysis, targets: Targets, answer: Segment) -> Iterator[Candidate]:
    band = targets.answer_band(analysis.question)
    judged = band.judge(answer.duration_s)
    if judged.level not in ("near", "off"):
        return
    wanted, took = span(clock(band.low), clock(band.high)), clock(answer.duration_s)
    if judged.side == "high":
        title = t("The answer took {time}; {band} is asked for", time=took, band=wanted)
        why = t("A long answer hides its point and takes time from the next questions.")
        moment = Segment(answer.start + band.high, answer.end)
        drill = "cut-to-time"
    else:
        title = t("The answer ended after {time}; {band} is asked for", time=took, band=wanted)
        why = t("A short answer leaves out the example that would make it believable.")
        moment = Segment(max(answer.start, answer.end - 5), answer.end)
        drill = "one-more-layer"
    yield candidate("answer_s", judged, title, moments(analysis, [moment]), why, band, drill)


def _voice(analysis: AnswerAnalysis, targets: Targets, answer: Segment) -> Iterator[Candidate]:
    voice = analysis.voice
    if voice is None:
        return
    opening = moments(analysis, [Segment(answer.start, min(answer.end, answer.start + 5))])
    band, judged = judged_by(targets, "level_dbfs", voice.level_dbfs)
    if band and judged.level in ("near", "off"):
        level = f"{voice.level_dbfs:.0f}"
        if judged.side == "low":
            title = t("The voice is soft ({level} dBFS)", level=level)
            why = t("What is too soft is not heard, however good it is.")
            drill = "speak-to-the-wall"
        else:
            title = t("The voice is recorded very loud ({level} dBFS)", level=level)
            why = t("An input set too high distorts and tires the listener.")
            drill = "turn-it-down"
        yield candidate("level_dbfs", judged, title, opening, why, band, drill)
    band, judged = judged_by(targets, "clipped_ratio", voice.clipped_ratio)
    if band and judged.level in ("near", "off"):
        title = t("The sound is clipped in places")
        why = t("Clipped peaks crackle for the listener and can't be repaired.")
        yield candidate("clipped_ratio", judged, title, opening, why, band, "turn-it-down")


def _fillers(analysis: AnswerAnalysis, targets: Targets) -> Iterator[Candidate]:
    rate = analysis.fillers_per_min
    band, judged = judged_by(targets, "fillers_per_min", rate)
    counted = [f for f in analysis.fillers or () if f.counted]
    if band and len(counted) >= FEWEST_FILLERS and judged.level in ("near", "off"):
        title = t("{n} fillers, {rate} per minute", n=len(counted), rate=f"{rate:.1f}")
        why = t("A few are normal speech. Many in a row draw attention from what you say.")
        shown = moments(analysis, densest(counted))
        yield candidate("fillers_per_min", judged, title, shown, why, band, "silent-gaps")


def _pace(analysis: AnswerAnalysis, targets: Targets) -> Iterator[Candidate]:
    value, band = pace_of(analysis, targets)
    judged = band.judge(value) if band else Judgement("unjudged")
    if band is None or judged.level not in ("near", "off"):
        return
    rate, unit = f"{value:.0f}", t(band.unit)
    if judged.side == "high":
        title = t("Fast: {rate} {unit}", rate=rate, unit=unit)
        why = t("Nerves speed one up. Names, numbers and the conclusion get lost first.")
        drill = "slow-down"
    else:
        title = t("Slow: {rate} {unit}", rate=rate, unit=unit)
        why = t("Steady and slow is easy to follow; the risk is only that the point comes late.")
        drill = "keywords-only"
    shown = moments(analysis, pace_extremes(analysis, fast=judged.side == "high"))
    # An answer too short for a window of talk has a rate, but no moment to show.
    if shown:
        yield candidate("pace", judged, title, shown, why, band, drill)


def _latency(analysis: AnswerAnalysis, targets: Targets, answer: Segment) -> Iterator[Candidate]:
    assert analysis.speech is not None
    latency_s, limit_s = analysis.speech.latency_s, analysis.speech.silence_limit_s
    band, judged = judged_by(targets, "latency_s", latency_s)
    if band and judged.level in ("near", "off") and latency_s <= limit_s:
        title = t("{length} until the first word", length=seconds(latency_s))
        why = t("A breath before answering is good; after it, even “Let me think” keeps contact.")
        shown = moments(analysis, [Segment(0.0, answer.start)])
        yield candidate("latency_s", judged, title, shown, why, band, "first-sentence-ready")


def _delivery(analysis: AnswerAnalysis, targets: Targets) -> Iterator[Candidate]:
    delivery = analysis.delivery
    if delivery is None:
        return
    # Never ahead of anything else: what is flat or soft to a listener is less sure than a number.
    low = Judgement("near")
    drops = sorted(delivery.drops, key=lambda d: -d.drop_db)
    share = len(drops) / delivery.sentence_end_count if delivery.sentence_end_count else math.nan
    band, judged = judged_by(targets, "soft_end_ratio", share)
    if band and judged.level in ("near", "off") and len(drops) >= FEWEST_SOFT_ENDS:
        title = t(
            "{n} of {count} sentences fade away at the end",
            n=len(drops),
            count=delivery.sentence_end_count,
        )
        why = t("The last words often carry the point, and a call swallows what is soft first.")
        shown = moments(analysis, [Segment(d.start, d.end) for d in drops])
        yield candidate("soft_end_ratio", low, title, shown, why, band, "land-the-last-word")
    band, judged = judged_by(targets, "monotone_ratio", delivery.monotone_ratio)
    if band and judged.level in ("near", "off") and delivery.monotone:
        part = f"{delivery.monotone_ratio:.0%}"
        title = t("A flat melody for {share} of the talk", share=part)
        why = t("Where the voice hardly rises or falls, a listener can't hear which word matters.")
        shown = moments(analysis, longest(delivery.monotone))
        yield candidate("monotone_ratio", low, title, shown, why, band, "one-word-up")


def _silence_title(pause: Pause, length: str) -> str:
    if pause.place == "before":
        return t("A silence of {length} before the first word", length=length)
    if pause.place == "after":
        return t("A silence of {length} after the last word", length=length)
    return t("A silence of {length} inside the answer", length=length)
