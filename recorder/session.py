"""Sessions, takes and questions as they lie on disk (standard library only).

A session folder holds ``session.json`` and the recordings it names. Times are seconds, dates
are UTC in ISO 8601. A take keeps its own copy of the question, so that later edits of the
question bank change nothing that was recorded.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from recorder.errors import SessionUnreadable

# 1: first version.
# 2: drops by cause, gaps, faults and devices of a take; set-up and calibration of a session.
SCHEMA = 2
FILE_NAME = "session.json"
_WINDOWS = os.name == "nt"


@dataclass(frozen=True, slots=True)
class Question:
    """An interview question."""

    id: str
    text_en: str
    text_ja: str
    stage: str
    """ "first", "technical", "final" or "closing" """
    kind: str
    """for instance "self-introduction", "motivation", "experience", "technical" """
    intent: str
    """what the interviewer wants to learn"""
    structure: str
    """recommended structure of the answer, for instance "PREP" or "STAR" """
    band_s: tuple[float, float]
    """recommended length of the answer: shortest, longest, in s"""
    band_source: str = ""
    """where the recommended length comes from"""
    talking_points: tuple[str, ...] = ()
    """what the candidate wants to say, own words"""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong with a device, the disk or the computer during a take."""

    kind: str
    """one of `recorder.faults.KINDS`"""
    start_s: float
    """s on the take's clock"""
    end_s: float | None = None
    """s; None = it lasted to the end of the take"""
    detail: str = ""
    """what distinguishes this one, for instance the name of the microphone that took over"""


@dataclass(frozen=True, slots=True)
class CaptureHealth:
    """What went wrong while recording."""

    audio_overflows: int = 0
    """count of audio blocks that the device lost"""
    frames_dropped: int = 0
    """count"""
    frames_written: int = 0
    """count"""
    av_offset_s: float = 0.0
    """start of the picture minus start of the sound, s"""
    recovered: bool = False
    """the recording was cut off and repaired"""
    frames_dropped_by: dict[str, int] = field(default_factory=dict[str, int])
    """count by cause: "camera" (never came from the device), "unreadable" (came broken), "queue"
    (the encoder was behind), "clock" (no later than the frame before)"""
    audio_gap_s: float = 0.0
    """silence that stands where the microphone delivered nothing, s in all"""
    faults: tuple[Fault, ...] = ()
    """in the order of their beginning"""


@dataclass(frozen=True, slots=True)
class DevicesUsed:
    """What a take was recorded with."""

    microphone: str
    """name as the system tells it"""
    microphone_processing: str = "unknown"
    """ "none", "unknown" (the system doesn't tell), or what it does, for instance "echo
    cancellation" """
    camera: str | None = None
    """name as the system tells it; None = sound only"""
    camera_rate_hz: float | None = None
    """frames per s that the camera promised"""


@dataclass(frozen=True, slots=True)
class Take:
    """One recorded answer."""

    id: str
    question: Question
    media: str
    """path of the recording, relative to the session folder, with forward slashes"""
    duration_s: float
    sample_rate_hz: int
    channels: int
    frame_size_px: tuple[int, int] | None
    """width, height; None = sound only"""
    health: CaptureHealth
    goal: str | None = None
    devices: DevicesUsed | None = None


@dataclass(frozen=True, slots=True)
class GazeCalibration:
    """Where the candidate's gaze reads when they look at two known places, before the answers."""

    lens_yaw_deg: float
    """median raw gaze while looking at the lens, deg, + = to the person's left"""
    lens_pitch_deg: float
    """deg, + = up"""
    screen_yaw_deg: float | None
    """the same while looking at the middle of the screen; None = not recorded"""
    screen_pitch_deg: float | None
    made: str
    """UTC, ISO 8601"""
    camera: str
    """name: it holds for this camera only"""


@dataclass(frozen=True, slots=True)
class SetupUsed:
    """The set-up check that was the newest when a session began."""

    made: str
    """UTC, ISO 8601"""
    passed: tuple[str, ...]
    """ids of the items that were in order"""
    to_fix: tuple[str, ...]
    """ids of the items that were not"""
    not_checked: tuple[str, ...]
    """ids of the items that could not be checked"""


