"""Following the candidate, the way up, and MediaPipe on real pictures."""

import itertools

import numpy as np
import pytest

from analysis.landmarks import (
    FACE_COLUMN,
    FACE_IDS,
    POSE_IDS,
    LandmarkOptions,
    _same_person,
    detect_landmarks,
    follow_person,
    picture_cautions,
)

SIZE = (640, 360)


def face(x: float, y: float = 150, height: float = 100) -> np.ndarray:
    """A face as far as following needs it: top and chin."""
    points = np.zeros((len(FACE_IDS), 3), dtype=np.float32)
    points[:, :2] = (x, y)
    points[FACE_COLUMN[10], :2] = (x, y - height / 2)
    points[FACE_COLUMN[152], :2] = (x, y + height / 2)
    return points


def series(*frames: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    empty = np.empty((0, len(FACE_IDS), 3), np.float32)
    return np.arange(len(frames)) * 0.2, [np.array(f) if f else empty for f in frames]


@pytest.fixture
def frames_of(shared_media):
    """Read the first seconds of a real clip."""
    from analysis.media import read_frames

    def frames_of(pattern: str, *, seconds: float = 3.0):
        clips = (shared_media / "video").glob(pattern)
        path = next(p for p in clips if p.suffix != ".json")
        stream = read_frames(path, rate_hz=5, origin_s=0.0)
        return list(itertools.takewhile(lambda each: each[0] < seconds, stream))

    return frames_of


class TestFollowPerson:
    def test_no_frames(self):
        assert len(follow_person(np.array([]), [], SIZE)) == 0

    def test_no_faces(self):
        times, faces = series([], [], [])
        assert follow_person(times, faces, SIZE).tolist() == [-1, -1, -1]

    def test_the_larger_more_central_of_two_whatever_their_order(self):
        candidate, other = face(320), face(560, height=60)
        times, faces = series([other, candidate], [candidate, other], [other, candidate])
        assert follow_person(times, faces, SIZE).tolist() == [1, 0, 1]

    def test_a_passer_by_in_front_does_not_take_over(self):
        near = face(330, height=190)
        still = [[face(300)]] * 20
        passing = [[near, face(300)]] * 3
        times, faces = series(*still, *passing, *still)
        assert follow_person(times, faces, SIZE).tolist() == [0] * 20 + [1] * 3 + [0] * 20

    def test_who_stays_when_the_candidate_leaves_is_not_the_candidate(self):
        both = [[face(300), face(560, height=60)]] * 10
        left_alone = [[face(560, height=60)]] * 10
        # Also after a hole that is too long for a link.
        times, faces = series(*both, *left_alone, *[[]] * 20, *left_alone)
        assert follow_person(times, faces, SIZE).tolist() == [0] * 10 + [-1] * 40

    def test_the_candidate_comes_back_elsewhere(self):
        times, faces = series(*[[face(200)]] * 10, *[[]] * 20, *[[face(450)]] * 10)
        assert follow_person(times, faces, SIZE).tolist() == [0] * 10 + [-1] * 20 + [0] * 10

    def test_moving_slowly_across_the_picture(self):
        times, faces = series(*[[face(100 + 10 * i), face(600, height=50)] for i in range(40)])
        assert follow_person(times, faces, SIZE).tolist() == [0] * 40


class TestBodyBelongsToFace:
    def test_same_and_other(self):
        body = np.zeros((len(POSE_IDS), 3), np.float32)
        body[0, :2] = (300, 150)
        assert _same_person(body, face(310), others=False)
        assert not _same_person(body, face(500), others=False)

    def test_without_the_candidates_face(self):
        body = np.zeros((len(POSE_IDS), 3), np.float32)
        nobody = np.full((len(FACE_IDS), 3), np.nan, np.float32)
        assert _same_person(body, nobody, others=False)
        assert not _same_person(body, nobody, others=True)


class TestDetectLandmarks:
    def test_no_frames(self):
        found = detect_landmarks([])
        assert found.face.values.shape == (0, len(FACE_IDS), 3)
        assert found.pose.values.shape == (0, len(POSE_IDS), 3)
        assert found.frame_size_px == (0, 0)
        assert np.isnan(found.several_faces_ratio)
        assert picture_cautions(found) == ()

    def test_black_frames_have_no_face_and_report_progress(self):
        seen: list[float] = []
        frames = [(i * 0.2, np.zeros((90, 160, 3), np.uint8)) for i in range(7)]
        found = detect_landmarks(frames, progress=seen.append)
        assert found.face.coverage_ratio == 0
        assert found.face_count.values.tolist() == [0] * 7
        assert found.pose.times.tolist() == pytest.approx([0, 0.6, 1.2])
        assert found.frame_size_px == (160, 90)
        assert seen == pytest.approx(found.face.times)

    def test_times_must_increase(self):
        frame = np.zeros((90, 160, 3), np.uint8)
        with pytest.raises(ValueError, match="increase"):
            detect_landmarks([(0.2, frame), (0.2, frame)])

    def test_frames_must_be_of_one_size(self):
        frames = [(0.0, np.zeros((90, 160, 3), np.uint8)), (0.2, np.zeros((80, 160, 3), np.uint8))]
        with pytest.raises(ValueError, match="size"):
            detect_landmarks(frames)

    def test_it_is_quiet(self, capfd):
        detect_landmarks([(0.0, np.full((90, 160, 3), 90, np.uint8))])
        captured = capfd.readouterr()
        assert captured.err == ""
        assert captured.out == ""


@pytest.mark.shared_media
class TestRealPictures:
    @pytest.mark.parametrize("rotation", [0, 90, 180, 270])
    def test_a_picture_that_is_not_upright_is_turned(self, frames_of, rotation):
        upright = frames_of("d07*")
        turned = [(t, np.ascontiguousarray(np.rot90(f, rotation // 90))) for t, f in upright]
        found = detect_landmarks(turned)
        assert found.rotation_deg == (360 - rotation) % 360
        assert found.frame_size_px == (640, 360)
        assert found.face.coverage_ratio == 1.0
        nose = found.face.values[:, FACE_COLUMN[4]]
        chin = found.face.values[:, FACE_COLUMN[152]]
        assert (chin[:, 1] > nose[:, 1]).all()
        codes = [c.code for c in picture_cautions(found)]
        assert ("picture-rotated" in codes) == bool(rotation)

    def test_black_lead_in_says_nothing_about_the_way_up(self, frames_of):
        upright = frames_of("d07*")
        sideways = [np.ascontiguousarray(np.rot90(f)) for _, f in upright]
        pictures = [np.zeros_like(sideways[0])] * 25 + sideways
        found = detect_landmarks((i * 0.2, picture) for i, picture in enumerate(pictures))
        assert found.rotation_deg == 270
        assert found.face.present[-len(sideways) :].all()
        assert not found.face.present[:25].any()

    def test_two_people_are_told_apart(self, frames_of):
        left = frames_of("d07*")
        right = [f[100:460, :] for _, f in frames_of("d01*")]
        pairs = zip(left, right, strict=False)
        found = detect_landmarks((t, np.hstack([a, b])) for (t, a), b in pairs)
        assert found.several_faces_ratio > 0.9
        noses = found.face.values[:, FACE_COLUMN[4], 0]
        assert np.ptp(noses) < 60
        assert "several-faces" in [c.code for c in picture_cautions(found)]

    def test_clutter_is_no_second_person(self, frames_of):
        found = detect_landmarks(frames_of("d07*", seconds=10))
        assert found.several_faces_ratio < 0.05

    def test_a_small_face_in_a_wide_picture_is_found(self, frames_of):
        found = detect_landmarks(frames_of("dc1_answer.mp4"))
        assert found.face.coverage_ratio > 0.9

    def test_options_reach_the_detector(self, frames_of):
        options = LandmarkOptions(pose_every=1)
        found = detect_landmarks(frames_of("d07*", seconds=1), options=options)
        assert len(found.pose.times) == len(found.face.times)
