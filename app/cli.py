"""The command line: ``mensetsu``.

Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 the work
failed (one line says what happened and what to do), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable

import typer

from analysis.errors import AnalysisError
from app.commands.analyse import analyse, demo, selftest
from app.commands.check import check
from app.commands.clips import clips
from app.commands.comments import comments
from app.commands.compare import compare
from app.commands.devices import devices
from app.commands.drills import drills
from app.commands.goals import goals
from app.commands.history import history
from app.commands.lists import info, models, questions
from app.commands.rate import rate
from app.commands.record import record
from app.commands.report import report
from app.commands.sessions import delete, recover, sessions
from app.errors import AppError
from recorder.errors import RecorderError
from reports.errors import ReportError

cli = typer.Typer(
    name="mensetsu",
    help="Mock-interview recorder and coach. Everything stays on this computer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    check,
    record,
    sessions,
    analyse,
    report,
    compare,
    history,
    devices,
    recover,
    delete,
    drills,
    rate,
    clips,
    demo,
    selftest,
    info,
):
    cli.command()(command)
cli.add_typer(comments, name="comments")
cli.add_typer(goals, name="goals")
cli.add_typer(questions, name="questions")
cli.add_typer(models, name="models")

_STOPPED = 130
# Ctrl-C, "end this program", and the closed window of a terminal (not on Windows).
_STOPS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


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
        with contextlib.suppress(OSError):  # the terminal is gone
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
    finally:
        _let_go_of_lost_output()


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
    _let_go_of_lost_output()
    os._exit(code)


def _let_go_of_lost_output() -> None:
    """Write out what is left; what a closed terminal does not take must not change the exit code.

    Python ends with 120 where it can't write what is left at its end.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
