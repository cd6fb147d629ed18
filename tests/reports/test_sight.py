"""Eye contact and posture: words, tiles, lanes and rows."""

import itertools
import math
import re
from dataclasses import replace

import pytest

from analysis.results import Caution, GazePlace
from analysis.timeline import Segment, total
from reports.charts import lanes
from reports.details import details
from reports.glance import tiles
from reports.marks import Scale, stacked
from reports.sight import GAZE_CODES, POSTURE_CODES, WITHHELD, facing_share
from reports.sight_remarks import sight_remarks
from reports.sight_rows import sight_rows
from reports.wording import angle, share_range
from tests.reports.sight_cases import AWAY, MOVED_S, NOTES, SCREEN


def lane(answer, name):
    return next(each for each in lanes(answer, answer.media.duration_s) if each.id == name)


def tile(answer, targets, name):
    return next(each for each in tiles(answer, targets) if each.id == name)


def rows(answer):
    return {row.title: row for row in sight_rows(answer)}


def with_shares(answer, low, ratio, high):
    gaze = replace(
        answer.gaze,
        eye_contact_low_ratio=low,
        eye_contact_ratio=ratio,
        eye_contact_high_ratio=high,
    )
    return replace(answer, gaze=gaze)


@pytest.mark.parametrize(
    ("low", "ratio", "high", "told"),
    [
        (0.6, 0.66, 0.75, "about 60–75%"),
        (0.58, 0.66, 0.73, "about 55–75%"),
        (0.0, 0.4, 1.0, "about 0–100%"),
        # Both ends in one step: one number says it.
        (0.71, 0.72, 0.74, "about 70%"),
        (0.7, 0.7, 0.7, "about 70%"),
        (math.nan, 0.71, math.nan, "about 70%"),
    ],
)
def test_a_share_is_told_as_a_range_where_it_is_uncertain(low, ratio, high, told):
    assert share_range(ratio, low, high) == told


def test_angles_are_rough():
    assert [angle(a) for a in (-24.0, 14.2, 2.6)] == ["about 25°", "about 15°", "about 5°"]


@pytest.mark.parametrize(
    ("low", "ratio", "high", "value"),
    [
        (0.62, 0.7, 0.8, "mostly"),
        (0.5, 0.62, 0.7, "half to mostly"),
        (0.45, 0.5, 0.55, "about half"),
        (0.3, 0.5, 0.7, "rarely to mostly"),
        (0.1, 0.2, 0.3, "rarely"),
        (math.nan, 0.7, math.nan, "mostly"),
    ],
)
def test_the_tile_names_every_word_that_the_range_spans(answers, targets, low, ratio, high, value):
    answer = with_shares(answers["sight"](), low, ratio, high)
    shown = tile(answer, targets, "facing")
    assert (shown.value, shown.level, shown.verdict) == (value, "neutral", "an estimate")
    assert facing_share(answer.gaze) in shown.band


def test_looks_are_marked_with_direction_length_and_place(answers):
    shown = lane(answers["sight"](), "away")
    assert shown.title == "Facing the camera"
    assert shown.note == "13 looks away, 34 s; 6.0 s not measurable"
    assert len(shown.marks) == len(NOTES) + len(SCREEN) + len(AWAY) + 3
    labels = {m.start: (m.kind, m.label, m.sign) for m in shown.marks}
    assert labels[44.0] == ("look notes", "Notes, down, 2.1 s at 0:44", "↓")
    assert labels[35.0] == ("look screen", "Screen, down, 7.0 s at 0:35", "↓")
    assert labels[52.0] == ("look", "Looking away, to your right, 4.0 s at 0:52", "→")
    assert labels[14.0] == ("unseen", "Not measurable, 4.0 s at 0:14", "")
    moved = "You moved: measured anew from here, 1:00"
    assert labels[MOVED_S] == ("anchor", moved, "")
    assert [m.start for m in shown.marks] == sorted(m.start for m in shown.marks)


def test_looks_of_an_older_analysis_have_no_direction(answers):
    shown = lane(answers["older"](), "away")
    assert shown.note == "6 looks away, 27 s"
    assert {m.kind for m in shown.marks} == {"look"}
    assert shown.marks[0].label == "Looking away, 1.2 s at 0:04"


