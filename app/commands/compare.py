"""``compare``: takes of one question against each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from analysis.errors import AnalysisError
from analysis.meaning import Meaning
from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis
from app import config
from app.config import Interface
from app.errors import SourceUnknown
from app.output import print_json
from app.report_files import output_errors
from app.results_folder import ANALYSIS, REPORT, replace_file
from app.shelf import find_take, read_shelf
from app.telling import keep_meaning, recall_meaning
from recorder.questions import find_question, read_bank
from reports.compare import (
    BETTER,
    NOT_COMPARABLE,
    SAME,
    WORSE,
    Comparison,
    Ladder,
    deltas_json,
    ladder,
)
from reports.comparison_page import render_comparison
from reports.language import speaking
from reports.page import media_link
from reports.takes import TakeRecord, question_key

FILE = "comparison.html"
MOST_TAKES = 50
"""of one question on a page: the newest ones; our judgement"""
_SIGNS = {BETTER: "✓ better", WORSE: "! worse", SAME: "= about the same", NOT_COMPARABLE: "–"}


def compare(
    takes: Annotated[
        list[str] | None,
        typer.Argument(metavar="TAKE TAKE…", help="SESSION/NN, or folders of results."),
    ] = None,
    question: Annotated[
        str | None,
        typer.Option(metavar="ID|TEXT", help="All takes of a question in the data folder."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page. Default: beside the newest take's results."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the changes as JSON, and make no page.")
    ] = False,
    interface: Annotated[
        Interface | None, typer.Option(help="Language of the page. Remembered.")
    ] = None,
) -> None:
    """Compare takes of one question: what changed, and whether that is better."""
    if bool(takes) == (question is not None):
        raise typer.BadParameter("give either two takes or more, or --question")
    chosen = _of_question(question) if question is not None else _given(takes or [])
    language = config.interface(interface)
    with speaking("en" if as_json else language):
        compared = ladder(chosen, targets=config.targets(), noise=config.noise())
        if as_json:
            print_json(deltas_json(compared))
            if output is None:
                return
    if not as_json:
        with speaking("en"):
            _show(ladder(chosen, targets=config.targets(), noise=config.noise()).newest)
    with speaking(language):
        page = _write(compared, output)
    typer.echo(page, err=as_json)


def _given(names: Sequence[str]) -> list[TakeRecord]:
    if len(names) < 2:
        raise SourceUnknown("one take alone can't be compared: give two or more")
    found = [find_take(name) for name in names]
    same = {take.results.resolve() for take in found if take.results is not None}
    for take in found:
        if not take.analysed:
            raise SourceUnknown(f"{take.name} is not analysed: run 'mensetsu analyse' on it first")
    if len(same) < len(found):
        raise SourceUnknown("a take was given twice: give different takes")
    return found


def _of_question(text: str) -> list[TakeRecord]:
    asked = question_key(find_question(read_bank(config.questions_file()), text))
    shelf = read_shelf(config.sessions_dir())
    takes = [take for take in shelf.takes if take.question_key == asked]
    analysed = [take for take in takes if take.analysed]
    if len(analysed) < 2:
        left = len(takes) - len(analysed)
        more = f" ({left} not analysed yet: 'mensetsu analyse' does it)" if left else ""
        counted = "1 analysed take" if len(analysed) == 1 else f"{len(analysed)} analysed takes"
        raise SourceUnknown(
            f"{counted} of {text!r}{more}: answer it again with 'mensetsu record --question'"
        )
    # Worked out anew from the whole analysis: a summary of an older mensetsu knows less.
    return [find_take(take.name, shelf) for take in analysed[-MOST_TAKES:]]


def _show(step: Comparison) -> None:
    console = Console()
    typer.echo(f"{step.before.name} → {step.after.name}")
    typer.echo(step.sentence)
    table = Table(box=None, pad_edge=False)
    for head, side in (("", "left"), ("", "left"), ("before", "right"), ("after", "right")):
        table.add_column(head, justify=side, no_wrap=True)  # type: ignore[arg-type]
    for delta in step.deltas:
        if delta.verdict != NOT_COMPARABLE and (
            delta.measure.main or delta.verdict != SAME or delta.changed
        ):
            measure = delta.measure
            table.add_row(
                _SIGNS[delta.verdict],
                measure.title,
                measure.text(delta.before),
                measure.text(delta.after),
            )
    console.print(table)
    left = step.of(NOT_COMPARABLE)
    if left:
        typer.echo(f"{len(left)} not comparable; the page says why.")


def _write(compared: Ladder, output: Path | None) -> Path:
    newest = compared.newest
    assert newest.after.results is not None
    page = output or newest.after.results / FILE
    if page.is_dir():
        raise SourceUnknown(f"{page} is a folder: give the name of a file with --output")
    if output is not None and page.is_file() and page.suffix.lower() not in (".html", ".htm"):
        raise SourceUnknown(f"{page} is there already and is no page: it is not overwritten")
    before, after = _analysis(newest.before), _analysis(newest.after)
    meaning = Meaning()
    results = [
        (take.results, analysis)
        for take, analysis in ((newest.before, before), (newest.after, after))
        if take.results is not None
    ]
    for folder, _ in results:
        recall_meaning(meaning, folder)
    html = render_comparison(
        compared,
        before=before,
        after=after,
        media_before=newest.before.media and media_link(newest.before.media, page),
        media_after=newest.after.media and media_link(newest.after.media, page),
        links={
            take.name: media_link(take.results / REPORT, page)
            for take in compared.takes
            if take.results is not None and (take.results / REPORT).is_file()
        },
        targets=config.targets(),
        noise=config.noise(),
        meaning=meaning,
    )
    with output_errors(page):
        replace_file(page, html)
    if meaning.loaded:  # something was not known yet
        for folder, analysis in results:
            keep_meaning(meaning, analysis, folder)
    return page


def _analysis(take: TakeRecord) -> AnswerAnalysis | None:
    """Return the whole analysis; None = it can't be read any more."""
    if take.results is None:
        return None
    try:
        return read_analysis(take.results / ANALYSIS)
    except AnalysisError as exc:
        typer.echo(f"note: {exc}", err=True)
        return None
