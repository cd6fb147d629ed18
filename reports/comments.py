"""A mentor's comments: the file that the mentor sends back, and what the pages show of it.

The file is JSON::

    {"schema": 1, "take_id": "9f2c…", "author": "Aiko",
     "comments": [{"time_s": 31.4, "text": "Good pause."}]}

``take_id`` is the `share_id` of the recording: it tells which take is meant and nothing else.
What such a file holds was written elsewhere: it is checked and cleaned here, and a page only ever
shows it as text.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from reports.errors import CommentsUnreadable
from reports.language import t, tn
from reports.marks import Lane, Mark, Scale, stacked
from reports.wording import moment_clock

SCHEMA = 1
# 1: first version.

MOST_COMMENTS = 200
LONGEST_TEXT = 2000
"""characters"""
LONGEST_AUTHOR = 80
"""characters"""
LARGEST_FILE = 8_000_000
"""bytes; every character of the largest file written as an escape"""
LATEST_S = 86_400.0
"""no recording of an answer is longer than a day"""
# Our judgement, all five: far more than anybody writes, and little enough to show.

MARK_WIDTH = 1.0
"""% of the lane: a comment has a moment and no length, and must be hit by a finger"""
_LABEL_CHARACTERS = 80
# Signs that turn the direction of all text after them.
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]")


@dataclass(frozen=True, slots=True)
class Comment:
    """What a mentor says of one moment."""

    time_s: float
    """s on the take's clock"""
    text: str
    author: str
    """"" = unknown"""


@dataclass(frozen=True, slots=True)
class CommentFile:
    """One file of comments, checked."""

    take_id: str
    """`share_id` of the recording"""
    author: str
    comments: tuple[Comment, ...]
    """in the order of their times, none twice"""


@dataclass(frozen=True, slots=True)
class CommentRow:
    """A comment as a page lists it."""

    time_s: float
    """s"""
    clock: str
    name: str
    """of its button, for those who do not see it"""
    author: str
    text: str
    language: str
    """ "en" or "ja", judged by the letters"""


def share_id(sha256: str) -> str:
    """Return the name of a recording for others: the same for the same file, and telling nothing.

    Parameters
    ----------
    sha256 : of the recording.
    """
    return hashlib.sha256(f"mensetsu share {sha256}".encode()).hexdigest()[:16]


def parse_comments(text: str) -> CommentFile:
    """Read and check a file of comments.

    Raises
    ------
    CommentsUnreadable
        It is broken, of another program or a newer version, or too much.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise CommentsUnreadable("no valid JSON: ask for the file of 'Save comments'") from exc
    if not isinstance(data, dict) or "comments" not in data or "take_id" not in data:
        raise CommentsUnreadable(
            "not a file of comments: it must be what 'Save comments' of a shared page wrote"
        )
    schema = data.get("schema")
    if type(schema) is not int or schema < 1:
        raise CommentsUnreadable("not a file of comments: its schema is no number")
    if schema > SCHEMA:
        raise CommentsUnreadable(
            f"written by a newer mensetsu (schema {schema}, this one reads up to {SCHEMA}):"
            " update mensetsu"
        )
    take_id, author, listed = data["take_id"], data.get("author", ""), data["comments"]
    if not isinstance(take_id, str) or not isinstance(author, str) or not isinstance(listed, list):
        raise CommentsUnreadable("damaged comments: ask for the file once more")
    if len(listed) > MOST_COMMENTS:
        raise CommentsUnreadable(
            f"{len(listed)} comments are too many (at most {MOST_COMMENTS}): ask for fewer"
        )
    author = " ".join(clean(author).split())[:LONGEST_AUTHOR].strip()
    found = [_comment(entry, number, author) for number, entry in enumerate(listed, start=1)]
    kept = [comment for comment in found if comment.text]
    return CommentFile(take_id, author, without_doubles(kept))


def comments_json(file: CommentFile) -> str:
    """Return a file of comments as `parse_comments` reads it."""
    data = {
        "schema": SCHEMA,
        "take_id": file.take_id,
        "author": file.author,
        "comments": [{"time_s": c.time_s, "text": c.text} for c in file.comments],
    }
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def without_doubles(comments: Iterable[Comment]) -> tuple[Comment, ...]:
    """Return comments in the order of their times, each once."""
    return tuple(sorted(set(comments), key=lambda c: (c.time_s, c.author, c.text)))


def clean(text: str) -> str:
    """Return a text without control characters and without signs that turn its direction.

    Line ends stay; a tab becomes a space.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(
        c
        for c in text
        if c == "\n" or (unicodedata.category(c) not in ("Cc", "Cs") and c not in _TURNING)
    )


def comment_lane(comments: Sequence[Comment], duration_s: float) -> Lane:
    """Return the comments as a lane of the time line.

    Parameters
    ----------
    comments : of one take, in any order; those after its end stand at its end.
    duration_s : of the recording.
    """
    scale = Scale(duration_s)
    length_s = duration_s * MARK_WIDTH / 100
    marks = []
    for comment in comments:
        start = min(comment.time_s, max(0.0, duration_s - length_s))
        label = _label(comment)
        x = min(scale.at(start), 100 - MARK_WIDTH)
        marks.append(Mark(start, start + length_s, "comment", label, x, MARK_WIDTH))
    note = tn("{n} comment", "{n} comments", len(marks))
    return Lane("mentor", t("Mentor"), note, stacked(marks))


def comment_rows(comments: Sequence[Comment]) -> tuple[CommentRow, ...]:
    """Return the comments as a page lists them, in the order of their times."""
    return tuple(
        CommentRow(
            comment.time_s,
            moment_clock(comment.time_s),
            t("Go to {clock}", clock=moment_clock(comment.time_s)),
            comment.author,
            comment.text,
            "ja" if _JAPANESE.search(comment.text) else "en",
        )
        for comment in without_doubles(comments)
    )


def _comment(entry: Any, number: int, author: str) -> Comment:
    text = entry.get("text") if isinstance(entry, dict) else None
    time_s = entry.get("time_s") if isinstance(entry, dict) else None
    if not isinstance(text, str) or isinstance(time_s, bool):
        raise CommentsUnreadable(f"damaged comments (number {number}): ask for the file once more")
    if not isinstance(time_s, int | float) or not 0 <= time_s <= LATEST_S or math.isnan(time_s):
        raise CommentsUnreadable(f"comment number {number} has no time: ask for the file once more")
    text = clean(text).strip()
    if len(text) > LONGEST_TEXT:
        raise CommentsUnreadable(
            f"comment number {number} is too long (at most {LONGEST_TEXT} characters)"
        )
    return Comment(round(float(time_s), 3), text, author)


def _label(comment: Comment) -> str:
    text = " ".join(comment.text.split())
    if len(text) > _LABEL_CHARACTERS:
        text = text[: _LABEL_CHARACTERS - 1].rstrip() + "…"
    clock = moment_clock(comment.time_s)
    if comment.author:
        return t("{author} at {clock}: {text}", author=comment.author, clock=clock, text=text)
    return t("Comment at {clock}: {text}", clock=clock, text=text)
