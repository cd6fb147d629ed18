"""How accurate the analysis is: ``python tests/benchmarks/accuracy.py``.

The real pipeline, as a user runs it (language "auto", the packaged model), over every recording
with known truth that is at hand; one table per question, and the targets of this version at the
end. It never fails: a target that is not met is printed as such. README.md says what is counted.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matching import (
    Matches,
    Span,
    count_words,
    edits,
    english_words,
    kana,
    match_events,
    match_stretches,
)
from tables import Cell, Table, percent
from truth import SURE_SILENCE_S, TRUE_PAUSE_S, Clip, read_clips

from analysis.errors import AnalysisError
from analysis.pipeline import analyse_media
from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis, to_json
from analysis.timeline import Segment, Track, intersect

EDGE_S = 0.3
PAUSES_FOUND = 0.95
PACE_SHARE = 0.05
COLLAR_S = 0.35
FACE_SHARE = 0.05
SHIFT_S = 0.1
LONG_ENOUGH_S = 10.0
"""a pace is only judged over an answer of at least this length"""
_SHORTEST_PAUSE_S = 0.25
_NEARLY_PAUSE_S = 0.3


@dataclass(frozen=True, slots=True)
class Case:
    """A recording, its truth and its analysis."""

    clip: Clip
    analysis: AnswerAnalysis

    @property
    def name(self) -> str:
        return self.clip.name


@dataclass(frozen=True, slots=True)
class Target:
    """A promise of this version."""

    what: str
    wanted: str
    measured: str
    met: bool | None
    """None = nothing at hand to measure it on"""


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of the benchmark: its table, and the targets that hang on it."""

    table: Table
    targets: tuple[Target, ...] = ()


def main() -> None:
    """Measure, print, and write the figures where asked."""
    parser = argparse.ArgumentParser(description="accuracy on recordings with known truth")
    parser.add_argument("--only", metavar="PATTERN", help="names of clips, for instance 'dc*'")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures there too")
    parser.add_argument(
        "--keep",
        metavar="FOLDER",
        type=Path,
        help="keep each analysis.json there, and take those that are already there as they are",
    )
    options = parser.parse_args()
    clips = [c for c in read_clips() if not options.only or fnmatch.fnmatch(c.name, options.only)]
    if not clips:
        parser.error(f"no recording is named {options.only!r}")
    cases = list(_analyse(clips, options.keep))
    answers = [question(cases) for question in QUESTIONS]
    for answer in answers:
        if answer.table.rows:
            print(f"\n{answer.table.text()}")
    targets = [t for a in answers for t in a.targets]
    print(f"\n{_target_table(targets).text()}")
    if options.json:
        document = {
            "tables": [a.table.plain() for a in answers],
            "targets": _target_table(targets).plain()["rows"],
        }
        text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
        options.json.write_text(text + "\n", encoding="utf-8")


def _analyse(clips: list[Clip], keep: Path | None) -> Iterable[Case]:
    for number, clip in enumerate(clips, 1):
        kept = keep / f"{clip.name}.json" if keep else None
        if kept is not None and kept.is_file():
            yield Case(clip, read_analysis(kept))
            continue
        print(f"\r\033[K{number}/{len(clips)} {clip.name}", end="", file=sys.stderr, flush=True)
        try:
            analysis = analyse_media(clip.path)
        except AnalysisError as exc:
            print(f"\r\033[K{clip.name} left out: {exc}", file=sys.stderr)
            continue
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(to_json(analysis), encoding="utf-8")
        yield Case(clip, analysis)
    print("\r\033[K", end="", file=sys.stderr)


def _target_table(targets: list[Target]) -> Table:
    verdicts = {True: "met", False: "NOT MET", None: "not measured"}
    rows = tuple((t.what, t.wanted, t.measured, verdicts[t.met]) for t in targets)
    return Table("Targets of this version", ("target", "wanted", "measured", "verdict"), rows)


