"""What the sound costs: processor time and memory of its worker, each in a run of its own.

As a program, ``python cost.py MEDIA``, it analyses one recording without its picture and prints
what its worker used. POSIX only: elsewhere it is not measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cases import Answer, Target, tell
from tables import Table
from truth import Clip

CPU_S_PER_S = 0.25
PEAK_MB = 700.0


def cost(clips: Sequence[Clip]) -> Answer:
    """Measure recordings one by one and hold them against the limits."""
    rows = []
    for number, clip in enumerate(clips, 1):
        tell(f"cost {number}/{len(clips)} {clip.name}")
        used = _measure(clip.path)
        if used is not None:
            rows.append((clip.name, used["sound_s"], used["cpu_s_per_s"], used["peak_mb"]))
    tell("")
    per_s, peak = max((r[2] for r in rows), default=0.0), max((r[3] for r in rows), default=0.0)
    return Answer(
        Table(
            "Cost of the sound, its worker alone",
            ("clip", "sound s", "CPU-s per s", "peak MB"),
            tuple(rows),
            "Processor time (user and system) of the worker per second of sound, loading included.",
        ),
        (
            Target(
                "processor seconds per second of sound",
                f"≤ {CPU_S_PER_S}",
                f"worst {per_s:.3f}" if rows else "–",
                per_s <= CPU_S_PER_S if rows else None,
            ),
            Target(
                "memory of the sound worker, MB",
                f"≤ {PEAK_MB:.0f}",
                f"worst {peak:.0f}" if rows else "–",
                peak <= PEAK_MB if rows else None,
            ),
        ),
    )


def _measure(path: Path) -> dict[str, float] | None:
    """Run this program on a recording; None where the system does not count its children."""
    if sys.platform == "win32":
        return None
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{path.name}: {done.stderr.strip()[-200:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def _use(path: Path) -> dict[str, float]:
    import resource

    from analysis.pipeline import AnalysisOptions, analyse_media

    analysis = analyse_media(path, options=AnalysisOptions(video=False))
    # The one child that has ended is the worker.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = analysis.media.audio_duration_s
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "sound_s": seconds,
        "cpu_s_per_s": (used.ru_utime + used.ru_stime) / seconds,
        "peak_mb": used.ru_maxrss * unit / 1e6,
    }


if __name__ == "__main__":
    print(json.dumps(_use(Path(sys.argv[1]))))
