"""A recording for a check: made with the recorder itself, and gone when it is measured."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recorder import store
from recorder.errors import FolderRefused, RecorderFailed
from recorder.messages import CaptureOptions
from recorder.session import Question, Take

if TYPE_CHECKING:
    from recorder.capture import Recorder

QUESTION = Question(
    id="check",
    text_en="Set-up check",
    text_ja="接続テスト",
    stage="first",
    kind="check",
    intent="",
    structure="",
    band_s=(0.0, 0.0),
)

_PREFIX = ".check-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be checked."""

    camera: str | None = None
    """number, id or name; None = the usual one"""
    microphone: str | None = None
    remembered_camera: str | None = None
    remembered_microphone: str | None = None
    picture: bool = True
    """False = no camera: the picture comes from a file"""
    sound: bool = True
    """False = no microphone: the sound comes from a file"""
    echo: bool = True
    """whether the loudspeaker may be used"""
    language: str = "en"
    """of the sentence to read"""

    def options(self) -> CaptureOptions:
        """Return what the recorder has to be asked for."""
        return CaptureOptions(
            microphone=self.microphone,
            camera=self.camera,
            video=self.picture,
            language=self.language,
            remembered_microphone=self.remembered_microphone,
            remembered_camera=self.remembered_camera,
        )


@contextlib.contextmanager
def scratch_session(home: Path) -> Iterator[Path]:
    """Yield the folder of a session that is removed afterwards, whatever happens.

    Raises
    ------
    FolderRefused, RecorderBusy
        The data folder can't be written; something else is being recorded.
    """
    sessions = store.sessions_dir(home)
    store.check_folder(sessions)
    with store.recording_lock(sessions):
        # Nobody else records now: these were left by a check that was killed.
        for left in home.glob(f"{_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        try:
            root = Path(tempfile.mkdtemp(dir=home, prefix=_PREFIX))
        except OSError as exc:
            raise FolderRefused(
                f"{home} can't be written ({exc.strerror or exc}): free some space, or set"
                " MENSETSU_HOME to a folder that can"
            ) from exc
        try:
            yield store.create_session(root, "en")
        finally:
            shutil.rmtree(root, ignore_errors=True)


def take_s(recorder: Recorder) -> float:
    """Return the time on the clock of the running take, s."""
    status = recorder.status()
    return status.elapsed_s + status.beat_age_s


def finish(recorder: Recorder) -> Take:
    """End the take and return it.

    Raises
    ------
    RecorderFailed
        There is none: the recorder had to end it before.
    """
    take = recorder.finish()
    if take is None:
        take = next((e.take for e in reversed(recorder.events()) if e.take is not None), None)
    if take is None:
        raise RecorderFailed("nothing was recorded during the check: try it once more")
    return take


def wait_for_take(recorder: Recorder, *, limit_s: float = 5.0) -> None:
    """Wait until the recorder tells of the running take: before that its clock is unknown."""
    deadline_s = time.monotonic() + limit_s
    while recorder.status().take_id is None and time.monotonic() < deadline_s:
        time.sleep(0.05)


def idle_cores(busy_percent: float) -> float:
    """Return how many processor cores were idle, from how busy all of them were."""
    return (os.cpu_count() or 1) * (1 - busy_percent / 100)
