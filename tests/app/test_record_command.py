"""`mensetsu record` as a real program, on virtual devices: its keys, its ends, what it refuses.

Also what needs its recordings: `recover`, and devices that are remembered.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from app.goal_store import GoalBook, utc_now, write_goals
from app.remembered import read_choices
from app.self_rating import read_ratings
from recorder.session import read_session
from recorder.store import create_session, list_sessions
from reports.goals import AskedQuestion, Goal
from tests.app.terminal import WITHIN_S, command, wait_until

pytestmark = pytest.mark.virtual_devices

ROOT = Path(__file__).resolve().parents[2]
ONE_LINE = re.compile(r"mensetsu: [^\n]+\n")


def record(environment, *arguments, **options):
    """Run `mensetsu record` without a terminal."""
    return subprocess.run(
        command("record", *arguments),
        **{"cwd": ROOT, "env": environment} | options,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=WITHIN_S,
        check=False,
    )


@pytest.fixture
def sound_only(virtual_microphone, device_environment):
    """The environment of a machine with microphones and without a camera."""
    return device_environment(virtual_microphone, None)


@pytest.fixture
def store(home):
    return home / "sessions"


def only_session(store):
    (entry,) = list_sessions(store)
    assert entry.session is not None, entry.error
    return entry.session, entry.folder


def questions_of(session):
    return [take.question.id for take in session.takes]


def decoded_s(media, kind="audio"):
    """Return the length of what can really be decoded, s."""
    with av.open(str(media)) as container:
        frames = [f for f in container.decode(container.streams.get(**{kind: 0})[0])]
    return frames[-1].time - frames[0].time


def test_two_questions_one_after_the_other(
    virtual_microphone, virtual_camera, device_environment, store
):
    environment = device_environment(virtual_microphone, virtual_camera)
    done = record(
        *(environment, "--question", "why-this-company", "--question", "なぜ面接に?"),
        *("--seconds", "2", "--language", "ja", "--camera", "virtual c", "--microphone", "1"),
    )
    assert done.returncode == 0, done.stderr
    session, folder = only_session(store)
    assert session.language == "ja"
    assert questions_of(session) == ["why-this-company", "own"]
    for take in session.takes:
        assert 2 <= take.duration_s < 4
        assert take.frame_size_px == (1280, 720)
        assert take.devices.camera == "Virtual Camera"
        assert take.devices.microphone == "Virtual Microphone"
        assert decoded_s(folder / take.media) == pytest.approx(take.duration_s, abs=0.2)
        # How many pictures a busy machine gets is told by the recorder's own tests.
        assert 0 < decoded_s(folder / take.media, "video") <= take.duration_s
    assert re.fullmatch(
        rf"Session {session.id}\n"
        r"  01   0:0\d  \(target 1:00–2:00\)  why-this-company: [^\n]+\n"
        r"  02   0:0\d  \(target 1:00–3:00\)  なぜ面接に\?: [^\n]+\n"
        rf"folder: {folder}\n",
        done.stdout,
    ), done.stdout
    assert "recording question 2 of 2: なぜ面接に?" in done.stderr
    assert f"analyse: mensetsu analyse {folder}" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    remembered = read_choices(store.parent / "choices.json")
    assert remembered.camera.startswith("Virtual Camera")
    assert remembered.language == "ja"


def test_the_keys_next_again_pause_stop(
    virtual_microphone, virtual_camera, device_environment, store, terminal
):
    environment = device_environment(virtual_microphone, virtual_camera)
    shown = terminal(environment, "record", "--set", "quick", "--language", "en")
    shown.wait_for("Starts in 3")
    shown.wait_for("● recording  0:01")
    assert "Please introduce yourself briefly." in shown.shown
    assert "target 0:30–1:00" in shown.shown
    assert "n next   a again   p pause   s stop" in shown.shown
    shown.press("n")
    shown.wait_for("Question 2 of 3 · why-this-company")
    shown.forget()
    shown.wait_for("● recording  0:01")
    assert "Starts in" not in shown.shown  # straight on
    shown.press("a")
    shown.wait_for("Starts in 3")
    shown.forget()
    shown.wait_for("● recording  0:01")
    shown.press("Ｐ")  # as a Japanese input method sends it
    shown.wait_for("Paused: nothing is being recorded")
    shown.wait_for("Kept: 03-why-this-company.mkv")
    shown.wait_for("Question 3 of 3 comes next")
    shown.press("n")
    shown.wait_for("Question 3 of 3 · strengths")
    shown.forget()
    shown.wait_for("● recording  0:01")
    shown.press("s")
    shown.wait_for("Rate your answers first")
    assert "Analyse now" not in shown.shown
    shown.press("\n")
    shown.wait_for("Analyse now")
    assert shown.restored
    shown.press("n\n")
    assert shown.finish() == 0
    session, folder = only_session(store)
    assert questions_of(session) == [
        *("self-introduction", "why-this-company", "why-this-company", "strengths")
    ]
    assert all(1 <= take.duration_s < 20 for take in session.takes)
    assert all((folder / take.media).is_file() for take in session.takes)
    assert len({take.media for take in session.takes}) == 4


@pytest.mark.parametrize("how", ["ctrl-c", "closed"])
def test_a_stop_on_the_terminal_keeps_the_take(sound_only, store, terminal, how):
    shown = terminal(sound_only, "record", "--no-video", "--question", "strengths", "--language=en")
    shown.wait_for("● recording  0:02")
    if how == "closed":
        shown.hang_up()
        assert shown.finish() == 130
    else:
        shown.press("\x03")
        assert shown.finish() == 130
        assert shown.restored
        _, folder = only_session(store)
        kept = shown.wait_for(r"Stopped; 1 answer kept \(0:0\d\) in")
        assert len(kept) == 1
        assert "Traceback" not in shown.shown
    session, folder = only_session(store)
    assert questions_of(session) == ["strengths"]
    assert session.takes[0].duration_s >= 2
    assert decoded_s(folder / session.takes[0].media) >= 1.9


def test_sigterm_keeps_the_take_and_a_second_recorder_is_refused(sound_only, store):
    first = subprocess.Popen(
        command("record", "--no-video", "--question", "strengths"),
        cwd=ROOT,
        env=sound_only,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not first.stderr.readline().startswith("recording question 1"):
            assert first.poll() is None
        began = time.monotonic()
        second = record(sound_only, "--no-video", "--seconds", "1")
        assert second.returncode == 1
        assert ONE_LINE.fullmatch(second.stderr), second.stderr
        assert "another recording is running" in second.stderr
        deletion = subprocess.run(
            command("delete", list_sessions(store)[0].id, "--yes"),
            cwd=ROOT, env=sound_only, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert deletion.returncode == 1
        assert "is being recorded" in deletion.stderr
        time.sleep(max(0.0, 2 - (time.monotonic() - began)))
        first.terminate()
        _, rest = first.communicate(timeout=WITHIN_S)
        lasted = time.monotonic() - began
    finally:
        if first.poll() is None:
            first.kill()
            first.communicate()
    assert first.returncode == 130
    assert "Stopped; 1 answer kept" in rest
    session, folder = only_session(store)  # the refused one left none
    assert session.takes[0].duration_s == pytest.approx(lasted, abs=2.5)
    assert session.takes[0].health.audio_gap_s == 0
    assert decoded_s(folder / session.takes[0].media) > 1.9


def test_killed_at_once_and_recovered_at_the_next_start(sound_only, store, program):
    first = subprocess.Popen(
        command("record", "--no-video", "--question", "strengths"),
        cwd=ROOT,
        env=sound_only,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: any(p.stat().st_size > 60_000 for p in store.glob("*/*.mkv")), "sound")
    finally:
        # Its recorder first: it would end the take when its user interface is gone.
        children = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        first.kill()
        first.wait()
    done = program("sessions", "--json")
    assert done.code == 0
    assert re.fullmatch(r"recovered: strengths, 0:0\d, in session [^\n]+\n", done.err), done.err
    (entry,) = json.loads(done.out)
    (take,) = entry["takes"]
    assert take["recovered"]
    assert "recovered after an interruption" in take["health"]
    assert take["duration_s"] > 1
    assert program("recover").out == "Nothing to recover.\n"
    assert program("recover", entry["id"]).out == "Nothing to recover.\n"


def test_a_recorder_that_dies_is_told_and_its_take_recovered(sound_only, store):
    first = subprocess.Popen(
        command("record", "--no-video", "--question", "strengths"),
        cwd=ROOT,
        env=sound_only,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: any(p.stat().st_size > 60_000 for p in store.glob("*/*.mkv")), "sound")
    children = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    _, told = first.communicate(timeout=WITHIN_S)
    assert first.returncode == 1
    assert re.search(r"^recovered: strengths, 0:0\d, in session", told, re.M)
    assert told.splitlines()[-1].startswith("mensetsu: the recorder ended unexpectedly")
    session, _ = only_session(store)
    assert session.takes[0].health.recovered


def test_no_microphone(virtual_camera, device_environment, store):
    done = record(device_environment(None, virtual_camera), "--seconds", "1")
    assert done.returncode == 1
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert "microphone" in done.stderr
    assert list_sessions(store) == ()


@pytest.mark.parametrize("option", ["--microphone", "--camera"])
def test_a_number_that_no_device_has(
    virtual_microphone, virtual_camera, device_environment, store, option
):
    environment = device_environment(virtual_microphone, virtual_camera)
    done = record(environment, "--seconds", "1", option, "7")
    assert done.returncode == 1
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert f"no {option[2:]} 7" in done.stderr
    assert "mensetsu devices" in done.stderr
    assert list_sessions(store) == ()
    assert read_choices(store.parent / "choices.json").microphone is None


@pytest.mark.parametrize("state", ["none", "busy", "permission"])
def test_a_camera_that_can_not_be_used(
    virtual_microphone, virtual_camera, device_environment, store, state
):
    if state != "none":
        getattr(virtual_camera, {"busy": "busy", "permission": "deny"}[state])()
    camera = None if state == "none" else virtual_camera
    done = record(device_environment(virtual_microphone, camera), "--seconds", "1")
    assert done.returncode == 1
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert re.search("camera", done.stderr, re.I)
    assert done.stderr.count("--no-video") == 1
    assert list_sessions(store) == ()


def test_without_a_camera_it_offers_sound_only(sound_only, store, terminal):
    shown = terminal(sound_only, "record", "--question", "strengths", columns=60)
    shown.wait_for(r"Which language will you answer in, en or ja\? \[en\]")
    shown.press("ja\n")
    shown.wait_for(r"Record sound only\? \[Y/n\]")
    shown.press("\n")
    shown.wait_for("Camera  none: sound only")
    shown.wait_for("● recording  0:01")
    assert "強み" in shown.shown
    shown.press("s")
    shown.wait_for("Rate your answer first")
    shown.press("\n")
    shown.wait_for("Analyse now")
    shown.press("n\n")
    assert shown.finish() == 0
    session, _ = only_session(store)
    assert session.language == "ja"
    assert session.takes[0].frame_size_px is None
    assert read_choices(store.parent / "choices.json").language == "ja"


@pytest.fixture
def with_goal(home):
    """An open goal on "strengths" for answers in English."""
    asked = AskedQuestion("strengths", "strengths", "S?", "強み")
    goal = Goal("2", "fillers_per_min", "at most", None, 3.0, asked, "en", "2099-01-01", utc_now())
    write_goals(GoalBook((goal,)))
    return goal


def test_a_goal_is_shown_and_answers_are_rated_before_the_numbers(
    sound_only, store, terminal, with_goal
):
    shown = terminal(sound_only, "record", "--no-video", "--set", "quick", "--language", "en")
    shown.wait_for("Starts in 3")
    shown.wait_for("● recording  0:01")
    assert "Goal" not in shown.shown  # it is for another question
    shown.press("n")
    shown.wait_for("Question 2 of 3")
    shown.press("n")
    shown.wait_for("Question 3 of 3 · strengths")
    shown.wait_for("Goal    Fillers: at most 3.0 per min")
    shown.forget()
    shown.wait_for("● recording  0:01")
    shown.wait_for("Goal    Fillers: at most 3.0 per min")
    shown.press("s")
    shown.wait_for("Rate your answers first")
    shown.press("y\n")
    for number in (1, 2, 3):
        shown.wait_for("Structure, 1 to 5", times=number)
        shown.press("5\n" if number == 3 else "\n")
        shown.wait_for("Delivery, 1 to 5", times=number)
        shown.press("\n")
        shown.wait_for("Confidence, 1 to 5", times=number)
        shown.press("\n")
        shown.wait_for("Note", times=number)
        shown.press("\n")
    shown.wait_for("Analyse now")
    shown.press("n\n")
    assert shown.finish() == 0
    session, folder = only_session(store)
    assert [take.goal for take in session.takes] == [None, None, "2"]
    (kept,) = folder.glob("*-self.json")
    assert kept.name == "03-strengths-self.json"
    (rating,) = read_ratings(kept)
    assert (rating.structure, rating.delivery, rating.after_numbers) == (5, None, False)


def test_a_goal_is_told_where_nobody_is(sound_only, store, with_goal):
    arguments = ("--no-video", "--seconds", "1", "--question", "strengths", "--language")
    done = record(sound_only, *arguments, "en")
    assert done.returncode == 0, done.stderr
    assert "goal: Fillers: at most 3.0 per min\n" in done.stderr
    assert "Rate" not in done.stderr
    assert only_session(store)[0].takes[0].goal == "2"
    done = record(sound_only, *arguments, "ja")
    assert "goal:" not in done.stderr


def test_broken_goals_do_not_stop_a_recording(sound_only, store, home):
    (home / "goals.json").write_text("{", encoding="utf-8")
    done = record(sound_only, "--no-video", "--seconds", "1", "--question", "strengths")
    assert done.returncode == 0, done.stderr
    assert "recording goes on without goals" in done.stderr
    assert (home / "goals.json").read_text("utf-8") == "{"
    assert len(only_session(store)[0].takes) == 1


def test_an_exercise_is_recorded(sound_only, store):
    arguments = ("--no-video", "--language", "ja", "--drill")
    unknown = record(sound_only, *arguments, "lens-stiker")
    assert unknown.returncode == 1
    assert ONE_LINE.fullmatch(unknown.stderr), unknown.stderr
    assert "did you mean lens-sticker" in unknown.stderr
    assert record(sound_only, *arguments, "lens-sticker", "--set", "quick").returncode == 2
    done = record(sound_only, *arguments, "lens-sticker", "--seconds", "1")
    assert done.returncode == 0, done.stderr
    (take,) = only_session(store)[0].takes
    assert take.question.id == "drill-lens-sticker"
    assert take.question.kind == "drill"
    assert take.question.text_ja in done.stderr
    assert take.media == "01-drill-lens-sticker.mkv"


def test_an_exercise_says_when_it_ends_and_is_not_rated(sound_only, terminal):
    shown = terminal(sound_only, "record", "--no-video", "--language=en", "--drill", "lens-sticker")
    shown.wait_for("ends at 0:35")
    shown.wait_for("Put a sticker right above the lens")
    shown.wait_for("● recording  0:01")
    shown.press("s")
    shown.wait_for("Analyse now")
    assert "Rate" not in shown.shown
    shown.press("n\n")
    assert shown.finish() == 0


def test_declining_sound_only_leaves_nothing(sound_only, store, terminal):
    shown = terminal(sound_only, "record", "--question", "strengths", "--language", "en")
    shown.wait_for("Record sound only")
    shown.press("n\n")
    assert shown.finish() == 1
    assert list_sessions(store) == ()


def test_a_simple_terminal_gets_lines_and_keys(sound_only, store, terminal):
    shown = terminal(
        *(sound_only, "record", "--no-video", "--set", "quick", "--language", "en"),
        TERM="dumb",
        NO_COLOR="1",
    )
    shown.wait_for("recording question 1 of 3: Please introduce yourself briefly.")
    time.sleep(1)
    shown.press("n")
    shown.wait_for("recording question 2 of 3")
    shown.wait_for(r"Kept: 01-self-introduction.mkv \(0:0\d, no problems\)")
    time.sleep(1)
    shown.press("s")
    shown.wait_for("Rate your answers first")
    shown.press("\n")
    shown.wait_for("Analyse now")
    shown.press("n\n")
    assert shown.finish() == 0
    assert b"\x1b" not in shown._shown
    assert len(only_session(store)[0].takes) == 2


def test_a_chosen_microphone_is_remembered(sound_only, store, program):
    arguments = ("--no-video", "--seconds", "1", "--question", "strengths")
    broken = create_session(store, "en")  # is in nobody's way
    (broken / "session.json").write_text("{", encoding="utf-8")
    assert record(sound_only, *arguments, "--microphone", "spare").returncode == 0
    shutil.rmtree(broken)
    folder = list_sessions(store)[0].folder
    assert record(sound_only, *arguments, "--session", folder).returncode == 0
    session, _ = only_session(store)
    assert [take.devices.microphone for take in session.takes] == ["Spare Microphone"] * 2
    assert [take.media for take in session.takes] == ["01-strengths.mkv", "02-strengths.mkv"]
    listed = json.loads(program("devices", "--json", env=sound_only).out)
    assert [m["name"] for m in listed["microphones"] if m["remembered"]] == ["Spare Microphone"]
    assert [m["number"] for m in listed["microphones"]] == [1, 2]
    assert listed["cameras"] == []
    shown = program("devices", env=sound_only).out
    assert re.search(r"2  Spare Microphone\n     48 kHz, 1 channel, remembered", shown)
    assert "Cameras\n  none found" in shown


def test_a_session_in_a_folder_of_ones_own(sound_only, store, tmp_path):
    arguments = ("--no-video", "--seconds", "1", "--question", "strengths", "--session")
    folder = tmp_path / "my 面接"
    assert record(sound_only, *arguments, folder, "--language", "ja").returncode == 0
    assert read_session(folder).language == "ja"
    assert len(read_session(folder).takes) == 1
    assert list_sessions(store) == ()
    mixed = record(sound_only, *arguments, folder, "--language", "en")
    assert (mixed.returncode, len(read_session(folder).takes)) == (1, 1)
    assert "is in Japanese" in mixed.stderr

    typo = record(sound_only, *arguments, "2026-01-01-1200-abcd", cwd=tmp_path)
    assert typo.returncode == 1
    assert "no session '2026-01-01-1200-abcd'" in typo.stderr

    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    refused = record(sound_only, *arguments, tmp_path / "photos")
    assert refused.returncode == 1
    assert "holds something else" in refused.stderr
    assert [p.name for p in (tmp_path / "photos").iterdir()] == ["cat.jpg"]


def test_the_clock_of_the_computer_may_be_changed(
    virtual_microphone, virtual_clock, device_environment, store
):
    environment = device_environment(virtual_microphone, None, virtual_clock)
    first = subprocess.Popen(
        command("record", "--no-video", "--question", "strengths", "--seconds", "4"),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not first.stderr.readline().startswith("recording question 1"):
        assert first.poll() is None
    time.sleep(1)
    virtual_clock.set_ahead(-7200)
    _, rest = first.communicate(timeout=WITHIN_S)
    assert first.returncode == 0, rest
    session, folder = only_session(store)
    assert session.takes[0].duration_s == pytest.approx(4.3, abs=0.7)
    assert decoded_s(folder / session.takes[0].media) == pytest.approx(4.3, abs=0.7)


def test_it_is_analysed_afterwards_at_lower_priority(sound_only, store):
    process = subprocess.Popen(
        command("record", "--no-video", "--question", "strengths", "--seconds=2", "--analyse"),
        cwd=ROOT,
        env=sound_only,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def worker():
        """Return how nice the worker of the analysis is."""
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            with contextlib.suppress(OSError):
                if b"analysis.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(
                        Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[16]
                    )
        return None

    nice = wait_until(worker, "a worker")
    out, err = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, err
    assert nice == max(os.nice(0), 10)
    _, folder = only_session(store)
    assert f"report: {folder / '01-strengths-analysis' / 'report.html'}" in out
    assert (folder / "01-strengths-analysis" / "analysis.json").is_file()


def in_mounts(script, *arguments, environment):
    return subprocess.run(
        ["unshare", "-m", "sh", "-euc", script, "sh", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        timeout=WITHIN_S, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [("size=20m", "no space for recordings"), ("ro", "can't be written (read-only)")],
)
def test_a_full_or_read_only_data_folder(sound_only, tmp_path, options, words):
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("no mounts here; tests/recorder/test_store.py stands for it")
    (tmp_path / "data").mkdir()
    done = in_mounts(
        'mount -t tmpfs -o "$1" none "$2"; code=0;'
        ' MENSETSU_HOME="$2" "$3" -m app record --no-video --seconds 1 --question strengths'
        ' || code=$?; find "$2" -type f; exit $code',
        *(options, tmp_path / "data", sys.executable),
        environment=sound_only,
    )
    assert done.returncode == 1
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert words in done.stderr
    assert "MENSETSU_HOME" in done.stderr
    assert done.stdout == ""


def test_a_file_in_the_place_of_the_data_folder(sound_only, tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    sound_only["MENSETSU_HOME"] = str(tmp_path / "file")
    done = record(sound_only, "--no-video", "--seconds", "1")
    assert done.returncode == 1
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert "a file stands in its way" in done.stderr
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
