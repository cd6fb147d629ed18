"""Another person, a face that leaves, a picture that turns: the numbers stay the answer's."""

import itertools
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from analysis.gaze import measure_gaze
from analysis.head_pose import measure_head_pose
from analysis.landmarks import detect_landmarks
from analysis.media import probe_media, read_frames
from analysis.posture import measure_posture

SAMPLES = Path(__file__).parents[2] / "sample_media"
SECONDS = 14.0


def frames_of(path: Path) -> list[np.ndarray]:
    stream = read_frames(path, rate_hz=5.0, origin_s=probe_media(path).origin_s)
    return [f for _, f in itertools.takewhile(lambda each: each[0] < SECONDS, stream)]


@pytest.fixture(scope="module")
def answer():
    return frames_of(SAMPLES / "english_take.mp4")


def measured(*stretches):
    pictures = list(itertools.chain(*stretches))
    landmarks = detect_landmarks((i * 0.2, np.ascontiguousarray(f)) for i, f in enumerate(pictures))
    head = measure_head_pose(landmarks)
    gaze, of_gaze = measure_gaze(landmarks, head=head)
    posture, of_posture = measure_posture(landmarks, head)
    return gaze, posture, {c.code for c in (*of_gaze, *of_posture)}


@pytest.fixture(scope="module")
def clean(answer):
    gaze, posture, _ = measured(answer, answer)
    return gaze, posture


def assert_same(gaze, posture, clean):
    """A few points of difference: the baseline's frames are the same, the trackers restart."""
    assert gaze.eye_contact_ratio == pytest.approx(clean[0].eye_contact_ratio, abs=0.04)
    assert posture.slouch_ratio == pytest.approx(clean[1].slouch_ratio, abs=0.03)
    assert posture.side_lean_ratio == pytest.approx(clean[1].side_lean_ratio, abs=0.03)
    assert posture.tilt == clean[1].tilt == ()


def test_a_face_that_leaves_and_comes_back(answer, clean):
    away = [np.full_like(answer[0], 110)] * 25
    gaze, posture, codes = measured(answer, away, answer)
    assert_same(gaze, posture, clean)
    (unseen,) = gaze.unseen
    gone_s = len(answer) * 0.2
    assert (unseen.start, unseen.end) == pytest.approx((gone_s, gone_s + 5.0), abs=0.41)
    assert not any(s.start < unseen.end and s.end > unseen.start for s in gaze.away)
    assert "face-coverage-low" not in codes


def test_a_second_person_beside(answer):
    pairs = list(zip(answer, frames_of(SAMPLES / "japanese_take.mp4"), strict=False))
    alone = [np.hstack([mine, np.full_like(theirs, 110)]) for mine, theirs in pairs]
    both = [np.hstack(pair) for pair in pairs]
    by_oneself = measured(alone, alone)
    gaze, posture, codes = measured(alone, both)
    assert "several-faces" in codes
    assert "several-faces" not in by_oneself[2]
    assert gaze.eye_contact_ratio == pytest.approx(by_oneself[0].eye_contact_ratio, abs=0.04)
    # A body found then may be half the other's: it is not measured.
    assert "company" in codes
    assert posture.coverage_ratio == pytest.approx(0.5, abs=0.1)
    assert math.isnan(posture.slouch_ratio)
    assert posture.tilt == ()


def test_a_second_person_for_a_moment(answer):
    pairs = list(zip(answer, frames_of(SAMPLES / "japanese_take.mp4"), strict=False))
    alone = [np.hstack([mine, np.full_like(theirs, 110)]) for mine, theirs in pairs]
    both = [np.hstack(pair) for pair in pairs[:20]]
    by_oneself = measured(alone, alone[:20], alone)
    gaze, posture, codes = measured(alone, both, alone)
    assert "company" not in codes
    assert gaze.eye_contact_ratio == pytest.approx(by_oneself[0].eye_contact_ratio, abs=0.04)
    for name in ("slouch_ratio", "side_lean_ratio", "lean_in_ratio"):
        assert getattr(posture, name) == pytest.approx(getattr(by_oneself[1], name), abs=0.05)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_phone_turned_while_it_records(answer, clean, quarters):
    def turned(frame):
        height, width = frame.shape[:2]
        whole = np.rot90(frame, quarters)
        scale = min(width / whole.shape[1], height / whole.shape[0])
        whole = cv2.resize(np.ascontiguousarray(whole), None, fx=scale, fy=scale)
        canvas = np.zeros_like(frame)
        left, top = (width - whole.shape[1]) // 2, (height - whole.shape[0]) // 2
        canvas[top : top + whole.shape[0], left : left + whole.shape[1]] = whole
        return canvas

    wrong = [turned(f) for f in answer[:40]]
    gaze, posture, codes = measured(answer, wrong, answer)
    assert "picture-turned" in codes
    start_s, end_s = len(answer) * 0.2, (len(answer) + 40) * 0.2
    assert any(s.start <= start_s + 0.01 and s.end >= end_s - 0.41 for s in gaze.unseen)
    assert not any(s.start < end_s and s.end > start_s for s in gaze.away)
    assert_same(gaze, posture, clean)
