"""Takes of the real recorder on virtual devices, and the load beside them, for recording.py."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from answer_media import make_answer
from recorded import (
    FPS,
    Sync,
    lost_samples,
    measure_sync,
    pattern_pictures,
    pattern_sound,
    read_sound,
    unique_sound,
)
from truth import ROOT

sys.path.insert(0, str(ROOT))

from tests.devices.clips import frames_of
from tests.devices.environment import device_environment
from tests.devices.virtual_camera import VirtualCamera, VirtualCameras
from tests.devices.virtual_microphone import VirtualMicrophone

PORTRAIT_S = 15.0
_HERE = Path(__file__).parent
_SAMPLE = ROOT / "sample_media" / "english_take.mp4"
_ANALYSIS_NICE = 10
"""as `mensetsu` itself runs an analysis after a recording"""
_SPARE_S = 30.0
"""so much more sound than the take is long"""


@dataclass(frozen=True, slots=True)
class Run:
    """One take and what is known about it."""

    told: dict[str, Any]
    length_s: float
    lost: int
    camera_dropped: int
    """frames for which the recorder had no buffer, counted by the camera itself"""
    load: str
    sync: Sync | None
    late_ms: float
    """the longest that the virtual devices themselves were held up"""

    @property
    def health(self) -> dict[str, Any]:
        return self.told["take"]["health"]

    @property
    def dropped(self) -> int:
        return sum(self.health["frames_dropped_by"].values())

    @property
    def drop_share(self) -> float:
        return self.dropped / max(1, self.dropped + self.health["frames_written"])

    @property
    def uncounted(self) -> int:
        """Frames that are neither in the file nor among the dropped."""
        return round(self.length_s * FPS) - self.dropped - self.health["frames_written"]


def record_pattern(folder: Path, length_s: float, nice: int, *, delay_s: float = 0.0) -> Run:
    """Record the pattern, with its sound late by `delay_s`."""
    sound = pattern_sound(length_s)
    with VirtualMicrophone() as microphone, VirtualCameras() as bus:
        camera = bus.add()
        frames = camera.pack(pattern_pictures(length_s))

        def play() -> float:
            shown = camera.play(frames, at_s=time.monotonic() + 1.0)
            microphone.play(sound, at_s=shown.start_s + delay_s)
            return shown.start_s + length_s + delay_s + 0.5

        return _record(folder, nice, microphone, camera, play, sound, pattern=True)


def record_portrait(folder: Path, length_s: float, nice: int) -> Run:
    """Record a person's picture and noise that is unique everywhere."""
    sound = unique_sound(length_s + _SPARE_S)
    with VirtualMicrophone() as microphone, VirtualCameras() as bus:
        camera = bus.add()
        camera.play(camera.pack(frames_of(make_answer(_SAMPLE, PORTRAIT_S))), repeat=True)
        microphone.play(sound)

        def wait() -> float:
            return time.monotonic() + length_s

        return _record(folder, nice, microphone, camera, wait, sound, pattern=False)


def _record(
    folder: Path,
    nice: int,
    microphone: VirtualMicrophone,
    camera: VirtualCamera,
    play: Callable[[], float],
    sound: Any,
    *,
    pattern: bool,
) -> Run:
    """Record; `play` is called when the take runs and says until when."""
    folder.mkdir(parents=True, exist_ok=True)
    script = str(_HERE / "run_recorder.py")
    environment = device_environment(microphone, camera, PYTHONPATH=str(ROOT))
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        program = subprocess.Popen(
            [sys.executable, script, str(folder), str(nice)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert program.stdout is not None
            if program.stdout.readline().strip() != "recording":
                program.wait()
                raise SystemExit(f"the recorder failed:\n{Path(log.name).read_text()}")
            dropped_before, loads = camera.counts().dropped, []
            until_s = play()
            while program.poll() is None and time.monotonic() < until_s:
                loads.append(os.getloadavg()[0])
                time.sleep(max(0.0, min(5.0, until_s - time.monotonic())))
            dropped = camera.counts().dropped - dropped_before
            output, _ = program.communicate("")
        finally:
            if program.poll() is None:
                program.kill()
                program.communicate()
    if program.returncode:
        raise SystemExit(f"the recorder failed:\n{Path(log.name).read_text()}")
    told = json.loads(output.splitlines()[-1])
    media = Path(told["media"])
    _, recorded = read_sound(media)
    lost = (_lost_of_pattern if pattern else lost_samples)(recorded, sound)
    late_s = max(microphone.state().late_s, camera.late_s())
    return Run(
        told,
        told["take"]["duration_s"],
        lost,
        dropped,
        f"{sum(loads) / len(loads):.1f}",
        measure_sync(media) if pattern else None,
        1000 * late_s,
    )


def _lost_of_pattern(recorded: Any, sound: Any) -> int:
    """The pattern begins and ends within the take."""
    start = recorded.tobytes().find(sound[:480].tobytes()) // 2
    return lost_samples(recorded[max(0, start) :][: len(sound)], sound)


# --- load ---------------------------------------------------------------------------------------
@contextlib.contextmanager
def analysing() -> Iterator[None]:
    """Analyse the sample over and over, as `mensetsu` does it after an answer."""
    with tempfile.TemporaryDirectory(prefix="analysing-") as folder:
        loop = (
            "import itertools, subprocess, sys\n"
            "for n in itertools.count():\n"
            "    subprocess.run([sys.executable, '-m', 'app', 'analyse', sys.argv[1],"
            " '--output', f'{sys.argv[2]}/{n}'], check=True, capture_output=True)\n"
        )
        arguments = ["nice", "-n", str(_ANALYSIS_NICE), sys.executable, "-c", loop]
        with _process([*arguments, str(_SAMPLE), folder]):
            time.sleep(5.0)
            yield


@contextlib.contextmanager
def hogs(count: int) -> Iterator[None]:
    """Keep the processor busy at the recorder's own priority."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(_process([sys.executable, "-c", "while True: pass"]))
        yield


@contextlib.contextmanager
def _process(command: list[str]) -> Iterator[None]:
    # In this program's own session: a session each would give each a whole share of the processor.
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        yield
        assert process.poll() is None, "the load ended by itself"
    finally:
        for child in [*psutil.Process(process.pid).children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                child.kill()
        process.wait()
