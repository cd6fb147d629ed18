"""Eye contact and posture on the terminal."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from app.glance import show_answer
from tests.reports.conftest import BUILDERS


@pytest.fixture
def shown(capsys):
    """Return what an answer prints, by line name, and the whole text."""

    def show(answer):
        show_answer(answer, Path("folder"))
        text = capsys.readouterr().out
        lines = text.splitlines()[:-1]
        return {line[:24].strip(): line[24:] for line in lines}, text

    return show


def test_eyes_and_body_are_told_as_ranges_and_counts(shown):
    lines, text = shown(BUILDERS["sight"]())
    assert lines["facing the camera"] == "about 55–75%, an estimate"
    assert lines["looks away"] == "13, 34.3 s in all, 5 where notes lie"
    assert lines["slouching"] == "18%"
    assert lines["leaning in"] == "11%"
    # The report says it once; here there is no room for it.
    assert "averted" not in text


def test_habits_that_did_not_happen_are_left_out(shown):
    answer = BUILDERS["sight"]()
    posture = replace(answer.posture, tilt_ratio=0.0, lean_in_ratio=math.nan, slouch_ratio=0.0)
    lines, _ = shown(replace(answer, posture=posture))
    assert lines["slouching"] == "0%"
    assert {"shoulders tilted", "leaning in"}.isdisjoint(lines)


@pytest.mark.parametrize("name", ["gaze_withheld", "withheld", "empty"])
def test_withheld_is_not_zero(shown, name):
    lines, text = shown(BUILDERS[name]())
    assert lines["facing the camera"] == "not measured"
    assert "looks away" not in lines
    assert "nan" not in text
