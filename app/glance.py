"""An answer in a few lines on the terminal."""

from __future__ import annotations

from pathlib import Path

import typer

from analysis.results import AnswerAnalysis
from analysis.storage import summary
from app.results_folder import REPORT


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
        ("facing the camera", _value(_percent(flat["eye_contact_ratio"]), "%", 0)),
        ("slouching", _value(_percent(flat["slouch_ratio"]), "%", 0)),
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


def _percent(ratio: float | None) -> float | None:
    return None if ratio is None else 100.0 * ratio
