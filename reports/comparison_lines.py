"""What changed from one take to the next in at most five lines, with the moments to look at."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from analysis.results import AnswerAnalysis
from analysis.sentences import Sentence
from analysis.timeline import Segment
from reports.compare import BETTER, SAME, WORSE, Comparison, Delta
from reports.comparison_rows import KINDS, SIGNS, value_text, verdict_text
from reports.evidence import densest
from reports.language import t, tn
from reports.retelling import Link, Retelling
from reports.wording import moment_clock

MOST_LINES = 5
QUOTE_CHARACTERS = 90
CONCLUDING = (
    "conclusion",
    "conclude",
    "to sum up",
    "in short",
    "in summary",
    "the bottom line",
    "結論",
    "まとめると",
    "つまり",
    "要するに",
)
"""what names a conclusion as such (our judgement); others are called what they are: said last"""
NEAR_THE_END = 0.8
"""a sentence from here on was said at the end (our judgement)"""


@dataclass(frozen=True, slots=True)
class Go:
    """A moment in one of the two takes."""

    side: str
    """ "before" or "after" """
    start: float
    """s"""

    @property
    def clock(self) -> str:
        """When, as players show it."""
        return moment_clock(self.start)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One of the lines."""

    sign: str
    kind: str
    """names its look: "better", "worse", "same", "told" """
    text: str
    note: str = ""
    quote: str = ""
    """of the later take"""
    moments: tuple[Go, ...] = ()


def change_lines(
    step: Comparison,
    before: AnswerAnalysis | None,
    after: AnswerAnalysis | None,
    retelling: Retelling | None,
) -> tuple[ChangeLine, ...]:
    """Return the lines: what was told in another way, and the measures that moved the most.

    Measures that are shown without unfolding come first; among them those that moved by the most
    times their own noise. At least one that got worse is there where any did.
    """
    told = _retold(retelling) if retelling else []
    room = MOST_LINES - len(told)
    lines = [_measured(d, before, after) for d in _chosen(step, room)]
    # A conclusion at the front is what one practises for: first. The counts of sentences: last.
    first = [line for line in told if line.moments and len(line.moments) == 2]
    rest = [line for line in told if line not in first]
    found = (*first, *lines, *rest)
    if found:
        return found
    return (ChangeLine("=", "same", t("Nothing changed by more than measuring again does.")),)


def _chosen(step: Comparison, room: int) -> list[Delta]:
    ranked = sorted(
        (
            d
            for d in step.deltas
            if d.verdict in (BETTER, WORSE) or (d.verdict == SAME and d.changed)
        ),
        key=lambda d: (d.verdict == SAME, not d.measure.main, -_times_noise(d)),
    )
    chosen = ranked[:room]
    for verdict in (BETTER, WORSE):
        best = next((d for d in ranked if d.verdict == verdict), None)
        if best is not None and chosen and best not in chosen:
            chosen[-1] = best
    return chosen


def _times_noise(delta: Delta) -> float:
    change = abs((delta.after or 0.0) - (delta.before or 0.0))
    return change / max(delta.noise or 0.0, 1e-9)


def _measured(
    delta: Delta,
    before: AnswerAnalysis | None,
    after: AnswerAnalysis | None,
) -> ChangeLine:
    measure = delta.measure
    text = t(
        "{measure}: {before} → {after}, {verdict}",
        measure=t(measure.title),
        before=value_text(measure, delta.before),
        after=value_text(measure, delta.after),
        verdict=verdict_text(delta),
    )
    rising = (delta.after or 0.0) > (delta.before or 0.0)
    moments = tuple(
        Go(side, start)
        for side, analysis, faster in (("before", before, not rising), ("after", after, rising))
        if analysis is not None and (start := moment_of(delta.metric, analysis, faster)) is not None
    )
    sign, kind = SIGNS[delta.verdict], KINDS[delta.verdict]
    note = delta.reason if measure.per_talk else ""
    return ChangeLine(sign, kind, text, note, moments=moments)


def moment_of(metric: str, analysis: AnswerAnalysis, high: bool) -> float | None:
    """Return where a measure shows best in an answer, s; None = at no single moment.

    Parameters
    ----------
    metric : key of summary.json.
    analysis : of the answer.
    high : of a rate, its highest moment; else its lowest.
    """
    spans = _SPANS.get(metric)
    if spans is not None:
        found = list(spans(analysis))
        return max(found, key=lambda s: s.end - s.start).start if found else None
    speech, delivery = analysis.speech, analysis.delivery
    if metric in ("answer_s", "latency_s"):
        if speech is None or speech.answer is None:
            return None
        return speech.answer.start if metric == "latency_s" else speech.answer.end
    if metric in ("pace_wpm", "pace_characters_per_min", "speech_rate_wpm"):
        passage = delivery and (delivery.fastest if high else delivery.slowest)
        return passage.start if passage else None
    if metric in _FILLERS:
        counted = [f for f in analysis.fillers or () if f.counted and f.kind in _FILLERS[metric]]
        crowd = densest(counted)
        return crowd[0].start if crowd else None
    return None


