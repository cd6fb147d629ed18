"""The numbers of goals: what a measure reads for a goal, how it is shown, read and suggested.

A count (hesitations, pauses) is held per minute of speech, since a longer answer holds more of
everything. A number is judged as it is shown: 3.04 per minute is shown, and counts, as 3.0.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping

from analysis.results import SILENCE_LIMIT_S
from reports.compare import least_talk_s
from reports.errors import ReportError
from reports.language import t
from reports.measures import Measure
from reports.repeat_noise import RepeatNoise, noise_of
from reports.takes import TakeRecord
from reports.targets import Band
from reports.wording import clock, number, percent

AT_MOST, AT_LEAST, BETWEEN = "at most", "at least", "between"
FIRST_STEP = 0.5
"""share of the way to the band that a first goal asks for: a few concrete steps rather than one
leap (our judgement)"""
_NICE = {
    "share": 0.05,
    "per min": 0.5,
    "words/min": 5.0,
    "characters/min": 10.0,
    "s": 0.5,
    "semitones": 0.5,
}
"""what suggested numbers are multiples of, by unit; 1 for the others (our judgement)"""
_SHOWN = {"share": 0.01, "per min": 0.1, "s": 0.1, "semitones": 0.1}
"""what numbers are shown in, by unit; 1 for the others"""
_FINE_SHARE = "clipped_ratio"
"""a share whose whole band lies below 1 %"""


def goal_value(measure: Measure, take: TakeRecord) -> float | None:
    """Return what a take reads in a measure, counts per minute of speech; None = not measured."""
    value = take.value(measure.id)
    if value is None or not measure.per_talk:
        return value
    minutes = _minutes(take)
    return value / minutes if minutes else None


def goal_noise(
    measure: Measure,
    before: TakeRecord,
    after: TakeRecord,
    noise: Mapping[str, RepeatNoise] | None,
) -> float | None:
    """Return the smallest change between two takes that counts, as `goal_value` counts."""
    old, new = before.value(measure.id), after.value(measure.id)
    known = noise_of(measure.id, after.language, noise)
    if known is None or old is None or new is None:
        return None
    limit = known.limit(old, new, talk_s=least_talk_s(before, after))
    if not measure.per_talk:
        return limit
    minutes = ((_minutes(before) or 0.0) + (_minutes(after) or 0.0)) / 2
    return limit / minutes if minutes else None


def as_shown(measure: Measure, value: float) -> float:
    """Return a value as exactly as it is shown."""
    # 30.02 s is over the limit of 30 s.
    if measure.id == "longest_silence_s" and SILENCE_LIMIT_S < value < SILENCE_LIMIT_S + 1:
        return value
    step = _step(measure, _SHOWN)
    return round(math.floor(value / step + 0.5) * step, 6)


def number_text(measure: Measure, value: float | None) -> str:
    """Return a value in words, with its unit."""
    if value is None or math.isnan(value):
        return t("not measured")
    if measure.per_talk:
        return number(value, 1, t("per min of speech"))
    if measure.unit == "share":
        return f"{value:.2%}" if measure.id == _FINE_SHARE else percent(value)
    if measure.id == "answer_s":
        return t("{clock} min", clock=clock(value))
    if measure.unit == "s":
        # Above 10 s not without decimals, as elsewhere: the goal may lie between.
        digits = f"{value:.1f}"
        return t("{n} s", n=digits.removesuffix(".0") if value >= 10 else digits)
    return measure.text(value)


def command_number(measure: Measure, value: float) -> str:
    """Return a value as it is typed in a command: "45%", "4.5", "120"."""
    if measure.unit == "share":
        return f"{100 * value:.6g}%"
    return f"{value:.6g}"


def read_number(measure: Measure, text: str) -> float:
    """Return a number as a user types it: "3", "3,5", "45%", "1:30".

    Raises
    ------
    ReportError
        It is none, or none that the measure can have.
    """
    # A Japanese input method sends wide digits.
    given = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    try:
        value = _read(measure, given)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        like = {"share": "45%", "s": "90 or 1:30"}.get(measure.unit, "3.5")
        raise ReportError(f"{text!r} is no number for {measure.id}: write it like {like}")
    if measure.unit == "share" and not 0 <= value <= 1:
        raise ReportError(
            f"{text!r} is no share: {measure.id} lies between 0% and 100% (write 45% or 0.45)"
        )
    if value < 0 and measure.unit not in ("dBFS", "dB"):
        raise ReportError(f"{text!r}: {measure.id} is never below 0")
    return value


def first_step(
    measure: Measure, value: float, band: Band | None, noise: float | None
) -> tuple[str, float] | None:
    """Return the goal that a value suggests: half of the way to its band, never beyond the band.

    Half of the way that is no more than the noise of the measure can't be verified: then it is the
    edge of the band itself. Without a band fewer is better: half of the value, or as much less as
    can be verified.

    Returns
    -------
    tuple of str and float, or None
        `AT_MOST` or `AT_LEAST`, and the number; None = the value is within its band.
    """
    if band is not None and value < band.low:
        comparison, edge = AT_LEAST, band.low
    elif band is not None and value > band.high:
        comparison, edge = AT_MOST, band.high
    elif band is None and measure.judged == "fewer" and value > 0:
        comparison, edge = AT_MOST, 0.0
    else:
        return None
    step = value + (edge - value) * FIRST_STEP
    if measure.id == _FINE_SHARE:
        return comparison, edge
    if noise is not None and abs(step - value) <= noise:
        # Nobody has to reach zero because a count is uncertain.
        step = edge if band is not None else max(0.0, value - noise)
    return comparison, _nice(measure, step, edge)


def step_between(measure: Measure, best: float, edge: float, noise: float) -> float | None:
    """Return a number half of the way from the best so far to a goal; None = it is too near.

    It is easier than the goal, and further from the best than the noise of the measure.
    """
    step = best + (edge - best) * FIRST_STEP
    if abs(step - best) <= noise:
        step = best + math.copysign(noise, edge - best)
    nice = _nice(measure, step, edge)
    # A round number that is the goal itself is no smaller step.
    step = nice if min(best, edge) < nice < max(best, edge) else as_shown(measure, step)
    return step if min(best, edge) < step < max(best, edge) else None


def _nice(measure: Measure, step: float, edge: float) -> float:
    """Round towards the edge, and no further than to it."""
    unit = _step(measure, _NICE)
    count = step / unit
    count = math.floor(count + 1e-9) if edge < step else math.ceil(count - 1e-9)
    rounded = round(count * unit, 6)
    return max(rounded, edge) if edge < step else min(rounded, edge)


def _step(measure: Measure, steps: Mapping[str, float]) -> float:
    if measure.id == _FINE_SHARE:
        return 0.0001
    if measure.id == "answer_s":
        return 5.0 if steps is _NICE else 1.0
    return steps.get("per min" if measure.per_talk else measure.unit, 1.0)


def _read(measure: Measure, given: str) -> float:
    if measure.unit == "share" and given.endswith("%"):
        return float(given[:-1].replace(",", ".")) / 100
    if measure.unit == "s" and ":" in given:
        minutes, _, rest = given.partition(":")
        return 60 * int(minutes) + float(rest)
    return float(given.replace(",", "."))


def _minutes(take: TakeRecord) -> float | None:
    """Minutes of speech; None = none was measured."""
    speaking_s = take.value("speaking_s")
    return speaking_s / 60 if speaking_s else None
