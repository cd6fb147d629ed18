"""How much each measure moves when a take is repeated: ``python tests/benchmarks/repeat_noise.py``.

The same takes (generated answers of both halves, and the samples) are analysed as they are,
re-recorded, re-encoded and with other noise (`repeats`). For every number of summary.json that
comes from the sound: the differences between any two repeats of one take, pooled over the takes.
``--write`` stores them in ``reports/data/repeat_noise.toml``.
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cases import tell
from generated import default_corpus, how_to_make, take_files
from repeats import REPEATS, Repeat
from sound_files import read_mono
from tables import Cell, Table
from truth import ROOT

from analysis.pipeline import AnalysisOptions, analyse_media
from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis, summary, to_json

TARGET = ROOT / "reports" / "data" / "repeat_noise.toml"
AS_IT_IS = "as it is"
CHANGED = {"noise_floor_dbfs": "noise", "snr_db": "noise"}
"""measure to the beginning of the names of repeats that really change it: they tell nothing then"""
FEWEST = 10
"""differences; with fewer nothing is said about a measure"""
APART = 1.5
"""a language gets figures of its own where its limit is this many times off the one of all"""

# Counts, times and levels move by so much; rates and sizes move in proportion.
MEASURES: dict[str, tuple[str, str]] = {
    "answer_s": ("absolute", "s"),
    "latency_s": ("absolute", "s"),
    "speaking_s": ("relative", "s"),
    "word_count": ("relative", "words"),
    "speech_rate_wpm": ("relative", "words/min"),
    "articulation_rate_wpm": ("relative", "words/min"),
    "syllable_rate_per_min": ("relative", "syllables/min"),
    "mora_rate_per_min": ("relative", "morae/min"),
    "character_rate_per_min": ("relative", "characters/min"),
    "pace_fastest_per_min": ("relative", "per min"),
    "pace_slowest_per_min": ("relative", "per min"),
    "pause_count": ("absolute", "pauses"),
    "longest_silence_s": ("absolute", "s"),
    "silences_over_30s": ("absolute", "silences"),
    "fillers_per_min": ("absolute", "per min"),
    "hesitation_count": ("absolute", "hesitations"),
    "hesitation_possible_count": ("absolute", "hesitations"),
    "lexical_filler_count": ("absolute", "words"),
    "repetition_count": ("absolute", "repetitions"),
    "restart_count": ("absolute", "restarts"),
    "volume_drop_count": ("absolute", "sentence ends"),
    "level_dbfs": ("absolute", "dB"),
    "noise_floor_dbfs": ("absolute", "dB"),
    "snr_db": ("absolute", "dB"),
    "f0_spread_st": ("absolute", "st"),
    "monotone_ratio": ("absolute", "share"),
}


@dataclass(frozen=True, slots=True)
class Take:
    """A take and the summaries of its repeats."""

    name: str
    language: str
    summaries: dict[str, dict]
    """by repeat; `AS_IT_IS` is the take itself"""


@dataclass(frozen=True, slots=True)
class Noise:
    """How much a measure moves."""

    measure: str
    language: str
    """ "" = all"""
    sd: float
    limit_95: float
    n: int
    takes: int


def main() -> None:
    """Repeat, measure, print; store where asked."""
    parser = argparse.ArgumentParser(description="noise of each measure against repeats")
    parser.add_argument("--corpus", metavar="FOLDER", type=Path, default=default_corpus())
    parser.add_argument(
        "--takes", metavar="N", type=int, default=0, help="per language; default: all"
    )
    parser.add_argument(
        "--repeats",
        metavar="A,B",
        default=",".join(r.name for group in REPEATS.values() for r in group),
        help="default: %(default)s",
    )
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="keep each analysis there")
    parser.add_argument(
        "--write", action="store_true", help=f"store the figures in {TARGET.relative_to(ROOT)}"
    )
    options = parser.parse_args()
    wanted = options.repeats.split(",")
    repeats = [r for group in REPEATS.values() for r in group if r.name in wanted]
    if not repeats:
        parser.error(f"no repeat is named {options.repeats}")
    if not options.corpus.is_dir():
        print(how_to_make(options.corpus))
    files = take_files(options.corpus, options.takes)
    takes = list(_measure(files, repeats, options.keep))
    noise = list(noises(takes))
    print(f"\n{_table(noise).text()}")
    if options.write:
        # Who measured a part replaces that part only by a whole file: the sentence says how much.
        TARGET.write_text(toml(noise, takes, repeats), encoding="utf-8")
        print(f"\nwritten: {TARGET.relative_to(ROOT)}")


def _measure(
    files: Sequence[tuple[str, str, Path]], repeats: Sequence[Repeat], keep: Path | None
) -> Iterable[Take]:
    for number, (name, language, path) in enumerate(files, 1):
        tell(f"{number}/{len(files)} {name}")
        samples, rate_hz = read_mono(path)
        first = summary(_analyse(path, f"{name} {AS_IT_IS}", keep, language))
        summaries = {AS_IT_IS: first}
        for repeat in repeats:
            tell(f"{number}/{len(files)} {name} {repeat.name}")
            random = np.random.default_rng(zlib.crc32(f"{name} {repeat.name}".encode()))
            with tempfile.TemporaryDirectory(prefix="mensetsu-repeat-") as folder:
                key = f"{name} {repeat.name}"
                made = None
                if not _kept(key, keep):
                    made = repeat.make(samples, rate_hz, random, Path(folder))
                summaries[repeat.name] = summary(_analyse(made, key, keep, language))
        yield Take(name, language, summaries)
    tell("")


def _kept(key: str, keep: Path | None) -> Path | None:
    path = keep / f"{key.replace(' ', '+')}.json" if keep else None
    return path if path is not None and path.is_file() else None


def _analyse(path: Path | None, key: str, keep: Path | None, language: str) -> AnswerAnalysis:
    if kept := _kept(key, keep):
        return read_analysis(kept)
    assert path is not None
    # The model by name: "auto" might take another one in the middle, when memory gets short.
    options = AnalysisOptions(language=language, model="base", video=False)
    analysis = analyse_media(path, options=options)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{key.replace(' ', '+')}.json").write_text(to_json(analysis), encoding="utf-8")
    return analysis


def noises(takes: Sequence[Take]) -> Iterable[Noise]:
    """Yield the noise of each measure, and that of a language where it is another."""
    for measure, (kind, _) in MEASURES.items():
        whole = _noise(measure, kind, takes, "")
        if whole is None:
            continue
        yield whole
        languages = sorted({t.language for t in takes})
        parts = [_noise(measure, kind, takes, language) for language in languages]
        # Measured in one language only: there is nothing to set apart.
        if sum(part is not None for part in parts) < 2:
            continue
        for part in parts:
            if part is not None and _apart(part.limit_95, whole.limit_95):
                yield part


def _apart(a: float, b: float) -> bool:
    low, high = sorted((a, b))
    return high > APART * low


def _noise(measure: str, kind: str, takes: Sequence[Take], language: str) -> Noise | None:
    found: list[float] = []
    counted = 0
    for take in takes:
        if language and take.language != language:
            continue
        changed = CHANGED.get(measure)
        values = [
            flat[measure]
            for name, flat in take.summaries.items()
            if flat.get(measure) is not None and not (changed and name.startswith(changed))
        ]
        pairs = list(differences(values, kind))
        found += pairs
        counted += bool(pairs)
    if len(found) < FEWEST:
        return None
    return Noise(measure, language, *spread(found), len(found), counted)


def differences(values: Sequence[float], kind: str) -> Iterable[float]:
    """Yield the differences between any two repeats; relative ones as a share of their mean."""
    for a, b in itertools.combinations(values, 2):
        if kind == "absolute":
            yield float(b - a)
        elif a + b:
            yield float(2 * (b - a) / (abs(a) + abs(b)))


def spread(found: Sequence[float]) -> tuple[float, float]:
    """Return (standard deviation of one measurement, 95 % limit of a difference).

    The deviation is robust: from the median size of the differences, or, where more than half of
    them are zero (counts), from the mean square of the smaller 95 %. The limit is the larger of
    1.96·√2 deviations and the 95 % quantile of what was seen.
    """
    sizes = np.sort(np.abs(np.asarray(found, dtype=np.float64)))
    most = sizes[: max(1, math.ceil(0.95 * len(sizes)))]
    robust = 1.4826 * statistics.median(sizes) / math.sqrt(2)
    trimmed = float(np.sqrt(np.mean(most**2))) / math.sqrt(2)
    sd = robust if robust > 0 else trimmed
    return sd, max(1.96 * math.sqrt(2) * sd, float(np.quantile(sizes, 0.95)))


def _table(noise: Sequence[Noise]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for n in noise:
        kind, unit = MEASURES[n.measure]
        share = kind == "relative"
        show = (lambda v: f"{100 * v:.2f} %") if share else (lambda v: f"{v:.3f}")
        rows.append(
            (
                n.measure,
                n.language or "all",
                show(n.sd),
                show(n.limit_95),
                "" if share else unit,
                n.n,
                n.takes,
            )
        )
    return Table(
        "How much a measure moves when the same take is repeated",
        ("measure", "language", "sd", "95 % limit", "unit", "differences", "takes"),
        tuple(rows),
    )


def toml(noise: Sequence[Noise], takes: Sequence[Take], repeats: Sequence[Repeat]) -> str:
    """Return the text of repeat_noise.toml."""
    ways = ", ".join(r.name for r in repeats)
    lines = [
        "# How much each measure moves when the same take is repeated: recorded again, encoded",
        "# again, with other noise. Written by tests/benchmarks/repeat_noise.py, which says how;",
        "# reports/repeat_noise.py says what the keys mean. A copy in the data folder overrides",
        "# the tables that it names.",
        f"# {len(takes)} takes ({', '.join(t.name for t in takes)}),",
        f"# each as it is and as: {ways}.",
    ]
    for n in noise:
        kind, unit = MEASURES[n.measure]
        name = f"{n.measure}.{n.language}" if n.language else n.measure
        lines += [
            "",
            f"[{name}]",
            f'kind = "{kind}"',
            f'unit = "{unit}"',
            f"sd = {_number(n.sd)}",
            f"limit_95 = {_number(n.limit_95)}",
            f"n = {n.n}",
            f'source = "measured: differences between repeats of {n.takes} takes (re-recorded,'
            ' re-encoded, other noise at 25 to 30 dB)"',
        ]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"


if __name__ == "__main__":
    main()
