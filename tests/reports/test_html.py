"""The page as text: complete, honest about what is missing, safe against hostile text."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote

import pytest

from analysis.storage import from_json, to_json
from reports import html as html_module
from reports import page as page_module
from reports import sight_accuracy
from reports.html import media_link, render_answer
from reports.marks import Lane, Scale
from reports.page import script_json

FORBIDDEN = (
    "cv2",
    "mediapipe",
    "faster_whisper",
    "ctranslate2",
    "sounddevice",
    "av",
    "parselmouth",
)


class Page(HTMLParser):
    """Collects elements, visible text and scripts."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.elements, self.text, self.scripts, self._inside = [], [], [], ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._inside = tag

    def handle_endtag(self, tag):
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts.append(data)
        elif not self._inside:
            self.text.append(data)

    @property
    def said(self):
        return " ".join(" ".join(self.text).split())

    def count(self, tag):
        return sum(t == tag for t, _ in self.elements)


@pytest.fixture
def page(targets):
    def render(analysis, media_href="take.mp4", **options):
        return Page(render_answer(analysis, media_href=media_href, targets=targets, **options))

    return render


def test_page_is_self_contained_and_small(any_answer, targets):
    source = render_answer(any_answer, media_href="take.mp4", targets=targets)
    assert len(source.encode()) < 150_000
    for tag, attributes in Page(source).elements:
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            value = attributes.get(name) or ""
            assert not re.match(r"(https?:)?//", value), (tag, value)
        assert tag not in ("img", "iframe", "object", "embed", "base", "form")


def test_three_minutes_stay_small(answers, targets):
    sentence = "We moved |1.2 the service, um, |0.5 like,~ without losing an invoice. |2 "
    answer = answers["full"](sentence * 25)
    source = render_answer(answer, media_href="take.mp4", targets=targets)
    assert answer.media.duration_s > 150
    assert len(source.encode()) < 150_000


def test_page_is_the_same_for_the_stored_analysis(any_answer, targets):
    again = from_json(to_json(any_answer))
    pages = [render_answer(a, media_href=None, targets=targets) for a in (any_answer, again)]
    # Tracks are stored with fewer decimals; the page shows none of them.
    assert pages[0] == pages[1]


def test_everything_is_shown(answers, page):
    shown = page(answers["full"](), created="2026-11-23T09:00:00+00:00").said
    for text in (
        "Tell me about a difficult project",
        "困難だったプロジェクト",
        "2026-11-23 09:00 UTC",
        "English",
        "1:51",
        "2:00–3:00 for this question",
        "over 30 s",
        "156 words/min",
        "111 with all pauses, 189 with none",
        "4 (3–6) hesitations, 3 filler words",
        "4 counted, and in 90% of such answers the true number lies within the range",
        "Possible, not counted: 0:",
        "fastest, 182: too fast",
        "2 of 9 fade away",
        "Flat for 9.7 s, 14% of the talk",
        "1 repetition and 1 restart",
        "mostly",
        "slouching",
        "A silence of 32 s inside the answer",
        "Drill: Three bridge sentences",
        "⟨2.4 s⟩",
        "Silence of 32 s – over the limit of 30 s",
        "Two hesitations lie inside a word",
        "±8° sideways",
        "averted eyes have many causes",
        "faster-whisper 1.2.1",
    ):
        assert text in shown


def test_an_older_analysis_still_renders(answers, page):
    shown = page(answers["older"]()).said
    assert "4–6 hesitations, 3 filler words" in shown
    assert "Within 110–160 for" in shown
    for later in ("Melody", "Repeated words", "Ends of sentences", "Voice nothing"):
        assert later not in shown.replace("Melody 6.4 semitones", "")


@pytest.mark.parametrize("phrase", ["averted eyes", "is polite"])
def test_averted_eyes_are_explained_once_and_only_where_gaze_is_shown(answers, page, phrase):
    for name in ("full", "sight", "older"):
        assert page(answers[name]()).said.count(phrase) == 1
    for name in ("sound_only", "gaze_withheld", "withheld", "empty"):
        assert phrase not in page(answers[name]()).said


