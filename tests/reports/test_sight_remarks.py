"""Remarks on eye contact and posture: what they rest on, and what is no fault."""

import math
from dataclasses import replace

import pytest

from analysis.timeline import Segment, total
from reports.feedback import choose_remarks
from reports.targets import read_targets
from tests.reports.sight_cases import NOTES, with_sight


@pytest.fixture
def answer(answers):
    """Nothing to remark but what eyes and body do."""
    answer = with_sight(answers["all_fine"]())
    still = replace(
        answer.posture, lean_in_ratio=0.0, tilt_ratio=0.0, slouch_ratio=0.0, side_lean_ratio=0.0
    )
    gaze = replace(
        answer.gaze,
        unseen=tuple(s for s in answer.gaze.unseen if s.end < answer.media.duration_s),
    )
    return replace(answer, posture=still, gaze=gaze)


def facing(answer, ratio, *, high=math.nan, places=None):
    gaze = replace(
        answer.gaze,
        eye_contact_ratio=ratio,
        eye_contact_low_ratio=ratio if high == high else math.nan,
        eye_contact_high_ratio=high,
        places=answer.gaze.places if places is None else places,
    )
    return replace(answer, gaze=gaze)


def ids(answer, targets):
    return [r.id for r in choose_remarks(answer, targets)]


def test_reading_from_notes_is_named_with_its_moments(answer, targets):
    (remark,) = choose_remarks(answer, targets)
    assert remark.id == "notes_looks_per_min"
    assert remark.title == "As if reading from notes: 5 looks at one place, 9.0 s in all"
    assert remark.drill.id == "notes-at-the-lens"
    assert {m.start for m in remark.evidence} < {start for start, _ in NOTES}
    assert [m.end - m.start for m in remark.evidence] == pytest.approx([1.9, 2.1, 2.4])
    # What lies there can't be seen.
    assert "whatever lies there" in remark.why


def test_two_looks_at_notes_are_nothing_to_remark(answer, targets):
    notes = answer.gaze.places[0]
    few = replace(notes, moments=notes.moments[:2])
    assert ids(facing(answer, 0.7, places=(few,)), targets) == []


def test_looks_at_notes_count_by_the_minute(answer, targets):
    # Five looks in five minutes are one a minute: allowed.
    speech = replace(answer.speech, answer=Segment(0.0, 300.0))
    long = replace(answer, speech=speech, question=None)
    assert "notes_looks_per_min" not in ids(long, targets)


def test_ones_own_target_may_allow_notes(answer, tmp_path):
    own = tmp_path / "targets.toml"
    own.write_text("[any.notes_looks_per_min]\nhigh = 20\n", encoding="utf-8")
    assert ids(answer, read_targets(own)) == []


def test_looking_at_the_screen_is_no_fault_within_the_band(answer, targets):
    screen = answer.gaze.places[1]
    assert ids(facing(answer, 0.66, places=(screen,)), targets) == []


def test_looking_at_the_screen_below_the_band_is_told_politely(answer, targets):
    screen = answer.gaze.places[1]
    (remark,) = choose_remarks(facing(answer, 0.3, places=(screen,)), targets)
    assert remark.id == "eye_contact_ratio"
    assert remark.title == "Most looks away went down to the screen: 4, 18 s in all"
    assert "nothing is wrong with it" in remark.why
    assert remark.drill.id == "window-under-the-lens"
    starts = {m.start for m in screen.moments}
    assert {m.start for m in remark.evidence} <= starts


def test_a_share_that_may_be_in_its_band_is_not_remarked(answer, targets):
    assert ids(facing(answer, 0.5, high=0.62, places=()), targets) == []
    assert ids(facing(answer, 0.5, high=0.55, places=()), targets) == ["eye_contact_ratio"]


def test_notes_that_explain_most_of_it_stand_alone(answer, targets):
    notes = answer.gaze.places[0]
    gaze = replace(answer.gaze, away=notes.moments, places=(notes,), eye_contact_ratio=0.3)
    gaze = replace(gaze, eye_contact_low_ratio=math.nan, eye_contact_high_ratio=math.nan)
    assert ids(replace(answer, gaze=gaze), targets) == ["notes_looks_per_min"]
    # A small part of it: both are told.
    assert total(notes.moments) < 0.5 * total(answer.gaze.away)
    assert ids(facing(answer, 0.3, places=(notes,)), targets) == [
        "notes_looks_per_min",
        "eye_contact_ratio",
    ]


def test_withheld_gaze_yields_no_remark(answer, targets):
    assert ids(facing(answer, math.nan), targets) == []


@pytest.mark.parametrize(
    ("change", "title", "drill"),
    [
        ({"slouch_ratio": 0.2}, "Slouching for 20%", "reset-posture"),
        ({"side_lean_ratio": 0.2}, "Leaning sideways for 20%", "both-forearms"),
        ({"tilt_ratio": 0.2}, "Shoulders tilted for 20%", "both-forearms"),
        ({"lean_in_ratio": 0.2}, "Leaning in for 20%", "bring-the-screen"),
        # The worst of them, one at a time.
        ({"slouch_ratio": 0.2, "tilt_ratio": 0.31}, "Shoulders tilted for 31%", "both-forearms"),
    ],
)
def test_posture_names_the_worst_with_its_moments(answer, targets, change, title, drill):
    spans = (Segment(20.0, 26.0), Segment(40.0, 52.0))
    posture = replace(answer.posture, slouch=spans, side_lean=spans, tilt=spans, lean_in=spans)
    answer = facing(replace(answer, posture=replace(posture, **change)), 0.7, places=())
    (remark,) = choose_remarks(answer, targets)
    assert remark.title == f"{title} of the time, against your own start"
    assert remark.drill.id == drill
    assert [m.start for m in remark.evidence] == [20.0, 40.0]
