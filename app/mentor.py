"""Sharing with a mentor: what is sent, and the comments that come back.

The shared page is made anew each time, in a place of its own, so that a picture shared once never
lies beside a page that was meant to have none.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis
from app import config
from app.errors import AppError, OutputRefused, SourceUnknown
from app.page_parts import AnswerParts
from app.results_folder import ANALYSIS, REPORT, find_media, replace_file, write_synced
from reports.comments import (
    LARGEST_FILE,
    Comment,
    CommentFile,
    comment_lane,
    comments_json,
    parse_comments,
    share_id,
    without_doubles,
)
from reports.errors import CommentsUnreadable
from reports.html import render_answer
from reports.mentor import (
    SCRIPTS,
    STYLES,
    Share,
    listed_part,
    shared_analysis,
    writing_data,
    writing_part,
)
from reports.targets import Targets

FOLDER = "for-mentor"
EMBEDDED_PX = 360
"""shorter side of the picture in a page that holds its recording"""

_COMMENTS = "comments-*.json"
_LONGEST_NAME = 40
"""characters of an author's name in a file name"""
# In the head of an analysis.json, before the long lists.
_SHA256 = re.compile(rb'"sha256": "([0-9a-f]{64})"')
_HEAD_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Shared:
    """What was made for a mentor."""

    path: Path
    """a folder, or a page that holds everything"""
    share: Share
    """what is in it, after what the recording has"""
    bytes: int
    anew: tuple[str, ...]
    """ "picture", "sound": what had to be encoded anew"""


def share_take(
    analysis: AnswerAnalysis,
    folder: Path,
    targets: Targets,
    *,
    share: Share,
    single_file: bool,
    output: Path | None,
) -> Shared:
    """Make a folder or a single page for a mentor.

    Parameters
    ----------
    analysis, folder : the take.
    targets : bands to hold the numbers against.
    share : picture and sound, sound alone, or neither. A recording that has no picture is shared
        as sound.
    single_file : one page that holds its recording, the picture made smaller.
    output : new folder or file; None = a free name beside the results.

    Raises
    ------
    SourceUnknown
        The recording is gone, or another than the one that was analysed.
    OutputRefused
        The output exists or can't be written.
    MediaUnreadable, CutFailed
        The recording can't be read or written.
    """
    target = output or _free(folder, f"{FOLDER}.html" if single_file else FOLDER)
    empty = not single_file and target.is_dir() and not any(target.iterdir())
    if target.exists() and not empty:
        raise OutputRefused(f"{target} exists: it is not overwritten, give another --output")
    media = None if share is Share.transcript else _media(analysis, folder)
    if share is Share.video and analysis.media.video_codec is None:
        share = Share.audio
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=target.parent, prefix=".new-"))
    except OSError as exc:
        raise OutputRefused(f"{target} can't be written: {exc.strerror or exc}") from exc
    try:
        whole, anew = _fill(staging, analysis, media, share, single_file, targets)
        size = sum(path.stat().st_size for path in staging.iterdir())
        if single_file:
            # A hard link or a rename would need care; nobody else writes this name meanwhile.
            os.replace(whole, target)
        else:
            if empty:
                target.rmdir()
            os.rename(staging, target)
    except OSError as exc:
        raise OutputRefused(f"{target} can't be written: {exc.strerror or exc}") from exc
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Shared(target, share, size, anew)


def comments_of(folder: Path) -> tuple[Comment, ...]:
    """Return the comments beside the results of a take; files that can't be read are left out."""
    return without_doubles(
        comment for _, file in _stored(folder) if file is not None for comment in file.comments
    )


def broken_comments(folder: Path) -> tuple[Path, ...]:
    """Return the files of comments beside the results that can't be read."""
    return tuple(path for path, file in _stored(folder) if file is None)


def comment_parts(analysis: AnswerAnalysis, folder: Path) -> AnswerParts | None:
    """Return what the report page shows of a mentor's comments; None = there are none."""
    comments = comments_of(folder)
    if not comments:
        return None
    return AnswerParts(
        parts={"mentor": listed_part(comments)},
        lanes=(comment_lane(comments, _duration_s(analysis)),),
        styles=STYLES,
    )


