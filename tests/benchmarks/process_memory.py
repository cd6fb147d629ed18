"""Peak memory of a process and all its descendants (Linux)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
EVERY_S = 0.05


class MemoryMeter:
    """Looks every `EVERY_S` and keeps the largest sum.

    The sum is of PSS: memory that several processes share is counted once. Where the system does
    not show it, of RSS, which counts it in each.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_bytes = 0
        self.kind = "not measured"
        if _PROC.joinpath("self", "smaps_rollup").is_file():
            self.kind = "PSS"
        elif _PROC.joinpath("self", "status").is_file():
            self.kind = "RSS"

    def __enter__(self) -> MemoryMeter:
        if self.kind != "not measured":
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(EVERY_S):
            total = sum(self._bytes(pid) for pid in descendants(self._pid))
            self.peak_bytes = max(self.peak_bytes, total)

    def _bytes(self, pid: int) -> int:
        name, field = ("smaps_rollup", "Pss:") if self.kind == "PSS" else ("status", "VmRSS:")
        # A process may end while it is looked at.
        with contextlib.suppress(OSError):
            for line in _PROC.joinpath(str(pid), name).read_text().splitlines():
                if line.startswith(field):
                    return int(line.split()[1]) * 1024
        return 0


def descendants(pid: int) -> Iterator[int]:
    """Yield a process and everything below it."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                # pid (name) state ppid …; the name may hold spaces and brackets.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    waiting = [pid]
    while waiting:
        at = waiting.pop()
        yield at
        waiting += children.get(at, [])
