"""How well voice activity holds: ``python tests/benchmarks/tune_vad.py CORPUS``.

Silences, pauses and the answer's ends over the generated corpus, one row per condition, without
the recogniser (a minute or two once the degraded sound is in the cache). Thresholds are chosen by
looking at the tuning half only; the test half is for the final figures.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import statistics
import sys
import tempfile
import time
import wave
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from corpus.conditions import CONDITIONS, degrade
from corpus.read_corpus import Take, babble_of, read_corpus, read_sound
from matching import Matches, match_stretches
from numpy.typing import NDArray
from tables import Table
from truth import LONG_SILENCE_S, TRUE_PAUSE_S, read_clips

from analysis.media import RATE_HZ
from analysis.media import read_sound as decode_sound
from analysis.results import Pause
from analysis.settings import read_settings
from analysis.speech import find_pauses
from analysis.timeline import Segment, Segments, extent, gaps, support
from analysis.vad import detect_speech, measuring_options

EDGE_S = 0.3
ANSWER_S = 0.2
_NEARLY_PAUSE_S = 0.3
_NEARLY_LONG_S = 29.7
Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound, the truth about it and what was found in it."""

    name: str
    duration_s: float
    true: Segments
    found: Segments
    complete: bool = True
    """whether the truth has every pause"""


@dataclass(slots=True)
class Row:
    """What one condition adds up to."""

    silences: int = 0
    silences_found: int = 0
    silences_false: int = 0
    silence_edges_s: list[float] = field(default_factory=list)
    pauses: int = 0
    pauses_found: int = 0
    pauses_false: int = 0
    edges_s: list[float] = field(default_factory=list)
    answers_s: list[float] = field(default_factory=list)
    speaking: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, heard: Heard) -> None:
        """Count one sound."""
        whole = Segment(0.0, heard.duration_s)
        true = gaps(heard.true, whole)
        found = find_pauses(heard.found, heard.duration_s)
        self._silences(heard.name, true, found)
        answer, measured = extent(heard.true), extent(heard.found)
        if not (answer and measured):
            self.notes.append(f"{heard.name}: nothing found")
            return
        errors = measured.start - answer.start, measured.end - answer.end
        self.answers_s += errors
        if max(map(abs, errors)) > ANSWER_S:
            self.notes.append(f"{heard.name}: answer {errors[0]:+.2f} {errors[1]:+.2f} s")
        if heard.complete:
            true_s, found_s = (sum(s.duration_s for s in x) for x in (heard.true, heard.found))
            self.speaking.append(found_s / true_s - 1)
        inside = tuple(g for g in true if answer.start < g.start and g.end < answer.end)
        measured_inside = tuple(p for p in found if p.place == "inside")
        matches = match_stretches([g for g in inside if g.duration_s >= TRUE_PAUSE_S], found)
        self.pauses += len(matches.pairs) + len(matches.missed)
        self.pauses_found += len(matches.pairs)
        self.edges_s += _signed(matches)
        self.notes += [
            f"{heard.name}: missed {m.start:.2f}–{m.end:.2f}"
            for m in matches.missed
            if m.end - m.start <= LONG_SILENCE_S
        ]
        if heard.complete:
            nearly = [g for g in true if g.duration_s >= _NEARLY_PAUSE_S - 1e-6]
            long_enough = [p for p in measured_inside if p.duration_s >= TRUE_PAUSE_S]
            wrong = match_stretches(nearly, long_enough).false
            self.pauses_false += len(wrong)
            self.notes += [f"{heard.name}: false {m.start:.2f}–{m.end:.2f}" for m in wrong]

    def _silences(self, name: str, true: Segments, found: tuple[Pause, ...]) -> None:
        long = [g for g in true if g.duration_s > LONG_SILENCE_S]
        measured = [p for p in found if p.duration_s > LONG_SILENCE_S]
        matches = match_stretches(long, measured)
        nearly = match_stretches([g for g in true if g.duration_s > _NEARLY_LONG_S], measured)
        self.silences += len(long)
        self.silences_found += len(matches.pairs)
        self.silences_false += len(nearly.false)
        self.silence_edges_s += matches.edge_errors_s
        self.notes += [f"{name}: silence missed {m.start:.2f}–{m.end:.2f}" for m in matches.missed]
        self.notes += [f"{name}: silence false {m.start:.2f}–{m.end:.2f}" for m in nearly.false]
        self.notes += [
            f"{name}: silence edges {m.start - t.start:+.2f} {m.end - t.end:+.2f} at {t.start:.1f}"
            for t, m in matches.pairs
            if max(abs(m.start - t.start), abs(m.end - t.end)) > EDGE_S
        ]

    def cells(self) -> tuple[str | float, ...]:
        """Return the row of the table."""
        sizes = np.abs(self.edges_s) if self.edges_s else np.full(1, np.nan)
        answers = np.abs(self.answers_s) if self.answers_s else np.full(1, np.nan)
        found = self.pauses_found
        return (
            f"{self.silences_found}/{self.silences}",
            str(self.silences_false),
            max(self.silence_edges_s, default=float("nan")),
            f"{100 * found / max(1, self.pauses):.1f}",
            f"{100 * found / max(1, found + self.pauses_false):.1f}",
            f"{1000 * sizes.mean():.0f}",
            f"{1000 * np.percentile(sizes, 95):.0f}",
            f"{1000 * statistics.fmean(self.edges_s[0::2] or [0]):+.0f}",
            f"{1000 * statistics.fmean(self.edges_s[1::2] or [0]):+.0f}",
            f"{1000 * answers.max():.0f}",
            f"{100 * statistics.fmean(self.speaking or [0]):+.1f}",
        )


