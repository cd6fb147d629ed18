import numpy as np
import pytest

from recorder.frame_gaps import PERIOD_FRAMES, GapCounter


def counted(times_s):
    gaps = GapCounter()
    for time_s in times_s:
        gaps.add(time_s)
    return gaps


@pytest.mark.parametrize("rate_hz", [30, 25, 15, 60])
def test_every_gap_counts_whatever_the_rate_really_is(rate_hz):
    kept = [k for k in range(300) if k not in (50, 100, 101, 102, *range(200, 215))]
    gaps = counted([k / rate_hz for k in kept])
    assert gaps.missed == 19
    assert gaps.period_s == pytest.approx(1 / rate_hz)


@pytest.mark.parametrize("lost_share", [0.1, 0.3, 0.5, 0.65])
def test_a_computer_that_loses_most_frames(lost_share):
    random = np.random.default_rng(7)
    busy = random.uniform(size=3000) < lost_share
    busy[[0, -1]] = False
    times = np.arange(3000) / 30 + random.uniform(0, 0.002, 3000)
    assert counted(times[~busy]).missed == pytest.approx(busy.sum(), rel=0.05)


def test_late_frames_are_not_lost_ones():
    random = np.random.default_rng(2)
    times = np.arange(900) / 30 + random.uniform(0, 0.012, 900)
    late = times.copy()
    late[100::50] += 0.030  # held up by nearly a period; the next comes in time
    late = np.maximum.accumulate(late)
    assert counted(times).missed == 0
    assert counted(late).missed == 0


def test_a_camera_that_slows_down_in_the_dark():
    times = [k / 30 for k in range(100)] + [100 / 30 + k / 15 for k in range(200)]
    gaps = counted(times)
    assert gaps.missed <= PERIOD_FRAMES
    assert gaps.period_s == pytest.approx(1 / 15)


def test_a_clock_that_stands_still_or_goes_back_counts_nothing():
    assert counted([1.0] * 20).missed == 0
    assert counted([3.0 - k / 30 for k in range(20)]).missed == 0
