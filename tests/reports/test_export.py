"""Subtitles, tables and PDF."""

import csv
import io
import itertools
import re
import shutil
from dataclasses import replace

import pytest

from analysis.results import Pause, Transcript, Word
from analysis.storage import summary
from reports import export
from reports.errors import PdfFailed
from reports.export import Origin, render_csv, render_srt, render_vtt, subtitle_cues, write_pdf
from reports.html import render_answer

RENDERERS = {
    "srt": render_srt,
    "vtt": render_vtt,
    "csv": lambda analysis: render_csv([analysis]),
}


@pytest.mark.parametrize("name", sorted(RENDERERS))
def test_every_renderer_takes_every_answer(name, any_answer):
    text = RENDERERS[name](any_answer)
    assert isinstance(text, str)
    assert text == RENDERERS[name](any_answer)
    assert "nan" not in text.lower().split(",")


def test_cues_are_readable(any_answer):
    cues = subtitle_cues(any_answer)
    japanese = any_answer.transcript is not None and any_answer.transcript.language == "ja"
    hostile = any_answer.take_id == "=1+1"
    for cue in cues:
        assert 0 < cue.end - cue.start <= 7.0 + 1e-9
        if not hostile:
            assert len(cue.lines) <= 2
            assert all(len(line) <= (20 if japanese else 42) for line in cue.lines)
    for before, after in itertools.pairwise(cues):
        assert before.end <= after.start
    said = "".join("".join(c.lines) for c in cues).replace(" ", "")
    expected = any_answer.transcript.text.replace(" ", "") if any_answer.transcript else ""
    assert said == expected


def test_no_cue_spans_a_long_pause(any_answer):
    pauses = any_answer.speech.pauses if any_answer.speech else ()
    for cue in subtitle_cues(any_answer):
        for pause in pauses:
            overlap = min(cue.end, pause.end) - max(cue.start, pause.start)
            assert pause.duration_s <= 1.0 or overlap <= 0.11


def test_srt_by_the_letter(answers):
    answer = answers["silence_inside"]()
    assert render_srt(answer).startswith(
        "1\n00:00:01,400 --> 00:00:02,200\nGood morning.\n\n2\n00:00:33,"
    )
    assert render_vtt(answer).startswith(
        "WEBVTT\n\n00:00:01.400 --> 00:00:02.200\nGood morning.\n\n00:00:33."
    )


def test_word_stretched_over_a_silence(answers):
    answer = answers["silence_inside"]()
    words = (Word(0, 1, "One", 1.0), Word(1, 40, "two", 1.0), Word(40, 41, "three.", 1.0))
    answer = replace(
        answer,
        transcript=Transcript("en", 1.0, "m", words),
        speech=replace(answer.speech, pauses=(Pause(1.1, 39.5, "inside"),)),
    )
    assert [(c.start, c.end) for c in subtitle_cues(answer)] == [(0, 1), (39.5, 41)]


def test_hostile_text_in_subtitles(answers):
    answer = answers["hostile"]()
    srt, vtt = render_srt(answer), render_vtt(answer)
    cues = len(subtitle_cues(answer))
    assert len(re.findall(r"-->", srt)) == cues
    assert len(re.findall(r"-->", vtt)) == cues
    assert "<" not in vtt


def test_no_transcript_no_cues(answers):
    assert render_srt(answers["empty"]()) == ""
    assert render_vtt(answers["empty"]()) == "WEBVTT\n"


def test_csv_has_the_columns_of_the_summary(answers):
    full, empty = answers["full"](), answers["empty"]()
    origins = [Origin("2026-11-23-0900-a1b2", "2026-11-23T09:00:00Z"), Origin()]
    rows = list(csv.DictReader(io.StringIO(render_csv([full, empty], origins))))
    about = ["take_id", "session", "recorded", "question_id"]
    assert list(rows[0]) == [*about, *summary(full), "pace_unit"]
    assert rows[0]["session"] == "2026-11-23-0900-a1b2"
    assert rows[0]["recorded"] == "2026-11-23T09:00:00Z"
    assert rows[0]["question_id"] == full.question.id
    assert (rows[1]["session"], rows[1]["recorded"], rows[1]["pace_unit"]) == ("", "", "")
    assert float(rows[0]["answer_s"]) == pytest.approx(full.speech.answer_s)
    assert rows[0]["level_dbfs"] == "-24.3"
    assert rows[1]["answer_s"] == ""
    assert rows[1]["warnings"] == "The recording has no sound."
    assert render_csv([]) == ""


def test_csv_names_the_unit_of_every_number(answers):
    (row,) = csv.DictReader(io.StringIO(render_csv([answers["full"]()])))
    unit = re.compile(r"(_s|_wpm|_per_min|_count|_over_30s|_dbfs|_db|_st|_px|_ratio)$")
    counts = {"hesitation_low", "hesitation_high", "schema"}
    for name, value in row.items():
        if re.fullmatch(r"-?\d+(\.\d+)?", value):
            assert unit.search(name) or name in counts, name


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\r@x"])
def test_csv_runs_no_formula(answers, text):
    answer = replace(answers["full"](), take_id=text)
    (row,) = csv.DictReader(io.StringIO(render_csv([answer]), newline=""))
    assert row["take_id"] == f"'{text}"


def test_pdf_is_printed(answers, targets, tmp_path):
    page = tmp_path / "レポート 1 #%.html"
    source = render_answer(answers["full"](), media_href=None, targets=targets)
    page.write_text(source, encoding="utf-8")
    pdf = write_pdf(page, tmp_path / "new folder" / "レポート.pdf")
    assert pdf.read_bytes().startswith(b"%PDF")
    assert [p.name for p in pdf.parent.iterdir()] == ["レポート.pdf"]


def test_pdf_without_a_browser(monkeypatch, tmp_path):
    monkeypatch.setattr(export.shutil, "which", lambda _: None)
    monkeypatch.setattr(export, "BROWSER_PATHS", ())
    with pytest.raises(PdfFailed, match="Save as PDF"):
        write_pdf(tmp_path / "r.html", tmp_path / "r.pdf")


@pytest.mark.parametrize("program", ["false", "true", "/no/such/browser"])
def test_pdf_that_fails_leaves_the_old_one(program, tmp_path):
    old = tmp_path / "r.pdf"
    old.write_bytes(b"old")
    with pytest.raises(PdfFailed, match=r"r\.html"):
        write_pdf(tmp_path / "r.html", old, browser=shutil.which(program) or program)
    assert old.read_bytes() == b"old"
