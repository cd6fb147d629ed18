"""Sharing with a mentor and taking the comments back, with real recordings and a real browser."""

import base64
import json
import re
import shutil

import av
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from analysis.storage import read_analysis
from app.mentor import comments_of
from reports.comments import share_id
from reports.export import find_browser

HOSTILE = "<img src=x onerror=alert(1)></script><b>bold</b> {{ 7*7 }} \u202etxt"


def streams(path):
    with av.open(str(path)) as container:
        return sorted(s.type for s in container.streams)


def shared(mensetsu, take, *more):
    done = mensetsu("report", take, "--for-mentor", *more)
    assert done.code == 0, done.err
    return done


def written(take, *entries, author="Aiko", **changes):
    analysis = read_analysis(take / "analysis.json")
    data = {
        "schema": 1,
        "take_id": share_id(analysis.media.sha256),
        "author": author,
        "comments": [{"time_s": at, "text": text} for at, text in entries],
        **changes,
    }
    path = take.parent / "sent.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("share", "held"),
    [
        (None, {"recording.mp4": ["audio", "video"]}),
        ("video", {"recording.mp4": ["audio", "video"]}),
        ("audio", {"recording.m4a": ["audio"]}),
        ("transcript", {}),
    ],
)
def test_a_folder_holds_what_was_chosen_and_nothing_that_identifies(mensetsu, take, share, held):
    done = shared(mensetsu, take, *(["--share", share] if share else []))
    folder = take / "for-mentor"
    assert done.out == f"{folder}\n"
    assert re.search(r"It holds .*: \d+\.\d MB\.", done.err)
    assert done.err.count("--share ") == 2
    assert {p.name for p in folder.iterdir()} == {"report.html", *held}
    for name, kinds in held.items():
        assert streams(folder / name) == kinds
    page = (folder / "report.html").read_text(encoding="utf-8")
    analysis = read_analysis(take / "analysis.json")
    assert analysis.media.sha256[:8] not in page
    assert not any(digest[:8] in page for digest in analysis.provenance.models.values())
    assert not re.search(r"clip\.mp4|clip-analysis|[>\"]clip[<\"]", page)
    assert str(take.parent) not in page
    assert "numpy" not in page
    assert ("<video" in page, "<audio" in page) == (share in (None, "video"), share == "audio")
    assert "data:" not in re.sub(r"<meta[^>]*>", "", page)


def test_one_page_holds_its_recording(mensetsu, take, tmp_path):
    for share, kinds in (("video", ["audio", "video"]), ("audio", ["audio"])):
        target = tmp_path / f"{share}.html"
        done = shared(mensetsu, take, "--single-file", "--share", share, "--output", target)
        assert done.out == f"{target}\n"
        found = re.search(r'src="data:(video|audio)/mp4;base64,([^"]+)"', target.read_text("utf-8"))
        assert found[1] == share
        (tmp_path / "held.mp4").write_bytes(base64.b64decode(found[2]))
        assert streams(tmp_path / "held.mp4") == kinds
        if share == "video":
            with av.open(str(tmp_path / "held.mp4")) as container:
                assert container.streams.video[0].height == 360


def test_nothing_is_overwritten(mensetsu, take, untouched, tmp_path):
    for number in ("", "-2", "-3"):
        done = shared(mensetsu, take, "--share", "transcript")
        assert done.out.strip() == str(take / f"for-mentor{number}")
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    for target in (full, take / "analysis.json"):
        with untouched():
            done = mensetsu("report", take, "--for-mentor", "--output", target)
        assert (done.code, done.out) == (1, "")
    empty = tmp_path / "empty"
    empty.mkdir()
    shared(mensetsu, take, "--share", "transcript", "--output", empty)
    assert [p.name for p in empty.iterdir()] == ["report.html"]


def test_another_file_of_the_same_name_is_not_sent(mensetsu, take, untouched):
    media = take.parent / "clip.mp4"
    media.write_bytes(media.read_bytes() + b"more")
    with untouched():
        done = mensetsu("report", take, "--for-mentor")
    assert done.code == 1
    assert "not the recording that was analysed" in done.err
    media.unlink()
    with untouched():
        done = mensetsu("report", take, "--for-mentor", "--share", "audio")
    assert done.code == 1
    assert "--share transcript" in done.err
    shared(mensetsu, take, "--share", "transcript")


