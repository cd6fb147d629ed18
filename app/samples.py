"""The bundled sample takes: the demo, and the self-test against their known truth.

The truth comes from the making of the samples (where each sound was spliced in, when the eyes
were moved), not from any measurement.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from analysis.results import AnswerAnalysis
from analysis.timeline import Segment, intersect, total
from app.errors import OutputRefused

ENGLISH, JAPANESE = "english_take", "japanese_take"
SAMPLES = (ENGLISH, JAPANESE)

# How far a number may be off before the self-test fails; the first three are what the product
# promises, the others our judgement of what a sound installation reaches.
EDGE_S = 0.3
WORDS_SHARE = 0.05
PAUSES_FOUND = 0.95
COLLAR_S = 0.35
LEVEL_DB = 1.5
FILLERS_FOUND = 0.75
AWAY_FOUND = 0.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number of the self-test."""

    what: str
    true: str
    measured: str
    tolerance: str
    good: bool | None
    """None = shown, not judged"""


def copy_sample(name: str, folder: Path) -> Path:
    """Copy a sample take into a folder (its report plays it from there) and return its path.

    Raises
    ------
    OutputRefused
        The folder can't be written.
    """
    target = folder / f"{name}.mp4"
    source = resources.files("sample_media").joinpath(f"{name}.mp4")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as original, target.open("wb") as copy:
            shutil.copyfileobj(original, copy)
    except OSError as exc:
        raise OutputRefused(
            f"{target} can't be written ({exc.strerror}): free some space or point MENSETSU_HOME"
            " to another folder"
        ) from exc
    return target


def read_truth(name: str) -> dict[str, Any]:
    """Return the truth of a sample take, known from its making."""
    source = resources.files("sample_media").joinpath(f"{name}.expected.json")
    return json.loads(source.read_text(encoding="utf-8"))


def compare(analysis: AnswerAnalysis, truth: dict[str, Any]) -> Iterator[Comparison]:
    """Yield measured against true, number by number."""
    speech, transcript = analysis.speech, analysis.transcript
    language = transcript.language if transcript else "none"
    yield Comparison(
        "language", truth["language"], language, "equal", language == truth["language"]
    )
    if speech is None or speech.answer is None:
        yield Comparison("speech", "some", "none", "", good=False)
        return
    answer = _segment(truth["answer"])
    yield _number("answer", answer.duration_s, speech.answer_s, EDGE_S, "s")
    yield _number("silence before it", answer.start, speech.latency_s, EDGE_S, "s")
    yield from _silences(analysis, truth)
    yield _pauses(analysis, truth)
    words = truth["word_count"]
    if words is not None:
        yield _number("words", words, speech.word_count, WORDS_SHARE * words, "")
    morae = truth["mora_count"]
    if morae is not None:
        yield _number("morae", morae, speech.mora_count, WORDS_SHARE * morae, "")
    if analysis.voice is not None:
        level = truth["speech_level_dbfs"]
        yield _number("voice level", level, analysis.voice.level_dbfs, LEVEL_DB, "dBFS")
    sounds, phrases = analysis.hesitations or (), analysis.lexical_fillers or ()
    # A filler word may be heard as a hesitation (まあ as えー): both kinds are judged together.
    wanted = [*truth["hesitations"], *truth["lexical_fillers"]]
    yield _fillers("fillers, both kinds", wanted, (*sounds, *phrases), judged=True)
    yield _fillers("  hesitations", truth["hesitations"], sounds, judged=False)
    yield _fillers("  filler words", truth["lexical_fillers"], phrases, judged=False)
    if analysis.gaze is not None:
        yield _stretches("looking away", truth["away"], analysis.gaze.away)
    if analysis.posture is not None:
        yield _stretches("slouching", truth["slouch"], analysis.posture.slouch)


def _silences(analysis: AnswerAnalysis, truth: dict[str, Any]) -> Iterator[Comparison]:
    wanted = [_segment(s) for s in truth["silences_over_30_s"]]
    found = analysis.speech.silences_over_limit if analysis.speech else ()
    yield Comparison(
        "silences over 30 s", str(len(wanted)), str(len(found)), "equal", len(wanted) == len(found)
    )
    for true, measured in zip(wanted, found, strict=False):
        off = max(abs(true.start - measured.start), abs(true.end - measured.end))
        yield Comparison(
            "  its edges",
            f"{true.start:.2f}–{true.end:.2f} s",
            f"{measured.start:.2f}–{measured.end:.2f} s",
            f"± {EDGE_S} s",
            off <= EDGE_S,
        )


def _pauses(analysis: AnswerAnalysis, truth: dict[str, Any]) -> Comparison:
    wanted = [s for s in map(_segment, truth["pauses"]) if s.duration_s >= 0.5]
    measured = analysis.speech.pauses_inside if analysis.speech else ()
    found = sum(
        any(abs(p.start - w.start) <= EDGE_S and abs(p.end - w.end) <= EDGE_S for p in measured)
        for w in wanted
    )
    return Comparison(
        "pauses ≥ 0.5 s",
        str(len(wanted)),
        str(found),
        f"≥ {PAUSES_FOUND:.0%}",
        found >= PAUSES_FOUND * len(wanted),
    )


def _fillers(
    what: str, wanted: list[dict[str, Any]], found: Iterable[Any], *, judged: bool
) -> Comparison:
    """A true one is found if a measured one overlaps it within the collar."""
    left = list(found)
    counted = len(left)
    matched = 0
    for true in map(_segment, wanted):
        near = [
            f for f in left if f.start <= true.end + COLLAR_S and f.end >= true.start - COLLAR_S
        ]
        if near:
            left.remove(min(near, key=lambda f: abs(f.start - true.start)))
            matched += 1
    return Comparison(
        what,
        str(len(wanted)),
        f"{matched}, {counted - matched} false",
        f"≥ {FILLERS_FOUND:.0%}, ≤ 1 false" if judged else "",
        matched >= FILLERS_FOUND * len(wanted) and counted - matched <= 1 if judged else None,
    )


def _stretches(what: str, wanted: list[dict[str, Any]], found: tuple[Segment, ...]) -> Comparison:
    """A true stretch is found if measured ones cover half of it."""
    true = [_segment(s) for s in wanted]
    matched = sum(total(intersect([s], found)) >= 0.5 * s.duration_s for s in true)
    false = sum(1 for s in found if s.duration_s >= 1.0 and not intersect([s], true))
    return Comparison(
        what,
        str(len(true)),
        f"{matched}, {false} false",
        f"≥ {AWAY_FOUND:.0%}, 0 false",
        matched >= AWAY_FOUND * len(true) and not false,
    )


def _number(
    what: str, true: float, measured: float | None, tolerance: float, unit: str
) -> Comparison:
    value = math.nan if measured is None else float(measured)
    decimals = 2 if unit == "s" else (1 if unit else 0)
    return Comparison(
        what,
        f"{true:.{decimals}f} {unit}".strip(),
        "not measured" if math.isnan(value) else f"{value:.{decimals}f} {unit}".strip(),
        f"± {tolerance:.{decimals if unit else 0}f} {unit}".strip(),
        abs(value - true) <= tolerance,
    )


def _segment(data: dict[str, Any]) -> Segment:
    return Segment(float(data["start"]), float(data["end"]))
