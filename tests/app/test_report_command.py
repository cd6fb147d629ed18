"""``mensetsu report``: every format again from results, and what it must never overwrite."""

import csv
import io
import json
import re
import shutil

import pytest

from reports import export
from reports.html import media_link


def link_of(page):
    return re.search(r'<(?:video|audio) [^>]*src="([^"]*)"', page.read_text(encoding="utf-8"))[1]


@pytest.mark.parametrize("source", ["", "analysis.json"])
def test_the_page_again_from_a_take_or_its_analysis(mensetsu, take, source):
    page = take / "report.html"
    before = page.read_text(encoding="utf-8")
    page.unlink()
    done = mensetsu("report", take / source)
    assert (done.code, done.out, done.err) == (0, f"{page}\n", "")
    assert page.read_text(encoding="utf-8") == before


def test_text_formats_are_printed(mensetsu, take):
    flat = json.loads((take / "summary.json").read_text(encoding="utf-8"))
    (row,) = csv.DictReader(io.StringIO(mensetsu("report", take, "--format", "csv").out))
    assert row["take_id"] == "clip"
    assert float(row["speech_rate_wpm"]) == flat["speech_rate_wpm"]
    data = json.loads(mensetsu("report", take, "--format", "json").out)
    assert data == json.loads((take / "analysis.json").read_text(encoding="utf-8"))
    subtitles = (take / "transcript.srt").read_text(encoding="utf-8")
    assert mensetsu("report", take, "--format", "srt").out == subtitles
    assert mensetsu("report", take, "--format", "vtt").out.startswith("WEBVTT\n")


@pytest.mark.parametrize("form", ["html", "json", "csv", "srt", "vtt"])
def test_a_file_can_be_written_again(mensetsu, take, tmp_path, form):
    target = tmp_path / f"mine.{form}"
    for _ in range(2):
        done = mensetsu("report", take, "--format", form, "--output", target)
        assert (done.code, done.out, done.err) == (0, f"{target}\n", "")
        assert target.stat().st_size > 100
    assert sorted(p.name for p in tmp_path.iterdir()) == ["analysed", f"mine.{form}"]


def test_a_page_elsewhere_still_finds_the_recording(mensetsu, take, tmp_path):
    page = tmp_path / "a #folder 100%" / "私の.html"
    page.parent.mkdir()
    assert mensetsu("report", take, "--output", page).code == 0
    assert link_of(page) == "../analysed/clip.mp4"
    assert link_of(page) == media_link(take.parent / "clip.mp4", page)


def test_a_lost_recording_gives_a_page_without_player(mensetsu, take):
    (take.parent / "clip.mp4").unlink()
    assert mensetsu("report", take).code == 0
    assert "<video" not in (take / "report.html").read_text(encoding="utf-8")


def test_a_moved_take_still_finds_its_recording(mensetsu, take, tmp_path):
    shutil.move(take.parent, tmp_path / "moved")
    page = tmp_path / "moved" / "clip-analysis" / "report.html"
    assert mensetsu("report", page.parent).code == 0
    assert link_of(page) == "../clip.mp4"


@pytest.mark.parametrize("form", ["html", "json", "csv", "srt", "vtt", "pdf"])
def test_nothing_else_is_overwritten(mensetsu, take, untouched, form):
    for target in (take.parent / "clip.mp4", take.parent):
        with untouched():
            done = mensetsu("report", take, "--format", form, "--output", target)
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(r"mensetsu: [^\n]+\n", done.err)


def test_json_of_something_else_is_not_overwritten(mensetsu, take, untouched, tmp_path):
    (tmp_path / "session.json").write_text('{"schema": 1, "takes": []}', encoding="utf-8")
    other = json.loads((take / "analysis.json").read_text(encoding="utf-8"))
    other["media"]["sha256"] = "0" * 64
    (tmp_path / "other.json").write_text(json.dumps(other), encoding="utf-8")
    for name in ("session.json", "other.json"):
        with untouched():
            done = mensetsu("report", take, "--format", "json", "--output", tmp_path / name)
        assert done.code == 1
        assert "not overwritten" in done.err


def test_a_folder_that_is_not_there(mensetsu, take, untouched, tmp_path):
    for form in ("html", "json", "pdf"):
        with untouched():
            done = mensetsu("report", take, "--format", form, "--output", tmp_path / "no" / "x")
        assert done.code == 1
        assert re.fullmatch(r"mensetsu: [^\n]+can't be written[^\n]+\n", done.err)


def test_what_holds_no_results(mensetsu, tmp_path, untouched):
    for source in (tmp_path, tmp_path / "nothing"):
        with untouched():
            done = mensetsu("report", source)
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(r"mensetsu: [^\n]+\n", done.err)


BROKEN = {
    "empty": "",
    "half": '{"schema": 1, "take_id": "x", "media": {"na',
    "foreign": '{"packages": [], "version": 3}',
    "list": "[]",
    "newer": '{"schema": 99, "take_id": "x"}',
    "fields missing": '{"schema": 1, "take_id": "x"}',
    "wrong kinds": '{"schema": "one", "take_id": 7}',
    "deep": '{"schema": 1, "take_id": "x", "media": ' + "[" * 100_000,
    "binary": "\x00\x01",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_foreign_or_newer_analysis(mensetsu, tmp_path, untouched, kind):
    (tmp_path / "analysis.json").write_text(BROKEN[kind], encoding="utf-8")
    for command in ("report", "analyse"):
        with untouched():
            done = mensetsu(command, tmp_path)
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(r"mensetsu: [^\n]+\n", done.err)
        assert "unexpected problem" not in done.err
        if kind == "newer":
            assert "update mensetsu" in done.err


def test_not_even_text(mensetsu, tmp_path, untouched):
    (tmp_path / "analysis.json").write_bytes(b"\xff\xfe\xff" * 40)
    with untouched():
        done = mensetsu("report", tmp_path)
    assert done.code == 1
    assert re.fullmatch(r"mensetsu: [^\n]+can't be read[^\n]+\n", done.err)


def test_pdf(mensetsu, take, tmp_path):
    done = mensetsu("report", take, "--format", "pdf", "--output", tmp_path / "mine.pdf")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "mine.pdf").read_bytes().startswith(b"%PDF")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["analysed", "mine.pdf"]


def test_pdf_without_a_browser(mensetsu, take, untouched, monkeypatch):
    monkeypatch.setattr(export, "find_browser", lambda: None)
    with untouched():
        done = mensetsu("report", take, "--format", "pdf")
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"mensetsu: no Chromium, Chrome or Edge [^\n]+Save as PDF\n", done.err)
