"""What the picture costs: ``python tests/benchmarks/vision_cost.py [--file PATH]``.

Processor time per second of video and peak memory of the whole picture stage
(`analysis.sight_stage.measure_sight`), stage by stage, with frames read as the product does and
as it did before, in turns, each in a fresh process held to one core. Without ``--file`` it makes
two recordings of 720p at 30 fps: one as our recorder writes them, one with B-frames. POSIX only.
It never fails: a target that is not met is printed as such.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from answer_media import FPS, RATE_HZ, SIZE_PX, _pictures, make_answer
from numpy.typing import NDArray
from tables import Cell, Table
from truth import ROOT, shared_media

LENGTH_S = 60.0
CPU_S_PER_S = 0.25
PEAK_MB = 400.0
NEW, OLD, EVERY = "now", "before", "every frame"
STAGES: tuple[str, ...] = (
    "reading",
    "face",
    "body",
    "start and way up",
    "PnP, gaze, posture",
    "rest",
)
Frames = Iterator[tuple[float, NDArray[np.uint8]]]


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of the picture stage."""

    cpu_s: dict[str, float]
    """user and system time by stage, all threads; they add up to the whole"""
    peak_mb: float
    """largest resident memory of the process, 10⁶ bytes, imports included"""
    frames: int
    """that were looked at"""
    video_s: float


