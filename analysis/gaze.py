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

from analysis.landmarks import NO_FACE, Landmarks, picture_cautions
from analysis.person import CHIN, FACE_COLUMN, IRIS_LEFT, IRIS_RIGHT, RIGID_IDS
from analysis.results import Caution, GazeMetrics
from analysis.timeline import Segment, Segments, Track, intersect, segments_where

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_HALF_FACE = {
    33: (-4.446, 2.664, 3.173),
    133: (-1.856, 2.585, 3.758),
    168: (0.0, 3.271, 5.236),
    6: (0.0, 2.473, 5.789),
    4: (0.0, -0.463, 7.587),
    129: (-1.786, -0.978, 4.850),
    10: (0.0, 8.262, 4.482),
    127: (-7.743, 2.365, -2.005),
    9: (0.0, 4.886, 5.385),
    54: (-6.279, 6.615, 1.426),
    234: (-7.664, 0.673, -2.436),
}
_MIRRORED = {263: 33, 362: 133, 358: 129, 356: 127, 284: 54, 454: 234}

CANONICAL_CM = _HALF_FACE | {
    left: (-x, y, z) for left, right in _MIRRORED.items() for x, y, z in [_HALF_FACE[right]]
}
"""Canonical face, cm: x to the person's left, y up, z out of the face. From MediaPipe's
canonical_face_model (Apache-2.0), which the wheel does not carry."""

_NO_LENS = np.zeros(4)
_MODEL = np.array([CANONICAL_CM[point] for point in RIGID_IDS])
_EYES = ((33, 133, IRIS_RIGHT), (362, 263, IRIS_LEFT))
_EYE_MIDDLE = np.mean([CANONICAL_CM[point] for point in (33, 133, 362, 263)], axis=0)
_LIDS = ((159, 145, 33, 133), (386, 374, 362, 263))

# Of an eye's width: how far the eyeball's centre lies behind the lids, and its radius.
_EYEBALL_DEPTH, _EYEBALL_RADIUS = 0.28, 0.43

# Canonical face axes to camera axes (x right, y down, z forward) for a head that faces the camera.
_FACING = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class GazeOptions:
    """Thresholds of the eye contact estimate."""

    yaw_gain: float = 1.2
    """eye-in-head yaw answers too little to a real turn (slope .70-.95 on 6 clips); our
    measurements"""
    pitch_gain: float = 1.9
    """the same for pitch (slope .51-.65 on 4 clips); our measurements"""
    contact_yaw_deg: float = 8.0
    """sideways limit of eye contact; our measurements (4 pairs tried on 12 clips)"""
    contact_pitch_deg: float = 10.0
    """vertical limit of eye contact; our measurements"""
    head_yaw_limit_deg: float = 30.0
    """head turned further from the camera: not measurable (kept 19/21 up to 30, beyond not
    tried); our measurements"""
    shortest_away_s: float = 0.3
    """shorter glances are ignored; our measurements"""
    closed_eyes: float = 0.75
    """eyes are closed below this share of the own open eye's EAR; our measurements"""
    baseline_frames: int = 20
    """open-eye frames of the baseline; our measurements"""
    baseline_within_s: float = 15.0
    """the baseline must lie in the first seconds with a face; our judgement"""
    baseline_spread_deg: float = 3.0
    """largest median absolute deviation of a baseline; our measurements"""
    typical_bias_deg: tuple[float, float] = (-0.3, 14.2)
    """yaw, pitch that this estimator reads when people look at the lens (12 people); our
    measurements"""
    bias_limit_deg: tuple[float, float] = (8.0, 14.0)
    """a baseline further off than this was not taken at the lens: 4 SD of those 12 people
    (1.7, 3.5 deg), at least the limit of contact"""
    least_coverage_ratio: float = 0.6
    """below this share of usable frames nothing is claimed; our judgement"""
    small_face_ratio: float = 0.15
    """face height by the frame's shorter side; smallest in the material: .16; our measurements"""
    dark_face_luma: float = 50.0
    """mean luma inside the face: below it "fail" in the set-up check; our measurements. Noise grows
    from 2.2/1.8 to 4.4/2.4 deg (yaw/pitch) in the dark; our measurements"""


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


