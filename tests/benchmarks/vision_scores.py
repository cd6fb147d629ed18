"""The counting of the vision benchmark: shares with intervals, looks by angle, stretches of time.

Plain functions of arrays and segments; nothing here knows a camera. Angles in deg, yaw + = to the
person's own left, pitch + = up, both from the eyes against the direction to the lens.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.timeline import Segment, Segments, intersect, segments_where, support, total

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

ANGLES_DEG = (5, 8, 10, 15, 20)
DIRECTIONS: dict[str, tuple[float, float]] = {
    "left": (1.0, 0.0),
    "right": (-1.0, 0.0),
    "up": (0.0, 1.0),
    "down": (0.0, -1.0),
}
"""name to (yaw, pitch) of one degree that way"""

LENS_DEG = 2.0
"""true gaze within this angle of the lens is looking at it: four times the tremor that the rendered
people have (sd 0.5 deg); our judgement"""
BIN_DEG = 1.0
"""true gaze within this of a nominal angle belongs to it, so that 8 and 10 deg stay apart"""
ASIDE_DEG = 3.0
"""and it is at most this far off on the other axis; our judgement"""
AWAY_DEG = 5.0
"""true gaze further than this from the lens is looking away: half of the smallest aversion in the
answers (10 deg); our judgement"""
BLINK_S = 0.5
"""a look away lasts through a blink of this length; people's last .1 to .4 s"""
_Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """Hits among a number of cases."""

    hits: int = 0
    count: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.count + other.count)

    @property
    def value(self) -> float:
        """Hits by cases, 0..1; NaN without cases."""
        return self.hits / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of `value`; see `wilson`."""
        return wilson(self.hits, self.count)


def wilson(hits: int, count: int, z: float = _Z_95) -> tuple[float, float]:
    """Return the interval of a share by Wilson (1927), which stays inside 0..1.

    It takes the cases for independent. Frames of one look are not: read it as the narrowest that
    the interval can be.
    """
    if not 0 <= hits <= count:
        raise ValueError(f"there can't be {hits} hits among {count} cases")
    if not count:
        return math.nan, math.nan
    share = hits / count
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def share(hit: BoolArray, among: BoolArray) -> Share:
    """Count how many of the frames `among` are `hit`; shape (n,) each."""
    return Share(int(np.sum(hit & among)), int(np.sum(among)))


def pooled(shares: Iterable[Share]) -> Share:
    """Return all of them as one."""
    return sum(shares, Share())


def worst(by_identity: Mapping[str, Share], *, high_is_good: bool) -> str:
    """Name the identity that does worst, with its share; "" where nothing was counted."""
    known = {name: s.value for name, s in by_identity.items() if s.count}
    if not known:
        return ""
    name = (min if high_is_good else max)(known, key=lambda each: known[each])
    return f"{name} {100 * known[name]:.0f} %"


def looks_at_lens(yaw_deg: FloatArray, pitch_deg: FloatArray) -> BoolArray:
    """Tell in which frames the true gaze is on the lens (`LENS_DEG`)."""
    with np.errstate(invalid="ignore"):
        return np.hypot(yaw_deg, pitch_deg) <= LENS_DEG


def looks_towards(
    yaw_deg: FloatArray, pitch_deg: FloatArray, direction: str, angle_deg: float
) -> BoolArray:
    """Tell in which frames the true gaze is that far off in that direction.

    Parameters
    ----------
    yaw_deg, pitch_deg : true gaze against the lens, shape (n,).
    direction : of `DIRECTIONS`.
    angle_deg : nominal; frames within `BIN_DEG` of it count, at most `ASIDE_DEG` off sideways.
    """
    x, y = DIRECTIONS[direction]
    along, aside = yaw_deg * x + pitch_deg * y, yaw_deg * y - pitch_deg * x
    with np.errstate(invalid="ignore"):
        return (np.abs(along - angle_deg) <= BIN_DEG) & (np.abs(aside) <= ASIDE_DEG)


def looks_away(yaw_deg: FloatArray, pitch_deg: FloatArray) -> BoolArray:
    """Tell in which frames the true gaze is elsewhere (`AWAY_DEG`)."""
    with np.errstate(invalid="ignore"):
        return np.hypot(yaw_deg, pitch_deg) > AWAY_DEG


def stretches(
    times_s: FloatArray, mask: BoolArray, *, ignored: BoolArray | None = None
) -> Segments:
    """Return where `mask` holds, as stretches that last through the `ignored` frames in them.

    Parameters
    ----------
    times_s : of the frames, shape (n,).
    mask : shape (n,).
    ignored : frames that say nothing (blinks), shape (n,); a hole of at most `BLINK_S` that
        consists of them is closed.
    """
    if not len(times_s):
        return ()
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    held = mask.copy()
    if ignored is not None:
        held &= ~ignored
        for start, end in _runs(ignored):
            inside = start > 0 and end < len(held) and held[start - 1] and held[end]
            if inside and times_s[end] - times_s[start] <= BLINK_S:
                held[start:end] = True
    return segments_where(times_s, held, max_step_s=1.4 * step_s)


def _runs(mask: BoolArray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class StretchScore:
    """How measured stretches compare with true ones."""

    found: Share = Share()
    """true ones of the wanted length of which half or more is measured"""
    edges_s: tuple[float, ...] = ()
    """distance of start and end of each that was found, s"""
    false_count: int = 0
    """measured ones of the wanted length that touch no true one"""
    watched_s: float = 0.0
    """time without true stretches, in which a false one can be"""

    def __add__(self, other: StretchScore) -> StretchScore:
        return StretchScore(
            self.found + other.found,
            self.edges_s + other.edges_s,
            self.false_count + other.false_count,
            self.watched_s + other.watched_s,
        )

    def edges_within(self, limit_s: float) -> Share:
        """Count the edges that are at most so far off."""
        # A rounding error must not push an error of exactly two frames over the limit.
        return Share(sum(e <= limit_s + 1e-6 for e in self.edges_s), len(self.edges_s))

    @property
    def worst_edge_s(self) -> float:
        """Largest distance of an edge, s; NaN without any."""
        return max(self.edges_s, default=math.nan)

    @property
    def false_per_min(self) -> float:
        """False ones per minute without true ones; NaN where there is no such time."""
        return 60 * self.false_count / self.watched_s if self.watched_s else math.nan


def score_stretches(
    true: Sequence[Segment],
    measured: Sequence[Segment],
    *,
    within: Segment,
    shortest_s: float = 1.0,
) -> StretchScore:
    """Compare stretches by overlap.

    A true one is found if measured ones cover at least half of it. Its measured edges are those of
    the first and last measured one that touches it: one that was torn apart counts once, two that
    were measured as one have a wrong edge each.

    Parameters
    ----------
    true : all true ones, the short ones included (a measured one that touches them is not false).
    measured : all measured ones.
    within : what was watched, s.
    shortest_s : only true and false ones of at least this length are counted.
    """
    hits, count = 0, 0
    edges: list[float] = []
    for stretch in true:
        if stretch.duration_s < shortest_s - 1e-6:
            continue
        count += 1
        if total(intersect([stretch], measured)) < 0.5 * stretch.duration_s - 1e-6:
            continue
        hits += 1
        touching = [m for m in support(measured) if m.start < stretch.end and m.end > stretch.start]
        edges += [abs(touching[0].start - stretch.start), abs(touching[-1].end - stretch.end)]
    false = [
        m
        for m in support(measured)
        if m.duration_s >= shortest_s - 1e-6 and not intersect([m], true)
    ]
    watched = within.duration_s - total(intersect(true, [within]))
    return StretchScore(Share(hits, count), tuple(edges), len(false), watched)


def covered(stretch: Segment, measured: Sequence[Segment]) -> float:
    """Return which share of a stretch the measured ones cover, 0..1."""
    return total(intersect([stretch], measured)) / stretch.duration_s


@dataclass(frozen=True, slots=True)
class Spread:
    """Size of errors."""

    mean: float = math.nan
    """mean of the sizes"""
    bias: float = math.nan
    """median, with its sign"""
    p95: float = math.nan
    """95 % of the sizes are at most this"""
    count: int = 0


def spread(errors: FloatArray) -> Spread:
    """Return the sizes of errors, NaN left out."""
    known = errors[np.isfinite(errors)]
    if not len(known):
        return Spread()
    sizes = np.abs(known)
    return Spread(
        float(np.mean(sizes)),
        float(np.median(known)),
        float(np.quantile(sizes, 0.95)),
        len(known),
    )
