"""Prints how many morae mensetsu counts in what is said in Japanese interviews, against the truth.

Run ``python tests/benchmarks/readings.py``. The truth is tests/analysis/readings.toml; with
``--corpus FOLDER`` the texts of the generated Japanese takes are judged too.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from analysis.japanese import count_kana, reading

TRUTH = Path(__file__).parents[1] / "analysis" / "readings.toml"


@dataclass(frozen=True, slots=True)
class Row:
    """The morae of a group of phrases."""

    name: str
    phrase_count: int
    true_count: int
    absolute_error: int
    """sum over the phrases"""
    signed_error: int

    def line(self) -> str:
        """Return the row as text."""
        return (
            f"{self.name:<28}{self.phrase_count:>8}{self.true_count:>8}"
            f"{self.absolute_error / self.true_count:>10.2%}"
            f"{self.signed_error / self.true_count:>+10.2%}"
        )


def measure(name: str, phrases: list[tuple[str, str]]) -> Row:
    """Compare the morae of texts with those of their true readings."""
    errors = [count_kana(reading(text)) - count_kana(true) for text, true in phrases]
    return Row(
        name,
        len(phrases),
        sum(count_kana(true) for _, true in phrases),
        sum(abs(e) for e in errors),
        sum(errors),
    )


def read_truth(half: str) -> dict[str, list[tuple[str, str]]]:
    """Return category → (text, true reading) of the "tuning" or the "held out" half."""
    tables = tomllib.loads(TRUTH.read_text("utf-8"))
    first = 1 if half == "held out" else 0
    return {
        name: [(text, true) for text, true in table["phrases"][first::2]]
        for name, table in tables.items()
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path, help="folder of the generated takes")
    corpus = parser.parse_args().corpus
    print(f"{'':<28}{'phrases':>8}{'morae':>8}{'error':>10}{'signed':>10}")
    for half in ("tuning", "held out"):
        groups = read_truth(half)
        for name, phrases in groups.items():
            print(measure(f"{half}: {name}", phrases).line())
        print(measure(f"{half}: all", [p for group in groups.values() for p in group]).line())
    for path in sorted(corpus.glob("*.json")) if corpus else ():
        take = json.loads(path.read_text("utf-8"))
        if take["language"] == "ja":
            print(
                measure(f"{take['half']}: {take['name']}", [(take["text"], take["reading"])]).line()
            )


if __name__ == "__main__":
    main()
