"""Sessions, takes and questions as they lie on disk (standard library only).

A session folder holds ``session.json`` and the recordings it names. Times are seconds, dates
are UTC in ISO 8601. A take keeps its own copy of the question, so that later edits of the
question bank change nothing that was recorded.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from recorder.errors import SessionUnreadable

# 1: first version.
SCHEMA = 1
FILE_NAME = "session.json"


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


@dataclass(frozen=True, slots=True)
class Session:
    """A sitting: takes recorded one after the other."""

    id: str
    created: str
    """UTC, ISO 8601"""
    language: str
    """ "en" or "ja" """
    takes: tuple[Take, ...] = ()
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
        takes = tuple(_take_from_dict(t) for t in data["takes"])
        return Session(
            id=data["id"],
            created=data["created"],
            language=data["language"],
            takes=takes,
            schema=int(data["schema"]),
        )
    except OSError as exc:
        raise SessionUnreadable(
            f"{path} can't be read ({exc.strerror}): is this a session folder?"
        ) from exc
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
        raise SessionUnreadable(f"{path} is not a session file of mensetsu ({exc!r})") from exc


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
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def _take_from_dict(data: dict[str, Any]) -> Take:
    size = data["frame_size_px"]
    revived: dict[str, Any] = {
        **data,
        "question": question_from_dict(data["question"]),
        "frame_size_px": None if size is None else (int(size[0]), int(size[1])),
        "health": CaptureHealth(**data["health"]),
    }
    return Take(**revived)
