"""The labels seen by eye: they read, they agree with themselves, contradictions are refused."""

import importlib
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
SAMPLES = FOLDER.parents[1] / "sample_media"
_OWN_SIDE = {"image left": "right", "image right": "left"}

SMALL = """
format = 1
[[clips]]
name = "a"
file = "a.mp4"
folder = "shared_media"
identity = "anna"
split = "tuning"
sure = "high"
duration_s = 4.0
note = "x"
lids_covered = [[0.0, 3.0]]
head_turned_s = [0.5]
blinks = [
    { start = 1.0, shut_start = 1.1, shut_end = 1.2, end = 1.4, sure = true },
    { start = 2.0, shut_start = 2.1, shut_end = 2.2, end = 2.3, sure = false },
    { start = 2.5, end = 2.7, sure = false },
]
narrow = [[2.7, 2.8]]
nods_covered = [[0.0, 4.0]]
nods = [{ start = 1.0, peak = 1.2, end = 1.5, direction = "up" }]
smiles = [[0.2, 0.9]]
[clips.gaze_s]
lens = [0.0, 0.5, 1.5, 2.75]
left = [3.5]
closed = [1.15]
unsure = [2.25]
[clips.gaze_again_s]
lens = [0.0, 0.5]
closed = [1.15]
right = [3.5]
[clips.lids_again_s]
open = [0.7]
closed = [1.15, 1.3]
[[clips]]
name = "b"
file = "b.mp4"
folder = "sample_media"
identity = "ben"
split = "test"
sure = "low"
duration_s = 2.0
note = "y"
[clips.gaze_s]
down = [0.0, 1.0]
[[composed]]
file = "ab.mp4"
note = "z"
pieces = [
    { start = 1.0, end = 2.0, source = "b", source_start = 0.0 },
    { start = 10.0, end = 12.0, source = "a", source_start = 1.0 },
]
frozen = [{ start = 2.0, end = 10.0, identity = "ben", gaze = "down" }]
"""


@pytest.fixture(scope="module")
def vision():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(FOLDER), *sys.path])
        yield importlib.import_module("vision_labels")
    sys.modules.pop("vision_labels", None)


@pytest.fixture
def read(vision, tmp_path):
    def read_text(text):
        path = tmp_path / "labels.toml"
        path.write_text(text, encoding="utf-8")
        return vision.read_labels(path)

    return read_text


def test_people_are_divided_in_halves_of_mixed_kinds(vision):
    labels = vision.read_labels()
    tuning, test = ({c.identity for c in labels.of_split(s)} for s in ("tuning", "test"))
    assert not tuning & test
    assert len(tuning) == len(test)
    for split in ("tuning", "test"):
        clips = labels.of_split(split)
        found = {label for clip in clips for _, label in clip.gaze}
        assert {"lens", "closed", "unsure"} < found, "somebody looks aside in both"
        assert sum(blink.sure for clip in clips for blink in clip.blinks) >= 20
        assert any(clip.smiles for clip in clips)


def test_gaze_was_judged_twice_and_alike(vision):
    own = vision.measure_gaze_agreement(vision.read_labels().clips)
    assert own.frames >= 60
    assert own.same / own.frames > 0.9
    assert own.kappa > 0.8
    assert not [d for d in own.differing if "unsure" not in d[2:]]


def test_open_and_shut_lids_were_never_confused(vision):
    own = vision.measure_lids_agreement(vision.read_labels().clips)
    assert own.frames >= 60
    assert own.same / own.frames > 0.85
    assert not [d for d in own.differing if "between" not in d[2:]]


