"""How much each measure moves when a take is repeated: ``python tests/benchmarks/repeat_noise.py``.

The same takes (samples, generated answers, real recordings: `repeat_takes`) are analysed as they
are, re-recorded, re-encoded and with other noise (`repeats`). For every number of summary.json that
comes from the sound: the differences between any two repeats of one take, pooled over the takes,
and the smallest change that counts (`noise_limits`). ``--write`` stores them in
``reports/data/repeat_noise.toml``.
"""

from __future__ import annotations

import argparse
import tempfile
import textwrap
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cases import tell
from generated import default_corpus, how_to_make, take_files
from noise_limits import MARGIN, RULES, Entry, counts_from, differences, merged, spread
from repeat_takes import real_takes
from repeats import REPEATS, Repeat
from sound_files import read_mono
from tables import Cell, Table
from truth import ROOT

from analysis.pipeline import AnalysisOptions, analyse_media
from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis, summary, to_json
from reports.repeat_noise import LEAST_SNR_DB, LEAST_TALK_S

TARGET = ROOT / "reports" / "data" / "repeat_noise.toml"
MEDIA = ROOT.parent / "shared" / "media"
AS_IT_IS = "as it is"
CHANGED: dict[str, tuple[str, ...]] = {
    "noise_floor_dbfs": ("noise",),
    "snr_db": ("noise",),
    "level_dbfs": ("rerecorded",),
}
"""measure to the beginnings of the names of repeats that really change it: they tell nothing"""
CLEANEST_DB = 45.0
"""with a larger SNR the noise floor is the codec's doing, or there is none: no room is so quiet
(our measurements: 41 dB in the samples' room noise)"""
IN_ANY_NOISE = ("level_dbfs", "noise_floor_dbfs", "snr_db", "clipped_ratio")
"""measured in noisy takes and in those with few words too"""
WITH_FEW_WORDS = ("answer_s", "latency_s", "longest_silence_s", "silences_over_30s")
FEWEST = 10
"""differences; with fewer nothing is said about a measure"""
APART = 1.5
"""a language gets figures of its own where its limit is this many times off the one of all"""

# Times, levels and small counts move by so much; rates, sizes and larger counts in proportion.
MEASURES: dict[str, tuple[str, str]] = {
    "answer_s": ("absolute", "s"),
    "latency_s": ("absolute", "s"),
    "speaking_s": ("relative", "s"),
    "word_count": ("relative", "words"),
    "speech_rate_wpm": ("relative", "words/min"),
    "pace_wpm": ("relative", "words/min"),
    "pace_characters_per_min": ("relative", "characters/min"),
    "articulation_rate_wpm": ("relative", "words/min"),
    "syllable_rate_per_min": ("relative", "syllables/min"),
    "mora_rate_per_min": ("relative", "morae/min"),
    "character_rate_per_min": ("relative", "characters/min"),
    "pace_fastest_per_min": ("relative", "per min"),
    "pace_slowest_per_min": ("relative", "per min"),
    "pause_count": ("relative", "pauses"),
    "longest_silence_s": ("absolute", "s"),
    "silences_over_30s": ("absolute", "silences"),
    "fillers_per_min": ("relative", "per min"),
    "hesitation_count": ("relative", "hesitations"),
    "hesitation_possible_count": ("absolute", "hesitations"),
    "lexical_filler_count": ("absolute", "words"),
    "repetition_count": ("absolute", "repetitions"),
    "restart_count": ("absolute", "restarts"),
    "volume_drop_count": ("absolute", "sentence ends"),
    "level_dbfs": ("absolute", "dB"),
    "noise_floor_dbfs": ("absolute", "dB"),
    "snr_db": ("absolute", "dB"),
    "clipped_ratio": ("absolute", "share"),
    "f0_spread_st": ("absolute", "st"),
    "monotone_ratio": ("absolute", "share"),
    "soft_end_ratio": ("absolute", "share"),
}


@dataclass(frozen=True, slots=True)
class Take:
    """A take and the summaries of its repeats."""

    name: str
    language: str
    summaries: dict[str, dict]
    """by repeat; `AS_IT_IS` is the take itself"""

    @property
    def talk_s(self) -> float:
        """The least speech that was found in a repeat."""
        return min(flat.get("speaking_s") or 0.0 for flat in self.summaries.values())


