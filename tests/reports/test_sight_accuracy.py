"""How sure eye contact and posture are: only what was measured, with what it was measured on."""

from dataclasses import replace

import pytest

from reports.sight_accuracy import accuracy

ON = "rendered people, 3 identities"


def table(value, *, unit="ratio", **more):
    return {"value": value, "count": 1204, "unit": unit, "on": ON, **more}


@pytest.fixture
def answer(answers):
    return answers["sight"]()


def test_a_figure_has_value_interval_count_and_material(answer):
    (figure,) = accuracy(answer, {"lens_counted": table(0.9712, low=0.955, high=0.983)})
    assert figure.name == "Looking at the lens, counted as facing the camera"
    assert figure.value == "97% (96–98%)"
    assert figure.on == f"{ON}; 1,204 measured"


@pytest.mark.parametrize(
    ("value", "told"),
    [(1.0, "100%"), (0.0, "0%"), (0.997, "99.7%"), (0.99996, "99.9%"), (0.0004, "0.1%")],
)
def test_nearly_all_is_not_all(answer, value, told):
    (figure,) = accuracy(answer, {"closed_recall": table(value)})
    assert figure.value == told


def test_errors_have_their_unit(answer):
    figures = accuracy(
        answer,
        {
            "head_yaw_error_deg": table(2.13, unit="deg", high=4.04),
            "away_edge_s": table(0.375, unit="s", high=0.6),
            "head_pitch_error_deg": table(4.0, unit="deg"),
        },
    )
    assert [f.value for f in figures] == ["0.38 s (at worst 0.60 s)", "2.1° (95% up to 4.0°)"]


@pytest.mark.parametrize(
    "broken",
    [
        {"value": None},
        {"value": float("nan")},
        {"value": True},
        {"count": 0},
        {"count": "many"},
        {"on": ""},
        {"on": None},
    ],
)
def test_what_is_missing_is_not_made_up(answer, broken):
    assert accuracy(answer, {"lens_counted": {**table(0.9), **broken}}) == ()
    assert accuracy(answer, {"lens_counted": 0.9}) == ()
    assert accuracy(answer, {}) == ()


def test_figures_fit_the_calibration_of_the_answer(answer):
    tables = {
        f"{name}{suffix}": table(value)
        for name in ("lens_counted", "real_lens_counted", "screen_counted")
        for suffix, value in (
            ("", 0.93),
            ("_two_point", 0.93),
            ("_one_point", 0.82),
            ("_own_start", 0.71),
        )
    }

    def values(calibration):
        gaze = replace(answer.gaze, calibration=calibration)
        return {f.value for f in accuracy(replace(answer, gaze=gaze), tables)}

    assert values("two-point") == {"93%"}
    # Real people were tried with the lens alone: that has no suffix.
    assert values("one-point") == {"82%", "93%"}
    assert values("own first seconds") == {"71%"}
    assert values("unheard of") == set()


def test_only_what_the_page_shows_has_figures(answers):
    tables = {"lens_counted": table(0.9), "slouch_found": table(0.8)}
    assert len(accuracy(answers["sight"](), tables)) == 2
    assert [f.name for f in accuracy(answers["gaze_withheld"](), tables)] == ["Slouching, found"]
    assert accuracy(answers["withheld"](), tables) == ()
    # It was measured in another way than the figures were.
    assert accuracy(answers["older"](), tables) == ()


def test_our_own_file_can_be_read(answer):
    for figure in accuracy(answer):
        assert figure.value
        assert "measured" in figure.on
