"""Posture from hand-made bodies: what is held long enough is found, with its times."""

import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.head_pose import HeadPose, measure_head_pose
from analysis.landmarks import FACE_IDS, Landmarks, detect_landmarks
from analysis.posture import measure_posture
from analysis.sight_options import POSTURE
from analysis.timeline import Track

STEP_S = 0.5
WIDTH_PX = 200.0
"""between the shoulders"""


def body(
    *,
    rise: float = 0.6,
    shift: float = 0.0,
    tilt: float = 0.0,
    x: float = 320,
    seen: float = 0.95,
    nearer: float = 1.0,
) -> np.ndarray:
    """Nose, ears, shoulders; `rise` and `shift` in shoulder widths, `tilt` in deg."""
    width = nearer * WIDTH_PX
    y, across = 280.0, width / 2 * np.array([math.cos(math.radians(tilt)), 0])
    across[1] = width / 2 * math.sin(math.radians(tilt))
    nose = (x + shift * width, y - (rise - 0.05) * width)
    ears = y - rise * width
    left, right = np.add((x, y), across), np.subtract((x, y), across)
    points = [nose, (x + 30, ears), (x - 30, ears), left, right]
    return np.array([(*p, seen) for p in points], dtype=np.float32)


def head(**angles_deg: np.ndarray) -> HeadPose:
    """Make a head with these angles over time; what is not given is 0."""
    times = np.arange(0, 30, 0.2)
    tracks = {
        name: Track(times, np.broadcast_to(angles_deg.get(name, 0.0), times.shape), "deg")
        for name in ("yaw", "pitch", "roll")
    }
    empty = np.empty((len(times), 3))
    return HeadPose(
        **tracks,
        rotation=np.empty((len(times), 3, 3)),
        position_cm=empty,
        camera_yaw_deg=empty[:, 0],
        camera_pitch_deg=empty[:, 0],
    )


def take(*bodies: np.ndarray, face: bool = True) -> Landmarks:
    times = np.arange(len(bodies)) * STEP_S
    faces = np.full((len(bodies), len(FACE_IDS), 3), 100.0 if face else np.nan)
    return Landmarks(
        face=Track(times, faces, "px"),
        pose=Track(times, np.array(bodies, np.float32).reshape(-1, 5, 3), "px"),
        face_count=Track(times, np.ones(len(bodies)), "faces"),
        face_luma=Track(times, np.full(len(bodies), 120.0), "luma"),
        frame_size_px=(640, 360),
    )


def seconds(points: np.ndarray, duration_s: float) -> list[np.ndarray]:
    return [points] * round(duration_s / STEP_S)


def during(points: np.ndarray, duration_s: float) -> Landmarks:
    """Upright for 10 s, then `points`, then upright again for 10 s."""
    return take(*seconds(body(), 10), *seconds(points, duration_s), *seconds(body(), 10))


def spans(segments) -> list[tuple[float, float]]:
    return [(round(s.start, 6), round(s.end, 6)) for s in segments]


UPRIGHT = body()
MISSING = np.full((5, 3), np.nan, np.float32)