@dataclass(frozen=True, slots=True)
class Noise:
    """How much a measure moves."""

    measure: str
    language: str
    """ "" = all"""
    sd: float
    limit_95: float
    counts_from: float
    n: int
    takes: int

    @property
    def kind(self) -> str:
        """ "absolute" or "relative"."""
        return MEASURES[self.measure][0]

    @property
    def unit(self) -> str:
        """Of the measure."""
        return MEASURES[self.measure][1]


def main() -> None:
    """Repeat, measure, print; store where asked."""
    parser = argparse.ArgumentParser(description="noise of each measure against repeats")
    parser.add_argument("--corpus", metavar="FOLDER", type=Path, default=default_corpus())
    parser.add_argument(
        "--takes", metavar="N", type=int, default=0, help="per language; default: all"
    )
    parser.add_argument("--media", metavar="FOLDER", type=Path, default=MEDIA)
    parser.add_argument("--only", metavar="A,B", help="takes by name; default: all")
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
    files = [*take_files(options.corpus, options.takes), *real_takes(options.media)]
    if options.only:
        files = [f for f in files if f[0] in options.only.split(",")]
    takes = list(_measure(files, repeats, options.keep))
    noise = list(noises(takes))
    print(f"\n{_table(noise).text()}")
    if options.write:
        old = TARGET.read_text(encoding="utf-8") if TARGET.is_file() else ""
        TARGET.write_text(merged(old, entries(noise), head(takes)), encoding="utf-8")
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
        at_least = RULES[measure].at_least
        pairs = list(differences(_values(measure, take), kind, at_least=at_least))
        found += pairs
        counted += bool(pairs)
    if len(found) < FEWEST:
        return None
    # What never varied in one language may vary in it all the same: the largest is that of all.
    every = [(_values(measure, take), take.talk_s) for take in takes]
    from_ = counts_from(measure, kind, every)
    return Noise(measure, language, *spread(found), from_, len(found), counted)


def _values(measure: str, take: Take) -> list[float]:
    """Return the values of the repeats that are compared in the product, too."""
    if take.talk_s < LEAST_TALK_S and measure not in (*IN_ANY_NOISE, *WITH_FEW_WORDS):
        return []
    changed = CHANGED.get(measure, ())
    values = []
    for name, flat in take.summaries.items():
        value, snr_db = flat.get(measure), flat.get("snr_db")
        if value is None or name.startswith(changed):
            continue
        if measure in ("noise_floor_dbfs", "snr_db") and (snr_db is None or snr_db > CLEANEST_DB):
            continue
        if measure not in IN_ANY_NOISE and snr_db is not None and snr_db < LEAST_SNR_DB:
            continue
        values.append(value)
    return values


def _table(noise: Sequence[Noise]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for n in noise:
        share = n.kind == "relative"
        show = (lambda v: f"{100 * v:.2f} %") if share else (lambda v: f"{v:.3f}")
        rows.append(
            (
                n.measure,
                n.language or "all",
                show(n.sd),
                show(n.limit_95),
                show(n.counts_from),
                "" if share else n.unit,
                n.n,
                n.takes,
            )
        )
    return Table(
        "How much a measure moves when the same take is repeated",
        ("measure", "language", "sd", "95 % limit", "counts from", "unit", "differences", "takes"),
        tuple(rows),
        f"Counts from: {MARGIN} × the largest difference, never below the floor of the measure;"
        " with little speech more (noise_limits.py).",
    )


def entries(noise: Sequence[Noise]) -> list[Entry]:
    """Return the tables for repeat_noise.toml."""
    return [
        Entry(
            measure=f"{n.measure}.{n.language}" if n.language else n.measure,
            kind=n.kind,
            unit=n.unit,
            sd=n.sd,
            limit_95=n.limit_95,
            counts_from=n.counts_from,
            n=n.n,
            source=f"measured: differences between repeats of {n.takes} takes (re-recorded,"
            " re-encoded, other noise at 25 to 30 dB)",
        )
        for n in noise
    ]


def head(takes: Sequence[Take]) -> str:
    """Return the comment about what was measured."""
    ways = sorted({name for take in takes for name in take.summaries} - {AS_IT_IS})
    text = (
        f"Sound: written by tests/benchmarks/repeat_noise.py. {len(takes)} takes"
        f" ({', '.join(t.name for t in takes)}), each as it is and as some of: {', '.join(ways)}."
    )
    return textwrap.fill(
        text, 98, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )


if __name__ == "__main__":
    main()