def test_wrong_usage(mensetsu, take, untouched):
    for wrong in (["--share", "audio"], ["--single-file"], ["--for-mentor", "--format", "pdf"]):
        with untouched():
            assert mensetsu("report", take, *wrong).code == 2


def test_comments_come_into_the_report_once(mensetsu, take):
    sent = written(take, (3.0, "Good start"), (8.5, HOSTILE))
    for number in range(2):
        done = mensetsu("comments", "import", sent, take)
        assert (done.code, done.out) == (0, f"{take / 'report.html'}\n")
        assert ("nothing new" in done.err) == (number == 1)
    assert [p.name for p in take.glob("comments-*")] == ["comments-Aiko-1.json"]
    again = written(take, (3.0, "Good start"), (9.0, "One more"))
    assert mensetsu("comments", "import", again, take).code == 0
    assert [c.text for c in comments_of(take)][::2] == ["Good start", "One more"]
    assert sorted(p.name for p in take.glob("comments-*"))[-1] == "comments-Aiko-2.json"
    page = (take / "report.html").read_text(encoding="utf-8")
    assert "lane-mentor" in page
    assert "3 comments" in page
    assert "<img src=x" not in page
    assert "\u202e" not in page
    # Made again by any other way, they stay.
    (take / "report.html").unlink()
    assert mensetsu("report", take).code == 0
    assert "Good start" in (take / "report.html").read_text(encoding="utf-8")
    listed = mensetsu("comments", "list", take).out.splitlines()
    assert [line[:4] for line in listed] == ["0:03", "0:08", "0:09"]


def test_the_take_is_found_in_the_store(mensetsu, take, home):
    session = home / "sessions" / "2026-11-23-0900-a1b2"
    session.mkdir(parents=True)
    sent = written(take, (1.0, "Hello"))
    done = mensetsu("comments", "import", sent)
    assert done.code == 1
    assert "give the take" in done.err
    shutil.copytree(take, session / "01-analysis")
    shutil.copy(take.parent / "clip.mp4", session / "clip.mp4")
    done = mensetsu("comments", "import", sent)
    assert (done.code, done.out) == (0, f"{session / '01-analysis' / 'report.html'}\n")
    shutil.copytree(take, session / "02-analysis")
    assert "2 takes have this recording" in mensetsu("comments", "import", sent).err


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\xff", b"[" * 100_000, b'{"schema": 1}', b" " * 9_000_000]
)
def test_what_is_no_file_of_comments(mensetsu, take, untouched, content):
    sent = take.parent / "sent.json"
    sent.write_bytes(content)
    with untouched():
        done = mensetsu("comments", "import", sent, take)
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"mensetsu: [^\n]*sent\.json[^\n]+\n", done.err)


def test_comments_on_another_take_are_refused(mensetsu, take, untouched):
    sent = written(take, (1.0, "x"), take_id="0" * 16)
    with untouched():
        done = mensetsu("comments", "import", sent, take)
    assert done.code == 1
    assert "another recording" in done.err
    for missing in (take.parent / "none.json", take.parent):
        assert mensetsu("comments", "import", missing, take).code == 1


@pytest.mark.parametrize("author", ["../../etc", "愛子 <b>", "", "a/b\\c:d", "x" * 80])
def test_an_author_is_a_harmless_file_name(mensetsu, take, author):
    sent = written(take, (1.0, "x"), author=author)
    assert mensetsu("comments", "import", sent, take).code == 0
    (path,) = take.glob("comments-*")
    assert path.parent == take
    assert re.fullmatch(r"comments-[\w-]{1,40}-1\.json", path.name)