@dataclass(frozen=True, slots=True)
class Session:
    """A sitting: takes recorded one after the other."""

    id: str
    created: str
    """UTC, ISO 8601"""
    language: str
    """ "en" or "ja" """
    takes: tuple[Take, ...] = ()
    setup: SetupUsed | None = None
    calibration: GazeCalibration | None = None
    schema: int = SCHEMA


def question_from_dict(data: dict[str, Any]) -> Question:
    """Make a question from its JSON form.

    Raises
    ------
    TypeError, KeyError, ValueError
        A field is missing, unknown or of the wrong kind.
    """
    low, high = data["band_s"]
    points = tuple(str(p) for p in data.get("talking_points", ()))
    revived: dict[str, Any] = {
        **data,
        "band_s": (float(low), float(high)),
        "talking_points": points,
    }
    return Question(**revived)


def read_session(folder: Path) -> Session:
    """Read ``session.json`` of a session folder.

    Raises
    ------
    SessionUnreadable
        There is none, or it is broken or newer than this program.
    """
    path = folder / FILE_NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if int(data["schema"]) > SCHEMA:
            raise SessionUnreadable(
                f"{path} was written by a newer mensetsu (schema {data['schema']}): update mensetsu"
            )
        return session_from_dict(data)
    except OSError as exc:
        raise SessionUnreadable(
            f"{path} can't be read ({exc.strerror}): is this a session folder?"
        ) from exc
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
        raise SessionUnreadable(f"{path} is not a session file of mensetsu ({exc!r})") from exc


def session_from_dict(data: dict[str, Any]) -> Session:
    """Make a session from its JSON form.

    Raises
    ------
    TypeError, LookupError, ValueError
        A field is missing or of the wrong kind.
    """
    return Session(
        id=data["id"],
        created=data["created"],
        language=data["language"],
        takes=tuple(take_from_dict(t) for t in data["takes"]),
        setup=_setup_from_dict(data.get("setup")),
        calibration=_calibration_from_dict(data.get("calibration")),
        schema=int(data["schema"]),
    )


def write_session(session: Session, folder: Path) -> Path:
    """Write ``session.json`` atomically and synced to disk, and return its path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / FILE_NAME
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".session-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(asdict(session), out, ensure_ascii=False, indent=1, allow_nan=False)
            out.flush()
            os.fsync(out.fileno())
        _replace(temporary, path)
        sync_folder(folder)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def _replace(temporary: str, path: Path) -> None:
    """Put a file in the place of another, which on Windows somebody may just be reading."""
    for wait_s in (0.05,) * 20 if _WINDOWS else ():
        try:
            os.replace(temporary, path)
            return
        except PermissionError:  # a virus scanner, an indexer, a backup
            time.sleep(wait_s)
    os.replace(temporary, path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power loss (Windows does so by itself)."""
    if _WINDOWS:
        return
    # Some network file systems refuse; their names are the server's business.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def take_from_dict(data: dict[str, Any]) -> Take:
    """Make a take from its JSON form.

    Raises
    ------
    TypeError, LookupError, ValueError
        A field is missing, unknown or of the wrong kind.
    """
    size = data["frame_size_px"]
    devices = data.get("devices")
    health: dict[str, Any] = data["health"]
    faults = tuple(Fault(**fault) for fault in health.get("faults", ()))
    told: dict[str, Any] = {**health, "faults": faults}
    revived: dict[str, Any] = {
        **data,
        "question": question_from_dict(data["question"]),
        "frame_size_px": None if size is None else (int(size[0]), int(size[1])),
        "health": CaptureHealth(**told),
        "devices": None if devices is None else DevicesUsed(**devices),
    }
    return Take(**revived)


def _setup_from_dict(data: dict[str, Any] | None) -> SetupUsed | None:
    if data is None:
        return None
    lists = {name: tuple(data[name]) for name in ("passed", "to_fix", "not_checked")}
    return SetupUsed(made=data["made"], **lists)


def _calibration_from_dict(data: dict[str, Any] | None) -> GazeCalibration | None:
    return None if data is None else GazeCalibration(**data)