@dataclass(frozen=True, slots=True, eq=False)
class HeadPose:
    """Head angles and place, frame by frame; NaN where there is no face."""

    yaw: Track
    """deg against the camera's axis, + = to the person's left"""
    pitch: Track
    """deg, + = up; has a constant bias of its own (about 10 deg): use it only relative"""
    roll: Track
    """deg, + = towards the person's left shoulder"""
    rotation: FloatArray
    """canonical face axes to camera axes, shape (n, 3, 3)"""
    position_cm: FloatArray
    """origin of the canonical face in camera axes, shape (n, 3); no true distance (the focal
    length is a guess)"""
    camera_yaw_deg: FloatArray
    """where the camera is, seen from the head, + = to the person's left, shape (n,)"""
    camera_pitch_deg: FloatArray
    """where the camera is, seen from the head, + = up, shape (n,)"""


@dataclass(frozen=True, slots=True, eq=False)
class RawGaze:
    """Gaze relative to the camera, before the person's baseline is taken off; shape (n,) each."""

    yaw_deg: FloatArray
    pitch_deg: FloatArray
    open_eyes: FloatArray
    """eye aspect ratio, mean of both eyes"""


def measure_head_pose(landmarks: Landmarks) -> HeadPose:
    """Fit the canonical face to the rigid landmarks of each frame (perspective n-point).

    The focal length is taken as 0.9 of the longer side; between 0.9 and 1.5 the angles change by
    less than half a degree (our measurements).
    """
    import cv2

    times = landmarks.face.times
    camera = _camera(landmarks)
    columns = [FACE_COLUMN[point] for point in RIGID_IDS]
    rotation = np.full((len(times), 3, 3), np.nan)
    position = np.full((len(times), 3), np.nan)
    for index in np.flatnonzero(np.isfinite(landmarks.face.values).all(axis=(1, 2))):
        points = landmarks.face.values[index, columns, :2].astype(np.float64)
        try:
            ok, turn, move = cv2.solvePnP(
                _MODEL, points, camera, _NO_LENS, flags=cv2.SOLVEPNP_SQPNP
            )
            if ok:
                ok, turn, move = cv2.solvePnP(
                    _MODEL, points, camera, _NO_LENS, turn, move, True, cv2.SOLVEPNP_ITERATIVE
                )
        except cv2.error:
            # Points in one spot: no pose, the same as no face.
            continue
        if ok and move[2, 0] > 0:
            rotation[index], position[index] = cv2.Rodrigues(turn)[0], move[:, 0]
    facing: FloatArray = np.matmul(_FACING, rotation)
    camera_yaw, camera_pitch = _angles(-_to_head(rotation, position) - _EYE_MIDDLE)
    yaw, pitch = _angles(facing[:, :, 2])
    roll = -np.degrees(np.arctan2(facing[:, 1, 0], facing[:, 1, 1]))
    return HeadPose(
        yaw=Track(times, yaw.astype(np.float32), "deg"),
        pitch=Track(times, pitch.astype(np.float32), "deg"),
        roll=Track(times, roll.astype(np.float32), "deg"),
        rotation=rotation,
        position_cm=position,
        camera_yaw_deg=camera_yaw,
        camera_pitch_deg=camera_pitch,
    )


