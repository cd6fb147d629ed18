"""Open devices and the session they record into: what the commands of the user interface do."""

from __future__ import annotations

import logging
import queue
import re
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from recorder import store
from recorder.audio import find_microphone
from recorder.camera_feed import CameraFeed
from recorder.disk import free_ballast, is_full, make_ballast
from recorder.encoders import video_codec
from recorder.errors import (
    FolderRefused,
    MicrophoneUnusable,
    RecorderFailed,
    WriterFailed,
)
from recorder.housekeeping import Housekeeping
from recorder.messages import CaptureOptions, Event, Ready
from recorder.meters import Meters
from recorder.microphone_feed import MicrophoneFeed
from recorder.recording import Recording
from recorder.session import (
    FILE_NAME,
    CaptureHealth,
    DevicesUsed,
    Question,
    Session,
    Take,
    read_session,
    write_session,
)
from recorder.take_run import TakeRun
from recorder.video import CameraSource, find_camera

if TYPE_CHECKING:
    from recorder.engine import Sender

FIRST_SOUND_S = 6.0
"""time for a microphone to send sound after it was opened (our judgement; switching a Bluetooth
headset to its microphone takes 2-3 s)"""
LEAST_S = 30.0
"""a take begins only if there is room for so much of it (our judgement)"""
FINISH_LIMIT_S = 60.0
"""for the end of a take on a slow disk (our judgement)"""

_NUMBERED = re.compile(r"(\d+)-")
_log = logging.getLogger(__name__)


