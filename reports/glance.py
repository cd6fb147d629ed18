"""The answer in one glance: tiles with value, band and verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.results import AnswerAnalysis, GazeMetrics
from reports.charts import is_over_limit
from reports.details import other_rates
from reports.feedback import low_trust, pace_of
from reports.language import t, tn
from reports.sight import (
    facing_share,
    habits,
    measured_gaze,
    measured_posture,
    why_no_gaze,
    why_no_posture,
)
from reports.targets import UNJUDGED, Band, Judgement, Targets
from reports.wording import (
    capital,
    clock,
    listed,
    number,
    range_text,
    seconds,
    seconds_number,
    span,
)

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
        return _missing("duration", t("Duration"), _why_no_speech(analysis))
    judged = band.judge(speech.answer_s)
    wanted = span(clock(band.low), clock(band.high))
    if analysis.question:
        told = t("{band} for this question", band=wanted)
    else:
        told = t("{band} as a rule", band=wanted)
    return Tile(
        id="duration",
        title=t("Duration"),
        value=clock(speech.answer_s),
        unit=t("min"),
        verdict=_length_verdict(judged),
        level=judged.level,
        band=told,
        detail=t("First word after {length}", length=seconds(speech.latency_s)),
        source=band.cited,
        doubtful=low_trust(analysis),
    )


def _silence(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    band = targets.band("longest_silence_s")
    speech = analysis.speech
    if speech is None or band is None:
        return _missing("silence", t("Longest silence"), _why_no_speech(analysis))
    limit_s = speech.silence_limit_s
    longest = speech.longest_pause
    if longest is None:
        shortest = f"{speech.shortest_pause_s:g}"
        length_s, where = 0.0, t("no pause of {length} s or more", length=shortest)
    else:
        length_s = longest.duration_s
        where = {
            "before": t("before the first word"),
            "after": t("after the last word"),
        }.get(longest.place, t("inside the answer"))
    if speech.answer is None:
        where = t("nothing was said")
    judged = band.judge(length_s)
    if longest and is_over_limit(longest, limit_s):
        # The limit holds whatever the user's own band says.
        judged = Judgement("off", "high")
        verdict = t("over {limit} s", limit=f"{limit_s:g}")
    else:
        verdict = _length_verdict(judged)
    detail = capital(where)
    if speech.answer:
        detail += t("; ") + tn(
            "{n} pause of 1 s or more inside",
            "{n} pauses of 1 s or more inside",
            sum(p.duration_s >= 1 for p in speech.pauses_inside),
        )
    return Tile(
        id="silence",
        title=t("Longest silence"),
        value=seconds_number(length_s, limit_s),
        unit=t("s"),
        verdict=verdict,
        level=judged.level,
        band=t(
            "up to {fine} s is fine, never over {limit} s",
            fine=f"{band.high:g}",
            limit=f"{limit_s:g}",
        ),
        detail=detail,
        source=band.cited,
        doubtful=low_trust(analysis),
    )


def _pace(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    value, band = pace_of(analysis, targets)
    if math.isnan(value) or analysis.speech is None:
        why = _why_no_speech(analysis) or t("the speech was not recognised")
        return _missing("pace", t("Pace"), why)
    judged = band.judge(value) if band else UNJUDGED
    japanese = analysis.transcript is not None and analysis.transcript.language == "ja"
    with_pauses, articulation = other_rates(analysis.speech, japanese=japanese)
    told = t("no band for this language")
    if band:
        told = t(
            "{band}, silences over {limit} s left out",
            band=span(f"{band.low:.0f}", f"{band.high:.0f}"),
            limit=f"{analysis.speech.long_pause_s:g}",
        )
    return Tile(
        id="pace",
        title=t("Pace"),
        value=number(value),
        unit=t("characters/min") if japanese else t("words/min"),
        verdict=_verdict(
            judged,
            low=(t("a bit slow"), t("too slow")),
            high=(t("a bit fast"), t("too fast")),
        ),
        level=judged.level,
        band=told,
        detail=t(
            "{rate} with all pauses, {articulation} with none",
            rate=number(with_pauses),
            articulation=number(articulation),
        ),
        source=band.cited if band else "",
        doubtful=low_trust(analysis),
    )


def _fillers(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    rate, band = analysis.fillers_per_min, targets.band("fillers_per_min")
    sounds, possible = analysis.hesitations, analysis.possible_hesitations
    words = analysis.lexical_fillers
    if math.isnan(rate) or band is None or sounds is None or possible is None or words is None:
        why = _why_no_speech(analysis) or t("fillers were not looked for")
        return _missing("fillers", t("Fillers"), why)
    judged = band.judge(rate)
    likely = analysis.hesitation_range
    count, several = f"{len(sounds)}", len(sounds)
    if likely is not None:
        count = range_text(len(sounds), likely)
    elif possible:
        several = len(sounds) + len(possible)
        count = span(len(sounds), several)
    parts = (
        tn("{count} hesitation", "{count} hesitations", several, count=count),
        tn("{n} filler word", "{n} filler words", len(words)),
    )
    return Tile(
        id="fillers",
        title=t("Fillers"),
        value=number(rate, 1),
        unit=t("per min"),
        verdict=_verdict(
            judged,
            low=(t("a bit few"), t("too few")),
            high=(t("a bit many"), t("too many")),
        ),
        level=judged.level,
        band=t("up to {most} per min", most=f"{band.high:g}"),
        detail=listed(parts),
        source=band.cited,
        doubtful=low_trust(analysis),
    )


def _facing(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    gaze, band = measured_gaze(analysis), targets.band("eye_contact_ratio")
    if gaze is None or band is None:
        return _missing("facing", t("Facing the camera"), why_no_gaze(analysis))
    away = tn("{n} time elsewhere", "{n} times elsewhere", len(gaze.away))
    seen = t("face seen in {share} of the frames", share=f"{gaze.coverage_ratio:.0%}")
    return Tile(
        id="facing",
        title=t("Facing the camera"),
        value=_how_often(gaze, band),
        unit="",
        # Told, not graded: nobody knows the right share, and averted eyes have many causes.
        verdict=t("an estimate"),
        level="neutral",
        band=t(
            "{share} of the time; “mostly” from {least}",
            share=facing_share(gaze),
            least=f"{band.low:.0%}",
        ),
        detail=f"{away}{t('; ')}{seen}",
        source=band.cited,
    )


def _how_often(gaze: GazeMetrics, band: Band) -> str:
    """Return how often the camera was faced, from the least to the most it may have been."""
    ends = (gaze.eye_contact_low_ratio, gaze.eye_contact_high_ratio)
    if any(math.isnan(e) for e in ends):
        ends = (gaze.eye_contact_ratio,) * 2
    names = {"good": t("mostly"), "near": t("half"), "off": t("rarely")}
    low, high = (band.judge(e).level for e in ends)
    if low != high:
        return t("{low} to {high}", low=names[low], high=names[high])
    return t("about half") if low == "near" else names[low]


def _posture(analysis: AnswerAnalysis, targets: Targets) -> Tile:
    posture, slouch_band = measured_posture(analysis), targets.band("slouch_ratio")
    if posture is None or slouch_band is None:
        return _missing("posture", t("Posture"), why_no_posture(analysis))
    known = [
        (band.judge(habit.ratio), habit)
        for habit in habits(posture)
        if (band := targets.band(habit.measure)) and not math.isnan(habit.ratio)
    ]
    levels = ("good", "near", "off")
    judged, worst = max(known, key=lambda k: (levels.index(k[0].level), k[1].ratio))
    # Shares that round to nothing would only fill the tile.
    told = [f"{h.name} {h.ratio:.0%}" for _, h in known if h.ratio >= 0.005]
    shares = t("as at your own start throughout")
    if told:
        shares = t(
            "{habits} of the time; up to {share} each is fine",
            habits=listed(told),
            share=f"{slouch_band.high:.0%}",
        )
    return Tile(
        id="posture",
        title=t("Posture"),
        value=t("steady") if judged.level == "good" else worst.name,
        unit="",
        verdict={"good": t("in range"), "near": t("now and then"), "off": t("often")}[judged.level],
        level=judged.level,
        band=shares,
        detail=t(
            "Against your own start; shoulders seen in {share}",
            share=f"{posture.coverage_ratio:.0%}",
        ),
        source=slouch_band.cited,
    )


def _missing(id: str, title: str, why: str) -> Tile:
    return Tile(id, title, "–", "", t("not measured"), "unjudged", why, "", "")


def _length_verdict(judged: Judgement) -> str:
    return _verdict(
        judged,
        low=(t("a bit short"), t("too short")),
        high=(t("a bit long"), t("too long")),
    )


def _verdict(judged: Judgement, *, low: tuple[str, str], high: tuple[str, str]) -> str:
    """Return a verdict; of a side: how close to the band and beyond is called."""
    if judged.level in ("good", "unjudged"):
        return t("in range") if judged.level == "good" else t("not judged")
    near, off = low if judged.side == "low" else high
    return near if judged.level == "near" else off


def _why_no_speech(analysis: AnswerAnalysis) -> str:
    if analysis.speech is None:
        return t("the recording has no sound")
    if analysis.speech.answer is None:
        return t("no speech was found")
    return ""
