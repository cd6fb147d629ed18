"""How well the recorder records: ``python tests/benchmarks/recording.py``.

The real recorder records virtual devices (`tests/devices`) that play what is known: a numbered
pattern, samples that are compared bit by bit. It never fails: a target that is not met is printed
as such. README.md says what is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recording_runs import Run, analysing, hogs, record_pattern, record_portrait
from tables import Table
from truth import ROOT

sys.path.insert(0, str(ROOT))

from tests.devices.environment import missing

SYNC_S, CONTROL_S, BUSY_S = 120.0, 20.0, 60.0
INJECTED_MS = 100.0
SETTLE_S = 60.0
"""after which memory counts: libraries are loaded and queues have been full once"""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    length_s: float
    nice: int


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
    arguments = parser.parse_args()
    options = Options(60 * arguments.minutes, arguments.nice)
    parts = arguments.only.split(",") if arguments.only else list(_PARTS)
    if unknown := set(parts) - set(_PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if lacking := missing():
        parser.error(f"the virtual devices don't run: {lacking}")
    print(f"{os.cpu_count()} cores, load before: {_load()}", flush=True)
    if options.nice:
        print(f"recorder at nice {options.nice}")
    rows: list[Row] = []
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recording-")))
        for part in parts:
            folder = (arguments.keep or scratch) / part
            found = _PARTS[part](folder, options)
            rows += found
            for row in found:
                print(f"{part}: {row.what}: {row.measured}", flush=True)
    print(f"\n{_table(rows).text()}")


def _sync(folder: Path, options: Options) -> list[Row]:
    run = record_pattern(folder, SYNC_S, options.nice)
    return [*_sync_rows(f"{SYNC_S:.0f} s", run), *_loss_rows("pattern", run)]


def _control(folder: Path, options: Options) -> list[Row]:
    run = record_pattern(folder, CONTROL_S, options.nice, delay_s=INJECTED_MS / 1000)
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


def _idle(folder: Path, options: Options) -> list[Row]:
    run = record_portrait(folder, options.length_s, options.nice)
    label = f"{options.length_s / 60:g} min, idle"
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


def _analysis(folder: Path, options: Options) -> list[Row]:
    with analysing():
        run = record_portrait(folder, options.length_s, options.nice)
    label = f"{options.length_s / 60:g} min, analysis beside it"
    return [*_loss_rows(label, run), *_drop_rows(label, run, None)]


def _busy(folder: Path, options: Options) -> list[Row]:
    count = 2 * (os.cpu_count() or 1)
    with hogs(count):
        run = record_pattern(folder, BUSY_S, options.nice)
    label = f"{count} busy loops"
    rows = [*_loss_rows(label, run), *_drop_rows(label, run, 0.10)]
    return [*rows, *_sync_rows(label, run)]


_PARTS: dict[str, Callable[[Path, Options], list[Row]]] = {
    "sync": _sync,
    "control": _control,
    "idle": _idle,
    "analysis": _analysis,
    "busy": _busy,
}


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
