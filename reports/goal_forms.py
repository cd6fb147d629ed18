"""From a remark to a goal: which measure it is about, what number to begin with, what to type."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.drill_rows import DrillPart
from reports.goal_numbers import (
    AT_MOST,
    command_number,
    first_step,
    goal_noise,
    goal_value,
    number_text,
)
from reports.goal_steps import quoted
from reports.goals import DEFAULT_DAYS, GoalVerdict
from reports.language import t
from reports.measures import Measure, read_measures
from reports.remarks import Remark
from reports.repeat_noise import RepeatNoise
from reports.takes import OWN, TakeRecord
from reports.targets import Targets

_POSTURE = ("slouch_ratio", "side_lean_ratio", "shoulder_tilt_ratio", "lean_in_ratio")
_LEVELS = ("near", "off")
_OF_REMARK = {
    "silence": "longest_silence_s",
    "noise": "snr_db",
    **{
        name: name
        for name in (
            "answer_s",
            "level_dbfs",
            "clipped_ratio",
            "fillers_per_min",
            "notes_looks_per_min",
            "eye_contact_ratio",
            "latency_s",
            "soft_end_ratio",
            "monotone_ratio",
        )
    },
}
"""Kind of a remark to its measure; pace and posture hang on the take."""


@dataclass(frozen=True, slots=True)
class GoalForm:
    """What "Make it a goal" offers under a remark."""

    measure: Measure
    comparison: str
    """ "at most" or "at least" """
    value: float
    """what the take reads"""
    number: float
    """the first step that is suggested"""
    until: datetime.date
    command: str
    """what to type, but for number and date"""

    @property
    def label(self) -> str:
        """What the number is: "Fillers, at most (per min)"."""
        unit = t("per min of speech") if self.measure.per_talk else t(self.unit)
        if self.comparison == AT_MOST:
            return t("{measure}, at most ({unit})", measure=t(self.measure.title), unit=unit)
        return t("{measure}, at least ({unit})", measure=t(self.measure.title), unit=unit)

    @property
    def value_text(self) -> str:
        """What the take reads, in words."""
        return number_text(self.measure, self.value)

    @property
    def unit(self) -> str:
        """The unit of the field."""
        return "%" if self.measure.unit == "share" else self.measure.unit

    @property
    def field(self) -> str:
        """The number as it stands in the field."""
        return command_number(self.measure, self.number).removesuffix("%")

    @property
    def option(self) -> str:
        """The option of the command that takes the number."""
        return "--at-most" if self.comparison == AT_MOST else "--at-least"

    @property
    def suffix(self) -> str:
        """What stands behind the number in the command."""
        return "%" if self.measure.unit == "share" else ""

    @property
    def whole(self) -> str:
        """The command with the number and the date that are suggested."""
        number = f"{self.field}{self.suffix}"
        return f"{self.command} {self.option} {number} --until {self.until.isoformat()}"


@dataclass(frozen=True, slots=True)
class GoalPart:
    """What goals and exercises add to the report of an answer."""

    verdicts: tuple[GoalVerdict, ...]
    forms: Mapping[int, GoalForm]
    """by number of the remark, from 1"""
    drill: DrillPart | None = None
    """if the take is an exercise"""


def measure_of_remark(kind: str, take: TakeRecord, targets: Targets) -> Measure | None:
    """Return the measure that a kind of remark is about; None = it has no number in this take."""
    measures = read_measures()
    if kind == "pace":
        japanese = take.language == "ja"
        return measures["pace_characters_per_min" if japanese else "pace_wpm"]
    if kind == "posture":
        # The worst habit, as the remark chooses it.
        found = [
            (_LEVELS.index(level), value, name)
            for name in _POSTURE
            if (value := take.value(name)) is not None
            and (band := targets.band(name)) is not None
            and (level := band.judge(value).level) in _LEVELS
        ]
        return measures[max(found)[2]] if found else None
    # Without any speech a silence is a matter of the microphone.
    if kind == "silence" and take.value("answer_s") is None:
        return None
    name = _OF_REMARK.get(kind)
    return None if name is None or take.value(name) is None else measures[name]


def suggested_goal(
    measure: Measure,
    take: TakeRecord,
    targets: Targets,
    noise: Mapping[str, RepeatNoise] | None,
) -> tuple[str, float] | None:
    """Return comparison and number that a first goal may have; None = there is nothing to reach."""
    value = goal_value(measure, take)
    if value is None:
        return None
    band = measure.band_of(targets, take.language, take.question)
    # What is told rather than judged may have a band all the same: eye contact.
    band = band or targets.band(measure.id, take.language)
    return first_step(measure, value, band, goal_noise(measure, take, take, noise))


def goal_forms(
    remarks: Sequence[Remark],
    take: TakeRecord,
    address: str | None,
    targets: Targets,
    noise: Mapping[str, RepeatNoise] | None,
    today: datetime.date,
) -> dict[int, GoalForm]:
    """Return what each remark offers, by its number from 1; remarks without a number are left out.

    Parameters
    ----------
    remarks : of the take, in the order of the page.
    take : the take.
    address : what to type to mean the take; None = it has no short name: its question is typed.
    targets, noise : what the numbers are held against.
    today : local date.
    """
    forms: dict[int, GoalForm] = {}
    for number, remark in enumerate(remarks, 1):
        measure = measure_of_remark(remark.id, take, targets)
        value = None if measure is None else goal_value(measure, take)
        if measure is None or value is None:
            continue
        step = suggested_goal(measure, take, targets, noise)
        command = _command(take, address, measure, value)
        if step is None or command is None:
            continue
        until = today + datetime.timedelta(days=DEFAULT_DAYS)
        forms[number] = GoalForm(measure, step[0], value, step[1], until, command)
    return forms


def _command(take: TakeRecord, address: str | None, measure: Measure, value: float) -> str | None:
    of_measure = f"--measure {measure.id}"
    if address is not None:
        given = quoted(address)
        return None if given is None else f"mensetsu goals set {given} {of_measure}"
    question = take.question
    if question is None:
        return None
    own = question.id == OWN
    given = quoted((question.text_en or question.text_ja) if own else question.id)
    if given is None:
        return None
    start = command_number(measure, value)
    return f"mensetsu goals set --question {given} {of_measure} --start {start}"
