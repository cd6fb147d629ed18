"""The store read as a whole: whatever is wrong in it, the rest is there and the fault is named."""

import json
import os
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis.errors import AnalysisUnreadable
from analysis.results import SCHEMA
from analysis.storage import read_analysis, summary, to_json
from app.errors import SourceUnknown
from app.shelf import find_take, read_session_record, read_shelf, read_take
from recorder.session import SCHEMA as SESSION_SCHEMA
from recorder.session import read_session, write_session
from reports.language import speaking
from tests.benchmarks.made_store import make_store
from tests.reports.conftest import build

TAKES = 6
"""two sessions of three"""


@pytest.fixture(scope="module")
def answer():
    return build()


@pytest.fixture
def root(home):
    return home / "sessions"


@pytest.fixture
def results(root, answer):
    """The folders of the results of two sessions, the older session first."""
    return make_store(root, TAKES, answer, newest=datetime(2026, 11, 20, 3, 0, tzinfo=UTC))


def kinds(shelf):
    return sorted(defect.kind for defect in shelf.defects)


def edit(path, change):
    """Change a JSON file in place."""
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def media_of(folder):
    return folder.with_name(folder.name.removesuffix("-analysis") + ".mkv")


def test_no_store_and_an_empty_one(root):
    assert read_shelf(root).takes == ()
    root.mkdir()
    (root / "notes.txt").write_text("mine")
    (root / "holiday pictures").mkdir()
    shelf = read_shelf(root)
    assert (shelf.takes, shelf.sessions, shelf.defects) == ((), (), ())


def test_all_is_read_and_nothing_is_wrong(root, results):
    shelf = read_shelf(root)
    assert shelf.defects == ()
    assert [take.results for take in shelf.takes] == results
    assert [s.folder for s in shelf.sessions] == sorted({f.parent for f in results})
    first = shelf.takes[0]
    session = read_session(results[0].parent)
    assert first.name == f"{session.id}/01"
    assert first.id == session.takes[0].id
    assert (first.recorded, first.number) == (session.created, 1)
    assert (first.microphone, first.camera) == ("Built-in microphone", "Integrated camera")
    told = json.loads((results[0] / "summary.json").read_text(encoding="utf-8"))
    assert first.value("pace_wpm") == told["pace_wpm"]
    assert first.media == media_of(results[0])
    assert first.context["report"] == results[0] / "report.html"
    assert shelf.sessions[0].setup is not None


def test_reading_changes_nothing(root, results, untouched):
    with untouched():
        read_shelf(root)


def test_a_recording_that_is_gone(root, results):
    media_of(results[1]).unlink()
    shelf = read_shelf(root)
    take = shelf.takes[1]
    assert take.media is None
    assert take.value("answer_s") is not None
    (defect,) = shelf.defects
    assert (defect.kind, defect.place) == ("media-gone", str(media_of(results[1])))
    assert "numbers are kept" in defect.text


def test_a_recording_that_is_gone_without_results(root, results):
    media_of(results[1]).unlink()
    shutil.rmtree(results[1])
    shelf = read_shelf(root)
    assert not shelf.takes[1].analysed
    assert kinds(shelf) == ["media-gone"]
    assert "numbers" not in shelf.defects[0].text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"schema": "4"}',
        b'{"schema": true}',
        b'{"schema": 0}',
        b'{"schema": 1e400}',
        b'{"schema": NaN}',
    ],
)
def test_a_broken_summary_is_made_up_for(root, results, content):
    (results[0] / "summary.json").write_bytes(content)
    shelf = read_shelf(root)
    (defect,) = shelf.defects
    assert (defect.kind, defect.place) == ("broken", str(results[0] / "summary.json"))
    expected = summary(read_analysis(results[0] / "analysis.json"))
    assert shelf.takes[0].value("pace_wpm") == expected["pace_wpm"]


def test_a_summary_that_is_missing(root, results):
    (results[0] / "summary.json").unlink()
    shelf = read_shelf(root)
    assert kinds(shelf) == ["broken"]
    assert shelf.takes[0].analysed


def test_values_of_the_wrong_kind_are_not_measured(root, results):
    def spoil(told):
        told |= {
            "pace_wpm": "fast",
            "answer_s": [1],
            "level_dbfs": {"a": 1},
            "pause_count": True,
            "word_count": 10**400,
            "language": 3,
            "model": None,
        }

    edit(results[0] / "summary.json", spoil)
    take = read_shelf(root).takes[0]
    for key in ("pace_wpm", "answer_s", "level_dbfs", "pause_count", "word_count"):
        assert take.value(key) is None
    assert take.language == "en"  # of its session