def test_no_look_away_is_told_as_such(answers):
    answer = answers["sight"]()
    gaze = replace(answer.gaze, away=(), looks=(), places=(), anchors=(), unseen=())
    answer = replace(answer, gaze=gaze)
    assert lane(answer, "away").note == "no look away"
    assert rows(answer)["Looks away"].text == "None that lasted."


@pytest.mark.parametrize(
    ("code", "reason"), [(c, WITHHELD[c]) for c in ("no-face", *GAZE_CODES[3:])]
)
def test_withheld_gaze_is_never_zero_and_says_why(answers, targets, code, reason):
    answer = answers["gaze_withheld"]()
    answer = replace(answer, warnings=(Caution(code, f"The whole sentence of {code}."),))
    shown = lane(answer, "away")
    assert (shown.measured, shown.why, shown.marks) == (False, reason, ())
    withheld = tile(answer, targets, "facing")
    assert (withheld.value, withheld.level, withheld.band) == ("–", "unjudged", reason)
    told = rows(answer)["Facing the camera"]
    assert (told.measured, told.text) == (False, f"Not measured. The whole sentence of {code}.")
    detail = next(d for d in details(answer, targets) if d.name == "Facing the camera")
    assert (detail.value, detail.note, detail.measured) == ("not measured", reason, False)
    everything = " ".join(r.text for r in rows(answer).values())
    assert "0% of the judged time, against your" not in everything


def test_a_dark_face_is_the_reason_only_where_nothing_else_is(answers, targets):
    answer = answers["gaze_withheld"]()
    both = (Caution("face-too-dark", "Dark."), Caution("no-calibration", "No steady look."))
    assert tile(replace(answer, warnings=both), targets, "facing").band == (
        "no steady look in the first seconds"
    )


def test_one_cause_of_both_is_told_once(answers):
    answer = answers["withheld"]()
    answer = replace(answer, warnings=(Caution("no-face", "No face was found."),))
    assert [r.title for r in sight_rows(answer)] == ["Facing the camera"]
    assert not lane(answer, "posture").measured
    other = replace(answer, warnings=(Caution("shoulders-not-seen", "No shoulders."),))
    assert [r.text for r in sight_rows(other)][1] == "Not measured. No shoulders."


def test_every_code_has_its_few_words():
    assert set(WITHHELD) == {*GAZE_CODES, *POSTURE_CODES}


def test_rows_say_how_often_how_long_and_where(answers):
    told = rows(answers["sight"]())
    assert list(told) == [
        "Facing the camera",
        "Looks away",
        "Notes",
        "Screen",
        "Not measurable",
        "Posture",
        "You moved",
    ]
    facing = told["Facing the camera"].text
    assert facing.startswith("About 55–75% of the judged time")
    assert "your calibration (lens and screen)" in facing
    assert "in 97% of the frames" in facing
    looks = told["Looks away"]
    assert looks.text == ("13 looks, 34 s in all: 10 down, 1 up, 1 to your left, 1 to your right.")
    assert (len(looks.places), looks.more, looks.before_places) == (6, 7, "The longest:")
    assert [p.start for p in looks.places] == sorted(p.start for p in looks.places)
    notes = told["Notes"]
    assert notes.text == (
        "5 looks at one place about 25° down and about 15° to your right, where notes often lie:"
        " 9.0 s in all."
    )
    assert [p.start for p in notes.places] == [start for start, _ in NOTES]
    assert notes.places[0].name == "Go to 0:08, Notes, 1.9 s"
    assert "6.0 s in 2 stretches" in told["Not measurable"].text
    # Eyes and body found the same move.
    assert [p.clock for p in told["You moved"].places] == ["1:00"]
    assert "slouching 18%, leaning sideways 6%, shoulders tilted 5%, leaning in 11%" in (
        told["Posture"].text
    )


def test_the_screen_is_known_only_where_it_was_calibrated(answers):
    answer = answers["sight"]()
    assert "about 10° down, where the middle of your screen is: 18 s" in rows(answer)["Screen"].text
    one = replace(answer, gaze=replace(answer.gaze, calibration="one-point"))
    assert "about 10° down, where a screen usually is: 18 s in all." in rows(one)["Screen"].text


