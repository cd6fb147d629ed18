"""The measures of two takes as rows of a table, and of all takes as small charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from reports.compare import BETTER, NOT_COMPARABLE, SAME, WORSE, Comparison, Delta, Ladder
from reports.language import interface, t
from reports.measures import COUNTED, Measure, read_measures
from reports.takes import TakeRecord
from reports.targets import Targets
from reports.trend_chart import TrendChart, TrendPoint, trend_chart
from reports.wording import number

SIGNS = {BETTER: "✓", WORSE: "!", SAME: "=", NOT_COMPARABLE: "–"}
KINDS = {BETTER: "better", WORSE: "worse", SAME: "same", NOT_COMPARABLE: "none"}


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure in the table."""

    title: str
    before: str
    after: str
    change: str
    sign: str
    kind: str
    """names its look: "better", "worse", "same", "none" """
    verdict: str
    counts_from: str
    """the smallest change that counts"""
    note: str
    """the reason, or why this direction is better"""


@dataclass(frozen=True, slots=True)
class TakeName:
    """A take as the page calls it."""

    number: int
    """from 1, the oldest first"""
    date: str
    """day and time, "" where unknown"""
    name: str
    """what the user types to mean it"""
    href: str | None
    """its report"""

    @property
    def short(self) -> str:
        """Return it in few words."""
        if not self.date:
            return t("Take {n}", n=self.number)
        return t("Take {n}, {date}", n=self.number, date=self.date)


def take_names(takes: Sequence[TakeRecord], links: Mapping[str, str]) -> tuple[TakeName, ...]:
    """Return what the takes are called; `links` are the addresses of their reports by name."""
    return tuple(
        TakeName(index, _date(take.recorded), _name(take.name), links.get(take.name))
        for index, take in enumerate(takes, 1)
    )


def measure_rows(deltas: Sequence[Delta]) -> tuple[MeasureRow, ...]:
    """Return rows of the table."""
    return tuple(_row(delta) for delta in deltas)


def verdict_text(delta: Delta) -> str:
    """Return a verdict in words."""
    return {
        BETTER: t("better"),
        WORSE: t("worse"),
        SAME: t("changed, neither better nor worse") if delta.changed else t("about the same"),
        NOT_COMPARABLE: t("not comparable"),
    }.get(delta.verdict, t("changed") if delta.changed else t("about the same"))


def value_text(measure: Measure, value: float | None) -> str:
    """Return a value in words; a small share keeps its decimals."""
    if value is not None and measure.unit == "share" and 0 < abs(value) < 0.01:
        return f"{100 * value:.2g}%"
    return measure.text(value)


def trends(compared: Ladder, targets: Targets, names: Sequence[TakeName]) -> list[TrendChart]:
    """Return a chart for each measure that any take has."""
    newest = compared.takes[-1]
    talk = _talk(compared.takes)
    languages = {take.language for take in compared.takes}
    charts = []
    for measure in read_measures().values():
        if measure.language and measure.language not in languages:
            continue
        points = _points(measure, compared, names, talk)
        if all(p.value is None for p in points):
            continue
        # The band of a count is none of a count per minute.
        band = (
            None if measure.per_talk else measure.band_of(targets, newest.language, newest.question)
        )
        charts.append(trend_chart(points, measure=measure, band=band))
    return charts


@dataclass(frozen=True, slots=True)
class _Talk:
    """How much was said in each take: what counts are drawn against, as they are compared."""

    amounts: tuple[float, ...]
    by_words: bool
    """in hundreds of words; else in minutes of speech"""

    def text(self, rate: float) -> str:
        """Return a count in so much talk in words."""
        told = number(rate, 1)
        if self.by_words:
            return t("{n} per 100 words", n=told)
        return t("{n} per min of speech", n=told)


def _talk(takes: Sequence[TakeRecord]) -> _Talk:
    words = [take.value("word_count") or 0.0 for take in takes]
    alike = len({(take.language, take.text("model")) for take in takes}) == 1
    if alike and all(words):
        return _Talk(tuple(n / 100 for n in words), True)
    return _Talk(tuple((take.value("speaking_s") or 0.0) / 60 for take in takes), False)


