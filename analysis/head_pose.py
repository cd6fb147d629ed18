"""Face landmarks to head pose: how far the head is turned, and where the camera is from there.

Angles: yaw + = to the person's left (right in the picture), pitch + = up, roll + = towards the
person's left shoulder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.landmarks import Landmarks
from analysis.person import FACE_COLUMN, RIGID_IDS
from analysis.timeline import Track

FloatArray = NDArray[np.float64]

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
EYE_MIDDLE = np.mean([CANONICAL_CM[point] for point in (33, 133, 362, 263)], axis=0)
"""between the eyes, on the canonical face, cm"""

# Canonical face axes to camera axes (x right, y down, z forward) for a head that faces the camera.
_FACING = np.diag([1.0, -1.0, -1.0])


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


def measure_head_pose(landmarks: Landmarks) -> HeadPose:
    """Fit the canonical face to the rigid landmarks of each frame (perspective n-point).

    The focal length is taken as 0.9 of the longer side; between 0.9 and 1.5 the angles change by
    less than half a degree (our measurements).
    """
    import cv2

    times = landmarks.face.times
    camera = camera_matrix(landmarks)
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
    camera_yaw, camera_pitch = angles(-to_head(rotation, position) - EYE_MIDDLE)
    yaw, pitch = angles(facing[:, :, 2])
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


def camera_matrix(landmarks: Landmarks) -> FloatArray:
    """Return the assumed camera, px, shape (3, 3): the focal length is 0.9 of the longer side."""
    width, height = landmarks.frame_size_px
    focal = 0.9 * max(width, height, 1)
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])


def to_head(rotation: FloatArray, position: FloatArray) -> FloatArray:
    """Turn positions from camera into head axes, shape (n, 3)."""
    return np.einsum("nji,nj->ni", rotation, position)


def angles(direction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return yaw and pitch in deg of directions in head axes, shape (n, 3)."""
    x, y, z = direction[:, 0], direction[:, 1], direction[:, 2]
    return np.degrees(np.arctan2(x, z)), np.degrees(np.arctan2(y, np.hypot(x, z)))
