"""The counting of the vision benchmark, on arrays that can be checked by hand."""

import math

import numpy as np
import pytest

from analysis.timeline import Segment
from tests.benchmarks.vision_scores import (
    Share,
    StretchScore,
    covered,
    looks_at_lens,
    looks_away,
    looks_towards,
    pooled,
    score_stretches,
    share,
    spread,
    stretches,
    wilson,
    worst,
)

WITHIN = Segment(0.0, 60.0)


def test_wilson_interval_as_in_textbooks():
    # Newcombe (1998), table I: 81 of 263 and 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(20, 20) == pytest.approx((0.8389, 1.0), abs=5e-5)


def test_wilson_interval_of_nothing_and_of_nonsense():
    assert all(math.isnan(bound) for bound in wilson(0, 0))
    with pytest.raises(ValueError, match="3 hits among 2"):
        wilson(3, 2)


def test_share_counts_only_the_frames_that_are_asked_for():
    hit = np.array([True, True, False, True])
    among = np.array([True, False, True, True])
    assert share(hit, among) == Share(2, 3)
    assert math.isnan(Share().value)


def test_pooling_weighs_by_frames_and_the_worst_identity_is_named():
    by = {"a": Share(90, 100), "b": Share(1, 2), "c": Share()}
    assert pooled(by.values()) == Share(91, 102)
    assert worst(by, high_is_good=True) == "b 50 %"
    assert worst(by, high_is_good=False) == "a 90 %"
    assert worst({"c": Share()}, high_is_good=True) == ""


def test_lens_and_away_have_a_gap_between_them():
    yaw = np.array([0.0, 1.0, 3.0, -6.0, np.nan])
    pitch = np.array([0.0, -1.5, 0.0, 0.0, 0.0])
    assert looks_at_lens(yaw, pitch).tolist() == [True, True, False, False, False]
    assert looks_away(yaw, pitch).tolist() == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("direction", "wanted"),
    [("left", [0]), ("right", [1]), ("up", [2]), ("down", [3])],
)
def test_looks_by_direction(direction, wanted):
    yaw = np.array([10.5, -9.2, 2.0, -2.9, 10.0, 12.0])
    pitch = np.array([2.0, 0.0, 9.5, -10.9, 4.0, 0.0])
    found = looks_towards(yaw, pitch, direction, 10)
    # Ten to the left but four up, and twelve to the left, are of no bin.
    assert np.flatnonzero(found).tolist() == wanted


def test_look_lasts_through_a_blink_but_not_through_a_longer_closure():
    times = np.arange(20) * 0.2
    away = np.zeros(20, dtype=bool)
    away[2:16] = True
    shut = np.zeros(20, dtype=bool)
    shut[4:6] = True
    shut[9:13] = True
    found = stretches(times, away, ignored=shut)
    assert [(s.start, s.end) for s in found] == [
        pytest.approx((0.4, 1.8)),
        pytest.approx((2.6, 3.2)),
    ]


def test_blink_at_the_lens_is_no_look():
    times = np.arange(6) * 0.2
    shut = np.array([False, False, True, False, False, True])
    assert stretches(times, shut, ignored=shut) == ()
    assert stretches(np.array([]), np.array([], dtype=bool)) == ()


def test_stretches_found_with_their_edges():
    true = [Segment(5, 7), Segment(20, 21.5), Segment(40, 44)]
    measured = [Segment(5.2, 7.2), Segment(39.4, 41), Segment(42, 44.0)]
    score = score_stretches(true, measured, within=WITHIN)
    assert score.found == Share(2, 3)
    # The second was torn apart: its outer edges count.
    assert score.edges_s == pytest.approx((0.2, 0.2, 0.6, 0.0))
    assert score.edges_within(0.4) == Share(3, 4)
    assert score.worst_edge_s == pytest.approx(0.6)
    assert score.false_count == 0


def test_two_looks_measured_as_one_have_a_wrong_edge_each():
    true = [Segment(10, 12), Segment(14, 16)]
    score = score_stretches(true, [Segment(10, 16)], within=WITHIN)
    assert score.found == Share(2, 2)
    assert sorted(score.edges_s) == pytest.approx([0, 0, 4, 4])


def test_short_stretches_are_neither_missed_nor_false():
    true = [Segment(10, 10.6)]
    measured = [Segment(9.8, 11.0), Segment(30, 30.8), Segment(50, 52)]
    score = score_stretches(true, measured, within=WITHIN)
    assert score.found == Share(0, 0)
    assert score.false_count == 1
    assert score.watched_s == pytest.approx(59.4)
    assert score.false_per_min == pytest.approx(60 / 59.4)


def test_less_than_half_is_not_found():
    score = score_stretches([Segment(10, 14)], [Segment(10, 11.9)], within=WITHIN)
    assert score.found == Share(0, 1)
    assert math.isnan(score.worst_edge_s)


def test_edge_of_exactly_the_limit_counts():
    score = score_stretches([Segment(1.0, 3.0)], [Segment(1.4, 3.4)], within=WITHIN)
    assert score.edges_within(0.4) == Share(2, 2)


def test_scores_of_several_clips_add_up():
    a = score_stretches([Segment(1, 3)], [Segment(1, 3)], within=Segment(0, 32))
    b = score_stretches([], [Segment(1, 3)], within=Segment(0, 30))
    both = a + b + StretchScore()
    assert both.found == Share(1, 1)
    assert both.false_per_min == pytest.approx(1.0)


def test_covered_share_of_a_stretch():
    measured = [Segment(0, 2), Segment(3, 4)]
    assert covered(Segment(1, 5), measured) == pytest.approx(0.5)


def test_spread_of_errors():
    s = spread(np.array([1.0, -3.0, np.nan, 2.0]))
    assert (s.mean, s.bias, s.count) == (2.0, 1.0, 3)
    assert s.p95 == pytest.approx(2.9)
    assert spread(np.array([np.nan])).count == 0
