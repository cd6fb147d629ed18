"""The recorder's process as the user interface's side holds it: start, ask, listen, end."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections import deque
from typing import Any

from recorder import engine
from recorder.errors import RecorderFailed
from recorder.messages import (
    Event,
    Status,
    decode,
    encode,
    error_from_dict,
    event_from_dict,
    status_from_dict,
)

SILENT_S = 5.0
"""without a heartbeat (two a second) for so long the recorder counts as failed (the project's
requirement)"""
END_LIMIT_S = 10.0
"""for the process to end by itself after it was asked to"""
LOOK_S = 0.05


class EngineLink:
    """A running recorder process.

    Raises
    ------
    RecorderFailed
        It does not start.
    """

    def __init__(self) -> None:
        self.status = Status()
        """the newest counters"""
        self.events: deque[Event] = deque()
        """what happened; whoever reads them takes them"""
        self._beat_s = time.monotonic()
        self._silence = Silence()
        self._answers: dict[int, dict[str, Any]] = {}
        self._answered = threading.Condition()
        self._asked = 0
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in end)
        # On its own (on Windows without a console): Ctrl-C and the terminal's end reach only us.
        flags: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}  # type: ignore[attr-defined]
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
            self._errors.close()
            raise RecorderFailed(f"the recorder can't be started ({exc.strerror})") from exc
        self._reader = threading.Thread(target=self._read, name="recorder", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def beat_age_s(self) -> float:
        """Time since the counters came."""
        return time.monotonic() - self._beat_s

    def ask(self, what: str, limit_s: float, *, patient: bool = False, **details: Any) -> Any:
        """Have something done and return the answer.

        Parameters
        ----------
        limit_s : how long it may take.
        patient : the heartbeat may stop meanwhile.

        Raises
        ------
        RecorderError
            What the recorder answered, or `RecorderFailed` where it does not answer.
        """
        self._asked += 1
        id_ = self._asked
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(encode({"do": what, "id": id_, **details}))
            self._process.stdin.flush()
        except OSError:
            raise RecorderFailed(self._why()) from None
        deadline_s = time.monotonic() + limit_s
        with self._answered:
            while id_ not in self._answers:
                self._answered.wait(LOOK_S)
                if id_ in self._answers:
                    break
                self.check(patient=patient)
                if time.monotonic() > deadline_s:
                    raise RecorderFailed(f"the recorder does not answer ({what})")
            answer = self._answers.pop(id_)
        if "error" in answer:
            raise error_from_dict(answer["error"])
        return answer["value"]

    def check(self, *, patient: bool = False) -> None:
        """See that the recorder lives.

        Raises
        ------
        RecorderFailed
            It has ended, or has been silent for `SILENT_S`.
        """
        # What it said before it ended is read first.
        if self._process.poll() is not None and not self._reader.is_alive():
            raise RecorderFailed(self._why())
        if self._silence.too_long(0.0 if patient else self.beat_age_s):
            raise RecorderFailed(
                f"the recorder has not answered for {SILENT_S:.0f} s: close it and begin again;"
                " `mensetsu recover` restores what was recorded"
            )

    def end(self) -> None:
        """Make sure that the process is gone, and everything that belongs to it."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):  # what was never read
            process.stdin.close()  # asks it to end
        try:
            process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join()
        process.stdout.close()
        self._errors.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = decode(line)
            if "beat" in message:
                self.status = status_from_dict(message["beat"])
                self._beat_s = time.monotonic()
            elif "event" in message:
                self.events.append(event_from_dict(message["event"]))
            else:
                with self._answered:
                    self._answers[message["reply"]] = message
                    self._answered.notify_all()

    def _why(self) -> str:
        """Say why the process ended, from the last line it printed."""
        try:
            code = self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            return "the recorder does not listen any more"
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


class Silence:
    """Judges the age of the heartbeat by the time in which somebody looked.

    When the computer sleeps, so do both sides: the silence of that time means nothing.
    """

    def __init__(self) -> None:
        self._looked_s = time.monotonic()
        self._silent_s = 0.0

    def too_long(self, age_s: float) -> bool:
        """Look again at how old the heartbeat is."""
        now_s = time.monotonic()
        since_s, self._looked_s = now_s - self._looked_s, now_s
        self._silent_s = min(self._silent_s + min(since_s, 1.0), age_s)
        return self._silent_s > SILENT_S
