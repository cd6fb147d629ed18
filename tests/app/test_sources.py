"""What the user may point at, and what it is taken for."""

import shutil

import pytest

from app.errors import SourceUnknown
from app.sources import Recording, find_analyses, find_recordings
from recorder.errors import SessionUnreadable
from recorder.questions import read_bank
from recorder.session import CaptureHealth, Session, Take, write_session


def make_session(folder, *media):
    question = read_bank()[0]
    takes = tuple(
        Take(f"t{n}", question, name, 6.0, 48_000, 1, None, CaptureHealth())
        for n, name in enumerate(media)
    )
    write_session(Session("s", "2025-11-23T08:00:00+00:00", "ja", takes), folder)
    return question


def test_anything_but_a_folder_is_a_recording(tmp_path):
    assert find_recordings(tmp_path / "x.mp4") == (Recording(tmp_path / "x.mp4"),)


def test_a_session_gives_its_takes_with_question_and_language(tmp_path):
    question = make_session(tmp_path, "a.mkv", "takes/b.mkv")
    health = CaptureHealth()
    assert find_recordings(tmp_path) == (
        Recording(tmp_path / "a.mkv", "t0", question, "ja", tmp_path, health=health),
        Recording(tmp_path / "takes" / "b.mkv", "t1", question, "ja", tmp_path, health=health),
    )


def test_a_recording_in_a_session_has_what_the_session_knows(tmp_path):
    question = make_session(tmp_path, "a.mkv")
    (found,) = find_recordings(tmp_path / "a.mkv")
    assert found == Recording(
        tmp_path / "a.mkv", "t0", question, "ja", tmp_path, health=CaptureHealth()
    )
    assert find_recordings(tmp_path / "b.mkv") == (Recording(tmp_path / "b.mkv"),)


def test_a_take_gives_its_recording_and_keeps_its_folder(take):
    (found,) = find_recordings(take)
    assert (found.media, found.take_id, found.output) == (take.parent / "clip.mp4", "clip", take)
    (take.parent / "clip.mp4").unlink()
    with pytest.raises(SourceUnknown, match=r"the recording \.\./clip\.mp4 .* is gone"):
        find_recordings(take)


def test_folders_that_are_neither(tmp_path):
    with pytest.raises(SourceUnknown, match="without a session or results"):
        find_recordings(tmp_path)
    make_session(tmp_path)
    with pytest.raises(SourceUnknown, match="holds no takes"):
        find_recordings(tmp_path)
    (tmp_path / "session.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SessionUnreadable):
        find_recordings(tmp_path)


def test_analyses_of_a_file_a_take_and_a_session(take):
    for source in (take / "analysis.json", take):
        ((analysis, folder),) = find_analyses(source)
        assert (analysis.take_id, folder) == ("clip", take)
    assert [folder for _, folder in find_analyses(take.parent)] == [take]


def test_analyses_beside_takes_in_folders_of_a_session(take, tmp_path):
    session = tmp_path / "session"
    make_session(session, "one.mp4", "takes/two.mp4")
    shutil.copytree(take, session / "one-analysis")
    shutil.copytree(take, session / "takes" / "two-analysis")
    found = [folder for _, folder in find_analyses(session)]
    assert found == [session / "one-analysis", session / "takes" / "two-analysis"]


def test_no_analyses(tmp_path):
    with pytest.raises(SourceUnknown, match="holds no results"):
        find_analyses(tmp_path)
    with pytest.raises(SourceUnknown, match="no such file or folder"):
        find_analyses(tmp_path / "nothing")
