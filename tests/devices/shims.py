"""The C parts, compiled once per process that uses them, and a wall clock that can be set."""

from __future__ import annotations

import atexit
import functools
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

_SOURCES = Path(__file__).parent


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="shims-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def built(source: str) -> Path:
    """Compile a shim and return the library."""
    library = _folder() / Path(source).with_suffix(".so")
    subprocess.run(
        ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
         str(library), str(_SOURCES / source), "-ldl", "-lpthread"],
        check=True,
    )  # fmt: skip
    return library


class VirtualClock:
    """The wall clock of programs that run with its environment; the monotonic one is the real."""

    def __init__(self) -> None:
        file, path = tempfile.mkstemp(prefix="clock-")
        os.truncate(file, 8)
        self._path = Path(path)
        self._offset = mmap.mmap(file, 8)
        os.close(file)

    @property
    def environment(self) -> dict[str, str]:
        return {"VCLOCK_FILE": str(self._path), "LD_PRELOAD": str(built("clock_shim.c"))}

    def set_ahead(self, seconds: float) -> None:
        """Set it so much ahead of (or behind) the real wall clock."""
        struct.pack_into("q", self._offset, 0, round(seconds * 1e9))

    def __enter__(self) -> VirtualClock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._offset.close()
        self._path.unlink()