def test_other_parts_of_the_program_add_to_the_page(answers, page):
    lane = Lane("other", "Other <lane>", "1", (Scale(113).mark(3.0, 4.0, "comment", "A <mark>"),))
    shown = page(
        answers["full"](),
        extra_lanes=[lane],
        data={"other": {"a": "</script>"}},
        styles=["answer.css"],
        scripts=["answer.js"],
    )
    assert "Other <lane>" in shown.said
    assert ("title", {}) in shown.elements
    assert any(a.get("aria-label") == "A <mark>" for _, a in shown.elements)
    assert json.loads(shown.scripts[0])["other"] == {"a": "</script>"}
    assert shown.scripts[1].count('getElementById("data")') == 2


def test_a_page_to_send_may_leave_out_which_file_it_was(answers, page):
    answer = answers["full"]()
    media = replace(answer.media, name="", sha256="")
    shown = page(replace(answer, media=media, question=None), media_href=None)
    assert "Answer – answer report" in shown.said
    assert "sha256 9f2c" not in shown.said
    assert all(a.get("data-t") for _, a in shown.elements if a.get("class") == "stamp")


def test_eyes_and_body_are_shown(answers, page):
    shown = page(answers["sight"]())
    for text in (
        "half to mostly",
        "about 55–75% of the time",
        "13 looks away, 34 s; 6.0 s not measurable",
        "As if reading from notes: 5 looks at one place, 9.0 s in all",
        "Drill: Five keywords at the lens",
        "5 looks at one place about 25° down and about 15° to your right",
        "From here on the gaze is measured against how you sat after the move",
        "at one place again, where notes lie",
        "you moved: measured anew from here",
        "which way, your own left and right",
    ):
        assert text in shown.said
    labels = [a.get("aria-label") for _, a in shown.elements]
    assert "Notes, down, 2.1 s at 0:44" in labels
    assert "You moved: measured anew from here, 1:00" in labels
    assert "Facing the camera: 13 looks away, 34 s; 6.0 s not measurable" in labels


def test_withheld_gaze_is_greyed_with_its_reason(answers, page):
    shown = page(answers["gaze_withheld"]())
    assert "Facing the camera: not measured, the head was turned away" in [
        a.get("aria-label") for _, a in shown.elements
    ]
    assert sum(a.get("class") == "unmeasured" for _, a in shown.elements) == 2
    # The row and the limits.
    assert shown.said.count("The head was turned away in 59% of the picture.") == 2
    assert not re.search(r"\b0% of the (judged )?time", shown.said)


def test_accuracy_is_told_only_where_it_was_measured(answers, page, monkeypatch):
    monkeypatch.setattr(sight_accuracy, "_bundled", dict)
    assert "How sure is this?" not in page(answers["sight"]()).said
    tables = {"lens_counted": {"value": 0.97, "count": 7, "unit": "ratio", "on": "<b>seven</b>"}}
    monkeypatch.setattr(sight_accuracy, "_bundled", lambda: tables)
    shown = page(answers["sight"]())
    assert "How sure is this?" in shown.said
    assert "<b>seven</b>; 7 measured" in shown.said


def test_what_is_missing_has_a_reason(answers, page):
    shown = page(answers["empty"](), media_href=None).said
    assert shown.count("not measured") >= 6
    assert "the recording has no sound" in shown
    assert "the recording has no picture" in shown
    assert "Too little could be measured" in shown
    assert "nan" not in shown.lower().split()


def test_no_nan_or_none_reaches_the_page(any_answer, page):
    shown = page(any_answer, media_href=None).said
    assert not re.search(r"\b(nan|None|inf)\b", shown)


def test_in_range_page_says_so(answers, page):
    shown = page(answers["all_fine"]()).said
    assert "Nothing measured stood out" in shown
    assert "In range: duration, longest silence, pace, fillers and posture." in shown


def test_noisy_recording_is_greyed(answers, page):
    shown = page(answers["noisy"]())
    assert shown.said.count("low trust") == 5
    assert "In range" not in shown.said
    assert sum("doubtful" in (a.get("class") or "") for _, a in shown.elements) == 4


