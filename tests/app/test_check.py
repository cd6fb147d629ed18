"""`mensetsu check`: on files, on virtual devices, what it keeps, and the gaze calibration."""

import contextlib
import itertools
import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from analysis.errors import CalibrationRefused
from analysis.setup_check import DeviceFacts, FileFacts
from analysis.setup_items import read_limits
from app.check_store import (
    earlier_checks,
    newest_calibration,
    newest_setup,
    save_calibration,
    save_check,
)
from app.check_view import BACKDROP
from app.errors import OutputRefused
from app.sources import find_recordings
from recorder.session import (
    CaptureHealth,
    DevicesUsed,
    GazeCalibration,
    Question,
    Session,
    Take,
    write_session,
)

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_media" / "english_take.mp4"
ITEMS = list(read_limits())
CALIBRATION = GazeCalibration(0.5, 13.0, 0.2, 3.5, "2026-11-20T10:00:00+00:00", "Webcam")


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """A frame of the sample as a picture file."""
    from analysis.media import read_frames
    from analysis.setup_drawing import save_picture

    frames = read_frames(SAMPLE, rate_hz=1, origin_s=0.0, width_px=1280)
    path = tmp_path_factory.mktemp("still") / "me.jpg"
    save_picture(next(f for t, f in frames if t > 3), path)
    return path


