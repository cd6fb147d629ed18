"""What a moving head does to the reading of a gaze that rests on the lens, and its correction.

Someone who looks into the lens while the head turns, nods or sinks reads a little beside it: eyes
differ in how much they answer to a turn. How much, a person shows in the answer itself, in all
those moments of looking at the lens. The readings near the lens are explained by where the head
points, by where the person sits (a chair that was moved) and by what is other than at the
calibration (light, glasses, distance), with a prior of "not at all", and what is explained is
taken off. Looks elsewhere lie too far from the lens to take part; a gaze that rests a few degrees
below the lens all the time can't be told from one at the lens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.head_pose import HeadPose
from analysis.results import Anchor
from analysis.sight_options import GAZE, GazeOptions

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_ROUNDS = 6
_PLATEAU = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """How far the reading of the lens is off, frame by frame, shape (n,) each."""

    yaw_deg: FloatArray
    pitch_deg: FloatArray
    anchors: tuple[Anchor, ...]
    """when the person moved, and by how much the reading of the lens moved"""


def measure_drift(
    times: FloatArray,
    yaw_deg: FloatArray,
    pitch_deg: FloatArray,
    head: HeadPose,
    *,
    options: GazeOptions | None = None,
) -> Drift:
    """Return how far off the lens a gaze at the lens reads, because of head and seat.

    Parameters
    ----------
    times : s, shape (n,).
    yaw_deg, pitch_deg : gaze against the baseline, shape (n,); NaN = not judged.
    head : of the same frames.
    options : see `GazeOptions`.
    """
    options = options or GAZE
    judged = np.isfinite(yaw_deg) & np.isfinite(pitch_deg)
    moves = find_moves(times, head, options=options)
    start = np.flatnonzero(judged)[: options.baseline_frames]
    if not len(start):
        nothing = np.zeros(len(times))
        return Drift(nothing, nothing, ())
    turn = head.camera_yaw_deg - np.median(head.camera_yaw_deg[start])
    nod = head.camera_pitch_deg - np.median(head.camera_pitch_deg[start])
    causes = [turn, nod, np.abs(turn), np.ones(len(times))]
    widths = [options.drift_per_deg] * 3 + [options.drift_per_take_deg]
    for number, time in enumerate(moves):
        until = moves[number + 1] if number + 1 < len(moves) else np.inf
        causes.append(((times >= time) & (times < until)).astype(np.float64))
        widths.append(options.drift_per_move_deg)
    explained = np.nan_to_num(np.column_stack(causes))
    least = options.drift_limit_per_deg
    limits = np.array([least if w == options.drift_per_deg else np.inf for w in widths])
    # Frames of one moment say the same: about one a second counts.
    weight = min(1.0, _step_s(times)) / options.drift_scatter_deg**2
    prior = np.diag(1.0 / np.square(widths))
    by_yaw, by_pitch = np.zeros(len(widths)), np.zeros(len(widths))
    for _ in range(_ROUNDS):
        yaw, pitch = yaw_deg - explained @ by_yaw, pitch_deg - explained @ by_pitch
        with np.errstate(invalid="ignore"):
            near = judged & (np.abs(yaw) < options.contact_yaw_deg)
            # Below the lens lies what people look at; above it nothing does.
            near &= (pitch < options.drift_up_deg) & (pitch > -options.drift_down_deg)
        rows = explained[near]
        if len(rows) < options.baseline_frames:
            return Drift(np.zeros(len(times)), np.zeros(len(times)), _anchors(moves, None))
        square = weight * rows.T @ rows + prior
        by_yaw = np.clip(np.linalg.solve(square, weight * rows.T @ yaw_deg[near]), -limits, limits)
        by_pitch = np.clip(
            np.linalg.solve(square, weight * rows.T @ pitch_deg[near]), -limits, limits
        )
    shifts = np.column_stack([by_yaw, by_pitch])[len(widths) - len(moves) :]
    return Drift(explained @ by_yaw, explained @ by_pitch, _anchors(moves, shifts))


def find_moves(
    times: FloatArray, head: HeadPose, *, options: GazeOptions | None = None
) -> tuple[float, ...]:
    """Return when the person moved to another place and stayed there, s.

    The median place of the face over some seconds after an instant is compared with the one
    before it: its direction from the camera, and its distance.
    """
    options = options or GAZE
    x, y, z = head.position_cm.T if len(times) else np.empty((3, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        place = np.column_stack(
            [
                np.degrees(np.arctan2(x, z)) / options.move_deg,
                np.degrees(np.arctan2(y, z)) / options.move_deg,
                np.log(z) / np.log1p(options.move_distance_ratio),
            ]
        )
    seen = np.isfinite(place).all(axis=1)
    at, place = times[seen], place[seen]
    jumps = np.zeros(len(at))
    for index, time in enumerate(at):
        # Twice the time: the face may be gone in between.
        before = place[:index][at[:index] >= time - 2 * options.move_window_s]
        after = place[index:][at[index:] < time + 2 * options.move_window_s]
        count = round(options.move_window_s / _step_s(times))
        before, after = before[-count:], after[:count]
        if min(len(before), len(after)) >= min(count, options.baseline_frames):
            apart = np.median(after, axis=0) - np.median(before, axis=0)
            jumps[index] = float(np.abs(apart).max())
    moves: list[float] = []
    while len(jumps) and jumps.max() > 1.0:
        # Medians follow late: around the true instant the difference is as large for a while.
        best = int(np.argmax(jumps))
        near = np.abs(at - at[best]) < 2 * options.move_window_s
        high = at[near & (jumps > _PLATEAU * jumps[best])]
        time = float((high[0] + high[-1]) / 2)
        moves.append(time)
        jumps[np.abs(at - time) < 2 * options.move_window_s] = 0.0
    return tuple(sorted(moves))


def _step_s(times: FloatArray) -> float:
    """Return the usual time between frames; 1 where there are no two."""
    return max(1e-3, float(np.median(np.diff(times)))) if len(times) > 1 else 1.0


def _anchors(moves: tuple[float, ...], shifts: FloatArray | None) -> tuple[Anchor, ...]:
    if shifts is None:
        return ()
    return tuple(
        Anchor(time, float(yaw), float(pitch))
        for time, (yaw, pitch) in zip(moves, shifts, strict=True)
    )
