"""A set-up check in words: the items, and the reminders that nobody can measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from analysis.setup_items import FIX, PASS, UNCHECKED, Item

if TYPE_CHECKING:
    # It loads the decoders.
    from analysis.setup_check import SetupCheck

BACKDROP = {
    "quiet": "A quiet place: nobody comes in, telephone and notifications are off.",
    "wall": "A simple wall behind you, or a plain virtual background.",
    "attire": "Dressed as for an interview on site.",
    "fallback": "A telephone number and a second device at hand, in case something fails.",
}
"""id to what the user ticks; after the advice for interviews at Japanese IT companies"""

_MARKS = {PASS: ("ok", "blue"), FIX: ("fix", "bold yellow"), UNCHECKED: ("–", "dim")}


def show_check(check: SetupCheck) -> None:
    """Print a check on standard output: what to fix first."""
    console = Console()
    for title, state in (
        ("To fix", FIX),
        ("In order", PASS),
        ("Could not be checked", UNCHECKED),
    ):
        items = [item for item in check.items if item.state == state]
        if not items:
            continue
        console.print(f"\n{title}", style="bold", highlight=False)
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=state != UNCHECKED)
        table.add_column(overflow="fold")
        word, style = _MARKS[state]
        for name, said in _rows(items, state):
            table.add_row(f"[{style}]{word}[/]", name, said)
        console.print(table, highlight=False)
    console.print(
        f"\n{len(check.passed)} in order, {len(check.to_fix)} to fix,"
        f" {len(check.not_checked)} could not be checked. The sources of all targets: --json",
        highlight=False,
    )


def ask_backdrop() -> dict[str, bool]:
    """Ask about each reminder; return id to ticked."""
    typer.echo("\nNot measured: please tick.", err=True)
    return {
        name: typer.confirm(f"  {text}", default=True, err=True) for name, text in BACKDROP.items()
    }


def show_backdrop() -> None:
    """Print the reminders."""
    typer.echo("\nNot measured, please see for yourself:")
    for text in BACKDROP.values():
        typer.echo(f"  [ ] {text}")


def _rows(items: list[Item], state: str) -> list[tuple[str, str]]:
    """Return title and text of each line; what could not be checked is told by its reason."""
    if state != UNCHECKED:
        return [(item.title, _said(item)) for item in items]
    reasons: dict[str, list[str]] = {}
    for item in items:
        reasons.setdefault(item.advice, []).append(item.title)
    return [(_escaped(reason), ", ".join(titles)) for reason, titles in reasons.items()]


def _said(item: Item) -> str:
    """Return value, target, its source and what to do in one cell."""
    if item.state == PASS:
        return _escaped(item.shown)
    perhaps = "Perhaps: " if item.hint else ""
    told = _escaped(f"{item.shown} (target: {item.target})\n{perhaps}{item.advice}")
    return f"{told}\n[dim]Target: {_escaped(item.source)}[/]"


def _escaped(text: str) -> str:
    # Names of devices may hold brackets, which Rich would take for a style.
    return text.replace("[", "\\[")
