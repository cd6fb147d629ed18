"""The contract of the command line: exit codes, what is printed, what is written."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from analysis import model_choice
from analysis.models import user_dir
from analysis.results import SCHEMA
from analysis.storage import read_analysis
from app import config
from recorder.questions import find_question, read_bank
from recorder.session import CaptureHealth, Session, Take, write_session

FAST = ("--model", "tiny.en", "--no-video")
FILES = {"analysis.json", "summary.json", "report.html", "transcript.srt"}
KEYS = """
answer_s latency_s speaking_s word_count speech_rate_wpm articulation_rate_wpm mora_rate_per_min
pause_count longest_silence_s silences_over_30s fillers_per_min hesitation_count
hesitation_possible_count hesitation_low hesitation_high repetition_count restart_count
pace_fastest_per_min pace_slowest_per_min monotone_ratio volume_drop_count
lexical_filler_count level_dbfs noise_floor_dbfs snr_db f0_spread_st
gaze_coverage_ratio eye_contact_ratio away_count posture_coverage_ratio slouch_ratio side_lean_ratio
conclusion_s language model schema warnings
"""
SUMMARY = set(KEYS.split())
ROOT = Path(__file__).resolve().parents[2]
DATA = ("analysis", "recorder", "reports")
EDGE_S = 0.3
"""What the product promises for the edges of speech."""


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_json_is_the_summary_and_nothing_else(take):
    printed = json.loads((take.parent / "printed.json").read_text(encoding="utf-8"))
    assert set(printed) >= SUMMARY
    assert printed == json.loads((take / "summary.json").read_text(encoding="utf-8"))


def test_four_files_beside_the_recording(take):
    assert names(take) == FILES
    assert names(take.parent) == {"clip.mp4", "clip-analysis", "printed.json"}
    analysis = read_analysis(take / "analysis.json")
    assert analysis.media.path == "../clip.mp4"
    assert analysis.take_id == "clip"
    assert (take / "transcript.srt").read_text(encoding="utf-8").startswith("1\n00:00:0")


def test_the_numbers_of_the_clip_are_those_of_its_making(take):
    flat = json.loads((take / "summary.json").read_text(encoding="utf-8"))
    assert flat["latency_s"] == pytest.approx(1.6, abs=EDGE_S)
    assert flat["pause_count"] == 3
    assert flat["word_count"] == pytest.approx(33, abs=2)
    assert flat["hesitation_count"] == 1
    assert (flat["language"], flat["model"], flat["schema"]) == ("en", "base", SCHEMA)
    assert flat["gaze_coverage_ratio"] > 0.95
    assert flat["conclusion_s"] is None


def test_text_output_names_the_report_and_says_what_was_not_measured(mensetsu, recording):
    done = mensetsu("analyse", recording, *FAST)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[-1] == f"report: {recording.parent / 'answer-analysis' / 'report.html'}"
    assert re.search(r"^facing the camera +not measured$", done.out, re.M)
    assert re.search(r"^answer +\d\.\d s$", done.out, re.M)
    # No terminal: no bar, only the notes.
    assert all(line.startswith("note: ") for line in done.err.splitlines())


def test_output_folder_with_its_parents(mensetsu, recording, tmp_path):
    folder = tmp_path / "new" / "deep"
    done = mensetsu("analyse", recording, *FAST, "--output", folder, "--json")
    assert done.code == 0
    assert json.loads(done.out)["model"] == "tiny.en"
    assert names(folder) == FILES
    assert read_analysis(folder / "analysis.json").media.path == "../../recordings/answer.m4a"
    assert names(recording.parent) == {"answer.m4a"}


def test_a_bank_question_and_a_free_one(mensetsu, recording):
    folder = recording.parent / "answer-analysis"
    mensetsu("analyse", recording, *FAST, "--question", "proud-project")
    asked = find_question(read_bank(), "proud-project")
    assert read_analysis(folder / "analysis.json").question == asked
    assert asked.text_en in (folder / "report.html").read_text(encoding="utf-8")

    free = "Why <b>us</b>, 御社を選んだ理由は?"
    mensetsu("analyse", recording, *FAST, "--question", free)
    assert read_analysis(folder / "analysis.json").question.text_en == free
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Why &lt;b&gt;us&lt;/b&gt;, 御社を選んだ理由は?" in page
    assert free not in page


def test_an_unknown_question_brings_a_suggestion(mensetsu, recording, untouched):
    with untouched():
        done = mensetsu("analyse", recording, "--question", "proud-projet")
    assert done.code == 1
    assert done.out == ""
    assert "did you mean proud-project" in done.err
    assert len(done.err.splitlines()) == 1


def test_no_video_leaves_the_picture_out(mensetsu, clip, tmp_path):
    done = mensetsu("analyse", clip, *FAST, "--output", tmp_path / "out", "--json")
    flat = json.loads(done.out)
    assert flat["word_count"]
    assert flat["eye_contact_ratio"] is flat["slouch_ratio"] is None
    assert "left out" in " ".join(flat["warnings"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyse",),
        ("analyse", "x.mp4", "--language", "xx"),
        ("analyse", "x.mp4", "--no-such-option"),
        ("report", "x", "--format", "docx"),
        ("no-such-command",),
        ("models", "fetch"),
    ],
)
def test_wrong_usage_is_2(mensetsu, arguments, untouched):
    with untouched():
        done = mensetsu(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert "Traceback" not in done.err


def test_a_model_by_path(mensetsu, recording, packaged_models):
    done = mensetsu(
        "analyse", recording, "--no-video", "--model", packaged_models / "tiny.en", "--json"
    )
    assert done.code == 0
    assert json.loads(done.out)["model"] == "tiny.en"


def test_a_take_is_analysed_again_with_its_question(mensetsu, recording):
    folder = recording.parent / "answer-analysis"
    mensetsu("analyse", recording, *FAST, "--question", "proud-project")
    before = read_analysis(folder / "analysis.json")
    done = mensetsu("analyse", folder, *FAST, "--json")
    assert done.code == 0
    after = read_analysis(folder / "analysis.json")
    assert replace(after, provenance=before.provenance) == before
    assert names(recording.parent) == {"answer.m4a", "answer-analysis"}


@pytest.fixture
def session(voice, tmp_path):
    """A session of two takes."""
    folder = tmp_path / "session"
    (folder / "takes").mkdir(parents=True)
    bank = read_bank()
    takes = []
    for number, (question, media) in enumerate(
        [("proud-project", "take-1.m4a"), ("self-introduction", "takes/take-2.m4a")], start=1
    ):
        shutil.copyfile(voice, folder / media)
        asked = next((q for q in bank if q.id == question), bank[0])
        takes.append(
            Take(f"take-{number}", asked, media, 6.0, 48_000, 1, None, CaptureHealth(), None)
        )
    write_session(Session("s1", "2025-11-23T08:00:00+00:00", "en", tuple(takes)), folder)
    return folder


def test_every_take_of_a_session_is_analysed(mensetsu, session):
    done = mensetsu("analyse", session, *FAST, "--json")
    assert done.code == 0, done.err
    flat = json.loads(done.out)["takes"]
    assert [set(one) >= SUMMARY for one in flat] == [True, True]
    first = read_analysis(session / "take-1-analysis" / "analysis.json")
    assert (first.take_id, first.question.id) == ("take-1", "proud-project")
    assert first.provenance.options["language"] == "en"

    table = mensetsu("report", session, "--format", "csv")
    assert [row.split(",")[0] for row in table.out.splitlines()] == ["take_id", "take-1", "take-2"]
    assert len(json.loads(mensetsu("report", session, "--format", "json").out)) == 2
    pages = [Path(line) for line in mensetsu("report", session).out.splitlines()]
    assert [page.name for page in pages] == ["report.html", "report.html", "session.html"]
    assert all(page.is_file() for page in pages)
    for form in ("srt", "vtt"):
        assert mensetsu("report", session, "--format", form).code == 1


def test_a_session_with_a_lost_recording_stops_before_the_work(mensetsu, session, untouched):
    (session / "takes" / "take-2.m4a").unlink()
    with untouched():
        done = mensetsu("analyse", session, *FAST)
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(r"mensetsu: .*take-2\.m4a: no such file\n", done.err)


def test_one_output_folder_does_not_hold_two_takes(mensetsu, session, tmp_path, untouched):
    with untouched():
        done = mensetsu("analyse", session, "--output", tmp_path / "out")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1


def test_questions_list(mensetsu):
    bank = read_bank()
    listed = json.loads(mensetsu("questions", "list", "--json").out)
    assert [q["id"] for q in listed] == [q.id for q in bank]
    assert all(q["text_en"] and q["text_ja"] and q["band_s"][0] < q["band_s"][1] for q in listed)
    shown = mensetsu("questions", "list").out
    assert all(q.id in shown and q.text_ja[:10] in shown for q in bank)


def test_models_list_loads_nothing(mensetsu, home):
    (home / "models").unlink()
    done = mensetsu("models", "list")
    assert done.code == 0
    assert re.search(r"^base +ready \(comes with the installation", done.out, re.M)
    assert re.search(r"^small +not here; 'mensetsu models fetch small'$", done.out, re.M)
    assert not (home / "models").exists()


def test_models_list_says_what_auto_means_here(mensetsu, home, monkeypatch):
    (home / "models").unlink()
    small = home / "models" / "small"
    small.mkdir(parents=True)
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        (small / name).write_bytes(b"?")
    monkeypatch.setattr(model_choice, "usable_cores", lambda: 2)
    monkeypatch.setattr(model_choice, "free_memory_mb", lambda: 8000.0)
    lines = mensetsu("models", "list").out.splitlines()
    why = "base (small is here too, but needs 4 processor cores (there are 2))"
    assert lines[-3:] == [
        f"auto, English: {why}",
        f"auto, Japanese: {why}",
        f"auto, language not given: {why}",
    ]
    monkeypatch.setattr(model_choice, "usable_cores", lambda: 8)
    assert "auto, Japanese: small (the best one here" in mensetsu("models", "list").out


def test_the_model_that_auto_took_is_said(mensetsu, recording, monkeypatch):
    monkeypatch.setattr(model_choice, "free_memory_mb", lambda: 700.0)
    done = mensetsu("analyse", recording, "--no-video", "--language", "en")
    why = "base is here too, but needs 900 MB of free memory (there are 700)"
    assert re.search(rf"^speech model +tiny\.en \({re.escape(why)}\)$", done.out, re.M)
    folder = recording.parent / "answer-analysis"
    provenance = read_analysis(folder / "analysis.json").provenance
    assert provenance.options["model_reason"] == why
    assert provenance.options["model"] == "auto"
    # Who names a model needs no reason.
    named = mensetsu("analyse", recording, *FAST)
    assert re.search(r"^speech model +tiny\.en$", named.out, re.M)


def test_another_model_runs_the_same_code_to_the_same_numbers(
    mensetsu, recording, packaged_models, tmp_path
):
    """A larger model is a folder with a name: only the words may differ, here they can't."""
    larger = tmp_path / "larger"
    shutil.copytree(packaged_models / "base", larger, copy_function=os.link)
    results = []
    for model in ("base", larger):
        done = mensetsu("analyse", recording, "--no-video", "--model", model, "--json")
        assert done.code == 0
        results.append(json.loads(done.out))
    assert [flat.pop("model") for flat in results] == ["base", "larger"]
    assert results[0] == results[1]
    assert results[0]["word_count"] > 5


