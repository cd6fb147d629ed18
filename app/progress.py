"""Progress on the terminal: what is being done, how far, how long still.

Only on a terminal; a pipe or a log gets nothing. It is written to standard error, so that standard
output holds results alone.
"""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_TITLES = {"sound": "Sound: words, pauses, fillers", "picture": "Picture: eyes, posture"}


class Bars:
    """A bar per stage; a context manager."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.__exit__(kind, value, trace)

    def __call__(self, stage: str, share: float) -> None:
        """Show that `share` (0..1) of a stage is done."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(_TITLES.get(stage, stage), total=1.0)
        self._progress.update(self._tasks[stage], completed=share)