class TestFound:
    def test_upright_and_still(self):
        posture, cautions = measure_posture(take(*seconds(UPRIGHT, 30)))
        assert cautions == ()
        assert posture.coverage_ratio == 1.0
        assert posture.slouch_ratio == 0.0
        assert posture.side_lean_ratio == 0.0
        assert posture.movement == 0.0
        assert posture.lean_deg == pytest.approx(0)
        assert posture.shoulder_tilt_deg == pytest.approx(0)
        assert posture.slouch == posture.side_lean == posture.tilt == ()

    def test_slouch(self):
        posture, _ = measure_posture(during(body(rise=0.53), 10))
        assert spans(posture.slouch) == [(10.0, 20.0)]
        assert posture.slouch_ratio == pytest.approx(10 / 30)
        assert posture.side_lean == posture.tilt == ()

    def test_a_small_drop_is_not_slouching(self):
        posture, _ = measure_posture(during(body(rise=0.57), 10))
        assert posture.slouch == ()

    def test_leaning_in(self):
        posture, _ = measure_posture(during(body(nearer=1.14, rise=0.55), 10))
        assert spans(posture.lean_in) == [(10.0, 20.0)]
        assert posture.lean_in_ratio == pytest.approx(10 / 30)
        assert posture.slouch == ()

    def test_a_chair_moved_nearer_is_not_leaning_in(self):
        posture, _ = measure_posture(during(body(nearer=1.2), 20))
        assert posture.lean_in == posture.slouch == ()

    def test_leaning_aside_is_not_slouching_too(self):
        posture, _ = measure_posture(during(body(shift=0.2, rise=0.53), 10))
        assert spans(posture.side_lean) == [(10.0, 20.0)]
        assert posture.slouch == ()

    @pytest.mark.parametrize("shift", [0.15, -0.15])
    def test_side_lean(self, shift):
        posture, _ = measure_posture(during(body(shift=shift), 6))
        assert spans(posture.side_lean) == [(10.0, 16.0)]
        assert posture.side_lean_ratio == pytest.approx(6 / 26)
        assert posture.slouch == posture.tilt == ()

    def test_median_lean_is_positive_to_the_persons_left(self):
        posture, _ = measure_posture(take(*seconds(UPRIGHT, 5), *seconds(body(shift=0.1), 20)))
        assert posture.lean_deg == pytest.approx(math.degrees(math.atan2(0.1, 0.55)), abs=0.01)

    @pytest.mark.parametrize("tilt", [7.0, -7.0])
    def test_shoulder_tilt(self, tilt):
        posture, _ = measure_posture(during(body(tilt=tilt), 6))
        assert spans(posture.tilt) == [(10.0, 16.0)]

    def test_median_tilt_is_positive_with_the_left_shoulder_lower(self):
        posture, _ = measure_posture(take(*seconds(UPRIGHT, 5), *seconds(body(tilt=4), 20)))
        assert posture.shoulder_tilt_deg == pytest.approx(4, abs=0.01)

    def test_own_baseline_counts_not_an_absolute_posture(self):
        always = body(rise=0.5, shift=0.2, tilt=9)
        posture, _ = measure_posture(take(*seconds(always, 30)))
        assert posture.slouch == posture.side_lean == posture.tilt == ()


class TestDuration:
    # At 0.1 s a sample, so that 4.9 s can be told from 5.
    def at_tenths(self, points: np.ndarray, samples: int) -> Landmarks:
        bodies = [UPRIGHT] * 100 + [points] * samples + [UPRIGHT] * 100
        landmarks = take(*bodies)
        times = np.arange(len(bodies)) * 0.1
        return replace(
            landmarks, pose=Track(times, landmarks.pose.values, "px"), face=landmarks.face
        )

    @pytest.mark.parametrize("points", [body(rise=0.5), body(shift=0.2), body(tilt=8)])
    def test_less_than_five_seconds_is_not_flagged(self, points):
        posture, _ = measure_posture(self.at_tenths(points, 49))
        assert posture.slouch == posture.side_lean == posture.tilt == ()
        posture, _ = measure_posture(self.at_tenths(points, 50))
        assert len(posture.slouch + posture.side_lean + posture.tilt) == 1

    def test_one_noisy_sample_does_not_cut_it(self):
        low = body(rise=0.5)
        bodies = [*seconds(UPRIGHT, 10), *seconds(low, 4), UPRIGHT, *seconds(low, 4)]
        posture, _ = measure_posture(take(*bodies, *seconds(UPRIGHT, 5)))
        assert spans(posture.slouch) == [(10.0, 18.5)]

    def test_a_hole_is_not_bridged(self):
        low = body(rise=0.5)
        bodies = [*seconds(UPRIGHT, 10), *seconds(low, 4), *seconds(MISSING, 2), *seconds(low, 4)]
        posture, _ = measure_posture(take(*bodies))
        assert posture.slouch == ()
        assert posture.coverage_ratio == pytest.approx(0.9)


class TestHeadTurns:
    TIMES = np.arange(0, 30, 0.2)

    def test_a_bowed_head_is_not_slouching(self):
        bowed = np.where((self.TIMES >= 10) & (self.TIMES < 20), -12.0, 0.0)
        fallen = during(body(rise=0.6 * (1 - 12 * POSTURE.rise_per_pitch)), 10)
        assert measure_posture(fallen)[0].slouch != ()
        assert measure_posture(fallen, head(pitch=bowed))[0].slouch == ()

    def test_a_turned_head_is_not_leaning(self):
        turned = np.where((self.TIMES >= 10) & (self.TIMES < 20), 25.0, 0.0)
        aside = during(body(shift=25 * POSTURE.shift_per_yaw), 10)
        assert measure_posture(aside)[0].side_lean != ()
        assert measure_posture(aside, head(yaw=turned))[0].side_lean == ()

    def test_a_moment_without_a_face_is_taken_as_it_is(self):
        gone = np.where((self.TIMES >= 10) & (self.TIMES < 20), math.nan, 0.0)
        posture, _ = measure_posture(during(body(rise=0.5), 10), head(pitch=gone))
        assert spans(posture.slouch) == [(10.0, 20.0)]


