"""``analyse``, ``demo`` and ``selftest``: recordings to results."""

from __future__ import annotations

import dataclasses
import enum
import functools
import os
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from analysis.errors import AnalysisError
from analysis.meaning import Meaning
from analysis.results import AnswerAnalysis
from analysis.storage import summary
from app import config, samples
from app.answer_parts import render_report
from app.config import Interface
from app.errors import AppError, SourceUnknown
from app.glance import show_answer
from app.goal_check import goal_lines, note_take
from app.output import print_json
from app.progress import Bars
from app.results_folder import REPORT, prepare_folder
from app.session_report import write_session_page
from app.sources import Recording, find_recordings
from app.telling import keep_meaning
from recorder.questions import find_question, read_bank
from reports.goals import GoalVerdict
from reports.language import speaking

if TYPE_CHECKING:
    # It loads the decoders: only the commands that analyse have to wait for them.
    from analysis.pipeline import AnalysisOptions


class Language(enum.StrEnum):
    """Languages of an answer."""

    en = "en"
    ja = "ja"
    auto = "auto"


def analyse(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="MEDIA|TAKE|SESSION", help="Audio or video file, or a folder of mensetsu."
        ),
    ],
    question: Annotated[
        str | None,
        typer.Option(metavar="ID|TEXT", help="What was answered (see: mensetsu questions list)."),
    ] = None,
    language: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.auto,
    model: Annotated[
        str, typer.Option(metavar="NAME|PATH", help="Speech model (see: mensetsu models list).")
    ] = "auto",
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the results. Default: beside the file."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on standard output.")
    ] = False,
    no_video: Annotated[bool, typer.Option("--no-video", help="Leave the picture out.")] = False,
    interface: Annotated[
        Interface | None, typer.Option(help="Language of the pages. Remembered.")
    ] = None,
) -> None:
    """Measure a recorded answer and write its report."""
    from analysis.media import check_file

    recordings: Sequence[Recording] = find_recordings(source)
    for recording in recordings:
        # Before the work on the first of them, not after it.
        check_file(recording.media)
    if output is not None and len(recordings) > 1:
        raise SourceUnknown(f"{source} is a session of several takes: leave --output out")
    if question is not None:
        asked = find_question(read_bank(config.questions_file()), question)
        recordings = [dataclasses.replace(r, question=asked) for r in recordings]
    summaries = analyse_all(
        recordings,
        language=language,
        model=model,
        video=not no_video,
        output=output,
        show=not as_json,
        interface=interface,
    )
    if as_json:
        print_json(summaries[0] if len(recordings) == 1 else {"takes": summaries})
    if any("error" in one for one in summaries):
        raise typer.Exit(1)


def analyse_all(
    recordings: Sequence[Recording],
    *,
    language: Language = Language.auto,
    model: str = "auto",
    video: bool = True,
    output: Path | None = None,
    show: bool = True,
    interface: Interface | None = None,
) -> list[dict[str, Any]]:
    """Analyse recordings one after the other and return their summaries.

    Of several, one that can't be analysed (an answer of half a second, say) does not stop the
    others: in the place of its summary stand its id and the error.
    """
    from analysis.pipeline import AnalysisOptions

    config.targets()  # a mistake in the user's own is told before the work, not after it
    language_of_pages = config.interface(interface)
    summaries: list[dict[str, Any]] = []
    meaning = Meaning()
    for recording in recordings:
        wanted = language.value
        if language is Language.auto and recording.language:
            wanted = recording.language
        options = AnalysisOptions(
            language=wanted, model=model, video=video, calibration=recording.calibration
        )
        try:
            analysis, folder = _analyse(recording, options, output, language_of_pages)
        except AnalysisError as exc:
            if len(recordings) == 1:
                raise
            summaries.append({"take_id": recording.take_id, "error": str(exc)})
            typer.echo(f"mensetsu: {exc}", err=True)
            continue
        summaries.append(summary(analysis))
        verdicts = _note_goals(analysis, folder)
        if recording.session is not None:  # there will be other takes of this question
            keep_meaning(meaning, analysis, folder)
        if show:
            show_answer(analysis, folder)
            for line in goal_lines(verdicts):
                typer.echo(line)
    for session in dict.fromkeys(r.session for r in recordings if r.session is not None):
        try:
            with speaking(language_of_pages):
                write_session_page(session)
        except AppError as exc:
            typer.echo(f"note: {exc}", err=True)
    return summaries


def _note_goals(analysis: AnswerAnalysis, folder: Path) -> tuple[GoalVerdict, ...]:
    """Hold a take against the goals; a broken list of them is no reason to lose the analysis."""
    try:
        return note_take(analysis, folder)
    except AppError as exc:
        typer.echo(f"note: {exc}", err=True)
        return ()


def demo() -> None:
    """Analyse the bundled sample take and say where its report is."""
    from analysis.pipeline import AnalysisOptions

    config.targets()
    media = samples.copy_sample(samples.ENGLISH, config.demo_dir())
    truth = samples.read_truth(samples.ENGLISH)
    question = find_question(read_bank(config.questions_file()), truth["question_id"])
    recording = Recording(media, samples.ENGLISH, question)
    analysis, folder = _analyse(recording, AnalysisOptions(language="en"), None, config.interface())
    show_answer(analysis, folder)
    if _on_a_desktop():
        webbrowser.open((folder / REPORT).absolute().as_uri())


def selftest(
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False,
) -> None:
    """Analyse both bundled samples and compare every number with the truth."""
    from analysis.pipeline import analyse_media

    rows: dict[str, list[samples.Comparison]] = {}
    for name in samples.SAMPLES:
        media = samples.copy_sample(name, config.demo_dir())
        with Bars() as bars:
            analysis = analyse_media(media, progress=bars)
        rows[name] = list(samples.compare(analysis, samples.read_truth(name)))
    failed = [row for table in rows.values() for row in table if row.good is False]
    if as_json:
        print_json(
            {
                name: [
                    {"what": r.what.strip(), "true": r.true, "measured": r.measured, "good": r.good}
                    for r in table
                ]
                for name, table in rows.items()
            }
        )
    else:
        console = Console()
        for name, table in rows.items():
            shown = Table(title=name, title_justify="left", box=None, pad_edge=False)
            for head in ("", "what", "true", "measured", "tolerance"):
                shown.add_column(head, no_wrap=True)
            for r in table:
                verdict = "" if r.good is None else ("ok" if r.good else "OFF")
                shown.add_row(verdict, r.what, r.true, r.measured, r.tolerance)
            console.print(shown)
        console.print(
            "All numbers are within their tolerance."
            if not failed
            else f"{len(failed)} numbers are outside their tolerance."
        )
    if failed:
        raise typer.Exit(1)


def _analyse(
    recording: Recording, options: AnalysisOptions, output: Path | None, language: str
) -> tuple[AnswerAnalysis, Path]:
    """Analyse one recording and write its results; a run that fails leaves nothing behind."""
    from analysis.pipeline import analyse_media

    results = prepare_folder(recording.media, output or recording.output)
    try:
        with Bars() as bars:
            analysis = analyse_media(
                recording.media,
                options=options,
                question=recording.question,
                take_id=recording.take_id,
                health=recording.health,
                progress=bars,
            )
        page = functools.partial(render_report, language=language)
        return analysis, results.write(analysis, page)
    except BaseException:
        results.abandon()
        raise


def _on_a_desktop() -> bool:
    if os.environ.get("CI") or not sys.stdout.isatty():
        return False
    return sys.platform in ("win32", "darwin") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
