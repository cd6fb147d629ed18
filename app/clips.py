"""Short clips of single moments of a take: which, and how they are cut."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.captions import Caption, draw_captions, find_font
from analysis.cutting import Piece, Request, write_piece
from analysis.results import AnswerAnalysis
from app.errors import OutputRefused, SourceUnknown
from app.results_folder import replace_file
from reports.export import Cue, srt_of, subtitle_cues
from reports.feedback import choose_remarks
from reports.targets import Targets

MARGIN_S = 1.0
"""shown before and after a moment, so that one hears what it interrupts; our judgement"""
MOST_CLIPS = 50

_SPAN = re.compile(r"(?:(\d+):)?(\d+(?:\.\d+)?)-(?:(\d+):)?(\d+(?:\.\d+)?)")
_NUMBER = re.compile(r"(\d{2,})-")


@dataclass(frozen=True, slots=True)
class Moment:
    """What a clip shows."""

    kind: str
    """ "pause", "remark" or "moment": part of the file's name"""
    start_s: float
    """of the moment itself, s"""
    end_s: float
    """s"""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that was written."""

    path: Path
    moment: Moment
    piece: Piece
    subtitles: str
    """ "burnt", "beside" (a file .srt) or "" where nobody speaks"""
    fontless: bool
    """whether no font of this computer has the letters, so that they could not be burnt in"""
    early_s: float
    """how much earlier than meant it begins, s: a copied picture begins at a key frame"""


def longest_pauses(analysis: AnswerAnalysis, count: int) -> list[Moment]:
    """Return the longest pauses inside the answer, in the order of their times.

    Raises
    ------
    SourceUnknown
        Pauses were not measured, or there is none.
    """
    pauses = analysis.speech.pauses_inside if analysis.speech else ()
    chosen = sorted(pauses, key=lambda p: -p.duration_s)[:count]
    if not chosen:
        raise SourceUnknown("this take has no pauses inside the answer: choose a time with --at")
    return [Moment("pause", p.start, p.end) for p in sorted(chosen, key=lambda p: p.start)]


def remark_moments(analysis: AnswerAnalysis, targets: Targets) -> list[Moment]:
    """Return the moments that the remarks of the report show, in the order of their times.

    Raises
    ------
    SourceUnknown
        The report has no remarks with moments.
    """
    shown = {
        (m.start, m.end) for remark in choose_remarks(analysis, targets) for m in remark.evidence
    }
    if not shown:
        raise SourceUnknown("the report has no remarks with moments: choose a time with --at")
    return [Moment("remark", start, end) for start, end in sorted(shown)]


def spans(texts: Iterable[str], duration_s: float) -> list[Moment]:
    """Return moments given as "1:05-1:20" or "65-80".

    Raises
    ------
    ValueError
        One is written otherwise, ends before it begins, or lies behind the end.
    """
    found = []
    for text in texts:
        match = _SPAN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no span of time: write it like 1:05-1:20")
        start_s, end_s = (
            60 * int(m or 0) + float(s) for m, s in (match.group(1, 2), match.group(3, 4))
        )
        if end_s <= start_s:
            raise ValueError(f"{text!r} ends before it begins")
        if start_s >= duration_s:
            raise ValueError(f"{text!r} lies behind the end of the recording ({duration_s:.0f} s)")
        found.append(Moment("moment", start_s, min(end_s, duration_s)))
    return found


def write_clips(
    analysis: AnswerAnalysis, media: Path, moments: Sequence[Moment], folder: Path, *, burn: bool
) -> Iterable[Clip]:
    """Write a clip of each moment, and yield it when it is there.

    The picture is copied where nothing is burnt in; nothing that lies in the folder is overwritten.

    Parameters
    ----------
    analysis, media : the take and its recording.
    moments : what to show.
    folder : for the clips.
    burn : draw the words into the picture; else, and where no font has their letters, they are in
        a file of subtitles beside the clip.

    Raises
    ------
    OutputRefused
        The folder can't be written.
    MediaUnreadable, CutFailed
        The recording can't be read, or a clip not written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = _next_number(folder)
    except OSError as exc:
        raise OutputRefused(f"{folder} can't be written: {exc.strerror or exc}") from exc
    cues = subtitle_cues(analysis)
    seen = analysis.media.video_codec is not None
    for count, moment in enumerate(moments):
        minutes, rest = divmod(int(moment.start_s), 60)
        stem = f"{number + count:02d}-{moment.kind}-{minutes}m{rest:02d}s"
        yield _write(
            analysis, media, moment, folder / f"{stem}.{'mp4' if seen else 'm4a'}", cues, burn
        )


def _write(
    analysis: AnswerAnalysis,
    media: Path,
    moment: Moment,
    path: Path,
    cues: Sequence[Cue],
    burn: bool,
) -> Clip:
    margin_s = 0.0 if moment.kind == "moment" else MARGIN_S
    start_s = max(0.0, moment.start_s - margin_s)
    end_s = min(analysis.media.duration_s, moment.end_s + margin_s)
    within = [c for c in cues if c.start < end_s and c.end > start_s]
    # A pause needs no letters: what is said around it stands in the file beside it.
    spoken = moment.kind != "pause" and bool(within) and analysis.media.video_codec is not None
    font = find_font("".join(line for c in within for line in c.lines)) if burn and spoken else None
    overlay = None
    if font is not None:
        overlay = draw_captions([Caption(c.start, c.end, c.lines) for c in within], font)
    piece = write_piece(media, path, Request(start_s=start_s, end_s=end_s, overlay=overlay))
    heard = [c for c in cues if c.start < piece.end_s and c.end > piece.start_s]
    subtitles = "burnt" if overlay is not None else ""
    if overlay is None and heard:
        shifted = [
            Cue(max(0.0, c.start - piece.start_s), c.end - piece.start_s, c.lines) for c in heard
        ]
        replace_file(path.with_suffix(".srt"), srt_of(shifted))
        subtitles = "beside"
    return Clip(
        path,
        moment,
        piece,
        subtitles,
        fontless=burn and spoken and font is None,
        early_s=max(0.0, start_s - piece.start_s),
    )


def _next_number(folder: Path) -> int:
    """Return the first number behind those of the files in a folder."""
    numbers = [int(m[1]) for name in os.listdir(folder) if (m := _NUMBER.match(name))]
    return max(numbers, default=0) + 1
