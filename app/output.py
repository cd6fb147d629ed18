"""What the commands print in common."""

from __future__ import annotations

import json
from typing import Any

import typer


def print_json(data: Any) -> None:
    """Print one JSON document on standard output."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False))
