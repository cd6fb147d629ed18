"""Which sample of the microphone was captured when (pure).

The microphone's sample count is the master clock. A block of sound can't arrive before its last
sample was captured, only later, by as much as the computer is busy. So

    offset = arrival - (samples so far) / rate

is the true time of sample 0 plus a delay that is never negative, and its minimum over the last
seconds is the best estimate. Following that minimum follows the microphone's real rate too.
Times are seconds of `time.monotonic()`.
"""

from __future__ import annotations

from collections import deque

WINDOW_S = 5.0
"""how far back the minimum is taken: measured, 0.3 ms of error on a busy machine"""
SETTLE_S = 1.0
"""time after which the first estimate holds: measured with the same recorder"""
SLEW_S_PER_S = 0.005
"""how fast the estimate follows: ten times the 500 ppm that a bad sound card is off by, and slow
enough that a busy second moves it by no more than 5 ms (our judgement)"""
JUMP_S = 0.020
"""an estimate that is this much too late is put right at once, since nothing arrives before it
was captured (our judgement)"""
LONGEST_STEP_S = 0.1
"""the slew counts at most this much time between two blocks"""


class LowestOf:
    """The minimum of what was seen in the last seconds."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._rising: deque[tuple[float, float]] = deque()

    def add(self, time_s: float, value: float) -> float:
        """Add a value and return the minimum."""
        while self._rising and self._rising[-1][1] >= value:
            self._rising.pop()
        self._rising.append((time_s, value))
        while self._rising[0][0] < time_s - self._window_s:
            self._rising.popleft()
        return self._rising[0][1]

    def shift(self, by: float) -> None:
        """Add a constant to everything that was seen."""
        self._rising = deque((time_s, value + by) for time_s, value in self._rising)

    def clear(self) -> None:
        """Forget everything."""
        self._rising.clear()


class ArrivalClock:
    """Maps times to samples, from the arrivals of blocks."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.count = 0
        """samples on the time line so far"""
        self._lowest = LowestOf(WINDOW_S)
        self._offset_s: float | None = None
        self._first_s = 0.0
        self._last_s = 0.0

    @property
    def offset_s(self) -> float:
        """Time of sample 0. Only after the first block."""
        if self._offset_s is None:
            raise ValueError("no block has arrived yet")
        return self._offset_s

    @property
    def started(self) -> bool:
        """Whether a block has arrived."""
        return self._offset_s is not None

    @property
    def settled(self) -> bool:
        """Whether the offset can be relied on."""
        return self.started and self._last_s - self._first_s >= SETTLE_S

    def lateness_s(self, arrival_s: float, count_after: int) -> float:
        """Return how much later than expected the sample before ``count_after`` arrived."""
        return arrival_s - count_after / self.rate_hz - self.offset_s

    def add(self, arrival_s: float, n_frames: int) -> None:
        """Count a block that arrived."""
        self.count += n_frames
        seen = arrival_s - self.count / self.rate_hz
        lowest = self._lowest.add(arrival_s, seen)
        if self._offset_s is None:
            self._offset_s, self._first_s = seen, arrival_s
        elif arrival_s - self._first_s < SETTLE_S or lowest < self._offset_s - JUMP_S:
            self._offset_s = min(lowest, self._offset_s)
        else:
            step_s = SLEW_S_PER_S * min(max(arrival_s - self._last_s, 0.0), LONGEST_STEP_S)
            self._offset_s += min(max(lowest - self._offset_s, -step_s), step_s)
        self._last_s = max(self._last_s, arrival_s)

    def skip(self, n_frames: int) -> None:
        """Count samples that never arrived."""
        self.count += n_frames

    def shift(self, by_s: float) -> None:
        """Move the whole map: sample 0 is now this much later."""
        self._offset_s = self.offset_s + by_s
        self._lowest.shift(by_s)

    def seconds(self, time_s: float) -> float:
        """Return a time on the time line: seconds since sample 0."""
        return time_s - self.offset_s

    def sample(self, time_s: float) -> int:
        """Return the sample that is captured at a time."""
        return round(self.seconds(time_s) * self.rate_hz)
