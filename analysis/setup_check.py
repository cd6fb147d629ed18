"""The set-up check before an interview: what is measured, held against its limits.

A camera and a microphone (recorded for some seconds by the app), a still, a clip or a recording:

    frames → setup_picture ┐
    sound  → setup_sound   ├→ check_setup → SetupCheck (items) → setup_drawing
    devices (from the app) ┘

What could not be checked says why; it is never taken for in order.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from analysis.errors import MediaUnreadable
from analysis.media import frame_rate, probe_media, read_waveform
from analysis.setup_items import (
    FIX,
    PASS,
    PICTURE_ITEMS,
    UNCHECKED,
    Item,
    Limits,
    judge,
    read_limits,
)
from analysis.setup_picture import (
    LOOKED_AT_S,
    STILL_SUFFIXES,
    PictureFacts,
    measure_picture,
    read_still,
    sample_frames,
)
from analysis.setup_sound import LISTENED_S, SoundFacts, measure_setup_sound

STILL_LOOKS = 5
"""A still is looked at so often: the landmarks settle after the first look (by up to 4° in the
shoulder line; our measurements)."""

_FILE = "A file was given, not a device."
_FACE = "There is no face in the picture."
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """What the app knows about devices and computer; None = unknown or not asked."""

    camera: str | None = None
    """name of the camera"""
    camera_problem: str = ""
    """why it can't be used, a sentence with what to do"""
    cameras: int | None = None
    """how many there are"""
    frame_size_px: tuple[int, int] | None = None
    """width, height as delivered"""
    camera_rate_hz: float | None = None
    """frames per s as delivered"""
    frames_lost_ratio: float | None = None
    """share of the frames that did not reach the file"""
    microphone: str | None = None
    """name of the microphone"""
    microphone_problem: str = ""
    microphones: int | None = None
    microphone_rate_hz: int | None = None
    """sample rate"""
    bluetooth: bool = False
    """the microphone seems to be a wireless one"""
    processing: str = "unknown"
    """of the microphone, as `recorder.session.DevicesUsed` tells it"""
    audio_gaps: int | None = None
    """how often the device lost sound"""
    free_bytes: int | None = None
    """in the data folder"""
    free_cores: float | None = None
    """processor cores idle while recording"""
    earlier_checks: tuple[str, ...] | None = None
    """UTC, ISO 8601, of the checks before this one"""
    echo_left_out: str = "No test sound was played."
    """why there is no test sound, where there is none"""


@dataclass(frozen=True, slots=True)
class SetupCheck:
    """A set-up, judged."""

    made: str
    """UTC, ISO 8601"""
    items: tuple[Item, ...]
    devices: DeviceFacts
    picture: PictureFacts | None = field(default=None, compare=False)
    """for the drawing; None = no picture"""
    sound: SoundFacts | None = field(default=None, compare=False)

    def ids(self, state: str) -> tuple[str, ...]:
        """Return the ids of the items in a state."""
        return tuple(item.id for item in self.items if item.state == state)

    @property
    def passed(self) -> tuple[str, ...]:
        """Ids of what is in order."""
        return self.ids(PASS)

    @property
    def to_fix(self) -> tuple[str, ...]:
        """Ids of what is not in order."""
        return self.ids(FIX)

    @property
    def not_checked(self) -> tuple[str, ...]:
        """Ids of what could not be checked."""
        return self.ids(UNCHECKED)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a still, a clip or a recording holds; None = not in it."""

    picture: PictureFacts | None
    sound: SoundFacts | None
    frame_size_px: tuple[int, int] | None
    rate_hz: float | None
    """frames per s that are really in it; None = a still, or no picture"""


def measure_file(
    path: Path, *, test_sound_s: float | None = None, sound_too: bool = True
) -> FileFacts:
    """Measure a still, a clip, a recording or a sound file.

    Parameters
    ----------
    path : of the file.
    test_sound_s : when the test sound was asked for, s from the first sample.
    sound_too : False = the picture alone.

    Raises
    ------
    MediaUnreadable
        It can't be read.
    """
    if path.suffix.lower() in STILL_SUFFIXES:
        still, size = read_still(path)
        looks = [(look / 5, still) for look in range(STILL_LOOKS)]
        return FileFacts(measure_picture(looks), None, size, None)
    facts = probe_media(path).facts
    picture = rate = sound = None
    if facts.video_codec is not None:
        picture = measure_picture(sample_frames(path))
        measured = frame_rate(path, limit_s=LOOKED_AT_S)
        rate = None if math.isnan(measured) else measured
    if facts.audio_codec is not None and sound_too:
        samples, rate_hz = read_waveform(path, limit_s=LISTENED_S)
        sound = measure_setup_sound(samples, rate_hz, test_sound_s=test_sound_s)
    if picture is None and sound is None:
        raise MediaUnreadable(f"{path.name} has no picture: give a still, a clip or a recording")
    return FileFacts(picture, sound, facts.frame_size_px, rate)


def measure_sound_file(path: Path) -> SoundFacts:
    """Measure the sound of a file.

    Raises
    ------
    MediaUnreadable
        It can't be read, or has no sound.
    """
    probe_media(path)
    samples, rate_hz = read_waveform(path, limit_s=LISTENED_S)
    return measure_setup_sound(samples, rate_hz)


def check_setup(
    picture: PictureFacts | None,
    sound: SoundFacts | None,
    devices: DeviceFacts,
    *,
    limits: dict[str, Limits] | None = None,
    now: datetime.datetime | None = None,
) -> SetupCheck:
    """Judge a set-up.

    Parameters
    ----------
    picture, sound : what was measured; None = there is none.
    devices : what the app knows.
    limits : default: ours.
    now : the time of the check; default: the present.

    Returns
    -------
    SetupCheck with every item of `limits`, in their order.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    limits = limits or read_limits()
    judged = {
        item.id: item
        for group in (
            _camera_items(limits, devices),
            _picture_items(limits, picture, devices),
            _sound_items(limits, sound, devices),
            _computer_items(limits, devices, now),
        )
        for item in group
    }
    return SetupCheck(
        made=now.isoformat(timespec="seconds"),
        items=tuple(judged[name] for name in limits),
        devices=devices,
        picture=picture,
        sound=sound,
    )


