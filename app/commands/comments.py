"""``comments``: what a mentor wrote, into the report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.storage import read_analysis
from app import config
from app.config import Interface
from app.errors import SourceUnknown
from app.mentor import (
    broken_comments,
    comments_of,
    read_comment_file,
    store_comments,
    take_of,
)
from app.report_files import write_page
from app.results_folder import ANALYSIS, REPORT
from app.shelf import find_take
from app.takes import clock

comments = typer.Typer(help="A mentor's comments.", no_args_is_help=True)

Take = Annotated[
    str | None,
    typer.Argument(metavar="[TAKE]", help="Default: the take of the store that is meant."),
]


@comments.command("import")
def import_comments(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What the mentor sent back.")],
    take: Take = None,
    interface: Annotated[
        Interface | None, typer.Option(help="Language of the page. Remembered.")
    ] = None,
) -> None:
    """Keep a mentor's comments beside the results and show them in the report."""
    sent = read_comment_file(file)
    if take is None:
        analysis, folder = take_of(sent)
    else:
        folder = _results(take)
        analysis = read_analysis(folder / ANALYSIS)
    stored = store_comments(sent, analysis, folder)
    _name_broken(folder)
    if stored is None:
        typer.echo("nothing new: these comments are there already", err=True)
    else:
        typer.echo(f"{len(sent.comments)} comments read, kept in {stored}", err=True)
    page = folder / REPORT
    write_page(analysis, folder, page, language=config.interface(interface), as_pdf=False)
    typer.echo(page)


@comments.command("list")
def list_comments(
    take: Annotated[str, typer.Argument(metavar="TAKE", help="Take, or folder of its results.")],
) -> None:
    """Show the comments on a take."""
    folder = _results(take)
    found = comments_of(folder)
    for comment in found:
        text = " ".join(comment.text.split())
        typer.echo(f"{clock(comment.time_s)}  {comment.author or '(no name)'}: {text}")
    if not found:
        typer.echo("no comments yet: 'mensetsu report TAKE --for-mentor' makes a page to send")
    _name_broken(folder)


def _results(take: str) -> Path:
    folder = find_take(take).results
    if folder is None:
        raise SourceUnknown(f"{take} has no results yet: run 'mensetsu analyse {take}' first")
    return folder


def _name_broken(folder: Path) -> None:
    for path in broken_comments(folder):
        typer.echo(f"note: {path} can't be read as comments: it is left out", err=True)
