"""Single keys from the terminal, without waiting for Enter.

Ctrl-C keeps its meaning. The terminal gets its old state back however the block is left; only
a program that is killed can't do so (``stty sane`` does).
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
import unicodedata
from collections.abc import Iterator
from typing import Protocol

_POLL_S = 0.02
_ESCAPE = "\x1b"


class Keys(Protocol):
    """Where keys come from."""

    def read(self, timeout_s: float) -> str | None:
        """Wait for a key; None = none came in time."""
        ...


class NoKeys:
    """Nobody is at the keys: standard input is no terminal."""

    def read(self, timeout_s: float) -> None:
        """Wait."""
        time.sleep(timeout_s)


@contextlib.contextmanager
def open_keys() -> Iterator[Keys]:
    """Yield the keys of the terminal, or `NoKeys` where standard input is none."""
    if sys.stdin is None or not sys.stdin.isatty():
        yield NoKeys()
    elif sys.platform == "win32":
        yield _ConsoleKeys()
    else:
        with _single_keys(sys.stdin.fileno()):
            yield _TerminalKeys(sys.stdin.fileno())


def plain_key(typed: str) -> str | None:
    """Return the first key of what was typed: small, narrow, None for arrows and the like."""
    if not typed or typed.startswith(_ESCAPE):
        return None
    # A Japanese input method sends wide letters.
    key = unicodedata.normalize("NFKC", typed[0]).lower()
    return "\n" if key == "\r" else key


if sys.platform == "win32":
    import msvcrt

    class _ConsoleKeys:
        """Keys of a Windows console."""

        def read(self, timeout_s: float) -> str | None:
            until = time.monotonic() + timeout_s
            while not msvcrt.kbhit():
                if time.monotonic() >= until:
                    return None
                time.sleep(_POLL_S)
            typed = msvcrt.getwch()
            if typed == "\x03":
                raise KeyboardInterrupt
            if typed in "\x00\xe0":  # an arrow or a function key: a second part follows
                msvcrt.getwch()
                return None
            return plain_key(typed)

else:
    import termios
    import tty

    class _TerminalKeys:
        """Keys of a POSIX terminal."""

        def __init__(self, handle: int) -> None:
            self._handle = handle

        def read(self, timeout_s: float) -> str | None:
            ready, _, _ = select.select([self._handle], [], [], timeout_s)
            if not ready:
                return None
            typed = os.read(self._handle, 64)
            if not typed:  # the terminal is gone
                raise KeyboardInterrupt
            return plain_key(typed.decode("utf-8", "ignore"))

    @contextlib.contextmanager
    def _single_keys(handle: int) -> Iterator[None]:
        before = termios.tcgetattr(handle)
        try:
            tty.setcbreak(handle, termios.TCSADRAIN)
            mode = termios.tcgetattr(handle)
            # Ctrl-Z would stop the recorder as well and tear a hole into the sound.
            mode[6][termios.VSUSP] = b"\0"
            termios.tcsetattr(handle, termios.TCSADRAIN, mode)
            termios.tcflush(handle, termios.TCIFLUSH)
            yield
        finally:
            # The terminal may be gone by now.
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(handle, termios.TCSADRAIN, before)
