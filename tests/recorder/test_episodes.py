"""Faults by their beginning and end, and their words."""

import pytest

from recorder.episodes import Episodes
from recorder.faults import KINDS, describe
from recorder.session import Fault


def test_a_fault_is_news_when_it_begins_and_when_it_ends():
    episodes = Episodes()
    assert episodes.report("camera-gone", False, 1.0) is None
    assert episodes.report("camera-gone", True, 2.0, "Cam") == Fault(
        "camera-gone", 2.0, None, "Cam"
    )
    assert episodes.report("camera-gone", True, 3.0, "Cam") is None
    assert episodes.lasting(0.0) == (Fault("camera-gone", 2.0, None, "Cam"),)
    assert episodes.report("camera-gone", False, 4.0) == Fault("camera-gone", 2.0, 4.0, "Cam")
    assert episodes.report("camera-gone", False, 5.0) is None
    assert episodes.during(0.0) == (Fault("camera-gone", 2.0, 4.0, "Cam"),)


def test_a_fault_that_flickers_is_one():
    episodes = Episodes()
    for at_s in range(5):
        episodes.report("picture-black", True, float(at_s))
        episodes.report("picture-black", False, at_s + 0.5)
    assert episodes.during(0.0) == (Fault("picture-black", 0.0, 4.5),)
    episodes.report("picture-black", True, 20.0)
    assert len(episodes.during(0.0)) == 2


def test_a_take_gets_its_own_part_of_every_fault():
    episodes = Episodes()
    episodes.report("microphone-replaced", True, 5.0, "Spare")
    episodes.note("clock-changed", 8.0, 8.0)
    episodes.report("camera-gone", True, 12.0)
    episodes.report("camera-gone", False, 25.0)
    episodes.note("audio-gap", 40.0, 41.0)
    assert episodes.during(10.0, 20.0) == (
        Fault("microphone-replaced", 0.0, None, "Spare"),
        Fault("camera-gone", 2.0, None),
    )
    assert episodes.during(20.0, 30.0)[-1] == Fault("camera-gone", 0.0, 5.0)
    assert episodes.lasting(10.0) == (Fault("microphone-replaced", 0.0, None, "Spare"),)


def test_what_is_noticed_just_after_the_last_sample_belongs_to_it():
    episodes = Episodes()
    episodes.note("suspended", 20.1, 20.1)
    assert episodes.during(10.0, 20.0) == (Fault("suspended", 10.0, None),)


def test_faults_are_in_order_and_old_ones_are_forgotten():
    episodes = Episodes()
    episodes.report("picture-black", True, 9.0)
    episodes.note("suspended", 3.0, 4.0)
    assert [f.kind for f in episodes.during(0.0)] == ["suspended", "picture-black"]
    episodes.forget(5.0)
    assert [f.kind for f in episodes.during(0.0)] == ["picture-black"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words(kind):
    happened, advice = describe(Fault(kind, 0.0))
    assert happened.endswith(".")
    assert advice.endswith(".")
