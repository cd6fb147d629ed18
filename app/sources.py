"""What the user points at: a recording, a take or a session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis
from app.errors import SourceUnknown
from app.results_folder import ANALYSIS, find_media
from recorder.errors import SessionUnreadable
from recorder.session import FILE_NAME, GazeCalibration, Question, Session, Take, read_session


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording to be analysed."""

    media: Path
    take_id: str | None = None
    question: Question | None = None
    language: str | None = None
    """of its session"""
    output: Path | None = None
    """folder that its results already have"""
    calibration: GazeCalibration | None = None
    """of the candidate's gaze, made before the take with its camera"""


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
    if not source.is_dir():
        return (Recording(source, calibration=_calibration_beside(source)),)
    if (source / ANALYSIS).is_file():
        analysis = read_analysis(source / ANALYSIS)
        media = find_media(analysis, source)
        if media is None:
            raise SourceUnknown(
                f"the recording {analysis.media.path} that belongs to {source} is gone: put it back"
            )
        return (
            Recording(
                media,
                analysis.take_id,
                analysis.question,
                output=source,
                calibration=_calibration_beside(media),
            ),
        )
    if (source / FILE_NAME).is_file():
        session = read_session(source)
        if not session.takes:
            raise SourceUnknown(f"the session {source} holds no takes")
        return tuple(
            Recording(
                source / take.media,
                take.id,
                take.question,
                session.language,
                calibration=_calibration_of(session, take),
            )
            for take in session.takes
        )
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


def _calibration_beside(media: Path) -> GazeCalibration | None:
    """Return the calibration of a recording that lies in its session; else None."""
    try:
        session = read_session(media.parent)
    except SessionUnreadable:
        return None
    take = next((take for take in session.takes if take.media == media.name), None)
    return None if take is None else _calibration_of(session, take)


def _calibration_of(session: Session, take: Take) -> GazeCalibration | None:
    """Return the session's calibration if it holds for the camera of the take."""
    calibration = session.calibration
    if calibration is None or take.devices is None:
        return None
    return calibration if take.devices.camera == calibration.camera else None
