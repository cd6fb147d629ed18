"""How much the numbers of the picture move when nothing changes but the recording.

The same clips encoded again, with a little noise, and looked at from another frame on. The figures
have the form of ``reports/data/repeat_noise.toml``: the page that compares takes can use them as
it uses those of the sound (`repeat_noise.py`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.gaze import measure_gaze
from analysis.head_pose import measure_head_pose
from analysis.media import frame_rate, probe_media
from analysis.posture import measure_posture
from analysis.sight_stage import FACES_PER_S
from tests.benchmarks.tables import Cell, Table
from tests.benchmarks.vision_degrade import Degradation
from tests.benchmarks.vision_landmarks import LandmarkStore, Sampling

MEASURES: dict[str, str] = {
    "gaze_coverage_ratio": "share",
    "eye_contact_ratio": "share",
    "away_count": "looks",
    "posture_coverage_ratio": "share",
    "slouch_ratio": "share",
    "side_lean_ratio": "share",
    "shoulder_tilt_ratio": "share",
    "lean_in_ratio": "share",
}
"""key of summary.json to its unit; all absolute: shares of the time and counts move by so much"""
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
    n: int
    """differences"""
    takes: int


def picture_noise(store: LandmarkStore, paths: Sequence[Path]) -> tuple[PictureNoise, ...]:
    """Measure every clip in each of its repeats and return the noise of each measure."""
    long = [path for path in paths if probe_media(path).facts.duration_s >= SHORTEST_S]
    return tuple(noises([_numbers(store, path) for path in long]))


def noises(takes: Sequence[Sequence[dict[str, float]]]) -> Iterable[PictureNoise]:
    """Yield the noise of each measure.

    Parameters
    ----------
    takes : for each clip the measures of each of its repeats; NaN = withheld.
    """
    differences, spread = _statistics()
    for measure in MEASURES:
        found: list[float] = []
        counted = 0
        for repeats in takes:
            values = [r[measure] for r in repeats if not math.isnan(r[measure])]
            pairs = list(differences(values, "absolute"))
            found += pairs
            counted += bool(pairs)
        if len(found) >= FEWEST:
            yield PictureNoise(measure, *spread(found), len(found), counted)


def noise_table(noise: Sequence[PictureNoise]) -> Table:
    """Return the figures for a terminal."""
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (n.measure, f"{n.sd:.4f}", f"{n.limit_95:.4f}", MEASURES[n.measure], n.n, n.takes)
        for n in noise
    )
    return Table(
        "How much a number of the picture moves when the same clip is repeated",
        ("measure", "sd", "95 % limit", "unit", "differences", "clips"),
        rows,
        f"Repeats: {', '.join(REPEATS)}.",
    )


def noise_toml(noise: Sequence[PictureNoise]) -> str:
    """Return the tables for reports/data/repeat_noise.toml."""
    parts = []
    for n in noise:
        parts.append(
            f"[{n.measure}]\n"
            'kind = "absolute"\n'
            f'unit = "{MEASURES[n.measure]}"\n'
            f"sd = {n.sd:.4f}\n"
            f"limit_95 = {n.limit_95:.4f}\n"
            f"n = {n.n}\n"
            f'source = "measured: differences between repeats of {n.takes} clips (encoded again,'
            ' a little noise and light, sampled from another frame on)"\n'
        )
    return "\n".join(parts)


def _numbers(store: LandmarkStore, path: Path) -> list[dict[str, float]]:
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
        found.append(
            {
                "gaze_coverage_ratio": gaze.coverage_ratio,
                "eye_contact_ratio": gaze.eye_contact_ratio,
                "away_count": math.nan if withheld else float(len(gaze.away)),
                "posture_coverage_ratio": posture.coverage_ratio,
                "slouch_ratio": posture.slouch_ratio,
                "side_lean_ratio": posture.side_lean_ratio,
                "shoulder_tilt_ratio": posture.tilt_ratio,
                "lean_in_ratio": posture.lean_in_ratio,
            }
        )
    return found


def _statistics():
    """Return the pooling of repeat_noise.py: a program of this folder, not of a package."""
    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)
    try:
        from repeat_noise import differences, spread
    finally:
        sys.path.remove(folder)
    return differences, spread
