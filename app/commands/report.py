"""``report``: pages and exports made again from results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app import config
from app.errors import SourceUnknown
from app.report_files import Format, check_output, output_errors, render_text, write_page
from app.results_folder import replace_file
from app.sources import find_analyses


def report(
    source: Annotated[
        Path,
        typer.Argument(metavar="TAKE|SESSION|analysis.json", help="Results of 'analyse'."),
    ],
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: beside the results, or printed.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="What to make.")] = Format.html,
) -> None:
    """Make a report again from results, in any format."""
    targets = config.targets()
    found = find_analyses(source)
    if output is not None:
        check_output(output, form, [analysis for analysis, _ in found])
    if form in (Format.html, Format.pdf):
        if output is not None and len(found) > 1:
            raise SourceUnknown(f"{source} holds several takes: leave --output out")
        for analysis, folder in found:
            target = output or folder / f"report.{form.value}"
            write_page(analysis, folder, target, targets, as_pdf=form is Format.pdf)
            typer.echo(target)
        return
    text = render_text([analysis for analysis, _ in found], form)
    if output is None:
        typer.echo(text, nl=False)
    else:
        with output_errors(output):
            replace_file(output, text)
        typer.echo(output)
