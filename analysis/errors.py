"""Errors of the analysis.

AnalysisError           root: the message says what happened and what to do
├── MediaUnreadable     not there, empty, not audio or video, cut off, too short
├── ModelMissing        the speech model is not at hand or incomplete
├── AnalysisUnreadable  an analysis.json that is broken, foreign or from a newer version
├── CalibrationRefused  seconds of looking at lens and screen that can't be relied on
├── CutFailed           a piece of a recording can't be written
├── AnalysisFailed      a stage crashed (a worker ended without a result)
└── AnalysisCancelled   the user stopped it
"""


class AnalysisError(Exception):
    """Root of the analysis errors; shown to the user as one line."""


class MediaUnreadable(AnalysisError):
    """The file is missing, empty, cut off, or holds neither audio nor video."""


class ModelMissing(AnalysisError):
    """The speech-to-text model is not at hand, incomplete, or has a wrong checksum."""


class AnalysisUnreadable(AnalysisError):
    """An analysis.json that can't be read back."""


class CalibrationRefused(AnalysisError):
    """A gaze calibration that can't be relied on."""


class CutFailed(AnalysisError):
    """A piece of a recording can't be written."""


class AnalysisFailed(AnalysisError):
    """A stage ended without a result."""


class AnalysisCancelled(AnalysisError):
    """The user stopped the analysis."""
