"""Takes of one question against each other: what changed, and whether it is an improvement.

A change counts only where it is larger than what the measure moves by itself when the same take
is measured again (`repeat_noise`). Whether it is better or worse, the measure's own direction says
(`measures`): fewer or more, or nearer to its band; inside a band neither direction is better.
What was measured under other conditions is not compared, and the reason is told.

There is no overall score: nobody knows what a second of silence is worth in looks away.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reports.conditions import NEEDS, not_comparable
from reports.language import t
from reports.measures import Measure, read_measures
from reports.repeat_noise import RepeatNoise, noise_of
from reports.takes import TakeRecord, oldest_first
from reports.targets import Band, Targets

BETTER, WORSE, SAME, NOT_COMPARABLE, TOLD = "better", "worse", "same", "not comparable", "told"
MOST_NAMED = 3
"""names in a sentence; more is a list, not a sentence"""


@dataclass(frozen=True, slots=True)
class Delta:
    """One measure in two takes."""

    metric: str
    before: float | None
    """None = not measured"""
    after: float | None
    unit: str
    noise: float | None
    """the smallest change that counts between these two values, in the unit; None = unknown"""
    verdict: str
    """ "better", "worse", "same" (about the same), "not comparable", or "told": never judged"""
    reason: str
    """one sentence; "" where the verdict says it all"""
    changed: bool = False
    """it moved by more than the noise, whether that is better, worse or neither"""

    @property
    def measure(self) -> Measure:
        """What was measured."""
        return read_measures()[self.metric]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A take against an earlier one."""

    before: TakeRecord
    after: TakeRecord
    deltas: tuple[Delta, ...]
    """of the measures that are judged, in the order of measures.toml"""
    told: tuple[Delta, ...]
    """of those that are only told"""

    def of(self, verdict: str) -> tuple[Delta, ...]:
        """Return the deltas with a verdict."""
        return tuple(d for d in self.deltas if d.verdict == verdict)

    @property
    def sentence(self) -> str:
        """Sum up in one sentence; no measure is weighed against another."""
        better, worse = self.of(BETTER), self.of(WORSE)
        compared = len(self.deltas) - len(self.of(NOT_COMPARABLE))
        if not compared:
            return t("Nothing could be compared: see the reasons below.")
        if better and worse:
            return t(
                "Better: {better}. Worse: {worse}. Everything else that could be compared is"
                " about the same.",
                better=_names(better),
                worse=_names(worse),
            )
        if better:
            return t(
                "Better: {better}. Nothing that could be compared got worse.",
                better=_names(better),
            )
        if worse:
            return t(
                "Worse: {worse}. Nothing that could be compared got better.", worse=_names(worse)
            )
        return t("About the same in everything that could be compared.")


@dataclass(frozen=True, slots=True)
class Ladder:
    """Takes of one question, the oldest first, each against the one before."""

    takes: tuple[TakeRecord, ...]
    steps: tuple[Comparison, ...]
    """the first compares the second take with the first, and so on"""
    since_first: Comparison | None
    """the newest against the oldest; None = there are only two"""

    @property
    def newest(self) -> Comparison:
        """The newest take against the one before it."""
        return self.steps[-1]


def ladder(
    takes: Sequence[TakeRecord],
    *,
    targets: Targets,
    noise: Mapping[str, RepeatNoise] | None = None,
) -> Ladder:
    """Compare takes of one question.

    Parameters
    ----------
    takes : at least two; put in the order of their recording where that is known of all.
    targets : bands to hold the measures against.
    noise : what `read_repeat_noise` returned; None = ours.

    Raises
    ------
    ValueError
        Fewer than two takes.
    """
    if len(takes) < 2:
        raise ValueError("two takes are needed")
    ordered = oldest_first(takes)
    steps = tuple(
        compare_takes(before, after, targets=targets, noise=noise)
        for before, after in itertools.pairwise(ordered)
    )
    first = None
    if len(ordered) > 2:
        first = compare_takes(ordered[0], ordered[-1], targets=targets, noise=noise)
    return Ladder(ordered, steps, first)


