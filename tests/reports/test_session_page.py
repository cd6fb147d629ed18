"""The page of a session: every answer in short, whatever is missing."""

import re
from dataclasses import replace

import pytest

from recorder.session import SetupUsed
from reports.feedback import choose_remarks
from reports.language import speaking
from reports.session_page import render_session
from reports.takes import Defect
from tests.reports.practised import take


@pytest.fixture
def render(targets):
    def made(takes, analyses=None, **more):
        given = {
            "name": "2026-11-20-1200-abcd",
            "created": "2026-11-20T03:00:00+00:00",
            "setup": None,
            "setup_titles": {"camera-rate": "Frame rate", "light-level": "Light"},
            "links": {},
            **more,
        }
        return render_session(takes, analyses or {}, targets=targets, **given)

    return made


def sections(html):
    return re.findall(r"<section.*?</section>", html, re.DOTALL)


def test_every_answer_is_there_in_short(render, answers, targets):
    answer = answers["silence_inside"]()
    takes = [take(), take(number=2, question="why-this-company"), take(number=3, told=None)]
    html = render(takes, {takes[0].name: answer}, links={takes[0].name: "01-analysis/report.html"})
    first, second, third, _ = sections(html)
    assert takes[0].question.text_en in first
    assert 'href="01-analysis/report.html"' in first
    assert choose_remarks(answer, targets)[0].title in first.replace("&#39;", "'")
    assert first.count('class="tile ') == second.count('class="tile ') > 5
    assert "report.html" not in second
    assert 'class="tile ' not in third
    assert "No numbers yet" in third


def test_an_answer_without_fault_is_told_so(render, answers):
    one = take()
    html = render([one], {one.name: answers["all_fine"]()})
    assert "Nothing measured stood out" in html
    # Without the analysis nobody can tell.
    assert "Nothing measured stood out" not in render([one])
    assert "Nothing measured stood out" not in render([one], {one.name: answers["no_speech"]()})


@pytest.mark.parametrize(
    ("told", "text"),
    [({}, "its numbers are kept"), (None, "it was not analysed")],
)
def test_a_recording_that_is_gone_is_told(render, told, text):
    assert text in render([take(told=told, media=None)])


def test_every_kind_of_analysis(render, any_answer):
    one = take()
    assert sections(render([one], {one.name: any_answer}))


def test_the_set_up_is_told(render):
    assert "not checked before" in render([take()])
    made = "2026-11-19T03:00:00+00:00"
    fine = render([take()], setup=SetupUsed(made, ("light-level",), (), ()))
    assert "what was checked is in order" in fine
    bad = render([take()], setup=SetupUsed(made, (), ("light-level",), ("camera-rate", "<new>")))
    assert "1 thing to fix" in bad
    assert "<li>Light</li>" in bad
    assert "Frame rate, &lt;new&gt;" in bad


def test_goals_stand_with_their_answer(render):
    takes = [take(), take(number=2)]
    html = render(takes, goal_lines={takes[1].name: ["Fillers: at most 3.0 per min: met (2.1)"]})
    first, second, _ = sections(html)
    assert "Goal:" not in first
    assert "Fillers: at most 3.0 per min: met (2.1)" in second


def test_no_takes_and_no_date(render):
    html = render([], created=None, name="練習 <1>")
    assert "This session holds no takes." in html
    assert "<h1>練習 &lt;1&gt;</h1>" in html


def test_hostile_text_stays_text(render):
    text = '<script>alert("x")</script><img src=x onerror=alert(1)>{{ 7*7 }}'
    own = replace(take().question, id="own", kind="own", text_en=text, text_ja=text)
    one = replace(take(), question=own)
    html = render(
        [one],
        name=text,
        defects=[Defect(text, "broken", text)],
        goal_lines={one.name: [text]},
        links={one.name: '"><b'},
    )
    assert "<img" not in html
    assert html.count("<script") == 1
    assert "{{ 7*7 }}" in html


def test_the_page_speaks_japanese(render, answers):
    one = take(question="strengths", language="ja")
    with speaking("ja"):
        html = render([one, take(number=2, told=None)], {one.name: answers["japanese"]()})
    assert '<html lang="ja">' in html
    for text in ("2026年11月20日の練習", "レポートを開く", "まだ数値がありません"):
        assert text in html or text == "レポートを開く"
    assert "Session of" not in html
    assert "in the target" not in html