class TestFiles:
    def test_json_is_one_document_with_every_item(self, mensetsu, clip, home):
        done = mensetsu("check", "--camera", clip, "--json")
        assert (done.code, done.err) == (0, "")
        told = json.loads(done.out)
        assert [i["id"] for i in told["items"]] == ITEMS
        groups = told["passed"] + told["to_fix"] + told["not_checked"]
        assert sorted(groups) == sorted(ITEMS)
        for item in told["items"]:
            assert item["source"]
            assert item["target"]
            assert (item["value"] is None) == (item["state"] == "unchecked")
            assert bool(item["advice"]) == (item["state"] != "pass")
        assert "face-found" in told["passed"]
        assert "speech-level" in told["passed"]
        assert "camera-rate" in told["to_fix"]  # the sample has 15 frames per s
        assert told["live"] is False
        assert json.loads(Path(told["saved"]).read_text("utf-8"))["items"] == told["items"]
        assert Path(told["saved"]).parent == home / "checks"
        assert [b["ticked"] for b in told["backdrop"]] == [None] * len(BACKDROP)

    def test_text_says_what_to_do_and_lists_the_reminders(self, mensetsu, still):
        done = mensetsu("check", "--camera", still)
        assert (done.code, done.err) == (0, "")
        assert re.search(r"^ok +Height of the eyes +\d+ % from the top", done.out, re.M)
        assert "There is no sound." in done.out
        assert done.out.count("[ ]") == len(BACKDROP)
        assert "\nkept: " in done.out

    def test_a_fault_with_target_source_and_advice(self, mensetsu, still, tmp_path):
        dark = tmp_path / "dark.png"
        cv2.imwrite(str(dark), (cv2.imread(str(still)) * 0.25).astype(np.uint8))
        done = mensetsu("check", "--camera", dark)
        assert done.code == 0
        flat = " ".join(done.out.split())
        assert "fix Light on the face" in flat
        assert "(target: 70 to 220 of 255)" in flat
        assert "put a light or a window in front of you" in flat
        assert "Target: Well lit (advice" in flat

    def test_sound_of_another_file(self, mensetsu, still, voice):
        done = mensetsu("check", "--camera", still, "--microphone", voice, "--json")
        told = json.loads(done.out)
        assert {"face-found", "speech-level"} <= set(told["passed"])
        assert "microphone-found" in told["not_checked"]

    def test_sound_alone_asks_for_no_camera(self, mensetsu, voice):
        told = json.loads(mensetsu("check", "--microphone", voice, "--json").out)
        assert {"camera-found", "face-found"} <= set(told["not_checked"])
        assert "speech-level" in told["passed"]

    def test_the_picture(self, mensetsu, still, tmp_path):
        out = tmp_path / "新しい" / "annotated.png"
        done = mensetsu("check", "--camera", still, "--image", out, "--json")
        assert json.loads(done.out)["image"] == str(out)
        drawn = cv2.imdecode(np.fromfile(out, np.uint8), cv2.IMREAD_COLOR)
        assert drawn.shape == (720, 1780, 3)

    def test_a_check_of_a_file_is_none_of_the_set_up(self, mensetsu, still, home):
        mensetsu("check", "--camera", still)
        assert len(list((home / "checks").iterdir())) == 1
        assert earlier_checks(home) == ()
        assert newest_setup(home) is None

    def test_own_limits(self, mensetsu, still, home):
        (home / "setup.toml").write_text("[face-size]\nlow = 60\nhigh = 70\n", encoding="utf-8")
        told = json.loads(mensetsu("check", "--camera", still, "--json").out)
        (size,) = (i for i in told["items"] if i["id"] == "face-size")
        assert (size["state"], size["target"]) == ("fix", "60 to 70 % of the height")
        assert size["source"] == "Your own choice (setup.toml)."


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("--camera", "none.mp4"), "none.mp4: no such file"),
            (("--camera", "missing/none.png"), "no such file"),
            (("--microphone", "none.wav"), "none.wav: no such file"),
        ],
    )
    def test_missing(self, mensetsu, untouched, arguments, says):
        with untouched():
            done = mensetsu("check", *arguments)
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(rf"mensetsu: .*{says}.*\n", done.err)

    @pytest.mark.parametrize("name", ["broken.png", "broken.mp4", "empty.jpg"])
    def test_broken(self, mensetsu, tmp_path, name):
        path = tmp_path / name
        path.write_bytes(b"" if name.startswith("empty") else b"not at all")
        done = mensetsu("check", "--camera", path, "--json")
        assert (done.code, done.out) == (1, "")
        assert done.err.count("\n") == 1

    def test_wrong_usage(self, mensetsu, still):
        assert mensetsu("check", "--camera", still, "--image", "x.txt").code == 2
        assert mensetsu("check", "--camera", still, "--calibrate").code == 2
        assert mensetsu("check", "--nonsense").code == 2

    def test_a_picture_that_can_not_be_drawn(self, mensetsu, voice, still, tmp_path):
        out = tmp_path / "o.png"
        done = mensetsu("check", "--microphone", voice, "--image", out, "--json")
        assert done.code == 1
        assert "no picture to draw in" in done.err
        # The check itself is told and kept.
        told = json.loads(done.out)
        assert told["image"] is None
        assert Path(told["saved"]).is_file()
        (tmp_path / "folder.png").mkdir()
        done = mensetsu("check", "--camera", still, "--image", tmp_path / "folder.png")
        assert done.code == 1
        assert "is a folder" in done.err

    def test_a_refused_calibration_does_not_hide_the_result(self, mensetsu, home, monkeypatch):
        devices = SimpleNamespace(measured=FileFacts(None, None, None, None), devices=DeviceFacts())
        monkeypatch.setattr("app.check_devices.check_devices", lambda *_: devices)

        def refuse(*_):
            raise CalibrationRefused("lens and screen can't be told apart")

        monkeypatch.setattr("app.check_gaze.calibrate_gaze", refuse)
        done = mensetsu("check", "--json", "--calibrate")
        assert (done.code, done.err) == (1, "mensetsu: lens and screen can't be told apart\n")
        told = json.loads(done.out)
        assert told["calibration"] is None
        assert told["calibration_refused"] == "lens and screen can't be told apart"
        assert Path(told["saved"]).is_file()

    def test_a_mistake_in_the_own_limits(self, mensetsu, still, home):
        (home / "setup.toml").write_text("[face]\nlow = 1\n", encoding="utf-8")
        done = mensetsu("check", "--camera", still)
        assert done.code == 1
        assert "setup.toml has a mistake" in done.err

    def test_a_data_folder_that_can_not_be_written(self, mensetsu, still, home):
        (home / "checks").write_text("a file in the way")
        done = mensetsu("check", "--camera", still)
        assert done.code == 1
        assert "MENSETSU_HOME" in done.err


