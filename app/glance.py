"""An answer in a few lines on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer

from analysis.results import AnswerAnalysis, GazeMetrics
from analysis.storage import summary
from analysis.timeline import total
from app.results_folder import REPORT
from reports.sight import facing_share, habits, measured_gaze, measured_posture
from reports.wording import percent

SHOWN_RATIO = 0.005
"""Smaller shares round to nothing."""


def show_answer(analysis: AnswerAnalysis, folder: Path) -> None:
    """Print the answer in a few lines, and where its report is."""
    flat = summary(analysis)
    japanese = flat["language"] == "ja"
    rate = flat["character_rate_per_min"] if japanese else flat["speech_rate_wpm"]
    lines = [
        ("answer", _value(flat["answer_s"], "s")),
        ("longest silence", _value(flat["longest_silence_s"], "s")),
        ("silences over 30 s", _value(flat["silences_over_30s"], "")),
        (
            "pace, pauses included",
            _value(rate, "characters/min" if japanese else "words/min", 0),
        ),
        ("fillers", _value(flat["fillers_per_min"], "per min")),
        *_sight(analysis),
    ]
    if analysis.transcript is not None:
        # Written only where the program chose; who named a model knows it.
        reason = analysis.provenance.options.get("model_reason")
        chosen = analysis.provenance.options.get("model") == "auto" and reason
        model = analysis.transcript.model
        lines.append(("speech model", f"{model} ({reason})" if chosen else model))
    for name, value in lines:
        typer.echo(f"{name:<24}{value}")
    for text in flat["warnings"]:
        typer.echo(f"note: {text}", err=True)
    typer.echo(f"report: {folder / REPORT}")


def _value(value: float | None, unit: str, decimals: int = 1) -> str:
    if value is None:
        return "not measured"
    shown = str(value) if isinstance(value, int) else f"{value:.{decimals}f}"
    return f"{shown} {unit}".strip()


def _sight(analysis: AnswerAnalysis) -> Iterator[tuple[str, str]]:
    gaze, posture = measured_gaze(analysis), measured_posture(analysis)
    # Why a number is missing is among the notes; what this one can't tell, in the report.
    yield "facing the camera", f"{facing_share(gaze)}, an estimate" if gaze else "not measured"
    if gaze is not None and gaze.away:
        looks = f"{len(gaze.away)}, {total(gaze.away):.1f} s in all"
        yield "looks away", ", ".join((looks, *_at_notes(gaze)))
    if posture is None:
        yield "slouching", "not measured"
        return
    for habit in habits(posture):
        # What was not seen once would only fill the screen.
        if habit.kind == "slouch" or habit.ratio >= SHOWN_RATIO:
            yield habit.name, percent(habit.ratio)


def _at_notes(gaze: GazeMetrics) -> Iterator[str]:
    looks = sum(len(place.moments) for place in gaze.places if place.kind == "notes")
    if looks:
        yield f"{looks} where notes lie"
