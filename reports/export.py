"""Subtitles, tables and PDF of answers.

The ``render_*`` functions are pure; only `write_pdf` starts a program: the browser that is
installed on this computer, without network.
"""

from __future__ import annotations

import csv
import html
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.results import AnswerAnalysis, Pause, Word
from analysis.sentences import joined, split_sentences
from analysis.storage import summary
from reports.errors import PdfFailed

LINE_CHARACTERS = {"ja": 20}
LINE_CHARACTERS_ELSE = 42
CUE_LINES = 2
CUE_LONGEST_S = 7.0
CUE_PAUSE_S = 1.0
"""No cue stays on the screen over a longer pause."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSERS_ELSE = ("msedge", "microsoft-edge", "microsoft-edge-stable", "brave-browser")
BROWSER_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    r"C:\Program Files\Microsoft\Edge\Application\msedge.exe",
)
PRINT_TIMEOUT_S = 90.0


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle."""

    start: float
    """s"""
    end: float
    """s"""
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a take was recorded."""

    session: str | None = None
    """id; None = in none"""
    recorded: str | None = None
    """when its session began, UTC, ISO 8601; None = unknown"""


def subtitle_cues(analysis: AnswerAnalysis) -> tuple[Cue, ...]:
    """Return the transcript as subtitles, in order and without overlap."""
    transcript = analysis.transcript
    if transcript is None:
        return ()
    pauses = analysis.speech.pauses if analysis.speech else ()
    width = LINE_CHARACTERS.get(transcript.language, LINE_CHARACTERS_ELSE)
    groups: list[list[Word]] = []
    for sentence in split_sentences(transcript, pauses):
        groups.append([])
        for word in sentence.words:
            group = groups[-1]
            if group and not _fits(group, word, width, pauses):
                groups.append([word])
            else:
                group.append(word)
    cues: list[Cue] = []
    for index, group in enumerate(groups):
        start = max(group[0].start, cues[-1].end if cues else 0.0)
        end = min(group[-1].end, start + CUE_LONGEST_S)
        if index + 1 < len(groups):
            end = min(end, groups[index + 1][0].start)
        # A word without length still has to be seen.
        cues.append(Cue(start, max(end, start + 0.1), tuple(_lines(group, width))))
    return tuple(cues)


def render_srt(analysis: AnswerAnalysis) -> str:
    """Return the transcript as SubRip subtitles; "" without words."""
    return srt_of(subtitle_cues(analysis))


def srt_of(cues: Sequence[Cue]) -> str:
    """Return subtitles in SubRip's form; "" where there are none."""
    blocks = []
    for number, cue in enumerate(cues, start=1):
        # An arrow in the text would be read as a time line.
        text = "\n".join(line.replace("-->", "→") for line in cue.lines)
        blocks.append(f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n{text}\n")
    return "\n".join(blocks)


def render_vtt(analysis: AnswerAnalysis) -> str:
    """Return the transcript as WebVTT subtitles."""
    blocks = ["WEBVTT\n"]
    for cue in subtitle_cues(analysis):
        text = "\n".join(html.escape(line, quote=False) for line in cue.lines)
        blocks.append(f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def render_csv(analyses: Sequence[AnswerAnalysis], origins: Sequence[Origin] = ()) -> str:
    """Return one row per take, one column per measure.

    The columns are take_id, session, recorded, question_id, those of `storage.summary`, and
    pace_unit. Units are in the names: _s seconds, _wpm words per minute, _per_min per minute
    (pace_fastest_per_min and pace_slowest_per_min count what pace_unit says), _dbfs, _db, _st
    semitones, _px pixels, _ratio a share from 0 to 1; _count and silences_over_30s are numbers of
    them, hesitation_low and hesitation_high the range of hesitation_count. The rest are texts.
    Empty = not measured, or unknown.

    Parameters
    ----------
    analyses : the takes.
    origins : where each was recorded, in the same order; () = unknown.
    """
    if origins and len(origins) != len(analyses):
        raise ValueError(f"{len(origins)} origins of {len(analyses)} takes")
    rows = [
        {
            "take_id": analysis.take_id,
            "session": origin.session,
            "recorded": origin.recorded,
            "question_id": analysis.question.id if analysis.question else None,
            **summary(analysis),
            "pace_unit": analysis.delivery.pace_unit if analysis.delivery else None,
        }
        for analysis, origin in zip(analyses, origins or [Origin()] * len(analyses), strict=True)
    ]
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({k: csv_cell(v) for k, v in row.items()} for row in rows)
    return out.getvalue()


def write_pdf(html_path: Path, pdf_path: Path, *, browser: str | None = None) -> Path:
    """Print a page to PDF by the browser of this computer, and return the PDF's path.

    Parameters
    ----------
    html_path : page to print.
    pdf_path : file to write; replaced only once the new one is complete.
    browser : program to use; None = look for Chromium, Chrome, Edge or Brave.

    Raises
    ------
    PdfFailed
        There is no such browser, or it wrote no PDF.
    """
    program = browser or find_browser()
    if program is None:
        raise PdfFailed(
            "no Chromium, Chrome or Edge was found to make the PDF: open the report in your"
            " browser and choose Print, Save as PDF"
        )
    pdf_path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mensetsu-pdf-", ignore_cleanup_errors=True) as folder:
        printed = Path(folder) / "report.pdf"
        command = _print_command(program, html_path, printed, Path(folder) / "profile")
        log = Path(folder) / "log"
        try:
            # Not through pipes: helpers of a browser that hangs keep them open when it is killed.
            with log.open("wb") as err:
                done = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=err,
                    timeout=PRINT_TIMEOUT_S,
                    check=False,
                )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise PdfFailed(f"{program} could not print {html_path}: {exc}") from exc
        if done.returncode or not printed.is_file() or printed.read_bytes()[:4] != b"%PDF":
            said = log.read_text(encoding="utf-8", errors="replace")
            last = (said.strip().splitlines() or ["no message"])[-1]
            raise PdfFailed(f"{program} printed no PDF of {html_path}: {last}")
        try:
            partial = pdf_path.with_name(f".{pdf_path.name}.partial")
            shutil.copyfile(printed, partial)
            os.replace(partial, pdf_path)
        except OSError as exc:
            raise PdfFailed(f"{pdf_path} can't be written: {exc.strerror}") from exc
    return pdf_path


def find_browser() -> str | None:
    """Return the path of a browser that can print without a window, or None."""
    for name in (*BROWSERS, *BROWSERS_ELSE):
        if found := shutil.which(name):
            return found
    return next((path for path in BROWSER_PATHS if Path(path).is_file()), None)


def _print_command(program: str, page: Path, pdf: Path, profile: Path) -> list[str]:
    command = [
        program,
        "--headless=new",
        "--disable-gpu",
        "--no-first-run",
        "--no-pdf-header-footer",
        # Nothing may leave the computer, the browser's own updates included.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={profile}",
        f"--print-to-pdf={pdf}",
    ]
    if sys.platform == "linux" and os.geteuid() == 0:
        # Chromium's sandbox refuses to run as root (containers).
        command.append("--no-sandbox")
    return [*command, page.absolute().as_uri()]


def _fits(group: Sequence[Word], word: Word, width: int, pauses: Sequence[Pause]) -> bool:
    if word.end - group[0].start > CUE_LONGEST_S or word.start - group[-1].end > CUE_PAUSE_S:
        return False
    if any(
        p.duration_s > CUE_PAUSE_S and p.start < word.start and p.end > group[-1].end
        for p in pauses
    ):
        return False
    return len(_lines([*group, word], width)) <= CUE_LINES


def _lines(words: Sequence[Word], width: int) -> list[str]:
    lines: list[list[Word]] = [[]]
    for word in words:
        if lines[-1] and len(joined([*lines[-1], word])) > width:
            lines.append([])
        lines[-1].append(word)
    return [" ".join(joined(line).split()) for line in lines]


def _time(time_s: float, point: str) -> str:
    milliseconds = round(max(0.0, time_s) * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    whole, milliseconds = divmod(milliseconds, 1000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{whole:02d}{point}{milliseconds:03d}"


def csv_cell(value: Any) -> Any:
    """Return a value for a table: lists joined, and no text that a spreadsheet would run."""
    if isinstance(value, list):
        value = " | ".join(str(v) for v in value)
    if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@") and value:
        return f"'{value}"
    if isinstance(value, str) and value[:1] in ("\t", "\r"):
        return f"'{value}"
    return value
