"""The picture of the pace and what it says."""

import numpy as np
import pytest

from analysis.results import Passage
from analysis.timeline import Track
from reports.pace_chart import pace_chart, passage_text, shares_text


def test_pace_line_breaks_at_what_is_missing(targets):
    values = np.array([120, 130, np.nan, np.nan, 140, 150], dtype=np.float32)
    chart = pace_chart(
        Track(np.arange(6.0), values, "words/min"), targets.band("pace_wpm", "en"), 6.0
    )
    assert [len(line.split()) for line in chart.lines] == [2, 2]
    assert "between 120 and 150 words/min; within 110–160 all the time" in chart.summary
    assert 0 < chart.band_top < chart.band_top + chart.band_height < 100


def test_pace_without_values_or_band(targets):
    track = Track(np.arange(2.0), np.array([np.nan, np.nan]), "words/min")
    assert pace_chart(track, None, 2.0) is None
    track = Track(np.arange(2.0), np.array([100.0, 100.0]), "words/min")
    assert pace_chart(track, None, 2.0).band_top is None


def test_fastest_and_slowest_are_marked(targets):
    track = Track(np.arange(60.0), np.linspace(100, 200, 60), "words/min")
    chart = pace_chart(
        track, targets.band("pace_wpm", "en"), 60.0,
        fastest=Passage(45.0, 60.0, 187.0), slowest=Passage(0.0, 15.0, 112.0),
    )  # fmt: skip
    fast, slow = chart.marks
    assert (fast.kind, fast.x, fast.width) == ("fast", 75.0, 25.0)
    assert slow.label == "Slowest passage, 0:00–0:15, 112 words/min"


@pytest.mark.parametrize(
    ("rates", "text"),
    [
        ([120, 150, np.nan], "within 110–160 all the time"),
        (
            [120, 150, 170, 90],
            "within 110–160 for 50% of the time, faster for 25% and slower for 25%",
        ),
        ([120, 170, 170, 170], "within 110–160 for 25% of the time, faster for 75%"),
        ([np.nan], "not measured"),
    ],
)
def test_shares_of_the_time(targets, rates, text):
    track = Track(np.arange(float(len(rates))), np.array(rates, dtype=np.float32), "words/min")
    assert shares_text(track, targets.band("pace_wpm", "en")) == text


def test_passage_in_words():
    assert passage_text(Passage(61.2, 76.2, 187.4), "words/min") == "1:01–1:16, 187 words/min"
