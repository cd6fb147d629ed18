"""Process that stands in for a camera's sensor: writes frames, a little ahead of their time.

Frame k is captured at `first_s + k / rate`. The shim hands it to the program at that moment.
"""

from __future__ import annotations

import json
import mmap
import shutil
import struct
import sys
import time
from pathlib import Path
from typing import Any

from feeder import Commands, as_hardware

AHEAD_S = 0.2
"""So much earlier a frame is written; no command takes effect sooner."""
DATA_AT, SLOT_AT, SLOT_FORMAT, WRITTEN_AT = 4096, 1024, "QII", 36


class Frames:
    """A file of frames: count, where each begins, the frames."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        (self.count,) = struct.unpack_from("Q", self._bytes, 0)
        self._starts = struct.unpack_from(f"{self.count + 1}Q", self._bytes, 8)

    def __getitem__(self, number: int) -> bytes:
        return self._bytes[self._starts[number] : self._starts[number + 1]]


class Sensor:
    """Fills the ring."""

    def __init__(self, ring: Path, default: Path) -> None:
        with ring.open("r+b") as file:
            self._ring = mmap.mmap(file.fileno(), 0)
        self._slots, self._slot_bytes = struct.unpack_from("II", self._ring, 16)
        (rate_mhz,) = struct.unpack_from("I", self._ring, 32)
        self._period_s = 1000 / rate_mhz
        self._first_s = time.monotonic() + AHEAD_S
        self._count = 0
        self._default = Frames(default)
        self._playing: tuple[int, Frames, bool] | None = None
        self._next: tuple[int, Frames, bool] | None = None
        self.stalled = False
        self.late_s = 0.0

    def time_of(self, frame: int) -> float:
        return self._first_s + frame * self._period_s

    @property
    def due_s(self) -> float:
        """When the next frame has to be written."""
        return self.time_of(self._count) - AHEAD_S

    def play(self, frames: Frames, at_s: float | None, repeat: bool) -> tuple[int, float]:
        first = self._count
        if at_s is not None:
            # A hair late is not the next frame.
            behind = (at_s - self._first_s) / self._period_s
            first = max(first, int(-((-behind + 1e-6) // 1)))
        self._next = (first, frames, repeat)
        return first, self.time_of(first)

    def feed(self) -> None:
        while self.due_s <= time.monotonic():
            self.late_s = max(self.late_s, time.monotonic() - self.due_s)
            if self._next is not None and self._next[0] <= self._count:
                self._playing, self._next = self._next, None
            frame = self._frame()
            if not self.stalled:
                self._write(frame)
            self._count += 1

    def _frame(self) -> bytes:
        if self._playing is not None:
            first, frames, repeat = self._playing
            number = self._count - first
            if repeat or number < frames.count:
                return frames[number % frames.count]
            self._playing = None
        return self._default[self._count % self._default.count]

    def _write(self, frame: bytes) -> None:
        (written,) = struct.unpack_from("I", self._ring, WRITTEN_AT)
        number = written + 1
        slot = number % self._slots
        at = DATA_AT + slot * self._slot_bytes
        self._ring[at : at + len(frame)] = frame
        at_ns = round(self.time_of(self._count) * 1e9)
        struct.pack_into(SLOT_FORMAT, self._ring, SLOT_AT + slot * 16, at_ns, len(frame), number)
        struct.pack_into("I", self._ring, WRITTEN_AT, number)


def main() -> None:
    as_hardware()
    options = json.loads(sys.argv[1])
    sensor = Sensor(Path(options["ring"]), Path(options["default"]))
    commands = Commands()
    commands.reply()
    while not commands.over:
        for command in commands.until(sensor.due_s):
            try:
                commands.reply(**_obey(sensor, command))
            except (OSError, ValueError, LookupError) as exc:
                commands.reply(error=repr(exc))
        sensor.feed()
    if commands.left_alone:
        for folder in options["folders"]:
            shutil.rmtree(folder, ignore_errors=True)


def _obey(sensor: Sensor, command: dict[str, Any]) -> dict[str, Any]:
    match command["command"]:
        case "play":
            frames = Frames(Path(command["path"]))
            first, start_s = sensor.play(frames, command["at_s"], command["repeat"])
            return {"first": first, "start_s": start_s}
        case "stall":
            sensor.stalled = command["active"]
        case "state":
            return {"late_s": sensor.late_s}
        case other:
            raise ValueError(other)
    return {}


if __name__ == "__main__":
    main()