class TestHeadRoll:
    TILTED = during(body(tilt=7), 10)

    def roll(self, deg: float) -> HeadPose:
        times = np.arange(0, 30, 0.2)
        return head(roll=np.where((times >= 10) & (times < 20), deg, 0.0) - 3.0)

    def test_tilt_with_a_rolled_head_is_not_judged(self):
        posture, _ = measure_posture(self.TILTED, self.roll(9.0))
        assert posture.tilt == ()

    def test_a_little_roll_is_no_excuse(self):
        posture, _ = measure_posture(self.TILTED, self.roll(7.0))
        assert spans(posture.tilt) == [(10.0, 20.0)]

    def test_unknown_roll_is_not_judged(self):
        posture, _ = measure_posture(self.TILTED, self.roll(math.nan))
        assert posture.tilt == ()
        assert not math.isnan(posture.shoulder_tilt_deg)

    def test_no_roll_at_all_leaves_tilt_unmeasured(self):
        none = Track(np.empty(0), np.empty(0), "deg")
        nobody = replace(head(), yaw=none, pitch=none, roll=none)
        posture, _ = measure_posture(self.TILTED, nobody)
        assert math.isnan(posture.shoulder_tilt_deg)
        assert posture.tilt == ()


class TestMovement:
    def test_landmark_noise_is_no_movement(self):
        noise = np.random.default_rng(1).normal(0, 0.005 * WIDTH_PX, 120)
        posture, _ = measure_posture(take(*[body(x=320 + n) for n in noise]))
        assert posture.movement == 0.0

    def test_swaying(self):
        swaying = [body(x=320 + (20 if k % 2 else 0)) for k in range(60)]
        posture, _ = measure_posture(take(*swaying))
        # A tenth of a shoulder width every half second.
        assert posture.movement == pytest.approx(0.2, rel=1e-3)

    def test_a_hole_is_no_path(self):
        bodies = [*seconds(UPRIGHT, 10), *seconds(MISSING, 5), *seconds(body(x=400), 10)]
        posture, _ = measure_posture(take(*bodies))
        assert posture.movement == 0.0


class TestWithheld:
    def assert_withheld(self, posture):
        numbers = [
            posture.lean_deg,
            posture.shoulder_tilt_deg,
            posture.slouch_ratio,
            posture.side_lean_ratio,
            posture.movement,
        ]
        assert all(math.isnan(n) for n in numbers)
        assert posture.slouch == posture.side_lean == posture.tilt == ()

    @pytest.mark.parametrize(
        "unseen",
        [
            MISSING,
            body(seen=0.7),
            body() + np.float32([0, 100, 0]),
            body() * np.float32([-1, 1, 1]),
        ],
        ids=["no body", "not visible", "below the picture", "from behind"],
    )
    def test_shoulders_not_seen(self, unseen):
        bodies = [*seconds(UPRIGHT, 11.5), *seconds(unseen, 8.5)]
        posture, cautions = measure_posture(take(*bodies))
        self.assert_withheld(posture)
        assert posture.coverage_ratio == pytest.approx(0.575)
        assert [c.code for c in cautions] == ["shoulders-not-seen"]

    def test_no_face(self):
        posture, cautions = measure_posture(take(*seconds(UPRIGHT, 20), face=False))
        self.assert_withheld(posture)
        assert [c.code for c in cautions] == ["no-face"]

    def test_empty(self):
        posture, cautions = measure_posture(take())
        self.assert_withheld(posture)
        assert math.isnan(posture.coverage_ratio)
        assert len(cautions) == 1

    def test_too_short(self):
        posture, cautions = measure_posture(take(*seconds(UPRIGHT, 3)))
        self.assert_withheld(posture)
        assert [c.code for c in cautions] == ["posture-too-short"]

    def test_sixty_percent_is_enough(self):
        bodies = [*seconds(UPRIGHT, 12), *seconds(MISSING, 8)]
        posture, cautions = measure_posture(take(*bodies), options=POSTURE)
        assert posture.slouch_ratio == 0.0
        assert cautions == ()


@pytest.mark.shared_media
def test_unchanged_pose_of_a_real_person_is_not_flagged(shared_media):
    from analysis.media import read_frames

    path = next((shared_media / "video").glob("d07*"))
    landmarks = detect_landmarks(read_frames(path, rate_hz=5, origin_s=0.0))
    posture, cautions = measure_posture(landmarks, measure_head_pose(landmarks))
    assert cautions == ()
    assert posture.coverage_ratio == 1.0
    assert posture.slouch == posture.side_lean == posture.tilt == ()
    assert posture.movement < 0.1
