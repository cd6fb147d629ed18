"""What the sound is asked: silences, pauses, words where nobody speaks, the answer's length."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

import numpy as np
from cases import Answer, Case, Target, instants
from matching import Span, match_stretches
from tables import Cell, Table, percent
from truth import SURE_SILENCE_S, TRUE_PAUSE_S

from analysis.timeline import Segment, intersect

EDGE_S = 0.3
ANSWER_S = 0.2
PAUSES_FOUND = 0.97
_SHORTEST_PAUSE_S = 0.25
_NEARLY_PAUSE_S = 0.3


def long_silences(cases: list[Case]) -> Answer:
    """Is every silence of more than 30 s found, and nothing else?"""
    rows: list[tuple[Cell, ...]] = []
    true = found = false = 0
    worst = 0.0
    for case in cases:
        speech = case.analysis.speech
        measured = speech.silences_over_limit if speech else ()
        matches = match_stretches(case.clip.long_silences, measured)
        worst = max([worst, *matches.edge_errors_s])
        true += len(case.clip.long_silences)
        found += len(matches.pairs)
        false += len(matches.false)
        if case.clip.long_silences or measured:
            rows.append(
                (
                    case.name,
                    len(case.clip.long_silences),
                    len(matches.pairs),
                    len(matches.false),
                    max(matches.edge_errors_s, default=math.nan),
                )
            )
    rows.append((f"all {len(cases)} recordings", true, found, false, worst if found else None))
    return Answer(
        Table(
            "Silences of more than 30 s",
            ("clip", "true", "found", "false", "worst edge s"),
            tuple(rows),
        ),
        (
            Target(
                "silences of more than 30 s",
                "all found, nothing else",
                f"{found} of {true} found, {false} false",
                found == true and not false if true else None,
            ),
            Target(
                "silences of more than 30 s: edges",
                f"≤ {EDGE_S} s",
                f"worst {worst:.2f} s" if found else "–",
                worst <= EDGE_S if found else None,
            ),
        ),
    )


@dataclass(frozen=True, slots=True)
class PauseScore:
    """Pauses of one clip."""

    true: int
    found: int
    both_edges: int
    """found with both edges within `EDGE_S`"""
    measured: int | None
    """of at least 0.5 s; None = the truth is not complete"""
    right: int
    edge_errors_s: tuple[float, ...]
    missed: tuple[Span, ...]
    wrong: tuple[Span, ...]


def score_pauses(case: Case) -> PauseScore:
    """Compare the pauses inside an answer.

    Around 0.5 s a hundredth decides on which side a pause falls, so the other side is always taken
    a little wider: true ones of 0.5 s are looked for among all measured ones of 0.25 s, measured
    ones of 0.5 s among all true ones of 0.3 s.
    """
    speech = case.analysis.speech
    measured = speech.pauses_inside if speech else ()
    true = [p for p in case.clip.pauses if p.duration_s >= TRUE_PAUSE_S - 1e-6]
    matches = match_stretches(true, [p for p in measured if p.duration_s >= _SHORTEST_PAUSE_S])
    good = sum(max(abs(t.start - m.start), abs(t.end - m.end)) <= EDGE_S for t, m in matches.pairs)
    nearly = [p for p in case.clip.pauses if p.duration_s >= _NEARLY_PAUSE_S - 1e-6]
    counted = [p for p in measured if p.duration_s >= TRUE_PAUSE_S]
    complete = case.clip.pauses_complete
    backwards = match_stretches(nearly, counted)
    return PauseScore(
        true=len(true),
        found=len(matches.pairs),
        both_edges=good,
        measured=len(counted) if complete else None,
        right=len(backwards.pairs) if complete else 0,
        edge_errors_s=tuple(matches.edge_errors_s),
        missed=matches.missed,
        wrong=backwards.false if complete else (),
    )


def pauses(cases: list[Case]) -> Answer:
    """Are the pauses of at least 0.5 s inside an answer found?"""
    rows: list[tuple[Cell, ...]] = []
    scores: list[PauseScore] = []
    for case in cases:
        if not case.clip.speech:
            continue
        score = score_pauses(case)
        if not score.true and not score.measured:
            continue
        rows.append(_pause_row(case.name, [score]))
        if case.clip.pooled:
            scores.append(score)
    total = sum(s.true for s in scores)
    found = sum(s.found for s in scores)
    share = found / total if total else math.nan
    if scores:
        rows.append(_pause_row("all", scores))
    return Answer(
        Table(
            "Pauses of at least 0.5 s inside the answer",
            (
                "clip",
                "true",
                "found",
                "found %",
                f"both edges ≤ {EDGE_S} s",
                "measured",
                "of them right",
                "precision",
                "mean edge s",
                "missed at",
                "wrong at",
            ),
            tuple(rows),
        ),
        (
            Target(
                "pauses of at least 0.5 s",
                f"≥ {PAUSES_FOUND:.0%} found",
                f"{found} of {total} = {percent(share)}",
                share >= PAUSES_FOUND if total else None,
            ),
        ),
    )


def _pause_row(name: str, scores: list[PauseScore]) -> tuple[Cell, ...]:
    true, found = sum(s.true for s in scores), sum(s.found for s in scores)
    known = [s for s in scores if s.measured is not None]
    measured, right = sum(s.measured or 0 for s in known), sum(s.right for s in known)
    errors = [e for s in scores for e in s.edge_errors_s]
    return (
        name,
        true,
        found,
        percent(found / true if true else None),
        sum(s.both_edges for s in scores),
        measured if known else None,
        right if known else None,
        percent(right / measured if measured else None),
        statistics.fmean(errors) if errors else None,
        instants(span for s in scores for span in s.missed) if name != "all" else "",
        instants(span for s in scores for span in s.wrong) if name != "all" else "",
    )


def words_in_silence(cases: list[Case]) -> Answer:
    """Is a word credited where nobody speaks?"""
    rows: list[tuple[Cell, ...]] = []
    total, seconds = 0, 0.0
    for case in cases:
        silences = _sure_silences(case)
        if not silences:
            continue
        words = case.analysis.transcript.words if case.analysis.transcript else ()
        wrong = [w for w in words if intersect([Segment(w.start, w.end)], silences)]
        length = sum(s.duration_s for s in silences)
        rows.append((case.name, length, len(wrong), " ".join(w.text for w in wrong)[:60]))
        total += len(wrong)
        seconds += length
    rows.append(("all", seconds, total, ""))
    return Answer(
        Table(
            "Words inside silences",
            ("clip", "silence s", "words", "which"),
            tuple(rows),
            f"Silences of at least {SURE_SILENCE_S:.0f} s without {EDGE_S} s at each end; whole"
            " clips in which nobody speaks. A word that only reaches in counts too.",
        ),
        (
            Target(
                "words in silences",
                "none",
                f"{total} in {seconds:.0f} s",
                total == 0 if seconds else None,
            ),
        ),
    )


def _sure_silences(case: Case) -> list[Segment]:
    if case.clip.text == "":
        return [Segment(0.0, case.analysis.media.duration_s)]
    return [
        Segment(s.start + EDGE_S, s.end - EDGE_S)
        for s in case.clip.silences
        if s.duration_s >= SURE_SILENCE_S
    ]


def durations(cases: list[Case]) -> Answer:
    """Is the answer as long as measured?"""
    rows: list[tuple[Cell, ...]] = []
    worst = math.nan
    for case in cases:
        speech, answer = case.analysis.speech, case.clip.answer
        if answer is None:
            continue
        measured = speech.answer if speech else None
        if measured is None:
            rows.append((case.name, answer.duration_s, None, None, None, None))
            continue
        start, end = measured.start - answer.start, measured.end - answer.end
        rows.append((case.name, answer.duration_s, measured.duration_s, end - start, start, end))
        worst = float(np.fmax(worst, max(abs(start), abs(end))))
    return Answer(
        Table(
            "Answer: first to last speech, s",
            ("clip", "true", "measured", "error", "start off", "end off"),
            tuple(rows),
        ),
        (
            Target(
                "start and end of the answer",
                f"≤ {ANSWER_S} s",
                f"worst {worst:.2f} s" if rows else "–",
                worst <= ANSWER_S if rows else None,
            ),
        ),
    )
