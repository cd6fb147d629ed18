"""The table of this benchmark: a row per condition of the sound, a column per measure.

The conditions are those of ``corpus/conditions.py``, over the generated answers. Below them stand
the samples and the real recordings, as they are.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cases import CLEAN, Answer, Case, Target, target_table
from scores import Found, Scores, mean_size, score
from tables import Cell, Table

COLUMNS = (
    "condition",
    "clips",
    "min",
    "WER %",
    "kana CER %",
    "word edge s",
    "pauses %",
    "right %",
    "edge s",
    "length s",
    "> 30 s",
    "false",
    "worst s",
    "hes. P",
    "hes. R",
    "hes. F1",
    "false/min",
    "off s",
    "range %",
    "lex. P",
    "lex. R",
    "rep. P",
    "rep. R",
    "rate %",
    "artic. %",
    "answer s",
    "morae %",
    "lang. %",
)
NOTE = """\
min: of sound. WER, kana CER: errors per word or kana of the reference. word edge: mean, at edges of
spliced chunks. pauses: of at least 0.5 s, found, and share of the measured ones that are right;
edge and length: mean errors. > 30 s: silences found of true ones, false ones, worst edge. hes.:
hesitations by time (collar 0.35 s; by count where no times are known), false ones per minute of
fluent speech, mean distance of the middles; range: recordings whose range holds the true number.
lex.: filler words. rep.: repetitions and restarts. rate, artic.: mean errors of speech and
articulation rate. answer: mean error of its length. morae: mean error of their number. – = nothing
to measure it on, or not measured."""

# What is to be reached; set beforehand, not chosen by what was measured.
SILENCE_EDGE_S = 0.3
PAUSE_RECALL, PAUSE_PRECISION, PAUSE_EDGE_S = 0.97, 0.95, 0.08
HESITATIONS = {"en": (0.92, 0.90), "ja": (0.85, 0.85)}
"""precision, recall"""
FALSE_PER_FLUENT_MIN = 0.3
OFF_S = 0.2
LOST_AT_20_DB = 0.05
LEXICAL_PRECISION = 0.9
RATE_SHARE, MORA_SHARE, ANSWER_S = 0.03, 0.02, 0.2
NOISY_20 = ("white20", "pink20", "babble20")
LANGUAGES = {"en": "English", "ja": "Japanese"}


def condition_tables(cases: Sequence[Case]) -> list[Table]:
    """Return the table over both languages, and the same for each."""
    tables = [_table("Both languages", cases)]
    for code, name in LANGUAGES.items():
        tables.append(_table(name, [c for c in cases if c.clip.language == code]))
    # What the columns mean is said once, below the last.
    return [*tables[:-1], replace(tables[-1], note=NOTE)]


def condition_targets(cases: Sequence[Case]) -> Answer:
    """Return what this version is to reach on the generated answers and on natural speech."""
    corpus = [c for c in cases if c.clip.group == "corpus"]
    by_condition = {name: score(group) for name, group in _by_condition(corpus)}
    targets = [
        *_silence_targets(by_condition),
        *_pause_targets(by_condition.get(CLEAN)),
        *_hesitation_targets(cases),
        *_noise_targets(by_condition),
        *_rate_targets(corpus),
    ]
    return Answer(target_table(targets), tuple(targets))


def _by_condition(cases: Sequence[Case]) -> Iterable[tuple[str, list[Case]]]:
    for name in dict.fromkeys(c.condition for c in cases):
        yield name, [c for c in cases if c.condition == name]


def _table(title: str, cases: Sequence[Case]) -> Table:
    rows = []
    corpus = [c for c in cases if c.clip.group == "corpus"]
    for name, group in _by_condition(corpus):
        rows.append(row(name, score(group)))
        human = [c for c in group if not c.clip.robotic]
        if name == CLEAN and len(human) < len(group):
            rows.append(row("clean, no robots", score(human)))
    for name, groups in (
        ("samples", ("sample",)),
        ("real: sound", ("natural",)),
        ("real: video", ("video",)),
        ("real: cut-off tests", ("contrived",)),
    ):
        group = [c for c in cases if c.clip.group in groups]
        if group:
            rows.append(row(name, score(group)))
    return Table(f"By condition: {title}", COLUMNS, tuple(rows))


def row(name: str, s: Scores) -> tuple[Cell, ...]:
    """Return one row of the table."""
    return (
        name,
        s.clips,
        f"{s.minutes:.1f}",
        _percent(s.words_wrong / s.words_true if s.words_true else math.nan),
        _percent(s.kana_wrong / s.kana_true if s.kana_true else math.nan),
        mean_size(s.word_edges_s),
        _percent(s.pauses.recall),
        _percent(s.pauses_right.precision),
        mean_size(s.pause_edges_s),
        mean_size(s.pause_lengths_s),
        f"{s.silences.found}/{s.silences.true}" if s.silences.measured else None,
        s.silences.false if s.silences.measured else None,
        max(s.silence_edges_s, default=math.nan),
        s.hesitations.precision,
        s.hesitations.recall,
        s.hesitations.f1,
        s.fluent_false / s.fluent_minutes if s.fluent_minutes else math.nan,
        mean_size(s.hesitation_offs_s),
        _percent(statistics.fmean(s.ranges) if s.ranges else math.nan),
        s.lexical.precision,
        s.lexical.recall,
        s.repetitions.precision,
        s.repetitions.recall,
        _percent(mean_size(s.rates)),
        _percent(mean_size(s.articulation)),
        mean_size(s.answers_s),
        _percent(mean_size(s.morae)),
        _percent(statistics.fmean(s.languages) if s.languages else math.nan),
    )


def _percent(share: float) -> str | None:
    return None if math.isnan(share) else f"{100 * share:.1f}"


def _silence_targets(by_condition: dict[str, Scores]) -> list[Target]:
    measured = {n: s for n, s in by_condition.items() if s.silences.measured}
    true = sum(s.silences.true for s in measured.values())
    found = sum(s.silences.found for s in measured.values())
    bad = [
        f"{n} {s.silences.found}/{s.silences.true}, {s.silences.false} false"
        for n, s in measured.items()
        if s.silences.found < s.silences.true or s.silences.false
    ]
    worst, where = max(
        ((max(s.silence_edges_s, default=0.0), n) for n, s in measured.items()),
        default=(math.nan, ""),
    )
    return [
        Target(
            f"generated, {len(measured)} conditions: silences > 30 s",
            "all found, none invented",
            "; ".join(bad) or f"{found} of {true} found, 0 false",
            not bad if true else None,
        ),
        Target(
            f"generated, {len(measured)} conditions: their edges",
            f"≤ {SILENCE_EDGE_S} s",
            f"worst {worst:.2f} s ({where})" if found else "–",
            worst <= SILENCE_EDGE_S if found else None,
        ),
    ]


def _pause_targets(clean: Scores | None) -> list[Target]:
    pauses, right = (clean.pauses, clean.pauses_right) if clean else (Found(), Found())
    edge = mean_size(clean.pause_edges_s if clean else ())
    return [
        _at_least(
            "generated, clean: pauses ≥ 0.5 s, found", PAUSE_RECALL, pauses.recall, pauses.true
        ),
        _at_least(
            "generated, clean: pauses ≥ 0.5 s, right",
            PAUSE_PRECISION,
            right.precision,
            right.found + right.false,
        ),
        _at_most("generated, clean: pauses ≥ 0.5 s, mean edge, s", PAUSE_EDGE_S, edge),
    ]


def _hesitation_targets(cases: Sequence[Case]) -> list[Target]:
    targets = []
    for code, name in LANGUAGES.items():
        precise, recalled = HESITATIONS[code]
        for where, groups in (("natural", ("natural",)), ("generated, clean", ("corpus",))):
            scores = score(
                [
                    c
                    for c in cases
                    if c.clip.group in groups and c.clip.language == code and c.condition == CLEAN
                ]
            )
            found = scores.hesitations
            what = f"{where}: hesitations, {name}"
            counted = found.found + found.false
            targets += [
                _at_least(f"{what}, precision", precise, found.precision, counted),
                _at_least(f"{what}, recall", recalled, found.recall, found.true),
            ]
    clean = score(
        [
            c
            for c in cases
            if c.condition == CLEAN and c.clip.group in ("corpus", "natural", "sample")
        ]
    )
    per_minute = clean.fluent_false / clean.fluent_minutes if clean.fluent_minutes else math.nan
    return [
        *targets,
        _at_most(
            f"clean: false hesitations per min of fluent speech ({clean.fluent_minutes:.1f} min)",
            FALSE_PER_FLUENT_MIN,
            per_minute,
        ),
        _at_most("clean: hesitations, mean distance, s", OFF_S, mean_size(clean.hesitation_offs_s)),
        _at_least(
            "clean: filler words, precision",
            LEXICAL_PRECISION,
            clean.lexical.precision,
            clean.lexical.found + clean.lexical.false,
        ),
    ]


def _noise_targets(by_condition: dict[str, Scores]) -> list[Target]:
    clean = by_condition.get(CLEAN)
    targets = []
    for name in NOISY_20:
        noisy = by_condition.get(name)
        if clean is None or noisy is None or not clean.hesitations.true:
            targets.append(
                Target(
                    f"generated, {name}: hesitations, against clean",
                    f"≤ {LOST_AT_20_DB} lost",
                    "–",
                    None,
                )
            )
            continue
        lost = {
            "P": clean.hesitations.precision - noisy.hesitations.precision,
            "R": clean.hesitations.recall - noisy.hesitations.recall,
        }
        targets.append(
            Target(
                f"generated, {name}: hesitations, against clean",
                f"≤ {LOST_AT_20_DB} lost",
                ", ".join(f"{k} {-v:+.3f}" for k, v in lost.items()),
                not any(v > LOST_AT_20_DB + 1e-9 for v in lost.values()),
            )
        )
    return targets


def _rate_targets(corpus: Sequence[Case]) -> list[Target]:
    clean = [c for c in corpus if c.condition == CLEAN]
    targets = []
    for code, name in LANGUAGES.items():
        s = score([c for c in clean if c.clip.language == code])
        targets.append(_within(f"generated, clean: speech rate, {name}", RATE_SHARE, s.rates))
        if code == "ja":
            targets.append(_within("generated, clean: morae", MORA_SHARE, s.morae))
    both = score(clean)
    worst = max(map(abs, both.answers_s), default=math.nan)
    targets.append(_at_most("generated, clean: length of the answer, worst, s", ANSWER_S, worst))
    return targets


def _within(what: str, limit: float, errors: Sequence[float]) -> Target:
    if not errors:
        return Target(what, f"within {limit:.0%}", "–", None)
    mean, worst = mean_size(errors), max(map(abs, errors))
    inside = sum(abs(e) <= limit for e in errors)
    return Target(
        what,
        f"within {limit:.0%}",
        f"mean {mean:.1%}, worst {worst:.1%}, {inside} of {len(errors)} recordings inside",
        inside == len(errors),
    )


def _at_least(what: str, limit: float, value: float, count: int) -> Target:
    if math.isnan(value):
        return Target(what, f"≥ {limit}", "–", None)
    return Target(what, f"≥ {limit}", f"{value:.3f} of {count}", value >= limit)


def _at_most(what: str, limit: float, value: float) -> Target:
    if math.isnan(value):
        return Target(what, f"≤ {limit}", "–", None)
    return Target(what, f"≤ {limit}", f"{value:.3f}", value <= limit)
