"""What a crash can take: ``python tests/benchmarks/crash_safety.py [kill] [power] [full]``.

kill    kill -9 of the recorder at random moments, then ``recover``
power   the same with a snapshot of the file system, as a power cut leaves it (root, xfsprogs)
full    the disk fills up at once while a take is recorded (root)

The recorder runs on the virtual devices of tests/devices: what a microphone hears is known to the
sample, so a recording tells when each of its samples was captured. Lost is what was captured
before the moment of the crash and is not in the file. With ``--writer`` only the writer and the
journal run, on made-up sound and pictures. It never fails: a target that is not met is printed as
such.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from tables import Table
from truth import ROOT
from write_in_real_time import RATE_HZ, State, read_state, sound, take

sys.path.insert(0, str(ROOT))

from recorder.capture import CaptureOptions, Recorder
from recorder.errors import RecorderFailed
from recorder.recovery import recover
from recorder.session import Session, read_session, write_session
from tests.devices.environment import device_environment, missing
from tests.devices.virtual_camera import VirtualCamera, VirtualCameras
from tests.devices.virtual_microphone import Played, VirtualMicrophone

MOST_LOST_KILL_S = 1.0
MOST_LOST_POWER_S = 1.5
MOST_UNTIL_TOLD_S = 2.0
# Files that held so much have to be readable.
HELD_S = 2.0
FIRST_S, LAST_S = 2.0, 9.0
# Longer than any run with one recorder.
PLAYED_S = 60
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """One crash and what came back."""

    held_s: float
    """length of the take at the moment of the crash"""
    readable: bool
    """the file as the crash left it gives sound and pictures"""
    sound_lost_s: float
    picture_lost_s: float
    recovered: bool
    """`recover` made a take of it with the same sound and pictures"""
    kept: bool
    """nothing was deleted, and the session holds the take that was finished before"""
    note: str
    """what `recover` told, and what the journal says about dropped pictures"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a recording gives when it is decoded."""

    samples: np.ndarray
    last_picture_s: float
    """time of the newest picture; NaN = no picture"""
    pictures: int


