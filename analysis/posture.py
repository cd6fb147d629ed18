"""Pose landmarks to slouching, leaning, tilted shoulders and movement of the upper body.

Everything is compared with the person's own first seconds: people sit and stand angled, and the
plain ratios span .47-.76 over 20 people (our measurements), so no posture is right for
all. The measures were tried on avatars, real slouching was not measured. Hips and depth are
guessed by the model when they are out of the picture and are not used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.landmarks import (
    LEFT_EAR,
    LEFT_SHOULDER,
    NO_FACE,
    NOSE,
    RIGHT_EAR,
    RIGHT_SHOULDER,
    Landmarks,
)
from analysis.results import Caution, PostureMetrics
from analysis.sight_options import POSTURE, PostureOptions
from analysis.timeline import Segment, Segments, Track, intersect, segments_where, total

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    """The raw measures, shape (n,) each; NaN where the body is not usable."""

    rise: FloatArray
    """ears above shoulders, shoulder widths"""
    shift: FloatArray
    """nose beside the shoulders' middle, shoulder widths, + = to the person's left"""
    lean_deg: FloatArray
    """the same as an angle against the vertical"""
    tilt_deg: FloatArray
    """+ = left shoulder lower"""
    middle: FloatArray
    """shoulders' middle, px, shape (n, 2)"""
    width: FloatArray
    """px"""


def measure_posture(
    landmarks: Landmarks,
    head_roll: Track | None = None,
    *,
    options: PostureOptions | None = None,
) -> tuple[PostureMetrics, tuple[Caution, ...]]:
    """Measure the upper body against the person's own first seconds.

    `movement` is the path of the shoulders' middle over the time it was seen. A step counts only
    once the middle is `still_shift` away from where the last counted step ended, so that landmark
    noise on a still picture adds nothing.

    Parameters
    ----------
    landmarks : of the whole take.
    head_roll : deg, of `analysis.head_pose.measure_head_pose`; where the head rolls (or its roll is
        not known) the shoulder line is not judged. None = judge it everywhere.
    options : see `PostureOptions`.

    Returns
    -------
    metrics : NaN where nothing can be claimed.
    cautions : why.
    """
    options = options or POSTURE
    times = landmarks.pose.times
    body = _measure_body(landmarks, options)
    seen = np.isfinite(body.rise)
    coverage = float(np.mean(seen)) if len(times) else math.nan
    window = _baseline_window(times, seen, options)
    reason = _why_not(landmarks, coverage, window, options)
    if reason is not None or window is None:
        return _withheld(coverage), (reason,) if reason else ()

    step_s = float(np.median(np.diff(times)))
    watched = Segment(float(times[0]), float(times[-1]) + step_s)

    def held(mask: BoolArray) -> Segments:
        # Samples come a little unevenly; one does not hold into a hole, nor beyond the last.
        return intersect(segments_where(times, mask, max_step_s=1.4 * step_s), (watched,))

    def own(values: FloatArray) -> float:
        return float(np.median(values[window]))

    def lasting(mask: BoolArray) -> Segments:
        found = held(_steady(mask, seen))
        # A rounding error must not drop a segment of exactly that length.
        return tuple(s for s in found if s.duration_s >= options.shortest_s - 1e-6)

    tilt = body.tilt_deg - own(body.tilt_deg)
    level = seen & _head_upright(times, head_roll, window, options)
    with np.errstate(invalid="ignore"):
        slouch = lasting(body.rise < (1 - options.slouch_drop_ratio) * own(body.rise))
        lean = lasting(np.abs(body.shift - own(body.shift)) > options.side_lean_shift)
        tilted = lasting(level & (np.abs(tilt) > options.tilt_deg))
    judged_s = total(held(seen))
    return (
        PostureMetrics(
            coverage_ratio=coverage,
            lean_deg=float(np.median(body.lean_deg[seen] - own(body.lean_deg))),
            shoulder_tilt_deg=float(np.median(tilt[level])) if level.any() else math.nan,
            slouch_ratio=total(slouch) / judged_s,
            side_lean_ratio=total(lean) / judged_s,
            movement=_movement(times, body, seen, 1.4 * step_s, options),
            slouch=slouch,
            side_lean=lean,
            tilt=tilted,
        ),
        (),
    )