@pytest.mark.parametrize("content", [b"", b"{", b'{"media": 3}', b"[" * 100_000, b"\xff\x00"])
def test_a_broken_analysis_keeps_the_numbers(root, results, content):
    (results[0] / "analysis.json").write_bytes(content)
    shelf = read_shelf(root)
    (defect,) = shelf.defects
    assert (defect.kind, defect.place) == ("broken", str(results[0] / "analysis.json"))
    assert shelf.takes[0].value("pace_wpm") is not None


def test_a_truncated_analysis_is_seen_without_reading_it(root, results):
    path = results[0] / "analysis.json"
    path.write_bytes(path.read_bytes()[:-50])
    shelf = read_shelf(root)
    assert [(d.kind, d.place) for d in shelf.defects] == [("broken", str(path))]


def test_both_files_broken(root, results):
    (results[0] / "analysis.json").write_text("{")
    (results[0] / "summary.json").write_text("{")
    shelf = read_shelf(root)
    assert kinds(shelf) == ["broken"]
    assert not shelf.takes[0].analysed
    assert len(shelf.takes) == TAKES


def test_results_that_were_never_finished(root, results):
    (results[0] / "analysis.json").unlink()
    shelf = read_shelf(root)
    assert kinds(shelf) == ["broken"]
    assert not shelf.takes[0].analysed


@pytest.mark.parametrize("schema", range(1, SCHEMA))
def test_an_older_summary_stays_readable(root, results, schema):
    edit(results[0] / "summary.json", lambda told: told.update(schema=schema))
    shelf = read_shelf(root)
    assert kinds(shelf) == ["older"]
    assert shelf.takes[0].value("answer_s") is not None


def test_a_summary_of_the_same_schema_without_the_newest_numbers(root, results):
    edit(results[0] / "summary.json", lambda told: told.pop("pace_wpm"))
    shelf = read_shelf(root)
    assert kinds(shelf) == ["older"]
    # Asked for by itself, a take is worked out from its analysis.
    assert shelf.takes[0].value("pace_wpm") is None
    assert find_take(shelf.takes[0].name).value("pace_wpm") is not None


def test_a_newer_analysis_has_no_numbers(root, results):
    for name in ("summary.json", "analysis.json"):
        edit(results[0] / name, lambda told: told.update(schema=SCHEMA + 1))
    shelf = read_shelf(root)
    assert kinds(shelf) == ["newer"]
    take = shelf.takes[0]
    assert (take.summary, take.results) == (None, None)
    assert take.question is not None


def test_a_newer_analysis_without_a_summary(root, results):
    edit(results[0] / "analysis.json", lambda told: told.update(schema=SCHEMA + 1))
    (results[0] / "summary.json").unlink()
    shelf = read_shelf(root)
    assert kinds(shelf) == ["newer"]
    assert not shelf.takes[0].analysed


def test_a_newer_session_is_shown_without_numbers(root, results):
    def future(data):
        data |= {"schema": SESSION_SCHEMA + 1, "mood": "sunny"}
        data["takes"][0]["smell"] = "coffee"

    edit(results[0].parent / "session.json", future)
    shelf = read_shelf(root)
    assert kinds(shelf) == ["newer"]
    assert len(shelf.takes) == TAKES
    assert [take.analysed for take in shelf.takes] == [False] * 3 + [True] * 3
    assert all(take.question for take in shelf.takes)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"takes": 3}', b"\xff", b'{"a":' * 50_000, b'{"schema": 2}'],
)
def test_a_broken_session_is_shown_from_its_results(root, results, content):
    (results[0].parent / "session.json").write_bytes(content)
    shelf = read_shelf(root)
    (defect,) = shelf.defects
    assert (defect.kind, defect.place) == ("broken", str(results[0].parent / "session.json"))
    assert len(shelf.takes) == TAKES
    mine = [take for take in shelf.takes if take.session == results[0].parent.name]
    assert len(mine) == 3
    assert all(take.question and take.analysed and take.media for take in mine)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("created",), "yesterday"),
        (("created",), 5),
        (("language",), ["en"]),
        (("id",), None),
        (("schema",), "2"),
        (("takes", 0), "a take"),
        (("takes", 0, "question"), None),
        (("takes", 0, "question", "band_s"), [9, 1]),
        (("takes", 0, "question", "band_s"), [None, 10**400]),
        (("takes", 0, "question", "text_en"), {"a": 1}),
        (("takes", 0, "media"), "../../../etc/passwd"),
        (("takes", 0, "media"), "/etc/passwd"),
        (("takes", 0, "media"), "a\0b"),
        (("takes", 0, "media"), 7),
        (("takes", 0, "id"), 7),
    ],
)
def test_a_session_that_is_damaged_in_places(root, results, place, value):
    def spoil(data):
        for key in place[:-1]:
            data = data[key]
        data[place[-1]] = value

    edit(results[0].parent / "session.json", spoil)
    shelf = read_shelf(root)
    named = [d for d in shelf.defects if d.place == str(results[0].parent / "session.json")]
    assert [d.kind for d in named] == ["broken"]
    assert len(shelf.takes) >= TAKES - 1
    assert "/etc/passwd" not in {str(take.media) for take in shelf.takes}


