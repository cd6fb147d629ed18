"""Calibration, looks and notes on a rendered person whose eyes are known, from the video file."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from analysis.gaze_calibration import calibrate_file
from analysis.sight_stage import measure_sight
from analysis.timeline import Segment
from recorder.session import GazeCalibration

FOLDER = Path(__file__).parent / "rendered"
CLIP = FOLDER / "looks.mp4"
TRUTH = json.loads((FOLDER / "looks.json").read_text(encoding="utf-8"))
ANSWER = Segment(*TRUTH["answer_s"])
EDGE_S = 0.4


@pytest.fixture(scope="module")
def calibration():
    return calibrate_file(CLIP, Segment(*TRUTH["lens_s"]), Segment(*TRUTH["screen_s"]))


@pytest.fixture(scope="module")
def gaze(calibration):
    stored = GazeCalibration(
        made="2026-01-01T00:00:00Z",
        camera="rendered",
        lens_yaw_deg=calibration.lens_yaw_deg,
        lens_pitch_deg=calibration.lens_pitch_deg,
        screen_yaw_deg=calibration.screen_yaw_deg,
        screen_pitch_deg=calibration.screen_pitch_deg,
    )
    return measure_sight(
        CLIP, origin_s=0.0, duration_s=ANSWER.end, calibration=stored, progress=lambda _: None
    ).gaze


def test_the_screen_is_below_the_lens(calibration):
    yaw, pitch = calibration.screen_offset_deg
    assert pitch < -3
    assert abs(yaw) < 0.5 * abs(pitch)


def test_the_seconds_at_the_screen_are_no_contact(gaze):
    screen = Segment(*TRUTH["screen_s"])
    inside = [s for s in gaze.away if s.start < screen.end and s.end > screen.start]
    assert sum(s.duration_s for s in inside) > 0.85 * screen.duration_s


def test_every_look_is_found_with_its_edges_and_direction(gaze):
    looks = [each for each in gaze.looks if each.start > ANSWER.start + 1]
    assert len(looks) == len(TRUTH["looks"])
    for found, true in zip(looks, TRUTH["looks"], strict=True):
        assert found.start == pytest.approx(true["start_s"], abs=EDGE_S)
        assert found.end == pytest.approx(true["end_s"], abs=EDGE_S)
        assert found.direction == true["direction"]


def test_the_notes_are_named_with_their_times(gaze):
    notes = [place for place in gaze.places if place.kind == "notes" and place.direction == "down"]
    (place,) = notes
    wanted = [true["start_s"] for true in TRUTH["looks"] if true["what"] == "notes"]
    assert [s.start for s in place.moments] == pytest.approx(wanted, abs=EDGE_S)


def test_the_share_of_eye_contact_is_the_true_one(gaze):
    away_s = sum(true["end_s"] - true["start_s"] for true in TRUTH["looks"])
    screen = Segment(*TRUTH["screen_s"])
    truth = 1 - (away_s + screen.duration_s) / ANSWER.end
    assert gaze.calibration == "two-point"
    assert gaze.eye_contact_ratio == pytest.approx(truth, abs=0.03)
    assert gaze.eye_contact_low_ratio <= gaze.eye_contact_ratio <= gaze.eye_contact_high_ratio


def test_a_head_that_looks_ahead_reads_little_turn(gaze):
    ahead = gaze.yaw.values[np.isfinite(gaze.yaw.values)]
    assert abs(float(np.median(ahead))) < 4
    assert not math.isnan(gaze.coverage_ratio)
