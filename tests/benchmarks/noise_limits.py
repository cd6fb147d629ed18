"""From differences between repeats to the smallest change that counts, and into the data file.

Used by `repeat_noise.py` (sound) and `vision_repeats.py` (picture). Each replaces the tables of its
own measures in ``reports/data/repeat_noise.toml`` and leaves those of the other as they are.
"""

from __future__ import annotations

import itertools
import math
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

MARGIN = 1.25
"""a change must be so many times the largest difference that was seen between repeats; our
judgement: a maximum of a few hundred differences is not the largest that there is"""
ONE_MORE = 1.5
"""of a count: one more or less may be chance, whatever was seen here; our judgement"""


@dataclass(frozen=True, slots=True)
class Rule:
    """How the smallest change of a measure that counts is found."""

    floor: float = 0.0
    """never below: in the unit, or as a share of the mean for relative measures"""
    at_least: float = 0.0
    """of relative measures: never below this in the unit"""
    steady_from_s: float = 0.0
    """with less speech than this the limit grows in proportion: one word more weighs more there"""

    def short(self, talk_s: float) -> float:
        """Return how much less the limit is where there is speech enough; 1 = there is."""
        return min(1.0, talk_s / self.steady_from_s) if self.steady_from_s else 1.0


_COUNT = Rule(ONE_MORE)
# Of many events more lie on the border: in answers with 5, 20 and 33 of them the largest
# differences were 1, 6 and 4, so these counts are held against a share of their mean.
_MANY = Rule(0.1, at_least=ONE_MORE)
_RATE = Rule(0.03, steady_from_s=30.0)
# A look of a second more or less is 2 % of 49 s; what is shown is whole percents.
_SHARE_OF_TIME = Rule(0.05, steady_from_s=30.0)
_PER_MIN = Rule(0.1, at_least=ONE_MORE, steady_from_s=60.0)

RULES: dict[str, Rule] = {
    # Edges of speech are known to 0.3 s (README.md: accuracy, noisy recordings).
    "answer_s": Rule(0.6),
    "latency_s": Rule(0.3),
    "longest_silence_s": Rule(0.6),
    # Exact: half of one.
    "silences_over_30s": Rule(0.5),
    "speaking_s": _RATE,
    "word_count": _RATE,
    "speech_rate_wpm": _RATE,
    "pace_wpm": _RATE,
    "pace_characters_per_min": _RATE,
    "articulation_rate_wpm": _RATE,
    "syllable_rate_per_min": _RATE,
    "mora_rate_per_min": _RATE,
    "character_rate_per_min": _RATE,
    "pace_fastest_per_min": _RATE,
    "pace_slowest_per_min": _RATE,
    "pause_count": _MANY,
    "hesitation_count": _MANY,
    "hesitation_possible_count": _COUNT,
    "lexical_filler_count": _COUNT,
    "repetition_count": _COUNT,
    "restart_count": _COUNT,
    "volume_drop_count": _COUNT,
    "away_count": _COUNT,
    "fillers_per_min": _PER_MIN,
    "notes_looks_per_min": Rule(ONE_MORE, steady_from_s=60.0),
    # Gains differ by some dB whenever somebody sits down again.
    "level_dbfs": Rule(3.0),
    "noise_floor_dbfs": Rule(3.0),
    "snr_db": Rule(3.0),
    "f0_spread_st": Rule(0.3, steady_from_s=30.0),
    # One sentence and a half of the eight or so in a minute.
    "soft_end_ratio": Rule(0.2, steady_from_s=60.0),
    # One window of 15 s more or less, of the seven in a minute that overlap.
    "monotone_ratio": Rule(0.15, steady_from_s=60.0),
    "clipped_ratio": Rule(0.0005),
    "gaze_coverage_ratio": _SHARE_OF_TIME,
    "eye_contact_ratio": _SHARE_OF_TIME,
    "posture_coverage_ratio": _SHARE_OF_TIME,
    "slouch_ratio": _SHARE_OF_TIME,
    "side_lean_ratio": _SHARE_OF_TIME,
    "shoulder_tilt_ratio": _SHARE_OF_TIME,
    "lean_in_ratio": _SHARE_OF_TIME,
}
"""key of summary.json to its rule; every floor is our judgement"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A table of the data file."""

    measure: str
    """perhaps with a language: "level_dbfs.ja" """
    kind: str
    unit: str
    sd: float
    limit_95: float
    counts_from: float
    n: int
    source: str

    def text(self) -> str:
        """Return the table."""
        lines = [
            f"[{self.measure}]",
            f'kind = "{self.kind}"',
            f'unit = "{self.unit}"',
            f"sd = {_number(self.sd)}",
            f"limit_95 = {_number(self.limit_95)}",
            f"counts_from = {_number(self.counts_from)}",
        ]
        rule = RULES[self.measure.partition(".")[0]]
        if rule.at_least:
            lines.append(f"at_least = {_number(rule.at_least)}")
        if rule.steady_from_s:
            lines.append(f"steady_from_s = {_number(rule.steady_from_s)}")
        return "\n".join([*lines, f"n = {self.n}", f'source = "{self.source}"']) + "\n"


