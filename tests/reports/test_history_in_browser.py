"""History and session page in a real browser: axe, keyboard, what is folded and chosen."""

import datetime as dt
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from recorder.questions import read_bank
from recorder.session import SetupUsed
from reports.history_page import render_history
from reports.language import speaking
from reports.session_page import render_session
from reports.takes import Defect
from tests.reports.conftest import build
from tests.reports.practised import take

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOW = dt.datetime(2026, 11, 23, 12, 0).astimezone()


@pytest.fixture(scope="module")
def browser():
    program = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    assert program, "no Chromium: run the set-up (apt-get install chromium)"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser, tmp_path, targets):
    """Return a function that opens a page offline; nothing may be logged or asked of a network."""
    contexts, trouble = [], []

    def opened(kind="history", language="en", scheme="light", width=1200):
        path = tmp_path / f"{kind}.html"
        with speaking(language):
            path.write_text(made(kind, targets), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert trouble == []


def made(kind, targets):
    days = ("2026-07-02", "2026-09-18", "2026-11-20", "2026-11-23")
    takes = [
        take(f"{day}T03:00:00+00:00", number=n, question=question, language=language)
        for day in days
        for n, (question, language) in enumerate(
            (("strengths", "en"), ("why-this-company", "ja"), ("Why me?", "en")), 1
        )
    ]
    takes.append(take(number=9, told=None, media=None))
    defects = [
        Defect(str(n), kind_, f"fault {n}") for n in range(7) for kind_ in ("broken", "moved")
    ]
    if kind == "empty":
        takes, defects = [], []
    if kind == "session":
        analyses = {takes[0].name: build()}
        setup = SetupUsed("2026-11-20T01:00:00+00:00", ("a",), ("light",), ("rate",))
        return render_session(
            takes[-4:], analyses, name="x", created=takes[0].recorded, setup=setup,
            setup_titles={}, targets=targets, links={takes[0].name: "report.html"},
            defects=defects, goal_lines={takes[0].name: ["Fillers: met"]},
        )  # fmt: skip
    return render_history(
        takes,
        defects,
        bank=read_bank(),
        targets=targets,
        now=NOW,
        links={take.name: "report.html" for take in takes[:1]},
        session_links={"2026-11-20": "session.html"},
        achievements=["Fillers: at most 3"] if takes else [],
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("kind", ["history", "session", "empty"])
def test_axe_finds_nothing_and_nothing_sticks_out(open_page, kind, language, width, scheme):
    page = open_page(kind, language, scheme, width)
    page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:3]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_calendar_goes_by_the_keyboard(open_page):
    page = open_page()
    label = "() => document.activeElement.getAttribute('aria-label')"
    inside = page.locator('[data-grid] [tabindex="0"]')
    assert inside.count() == 1
    inside.focus()
    assert page.evaluate(label) == "Mon, 23 Nov 2026: 3 takes"
    page.keyboard.press("ArrowUp")
    assert page.evaluate(label) == "Sun, 22 Nov 2026: no practice"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(label) == "Sun, 15 Nov 2026: no practice"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(label) == "Tue, 17 Nov 2026: no practice"
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert page.evaluate(label) == "Fri, 20 Nov 2026: 4 takes"
    page.keyboard.press("Home")
    assert page.evaluate(label) == "Fri, 5 Jun 2026: no practice"
    page.keyboard.press("End")
    assert page.evaluate(label) == "Fri, 20 Nov 2026: 4 takes"
    assert inside.count() == 1


def test_a_day_leads_to_its_session_even_in_a_folded_month(open_page):
    page = open_page()
    day = page.locator('[aria-label="Thu, 2 Jul 2026: 3 takes"]')
    session = page.locator(".session", has_text="2026-07-02")
    assert not session.is_visible()
    day.focus()
    page.keyboard.press("Enter")
    session.wait_for(state="visible")
    assert page.evaluate("() => document.activeElement.textContent.includes('2026-07-02')")


def test_measures_are_chosen(open_page):
    page = open_page()
    page.locator(".choose summary").click()
    pauses = page.locator('[data-chart="pause_count"]').first
    pace = page.locator('[data-chart="pace_wpm"]').first
    japanese = page.locator('[data-chart="pace_characters_per_min"]')
    assert (pace.is_visible(), pauses.is_visible()) == (True, False)
    page.get_by_role("checkbox", name="Pauses inside the answer").check()
    page.get_by_role("checkbox", name="Pace", exact=True).uncheck()
    assert (pace.is_visible(), pauses.is_visible()) == (False, True)
    assert not any(chart.is_visible() for chart in japanese.all())


def test_a_narrow_page_leaves_the_older_weeks_out(open_page):
    page = open_page(width=360)
    assert not page.locator('[aria-label="Thu, 2 Jul 2026: 3 takes"]').is_visible()
    assert page.locator('[aria-label="Fri, 18 Sep 2026: 3 takes"]').is_visible()


def test_paper_has_all_sessions(open_page, tmp_path):
    page = open_page()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator(".session", has_text="2026-07-02").is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