class Studio:
    """Devices that stay open from answer to answer.

    Raises
    ------
    MicrophoneUnusable, CameraUnusable, RecorderBusy, FolderRefused, SessionUnreadable
    """

    def __init__(
        self, folder: Path, options: CaptureOptions, meters_name: str, sender: Sender
    ) -> None:
        self._folder = folder
        self._options = options
        self._sender = sender
        self._held = ExitStack()
        with ExitStack() as undo:
            undo.callback(self._held.close)
            self._lock()
            self._session = self._read_session()
            self._number = _last_number(folder, self._session)
            make_ballast(folder)
            self._meters = Meters.attach(meters_name)
            self._held.callback(self._meters.close)
            self._open_devices(undo)
            undo.pop_all()

    def begin(self, question: Question, goal: str | None) -> str:
        """Begin a take and return its id; a running one ends at the same sample.

        Raises
        ------
        FolderRefused, WriterFailed
        """
        try:
            room = self._housekeeping.look_at_disk()
        except OSError as exc:
            raise FolderRefused(f"{self._folder} can't be used ({exc.strerror})") from exc
        if room.full or room.remaining_s < LEAST_S:
            raise FolderRefused(
                f"the disk is nearly full ({room.free_bytes / 1e6:.0f} MB left): free some space,"
                " then begin again"
            )
        make_ballast(self._folder)
        self._number += 1
        run = TakeRun(
            self._planned(question, goal),
            self._folder,
            self._camera.rate_hz if self._camera is not None else None,
            self._drops,
            self._recording.line.overflows,
            language=self._session.language,
        )
        self._housekeeping.report("video-failed", False, self._housekeeping.now_s())
        self._recording.cut(run, "switched").made.wait()
        self._housekeeping.carry_over(run)
        self._housekeeping.beat()
        return run.take.id

    def finish(self, reason: str) -> Take | None:
        """End the running take and return it; None = none was running.

        Raises
        ------
        WriterFailed
            Its file could not be ended as it should.
        """
        cut = self._recording.cut(None, reason)
        cut.made.wait()
        self._housekeeping.beat()
        run = cut.ended
        if run is None:
            return None
        if not run.done.wait(FINISH_LIMIT_S):
            raise RecorderFailed("the disk takes too long to end the recording")
        if run.result is None:
            raise WriterFailed(run.trouble)
        return run.result

    def close(self) -> Session:
        """End the running take, give the devices back, and return the session."""
        try:
            self.finish("closed")
        except (WriterFailed, RecorderFailed) as exc:
            _log.warning("%s", exc)
        self._recording.stop()
        self._finishing.put(None)
        self._finisher.join(FINISH_LIMIT_S)
        self._housekeeping.stop()
        if self._camera is not None:
            self._camera.stop()
            self._camera.join(2.0)
        self._microphone.stop()
        free_ballast(self._folder)
        self._held.close()
        return self._session

    def _lock(self) -> None:
        if self._folder.parent.name == store.FOLDER:
            self._held.enter_context(store.recording_lock(self._folder.parent))
        self._held.enter_context(store.session_lock(self._folder))

    def _read_session(self) -> Session:
        options = self._options
        if not (self._folder / FILE_NAME).exists():
            now = datetime.now(UTC).isoformat(timespec="seconds")
            made = Session(
                self._folder.name, now, options.language, (), options.setup, options.calibration
            )
            self._keep(made)
            return made
        session = read_session(self._folder)
        if session.takes:
            # They were recorded under another set-up.
            return session
        return replace(
            session,
            setup=options.setup or session.setup,
            calibration=options.calibration or session.calibration,
        )

    def _keep(self, session: Session) -> None:
        try:
            write_session(session, self._folder)
        except OSError as exc:
            if not (is_full(exc) and free_ballast(self._folder)):
                raise FolderRefused(f"{self._folder} can't be written ({exc.strerror})") from exc
            write_session(session, self._folder)

    def _open_devices(self, undo: ExitStack) -> None:
        options = self._options
        microphone = find_microphone(options.microphone, options.remembered_microphone)
        # Before the camera, whose opening can take many seconds: the clock settles meanwhile.
        self._microphone = MicrophoneFeed(microphone)
        undo.callback(self._microphone.stop)
        self._microphone.start()
        self._camera = self._open_camera() if options.video else None
        if self._camera is not None:
            undo.callback(self._camera.stop)
            self._camera.start()
        self._finishing: queue.SimpleQueue[TakeRun | None] = queue.SimpleQueue()
        self._finisher = threading.Thread(target=self._finish_all, name="finish", daemon=True)
        self._finisher.start()
        self._recording = Recording(
            self._microphone, self._camera, self._meters, self._finishing.put, self._no_video
        )
        self._recording.start()
        undo.callback(self._recording.stop)
        clock = self._recording.line.clock
        deadline_s = time.monotonic() + FIRST_SOUND_S
        while not clock.settled:
            if time.monotonic() > deadline_s:
                raise MicrophoneUnusable(
                    f"{microphone.name} sends no sound: check its plug and its connection, or"
                    " choose another microphone (mensetsu devices)"
                )
            time.sleep(0.02)
        self._housekeeping = Housekeeping(
            self._recording,
            self._microphone,
            self._camera,
            self._folder,
            options,
            self._sender.beat,
            self._sender.event,
            self._disk_full,
        )
        self._housekeeping.look_at_disk()
        self._housekeeping.start()
        camera = self._camera
        self.ready = Ready(
            microphone=microphone.name,
            microphone_id=microphone.id,
            rate_hz=self._microphone.rate_hz,
            channels=self._microphone.channels,
            processing=microphone.processing,
            bluetooth=microphone.bluetooth,
            camera=camera.camera.name if camera is not None else None,
            camera_id=camera.camera.id if camera is not None else None,
            size_px=camera.size_px if camera is not None else None,
            camera_rate_hz=camera.rate_hz if camera is not None else None,
            codec=video_codec() if camera is not None else None,
        )

    def _open_camera(self) -> CameraFeed:
        options = self._options
        camera = find_camera(options.camera, options.remembered_camera)
        source = CameraSource(camera, size_px=options.size_px, rate_hz=options.rate_hz)
        return CameraFeed(source, self._meters, options.size_px, options.rate_hz)

    @property
    def _drops(self) -> dict[str, int]:
        return self._camera.drops if self._camera is not None else {}

    def _planned(self, question: Question, goal: str | None) -> Take:
        camera, microphone = self._camera, self._microphone
        return Take(
            id=f"{self._session.id}-{self._number:02}",
            question=question,
            media=f"{self._number:02}-{store.safe_name(question.id)}.mkv",
            duration_s=0.0,
            sample_rate_hz=microphone.rate_hz,
            channels=microphone.channels,
            frame_size_px=camera.size_px if camera is not None else None,
            health=CaptureHealth(),
            goal=goal,
            devices=DevicesUsed(
                microphone.microphone.name,
                microphone.microphone.processing,
                camera.camera.name if camera is not None else None,
                camera.rate_hz if camera is not None else None,
            ),
        )

    def _no_video(self, why: str) -> None:
        self._housekeeping.report("video-failed", True, self._housekeeping.now_s(), why)

    def _disk_full(self) -> None:
        """End the running take while there is still room for its end."""
        self._recording.cut(None, "disk-full")

    # --- the thread that ends takes ------------------------------------------------------------

    def _finish_all(self) -> None:
        while (run := self._finishing.get()) is not None:
            self._end(run)

    def _end(self, run: TakeRun) -> None:
        keeping = self._housekeeping
        if run.reason in ("disk-full", "write-failed"):
            end_s = run.start_s + run.length_s
            keeping.note(run.reason, end_s, end_s, run=run)
        try:
            take = run.close(keeping.faults_of(run), self._drops, self._recording.line.overflows)
            self._session = replace(self._session, takes=(*self._session.takes, take))
            self._keep(self._session)
        except (WriterFailed, FolderRefused, OSError) as exc:
            run.trouble = str(exc)
            _log.warning("%s", exc)
        else:
            run.result = take
        self._sender.event(Event("take-finished", run.take.id, take=run.result, reason=run.reason))
        run.done.set()


def _last_number(folder: Path, session: Session) -> int:
    """Return the highest number that any file or take of a session has."""
    names = [path.name for path in folder.iterdir()]
    names += [take.media for take in session.takes]
    names += [take.id.rpartition("-")[2] + "-" for take in session.takes]
    return max((int(m[1]) for name in names if (m := _NUMBERED.match(name))), default=0)
