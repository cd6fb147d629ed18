"""The file under the muxer: never overwrites, ends whole on a full disk, is synced by a thread."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

from recorder.disk import free_ballast, is_full, open_for_sync, sync_file
from recorder.errors import FolderRefused, WriterFailed

# How long a full disk is asked again after its reserve was freed.
_RETRIES, _RETRY_S = 20, 0.05


class Sink:
    """A file to hand to PyAV.

    Parameters
    ----------
    path : file to make; one that exists is not overwritten.
    reserve : free the reserve of the folder when the disk is full, and go on.

    Raises
    ------
    FolderRefused
        The file can't be made there.
    WriterFailed
        It exists, or the disk is full.
    """

    def __init__(self, path: Path, *, reserve: bool = True) -> None:
        self._folder = path.parent
        self._reserve = reserve
        try:
            self._file = path.open("xb", buffering=0)
        except FileExistsError as exc:
            raise WriterFailed(f"{path} exists: it is not overwritten") from exc
        except OSError as exc:
            if is_full(exc):
                raise WriterFailed(full_message(path), full=True) from exc
            raise FolderRefused(
                f"{path} can't be made ({exc.strerror}): choose a folder you may write to"
            ) from exc
        self.length = 0
        self.full = False
        """the disk was full, and the reserve is in use"""
        self.broken: OSError | None = None
        """what made the file stop growing for good"""

    def write(self, data: bytes) -> int:
        """Write everything, or mark the file as broken and raise OSError."""
        if self.broken is not None:
            # Duration and index over a torn middle would make it worse.
            raise self.broken
        rest = memoryview(data)
        tries = 0
        while rest:
            try:
                rest = rest[self._file.write(rest) or 0 :]
            except OSError as exc:
                # The longest possible file gets no longer by freeing space.
                hopeless = not is_full(exc) or exc.errno == errno.EFBIG or tries >= _RETRIES
                if hopeless or not (self.full or self._room_made()):
                    self.broken = exc
                    raise
                self.full = True
                if tries:
                    time.sleep(_RETRY_S)
                tries += 1
        self.length = max(self.length, self._file.tell())
        return len(data)

    def _room_made(self) -> bool:
        return self._reserve and free_ballast(self._folder)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another place, as the muxer does for duration and index."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    @property
    def closed(self) -> bool:
        """Whether it is: PyAV looks before it writes an end while being thrown away."""
        return self._file.closed

    def close(self, *, sync: bool = False) -> bool:
        """Close the file; False where a last sync fails."""
        try:
            if sync:
                sync_file(self._file.fileno())
        except OSError:
            return False
        finally:
            self._file.close()
        return True


class Syncer:
    """Syncs a growing file from a thread and through a descriptor of its own."""

    def __init__(self, path: Path, every_s: float) -> None:
        self.worst_s = 0.0
        self.failures = 0
        self.full = False
        """a sync was refused for lack of space"""
        self.lost = False
        """the disk could not take what was written"""
        self._descriptor = open_for_sync(path)
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync-to-disk", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            started = time.monotonic()
            try:
                sync_file(self._descriptor)
            except OSError as exc:
                # The recording goes on unless data was lost: what is not synced is only at risk in
                # a power cut.
                self.failures += 1
                self.full = self.full or is_full(exc)
                self.lost = self.lost or exc.errno == errno.EIO
            self.worst_s = max(self.worst_s, time.monotonic() - started)

    def stop(self) -> None:
        """End the thread; the last sync is `Sink.close`'s."""
        self._over.set()
        self._thread.join()
        os.close(self._descriptor)


def full_message(path: Path) -> str:
    """Say that the disk of a file is full."""
    return f"the disk of {path.parent} is full: free some space, then record again"
