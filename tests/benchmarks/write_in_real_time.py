"""A take written in real time, to be killed: ``python write_in_real_time.py MEDIA STATE [SYNC_S]``.

`TakeWriter` and `TakeJournal` as the recorder uses them, with 640×360 pictures at 30 fps and noise
at 48 kHz. What was handed over stands in the file STATE, outside of what is being tested.
"""

from __future__ import annotations

import mmap
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from recorder.journal import TakeJournal, journal_path
from recorder.session import CaptureHealth, Question, Take
from recorder.writer import PictureFormat, SoundFormat, TakeWriter

RATE_HZ = 48_000
BLOCK = 480
PICTURES_HZ = 30
WIDTH_PX, HEIGHT_PX = 640, 360
_LAYOUT = "ddd"


@dataclass(frozen=True, slots=True)
class State:
    """What the process had handed to the writer."""

    samples: int
    pictures: int
    worst_sync_s: float

    @property
    def sound_s(self) -> float:
        """Length of the sound handed over."""
        return self.samples / RATE_HZ

    @property
    def picture_s(self) -> float:
        """Length of the picture handed over."""
        return self.pictures / PICTURES_HZ


def read_state(path: Path) -> State | None:
    """Return what the process had handed over; None = it has not begun."""
    size = struct.calcsize(_LAYOUT)
    data = path.read_bytes()[:size] if path.exists() else b""
    if len(data) < size:
        return None
    samples, pictures, worst_sync_s = struct.unpack(_LAYOUT, data)
    return State(int(samples), int(pictures), worst_sync_s) if samples else None


def sound(first: int, count: int) -> np.ndarray:
    """Return the sound from sample `first` on: the same for every run, and no two alike."""
    index = np.arange(first, first + count, dtype=np.uint64)
    mixed = (index * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(50)
    return (mixed.astype(np.int32) - 8192).astype(np.int16)[:, None]


def pictures() -> list[np.ndarray]:
    """Return 30 noisy pictures with something moving."""
    noise = np.random.default_rng(0)
    across = np.arange(WIDTH_PX)[None, :, None]
    bank = []
    for number in range(PICTURES_HZ):
        wave = 90 + 20 * np.sin(across / 40 + number / 5)
        grain = noise.integers(0, 6, (HEIGHT_PX, WIDTH_PX, 3))
        bank.append((wave + grain).astype(np.uint8))
    return bank


def take(media: Path) -> Take:
    """Return the take as it is known at its start."""
    question = Question(
        "why-us", "Why us?", "なぜ弊社ですか。", "first", "motivation", "", "", (60, 90)
    )
    return Take(
        id=f"{media.parent.name}-{media.name[:2]}",
        question=question,
        media=media.name,
        duration_s=0.0,
        sample_rate_hz=RATE_HZ,
        channels=1,
        frame_size_px=(WIDTH_PX, HEIGHT_PX),
        health=CaptureHealth(),
    )


def main() -> None:
    """Write until somebody kills this process."""
    media, state = Path(sys.argv[1]), Path(sys.argv[2])
    sync_s = float(sys.argv[3]) if len(sys.argv) > 3 else 0.5
    state.write_bytes(bytes(64))
    with state.open("r+b") as file:
        shared = mmap.mmap(file.fileno(), 64)
    bank = pictures()
    journal = TakeJournal(journal_path(media), take(media), language="ja")
    writer = TakeWriter(
        media,
        SoundFormat(RATE_HZ, 1),
        PictureFormat(WIDTH_PX, HEIGHT_PX, PICTURES_HZ),
        sync_s=sync_s,
    )
    began = time.monotonic()
    shown = second = 0
    while True:
        now = time.monotonic()
        due = int((now - began) * RATE_HZ) // BLOCK * BLOCK
        idle = True
        # As the recorder does: all the sound there is, then one picture.
        while writer.samples < due:
            writer.write_sound(sound(writer.samples, BLOCK))
            idle = False
        if shown / PICTURES_HZ <= now - began:
            writer.write_picture(bank[shown % PICTURES_HZ], shown / PICTURES_HZ)
            shown += 1
            idle = False
        if now - began >= second:
            journal.second(writer.samples / RATE_HZ, frames_dropped_by={"queue": 2})
            second += 1
        if idle:
            time.sleep(0.002)
        struct.pack_into(_LAYOUT, shared, 0, writer.samples, shown, writer.worst_sync_s)


if __name__ == "__main__":
    main()
