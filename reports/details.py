"""The numbers behind the tiles, for those who want more."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.results import AnswerAnalysis, SpeechMetrics
from analysis.timeline import total
from reports.language import t
from reports.sight import (
    AGAINST,
    facing_share,
    habits,
    measured_gaze,
    measured_posture,
    why_no_gaze,
    why_no_posture,
)
from reports.targets import Targets
from reports.wording import capital, minutes, moment_clock, number, percent, seconds


@dataclass(frozen=True, slots=True)
class Detail:
    """A number for those who want more."""

    name: str
    value: str
    note: str
    measured: bool = True


def details(analysis: AnswerAnalysis, targets: Targets) -> tuple[Detail, ...]:
    """Return the numbers behind the tiles."""
    rows: list[Detail] = []
    speech, voice = analysis.speech, analysis.voice
    if speech is not None and speech.answer is not None:
        japanese = analysis.transcript is not None and analysis.transcript.language == "ja"
        with_pauses, articulation = other_rates(speech, japanese=japanese)
        unit = t("characters/min") if japanese else t("words/min")
        shortest, latency = f"{speech.shortest_pause_s:g}", seconds(speech.latency_s)
        with_all = t("all pauses included")
        rows += [
            Detail(t("Time with speech"), minutes(speech.speaking_s), t("without any pause")),
            Detail(t("First word after"), latency, t("from the start of the sound")),
            Detail(
                t("Share of pauses"),
                f"{speech.pause_ratio:.0%}",
                t("pauses from {shortest} s, inside", shortest=shortest),
            ),
            Detail(t("Speech rate"), number(with_pauses, 0, unit), with_all),
            Detail(
                t("Articulation rate"),
                number(articulation, 0, unit),
                t("pauses from {shortest} s left out", shortest=shortest),
            ),
        ]
        if japanese:
            rate = speech.mora_rate_per_min
            rows.append(Detail(t("Morae"), number(rate, 0, t("per min")), with_all))
        else:
            rate = speech.syllable_rate_per_min
            rows.append(Detail(t("Syllables"), number(rate, 0, t("per min")), with_all))
    if voice is not None:
        level = targets.band("level_dbfs")
        fine, floor = "", number(voice.noise_floor_dbfs, 0, "dBFS")
        if level:
            low, high = number(level.low), number(level.high)
            fine = t("{low} to {high} is comfortable", low=low, high=high)
        spread = number(voice.f0_spread_st, 1, t("semitones"))
        rows += [
            Detail(t("Voice level"), number(voice.level_dbfs, 0, "dBFS"), fine),
            Detail(t("Noise floor"), floor, t("below −50 is good")),
            Detail(t("Voice above noise"), number(voice.snr_db, 0, "dB"), t("from 20 is good")),
            Detail(t("Melody"), spread, t("spread; no band")),
        ]
    if analysis.content is not None and analysis.content.conclusion_s is not None:
        at = t("at {time}", time=seconds(analysis.content.conclusion_s))
        rows.append(Detail(t("Conclusion first said"), at, t("earlier is easier to follow")))
    return (*rows, *_sight(analysis))


def _sight(analysis: AnswerAnalysis) -> Iterator[Detail]:
    gaze, posture = measured_gaze(analysis), measured_posture(analysis)
    if gaze is not None:
        against = AGAINST.get(gaze.calibration, "")
        share = f"{gaze.coverage_ratio:.0%}"
        seen = t("of the judged time; face seen in {share}", share=share)
        if against:
            seen = t("{what}; against {reference}", what=seen, reference=t(against))
        yield Detail(t("Facing the camera"), facing_share(gaze), seen)
        if gaze.away:
            longest = max(gaze.away, key=lambda s: s.duration_s)
            at = t(
                "at {time}; {length} away in all",
                time=moment_clock(longest.start),
                length=seconds(total(gaze.away)),
            )
            yield Detail(t("Longest look away"), seconds(longest.duration_s), at)
        yield Detail(t("Eyes closed"), percent(gaze.closed_ratio), t("blinks included"))
    elif analysis.gaze is not None:
        why = why_no_gaze(analysis)
        yield Detail(t("Facing the camera"), t("not measured"), why, measured=False)
    if posture is not None:
        share = f"{posture.coverage_ratio:.0%}"
        note = t(
            "of the judged time; shoulders seen in {share}; against your own start", share=share
        )
        for habit in habits(posture):
            # Analyses before schema 4 know no share of some.
            if not math.isnan(habit.ratio):
                yield Detail(capital(habit.name), percent(habit.ratio), note)
        path = number(posture.movement, 2, t("shoulder widths per s"))
        yield Detail(t("Movement of the shoulders"), path, t("no band"))
    elif analysis.posture is not None:
        why = why_no_posture(analysis)
        yield Detail(t("Posture"), t("not measured"), why, measured=False)


def other_rates(speech: SpeechMetrics, *, japanese: bool) -> tuple[float, float]:
    """Return the rates with all pauses and with none."""
    if not japanese:
        return speech.speech_rate_wpm, speech.articulation_rate_wpm
    characters, articulating_s = speech.character_count, speech.articulating_s
    if characters is None or not articulating_s > 0:
        return speech.character_rate_per_min, math.nan
    return speech.character_rate_per_min, 60 * characters / articulating_s