def differences(values: Sequence[float], kind: str, *, at_least: float = 0.0) -> Iterable[float]:
    """Yield the differences between any two repeats; relative ones as a share of their mean.

    Parameters
    ----------
    values : of the repeats.
    kind : "absolute" or "relative".
    at_least : a mean below it is taken for it: one filler instead of none is no 200 %.
    """
    for a, b in itertools.combinations(values, 2):
        mean = max((abs(a) + abs(b)) / 2, at_least)
        if kind == "absolute":
            yield float(b - a)
        elif mean:
            yield float((b - a) / mean)


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


def counts_from(measure: str, kind: str, takes: Iterable[tuple[Sequence[float], float]]) -> float:
    """Return the change that counts where there is speech enough, in the unit or as a share.

    Parameters
    ----------
    measure : key of summary.json.
    kind : "absolute" or "relative".
    takes : of each take the values of its repeats and its speech in s; of pictures the length of
        the clip stands for the speech.
    """
    rule = RULES[measure]
    largest = 0.0
    for values, talk_s in takes:
        for a, b in itertools.combinations(values, 2):
            size, mean = abs(b - a) * rule.short(talk_s), (abs(a) + abs(b)) / 2
            if kind == "absolute":
                largest = max(largest, size)
            # What never counts for being so little says nothing about the share.
            elif MARGIN * size > rule.at_least and mean:
                largest = max(largest, size / mean)
    return max(rule.floor, MARGIN * largest)


def merged(old: str, entries: Sequence[Entry], head: str = "") -> str:
    """Return the text of the data file with the tables of these measures replaced.

    Parameters
    ----------
    old : its text so far; tables of other measures stay as they are, letter by letter.
    entries : the new tables; they replace every table of the same measure, of all its languages.
    head : lines of comment about these entries, which start with the same words each time
        ("# Sound: …") and replace the ones before.
    """
    new = {entry.measure.partition(".")[0] for entry in entries}
    first, *tables = re.split(r"^(?=\[)", old, flags=re.MULTILINE)
    kept = [table.strip() for table in tables if _measure_of(table) not in new]
    words = head.partition(":")[0]
    comments = [block for block in re.split(r"\n\s*\n", first.strip()) if block]
    if head:
        comments = [c for c in comments if not c.startswith(f"{words}:")] + [head.strip()]
    written = [entry.text().strip() for entry in entries]
    return "\n\n".join([*comments, *_in_order([*kept, *written])]) + "\n"


def _in_order(tables: Sequence[str]) -> list[str]:
    """Return tables in the order of the rules; those without a rule come last."""
    order = list(RULES)

    def place(table: str) -> int:
        measure = _measure_of(table)
        return order.index(measure) if measure in RULES else len(order)

    return sorted(tables, key=place)


def _measure_of(table: str) -> str:
    name = re.match(r"\[([^\].]+)", table)
    return name.group(1) if name else ""


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"
