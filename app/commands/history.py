"""``history``: all that was recorded, on one page."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.models import user_dir
from app import config
from app.config import Interface
from app.errors import AppError, SourceUnknown
from app.goal_store import read_goals
from app.report_files import output_errors
from app.results_folder import replace_file
from app.session_report import PAGE as SESSION_PAGE
from app.shelf import read_shelf
from recorder.questions import read_bank
from reports.export import csv_cell
from reports.goals import MET
from reports.history_page import TAKE_COLUMNS, achievement, history_rows, render_history
from reports.language import speaking
from reports.measures import read_measures
from reports.page import media_link

FILE = "history.html"


def history(
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page. Default: history.html in the data folder."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print takes and what could not be used as JSON.")
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print a row per take, a column per measure.")
    ] = False,
    interface: Annotated[
        Interface | None, typer.Option(help="Language of the page. Remembered.")
    ] = None,
) -> None:
    """Show what was practised and when, how each measure goes on, and the best takes."""
    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, not both")
    if as_json or as_csv:
        text = _printed(as_csv=as_csv)
        if output is not None:
            _check(output, (".csv",) if as_csv else (".json",))
            with output_errors(output):
                replace_file(output, text)
            typer.echo(output)
        else:
            typer.echo(text, nl=False)
        return
    page = output or user_dir() / FILE
    _check(page, (".html", ".htm"))
    with speaking(config.interface(interface)):
        html = history_html(page)
    page.parent.mkdir(parents=True, exist_ok=True)
    with output_errors(page):
        replace_file(page, html)
    typer.echo(page)


def history_html(page: Path) -> str:
    """Return the history page as it will lie at `page`, in the language that is set."""
    shelf = read_shelf(config.sessions_dir())
    return render_history(
        shelf.takes,
        shelf.defects,
        bank=read_bank(config.questions_file()),
        targets=config.targets(),
        now=datetime.now().astimezone(),
        links={
            take.name: media_link(report, page)
            for take in shelf.takes
            if (report := take.context["report"]) is not None
        },
        session_links={
            session.id: media_link(session.folder / SESSION_PAGE, page)
            for session in shelf.sessions
            if (session.folder / SESSION_PAGE).is_file()
        },
        achievements=_achievements(),
    )


def _achievements() -> list[str]:
    """Return the goals that were met, the newest first."""
    try:
        met = read_goals().of(MET)
    except AppError as exc:
        # The rest of the page does not hang on it.
        typer.echo(f"note: {exc}", err=True)
        return []
    newest_first = sorted(met, key=lambda goal: goal.ended or "", reverse=True)
    return [achievement(goal.text, goal.question.text, goal.ended) for goal in newest_first]


def _printed(*, as_csv: bool) -> str:
    shelf = read_shelf(config.sessions_dir())
    rows = history_rows(shelf.takes, config.targets())
    if as_csv:
        return _csv(rows)
    data: dict[str, Any] = {
        "takes": rows,
        "sessions": [
            {"id": s.id, "created": s.created, "language": s.language, "takes": len(s.takes)}
            for s in shelf.sessions
        ],
        "defects": [{"place": d.place, "kind": d.kind, "text": d.text} for d in shelf.defects],
    }
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _csv(rows: list[dict[str, Any]]) -> str:
    """Return a row per take, the columns of `history_rows`; empty = not measured."""
    out = io.StringIO()
    writer = csv.DictWriter(out, (*TAKE_COLUMNS, *read_measures()), lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        told = {name: row[name] for name in TAKE_COLUMNS}
        writer.writerow({k: csv_cell(v) for k, v in {**told, **row["measures"]}.items()})
    return out.getvalue()


def _check(target: Path, endings: tuple[str, ...]) -> None:
    """Refuse a target that is surely a slip: a folder, or a file of another kind."""
    if target.is_dir():
        raise SourceUnknown(f"{target} is a folder: give the name of a file with --output")
    if target.is_file() and target.suffix.lower() not in endings:
        raise SourceUnknown(
            f"{target} is there already and is no {endings[0]} file: it is not overwritten"
        )