class TestStore:
    def told(self, made, live=True, passed=("snr",)):
        return {
            "schema": 1,
            "made": made,
            "live": live,
            "passed": list(passed),
            "to_fix": ["echo"],
            "not_checked": [],
        }

    def test_the_newest_is_told(self, home):
        save_check(home, self.told("2026-11-20T10:00:00+00:00"))
        save_check(home, self.told("2026-11-22T10:00:00+00:00", passed=("face-found", "snr")))
        save_check(home, self.told("2026-11-21T10:00:00+00:00"))
        save_check(home, self.told("2026-11-23T10:00:00+00:00", live=False))
        setup = newest_setup(home)
        assert setup is not None
        assert setup.made == "2026-11-22T10:00:00+00:00"
        assert (setup.passed, setup.to_fix) == (("face-found", "snr"), ("echo",))
        assert [made[:10] for made in earlier_checks(home)] == [
            "2026-11-22",
            "2026-11-21",
            "2026-11-20",
        ]

    def test_nothing_is_overwritten(self, home):
        paths = {save_check(home, self.told("2026-11-20T10:00:00+00:00")) for _ in range(20)}
        assert len(paths) == 20
        assert not list((home / "checks").glob(".new-*"))

    def test_broken_files_are_as_good_as_none(self, home):
        save_check(home, self.told("2026-11-20T10:00:00+00:00"))
        for number, text in enumerate(("", "{", "[]", '{"made": 3}', '{"made": "x", "live": 1}')):
            (home / "checks" / f"{number}.json").write_text(text)
            (home / "checks" / f"{number}-gaze.json").write_text(text)
        newer = self.told("2027-01-01T00:00:00+00:00") | {"schema": 99}
        (home / "checks" / "newer.json").write_text(json.dumps(newer))
        assert earlier_checks(home) == ("2026-11-20T10:00:00+00:00",)
        assert newest_calibration(home, "Webcam") is None

    def test_no_folder(self, tmp_path):
        assert newest_setup(tmp_path / "none") is None
        assert newest_calibration(tmp_path / "none", "Webcam") is None

    def test_a_calibration_holds_for_its_camera(self, home):
        older = replace(CALIBRATION, made="2026-11-19T10:00:00+00:00", lens_yaw_deg=9.0)
        other = replace(CALIBRATION, made="2026-11-22T10:00:00+00:00", camera="Another")
        for each in (CALIBRATION, older, other):
            save_calibration(home, each)
        assert newest_calibration(home, "Webcam") == CALIBRATION
        assert newest_calibration(home, "Another") == other
        assert newest_calibration(home, "A third") is None
        assert newest_calibration(home, None) is None

    def test_a_folder_that_can_not_be_written(self, home):
        (home / "checks").write_text("a file in the way")
        with pytest.raises(OutputRefused, match="MENSETSU_HOME"):
            save_calibration(home, CALIBRATION)


class TestCalibrationOfTakes:
    @pytest.fixture
    def session(self, tmp_path, clip):
        folder = tmp_path / "session"
        folder.mkdir()
        (folder / "01-x.mp4").write_bytes(clip.read_bytes())
        question = Question("x", "?", "?", "first", "experience", "", "", (60.0, 120.0))
        take = Take(
            id="s-01",
            question=question,
            media="01-x.mp4",
            duration_s=14.9,
            sample_rate_hz=48_000,
            channels=1,
            frame_size_px=(1280, 720),
            health=CaptureHealth(),
            devices=DevicesUsed("Headset", camera="Webcam"),
        )
        made = Session("s", "2026-11-23T10:00:00+00:00", "en", (take,), calibration=CALIBRATION)
        write_session(made, folder)
        return folder, made

    def test_session_take_and_file(self, session):
        folder, _ = session
        for source in (folder, folder / "01-x.mp4"):
            (recording,) = find_recordings(source)
            assert recording.calibration == CALIBRATION

    def test_another_camera(self, session):
        folder, made = session
        (take,) = made.takes
        for devices in (None, DevicesUsed("Headset", camera="Another")):
            write_session(replace(made, takes=(replace(take, devices=devices),)), folder)
            assert find_recordings(folder)[0].calibration is None
            assert find_recordings(folder / "01-x.mp4")[0].calibration is None

    def test_a_file_outside_any_session(self, clip):
        assert find_recordings(clip)[0].calibration is None

    def test_the_analysis_uses_it(self, mensetsu, session):
        folder, _ = session
        done = mensetsu("analyse", folder, "--model", "tiny.en", "--json")
        assert done.code == 0, done.err
        told = json.loads((folder / "01-x-analysis" / "analysis.json").read_text("utf-8"))
        assert told["gaze"]["calibration"] == "two-point"
        assert told["provenance"]["options"]["gaze_calibration"] == asdict(CALIBRATION)
        # The results alone lead back to it.
        (again,) = find_recordings(folder / "01-x-analysis")
        assert again.calibration == CALIBRATION


