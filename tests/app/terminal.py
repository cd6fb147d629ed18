"""`mensetsu` on a terminal of the test's own: what it shows, and keys for it."""

import contextlib
import os
import re
import select
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from app.sitting import DEAF_S

if sys.platform != "win32":  # where its helpers alone are of use
    import fcntl
    import pty
    import termios

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 60.0
"""No test waits longer for anything: far beyond what a busy machine needs."""


def command(*arguments):
    """Return the command line of `mensetsu` with arguments."""
    return [sys.executable, "-m", "app", *map(str, arguments)]


def wait_until(condition, why):
    began = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - began < WITHIN_S, why() if callable(why) else why
        time.sleep(0.05)
    return found


class Terminal:
    """`mensetsu` on a terminal: what it shows, and keys for it."""

    def __init__(self, environment, *arguments, columns=80, **more):
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._theirs = theirs
        self._before = termios.tcgetattr(theirs)
        self._shown = bytearray()
        self.process = subprocess.Popen(
            command(*arguments),
            cwd=ROOT,
            env={**environment, "TERM": "xterm-256color", **more},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        while not self._closing.is_set():
            ready, _, _ = select.select([self._ours], [], [], 0.05)
            if ready:
                with contextlib.suppress(OSError):
                    self._shown += os.read(self._ours, 4096)

    @property
    def shown(self):
        text = self._shown.decode(errors="replace")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\xa0", " ")

    def wait_for(self, pattern, times=1):
        """Wait until a text was shown so often, and return where."""
        return wait_until(
            lambda: len(found := re.findall(pattern, self.shown)) >= times and found,
            lambda: f"{pattern!r} in {self.shown[-3000:]}",
        )

    def press(self, keys):
        time.sleep(DEAF_S + 0.1)
        os.write(self._ours, keys.encode())

    def forget(self):
        self._shown.clear()

    def finish(self):
        code = self.process.wait(WITHIN_S)
        time.sleep(0.1)
        return code

    @property
    def restored(self):
        """Whether the terminal is as it was before."""
        return termios.tcgetattr(self._theirs) == self._before

    def hang_up(self):
        """Close the window."""
        self._closing.set()
        self._reader.join()
        os.close(self._theirs)
        os.close(self._ours)
        self._ours = self._theirs = -1

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._ours >= 0:
            self.hang_up()


def _take_terminal():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
