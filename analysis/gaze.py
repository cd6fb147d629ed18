"""Face landmarks to head pose, eye contact and looking away.

Eye contact is an *estimate* from head pose and the place of the irises, against the person's own
baseline. What it can do and what not was measured on few people: about ±8 degrees
sideways, worse vertically, no figure of human accuracy. It means "towards the camera" and no more.

Angles: yaw + = to the person's left (right in the picture), pitch + = up, roll + = towards the
person's left shoulder.

Where a constant says "our measurements": 12 public talking-head clips and a webcam session of 233
frames with known targets (gaze, eyelids), 16 labelled photographs (head angles), three rendered
avatars with exact angles. Few people: directions, not population figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.head_pose import HeadPose, measure_head_pose
from analysis.landmarks import NO_FACE, Landmarks, picture_cautions
from analysis.person import CHIN, FACE_COLUMN
from analysis.raw_gaze import RawGaze, closed_eyes, measure_raw_gaze
from analysis.results import Caution, GazeMetrics
from analysis.sight_options import GAZE, GazeOptions
from analysis.timeline import Segment, Segments, Track, intersect, segments_where

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where this person's gaze reads when they look at known places, recorded before the answer.

    With the middle of the screen as a second point the person's own boundary lies halfway
    between lens and screen. Without it the fixed limits hold, and someone who looks at the
    screen, 8 to 11 degrees below the lens, mostly counts as facing the camera.
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


def measure_gaze(
    landmarks: Landmarks,
    *,
    head: HeadPose | None = None,
    calibration: Calibration | None = None,
    options: GazeOptions | None = None,
) -> tuple[GazeMetrics, tuple[Caution, ...]]:
    """Estimate eye contact with the camera.

    Frames with closed eyes, without a face, or with the head turned too far are neither contact
    nor away. The frames that made the baseline are contact by construction and left out of the
    ratio; `away` covers all of the take.

    Parameters
    ----------
    landmarks : of the whole take.
    head : from `measure_head_pose`, if it is at hand.
    calibration : the person's own, recorded; without it the first steady seconds are taken.
    options : see `GazeOptions`.

    Returns
    -------
    metrics : ratios are NaN where nothing can be claimed.
    cautions : why, and what limits the numbers.
    """
    options = options or GAZE
    head = head or measure_head_pose(landmarks)
    times = landmarks.face.times
    raw = measure_raw_gaze(landmarks, head, options=options)
    face = np.isfinite(head.camera_yaw_deg)
    usable = _usable(raw, head, options)
    closed = face & closed_eyes(raw.open_eyes, options=options)
    judged = usable & ~closed
    coverage = float(np.mean(usable)) if len(times) else math.nan

    window = None if calibration else _baseline_window(times, raw, judged, options)
    if calibration:
        lens = (calibration.lens_yaw_deg, calibration.lens_pitch_deg)
        how = "one-point" if calibration.screen_offset_deg is None else "two-point"
    elif window is not None:
        lens = (float(np.median(raw.yaw_deg[window])), float(np.median(raw.pitch_deg[window])))
        how = "own first seconds"
    else:
        lens, how = (math.nan, math.nan), "none"

    step_s = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    yaw = _steady(times, np.where(judged, raw.yaw_deg - lens[0], np.nan), step_s)
    pitch = _steady(times, np.where(judged, raw.pitch_deg - lens[1], np.nan), step_s)
    contact = _at_the_lens(yaw, pitch, calibration and calibration.screen_offset_deg, options)
    elsewhere = np.isfinite(yaw) & ~contact
    # Frames come a little unevenly; a sample does not hold into a hole, nor beyond the last one.
    away = segments_where(times, elsewhere, max_step_s=1.4 * step_s)
    if away:
        away = intersect(away, (Segment(float(times[0]), float(times[-1]) + step_s),))
    away = _at_least(away, options.shortest_away_s)
    averted = _inside(times, away)

    counted = contact | (elsewhere & averted)
    if window is not None:
        counted[window] = False
    reason = _why_not(face, coverage, judged, int(counted.sum()), how, options)
    ratio = math.nan
    if reason is None:
        ratio = float(np.mean(contact[counted]))
    else:
        # What is withheld as a share must not come back as a list of moments.
        away, how = (), "none"

    ahead = head.pitch.values - _own(head.pitch.values, window, face, options)
    metrics = GazeMetrics(
        coverage_ratio=coverage,
        eye_contact_ratio=ratio,
        away=away,
        yaw=head.yaw,
        pitch=Track(times, ahead.astype(np.float32), "deg"),
        gaze_yaw=Track(times, yaw.astype(np.float32), "deg"),
        gaze_pitch=Track(times, pitch.astype(np.float32), "deg"),
        closed_ratio=float(np.mean(closed[face])) if face.any() else math.nan,
        calibration=how,
    )
    return metrics, _cautions(landmarks, reason, how, options)


def usable_gaze(raw: RawGaze, head: HeadPose, *, options: GazeOptions | None = None) -> BoolArray:
    """Tell in which frames gaze can be judged: a face, turned little, with open eyes."""
    options = options or GAZE
    return _usable(raw, head, options) & ~closed_eyes(raw.open_eyes, options=options)


def _usable(raw: RawGaze, head: HeadPose, options: GazeOptions) -> BoolArray:
    """Whether there is a face, turned little; its eyes may be closed."""
    usable = np.isfinite(head.camera_yaw_deg)
    usable &= np.isfinite(raw.yaw_deg) & np.isfinite(raw.pitch_deg)
    return usable & _abs_at_most(head.camera_yaw_deg, options.head_yaw_limit_deg)


def _at_the_lens(
    yaw: FloatArray,
    pitch: FloatArray,
    screen_deg: tuple[float, float] | None,
    options: GazeOptions,
) -> BoolArray:
    """Whether gaze, relative to the lens, meets it.

    `screen_deg` is where the middle of the screen reads. On its side, on the axis on which it is
    further off, the boundary halfway to it takes the place of the fixed limit.
    """
    limits = (options.contact_yaw_deg, options.contact_pitch_deg)
    if screen_deg is None:
        contact = _abs_at_most(yaw, limits[0], strictly=True)
        return contact & _abs_at_most(pitch, limits[1], strictly=True)
    further = 0 if abs(screen_deg[0]) > abs(screen_deg[1]) else 1
    contact = np.ones(len(yaw), dtype=bool)
    with np.errstate(invalid="ignore"):
        for axis, values in enumerate((yaw, pitch)):
            if axis == further:
                contact &= -math.copysign(1.0, screen_deg[axis]) * values < limits[axis]
            else:
                contact &= np.abs(values) < limits[axis]
        way = yaw * screen_deg[0] + pitch * screen_deg[1]
        return contact & (way < 0.5 * (screen_deg[0] ** 2 + screen_deg[1] ** 2))


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


def _at_least(segments: Segments, shortest_s: float) -> Segments:
    # A rounding error must not drop a segment of exactly that length.
    return tuple(s for s in segments if s.duration_s >= shortest_s - 1e-6)


def _inside(times: FloatArray, segments: Segments) -> BoolArray:
    """Whether each instant lies in one of the segments."""
    found = np.zeros(len(times), dtype=bool)
    for segment in segments:
        found |= (times >= segment.start) & (times < segment.end)
    return found


def _own(
    values: NDArray[np.float32],
    window: NDArray[np.intp] | None,
    face: BoolArray,
    options: GazeOptions,
) -> float:
    """Return the person's own usual value: in the baseline, else in the first frames."""
    frames = window if window is not None else np.flatnonzero(face)[: options.baseline_frames]
    return float(np.median(values[frames])) if len(frames) else math.nan