# --- silences and pauses ---------------------------------------------------------------------


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
                "their edges",
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
        _instants(span for s in scores for span in s.missed) if name != "all" else "",
        _instants(span for s in scores for span in s.wrong) if name != "all" else "",
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
        (Target("words in silences", "none", f"{total} in {seconds:.0f} s", total == 0),),
    )


def _sure_silences(case: Case) -> list[Segment]:
    if case.clip.text == "":
        return [Segment(0.0, case.analysis.media.duration_s)]
    return [
        Segment(s.start + EDGE_S, s.end - EDGE_S)
        for s in case.clip.silences
        if s.duration_s >= SURE_SILENCE_S
    ]


# --- words and pace ---------------------------------------------------------------------------


def _texts(case: Case) -> tuple[Sequence[str], Sequence[str]] | None:
    """Return (reference, heard) in the units to compare, None where one is not known."""
    transcript = case.analysis.transcript
    if not case.clip.text or case.clip.language not in ("en", "ja"):
        return None
    heard = transcript.text if transcript else ""
    units = kana if case.clip.language == "ja" else english_words
    return units(case.clip.text), units(heard)


def words(cases: list[Case]) -> Answer:
    """Are the words right?"""
    rows: list[tuple[Cell, ...]] = []
    for language, name in (("en", "English words"), ("ja", "Japanese kana")):
        for group in ("sample", "video", "natural", "contrived"):
            total = wrong = 0
            for case in cases:
                texts = _texts(case)
                if case.clip.group != group or case.clip.language != language or not texts:
                    continue
                errors = edits(*texts)
                if group != "contrived":
                    rows.append((case.name, name, len(texts[0]), errors, errors / len(texts[0])))
                if case.clip.pooled:
                    total += len(texts[0])
                    wrong += errors
            if total:
                rows.append((f"all {group}", name, total, wrong, wrong / total))
    return Answer(
        Table(
            "Word errors (English), kana errors (Japanese)",
            ("clip", "unit", "reference", "errors", "rate"),
            tuple(rows),
            "Hesitations left out on both sides. The references of d01–d03, dc* are corrected"
            " recogniser output, so they flatter; labels and scripts do not.",
        )
    )


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
                f"≤ {EDGE_S} s",
                f"worst {worst:.2f} s" if rows else "–",
                worst <= EDGE_S if rows else None,
            ),
        ),
    )


def pace(cases: list[Case]) -> Answer:
    """Is the pace right: reference words (morae) over the true duration?"""
    rows: list[tuple[Cell, ...]] = []
    worst = 0.0
    judged = 0
    for case in cases:
        speech, clip = case.analysis.speech, case.clip
        answer = clip.answer
        if answer is None or not clip.text or speech is None or clip.language not in ("en", "ja"):
            continue
        if clip.language == "ja":
            count = clip.mora_count or _morae(clip.text)
            unit, got = "morae", speech.mora_count
            rate = speech.mora_rate_per_min
        else:
            count = clip.word_count or count_words(clip.text)
            unit, got = "words", speech.word_count
            rate = speech.speech_rate_wpm
        true = 60 * count / answer.duration_s
        error = rate / true - 1
        long_enough = answer.duration_s >= LONG_ENOUGH_S
        rows.append((clip.name, unit, count, got, true, rate, _signed(error), long_enough))
        if long_enough and clip.pooled:
            judged += 1
            worst = max(worst, abs(error)) if error == error else math.inf
    return Answer(
        Table(
            "Pace: units per minute of the answer, pauses included",
            ("clip", "unit", "true count", "count", "true /min", "/min", "error", "judged"),
            tuple(rows),
            f"Judged: answers of at least {LONG_ENOUGH_S:.0f} s.",
        ),
        (
            Target(
                "pace where the text is known",
                f"within {PACE_SHARE:.0%}",
                f"worst {percent(worst)} of {judged} clips" if judged else "–",
                worst <= PACE_SHARE if judged else None,
            ),
        ),
    )


def _morae(text: str) -> int:
    from analysis.japanese import count_morae

    return count_morae(text)


def _signed(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:+.1f} %"


