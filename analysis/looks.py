"""Looks away: where each went, and whether one place was looked at again and again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analysis.results import GazePlace, Look
from analysis.sight_options import GAZE, GazeOptions
from analysis.timeline import Segment, Segments

FloatArray = NDArray[np.float64]


def describe_looks(
    times: FloatArray, yaw_deg: FloatArray, pitch_deg: FloatArray, away: Segments
) -> tuple[Look, ...]:
    """Say where each look away went.

    Parameters
    ----------
    times : s, shape (n,).
    yaw_deg, pitch_deg : gaze against looking at the lens, shape (n,); NaN = not measured.
    away : the looks.
    """
    looks = []
    for segment in away:
        inside = (times >= segment.start) & (times < segment.end)
        inside &= np.isfinite(yaw_deg) & np.isfinite(pitch_deg)
        if not inside.any():
            continue
        yaw = float(np.median(yaw_deg[inside]))
        pitch = float(np.median(pitch_deg[inside]))
        looks.append(Look(segment.start, segment.end, direction(yaw, pitch), yaw, pitch))
    return tuple(looks)


def direction(yaw_deg: float, pitch_deg: float) -> str:
    """Return the side on which a gaze is further off: "left", "right" (own), "up" or "down"."""
    if abs(yaw_deg) > abs(pitch_deg):
        return "left" if yaw_deg > 0 else "right"
    return "up" if pitch_deg > 0 else "down"


def find_places(
    looks: Sequence[Look],
    screen_deg: tuple[float, float] | None = None,
    *,
    options: GazeOptions | None = None,
) -> tuple[tuple[Look, ...], tuple[GazePlace, ...]]:
    """Find places that were looked at repeatedly, the most frequent first.

    A place is where the most looks lie close to one of them; those are taken out, and the rest is
    searched again.

    Parameters
    ----------
    looks : from `describe_looks`.
    screen_deg : where the middle of the screen reads, yaw and pitch; None = not calibrated.
    options : how near and how many.

    Returns
    -------
    looks : the same, each with its place.
    places : at least `place_looks` looks each.
    """
    options = options or GAZE
    points = np.array([(look.yaw_deg, look.pitch_deg) for look in looks]).reshape(-1, 2)
    points = points / (options.place_yaw_deg, options.place_pitch_deg)
    near = np.hypot(*(points[:, None] - points[None, :]).transpose(2, 0, 1)) <= 1.0
    free = np.array([look.duration_s >= options.place_shortest_s for look in looks], dtype=bool)
    named = list(looks)
    places: list[GazePlace] = []
    while free.any():
        neighbours = (near & free).sum(axis=1) * free
        best = int(np.argmax(neighbours))
        if neighbours[best] < options.place_looks:
            break
        members = np.flatnonzero(near[best] & free)
        yaw = float(np.median([looks[i].yaw_deg for i in members]))
        pitch = float(np.median([looks[i].pitch_deg for i in members]))
        for i in members:
            named[i] = replace(looks[i], place=len(places))
        places.append(
            GazePlace(
                kind=_kind(yaw, pitch, screen_deg, options),
                direction=direction(yaw, pitch),
                yaw_deg=yaw,
                pitch_deg=pitch,
                moments=tuple(Segment(looks[i].start, looks[i].end) for i in members),
            )
        )
        free[members] = False
    return tuple(named), tuple(places)


def _kind(
    yaw: float, pitch: float, screen_deg: tuple[float, float] | None, options: GazeOptions
) -> str:
    """Name a place: on the screen, where notes lie (below or beside), or elsewhere (above)."""
    if screen_deg is not None:
        off = ((yaw - screen_deg[0]) / options.place_yaw_deg) ** 2
        off += ((pitch - screen_deg[1]) / options.place_pitch_deg) ** 2
        on_screen = math.sqrt(off) <= 1.0
    else:
        on_screen = abs(yaw) < options.contact_yaw_deg and (
            -options.screen_pitch_deg <= pitch <= 0.0
        )
    if on_screen:
        return "screen"
    return "elsewhere" if direction(yaw, pitch) == "up" else "notes"
