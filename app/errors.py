"""Errors of the command line.

AppError            root
├── OutputRefused   the results can't be written where they were asked for
└── SourceUnknown   what was given is no recording, take or session
"""


class AppError(Exception):
    """Root of the errors of the app; shown as one line."""


class OutputRefused(AppError):
    """The results can't be written there."""


class SourceUnknown(AppError):
    """Neither a recording nor a take nor a session."""
