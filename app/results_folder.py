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
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisUnreadable
from analysis.results import AnswerAnalysis
from analysis.storage import read_analysis, summary, to_json
from app.errors import OutputRefused
from reports.export import render_srt
from reports.page import media_link

ANALYSIS, SUMMARY, REPORT, SUBTITLES = (
    "analysis.json",
    "summary.json",
    "report.html",
    "transcript.srt",
)
_LONGEST_STEM = 200
"""bytes; names of folders end at 255, which is 85 Japanese characters"""
_FILES = (ANALYSIS, SUMMARY, REPORT, SUBTITLES)

Render = Callable[[AnswerAnalysis, Path, str | None], str]
"""analysis, its folder, address of the recording → page"""


@dataclass(frozen=True, slots=True)
class ResultsFolder:
    """A folder that is ready to take the results of a recording."""

    folder: Path
    media: Path
    made: tuple[Path, ...]
    """folders that this run made, the innermost first (it removes them if the work fails)"""

    def write(self, analysis: AnswerAnalysis, render: Render) -> Path:
        """Write all result files and return the folder.

        Parameters
        ----------
        analysis : what was measured.
        render : makes the page of it; gets the folder and the address of the recording, too.

        Raises
        ------
        OutputRefused
            No permission, or no space; what stood there before still stands.
        """
        analysis = with_media_path(analysis, self.media, self.folder)
        page = self.folder / REPORT
        texts = {
            SUMMARY: json.dumps(summary(analysis), ensure_ascii=False, indent=1, allow_nan=False),
            REPORT: render(analysis, self.folder, media_link(self.media, page)),
            SUBTITLES: render_srt(analysis),
            # Last: whoever finds it finds the others too.
            ANALYSIS: to_json(analysis),
        }
        try:
            with _staging(self.folder) as staging:
                for name, text in texts.items():
                    write_synced(staging / name, text)
                with _stops_wait():
                    for name in texts:
                        os.replace(staging / name, self.folder / name)
        except OSError as exc:
            raise OutputRefused(_why(self.folder, exc)) from exc
        return self.folder

    def abandon(self) -> None:
        """Remove the folders again that this run made, unless something is in them."""
        # Somebody else's files may be in it by now.
        with contextlib.suppress(OSError):
            for folder in self.made:
                folder.rmdir()


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
        output = _folder_beside(media)
    results = ResultsFolder(output, media, ())
    try:
        refusal = _refusal(output, media)
        if refusal:
            raise OutputRefused(refusal)
        made = tuple(f for f in (output, *output.parents) if not f.exists())
        results = ResultsFolder(output, media, made)
        output.mkdir(parents=True, exist_ok=True)
        # Find out now, not after minutes of work.
        with tempfile.TemporaryFile(dir=output) as probe:
            probe.write(b"\0" * 65536)
            probe.flush()
        if shutil.disk_usage(output).free < 5e6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as exc:
        results.abandon()
        raise OutputRefused(_why(output, exc)) from exc
    return results


def _folder_beside(media: Path) -> Path:
    """Return the first folder beside a recording that is free or already its own."""
    stem = media.stem
    if len(os.fsencode(stem)) > _LONGEST_STEM:
        stem = os.fsencode(stem)[:_LONGEST_STEM].decode("utf-8", "ignore")
    folder = media.with_name(f"{stem}-analysis")
    number = 1
    while _refusal(folder, media):
        number += 1
        folder = media.with_name(f"{stem}-analysis-{number}")
    return folder


def with_media_path(analysis: AnswerAnalysis, media: Path, folder: Path) -> AnswerAnalysis:
    """Return the analysis with the way from `folder` to the recording."""
    try:
        path = Path(os.path.relpath(media, folder)).as_posix()
    except ValueError:  # another drive
        path = media.absolute().as_posix()
    return dataclasses.replace(analysis, media=dataclasses.replace(analysis.media, path=path))


def find_media(analysis: AnswerAnalysis, folder: Path) -> Path | None:
    """Return where the recording of an analysis lies, or None if it is gone."""
    path = folder / analysis.media.path
    # As it is spelt first, as `with_media_path` wrote it: the folder may be a link to elsewhere.
    for candidate in (Path(os.path.normpath(path)), path, folder / analysis.media.name):
        if candidate.is_file():
            return candidate
    return None


def write_synced(path: Path, text: str) -> None:
    """Write a text file and sync it to disk."""
    # A file name that is not valid Unicode comes as lone surrogates: JSON knows them as escapes.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def replace_file(path: Path, text: str) -> None:
    """Write a text file that appears complete or not at all; what stood there stands until then."""
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():  # a device, a pipe
        with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
            out.write(text)
        return
    with _staging(path.parent) as staging:
        write_synced(staging / "new", text)
        os.replace(staging / "new", path)


@contextlib.contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Yield a passing folder on the same disk."""
    staging = Path(tempfile.mkdtemp(dir=folder, prefix=".new-"))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextlib.contextmanager
def _stops_wait() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait: between two renames they would leave half a result."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, Any]] = []
    before = {
        stop: signal.signal(stop, lambda *which: came.append(which))
        for stop in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for stop, handler in before.items():
            signal.signal(stop, signal.SIG_DFL if handler is None else handler)
        for number, frame in came:
            handler = before[signal.Signals(number)]
            if callable(handler):
                handler(number, frame)


def _refusal(folder: Path, media: Path) -> str | None:
    """Say why a folder can't take the results of a recording; None = it can."""
    from analysis.media import file_sha256

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