COLUMNS = (
    *("condition", "> 30 s", "false", "worst edge s", "pauses R %", "P %"),
    *("edge ms", "95 %", "ends", "starts", "answer ms", "speaking %"),
)


def _signed(matches: Matches) -> list[float]:
    """Return (start, end) errors of the pauses that were found, one after the other, s."""
    return [e for t, m in matches.pairs for e in (m.start - t.start, m.end - t.end)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="voice activity under every condition")
    parser.add_argument("corpus", type=Path, help="folder made by corpus/make_corpus.py")
    parser.add_argument("--half", choices=("tuning", "test"), default="tuning")
    parser.add_argument("--only", default="*", metavar="PATTERN,…", help="names of takes")
    parser.add_argument("--conditions", default="*", metavar="PATTERN,…")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "tune-vad")
    parser.add_argument("--real", action="store_true", help="the real recordings instead")
    parser.add_argument("--settings", type=Path, help="a speech.toml over ours")
    parser.add_argument("--notes", action="store_true", help="list every miss")
    options = parser.parse_args()
    vad = measuring_options(read_settings(options.settings))
    rows: dict[str, Row] = {}
    spent_s = heard_s = 0.0
    for condition, name, samples, true, complete in (
        _real(options.cache) if options.real else _corpus(options)
    ):
        begin = time.process_time()
        found = detect_speech(samples, vad)
        spent_s += time.process_time() - begin
        duration_s = len(samples) / RATE_HZ
        heard_s += duration_s
        rows.setdefault(condition, Row()).add(Heard(name, duration_s, true, found, complete))
        print(" ".join(map(str, (condition, name, *rows[condition].cells()))), file=sys.stderr)
    cells = tuple((name, *row.cells()) for name, row in rows.items())
    half = "real recordings" if options.real else f"{options.half} half"
    cost = f"{spent_s / max(heard_s, 1e-9):.4f} CPU-s per s of sound"
    print(Table(f"Voice activity, {half}", COLUMNS, cells, note=cost).text())
    if options.notes:
        for name, row in rows.items():
            print(f"\n{name}\n  " + "\n  ".join(row.notes))


def _corpus(options: argparse.Namespace) -> Iterable[tuple[str, str, Sound, Segments, bool]]:
    takes = read_corpus(options.corpus, options.half)
    wanted = [
        c for c in CONDITIONS if any(fnmatch.fnmatch(c, p) for p in options.conditions.split(","))
    ]
    for condition in wanted:
        for take in takes:
            if any(fnmatch.fnmatch(take.name, p) for p in options.only.split(",")):
                true = support(Segment(s.start, s.end) for s in take.speech)
                samples = _degraded(take, takes, condition, options.cache)
                yield condition, take.name, samples, true, True


def _degraded(take: Take, takes: list[Take], condition: str, cache: Path) -> Sound:
    """Return a take under a condition, as the product would hear it, from the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    stamp = f"{take.audio.stat().st_mtime_ns} {take.audio.stat().st_size}"
    key = hashlib.sha256(stamp.encode()).hexdigest()[:8]
    kept = cache / f"{take.name}.{condition}.{key}.npy"
    if not kept.is_file():
        samples, rate_hz = read_sound(take.audio)
        babble = None
        if "babble" in condition:
            babble = babble_of(takes, take.voice, rate_hz, take.duration_s, seed=4)
        worse = degrade(samples, rate_hz, condition, seed=4, babble=babble)
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "take.wav"
            _write_wav(wav, worse, rate_hz)
            np.save(kept, np.array(decode_sound(wav, Path(folder)).samples))
    return np.load(kept)


def _write_wav(path: Path, samples: NDArray[np.floating], rate_hz: int) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())


def _real(cache: Path) -> Iterable[tuple[str, str, Sound, Segments, bool]]:
    """Yield the recordings whose speech is known."""
    cache.mkdir(parents=True, exist_ok=True)
    for clip in read_clips():
        if clip.speech is None or clip.group == "contrived":
            continue
        kept = cache / f"real.{clip.name}.npy"
        if not kept.is_file():
            with tempfile.TemporaryDirectory() as folder:
                np.save(kept, np.array(decode_sound(clip.path, Path(folder)).samples))
        yield (
            f"{clip.group} {clip.name}",
            clip.name,
            np.load(kept),
            clip.speech,
            clip.pauses_complete,
        )


if __name__ == "__main__":
    main()