def command(*arguments):
    return [sys.executable, "-m", "app", *map(str, arguments)]


def run(environment, *arguments, on_line=lambda line: None):
    """Run `mensetsu check` without a terminal, telling of each line of its guidance at once."""
    process = subprocess.Popen(
        command("check", *arguments),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            on_line(line)
        out = process.stdout.read()
        return process.wait(timeout=120), out, "".join(said)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def microphone(virtual_microphone):
    """A microphone with a quiet room."""
    room = np.random.default_rng(0).standard_normal(48_000 * 4) * 20
    virtual_microphone.play(room.astype(np.int16), repeat=True)
    return virtual_microphone


def speaker(microphone):
    """Return what lets a person speak when asked to, and be silent when asked to."""
    from tests.devices.clips import sound_of

    sound = sound_of(SAMPLE)
    room = np.random.default_rng(0).standard_normal(48_000 * 30) * 20
    answer = np.concatenate([sound[round(1.6 * 48_000) : 6 * 48_000], room.astype(np.int16)])

    def on_line(line):
        if line.startswith("Speak for"):
            microphone.play(answer)

    return on_line


def show(camera, *spans):
    from tests.devices.clips import frames_of

    frames = [
        frame
        for first, last in spans
        for frame in itertools.islice(frames_of(SAMPLE), round(first * 30), round(last * 30))
    ]
    return camera.pack(frames)


def states(out):
    return {i["id"]: i for i in json.loads(out)["items"]}


@pytest.mark.virtual_devices
class TestDevices:
    def test_camera_microphone_and_loudspeaker(
        self, microphone, virtual_cameras, device_environment, home, tmp_path
    ):
        camera = virtual_cameras.add(name="Webcam")
        virtual_cameras.add(number=2, name="Spare Camera")
        camera.play(show(camera, (5, 9)), repeat=True)
        microphone.echo(0.5)
        picture = tmp_path / "me.png"
        environment = device_environment(microphone, virtual_cameras)
        code, out, said = run(
            environment, "--json", "--image", picture, on_line=speaker(microphone)
        )
        assert code == 0, said
        told, found = json.loads(out), states(out)
        assert told["live"] is True
        for name in (
            "camera-found",
            "camera-resolution",
            "face-found",
            "eye-line",
            "microphone-found",
            "speech-level",
            "noise-floor",
            "snr",
            "sound-bandwidth",
            "fallback-camera",
            "fallback-microphone",
            "disk-free",
        ):
            assert found[name]["state"] == "pass", found[name]
        assert found["camera-found"]["shown"] == camera.name
        # Half of a sound as loud as the voice, give or take the voice.
        assert found["echo"]["state"] == "fix", found["echo"]
        assert found["echo"]["value"] == pytest.approx(-22.5 + 26, abs=2.5)
        for measured in ("camera-rate", "frames-lost", "cpu-free", "dropouts"):
            assert found[measured]["value"] is not None
        assert picture.exists()
        assert "removed as soon as it is measured" in said
        # Nothing of the recording is left, no session was made.
        assert not [p for p in home.rglob("*") if p.suffix in (".mkv", ".jsonl")]
        assert not list(home.glob(".check-*"))
        setup = newest_setup(home)
        assert setup is not None
        assert "speech-level" in setup.passed

    def test_without_a_microphone_the_camera_alone(self, virtual_camera, device_environment, home):
        virtual_camera.play(show(virtual_camera, (5, 7)), repeat=True)
        code, out, said = run(device_environment(None, virtual_camera), "--json")
        assert code == 0, said
        found = states(out)
        assert found["microphone-found"]["state"] == "fix"
        assert found["camera-found"]["state"] == found["face-found"]["state"] == "pass"
        assert found["speech-level"]["state"] == "unchecked"
        assert found["fallback-camera"]["state"] == "fix"

    def test_without_a_camera_the_sound_alone(self, microphone, device_environment):
        environment = device_environment(microphone, None)
        code, out, said = run(environment, "--json", "--no-echo", on_line=speaker(microphone))
        assert code == 0, said
        found = states(out)
        assert found["camera-found"]["state"] == "fix"
        assert found["speech-level"]["state"] == "pass"
        assert found["echo"]["state"] == "unchecked"
        assert "as asked for" in found["echo"]["advice"]
        assert "test sound" not in said

    def test_a_busy_camera_and_a_muted_microphone(
        self, microphone, virtual_camera, device_environment
    ):
        virtual_camera.busy()
        microphone.zeros()
        code, out, said = run(device_environment(microphone, virtual_camera), "--json", "--no-echo")
        assert code == 0, said
        found = states(out)
        assert found["camera-found"]["state"] == "fix"
        assert "close" in found["camera-found"]["advice"].lower()
        assert found["microphone-found"]["state"] == "fix"
        assert "unmute" in found["microphone-found"]["advice"]

    @pytest.mark.parametrize("arguments", [("--camera", "9"), ("--microphone", "9")])
    def test_a_number_that_does_not_exist(
        self, microphone, virtual_camera, device_environment, home, arguments
    ):
        code, out, said = run(device_environment(microphone, virtual_camera), *arguments)
        assert (code, out) == (1, "")
        assert said.splitlines()[-1].startswith("mensetsu: ")
        assert not (home / "checks").exists()
        assert not list(home.glob(".check-*"))

    def test_nothing_at_all(self, device_environment):
        code, out, said = run(device_environment(None, None), "--json")
        assert code == 0, said
        found = states(out)
        assert found["camera-found"]["state"] == found["microphone-found"]["state"] == "fix"
        assert found["face-found"]["state"] == "unchecked"

    def test_calibration(self, microphone, virtual_camera, device_environment, home):
        # At the lens for 3 s, then the eyes go to the left of the picture.
        looks = show(virtual_camera, (6.5, 9.7), (15.1, 17.9), (15.1, 17.9))
        ahead = show(virtual_camera, (6.5, 9.5))
        virtual_camera.play(ahead, repeat=True)
        moments = []

        def on_line(line):
            if "Now look at the lens" in line:
                virtual_camera.play(looks)
            moments.append((time.monotonic(), line))

        code, out, said = run(
            device_environment(microphone, virtual_camera),
            "--json",
            "--no-echo",
            "--calibrate",
            on_line=on_line,
        )
        assert code == 0, said
        told = json.loads(out)["calibration"]
        kept = newest_calibration(home, virtual_camera.name)
        assert kept is not None
        assert asdict(kept) == told
        assert kept.screen_yaw_deg - kept.lens_yaw_deg < -6
        asked = [at for at, line in moments if line.startswith("  Now look")]
        assert asked[1] - asked[0] > 2.9

    def test_calibration_that_is_refused(
        self, microphone, virtual_camera, device_environment, home
    ):
        virtual_camera.play(show(virtual_camera, (6.5, 9.5)), repeat=True)
        code, _, said = run(
            device_environment(microphone, virtual_camera), "--json", "--no-echo", "--calibrate"
        )
        assert code == 1
        assert "can't be told apart" in said.splitlines()[-1]
        assert newest_calibration(home, virtual_camera.name) is None
        # The check itself is kept.
        assert len(earlier_checks(home)) == 1

    def test_ctrl_c_leaves_nothing(self, microphone, device_environment, home):
        process = None
        with contextlib.ExitStack() as stack:
            process = subprocess.Popen(
                command("check", "--no-echo"),
                cwd=ROOT,
                env=device_environment(microphone, None),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.callback(process.communicate)
            stack.callback(process.kill)
            for line in process.stderr:
                if line.startswith("Speak for"):
                    break
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert process.wait(timeout=60) == 130, rest
        assert "Stopped" in rest
        assert not list(home.glob(".check-*"))
        assert not (home / "checks").exists()
