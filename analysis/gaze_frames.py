"""Gaze frame by frame: against the person's own baseline, at the lens or elsewhere.

Angles: yaw + = to the person's left (right in the picture), pitch + = up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.gaze_drift import measure_drift
from analysis.head_pose import HeadPose, measure_head_pose
from analysis.landmarks import Landmarks
from analysis.raw_gaze import RawGaze, eye_opening, measure_raw_gaze
from analysis.results import Anchor
from analysis.sight_options import GAZE, GazeOptions

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where this person's gaze reads when they look at known places, recorded before the answer.

    With the middle of the screen as a second point the person's own boundary lies on the way from
    lens to screen. Without it the fixed limits hold, and someone who looks at the screen, 8 to 11
    degrees below the lens, mostly counts as facing the camera.
    """

    lens_yaw_deg: float
    """median of `RawGaze.yaw_deg` over seconds of looking at the lens"""
    lens_pitch_deg: float
    """median of `RawGaze.pitch_deg` over seconds of looking at the lens"""
    screen_yaw_deg: float | None = None
    """the same for the middle of the screen; None = not recorded"""
    screen_pitch_deg: float | None = None

    @property
    def screen_offset_deg(self) -> tuple[float, float] | None:
        """From the lens to the middle of the screen, yaw and pitch; None = one point only."""
        if self.screen_yaw_deg is None or self.screen_pitch_deg is None:
            return None
        return (
            self.screen_yaw_deg - self.lens_yaw_deg,
            self.screen_pitch_deg - self.lens_pitch_deg,
        )

    def screen_deg(self, options: GazeOptions) -> tuple[float, float] | None:
        """Return where the middle of the screen is, seen from the lens, deg; None = one point."""
        offset = self.screen_offset_deg
        if offset is None:
            return None
        return options.yaw_scale * offset[0], options.pitch_scale * offset[1]


@dataclass(frozen=True, slots=True, eq=False)
class FrameGaze:
    """Gaze frame by frame, shape (n,) each."""

    times: FloatArray
    """s"""
    step_s: float
    """usual time between frames"""
    yaw_deg: FloatArray
    """against the own baseline; NaN = not judged"""
    pitch_deg: FloatArray
    """the same"""
    face: BoolArray
    """a face is there"""
    usable: BoolArray
    """the face is turned little; its eyes may be closed"""
    closed: BoolArray
    """the eyes are closed"""
    narrow: BoolArray
    """the eyes are closed, or too narrow (a blink on its way, a laugh) to tell where they look"""
    contact: BoolArray
    """the gaze is at the lens"""
    unsure: BoolArray
    """the gaze is so near the boundary that it may as well be on the other side"""
    how: str
    """see `analysis.results.GazeMetrics.calibration`; "none" = there is no baseline"""
    baseline: NDArray[np.intp] | None
    """the frames that made the baseline; None = a calibration did, or nothing"""
    anchors: tuple[Anchor, ...] = ()
    """when the baseline was taken anew"""

    @property
    def judged(self) -> BoolArray:
        """Frames with a face turned little and open eyes."""
        return self.usable & ~self.narrow


def judge_frames(
    landmarks: Landmarks,
    *,
    head: HeadPose | None = None,
    calibration: Calibration | None = None,
    options: GazeOptions | None = None,
) -> FrameGaze:
    """Decide for each frame whether the gaze is at the lens.

    Parameters
    ----------
    landmarks : of the whole take.
    head : from `measure_head_pose`, if it is at hand.
    calibration : the person's own, recorded; without it the first steady seconds are taken.
    options : see `GazeOptions`.
    """
    options = options or GAZE
    head = head or measure_head_pose(landmarks)
    times = landmarks.face.times
    raw = measure_raw_gaze(landmarks, head, options=options)
    face = np.isfinite(head.camera_yaw_deg)
    usable = _usable(raw, head, options)
    opening = eye_opening(raw.open_eyes, options=options)
    with np.errstate(invalid="ignore"):
        closed = face & (opening < options.closed_eyes)
        narrow = face & (opening < options.narrow_eyes)
    judged = usable & ~narrow
    window = None if calibration else _baseline_window(times, raw, judged, options)
    screen = None
    if calibration:
        lens, screen = (
            (calibration.lens_yaw_deg, calibration.lens_pitch_deg),
            calibration.screen_deg(options),
        )
        how = "one-point" if screen is None else "two-point"
    elif window is not None:
        lens = (float(np.median(raw.yaw_deg[window])), float(np.median(raw.pitch_deg[window])))
        how = "own first seconds"
    else:
        lens, how = (math.nan, math.nan), "none"
    step_s = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    yaw = options.yaw_scale * np.where(judged, raw.yaw_deg - lens[0], np.nan)
    pitch = options.pitch_scale * np.where(judged, raw.pitch_deg - lens[1], np.nan)
    drift = measure_drift(times, yaw, pitch, head, options=options)
    yaw = _steady(times, yaw - drift.yaw_deg, step_s)
    pitch = _steady(times, pitch - drift.pitch_deg, step_s)
    inside = _inside_by(yaw, pitch, screen, options)
    return FrameGaze(
        times=times,
        step_s=step_s,
        yaw_deg=yaw,
        pitch_deg=pitch,
        face=face,
        usable=usable,
        closed=closed,
        narrow=narrow,
        contact=inside > 0,
        unsure=np.abs(inside) < options.unsure_deg,
        how=how,
        baseline=window,
        anchors=drift.anchors,
    )


