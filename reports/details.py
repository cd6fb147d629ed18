"""The numbers behind the tiles, for those who want more."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.results import AnswerAnalysis, SpeechMetrics
from reports.targets import Targets
from reports.wording import clock, number, seconds


@dataclass(frozen=True, slots=True)
class Detail:
    """A number for those who want more."""

    name: str
    value: str
    note: str


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
    return tuple(rows)


def other_rates(speech: SpeechMetrics, *, japanese: bool) -> tuple[float, float]:
    """Return the rates with all pauses and with none."""
    if not japanese:
        return speech.speech_rate_wpm, speech.articulation_rate_wpm
    characters, articulating_s = speech.character_count, speech.articulating_s
    if characters is None or not articulating_s > 0:
        return speech.character_rate_per_min, math.nan
    return speech.character_rate_per_min, 60 * characters / articulating_s
