"""The unbroken line of samples, with blocks made by hand: every sample carries its number."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.audio import AudioBlock
from recorder.timeline import CAUGHT_UP_S, LONGEST_FILL_S, SampleLine

RATE_HZ = 48_000
BLOCK = 480
START_S = 50.0
TICK_S = 0.01
SILENT = -1


@dataclass
class Line:
    """What came out: the number of the captured sample at every place, or SILENT."""

    samples: np.ndarray
    line: SampleLine

    def places(self):
        """Return the captured numbers, and how far from their place they lie, s."""
        at = np.flatnonzero(self.samples != SILENT)
        return self.samples[at], (at - self.samples[at]) / RATE_HZ


def blocks(seconds, *, late=None, lost=None, ppm=0.0, overflow=()):
    """Return (arrival, numbers, overflow) of blocks; `late(k)` in s, `lost(k)` = never comes."""
    period_s = BLOCK / (RATE_HZ * (1 + ppm * 1e-6))
    out, newest = [], 0.0
    for k in range(int(seconds * 100)):
        if lost is not None and lost(k):
            continue
        arrival = START_S + (k + 1) * period_s + (late(k) if late is not None else 0.0)
        newest = max(newest, arrival)  # a block can't overtake the one before
        out.append((newest, np.arange(k * BLOCK, (k + 1) * BLOCK), k in overflow))
    return out


def run(arrivals, until_s, *, asleep=(), line=None):
    """Feed blocks as they arrive, looking every 10 ms except while `asleep` (from, to)."""
    line = line or SampleLine(RATE_HZ)
    pieces, waiting = [], list(arrivals)
    now = START_S
    while now < START_S + until_s:
        now += TICK_S
        if any(start <= now - START_S < end for start, end in asleep):
            continue
        while waiting and waiting[0][0] <= now:
            arrival, numbers, overflow = waiting.pop(0)
            pieces += line.feed(AudioBlock(numbers[:, None], arrival, overflow))
        pieces += line.tick(now)
    out = [np.full(p.n_frames, SILENT) if p.samples is None else p.samples[:, 0] for p in pieces]
    return Line(np.concatenate(out), line)


def test_what_comes_in_time_goes_through_untouched():
    got = run(blocks(5), 5.1)
    assert np.array_equal(got.samples, np.arange(5 * RATE_HZ))


@pytest.mark.parametrize("stall_s", [0.15, 0.4, 0.9])
def test_a_burst_after_a_stall_is_late_not_lost(stall_s):
    """The program was held up; every block comes in the end."""

    def late(k):
        behind = 3.0 + stall_s - (k + 1) / 100
        return behind if k >= 300 and behind > 0 else 0.0

    got = run(blocks(6, late=late), 6.9)
    assert np.array_equal(got.samples, np.arange(6 * RATE_HZ))


def test_a_slow_backlog_is_not_lost_either():
    """Half a second behind, and caught up within a second."""

    def late(k):
        return max(0.0, 0.5 - 0.5 * (k - 300) / 100) if k >= 300 else 0.0

    got = run(blocks(6, late=late), 6.9)
    assert np.array_equal(got.samples, np.arange(6 * RATE_HZ))


def test_a_heavily_loaded_machine_loses_nothing():
    random = np.random.default_rng(11)
    delays = random.exponential(0.03, 6000) + (random.random(6000) < 0.01) * 0.3
    got = run(blocks(30, late=lambda k: delays[k]), 30.9)
    assert np.array_equal(got.samples, np.arange(30 * RATE_HZ))


@pytest.mark.parametrize("lost_blocks", [15, 35, 80, 300, 1000])
def test_lost_sound_becomes_silence_of_its_length(lost_blocks):
    got = run(blocks(20, lost=lambda k: 500 <= k < 500 + lost_blocks), 20.9)
    numbers, places = got.places()
    assert np.array_equal(numbers[:240_000], np.arange(240_000))
    silent = np.count_nonzero(got.samples == SILENT) / RATE_HZ
    assert silent == pytest.approx(lost_blocks / 100, abs=CAUGHT_UP_S)
    assert np.abs(places).max() <= CAUGHT_UP_S
    if lost_blocks < 100:  # shorter than what counts as dead: nothing that came is thrown away
        assert len(numbers) == (2000 - lost_blocks) * BLOCK


def test_lost_sound_on_a_busy_machine():
    random = np.random.default_rng(3)
    delays = random.exponential(0.01, 3000)
    lost = run(blocks(20, late=lambda k: delays[k], lost=lambda k: 500 <= k < 550), 20.9)
    numbers, places = lost.places()
    assert len(numbers) == (2000 - 50) * BLOCK
    assert np.abs(places).max() <= CAUGHT_UP_S


def test_an_overflow_puts_its_silence_where_the_device_says():
    got = run(blocks(8, lost=lambda k: 400 <= k < 405, overflow={405}), 8.9)
    _numbers, places = got.places()
    assert np.count_nonzero(got.samples == SILENT) == pytest.approx(5 * BLOCK, abs=BLOCK)
    assert np.abs(places).max() <= CAUGHT_UP_S
    assert np.flatnonzero(got.samples == SILENT)[0] == 400 * BLOCK
    assert got.line.overflows == 1


def test_a_loss_without_a_long_pause_is_found_in_the_end():
    """80 ms of sound vanished on the way: a shorter pause than those that are looked into."""
    got = run(blocks(12, lost=lambda k: 400 <= k < 408), 12.8)
    _, places = got.places()
    assert np.abs(places[-RATE_HZ:]).max() <= CAUGHT_UP_S
    assert np.count_nonzero(got.samples == SILENT) == pytest.approx(8 * BLOCK, abs=2 * BLOCK)


@pytest.mark.parametrize("ppm", [-500, 500])
def test_a_wrong_rate_is_no_loss(ppm):
    got = run(blocks(30, ppm=ppm), 30.9)
    assert np.array_equal(got.samples, np.arange(30 * RATE_HZ))


def test_a_dead_microphone_is_replaced_by_silence_step_by_step():
    got = run(blocks(5), 10)
    assert len(got.samples) / RATE_HZ == pytest.approx(9.75, abs=0.15)
    assert np.all(got.samples[5 * RATE_HZ :] == SILENT)
    assert got.line.dead


def test_sound_that_comes_back_lies_at_its_time():
    got = run(blocks(12, lost=lambda k: 300 <= k < 700), 12.9)
    numbers, places = got.places()
    assert np.abs(places).max() <= CAUGHT_UP_S
    assert numbers[-1] == 12 * RATE_HZ - 1
    assert not got.line.dead


def test_sound_that_was_only_late_makes_room_for_its_silence():
    """The sound server stood still for 3 s and then sends it all: silence stands there by then."""

    def late(k):
        return max(0.0, 6.0 - (k + 1) / 100) if k >= 300 else 0.0

    got = run(blocks(10, late=late), 10.9)
    numbers, places = got.places()
    assert np.abs(places).max() <= CAUGHT_UP_S
    assert np.all(np.diff(numbers) > 0)
    assert len(got.samples) == pytest.approx(10 * RATE_HZ, abs=CAUGHT_UP_S * RATE_HZ)


def test_nothing_is_lost_while_this_process_stood_still():
    """Stopped for 5 s; the sound server kept everything."""

    def late(k):
        return max(0.0, 8.0 - (k + 1) / 100) if 300 <= k < 800 else 0.0

    got = run(blocks(12, late=late), 12.9, asleep=[(3.0, 8.0)])
    assert np.array_equal(got.samples, np.arange(12 * RATE_HZ))


def test_a_standstill_with_loss_is_filled():
    got = run(blocks(12, lost=lambda k: 300 <= k < 800), 12.9, asleep=[(3.0, 8.0)])
    numbers, places = got.places()
    assert len(numbers) == 7 * RATE_HZ
    assert np.abs(places).max() <= CAUGHT_UP_S


def test_a_night_is_not_filled():
    night_s = 8 * 3600.0
    arrivals = [
        (arrival + (night_s if k >= 300 else 0.0), numbers, False)
        for k, (arrival, numbers, _) in enumerate(blocks(8))
    ]
    line = SampleLine(RATE_HZ)
    before = run([a for a in arrivals[:300]], 3.02, line=line)
    pieces = []
    for arrival, numbers, _ in arrivals[300:]:
        pieces += line.feed(AudioBlock(numbers[:, None], arrival))
        pieces += line.tick(arrival + 0.001)
    silent = sum(p.n_frames for p in pieces if p.samples is None)
    assert len(before.samples) == 3 * RATE_HZ
    assert silent == pytest.approx(LONGEST_FILL_S * RATE_HZ, rel=1e-3)
    assert sum(p.n_frames for p in pieces) - silent == 5 * RATE_HZ


def test_a_sleep_that_the_clock_did_not_count():
    line = SampleLine(RATE_HZ)
    run(blocks(3), 3.02, line=line)
    now_s = START_S + 3.0
    before = line.clock.seconds(now_s)
    (piece,) = line.slept(7.0)
    assert piece.samples is None
    assert piece.n_frames == 7 * RATE_HZ
    assert line.clock.seconds(now_s) == pytest.approx(before + 7.0)
    # What comes then is neither late nor early.
    (rest,) = line.feed(AudioBlock(np.zeros((BLOCK, 1), np.int16), now_s + 0.01))
    assert rest.n_frames == BLOCK


delays = st.lists(
    st.tuples(st.integers(120, 900), st.floats(0.0, 0.8)), max_size=6
)  # block, how long everything stands still from there


@given(delays, st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_delays_never_cost_or_add_a_sample(stalls, seed):
    jitter = np.random.default_rng(seed).exponential(0.004, 1000)

    def late(k):
        held = [block / 100 + s - (k + 1) / 100 for block, s in stalls if k >= block]
        return max([jitter[k], *held])

    got = run(blocks(10, late=late), 10.9)
    assert np.array_equal(got.samples, np.arange(10 * RATE_HZ))


@given(st.integers(150, 400), st.integers(13, 600), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_after_any_loss_the_line_is_in_time_again(first, count, seed):
    jitter = np.random.default_rng(seed).exponential(0.003, 2000)
    got = run(
        blocks(
            (first + count) / 100 + 6,
            late=lambda k: jitter[k],
            lost=lambda k: first <= k < first + count,
        ),
        (first + count) / 100 + 6.9,
    )
    numbers, places = got.places()
    assert np.all(np.diff(numbers) > 0)
    assert np.abs(places[-RATE_HZ:]).max() <= CAUGHT_UP_S + 0.005
