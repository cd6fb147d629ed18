"""The processes that stand in for hardware, and how tests talk to them: JSON lines.

A stand-in is a process of its own, so that nothing that a test does can hold it up. It ends when
its standard input does: it never outlives the test, however that ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ANSWER_WITHIN_S = 60.0
"""For a machine that does many other things (our judgement)."""
NICENESS = -15
"""Hardware does not wait for its share of the processor; only root may set it."""
_PR_SET_PDEATHSIG = 1


class FeederFailed(RuntimeError):
    """A stand-in for hardware ended or did not answer."""


class Feeder:
    """The test's side: starts the process, sends commands, ends it."""

    def __init__(self, script: str, options: dict[str, Any], log: Path) -> None:
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name(script)), json.dumps(options)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                # Ctrl-C is meant for the program under test.
                start_new_session=True,
            )
        self._unread = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, command: str, **details: Any) -> dict[str, Any]:
        """Send a command and return the answer."""
        assert self._process.stdin is not None
        line = json.dumps({"command": command, **details}) + "\n"
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except OSError as exc:
            raise FeederFailed(self._told()) from exc
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Return the next answer, without having asked: at the start it means "ready"."""
        assert self._process.stdout is not None
        until = time.monotonic() + ANSWER_WITHIN_S
        pipe = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(pipe, 65536) if ready else b""
            if not piece:
                raise FeederFailed(self._told())
            self._unread += piece
        line, _, self._unread = self._unread.partition(b"\n")
        answer = json.loads(line)
        if "error" in answer:
            raise FeederFailed(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if self._process.stdout.closed:
            return
        # It may have ended by itself, with a command unread.
        with contextlib.suppress(OSError):
            self._process.stdin.write(b'{"command": "end"}\n')
            self._process.stdin.flush()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _told(self) -> str:
        state = self._process.poll()
        return f"stand-in for hardware ({state=}): {self._log.read_text(errors='replace')}"


class Commands:
    """The stand-in's side."""

    def __init__(self) -> None:
        self._unread = b""
        self.over = False
        self.left_alone = False
        """The test ended without a word: nobody else tidies up."""

    def until(self, deadline_s: float) -> Iterator[dict[str, Any]]:
        """Yield the commands that come before a moment of the monotonic clock."""
        while not self.over:
            yield from self._lines()
            left = deadline_s - time.monotonic()
            if left <= 0 or not select.select([0], [], [], left)[0]:
                return
            piece = os.read(0, 65536)
            self.over = self.left_alone = not piece
            self._unread += piece

    def _lines(self) -> Iterator[dict[str, Any]]:
        while b"\n" in self._unread:
            line, _, self._unread = self._unread.partition(b"\n")
            command = json.loads(line)
            if command["command"] == "end":
                self.over = True
                return
            yield command

    def reply(self, **details: Any) -> None:
        os.write(1, (json.dumps(details) + "\n").encode())


def as_hardware() -> None:
    """Raise the priority of this process where that is allowed."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
        set_group_priority(os.getpid(), NICENESS)


def set_group_priority(pid: int, niceness: int) -> None:
    """Set the priority of a process's session against other sessions.

    Where Linux shares the processor among sessions first ("autogroup"), the niceness of a process
    counts only within its own.
    """
    group = Path(f"/proc/{pid}/autogroup")
    if group.exists():
        group.write_text(str(niceness))


def die_with_parent() -> None:
    """Between fork and exec: have the kernel end this process when the one that forked ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
