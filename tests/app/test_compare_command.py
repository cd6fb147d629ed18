"""`compare` as it is typed: pages, JSON, wrong usage, takes that are missing or broken."""

import json
import shutil
from dataclasses import replace

import pytest

from analysis.results import Transcript, Word
from app.session_report import write_session_page
from tests.app.practised import days, made, put, session

HTML = "<script>alert(1)</script>"


@pytest.fixture
def store(home):
    """The folder of the sessions."""
    return home / "sessions"


@pytest.fixture
def three(store):
    """Three takes of one question on three days: 12, 11, and 2 hesitations."""
    return [
        session(store, f"2026-11-0{n}-1000-aaa{'abc'[n - 1]}", days(n - 9), [made(count)])
        for n, count in ((1, 12), (2, 11), (3, 2))
    ]


def names(*folders):
    return [f"{folder.name}/01" for folder in folders]


def test_all_takes_of_a_question(mensetsu, three):
    done = mensetsu("compare", "--question", "self-introduction")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == f"{three[1].name}/01 → {three[2].name}/01"
    assert lines[1].startswith("Better: ")
    page = three[2] / "01-self-introduction-analysis" / "comparison.html"
    assert lines[-1] == str(page)
    html = page.read_text(encoding="utf-8")
    for folder in three:
        assert f"{folder.name}/01" in html


def test_json_is_one_document_and_makes_no_page(mensetsu, three):
    done = mensetsu("compare", *names(three[2], three[0]), "--json")
    assert (done.code, done.err) == (0, "")
    data = json.loads(done.out)
    assert [take["name"] for take in data["takes"]] == names(three[0], three[2])
    deltas = {delta["metric"]: delta for delta in data["deltas"]}
    assert deltas["hesitation_count"]["verdict"] == "better"
    assert (deltas["hesitation_count"]["before"], deltas["hesitation_count"]["after"]) == (12, 2)
    assert {delta["verdict"] for delta in data["deltas"]} <= {
        *("better", "worse", "same", "not comparable")
    }
    assert all(d["reason"] for d in data["deltas"] if d["verdict"] == "not comparable")
    assert not list(three[2].glob("**/comparison.html"))


def test_json_with_an_output_makes_the_page_too(mensetsu, three, tmp_path):
    page = tmp_path / "比較 1.html"
    done = mensetsu("compare", *names(*three[:2]), "--json", "--output", page)
    assert done.code == 0
    json.loads(done.out)
    assert page.is_file()
    assert str(page) in done.err


def test_the_same_take_analysed_twice_is_about_the_same(mensetsu, store, tmp_path):
    media = tmp_path / "answer 面接.mkv"
    media.write_bytes(b"one")
    again = tmp_path / "again.mkv"
    again.write_bytes(b"two")
    folders = [put(made(5), media, "a"), put(made(5), again, "b")]
    done = mensetsu("compare", *folders, "--json")
    data = json.loads(done.out)
    assert {d["verdict"] for d in data["deltas"]} <= {"same", "not comparable"}
    assert sum(d["verdict"] == "same" for d in data["deltas"]) > 8
    # As given: nothing tells when recordings from elsewhere were made.
    assert [take["name"] for take in data["takes"]] == [str(folder) for folder in folders]


def test_a_page_in_japanese(mensetsu, three):
    done = mensetsu("compare", "--question", "self-introduction", "--interface", "ja")
    assert done.code == 0
    html = (three[2] / "01-self-introduction-analysis" / "comparison.html").read_text("utf-8")
    assert '<html lang="ja">' in html
    assert "良くなった項目" in html
    assert done.out.splitlines()[1].startswith("Better: ")
    # Remembered.
    assert mensetsu("compare", *names(*three[:2])).code == 0
    html = (three[1] / "01-self-introduction-analysis" / "comparison.html").read_text("utf-8")
    assert '<html lang="ja">' in html


@pytest.mark.parametrize("arguments", [(), ("x", "--question", "strengths")])
def test_wrong_usage(mensetsu, three, arguments):
    done = mensetsu("compare", *arguments)
    assert done.code == 2
    assert "either two takes or more, or --question" in done.err


