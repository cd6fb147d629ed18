"""The numbers behind the tiles, for those who want more."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.results import AnswerAnalysis, SpeechMetrics
from analysis.timeline import total
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
from reports.wording import clock, moment_clock, number, percent, seconds


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
        unit = "characters/min" if japanese else "words/min"
        shortest = f"{speech.shortest_pause_s:g} s"
        rows += [
            Detail("Time with speech", f"{clock(speech.speaking_s)} min", "without any pause"),
            Detail("First word after", seconds(speech.latency_s), "from the start of the sound"),
            Detail(
                "Share of pauses", f"{speech.pause_ratio:.0%}", f"pauses from {shortest}, inside"
            ),
            Detail("Speech rate", number(with_pauses, 0, unit), "all pauses included"),
            Detail(
                "Articulation rate",
                number(articulation, 0, unit),
                f"pauses from {shortest} left out",
            ),
        ]
        if japanese:
            rate = speech.mora_rate_per_min
            rows.append(Detail("Morae", number(rate, 0, "per min"), "all pauses included"))
        else:
            rate = speech.syllable_rate_per_min
            rows.append(Detail("Syllables", number(rate, 0, "per min"), "all pauses included"))
    if voice is not None:
        level = targets.band("level_dbfs")
        fine = f"{number(level.low)} to {number(level.high)} is comfortable" if level else ""
        rows += [
            Detail("Voice level", number(voice.level_dbfs, 0, "dBFS"), fine),
            Detail("Noise floor", number(voice.noise_floor_dbfs, 0, "dBFS"), "below −50 is good"),
            Detail("Voice above noise", number(voice.snr_db, 0, "dB"), "from 20 is good"),
            Detail("Melody", number(voice.f0_spread_st, 1, "semitones"), "spread; no band"),
        ]
    if analysis.content is not None and analysis.content.conclusion_s is not None:
        at = seconds(analysis.content.conclusion_s)
        rows.append(Detail("Conclusion first said", f"at {at}", "earlier is easier to follow"))
    return (*rows, *_sight(analysis))


def _sight(analysis: AnswerAnalysis) -> Iterator[Detail]:
    gaze, posture = measured_gaze(analysis), measured_posture(analysis)
    if gaze is not None:
        against = AGAINST.get(gaze.calibration, "")
        seen = f"of the judged time; face seen in {gaze.coverage_ratio:.0%}"
        yield Detail(
            "Facing the camera",
            facing_share(gaze),
            f"{seen}; against {against}" if against else seen,
        )
        if gaze.away:
            longest = max(gaze.away, key=lambda s: s.duration_s)
            at = f"at {moment_clock(longest.start)}; {seconds(total(gaze.away))} away in all"
            yield Detail("Longest look away", seconds(longest.duration_s), at)
        yield Detail("Eyes closed", percent(gaze.closed_ratio), "blinks included")
    elif analysis.gaze is not None:
        yield Detail("Facing the camera", "not measured", why_no_gaze(analysis), measured=False)
    if posture is not None:
        seen = f"of the judged time; shoulders seen in {posture.coverage_ratio:.0%}"
        for habit in habits(posture):
            # Analyses before schema 4 know no share of some.
            if not math.isnan(habit.ratio):
                note = f"{seen}; against your own start"
                yield Detail(habit.name.capitalize(), percent(habit.ratio), note)
        path = number(posture.movement, 2, "shoulder widths per s")
        yield Detail("Movement of the shoulders", path, "no band")
    elif analysis.posture is not None:
        yield Detail("Posture", "not measured", why_no_posture(analysis), measured=False)


def other_rates(speech: SpeechMetrics, *, japanese: bool) -> tuple[float, float]:
    """Return the rates with all pauses and with none."""
    if not japanese:
        return speech.speech_rate_wpm, speech.articulation_rate_wpm
    characters, articulating_s = speech.character_count, speech.articulating_s
    if characters is None or not articulating_s > 0:
        return speech.character_rate_per_min, math.nan
    return speech.character_rate_per_min, 60 * characters / articulating_s
