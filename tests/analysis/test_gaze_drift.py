"""What a moving head and a moved chair do to the reading, and that looks elsewhere survive it."""

import numpy as np
import pytest

from analysis.gaze_drift import find_moves, measure_drift
from analysis.head_pose import HeadPose
from analysis.sight_options import GAZE
from analysis.timeline import Track

STEP_S = 0.2
SECONDS = 100
TIMES = np.arange(0, SECONDS, STEP_S)
RANDOM = np.random.default_rng(5)


def head(turn=0.0, nod=0.0, x=0.0, y=0.0, z=60.0) -> HeadPose:
    """Make a head: what the camera's direction and the place of the face are in each frame."""
    ones = np.ones(len(TIMES))
    nothing = Track(TIMES, ones * 0, "deg")
    return HeadPose(
        yaw=nothing,
        pitch=nothing,
        roll=nothing,
        rotation=np.tile(np.eye(3), (len(TIMES), 1, 1)),
        position_cm=np.column_stack([ones * x, ones * y, ones * z]),
        camera_yaw_deg=ones * turn,
        camera_pitch_deg=ones * nod,
    )


def scatter(sd=1.0):
    return RANDOM.normal(0, sd, len(TIMES))


def swaying(sd):
    slow = np.interp(TIMES, np.arange(0, SECONDS + 4, 2), RANDOM.normal(0, sd, SECONDS // 2 + 2))
    slow[TIMES < 5] = 0
    return slow


class TestDrift:
    def test_a_turning_head_is_taken_off(self):
        turn = swaying(8)
        found = measure_drift(TIMES, 0.3 * turn + scatter(), -0.2 * turn + scatter(), head(turn))
        assert np.std(0.3 * turn - found.yaw_deg) < 0.4
        assert np.std(-0.2 * turn - found.pitch_deg) < 0.4
        assert found.anchors == ()

    def test_looks_elsewhere_with_the_head_are_not_explained_away(self):
        away = (TIMES % 10) > 7
        turn = np.where(away, 9.0, 0.0) + swaying(2)
        yaw = np.where(away, 18.0, 0.0) + scatter()
        found = measure_drift(TIMES, yaw, scatter(), head(turn))
        assert np.median((yaw - found.yaw_deg)[away]) > 2 * GAZE.contact_yaw_deg

    def test_looks_at_the_screen_do_not_become_the_lens(self):
        screen = TIMES % 10 > 4
        pitch = np.where(screen, -9.0, 0.0) + scatter()
        nod = np.where(screen, 1.0, 0.0) + swaying(2)
        found = measure_drift(TIMES, scatter(), pitch, head(0.0, nod))
        assert abs(np.median(found.pitch_deg[screen])) < 1.5

    def test_a_moved_chair_anchors_anew(self):
        moved = TIMES >= 50
        found = measure_drift(
            TIMES, np.where(moved, 3.0, 0) + scatter(), scatter(), head(x=np.where(moved, 7.0, 0))
        )
        (anchor,) = found.anchors
        assert anchor.time == pytest.approx(50, abs=1.0)
        assert anchor.yaw_deg == pytest.approx(3.0, abs=0.5)
        assert np.median(found.yaw_deg[moved]) == pytest.approx(3.0, abs=0.5)
        assert np.median(found.yaw_deg[~moved]) == pytest.approx(0.0, abs=0.3)

    def test_another_light_than_at_the_calibration_is_taken_off(self):
        found = measure_drift(TIMES, scatter(), -4.0 + scatter(), head(swaying(3)))
        assert np.median(found.pitch_deg) == pytest.approx(-4.0, abs=0.7)

    def test_who_only_looks_at_the_screen_is_not_taken_to_the_lens(self):
        found = measure_drift(TIMES, scatter(), -10.0 + scatter(), head(swaying(3)))
        assert np.abs(found.pitch_deg).max() < 1.0

    def test_no_correction_goes_beyond_the_limit(self):
        turn = swaying(3)
        found = measure_drift(TIMES, 1.5 * turn + scatter(0.2), scatter(), head(turn))
        slope = np.polyfit(turn, found.yaw_deg, 1)[0]
        assert abs(slope) <= 2 * GAZE.drift_limit_per_deg + 0.05

    def test_too_little_to_tell(self):
        yaw = np.full(len(TIMES), np.nan)
        yaw[:5] = 3.0
        found = measure_drift(TIMES, yaw, yaw, head(swaying(5)))
        assert not found.yaw_deg.any()
        nothing = measure_drift(np.empty(0), np.empty(0), np.empty(0), _empty())
        assert len(nothing.yaw_deg) == 0


class TestMoves:
    def test_swaying_while_speaking_is_no_move(self):
        assert find_moves(TIMES, head(x=swaying(1.0), y=swaying(0.6), z=60 + swaying(1.0))) == ()

    @pytest.mark.parametrize("moved", [{"x": 6.0}, {"y": 5.0}, {"z": 70.0}])
    def test_another_place_is_one(self, moved):
        ((name, there),) = moved.items()
        before = 60.0 if name == "z" else 0.0
        place = np.where(TIMES >= 40, there, before) + scatter(0.3)
        (time,) = find_moves(TIMES, head(**{name: place}))
        assert time == pytest.approx(40, abs=1.0)

    def test_leaning_aside_for_a_moment_is_none(self):
        place = np.where((TIMES >= 40) & (TIMES < 43), 8.0, 0.0)
        assert find_moves(TIMES, head(x=place)) == ()

    def test_a_face_that_is_gone_in_between(self):
        place = np.where(TIMES >= 40, 8.0, 0.0)
        place[(TIMES >= 38) & (TIMES < 43)] = np.nan
        (time,) = find_moves(TIMES, head(x=place))
        assert 37 <= time <= 44


def _empty() -> HeadPose:
    none = Track(np.empty(0), np.empty(0), "deg")
    return HeadPose(
        none, none, none, np.empty((0, 3, 3)), np.empty((0, 3)), np.empty(0), np.empty(0)
    )