def compare_takes(
    before: TakeRecord,
    after: TakeRecord,
    *,
    targets: Targets,
    noise: Mapping[str, RepeatNoise] | None = None,
) -> Comparison:
    """Compare a take with an earlier one, measure by measure."""
    languages = {take.language for take in (before, after)}
    measures = [
        m
        for m in read_measures().values()
        if not m.language or m.language in languages or languages == {None}
    ]
    judged = tuple(_delta(m, before, after, targets, noise) for m in measures if m.judged != TOLD)
    told = tuple(_told(m, before, after, noise) for m in measures if m.judged == TOLD)
    return Comparison(before, after, judged, told)


def least_talk_s(before: TakeRecord, after: TakeRecord) -> float | None:
    """Return the speech in the take that has less of it, s; None = unknown of both."""
    talk = [value for take in (before, after) if (value := take.value("speaking_s"))]
    return min(talk, default=None)


def deltas_json(compared: Ladder) -> dict[str, Any]:
    """Return what ``compare --json`` prints; ``deltas``: the newest take against the one before."""
    first = compared.since_first
    return {
        "deltas": [asdict(d) for d in compared.newest.deltas],
        "sentence": compared.newest.sentence,
        "told": [_without_verdict(d) for d in compared.newest.told],
        "takes": [
            {
                "name": take.name,
                "id": take.id,
                "recorded": take.recorded,
                "question_id": take.question.id if take.question else None,
                "language": take.language,
            }
            for take in compared.takes
        ],
        "steps": [
            {
                "before": step.before.name,
                "after": step.after.name,
                "sentence": step.sentence,
                "deltas": [asdict(d) for d in step.deltas],
            }
            for step in compared.steps
        ],
        "since_first": first and [asdict(d) for d in first.deltas],
    }


def _delta(
    measure: Measure,
    before: TakeRecord,
    after: TakeRecord,
    targets: Targets,
    noise: Mapping[str, RepeatNoise] | None,
) -> Delta:
    old, new = before.value(measure.id), after.value(measure.id)
    language = after.language if before.language == after.language else None
    known = noise_of(measure.id, language, noise)
    why = not_comparable(measure, before, after)
    if not why and known is None:
        why = t("How much this measure moves by itself is not known.")
    if why or old is None or new is None or known is None:
        return _made(measure, old, new, None, NOT_COMPARABLE, why)
    limit = known.limit(old, new, talk_s=least_talk_s(before, after))
    if measure.judged == "band":
        band = measure.band_of(targets, after.language, after.question)
        if band is None:
            return _made(measure, old, new, limit, NOT_COMPARABLE, t("It has no band."))
        return _against_band(measure, band, old, new, limit)
    if measure.per_talk:
        return _counted(measure, before, after, limit)
    gain = new - old if measure.judged == "more" else old - new
    return _made(measure, old, new, limit, _verdict(gain, limit), "", _beyond(gain, limit))


def _against_band(measure: Measure, band: Band, old: float, new: float, limit: float) -> Delta:
    gain = _outside(band, old) - _outside(band, new)
    changed = _beyond(new - old, limit)
    verdict = _verdict(gain, limit)
    reason = ""
    if verdict == SAME and changed:
        inside = _outside(band, old) == _outside(band, new) == 0
        reason = (
            t("Changed inside its target: neither better nor worse.")
            if inside
            else t("Changed, but hardly nearer to its target or further from it.")
        )
    return _made(measure, old, new, limit, verdict, reason, changed)


