"""The generated answers (``corpus/``) as recordings of this benchmark, in each condition."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from cases import Degrade
from sound_files import write_sound
from truth import ROOT, Chunk, Clip

from analysis.timeline import Segment, Segments

# The corpus is a set of programs of its own; they import one another by their names.
sys.path.append(str(Path(__file__).resolve().parent / "corpus"))

from conditions import CONDITIONS, degrade
from read_corpus import Take, babble_of, read_corpus, read_sound

ALL_CONDITIONS: tuple[str, ...] = tuple(CONDITIONS)


def default_corpus() -> Path:
    """Return where the generated answers are looked for: MENSETSU_CORPUS, else the cache folder."""
    override = os.environ.get("MENSETSU_CORPUS")
    if override:
        return Path(override).expanduser()
    return Path(platformdirs.user_cache_dir("mensetsu", appauthor=False)) / "corpus"


def how_to_make(folder: Path) -> str:
    """Say what to do where there are none."""
    return (
        f"No generated answers in {folder}: only the samples and real recordings are measured.\n"
        "Make them (an hour, once; tests/benchmarks/corpus/README.md says what it needs):\n"
        f"  python tests/benchmarks/corpus/make_corpus.py --out {folder}\n"
        "or say where they are with --corpus or MENSETSU_CORPUS."
    )


@dataclass(frozen=True, slots=True)
class Corpus:
    """One half of the generated answers."""

    half: str
    takes: tuple[Take, ...]

    @classmethod
    def read(cls, folder: Path, half: str) -> Corpus:
        """Read a half."""
        return cls(half, tuple(read_corpus(folder, half)))

    @property
    def clips(self) -> tuple[Clip, ...]:
        """The answers as recordings with their truth."""
        return tuple(map(clip_of, self.takes))

    def description(self) -> str:
        """Say how much it is."""
        minutes = sum(t.duration_s for t in self.takes) / 60
        hesitations = sum(len(t.hesitations) for t in self.takes)
        voices = len({t.voice for t in self.takes})
        only = (
            "Only the test half is reported."
            if self.half == "test"
            else ("Thresholds were chosen on this half: its figures flatter.")
        )
        return (
            f"Generated answers, {self.half} half: {len(self.takes)} takes, {voices} voices,"
            f" {minutes:.1f} minutes, {hesitations} hesitations. {only}"
        )

    def degrader(self, condition: str) -> Degrade:
        """Return what turns a recording into one of the condition; the same each time."""

        def make(clip: Clip, folder: Path) -> Path:
            samples, rate_hz = read_sound(clip.path)
            seed = zlib.crc32(f"{clip.name} {condition}".encode())
            babble = None
            if CONDITIONS[condition].noise == "babble":
                # Of the same half: whose voices were tuned on must not be heard in the test.
                babble = babble_of(
                    self.takes, clip.voice, rate_hz, len(samples) / rate_hz, seed=seed
                )
            worse = degrade(samples, rate_hz, condition, seed=seed, babble=babble)
            return write_sound(folder / f"{clip.name}.wav", worse, rate_hz)

        return make


def clip_of(take: Take) -> Clip:
    """Return an answer with its truth."""
    return Clip(
        name=take.name,
        path=take.audio,
        group="corpus",
        language=take.language,
        voice=take.voice,
        robotic=take.robotic,
        speech=_segments(take.speech),
        duration_s=take.duration_s,
        text=take.text,
        word_count=take.word_count,
        mora_count=take.mora_count,
        hesitation_count=len(take.hesitations),
        hesitations=_segments(take.hesitations),
        lexical_fillers=_segments(take.lexical_fillers),
        repetitions=_segments(take.repetitions),
        chunks=tuple(Chunk(p.start, p.end, p.text) for p in take.parts if p.kind != "hesitation"),
    )


def take_files(folder: Path, per_language: int = 0) -> list[tuple[str, str, Path]]:
    """Return (name, language, file) of generated answers of both halves, and of the samples.

    Parameters
    ----------
    per_language : how many answers, of as many voices as there are; 0 = all.
    """
    files = [
        ("english_take", "en", ROOT / "sample_media" / "english_take.mp4"),
        ("japanese_take", "ja", ROOT / "sample_media" / "japanese_take.mp4"),
    ]
    takes = read_corpus(folder) if folder.is_dir() else []
    for language in ("en", "ja"):
        own = _by_turns([t for t in takes if t.language == language])
        chosen = own[:per_language] if per_language else own
        files += [(t.name, language, t.audio) for t in chosen]
    return files


def _by_turns(takes: Sequence[Take]) -> list[Take]:
    """Return one take of each voice, then the second of each."""
    turn: dict[str, int] = {}
    ranked = []
    for take in takes:
        turn[take.voice] = turn.get(take.voice, 0) + 1
        ranked.append((turn[take.voice], len(ranked), take))
    return [take for _, _, take in sorted(ranked, key=lambda r: r[:2])]


def _segments(spans: Sequence) -> Segments:
    return tuple(Segment(s.start, s.end) for s in spans)
