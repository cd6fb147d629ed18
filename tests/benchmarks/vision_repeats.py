"""How much the numbers of the picture move when nothing changes but the recording.

The same clips encoded again, with a little noise, and looked at from another frame on. The figures
have the form of ``reports/data/repeat_noise.toml``: the page that compares takes can use them as
it uses those of the sound (`repeat_noise.py`).
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.gaze import measure_gaze
from analysis.head_pose import measure_head_pose
from analysis.media import frame_rate, probe_media
from analysis.posture import measure_posture
from analysis.sight_stage import FACES_PER_S
from tests.benchmarks.noise_limits import (
    Entry,
    counts_from,
    differences,
    merged,
    spread,
)
from tests.benchmarks.tables import Cell, Table
from tests.benchmarks.vision_degrade import Degradation
from tests.benchmarks.vision_landmarks import LandmarkStore, Sampling

MEASURES: dict[str, str] = {
    "gaze_coverage_ratio": "share",
    "eye_contact_ratio": "share",
    "away_count": "looks",
    "notes_looks_per_min": "per min",
    "posture_coverage_ratio": "share",
    "slouch_ratio": "share",
    "side_lean_ratio": "share",
    "shoulder_tilt_ratio": "share",
    "lean_in_ratio": "share",
}
"""key of summary.json to its unit; all absolute: shares of the time and looks move by so much"""
AS_IT_IS = "as it is"
REPEATS: dict[str, Sampling] = {
    AS_IT_IS: Sampling(FACES_PER_S, True),
    "crf-23": Sampling(FACES_PER_S, True, degradation=Degradation("crf 23", crf=23)),
    "crf-30": Sampling(FACES_PER_S, True, degradation=Degradation("crf 30", crf=30)),
    "noise-2": Sampling(FACES_PER_S, True, degradation=Degradation("noise 2", noise_sigma=2.0)),
    "light-0.9": Sampling(
        FACES_PER_S, True, degradation=Degradation("light", light_ratio=0.9, noise_sigma=2.0)
    ),
    "1-frame-later": Sampling(FACES_PER_S, True, late_frames=1),
    "3-frames-later": Sampling(FACES_PER_S, True, late_frames=3),
}
LATER_FROM_HZ = 2.5 * FACES_PER_S
"""clips with fewer frames per s have none between those that are looked at"""
POSTURE = ("slouch_ratio", "side_lean_ratio", "shoulder_tilt_ratio", "lean_in_ratio")
"""shares of the time beyond a threshold: a stretch near it falls on one side or the other, in each
of them, so the largest difference of any holds for all"""
FEWEST = 10
"""differences; with fewer nothing is said about a measure"""
SHORTEST_S = 8.0
"""a shorter clip holds too few looks at the body to measure posture; our judgement"""


@dataclass(frozen=True, slots=True)
class PictureNoise:
    """How much a measure moves."""

    measure: str
    sd: float
    """of one measurement"""
    limit_95: float
    """95 % of the differences between two repeats are at most this"""
    counts_from: float
    """the smallest change that counts in a clip that is long enough"""
    n: int
    """differences"""
    takes: int


def picture_noise(store: LandmarkStore, paths: Sequence[Path]) -> tuple[PictureNoise, ...]:
    """Measure every clip in each of its repeats and return the noise of each measure."""
    lengths_s = {path: probe_media(path).facts.duration_s for path in paths}
    long = [path for path in paths if lengths_s[path] >= SHORTEST_S]
    numbers = [_numbers(store, path, lengths_s[path]) for path in long]
    return tuple(noises(numbers, [lengths_s[path] for path in long]))


def noises(
    takes: Sequence[Sequence[dict[str, float]]], lengths_s: Sequence[float] | None = None
) -> Iterable[PictureNoise]:
    """Yield the noise of each measure.

    Parameters
    ----------
    takes : for each clip the measures of each of its repeats; NaN = withheld.
    lengths_s : of the clips; None = all long enough.
    """
    lengths_s = lengths_s or [math.inf] * len(takes)
    for measure in MEASURES:
        values = _values(measure, takes)
        pairs = [list(differences(of_one, "absolute")) for of_one in values]
        found = [difference for of_one in pairs for difference in of_one]
        if len(found) >= FEWEST:
            from_ = max(
                counts_from(measure, "absolute", zip(_values(m, takes), lengths_s, strict=True))
                for m in (POSTURE if measure in POSTURE else (measure,))
            )
            counted = sum(map(bool, pairs))
            yield PictureNoise(measure, *spread(found), from_, len(found), counted)


def _values(measure: str, takes: Sequence[Sequence[dict[str, float]]]) -> list[list[float]]:
    return [
        [v for repeat in repeats if not math.isnan(v := repeat.get(measure, math.nan))]
        for repeats in takes
    ]


def noise_table(noise: Sequence[PictureNoise]) -> Table:
    """Return the figures for a terminal."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            n.measure,
            f"{n.sd:.4f}",
            f"{n.limit_95:.4f}",
            f"{n.counts_from:.4f}",
            MEASURES[n.measure],
            n.n,
            n.takes,
        )
        for n in noise
    )
    return Table(
        "How much a number of the picture moves when the same clip is repeated",
        ("measure", "sd", "95 % limit", "counts from", "unit", "differences", "clips"),
        rows,
        f"Repeats: {', '.join(REPEATS)}.",
    )


def noise_toml(noise: Sequence[PictureNoise], old: str = "") -> str:
    """Return the text of reports/data/repeat_noise.toml with these tables in it.

    Parameters
    ----------
    noise : what was measured.
    old : the text so far; tables of other measures stay.
    """
    entries = [
        Entry(
            measure=n.measure,
            kind="absolute",
            unit=MEASURES[n.measure],
            sd=n.sd,
            limit_95=n.limit_95,
            counts_from=n.counts_from,
            n=n.n,
            source=f"measured: differences between repeats of {n.takes} clips (encoded again,"
            " a little noise and light, sampled from another frame on)",
        )
        for n in noise
    ]
    most = max((n.takes for n in noise), default=0)
    text = (
        f"Picture: written by tests/benchmarks/vision.py --only repeats. {most} clips, rendered"
        f" and real, each as: {', '.join(REPEATS)}."
    )
    head = textwrap.fill(
        text, 98, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )
    return merged(old, entries, head)


def _numbers(store: LandmarkStore, path: Path, length_s: float) -> list[dict[str, float]]:
    found = []
    later = frame_rate(path, limit_s=5.0) >= LATER_FROM_HZ
    for sampling in REPEATS.values():
        if sampling.late_frames and not later:
            continue
        landmarks = store.find(path, sampling)
        head = measure_head_pose(landmarks)
        gaze, _ = measure_gaze(landmarks, head=head)
        posture, _ = measure_posture(landmarks, head)
        withheld = math.isnan(gaze.eye_contact_ratio)
        notes = sum(len(place.moments) for place in gaze.places if place.kind == "notes")
        found.append(
            {
                "gaze_coverage_ratio": gaze.coverage_ratio,
                "eye_contact_ratio": gaze.eye_contact_ratio,
                "away_count": math.nan if withheld else float(len(gaze.away)),
                "notes_looks_per_min": math.nan if withheld else 60 * notes / length_s,
                "posture_coverage_ratio": posture.coverage_ratio,
                "slouch_ratio": posture.slouch_ratio,
                "side_lean_ratio": posture.side_lean_ratio,
                "shoulder_tilt_ratio": posture.tilt_ratio,
                "lean_in_ratio": posture.lean_in_ratio,
            }
        )
    return found