def languages(cases: list[Case]) -> Answer:
    """Is the language told?"""
    rows: list[tuple[Cell, ...]] = []
    right = total = 0
    russian: Target | None = None
    for case in cases:
        wanted = case.clip.language
        if wanted is None:
            continue
        transcript = case.analysis.transcript
        codes = {w.code for w in case.analysis.warnings}
        if transcript:
            got, good = transcript.language, transcript.language == wanted
        else:
            got = "not supported" if "language-not-supported" in codes else "none"
            good = got == "not supported" and wanted not in ("en", "ja")
        if case.clip.pooled:
            total += 1
            right += good
        if not good or wanted != "en":
            probability = transcript.language_probability if transcript else None
            rows.append((case.name, case.clip.group, wanted, got, probability, good))
        if wanted not in ("en", "ja"):
            speech = case.analysis.speech
            measured = speech is not None and speech.answer is not None
            russian = Target(
                f"{case.name}: another language",
                "said, and the sound measured",
                f"{got}; answer {speech.answer_s:.1f} s" if speech else got,
                good and measured,
            )
    rows.append(("all", "", total, right, None, right == total))
    return Answer(
        Table(
            "Language (all that are wrong, and all that are not English)",
            ("clip", "group", "true", "measured", "probability", "right"),
            tuple(rows),
        ),
        (russian,) if russian else (),
    )


# --- fillers ----------------------------------------------------------------------------------


def hesitations(cases: list[Case]) -> Answer:
    """How many um, uh, えーと are found, and how many are invented?"""
    rows: list[tuple[Cell, ...]] = []
    for group in ("sample", "natural", "contrived"):
        true = found = false = possible = 0
        minutes = 0.0
        for case in cases:
            clip = case.clip
            if clip.group != group or clip.hesitation_count is None:
                continue
            counted = len(case.analysis.hesitations or ())
            maybe = len(case.analysis.possible_hesitations or ())
            hits = min(counted, clip.hesitation_count)
            if clip.hesitation_count or counted or maybe:
                row = _filler_row(clip.name, clip.hesitation_count, hits, counted - hits)
                rows.append((*row, maybe))
            if clip.pooled:
                true += clip.hesitation_count
                found += hits
                false += counted - hits
                possible += maybe
                minutes += case.analysis.media.duration_s / 60
        if true or found or false:
            rows.append(
                (*_filler_row(f"all {group}, {minutes:.1f} min", true, found, false), possible)
            )
    return Answer(
        Table(
            "Hesitations by count, clip by clip",
            ("clip", "true", "found", "false", "recall", "precision", "possible"),
            tuple(rows),
            "Found = the smaller of true and counted; clips with none of either are left out of"
            " the list, not of the sums.",
        )
    )


def hesitation_times(cases: list[Case]) -> Answer:
    """Are hesitations found where they are?"""
    rows: list[tuple[Cell, ...]] = []
    for case in cases:
        wanted = case.clip.hesitations
        if wanted is None or not (wanted or case.analysis.hesitations):
            continue
        rows.append(_timed_row(case.name, wanted, case.analysis.hesitations or ()))
    return Answer(
        Table(
            f"Hesitations by time (collar {COLLAR_S} s)",
            ("clip", "true", "found", "false", "recall", "precision", "missed at", "false at"),
            tuple(rows),
        )
    )


def lexical_fillers(cases: list[Case]) -> Answer:
    """Are filler words found where they are?"""
    rows: list[tuple[Cell, ...]] = []
    for case in cases:
        found = case.analysis.lexical_fillers or ()
        wanted = case.clip.lexical_fillers
        if wanted is not None:
            rows.append((*_timed_row(case.name, wanted, found), ", ".join(f.text for f in found)))
        elif found and case.clip.group != "contrived":
            texts = ", ".join(f.text for f in found)
            rows.append((case.name, None, len(found), *(None,) * 5, texts))
    return Answer(
        Table(
            f"Filler words by time (collar {COLLAR_S} s); – = no truth",
            (
                "clip",
                "true",
                "found",
                "false",
                "recall",
                "precision",
                "missed at",
                "false at",
                "which",
            ),
            tuple(rows),
        )
    )


