"""The comparison page in a real browser, opened by file:// and offline, with two real clips.

These tests fail where there is no Chromium: the set-up installs it.
"""

import shutil
import time
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from analysis.meaning import Meaning
from reports.compare import ladder
from reports.comparison_page import render_comparison
from reports.language import speaking
from reports.page import media_link
from reports.retelling import retell, sentences_of
from tests.reports.comparison_cases import (
    FIRST,
    FIRST_JA,
    SAMPLES,
    SECOND,
    SECOND_JA,
    answer,
    record,
    sample,
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SEEK_S = 0.06
"""a player may show the frame before the time it is sent to"""
STANDS_FOR = (17, 0, 1, 2, None, 3, 4, 5, 6, 7, 8, None, 10, 14, 16, None)
"""sentences of the first sample, for each of the second"""
TOGETHER_S = 0.6
"""two players that are kept together by the time: the step that is corrected, and a late event"""


@pytest.fixture(scope="module")
def meaning():
    return Meaning()


@pytest.fixture(scope="module")
def browser():
    program = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    assert program, "no Chromium: run the set-up (apt-get install chromium)"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield running
        running.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of a hard name with both sample recordings."""
    path = tmp_path_factory.mktemp("takes") / "私の 回答 #1 100%?"
    path.mkdir()
    for name in ("english_take.mp4", "japanese_take.mp4"):
        shutil.copyfile(SAMPLES / name, path / f"take {name}")
    (path / "broken.mp4").write_bytes(b"this is no recording" * 50)
    return path


@pytest.fixture(scope="module")
def clips():
    """Analyses of the two sample recordings, as if the second told the story of the first.

    They tell different stories. The times are those of the recordings, so that the players have
    something real to do; which sentence of the first each one of the second stands for is made up.
    """
    first, second = sample("en"), sample("ja")
    told = sentences_of(first)
    words = tuple(
        word if n is None else replace(word, text=told[n].text)
        for word, n in zip(second.transcript.words, STANDS_FOR, strict=True)
    )
    transcript = replace(second.transcript, words=words, language="en")
    return first, replace(second, transcript=transcript)


@pytest.fixture
def open_page(browser, folder, targets, meaning):
    """Return a function that opens a comparison; it watches for trouble."""
    contexts, trouble = [], []

    def show(before, after, media=("take english_take.mp4", "take japanese_take.mp4"), **options):
        path = folder / "比較 #1.html"
        quiet = options.pop("quiet", True)
        takes = options.pop("takes", None) or [record(1, before), record(2, after)]
        with speaking(options.pop("language", "en")):
            html = render_comparison(
                ladder(takes, targets=targets),
                before=before,
                after=after,
                media_before=media[0] and media_link(folder / media[0], path),
                media_after=media[1] and media_link(folder / media[1], path),
                links={take.name: "report.html" for take in takes},
                targets=targets,
                meaning=meaning,
            )
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": options.pop("width", 1400), "height": 900},
            color_scheme=options.pop("scheme", "light"),
            offline=True,
        )
        contexts.append(context)
        page = context.new_page()
        if quiet:
            page.on("console", lambda m: trouble.append(m.text))
            page.on("pageerror", lambda e: trouble.append(str(e)))
        page.on("request", lambda r: None if r.url.startswith("file://") else trouble.append(r.url))
        page.goto(path.as_uri())
        if quiet:
            for name, there in zip(("before", "after"), media, strict=True):
                if there:
                    wait(page, f"document.getElementById('{name}-media').readyState >= 2")
        return page

    yield show
    for context in contexts:
        context.close()
    assert trouble == []


def now(page, name):
    return page.evaluate(f"document.getElementById('{name}-media').currentTime")


def paused(page, name):
    return page.evaluate(f"document.getElementById('{name}-media').paused")


def wait(page, expression):
    """Wait until something holds; the page's policy forbids playwright's own way."""
    until = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < until, expression
        page.wait_for_timeout(50)


def settled(page):
    wait(
        page,
        "[...document.querySelectorAll('video')].every((v) => !v.seeking && v.readyState >= 2)",
    )
    # Events of the players come after.
    page.wait_for_timeout(150)


def linked_sentences(clips, meaning):
    """Return start and end of each pair of sentences: (before, after)."""
    found = retell(*(sentences_of(clip) for clip in clips), meaning)
    return [
        (found.before[link.before[0]], found.after[link.after[0]])
        for link in found.links
        if len(link.before) == len(link.after) == 1
    ]


def test_a_click_on_a_sentence_takes_the_other_video_to_the_same_point(open_page, clips, meaning):
    page = open_page(*clips)
    pairs = linked_sentences(clips, meaning)
    assert len(pairs) >= 5
    for before, after in (pairs[0], pairs[2], pairs[-1]):
        for side, sentence in (("before", before), ("after", after)):
            page.evaluate("document.querySelectorAll('video').forEach((v) => v.currentTime = 1)")
            settled(page)
            page.locator(f'.said[data-side="{side}"]', has_text=sentence.text).first.click()
            settled(page)
            assert now(page, "before") == pytest.approx(before.start, abs=SEEK_S)
            assert now(page, "after") == pytest.approx(after.start, abs=SEEK_S)
            shown = page.locator(".said.now").all_inner_texts()
            assert {before.text, after.text} <= set(shown)


def test_seeking_in_a_player_moves_the_other(open_page, clips, meaning):
    page = open_page(*clips)
    before, after = linked_sentences(clips, meaning)[3]
    for name, at, other, to in (
        ("before", before, "after", after),
        ("after", after, "before", before),
    ):
        page.evaluate(
            f"document.getElementById('{name}-media').currentTime = {at.start + 0.01}",
        )
        settled(page)
        assert now(page, other) == pytest.approx(to.start, abs=0.1 + SEEK_S)


def test_by_time_and_not_linked(open_page, clips):
    page = open_page(*clips)
    firsts = [clip.speech.answer.start for clip in clips]
    page.get_by_label("by the time since the first word").check()
    page.evaluate("document.getElementById('after-media').currentTime = 20")
    settled(page)
    assert now(page, "before") == pytest.approx(20 - firsts[1] + firsts[0], abs=SEEK_S)
    page.get_by_label("not linked").check()
    page.evaluate("document.getElementById('after-media').currentTime = 40")
    settled(page)
    assert now(page, "before") == pytest.approx(20 - firsts[1] + firsts[0], abs=SEEK_S)


def test_play_both_by_time_keeps_them_together(open_page, clips):
    page = open_page(*clips)
    page.get_by_label("by the time since the first word").check()
    page.evaluate("document.getElementById('after-media').currentTime = 10")
    settled(page)
    page.get_by_role("button", name="Play both").click()
    wait(page, "document.getElementById('after-media').currentTime > 12.5")
    apart = clips[0].speech.answer.start - clips[1].speech.answer.start
    assert not paused(page, "before")
    assert now(page, "before") - now(page, "after") == pytest.approx(apart, abs=TOGETHER_S)
    page.get_by_role("button", name="Pause both").click()
    assert paused(page, "before")
    assert paused(page, "after")
    page.get_by_role("button", name="Play both").wait_for(state="visible")


def test_play_by_meaning_meets_at_each_sentence_and_waits(open_page, clips, meaning):
    """The leader runs through; the other is at the partner of what the leader says, or waits."""
    page = open_page(*clips)
    found = retell(*(sentences_of(clip) for clip in clips), meaning)
    partner = {j: link.before for link in found.links for j in link.after}
    first = next(j for j in range(len(found.after)) if j in partner)
    page.locator(f'.said[data-side="after"][data-n="{first}"]').first.click()
    settled(page)
    page.get_by_role("button", name="Play both").click()
    seen, begun = set(), time.monotonic()
    while time.monotonic() - begun < 25 and len(seen) < 4:
        page.wait_for_timeout(200)
        times = page.evaluate(
            "['before', 'after'].map((n) => document.getElementById(`${n}-media`).currentTime)"
        )
        stopped = paused(page, "before")
        at = max((j for j, s in enumerate(found.after) if s.start <= times[1]), default=-1)
        if at < 0 or times[1] < found.after[at].start + 0.6:
            # Just arrived there: the events of a player come up to four times a second.
            continue
        if at in partner:
            old = [found.before[i] for i in partner[at]]
            assert old[0].start - SEEK_S <= times[0] <= old[-1].end + 1.0
        else:
            assert stopped
            assert page.locator("#before-waits").is_visible()
        seen.add(at)
    assert len(seen) == 4
    assert page.evaluate("document.getElementById('after-media').muted") is False
    assert page.evaluate("document.getElementById('before-media').muted") is True


def test_a_players_own_controls_play_and_pause_both(open_page, clips):
    page = open_page(*clips)
    page.get_by_label("by the time since the first word").check()
    page.evaluate("document.getElementById('before-media').play()")
    wait(page, "document.getElementById('after-media').currentTime > 1")
    assert not paused(page, "after")
    page.evaluate("document.getElementById('before-media').pause()")
    wait(page, "document.getElementById('after-media').paused")
    page.wait_for_timeout(400)
    assert paused(page, "before")


def test_keyboard_journey(open_page, clips):
    page = open_page(*clips)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("n")
    settled(page)
    starts = [s.start for s in sentences_of(clips[1])]
    assert now(page, "after") == pytest.approx(starts[0], abs=SEEK_S)
    page.keyboard.press("n")
    settled(page)
    assert now(page, "after") == pytest.approx(starts[1], abs=SEEK_S)
    assert page.locator("#status").inner_text() == sentences_of(clips[1])[1].text
    page.keyboard.press("p")
    settled(page)
    assert now(page, "after") == pytest.approx(starts[0], abs=SEEK_S)
    page.keyboard.press("ArrowRight")
    settled(page)
    assert now(page, "after") == pytest.approx(starts[0] + 5, abs=SEEK_S)
    page.keyboard.press("k")
    wait(page, "!document.getElementById('after-media').paused")
    page.keyboard.press("k")
    wait(page, "document.getElementById('after-media').paused")
    page.keyboard.press("?")
    assert page.locator("#keys").get_attribute("open") is not None
    page.locator("#shortcuts").uncheck()
    page.locator("#status").click()
    page.keyboard.press("k")
    page.wait_for_timeout(300)
    assert paused(page, "after")


def test_charts_and_sentences_are_one_tab_stop_each(open_page, clips):
    takes = [*(record(i, clips[0]) for i in (1, 2, 3)), record(4, clips[1])]
    page = open_page(*clips, takes=takes)
    chart = page.locator('.trend[data-measure="answer_s"]')
    assert chart.locator('[tabindex="0"]').count() == 1
    chart.locator('[tabindex="0"]').focus()
    label = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(label).startswith("Take 4")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(label).startswith("Take 3")
    page.keyboard.press("Home")
    assert page.evaluate(label).startswith("Take 1")
    assert now(page, "after") < 1
    stamps = page.locator(".tellings button.stamp")
    assert page.locator('.tellings button.stamp[tabindex="0"]').count() == 1
    stamps.first.focus()
    page.keyboard.press("ArrowDown")
    assert stamps.nth(1).evaluate("e => e === document.activeElement")
    page.keyboard.press("Enter")
    settled(page)
    side = stamps.nth(1).get_attribute("data-side")
    start = float(stamps.nth(1).get_attribute("data-t"))
    assert now(page, side) == pytest.approx(start, abs=SEEK_S)


def test_a_broken_recording_is_said(open_page, clips):
    page = open_page(*clips, media=("broken.mp4", "take japanese_take.mp4"), quiet=False)
    page.locator("#before-error").wait_for(state="visible")
    assert "can't play" in page.locator("#before-error").inner_text()


@pytest.mark.parametrize("width", [1400, 700, 360])
def test_nothing_sticks_out(open_page, clips, width):
    page = open_page(*clips, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tops = [page.locator(f"#{n}-media").bounding_box()["y"] for n in ("before", "after")]
    assert (tops[0] == tops[1]) is (width > 620)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [1400, 360])
def test_axe_finds_nothing(open_page, language, scheme, width):
    tellings = (FIRST, SECOND) if language == "en" else (FIRST_JA, SECOND_JA)
    before, after = (answer(text, language=language) for text in tellings)
    takes = [*(record(i, before, pace_wpm=100 + 9 * i) for i in (1, 2, 3)), record(4, after)]
    page = open_page(before, after, takes=takes, language=language, scheme=scheme, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == []


def test_print_shows_what_is_folded_and_no_player(open_page, clips):
    page = open_page(*clips)
    page.locator('.said[data-side="after"]').first.click()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator("video").first.is_visible()
    assert page.locator("details:is(.more, .before):not(.sources, [open])").count() == 0
    assert page.locator(".now").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.more[open]").count() == 0
