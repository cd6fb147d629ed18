"""The page in a real browser, opened by file:// and offline, beside a real recording.

These tests fail where there is no Chromium: the set-up installs it.
"""

import shutil
from dataclasses import replace

import av
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from analysis.results import Anchor, Drop, GazePlace, Look, Passage
from analysis.timeline import Segment
from reports.html import media_link, render_answer
from reports.language import speaking

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SEEK_S = 0.001
"""A player may round the time it is sent to."""
VIDEO_S = 12
SPOKEN = "Good morning. |1.2 My name, |0.7 like,~ is Sato. |1.6 I write software and I test it."

CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => {
    v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.closest("svg, script, style") || !e.getClientRects().length) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push([ratio.toFixed(2), e.className, e.textContent.slice(0, 30)]);
  }
  return [document.querySelectorAll("body *").length, found];
}"""


@pytest.fixture(scope="module")
def browser():
    program = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    assert program, "no Chromium: run the set-up (apt-get install chromium)"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of a hard name, with a small H.264/AAC recording and a file that is none."""
    path = tmp_path_factory.mktemp("takes") / "私の 回答 #1 100%?"
    path.mkdir()
    write_recording(path / "take 回答.mp4", picture=True)
    write_recording(path / "take 回答.m4a", picture=False)
    (path / "broken.mp4").write_bytes(b"this is no recording" * 50)
    return path


def write_recording(path, *, picture):
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out:
        sound = out.add_stream("aac", rate=48000, layout="mono")
        if picture:
            video = out.add_stream("libx264", rate=10)
            video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
            for index in range(VIDEO_S * 10):
                pixels = np.full((90, 160, 3), index * 2 % 255, dtype=np.uint8)
                out.mux(video.encode(av.VideoFrame.from_ndarray(pixels)))
            out.mux(video.encode(None))
        samples = np.zeros((1, 1024), dtype=np.float32)
        for index in range(VIDEO_S * 48000 // 1024):
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 48000, index * 1024
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))


@pytest.fixture
def spoken(answers):
    """A short answer that fits the recording."""
    return answers["full"](SPOKEN)


