"""A recorded answer in, an `AnswerAnalysis` out: the stages side by side, progress, stop.

Sound and sight are measured by two workers (`analysis.worker`). The way there:

    file → probe ─┬─ sound worker: samples → speech → words, fillers, voice ─┬─ AnswerAnalysis
                  └─ sight worker: frames → landmarks → gaze, posture ───────┘
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import importlib.metadata
import os
import pickle
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import worker
from analysis.capture_faults import capture_cautions, lost_sound
from analysis.errors import AnalysisCancelled, AnalysisError, AnalysisFailed
from analysis.media import RATE_HZ, Probe, probe_media
from analysis.models import resolve_model, user_dir
from analysis.results import (
    AnswerAnalysis,
    Caution,
    Provenance,
)
from analysis.settings import SIGHT, SPEECH, read_settings
from recorder.session import CaptureHealth, GazeCalibration, Question

Progress = Callable[[str, float], None]
"""stage ("sound" or "picture") and the share of it that is done, 0..1, never falling"""

_STAGES = {"sound": "sound", "sight": "picture"}
_LIBRARIES = (
    "faster-whisper",
    "ctranslate2",
    "mediapipe",
    "av",
    "numpy",
    "praat-parselmouth",
    "sudachipy",
)


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """Choices of the user."""

    language: str = "auto"
    """ "en", "ja" or "auto" """
    model: str = "auto"
    """name or path"""
    video: bool = True
    """False = leave the picture out"""
    beam_size: int = 5
    """of the recogniser; 1 is for slow machines"""
    calibration: GazeCalibration | None = None
    """of this person with this camera, recorded before the answer"""


def analyse_media(
    path: Path,
    *,
    options: AnalysisOptions | None = None,
    question: Question | None = None,
    take_id: str | None = None,
    health: CaptureHealth | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> AnswerAnalysis:
    """Analyse a recorded answer.

    Parameters
    ----------
    path : any audio or video file that FFmpeg reads.
    options : choices.
    question : what was answered; its length band belongs to the report.
    take_id : default: the file's name without its ending.
    health : what the recorder noted about the take.
    progress : told about each stage.
    cancel : set from another thread to stop within a second.

    Raises
    ------
    MediaUnreadable, ModelMissing, AnalysisFailed, AnalysisCancelled
    """
    options = options or AnalysisOptions()
    probe = probe_media(path)
    facts = probe.facts
    length_s = facts.audio_duration_s if facts.audio_codec else facts.video_duration_s
    cautions = [*probe.cautions, *capture_cautions(health, length_s)]
    has_audio, has_video = facts.audio_codec is not None, facts.video_codec is not None
    with _scratch(probe) as scratch:
        requests: dict[str, worker.Request] = {}
        choice = None
        if has_audio:
            choice = resolve_model(options.model, language=options.language)
            requests["sound"] = worker.Request(
                "sound",
                {
                    "path": path,
                    "scratch": scratch,
                    "choice": choice,
                    "language": options.language,
                    "beam_size": options.beam_size,
                    "overrides": user_dir(),
                    "lost": lost_sound(health, length_s),
                },
            )
        if has_video and options.video:
            requests["sight"] = worker.Request(
                "sight",
                {
                    "path": path,
                    "origin_s": probe.origin_s,
                    "duration_s": facts.video_duration_s,
                    "calibration": options.calibration,
                    "overrides": user_dir(),
                },
            )
        if not requests:
            raise AnalysisError(f"{path.name} has no sound, and the picture was left out")
        results = _run_side_by_side(requests, progress, cancel)
    sound, sight = results.get("sound"), results.get("sight")
    if isinstance(sight, AnalysisError):
        # The words are worth having without the picture.
        if sound is None:
            raise sight
        cautions.append(Caution("picture-failed", f"The picture could not be measured: {sight}"))
        sight = None
    if has_video and not options.video:
        cautions.append(Caution("picture-left-out", "The picture was left out, as asked for."))
    if sound is not None:
        cautions += sound.cautions
    if sight is not None:
        cautions += sight.cautions
    return AnswerAnalysis(
        take_id=take_id or path.stem,
        media=facts,
        question=question,
        transcript=sound and sound.transcript,
        speech=sound and sound.speech,
        fillers=sound.fillers if sound else None,
        voice=sound and sound.voice,
        gaze=sight and sight.gaze,
        posture=sight and sight.posture,
        content=None,
        warnings=tuple(cautions),
        hesitation_range=sound and sound.hesitation_range,
        repetitions=sound.repetitions if sound else None,
        delivery=sound and sound.delivery,
        provenance=_provenance(options, choice),
    )


class _Running:
    """A worker process and the thread that reads its messages."""

    def __init__(self, request: worker.Request, inbox: queue.Queue[tuple[str, str, Any]]) -> None:
        self.stage = request.stage
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in stop)
        # A session of its own: Ctrl-C reaches only us, and we stop it in order.
        flags: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
            if os.name == "nt"
            else {"start_new_session": True}
        )
        self._process = subprocess.Popen(
            worker.command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            **flags,
        )
        self._reader = threading.Thread(target=self._read, args=(request, inbox), daemon=True)
        self._reader.start()

    def _read(self, request: worker.Request, inbox: queue.Queue[tuple[str, str, Any]]) -> None:
        assert self._process.stdin
        assert self._process.stdout
        try:
            # It stays open: its end tells the worker that we are gone.
            pickle.dump(request, self._process.stdin)
            self._process.stdin.flush()
            while True:
                kind, value = pickle.load(self._process.stdout)
                inbox.put((self.stage, kind, value))
                if kind != "progress":
                    return
        except (EOFError, OSError):
            inbox.put((self.stage, "failed", AnalysisFailed(self._why())))
        except Exception:  # unpickling raises what it likes; nobody must wait for the rest
            self._process.kill()
            inbox.put((self.stage, "failed", AnalysisFailed(self._why())))

    def _why(self) -> str:
        """Say why it ended without a result, from the last line it printed."""
        code = self._process.wait()
        try:
            self._errors.seek(0)
            lines = self._errors.read().decode(errors="replace").strip().splitlines()
        except ValueError:  # closed: it was stopped
            lines = []
        if os.environ.get("MENSETSU_DEBUG") == "1" and lines:
            return "\n".join(lines)
        last = lines[-1].strip() if lines else "no message"
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return (
            f"the {_STAGES[self.stage]} stage ended unexpectedly ({how}: {last}); set"
            " MENSETSU_DEBUG=1 to see everything"
        )

    def stop(self) -> None:
        """End the process if it still runs, and everything that belongs to it."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join(timeout=2.0)
        if self._process.stdin:
            with contextlib.suppress(OSError):  # what was never read
                self._process.stdin.close()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.close()