def _why_not(
    face: BoolArray,
    coverage: float,
    judged: BoolArray,
    counted: int,
    how: str,
    options: GazeOptions,
) -> Caution | None:
    """Return why eye contact is withheld; None = it is not."""
    if not face.any():
        return NO_FACE
    if coverage < options.least_coverage_ratio:
        if np.mean(face) >= options.least_coverage_ratio:
            return Caution(
                "head-turned",
                f"The head was turned away from the camera by more than"
                f" {options.head_yaw_limit_deg:.0f} degrees in {1 - coverage:.0%} of the picture,"
                " so eye contact is not given: put the camera in front of you, above the"
                " interviewer's picture.",
            )
        return Caution(
            "face-coverage-low",
            f"A face was usable in only {coverage:.0%} of the frames, so eye contact is not"
            " given: stay inside the picture, with light on your face.",
        )
    if judged.sum() < options.baseline_frames or (how != "none" and not counted):
        return Caution(
            "gaze-too-short",
            "The face with open eyes is in the picture for too short a time to measure eye"
            " contact: record at least ten seconds.",
        )
    if how == "none":
        return Caution(
            "no-calibration",
            f"In the first {options.baseline_within_s:.0f} seconds there was no moment of steady"
            " looking at the camera to measure against, so eye contact is not given: look at the"
            " camera while you start.",
        )
    return None


def _cautions(
    landmarks: Landmarks, reason: Caution | None, how: str, options: GazeOptions
) -> tuple[Caution, ...]:
    cautions = list(picture_cautions(landmarks))
    if reason is not None:
        cautions.append(reason)
    if how == "own first seconds":
        cautions.append(
            Caution(
                "calibrated-on-start",
                "Eye contact is measured against your own first seconds: if you looked elsewhere"
                " then, the number is off. Look at the camera while you start.",
            )
        )
    if not landmarks.has_face:
        return tuple(cautions)
    top, chin = (landmarks.face.values[:, FACE_COLUMN[point], :2] for point in (10, CHIN))
    height = float(np.nanmedian(np.linalg.norm(chin - top, axis=-1)))
    small = height / max(1, min(landmarks.frame_size_px))
    if small < options.small_face_ratio:
        cautions.append(
            Caution(
                "face-small",
                f"The face fills only {small:.0%} of the picture, so gaze is imprecise: come"
                " closer to the camera (50 to 80 cm).",
            )
        )
    luma = float(np.nanmedian(landmarks.face_luma.values))
    if luma < options.dark_face_luma:
        cautions.append(
            Caution(
                "face-dark",
                "The face is dark, so gaze is imprecise: put a light in front of you, not behind.",
            )
        )
    return tuple(cautions)
