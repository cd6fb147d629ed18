"""``questions``, ``models`` and ``info``: what is there."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from analysis.errors import AnalysisError, ModelMissing
from analysis.model_choice import LANGUAGES
from analysis.models import fetch_model, list_models, models_dir, pick_model, user_dir
from analysis.settings import SIGHT, SPEECH, read_settings
from app import config
from app.output import print_json
from recorder.questions import read_bank, read_sets

questions = typer.Typer(help="The bank of interview questions.", no_args_is_help=True)
models = typer.Typer(help="Speech models.", no_args_is_help=True)


@questions.command("list")
def list_questions(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show the questions of the bank."""
    bank = read_bank(config.questions_file())
    if as_json:
        print_json(
            [
                {
                    "id": q.id,
                    "text_en": q.text_en,
                    "text_ja": q.text_ja,
                    "stage": q.stage,
                    "kind": q.kind,
                    "intent": q.intent,
                    "structure": q.structure,
                    "band_s": list(q.band_s),
                    "band_source": q.band_source,
                }
                for q in bank
            ]
        )
        return
    console = Console()
    for stage in dict.fromkeys(q.stage for q in bank):
        console.print(f"\n{stage.capitalize()}", style="bold", highlight=False)
        for q in bank:
            if q.stage == stage:
                low, high = q.band_s
                console.print(
                    f"  {q.id}  ({low:.0f}–{high:.0f} s)\n    {q.text_en}\n    {q.text_ja}",
                    highlight=False,
                    markup=False,
                )
    console.print("\nSets (mensetsu record --set NAME)", style="bold", highlight=False)
    for name, asked in read_sets(config.questions_file()).items():
        console.print(f"  {name}  ({len(asked)} questions)", highlight=False, markup=False)


@models.command("list")
def show_models() -> None:
    """Show which speech models are at hand, and which of them "auto" takes here and now."""
    for name, state in list_models():
        typer.echo(f"{name:<16}{state}")
    typer.echo("")
    for language, spoken in {**LANGUAGES, "auto": "language not given"}.items():
        try:
            pick = pick_model(language)
            meant = f"{pick.name} ({pick.reason})"
        except ModelMissing as exc:
            meant = f"none ({exc})"
        typer.echo(f"auto, {spoken}: {meant}")


@models.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(help="Name of a model, for instance small.")],
) -> None:
    """Download a speech model: the only command that uses the network."""
    typer.echo(f"Fetching {name} …", err=True)
    typer.echo(fetch_model(name))


def info() -> None:
    """Show versions, folders and models."""
    from analysis.pipeline import library_versions

    rows = {
        "mensetsu": library_versions(("mensetsu",))["mensetsu"],
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        **library_versions(),
        "data folder": f"{user_dir()}  (MENSETSU_HOME overrides it)",
        "sessions": str(config.sessions_dir()),
        "models": str(models_dir()),
        **{f"own {name}": _presence(path) for name, path in config.own_files().items()},
        "network": "never used, except by 'mensetsu models fetch'",
    }
    for name, value in rows.items():
        typer.echo(f"{name:<18}{value}")
    for name, state in list_models():
        typer.echo(f"{'model ' + name:<22}{state}")


def _presence(path: Path) -> str:
    if not path.is_file():
        return f"{path}  (none; the built-in ones hold)"
    if path.name not in (SPEECH, SIGHT):
        return f"{path}  (in force)"
    try:
        settings = read_settings(path, file=path.name)
    except AnalysisError as exc:
        return str(exc)
    changed = ", ".join(f"{name} = {settings[name]:g}" for name in settings.changed)
    return f"{path}  (in force: {changed or 'names nothing'})"