def measure_raw_gaze(
    landmarks: Landmarks, head: HeadPose, *, options: GazeOptions | None = None
) -> RawGaze:
    """Estimate where the eyes point, seen from the camera's direction, and how open they are.

    The rays through the eye corners give the eye's place and width in the head; the ray through
    the iris meets the eyeball; eyeball centre to that point is the gaze. Gains make up for the
    estimator's weak answer.
    """
    options = options or GazeOptions()
    points = landmarks.face.values[..., :2].astype(np.float64)
    camera = _camera(landmarks)
    # The camera and the rays through the points, in head axes.
    origin = -_to_head(head.rotation, head.position_cm)
    rays = np.concatenate([points, np.ones_like(points[..., :1])], axis=-1)
    rays = np.einsum("nji,nkj->nki", head.rotation, rays @ np.linalg.inv(camera).T)
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)

    yaws, pitches = [], []
    for first, second, iris in _EYES:
        corners = []
        for point in (first, second):
            ray = rays[:, FACE_COLUMN[point]]
            way = (CANONICAL_CM[point][2] - origin[:, 2]) / ray[:, 2]
            corners.append(origin + way[:, None] * ray)
        width = np.linalg.norm(corners[1] - corners[0], axis=-1)
        centre = (corners[0] + corners[1]) / 2
        centre[:, 2] -= _EYEBALL_DEPTH * width
        yaw, pitch = _angles(
            _meet_sphere(origin, rays[:, FACE_COLUMN[iris]], centre, _EYEBALL_RADIUS * width)
        )
        yaws.append(yaw)
        pitches.append(pitch)
    return RawGaze(
        yaw_deg=options.yaw_gain * np.mean(yaws, axis=0) - head.camera_yaw_deg,
        pitch_deg=options.pitch_gain * np.mean(pitches, axis=0) - head.camera_pitch_deg,
        open_eyes=_eye_aspect_ratio(points),
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
    options = options or GazeOptions()
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
    options = options or GazeOptions()
    return _usable(raw, head, options) & ~closed_eyes(raw.open_eyes, options=options)


def closed_eyes(open_eyes: FloatArray, *, options: GazeOptions | None = None) -> BoolArray:
    """Tell in which frames the eyes are closed, against the person's own open eyes.

    Parameters
    ----------
    open_eyes : eye aspect ratio, shape (n,); NaN = no face.
    options : `GazeOptions.closed_eyes`.
    """
    options = options or GazeOptions()
    seen = open_eyes[np.isfinite(open_eyes)]
    if not len(seen):
        return np.zeros(len(open_eyes), dtype=bool)
    # The plain median is that of closed eyes where they are closed most of the time: take it
    # over the frames that look open against the widest tenth.
    widest = float(np.percentile(seen, 90))
    own = float(np.median(seen[seen >= options.closed_eyes * widest]))
    with np.errstate(invalid="ignore"):
        return open_eyes < options.closed_eyes * own


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


def _camera(landmarks: Landmarks) -> FloatArray:
    width, height = landmarks.frame_size_px
    focal = 0.9 * max(width, height, 1)
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])


def _to_head(rotation: FloatArray, position: FloatArray) -> FloatArray:
    """Turn positions from camera into head axes, shape (n, 3)."""
    return np.einsum("nji,nj->ni", rotation, position)


def _angles(direction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return yaw and pitch in deg of directions in head axes, shape (n, 3)."""
    x, y, z = direction[:, 0], direction[:, 1], direction[:, 2]
    return np.degrees(np.arctan2(x, z)), np.degrees(np.arctan2(y, np.hypot(x, z)))


def _meet_sphere(
    origin: FloatArray, ray: FloatArray, centre: FloatArray, radius: FloatArray
) -> FloatArray:
    """Return centre to the near point where a ray meets a sphere (passes it nearest), (n, 3)."""
    offset = origin - centre
    along = np.sum(ray * offset, axis=-1)
    inside = along**2 - (np.sum(offset**2, axis=-1) - radius**2)
    way = -along - np.sqrt(np.maximum(inside, 0.0))
    return offset + way[:, None] * ray


def _eye_aspect_ratio(points: FloatArray) -> FloatArray:
    """Return lid distance by eye width, mean of both eyes, shape (n,)."""

    def apart(a: int, b: int) -> FloatArray:
        return np.linalg.norm(points[:, FACE_COLUMN[a]] - points[:, FACE_COLUMN[b]], axis=-1)

    ratios = [apart(up, low) / np.maximum(apart(a, b), 1e-6) for up, low, a, b in _LIDS]
    return np.mean(ratios, axis=0)


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
            options.typical_bias_deg,
            options.bias_limit_deg,
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
