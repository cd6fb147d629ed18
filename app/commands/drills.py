"""``drills``: short exercises that are recorded and measured."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from app.output import print_json
from reports.drills import read_drills


def drills(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show the exercises; 'mensetsu record --drill ID' records one."""
    found = read_drills().values()
    if as_json:
        print_json([asdict(drill) for drill in found])
        return
    for drill in found:
        trains = ", ".join(dict.fromkeys(m.title for m in drill.trained(None)))
        typer.echo(f"{drill.id}  ({drill.seconds:g} s)")
        typer.echo(f"  {drill.title}; trains: {trains}")
        typer.echo(f"  {drill.exercise}")