def test_info_names_what_can_be_overridden_and_what_is(mensetsu, home):
    before = mensetsu("info").out
    for name in config.own_files():
        assert re.search(rf"^own {name} +.*{name}\.toml  \(none; the built-in", before, re.M)
    (home / "fillers.toml").write_text("", encoding="utf-8")
    (home / "speech.toml").write_text("[pauses.long_s]\nvalue = 4\n", encoding="utf-8")
    after = mensetsu("info").out
    assert re.search(r"^own fillers +.*fillers\.toml  \(in force\)$", after, re.M)
    assert re.search(r"^own speech +.*  \(in force: pauses\.long_s = 4\)$", after, re.M)
    (home / "speech.toml").write_text("[pauses.long_s]\nvalue = 400\n", encoding="utf-8")
    wrong = mensetsu("info")
    assert wrong.code == 0
    assert "must lie between 1 and 30 s" in wrong.out


def test_info_forgets_no_file_of_data():
    """Every file of thresholds and words can be overridden; the report's own words can't."""
    files = {p.stem for folder in DATA for p in (ROOT / folder / "data").glob("*.toml")}
    assert set(config.own_files()) == files - {"drills", "limits", "measures", "sight_accuracy"}


def test_an_unknown_model_to_fetch(mensetsu):
    done = mensetsu("models", "fetch", "gigantic")
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("mensetsu: unknown model 'gigantic'")