def usable_gaze(raw: RawGaze, head: HeadPose, *, options: GazeOptions | None = None) -> BoolArray:
    """Tell in which frames gaze can be judged: a face, turned little, with open eyes."""
    options = options or GAZE
    with np.errstate(invalid="ignore"):
        is_open = eye_opening(raw.open_eyes, options=options) >= options.narrow_eyes
    return _usable(raw, head, options) & is_open


def _usable(raw: RawGaze, head: HeadPose, options: GazeOptions) -> BoolArray:
    """Whether there is a face, turned little; its eyes may be closed."""
    usable = np.isfinite(head.camera_yaw_deg)
    usable &= np.isfinite(raw.yaw_deg) & np.isfinite(raw.pitch_deg)
    usable &= _abs_at_most(head.roll.values.astype(np.float64), options.head_roll_limit_deg)
    return usable & _abs_at_most(head.camera_yaw_deg, options.head_yaw_limit_deg)


def _inside_by(
    yaw: FloatArray,
    pitch: FloatArray,
    screen_deg: tuple[float, float] | None,
    options: GazeOptions,
) -> FloatArray:
    """Return how far inside the limits of eye contact the gaze is, deg; < 0 = outside, NaN = NaN.

    `screen_deg` is where the middle of the screen is, seen from the lens. Towards it the boundary
    lies at a share of the way, in place of the fixed limit.
    """
    way = np.zeros(2)
    inside = np.full(yaw.shape, np.inf)
    if screen_deg is not None:
        # A screen below the camera reads a little beside it too: noise, not a direction.
        small = np.abs(screen_deg) < options.screen_slant_ratio * np.abs(screen_deg).max()
        way = np.where(small, 0.0, screen_deg)
        distance = float(np.hypot(*way))
        inside = options.screen_share * distance - (yaw * way[0] + pitch * way[1]) / distance
    limits = (
        (yaw, way[0], options.contact_yaw_deg, options.contact_yaw_deg),
        (pitch, way[1], options.contact_down_deg, options.contact_up_deg),
    )
    for values, towards, low, high in limits:
        if towards >= 0:
            inside = np.minimum(inside, low + values)
        if towards <= 0:
            inside = np.minimum(inside, high - values)
    return inside


def _baseline_window(
    times: FloatArray, raw: RawGaze, judged: BoolArray, options: GazeOptions
) -> NDArray[np.intp] | None:
    """Return the first steady, plausible frames of looking at the lens; None = there are none."""
    frames = np.flatnonzero(judged)
    if not len(frames):
        return None
    frames = frames[times[frames] < times[frames[0]] + options.baseline_within_s]
    for start in range(len(frames) - options.baseline_frames + 1):
        window = frames[start : start + options.baseline_frames]
        good = True
        for values, typical, limit in zip(
            (raw.yaw_deg[window], raw.pitch_deg[window]),
            (options.typical_bias_yaw_deg, options.typical_bias_pitch_deg),
            (options.bias_limit_yaw_deg, options.bias_limit_pitch_deg),
            strict=True,
        ):
            middle = float(np.median(values))
            spread = float(np.median(np.abs(values - middle)))
            good &= spread < options.baseline_spread_deg and abs(middle - typical) <= limit
        if good:
            return window
    return None


def _steady(times: FloatArray, values: FloatArray, step_s: float) -> FloatArray:
    """Median filter over 3 samples; next to a hole a sample keeps its own value."""
    smooth = values.copy()
    if len(values) < 3:
        return smooth
    three = np.stack([values[:-2], values[1:-1], values[2:]])
    whole = np.isfinite(three).all(axis=0) & (times[2:] - times[:-2] <= 3 * step_s)
    smooth[1:-1][whole] = np.median(three[:, whole], axis=0)
    return smooth


def _abs_at_most(values: FloatArray, limit: float, *, strictly: bool = False) -> BoolArray:
    """Whether |value| is below the limit; NaN is not."""
    with np.errstate(invalid="ignore"):
        return np.abs(values) < limit if strictly else np.abs(values) <= limit
