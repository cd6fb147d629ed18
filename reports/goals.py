"""Goals: a number for a measure of one question, until a date; and whether a take meets it.

A goal comes from a remark ("prioritise the feedback into few concrete goals"); the next takes of
the same question are held against it. The verdict is measured: "met", "closer" (nearer to the
number than the take before by more than the measure moves by itself), "not yet", or "not measured"
with the reason. Takes that can't be compared are never called closer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis.results import AnswerAnalysis
from recorder.session import Question
from reports.conditions import LEAST_SNR_DB, not_comparable
from reports.evidence import Moment
from reports.goal_evidence import goal_moments
from reports.goal_numbers import (
    AT_LEAST,
    AT_MOST,
    as_shown,
    goal_noise,
    goal_value,
    number_text,
)
from reports.language import interface, t
from reports.measures import Measure, read_measures
from reports.repeat_noise import RepeatNoise
from reports.takes import OWN, TakeRecord, question_key
from reports.targets import Targets

OPEN, MET, GIVEN_UP = "open", "met", "given up"
CLOSER, NOT_YET, NOT_MEASURED = "closer", "not yet", "not measured"
MOST_OPEN = 3
"""goals at a time: few concrete ones, so that they are worked on (advice for mock interviews)"""
DEFAULT_DAYS = 14
"""until a goal should be met, where no date is given (our judgement)"""
TRIES_BEFORE_SMALLER = 3
"""measured takes that did not meet a goal, after which a smaller step is suggested"""
_HOLD_IN_NOISE = ("level_dbfs", "snr_db", "clipped_ratio")


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """The question that a goal is for, as it was when the goal was set."""

    key: str
    """as `takes.question_key` makes it"""
    id: str
    text_en: str
    text_ja: str

    @property
    def given(self) -> str:
        """What to type to mean it: its id, or an own text."""
        return self.text_en or self.text_ja if self.id == OWN else self.id

    @property
    def text(self) -> str:
        """Its text in the language of the page."""
        texts = (
            [self.text_ja, self.text_en] if interface() == "ja" else [self.text_en, self.text_ja]
        )
        return texts[0] or texts[1]


@dataclass(frozen=True, slots=True)
class Try:
    """A take that was held against a goal."""

    take: str
    """id"""
    name: str
    """what the user types to mean it"""
    date: str
    """when it was recorded, UTC, ISO 8601; when it was analysed, where that is unknown"""
    value: float | None
    """None = not measured"""
    kind: str
    """of the verdict"""


@dataclass(frozen=True, slots=True)
class Goal:
    """A number to reach on one question."""

    id: str
    """a small number, as text"""
    measure: str
    """key of summary.json"""
    comparison: str
    """ "at most", "at least" or "between" """
    low: float | None
    high: float | None
    """in the unit of the measure; of counts, per minute of speech; None = no limit on that side"""
    question: AskedQuestion
    language: str | None
    """of the answers; None = any"""
    until: str
    """date, ISO 8601"""
    set: str
    """when, UTC, ISO 8601"""
    start_value: float | None = None
    """of the take it was made from; None = unknown"""
    start_take: str | None = None
    """its id"""
    start_name: str | None = None
    """what the user types to mean it"""
    drill: str | None = None
    """id of the exercise that goes with it"""
    state: str = OPEN
    """ "open", "met" or "given up" """
    ended: str | None = None
    """when it was met or given up, UTC, ISO 8601"""
    met_take: str | None = None
    """id of the take that met it"""
    tries: tuple[Try, ...] = ()
    """takes that were held against it, the oldest first; each counts once"""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """keys of another version, kept as they are"""

    @property
    def about(self) -> Measure:
        """What it measures."""
        return read_measures()[self.measure]

    @property
    def wanted(self) -> str:
        """The number in words: "at most 3.0 per min"."""
        low, high = (number_text(self.about, v) for v in (self.low, self.high))
        if self.comparison == AT_MOST:
            return t("at most {number}", number=high)
        if self.comparison == AT_LEAST:
            return t("at least {number}", number=low)
        return t("{low} to {high}", low=low, high=high)

    @property
    def text(self) -> str:
        """The goal in words: "Fillers: at most 3.0 per min"."""
        return t("{measure}: {wanted}", measure=t(self.about.title), wanted=self.wanted)

    def outside(self, value: float) -> float:
        """How far a value lies outside, judged as it is shown; 0 = the goal is met."""
        shown = as_shown(self.about, value)
        below = 0.0 if self.low is None else as_shown(self.about, self.low) - shown
        above = 0.0 if self.high is None else shown - as_shown(self.about, self.high)
        distance = max(below, above, 0.0)
        return 0.0 if distance < 1e-9 else distance

    def is_for(self, question: Question | None, language: str | None) -> bool:
        """Whether a take of a question in a language counts for it."""
        same = self.question.key != "" and question_key(question) == self.question.key
        return same and (None in (self.language, language) or self.language == language)


@dataclass(frozen=True, slots=True)
class SmallerStep:
    """An easier number, after several takes that did not meet the goal."""

    text: str
    """in words: "at most 4.5 per min" """
    command: str | None
    """what to type to set it instead; None = it can't be typed"""


