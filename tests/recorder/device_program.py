"""A Python process with virtual devices that does what a test tells it, statement by statement."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from recorder import errors

ROOT = Path(__file__).resolve().parents[2]

_LOOP = """
import dataclasses, json, sys
from recorder.errors import DeviceUnusable

space = {}
for line in sys.stdin:
    kind, code = json.loads(line)
    answer = {}
    try:
        if kind == "run":
            exec(code, space)
        else:
            answer["value"] = eval(code, space)
    except DeviceUnusable as exc:
        answer = {"refused": [type(exc).__name__, str(exc), exc.reason]}
    except BaseException as exc:
        answer = {"failed": f"{type(exc).__name__}: {exc}"}
    print(json.dumps(answer, default=dataclasses.asdict), flush=True)
"""


class Program:
    """The process; a DeviceUnusable that it meets is raised in the test."""

    def __init__(self, environment: dict[str, str], start: str = "") -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LOOP],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.pid = self._process.pid
        if start:
            self.run(start)

    def run(self, code: str) -> None:
        """Execute statements."""
        self._ask("run", code)

    def value(self, expression: str) -> Any:
        """Return what an expression gives, as JSON tells it (dataclasses are dicts)."""
        return self._ask("value", expression)["value"]

    def wait(self, expression: str, within_s: float = 30) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + within_s
        while not self.value(f"bool({expression})"):
            assert time.monotonic() < until, f"never true: {expression}"
            time.sleep(0.02)

    @property
    def printed(self) -> str:
        """What it and its libraries wrote to standard error."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def _ask(self, kind: str, code: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([kind, code]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the program ended: {self.printed}"
        answer = json.loads(line)
        assert "failed" not in answer, f"{answer['failed']}\n{self.printed}"
        if "refused" in answer:
            name, message, reason = answer["refused"]
            raise getattr(errors, name)(message, reason)
        return answer

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()
