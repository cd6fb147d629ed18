"""The watchdogs, fed by hand."""

import threading
from collections import deque

import numpy as np
import pytest

from recorder.watchdogs import (
    CONSTANT_S,
    DROPS_WINDOW_S,
    GUESSED_RATE,
    LOW_S,
    RESERVE_BYTES,
    Clipping,
    Clocks,
    Disk,
    Drops,
    Picture,
    Quiet,
    Ticks,
    Zeros,
)

RATE_HZ = 48_000


# --- sound -------------------------------------------------------------------------------------


def test_quiet_counts_only_the_time_awake():
    quiet = Quiet(0.5)
    assert not quiet.lasts(10.0, 0.1)
    assert not any(quiet.lasts(10.0, 0.1) for _ in range(4))
    assert quiet.lasts(10.0, 0.1)
    assert not quiet.lasts(11.0, 0.1)


def block(value=0):
    return np.full((480, 1), value, np.int16)


def test_zeros_need_more_than_two_seconds():
    zeros = Zeros(RATE_HZ)
    for _ in range(200):
        zeros.feed(block())
    assert not zeros.lasts
    zeros.feed(block())
    assert zeros.lasts
    assert zeros.length_s == pytest.approx(2.01)
    almost = block()
    almost[-1] = 1
    zeros.feed(almost)
    assert not zeros.lasts


def test_clipping_is_told_when_it_repeats():
    clipping = Clipping()
    loud = (np.clip(np.sin(np.arange(480) / 10) * 60_000, -32_768, 32_767)).astype(np.int16)
    assert not clipping.lasts(0.0)
    assert clipping.feed(loud[:, None], 0.01)
    assert clipping.lasts(0.02)
    assert clipping.lasts(2.9)
    assert not clipping.lasts(3.1)


def test_single_peaks_are_no_clipping():
    clipping = Clipping()
    for i in range(300):
        samples = block(1000)
        samples[7] = 32_767
        samples[99] = -32_768
        assert not clipping.feed(samples, i / 100)
        assert not clipping.lasts(i / 100)


def test_a_single_bump_is_not_told():
    clipping = Clipping()
    bump = block(1000)
    bump[10:20] = 32_767
    assert clipping.feed(bump, 1.0)
    assert not clipping.lasts(1.0)


def test_negative_full_scale_and_every_channel_count():
    clipping = Clipping()
    samples = np.zeros((480, 2), np.int16)
    for start in (0, 100, 200):
        samples[start : start + 5, 1] = -32_768
    assert clipping.feed(samples, 0.0)
    assert clipping.lasts(0.0)


# --- pictures ----------------------------------------------------------------------------------


def noisy(mean, seed):
    random = np.random.default_rng(seed)
    return random.integers(mean - 5, mean + 6, (90, 160, 3)).astype(np.uint8)


def test_a_good_picture_is_neither_black_nor_constant():
    picture = Picture()
    for i in range(150):
        picture.feed(noisy(90, i), i / 30)
    assert picture.black_since_s is None
    assert picture.same_since_s is None


def test_a_covered_camera_is_black_though_it_has_noise():
    picture = Picture()
    for i in range(60):
        picture.feed(noisy(8, i), i / 30)
    assert picture.black_since_s == 0.0
    picture.feed(noisy(80, 1), 2.1)
    assert picture.black_since_s is None


def test_the_same_picture_for_long_is_constant():
    picture, frozen = Picture(), noisy(90, 1)
    for i in range(round(CONSTANT_S * 30) + 2):
        picture.feed(frozen.copy(), 10 + i / 30)
    assert picture.same_since_s == 10.0
    picture.feed(noisy(90, 2), 14.0)
    assert picture.same_since_s is None


def test_a_black_picture_is_called_black_only():
    picture, black = Picture(), np.zeros((90, 160, 3), np.uint8)
    for i in range(300):
        picture.feed(black, i / 30)
    assert picture.black_since_s == 0.0
    assert picture.same_since_s is None


def test_pictures_before_a_break_do_not_count():
    picture, frozen = Picture(), noisy(90, 1)
    picture.feed(frozen, 0.0)
    picture.forget()
    picture.feed(frozen, 100.0)
    assert picture.same_since_s is None


def drops_told(share, seconds=8):
    drops, told = Drops(), False
    for i in range(seconds * 10):
        came = 3 * i
        told = drops.lasts(i / 10, came - round(share * came), round(share * came))
    return told


@pytest.mark.parametrize(("share", "told"), [(0.0, False), (0.03, False), (0.10, True)])
def test_many_lost_pictures_are_told(share, told):
    assert drops_told(share) == told


def test_lost_pictures_are_over_when_hardly_any_get_lost():
    drops, lost, over = Drops(), 0, None
    for i in range(300):
        lost += i < 100 and i % 5 == 0
        told = drops.lasts(i / 10, 3 * i - lost, lost)
        if told:
            over = i / 10
    assert over == pytest.approx(10.0 + DROPS_WINDOW_S, abs=1.5)