def test_a_place_on_one_axis_has_one_angle(answers):
    answer = answers["sight"]()
    place = GazePlace("elsewhere", "left", 17.0, 1.9, (Segment(3, 4), Segment(9, 11)))
    answer = replace(answer, gaze=replace(answer.gaze, places=(place,)))
    assert rows(answer)["Same place"].text == (
        "2 looks at one place about 15° to your left: 3.0 s in all."
    )


def test_an_older_analysis_tells_what_it_knows(answers, targets):
    told = rows(answers["older"]())
    assert list(told) == ["Facing the camera", "Looks away", "Posture"]
    assert told["Facing the camera"].text.startswith("About 70% of the judged time, against your")
    assert "leaning in" not in told["Posture"].text
    names = [d.name for d in details(answers["older"](), targets)]
    assert "Leaning in" not in names
    assert "Leaning sideways" in names


def test_details_carry_unit_coverage_and_calibration(answers, targets):
    shown = {d.name: d for d in details(answers["sight"](), targets)}
    facing = shown["Facing the camera"]
    assert facing.value == "about 55–75%"
    assert facing.note == (
        "of the judged time; face seen in 97%; against your calibration (lens and screen)"
    )
    away = answers["sight"]().gaze.away
    assert shown["Longest look away"].value == "7.0 s"
    assert f"{total(away):.0f} s away in all" in shown["Longest look away"].note
    assert shown["Leaning in"].value == "11%"
    assert shown["Movement of the shoulders"].value == "0.05 shoulder widths per s"


def test_habits_at_the_same_time_lie_above_each_other(answers):
    shown = lane(answers["sight"](), "posture")
    assert shown.note == "5 stretches"
    slouching, leaning = (
        next(m for m in shown.marks if m.kind == kind and m.end > 60) for kind in ("slouch", "near")
    )
    assert slouching.start < leaning.start < slouching.end
    assert slouching.top_px + slouching.height_px < leaning.top_px
    assert leaning.top_px + leaning.height_px <= 26
    alone = next(m for m in shown.marks if m.kind == "lean")
    assert (alone.top_px, alone.height_px) == (5, 16)


def test_stacking_uses_a_row_again_once_it_is_free():
    scale = Scale(10)
    marks = stacked(scale.mark(a, b, "x", "") for a, b in ((0, 2), (1, 6), (2, 4), (6, 7)))
    tops = [m.top_px for m in marks]
    assert tops[0] == tops[2] < tops[1]
    assert tops[3] == 5
    three = stacked(scale.mark(0, 5, "x", "") for _ in range(3))
    assert all(a.top_px + a.height_px < b.top_px for a, b in itertools.pairwise(three))
    assert three[-1].top_px + three[-1].height_px <= 25.1
    assert stacked([]) == ()


def test_posture_names_the_worst(answers, targets):
    answer = answers["sight"]()
    assert tile(answer, targets, "posture").value == "slouching"
    worse = replace(answer, posture=replace(answer.posture, lean_in_ratio=0.5))
    shown = tile(worse, targets, "posture")
    assert (shown.value, shown.level) == ("leaning in", "off")
    still = replace(
        answer.posture, slouch_ratio=0.0, side_lean_ratio=0.0, tilt_ratio=0.0, lean_in_ratio=0.0
    )
    shown = tile(replace(answer, posture=still), targets, "posture")
    assert (shown.value, shown.band) == ("steady", "as at your own start throughout")


def test_no_word_judges_the_person(answers, targets):
    answer = answers["sight"]()
    said = [row.text for row in sight_rows(answer)]
    said += [
        f"{r.title} {r.why} {r.drill.text}"
        for r in (c.remark for c in sight_remarks(answer, targets))
    ]
    said += [f"{t.value} {t.verdict} {t.band} {t.detail}" for t in tiles(answer, targets)]
    said += [m.label for each in lanes(answer, 111.0) for m in each.marks]
    assert len(said) > 40
    wrong = re.compile(r"confiden|emotion|personalit|attenti|honest|fitness|nervous|focus", re.I)
    assert [text for text in said if wrong.search(text)] == []