def test_a_copied_session_folder_counts_once(root, results):
    copy = root / "2026-01-01-0101-abcd"
    shutil.copytree(results[0].parent, copy)
    shelf = read_shelf(root)
    assert [take.results for take in shelf.takes] == results
    (defect,) = shelf.defects
    assert (defect.kind, defect.place) == ("twice", str(copy))
    assert results[0].parent.name in defect.text


def test_two_takes_with_one_id_in_a_session(root, results):
    folder = results[0].parent
    session = read_session(folder)
    takes = (session.takes[0], replace(session.takes[1], id=session.takes[0].id), session.takes[2])
    write_session(replace(session, takes=takes), folder)
    shelf = read_shelf(root)
    assert kinds(shelf) == ["twice"]
    # Two recordings are two answers, but only the first one goes by the id.
    assert [take.id for take in shelf.takes[:3]] == [session.takes[0].id, "", session.takes[2].id]
    assert len({take.name for take in shelf.takes}) == TAKES


def test_the_same_take_named_twice_in_a_session(root, results):
    folder = results[0].parent
    session = read_session(folder)
    write_session(replace(session, takes=(*session.takes, session.takes[0])), folder)
    shelf = read_shelf(root)
    assert kinds(shelf) == ["twice"]
    assert len(shelf.takes) == TAKES


def test_a_renamed_session_folder_is_still_read(root, results):
    folder = results[0].parent
    renamed = folder.rename(root / "面接 practice #1")
    shelf = read_shelf(root)
    assert [(d.kind, d.place) for d in shelf.defects] == [("moved", str(renamed))]
    assert len(shelf.takes) == TAKES
    take = shelf.takes[0]
    assert take.name == "面接 practice #1/01"
    assert take.analysed
    assert find_take(take.name).id == take.id


def test_a_moved_store_is_read_as_before(root, results, tmp_path):
    moved = tmp_path / "別の場所"
    shutil.move(root, moved)
    shelf = read_shelf(moved)
    assert shelf.defects == ()
    assert all(take.analysed and take.media for take in shelf.takes)


def test_results_that_were_made_elsewhere(root, results):
    def elsewhere(data):
        data["media"]["path"] = "../../other/" + data["media"]["name"]

    edit(results[0] / "analysis.json", elsewhere)
    shelf = read_shelf(root)
    assert [(d.kind, d.place) for d in shelf.defects] == [("moved", str(results[0]))]
    assert shelf.takes[0].analysed


def test_results_of_another_recording_do_not_count(root, results):
    edit(results[0] / "analysis.json", lambda data: data["media"].update(name="other.mkv"))
    shelf = read_shelf(root)
    assert [(d.kind, d.place) for d in shelf.defects] == [("moved", str(results[0]))]
    assert not shelf.takes[0].analysed


def test_the_newest_complete_results_count(root, results):
    newer = results[0].with_name(f"{results[0].name}-2")
    shutil.copytree(results[0], newer)
    edit(newer / "summary.json", lambda told: told.update(pace_wpm=77.0))
    half = results[0].with_name(f"{results[0].name}-3")
    half.mkdir()
    (half / "summary.json").write_text('{"schema": 4}')
    later = time.time_ns() + 10**9
    os.utime(newer / "analysis.json", ns=(later, later))
    shelf = read_shelf(root)
    assert shelf.defects == ()
    assert shelf.takes[0].results == newer
    assert shelf.takes[0].value("pace_wpm") == 77.0