def test_info_needs_no_writable_place(program, tmp_path):
    read_only = {
        **os.environ,
        "HOME": "/proc/nowhere",
        "MENSETSU_HOME": "/proc/nowhere/mensetsu",
        "XDG_DATA_HOME": "/proc/nowhere",
        "TMPDIR": "/proc/nowhere",
    }
    done = program("info", env=read_only)
    assert (done.code, done.err) == (0, "")
    for word in ("Python", "mediapipe", "0.10.21", "/proc/nowhere/mensetsu", "model base"):
        assert word in done.out


def test_help_of_the_program_itself():
    installed = Path(sys.executable).with_name("mensetsu")
    for command in ([installed], [sys.executable, "-m", "app"]):
        done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True)
        assert "analyse" in done.stdout


def test_a_reader_that_goes_away_is_no_error(packaged_models):
    done = subprocess.run(
        f"'{sys.executable}' -m app questions list | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_debug_shows_the_whole_error(program):
    hidden = program("analyse", "nothing.mp4")
    shown = program("analyse", "nothing.mp4", env={**os.environ, "MENSETSU_DEBUG": "1"})
    assert (hidden.code, shown.code) == (1, 1)
    assert "Traceback" not in hidden.err
    assert "MediaUnreadable: nothing.mp4: no such file" in shown.err


def test_the_data_folder_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("MENSETSU_HOME", str(tmp_path / "elsewhere"))
    assert user_dir() == tmp_path / "elsewhere"


def test_a_mistake_in_the_own_targets_or_questions_is_named(mensetsu, home, recording, untouched):
    for name in ("targets.toml", "questions.toml"):
        (home / name).write_text("not = [toml", encoding="utf-8")
        with untouched():
            done = mensetsu("analyse", recording, "--question", "proud-project")
        assert done.code == 1
        assert name in done.err
        assert len(done.err.splitlines()) == 1
        (home / name).unlink()
