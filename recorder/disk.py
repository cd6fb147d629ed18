"""What makes written data stay: syncing it to the disk, and a reserve for a full one."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from recorder.session import sync_folder

BALLAST = ".reserve"
"""name of the reserve in a session folder"""

BALLAST_BYTES = 5_000_000
"""about 8 s at the highest rate of picture and sound: enough to end the file and the journal
(our judgement)"""

_FULL = frozenset(
    number
    for name in ("ENOSPC", "EDQUOT", "EFBIG")  # no space; quota; longest file (FAT32: 4 GB)
    if (number := getattr(errno, name, None)) is not None
)


def is_full(exc: BaseException) -> bool:
    """Whether an error says that nothing more can be written for lack of space."""
    return isinstance(exc, OSError) and exc.errno in _FULL


def sync_file(descriptor: int) -> None:
    """Have the contents of an open file written to the disk; the descriptor must be writable.

    Raises
    ------
    OSError
        The system can't.
    """
    if sys.platform == "darwin":
        import fcntl

        try:
            # fsync of macOS leaves the data in the drive's own cache.
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError:  # not every file system knows it (network shares)
            os.fsync(descriptor)
    elif sys.platform == "win32":
        os.fsync(descriptor)
    else:
        os.fdatasync(descriptor)


def open_for_sync(path: Path) -> int:
    """Return a descriptor of its own for `sync_file`; the caller closes it."""
    return os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))


def make_ballast(folder: Path) -> bool:
    """Reserve `BALLAST_BYTES` in a session folder; False where the disk has no room for it."""
    path = folder / BALLAST
    with contextlib.suppress(OSError):
        if path.stat().st_size == BALLAST_BYTES:
            return True
    try:
        with path.open("wb") as file:
            # Random: a file system that compresses would reserve next to nothing for zeros.
            file.write(os.urandom(BALLAST_BYTES))
            file.flush()
            sync_file(file.fileno())
    except OSError:
        free_ballast(folder)
        return False
    return True


def free_ballast(folder: Path) -> bool:
    """Give the reserve back to the disk; False where there was none."""
    try:
        (folder / BALLAST).unlink()
    except OSError:
        return False
    # Some file systems free space only with the next commit, which this brings about.
    sync_folder(folder)
    return True
