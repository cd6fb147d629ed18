"""Where results go: beside the recording, never over another's, all four or none."""

import os
import shutil
from dataclasses import replace

import pytest

from analysis.storage import read_analysis
from app.errors import OutputRefused
from app.results_folder import find_media, prepare_folder, replace_file, with_media_path

FAST = ("--model", "tiny.en", "--no-video")


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_a_second_recording_of_the_same_stem_gets_a_folder_of_its_own(mensetsu, recording):
    other = recording.with_suffix(".mp4")
    other.write_bytes(recording.read_bytes() + b"\0" * 8)
    for media in (recording, other):
        assert mensetsu("analyse", media, *FAST).code == 0
    folders = [recording.parent / "answer-analysis", recording.parent / "answer-analysis-2"]
    held = [read_analysis(f / "analysis.json").media for f in folders]
    assert [m.name for m in held] == ["answer.m4a", "answer.mp4"]
    assert held[0].sha256 != held[1].sha256


def test_the_same_recording_again_replaces_its_results(mensetsu, recording):
    mensetsu("analyse", recording, *FAST)
    folder = recording.parent / "answer-analysis"
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / "report.html").write_text("old", encoding="utf-8")
    mensetsu("analyse", recording, *FAST)
    assert (folder / "report.html").read_text(encoding="utf-8") != "old"
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert names(recording.parent) == ["answer-analysis", "answer.m4a"]


def test_a_folder_of_somebody_else_is_left_alone(recording):
    first = recording.parent / "answer-analysis"
    first.mkdir()
    (first / "analysis.json").write_text("{}", encoding="utf-8")
    (recording.parent / "answer-analysis-2").write_text("a file", encoding="utf-8")
    assert prepare_folder(recording, None).folder.name == "answer-analysis-3"


def test_only_folders_that_it_made_are_removed_and_only_when_empty(recording, tmp_path):
    (tmp_path / "there").mkdir()
    results = prepare_folder(recording, tmp_path / "there" / "new" / "deep")
    results.abandon()
    assert names(tmp_path / "there") == []
    results = prepare_folder(recording, tmp_path / "there" / "new" / "deep")
    (tmp_path / "there" / "new" / "mine").touch()
    results.abandon()
    assert names(tmp_path / "there" / "new") == ["mine"]


@pytest.mark.parametrize("stem", ["面接" * 40, "x" * 250])
def test_long_names(recording, stem):
    media = recording.rename(recording.with_name(f"{stem}.m4a"[-84:]))
    folder = prepare_folder(media, None).folder
    assert folder.is_dir()
    assert media.stem.startswith(folder.name.removesuffix("-analysis")[:50])


def test_a_name_that_is_not_unicode(mensetsu, recording, tmp_path):
    name = os.fsencode(tmp_path) + b"/take\xe9.m4a"
    try:
        shutil.copyfile(recording, name)
    except OSError:
        pytest.skip("a file system of Unicode names alone")
    media = os.fsdecode(name)
    done = mensetsu("analyse", media, *FAST)
    assert done.code == 0, done.err
    folder = tmp_path / os.fsdecode(b"take\xe9-analysis")
    analysis = read_analysis(folder / "analysis.json")
    assert find_media(analysis, folder).read_bytes() == recording.read_bytes()
    assert 'src="../take%E9.m4a"' in (folder / "report.html").read_text(encoding="utf-8")


def test_the_way_to_the_recording_is_relative_and_survives_a_move(take, tmp_path):
    analysis = read_analysis(take / "analysis.json")
    media = take.parent / "clip.mp4"
    deep = tmp_path / "a" / "b"
    assert with_media_path(analysis, media, deep).media.path == "../../analysed/clip.mp4"
    shutil.move(media, take / "clip.mp4")
    assert find_media(analysis, take) == take / "clip.mp4"
    (take / "clip.mp4").unlink()
    assert find_media(analysis, take) is None


def test_a_folder_that_is_a_link_to_elsewhere(take, tmp_path):
    elsewhere = tmp_path / "disk" / "two" / "results"
    shutil.copytree(take, elsewhere)
    shutil.rmtree(take)
    try:
        take.symlink_to(elsewhere, target_is_directory=True)
    except OSError:  # Windows without the right to make links
        return
    media = find_media(read_analysis(take / "analysis.json"), take)
    assert media == take.parent / "clip.mp4"


def test_a_failed_write_leaves_what_was_there(take, monkeypatch):
    before = {p: p.read_bytes() for p in take.iterdir()}
    results = prepare_folder(take.parent / "clip.mp4", take)
    analysis = replace(read_analysis(take / "analysis.json"), warnings=())
    monkeypatch.setattr("app.results_folder.render_srt", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        results.write(analysis, lambda *_: "page")
    monkeypatch.setattr("app.results_folder.render_srt", lambda _: "x")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OutputRefused, match="no space left"):
        results.write(analysis, lambda *_: "page")
    assert {p: p.read_bytes() for p in take.iterdir()} == before


def test_a_file_is_replaced_whole_through_a_link_too(tmp_path):
    (tmp_path / "old.txt").write_text("old", encoding="utf-8")
    link = tmp_path / "link.txt"
    link.symlink_to("old.txt")
    replace_file(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "old.txt").read_text(encoding="utf-8") == "new"
    replace_file(tmp_path / "fresh.txt", "x")
    assert names(tmp_path) == ["fresh.txt", "link.txt", "old.txt"]
    if os.name == "posix":
        replace_file(tmp_path / "/dev/null", "x")
        assert not os.path.isfile("/dev/null")
