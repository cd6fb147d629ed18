"""What the words are asked: are they right, how fast, in which language, which are fillers?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cases import Answer, Case, Target, instants
from matching import Matches, count_words, edits, english_words, kana, match_events
from tables import Cell, Table, percent

from analysis.japanese import count_morae

PACE_SHARE = 0.03
COLLAR_S = 0.35
LONG_ENOUGH_S = 10.0
"""a pace is only judged over an answer of at least this length"""


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
        for group in ("sample", "video", "natural", "corpus", "contrived"):
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
            count = clip.mora_count or count_morae(clip.text)
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


def hesitations(cases: list[Case]) -> Answer:
    """How many um, uh, えーと are found, and how many are invented?"""
    rows: list[tuple[Cell, ...]] = []
    for group in ("sample", "natural", "corpus", "contrived"):
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
    return (*row, instants(matches.missed), instants(matches.false))
