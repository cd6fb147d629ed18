"""Geometry of the timeline."""

from dataclasses import replace

import pytest

from analysis.results import CountRange
from reports.charts import lanes, time_ticks
from reports.wording import (
    capital,
    clock,
    listed_and,
    moment_clock,
    number,
    range_text,
    rough_share,
    seconds,
)


def by_id(analysis):
    return {lane.id: lane for lane in lanes(analysis, analysis.media.duration_s)}


def test_marks_lie_where_they_are_in_time(answers):
    answer = answers["full"]()
    lane = by_id(answer)["pauses"]
    silence = answer.speech.longest_pause
    (mark,) = [m for m in lane.marks if "over" in m.kind]
    assert mark.x == pytest.approx(100 * silence.start / answer.media.duration_s, abs=1e-3)
    assert mark.width == pytest.approx(100 * 32 / answer.media.duration_s, abs=2e-3)
    assert mark.label == "Silence over 30 s, 32 s at 0:34"


def test_marks_stay_inside_the_picture(any_answer):
    for lane in by_id(any_answer).values():
        for mark in lane.marks:
            assert 0 <= mark.x <= 100
            assert 0 <= mark.width <= 100.001 - mark.x


def test_lanes_tell_none_from_not_measured(answers):
    empty = by_id(answers["empty"]())
    assert [lane.measured for lane in empty.values()] == [False] * 5
    silent = by_id(answers["no_speech"]())
    assert silent["speech"].note == "none found"
    assert silent["fillers"].note == "none found"
    assert silent["fillers"].measured


def test_counted_and_possible_fillers_look_different(answers):
    lane = by_id(answers["full"]())["fillers"]
    assert lane.note == "7 counted, 2 possible; 2 repeats"
    assert {m.kind for m in lane.marks} == {
        "repeat counted",
        "repeat possible",
        "filler hesitation counted",
        "filler hesitation possible",
        "filler word counted",
    }


def test_flat_and_soft_places_lie_in_a_lane_of_their_own(answers):
    answer = answers["full"]()
    lane = by_id(answer)["voice"]
    assert lane.note == "0:10 min flat, 2 soft ends"
    assert [m.kind for m in lane.marks] == ["soft", "flat", "soft"]
    assert lane.marks[1].width == pytest.approx(10, abs=0.1)
    assert lane.marks[2].label == "Soft end of a sentence, 14 dB softer, at 1:08"
    plain = replace(answer, delivery=replace(answer.delivery, monotone=(), drops=()))
    assert by_id(plain)["voice"].note == "nothing flat or soft"
    assert not by_id(answers["withheld"]())["voice"].measured


def test_an_older_analysis_has_no_lane_for_what_it_does_not_know(answers):
    lanes_of_old = by_id(answers["older"]())
    assert list(lanes_of_old) == ["speech", "pauses", "fillers", "away", "posture"]
    assert "repeat" not in lanes_of_old["fillers"].note


def test_the_limit_of_a_silence_is_that_of_the_analysis(answers):
    answer = answers["full"]()
    strict = replace(answer, speech=replace(answer.speech, silence_limit_s=3.0))
    over = [m for m in by_id(strict)["pauses"].marks if "over" in m.kind]
    assert [m.label.split(",")[0] for m in over] == ["Silence over 3 s"] * 2
    lenient = replace(answer, speech=replace(answer.speech, silence_limit_s=60.0))
    assert not any("over" in m.kind for m in by_id(lenient)["pauses"].marks)


@pytest.mark.parametrize(
    ("duration_s", "count"), [(0.5, 1), (9, 9), (100, 10), (180, 6), (3600, 6)]
)
def test_ticks_are_few(duration_s, count):
    ticks = time_ticks(duration_s)
    assert len(ticks) == count
    assert ticks[0].label == "0:00"


def test_wording():
    assert [clock(s) for s in (0, 59.6, 61, 3600)] == ["0:00", "1:00", "1:01", "60:00"]
    assert moment_clock(59.9) == "0:59"
    # What is over the limit of 30 s never reads "30 s".
    assert [seconds(s) for s in (2.34, 9.97, 29.6, 30.0, 30.02, 32.4)] == [
        "2.3 s",
        "10 s",
        "30 s",
        "30 s",
        "30.1 s",
        "32 s",
    ]
    assert seconds(20.02, 20.0) == "20.1 s"
    assert range_text(5, CountRange(4, 7, 0.9)) == "5 (4–7)"
    assert range_text(1, CountRange(1, 1, 0.9)) == "1"
    assert range_text(1, CountRange(0, 0, 0.9)) == "1 (0)"
    assert number(-24.34, 1, "dBFS") == "−24.3 dBFS"
    assert number(-0.01) == "0"
    assert number(None) == number(float("nan")) == "not measured"
    assert rough_share(0.712) == "about 70%"
    assert [listed_and(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert (capital("looking away"), capital("")) == ("Looking away", "")
