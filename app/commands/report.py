"""``report``: pages and exports made again from results, and the page for a mentor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.results import AnswerAnalysis
from app import config
from app.config import Interface
from app.errors import SourceUnknown
from app.mentor import Shared, broken_comments, share_take
from app.report_files import Format, check_output, output_errors, render_text, write_page
from app.results_folder import replace_file
from app.session_report import write_session_page
from app.sources import find_analyses, in_store
from recorder.session import FILE_NAME as SESSION_FILE
from reports.language import speaking
from reports.mentor import Share

_HOLDS = {
    Share.video: "your face, your voice and your words",
    Share.audio: "your voice and your words, no picture",
    Share.transcript: "your words and the numbers, neither picture nor sound",
}
_SINGLE_FILE_LARGE_MB = 20.0
"""Above this many mail servers refuse a message. Our judgement."""


def report(
    source: Annotated[
        Path,
        typer.Argument(metavar="TAKE|SESSION|analysis.json", help="Results of 'analyse'."),
    ],
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: beside the results, or printed.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="What to make.")] = Format.html,
    for_mentor: Annotated[
        bool, typer.Option("--for-mentor", help="Make a folder to send, with a box for comments.")
    ] = False,
    share: Annotated[
        Share | None,
        typer.Option(help="With --for-mentor: what the mentor gets. Default: video."),
    ] = None,
    single_file: Annotated[
        bool, typer.Option("--single-file", help="With --for-mentor: one page, a smaller picture.")
    ] = False,
    interface: Annotated[
        Interface | None, typer.Option(help="Language of the page. Remembered.")
    ] = None,
) -> None:
    """Make a report again from results, in any format, or a page for a mentor."""
    found = find_analyses(source)
    if for_mentor:
        if form is not Format.html:
            raise typer.BadParameter("--for-mentor makes a page: leave --format out")
        if len(found) != 1:
            raise SourceUnknown(f"{source} holds several takes: give one of them")
        language = config.interface(interface)
        analysis, folder = found[0]
        _for_mentor(analysis, folder, language, share or Share.video, single_file, output)
        return
    if share is not None or single_file:
        raise typer.BadParameter("--share and --single-file belong to --for-mentor")
    if output is not None:
        check_output(output, form, [analysis for analysis, _ in found])
    if form in (Format.html, Format.pdf):
        if output is not None and len(found) > 1:
            raise SourceUnknown(f"{source} holds several takes: leave --output out")
        language = config.interface(interface)
        for analysis, folder in found:
            target = output or folder / f"report.{form.value}"
            write_page(analysis, folder, target, language=language, as_pdf=form is Format.pdf)
            for path in broken_comments(folder):
                typer.echo(f"note: {path} can't be read as comments: it is left out", err=True)
            typer.echo(target)
        session = in_store(source)
        if (session / SESSION_FILE).is_file() and form is Format.html and output is None:
            with speaking(language):
                typer.echo(write_session_page(session))
        return
    text = render_text(found, form)
    if output is None:
        typer.echo(text, nl=False)
    else:
        with output_errors(output):
            replace_file(output, text)
        typer.echo(output)


def _for_mentor(
    analysis: AnswerAnalysis,
    folder: Path,
    language: str,
    share: Share,
    single_file: bool,
    output: Path | None,
) -> None:
    with speaking(language):
        shared = share_take(
            analysis,
            folder,
            config.targets(),
            share=share,
            single_file=single_file,
            output=output,
        )
    _tell(shared, single_file)
    typer.echo(shared.path)


def _tell(shared: Shared, single_file: bool) -> None:
    """Say what is in it before it is sent."""
    size_mb = shared.bytes / 1e6
    typer.echo(f"It holds {_HOLDS[shared.share]}: {size_mb:.1f} MB.", err=True)
    if shared.anew and shared.share is not Share.transcript:
        names = " and ".join(shared.anew)
        why = "to make it small" if single_file else "so that every browser plays it"
        typer.echo(f"The {names} had to be encoded anew {why}.", err=True)
    if single_file and size_mb > _SINGLE_FILE_LARGE_MB:
        typer.echo("That is much for a mail: --share audio makes it smaller.", err=True)
    others = [f"--share {other} ({_HOLDS[other]})" for other in Share if other != shared.share]
    typer.echo(f"Other choices: {'; '.join(others)}.", err=True)
    typer.echo(
        "The mentor opens the page, writes and saves comments, and sends the small file back:"
        " 'mensetsu comments import FILE' shows them in your report.",
        err=True,
    )
