"""What notices that something is wrong while recording (pure: no device, thread or clock).

Each watchdog is fed with what it watches and tells whether its fault lasts; `recorder.episodes`
makes one `Fault` of every uninterrupted stretch. Times called ``now_s`` are `time.monotonic()`,
times called ``at_s`` lie on the recorder's time line. Those that several threads use (`Clipping`,
`Disk`) let one after the other in.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STALLED_S = 0.5
"""no sound for so long: the microphone stopped (the project's requirement)"""
ZEROS_S = 2.0
"""exact zeros for more than this (the project's requirement; a real microphone has noise)"""
CLIPPED_RUN = 3
"""consecutive samples at full scale that count as one clip: a lone one may be a true peak (our
judgement, and what Audacity's "Find Clipping" starts from)"""
CLIPS = 3
CLIPS_WINDOW_S = 1.0
"""`CLIPS` clips within `CLIPS_WINDOW_S` are told (our judgement: a single bump at the table is
not)"""
CLIPPING_OVER_S = 3.0
"""without a clip for so long, the clipping is over (our judgement)"""
NO_PICTURE_S = 0.6
"""no picture for so long: the camera stopped. 18 frames at 30/s; the longest wait of a healthy
one on a busy machine was 0.47 s, and it has to be told within 1 s"""
BLACK_LUMA = 20.0
"""mean of a black picture: limited range video puts black at 16, and a covered sensor adds
little noise; a dim room measures 30 and more (our judgement)"""
BLACK_S = 1.0
CONSTANT_S = 3.0
"""pictures equal to the bit for so long: sensor noise never repeats (our judgement)"""
DROPS_RATIO = 0.05
DROPS_WINDOW_S = 5.0
"""share of lost pictures that is told: where OBS Studio's counter of missed frames turns red"""
FEW_DROPS_RATIO = 0.01
"""below this the loss is over: where that counter turns yellow"""
STOOD_STILL_S = 1.0
"""a tick that comes so late: the computer or this program stood still. 0.47 s were seen on an
overloaded machine (facts on recording, section 6)"""
CLOCK_STEP_S = 1.0
"""a step of the computer's clock that is told; corrections by NTP are slewed, or smaller (our
judgement)"""
LOW_S = 300.0
"""recording time left from which the disk counts as nearly full (the project's requirement)"""
RESERVE_BYTES = 100_000_000
RESERVE_RATIO = 0.05
"""free space that a recording leaves to the rest of the system: `RESERVE_BYTES`, or on a small disk
`RESERVE_RATIO` of it (our judgement)"""
RATE_WINDOW_S = 20.0
"""the rate of writing is measured over so long (our judgement)"""
GUESSED_RATE = 300_000.0
"""bytes/s before anything was measured: 13 MB a minute were measured for 1280×720 with sound, here
with reserve for a restless picture"""


class Quiet:
    """Tells that nothing has come for too long, in time during which this process was awake."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._quiet_s = 0.0
        self._newest_s = float("-inf")

    def lasts(self, newest_s: float, awake_s: float) -> bool:
        """Look again: when something came last, and how long we were awake since the last look."""
        if newest_s > self._newest_s:
            self._newest_s, self._quiet_s = newest_s, 0.0
        else:
            self._quiet_s += awake_s
        return self._quiet_s >= self._limit_s


class Zeros:
    """Tells that sound consists of exact zeros."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._zeros = 0

    def feed(self, samples: NDArray[np.int16]) -> None:
        """Look at sound that the microphone really delivered."""
        if samples.any():
            self._zeros = 0
        else:
            self._zeros += len(samples)

    @property
    def length_s(self) -> float:
        """Length of the zeros up to now."""
        return self._zeros / self._rate_hz

    @property
    def lasts(self) -> bool:
        """Whether there are too many."""
        return self.length_s > ZEROS_S


class Clipping:
    """Tells that sound hits full scale again and again."""

    def __init__(self) -> None:
        self._clips: deque[float] = deque()
        self._lasts = False
        self._using = threading.Lock()

    def feed(self, samples: NDArray[np.int16], at_s: float) -> bool:
        """Look at sound; return whether it clips here."""
        full = (samples >= 32767) | (samples <= -32767)
        if not full.any():
            return False
        runs = sum(_runs(full[:, channel]) for channel in range(full.shape[1]))
        with self._using:
            self._clips.extend([at_s] * min(runs, CLIPS))
            while len(self._clips) > CLIPS:
                self._clips.popleft()
        return runs > 0

    def lasts(self, at_s: float) -> bool:
        """Whether it clips now, or did a moment ago."""
        with self._using:
            if len(self._clips) == CLIPS and self._clips[-1] - self._clips[0] <= CLIPS_WINDOW_S:
                self._lasts = True
            if self._lasts and at_s - self._clips[-1] > CLIPPING_OVER_S:
                self._lasts = False
                self._clips.clear()
            return self._lasts


def _runs(full: NDArray[np.bool_]) -> int:
    """Count the stretches of at least `CLIPPED_RUN` samples."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], full.astype(np.int8), [0]))))
    return int(np.count_nonzero(edges[1::2] - edges[::2] >= CLIPPED_RUN))


class Picture:
    """Tells that pictures are black, or always the same."""

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] | None = None
        self._black_since_s: float | None = None
        self._same_since_s: float | None = None
        self._now_s = 0.0

    def feed(self, image: NDArray[np.uint8], now_s: float) -> None:
        """Look at a picture, or at some pixels of it (BGR)."""
        self._now_s = now_s
        if float(image.mean()) >= BLACK_LUMA:
            self._black_since_s = None
        elif self._black_since_s is None:
            self._black_since_s = now_s
        if self._last is None or not np.array_equal(self._last, image):
            self._same_since_s = now_s
        self._last = image

    def forget(self) -> None:
        """Begin anew, when no pictures come."""
        self._last = self._black_since_s = self._same_since_s = None

    @property
    def black_since_s(self) -> float | None:
        """When the picture went black; None = it is not, or not for long enough."""
        since_s = self._black_since_s
        return since_s if since_s is not None and self._now_s - since_s >= BLACK_S else None

    @property
    def same_since_s(self) -> float | None:
        """When the picture stopped changing; None = it changes. A black one is called black."""
        since_s = self._same_since_s
        if since_s is None or self._black_since_s is not None:
            return None
        return since_s if self._now_s - since_s >= CONSTANT_S else None


class Drops:
    """Tells that many pictures get lost."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int, int]] = deque()
        self._lasts = False

    def lasts(self, now_s: float, written: int, dropped: int) -> bool:
        """Look at the running counts of a take."""
        if self._seen and (written < self._seen[-1][1] or dropped < self._seen[-1][2]):
            self._seen.clear()  # another take
            self._lasts = False
        self._seen.append((now_s, written, dropped))
        while len(self._seen) > 1 and self._seen[1][0] <= now_s - DROPS_WINDOW_S:
            self._seen.popleft()
        since_s, written_then, dropped_then = self._seen[0]
        if now_s - since_s < 0.9 * DROPS_WINDOW_S:
            return False
        lost = dropped - dropped_then
        limit = FEW_DROPS_RATIO if self._lasts else DROPS_RATIO
        self._lasts = lost > limit * max(lost + written - written_then, 1)
        return self._lasts


@dataclass(frozen=True, slots=True)
class Room:
    """What is left on the disk."""

    free_bytes: int
    remaining_s: float
    """of recording, at the present rate"""
    low: bool
    full: bool
    """the take has to be closed now"""


class Disk:
    """Tells that the disk gets full."""

    def __init__(self, low_bytes: int, reserve_bytes: int | None) -> None:
        self._low_bytes = low_bytes
        self._reserve_bytes = reserve_bytes
        self._written: deque[tuple[float, int]] = deque()
        self._rate = GUESSED_RATE
        self._using = threading.Lock()

    def look(
        self, now_s: float, free_bytes: int, total_bytes: int, written_bytes: int | None
    ) -> Room:
        """Judge the free space.

        Parameters
        ----------
        written_bytes : size of the running take; None = none is running.
        """
        with self._using:
            if written_bytes is None:
                self._written.clear()
            else:
                self._measure(now_s, written_bytes)
        reserve = self._reserve_bytes
        if reserve is None:
            reserve = min(RESERVE_BYTES, round(RESERVE_RATIO * total_bytes))
        remaining_s = max(free_bytes - reserve, 0) / self._rate
        return Room(
            free_bytes,
            remaining_s,
            low=free_bytes < self._low_bytes or remaining_s < LOW_S,
            full=free_bytes <= reserve,
        )

    def _measure(self, now_s: float, written_bytes: int) -> None:
        if self._written and written_bytes < self._written[-1][1]:
            self._written.clear()  # another take
        self._written.append((now_s, written_bytes))
        while len(self._written) > 2 and self._written[1][0] <= now_s - RATE_WINDOW_S:
            self._written.popleft()
        since_s, then = self._written[0]
        if now_s - since_s >= RATE_WINDOW_S / 4 and written_bytes > then:
            self._rate = (written_bytes - then) / (now_s - since_s)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The computer's clocks at one moment, s."""

    monotonic_s: float
    wall_s: float
    boot_s: float
    """counts sleep too; the same as ``monotonic_s`` where the system has no such clock"""


@dataclass(frozen=True, slots=True)
class Tick:
    """What a look at the clocks told."""

    awake_s: float
    """since the last look, but no longer than a tick may take"""
    stood_still_s: float
    """0 = no"""
    slept_s: float
    """part of it that the monotonic clock did not count"""
    clock_step_s: float
    """0 = the computer's clock was not changed"""


class Ticks:
    """Tells that the computer stood still, or that its clock was changed."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._last: Clocks | None = None

    def look(self, clocks: Clocks) -> Tick:
        """Look at the clocks again, about every ``period_s``."""
        last, self._last = self._last, clocks
        if last is None:
            return Tick(0.0, 0.0, 0.0, 0.0)
        passed_s = clocks.monotonic_s - last.monotonic_s
        really_s = clocks.boot_s - last.boot_s
        step_s = clocks.wall_s - last.wall_s - really_s
        late_s = really_s - self._period_s
        return Tick(
            awake_s=min(passed_s, 2 * self._period_s),
            stood_still_s=late_s if late_s >= STOOD_STILL_S else 0.0,
            slept_s=max(really_s - passed_s, 0.0) if late_s >= STOOD_STILL_S else 0.0,
            clock_step_s=step_s if abs(step_s) >= CLOCK_STEP_S else 0.0,
        )