def _points(
    measure: Measure, compared: Ladder, names: Sequence[TakeName], talk: _Talk
) -> list[TrendPoint]:
    points: list[TrendPoint] = []
    for index, (take, name) in enumerate(zip(compared.takes, names, strict=True)):
        delta = _delta_of(compared.steps[index - 1], measure) if index else None
        value, noise = take.value(measure.id), delta.noise if delta else None
        text = "" if value is None else value_text(measure, value)
        if measure.per_talk:
            amount = talk.amounts[index]
            value = value / amount if value is not None and amount else None
            text = "" if value is None else talk.text(value)
            both = amount + (talk.amounts[index - 1] if index else 0.0)
            # The noise is known for counts, in an answer as long as both on average.
            noise = 2 * noise / both if noise is not None and both else None
        points.append(
            TrendPoint(
                value=value,
                label=str(name.number),
                name=name.short,
                href=name.href,
                text=text,
                note=_point_note(delta, value),
                noise=noise,
                parted=bool(delta and _is_parted(delta)),
            )
        )
    return points


def _delta_of(step: Comparison, measure: Measure) -> Delta | None:
    return next((d for d in (*step.deltas, *step.told) if d.metric == measure.id), None)


def _is_parted(delta: Delta) -> bool:
    # Of what is only told, the reason says that it can't be compared.
    return delta.verdict == NOT_COMPARABLE or (delta.verdict not in SIGNS and bool(delta.reason))


def _point_note(delta: Delta | None, value: float | None) -> str:
    if delta is None:
        return ""
    if _is_parted(delta):
        return delta.reason
    if value is None:
        return ""
    return t("Against the take before: {verdict}.", verdict=verdict_text(delta))


def _row(delta: Delta) -> MeasureRow:
    measure = delta.measure
    return MeasureRow(
        title=t(measure.title),
        before=value_text(measure, delta.before),
        after=value_text(measure, delta.after),
        change=_change(delta),
        sign=SIGNS.get(delta.verdict, "·"),
        kind=KINDS.get(delta.verdict, "told"),
        verdict=verdict_text(delta),
        counts_from=_counts_from(delta),
        note=delta.reason,
    )


def _change(delta: Delta) -> str:
    if delta.before is None or delta.after is None or delta.verdict == NOT_COMPARABLE:
        return ""
    change = delta.after - delta.before
    text = _amount(delta.measure, abs(change))
    if not any(c in "123456789" for c in text):
        return f"±{text}"
    return f"{'+' if change > 0 else '−'}{text}"


def _counts_from(delta: Delta) -> str:
    if delta.noise is None or delta.verdict == NOT_COMPARABLE:
        return ""
    if delta.noise == 0:
        return t("any change")
    text = f"±{_amount(delta.measure, delta.noise, finer=True)}"
    return t("{change} at equal length", change=text) if delta.measure.per_talk else text


def _amount(measure: Measure, size: float, *, finer: bool = False) -> str:
    """Return the size of a change in the unit of the measure."""
    if measure.unit == "share":
        return t("{n} points", n=_digits(100 * size, 1 if finer or size < 0.01 else 0))
    decimals = 1 if measure.unit in ("s", "per min", "semitones") and size < 10 else 0
    if finer and size < 10:
        decimals = 2 if size < 0.1 else 1
    told = _digits(size, decimals)
    if measure.unit in COUNTED:
        # As the measures say it: "Pauses: 12" needs no noun; a Japanese number its counter.
        return told if interface() == "en" else told + t(measure.unit)
    if measure.unit == "s":
        return t("{n} s", n=told)
    return f"{told} {t(measure.unit)}"


def _digits(size: float, decimals: int) -> str:
    if size >= 1e7:
        return f"{size:.1e}"
    text = f"{size:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _name(name: str) -> str:
    """Return the last part of a path; SESSION/NN as it is."""
    path = PurePath(name)
    return path.name if path.is_absolute() else name


def _date(recorded: str | None) -> str:
    """Return an ISO 8601 time for people; what is none stays as it is."""
    day, _, rest = (recorded or "").partition("T")
    return f"{day} {rest[:5]}" if rest else day