@pytest.fixture
def open_page(browser, folder, targets):
    """Return a function that opens the report of an answer; it watches for trouble."""
    contexts, trouble = [], []

    def show(answer, media="take 回答.mp4", *, width=1400, scheme="light", quiet=True):
        path = folder / "レポート #1.html"
        href = media_link(folder / media, path) if media else None
        source = render_answer(answer, media_href=href, targets=targets)
        path.write_text(source, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        if quiet:
            page.on("console", lambda m: trouble.append(m.text))
            page.on("pageerror", lambda e: trouble.append(str(e)))
        page.on("request", lambda r: None if r.url.startswith("file://") else trouble.append(r.url))
        page.goto(path.as_uri())
        if media and quiet:
            page.wait_for_function("document.getElementById('media').readyState >= 2")
        return page

    yield show
    for context in contexts:
        context.close()
    assert trouble == []


def now(page):
    return page.evaluate("document.getElementById('media').currentTime")


def focused(page):
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def test_click_on_any_word_seeks(open_page, spoken):
    page = open_page(spoken)
    words = page.locator("#transcript .w")
    assert words.count() == len(spoken.transcript.words)
    for index in (0, 3, 7, words.count() - 1):
        words.nth(index).click()
        assert now(page) == pytest.approx(spoken.transcript.words[index].start, abs=SEEK_S)
        assert page.locator(".now").inner_text() == spoken.transcript.words[index].text


def test_click_on_a_mark_a_chip_and_a_quote_seeks(open_page, spoken):
    page = open_page(spoken)
    page.locator(".lane-pauses .mark").nth(1).click()
    pause = spoken.speech.pauses_inside[0]
    assert now(page) == pytest.approx(pause.start, abs=SEEK_S)
    page.locator("#transcript .chip.filler").first.click()
    assert now(page) == pytest.approx(spoken.hesitations[0].start, abs=SEEK_S)
    page.locator(".evidence button").first.click()
    assert now(page) > 1


def test_click_on_an_empty_lane_seeks(open_page, spoken):
    page = open_page(spoken)
    track = page.locator(".lane-pace .track, .lane-fillers .track").last
    box = track.bounding_box()
    track.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    assert now(page) == pytest.approx(spoken.media.duration_s / 2, abs=0.05)


def test_places_of_the_delivery_seek_by_mouse_and_keyboard(open_page, spoken):
    passage = Passage(2.0, 5.0, 171.0)
    delivery = replace(spoken.delivery, fastest=passage, drops=(Drop(6.1, 6.8, 12.0),))
    page = open_page(replace(spoken, delivery=delivery))
    page.locator(".delivery button", has_text="0:02–0:05").click()
    assert now(page) == pytest.approx(2.0, abs=SEEK_S)
    page.locator(".lane-voice a.soft").click()
    assert now(page) == pytest.approx(6.1, abs=SEEK_S)
    page.locator(".lane-pace a.fast").focus()
    page.keyboard.press("Enter")
    assert now(page) == pytest.approx(2.0, abs=SEEK_S)


def test_clock_of_the_player_may_start_before_the_sound(open_page, spoken):
    page = open_page(replace(spoken, media=replace(spoken.media, av_offset_s=-0.5)))
    page.locator("#transcript .w").nth(3).click()
    assert now(page) == pytest.approx(spoken.transcript.words[3].start + 0.5, abs=SEEK_S)
    assert page.locator(".now").inner_text() == spoken.transcript.words[3].text


def test_lane_is_one_tab_stop_with_arrow_keys(open_page, spoken):
    page = open_page(spoken)
    lane = page.locator(".lane-pauses")
    assert lane.locator(".mark[tabindex='0']").count() == 1
    lane.locator(".mark").first.focus()
    page.keyboard.press("ArrowRight")
    assert focused(page).startswith("Pause, 1.2 s at 0:0")
    page.keyboard.press("Enter")
    assert now(page) == pytest.approx(spoken.speech.pauses[1].start, abs=SEEK_S)
    page.keyboard.press("End")
    page.keyboard.press(" ")
    assert now(page) == pytest.approx(spoken.speech.pauses[-1].start, abs=SEEK_S)
    assert page.evaluate("document.getElementById('media').paused")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.lane').className") == "lane lane-fillers"


def test_looks_and_places_by_keyboard_and_mouse(open_page, spoken):
    looks = (
        Look(1.0, 2.1, "down", -14.0, -24.0, 0),
        Look(4.0, 5.0, "down", -14.0, -24.0, 0),
        Look(7.0, 8.4, "left", 12.0, 1.0),
    )
    moments = tuple(Segment(look.start, look.end) for look in looks)
    gaze = replace(
        spoken.gaze,
        looks=looks,
        away=moments,
        places=(GazePlace("notes", "down", -14.0, -24.0, moments[:2]),),
        unseen=(Segment(5.4, 6.6),),
        anchors=(Anchor(3.0, 2.0, -4.0),),
    )
    page = open_page(replace(spoken, gaze=gaze))
    page.locator(".lane-away .mark").first.focus()
    spoken_labels = [focused(page)]
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        spoken_labels.append(focused(page))
    assert spoken_labels == [
        "Notes, down, 1.1 s at 0:01",
        "You moved: measured anew from here, 0:03",
        "Notes, down, 1.0 s at 0:04",
        "Not measurable, 1.2 s at 0:05",
        "Looking away, to your left, 1.4 s at 0:07",
    ]
    page.keyboard.press("Enter")
    assert now(page) == pytest.approx(7.0, abs=SEEK_S)
    page.locator(".lane-away .anchor .hit").click()
    assert now(page) == pytest.approx(3.0, abs=SEEK_S)
    page.get_by_role("button", name="Go to 0:04, Notes, 1.0 s").click()
    assert now(page) == pytest.approx(4.0, abs=SEEK_S)


def test_transcript_by_keyboard(open_page, spoken):
    page = open_page(spoken)
    page.locator("#transcript .stamp").first.focus()
    page.keyboard.press("ArrowDown")
    assert focused(page).startswith("Go to 0:0")
    page.keyboard.press("Enter")
    assert now(page) == pytest.approx(spoken.transcript.words[2].start, abs=SEEK_S)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert now(page) > spoken.transcript.words[2].start
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert now(page) == pytest.approx(spoken.transcript.words[0].start, abs=SEEK_S)


def test_shortcuts_and_their_switch(open_page, spoken):
    page = open_page(spoken)
    page.keyboard.press("ArrowRight")
    assert now(page) == pytest.approx(5, abs=SEEK_S)
    page.keyboard.press("ArrowLeft")
    assert now(page) == 0
    page.keyboard.press("n")
    times = page.locator(".lane:not(.lane-speech) .mark").evaluate_all(
        "marks => marks.map(m => +m.dataset.t).sort((a, b) => a - b)"
    )
    ahead = next(t for t in times if t > 0.05)
    assert now(page) == pytest.approx(ahead, abs=SEEK_S)
    assert page.locator("#status").inner_text()
    page.keyboard.press("Space")
    page.wait_for_function("!document.getElementById('media').paused")
    page.keyboard.press("k")
    page.wait_for_function("document.getElementById('media').paused")
    page.keyboard.press("?")
    page.locator("#shortcuts").uncheck()
    before = now(page)
    page.keyboard.press("n")
    page.locator("h1").click()
    page.keyboard.press("n")
    assert now(page) == before


def test_shortcuts_leave_the_browser_its_keys(open_page, spoken):
    page = open_page(spoken)
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Alt+n")
    assert now(page) == 0


def test_word_is_highlighted_while_playing(open_page, spoken):
    page = open_page(spoken)
    page.locator("#transcript .w").nth(1).click()
    page.keyboard.press("k")
    first = spoken.transcript.words[1].text
    page.wait_for_function(
        "first => { const now = document.querySelector('.now');"
        " return now && now.textContent !== first; }",
        arg=first,
    )


def test_sound_only(open_page, spoken):
    answer = replace(
        spoken,
        gaze=None,
        posture=None,
        media=replace(spoken.media, name="take 回答.m4a", video_codec=None, frame_size_px=None),
    )
    page = open_page(answer, media="take 回答.m4a")
    page.locator("#transcript .w").nth(3).click()
    assert now(page) == pytest.approx(spoken.transcript.words[3].start, abs=SEEK_S)


def test_without_a_recording_the_page_still_reads(open_page, answers):
    page = open_page(answers["full"](), media=None)
    assert "Let me explain how that happened" in page.locator("#transcript").inner_text()
    page.locator(".lane-pauses .mark").first.focus()
    page.keyboard.press("ArrowRight")
    assert focused(page).startswith("Pause, 1.3 s")


@pytest.mark.parametrize("media", ["broken.mp4", "gone.mp4"])
def test_format_that_does_not_play_is_told(open_page, spoken, media):
    answer = replace(spoken, media=replace(spoken.media, video_codec="hevc", name=media))
    page = open_page(answer, media=media, quiet=False)
    page.locator("#media-error").wait_for(state="visible")
    assert "can't play this format (hevc and aac)" in page.locator("#media-error").inner_text()
    page.locator("#transcript .w").nth(2).click()


@pytest.mark.parametrize(
    "name", ["full", "sight", "gaze_withheld", "japanese", "hostile", "empty", "noisy", "no_speech"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_readable_and_nothing_sticks_out(open_page, answers, name, scheme):
    page = open_page(answers[name](), width=360, scheme=scheme)
    checked, weak = page.evaluate(CONTRAST)
    assert checked > 100
    assert weak == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1400


def test_light_and_dark_differ(open_page, spoken):
    grounds = {
        open_page(spoken, scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert len(grounds) == 2


def test_hostile_text_runs_nothing(open_page, answers, hostile_text):
    page = open_page(answers["hostile"]())
    assert page.title() == f"{' '.join(hostile_text.split())} – answer report"
    assert page.locator("img").count() == 0
    assert page.locator("h1").inner_text() == hostile_text


def test_policy_lets_nothing_else_run(open_page, spoken):
    page = open_page(spoken, quiet=False)
    ran = page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
          return window.ran === true;
        }"""
    )
    assert not ran
    assert page.evaluate("fetch('https://example.org/').then(() => true, () => false)") is False


def test_print_has_no_player_and_no_highlight(open_page, spoken):
    page = open_page(spoken, scheme="dark")
    page.locator("#transcript .w").nth(2).click()
    assert page.locator(".now").count() == 1
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for late in ("seeked", "timeupdate"):
        page.evaluate(f"document.querySelector('video').dispatchEvent(new Event('{late}'))")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator(".now").count() == 0
    assert not page.locator(".player").is_visible()
    for part in (".tiles", ".timeline", "#transcript", ".remarks"):
        assert page.locator(part).is_visible()
    body = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert body == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]


@pytest.mark.parametrize("name", ["sight", "japanese", "noisy", "empty"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 360])
def test_in_japanese_it_is_accessible_and_nothing_sticks_out(
    open_page, answers, name, scheme, width
):
    with speaking("ja"):
        page = open_page(answers[name](), width=width, scheme=scheme)
    assert page.locator("html").get_attribute("lang") == "ja"
    for closed in page.locator("details").all():
        closed.evaluate("e => { e.open = true; }")
    assert [v["id"] for v in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_script_speaks_japanese_too(open_page, spoken):
    with speaking("ja"):
        page = open_page(spoken)
    for _ in range(40):
        page.keyboard.press("n")
    assert page.locator("#status").inner_text() == "これ以上、印はありません"
