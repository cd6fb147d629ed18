"""Which way up a picture is: decided by the first frames with a face, looked at again later.

A phone's video that lost its rotation tag comes sideways, and a phone may be turned while it
records. The face mesh happily fits an upright face onto a sideways one, so that this can't be left
to "no face found": the face detector is asked in all four rotations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.timeline import Segment, Segments, support

Frame = NDArray[np.uint8]
"""RGB picture, shape (height, width, 3)"""

Score = Callable[[Frame], float]
"""how sure the detector is of an upright face in a frame, 0..1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UprightOptions:
    """When a picture counts as upright."""

    probe_frames: int = 10
    """frames that decide which way up the picture is; our judgement (2 s at 5 per s)"""
    black_luma: float = 16.0
    """a frame whose mean luma (0..255) is below this is black and says nothing about the way
    up; 16 is black in limited-range video"""
    upright_score: float = 0.6
    """mean score of the face detector that counts as a face. Measured on 9 clips in 4 rotations:
    upright .80-.95, wrong way up 0-.71"""
    surely_upright_score: float = 0.8
    """a frame with this score is not looked at in other rotations; the least of upright clips"""
    upright_margin: float = 0.10
    """a rotation must be this much better than the picture as it is; smallest difference
    measured between upright and the best wrong rotation: .16 (a face of 43 px; else .23)"""
    turn_check_s: float = 2.0
    """how often the picture is looked at for having been turned meanwhile; our judgement (costs
    2 ms per s)"""


def upright_frames(
    frames: Iterable[tuple[float, Frame]], score: Score, options: UprightOptions
) -> Iterator[tuple[float, Frame, int]]:
    """Yield (time, upright frame, rotation in deg), deciding by the first frames that show a face.

    Until a face is found in any rotation the frames come as they are, and the question is asked
    again after 10, 40, 160 … more frames, so that a video without faces costs hardly more.
    """
    waiting: list[tuple[float, Frame]] = []
    telling = skip = 0
    pause = options.probe_frames
    decided: int | None = None
    for time, frame in frames:
        if decided is not None:
            yield time, turn(frame, decided), decided
            continue
        if skip:
            skip -= 1
            yield time, frame, 0
            continue
        waiting.append((time, frame))
        telling += bool(frame.mean() >= options.black_luma)
        # A long black lead-in must not pile up in memory.
        if telling < options.probe_frames and len(waiting) < 3 * options.probe_frames:
            continue
        decided = _rotation([f for _, f in waiting], score, options)
        if decided is None:
            skip, pause = pause, 4 * pause
        for held_time, held in waiting:
            yield held_time, turn(held, decided or 0), decided or 0
        waiting, telling = [], 0
    if waiting:
        decided = _rotation([f for _, f in waiting], score, options)
        for held_time, held in waiting:
            yield held_time, turn(held, decided or 0), decided or 0


def _rotation(frames: Sequence[Frame], score: Score, options: UprightOptions) -> int | None:
    """Return by how many degrees the frames have to be turned; None = no face in any rotation."""
    telling = [frame for frame in frames if frame.mean() >= options.black_luma]
    if not telling:
        return None
    scores = {
        rotation: float(np.mean([score(turn(f, rotation)) for f in telling]))
        for rotation in (0, 90, 180, 270)
    }
    best = max(scores, key=lambda rotation: scores[rotation])
    if scores[best] < options.upright_score:
        return None
    return best if scores[best] >= scores[0] + options.upright_margin else 0


def is_turned(frame: Frame, score: Score, options: UprightOptions) -> bool:
    """Whether the picture shows a face that is not upright."""
    upright = score(frame)
    if upright >= options.surely_upright_score:
        return False
    others = max(score(turn(frame, rotation)) for rotation in (90, 180, 270))
    return others >= max(options.upright_score, upright + options.upright_margin)


def turned_stretches(times: NDArray[np.float64], checks: Sequence[tuple[int, bool]]) -> Segments:
    """Return when the picture was turned: from the last look that found it upright to the next."""
    found = []
    for number, (index, turned) in enumerate(checks):
        if turned:
            before = checks[number - 1][0] + 1 if number else index
            after = checks[number + 1][0] if number + 1 < len(checks) else len(times) - 1
            found.append(Segment(float(times[before]), float(times[after])))
    return support(found)


def turn(frame: Frame, rotation_deg: int) -> Frame:
    """Return the frame turned counter-clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(frame, rotation_deg // 90)) if rotation_deg else frame
