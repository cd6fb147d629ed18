"""How long pages over many takes take: ``python tests/benchmarks/history.py``.

Stores of 50 to 1000 takes are made of one real analysis (the bundled sample, or ``--analysis``).
Of each, the history page is made as ``mensetsu history`` makes it; of the largest, ten takes are
compared as ``mensetsu compare`` does, in a process of its own too. It never fails: a target that is
not met is printed as such.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from made_store import make_store
from tables import Table
from truth import ROOT

from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis

SIZES = (50, 100, 200, 500, 1000)
JUDGED = 500
MOST_S = 1.5
MOST_BYTES = 2_000_000
COMPARED = 10
MOST_COMPARE_S = 1.0
_SAMPLE = ROOT / "sample_media" / "english_take.mp4"


@dataclass(frozen=True, slots=True)
class Made:
    """The history page of a store."""

    takes: int
    read_s: float
    """of reading the store alone"""
    page_s: float
    """of all: reading and making the page"""
    page_bytes: int
    process_s: float
    """``mensetsu history`` from its start to its end"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="pages over many takes")
    parser.add_argument("--analysis", metavar="FILE", type=Path, help="an analysis.json to make of")
    parser.add_argument("--repeat", metavar="N", type=int, default=5, help="runs of each")
    parser.add_argument("--sizes", metavar="N", type=int, nargs="+", default=list(SIZES))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="history-") as folder:
        work = Path(folder)
        answer = read_analysis(given.analysis or _analysed(work))
        made = [_measure(work, answer, size, given.repeat) for size in given.sizes]
        compared = _compare(work / str(max(given.sizes)), given.repeat)
    _show(made)
    for name, seconds in compared.items():
        print(f"{COMPARED} takes compared, {name}: {seconds:.2f} s {_met(seconds, MOST_COMPARE_S)}")


def _analysed(work: Path) -> Path:
    command = [sys.executable, "-m", "app", "analyse", str(_SAMPLE), "--output", str(work / "one")]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return work / "one" / "analysis.json"


def _measure(work: Path, answer: AnswerAnalysis, size: int, repeat: int) -> Made:
    from app import config
    from app.commands.history import history_html
    from app.shelf import read_shelf

    home = work / str(size)
    make_store(home / "sessions", size, answer)
    os.environ["MENSETSU_HOME"] = str(home)
    page = home / "history.html"
    text = history_html(page)
    return Made(
        takes=size,
        read_s=_median(lambda: read_shelf(config.sessions_dir()), repeat),
        page_s=_median(lambda: history_html(page), repeat),
        page_bytes=len(text.encode("utf-8")),
        process_s=_median(lambda: _program("history"), min(repeat, 3)),
    )


def _compare(home: Path, repeat: int) -> dict[str, float]:
    """Return how long ten takes of one question need, in this process and as a program."""
    from app import config
    from app.commands.compare import compare
    from app.shelf import read_shelf

    os.environ["MENSETSU_HOME"] = str(home)
    names = [take.name for take in read_shelf(config.sessions_dir()).takes[:COMPARED]]
    page = home / "comparison.html"
    first = _median(lambda: _quiet(lambda: compare(takes=names, output=page)), 1)
    return {
        "the first time, in a warm process": first,
        "again, in a warm process": _median(
            lambda: _quiet(lambda: compare(takes=names, output=page)), repeat
        ),
        "again, as a program": _median(
            lambda: _program("compare", *names, "--output", str(page)), 3
        ),
    }


def _quiet(work: Callable[[], object]) -> None:
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()):
        work()


def _program(*arguments: str) -> None:
    command = [sys.executable, "-m", "app", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _median(work: Callable[[], object], repeat: int) -> float:
    times: list[float] = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def _show(made: list[Made]) -> None:
    rows = tuple(
        (
            one.takes,
            f"{one.read_s:.2f}",
            f"{one.page_s:.2f}",
            f"{1000 * one.page_s / one.takes:.2f}",
            f"{one.page_bytes / 1000:.0f}",
            f"{one.process_s:.2f}",
        )
        for one in made
    )
    columns = ("takes", "store read, s", "page made, s", "ms a take", "kB", "program, s")
    print(Table("History page", columns, rows).text())
    judged = next((one for one in made if one.takes == JUDGED), None)
    if judged is not None:
        seconds = f"{judged.page_s:.2f} s {_met(judged.page_s, MOST_S)}"
        size = f"{judged.page_bytes / 1e6:.2f} MB {_met(judged.page_bytes, MOST_BYTES)}"
        print(f"{JUDGED} takes: page {seconds}, {size}")
    least, most = made[0], made[-1]
    grown = (most.page_s / least.page_s) / (most.takes / least.takes)
    print(f"{most.takes} against {least.takes} takes: {grown:.2f} × the time a take (1 = linear)")


def _met(value: float, most: float) -> str:
    return "(met)" if value <= most else "(NOT MET)"


if __name__ == "__main__":
    main()