def test_a_broken_stored_file_is_named_and_left_out(mensetsu, take):
    (take / "comments-x-1.json").write_text("{", encoding="utf-8")
    done = mensetsu("report", take)
    assert done.code == 0
    assert done.err.count("comments-x-1.json") == 1
    assert "lane-mentor" not in (take / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser():
    program = find_browser()
    assert program, "no Chromium: run the set-up (apt-get install chromium)"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser):
    """Return a function that opens a page offline; it watches for trouble."""
    contexts, trouble = [], []

    def show(path, *, width=1400, scheme="light"):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: trouble.append(m.text))
        page.on("pageerror", lambda e: trouble.append(str(e)))
        page.goto(path.as_uri())
        return page

    yield show
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.mark.parametrize("share", ["video", "transcript"])
def test_from_the_mentors_page_to_the_candidates(mensetsu, take, open_page, tmp_path, share):
    shared(mensetsu, take, "--share", share)
    page = open_page(take / "for-mentor" / "report.html")
    assert page.locator("#mentor-save").is_disabled()
    page.locator("#mentor-author").fill("Aiko")
    # By mouse beside a sentence, by keyboard beside the next.
    page.locator("#transcript .add-comment").first.click()
    page.locator("#mentor-text").fill(HOSTILE)
    page.locator("#mentor-add").click()
    assert "Not saved yet" in page.locator("#mentor-state").inner_text()
    page.locator("#transcript .add-comment").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("Slower here\nplease")
    page.keyboard.press("Control+Enter")
    assert page.evaluate("document.activeElement.className") == "add-comment"
    # One that is given up again, and one that is changed.
    page.locator("#mentor-now").click()
    page.keyboard.type("x")
    page.keyboard.press("Escape")
    assert page.locator("#mentor-list li").count() == 2
    page.locator("#mentor-list li").nth(1).get_by_text("Edit").click()
    page.locator("#mentor-text").fill("Slower here")
    page.locator("#mentor-add").click()
    assert page.locator("#mentor-list .mentor-text").nth(1).inner_text() == "Slower here"
    assert page.locator("#mentor-list img").count() == 0
    with page.expect_download() as download:
        page.locator("#mentor-save").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    analysis = read_analysis(take / "analysis.json")
    assert saved.name == f"comments-{share_id(analysis.media.sha256)}.json"
    assert "All comments saved" in page.locator("#mentor-state").inner_text()

    done = mensetsu("comments", "import", saved, take)
    assert done.code == 0, done.err
    assert [c.text for c in comments_of(take)][1] == "Slower here"
    result = open_page(take / "report.html")
    assert result.locator(".lane-mentor .mark").count() == 2
    result.locator(".lane-mentor .mark").nth(1).click()
    at = result.evaluate("document.getElementById('media').currentTime")
    assert at == pytest.approx(comments_of(take)[1].time_s, abs=0.01)
    assert result.locator("#comments .mentor-text").nth(1).inner_text() == "Slower here"

    # Going on later, in a new window, with the same file; and again without doubles.
    later = open_page(take / "for-mentor" / "report.html")
    for new in (2, 0):
        later.locator("#mentor-open").set_input_files(saved)
        expect(later.locator("#mentor-status")).to_have_text(
            f"Comments taken from the file: {new}."
        )
        assert later.locator("#mentor-list li").count() == 2
    assert later.locator("#mentor-author").input_value() == "Aiko"
    assert "All comments saved" in later.locator("#mentor-state").inner_text()
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**json.loads(saved.read_text("utf-8")), "take_id": "x"}))
    later.locator("#mentor-open").set_input_files(other)
    expect(later.locator("#mentor-status")).to_contain_text("This is no file of comments")
    assert later.locator("#mentor-list li").count() == 2


def test_leaving_with_unsaved_comments_asks_first(mensetsu, take, open_page):
    shared(mensetsu, take, "--share", "transcript")
    page = open_page(take / "for-mentor" / "report.html")
    asked = []
    page.on("dialog", lambda d: (asked.append(d.type), d.accept()))
    page.reload()
    assert asked == []
    page.locator("#mentor-now").click()
    page.keyboard.type("x")
    page.locator("#mentor-add").click()
    page.reload()
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_box_is_accessible_and_fits(mensetsu, take, open_page, language, scheme):
    shared(mensetsu, take, "--share", "video", "--interface", language)
    page = open_page(take / "for-mentor" / "report.html", scheme=scheme, width=360)
    assert page.locator("html").get_attribute("lang") == language
    page.locator("#transcript .add-comment").nth(1).click()
    page.locator("#mentor-text").fill("word " * 200 + "x" * 300)
    page.locator("#mentor-add").click()
    page.locator(".evidence .add-comment").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page, context="#comments, #transcript, .remarks").response["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found] == []


def test_comments_with_japanese_print_to_pdf(mensetsu, take):
    assert mensetsu("comments", "import", written(take, (2.0, "良い間でした")), take).code == 0
    done = mensetsu("report", take, "--format", "pdf")
    assert done.code == 0
    assert (take / "report.pdf").read_bytes().startswith(b"%PDF")
