"""The history page: days, questions, trends, best takes, sessions, and what could not be used."""

import datetime as dt
import re
import time
from dataclasses import replace

import pytest

from recorder.questions import read_bank
from reports.history_page import achievement, history_rows, render_history
from reports.language import speaking
from reports.practice_calendar import WEEKS, local_day, practice_calendar
from reports.practice_trends import MOST_POINTS, practice_trends
from reports.take_tiles import best_take, take_tiles, targets_met
from reports.takes import Defect
from tests.reports.practised import take

NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


@pytest.fixture(autouse=True)
def in_tokyo(monkeypatch):
    if not hasattr(time, "tzset"):
        pytest.skip("the zone can't be set here")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def page(takes, targets, **more):
    given = {
        "bank": read_bank(),
        "targets": targets,
        "now": NOW,
        "links": {},
        "session_links": {},
        **more,
    }
    defects = given.pop("defects", ())
    return render_history(takes, defects, **given)


def days_of(calendar):
    return {day.day: day for _, days in calendar.rows for day in days}


def test_an_empty_store_says_how_to_begin(targets):
    html = page([], targets)
    assert "mensetsu record --set quick" in html
    assert 'role="grid"' not in html
    with speaking("ja"):
        assert "まだ録画がありません" in page([], targets)


def test_a_day_is_that_of_the_clock_on_the_wall():
    # Half past four in the afternoon in London is the next day in Tokyo.
    assert local_day("2026-11-20T16:30:00+00:00") == dt.date(2026, 11, 21)
    assert local_day("nonsense") is None
    assert local_day(None) is None


def test_the_calendar_counts_takes_by_day():
    takes = [
        take("2026-11-20T16:30:00+00:00"),
        take("2026-11-21T01:00:00+00:00"),
        take("2026-11-23T01:00:00+00:00"),
        take("2020-01-01T01:00:00+00:00"),
        take(None, session="x"),
    ]
    calendar = practice_calendar(takes, dt.date(2026, 11, 23))
    days = days_of(calendar)
    assert len(days) == 7 * WEEKS
    assert max(days) == dt.date(2026, 11, 29)
    assert {day.day: day.count for day in days.values() if day.count} == {
        dt.date(2026, 11, 21): 2,
        dt.date(2026, 11, 23): 1,
    }
    assert [d.day for d in days.values() if d.future] == [
        dt.date(2026, 11, 24) + dt.timedelta(days=n) for n in range(6)
    ]
    assert days[dt.date(2026, 11, 21)].label == "Sat, 21 Nov 2026: 2 takes"
    assert calendar.summary == "3 takes on 2 days in the last 26 weeks"


@pytest.mark.parametrize(
    ("count", "level"), [(0, 0), (1, 1), (2, 1), (3, 2), (5, 2), (6, 3), (40, 3)]
)
def test_more_takes_fill_a_day_more(count, level):
    takes = [take(number=n) for n in range(1, count + 1)]
    day = days_of(practice_calendar(takes, dt.date(2026, 11, 23)))[dt.date(2026, 11, 20)]
    assert (day.count, day.level) == (count, level)


def test_the_best_take_has_most_measures_in_their_target(targets):
    good = {"answer_s": 80.0, "longest_silence_s": 2.0, "silences_over_30s": 0, "pace_wpm": 140.0,
            "fillers_per_min": 1.0, "level_dbfs": -22.0, "slouch_ratio": 0.0}  # fmt: skip
    best = take("2026-11-02T03:00:00+00:00", told=good)
    one_off = take("2026-11-03T03:00:00+00:00", told={**good, "pace_wpm": 260.0})
    two_off = take(
        "2026-11-04T03:00:00+00:00", told={**good, "pace_wpm": 260.0, "fillers_per_min": 20.0}
    )
    found = best_take([best, one_off, two_off], targets)
    assert found.take is best
    assert (found.met, found.judged, found.off) == (7, 7, 0)
    assert best_take([two_off, one_off], targets).take is one_off
    # Of equal ones the one with fewer far outside, then the newer.
    near = take("2026-11-01T03:00:00+00:00", told={**good, "pace_wpm": 165.0})
    assert best_take([near, one_off], targets).take is near
    again = take("2026-11-09T03:00:00+00:00", told=good)
    assert best_take([best, again], targets).take is again


def test_no_best_take_where_nothing_was_said_or_measured(targets):
    assert best_take([], targets) is None
    assert best_take([take(told=None), take(told={"answer_s": None})], targets) is None
    drill = take()
    drill = replace(drill, question=replace(drill.question, id="drill-x", kind="drill"))
    assert best_take([drill], targets) is None


def test_what_was_not_measured_is_no_target_missed(targets):
    none = take(told={"pace_wpm": None, "slouch_ratio": None, "eye_contact_ratio": None})
    whole = targets_met(take(), targets)
    assert targets_met(none, targets).judged == whole.judged - 2
    tiles = {tile.id: tile for tile in take_tiles(none, targets)}
    assert (tiles["pace_wpm"].value, tiles["pace_wpm"].level) == ("–", "unjudged")
    assert tiles["eye_contact_ratio"].verdict == "not measured"


def test_a_measure_of_an_older_meaning_is_not_shown(targets):
    tiles = {tile.id: tile for tile in take_tiles(take(told={"schema": 3}), targets)}
    assert tiles["eye_contact_ratio"].value == "–"
    assert tiles["answer_s"].value != "–"


