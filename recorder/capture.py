"""Recording, as the rest of the program sees it: the user interface's side of the recorder.

`Recorder` starts the recorder's process (`recorder.engine`), asks it to do things and reads what it
tells. Preview and level come through shared memory. Nothing here slows a recording down.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType

from recorder.engine_link import EngineLink
from recorder.errors import RecorderFailed
from recorder.messages import (
    CaptureOptions,
    Event,
    Ready,
    Status,
    options_to_dict,
    ready_from_dict,
)
from recorder.meters import Level, Meters, Preview
from recorder.session import Question, Session, Take, session_from_dict, take_from_dict

__all__ = [
    "CaptureOptions",
    "Event",
    "Level",
    "Preview",
    "Ready",
    "Recorder",
    "Status",
    "record_take",
]

OPEN_LIMIT_S = 90.0
"""for opening the devices (Windows' camera interface takes 4 to over 20 s), and for the first
start of the program from a cold disk"""
ANSWER_LIMIT_S = 75.0
"""for every other command: a little longer than the recorder itself waits for a slow disk"""
LOOK_S = 0.05
"""how often `record_take` looks at level, preview and events"""


class Recorder:
    """A recorder: devices that stay open, and takes one after the other.

    A context manager; leaving it closes everything. Not to be shared by threads.

    Parameters
    ----------
    folder : of the session; it may hold earlier takes.
    options : what to record with.
    """

    def __init__(self, folder: Path, options: CaptureOptions) -> None:
        self._folder = folder
        self._options = options
        self._link: EngineLink | None = None
        self._meters: Meters | None = None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
            return
        # What went wrong first is what counts.
        with contextlib.suppress(RecorderFailed):
            self.close()

    @property
    def pid(self) -> int | None:
        """Number of the recorder's process; None = it is not open."""
        return None if self._link is None else self._link.pid

    def open(self) -> Ready:
        """Start the process and open the devices.

        Raises
        ------
        MicrophoneUnusable, CameraUnusable, RecorderBusy, FolderRefused, SessionUnreadable
        RecorderFailed
            The process does not start.
        """
        if self._link is not None:
            raise RecorderFailed("the recorder is open already")
        self._meters = Meters.make()
        try:
            self._link = EngineLink()
            told = self._link.ask(
                "open",
                OPEN_LIMIT_S,
                patient=True,  # while it loads its libraries
                folder=str(self._folder.resolve()),
                options=options_to_dict(self._options),
                meters=self._meters.name,
            )
        except BaseException:
            self._end()
            raise
        # The recorder has it; now it lasts as long as either of us, and not a moment longer.
        self._meters.unlink()
        return ready_from_dict(told)

    def begin(self, question: Question, *, goal: str | None = None) -> str:
        """Begin a take and return its id; a running one ends at the same sample.

        Raises
        ------
        FolderRefused
            The disk is full, or can't be written.
        WriterFailed, RecorderFailed
        """
        details = {"question": asdict(question), "goal": goal}
        return self._opened().ask("begin", ANSWER_LIMIT_S, **details)

    def finish(self) -> Take | None:
        """End the running take and return it; None = none was running. The devices stay open.

        Raises
        ------
        WriterFailed, RecorderFailed
        """
        told = self._opened().ask("finish", ANSWER_LIMIT_S)
        return None if told is None else take_from_dict(told)

    def status(self) -> Status:
        """Return the newest counters.

        Raises
        ------
        RecorderFailed
            The recorder has ended, or has been silent for 5 s.
        """
        link = self._opened()
        link.check()
        return replace(link.status, beat_age_s=link.beat_age_s)

    def events(self) -> list[Event]:
        """Return what happened since the last call."""
        if self._link is None:
            return []
        waiting = self._link.events
        return [waiting.popleft() for _ in range(len(waiting))]

    def preview(self) -> Preview | None:
        """Return the newest small picture; None = there is none."""
        return None if self._meters is None else self._meters.read_preview()

    def level(self) -> Level:
        """Return how loud it is."""
        return Level() if self._meters is None else self._meters.read_level()

    def close(self) -> Session | None:
        """End the running take, give the devices back and end the process.

        Returns the session as it is on the disk; None where nothing was open.

        Raises
        ------
        RecorderFailed
            The recorder had ended already. `recorder.recovery` restores what was running.
        """
        if self._link is None:
            return None
        try:
            told = self._link.ask("close", ANSWER_LIMIT_S)
        finally:
            self._end()
        return None if told is None else session_from_dict(told)

    def _opened(self) -> EngineLink:
        if self._link is None:
            raise RecorderFailed("the recorder is not open")
        return self._link

    def _end(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.end()
        meters, self._meters = self._meters, None
        if meters is not None:
            meters.close()


def record_take(
    folder: Path,
    question: Question,
    options: CaptureOptions,
    *,
    seconds: float | None,
    goal: str | None = None,
    stop: threading.Event | None = None,
    on_level: Callable[[Level], None] | None = None,
    on_preview: Callable[[Preview], None] | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Take:
    """Record one take and return it.

    Parameters
    ----------
    folder : of the session.
    seconds : length; None = until ``stop`` is set.
    stop : ends it early.
    on_level, on_preview, on_event : called now and then, from this thread.

    Raises
    ------
    RecorderError
        As `Recorder` does.
    """
    stop = stop or threading.Event()
    with Recorder(folder, options) as recorder:
        recorder.open()
        id_ = recorder.begin(question, goal=goal)
        deadline_s = float("inf") if seconds is None else time.monotonic() + seconds
        seen_s = 0.0
        while True:
            for event in recorder.events():
                if on_event is not None:
                    on_event(event)
                if event.kind == "take-finished" and event.take_id == id_:
                    return _ended(event.take)  # the disk was full, or could not be written
            recorder.status()
            if on_level is not None:
                on_level(recorder.level())
            preview = recorder.preview() if on_preview is not None else None
            if on_preview is not None and preview is not None and preview.time_s > seen_s:
                seen_s = preview.time_s
                on_preview(preview)
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or stop.wait(min(LOOK_S, left_s)):
                break
        return _ended(recorder.finish())


def _ended(take: Take | None) -> Take:
    if take is None:
        raise RecorderFailed("the take was closed, and could not be ended as it should")
    return take
