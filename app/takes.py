"""Takes in words: how long, and what went wrong while recording."""

from __future__ import annotations

from recorder.faults import describe
from recorder.session import Take


def clock(seconds: float) -> str:
    """Return minutes and seconds, for instance 1:05."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def losses(frames_written: int, frames_dropped_by: dict[str, int], gap_s: float) -> list[str]:
    """Return what was lost of picture and sound, in words."""
    lost = sum(frames_dropped_by.values())
    words = []
    if lost:
        words.append(f"{lost} of {lost + frames_written} pictures lost")
    if gap_s >= 0.05:
        words.append(f"{gap_s:.1f} s of sound missing")
    return words


def health(take: Take) -> str:
    """Return what went wrong in a take, or that nothing did."""
    told = take.health
    words = ["recovered after an interruption"] if told.recovered else []
    words += losses(told.frames_written, told.frames_dropped_by, told.audio_gap_s)
    for fault in told.faults:
        happened = describe(fault)[0].rstrip(".")
        happened = happened[0].lower() + happened[1:]
        if happened not in words:
            words.append(happened)
    return "; ".join(words) or "no problems"


def title(take: Take) -> str:
    """Return the question of a take: its id, or the own text."""
    question = take.question
    return question.text_en if question.kind == "own" else question.id
