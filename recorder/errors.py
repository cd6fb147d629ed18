"""Errors of the recorder.

RecorderError            root: the message says what happened and what to do
├── SessionUnreadable    a session.json that is missing, broken or from another program
├── QuestionUnknown      a question id that is in no bank, or a bank file with a mistake
├── DeviceUnusable       a device can't be used: ``.reason`` says why
│   ├── MicrophoneUnusable
│   └── CameraUnusable
├── RecorderBusy         another recording is running
├── FolderRefused        the data folder can't be written, or has no space
├── RecordingUnreadable  a recording that was cut off holds nothing that can be restored
├── WriterFailed         a recording can't be written on (``.full`` where the disk is)
└── RecorderFailed       the recorder process ended or does not answer
"""


class RecorderError(Exception):
    """Root of the recorder's errors; shown to the user as one line."""


class SessionUnreadable(RecorderError):
    """A session folder whose session.json can't be read."""


class QuestionUnknown(RecorderError):
    """No question has this id, or a question bank file has a mistake."""


class DeviceUnusable(RecorderError):
    """A device can't be used.

    Attributes
    ----------
    reason : "none" (there is no such kind of device), "unknown" (not the one asked for), "busy",
        "permission" or "failed".
    """

    def __init__(self, message: str, reason: str = "failed") -> None:
        super().__init__(message)
        self.reason = reason


class MicrophoneUnusable(DeviceUnusable):
    """No microphone can be used."""


class CameraUnusable(DeviceUnusable):
    """No camera can be used."""


class RecorderBusy(RecorderError):
    """Another recording is running."""


class FolderRefused(RecorderError):
    """The folder for recordings can't be written."""


class RecordingUnreadable(RecorderError):
    """A recording that holds nothing that can be restored."""


class WriterFailed(RecorderError):
    """A recording can't be written on; ``full`` tells whether the disk is."""

    def __init__(self, message: str, *, full: bool = False) -> None:
        super().__init__(message)
        self.full = full


class RecorderFailed(RecorderError):
    """The recorder process ended, or does not answer."""
