"""Geometry of the timeline and the pace picture."""

import numpy as np
import pytest

from analysis.timeline import Track
from reports.charts import lanes, pace_chart, time_ticks
from reports.wording import clock, moment_clock, number, plural, rough_share, seconds


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
    assert lane.note == "7 counted, 2 possible"
    assert {m.kind for m in lane.marks} == {
        "filler hesitation counted",
        "filler hesitation possible",
        "filler word counted",
    }


@pytest.mark.parametrize(
    ("duration_s", "count"), [(0.5, 1), (9, 9), (100, 10), (180, 6), (3600, 6)]
)
def test_ticks_are_few(duration_s, count):
    ticks = time_ticks(duration_s)
    assert len(ticks) == count
    assert ticks[0].label == "0:00"


def test_pace_line_breaks_at_what_is_missing(targets):
    values = np.array([120, 130, np.nan, np.nan, 140, 150], dtype=np.float32)
    chart = pace_chart(
        Track(np.arange(6.0), values, "words/min"), targets.band("pace_wpm", "en"), 6.0
    )
    assert [len(line.split()) for line in chart.lines] == [2, 2]
    assert "between 120 and 150 words/min; 100% of the time within 110–160" in chart.summary
    assert 0 < chart.band_top < chart.band_top + chart.band_height < 100


def test_pace_without_values_or_band(targets):
    track = Track(np.arange(2.0), np.array([np.nan, np.nan]), "words/min")
    assert pace_chart(track, None, 2.0) is None
    track = Track(np.arange(2.0), np.array([100.0, 100.0]), "words/min")
    assert pace_chart(track, None, 2.0).band_top is None


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
    assert number(-24.34, 1, "dBFS") == "−24.3 dBFS"
    assert number(-0.01) == "0"
    assert number(None) == number(float("nan")) == "not measured"
    assert rough_share(0.712) == "about 70%"
    assert (plural(1, "pause"), plural(0, "pause")) == ("1 pause", "0 pauses")
