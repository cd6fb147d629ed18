"""Where the results of an answer go: four files that appear together or not at all.

A folder belongs to one recording. Results of another recording, or files that are not ours, are
never overwritten; results of the same recording are replaced when it is analysed again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import AnalysisUnreadable
from analysis.media import file_sha256
from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis, summary, to_json
from app.errors import OutputRefused
from reports.export import render_srt
from reports.html import media_link, render_answer
from reports.targets import Targets

ANALYSIS, SUMMARY, REPORT, SUBTITLES = (
    "analysis.json",
    "summary.json",
    "report.html",
    "transcript.srt",
)
_FILES = (ANALYSIS, SUMMARY, REPORT, SUBTITLES)


@dataclass(frozen=True, slots=True)
class ResultsFolder:
    """A folder that is ready to take the results of a recording."""

    folder: Path
    media: Path
    made: bool
    """whether this run made it (and may remove it again if the work fails)"""

    def write(self, analysis: AnswerAnalysis, targets: Targets) -> Path:
        """Write all result files and return the folder.

        Raises
        ------
        OutputRefused
            No permission, or no space; what stood there before still stands.
        """
        analysis = with_media_path(analysis, self.media, self.folder)
        page = self.folder / REPORT
        texts = {
            SUMMARY: json.dumps(summary(analysis), ensure_ascii=False, indent=1, allow_nan=False),
            REPORT: render_answer(
                analysis, media_href=media_link(self.media, page), targets=targets
            ),
            SUBTITLES: render_srt(analysis),
            # Last: whoever finds it finds the others too.
            ANALYSIS: to_json(analysis),
        }
        try:
            staging = Path(tempfile.mkdtemp(dir=self.folder, prefix=".new-"))
            try:
                for name, text in texts.items():
                    write_synced(staging / name, text)
                for name in texts:
                    os.replace(staging / name, self.folder / name)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
        except OSError as exc:
            raise OutputRefused(_why(self.folder, exc)) from exc
        return self.folder

    def abandon(self) -> None:
        """Remove the folder again if this run made it and nothing is in it."""
        if self.made:
            # Somebody else's files may be in it by now.
            with contextlib.suppress(OSError):
                self.folder.rmdir()


def prepare_folder(media: Path, output: Path | None) -> ResultsFolder:
    """Choose and check the folder before the work begins.

    Parameters
    ----------
    media : the recording.
    output : the user's choice; None = a folder beside the recording, with a number where that
        one belongs to another recording.

    Raises
    ------
    OutputRefused
        It holds another recording's results, is a file, or can't be written.
    """
    if output is None:
        number = 1
        while True:
            suffix = "" if number == 1 else f"-{number}"
            output = media.parent / f"{media.stem}-analysis{suffix}"
            if _refusal(output, media) is None:
                break
            number += 1
    else:
        refusal = _refusal(output, media)
        if refusal:
            raise OutputRefused(refusal)
    made = not output.exists()
    try:
        output.mkdir(parents=True, exist_ok=True)
        # Find out now, not after minutes of work.
        with tempfile.TemporaryFile(dir=output) as probe:
            probe.write(b"\0" * 65536)
            probe.flush()
        if shutil.disk_usage(output).free < 5e6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as exc:
        if made:
            shutil.rmtree(output, ignore_errors=True)
        raise OutputRefused(_why(output, exc)) from exc
    return ResultsFolder(output, media, made)


def with_media_path(analysis: AnswerAnalysis, media: Path, folder: Path) -> AnswerAnalysis:
    """Return the analysis with the way from `folder` to the recording."""
    try:
        path = Path(os.path.relpath(media, folder)).as_posix()
    except ValueError:  # another drive
        path = media.absolute().as_posix()
    return dataclasses.replace(analysis, media=dataclasses.replace(analysis.media, path=path))


def find_media(analysis: AnswerAnalysis, folder: Path) -> Path | None:
    """Return where the recording of an analysis lies, or None if it is gone."""
    for candidate in (folder / analysis.media.path, folder / analysis.media.name):
        if candidate.is_file():
            return Path(os.path.normpath(candidate))
    return None


def write_synced(path: Path, text: str) -> None:
    """Write a text file and sync it to disk."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _refusal(folder: Path, media: Path) -> str | None:
    """Say why a folder can't take the results of a recording; None = it can."""
    if folder.exists() and not folder.is_dir():
        return f"{folder} is a file: give another folder with --output"
    existing = [name for name in _FILES if (folder / name).exists()]
    if not existing:
        return None
    if ANALYSIS not in existing:
        return f"{folder} holds a {existing[0]} that is not ours: give another folder with --output"
    try:
        before = read_analysis(folder / ANALYSIS)
    except AnalysisUnreadable as exc:
        return f"{exc}; give another folder with --output"
    if before.media.sha256 != file_sha256(media):
        return (
            f"{folder} holds the results of another recording ({before.media.name}): give another"
            " folder with --output"
        )
    return None


def _why(folder: Path, exc: OSError) -> str:
    if exc.errno == errno.ENOSPC:
        return f"no space left for the results in {folder}: free some, or choose another --output"
    if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"the folder {folder} can't be written (no permission): choose another --output"
    return f"the results can't be written to {folder}: {exc.strerror or exc}"
