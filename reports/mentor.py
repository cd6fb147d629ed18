"""The page that goes to a mentor: the report with a box for comments, and nothing more than needed.

What may be seen is the candidate's choice: picture and voice, the voice alone, or only the words
and numbers. What names the machine, its files or the recording's checksum is always left out.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.results import AnswerAnalysis
from reports.comments import (
    LARGEST_FILE,
    LONGEST_AUTHOR,
    LONGEST_TEXT,
    MOST_COMMENTS,
    Comment,
    CommentRow,
    comment_rows,
    share_id,
)
from reports.language import t

STYLES = ("mentor.css",)
SCRIPTS = ("mentor.js",)


class Share(enum.StrEnum):
    """What a mentor gets beside the numbers."""

    video = "video"
    audio = "audio"
    transcript = "transcript"


@dataclass(frozen=True, slots=True)
class MentorPart:
    """The comments of a page: a list, or the box to write them."""

    rows: tuple[CommentRow, ...] = ()
    writing: bool = False
    longest_text: int = LONGEST_TEXT
    """characters"""
    longest_author: int = LONGEST_AUTHOR
    """characters"""


def listed_part(comments: Sequence[Comment]) -> MentorPart:
    """Return what the candidate's page shows: the comments."""
    return MentorPart(rows=comment_rows(comments))


def writing_part() -> MentorPart:
    """Return what the mentor's page shows: the box."""
    return MentorPart(writing=True)


def writing_data(analysis: AnswerAnalysis) -> dict[str, Any]:
    """Return what the script of the box needs, in the language of the page.

    Parameters
    ----------
    analysis : of the take as it lies on disk, with the recording's checksum.
    """
    return {
        "take_id": share_id(analysis.media.sha256),
        "most": MOST_COMMENTS,
        "longest": LONGEST_TEXT,
        "largest": LARGEST_FILE,
        "texts": {
            "here": t("Comment at {clock}"),
            "title": t("Comment at {clock}"),
            "go": t("Go to {clock}"),
            "add": t("Add comment"),
            "change": t("Change comment"),
            "added": t("Comment at {clock} added. It is not saved yet."),
            "changed": t("Comment at {clock} changed. It is not saved yet."),
            "removed": t("Comment at {clock} removed."),
            "edit": t("Edit"),
            "edit_at": t("Edit the comment at {clock}"),
            "remove": t("Remove"),
            "remove_at": t("Remove the comment at {clock}"),
            "sure": t("Remove this comment?"),
            "discard": t("Throw away what you have begun to write?"),
            "unsaved": t("! Not saved yet"),
            "saved": t("✓ All comments saved"),
            "sent": t("The file is among your downloads: send it back."),
            "opened": t("Comments taken from the file: {n}."),
            "refused": t("This is no file of comments for this answer, or it holds too many."),
            "enough": t("There are {n} comments already: no more fit."),
        },
    }


def shared_analysis(analysis: AnswerAnalysis, share: Share) -> AnswerAnalysis:
    """Return an analysis without what others need not know.

    Name, path and checksum of the recording, versions of libraries, checksums of models, settings
    and, of the question, the candidate's own talking points are taken out; without the picture or
    the sound, so is what tells of them how to play them.
    """
    media, made, question = analysis.media, analysis.provenance, analysis.question
    media = replace(media, name="", path="", sha256="")
    if share is not Share.video:
        media = replace(media, video_codec=None, frame_size_px=None, rotation_deg=0)
        media = replace(media, av_offset_s=math.nan, video_duration_s=math.nan)
    return replace(
        analysis,
        take_id=share_id(analysis.media.sha256),
        media=media,
        question=question and replace(question, talking_points=()),
        provenance=replace(made, libraries={}, models={}, options={}),
    )
