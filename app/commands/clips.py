"""``clips``: single moments of a take as short recordings."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.storage import read_analysis
from app import config
from app.errors import SourceUnknown
from app.results_folder import ANALYSIS, find_media
from app.shelf import find_take
from app.takes import clock

if TYPE_CHECKING:
    from app.clips import Clip


class Moments(enum.StrEnum):
    """Moments that the report knows."""

    remarks = "remarks"


def clips(
    take: Annotated[str, typer.Argument(metavar="TAKE", help="Take, or folder of its results.")],
    longest_pauses: Annotated[
        int | None, typer.Option(min=1, max=20, metavar="N", help="The N longest pauses.")
    ] = None,
    moments: Annotated[
        Moments | None, typer.Option(help="The moments that the report's remarks show.")
    ] = None,
    at: Annotated[
        list[str] | None, typer.Option(metavar="1:05-1:20", help="A span of time; repeatable.")
    ] = None,
    burn: Annotated[
        bool, typer.Option(help="Draw the words into the picture, else write them beside it.")
    ] = True,
    output: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Default: 'clips' beside the results.")
    ] = None,
) -> None:
    """Cut short clips of single moments, without encoding anew where possible."""
    # It loads the encoders: other commands do not wait for them.
    from app import clips as cutting

    folder = find_take(take).results
    if folder is None:
        raise SourceUnknown(f"{take} has no results yet: run 'mensetsu analyse {take}' first")
    analysis = read_analysis(folder / ANALYSIS)
    media = find_media(analysis, folder)
    if media is None:
        raise SourceUnknown(
            f"the recording {analysis.media.path} that belongs to {folder} is gone: put it back"
        )
    try:
        chosen = cutting.spans(at or [], analysis.media.duration_s)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc
    if longest_pauses is None and moments is None and not chosen:
        raise typer.BadParameter("choose moments: --longest-pauses 3, --moments remarks or --at")
    if longest_pauses is not None:
        chosen += cutting.longest_pauses(analysis, longest_pauses)
    if moments is Moments.remarks:
        chosen += cutting.remark_moments(analysis, config.targets())
    if len(chosen) > cutting.MOST_CLIPS:
        raise typer.BadParameter(f"{len(chosen)} clips are too many: at most {cutting.MOST_CLIPS}")
    target = output or folder / "clips"
    for clip in cutting.write_clips(analysis, media, chosen, target, burn=burn):
        typer.echo(clip.path)
        typer.echo(f"  {_told(clip)}", err=True)


def _told(clip: Clip) -> str:
    """Say what was done to a clip."""
    piece, moment = clip.piece, clip.moment
    words = [f"{clock(moment.start_s)} to {clock(moment.end_s)}"]
    if piece.picture:
        words.append(f"picture {'copied' if piece.picture == 'copied' else 'encoded anew'}")
    if clip.early_s >= 0.05:
        words.append(
            f"begins {clip.early_s:.1f} s earlier, at the key frame before it (a copy can't begin"
            " elsewhere)"
        )
    if clip.subtitles == "burnt":
        words.append("words in the picture")
    elif clip.subtitles == "beside":
        words.append("words in the .srt file beside it")
    if clip.fontless:
        words.append("no font of this computer has these letters, so they are not in the picture")
    return "; ".join(words)