def _camera_items(limits: dict[str, Limits], devices: DeviceFacts) -> Iterator[Item]:
    found = judge(
        limits["camera-found"], _found(devices.camera, devices.camera_problem), why_not=_FILE
    )
    yield _named(found, devices.camera, devices.camera_problem)
    no_picture = "There is no picture."
    size = devices.frame_size_px
    yield judge(
        limits["camera-resolution"],
        float(min(size)) if size else math.nan,
        why_not=no_picture,
        shown=f"{size[0]}×{size[1]}" if size else "",
    )
    yield judge(
        limits["camera-rate"],
        _or_nan(devices.camera_rate_hz),
        why_not=no_picture if size is None else "A still has no frame rate.",
    )
    yield judge(
        limits["frames-lost"],
        100 * _or_nan(devices.frames_lost_ratio),
        why_not=_FILE if devices.camera is None and not devices.camera_problem else no_picture,
    )


def _picture_items(
    limits: dict[str, Limits], picture: PictureFacts | None, devices: DeviceFacts
) -> Iterator[Item]:
    why = "There is no picture."
    if picture is None:
        for name in PICTURE_ITEMS:
            yield judge(limits[name], math.nan, why_not=why)
        return
    faceless = not picture.face_ratio > 0
    nobody = _FACE if faceless else ""
    yield judge(limits["face-found"], 100 * picture.face_ratio, why_not=why)
    yield judge(
        limits["picture-upright"],
        math.nan if faceless else float(picture.rotation_deg),
        why_not=nobody,
        shown="upright" if not picture.rotation_deg else "",
    )
    yield judge(
        limits["one-person"],
        math.nan if faceless else 100 * picture.several_faces_ratio,
        why_not=nobody,
    )
    unmasked = nobody or "You can't be told from the background in this picture."
    tilted = nobody or "Hold your head straight, with both shoulders in the picture."
    for name, value, reason in (
        ("face-centred", 100 * picture.face_centre_ratio, nobody),
        ("face-size", 100 * picture.face_size_ratio, nobody),
        ("head-room", 100 * picture.head_room_ratio, unmasked),
        ("eye-line", 100 * picture.eye_line_ratio, nobody),
        ("shoulders-visible", 100 * picture.shoulders_ratio, nobody),
        ("shoulders-level", picture.shoulder_tilt_deg, tilted),
        ("camera-height", picture.camera_height_deg, nobody),
        ("face-brightness", picture.face_luma, nobody),
        ("backlight", picture.backlight_ratio, unmasked),
        ("side-light", picture.side_light, nobody),
        ("sharpness", picture.sharpness, nobody),
        ("background-busy", 100 * picture.clutter_ratio, unmasked),
    ):
        yield judge(limits[name], value, why_not=reason)