def test_hostile_text_stays_text(answers, page, hostile_text):
    shown = page(answers["hostile"]())
    assert shown.count("img") == 0
    assert shown.count("script") == 2
    assert " ".join(hostile_text.split()) in shown.said
    assert "49" not in re.findall(r"\{\{ .*? \}\}|\b49\b", shown.said)


def test_json_in_the_page_can_not_end_its_element():
    text = script_json({"a": "</script><!--\u2028&"})
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == {"a": "</script><!--\u2028&"}


def test_words_of_the_page_match_its_data(any_answer, page):
    shown = page(any_answer)
    data = json.loads(shown.scripts[0])
    words = [a for _, a in shown.elements if (a.get("class") or "").split()[:1] == ["w"]]
    said = any_answer.transcript.words if any_answer.transcript else ()
    assert len(words) == len(data["words"]) == len(said)
    assert [w[0] for w in data["words"]] == sorted(w[0] for w in data["words"])


def test_japanese_text_is_marked_as_such(answers, targets):
    source = render_answer(answers["japanese"](), media_href="take.mp4", targets=targets)
    shown = Page(source)
    languages = {(tag, a["lang"]) for tag, a in shown.elements if "lang" in a}
    assert {("h1", "ja"), ("span", "ja"), ("q", "ja"), ("html", "en")} <= languages
    # No spaces between Japanese words.
    assert '<span class="w">利用者に</span><span class="w">近い</span>' in source
    assert "characters/min" in shown.said


def test_player_fits_the_recording(answers, page):
    assert page(answers["full"]()).count("video") == 1
    assert page(answers["sound_only"]()).count("audio") == 1
    alone = page(answers["full"](), media_href=None)
    assert alone.count("video") + alone.count("audio") + alone.count("button") == 0
    assert "Slouching" in str([a.get("aria-label") for _, a in alone.elements])


def test_player_clock_may_start_before_the_sound(answers, page):
    answer = answers["full"]()
    answer = replace(answer, media=replace(answer.media, av_offset_s=-0.25))
    assert json.loads(page(answer).scripts[0])["player_zero_s"] == -0.25


@pytest.mark.parametrize(
    "name", ["take.mp4", "私の 回答.mp4", "50% #1?.mp4", "a&b'\"<c>.mp4", "C:take.mp4"]
)
def test_media_link_survives_any_name(name, tmp_path):
    link = media_link(tmp_path / "media" / name, tmp_path / "out" / "report.html")
    assert link.startswith("../media/")
    assert not set(link) & set(" #?%\"'<>&:") - {"%"}
    assert unquote(link) == f"../media/{name}"
    assert media_link(tmp_path / name, tmp_path / "r.html") == link.removeprefix("../media/")


def test_media_link_on_another_drive_is_a_file_address(monkeypatch, tmp_path):
    def refuse(*_):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(page_module.os.path, "relpath", refuse)
    assert media_link(tmp_path / "a b.mp4", tmp_path / "r.html").startswith("file:///")
    assert PureWindowsPath("D:/a b.mp4").as_uri() == "file:///D:/a%20b.mp4"


def test_file_name_that_is_no_unicode_does_not_break_the_page(answers, targets):
    answer = answers["full"]()
    answer = replace(answer, media=replace(answer.media, name="take\udcff.mp4"), question=None)
    source = render_answer(answer, media_href="take%FF.mp4", targets=targets)
    assert "take?.mp4" in source
    source.encode("utf-8")


def test_reports_need_no_media_library():
    code = (
        "import sys, reports.html, reports.export, reports.feedback, reports.targets;"
        f"found = [m for m in {FORBIDDEN!r} if m in sys.modules];"
        "found += [m for m in sys.modules if m.startswith('recorder.')"
        " and m not in ('recorder.session', 'recorder.errors')];"
        "sys.exit(f'imported: {found}' if found else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(html_module.__file__).parent.parent,
    )
    assert done.returncode == 0, done.stderr
