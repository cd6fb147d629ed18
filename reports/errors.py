"""Errors of the reports.

ReportError             root: the message says what happened and what to do
├── CommentsUnreadable  a mentor's file of comments that can't be taken
├── TargetsUnreadable   a file of target bands with a mistake
└── PdfFailed           no browser to print with, or it failed
"""


class ReportError(Exception):
    """Root of the report errors; shown to the user as one line."""


class TargetsUnreadable(ReportError):
    """A file of target bands can't be read or has a mistake; the message names file and key."""


class PdfFailed(ReportError):
    """The page can't be printed to PDF."""


class CommentsUnreadable(ReportError):
    """A file of comments is broken, of something else, or too much."""
