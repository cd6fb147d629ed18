"""``mensetsu demo``, and its report in a real browser: by file://, offline."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from analysis.storage import read_analysis
from reports.export import find_browser

ROOT = Path(__file__).resolve().parents[2]
EDGE_S = 0.3
SEEK_S = 0.001
"""A player may round the time it is sent to."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory, packaged_models):
    """The folder that the demo made, and what it printed."""
    home = tmp_path_factory.mktemp("demo") / "データ 100% #1"
    home.mkdir()
    (home / "models").symlink_to(packaged_models, target_is_directory=True)
    done = subprocess.run(
        [sys.executable, "-m", "app", "demo"],
        cwd=ROOT,
        env={**os.environ, "MENSETSU_HOME": str(home)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return home / "demo", done.stdout


@pytest.fixture(scope="module")
def browser():
    program = find_browser()
    assert program, "no Chromium: run the set-up (apt-get install chromium)"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_report(browser):
    """Return a function that opens a report; anything in the console is an error."""
    contexts, trouble = [], []

    def show(path):
        context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: trouble.append(m.text))
        page.on("pageerror", lambda e: trouble.append(str(e)))
        page.on("request", lambda r: None if r.url.startswith("file:") else trouble.append(r.url))
        page.goto(path.as_uri())
        wait(page, "document.getElementById('media').readyState >= 2")
        return page

    yield show
    for context in contexts:
        context.close()
    assert trouble == []


def wait(page, condition, *, within_s=30.0):
    """Wait in Python: the page's own policy forbids what Playwright would evaluate in it."""
    end = time.monotonic() + within_s
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.05)


def now(page):
    return page.evaluate("document.getElementById('media').currentTime")


def test_the_demo_says_where_its_report_is(demo):
    folder, printed = demo
    report = folder / "english_take-analysis" / "report.html"
    assert printed.splitlines()[-1] == f"report: {report}"
    assert report.is_file()
    assert re.search(r"^silences over 30 s +1$", printed, re.M)
    assert "not measured" not in printed


def test_a_click_on_a_word_moves_the_video(demo, open_report):
    folder = demo[0] / "english_take-analysis"
    analysis = read_analysis(folder / "analysis.json")
    page = open_report(folder / "report.html")
    assert page.evaluate("document.getElementById('media').tagName") == "VIDEO"
    assert page.evaluate("document.getElementById('media').videoWidth") == 1280
    words = page.locator("#transcript .w")
    spoken = analysis.transcript.words
    assert words.count() == len(spoken) > 150
    for index in (0, 5, len(spoken) // 2, len(spoken) - 1):
        words.nth(index).click()
        wait(page, "!document.getElementById('media').seeking")
        # The page begins a word with its speech, not in the silence before.
        start = spoken[index].start - analysis.media.player_zero_s
        assert now(page) == pytest.approx(start, abs=EDGE_S if index == 0 else SEEK_S)
        assert page.locator(".now").inner_text() == spoken[index].text


@pytest.mark.parametrize("lane", ["speech", "pauses", "fillers", "away", "posture"])
def test_a_click_on_a_mark_of_each_lane_moves_the_video(demo, open_report, lane):
    folder = demo[0] / "english_take-analysis"
    zero = read_analysis(folder / "analysis.json").media.player_zero_s
    page = open_report(folder / "report.html")
    marks = page.locator(f".timeline .lane-{lane} .mark")
    assert marks.count() > 0
    for index in {0, marks.count() - 1}:
        mark = marks.nth(index)
        time = float(mark.get_attribute("data-t"))
        mark.locator("rect, circle, path").first.click(force=True)
        assert now(page) == pytest.approx(max(0.0, time - zero), abs=SEEK_S)


def test_the_video_plays(demo, open_report):
    page = open_report(demo[0] / "english_take-analysis" / "report.html")
    page.locator("#transcript .w").nth(3).click()
    before = now(page)
    page.keyboard.press("k")
    wait(page, f"document.getElementById('media').currentTime > {before} + 0.3")


def test_hard_paths(mensetsu, open_report, clip, tmp_path):
    """Spaces, #, %, ? and Japanese: the analysis runs and the page finds its video."""
    folder = tmp_path / "私の 面接 #1" / "100% done?"
    folder.mkdir(parents=True)
    media = Path(shutil.copy(clip, folder / "自己紹介 #2 50%.mp4"))
    done = mensetsu("analyse", media, "--model", "tiny.en", "--no-video")
    assert done.code == 0, done.err
    page = open_report(folder / "自己紹介 #2 50%-analysis" / "report.html")
    page.locator("#transcript .w").nth(4).click()
    assert now(page) > 1.6
    assert page.locator(".file").inner_text() == media.name
