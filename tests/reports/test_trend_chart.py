"""The small chart of a measure over takes."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.language import speaking
from reports.measures import read_measures
from reports.page import _environment
from reports.targets import read_targets
from reports.trend_chart import BROKEN, MOST_LABELS, TrendPoint, trend_chart

MEASURES = read_measures()
PACE, SILENCE = MEASURES["pace_wpm"], MEASURES["longest_silence_s"]
TARGETS = read_targets()


def points(*values, **more):
    return [TrendPoint(v, str(i), f"Take {i}", **more) for i, v in enumerate(values, 1)]


def places(text):
    return [tuple(float(n) for n in pair.split(",")) for pair in text.split()]


def test_later_is_further_right_and_more_is_higher():
    chart = trend_chart(points(120, 150, 140), measure=PACE)
    x, y = [d.x for d in chart.dots], [d.y for d in chart.dots]
    assert x == sorted(x)
    assert y[1] < y[2] < y[0]
    assert places(chart.lines[0]) == list(zip(x, y, strict=True))
    assert [d.newest for d in chart.dots] == [False, False, True]
    assert chart.latest == "140 words/min"


def test_the_target_lies_where_its_values_lie():
    band = TARGETS.band("pace_wpm", "en")
    chart = trend_chart(points(110, 160), measure=PACE, band=band)
    assert chart.band_top == pytest.approx(chart.dots[1].y)
    assert chart.band_top + chart.band_height == pytest.approx(chart.dots[0].y)
    assert chart.target == "target 110 words/min to 160 words/min"


def test_a_target_without_an_end_reaches_the_edge():
    chart = trend_chart(points(2, 3), measure=SILENCE, band=TARGETS.band("longest_silence_s"))
    assert chart.band_top + chart.band_height == 100
    assert chart.target == "target up to 10 s"


@pytest.mark.parametrize(("after", "inside"), [(125, True), (139, True), (141, False)])
def test_a_change_that_counts_leaves_the_wedge(after, inside):
    chart = trend_chart(points(130, after), measure=PACE, noise=10)
    start, high, low = places(chart.wedges[0])
    assert start == (chart.dots[0].x, chart.dots[0].y)
    assert (high[1] <= chart.dots[1].y <= low[1]) is inside
    assert chart.wedges[0].count(" ") == 2


def test_what_was_not_measured_is_a_gap():
    chart = trend_chart(points(1, None, math.nan, math.inf, 1e300, 2, 3), measure=SILENCE, noise=1)
    assert [g.label for g in chart.gaps] == [f"Take {i}: not measured" for i in (2, 3, 4, 5)]
    assert len(chart.lines) == 1
    assert len(places(chart.lines[0])) == 2
    assert len(chart.wedges) == 1
    assert "4 not measured" in chart.summary


def test_no_line_leads_to_what_is_not_comparable():
    listed = points(1, 2)
    listed.append(TrendPoint(3, "3", "Take 3", parted=True, noise=1, note="Different cameras."))
    chart = trend_chart(listed, measure=SILENCE)
    assert [len(places(line)) for line in chart.lines] == [2]
    assert chart.wedges == ()
    assert chart.dots[2].label == "Take 3: 3.0 s. Different cameras."


@pytest.mark.parametrize("values", [(), (None,), (None, None)])
def test_nothing_measured(values):
    chart = trend_chart(points(*values), measure=PACE, band=TARGETS.band("pace_wpm", "en"))
    assert chart.dots == ()
    assert chart.latest == "not measured"
    assert "not measured" in chart.summary


def test_one_take_alone():
    chart = trend_chart(points(130), measure=PACE, noise=5)
    assert (chart.dots[0].x, chart.lines, chart.wedges) == (50, (), ())
    assert chart.summary == "Pace, 1 take: 130 words/min"


def test_the_names_fit_and_the_newest_has_one():
    chart = trend_chart(points(*range(1, 51)), measure=PACE)
    assert len(chart.names) <= MOST_LABELS
    assert chart.names[-1].label == "50"


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("value", [0.0, 1e-9, 0.04, 1.0, -60.0, 5e6, -9.9e11])
def test_ticks_are_few_and_different(measure, value):
    chart = trend_chart(points(value, value), measure=measure)
    labels = [tick.label for tick in chart.ticks]
    assert 1 <= len(labels) <= 8
    assert len(set(labels)) == len(labels)
    assert all(len(label) <= 9 for label in labels)


numbers = st.one_of(st.none(), st.floats())


@given(st.lists(numbers, max_size=12), st.one_of(st.none(), st.floats()))
def test_no_value_breaks_the_picture(values, noise):
    band = TARGETS.band("pace_wpm", "en")
    chart = trend_chart(points(*values), measure=PACE, band=band, noise=noise)
    drawn = [p for line in (*chart.lines, *chart.wedges) for p in places(line)]
    drawn += [(d.x, d.y) for d in chart.dots] + [(g.x, 50.0) for g in chart.gaps]
    assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in drawn)
    assert len(chart.dots) + len(chart.gaps) == len(values)
    if any(v is not None and abs(v) < BROKEN for v in values):
        assert chart.band_top is not None


def test_the_svg_holds_no_nan_and_escapes_names(hostile_text):
    listed = [
        TrendPoint(v, hostile_text, hostile_text, href=href)
        for v, href in ((1.0, "a.html?x=1&y=2"), (math.nan, None), (3.0, None))
    ]
    chart = trend_chart(listed, measure=SILENCE, noise=1)
    source = '{% from "trend.html.j2" import trend_figure with context %}{{ trend_figure(c, 3) }}'
    with speaking("en"):
        html = _environment().from_string(source).render(c=chart, t=str)
    assert "<img" not in html
    assert "&lt;img" in html
    assert 'href="a.html?x=1&amp;y=2"' in html
    attributes = re.findall(r'(?:cx|cy|x|y|points|height)="([^"]*)"', html)
    assert attributes
    assert not [a for a in attributes if re.search("nan|inf|None", a, re.I)]


def test_japanese():
    with speaking("ja"):
        chart = trend_chart(points(120, 130), measure=PACE, band=TARGETS.band("pace_wpm", "en"))
    assert chart.title == "話す速さ"
    assert chart.target.startswith("目安 110")
