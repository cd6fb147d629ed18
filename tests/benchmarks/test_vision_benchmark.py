"""The vision benchmark around its counting: truth files, labels, figures, repeats."""

import json
import math
import tomllib

import numpy as np
import pytest

from analysis.results import GazeMetrics, GazePlace
from analysis.timeline import Segment, Track
from tests.benchmarks.vision_answers import NotesScore, notes_score
from tests.benchmarks.vision_clips import BASE, calibration_clip, read_people
from tests.benchmarks.vision_figures import (
    Figure,
    accuracy_toml,
    bars_table,
    error_figure,
    share_figure,
)
from tests.benchmarks.vision_posture import Held, found_postures, held_postures
from tests.benchmarks.vision_repeats import MEASURES, noise_toml, noises
from tests.benchmarks.vision_scores import Share, Spread

ANGLES = ("head_yaw_deg", "head_pitch_deg", "head_roll_deg", "gaze_yaw_deg", "gaze_pitch_deg",
          "eyes_closed")  # fmt: skip


def write_clip(folder, name, *, labels=("lens",) * 5, **changes):
    count = len(labels)
    data = {
        "name": name,
        "kind": "calib",
        "identity": "ann",
        "split": "tuning",
        "glasses": False,
        "size_px": [1280, 720],
        "distance_m": 0.6,
        "light": 1.0,
        "noise_sigma": 0.0,
        "rate_hz": 5.0,
        "times_s": [0.2 * n for n in range(count)],
        "label": list(labels),
        **{angle: list(range(count)) for angle in ANGLES},
        **changes,
    }
    (folder / f"{name}.json").write_text(json.dumps(data), encoding="utf-8")
    (folder / f"{name}.mp4").write_bytes(b"")


def test_clips_of_a_split_that_are_complete(tmp_path):
    write_clip(tmp_path, "a")
    write_clip(tmp_path, "b", split="test")
    write_clip(tmp_path, "c")
    (tmp_path / "c.mp4").unlink()
    assert [c.name for c in read_people(tmp_path, "tuning")] == ["a"]
    assert [c.name for c in read_people(tmp_path, "test")] == ["b"]


def test_truth_of_another_length_is_refused(tmp_path):
    write_clip(tmp_path, "a", gaze_yaw_deg=[0.0])
    with pytest.raises(ValueError, match="a: gaze_yaw_deg needs one value for each of 5 frames"):
        read_people(tmp_path, "tuning")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, BASE),
        ({"size_px": [854, 480]}, "480p"),
        ({"light": 0.3, "distance_m": 1.2}, "light ×0.3, 1.2 m"),
        ({"glasses": True}, "glasses"),
    ],
)
def test_condition_is_what_differs_from_the_base(tmp_path, changes, wanted):
    write_clip(tmp_path, "a", **changes)
    assert read_people(tmp_path, "tuning")[0].condition == wanted


def test_calibration_of_the_same_person_and_condition_first(tmp_path):
    write_clip(tmp_path, "base")
    write_clip(tmp_path, "dark", light=0.3)
    write_clip(tmp_path, "other", identity="bob")
    write_clip(tmp_path, "x", kind="gaze_eyes", light=0.3)
    write_clip(tmp_path, "y", kind="gaze_eyes", distance_m=0.9)
    write_clip(tmp_path, "z", kind="gaze_eyes", identity="eve")
    clips = read_people(tmp_path, "tuning")
    found = {c.name: calibration_clip(clips, c) for c in clips}
    names = {name: own and own.name for name, own in found.items()}
    assert (names["x"], names["y"], names["z"]) == ("dark", "base", None)


def test_truth_at_other_instants_is_that_of_the_nearest_frame(tmp_path):
    write_clip(tmp_path, "a", labels=("lens", "lens", "down15", "down15", "lens"))
    truth = read_people(tmp_path, "tuning")[0].truth
    at = truth.at(np.array([-0.2, 0.05, 0.31, 0.81, 1.0]))
    np.testing.assert_array_equal(at.gaze_yaw_deg, [np.nan, 0, 2, 4, np.nan])
    assert at.label.tolist() == ["", "lens", "down15", "lens", ""]


def test_spans_of_labels(tmp_path):
    write_clip(tmp_path, "a", labels=("lens", "lens", "down15", "down15", "lens"))
    spans = read_people(tmp_path, "tuning")[0].truth.spans()
    assert [label for label, _ in spans] == ["lens", "down15", "lens"]
    assert [s.start for _, s in spans] == pytest.approx([0.0, 0.4, 0.8])
    assert [s.end for _, s in spans] == pytest.approx([0.4, 0.8, 1.0])


