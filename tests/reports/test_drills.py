"""The exercises: each is whole, each kind of remark has one, and each can be recorded."""

import ast
import inspect
import tomllib
from pathlib import Path

import pytest

from recorder.session import Question
from reports import feedback, sight_remarks
from reports.drills import drill_of, drill_question, is_drill, read_drills
from reports.feedback import ORDER, choose_remarks
from reports.language import catalogue
from reports.measures import read_measures
from reports.wording import clock

DRILLS = read_drills()
DATA = Path(feedback.__file__).parent / "data" / "drills.toml"


def remarked():
    """Return the names of the exercises that remarks give, with the kinds that give them."""
    found = set()
    for module in (feedback, sight_remarks):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Constant) and node.value in DRILLS:
                found.add(node.value)
    return found


def test_every_kind_of_remark_has_an_exercise():
    for kind in ORDER:
        assert [d.id for d in DRILLS.values() if kind in d.remarks], kind
    assert {kind for d in DRILLS.values() for kind in d.remarks} == set(ORDER)


def test_a_remark_gives_an_exercise_that_is_for_it(answers, targets):
    seen = set()
    for build in answers.values():
        for remark in choose_remarks(build(), targets):
            assert remark.id in remark.drill.remarks
            seen.add(remark.id)
    assert len(seen) >= 5


def test_those_that_no_remark_gives_are_the_known_ones():
    extra = {
        *("pause-instead-of-filler", "one-breath-conclusion", "two-minute-timer", "lens-sticker")
    }
    assert set(DRILLS) - remarked() == extra


@pytest.mark.parametrize("drill", DRILLS.values(), ids=list(DRILLS))
def test_each_is_whole(drill):
    assert len(drill.text) > 60
    assert 40 < len(drill.exercise) < 240
    assert 30 <= drill.seconds <= 60
    assert drill.measures
    assert set(drill.measures) <= set(read_measures())
    for language in ("en", "ja"):
        assert drill.trained(language)
    for text in (drill.exercise,):
        assert catalogue("ja")[text] != text


def test_pace_is_trained_by_language():
    drill = DRILLS["slow-down"]
    assert [m.id for m in drill.trained("en")] == ["pace_wpm"]
    assert [m.id for m in drill.trained("ja")] == ["pace_characters_per_min"]
    assert len(drill.trained(None)) == 2


def test_it_is_recorded_as_a_question_of_its_own_kind():
    drill = DRILLS["lens-sticker"]
    question = drill_question(drill)
    assert question.id == "drill-lens-sticker"
    assert question.text_en == drill.exercise
    assert question.text_ja == catalogue("ja")[drill.exercise]
    assert question.structure == ""
    low, high = question.band_s
    assert low < drill.seconds < high == drill.ends_after_s
    assert clock(high) == "0:35"
    assert drill_of(question) == drill
    assert is_drill(question)


def test_a_question_is_no_exercise():
    asked = Question("drill-lens-sticker", "", "", "first", "own", "", "", (30, 60))
    assert not is_drill(asked)
    assert drill_of(asked) is None
    assert drill_of(None) is None
    gone = Question("drill-of-the-past", "", "", "", "drill", "", "", (30, 60))
    assert is_drill(gone)
    assert drill_of(gone) is None


def test_the_file_holds_nothing_that_is_not_read():
    for table in tomllib.loads(DATA.read_text(encoding="utf-8"))["drill"]:
        drill = DRILLS[table["id"]]
        for key, value in table.items():
            read = getattr(drill, key)
            assert (list(read) if isinstance(read, tuple) else read) == value
