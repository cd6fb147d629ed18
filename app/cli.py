"""The command line: ``mensetsu``.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 the work
failed (one line says what happened and what to do), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import os
import platform
import signal
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from analysis.errors import AnalysisError
from analysis.models import fetch_model, list_models, models_dir, user_dir
from analysis.results import AnswerAnalysis
from analysis.storage import summary
from app import config, samples
from app.errors import AppError, SourceUnknown
from app.glance import show_answer
from app.progress import Bars
from app.report_files import Format, check_output, output_errors, render_text, write_page
from app.results_folder import REPORT, prepare_folder, replace_file
from app.sources import Recording, find_analyses, find_recordings
from recorder.errors import RecorderError
from recorder.questions import find_question, read_bank
from reports.errors import ReportError
from reports.targets import Targets, read_targets

if TYPE_CHECKING:
    # It loads the decoders: only the commands that analyse have to wait for them.
    from analysis.pipeline import AnalysisOptions

cli = typer.Typer(
    name="mensetsu",
    help="Mock-interview recorder and coach. Everything stays on this computer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
questions = typer.Typer(help="The bank of interview questions.", no_args_is_help=True)
models = typer.Typer(help="Speech models.", no_args_is_help=True)
cli.add_typer(questions, name="questions")
cli.add_typer(models, name="models")


_STOPPED = 130
# Ctrl-C, "end this program", and the closed window of a terminal (not on Windows).
_STOPS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Language(enum.StrEnum):
    """Languages of an answer."""

    en = "en"
    ja = "ja"
    auto = "auto"


@cli.command()
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
) -> None:
    """Measure a recorded answer and write its report."""
    from analysis.media import check_file
    from analysis.pipeline import AnalysisOptions

    targets = _targets()
    recordings = find_recordings(source)
    for recording in recordings:
        # Before the work on the first of them, not after it.
        check_file(recording.media)
    if output is not None and len(recordings) > 1:
        raise SourceUnknown(f"{source} is a session of several takes: leave --output out")
    asked = None
    if question is not None:
        asked = find_question(read_bank(config.questions_file()), question)
    summaries = []
    for recording in recordings:
        wanted = language.value
        if language is Language.auto and recording.language:
            wanted = recording.language
        options = AnalysisOptions(language=wanted, model=model, video=not no_video)
        if asked is not None:
            recording = dataclasses.replace(recording, question=asked)
        analysis, folder = _analyse(recording, options, output, targets)
        summaries.append(summary(analysis))
        if not as_json:
            show_answer(analysis, folder)
    if as_json:
        _print_json(summaries[0] if len(recordings) == 1 else {"takes": summaries})


@cli.command()
def demo() -> None:
    """Analyse the bundled sample take and say where its report is."""
    from analysis.pipeline import AnalysisOptions

    targets = _targets()
    media = samples.copy_sample(samples.ENGLISH, config.demo_dir())
    truth = samples.read_truth(samples.ENGLISH)
    question = find_question(read_bank(config.questions_file()), truth["question_id"])
    recording = Recording(media, samples.ENGLISH, question)
    analysis, folder = _analyse(recording, AnalysisOptions(language="en"), None, targets)
    show_answer(analysis, folder)
    if _on_a_desktop():
        webbrowser.open((folder / REPORT).absolute().as_uri())


@cli.command()
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
        _print_json(
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


@cli.command()
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
    targets = _targets()
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


@questions.command("list")
def list_questions(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show the questions of the bank."""
    bank = read_bank(config.questions_file())
    if as_json:
        _print_json(
            [
                {
                    "id": q.id,
                    "text_en": q.text_en,
                    "text_ja": q.text_ja,
                    "stage": q.stage,
                    "kind": q.kind,
                    "intent": q.intent,
                    "structure": q.structure,
                    "band_s": list(q.band_s),
                    "band_source": q.band_source,
                }
                for q in bank
            ]
        )
        return
    console = Console()
    for stage in dict.fromkeys(q.stage for q in bank):
        console.print(f"\n{stage.capitalize()}", style="bold", highlight=False)
        for q in bank:
            if q.stage == stage:
                low, high = q.band_s
                console.print(
                    f"  {q.id}  ({low:.0f}–{high:.0f} s)\n    {q.text_en}\n    {q.text_ja}",
                    highlight=False,
                    markup=False,
                )