def _measure_body(landmarks: Landmarks, options: PostureOptions) -> _Body:
    points = landmarks.pose.values.astype(np.float64)
    _, height = landmarks.frame_size_px
    left, right = points[:, LEFT_SHOULDER], points[:, RIGHT_SHOULDER]
    with np.errstate(invalid="ignore"):
        usable = (left[:, 2] > options.visible) & (right[:, 2] > options.visible)
        usable &= (points[:, [NOSE, LEFT_EAR, RIGHT_EAR], 2] > options.head_visible).all(axis=1)
        # A shoulder below the picture is a guess.
        usable &= (left[:, 1] < height) & (right[:, 1] < height)
        # Seen from the side or from behind the ratios mean nothing.
        usable &= left[:, 0] - right[:, 0] > 1.0
    points = np.where(usable[:, None, None], points, np.nan)
    left, right = points[:, LEFT_SHOULDER, :2], points[:, RIGHT_SHOULDER, :2]
    middle = (left + right) / 2
    across = left - right
    width = np.hypot(across[:, 0], across[:, 1])
    nose = points[:, NOSE, :2]
    ears = (points[:, LEFT_EAR, 1] + points[:, RIGHT_EAR, 1]) / 2
    aside = nose[:, 0] - middle[:, 0]
    return _Body(
        rise=(middle[:, 1] - ears) / width,
        shift=aside / width,
        lean_deg=np.degrees(np.arctan2(aside, middle[:, 1] - nose[:, 1])),
        tilt_deg=np.degrees(np.arctan2(across[:, 1], across[:, 0])),
        middle=middle,
        width=width,
    )


def _baseline_window(
    times: FloatArray, seen: BoolArray, options: PostureOptions
) -> NDArray[np.intp] | None:
    """Return the first usable samples that lie close together; None = there are none."""
    samples = np.flatnonzero(seen)
    count = options.baseline_samples
    for start in range(len(samples) - count + 1):
        window = samples[start : start + count]
        if times[window[-1]] - times[window[0]] <= options.baseline_within_s:
            return window
    return None


def _why_not(
    landmarks: Landmarks,
    coverage: float,
    window: NDArray[np.intp] | None,
    options: PostureOptions,
) -> Caution | None:
    """Return why posture is withheld; None = it is not."""
    if not landmarks.has_face:
        # Without a face the body may be a coat on a chair.
        return NO_FACE
    if not coverage >= options.least_coverage_ratio:
        seen = 0.0 if math.isnan(coverage) else coverage
        return Caution(
            "shoulders-not-seen",
            f"Head and both shoulders were seen in only {seen:.0%} of the frames, so posture is"
            " not given: move back until both shoulders are in the picture.",
        )
    if window is None:
        return Caution(
            "posture-too-short",
            "The shoulders are in the picture for too short a time to measure posture: record at"
            " least ten seconds.",
        )
    return None


def _withheld(coverage: float) -> PostureMetrics:
    return PostureMetrics(
        coverage_ratio=coverage,
        lean_deg=math.nan,
        shoulder_tilt_deg=math.nan,
        slouch_ratio=math.nan,
        side_lean_ratio=math.nan,
        movement=math.nan,
        slouch=(),
        side_lean=(),
        tilt=(),
    )


def _head_upright(
    times: FloatArray,
    head_roll: Track | None,
    window: NDArray[np.intp],
    options: PostureOptions,
) -> BoolArray:
    """Whether the head rolls little against the baseline, at the times of the pose samples."""
    if head_roll is None:
        return np.ones(len(times), dtype=bool)
    roll = np.full(len(times), np.nan)
    if len(head_roll.times):
        # The nearest face frame; a face that is a quarter of a second off is another moment.
        right = np.clip(np.searchsorted(head_roll.times, times), 0, len(head_roll.times) - 1)
        left = np.maximum(right - 1, 0)
        nearer = np.abs(head_roll.times[left] - times) < np.abs(head_roll.times[right] - times)
        nearest = np.where(nearer, left, right)
        close = np.abs(head_roll.times[nearest] - times) <= 0.25
        roll[close] = head_roll.values[nearest[close]]
    first = roll[window]
    if not np.isfinite(first).any():
        return np.zeros(len(times), dtype=bool)
    with np.errstate(invalid="ignore"):
        return np.abs(roll - np.nanmedian(first)) <= options.roll_limit_deg


def _steady(mask: BoolArray, seen: BoolArray) -> BoolArray:
    """Let the majority of 3 samples decide, so that one noisy sample cuts nothing in two."""
    smooth = mask.copy()
    if len(mask) < 3:
        return smooth
    whole = seen[:-2] & seen[1:-1] & seen[2:]
    votes = mask[:-2].astype(int) + mask[1:-1] + mask[2:]
    smooth[1:-1] = np.where(whole, votes >= 2, mask[1:-1])
    return smooth


def _movement(
    times: FloatArray,
    body: _Body,
    seen: BoolArray,
    hole_s: float,
    options: PostureOptions,
) -> float:
    """Return the path of the shoulders' middle, shoulder widths per s; NaN = no two samples."""
    unit = float(np.median(body.width[seen]))
    path = watched = 0.0
    anchor: FloatArray | None = None
    before = math.nan
    for time, place, here in zip(times, body.middle / unit, seen, strict=True):
        if not here:
            anchor = None
            continue
        if anchor is None or time - before > hole_s:
            anchor = place
        else:
            watched += time - before
            way = float(np.hypot(*(place - anchor)))
            if way > options.still_shift:
                path += way
                anchor = place
        before = time
    return path / watched if watched else math.nan