class Meter:
    """Adds up the processor time of the calls it is wrapped around, inner ones left out."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = dict.fromkeys(STAGES, 0.0)
        self._stack = ["rest"]
        self._since = _cpu_s()

    def _turn(self) -> None:
        now = _cpu_s()
        self.cpu_s[self._stack[-1]] += now - self._since
        self._since = now

    def enter(self, stage: str) -> None:
        """From here on time counts for `stage`."""
        self._turn()
        self._stack.append(stage)

    def leave(self) -> None:
        """From here on it counts for what came before."""
        self._turn()
        self._stack.pop()

    def around(self, stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return `call`, counted for `stage`."""

        @wraps(call)
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.enter(stage)
            try:
                return call(*args, **kwargs)
            finally:
                self.leave()

        return counted

    def along(self, stage: str, call: Callable[..., Frames]) -> Callable[..., Frames]:
        """Return a generator function of which only its own steps count for `stage`."""

        def counted(*args: Any, **kwargs: Any) -> Frames:
            step = self.around(stage, call(*args, **kwargs).__next__)
            while True:
                try:
                    item = step()
                except StopIteration:
                    return
                yield item

        return counted


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="processor time and memory of the picture stage")
    parser.add_argument("--file", metavar="PATH", type=Path, help="measure this file as it is")
    parser.add_argument("--repeat", metavar="N", type=int, default=3, help="runs of each reading")
    parser.add_argument("--length", metavar="S", type=float, default=LENGTH_S)
    parser.add_argument("--reading", choices=(NEW, OLD, EVERY), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reading:
        print(json.dumps(asdict(measure(options.file, options.reading))))
        return
    if options.repeat < 1 or options.length <= 0:
        parser.error("--repeat and --length must be positive")
    files = (options.file,) if options.file else _made(options.length)
    for path in files:
        print(f"{path.name}: {_describe(path)}; load {_load()}", flush=True)
        runs: dict[str, list[Cost]] = {NEW: [], OLD: [], EVERY: []}
        for _ in range(options.repeat):
            for reading, each in runs.items():
                each.append(_in_a_process(path, reading))
        print(f"{_table(runs).text()}\n\n{_targets(runs[NEW]).text()}\n", flush=True)


def measure(path: Path, reading: str) -> Cost:
    """Run the picture stage here and now and count what it uses.

    Parameters
    ----------
    path : a file with a picture.
    reading : how frames are read: one of `NEW`, `OLD`, `EVERY`.
    """
    meter = Meter()
    meter.enter("start and way up")
    from analysis import landmarks, sight_stage
    from analysis.media import probe_media, read_frames

    readers = {NEW: read_frames, OLD: read_before, EVERY: read_every}
    probe = probe_media(path)
    detectors = landmarks._Detectors
    for name, stage in (("people", "face"), ("body", "body"), ("face_score", "start and way up")):
        setattr(detectors, name, meter.around(stage, getattr(detectors, name)))
    # Inside of `people` and `body`: starting a model is no part of looking for a face.
    detectors._start = meter.around("start and way up", detectors._start)
    for name in ("measure_head_pose", "measure_gaze", "measure_posture"):
        counted = meter.around("PnP, gaze, posture", getattr(sight_stage, name))
        setattr(sight_stage, name, counted)
    sight_stage.read_frames = meter.along("reading", readers[reading])  # type: ignore[assignment]
    meter.leave()
    duration_s = probe.facts.video_duration_s
    result = sight_stage.measure_sight(
        path, origin_s=probe.origin_s, duration_s=duration_s, progress=lambda share: None
    )
    meter.enter("rest")
    unit = 1 if sys.platform == "darwin" else 1024
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    return Cost(meter.cpu_s, peak_mb, len(result.gaze.yaw.times), duration_s)


def read_before(path: Path, *, rate_hz: float, origin_s: float, width_px: int = 640) -> Frames:
    """Read as the product did before: what no frame refers to left out, one by one converted.

    Frames can be further apart than was asked for.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type = "AUTO"
        fps = float(stream.average_rate or 0)
        if fps >= 4 * rate_hz:
            stream.codec_context.skip_frame = "NONREF"
        yield from _thinned(container, fps, rate_hz, origin_s, width_px)


def read_every(path: Path, *, rate_hz: float, origin_s: float, width_px: int = 640) -> Frames:
    """Read in the plainest way: every frame is decoded, some are converted."""
    with av.open(str(path)) as container:
        fps = float(container.streams.video[0].average_rate or 0)
        yield from _thinned(container, fps, rate_hz, origin_s, width_px)


def _thinned(container: Any, fps: float, rate_hz: float, origin_s: float, width_px: int) -> Frames:
    due = -math.inf
    for frame in container.decode(video=0):
        time = frame.time - origin_s
        if time < due - 0.5 / max(fps, 1.0):
            continue
        first = due == -math.inf
        due = time + 1 / rate_hz if first else max(due + 1 / rate_hz, time + 0.5 / rate_hz)
        scale = min(1.0, width_px / max(frame.width, frame.height))
        small = frame.reformat(
            width=max(2, round(frame.width * scale)),
            height=max(2, round(frame.height * scale)),
            format="rgb24",
        )
        turns = round(frame.rotation / 90) % 4
        yield time, np.ascontiguousarray(np.rot90(small.to_ndarray(), turns))


def record(source: Path, target: Path, length_s: float) -> None:
    """Write a picture that moves and is noisy, and silence, as our recorder does."""
    from recorder.writer import PictureFormat, SoundFormat, TakeWriter

    writer = TakeWriter(target, SoundFormat(RATE_HZ, 1), PictureFormat(*SIZE_PX, float(FPS)))
    silence = np.zeros((RATE_HZ // FPS, 1), dtype=np.int16)
    for number, planes in enumerate(_pictures(source, round(length_s * FPS))):
        writer.write_sound(silence)
        image = np.asarray(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), dtype=np.uint8)
        writer.write_picture(image, number / FPS)
    writer.close()


def _made(length_s: float) -> tuple[Path, Path]:
    folder = shared_media()
    source = folder / "video" / "d07_woman_nod_720p.mp4" if folder else None
    if source is None or not source.is_file():
        source = ROOT / "sample_media" / "english_take.mp4"
    usual = make_answer(source, length_s)
    ours = usual.with_name(f"recorded-{usual.stem}.mkv")
    if not ours.is_file():
        part = ours.with_suffix(f".{os.getpid()}.mkv")
        try:
            record(source, part, length_s)
            part.replace(ours)
        finally:
            part.unlink(missing_ok=True)
    return ours, usual


def _in_a_process(path: Path, reading: str) -> Cost:
    """Measure in a fresh process on one core.

    Raises
    ------
    SystemExit
        It failed.
    """
    if hasattr(os, "sched_setaffinity"):
        # Inherited; threads that wait for each other on several cores cost more.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--file", str(path), "--reading", reading],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{path.name} failed:\n{done.stderr}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _table(runs: dict[str, list[Cost]]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (stage, *(f"{_least(each, stage):.4f}" for each in runs.values()), _ratio(runs, stage))
        for stage in STAGES
    ]
    rows.append(("whole", *(f"{_least(each):.4f}" for each in runs.values()), _ratio(runs, None)))
    medians = (f"{statistics.median(_whole(r) for r in each):.4f}" for each in runs.values())
    rows.append(("whole, median", *medians, None))
    rows.append(("peak MB", *(f"{max(r.peak_mb for r in e):.0f}" for e in runs.values()), None))
    rows.append(("frames", *(str(each[-1].frames) for each in runs.values()), None))
    return Table(
        f"Processor seconds per second of video, least of {len(runs[NEW])} runs",
        ("stage", *runs, f"{OLD} / {NEW}"),
        tuple(rows),
        "Other programs on the machine make a run dearer, never cheaper: the least counts.",
    )


def _targets(runs: list[Cost]) -> Table:
    cpu, peak = _least(runs), max(run.peak_mb for run in runs)
    rows = (
        ("processor s per s", f"≤ {CPU_S_PER_S}", f"{cpu:.3f}", _verdict(cpu <= CPU_S_PER_S)),
        ("peak memory, MB", f"≤ {PEAK_MB:.0f}", f"{peak:.0f}", _verdict(peak <= PEAK_MB)),
    )
    return Table("Targets", ("target", "wanted", "measured", "verdict"), rows)


def _verdict(good: bool) -> str:
    return "met" if good else "NOT MET"


def _whole(run: Cost) -> float:
    return sum(run.cpu_s.values()) / run.video_s


def _least(runs: list[Cost], stage: str | None = None) -> float:
    return min(r.cpu_s[stage] / r.video_s if stage else _whole(r) for r in runs)


def _ratio(runs: dict[str, list[Cost]], stage: str | None) -> float:
    now = _least(runs[NEW], stage)
    return _least(runs[OLD], stage) / now if now else math.nan


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _describe(path: Path) -> str:
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        return (
            f"{(container.duration or 0) / 1e6:.1f} s, {video.codec_context.name}"
            f" {video.width}×{video.height} {float(video.average_rate or 0):g} fps,"
            f" {(container.bit_rate or 0) / 1e6:.1f} Mbit/s"
        )


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "–"


if __name__ == "__main__":
    main()
