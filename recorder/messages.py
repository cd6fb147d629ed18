"""What the user interface and the recorder process tell each other: JSON, a message a line.

To the recorder: ``{"do": name, "id": number, ...}``. From it: ``{"reply": id, "value": ...}`` or
``{"reply": id, "error": ...}``, and unasked ``{"beat": ...}`` (`Status`) and ``{"event": ...}``
(`Event`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from recorder import errors
from recorder.session import Fault, GazeCalibration, SetupUsed, Take, take_from_dict

LOW_BYTES = 2_000_000_000
"""free space from which the disk counts as nearly full (the project's requirement)"""


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """What to record with."""

    microphone: str | None = None
    """number, id or (part of a) name; None = the remembered one or the system's default"""
    camera: str | None = None
    video: bool = True
    """False = sound only"""
    language: str = "en"
    size_px: tuple[int, int] = (1280, 720)
    """width, height to ask the camera for"""
    rate_hz: float = 30.0
    """frames per s to ask the camera for"""
    setup: SetupUsed | None = None
    calibration: GazeCalibration | None = None
    remembered_microphone: str | None = None
    """id of the one that was used before"""
    remembered_camera: str | None = None
    low_bytes: int = LOW_BYTES
    reserve_bytes: int | None = None
    """free space to leave; None = what `recorder.watchdogs` says"""


@dataclass(frozen=True, slots=True)
class Ready:
    """What was opened."""

    microphone: str
    """name"""
    microphone_id: str
    """what to remember"""
    rate_hz: int
    channels: int
    processing: str
    """ "none", "unknown", or what the system does to the sound"""
    bluetooth: bool
    """the microphone looks like one of a Bluetooth headset: narrow sound"""
    camera: str | None
    """name; None = sound only"""
    camera_id: str | None
    size_px: tuple[int, int] | None
    """as granted"""
    camera_rate_hz: float | None
    """frames per s, as granted"""
    codec: str | None
    """of the picture"""


@dataclass(frozen=True, slots=True)
class Status:
    """Counters of the recorder, twice a second."""

    take_id: str | None = None
    """of the running take"""
    elapsed_s: float = 0.0
    """length of the running take so far"""
    samples: int = 0
    """written into the running take, per channel"""
    gap_s: float = 0.0
    """silence among them that stands for missing sound"""
    audio_overflows: int = 0
    frames_written: int = 0
    frames_dropped_by: dict[str, int] = field(default_factory=dict[str, int])
    camera_rate_hz: float = 0.0
    """frames that came from the camera in the last seconds, per s"""
    free_bytes: int = 0
    remaining_s: float = float("inf")
    """until the disk is full, at the present rate"""
    cpu_ratio: float = 0.0
    """of one core"""
    memory_bytes: int = 0
    offset_s: float = 0.0
    """`time.monotonic()` at sample 0 of the microphone"""
    worst_sync_ms: float = 0.0
    """longest sync to disk of the running take"""
    faults: tuple[Fault, ...] = ()
    """those that last, with their start on the running take's clock"""
    beat_age_s: float = 0.0
    """how old this is"""


@dataclass(frozen=True, slots=True)
class Event:
    """Something the user has to know at once."""

    kind: str
    """ "fault-began", "fault-over" or "take-finished" """
    take_id: str | None
    """the take it belongs to; None = between two answers"""
    fault: Fault | None = None
    """of a fault; `recorder.faults.describe` has the words"""
    take: Take | None = None
    """the finished take"""
    reason: str = ""
    """why a take was finished: "asked", "switched", "closed", "disk-full" or "write-failed" """


def encode(message: dict[str, Any]) -> bytes:
    """Return a message as a line."""
    return json.dumps(message, ensure_ascii=True).encode("ascii") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Return the message of a line.

    Raises
    ------
    ValueError
        It is none.
    """
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError(f"no message: {line[:80]!r}")
    return message


def options_to_dict(options: CaptureOptions) -> dict[str, Any]:
    """Return the JSON form of options."""
    return asdict(options)


def options_from_dict(data: dict[str, Any]) -> CaptureOptions:
    """Make options from their JSON form."""
    setup, calibration = data["setup"], data["calibration"]
    revived: dict[str, Any] = {
        **data,
        "size_px": tuple(data["size_px"]),
        "setup": setup
        and SetupUsed(
            made=setup["made"],
            **{name: tuple(setup[name]) for name in ("passed", "to_fix", "not_checked")},
        ),
        "calibration": calibration and GazeCalibration(**calibration),
    }
    return CaptureOptions(**revived)


def ready_from_dict(data: dict[str, Any]) -> Ready:
    """Make a `Ready` from its JSON form."""
    size = data["size_px"]
    return Ready(**{**data, "size_px": None if size is None else (int(size[0]), int(size[1]))})


def status_from_dict(data: dict[str, Any]) -> Status:
    """Make a `Status` from its JSON form."""
    return Status(**{**data, "faults": tuple(Fault(**fault) for fault in data["faults"])})


def event_from_dict(data: dict[str, Any]) -> Event:
    """Make an `Event` from its JSON form."""
    fault, take = data["fault"], data["take"]
    revived: dict[str, Any] = {
        **data,
        "fault": None if fault is None else Fault(**fault),
        "take": None if take is None else take_from_dict(take),
    }
    return Event(**revived)


def error_to_dict(error: errors.RecorderError) -> dict[str, Any]:
    """Return the JSON form of an error."""
    return {
        "type": type(error).__name__,
        "message": str(error),
        "reason": getattr(error, "reason", None),
    }


def error_from_dict(data: dict[str, Any]) -> errors.RecorderError:
    """Make the error again."""
    kind = getattr(errors, data["type"], errors.RecorderFailed)
    if data.get("reason") is not None and issubclass(kind, errors.DeviceUnusable):
        return kind(data["message"], data["reason"])
    return kind(data["message"])
