"""The clock of arrivals, with arrivals made by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.clock import JUMP_S, ArrivalClock, LowestOf

RATE_HZ = 48_000
BLOCK = 480


def arrivals(seconds, *, ppm=0.0, start_s=100.0, late_s=None):
    """Yield when each block arrives, and when its first sample was captured."""
    rate_hz = RATE_HZ * (1 + ppm * 1e-6)
    for k in range(int(seconds * 100)):
        captured_s = start_s + k * BLOCK / rate_hz
        yield captured_s + BLOCK / rate_hz + (late_s(k) if late_s else 0.0), captured_s


def test_without_delays_the_first_sample_is_where_it_is():
    clock = ArrivalClock(RATE_HZ)
    assert not clock.started
    for arrival_s, _ in arrivals(2):
        clock.add(arrival_s, BLOCK)
    assert clock.settled
    assert clock.offset_s == pytest.approx(100.0, abs=1e-9)
    assert clock.sample(100.5) == 24_000
    assert clock.seconds(101.0) == pytest.approx(1.0)


def test_delays_do_not_move_it():
    random = np.random.default_rng(5)
    clock = ArrivalClock(RATE_HZ)
    delays = random.exponential(0.01, 3000)
    worst = 0.0
    for k, (arrival_s, _) in enumerate(arrivals(30, late_s=lambda k: delays[k])):
        clock.add(arrival_s, BLOCK)
        if k > 200:
            worst = max(worst, abs(clock.offset_s - 100.0))
    assert worst < 0.001


@pytest.mark.parametrize("ppm", [-500, -100, 100, 500])
def test_the_rate_of_the_microphone_is_followed(ppm):
    clock = ArrivalClock(RATE_HZ)
    worst = 0.0
    for k, (arrival_s, captured_s) in enumerate(arrivals(120, ppm=ppm)):
        before = clock.count
        clock.add(arrival_s, BLOCK)
        if k > 200:
            worst = max(worst, abs(clock.seconds(captured_s) - before / RATE_HZ))
    # The minimum of five seconds is up to five seconds old.
    assert worst < 0.003


def test_a_busy_start_is_put_right_at_once():
    """All blocks of the first seconds are late: the estimate is, too, until one is not."""
    clock = ArrivalClock(RATE_HZ)
    for arrival_s, _ in arrivals(4, late_s=lambda k: 0.3 if k < 300 else 0.0):
        clock.add(arrival_s, BLOCK)
    assert clock.offset_s == pytest.approx(100.0, abs=JUMP_S)


def test_it_never_jumps_late():
    clock = ArrivalClock(RATE_HZ)
    offsets = []
    for arrival_s, _ in arrivals(20, late_s=lambda k: 0.5 if k > 500 else 0.0):
        clock.add(arrival_s, BLOCK)
        offsets.append(clock.offset_s)
    assert np.diff(offsets).max() < 0.0001


def test_skipped_samples_count():
    clock = ArrivalClock(RATE_HZ)
    for arrival_s, _ in arrivals(2):
        clock.add(arrival_s, BLOCK)
    clock.skip(4800)
    assert clock.count == 96_000 + 4800
    assert clock.lateness_s(102.1 + 0.01, clock.count + 480) == pytest.approx(0.0, abs=1e-9)


def test_a_shift_moves_all_times():
    clock = ArrivalClock(RATE_HZ)
    for arrival_s, _ in arrivals(2):
        clock.add(arrival_s, BLOCK)
    clock.shift(-10.0)
    assert clock.seconds(100.0) == pytest.approx(10.0)


def test_no_times_before_the_first_block():
    with pytest.raises(ValueError, match="no block"):
        _ = ArrivalClock(RATE_HZ).offset_s


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(-5, 5)), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_lowest_of_a_window_is_what_min_says(steps):
    lowest = LowestOf(5.0)
    seen, now = [], 0.0
    for step, value in steps:
        now += step
        seen.append((now, value))
        assert lowest.add(now, value) == min(v for t, v in seen if t >= now - 5.0)
