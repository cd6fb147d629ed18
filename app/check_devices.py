"""The devices of a set-up check: about ten guided seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from analysis.setup_check import DeviceFacts, FileFacts, measure_file
from analysis.setup_picture import Frame, measure_picture
from analysis.setup_sound import make_test_sound
from app.check_recording import (
    QUESTION,
    Wanted,
    finish,
    idle_cores,
    scratch_session,
    take_s,
    wait_for_take,
)
from recorder.errors import CameraUnusable, DeviceUnusable, MicrophoneUnusable
from recorder.session import Take

SPEAK_S, SILENT_S, AFTER_SOUND_S = 5.0, 3.0, 0.6
"""about 10 s in all, as the check is meant to take; how they are shared out is our judgement"""
LOOK_S, LOOK_RATE_HZ = 3.0, 5.0
"""of the picture alone, where there is no microphone to record with; our judgement"""
PLAY_RATE_HZ = 48_000

SENTENCES = {
    "en": "“Hello, my name is … Thank you for taking the time to talk with me today. I would like"
    " to tell you about my last project.”",
    "ja": "「…と申します。本日はお時間をいただき、ありがとうございます。"
    "前の仕事についてお話しします。」",
}

_SOUND_GAPS = ("audio-gap", "microphone-stalled", "microphone-replaced")
_NOTHING = FileFacts(None, None, None, None)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the devices yielded."""

    measured: FileFacts
    devices: DeviceFacts


def check_devices(home: Path, wanted: Wanted, tell: Callable[[str], None]) -> Checked:
    """Guide the user through some seconds of recording and measure them.

    A device that can't be used is an item of the check; the others are checked without it.

    Parameters
    ----------
    home : the data folder.
    wanted : the devices.
    tell : shows a line to the user.

    Raises
    ------
    DeviceUnusable
        The device that the user asked for does not exist.
    RecorderError, AnalysisError
        The recording itself failed.
    """
    facts = _count_devices(wanted)
    while wanted.sound:
        try:
            with scratch_session(home) as folder:
                return _record(folder, wanted, facts, tell)
        except MicrophoneUnusable as exc:
            facts = replace(facts, microphone_problem=_problem(exc))
            tell(facts.microphone_problem)
            wanted = replace(wanted, sound=False)
        except CameraUnusable as exc:
            facts = replace(facts, camera_problem=_problem(exc))
            tell(facts.camera_problem)
            wanted = replace(wanted, picture=False)
    if not wanted.picture:
        return Checked(_NOTHING, facts)
    try:
        return _look(wanted, facts, tell)
    except CameraUnusable as exc:
        return Checked(_NOTHING, replace(facts, camera_problem=_problem(exc)))


def _record(
    folder: Path, wanted: Wanted, facts: DeviceFacts, tell: Callable[[str], None]
) -> Checked:
    """Record the steps of the check and measure them."""
    from recorder.capture import Recorder

    test_sound_s = None
    with Recorder(folder, wanted.options()) as recorder:
        ready = recorder.open()
        tell("This is a check: what is recorded now is removed as soon as it is measured.")
        tell(f"Speak for {SPEAK_S:.0f} seconds in your normal voice, for instance:")
        tell(f"  {SENTENCES[wanted.language]}")
        recorder.begin(QUESTION)
        psutil.cpu_percent()
        time.sleep(SPEAK_S)
        tell(f"Now be silent for {SILENT_S:.0f} seconds, and look straight ahead.")
        time.sleep(SILENT_S)
        left_out = "The test sound was left out, as asked for."
        if wanted.echo:
            tell("Stay silent: a short test sound comes from your loudspeaker.")
            wait_for_take(recorder)
            test_sound_s = take_s(recorder)
            left_out = play_test_sound()
            time.sleep(AFTER_SOUND_S)
        busy_percent = psutil.cpu_percent()
        take = finish(recorder)
        recorder.close()
    tell("Measuring …")
    if left_out:
        test_sound_s = None
    measured = measure_file(folder / take.media, test_sound_s=test_sound_s)
    return Checked(
        measured,
        replace(
            facts,
            camera=ready.camera,
            frame_size_px=measured.frame_size_px,
            camera_rate_hz=measured.rate_hz,
            frames_lost_ratio=_lost(take),
            microphone=ready.microphone,
            microphone_rate_hz=ready.rate_hz,
            bluetooth=ready.bluetooth,
            processing=ready.processing,
            audio_gaps=take.health.audio_overflows
            + sum(fault.kind in _SOUND_GAPS for fault in take.health.faults),
            free_cores=idle_cores(busy_percent),
            echo_left_out=left_out,
        ),
    )


def play_test_sound() -> str:
    """Play the test sound; return why it could not be played, or ""."""
    from recorder.audio import play

    try:
        play(make_test_sound(PLAY_RATE_HZ), PLAY_RATE_HZ)
    except DeviceUnusable as exc:
        return _sentence(str(exc))
    return ""


def _look(wanted: Wanted, facts: DeviceFacts, tell: Callable[[str], None]) -> Checked:
    """Look through the camera without recording."""
    from recorder.camera_list import find_camera
    from recorder.video import CameraSource

    camera = find_camera(wanted.camera, wanted.remembered_camera)
    source = CameraSource(camera)
    tell(f"Look straight ahead for {LOOK_S:.0f} seconds.")
    frames: list[tuple[float, Frame]] = []
    times: list[float] = []
    try:
        end_s = time.monotonic() + LOOK_S
        while time.monotonic() < end_s:
            frame = source.read()
            if frame is None:
                break
            times.append(frame.capture_s)
            if not frames or frame.capture_s - frames[-1][0] >= 1 / LOOK_RATE_HZ:
                frames.append((frame.capture_s, frame.image[:, :, ::-1].copy()))
    finally:
        source.close()
    if not frames:
        problem = "The camera sends no pictures: plug it in again, and close other programs."
        return Checked(_NOTHING, replace(facts, camera_problem=problem))
    span_s = times[-1] - times[0]
    rate_hz = (len(times) - 1) / span_s if span_s > 0 else None
    height, width = frames[0][1].shape[:2]
    measured = FileFacts(measure_picture(frames), None, (width, height), rate_hz)
    return Checked(
        measured,
        replace(facts, camera=camera.name, frame_size_px=(width, height), camera_rate_hz=rate_hz),
    )


def _count_devices(wanted: Wanted) -> DeviceFacts:
    """Count what there is, the unused included: they are what to fall back to."""
    from recorder.camera_list import list_cameras
    from recorder.microphone_list import list_microphones

    try:
        microphones = len(list_microphones())
    except MicrophoneUnusable:
        microphones = 0
    return DeviceFacts(
        cameras=len(list_cameras()) if wanted.picture else None,
        microphones=microphones if wanted.sound else None,
    )


def _lost(take: Take) -> float | None:
    """Return the share of the frames that did not reach the file."""
    if take.frame_size_px is None:
        return None
    lost = sum(take.health.frames_dropped_by.values()) or take.health.frames_dropped
    return lost / max(1, lost + take.health.frames_written)


def _problem(exc: DeviceUnusable) -> str:
    """Return what is wrong with a device, for its item; what does not exist at all is raised."""
    if exc.reason == "unknown":
        raise exc
    return _sentence(str(exc))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
