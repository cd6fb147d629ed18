"""``rate``: the candidate's own view of an answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.errors import AppError, SourceUnknown
from app.goal_store import utc_now
from app.self_rating import add_rating, ask_rating, clean_note, rating_file
from app.shelf import find_take
from reports.self_rating import HIGHEST, LOWEST, SelfRating

_SEEN = "note: the numbers of this take are there already; the rating is kept as made after them"


def rate(
    take: Annotated[
        str, typer.Argument(metavar="TAKE", help="SESSION/NN, a recording, or its results.")
    ],
    structure: Annotated[
        int | None, typer.Option(min=LOWEST, max=HIGHEST, metavar="N", help="1 to 5, 5 = best.")
    ] = None,
    delivery: Annotated[
        int | None, typer.Option(min=LOWEST, max=HIGHEST, metavar="N", help="1 to 5, 5 = best.")
    ] = None,
    confidence: Annotated[
        int | None, typer.Option(min=LOWEST, max=HIGHEST, metavar="N", help="1 to 5, 5 = best.")
    ] = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="In your own words.")] = "",
) -> None:
    """Rate an answer of your own; the report shows it beside the numbers."""
    media, results = _meant(take)
    seen = results is not None
    path = rating_file(media, results)
    if seen:
        typer.echo(_SEEN, err=True)
    rating = SelfRating(utc_now(), structure, delivery, confidence, clean_note(note), seen)
    if rating.is_empty:
        if not (sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()):
            raise AppError(
                "nothing to rate: give --structure, --delivery, --confidence (1 to 5) or --note"
            )
        rating = ask_rating(after_numbers=seen)
    if rating.is_empty:
        typer.echo("Nothing was rated.")
        return
    add_rating(path, rating)
    typer.echo(f"rating: {path}")
    if results is not None:
        typer.echo(f"to see it: mensetsu report {results}", err=True)


def _meant(given: str) -> tuple[Path, Path | None]:
    """Return the recording that is meant, and the folder of its results."""
    try:
        take = find_take(given)
    except SourceUnknown:
        # A recording from elsewhere that is not analysed yet.
        if Path(given).is_file() and Path(given).suffix.lower() != ".json":
            return Path(given), None
        raise
    if take.media is not None:
        return take.media, take.results
    stored = take.context.get("stored_media")
    if isinstance(stored, str) and stored:
        return Path(stored), take.results
    raise SourceUnknown(f"the recording of {take.name} is gone: put it back to rate it")
