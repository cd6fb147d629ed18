"""How well the recorder records: ``python tests/benchmarks/recording.py``.

The real recorder records virtual devices (`tests/devices`) that play what is known: a numbered
pattern, samples that are compared bit by bit. It never fails: a target that is not met is printed
as such. README.md says what is measured.
"""

from __future__ import annotations

import argparse
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
from tables import Table
from truth import ROOT

sys.path.insert(0, str(ROOT))

from tests.devices.clips import frames_of
from tests.devices.environment import device_environment, missing
from tests.devices.virtual_camera import VirtualCamera, VirtualCameras
from tests.devices.virtual_microphone import VirtualMicrophone

SYNC_S, CONTROL_S, BUSY_S = 120.0, 20.0, 60.0
INJECTED_MS = 100.0
PORTRAIT_S = 15.0
SETTLE_S = 60.0
"""after which memory counts: libraries are loaded and queues have been full once"""
_HERE = Path(__file__).parent
_SAMPLE = ROOT / "sample_media" / "english_take.mp4"
_NICE = "RECORDER_NICE"
_ANALYSIS_NICE = 10
"""as `mensetsu` itself runs an analysis after a recording"""


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


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    what: str
    wanted: str
    measured: str
    run: Run
    good: bool | None = None
    """None = no target"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="the recorder against virtual devices")
    parser.add_argument("--only", metavar="PARTS", help=f"of {','.join(_PARTS)}")
    parser.add_argument("--minutes", type=float, default=10.0, help="length of idle and analysis")
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="keep the recordings there")
    parser.add_argument(
        "--nice",
        type=int,
        default=0,
        help="priority of the recorder; below 0 (root) it stands for a machine that is idle",
    )
    options = parser.parse_args()
    if options.nice:
        os.environ[_NICE] = str(options.nice)
    parts = options.only.split(",") if options.only else list(_PARTS)
    if unknown := set(parts) - set(_PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if lacking := missing():
        parser.error(f"the virtual devices don't run: {lacking}")
    print(
        f"{os.cpu_count()} cores, load before: {_load()}, recorder at nice {options.nice}",
        flush=True,
    )
    rows: list[Row] = []
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recording-")))
        for part in parts:
            folder = (options.keep or scratch) / part
            found = _PARTS[part](folder, 60 * options.minutes)
            rows += found
            for row in found:
                print(f"{part}: {row.what}: {row.measured}", flush=True)
    print(f"\n{_table(rows).text()}")


def _sync(folder: Path, _: float) -> list[Row]:
    run = _record_pattern(folder, SYNC_S)
    return [*_sync_rows(f"{SYNC_S:.0f} s", run), *_loss_rows("pattern", run)]


def _control(folder: Path, _: float) -> list[Row]:
    run = _record_pattern(folder, CONTROL_S, delay_s=INJECTED_MS / 1000)
    assert run.sync is not None
    mean = run.sync.mean_ms
    return [
        Row(
            "sound delayed by 100 ms, seen as",
            "100 ± 5 ms",
            f"{mean:.2f} ms",
            run,
            abs(mean - INJECTED_MS) <= 5,
        )
    ]


def _idle(folder: Path, length_s: float) -> list[Row]:
    run = _record_portrait(folder, length_s)
    label = f"{length_s / 60:g} min, idle"
    memory = run.told["memory_mb"]
    settled = memory[min(round(SETTLE_S), len(memory) // 2) :]
    # Means of ends: a queue that is full for a moment is no growth.
    end = max(1, len(settled) // 10)
    grown = sum(settled[-end:]) / end - sum(settled[:end]) / end
    cpu = run.told["cpu_ratio"]
    return [
        *_loss_rows(label, run),
        *_drop_rows(label, run, 0.005),
        Row("processor, 720p30 with preview", "≤ 60 % of a core", f"{cpu:.0%}", run, cpu <= 0.6),
        Row(
            f"memory grows over {len(settled) / 60:.1f} min",
            "≤ 20 MB in 30 min",
            f"{grown:+.1f} MB (peak {max(memory):.0f})",
            run,
            grown <= 20,
        ),
        Row("previews seen", "–", f"{run.told['previews'] / run.length_s:.1f} per s", run),
    ]


def _analysis(folder: Path, length_s: float) -> list[Row]:
    with _analysing():
        run = _record_portrait(folder, length_s)
    label = f"{length_s / 60:g} min, analysis beside it"
    return [*_loss_rows(label, run), *_drop_rows(label, run, None)]


def _busy(folder: Path, _: float) -> list[Row]:
    count = 2 * (os.cpu_count() or 1)
    with _hogs(count):
        run = _record_pattern(folder, BUSY_S)
    label = f"{count} busy loops"
    rows = [*_loss_rows(label, run), *_drop_rows(label, run, 0.10)]
    return [*rows, *_sync_rows(label, run)]


_PARTS: dict[str, Callable[[Path, float], list[Row]]] = {
    "sync": _sync,
    "control": _control,
    "idle": _idle,
    "analysis": _analysis,
    "busy": _busy,
}


# --- runs ---------------------------------------------------------------------------------------
def _record_pattern(folder: Path, length_s: float, *, delay_s: float = 0.0) -> Run:
    sound = pattern_sound(length_s)
    with VirtualMicrophone() as microphone, VirtualCameras() as bus:
        camera = bus.add()
        frames = camera.pack(pattern_pictures(length_s))

        def play() -> float:
            shown = camera.play(frames, at_s=time.monotonic() + 1.0)
            microphone.play(sound, at_s=shown.start_s + delay_s)
            return shown.start_s + length_s + delay_s + 0.5

        return _record(folder, microphone, camera, play, sound, pattern=True)


def _record_portrait(folder: Path, length_s: float) -> Run:
    sound = unique_sound(length_s + 30)
    with VirtualMicrophone() as microphone, VirtualCameras() as bus:
        camera = bus.add()
        camera.play(camera.pack(frames_of(make_answer(_SAMPLE, PORTRAIT_S))), repeat=True)
        microphone.play(sound)

        def wait() -> float:
            return time.monotonic() + length_s

        return _record(folder, microphone, camera, wait, sound, pattern=False)


def _record(
    folder: Path,
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
            ["nice", "-n", os.environ.get(_NICE, "0"), sys.executable, script, str(folder)],
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
def _analysing() -> Iterator[None]:
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
def _hogs(count: int) -> Iterator[None]:
    """Keep the processor busy at the recorder's own priority."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(_process([sys.executable, "-c", "while True: pass"]))
        yield


