"""Preview and level, shared with the user interface without either waiting for the other.

One block of shared memory with two parts, each under a counter that is odd while it is written
(a sequence lock). The recorder writes whenever it likes; who reads takes a copy and, where the
counter moved meanwhile, another. The user interface makes the block and removes its name as soon
as the recorder has it, so that nothing is left behind whoever gets killed.
"""

from __future__ import annotations

import contextlib
import math
import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import resource_tracker, shared_memory
from typing import Any

import numpy as np
from numpy.typing import NDArray

PREVIEW_PX = (640, 360)
"""largest preview, width and height (the project's requirement); its proportions are the
picture's"""
LEVEL_S = 0.1
"""the level is that of so long (the project's requirement)"""
SILENT_DBFS = -120.0
"""told for exact zeros: below the noise of any 16-bit sound (-98)"""

_COUNTER = struct.Struct("<Q")
_PICTURE = struct.Struct("<dII")  # time, width, height
_LEVEL = struct.Struct("<ddd?")  # time, rms, peak, clipped
_LEVEL_AT, _PICTURE_AT, _PIXELS_AT = 0, 64, 128
_SIZE = _PIXELS_AT + PREVIEW_PX[0] * PREVIEW_PX[1] * 3
_TRIES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A small picture of what the camera sees."""

    image: NDArray[np.uint8]
    """BGR, shape (height, width, 3)"""
    time_s: float
    """time of capture on the clock of `time.monotonic()`"""


@dataclass(frozen=True, slots=True)
class Level:
    """How loud it is."""

    rms_dbfs: float = SILENT_DBFS
    """0 = the loudest square wave"""
    peak_dbfs: float = SILENT_DBFS
    clipped: bool = False
    """full scale was hit"""
    time_s: float = 0.0
    """`time.monotonic()` of the recorder when it was measured; 0 = nothing yet"""


class Meters:
    """The shared block. Use `make` in the user interface and `attach` in the recorder."""

    def __init__(self, memory: shared_memory.SharedMemory, *, owner: bool) -> None:
        self._memory = memory
        self._owner = owner
        self.name = memory.name
        """to attach to"""

    @classmethod
    def make(cls) -> Meters:
        """Make a block."""
        return cls(shared_memory.SharedMemory(create=True, size=_SIZE), owner=True)

    @classmethod
    def attach(cls, name: str) -> Meters:
        """Use a block that another process made."""
        with _untracked():
            return cls(shared_memory.SharedMemory(name), owner=False)

    def write_preview(self, image: NDArray[np.uint8], time_s: float) -> None:
        """Show a picture, at most `PREVIEW_PX` large."""
        height, width = image.shape[:2]
        with self._writing(_PICTURE_AT):
            _PICTURE.pack_into(self._buffer, _PICTURE_AT + 8, time_s, width, height)
            self._pixels(width, height)[:] = image

    def write_level(self, level: Level) -> None:
        """Show a level."""
        with self._writing(_LEVEL_AT):
            values = (level.time_s, level.rms_dbfs, level.peak_dbfs, level.clipped)
            _LEVEL.pack_into(self._buffer, _LEVEL_AT + 8, *values)

    def read_preview(self) -> Preview | None:
        """Return the newest picture; None before the first."""
        for _ in range(_TRIES):
            before = self._counter(_PICTURE_AT)
            if before == 0:
                return None
            if before % 2 == 0:
                time_s, width, height = _PICTURE.unpack_from(self._buffer, _PICTURE_AT + 8)
                # Half-written sizes may be any: they count only if the counter stands.
                if width <= PREVIEW_PX[0] and height <= PREVIEW_PX[1]:
                    image = self._pixels(width, height).copy()
                    if self._counter(_PICTURE_AT) == before:
                        return Preview(image, time_s)
        return None

    def read_level(self) -> Level:
        """Return the newest level."""
        for _ in range(_TRIES):
            before = self._counter(_LEVEL_AT)
            if before and before % 2 == 0:
                time_s, rms, peak, clipped = _LEVEL.unpack_from(self._buffer, _LEVEL_AT + 8)
                if self._counter(_LEVEL_AT) == before:
                    return Level(rms, peak, clipped, time_s)
        return Level()

    def unlink(self) -> None:
        """Remove the block's name: it lives on with those who have it."""
        if self._owner:
            self._owner = False
            self._memory.unlink()

    def close(self) -> None:
        """Give the block back; any number of times."""
        self.unlink()
        self._memory.close()

    @property
    def _buffer(self) -> Any:
        return self._memory.buf

    def _counter(self, at: int) -> int:
        return _COUNTER.unpack_from(self._buffer, at)[0]

    @contextlib.contextmanager
    def _writing(self, at: int) -> Iterator[None]:
        count = self._counter(at)
        _COUNTER.pack_into(self._buffer, at, count + 1)
        yield
        _COUNTER.pack_into(self._buffer, at, count + 2)

    def _pixels(self, width: int, height: int) -> NDArray[np.uint8]:
        return np.ndarray((height, width, 3), np.uint8, self._memory.buf, _PIXELS_AT)


class LevelMeter:
    """Measures the level of the last moments."""

    def __init__(self, rate_hz: int) -> None:
        self._length = round(LEVEL_S * rate_hz)
        self._parts: deque[tuple[int, float, int]] = deque()
        self._n_frames = 0

    def feed(self, samples: NDArray[np.int16]) -> None:
        """Take sound, shape (n, channels)."""
        values = samples.astype(np.float32)
        peak = int(np.abs(values).max(initial=0.0))
        self._parts.append((len(samples), float(np.square(values).mean(axis=1).sum()), peak))
        self._n_frames += len(samples)
        while self._n_frames - self._parts[0][0] >= self._length:
            self._n_frames -= self._parts.popleft()[0]

    def level(self, now_s: float) -> Level:
        """Return the level of the last `LEVEL_S`."""
        peak = max((part[2] for part in self._parts), default=0)
        power = sum(part[1] for part in self._parts) / max(self._n_frames, 1)
        return Level(_dbfs(math.sqrt(power)), _dbfs(peak), peak >= 32767, now_s)


def _dbfs(value: float) -> float:
    return max(20 * math.log10(value / 32768), SILENT_DBFS) if value > 0 else SILENT_DBFS


@contextlib.contextmanager
def _untracked() -> Iterator[None]:
    """Keep Python from removing a block of another process when this one ends.

    Until Python 3.13, which has an argument for it, attaching counts as owning.
    """
    register = resource_tracker.register
    resource_tracker.register = lambda name, rtype: None
    try:
        yield
    finally:
        resource_tracker.register = register
