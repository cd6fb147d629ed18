"""The comparison page as text: what it says, what it can't say, and hostile words."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from analysis.meaning import Meaning
from reports.compare import compare_takes, ladder
from reports.comparison_lines import MOST_LINES, change_lines, is_conclusion, moment_of
from reports.comparison_page import render_comparison
from reports.comparison_rows import measure_rows, take_names, trends
from reports.comparison_text import text_rows
from reports.language import speaking
from reports.measures import read_measures
from reports.retelling import retell, sentences_of
from tests.benchmarks.retelling import sentence, sentences
from tests.reports.comparison_cases import FIRST, FIRST_JA, SECOND, SECOND_JA, answer, record


@pytest.fixture(scope="module")
def meaning():
    return Meaning()


@pytest.fixture
def render(targets, meaning):
    def made(takes, before, after, *, media=("a.mp4", "b.mp4"), links=None):
        return render_comparison(
            ladder(takes, targets=targets),
            before=before,
            after=after,
            media_before=media[0],
            media_after=media[1],
            links=links or {},
            targets=targets,
            meaning=meaning,
        )

    return made


class Elements(HTMLParser):
    """Names and attributes of the elements of a page, and its text."""

    def __init__(self, html):
        super().__init__()
        self.found, self.words, self._silent = [], [], 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag):
        self._silent -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._silent:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def two(first=FIRST, second=SECOND, language="en"):
    before, after = answer(first, language=language), answer(second, language=language)
    return [record(1, before), record(2, after)], before, after


def test_the_page_tells_what_changed(render, targets):
    takes, before, after = two()
    html = render(takes, before, after, links={takes[0].name: "a/report.html"})
    page = Elements(html)
    assert takes[0].question.text_en in page.text
    assert ladder(takes, targets=targets).newest.sentence in page.text
    assert "The conclusion now comes first (0:01, before 0:38)" in page.text
    assert sum(tag == "video" for tag, _ in page.found) == 2
    assert sum(tag == "h1" for tag, _ in page.found) == 1
    assert [a["href"] for tag, a in page.found if tag == "a" and a["href"][0] != "#"].count(
        "a/report.html"
    ) >= 2
    assert "None" not in page.text
    assert "nan" not in page.text.lower().split()


def test_japanese(render):
    takes, before, after = two(FIRST_JA, SECOND_JA, "ja")
    with speaking("ja"):
        page = Elements(render(takes, before, after))
    assert ("html", {"lang": "ja"}) in page.found
    assert "結論が最初に来るようになりました" in page.text
    own = re.sub(r"mensetsu|dBFS?|SNR|Space|Enter|um|Microsoft|Speaker|Coach", "", page.text)
    assert "The " not in own.split("出典")[0]


def test_ten_takes_have_ten_points(targets):
    before, after = answer(FIRST), answer(SECOND)
    takes = [*(record(i, before, pace_wpm=100 + i) for i in range(1, 10)), record(10, after)]
    compared = ladder(takes, targets=targets)
    charts = {c.id: c for c in trends(compared, targets, take_names(takes, {}))}
    assert len(charts["pace_wpm"].dots) == 10
    assert len(charts["pace_wpm"].wedges) == 9
    assert charts["pace_wpm"].dots[3].label.startswith("Take 4, 2026-11-04 09:00: 104 words/min")


@pytest.mark.parametrize(
    ("more", "latest"),
    [({}, "10.0 per 100 words"), ({"word_count": None}, "10.0 per min of speech")],
)
def test_counts_are_drawn_at_the_same_amount_of_talk(targets, more, latest):
    before, after = answer(FIRST), answer(SECOND)
    first = {"hesitation_count": 10, "speaking_s": 60.0, "word_count": 100, **more}
    second = {"hesitation_count": 20, "speaking_s": 120.0, "word_count": 200, **more}
    takes = [record(1, before, **first), record(2, after, **second)]
    compared = ladder(takes, targets=targets)
    chart = {c.id: c for c in trends(compared, targets, take_names(takes, {}))}["hesitation_count"]
    assert chart.dots[0].y == chart.dots[1].y
    assert chart.latest == latest


def test_a_change_that_counts_leaves_the_wedge_of_its_measure(targets):
    """The pictures and the verdicts tell the same."""
    before, after = answer(FIRST), answer(SECOND)
    takes = [
        record(1, before, pause_count=4, word_count=90, hesitation_count=1),
        record(2, after, pause_count=40, word_count=120, hesitation_count=1),
    ]
    compared = ladder(takes, targets=targets)
    charts = {c.id: c for c in trends(compared, targets, take_names(takes, {}))}
    compared_ones = 0
    for delta in compared.newest.deltas:
        if delta.noise and delta.verdict != "not comparable":
            chart = charts[delta.metric]
            (wedge,) = chart.wedges
            high, low = (float(pair.split(",")[1]) for pair in wedge.split()[1:])
            outside = not high - 0.02 <= chart.dots[1].y <= low + 0.02
            assert outside is delta.changed, delta
            compared_ones += 1
    assert compared_ones > 5
    assert next(d for d in compared.newest.deltas if d.metric == "pause_count").changed


def test_a_take_from_elsewhere_is_called_by_the_last_part_of_its_path(tmp_path):
    full = answer(FIRST)
    taken = [record(1, full, name=str(tmp_path / "回答-analysis")), record(2, full)]
    names = take_names(taken, {taken[0].name: "a.html"})
    assert [name.name for name in names] == ["回答-analysis", "2026-11-02-0900-ab/01"]
    assert names[0].href == "a.html"


def test_a_measure_of_another_language_has_no_chart(targets):
    takes, *_ = two(FIRST_JA, SECOND_JA, "ja")
    charts = trends(ladder(takes, targets=targets), targets, take_names(takes, {}))
    assert "pace_characters_per_min" in {c.id for c in charts}
    assert "pace_wpm" not in {c.id for c in charts}


def test_no_line_joins_takes_of_other_languages(targets):
    en, ja = answer(FIRST), answer(FIRST_JA, language="ja")
    takes = [record(1, en, fillers_per_min=3.0), record(2, ja, fillers_per_min=4.0)]
    compared = ladder(takes, targets=targets)
    chart = {c.id: c for c in trends(compared, targets, take_names(takes, {}))}["fillers_per_min"]
    assert chart.lines == ()
    assert "Different languages" in chart.dots[1].label


def test_at_most_five_lines_and_no_worse_is_hidden(targets):
    takes, before, after = two()
    better = dict.fromkeys(
        ("longest_silence_s", "fillers_per_min", "hesitation_count", "lexical_filler_count"), 50.0
    )
    steps = compare_takes(
        replace(takes[0], summary={**takes[0].summary, **better, "clipped_ratio": 0.0}),
        replace(takes[1], summary={**takes[1].summary, "clipped_ratio": 0.5}),
        targets=targets,
    )
    worse = steps.of("worse")
    assert worse
    lines = change_lines(steps, before, after, None)
    assert len(lines) <= MOST_LINES
    assert {line.kind for line in lines} >= {"better", "worse"}


def test_the_same_take_again_is_one_quiet_line(targets):
    takes, before, _ = two()
    step = compare_takes(takes[0], replace(takes[0], id="x"), targets=targets)
    retelling = retell(sentences_of(before), sentences_of(before), None)
    (line,) = change_lines(step, before, before, retelling)
    assert line.text == "Nothing changed by more than measuring again does."


def test_lines_lead_to_moments_in_both_takes(targets):
    takes, before, after = two()
    step = compare_takes(takes[0], takes[1], targets=targets)
    lines = change_lines(step, before, after, None)
    silence = next(line for line in lines if line.text.startswith("Longest silence"))
    longest = max(before.speech.pauses, key=lambda p: p.duration_s)
    assert silence.moments[0].side == "before"
    assert silence.moments[0].start == longest.start


def test_every_moment_lies_in_the_answer(any_answer):
    for metric in read_measures():
        for high in (False, True):
            start = moment_of(metric, any_answer, high)
            assert start is None or 0 <= start <= 400


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("In short, I measure first.", True),
        ("結論から申し上げますと、計測が大切です。", True),
        ("I rewrote the query.", False),
        ("記録を調べました。", False),
    ],
)
def test_what_calls_itself_a_conclusion(text, told):
    assert is_conclusion(sentence(text)) is told


def test_every_sentence_stands_in_the_text_once():
    before = ["A one.", "Bee two bee.", "Cats sleep all day.", "Dogs bark.", "Eggs are white."]
    after = ["Eggs are white.", "A one.", "New words here.", "Cats sleep all day.", "Bee two bee."]
    found = retell(sentences(before), sentences(after), None)
    rows = text_rows(found)
    told = [row for row in rows if row.kind != "elsewhere"]
    for side, texts in (("before", before), ("after", after)):
        assert sorted(s.text for r in told for s in getattr(r, side)) == sorted(texts)
    assert [s.text for row in rows for s in row.after] == after
    what = {row.what.partition(",")[0]: row.sign for row in rows}
    assert {"added": "+", "dropped": "−"}.items() <= what.items()
    moved = {row.before[0].text: row.what for row in told if "moved" in row.what}
    assert moved["Eggs are white."].startswith("same words, moved to the front, before at 0:")
    where = [row for row in rows if row.kind == "elsewhere"]
    assert {row.before[0].text for row in where} == set(moved)


@pytest.mark.parametrize("side", [0, 1])
def test_a_missing_analysis_is_said(render, side):
    takes, *both = two()
    both[side] = None
    page = Elements(render(takes, *both))
    which = ("earlier", "later")[side]
    assert f"There is no transcript of the {which} take." in page.text
    assert "Longest silence" in page.text


def test_missing_media_is_said_and_nothing_leads_there(render):
    takes, before, after = two()
    page = Elements(render(takes, before, after, media=(None, "b.mp4")))
    assert "The recording is gone: there is nothing to play." in page.text
    assert sum(tag == "video" for tag, _ in page.found) == 1
    assert not any(a.get("data-side") == "before" and "data-t" in a for _, a in page.found)
    page = Elements(render(takes, before, after, media=(None, None)))
    assert not any("data-t" in a for _, a in page.found)
    assert not any(tag in ("video", "audio", "button") for tag, _ in page.found)


def test_every_answer_against_a_full_one(render, any_answer):
    full = answer(FIRST)
    takes = [record(1, full), record(2, any_answer)]
    for pair in ((takes, full, any_answer), ([takes[1], takes[0]], any_answer, full)):
        page = Elements(render(*pair))
        values = [str(v) for _, a in page.found for v in a.values()]
        assert not [v for v in values if re.search(r"\bnan\b|\binf\b", v)]


def test_hostile_words_stay_words(render, answers, hostile_text):
    hostile, full = answers["hostile"](), answers["full"]()
    question = replace(hostile.question, id="own")
    odd = {
        "question": question,
        "language": hostile_text,
        "name": hostile_text,
        "recorded": hostile_text,
        "model": hostile_text,
    }
    takes = [record(1, full, **odd), record(2, hostile, **odd)]
    html = render(takes, full, hostile, links={hostile_text: f'x"{hostile_text}'})
    plain = Elements(render([record(1, full), record(2, full)], full, full))
    names = {"script", "style", "img", "iframe"}
    found = [tag for tag, _ in Elements(html).found if tag in names]
    assert found == [tag for tag, _ in plain.found if tag in names]
    assert not any("onerror" in a for _, a in Elements(html).found)
    assert hostile_text in Elements(html).text


def test_the_policy_allows_no_inline_style_or_handler(render):
    takes, before, after = two()
    page = Elements(render(takes, before, after))
    assert not any("style" in a or any(k.startswith("on") for k in a) for _, a in page.found)
    ids = [a["id"] for _, a in page.found if "id" in a]
    assert len(ids) == len(set(ids))


def test_takes_of_other_questions_have_no_question_as_title(render):
    takes, before, after = two()
    other = replace(takes[1], question=replace(takes[1].question, id="other", text_en="Why us?"))
    page = Elements(render([takes[0], other], before, after))
    assert "Comparison of takes" in page.text


def test_rows_say_the_change_and_what_counts(targets):
    takes, _, _ = two()
    before = replace(takes[0], summary={**takes[0].summary, "eye_contact_ratio": 0.4})
    after = replace(takes[1], summary={**takes[1].summary, "eye_contact_ratio": 0.7})
    step = compare_takes(before, after, targets=targets)
    rows = {row.title: row for row in measure_rows(step.deltas)}
    assert (rows["Facing the camera"].before, rows["Facing the camera"].after) == ("40%", "70%")
    assert rows["Facing the camera"].change == "+30 points"
    assert rows["Facing the camera"].counts_from.startswith("±")
    assert rows["Longest silence"].change == "−11 s"
    assert rows["Silences over 30 s"].change == "±0"


def test_equal_tellings_load_no_encoder(targets):
    takes, before, _ = two()
    fresh = Meaning()
    render_comparison(
        ladder([takes[0], replace(takes[0], id="x", name="y")], targets=targets),
        before=before,
        after=before,
        media_before=None,
        media_after=None,
        links={},
        targets=targets,
        meaning=fresh,
    )
    assert not fresh.loaded
