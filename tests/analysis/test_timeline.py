"""The algebra of time: exact cases, and laws that hold for any segments."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.timeline import (
    Segment,
    Track,
    extent,
    gaps,
    intersect,
    segments_where,
    support,
    total,
)


def segs(*pairs):
    return tuple(Segment(a, b) for a, b in pairs)


# Quarters are exact in binary: sums and differences of them need no tolerance.
QUARTERS = st.integers(-400, 400).map(lambda n: n / 4)
SEGMENTS = st.lists(st.tuples(QUARTERS, QUARTERS).map(lambda p: Segment(*sorted(p))), max_size=12)
WITHIN = st.tuples(QUARTERS, QUARTERS).map(lambda p: Segment(*sorted(p)))
COLLARS = st.integers(0, 40).map(lambda n: n / 4)


def covers(segments, time):
    return any(s.start <= time < s.end for s in segments)


class TestSegment:
    def test_length_and_middle(self):
        assert Segment(1.5, 4.0).duration_s == 2.5
        assert Segment(1.5, 4.0).middle == 2.75

    def test_empty_is_allowed(self):
        assert Segment(2.0, 2.0).duration_s == 0

    @pytest.mark.parametrize(("start", "end"), [(1.0, 0.5), (math.nan, 1.0), (0.0, math.nan)])
    def test_end_before_start_or_unknown(self, start, end):
        with pytest.raises(ValueError, match="must not end"):
            Segment(start, end)

    def test_sorted_by_start_then_end_and_frozen(self):
        assert sorted(segs((2, 3), (1, 5), (1, 2))) == list(segs((1, 2), (1, 5), (2, 3)))
        with pytest.raises(AttributeError):
            Segment(0, 1).start = 3


class TestExact:
    def test_support(self):
        given_segments = segs((5, 6), (0, 1), (1, 2), (1.5, 3), (4, 4))
        assert support(given_segments) == segs((0, 3), (5, 6))
        assert support(given_segments, collar_s=1.9) == segs((0, 3), (5, 6))
        assert support(given_segments, collar_s=2.0) == segs((0, 6))

    def test_a_segment_inside_another(self):
        assert support(segs((0, 10), (2, 3))) == segs((0, 10))

    def test_nothing(self):
        assert support(()) == ()
        assert gaps((), Segment(1, 3)) == segs((1, 3))
        assert gaps((), Segment(1, 1)) == ()
        assert intersect((), segs((0, 1))) == ()
        assert total(()) == 0.0
        assert extent(()) is None
        assert extent(segs((3, 3))) is None

    def test_gaps(self):
        speech = segs((1, 2), (4, 6), (9, 20))
        assert gaps(speech, Segment(0, 10)) == segs((0, 1), (2, 4), (6, 9))
        assert gaps(speech, Segment(1, 20)) == segs((2, 4), (6, 9))
        assert gaps(speech, Segment(4.5, 5)) == ()
        assert gaps(speech, Segment(25, 26)) == segs((25, 26))
        assert gaps(speech, Segment(5, 7)) == segs((6, 7))

    def test_intersect(self):
        a, b = segs((0, 3), (5, 9)), segs((1, 2), (2.5, 6), (8, 12))
        assert intersect(a, b) == segs((1, 2), (2.5, 3), (5, 6), (8, 9))
        assert intersect(segs((0, 1)), segs((1, 2))) == ()

    def test_total_counts_overlaps_once(self):
        assert total(segs((0, 2), (1, 3), (10, 10.5))) == 3.5

    def test_extent(self):
        assert extent(segs((4, 6), (1, 2))) == Segment(1, 6)


class TestLaws:
    @given(SEGMENTS, COLLARS)
    def test_support_twice_is_support_once(self, segments, collar):
        once = support(segments, collar_s=collar)
        assert support(once, collar_s=collar) == once

    @given(SEGMENTS, COLLARS)
    def test_support_is_sorted_and_further_apart_than_the_collar(self, segments, collar):
        found = support(segments, collar_s=collar)
        assert all(b.start - a.end > collar for a, b in pairwise(found))

    @given(SEGMENTS, WITHIN)
    def test_gaps_and_support_partition_within(self, segments, within):
        silent = gaps(segments, within)
        spoken = intersect(segments, [within])
        assert intersect(silent, spoken) == ()
        assert support((*silent, *spoken)) == support([within])
        assert total(silent) + total(spoken) == within.duration_s

    @given(SEGMENTS, SEGMENTS)
    def test_intersection_lies_in_both_and_is_symmetric(self, a, b):
        both = intersect(a, b)
        assert both == intersect(b, a)
        assert intersect(both, a) == both
        assert intersect(both, b) == both

    @given(SEGMENTS, SEGMENTS, QUARTERS)
    def test_a_moment_is_in_the_intersection_if_in_both(self, a, b, time):
        assert covers(intersect(a, b), time) == (covers(a, time) and covers(b, time))

    @given(SEGMENTS)
    def test_total_is_at_most_the_extent(self, segments):
        whole = extent(segments)
        assert total(segments) <= (whole.duration_s if whole else 0.0)

    @given(SEGMENTS, SEGMENTS)
    def test_inclusion_exclusion(self, a, b):
        assert total((*a, *b)) == total(a) + total(b) - total(intersect(a, b))


class TestTrack:
    def test_kinds_are_made_uniform(self):
        track = Track([0, 1], [[1, 2], [3, 4]], "px")
        assert (track.times.dtype, track.values.dtype) == (np.float64, np.float32)

    @pytest.mark.parametrize(
        ("times", "values", "message"),
        [
            ([0, 1], [1.0], "one value per time"),
            ([[0, 1]], [[1.0, 2.0]], "one value per time"),
            (0.0, 1.0, "one value per time"),
            ([0, 0], [1.0, 2.0], "strictly increase"),
            ([1, 0], [1.0, 2.0], "strictly increase"),
            ([0, math.nan], [1.0, 2.0], "strictly increase"),
        ],
    )
    def test_refused(self, times, values, message):
        with pytest.raises(ValueError, match=message):
            Track(np.array(times), np.array(values), "deg")

    def test_missing_values(self):
        track = Track([0, 1, 2], [[1, 2], [np.nan, 2], [np.nan, np.nan]], "px")
        assert track.present.tolist() == [True, False, False]
        assert track.coverage_ratio == pytest.approx(1 / 3)

    @pytest.mark.parametrize("shape", [(0,), (0, 3), (0, 478, 3)])
    def test_empty(self, shape):
        track = Track(np.zeros(0), np.zeros(shape), "px")
        assert track.present.tolist() == []
        assert math.isnan(track.coverage_ratio)

    def test_values_of_no_width(self):
        track = Track(np.arange(2), np.zeros((2, 0)), "px")
        assert track.present.tolist() == [False, False]

    def test_equality_treats_missing_as_equal(self):
        one = Track([0, 1], [1, np.nan], "deg")
        assert one == Track([0, 1], [1, np.nan], "deg")
        assert one != Track([0, 1], [1, 2], "deg")
        assert one != Track([0, 2], [1, np.nan], "deg")
        assert one != Track([0, 1], [1, np.nan], "px")
        assert one != "deg"


class TestSegmentsWhere:
    TIMES = np.array([0.0, 0.2, 0.4, 1.4, 1.6])

    def test_a_sample_holds_until_the_next_but_not_across_a_hole(self):
        found = segments_where(self.TIMES, np.ones(5, bool), max_step_s=0.3)
        assert [(s.start, s.end) for s in found] == [
            pytest.approx((0.0, 0.7)),
            pytest.approx((1.4, 1.9)),
        ]

    def test_mask(self):
        mask = np.array([False, True, False, False, True])
        found = segments_where(self.TIMES, mask, max_step_s=0.3)
        assert [(s.start, s.end) for s in found] == [
            pytest.approx((0.2, 0.4)),
            pytest.approx((1.6, 1.9)),
        ]

    def test_touching_samples_of_thirds_are_one_segment(self):
        times = np.arange(1000) / 30
        (found,) = segments_where(times, np.ones(1000, bool), max_step_s=0.2)
        assert found.duration_s == pytest.approx(999 / 30 + 0.2)

    def test_nothing(self):
        assert segments_where(np.zeros(0), np.zeros(0, bool), max_step_s=1) == ()
        assert segments_where(self.TIMES, np.zeros(5, bool), max_step_s=1) == ()