def _sound_items(
    limits: dict[str, Limits], sound: SoundFacts | None, devices: DeviceFacts
) -> Iterator[Item]:
    found = _found(devices.microphone, devices.microphone_problem)
    problem = devices.microphone_problem
    if sound is not None and sound.silent:
        problem = (
            "The microphone sends nothing but digital silence: unmute it, and allow this program to"
            " use the microphone in the system's privacy settings."
        )
        found = 0.0 if devices.microphone is not None else found
    yield _named(
        judge(limits["microphone-found"], found, why_not=_FILE), devices.microphone, problem
    )
    why = "There is no sound."
    if sound is None or sound.silent:
        for name in ("sound-bandwidth", "speech-level", "clipping", "noise-floor", "snr", "echo"):
            yield judge(limits[name], math.nan, why_not=why)
        yield judge(limits["dropouts"], _or_nan(devices.audio_gaps), why_not=why)
        return
    yield _bandwidth(limits["sound-bandwidth"], sound, devices)
    speak = "Nobody spoke long enough: speak a sentence or two in your normal voice."
    if sound.speech_s > 0 and not math.isnan(sound.level_dbfs):
        speak = "There was no silence of half a second to measure the background noise in."
    yield judge(limits["speech-level"], sound.level_dbfs, why_not=speak)
    yield judge(limits["clipping"], 100 * sound.clipped_ratio, why_not=why)
    yield judge(limits["noise-floor"], sound.noise_floor_dbfs, why_not=speak)
    yield judge(limits["snr"], sound.snr_db, why_not=speak)
    yield _echo(limits["echo"], sound, devices)
    gaps = len(sound.holes) + (devices.audio_gaps or 0)
    yield judge(limits["dropouts"], float(gaps), shown="none" if not gaps else "")


def _bandwidth(limits: Limits, sound: SoundFacts, devices: DeviceFacts) -> Item:
    """Judge the highest frequency: by the device's rate, or lower where the voice ends lower."""
    rate_hz = min(devices.microphone_rate_hz or sound.rate_hz, sound.rate_hz)
    highest = rate_hz / 2
    if not math.isnan(sound.bandwidth_hz):
        highest = min(highest, sound.bandwidth_hz)
    elif highest >= 1000 * limits.low:
        # The rate alone does not tell what came over the air.
        return judge(limits, math.nan, why_not="Nobody spoke long enough to tell.")
    shown = f"up to {highest / 1000:.1f} kHz, {rate_hz / 1000:g} kHz sample rate"
    if devices.bluetooth:
        shown += ", Bluetooth"
    return judge(limits, highest / 1000, shown=shown)


def _echo(limits: Limits, sound: SoundFacts, devices: DeviceFacts) -> Item:
    if sound.echo is None:
        return judge(limits, math.nan, why_not=devices.echo_left_out)
    if math.isnan(sound.level_dbfs):
        return judge(
            limits, math.nan, why_not="Nobody spoke long enough to compare the test sound with."
        )
    if math.isnan(sound.echo.level_dbfs):
        below = sound.level_dbfs - sound.echo.limit_dbfs
        # Where the noise could hide an echo that matters, silence proves nothing.
        if not below >= limits.low:
            return judge(limits, math.nan, why_not="It is too noisy to hear the test sound.")
        return judge(limits, below, shown="not heard")
    return judge(limits, sound.level_dbfs - sound.echo.level_dbfs)


def _computer_items(
    limits: dict[str, Limits], devices: DeviceFacts, now: datetime.datetime
) -> Iterator[Item]:
    yield judge(
        limits["disk-free"],
        _or_nan(devices.free_bytes) / 1e9,
        why_not="The free space of the data folder is unknown.",
    )
    yield judge(
        limits["cpu-free"],
        _or_nan(devices.free_cores),
        why_not="Nothing was recorded during this check.",
    )
    for name, count in (
        ("fallback-camera", devices.cameras),
        ("fallback-microphone", devices.microphones),
    ):
        yield judge(limits[name], _or_nan(count), why_not=_FILE)
    yield _last_check(limits["last-check"], devices.earlier_checks, now)


def _last_check(limits: Limits, earlier: tuple[str, ...] | None, now: datetime.datetime) -> Item:
    """Judge the newest earlier check that is at least as old as the advice wants."""
    if earlier is None:
        return judge(limits, math.nan, why_not=_FILE)
    days = sorted(
        (now - datetime.datetime.fromisoformat(made)).total_seconds() / _DAY_S for made in earlier
    )
    days = [each for each in days if each >= 0]
    if not days:
        return judge(limits, 0.0, shown="never before")
    return judge(limits, next((each for each in days if each >= limits.low), days[0]))


def _found(name: str | None, problem: str) -> float:
    if problem:
        return 0.0
    return math.nan if name is None else 1.0


def _named(item: Item, name: str | None, problem: str) -> Item:
    """Say the device's name instead of "1 cameras", and what is wrong with it."""
    if item.state == UNCHECKED:
        return item
    advice = problem if item.state == FIX and problem else item.advice
    return replace(item, shown=name or "none", advice=advice)


def _or_nan(value: float | int | None) -> float:
    return math.nan if value is None else float(value)