def test_postures_by_their_labels():
    spans = [
        ("still", Segment(0, 6)),
        ("slouch15", Segment(6, 14)),
        ("still", Segment(14, 20)),
        ("lean-8", Segment(20, 23)),
        ("blink", Segment(23, 23.2)),
        ("lean-8", Segment(23.2, 28)),
        ("tilt6", Segment(30, 34)),
        ("in20", Segment(40, 48)),
    ]
    # The tilt is too short to be asked for.
    assert held_postures(spans) == (
        Held("slouch", 15.0, Segment(6, 14)),
        Held("side_lean", -8.0, Segment(20, 28)),
        Held("lean_in", 20.0, Segment(40, 48)),
    )


def test_posture_is_found_by_half_of_it():
    held = [Held("slouch", 15.0, Segment(6, 14)), Held("tilt", 6.0, Segment(20, 28))]
    flagged = {"slouch": (Segment(10, 15),), "tilt": (Segment(24.2, 28),), "side_lean": ()}
    assert found_postures(held, flagged) == {
        "slouch": [True, False],
        "tilt": [False, False],
        "side_lean": [False, False],
    }


def gaze_metrics(*places):
    track = Track(np.array([]), np.array([]), "deg")
    return GazeMetrics(1.0, 0.5, (), track, track, track, track, 0.0, "two-point", places=places)


def test_notes_with_their_times():
    true = (Segment(5, 7), Segment(20, 22), Segment(40, 41))
    notes = GazePlace("notes", "down", 15, -25, (Segment(5.2, 7), Segment(30, 31)))
    screen = GazePlace("screen", "down", 0, -10, (Segment(20, 22),))
    assert notes_score(true, gaze_metrics(screen, notes)) == NotesScore(
        found=Share(1, 3), right=Share(1, 2), named=False, false_places=0
    )
    assert notes_score(true, gaze_metrics()) == NotesScore(Share(0, 3), Share(0, 0), False, 0)


def test_notes_are_named_by_most_of_their_looks():
    true = (Segment(5, 7), Segment(20, 22), Segment(40, 41))
    aside = (Segment(10, 11), Segment(12, 13), Segment(14, 15))
    notes = GazePlace("notes", "down", 15, -25, (*true, Segment(50, 51)))
    beside = GazePlace("notes", "left", 25, 0, (*aside, Segment(40.5, 41)))
    score = notes_score(true, gaze_metrics(notes, beside))
    assert score == NotesScore(Share(3, 3), Share(4, 8), named=True, false_places=1)
    assert not notes_score(true, gaze_metrics(beside)).named


def test_bars_are_judged_by_the_pooled_share():
    lens = {"ann": Share(90, 100), "bob": Share(100, 100)}
    figures = (
        share_figure("lens_counted", lens, "people", high_is_good=True),
        share_figure("sideways_15_counted", {"ann": Share(6, 100)}, "people", high_is_good=False),
        Figure("head_yaw_error_deg", math.nan, "deg", 0, "people"),
    )
    rows = {str(row[0]): row for row in bars_table(figures, "test").rows}
    lens_row = rows["looking at the lens counted, two-point"]
    assert lens_row[2] == "95.0 %"
    assert lens_row[4:] == (200, "ann 90 %", "met")
    assert rows["≥ 15° sideways counted, two-point"][-1] == "NOT MET"
    assert rows["head yaw error within ±30°, mean"][-1] == "not measured"


def test_written_figures_can_be_read_and_leave_out_what_was_not_measured():
    share = share_figure(
        "slouch_found", {"ann": Share(9, 10), "bob": Share(10, 10)}, "people", high_is_good=True
    )
    by = {"ann": Spread(2.0, 0.1, 4.0, 50)}
    error = error_figure("head_yaw_error_deg", by["ann"], by, "people")
    empty = share_figure("tilt_found", {}, "people", high_is_good=True)
    data = tomllib.loads(accuracy_toml((share, error, empty)))
    assert set(data) == {"slouch_found", "head_yaw_error_deg"}
    assert data["slouch_found"] == {
        "value": 0.95,
        "low": pytest.approx(0.7639, abs=1e-4),
        "high": pytest.approx(0.9911, abs=1e-4),
        "count": 20,
        "unit": "ratio",
        "on": "people, 2 identities",
    }
    assert data["head_yaw_error_deg"]["high"] == 4.0
    assert data["head_yaw_error_deg"]["on"] == "people, 1 identity"


def test_noise_of_repeats_leaves_out_what_was_withheld():
    measures = dict.fromkeys(MEASURES, math.nan)
    takes = [
        [measures | {"eye_contact_ratio": value} for value in (0.5, 0.5, 0.6, math.nan, 0.5)],
        [measures | {"eye_contact_ratio": value} for value in (0.8, 0.8, 0.8, 0.8)],
    ]
    (noise,) = noises(takes)
    assert (noise.measure, noise.n, noise.takes) == ("eye_contact_ratio", 12, 2)
    assert noise.limit_95 == pytest.approx(0.1)
    data = tomllib.loads(noise_toml([noise]))
    assert data["eye_contact_ratio"]["kind"] == "absolute"
    assert data["eye_contact_ratio"]["n"] == 12