def test_eye_contact_is_told_and_not_graded(targets):
    tiles = {t.id: t for t in take_tiles(take(told={"eye_contact_ratio": 0.1}), targets)}
    assert (tiles["eye_contact_ratio"].level, tiles["eye_contact_ratio"].verdict) == (
        "neutral",
        "an estimate",
    )


@pytest.mark.parametrize(
    ("takes", "what"), [(MOST_POINTS, "take"), (60, "session"), (150, "week"), (900, "month")]
)
def test_points_are_longer_stretches_as_the_takes_become_more(targets, takes, what):
    begin = dt.datetime(2025, 1, 6, 3, 0, tzinfo=dt.UTC)
    # Two takes a session, a session a day, in 900 takes 64 weeks.
    many = [
        take((begin + dt.timedelta(days=n // 2)).isoformat(), number=n % 2 + 1)
        for n in range(takes)
    ]
    (trend,) = practice_trends(many, targets, {}, {})
    assert what in trend.note
    for chart in trend.charts:
        assert 0 < len(chart.dots) + len(chart.gaps) <= MOST_POINTS


def test_a_point_is_the_median_of_its_takes(targets):
    many = [
        take("2026-11-01T03:00:00+00:00", number=n + 1, told={"pace_wpm": pace})
        for n, pace in enumerate([100.0, 120.0, 500.0] * 14)
    ]
    (trend,) = practice_trends(many, targets, {}, {"2026-11-01": "session.html"})
    pace = next(chart for chart in trend.charts if chart.id == "pace_wpm")
    assert [dot.href for dot in pace.dots] == ["session.html"]
    assert "120 words/min" in pace.dots[0].label


def test_languages_have_trends_of_their_own_and_drills_have_none(targets):
    drill = take()
    drill = replace(drill, question=replace(drill.question, id="drill-x", kind="drill"))
    takes = [take(), take(number=2), take(number=3, language="ja"), drill, take(told=None)]
    trends = practice_trends(takes, targets, {}, {})
    assert [trend.language for trend in trends] == ["en", "ja"]
    assert all(len(c.dots) + len(c.gaps) == 2 for c in trends[0].charts)
    assert "pace_wpm" not in {chart.id for chart in trends[1].charts}


def test_every_question_is_there_once_practised_or_not(targets):
    html = page([take(), take(number=2), take(number=3, question="Why me?")], targets)
    section = html[html.index('id="questions-title"') : html.index('id="trends-title"')]
    for question in read_bank():
        assert section.count(f"<code>{question.id}</code>") == (question.id != "strengths")
    assert section.count("Why me?") == 1
    assert "Your own questions" in section


def test_each_defect_is_named_once(targets):
    defects = [
        Defect(f"/store/{kind}/{n}", kind, f"{kind} number {n} <b>")
        for kind in ("media-gone", "broken", "older", "newer", "twice", "moved")
        for n in range(3)
    ]
    html = page([take()], targets, defects=defects)
    for defect in defects:
        assert html.count(defect.text.replace("<b>", "&lt;b&gt;")) == 1


def test_hostile_text_stays_text(targets):
    text = '<script>alert("x")</script><img src=x onerror=alert(1)>{{ 7*7 }}'
    hostile = replace(
        take(session=text, media=None),
        question=replace(take().question, id="own", kind="own", text_en=text, text_ja=text),
    )
    html = page(
        [hostile],
        targets,
        links={hostile.name: 'report".html'},
        defects=[Defect(text, "broken", text)],
        achievements=[text],
    )
    assert "<img" not in html
    assert html.count("<script") == 1
    assert "{{ 7*7 }}" in html


def test_numbers_that_no_chart_holds(targets):
    wild = [1e308, -1e308, float("nan"), float("inf"), None, 0.0]
    takes = [
        take(number=n + 1, told=dict.fromkeys(("pace_wpm", "answer_s", "level_dbfs"), value))
        for n, value in enumerate(wild)
    ]
    html = page(takes, targets)
    assert not re.search(r'="[^"]*\b(nan|inf)\b', html, re.IGNORECASE)


def test_the_page_speaks_japanese(targets):
    drilled = replace(take(), question=replace(take().question, kind="drill"))
    takes = [take(), drilled, take(told=None, number=2, media=None), take(None, session="x")]
    with speaking("ja"):
        html = page(
            takes, targets, achievements=[achievement("目標", "質問", "2026-11-20T00:00:00+00:00")]
        )
    assert '<html lang="ja">' in html
    body = html[html.index("<header>") : html.rindex("</main>")]
    texts = [t.strip() for t in re.findall(r">([^<>]+)<", body)]
    english = [
        t for t in texts if re.search(r"[A-Za-z]{4,}", t) and not JAPANESE.search(t)
        and not re.fullmatch(r"[a-z0-9 -]+|mensetsu .*|[−\d].*", t)
    ]  # fmt: skip
    assert [t for t in english if t not in {take().question.text_en}] == []


def test_rows_hold_what_was_measured_and_nothing_else(targets):
    (row,) = history_rows([take(told={"pace_wpm": None})], targets)
    assert row["measures"]["pace_wpm"] is None
    assert row["measures"]["answer_s"] == take().value("answer_s")
    (bare,) = history_rows([take(told=None, duration_s=float("nan"))], targets)
    assert (bare["duration_s"], bare["targets_met"], bare["analysed"]) == (None, None, False)
