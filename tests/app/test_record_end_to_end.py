"""A known clip is played into the virtual devices, recorded, analysed, and compared with itself."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

from recorder.session import read_session
from tests.devices.clips import frames_of, sound_of

pytestmark = pytest.mark.virtual_devices

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_media"
AROUND_S = 1.5
"""of nothing before the clip, and of its last picture after it"""

TOLERANCES = {
    # As stated in the README: edges of an answer off by 0.22 s, of a silence by 0.12 s, pace by
    # 3.5 %. The others are what a second recording may change: a pause at the limit of 0.5 s, a
    # frame that is sampled 0.1 s later, the noise of the microphone's last bits.
    "answer_s": 0.25,
    "speaking_s": 0.5,
    "longest_silence_s": 0.25,
    "silences_over_30s": 0,
    "pause_count": 1,
    "hesitation_count": 1,
    "lexical_filler_count": 1,
    "level_dbfs": 0.5,
    "f0_spread_st": 0.2,
    "gaze_coverage_ratio": 0.05,
    "eye_contact_ratio": 0.05,
    "away_count": 1,
    "posture_coverage_ratio": 0.05,
    "slouch_ratio": 0.05,
}
RELATIVE = {"word_count": 0.035, "speech_rate_wpm": 0.035, "mora_rate_per_min": 0.035}


def mensetsu(*arguments: str | Path, env=None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "app", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=env,
        cwd=ROOT,
    )


def length_s(clip: Path) -> float:
    with av.open(str(clip)) as container:
        return container.duration / av.time_base


def record(clip: Path, language: str, session: Path, microphone, camera, env) -> Path:
    """Play a clip into the devices while ``mensetsu record`` runs, and return the recording."""
    sound = sound_of(clip)
    pictures = camera.pack(frames_of(clip, rate_hz=camera.rate_hz, size_px=camera.size_px))
    camera.play([next(frames_of(clip, size_px=camera.size_px))], repeat=True)
    seconds = f"{length_s(clip) + 2 * AROUND_S:.2f}"
    arguments = ["record", "--language", language, "--seconds", seconds, "--no-analyse"]
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *arguments, "--session", session],
        env=env,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    while process.poll() is None and not list(session.glob("01-*.mkv")):
        time.sleep(0.02)
    start_s = time.monotonic() + AROUND_S
    microphone.play(sound, at_s=start_s)
    camera.play(pictures, at_s=start_s)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    (take,) = read_session(session).takes
    assert take.health.audio_gap_s == 0, err
    assert abs(take.duration_s - float(seconds)) < 0.5, out
    return session / take.media


def assert_alike(of_take: dict, of_clip: dict) -> None:
    off = {}
    for name, tolerance in TOLERANCES.items():
        off[name] = (of_take[name], of_clip[name], tolerance)
    for name, share in RELATIVE.items():
        if of_clip[name] is not None:
            off[name] = (of_take[name], of_clip[name], share * of_clip[name])
    wrong = {
        name: (taken, true)
        for name, (taken, true, tolerance) in off.items()
        if (taken is None) != (true is None)
        or (taken is not None and abs(taken - true) > tolerance)
    }
    assert not wrong, f"(take, clip): {wrong}"
    assert of_clip["answer_s"] is not None
    assert of_take["language"] == of_clip["language"]


def summary_of(media: Path, language: str, output: Path) -> dict:
    done = mensetsu("analyse", media, "--language", language, "--json", "--output", output)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def recorded_and_analysed(tmp_path, virtual_microphone, virtual_camera, device_environment):
    env = device_environment(virtual_microphone, virtual_camera)

    def run(clip: Path, language: str) -> tuple[dict, dict]:
        folder = tmp_path / "私の 練習"
        media = record(clip, language, folder, virtual_microphone, virtual_camera, env)
        return (
            summary_of(media, language, tmp_path / "of the take"),
            summary_of(clip, language, tmp_path / "of the clip"),
        )

    return run


def test_the_sample_recorded_and_analysed_is_the_sample_analysed(recorded_and_analysed):
    of_take, of_clip = recorded_and_analysed(SAMPLES / "english_take.mp4", "en")
    assert_alike(of_take, of_clip)
    assert of_take["silences_over_30s"] == 1


@pytest.mark.shared_media
def test_a_real_recording_recorded_and_analysed_again(recorded_and_analysed, shared_media):
    of_take, of_clip = recorded_and_analysed(shared_media / "video" / "dc5_japanese.mp4", "ja")
    assert_alike(of_take, of_clip)