def test_what_can_not_be_compared_is_told_in_a_line(mensetsu, three, store, tmp_path):
    one = names(three[0])[0]
    session(store, "2026-11-04-1000-aaad", days(-3), [made(3)], analysed=False)
    cases = {
        (one,): "give two or more",
        (one, one): "given twice",
        (one, "nothing"): "no take 'nothing'",
        (one, f"{three[0].name}/07"): "has no take 7",
        (one, "2026-11-04-1000-aaad/01"): "is not analysed",
        ("--question", "strengths"): "0 analysed takes of 'strengths'",
        ("--question", "strenghts"): "did you mean strengths",
    }
    for arguments, told in cases.items():
        done = mensetsu("compare", *arguments)
        assert (done.code, done.out) == (1, ""), arguments
        assert told in done.err, arguments
        assert len(done.err.splitlines()) == 1, arguments


def test_nothing_else_is_overwritten(mensetsu, three, tmp_path):
    own = tmp_path / "notes.txt"
    own.write_text("mine", encoding="utf-8")
    done = mensetsu("compare", *names(*three[:2]), "--output", own)
    assert (done.code, own.read_text(encoding="utf-8")) == (1, "mine")
    assert mensetsu("compare", *names(*three[:2]), "--output", tmp_path).code == 1


def test_recordings_and_an_analysis_that_are_gone_or_broken(mensetsu, three):
    results = [folder / "01-self-introduction-analysis" for folder in three]
    for folder in three[:2]:
        next(folder.glob("*.mkv")).unlink()
    (results[1] / "analysis.json").write_text("{", encoding="utf-8")
    done = mensetsu("compare", "--question", "self-introduction")
    assert done.code == 0, done.err
    (note,) = done.err.splitlines()
    assert note.startswith(f"note: {results[1] / 'analysis.json'}")
    (results[1] / "analysis.json").unlink()
    (results[1] / "summary.json").unlink()
    done = mensetsu("compare", "--question", "self-introduction")
    assert done.code == 0, done.err
    assert done.out.startswith(f"{three[0].name}/01 → {three[2].name}/01")


def test_a_moved_session_is_compared_where_it_lies(mensetsu, three, tmp_path):
    moved = tmp_path / "moved 録画"
    shutil.move(three[0], moved)
    done = mensetsu("compare", moved / "01-self-introduction-analysis", names(three[1])[0])
    assert done.code == 0, done.err


def test_hostile_texts_stay_texts(mensetsu, store):
    question = replace(made(1).question, text_en=HTML, text_ja=HTML)
    folders = [
        session(store, f"2026-11-0{n}-1000-aaaa", days(n - 9), [made(n * 3, question=question)])
        for n in (1, 2)
    ]
    assert mensetsu("compare", *names(*folders)).code == 0
    html = (folders[1] / "01-self-introduction-analysis" / "comparison.html").read_text("utf-8")
    assert HTML not in html
    assert "&lt;script&gt;alert(1)" in html
    assert HTML not in write_session_page(folders[0]).read_text(encoding="utf-8")


def test_report_of_a_session_makes_its_page_too(mensetsu, three):
    done = mensetsu("report", three[0].name)
    assert done.code == 0, done.err
    assert [line.rsplit("/", 1)[1] for line in done.out.splitlines()] == [
        *("report.html", "session.html")
    ]
    done = mensetsu("report", names(three[0])[0])
    assert [line.rsplit("/", 1)[1] for line in done.out.splitlines()] == ["report.html"]
    done = mensetsu("report", f"{three[0].name}/05")
    assert (done.code, done.out) == (1, "")
    assert "has no take" in done.err


def test_what_sentences_mean_is_kept_for_the_next_time(mensetsu, store):
    def saying(text):
        words = text.split()
        said = tuple(Word(2 + i * 0.4, 2.3 + i * 0.4, w, 0.9) for i, w in enumerate(words))
        return replace(made(1), transcript=Transcript("en", 1.0, "base", said))

    folders = [
        session(store, f"2026-11-0{n}-1000-aaaa", days(n - 9), [saying(text)])
        for n, text in ((1, "I build payment systems."), (2, "Payment systems are what I build."))
    ]
    assert mensetsu("compare", *names(*folders)).code == 0
    kept = [f / "01-self-introduction-analysis" / "sentences.npz" for f in folders]
    assert all(file.is_file() for file in kept)
    assert all(b"payment" not in file.read_bytes().lower() for file in kept)
    kept[0].write_bytes(b"broken")
    assert mensetsu("compare", *names(*folders)).code == 0
