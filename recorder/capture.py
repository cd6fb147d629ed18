"""Recording, as the rest of the program sees it: the user interface's side of the recorder.

`Recorder` starts the recorder's process (`recorder.engine`), asks it to do things and reads what it
tells. Preview and level come through shared memory. Nothing here slows a recording down.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from recorder import engine
from recorder.errors import RecorderFailed
from recorder.messages import (
    CaptureOptions,
    Event,
    Ready,
    Status,
    decode,
    encode,
    error_from_dict,
    event_from_dict,
    options_to_dict,
    ready_from_dict,
    status_from_dict,
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

SILENT_S = 5.0
"""without a heartbeat (two a second) for so long the recorder counts as failed (the project's
requirement)"""
OPEN_LIMIT_S = 90.0
"""for opening the devices (Windows' camera interface takes 4 to over 20 s), and for the first
start of the program from a cold disk"""
ANSWER_LIMIT_S = 75.0
"""for every other command: a little longer than the recorder itself waits for a slow disk"""
END_LIMIT_S = 10.0
"""for the process to end by itself after it was asked to"""
LOOK_S = 0.05


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
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: Any = None
        self._reader: threading.Thread | None = None
        self._meters: Meters | None = None
        self._answers: dict[int, dict[str, Any]] = {}
        self._answered = threading.Condition()
        self._events: deque[Event] = deque()
        self._status = Status()
        self._beat_s = time.monotonic()
        self._silence = _Silence()
        self._asked = 0

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

    def open(self) -> Ready:
        """Start the process and open the devices.

        Raises
        ------
        MicrophoneUnusable, CameraUnusable, RecorderBusy, FolderRefused, SessionUnreadable
        RecorderFailed
            The process does not start.
        """
        self._meters = Meters.make()
        try:
            self._start()
            told = self._ask(
                "open",
                OPEN_LIMIT_S,
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
        return self._ask("begin", ANSWER_LIMIT_S, question=asdict(question), goal=goal)

    def finish(self) -> Take | None:
        """End the running take and return it; None = none was running. The devices stay open.

        Raises
        ------
        WriterFailed, RecorderFailed
        """
        told = self._ask("finish", ANSWER_LIMIT_S)
        return None if told is None else take_from_dict(told)

    def status(self) -> Status:
        """Return the newest counters.

        Raises
        ------
        RecorderFailed
            The recorder has ended, or has been silent for `SILENT_S`.
        """
        age_s = time.monotonic() - self._beat_s
        self._check(age_s)
        return replace(self._status, beat_age_s=age_s)

    def events(self) -> list[Event]:
        """Return what happened since the last call."""
        return [self._events.popleft() for _ in range(len(self._events))]

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
        if self._process is None:
            return None
        try:
            told = self._ask("close", ANSWER_LIMIT_S)
        finally:
            self._end()
        return None if told is None else session_from_dict(told)

    def _start(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in _end)
        # A group of its own: Ctrl-C and the terminal's end reach only us.
        flags: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
            if os.name == "nt"
            else {"start_new_session": True}
        )
        try:
            self._process = subprocess.Popen[bytes](
                engine.command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                **flags,
            )
        except OSError as exc:
            raise RecorderFailed(f"the recorder can't be started ({exc.strerror})") from exc
        self._reader = threading.Thread(target=self._read, name="recorder", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = decode(line)
            if "beat" in message:
                self._status = status_from_dict(message["beat"])
                self._beat_s = time.monotonic()
            elif "event" in message:
                self._events.append(event_from_dict(message["event"]))
            else:
                with self._answered:
                    self._answers[message["reply"]] = message
                    self._answered.notify_all()
        with self._answered:
            self._answered.notify_all()

    def _ask(self, what: str, limit_s: float, **details: Any) -> Any:
        """Have something done and return the answer."""
        process = self._process
        if process is None or process.stdin is None:
            raise RecorderFailed("the recorder is not open")
        self._asked += 1
        id_ = self._asked
        try:
            process.stdin.write(encode({"do": what, "id": id_, **details}))
            process.stdin.flush()
        except OSError:
            raise RecorderFailed(self._why()) from None
        deadline_s = time.monotonic() + limit_s
        with self._answered:
            while id_ not in self._answers:
                self._answered.wait(LOOK_S)
                if id_ in self._answers:
                    break
                # While it loads its libraries it may be silent for longer.
                self._check(0.0 if what == "open" else time.monotonic() - self._beat_s)
                if time.monotonic() > deadline_s:
                    raise RecorderFailed(f"the recorder does not answer ({what})")
            answer = self._answers.pop(id_)
        if "error" in answer:
            raise error_from_dict(answer["error"])
        return answer["value"]

    def _check(self, age_s: float) -> None:
        process = self._process
        if process is None:
            raise RecorderFailed("the recorder is not open")
        if process.poll() is not None and (self._reader is None or not self._reader.is_alive()):
            raise RecorderFailed(self._why())
        if self._silence.too_long(age_s):
            raise RecorderFailed(
                f"the recorder has not answered for {SILENT_S:.0f} s: close it and begin again;"
                " `mensetsu recover` restores what was recorded"
            )

    def _why(self) -> str:
        """Say why the process ended, from the last line it printed."""
        assert self._process is not None
        code = self._process.wait(END_LIMIT_S)
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        if os.environ.get("MENSETSU_DEBUG") == "1" and lines:
            return "\n".join(lines)
        last = lines[-1].strip() if lines else "no message"
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return (
            f"the recorder ended unexpectedly ({how}: {last}): `mensetsu recover` restores what"
            " was recorded"
        )

    def _end(self) -> None:
        """Make sure that the process is gone, and everything that belongs to it."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            with contextlib.suppress(OSError):  # what was never read
                process.stdin.close()  # asks it to end
            try:
                process.wait(END_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if self._reader is not None:
                self._reader.join()
            process.stdout.close()
        if self._errors is not None:
            self._errors.close()
            self._errors = None
        if self._meters is not None:
            self._meters.close()
            self._meters = None


class _Silence:
    """Judges the age of the heartbeat by the time in which somebody looked.

    When the computer sleeps, so do both sides: the silence of that time means nothing.
    """

    def __init__(self) -> None:
        self._looked_s = time.monotonic()
        self._silent_s = 0.0

    def too_long(self, age_s: float) -> bool:
        now_s = time.monotonic()
        since_s, self._looked_s = now_s - self._looked_s, now_s
        self._silent_s = min(self._silent_s + min(since_s, 1.0), age_s)
        return self._silent_s > SILENT_S


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
                if event.kind == "take-finished" and event.take_id == id_ and event.take:
                    return event.take  # the disk was full
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
        take = recorder.finish()
        if take is None:
            raise RecorderFailed("the take was closed, and could not be ended as it should")
        return take