@models.command("list")
def show_models() -> None:
    """Show which speech models are at hand."""
    for name, state in list_models():
        typer.echo(f"{name:<16}{state}")


@models.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(help="Name of a model, for instance small.")],
) -> None:
    """Download a speech model: the only command that uses the network."""
    typer.echo(f"Fetching {name} …", err=True)
    typer.echo(fetch_model(name))


@cli.command()
def info() -> None:
    """Show versions, folders and models."""
    from analysis.pipeline import library_versions

    rows = {
        "mensetsu": library_versions(("mensetsu",))["mensetsu"],
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        **library_versions(),
        "data folder": f"{user_dir()}  (MENSETSU_HOME overrides it)",
        "models": str(models_dir()),
        "own targets": _presence(config.targets_file()),
        "own questions": _presence(config.questions_file()),
        "own fillers": _presence(config.fillers_file()),
        "network": "never used, except by 'mensetsu models fetch'",
    }
    for name, value in rows.items():
        typer.echo(f"{name:<18}{value}")
    for name, state in list_models():
        typer.echo(f"{'model ' + name:<22}{state}")


def main() -> None:
    """Run the command line and turn the known errors into one line."""
    if sys.stderr is None:  # closed, or a program without a console
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stop in _STOPS:
        if signal.getsignal(stop) is not signal.SIG_IGN:  # as under nohup
            signal.signal(stop, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        # A Windows console of an old code page must not stop at Japanese.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    debug = os.environ.get("MENSETSU_DEBUG") == "1"
    try:
        code = cli(standalone_mode=False)
        if code == _STOPPED:  # how newer versions of the command line library tell of Ctrl-C
            raise KeyboardInterrupt
        sys.exit(code if isinstance(code, int) else 0)
    except (AnalysisError, RecorderError, ReportError, AppError) as exc:
        if debug:
            raise
        _fail(str(exc))
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("Stopped; nothing half-done is left behind.", err=True)
        _leave(_STOPPED)
    except BrokenPipeError:
        # The reader of a pipe went away ("| head"): nothing to complain about.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as exc:
        if debug:
            raise
        _fail(f"{exc.filename or 'a file'}: {exc.strerror or exc}")
    except Exception as exc:
        if debug:
            raise
        show: Callable[[], None] | None = getattr(exc, "show", None)
        if show is None:
            _fail(
                f"unexpected problem ({type(exc).__name__}: {exc}); set MENSETSU_DEBUG=1 to see all"
            )
        else:  # wrong usage, as the command line library tells it
            show()
            sys.exit(getattr(exc, "exit_code", 2))


def _targets() -> Targets:
    own = config.targets_file()
    return read_targets(own if own.is_file() else None)


def _analyse(
    recording: Recording, options: AnalysisOptions, output: Path | None, targets: Targets
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
                progress=bars,
            )
        return analysis, results.write(analysis, targets)
    except BaseException:
        results.abandon()
        raise


def _presence(path: Path) -> str:
    return f"{path}" if path.is_file() else f"{path}  (none; the built-in ones hold)"


def _print_json(data: Any) -> None:
    typer.echo(json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False))


def _on_a_desktop() -> bool:
    if os.environ.get("CI") or not sys.stdout.isatty():
        return False
    return sys.platform in ("win32", "darwin") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def _interrupt(*_: object) -> None:
    # An impatient second Ctrl-C must not disturb the tidying up.
    for stop in _STOPS:
        signal.signal(stop, signal.SIG_IGN)
    raise KeyboardInterrupt


def _fail(message: str) -> None:
    # One line, whatever is in a file name.
    line = "".join(c if c.isprintable() else " " for c in message)
    typer.echo(f"mensetsu: {line}", err=True)
    sys.exit(1)


def _leave(code: int) -> None:
    """End at once: threads that still wait for a killed worker must not hold us up."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