@contextlib.contextmanager
def _process(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        yield
        assert process.poll() is None, "the load ended by itself"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


# --- figures ------------------------------------------------------------------------------------
def _sync_rows(label: str, run: Run) -> list[Row]:
    sync = run.sync
    assert sync is not None
    spread = sync.most_ms - sync.least_ms
    seen = f"{sync.frames} pictures, {sync.skew_ppm:+.1f} ppm"
    return [
        Row(
            f"sound against picture, mean ({label})",
            "≤ 5 ms",
            f"{sync.mean_ms:+.2f} ms ({seen})",
            run,
            abs(sync.mean_ms) <= 5,
        ),
        Row(
            f"spread ({label})",
            "≤ 20 ms",
            f"{spread:.2f} ms ({sync.least_ms:+.2f} .. {sync.most_ms:+.2f})",
            run,
            spread <= 20,
        ),
    ]


def _loss_rows(label: str, run: Run) -> list[Row]:
    gap = run.health["audio_gap_s"]
    return [
        Row(
            f"samples lost ({label})",
            "0",
            f"{run.lost} of {round(run.length_s * 48_000)}",
            run,
            run.lost == 0,
        ),
        Row(f"gaps told of ({label})", "–", f"{gap:.3f} s", run),
    ]


def _drop_rows(label: str, run: Run, most: float | None) -> list[Row]:
    causes = ", ".join(f"{k} {v}" for k, v in run.health["frames_dropped_by"].items() if v)
    return [
        Row(
            f"frames dropped ({label})",
            "–" if most is None else f"≤ {most:.1%}",
            f"{run.drop_share:.2%} ({run.dropped}: {causes or 'none'})",
            run,
            None if most is None else run.drop_share <= most,
        ),
        Row(
            f"frames not accounted for ({label})",
            "≤ 2",
            f"{run.uncounted} (the camera itself dropped {run.camera_dropped})",
            run,
            abs(run.uncounted) <= 2,
        ),
    ]


def _table(rows: list[Row]) -> Table:
    words = {True: "met", False: "NOT MET", None: "–"}
    return Table(
        "Recorder on virtual devices",
        ("what", "wanted", "measured", "load", "devices late ms", "verdict"),
        tuple(
            (r.what, r.wanted, r.measured, r.run.load, f"{r.run.late_ms:.0f}", words[r.good])
            for r in rows
        ),
        "Load: mean of the 1-minute average during the take. Devices late: the longest that the"
        " virtual devices themselves were held up.",
    )


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "–"


if __name__ == "__main__":
    main()