def _filler_row(name: str, true: int, found: int, false: int) -> tuple[Cell, ...]:
    counted = found + false
    return (
        name,
        true,
        found,
        false,
        percent(found / true if true else None),
        percent(found / counted if counted else None),
    )


def _timed_row(name: str, wanted: Sequence, found: Sequence) -> tuple[Cell, ...]:
    matches: Matches = match_events(wanted, found, COLLAR_S)
    row = _filler_row(name, len(wanted), len(matches.pairs), len(matches.false))
    return (*row, _instants(matches.missed), _instants(matches.false))


def _instants(spans: Iterable) -> str:
    return " ".join(f"{s.start:.1f}" for s in spans)


# --- the picture ------------------------------------------------------------------------------


def faces(cases: list[Case]) -> Answer:
    """Is the share of the picture with a face right, and what comes of it?"""
    rows: list[tuple[Cell, ...]] = []
    targets: list[Target] = []
    for case in cases:
        gaze, posture, clip = case.analysis.gaze, case.analysis.posture, case.clip
        if gaze is None and case.analysis.media.video_codec is None:
            continue
        coverage = gaze.coverage_ratio if gaze else None
        contact = gaze.eye_contact_ratio if gaze else None
        true_contact = None
        if clip.away is not None and clip.duration_s:
            true_contact = 1 - sum(s.duration_s for s in clip.away) / clip.duration_s
        rows.append(
            (
                clip.name,
                clip.face_share,
                coverage,
                true_contact,
                contact,
                gaze and gaze.closed_ratio,
                posture and posture.coverage_ratio,
                posture and posture.slouch_ratio,
                posture and posture.side_lean_ratio,
            )
        )
        measurable = contact is not None and not math.isnan(contact)
        if clip.face_share == 0:
            targets.append(
                Target(
                    f"{clip.name}: no face",
                    "eye contact not measurable",
                    f"{contact:.2f}" if measurable and contact is not None else "not measurable",
                    not measurable,
                )
            )
        elif clip.face_share is not None and clip.face_share < 1 and coverage is not None:
            heard = case.analysis.transcript
            said = len(heard.words) if heard else 0
            targets.append(
                Target(
                    f"{clip.name}: face part of the time, nobody speaks",
                    f"coverage {clip.face_share:.2f} ± {FACE_SHARE}, no words",
                    f"{coverage:.2f}, {said} words",
                    abs(coverage - clip.face_share) <= FACE_SHARE and not said,
                )
            )
    return Answer(
        Table(
            "Picture",
            (
                "clip",
                "true face",
                "face",
                "true contact",
                "contact",
                "eyes closed",
                "shoulders",
                "slouch",
                "side lean",
            ),
            tuple(rows),
            "Shares of the time. Contact is known only for the samples (their looks aside).",
        ),
        tuple(targets),
    )


def looks(cases: list[Case]) -> Answer:
    """Are looks aside, slouching and closed eyes found where they are?"""
    rows: list[tuple[Cell, ...]] = []
    for case in cases:
        gaze, posture, clip = case.analysis.gaze, case.analysis.posture, case.clip
        if clip.away is not None:
            found = gaze.away if gaze else ()
            rows.append(_stretch_row(f"{clip.name} looking away", clip.away, found))
        if clip.slouch is not None:
            found = posture.slouch if posture else ()
            rows.append(_stretch_row(f"{clip.name} slouching", clip.slouch, found))
    return Answer(
        Table(
            "Looking away and slouching (a true stretch is found if half of it is measured)",
            ("what", "true", "found", "false ≥ 1 s", "true s", "measured s", "worst edge s"),
            tuple(rows),
        )
    )


def _stretch_row(
    what: str, true: Sequence[Segment], measured: Sequence[Segment]
) -> tuple[Cell, ...]:
    covered = [
        sum(s.duration_s for s in intersect([t], measured)) >= 0.5 * t.duration_s for t in true
    ]
    matches = match_stretches(true, measured)
    false = sum(1 for s in measured if s.duration_s >= 1.0 and not intersect([s], true))
    return (
        what,
        len(true),
        sum(covered),
        false,
        sum((s.duration_s for s in true), 0.0),
        sum((s.duration_s for s in measured), 0.0),
        max(matches.edge_errors_s, default=math.nan),
    )