def read_comment_file(path: Path) -> CommentFile:
    """Read a file of comments that a mentor sent.

    Raises
    ------
    SourceUnknown
        It can't be read.
    CommentsUnreadable
        It is no such file; the message names it.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as exc:
        raise SourceUnknown(f"{path} can't be read: {exc.strerror or exc}") from exc
    if len(raw) > LARGEST_FILE:
        raise CommentsUnreadable(
            f"{path}: too large for comments (over {LARGEST_FILE // 10**6} MB)"
        )
    try:
        return parse_comments(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise CommentsUnreadable(f"{path}: no text: ask for the file once more") from exc
    except CommentsUnreadable as exc:
        raise CommentsUnreadable(f"{path}: {exc}") from exc


def take_of(comments: CommentFile) -> tuple[AnswerAnalysis, Path]:
    """Return the take of the store that comments belong to, with the folder of its results.

    Raises
    ------
    SourceUnknown
        None in the store, or several.
    """
    found = [
        path
        for path in sorted(config.sessions_dir().glob(f"*/*/{ANALYSIS}"))
        if (sha256 := _sha256_of(path)) and share_id(sha256) == comments.take_id
    ]
    if not found:
        raise SourceUnknown(
            "no take of the store is meant by these comments: give the take, or the folder of its"
            " results, behind the file"
        )
    if len(found) > 1:
        raise SourceUnknown(
            f"{len(found)} takes have this recording ({found[0].parent}, …): give the one behind"
            " the file"
        )
    return read_analysis(found[0]), found[0].parent


def store_comments(comments: CommentFile, analysis: AnswerAnalysis, folder: Path) -> Path | None:
    """Keep comments beside the results; None = all of them are there already.

    Raises
    ------
    SourceUnknown
        They belong to another recording.
    AppError
        The folder can't be written.
    """
    if comments.take_id != share_id(analysis.media.sha256):
        raise SourceUnknown(f"these comments are on another recording than {folder}")
    known = set(comments_of(folder))
    new = tuple(comment for comment in comments.comments if comment not in known)
    if not new:
        return None
    name = _file_name(comments.author)
    number = 1
    while (path := folder / f"comments-{name}-{number}.json").exists():
        number += 1
    try:
        replace_file(path, comments_json(replace(comments, comments=new)))
    except OSError as exc:
        raise AppError(f"{path} can't be written: {exc.strerror or exc}") from exc
    return path


def _fill(
    staging: Path,
    analysis: AnswerAnalysis,
    media: Path | None,
    share: Share,
    single_file: bool,
    targets: Targets,
) -> tuple[Path, tuple[str, ...]]:
    """Write page and recording into a folder; return the page and what was encoded anew."""
    # It loads the decoders: pages without a recording do not wait for them.
    from analysis.cutting import Request, write_piece

    href, anew = None, ()
    if media is not None:
        kind, ending = ("video", "mp4") if share is Share.video else ("audio", "m4a")
        recording = staging / f"recording.{ending}"
        small = EMBEDDED_PX if single_file else None
        piece = write_piece(
            media, recording, Request(picture=share is Share.video, short_side_px=small)
        )
        anew = tuple(
            name
            for name, how in (("picture", piece.picture), ("sound", piece.sound))
            if how == "encoded"
        )
        href = recording.name
        if single_file:
            data = base64.b64encode(recording.read_bytes()).decode("ascii")
            href = f"data:{kind}/mp4;base64,{data}"
            recording.unlink()
    page = staging / REPORT
    shared = shared_analysis(analysis, share)
    html = render_answer(
        shared,
        media_href=href,
        targets=targets,
        parts={"mentor": writing_part()},
        styles=STYLES,
        scripts=SCRIPTS,
        data={"mentor": writing_data(analysis)},
    )
    write_synced(page, html)
    return page, anew


def _media(analysis: AnswerAnalysis, folder: Path) -> Path:
    from analysis.media import file_sha256

    media = find_media(analysis, folder)
    if media is None:
        raise SourceUnknown(
            f"the recording {analysis.media.path} that belongs to {folder} is gone: put it back, or"
            " share the transcript alone (--share transcript)"
        )
    # Another file of the same name must not be sent to somebody by mistake.
    if file_sha256(media) != analysis.media.sha256:
        raise SourceUnknown(
            f"{media} is not the recording that was analysed: analyse it again, or share the"
            " transcript alone (--share transcript)"
        )
    return media


def _free(folder: Path, name: str) -> Path:
    stem, dot, ending = name.partition(".")
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{dot}{ending}"
    return path


def _stored(folder: Path) -> Iterator[tuple[Path, CommentFile | None]]:
    for path in sorted(folder.glob(_COMMENTS)):
        try:
            yield path, read_comment_file(path)
        except (SourceUnknown, CommentsUnreadable):
            yield path, None


def _sha256_of(path: Path) -> str | None:
    """Return the recording's checksum from the head of an analysis.json: they are long."""
    try:
        with path.open("rb") as file:
            match = _SHA256.search(file.read(_HEAD_BYTES))
    except OSError:
        return None
    return match[1].decode("ascii") if match else None


def _file_name(author: str) -> str:
    """Return an author's name as part of a file name, on every system."""
    name = "".join(c if c.isalnum() else "-" for c in author)[:_LONGEST_NAME].strip("-")
    return re.sub("-{2,}", "-", name) or "mentor"


def _duration_s(analysis: AnswerAnalysis) -> float:
    spoken_s = analysis.speech.duration_s if analysis.speech else 0.0
    return max(s for s in (analysis.media.duration_s, spoken_s, 0.001) if s == s)
