"""A small algebra of time: segments, their support and gaps, and tracks of values.

All times are float seconds from the first audio sample of the take (t = 0). Segments are
half-open, ``start <= t < end``. Functions take and return tuples of segments, sorted and
immutable. Nothing here rounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A stretch of time."""

    start: float
    """s"""
    end: float
    """s, not part of the segment"""

    def __post_init__(self) -> None:
        if not self.end >= self.start:
            raise ValueError(f"a segment must not end ({self.end}) before it starts ({self.start})")

    @property
    def duration_s(self) -> float:
        """Length in s."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """Middle in s."""
        return (self.start + self.end) / 2


Segments = tuple[Segment, ...]


def support(segments: Iterable[Segment], *, collar_s: float = 0.0) -> Segments:
    """Join segments that touch, overlap or lie at most `collar_s` apart.

    ::

        segments      |---|  |--|      |-----|
        support       |---|  |--|      |-----|      collar_s = 0
        support       |---------|      |-----|      collar_s = 2

    Parameters
    ----------
    segments : segments in any order; empty ones are dropped.
    collar_s : largest gap that is closed, in s.
    """
    joined: list[Segment] = []
    for segment in sorted(s for s in segments if s.end > s.start):
        if joined and segment.start <= joined[-1].end + collar_s:
            joined[-1] = Segment(joined[-1].start, max(joined[-1].end, segment.end))
        else:
            joined.append(segment)
    return tuple(joined)


def gaps(segments: Iterable[Segment], within: Segment) -> Segments:
    """Return what of `within` no segment covers.

    ::

        within     |-----------------|
        segments      |---|    |--------|
        gaps       |--|   |----|
    """
    found: list[Segment] = []
    at = within.start
    for segment in support(segments):
        if segment.end <= within.start or segment.start >= within.end:
            continue
        if segment.start > at:
            found.append(Segment(at, segment.start))
        at = max(at, segment.end)
    if at < within.end:
        found.append(Segment(at, within.end))
    return tuple(found)


def intersect(a: Iterable[Segment], b: Iterable[Segment]) -> Segments:
    """Return the time that lies in a segment of `a` and in a segment of `b`."""
    left, right = support(a), support(b)
    found: list[Segment] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i].start, right[j].start), min(left[i].end, right[j].end)
        if start < end:
            found.append(Segment(start, end))
        if left[i].end < right[j].end:
            i += 1
        else:
            j += 1
    return tuple(found)


def total(segments: Iterable[Segment]) -> float:
    """Return the time in s that the segments cover, overlaps counted once."""
    return sum((s.duration_s for s in support(segments)), 0.0)


def extent(segments: Iterable[Segment]) -> Segment | None:
    """Return the segment from the first start to the last end, or None where there are none."""
    covered = support(segments)
    return Segment(covered[0].start, covered[-1].end) if covered else None


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Values measured at instants; NaN = not measured there."""

    times: NDArray[np.float64]
    """s, shape (n,), strictly increasing"""
    values: NDArray[np.float32]
    """shape (n, …); NaN = missing"""
    unit: str
    """unit of the values, for instance "deg" """

    def __post_init__(self) -> None:
        times = np.asarray(self.times, dtype=np.float64)
        values = np.asarray(self.values, dtype=np.float32)
        if times.ndim != 1 or values.ndim < 1 or len(times) != len(values):
            raise ValueError(
                f"a track needs one value per time, got {times.shape} times, {values.shape} values"
            )
        if len(times) > 1 and not np.all(np.diff(times) > 0):
            raise ValueError("the times of a track must strictly increase")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "values", values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Track):
            return NotImplemented
        return (
            self.unit == other.unit
            and np.array_equal(self.times, other.times)
            and np.array_equal(self.values, other.values, equal_nan=True)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def present(self) -> NDArray[np.bool_]:
        """Where there is a value, shape (n,)."""
        if not self.values.size:
            return np.zeros(len(self.times), dtype=bool)
        return ~np.isnan(self.values.reshape(len(self.times), -1)).any(axis=1)

    @property
    def coverage_ratio(self) -> float:
        """Share of the instants that have a value; NaN for a track without instants."""
        return float(np.mean(self.present)) if len(self.times) else float("nan")


def segments_where(
    times: NDArray[np.float64], mask: NDArray[np.bool_], *, max_step_s: float
) -> Segments:
    """Turn samples into segments: each true sample holds until the next sample.

    Parameters
    ----------
    times : s, shape (n,), strictly increasing.
    mask : shape (n,).
    max_step_s : a sample holds at most this long (across a hole in the samples, and at the end).
    """
    if len(times) == 0:
        return ()
    ends = np.minimum(np.append(times[1:], times[-1] + max_step_s), times + max_step_s)
    # Neighbours touch exactly only in theory: close rounding gaps.
    held = (Segment(float(s), float(e)) for s, e, m in zip(times, ends, mask, strict=True) if m)
    return support(held, collar_s=1e-6)