EYES = (("eyes open in a still of", 13.0, 43.5), ("eyes closed in a still of", 55.5, 58.5))
"""stills of dc1; its notes have them the wrong way round"""


def closed_eyes(cases: list[Case]) -> Answer:
    """Are the still pictures with open and with closed eyes of dc1 told apart?"""
    rows: list[tuple[Cell, ...]] = []
    for case in cases:
        gaze = case.analysis.gaze
        if case.name not in ("dc1_answer", "dc2_noise20db") or gaze is None:
            continue
        for what, start, end in EYES:
            times = gaze.gaze_yaw.times
            inside = (times >= start) & (times < end)
            seen = inside & gaze.yaw.present
            gone = seen & ~gaze.gaze_yaw.present
            share = float(np.mean(gone[seen])) if seen.any() else math.nan
            rows.append((case.name, f"{what} {start:.1f}–{end:.1f} s", int(seen.sum()), share))
    return Answer(
        Table(
            "Closed eyes",
            ("clip", "truth", "frames with a face", "share called closed"),
            tuple(rows),
        )
    )


def offset(cases: list[Case]) -> Answer:
    """Does sound that is late against the picture move anything but itself?"""
    by_name = {c.name: c for c in cases}
    base, late = by_name.get("dc1_answer"), by_name.get("dc3_avoffset500ms")
    if base is None or late is None:
        return Answer(Table("Sound late by 0.5 s", (), ()))
    wanted = 0.5
    a, b = base.analysis.speech, late.analysis.speech
    edges: list[float] = []
    if a and b:
        moved = [Segment(p.start + wanted, p.end + wanted) for p in a.speech]
        matches = match_stretches(moved, b.speech)
        # The last stretch is cut by the end of the file.
        edges = [m.start - t.start for t, m in matches.pairs]
        edges += [m.end - t.end for t, m in matches.pairs if m.end < 59]
    # One edge may be off by frames of the detector; a shift moves all of them.
    sound = statistics.fmean(edges) if edges else math.nan
    largest = max(map(abs, edges)) if edges else math.nan
    first, second = base.analysis.gaze, late.analysis.gaze
    picture = _shift_s(first.yaw, second.yaw) if first and second else math.nan
    return Answer(
        Table(
            "Sound late by 0.5 s against the picture (dc3 relative to dc1)",
            ("what", "figure"),
            (
                ("speech edges compared", len(edges)),
                ("sound: mean shift beyond 0.5 s, s", sound),
                ("sound: largest difference of one edge beyond 0.5 s, s", largest),
                ("picture: shift of the head's yaw, s", picture),
            ),
        ),
        (
            Target(
                "dc3: sound and picture each where they are",
                f"mean shift ≤ {SHIFT_S} s",
                f"sound {sound:+.2f} s, picture {picture:+.2f} s",
                abs(sound) <= SHIFT_S and abs(picture) <= SHIFT_S,
            ),
        ),
    )


def _shift_s(a: Track, b: Track) -> float:
    """Return by how much `b` is late against `a`: the shift with the smallest mean difference."""
    shifts = np.arange(-1.5, 1.51, 0.05)
    costs = []
    for shift in shifts:
        inside = a.present & (a.times + shift <= b.times[-1]) & (a.times + shift >= b.times[0])
        known = b.present
        there = np.interp(a.times[inside] + shift, b.times[known], b.values[known])
        costs.append(float(np.mean(np.abs(there - a.values[inside]))))
    return float(shifts[int(np.argmin(costs))])


Question = Callable[[list[Case]], Answer]

QUESTIONS: tuple[Question, ...] = (
    long_silences,
    pauses,
    words_in_silence,
    durations,
    pace,
    words,
    languages,
    hesitations,
    hesitation_times,
    lexical_fillers,
    faces,
    looks,
    closed_eyes,
    offset,
)


if __name__ == "__main__":
    main()
