"""How fast the analysis is: ``python tests/benchmarks/speed.py``.

A 160 s answer (1280×720, 30 fps) goes through mensetsu and through the straightforward way, in
turns, each in a fresh process. It never fails: a target that is not met is printed as such.
README.md says what is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import av
from answer_media import make_answer
from process_memory import EVERY_S, MemoryMeter
from tables import Table
from truth import ROOT, shared_media

from analysis.models import resolve_model

LENGTH_S = 160.0
MOST_OF_LENGTH = 0.30
MOST_MB = 1000.0
LEAST_RATIO = 5.0
OURS, STRAIGHTFORWARD = "mensetsu", "straightforward"
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one way."""

    wall_s: float
    peak_mb: float
    """largest sum over the processes, 10⁶ bytes"""
    memory: str
    """ "PSS", "RSS" or "not measured" """
    words: int
    frames: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="speed and memory against the straightforward way")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--media", metavar="FILE", type=Path, help="measure this file as it is")
    source.add_argument(
        "--shared", action="store_true", help="make the answer of dc1 of the shared recordings"
    )
    parser.add_argument("--repeat", metavar="N", type=int, default=1, help="runs of each way")
    parser.add_argument(
        "--part", metavar="S", type=float, default=LENGTH_S, help="shorter answer, for a quick look"
    )
    options = parser.parse_args()
    if options.repeat < 1 or options.part <= 0:
        parser.error("--repeat and --part must be positive")
    media = options.media or make_answer(_source(parser, options.shared), options.part)
    folder = resolve_model("base").folder  # put together here, not on anybody's clock
    commands = {
        OURS: [sys.executable, str(_HERE / "run_ours.py"), str(media)],
        STRAIGHTFORWARD: [
            sys.executable,
            str(_HERE / "run_straightforward.py"),
            str(media),
            str(folder),
        ],
    }
    print(f"{media.name}: {_describe(media)}")
    print(f"{os.cpu_count()} cores, load before: {_load()}", flush=True)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(options.repeat):
        for name, command in commands.items():
            run = measure(command)
            runs[name].append(run)
            print(
                f"run {number + 1} {name}: {run.wall_s:.1f} s, {run.peak_mb:.0f} MB,"
                f" {run.words} words, {run.frames} frames; load {_load()}",
                flush=True,
            )
    length = _length_s(media)
    print(f"\n{_result_table(runs, length).text()}")
    print(f"\n{_target_table(runs, length).text()}")


def measure(command: list[str]) -> Run:
    """Run a command and return its wall clock and the peak memory of all its processes.

    Raises
    ------
    SystemExit
        It failed.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    with MemoryMeter(process.pid) as meter:
        output, errors = process.communicate()
    wall = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{Path(command[1]).name} failed:\n{errors}")
    result = json.loads(output.splitlines()[-1])
    return Run(wall, meter.peak_bytes / 1e6, meter.kind, result["words"], result["frames"])


def _result_table(runs: dict[str, list[Run]], length: float) -> Table:
    rows = []
    for name, each in runs.items():
        walls = [r.wall_s for r in each]
        rows.append(
            (
                name,
                f"{min(walls):.1f}",
                f"{statistics.median(walls):.1f}",
                statistics.median(walls) / length,
                f"{max(r.peak_mb for r in each):.0f}",
                each[-1].words,
                each[-1].frames,
            )
        )
    kind = runs[OURS][0].memory
    return Table(
        f"{length:.0f} s of answer, {len(runs[OURS])} runs of each in turns",
        ("way", "wall min s", "median s", "× length", f"peak MB ({kind})", "words", "frames"),
        tuple(rows),
        f"Peak: largest sum of {kind} over all processes of a way, looked at every"
        f" {1000 * EVERY_S:.0f} ms.",
    )


def _target_table(runs: dict[str, list[Run]], length: float) -> Table:
    ours, other = (
        statistics.median(r.wall_s for r in runs[name]) for name in (OURS, STRAIGHTFORWARD)
    )
    share, ratio = ours / length, other / ours
    memory = max(r.peak_mb for r in runs[OURS])
    measured = runs[OURS][0].memory != "not measured"
    rows = (
        _verdict(
            "wall clock (median)",
            f"≤ {MOST_OF_LENGTH:.2f} × length",
            f"{share:.2f} ×",
            share <= MOST_OF_LENGTH,
        ),
        _verdict("peak memory", f"≤ {MOST_MB:.0f} MB", f"{memory:.0f} MB", memory <= MOST_MB)
        if measured
        else ("peak memory", f"≤ {MOST_MB:.0f} MB", "–", "not measured"),
        _verdict(
            "faster than the straightforward way",
            f"≥ {LEAST_RATIO:.0f} ×",
            f"{ratio:.1f} ×",
            ratio >= LEAST_RATIO,
        ),
    )
    return Table("Targets of this version", ("target", "wanted", "measured", "verdict"), rows)


def _verdict(what: str, wanted: str, got: str, good: bool) -> tuple[str, str, str, str]:
    return what, wanted, got, "met" if good else "NOT MET"


def _source(parser: argparse.ArgumentParser, shared: bool) -> Path:
    if not shared:
        return ROOT / "sample_media" / "english_take.mp4"
    folder = shared_media()
    path = folder / "video" / "dc1_answer.mp4" if folder else None
    if path is None or not path.is_file():
        parser.error("the shared recordings are not at hand (set MENSETSU_SHARED_MEDIA)")
    return path


def _length_s(media: Path) -> float:
    with av.open(str(media)) as container:
        return (container.duration or 0) / 1e6


def _describe(media: Path) -> str:
    with av.open(str(media)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        return (
            f"{(container.duration or 0) / 1e6:.1f} s, {video.codec_context.name}"
            f" {video.width}×{video.height} {float(video.average_rate or 0):g} fps,"
            f" {audio.codec_context.name}, {(container.bit_rate or 0) / 1e6:.1f} Mbit/s"
        )


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "–"


if __name__ == "__main__":
    main()
