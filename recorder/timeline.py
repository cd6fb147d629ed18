"""Blocks of sound in, an unbroken line of samples out (pure).

Late is not lost: after a pause in the arrivals blocks are held back for a moment, to see whether
the backlog comes (then nothing is missing) or not (then silence of the missing length goes
first). While the microphone is dead, silence is put in step by step, so that the picture goes on
being written; when sound returns, the count is brought in line with the clock again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recorder.audio import AudioBlock
from recorder.clock import ArrivalClock, LowestOf

STALL_S = 0.1
"""a longer wait for a block (beyond its own length) is looked into; blocks come every 10 ms, and
22 ms was the longest wait measured without load (facts on recording, section 1)"""
CAUGHT_UP_S = 0.02
"""a backlog is through when blocks are no later than this: the tolerated error of a gap"""
HOLD_S = 0.5
"""blocks after a pause are held back until they have come evenly for so long (our judgement: with
the picture's 0.25 s it stays below the second that a crash may cost)"""
LONGEST_HOLD_S = 2.0
"""not longer than this, also while a backlog goes on arriving (our judgement)"""
SURE_LOSS_S = 0.1
"""a smaller loss right after a pause may still be lateness of a busy machine, and is left to the
slow test below (our judgement)"""
CREEP_WINDOW_S = 3.0
"""blocks that are all later than `CAUGHT_UP_S` for so long, without a pause: sound was lost on its
way. On a machine with ten busy programs the lowest of 5 s stayed within 0.1 ms; it has to be
shorter than those 5 s, in which the clock itself follows (our judgement)"""
DEAD_S = 1.0
"""without any block for so long, silence is put in (our judgement)"""
MARGIN_S = 0.25
"""such silence stays behind the clock by this much: what comes late after all finds its place"""
LONGEST_FILL_S = 120.0
"""more than this is not filled when the computer stood still: nobody wants a night of silence in
an answer (our judgement)"""
LONGEST_TICK_S = 0.1
"""of the time between two looks, this much counts as being awake: the loop looks every 10 ms"""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The next part of the time line."""

    samples: NDArray[np.int16] | None
    """shape (n, channels); None = silence that stands for missing sound"""
    n_frames: int


class SampleLine:
    """The time line of a microphone."""

    def __init__(self, rate_hz: int) -> None:
        self.clock = ArrivalClock(rate_hz)
        self.overflows = 0
        """count of blocks before which the device says that it lost sound"""
        self._held: list[AudioBlock] = []
        self._held_count = 0
        self._held_s = 0.0
        self._lateness_s = 0.0
        self._even_since_s = 0.0
        self._filled = 0
        self._quiet_s = 0.0
        self._last_arrival_s = 0.0
        self._last_tick_s: float | None = None
        self._creep = LowestOf(CREEP_WINDOW_S)
        self._creep_since_s = 0.0

    @property
    def dead(self) -> bool:
        """Whether silence stands in for the microphone."""
        return self._filled > 0

    def feed(self, block: AudioBlock) -> list[Piece]:
        """Take a block and return what can be written now."""
        n_frames = len(block.samples)
        waited_s = block.arrival_s - self._last_arrival_s - n_frames / self.clock.rate_hz
        self._last_arrival_s = block.arrival_s
        self._quiet_s = 0.0
        self.overflows += block.overflow
        if not self.clock.settled:
            self._restart_creep(block.arrival_s)
            return [self._release(block)]
        paused = waited_s > STALL_S or block.overflow
        if self._held or paused or self._filled:
            self._hold(block, paused)
            return self._judge()
        return [*self._creeping(block.arrival_s, n_frames), self._release(block)]

    def tick(self, now_s: float) -> list[Piece]:
        """Let time pass and return what can be written now.

        To be called all the time. Time in which nobody called is time in which this process
        stood still, and says nothing about the microphone.
        """
        since_s = 0.0 if self._last_tick_s is None else now_s - self._last_tick_s
        self._last_tick_s = now_s
        awake_s = min(max(since_s, 0.0), LONGEST_TICK_S)
        self._quiet_s += awake_s
        if not self.clock.settled:
            return []
        if self._held:
            self._held_s += awake_s
            return self._judge()
        if self._quiet_s < DEAD_S:
            return []
        due = self.clock.sample(now_s - MARGIN_S) - self.clock.count
        if due < LONGEST_TICK_S * self.clock.rate_hz:
            return []
        self._filled += due
        return [self._silence(due)]

    def slept(self, seconds: float) -> list[Piece]:
        """Put in silence for a sleep of the computer that `time.monotonic()` does not count."""
        if not self.clock.settled:
            return []
        n_frames = round(min(seconds, LONGEST_FILL_S) * self.clock.rate_hz)
        self.clock.shift(-n_frames / self.clock.rate_hz)
        return [self._silence(n_frames)]

    def _hold(self, block: AudioBlock, paused: bool) -> None:
        """Put a block with those that are held back."""
        if not self._held:
            self._held_count, self._held_s = self.clock.count, 0.0
            self._lateness_s = float("inf")
        self._held.append(block)
        self._held_count += len(block.samples)
        lateness_s = self.clock.lateness_s(block.arrival_s, self._held_count)
        if paused or lateness_s < self._lateness_s - CAUGHT_UP_S / 4:
            self._even_since_s = block.arrival_s  # it pauses, or a backlog still comes
        self._lateness_s = min(lateness_s, self._lateness_s)

    def _judge(self) -> list[Piece]:
        """Decide what the blocks held back mean, as soon as that can be told."""
        lateness_s = self._lateness_s
        if lateness_s <= CAUGHT_UP_S and not self._filled:
            return self._let_go(0)
        even_s = self._last_arrival_s - self._even_since_s
        if even_s < HOLD_S and self._held_s < LONGEST_HOLD_S:
            return []
        if abs(lateness_s) <= CAUGHT_UP_S:
            return self._let_go(0)
        if lateness_s < 0:
            return self._let_go(-min(round(-lateness_s * self.clock.rate_hz), self._filled))
        sure = lateness_s >= SURE_LOSS_S or self._filled or any(b.overflow for b in self._held)
        if not sure:
            return self._let_go(0)
        if lateness_s > LONGEST_FILL_S:
            self.clock.shift(lateness_s - LONGEST_FILL_S)
            lateness_s = LONGEST_FILL_S
        return self._let_go(round(lateness_s * self.clock.rate_hz))

    def _let_go(self, missing: int) -> list[Piece]:
        """Release the blocks held back: after silence, or without what silence replaced."""
        held, self._held, self._filled = self._held, [], 0
        self._restart_creep(self._last_arrival_s)
        # What an overflow cost was lost there, not before.
        place = next((i for i, block in enumerate(held) if block.overflow), 0)
        pieces: list[Piece] = []
        for i, block in enumerate(held):
            if missing > 0 and i == place:
                pieces.append(self._silence(missing))
            surplus = min(max(-missing, 0), len(block.samples))
            missing += surplus
            if surplus < len(block.samples):
                pieces.append(self._release(block, surplus))
        return pieces

    def _creeping(self, arrival_s: float, n_frames: int) -> list[Piece]:
        """Return silence where blocks have been late for too long to be only late."""
        late_s = self.clock.lateness_s(arrival_s, self.clock.count + n_frames)
        lowest_s = self._creep.add(arrival_s, late_s)
        if lowest_s <= CAUGHT_UP_S or arrival_s - self._creep_since_s < CREEP_WINDOW_S:
            return []
        self._restart_creep(arrival_s)
        return [self._silence(round(lowest_s * self.clock.rate_hz))]

    def _restart_creep(self, now_s: float) -> None:
        self._creep.clear()
        self._creep_since_s = now_s

    def _release(self, block: AudioBlock, without: int = 0) -> Piece:
        samples = block.samples[without:]
        self.clock.add(block.arrival_s, len(samples))
        return Piece(samples, len(samples))

    def _silence(self, n_frames: int) -> Piece:
        self.clock.skip(n_frames)
        return Piece(None, n_frames)