class Writer:
    """Only writer and journal, in a process of their own."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.media = folder / "01-why-us.mkv"
        self.takes = 1
        self._state = scratch / "state"
        self._state.unlink(missing_ok=True)
        command = [sys.executable, str(_HERE / "write_in_real_time.py")]
        self._process = subprocess.Popen([*command, str(self.media), str(self._state)])
        while read_state(self._state) is None:
            time.sleep(0.01)

    def moment(self) -> State:
        state = read_state(self._state)
        assert state is not None
        return state

    def kill(self) -> State:
        self._process.kill()
        self._process.wait()
        return self.moment()

    def lost(self, moment: State, got: Contents) -> tuple[float, float, float]:
        """Return the length of the take, and what is missing of sound and picture, s."""
        picture_s = got.last_picture_s + 1 / 30
        return (
            moment.sound_s,
            moment.sound_s - len(got.samples) / RATE_HZ,
            moment.picture_s - picture_s,
        )

    def close(self) -> None:
        if self._process.poll() is None:
            self.kill()


class WholeRecorder:
    """The final recorder on virtual devices."""

    def __init__(self, folder: Path, devices: Devices, switch: bool) -> None:
        question = take(folder / "01-why-us.mkv").question
        self._devices = devices
        self.takes = 1 + switch
        self.media = folder / f"{self.takes:02}-{question.id}.mkv"
        self.recorder = Recorder(folder, CaptureOptions(reserve_bytes=0, low_bytes=0))
        self.recorder.open()
        for number in range(self.takes):
            if number:
                time.sleep(1.5)
            self.recorder.begin(question)

    def moment(self) -> float:
        return time.monotonic()

    def kill(self) -> float:
        link = self.recorder._link
        assert link is not None
        process = link._process
        moment = self.moment()
        process.kill()
        process.wait()
        return moment

    def lost(self, moment: float, got: Contents) -> tuple[float, float, float]:
        """Return the length of the take, and what is missing of sound and picture, s."""
        start_s = self._devices.captured_s(got.samples)
        held_s = moment - start_s
        period_s = 1 / self._devices.camera.rate_hz
        return (
            held_s,
            held_s - len(got.samples) / RATE_HZ,
            held_s - period_s - got.last_picture_s,
        )

    def close(self) -> None:
        with contextlib.suppress(RecorderFailed):  # it was killed
            self.recorder.close()


class Devices:
    """A microphone that hears a known sound, and a camera."""

    def __init__(self, microphone: VirtualMicrophone, camera: VirtualCamera) -> None:
        self.camera = camera
        self._microphone = microphone
        self._sound = sound(0, PLAYED_S * RATE_HZ)[:, 0]
        self._played: Played | None = None

    def play(self) -> None:
        """Begin the sound anew."""
        self._played = self._microphone.play(self._sound)

    def captured_s(self, samples: np.ndarray) -> float:
        """Return when the first of the samples was captured, on the clock of time.monotonic()."""
        assert self._played is not None
        mono = samples.reshape(len(samples), -1)[:, 0]
        probe = mono[: RATE_HZ // 10]
        places = np.flatnonzero(self._sound[: len(self._sound) - len(probe)] == probe[0])
        for place in places:
            if np.array_equal(self._sound[place : place + len(probe)], probe):
                piece = self._sound[place : place + len(mono)]
                if not np.array_equal(piece, mono[: len(piece)]):
                    print("  (the sound is not the one that was played)", flush=True)
                return self._played.start_s + place / RATE_HZ
        raise ValueError("the recording does not hold what was played")


def main() -> None:
    """Crash, recover and print."""
    parser = argparse.ArgumentParser(description="what a crash can take")
    parser.add_argument("parts", nargs="*", choices=["kill", "power", "full", []], default=[])
    parser.add_argument("--kills", metavar="N", type=int, default=100)
    parser.add_argument("--cuts", metavar="N", type=int, default=20, help="power cuts")
    parser.add_argument("--writer", action="store_true", help="only writer and journal")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    parts = options.parts or ["kill", "power", "full"]
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="crash-") as name, subject(options.writer) as begin:
        scratch = Path(name)
        print(f"{os.cpu_count()} cores, load before: {_load()}", flush=True)
        if "kill" in parts:
            outcomes = kills(scratch, begin, options.kills, moments)
            print(_table("kill -9", outcomes, MOST_LOST_KILL_S).text())
        if "power" in parts and _possible("power", "mkfs.xfs", "mkfs.ext4"):
            outcomes = power_cuts(scratch, begin, options.cuts, moments)
            print(_table("power cut", outcomes, MOST_LOST_POWER_S).text())
        if "full" in parts and not options.writer and _possible("full", "mount"):
            print(full_disk(scratch, begin).text())


@contextlib.contextmanager
def subject(writer_alone: bool) -> Iterator[Callable[..., Any]]:
    """Give what starts a recording in a folder: ``begin(folder, scratch, switch)``."""
    if writer_alone:
        yield lambda folder, scratch, switch=False: Writer(folder, scratch)
        return
    if missing():
        raise SystemExit(missing())
    with VirtualMicrophone() as microphone, VirtualCameras() as bus:
        camera = bus.add(0, "Front Camera", size_px=(1280, 720), rate_hz=30)
        os.environ.update(device_environment(microphone, bus))
        devices = Devices(microphone, camera)

        def begin(folder: Path, scratch: Path, switch: bool = False) -> WholeRecorder:
            devices.play()
            return WholeRecorder(folder, devices, switch)

        yield begin


def kills(
    scratch: Path, begin: Callable[..., Any], count: int, moments: random.Random
) -> list[Outcome]:
    """Kill so many recordings at random moments."""
    outcomes = []
    for number in range(count):
        folder = _session(scratch / "sessions", number)
        switch = number % 4 == 3
        running = begin(folder, scratch, switch)
        try:
            time.sleep(moments.uniform(FIRST_S, LAST_S))
            moment = running.kill()
        finally:
            running.close()
        outcomes.append(_judge(folder, running, moment))
        _say("kill", number, outcomes[-1])
        shutil.rmtree(folder)
    return outcomes


def power_cuts(
    scratch: Path, begin: Callable[..., Any], count: int, moments: random.Random
) -> list[Outcome]:
    """Record on ext4 in a file on xfs, and take snapshots of that file."""
    outcomes = []
    with _disks(scratch) as (image, disk):
        for number in range(count):
            folder = _session(disk / "sessions", number)
            running = begin(folder, scratch, number % 4 == 3)
            snapshot = image.with_name("snapshot.img")
            try:
                time.sleep(moments.uniform(FIRST_S, LAST_S))
                moment = running.moment()
                # One call of the file system: nothing that is written meanwhile gets in.
                _run("cp", "--reflink=always", image, snapshot)
            finally:
                running.close()
            with _mounted(snapshot, scratch / "after") as after:
                outcomes.append(_judge(after / folder.relative_to(disk), running, moment))
            _say("power cut", number, outcomes[-1])
            snapshot.unlink()
            shutil.rmtree(folder)
    return outcomes


def full_disk(scratch: Path, begin: Callable[..., Any]) -> Table:
    """Fill the disk while a take is recorded, and see when the user is told."""
    rows = []
    for number in range(3):
        folder_of_disk = scratch / "small"
        folder_of_disk.mkdir(exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", folder_of_disk)
        try:
            folder = _session(folder_of_disk / "sessions", number)
            running = begin(folder, scratch)
            time.sleep(4)
            with contextlib.suppress(OSError), (folder_of_disk / "filler").open("wb") as file:
                while True:
                    file.write(bytes(65536))
            full_s = time.monotonic()
            told = None
            while told is None and time.monotonic() - full_s < 20:
                told = next((e for e in running.recorder.events() if "full" in str(e)), None)
                time.sleep(0.01)
            told_s = time.monotonic() - full_s
            time.sleep(1)
            running.close()
            got = _contents(running.media)
            if got is None:
                rows.append((number + 1, told_s, False, None, None, None))
                continue
            # What came after the disk was full was not to be kept.
            _, sound_s, picture_s = running.lost(full_s, got)
            with av.open(str(running.media)) as container:
                whole = container.duration is not None
            rows.append((number + 1, told_s, True, whole, sound_s, picture_s))
        finally:
            _run("umount", "-l", folder_of_disk)
    return Table(
        "The disk fills up at once while a take is recorded",
        ("run", "told after s", "readable", "whole", "sound lost s", "picture lost s"),
        tuple(rows),
        f"Wanted: told after ≤ {MOST_UNTIL_TOLD_S:.0f} s. Lost: of what was captured when the"
        " disk got full (negative = recorded into the reserve).",
    )


def _judge(folder: Path, running: Any, moment: Any) -> Outcome:
    media = folder / running.media.name
    got = _contents(media)
    before = media.read_bytes() if media.exists() else b""
    told: list[str] = []
    restored = recover(folder, lambda path, why: told.append(f"{path.name}: {why}"))
    takes = read_session(folder).takes
    kept = media.exists() and media.read_bytes() == before and len(takes) == running.takes
    took = next((t for t in restored if t.media.startswith(media.stem)), None)
    again = _contents(folder / took.media) if took else None
    if got is None:
        return Outcome(math.nan, False, math.nan, math.nan, False, kept, "; ".join(told))
    held_s, sound_s, picture_s = running.lost(moment, got)
    if took and took.health.frames_dropped_by:
        told.append(f"dropped {took.health.frames_dropped_by}")
    same = (
        again is not None
        and np.array_equal(again.samples, got.samples)
        and again.pictures == got.pictures
        and again.last_picture_s == got.last_picture_s
    )
    return Outcome(held_s, True, sound_s, picture_s, same, kept, "; ".join(told))


def _contents(path: Path) -> Contents | None:
    pieces, newest, count = [], math.nan, 0
    try:
        with av.open(str(path)) as container:
            for packet in container.demux():
                for frame in packet.decode():
                    if isinstance(frame, av.VideoFrame):
                        newest, count = float(frame.time or 0), count + 1
                    elif isinstance(frame, av.AudioFrame):
                        channels = frame.layout.nb_channels
                        pieces.append(frame.to_ndarray().reshape(-1, channels))
    except (av.error.FFmpegError, OSError) as exc:
        print(f"  ({path.name}: {exc})", flush=True)
    if not pieces or not count:
        return None
    return Contents(np.concatenate(pieces), newest, count)


def _session(root: Path, number: int) -> Path:
    folder = root / f"2026-01-01-{number:04}-test"
    write_session(Session(folder.name, "2026-01-01T00:00:00+00:00", "ja"), folder)
    return folder


def _table(what: str, outcomes: list[Outcome], most_s: float) -> Table:
    held = [o for o in outcomes if not o.held_s < HELD_S]
    readable = [o for o in held if o.readable]
    rows = []
    for name, lost in (
        ("sound", [o.sound_lost_s for o in readable]),
        ("picture", [o.picture_lost_s for o in readable]),
    ):
        worst = max(lost, default=math.nan)
        median = statistics.median(lost) if lost else math.nan
        verdict = "met" if worst <= most_s else "NOT MET"
        rows.append((f"{name} lost, s", f"≤ {most_s:.1f}", median, worst, verdict))
    for name, good in (
        ("readable, both streams", len(readable)),
        ("recovered, the same contents", sum(o.recovered for o in held)),
        ("original and earlier take kept", sum(o.kept for o in held)),
    ):
        share = f"{good} of {len(held)}"
        rows.append((name, "all", None, share, "met" if good == len(held) else "NOT MET"))
    return Table(
        f"{len(outcomes)} × {what}, {FIRST_S:.0f} to {LAST_S:.0f} s into the take",
        ("", "wanted", "median", "worst", "verdict"),
        tuple(rows),
        f"Load after: {_load()}.",
    )


def _say(what: str, number: int, outcome: Outcome) -> None:
    print(
        f"{what} {number + 1}: {outcome.held_s:.2f} s, lost {outcome.sound_lost_s:.2f}"
        f" {outcome.picture_lost_s:.2f},"
        f" {'recovered' if outcome.recovered else 'NOT RECOVERED'} {outcome.note}",
        flush=True,
    )


@contextlib.contextmanager
def _disks(scratch: Path) -> Iterator[tuple[Path, Path]]:
    """An ext4 in a file on an xfs that can make snapshots of files."""
    outer = scratch / "outer.img"
    with outer.open("wb") as file:
        file.truncate(1_500_000_000)
    _run("mkfs.xfs", "-q", "-m", "reflink=1", outer)
    with _mounted(outer, scratch / "outer") as xfs:
        image = xfs / "disk.img"
        _run("fallocate", "-l", "300M", image)
        _run("mkfs.ext4", "-q", "-F", image)
        with _mounted(image, scratch / "disk") as disk:
            yield image, disk


@contextlib.contextmanager
def _mounted(image: Path, place: Path) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    _run("mount", "-o", "loop", image, place)
    try:
        yield place
    finally:
        _run("umount", "-l", place)


def _run(*command: str | Path) -> None:
    subprocess.run([str(c) for c in command], check=True, capture_output=True)


def _possible(part: str, *programs: str) -> bool:
    lacking = [p for p in programs if shutil.which(p) is None]
    if lacking or not hasattr(os, "geteuid") or os.geteuid() != 0:
        print(f"{part}: left out, it needs root and {', '.join(programs)}")
        return False
    return True


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "–"


if __name__ == "__main__":
    main()
