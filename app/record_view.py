"""What is shown while recording, and the drawing of it as lines of text."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from app.takes import clock, losses
from recorder.messages import Ready, Status
from recorder.session import Question

METER_DBFS = (-60.0, 0.0)
"""ends of the level meter"""
BAR_BEYOND = 1.25
"""the time bar ends a quarter after the target, and grows with longer answers (our judgement)"""
_BAR_CELLS = 48
_METER_CELLS = 24
_MARGIN = 2
_PLAIN = str.maketrans("█▒·●│–−×…\u00a0", "#=.*|--x. ")


class Phase(enum.Enum):
    """What is going on."""

    countdown = "starts in"
    recording = "recording"
    paused = "paused"


@dataclass(frozen=True, slots=True)
class View:
    """One moment of a sitting."""

    phase: Phase
    question: Question
    """asked now; while paused: the one that comes next"""
    number: int
    """of the question, from 1; beyond `total` when all are answered"""
    total: int
    take: int = 0
    """count of the takes begun so far"""
    elapsed_s: float = 0.0
    """of the running answer; of the countdown: what is left"""
    seconds: float | None = None
    """after which the answer ends; None = the user ends it"""
    level_dbfs: float = -math.inf
    level_words: str = ""
    notices: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    """key and what it does"""
    saved: str = ""
    """what became of the answer before"""
    goals: tuple[str, ...] = ()
    """open ones of this question"""


def draw(
    view: View,
    ready: Ready,
    status: Status,
    languages: tuple[str, ...],
    width: int,
    *,
    plain: bool = False,
) -> Text:
    """Return the screen, at most `width` cells wide, the most important lines first.

    `plain`: for a terminal that knows ASCII only.
    """
    width = max(20, width - 2 * _MARGIN)
    lines = [_head(view, width), Text()]
    if view.phase is Phase.paused:
        lines += [Text("Paused: nothing is being recorded.", style="bold")]
        lines += [Text(view.saved)] if view.saved else []
    else:
        lines += question_lines(view.question, languages)
        lines += goal_lines(view)
    lines.append(Text())
    if view.phase is not Phase.paused:
        lines += [*_time(view, width), Text()]
    lines.append(_meter(view, width))
    lines += [Text(notice, style="bold yellow") for notice in view.notices]
    lines += [Text(), _keys(view.keys), Text()]
    lines += [Text(line, style="dim") for line in device_lines(ready, status)]
    lines += [Text(line, style="dim") for line in _health(view, status)]
    shown = Text("\n")
    for line in lines:
        shown.append_text(_fitted(line, width))
    if plain:
        shown.plain = shown.plain.translate(_PLAIN)
    return shown


def question_lines(question: Question, languages: tuple[str, ...]) -> list[Text]:
    """Return the question in the wanted languages."""
    texts = {"en": question.text_en, "ja": question.text_ja}
    # An own question is the same in both.
    wanted = dict.fromkeys(texts[language] for language in languages)
    return [Text(printable(text), style="bold") for text in wanted]


def goal_lines(view: View) -> list[Text]:
    """Return the goals of the question: plain before the answer, dim while it is given."""
    style = "" if view.phase is Phase.countdown else "dim"
    return [Text(f"Goal    {printable(goal)}", style=style) for goal in view.goals]


def printable(text: str) -> str:
    """Return a text without what would steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def against_band(elapsed_s: float, band_s: tuple[float, float]) -> str:
    """Say where a length lies against the recommended one."""
    low, high = band_s
    if elapsed_s < low:
        return f"{clock(math.ceil(low - elapsed_s))} to the target"
    if elapsed_s <= high:
        return "within the target"
    return f"{clock(elapsed_s - high)} beyond the target"


def band(question: Question) -> str:
    """Return the recommended length."""
    low, high = question.band_s
    return f"target {clock(low)}–{clock(high)}"


def _head(view: View, width: int) -> Text:
    if view.number > view.total:
        return Text("That was the last question.")
    left = f"Question {view.number} of {view.total}"
    head = Text(left)
    if view.phase is Phase.paused:
        head.append(" comes next")
        return head
    name = view.question.id if view.question.kind != "own" else ""
    if name and cell_len(left) + cell_len(name) + 3 <= width:
        head.append(f" · {name}", style="dim")
    return head


