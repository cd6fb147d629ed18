"""The parts of a report on goals, exercises and the own rating, in a real browser, offline."""

import shutil
from dataclasses import replace
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from analysis.storage import summary
from reports.drill_rows import drill_part
from reports.drills import drill_question, read_drills
from reports.feedback import choose_remarks
from reports.goal_forms import GoalPart, goal_forms
from reports.goals import AskedQuestion, Goal, SmallerStep, judge_goal
from reports.html import render_answer
from reports.language import speaking
from reports.self_rating import SelfRating, self_part
from reports.takes import TakeRecord
from tests.reports.conftest import HOSTILE

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOTE = f"もっと短く話す。\nSecond line. {HOSTILE}"
TODAY = date(2026, 11, 23)
DENIED = """() => {
  navigator.clipboard.writeText = () => Promise.reject(new Error('denied'));
}"""


@pytest.fixture(scope="module")
def browser():
    program = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    assert program, "no Chromium: run the set-up (apt-get install chromium)"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


def record(answer, **numbers):
    language = answer.transcript.language if answer.transcript else None
    known = {**summary(answer), **numbers}
    return TakeRecord(
        "t-2", "2026-11-23-0900-ab12/01", "2026-11-23T10:00:00+00:00", 1, "s",
        answer.question, language, known, None, None,
    )  # fmt: skip


def render(answer, targets, *, question=HOSTILE, language="en"):
    """Return the page of an answer with everything that goals can add to it."""
    asked = AskedQuestion("x", "x", question, question)

    def goal(measure, low, high):
        comparison = "at most" if low is None else "at least"
        return Goal(
            "1", measure, comparison, low, high, asked, None, "2026-12-01", "2026-11-20T10:00:00Z"
        )

    take = record(answer)
    before = record(answer, fillers_per_min=40.0, latency_s=30.0, eye_contact_ratio=0.0)
    with speaking(language):
        verdicts = [
            judge_goal(goal(measure, low, high), take, before, None, shown=(answer, targets))
            for measure, low, high in (
                ("answer_s", 1.0, None),
                ("fillers_per_min", None, 0.5),
                ("latency_s", None, 0.1),
                ("clipped_ratio", None, 0.0),
            )
        ]
        step = SmallerStep("at most 2.0 per min", "mensetsu goals set --question x --instead 1")
        verdicts[1] = replace(verdicts[1], number=3, smaller=step, overdue=True)
        remarks = choose_remarks(answer, targets)
        forms = goal_forms(remarks, take, take.name, targets, None, TODAY)
        drill = read_drills()["silent-gaps"]
        exercise = replace(take, question=drill_question(drill))
        part = GoalPart(
            tuple(verdicts), forms, drill_part(drill, exercise, exercise, targets, None)
        )
        rating = SelfRating("2026-11-23T10:00:00+00:00", 4, None, 2, NOTE)
        own = self_part((rating, rating), take, targets)
        return render_answer(
            answer,
            media_href=None,
            targets=targets,
            parts={"goal": part, "self_rating": own},
            styles=["goals.css"],
            scripts=["goals.js"],
        )


@pytest.fixture
def open_page(browser, tmp_path):
    """Return a function that opens a page; it watches for trouble."""
    contexts, trouble = [], []

    def show(html, *, width=1400, scheme="light", permissions=()):
        path = tmp_path / "report.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            offline=True,
            permissions=permissions,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: trouble.append(m.text))
        page.on("pageerror", lambda e: trouble.append(str(e)))
        page.on("request", lambda r: None if r.url.startswith("file://") else trouble.append(r.url))
        page.goto(path.as_uri())
        return page

    yield show
    for context in contexts:
        context.close()
    assert trouble == []


def command(page, number=0):
    return page.locator(".goal-command").nth(number).input_value()


def test_the_report_opens_with_the_goals(open_page, answers, targets):
    page = open_page(render(answers["full"](), targets))
    headings = page.locator("main h2").all_inner_texts()
    assert headings[:3] == [
        "Exercise: Close the mouth, then think",
        "Your goals for this question",
        "In one glance",
    ]
    words = page.locator(".goal-verdict .goal-word").all_inner_texts()
    assert [w.split(maxsplit=1)[1] for w in words[:2]] == ["met", "closer"]
    assert "After 3 tries without meeting it" in page.locator(".goal-verdicts").inner_text()
    assert "pwned" not in page.title()
    assert page.locator("img").count() == 0


def test_a_command_is_built_from_number_and_date_by_keyboard(open_page, answers, targets):
    page = open_page(render(answers["full"](), targets))
    form = page.locator(".goal-form").first
    form.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "goal-number"
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("12.5")
    form.locator(".goal-until").fill("2027-01-31")
    typed = command(page)
    assert typed.startswith("mensetsu goals set 2026-11-23-0900-ab12/01 --measure ")
    assert typed.endswith(" 12.5 --until 2027-01-31")
    form.locator(".goal-number").fill("")
    assert command(page) == ""
    page.keyboard.press("Tab")
    form.locator(".goal-button").click()
    assert form.locator(".goal-status").inner_text() == "Fill in a number and a date first."
    assert page.evaluate("document.activeElement.className") == "goal-number"


def test_what_is_suggested_stands_there_without_a_script(answers, targets):
    html = render(answers["full"](), targets)
    assert html.count("--until 2026-12-07") >= 2
    assert 'value="2026-12-07"' in html


def test_copied_where_that_is_allowed(open_page, answers, targets):
    page = open_page(
        render(answers["full"](), targets), permissions=["clipboard-read", "clipboard-write"]
    )
    form = page.locator(".goal-form").first
    form.locator("summary").click()
    form.locator(".goal-button").click()
    form.locator(".goal-status", has_text="Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == command(page)


def test_selected_where_it_is_not(open_page, answers, targets):
    page = open_page(render(answers["full"](), targets))
    page.evaluate(DENIED)
    form = page.locator(".goal-form").first
    form.locator("summary").click()
    form.locator(".goal-button").click()
    form.locator(".goal-status", has_text="Selected").wait_for()
    chosen = "(e => e.value.slice(e.selectionStart, e.selectionEnd))(document.activeElement)"
    assert page.evaluate(chosen) == command(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [1400, 360])
def test_accessible_and_within_the_window(open_page, answers, targets, scheme, language, width):
    build = answers["full" if language == "en" else "japanese"]
    page = open_page(render(build(), targets, language=language), width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('.goal-form').forEach(d => { d.open = true; })")
    assert page.locator(".goal-form[open]").count() >= 1
    found = Axe().run(page).response["violations"]
    ours = [(v["id"], node["html"]) for v in found for node in v["nodes"]]
    assert ours == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_note_is_text_and_keeps_its_lines(open_page, answers, targets):
    page = open_page(render(answers["full"](), targets))
    shown = page.locator(".self-note").inner_text()
    assert shown == NOTE