@pytest.mark.parametrize("name", ["english_take", "japanese_take"])
def test_seen_by_eye_as_it_was_made(vision, name):
    """The making of the sample takes is the only truth there is about the labeller."""
    made = json.loads((SAMPLES / f"{name}.expected.json").read_text(encoding="utf-8"))
    looks = [(a["start"], a["end"], _OWN_SIDE[a["direction"]]) for a in made["away"]]
    judged = [(t, label) for t, label in vision.read_labels().clip(name).gaze if label != "unsure"]
    assert len(judged) > 170
    for time_s, label in judged:
        # In the ramps of 0.2 s round a border the irises are between two places.
        if any(abs(time_s - border) <= 0.1 for look in looks for border in look[:2]):
            continue
        shut = any(b["start"] <= time_s < b["end"] for b in made["blinks"])
        aside = [side for start, end, side in looks if start <= time_s < end]
        assert label == ("closed" if shut else aside[0] if aside else "lens"), time_s


def test_lids_of_a_time(read):
    clip = read(SMALL).clip("a")
    times = (0.5, 1.05, 1.1, 1.2, 1.4, 2.15, 2.6, 2.75, 3.0)
    lids = [clip.lids_at(time_s) for time_s in times]
    wanted = ["open", "between", "closed", "between", "open", "between", "between", "between", None]
    assert lids == wanted
    assert clip.lids_at(2.15, sure_only=False) == "closed"
    assert clip.lids_at(2.6, sure_only=False) == "between"


def test_agreement_by_hand(vision, read):
    clips = read(SMALL).clips
    gaze = vision.measure_gaze_agreement(clips)
    assert (gaze.frames, gaze.same) == (4, 3)
    # By chance: lens 2 x 2, closed 1 x 1, of 16.
    assert gaze.kappa == pytest.approx((3 / 4 - 5 / 16) / (1 - 5 / 16))
    assert gaze.differing == (("a", 3.5, "left", "right"),)
    lids = vision.measure_lids_agreement(clips)
    assert lids.differing == (("a", 1.3, "between", "closed"),)


def test_labels_move_with_the_pieces_of_a_composed_clip(read):
    labels = read(SMALL)
    assert labels.gaze_of(labels.composed[0]) == (
        (1.0, "down"),
        (pytest.approx(10.15), "closed"),
        (10.5, "lens"),
        (11.25, "unsure"),
        (11.75, "lens"),
    )


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("format = 1", "format = 2", "format"),
        ('identity = "ben"', 'identity = "anna"', "both splits"),
        ('name = "b"', 'name = "a"', "twice"),
        ('split = "test"', 'split = "exam"', "split"),
        ('sure = "low"', 'sure = "very"', "sure"),
        ("left = [3.5]", "sideways = [3.5]", "unknown labels"),
        ("left = [3.5]", "left = [0.5, 3.5]", "two labels"),
        ("left = [3.5]", "left = [4.5]", "first pass"),
        ("down = [0.0, 1.0]", "down = [0.0, 2.5]", "outside"),
        ("head_turned_s = [0.5]", "head_turned_s = [0.6]", "first pass"),
        ("unsure = [2.25]", "unsure = [2.6]\nup = [2.25]", "on the way"),
        ("closed = [1.15]\nunsure", "closed = [1.15, 1.6]\nunsure", "lids are open"),
        ("lens = [0.0, 0.5, 1.5", "lens = [0.0, 0.5, 1.12, 1.5", "lids are closed"),
        ("shut_end = 1.2, end = 1.4", "shut_end = 1.5, end = 1.4", "outside itself"),
        ("shut_end = 1.2, end = 1.4", "shut_end = 1.2, end = 2.1", "blinks"),
        ("narrow = [[2.7", "narrow = [[2.6", "narrowed"),
        ("lids_covered = [[0.0, 3.0]]", "lids_covered = [[0.0, 2.4]]", "not labelled"),
        ("peak = 1.2", "peak = 1.6", "nod"),
        ("smiles = [[0.2, 0.9]]", "smiles = [[0.9, 0.2]]", "ends before"),
        ('source = "b"', 'source = "c"', "no clip c"),
        ("start = 10.0, end = 12.0", "start = 9.0, end = 11.0", "pieces"),
    ],
)
def test_contradictions_are_refused(vision, read, right, wrong, message):
    assert right in SMALL
    with pytest.raises(vision.LabelError, match=message):
        read(SMALL.replace(right, wrong, 1))