def _time(view: View, width: int) -> list[Text]:
    low, high = view.question.band_s
    if view.phase is Phase.countdown:
        first = Text(f"Starts in {math.ceil(view.elapsed_s)} …", style="bold")
        first.append(f"   {band(view.question)}", style="not bold")
        shown_s = 0.0
    else:
        first = Text(f"● recording  {clock(view.elapsed_s)}", style="bold")
        first.append(f"   {band(view.question)}, ", style="not bold")
        first.append(against_band(view.elapsed_s, view.question.band_s), style="not bold")
        if view.seconds is not None:
            first.append(f" · ends at {clock(view.seconds)}", style="not bold")
        shown_s = view.elapsed_s
    cells = min(_BAR_CELLS, width)
    end_s = max(high * BAR_BEYOND, shown_s)
    bar = Text()
    edges = {int(limit / end_s * cells) for limit in (low, high)}
    for cell in range(cells):
        middle_s = (cell + 0.5) / cells * end_s
        within = low <= middle_s <= high
        if cell in edges:
            bar.append("│")
        elif middle_s < shown_s:
            bar.append("█", style="green" if within else "default")
        else:
            bar.append("▒" if within else "·", style="dim")
    return [first, bar]


def _meter(view: View, width: int) -> Text:
    low, high = METER_DBFS
    level = view.level_dbfs
    share = 0.0 if not math.isfinite(level) else min(1.0, max(0.0, (level - low) / (high - low)))
    cells = max(8, min(_METER_CELLS, width - 30))
    filled = round(share * cells)
    meter = Text("Sound  ")
    meter.append("█" * filled)
    meter.append("·" * (cells - filled), style="dim")
    # What 16 bits can hold ends at −96.
    shown = "   –" if level < -96 else f"{level:4.0f}".replace("-", "−")
    meter.append(f" {shown} dBFS  {view.level_words}")
    return meter


def _keys(keys: tuple[tuple[str, str], ...]) -> Text:
    line = Text()
    for key, what in keys:
        if line:
            line.append("   ")
        line.append(key, style="bold reverse")
        # Not broken between a key and what it does.
        line.append(f"\u00a0{what}".replace(" ", "\u00a0"))
    return line


def device_lines(ready: Ready, status: Status) -> list[str]:
    """Return what it is recorded with."""
    sound = [ready.microphone, f"{ready.rate_hz / 1000:g} kHz"]
    if ready.processing not in ("none", "unknown"):
        sound.append(ready.processing)
    sound += ["Bluetooth: muffled sound"] if ready.bluetooth else []
    lines = [f"Mic     {' · '.join(printable(word) for word in sound)}"]
    if ready.camera is not None and ready.size_px is not None:
        wide, high = ready.size_px
        rate = status.camera_rate_hz or ready.camera_rate_hz or 0.0
        lines.append(f"Camera  {printable(ready.camera)} · {wide}×{high} · {rate:.0f} a second")
    else:
        lines.append("Camera  none: sound only")
    return lines


def _health(view: View, status: Status) -> list[str]:
    words = []
    if view.phase is Phase.recording:
        words = losses(status.frames_written, status.frames_dropped_by, status.gap_s)
        words = words or ["nothing lost"]
    if status.free_bytes:
        words.append(f"{status.free_bytes / 1e9:.1f} GB free")
    if status.remaining_s < 3600:
        words.append(f"space for {status.remaining_s / 60:.0f} min")
    return [f"Health  {' · '.join(words)}"] if words else []


def _fitted(line: Text, width: int) -> Text:
    """Return a line broken so that it fits, with its margin and end."""
    from rich.console import Console

    fitted = Text()
    margin = " " * _MARGIN
    console = Console(width=width)
    for part in line.wrap(console, width) if line else [Text()]:
        part.rstrip()
        fitted.append(margin)
        fitted.append_text(part)
        fitted.append("\n")
    return fitted