def _counted(measure: Measure, before: TakeRecord, after: TakeRecord, limit: float) -> Delta:
    """Compare counts at the same amount of talk: a longer answer holds more of everything."""
    old, new = before.value(measure.id), after.value(measure.id)
    assert old is not None
    assert new is not None
    talk, by_words = _talk(before, after)
    if not all(talk):
        return _made(measure, old, new, limit, NOT_COMPARABLE, t("Hardly anything was said."))
    more = _more(old, new, talk)
    verdict = _verdict(-more, limit)
    shares = {"before": f"{old / talk[0]:.1f}", "after": f"{new / talk[1]:.1f}"}
    reason = (
        t("{before} → {after} per 100 words.", **shares)
        if by_words
        else t("{before} → {after} per minute of speech.", **shares)
    )
    traded = measure.id == "pause_count" and not _beyond(
        more - _fewer_hesitations(before, after, talk), limit
    )
    if traded and verdict == WORSE:
        verdict = SAME
        reason = t("As many hesitations fewer: a pause in the place of an “um” is no loss.")
    return _made(measure, old, new, limit, verdict, reason, _beyond(more, limit))


def _talk(before: TakeRecord, after: TakeRecord) -> tuple[tuple[float, float], bool]:
    """Return how much was said in both takes, and whether that is hundreds of words.

    Words where the same recogniser wrote them in the same language: who says the
    same text faster makes no more hesitations. Else minutes of speech.
    """
    words = (before.value("word_count") or 0.0, after.value("word_count") or 0.0)
    if all(words) and not any(NEEDS[need](before, after) for need in ("language", "model")):
        return (words[0] / 100, words[1] / 100), True
    talk = (before.value("speaking_s") or 0.0, after.value("speaking_s") or 0.0)
    return (talk[0] / 60, talk[1] / 60), False


def _more(old: float, new: float, talk: tuple[float, float]) -> float:
    """Return how many more there are in an answer as long as both on average.

    The noise is known for counts, not for rates.
    """
    return (new / talk[1] - old / talk[0]) * (talk[0] + talk[1]) / 2


def _fewer_hesitations(before: TakeRecord, after: TakeRecord, talk: tuple[float, float]) -> float:
    old, new = before.value("hesitation_count"), after.value("hesitation_count")
    return 0.0 if old is None or new is None else max(0.0, -_more(old, new, talk))


def _told(
    measure: Measure,
    before: TakeRecord,
    after: TakeRecord,
    noise: Mapping[str, RepeatNoise] | None,
) -> Delta:
    old, new = before.value(measure.id), after.value(measure.id)
    why = not_comparable(measure, before, after)
    known = noise_of(measure.id, after.language, noise)
    limit = None
    if known is not None and old is not None and new is not None:
        limit = known.limit(old, new, talk_s=least_talk_s(before, after))
    changed = (
        not why
        and limit is not None
        and old is not None
        and new is not None
        and _beyond(new - old, limit)
    )
    return _made(measure, old, new, limit, TOLD, why, changed)


def _made(
    measure: Measure,
    old: float | None,
    new: float | None,
    limit: float | None,
    verdict: str,
    reason: str,
    changed: bool = False,
) -> Delta:
    return Delta(measure.id, old, new, measure.unit, limit, verdict, reason, changed)


def _outside(band: Band, value: float) -> float:
    """How far a value lies outside its band; 0 = inside."""
    return max(band.low - value, value - band.high, 0.0)


def _verdict(gain: float, limit: float) -> str:
    if not _beyond(gain, limit):
        return SAME
    return BETTER if gain > 0 else WORSE


def _beyond(change: float, limit: float) -> bool:
    # A hair of slack: a change of exactly the limit is none.
    return not math.isnan(change) and abs(change) > limit + 1e-9


def _names(deltas: Sequence[Delta]) -> str:
    main = sorted(deltas, key=lambda d: not d.measure.main)
    names = [t(d.measure.title) for d in main[:MOST_NAMED]]
    listed = t(", ").join(names)
    more = len(deltas) - len(names)
    return t("{names} and {n} more", names=listed, n=more) if more else listed


def _without_verdict(delta: Delta) -> dict[str, Any]:
    return {k: v for k, v in asdict(delta).items() if k != "verdict"}
