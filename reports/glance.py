"""The answer in one glance: tiles with value, band and verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.results import AnswerAnalysis, GazeMetrics
from reports.charts import is_over_limit
from reports.details import other_rates
from reports.feedback import low_trust, pace_of
from reports.sight import (
    facing_share,
    habits,
    measured_gaze,
    measured_posture,
    why_no_gaze,
    why_no_posture,
)
from reports.targets import UNJUDGED, Band, Judgement, Targets
from reports.wording import clock, number, plural, range_text, seconds

SYMBOLS = {"good": "✓", "near": "≈", "off": "!", "unjudged": "–", "neutral": "•"}


@dataclass(frozen=True, slots=True)
class Tile:
    """One measure of the answer."""

    id: str
    title: str
    value: str
    unit: str
    verdict: str
    """in words"""
    level: str
    """ "good", "near", "off", "neutral" (told, not graded) or "unjudged" """
    band: str
    """the band in words, or why there is no number"""
    detail: str
    source: str
    doubtful: bool = False
    """the recording is too noisy for it"""

    @property
    def symbol(self) -> str:
        """The verdict as a sign, so that it never hangs on colour."""
        return SYMBOLS[self.level]


def tiles(analysis: AnswerAnalysis, targets: Targets) -> tuple[Tile, ...]:
    """Return the tiles in the order of the page."""
    return (
        _duration(analysis, targets),
        _silence(analysis, targets),
        _pace(analysis, targets),
        _fillers(analysis, targets),
        _facing(analysis, targets),
        _posture(analysis, targets),
    )


def _duration(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    band = targets.answer_band(analysis.question)
    speech = analysis.speech
    if speech is None or speech.answer is None:
        return _missing("duration", "Duration", _why_no_speech(analysis))
    judged = band.judge(speech.answer_s)
    of = "for this question" if analysis.question else "as a rule"
    return Tile(
        id="duration",
        title="Duration",
        value=clock(speech.answer_s),
        unit="min",
        verdict=_verdict(judged, low="short", high="long"),
        level=judged.level,
        band=f"{clock(band.low)}–{clock(band.high)} {of}",
        detail=f"First word after {seconds(speech.latency_s)}",
        source=band.cited,
        doubtful=low_trust(analysis),
    )


def _silence(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    band = targets.band("longest_silence_s")
    speech = analysis.speech
    if speech is None or band is None:
        return _missing("silence", "Longest silence", _why_no_speech(analysis))
    limit_s = speech.silence_limit_s
    longest = speech.longest_pause
    if longest is None:
        length_s, where = 0.0, f"no pause of {speech.shortest_pause_s:g} s or more"
    else:
        length_s = longest.duration_s
        where = {
            "before": "before the first word",
            "after": "after the last word",
        }.get(longest.place, "inside the answer")
    if speech.answer is None:
        where = "nothing was said"
    judged = band.judge(length_s)
    if longest and is_over_limit(longest, limit_s):
        # The limit holds whatever the user's own band says.
        judged = Judgement("off", "high")
        verdict = f"over {limit_s:g} s"
    else:
        verdict = _verdict(judged, low="short", high="long")
    count = plural(sum(p.duration_s >= 1 for p in speech.pauses_inside), "pause")
    return Tile(
        id="silence",
        title="Longest silence",
        value=seconds(length_s, limit_s).removesuffix(" s"),
        unit="s",
        verdict=verdict,
        level=judged.level,
        band=f"up to {band.high:g} s is fine, never over {limit_s:g} s",
        detail=f"{where[0].upper()}{where[1:]}"
        + (f"; {count} of 1 s or more inside" if speech.answer else ""),
        source=band.cited,
        doubtful=low_trust(analysis),
    )


def _pace(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    value, band = pace_of(analysis, targets)
    if math.isnan(value) or analysis.speech is None:
        why = _why_no_speech(analysis) or "the speech was not recognised"
        return _missing("pace", "Pace", why)
    judged = band.judge(value) if band else UNJUDGED
    japanese = analysis.transcript is not None and analysis.transcript.language == "ja"
    with_pauses, articulation = other_rates(analysis.speech, japanese=japanese)
    long = f"{analysis.speech.long_pause_s:g} s"
    return Tile(
        id="pace",
        title="Pace",
        value=number(value),
        unit="characters/min" if japanese else "words/min",
        verdict=_verdict(judged, low="slow", high="fast"),
        level=judged.level,
        band=f"{band.low:.0f}–{band.high:.0f}, silences over {long} left out"
        if band
        else "no band for this language",
        detail=f"{number(with_pauses)} with all pauses, {number(articulation)} with none",
        source=band.cited if band else "",
        doubtful=low_trust(analysis),
    )


def _fillers(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    rate, band = analysis.fillers_per_min, targets.band("fillers_per_min")
    sounds, possible = analysis.hesitations, analysis.possible_hesitations
    words = analysis.lexical_fillers
    if math.isnan(rate) or band is None or sounds is None or possible is None or words is None:
        why = _why_no_speech(analysis) or "fillers were not looked for"
        return _missing("fillers", "Fillers", why)
    judged = band.judge(rate)
    count = plural(len(sounds), "hesitation")
    likely = analysis.hesitation_range
    if likely is not None:
        count = range_text(len(sounds), likely, "hesitation")
    elif possible:
        count = f"{len(sounds)}–{len(sounds) + len(possible)} hesitations"
    return Tile(
        id="fillers",
        title="Fillers",
        value=number(rate, 1),
        unit="per min",
        verdict=_verdict(judged, low="few", high="many"),
        level=judged.level,
        band=f"up to {band.high:g} per min",
        detail=f"{count}, {plural(len(words), 'filler word')}",
        source=band.cited,
        doubtful=low_trust(analysis),
    )


def _facing(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    gaze, band = measured_gaze(analysis), targets.band("eye_contact_ratio")
    if gaze is None or band is None:
        return _missing("facing", "Facing the camera", why_no_gaze(analysis))
    away = f"{plural(len(gaze.away), 'time')} elsewhere"
    return Tile(
        id="facing",
        title="Facing the camera",
        value=_how_often(gaze, band),
        unit="",
        # Told, not graded: nobody knows the right share, and averted eyes have many causes.
        verdict="an estimate",
        level="neutral",
        band=f"{facing_share(gaze)} of the time; “mostly” from {band.low:.0%}",
        detail=f"{away}; face seen in {gaze.coverage_ratio:.0%} of the frames",
        source=band.cited,
    )


def _how_often(gaze: GazeMetrics, band: Band) -> str:
    """Return how often the camera was faced, from the least to the most it may have been."""
    ends = (gaze.eye_contact_low_ratio, gaze.eye_contact_high_ratio)
    if any(math.isnan(e) for e in ends):
        ends = (gaze.eye_contact_ratio,) * 2
    low, high = (
        {"good": "mostly", "near": "half", "off": "rarely"}[band.judge(e).level] for e in ends
    )
    if low != high:
        return f"{low} to {high}"
    return "about half" if low == "half" else low


def _posture(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    posture, slouch_band = measured_posture(analysis), targets.band("slouch_ratio")
    if posture is None or slouch_band is None:
        return _missing("posture", "Posture", why_no_posture(analysis))
    known = [
        (band.judge(habit.ratio), habit)
        for habit in habits(posture)
        if (band := targets.band(habit.measure)) and not math.isnan(habit.ratio)
    ]
    levels = ("good", "near", "off")
    judged, worst = max(known, key=lambda k: (levels.index(k[0].level), k[1].ratio))
    # Shares that round to nothing would only fill the tile.
    told = ", ".join(f"{h.name} {h.ratio:.0%}" for _, h in known if h.ratio >= 0.005)
    return Tile(
        id="posture",
        title="Posture",
        value="steady" if judged.level == "good" else worst.name,
        unit="",
        verdict={"good": "in range", "near": "now and then", "off": "often"}[judged.level],
        level=judged.level,
        band=f"{told} of the time; up to {slouch_band.high:.0%} each is fine"
        if told
        else "as at your own start throughout",
        detail=f"Against your own start; shoulders seen in {posture.coverage_ratio:.0%}",
        source=slouch_band.cited,
    )


def _missing(id: str, title: str, why: str) -> Tile:
    return Tile(id, title, "–", "", "not measured", "unjudged", why, "", "")


def _verdict(judged: Judgement, *, low: str, high: str) -> str:
    if judged.level in ("good", "unjudged"):
        return "in range" if judged.level == "good" else "not judged"
    word = low if judged.side == "low" else high
    return f"a bit {word}" if judged.level == "near" else f"too {word}"


def _why_no_speech(analysis: AnswerAnalysis) -> str:
    if analysis.speech is None:
        return "the recording has no sound"
    if analysis.speech.answer is None:
        return "no speech was found"
    return ""
