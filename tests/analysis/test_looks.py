"""Looks away: where they went, and which of them went to one place."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.looks import describe_looks, direction, find_places
from analysis.results import Look
from analysis.sight_options import GAZE
from analysis.timeline import Segment


def look(start, yaw, pitch, length=1.0):
    return Look(start, start + length, direction(yaw, pitch), yaw, pitch)


class TestDirection:
    @pytest.mark.parametrize(
        ("yaw", "pitch", "expected"),
        [(12, 3, "left"), (-12, 3, "right"), (2, 9, "up"), (-2, -9, "down"), (0, -1, "down")],
    )
    def test_the_axis_further_off_names_it(self, yaw, pitch, expected):
        assert direction(yaw, pitch) == expected


class TestDescribing:
    def test_each_look_has_its_own_median(self):
        times = np.arange(0, 4, 0.2)
        yaw = np.where((times >= 1) & (times < 2), 15.0, 0.0)
        pitch = np.where(times >= 3, -20.0, 0.0)
        yaw[6] = 60.0
        found = describe_looks(times, yaw, pitch, (Segment(1, 2), Segment(3, 4)))
        assert [(each.direction, each.yaw_deg, each.pitch_deg) for each in found] == [
            ("left", 15.0, 0.0),
            ("down", 0.0, -20.0),
        ]
        assert found[0].duration_s == pytest.approx(1.0)

    def test_a_look_without_a_judged_frame_is_left_out(self):
        times = np.arange(0, 2, 0.2)
        nowhere = np.full(len(times), np.nan)
        assert describe_looks(times, nowhere, nowhere, (Segment(0, 1),)) == ()


class TestPlaces:
    def test_repeated_looks_to_one_place_below_are_notes(self):
        looks = [look(t, 12 + d, -22 - d) for t, d in ((3, 0), (9, 1), (20, -2), (31, 1.5))]
        looks.insert(2, look(12, -25, 2))
        named, places = find_places(looks)
        (place,) = places
        assert (place.kind, place.direction) == ("notes", "down")
        assert place.moments == (Segment(3, 4), Segment(9, 10), Segment(20, 21), Segment(31, 32))
        assert [each.place for each in named] == [0, 0, None, 0, 0]
        assert place.pitch_deg == pytest.approx(-22.5, abs=0.6)

    def test_looks_all_over_the_room_are_no_place(self):
        looks = [look(5 * i, yaw, 5) for i, yaw in enumerate((-40, -25, -12, 12, 25, 40))]
        named, places = find_places(looks)
        assert places == ()
        assert named == tuple(looks)

    def test_fewer_than_the_asked_number_are_chance(self):
        looks = [look(5 * i, 20, 0) for i in range(GAZE.place_looks - 1)]
        assert find_places(looks)[1] == ()
        looks.append(look(60, 20, 0))
        assert len(find_places(looks)[1]) == 1

    def test_short_glances_make_no_place(self):
        looks = [look(5 * i, 20, -20, GAZE.place_shortest_s / 2) for i in range(6)]
        assert find_places(looks)[1] == ()

    def test_the_most_frequent_comes_first(self):
        looks = [look(5 * i, 30, 0) for i in range(3)]
        looks += [look(50 + 5 * i, 0, -25) for i in range(5)]
        _, places = find_places(looks)
        assert [len(place.moments) for place in places] == [5, 3]
        assert [place.direction for place in places] == ["down", "left"]

    def test_the_calibrated_screen_is_no_notes(self):
        looks = [look(5 * i, 1, -11) for i in range(4)]
        assert find_places(looks, (0.0, -10.0))[1][0].kind == "screen"
        assert find_places(looks, (0.0, -30.0))[1][0].kind == "notes"

    def test_without_a_calibration_a_screen_lies_a_little_below(self):
        near = [look(5 * i, 1, -GAZE.screen_pitch_deg + 1) for i in range(4)]
        far = [replace(each, pitch_deg=-GAZE.screen_pitch_deg - 3) for each in near]
        assert find_places(near)[1][0].kind == "screen"
        assert find_places(far)[1][0].kind == "notes"

    def test_looking_up_again_and_again_is_thinking_not_reading(self):
        assert find_places([look(5 * i, 2, 20) for i in range(4)])[1][0].kind == "elsewhere"

    def test_nothing(self):
        assert find_places([]) == ((), ())