@dataclass(frozen=True, slots=True)
class GoalVerdict:
    """A take held against a goal."""

    goal: Goal
    kind: str
    """ "met", "closer", "not yet" or "not measured" """
    value: float | None
    before: float | None
    """of the take before; None = unknown"""
    reason: str
    """one sentence in the language of the page; "" where the verdict says it all"""
    moments: tuple[Moment, ...] = ()
    number: int = 0
    """which try it is, from 1; 0 = it does not count"""
    smaller: SmallerStep | None = None
    overdue: bool = False
    """the goal's date has passed"""

    @property
    def word(self) -> str:
        """The verdict in a word."""
        return {
            MET: t("met"),
            CLOSER: t("closer"),
            NOT_YET: t("not yet"),
            NOT_MEASURED: t("not measured"),
        }[self.kind]

    @property
    def value_text(self) -> str:
        """What was measured, in words."""
        return number_text(self.goal.about, self.value)

    @property
    def before_text(self) -> str:
        """What the take before read, in words; "" = unknown."""
        return "" if self.before is None else number_text(self.goal.about, self.before)


def judge_goal(
    goal: Goal,
    take: TakeRecord,
    before: TakeRecord | None,
    noise: Mapping[str, RepeatNoise] | None,
    *,
    shown: tuple[AnswerAnalysis, Targets] | None = None,
) -> GoalVerdict:
    """Hold a take against a goal.

    Parameters
    ----------
    goal : what was wanted.
    take : the take, analysed.
    before : the take of the question before it; None = there is none that can be read.
    noise : what `read_repeat_noise` returned; None = ours.
    shown : the take's analysis and the targets, for the moments; None = without moments.
    """
    measure = goal.about
    value = goal_value(measure, take)
    earlier = None if before is None else goal_value(measure, before)
    if earlier is None and before is None:
        earlier = goal.start_value
    why = _not_measured(measure, take, value)
    if why or value is None:
        return GoalVerdict(goal, NOT_MEASURED, value, earlier, why)
    moments = () if shown is None else goal_moments(measure, *shown)
    if not goal.outside(value):
        return GoalVerdict(goal, MET, value, earlier, "", moments)
    if before is None:
        reason = t("There is no earlier take that it could be compared with.")
        return GoalVerdict(goal, NOT_YET, value, earlier, reason, moments)
    reason = not_comparable(measure, before, take)
    limit = goal_noise(measure, before, take, noise)
    if reason or earlier is None or limit is None:
        reason = reason or t("How much this measure moves by itself is not known.")
        return GoalVerdict(goal, NOT_YET, value, earlier, reason, moments)
    gain = goal.outside(earlier) - goal.outside(value)
    if gain > limit + 1e-9:
        return GoalVerdict(goal, CLOSER, value, earlier, "", moments)
    reason = ""
    if gain > 0:
        reason = t(
            "The change is no more than this measure moves by itself (±{noise}).",
            noise=number_text(measure, limit),
        )
    return GoalVerdict(goal, NOT_YET, value, earlier, reason, moments)


def _not_measured(measure: Measure, take: TakeRecord, value: float | None) -> str:
    if value is None:
        return t("This take has no number for it: see the notes on what could not be measured.")
    snr_db = take.value("snr_db")
    noisy = snr_db is not None and snr_db < LEAST_SNR_DB
    if noisy and measure.settings == "speech" and measure.id not in _HOLD_IN_NOISE:
        return t(
            "The recording is too noisy to judge it: the voice is only {snr} dB above the noise.",
            snr=f"{snr_db:.0f}",
        )
    return ""
