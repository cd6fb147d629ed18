"""What the user points at: a recording, a take or a session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis
from app import config
from app.errors import SourceUnknown
from app.results_folder import ANALYSIS, find_media
from app.shelf import find_take
from recorder import store
from recorder.errors import SessionUnreadable
from recorder.session import (
    FILE_NAME,
    CaptureHealth,
    GazeCalibration,
    Question,
    Session,
    Take,
    read_session,
)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording to be analysed."""

    media: Path
    take_id: str | None = None
    question: Question | None = None
    language: str | None = None
    """of its session"""
    session: Path | None = None
    """folder of its session; None = it lies in none"""
    output: Path | None = None
    """folder that its results already have"""
    calibration: GazeCalibration | None = None
    """of the candidate's gaze, made before the take with its camera"""
    health: CaptureHealth | None = None
    """what the recorder noted"""


def find_recordings(source: Path) -> tuple[Recording, ...]:
    """Return what there is to analyse.

    Parameters
    ----------
    source : a media file, a session folder, or a take (a folder with a recording's results).

    Raises
    ------
    SourceUnknown
        A folder that is none of these, or a recording that is gone.
    RecorderError, AnalysisError
        A session or an analysis that can't be read.
    """
    source = in_store(source)
    if not source.is_dir():
        return (_from_session(source) or Recording(source),)
    if (source / ANALYSIS).is_file():
        analysis = read_analysis(source / ANALYSIS)
        media = find_media(analysis, source)
        if media is None:
            raise SourceUnknown(
                f"the recording {analysis.media.path} that belongs to {source} is gone: put it back"
            )
        known = _from_session(media) or Recording(media)
        return (
            replace(known, take_id=analysis.take_id, question=analysis.question, output=source),
        )
    if (source / FILE_NAME).is_file():
        session = read_session(source)
        if not session.takes:
            raise SourceUnknown(f"the session {source} holds no takes")
        return tuple(_of_take(session, take, source) for take in session.takes)
    raise SourceUnknown(
        f"{source} is a folder without a session or results of mensetsu: give an audio or video"
        " file, a session or a take"
    )


def find_analyses(source: Path) -> tuple[tuple[AnswerAnalysis, Path], ...]:
    """Return the analyses of a take, a session or an analysis.json, each with its folder.

    Raises
    ------
    SourceUnknown
        There is none.
    AnalysisUnreadable, RecorderError
        One can't be read.
    """
    source = in_store(source)
    if source.is_file() and source.suffix.lower() != ".json":
        results = find_take(str(source)).results
        if results is None:
            raise SourceUnknown(f"{source} is not analysed yet: run 'mensetsu analyse' on it first")
        return ((read_analysis(results / ANALYSIS), results),)
    if source.is_file():
        return ((read_analysis(source), source.parent),)
    if (source / ANALYSIS).is_file():
        return ((read_analysis(source / ANALYSIS), source),)
    if source.is_dir():
        # Results lie beside their recording, which may be in a folder of the session.
        places = {Path()}
        if (source / FILE_NAME).is_file():
            places |= {Path(take.media).parent for take in read_session(source).takes}
        paths = {path for place in places for path in (source / place).glob(f"*/{ANALYSIS}")}
        found = tuple((read_analysis(path), path.parent) for path in sorted(paths))
        if found:
            return found
        raise SourceUnknown(
            f"{source} holds no results: run 'mensetsu analyse' on its recording first"
        )
    raise SourceUnknown(f"{source}: no such file or folder")


def in_store(source: Path) -> Path:
    """Return the session or the recording that is meant by SESSION or SESSION/NN in the store.

    What lies at the path itself comes first; what is neither is returned as it is.
    """
    if source.exists():
        return source
    root = config.sessions_dir()
    if store.is_id(str(source)) and store.is_session(root / source):
        return root / source
    if source.name.isdecimal() and store.is_id(str(source.parent)):
        folder = root / source.parent
        if store.is_session(folder):
            takes = read_session(folder).takes
            if 0 < int(source.name) <= len(takes):
                return folder / takes[int(source.name) - 1].media
            raise SourceUnknown(f"{folder.name} has no take {source.name}: it has {len(takes)}")
    return source


def _from_session(media: Path) -> Recording | None:
    """Return a recording with what its session knows of it; None = it lies in none."""
    try:
        session = read_session(media.parent)
    except SessionUnreadable:
        return None
    take = next((take for take in session.takes if take.media == media.name), None)
    return None if take is None else _of_take(session, take, media.parent)


def _of_take(session: Session, take: Take, folder: Path) -> Recording:
    return Recording(
        folder / take.media,
        take.id,
        take.question,
        session.language,
        folder,
        calibration=_calibration_of(session, take),
        health=take.health,
    )


def _calibration_of(session: Session, take: Take) -> GazeCalibration | None:
    """Return the session's calibration if it holds for the camera of the take."""
    calibration = session.calibration
    if calibration is None or take.devices is None:
        return None
    return calibration if take.devices.camera == calibration.camera else None