def _silences(analysis: AnswerAnalysis) -> Iterable[Segment]:
    pauses = analysis.speech.pauses if analysis.speech else ()
    return (Segment(p.start, p.end) for p in pauses)


def _repeated(kind: str) -> Callable[[AnswerAnalysis], Iterable[Segment]]:
    return lambda a: (Segment(r.start, r.end) for r in a.counted_repetitions(kind) or ())


def _notes(analysis: AnswerAnalysis) -> Iterable[Segment]:
    places = analysis.gaze.places if analysis.gaze else ()
    return (s for place in places if place.kind == "notes" for s in place.moments)


_FILLERS = {
    "fillers_per_min": ("acoustic", "word"),
    "hesitation_count": ("acoustic",),
    "lexical_filler_count": ("word",),
}
_SPANS: dict[str, Callable[[AnswerAnalysis], Iterable[Segment]]] = {
    "longest_silence_s": _silences,
    "silences_over_30s": _silences,
    "repetition_count": _repeated("repetition"),
    "restart_count": _repeated("restart"),
    "soft_end_ratio": lambda a: (
        (Segment(d.start, d.end) for d in a.delivery.drops) if a.delivery else ()
    ),
    "monotone_ratio": lambda a: a.delivery.monotone if a.delivery else (),
    "eye_contact_ratio": lambda a: a.gaze.away if a.gaze else (),
    "notes_looks_per_min": _notes,
    "slouch_ratio": lambda a: a.posture.slouch if a.posture else (),
    "side_lean_ratio": lambda a: a.posture.side_lean if a.posture else (),
    "shoulder_tilt_ratio": lambda a: a.posture.tilt if a.posture else (),
    "lean_in_ratio": lambda a: a.posture.lean_in if a.posture else (),
}


def _retold(retelling: Retelling) -> list[ChangeLine]:
    """Return the biggest change of what was said, and how many sentences changed."""
    lines = []
    front = next((link for link in retelling.links if link.moved == "front"), None)
    if front is not None:
        lines.append(_to_the_front(retelling, front))
    counts = [
        tn("{n} sentence added", "{n} sentences added", len(retelling.added)),
        tn("{n} dropped", "{n} dropped", len(retelling.dropped)),
        tn("{n} in other words", "{n} in other words", len(retelling.reworded)),
        tn("{n} moved", "{n} moved", len(retelling.moved)),
    ]
    sizes = [
        len(found)
        for found in (retelling.added, retelling.dropped, retelling.reworded, retelling.moved)
    ]
    if any(sizes):
        told = t(", ").join(text for text, n in zip(counts, sizes, strict=True) if n)
        longest = max(retelling.added, key=lambda i: len(retelling.after[i].text), default=None)
        new = None if longest is None else retelling.after[longest]
        lines.append(
            ChangeLine(
                "≈",
                "told",
                t("What you said: {changes}.", changes=told),
                note=t("The longest that is new:") if new else "",
                quote=_quote(new.text) if new else "",
                moments=(Go("after", new.start),) if new else (),
            )
        )
    return lines


def _to_the_front(retelling: Retelling, link: Link) -> ChangeLine:
    old, new = retelling.before[link.before[0]], retelling.after[link.after[0]]
    times = {"after": moment_clock(new.start), "before": moment_clock(old.start)}
    if is_conclusion(old) or is_conclusion(new):
        text = t("The conclusion now comes first ({after}, before {before})", **times)
    elif link.before[0] >= NEAR_THE_END * (len(retelling.before) - 1):
        text = t("What you said at the end now comes first ({after}, before {before})", **times)
    else:
        text = t("This now comes first ({after}, before {before})", **times)
    go = (Go("before", old.start), Go("after", new.start))
    return ChangeLine("↑", "told", text, quote=_quote(new.text), moments=go)


def is_conclusion(sentence: Sentence) -> bool:
    """Whether a sentence calls itself a conclusion."""
    text = unicodedata.normalize("NFKC", sentence.text).casefold()
    return any(word in text for word in CONCLUDING)


def _quote(text: str) -> str:
    return text if len(text) <= QUOTE_CHARACTERS else f"{text[:QUOTE_CHARACTERS].rstrip()}…"
