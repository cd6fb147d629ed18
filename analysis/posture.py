"""Pose landmarks to slouching, leaning, tilted shoulders and movement of the upper body.

Everything is compared with the person's own first seconds: people sit and stand angled, and the
plain ratios span .47-.76 over 20 people (our measurements), so no posture is right for
all. The measures were tried on rendered people, real slouching was not measured. Hips and depth
are guessed by the model when they are out of the picture and are not used.

A head that nods or turns moves nose and ears over shoulders that keep still; how much is much the
same in real and rendered people, and is taken off. Of postures that look alike in a picture the
one is named that explains most: who comes near leans in, who leans aside leans, else whose ears
sink towards the shoulders slouches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.head_pose import HeadPose
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
from analysis.timeline import Segment, Segments, intersect, segments_where, total

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
    head: HeadPose | None = None,
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
    head : from `analysis.head_pose.measure_head_pose`; where the head rolls (or is not known) the
        shoulder line is not judged. None = judge it everywhere, and take no turn of the head off.
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

    def lasting(mask: BoolArray) -> Segments:
        found = held(_steady(mask, seen))
        # A rounding error must not drop a segment of exactly that length.
        return tuple(s for s in found if s.duration_s >= options.shortest_s - 1e-6)

    turn = _turns(times, head, window)
    change = _changes(times, body, turn, window, options)
    level = seen & _head_upright(turn, options)
    with np.errstate(invalid="ignore"):
        sunk = change.rise_ratio < -options.slouch_drop_ratio
        near = change.width_ratio > options.lean_in_ratio
        near &= change.rise_ratio < -options.lean_in_drop_ratio
        aside = np.abs(change.shift) > options.side_lean_shift
        # Who leans aside tilts the shoulders with it: one thing, said once.
        slanted = level & ~aside & (np.abs(change.tilt_deg) > options.tilt_deg)
        oblique = level & (np.abs(change.tilt_deg) > options.tilt_hides_slouch_deg)
    lean = lasting(aside)
    tilted = lasting(slanted)
    bent = lasting((sunk | near) & ~aside & ~oblique)
    lean_in = tuple(s for s in bent if _leans_in(_within(times, s), change, options))
    slouch = tuple(s for s in bent if s not in lean_in)
    judged_s, level_s = total(held(seen)), total(held(level))
    return (
        PostureMetrics(
            coverage_ratio=coverage,
            lean_deg=float(np.median(body.lean_deg[seen]) - np.median(body.lean_deg[window])),
            shoulder_tilt_deg=(
                float(np.nanmedian(change.tilt_deg[level])) if level.any() else math.nan
            ),
            slouch_ratio=total(slouch) / judged_s,
            side_lean_ratio=total(lean) / judged_s,
            movement=_movement(times, body, seen, 1.4 * step_s, options),
            slouch=slouch,
            side_lean=lean,
            tilt=tilted,
            lean_in=lean_in,
            lean_in_ratio=total(lean_in) / judged_s,
            tilt_ratio=total(tilted) / level_s if level_s else math.nan,
        ),
        (),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """How the head is turned against the baseline, at the times of the body, shape (n,) each."""

    yaw_deg: FloatArray
    pitch_deg: FloatArray
    roll_deg: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """The body against the baseline, the head's turn taken off, shape (n,) each; NaN = unseen."""

    rise_ratio: FloatArray
    """ears above shoulders: -0.1 = a tenth lower"""
    shift: FloatArray
    """nose beside the shoulders, shoulder widths, + = to the person's left"""
    tilt_deg: FloatArray
    """+ = left shoulder lower"""
    width_ratio: FloatArray
    """shoulders: 0.1 = a tenth wider, which is nearer"""


def _within(times: FloatArray, segment: Segment) -> BoolArray:
    return (times >= segment.start) & (times < segment.end)


def _leans_in(inside: BoolArray, change: _Change, options: PostureOptions) -> bool:
    """Whether somebody comes nearer more than the ears sink; else the back is round."""
    nearer = float(np.nanmedian(change.width_ratio[inside]))
    sunk = -float(np.nanmedian(change.rise_ratio[inside]))
    return nearer > options.lean_in_surely_ratio or nearer > options.lean_in_share * sunk


def _changes(
    times: FloatArray,
    body: _Body,
    turn: _Turn | None,
    window: NDArray[np.intp],
    options: PostureOptions,
) -> _Change:
    rise = body.rise / float(np.median(body.rise[window])) - 1.0
    shift = body.shift - float(np.median(body.shift[window]))
    tilt = body.tilt_deg - float(np.median(body.tilt_deg[window]))
    width = body.width / float(np.median(body.width[window])) - 1.0
    if turn is not None:
        # A moment without a face has no known turn: it is taken as it is.
        yaw, pitch, roll = map(np.nan_to_num, (turn.yaw_deg, turn.pitch_deg, turn.roll_deg))
        rise = rise - options.rise_per_pitch * pitch
        shift = shift - options.shift_per_yaw * yaw - options.shift_per_roll * roll
        tilt = tilt - options.tilt_per_yaw * yaw - options.tilt_per_roll * roll
    step_s = float(np.median(np.diff(times)))
    return _Change(*(_middle_of_five(times, each, step_s) for each in (rise, shift, tilt, width)))


def _turns(times: FloatArray, head: HeadPose | None, window: NDArray[np.intp]) -> _Turn | None:
    """Return the head's turn at the times of the pose samples; NaN = no face near that moment."""
    if head is None:
        return None
    at = head.yaw.times
    turns = []
    for track in (head.yaw, head.pitch, head.roll):
        values = np.full(len(times), np.nan)
        if len(at):
            # The nearest face frame; a face that is a quarter of a second off is another moment.
            right = np.clip(np.searchsorted(at, times), 0, len(at) - 1)
            left = np.maximum(right - 1, 0)
            nearer = np.abs(at[left] - times) < np.abs(at[right] - times)
            nearest = np.where(nearer, left, right)
            close = np.abs(at[nearest] - times) <= 0.25
            values[close] = track.values[nearest[close]]
        first = values[window]
        known = first[np.isfinite(first)]
        turns.append(values - float(np.median(known)) if len(known) else values * np.nan)
    return _Turn(*turns)


def _head_upright(turn: _Turn | None, options: PostureOptions) -> BoolArray | bool:
    """Whether the head rolls little against the baseline."""
    if turn is None:
        return True
    with np.errstate(invalid="ignore"):
        return np.abs(turn.roll_deg) <= options.roll_limit_deg


def _middle_of_five(times: FloatArray, values: FloatArray, step_s: float) -> FloatArray:
    """Return the running median over 5 samples, those beyond a hole left out; NaN stays NaN."""
    smooth = values.copy()
    for index in np.flatnonzero(np.isfinite(values)):
        near = slice(max(0, index - 2), index + 3)
        close = np.abs(times[near] - times[index]) <= 2.5 * step_s
        smooth[index] = np.nanmedian(values[near][close])
    return smooth


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
        if landmarks.several_faces_ratio > 1 - options.least_coverage_ratio:
            return Caution(
                "company",
                f"Somebody else was in the picture in {landmarks.several_faces_ratio:.0%} of the"
                " frames, so posture is not given: be alone in front of the camera.",
            )
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
