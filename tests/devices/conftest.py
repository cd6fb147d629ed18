"""Programs that use devices, run by the harness's own tests."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


class Probe:
    """A program under the virtual devices."""

    def __init__(self, script: str, arguments: tuple, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(FOLDER / script), *map(str, arguments)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def began(self) -> None:
        """Wait until it has its device."""
        line = self.process.stdout.readline()
        assert line.strip() in ("recording", "reading"), line + self.process.stderr.read()

    def told(self) -> dict:
        out, errors = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, errors
        return json.loads(out.splitlines()[-1])


@pytest.fixture
def probe():
    """Start a program; it is ended with the test."""
    with contextlib.ExitStack() as stack:

        def start(script, *arguments, environment):
            found = Probe(script, arguments, environment)

            def end():
                if found.process.poll() is None:
                    found.process.kill()
                found.process.communicate()

            stack.callback(end)
            return found

        yield start