def test_what_can_not_be_opened_is_named(root, results, monkeypatch):
    locked = results[0].parent / "session.json"
    before = Path.open

    def guarded(self, *args, **kwargs):
        if self == locked:
            raise PermissionError(13, "Permission denied", str(self))
        return before(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", guarded)
    shelf = read_shelf(root)
    assert [(d.kind, d.place) for d in shelf.defects] == [("broken", str(locked))]
    assert "Permission denied" in shelf.defects[0].text
    assert len(shelf.takes) == TAKES


def test_a_store_that_can_not_be_opened(root, results, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    shelf = read_shelf(root)
    assert shelf.takes == ()
    assert kinds(shelf) == ["broken"]


def test_links_that_lead_nowhere_or_in_circles(root, results):
    (root / "2026-01-01-0101-abcd").symlink_to(root, target_is_directory=True)
    (results[0].parent / "circle").symlink_to(results[0].parent, target_is_directory=True)
    media = media_of(results[0])
    media.unlink()
    media.symlink_to(root / "gone.mkv")
    shelf = read_shelf(root)
    assert kinds(shelf) == ["media-gone"]
    assert len(shelf.takes) == TAKES


def test_takes_without_a_date_come_last(root, results):
    folder = results[0].parent
    edit(folder / "session.json", lambda data: data.update(created=None))
    renamed = folder.rename(root / "undated")
    shelf = read_shelf(root)
    assert [take.session for take in shelf.takes[3:]] == [renamed.name] * 3
    assert shelf.takes[3].recorded is None
    assert shelf.takes[0].recorded is not None


def test_dates_of_other_zones_sort_by_time(root, results):
    late, early = results[3].parent, results[0].parent
    edit(early / "session.json", lambda d: d.update(created="2026-11-19T20:30:00+09:00"))
    edit(late / "session.json", lambda d: d.update(created="2026-11-19T12:00:00Z"))
    shelf = read_shelf(root)
    assert [s.created for s in shelf.sessions] == [
        "2026-11-19T11:30:00+00:00",
        "2026-11-19T12:00:00+00:00",
    ]


def test_the_faults_are_told_in_the_language_of_the_page(root, results):
    media_of(results[1]).unlink()
    with speaking("ja"):
        (defect,) = read_shelf(root).defects
    assert "録画" in defect.text


def test_a_take_is_found_by_all_its_names(root, results, tmp_path, monkeypatch):
    expected = read_shelf(root).takes[4]
    folder = results[4]
    monkeypatch.chdir(tmp_path)
    for given in (
        expected.name,
        expected.name.replace("/0", "/"),
        expected.id,
        str(folder),
        str(folder / "analysis.json"),
        str(media_of(folder)),
        f"{folder.parent}/{expected.number:02d}",
        os.path.relpath(folder, tmp_path),
    ):
        found = find_take(given)
        assert (found.id, found.recorded, found.results.resolve()) == (
            expected.id,
            expected.recorded,
            folder.resolve(),
        )
        assert found.analysed


def test_a_recording_from_elsewhere(tmp_path, answer, root):
    media = tmp_path / "自己 紹介.mp4"
    media.write_bytes(b"x")
    results = tmp_path / "自己 紹介-analysis"
    results.mkdir()
    facts = replace(answer.media, name=media.name, path=f"../{media.name}")
    (results / "analysis.json").write_text(to_json(replace(answer, media=facts)), encoding="utf-8")
    for given in (results, results / "analysis.json", media):
        take = find_take(str(given))
        assert (take.session, take.recorded, take.number) == (None, None, 0)
        assert take.media.samefile(media)
        assert take.value("pace_wpm") is not None
    assert read_take(results).name == str(results)


def test_a_session_outside_of_the_store(root, results, tmp_path):
    outside = tmp_path / "mine"
    shutil.move(results[0].parent, outside)
    record, _ = read_session_record(outside)
    assert [take.name for take in record.takes] == [f"{outside}/0{n}" for n in (1, 2, 3)]
    assert find_take(record.takes[1].name).id == record.takes[1].id


def test_what_is_no_take_is_refused(root, results, tmp_path):
    session = results[0].parent.name
    (tmp_path / "empty").mkdir()
    sound = tmp_path / "answer.wav"
    sound.write_bytes(b"x")
    for given in (
        "",
        "nothing",
        f"{session}/09",
        "nowhere/01",
        str(tmp_path / "empty"),
        str(sound),
    ):
        with pytest.raises(SourceUnknown):
            find_take(given)
    with pytest.raises(SourceUnknown, match=f"{session}/01, {session}/02"):
        find_take(session)
    (results[0] / "analysis.json").write_text("{")
    with pytest.raises(AnalysisUnreadable):
        find_take(str(results[0]))
