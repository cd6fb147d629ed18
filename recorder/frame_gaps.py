"""Frames that a camera never sent, told from the times of those that it did (pure)."""

from __future__ import annotations

import statistics
from collections import deque

PERIOD_FRAMES = 20
"""intervals from which the frame period is told: two thirds of a second, so that a camera that
slows down in the dark is followed soon (our judgement)"""
SHORTEST_SHARE = 0.1
SAME_PERIOD = 1.8
"""the period is the median of the intervals that are not longer than `SAME_PERIOD` times the
shortest tenth: where half of the frames are lost, most intervals are longer than the period, and
the plain median counted 192 of 249 lost ones (measured)"""


class GapCounter:
    """Counts frames that never came, from the gaps between those that did.

    A gap is measured in the periods in which frames really come (cameras slow down in the dark).
    A frame that is late and followed by an early one was not lost: a gap counts only when an
    ordinary interval has come after it.
    """

    def __init__(self) -> None:
        self.missed = 0
        self._pending = 0
        self._last_s: float | None = None
        self._seen = 0
        self._intervals_s: deque[float] = deque(maxlen=PERIOD_FRAMES)

    @property
    def period_s(self) -> float | None:
        """The time from frame to frame; None before enough have come."""
        if self._seen < PERIOD_FRAMES // 2:
            return None
        ordered = sorted(self._intervals_s)
        shortest_s = ordered[int(SHORTEST_SHARE * (len(ordered) - 1))]
        return statistics.median(s for s in ordered if s <= SAME_PERIOD * shortest_s)

    def add(self, capture_s: float) -> None:
        """Take the capture time of the next frame."""
        last_s, self._last_s = self._last_s, capture_s
        if last_s is None:
            return
        interval_s = max(0.0, capture_s - last_s)
        self._intervals_s.append(interval_s)
        self._seen += 1
        period_s = self.period_s
        if not period_s:
            return
        if self._seen == PERIOD_FRAMES // 2:
            for early_s in list(self._intervals_s)[:-1]:
                self._count(early_s, period_s)
        self._count(interval_s, period_s)

    def _count(self, interval_s: float, period_s: float) -> None:
        lost = round(interval_s / period_s) - 1
        if lost < 0:
            self._pending = max(0, self._pending - 1)
            return
        if lost == 0:
            self.missed += self._pending
            self._pending = 0
        self._pending += lost
