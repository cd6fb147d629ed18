"""Iris and eyelid landmarks to where the eyes point, before the person's own baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.head_pose import CANONICAL_CM, HeadPose, angles, camera_matrix, to_head
from analysis.landmarks import Landmarks
from analysis.person import FACE_COLUMN, IRIS_LEFT, IRIS_RIGHT
from analysis.sight_options import GAZE, GazeOptions

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_EYES = ((33, 133, IRIS_RIGHT), (362, 263, IRIS_LEFT))
_LIDS = ((159, 145, 33, 133), (386, 374, 362, 263))

# Of an eye's width: how far the eyeball's centre lies behind the lids, and its radius.
_EYEBALL_DEPTH, _EYEBALL_RADIUS = 0.28, 0.43


@dataclass(frozen=True, slots=True, eq=False)
class RawGaze:
    """Gaze relative to the camera, before the person's baseline is taken off; shape (n,) each."""

    yaw_deg: FloatArray
    pitch_deg: FloatArray
    open_eyes: FloatArray
    """eye aspect ratio, mean of both eyes"""


def measure_raw_gaze(
    landmarks: Landmarks, head: HeadPose, *, options: GazeOptions | None = None
) -> RawGaze:
    """Estimate where the eyes point, seen from the camera's direction, and how open they are.

    The rays through the eye corners give the eye's place and width in the head; the ray through
    the iris meets the eyeball; eyeball centre to that point is the gaze. Gains make up for the
    estimator's weak answer.
    """
    options = options or GAZE
    points = landmarks.face.values[..., :2].astype(np.float64)
    camera = camera_matrix(landmarks)
    # The camera and the rays through the points, in head axes.
    origin = -to_head(head.rotation, head.position_cm)
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
        yaw, pitch = angles(
            _meet_sphere(origin, rays[:, FACE_COLUMN[iris]], centre, _EYEBALL_RADIUS * width)
        )
        yaws.append(yaw)
        pitches.append(pitch)
    return RawGaze(
        yaw_deg=options.yaw_gain * np.mean(yaws, axis=0) - head.camera_yaw_deg,
        pitch_deg=options.pitch_gain * np.mean(pitches, axis=0) - head.camera_pitch_deg,
        open_eyes=_eye_aspect_ratio(points),
    )


def eye_opening(open_eyes: FloatArray, *, options: GazeOptions | None = None) -> FloatArray:
    """Return how far the eyes are open as a share of the person's own open eyes, shape (n,).

    Parameters
    ----------
    open_eyes : eye aspect ratio, shape (n,); NaN = no face.
    options : `GazeOptions.open_eyes`.
    """
    options = options or GAZE
    seen = open_eyes[np.isfinite(open_eyes)]
    if not len(seen):
        return np.full(len(open_eyes), np.nan)
    # The plain median is that of closed eyes where they are closed most of the time: take it
    # over the frames that look open against the widest tenth.
    widest = float(np.percentile(seen, 90))
    own = float(np.median(seen[seen >= options.open_eyes * widest]))
    return open_eyes / own if own > 0 else np.full(len(open_eyes), np.nan)


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
