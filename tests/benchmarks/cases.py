"""Recordings with their analysis: the real pipeline over each, kept where asked."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tables import Table
from truth import Clip

from analysis.errors import AnalysisError
from analysis.pipeline import AnalysisOptions, analyse_media
from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis, to_json

CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class Case:
    """A recording, its truth and its analysis."""

    clip: Clip
    analysis: AnswerAnalysis
    condition: str = CLEAN
    """what was done to the sound; see corpus/conditions.py"""

    @property
    def name(self) -> str:
        return self.clip.name


@dataclass(frozen=True, slots=True)
class Target:
    """A promise of this version."""

    what: str
    wanted: str
    measured: str
    met: bool | None
    """None = nothing at hand to measure it on"""


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of the benchmark: its table, and the targets that hang on it."""

    table: Table
    targets: tuple[Target, ...] = ()


Question = Callable[[list[Case]], Answer]

Degrade = Callable[[Clip, Path], Path]
"""clip, folder for what it writes → the recording to analyse"""


def analyse_clips(
    clips: Sequence[Clip],
    *,
    condition: str = CLEAN,
    degrade: Degrade | None = None,
    model: str = "auto",
    keep: Path | None = None,
) -> Iterator[Case]:
    """Run the pipeline over recordings, as a user would (language "auto").

    Parameters
    ----------
    condition : name of what `degrade` does.
    degrade : None = the recordings as they are.
    model : name or path of the speech model.
    keep : folder of what was analysed before; those that are there are taken as they are.
    """
    for number, clip in enumerate(clips, 1):
        kept = keep / condition / f"{clip.name}.json" if keep else None
        if kept is not None and kept.is_file():
            yield Case(clip, read_analysis(kept), condition)
            continue
        tell(f"{condition} {number}/{len(clips)} {clip.name}")
        # Generated takes have no picture; with one, only the clean recording is looked at.
        options = AnalysisOptions(model=model, video=clip.group != "corpus" and degrade is None)
        try:
            with tempfile.TemporaryDirectory(prefix="mensetsu-benchmark-") as folder:
                path = degrade(clip, Path(folder)) if degrade else clip.path
                analysis = analyse_media(path, options=options, take_id=clip.name)
        except AnalysisError as exc:
            tell("")
            print(f"{clip.name} ({condition}) left out: {exc}", file=sys.stderr)
            continue
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            partial = kept.with_suffix(".partial")
            partial.write_text(to_json(analysis), encoding="utf-8")
            partial.replace(kept)
        yield Case(clip, analysis, condition)
    tell("")


def tell(text: str) -> None:
    """Write the one line of progress over the one before."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def instants(spans: Iterable) -> str:
    """Write where spans begin."""
    return " ".join(f"{s.start:.1f}" for s in spans)


def target_table(targets: Sequence[Target]) -> Table:
    """Return the list of promises, each with its verdict."""
    verdicts = {True: "met", False: "NOT MET", None: "not measured"}
    rows = tuple((t.what, t.wanted, t.measured, verdicts[t.met]) for t in targets)
    return Table("Targets of this version", ("target", "wanted", "measured", "verdict"), rows)
