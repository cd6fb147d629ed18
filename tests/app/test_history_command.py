"""``history``: where the page goes, what it links to, and a store of hundreds of takes."""

import csv
import io
import json
import re
import shutil
from urllib.parse import unquote

import pytest

from analysis.storage import read_analysis
from app.session_report import write_session_page
from recorder.session import read_session, write_session
from reports.language import speaking
from tests.benchmarks.made_store import make_store
from tests.reports.conftest import HOSTILE, build

MOST_BYTES = 2_000_000


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("MENSETSU_INTERFACE", "en")


@pytest.fixture
def results(home):
    return make_store(home / "sessions", 6, build())


def test_an_empty_store_has_a_page(mensetsu, home):
    done = mensetsu("history")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{home / 'history.html'}\n"
    assert "Nothing recorded yet" in (home / "history.html").read_text(encoding="utf-8")


def test_every_link_leads_somewhere(mensetsu, home, results, tmp_path):
    with speaking("en"):
        for folder in {folder.parent for folder in results}:
            assert write_session_page(folder) == folder / "session.html"
    page = tmp_path / "私の 記録.html"
    done = mensetsu("history", "--output", page)
    assert (done.code, done.err, done.out) == (0, "", f"{page}\n")
    html = page.read_text(encoding="utf-8")
    links = {unquote(link) for link in re.findall(r'href="([^"#]+)"', html)}
    assert len(links) == len(results) + 2
    for link in links:
        assert (page.parent / link).is_file()
    for anchor in re.findall(r'href="#([^"]+)"', html):
        assert f'id="{anchor}"' in html


def test_links_of_the_session_page(home, results):
    with speaking("en"):
        html = write_session_page(results[0].parent).read_text(encoding="utf-8")
    links = {unquote(link) for link in re.findall(r'href="([^"#]+)"', html)}
    assert links == {f"{folder.name}/report.html" for folder in results[:3]}


def test_the_session_page_names_a_broken_analysis_once(results):
    path = results[0] / "analysis.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["speech"] = [1]
    path.write_text(json.dumps(data), encoding="utf-8")
    (results[1] / "analysis.json").write_text("{")
    with speaking("en"):
        html = write_session_page(results[0].parent).read_text(encoding="utf-8")
    for folder in results[:2]:
        assert html.count(f"{folder.name}/analysis.json is missing or damaged") == 1
    assert html.count('<ul class="tiles">') == 3


def test_interface(mensetsu, home, results, monkeypatch):
    monkeypatch.delenv("MENSETSU_INTERFACE")
    assert mensetsu("history", "--interface", "ja").code == 0
    assert '<html lang="ja">' in (home / "history.html").read_text(encoding="utf-8")
    assert mensetsu("history").code == 0
    assert '<html lang="ja">' in (home / "history.html").read_text(encoding="utf-8")


def test_json_and_csv(mensetsu, home, results):
    shutil.rmtree(results[5])
    data = json.loads(mensetsu("history", "--json").out)
    assert len(data["takes"]) == 6
    assert [t["analysed"] for t in data["takes"]] == [True] * 5 + [False]
    told = json.loads((results[0] / "summary.json").read_text(encoding="utf-8"))
    assert data["takes"][0]["measures"]["pace_wpm"] == told["pace_wpm"]
    assert [s["takes"] for s in data["sessions"]] == [3, 3]
    assert data["defects"] == []
    rows = list(csv.DictReader(io.StringIO(mensetsu("history", "--csv").out)))
    assert len(rows) == 6
    assert float(rows[0]["pace_wpm"]) == told["pace_wpm"]
    assert rows[5]["pace_wpm"] == ""
    assert not (home / "history.html").exists()


def test_a_question_is_no_formula(mensetsu, results):
    folder = results[0].parent
    path = folder / "session.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["takes"][0]["question"] |= {"id": "own", "text_en": "=HYPERLINK(1)", "kind": "own"}
    path.write_text(json.dumps(data), encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(mensetsu("history", "--csv").out)))
    assert rows[0]["question"] == "'=HYPERLINK(1)"


def test_what_is_something_else_is_not_overwritten(mensetsu, results, tmp_path):
    session = results[0].parent / "session.json"
    before = session.read_bytes()
    for given in (("--output", session), ("--output", tmp_path)):
        done = mensetsu("history", *given)
        assert done.code == 1
        assert done.err.startswith("mensetsu: ")
    assert session.read_bytes() == before
    assert mensetsu("history", "--json", "--csv").code == 2
    assert mensetsu("history", "--output", tmp_path / "no" / "such" / "x.html").code in (0, 1)


def test_a_store_full_of_faults_has_pages_and_names_each_once(mensetsu, home, results):
    folders = sorted({folder.parent for folder in results})
    (folders[0] / "session.json").write_text("{")
    session = read_session(folders[1])
    (folders[1] / session.takes[0].media).unlink()
    (results[4] / "summary.json").write_text("[")
    shutil.copytree(folders[1], home / "sessions" / "2026-01-01-0101-abcd")
    done = mensetsu("history")
    assert (done.code, done.err) == (0, "")
    html = (home / "history.html").read_text(encoding="utf-8")
    defects = json.loads(mensetsu("history", "--json").out)["defects"]
    assert sorted(d["kind"] for d in defects) == ["broken", "broken", "media-gone", "twice"]
    assert len({d["place"] for d in defects}) == len(defects)
    with speaking("en"):
        for folder in folders:
            assert write_session_page(folder).is_file()
    assert html.count("<li>The recording ") == 1


def test_hostile_questions_stay_text(mensetsu, home, results):
    folder = results[0].parent
    session = read_session(folder)
    data = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    data["takes"][0]["question"] |= {"text_en": HOSTILE, "text_ja": HOSTILE, "id": HOSTILE}
    (folder / "session.json").write_text(json.dumps(data), encoding="utf-8")
    assert mensetsu("history").code == 0
    html = (home / "history.html").read_text(encoding="utf-8")
    with speaking("en"):
        html += write_session_page(folder).read_text(encoding="utf-8")
    assert html.count("<script") == 2
    assert "<img" not in html
    write_session(session, folder)


def test_the_page_of_five_hundred_takes_is_small(mensetsu, home):
    results = make_store(home / "sessions", 500, build())
    assert mensetsu("history").code == 0
    page = home / "history.html"
    assert page.stat().st_size <= MOST_BYTES
    html = page.read_text(encoding="utf-8")
    # Each of them is there.
    assert len(re.findall(r'<li value="\d+">', html)) == len(results)
    assert read_analysis(results[-1] / "analysis.json").take_id
