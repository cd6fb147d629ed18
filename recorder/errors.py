"""Errors of the recorder.

RecorderError            root: the message says what happened and what to do
├── SessionUnreadable    a session.json that is missing, broken or from another program
└── QuestionUnknown      a question id that is in no bank, or a bank file with a mistake
"""


class RecorderError(Exception):
    """Root of the recorder's errors; shown to the user as one line."""


class SessionUnreadable(RecorderError):
    """A session folder whose session.json can't be read."""


class QuestionUnknown(RecorderError):
    """No question has this id, or a question bank file has a mistake."""