def test_another_take_begins_anew():
    drops = Drops()
    for i in range(60):
        drops.lasts(i / 10, i, 10 * i)
    assert not drops.lasts(6.0, 0, 0)


# --- disk ---------------------------------------------------------------------------------------

TB = 10**12


def test_room_on_a_large_disk():
    room = Disk(2 * 10**9, None).look(0.0, TB // 2, TB, None)
    assert (room.low, room.full) == (False, False)
    assert room.remaining_s == pytest.approx((TB // 2 - RESERVE_BYTES) / GUESSED_RATE)


def test_less_than_two_gigabytes_are_low():
    assert Disk(2 * 10**9, None).look(0.0, 2 * 10**9 - 1, TB, None).low


def test_less_than_five_minutes_are_low_at_the_measured_rate():
    disk = Disk(0, 0)
    rate = 10_000_000
    for second in range(30):
        room = disk.look(float(second), TB // 2 - rate * second, TB, rate * second)
    assert room.remaining_s == pytest.approx((TB // 2 - 29 * rate) / rate)
    assert not room.low
    assert disk.look(30.0, round(LOW_S * rate) - 1, TB, rate * 30).low


@pytest.mark.parametrize(("total", "reserve"), [(TB, RESERVE_BYTES), (10**9, 5 * 10**7)])
def test_the_take_is_closed_at_the_reserve(total, reserve):
    disk = Disk(0, None)
    assert not disk.look(0.0, reserve + 1, total, None).full
    assert disk.look(1.0, reserve, total, None).full


def test_the_rate_is_measured_while_a_take_runs():
    disk = Disk(0, 0)
    for second in range(20):
        disk.look(float(second), TB, TB, None)
    assert disk.look(20.0, TB, TB, 0).remaining_s == pytest.approx(TB / GUESSED_RATE)
    for second in range(21, 40):
        room = disk.look(float(second), TB, TB, 1000 * (second - 20))
    assert room.remaining_s == pytest.approx(TB / 1000)


# --- clocks -------------------------------------------------------------------------------------


def looked(*clocks):
    ticks = Ticks(0.1)
    return [ticks.look(Clocks(*c)) for c in clocks][-1]


def test_ordinary_ticks():
    tick = looked((10.0, 1000.0, 50.0), (10.12, 1000.12, 50.12))
    assert tick.awake_s == pytest.approx(0.12)
    assert (tick.stood_still_s, tick.slept_s, tick.clock_step_s) == (0.0, 0.0, 0.0)


def test_a_busy_machine_did_not_stand_still():
    tick = looked((10.0, 1000.0, 50.0), (10.6, 1000.6, 50.6))
    assert tick.stood_still_s == 0.0
    assert tick.awake_s == pytest.approx(0.2)


def test_a_stopped_program_stood_still_but_did_not_sleep():
    tick = looked((10.0, 1000.0, 50.0), (13.1, 1003.1, 53.1))
    assert tick.stood_still_s == pytest.approx(3.0)
    assert tick.slept_s == pytest.approx(0.0)
    assert tick.clock_step_s == 0.0


def test_a_sleeping_computer_is_told_by_the_other_clock():
    tick = looked((10.0, 1000.0, 50.0), (10.1, 4600.0, 3650.0))
    assert tick.stood_still_s == pytest.approx(3599.9)
    assert tick.slept_s == pytest.approx(3599.9)
    assert tick.clock_step_s == 0.0


@pytest.mark.parametrize("step_s", [3600.0, -86_400.0])
def test_a_step_of_the_wall_clock(step_s):
    tick = looked((10.0, 1000.0, 50.0), (10.1, 1000.1 + step_s, 50.1))
    assert tick.clock_step_s == pytest.approx(step_s)
    assert tick.stood_still_s == 0.0


# --- threads ------------------------------------------------------------------------------------


class Interrupted(deque):
    """Lets another thread act between a look at its length and what follows from it."""

    intruder = None

    def __len__(self):
        length = super().__len__()
        intruder, self.intruder = self.intruder, None
        if intruder is not None:
            thread = threading.Thread(target=intruder, daemon=True)
            thread.start()
            thread.join(0.3)
        return length


def test_clips_are_fed_by_one_thread_and_cleared_by_another():
    clipping = Clipping()
    loud = (np.clip(np.sin(np.arange(480) / 10) * 60_000, -32_768, 32_767)).astype(np.int16)
    clipping.feed(loud[:, None], 0.0)
    assert clipping.lasts(0.0)
    clipping._clips = Interrupted(clipping._clips)
    clipping._clips.intruder = lambda: clipping.lasts(100.0)
    assert clipping.feed(loud[:, None], 0.1)


def test_the_disk_is_looked_at_by_two_threads():
    disk = Disk(0, 0)
    for second in range(25):
        disk.look(float(second), TB, TB, 1000 * second)
    disk._written = Interrupted(disk._written)
    disk._written.intruder = lambda: disk.look(25.0, TB, TB, None)
    assert disk.look(25.0, TB, TB, 25_000).remaining_s == pytest.approx(TB / 1000)
