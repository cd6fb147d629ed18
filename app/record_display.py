"""The terminal while recording: a calm screen, or plain lines where there is no such terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol

import typer
from rich.console import Console
from rich.live import Live

from app.record_view import Phase, View, band, device_lines, draw, printable, question_lines
from recorder.messages import Ready, Status

PER_SECOND = 8
"""screens; they cost 4 % of a core (measured), and the eye needs no more"""


class Display(Protocol):
    """Where a sitting is shown."""

    def show(self, view: View, status: Status) -> None:
        """Show the present moment."""
        ...

    def tell(self, text: str) -> None:
        """Tell something at once that the screen does not keep."""
        ...


@contextlib.contextmanager
def open_display(ready: Ready, languages: tuple[str, ...]) -> Iterator[Display]:
    """Yield a screen on a terminal that can show one, else plain lines on standard error."""
    console = Console(stderr=True)
    if not (has_screen() and console.is_terminal):
        lines = Lines(languages)
        for line in device_lines(ready, Status()):
            lines.tell(line)
        yield lines
        return
    live = Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False)
    live.start()
    try:
        yield Screen(live, ready, languages)
    finally:
        with contextlib.suppress(OSError):  # the terminal is gone
            live.stop()


def has_screen() -> bool:
    """Whether both outputs go to a terminal that can place text."""
    console = Console(stderr=True)
    return sys.stdout.isatty() and sys.stderr.isatty() and not console.is_dumb_terminal


class Screen:
    """One screen that is drawn over and over."""

    def __init__(self, live: Live, ready: Ready, languages: tuple[str, ...]) -> None:
        self._live = live
        self._ready = ready
        self._languages = languages

    def show(self, view: View, status: Status) -> None:
        """Draw the present moment."""
        console = self._live.console
        shown = draw(
            view,
            self._ready,
            status,
            self._languages,
            console.width,
            plain=console.options.ascii_only,
        )
        try:
            self._live.update(shown, refresh=True)
        except OSError:  # the terminal is gone: the same as a hang-up
            raise KeyboardInterrupt from None

    def tell(self, text: str) -> None:
        """Tell nothing: the view holds it."""


class Lines:
    """A line for everything that changes; for pipes, logs and simple terminals."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        self._languages = languages
        self._shown: tuple[Phase, int, int] | None = None

    def show(self, view: View, status: Status) -> None:
        """Print what is new."""
        now = (view.phase, view.number, view.take)
        if now == self._shown:
            return
        self._shown = now
        keys = "".join(f"; {key}: {what}" for key, what in view.keys)
        if view.phase is Phase.paused:
            self.tell(f"paused: nothing is being recorded{keys}")
            return
        question = " / ".join(t.plain for t in question_lines(view.question, self._languages))
        if view.phase is Phase.countdown:
            self.tell(f"question {view.number} of {view.total}: {question}")
            self._tell_goals(view)
            self.tell(f"starts in {view.elapsed_s:.0f} s; {band(view.question)}{keys}")
            return
        self.tell(f"recording question {view.number} of {view.total}: {question}")
        self._tell_goals(view)
        ends = "" if view.seconds is None else f"; ends after {view.seconds:g} s"
        self.tell(f"{band(view.question)}{ends}{keys or '; Ctrl-C ends'}")

    def _tell_goals(self, view: View) -> None:
        for goal in view.goals:
            self.tell(f"goal: {goal}")

    def tell(self, text: str) -> None:
        """Print a line."""
        # A log whose reader went away is no reason to stop a recording.
        with contextlib.suppress(OSError):
            typer.echo(printable(text), err=True)
