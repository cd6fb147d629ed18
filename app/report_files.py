"""Reports made again from results, in any format, without overwriting what is something else."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from analysis.results import AnswerAnalysis
from analysis.storage import to_json
from app.answer_parts import render_report
from app.errors import AppError, SourceUnknown
from app.results_folder import find_media, replace_file, write_synced
from recorder.errors import SessionUnreadable
from recorder.session import read_session
from reports.export import Origin, render_csv, render_srt, render_vtt, write_pdf
from reports.page import media_link


class Format(enum.StrEnum):
    """Formats of a report."""

    html = "html"
    json = "json"
    csv = "csv"
    srt = "srt"
    vtt = "vtt"
    pdf = "pdf"


def write_page(
    analysis: AnswerAnalysis, folder: Path, target: Path, *, language: str, as_pdf: bool
) -> None:
    """Write the report page in a language ("en", "ja"), or a PDF made of it."""
    media = find_media(analysis, folder)
    href = None if media is None else media_link(media, target)
    html = render_report(analysis, folder, href, language=language)
    with output_errors(target):
        if not as_pdf:
            replace_file(target, html)
            return
        page = target.with_name(f".{target.stem}.print.html")
        try:
            write_synced(page, html)
            write_pdf(page, target)
        finally:
            page.unlink(missing_ok=True)


def render_text(found: Sequence[tuple[AnswerAnalysis, Path]], form: Format) -> str:
    """Return the JSON, CSV or subtitles of some answers, each given with its folder."""
    analyses = [analysis for analysis, _ in found]
    if form is Format.csv:
        return render_csv(analyses, [_origin(analysis, folder) for analysis, folder in found])
    if form is Format.json:
        texts = [to_json(a) for a in analyses]
        return (texts[0] if len(texts) == 1 else "[\n" + ",\n".join(texts) + "\n]") + "\n"
    if len(analyses) > 1:
        raise SourceUnknown("subtitles are made of one take: give a take, not a session")
    return (render_srt if form is Format.srt else render_vtt)(analyses[0])


def _origin(analysis: AnswerAnalysis, folder: Path) -> Origin:
    """Return the session that a take was recorded in, and when that began."""
    media = find_media(analysis, folder)
    home = (media or folder).parent
    try:
        session = read_session(home)
    except SessionUnreadable:
        return Origin()
    return Origin(session.id, session.created)


def check_output(output: Path, form: Format, analyses: list[AnswerAnalysis]) -> None:
    """Refuse a target that is surely a slip: a folder, or a file of another kind."""
    if output.is_dir():
        raise SourceUnknown(f"{output} is a folder: give the name of a file with --output")
    if not output.is_file():
        return
    endings = (".html", ".htm") if form is Format.html else (f".{form.value}",)
    if output.suffix.lower() not in endings:
        raise SourceUnknown(
            f"{output} is there already and is no .{form.value} file: it is not overwritten"
        )
    if form is Format.json and not _holds(output, analyses):
        # A session.json, or another recording's results.
        raise SourceUnknown(
            f"{output} is there already and holds something else: it is not overwritten"
        )


def _holds(path: Path, analyses: list[AnswerAnalysis]) -> bool:
    """Whether a JSON file holds analyses of these very recordings."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        held = {a["media"]["sha256"] for a in (data if isinstance(data, list) else [data])}
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return held <= {a.media.sha256 for a in analyses}


@contextmanager
def output_errors(target: Path) -> Iterator[None]:
    """Turn what the file system refuses into one line for the user."""
    try:
        yield
    except OSError as exc:
        raise AppError(f"{target} can't be written: {exc.strerror or exc}") from exc