def _run_side_by_side(
    requests: dict[str, worker.Request],
    progress: Progress | None,
    cancel: threading.Event | None,
) -> dict[str, Any]:
    """Run the workers to their end; a failed picture is returned, a failed sound raised."""
    inbox: queue.Queue[tuple[str, str, Any]] = queue.Queue()
    running: list[_Running] = []
    results: dict[str, Any] = {}
    try:
        for request in requests.values():  # one by one: a stop in between must find the first
            running.append(_Running(request, inbox))
        while len(results) < len(requests):
            if cancel is not None and cancel.is_set():
                raise AnalysisCancelled("the analysis was stopped")
            try:
                stage, kind, value = inbox.get(timeout=0.1)
            except queue.Empty:
                continue
            if kind == "progress":
                if progress is not None:
                    progress(_STAGES[stage], min(1.0, float(value)))
                continue
            if kind == "failed" and stage == "sound":
                raise value
            results[stage] = value
    finally:
        for process in running:
            process.stop()
    return results


@contextlib.contextmanager
def _scratch(probe: Probe) -> Iterator[Path]:
    """Yield a private folder for the decoded sound, and remove it whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="mensetsu-"))
    try:
        seconds = probe.facts.audio_duration_s
        needed = 4 * RATE_HZ * seconds if seconds == seconds else 0.0
        if shutil.disk_usage(folder).free < needed + 50e6:
            raise AnalysisError(
                f"not enough space in {folder.parent}: {needed / 1e6 + 50:.0f} MB are needed while"
                " the recording is analysed"
            )
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _provenance(options: AnalysisOptions, choice: Any) -> Provenance:
    settings = {
        f"{file.removesuffix('.toml')}.{name}": setting.value
        for file in (SPEECH, SIGHT)
        for name, setting in read_settings(user_dir() / file, file=file).entries.items()
    }
    return Provenance(
        version=_version("mensetsu"),
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        libraries=library_versions(),
        models={} if choice is None else {f"whisper {choice.name}": choice.sha256},
        options={
            "language": options.language,
            "model": options.model,
            "model_reason": choice and choice.reason,
            "video": options.video,
            "beam_size": options.beam_size,
            **settings,
            "gaze_calibration": options.calibration and dataclasses.asdict(options.calibration),
        },
    )


def library_versions(names: tuple[str, ...] = _LIBRARIES) -> dict[str, str]:
    """Return name → version of the libraries that make the numbers."""
    return {name: _version(name) for name in names}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
