"""The mathematics of posed people: turns, angles, skinning, normals.

Axes of the world and of a person that faces the camera: x to the person's own left (right in the
picture), y up, z from the person towards the camera. Lengths in metres. A turn is a matrix of
shape (3, 3) that acts on columns. Angles in degrees: yaw + = to the person's left, pitch + = up,
roll + = towards the person's left shoulder.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def turn_x(angle_deg: float) -> FloatArray:
    """Return the turn about x that tips forwards (the face goes down) for positive angles."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def turn_y(angle_deg: float) -> FloatArray:
    """Return the turn about y to the person's left for positive angles."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def turn_z(angle_deg: float) -> FloatArray:
    """Return the turn about z that tips to the person's left for positive angles."""
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def head_turn(yaw_deg: float, pitch_deg: float, roll_deg: float) -> FloatArray:
    """Return the turn of a head with these angles; `head_angles` reads them back."""
    return turn_y(yaw_deg) @ turn_x(-pitch_deg) @ turn_z(roll_deg)


def head_angles(turn: FloatArray) -> tuple[float, float, float]:
    """Return yaw, pitch and roll of a turn, deg, as `analysis.gaze.measure_head_pose` does."""
    yaw, pitch = direction_angles(turn[:, 2])
    roll = -math.degrees(math.atan2(turn[1, 0], turn[1, 1]))
    return yaw, pitch, roll


def direction_angles(direction: FloatArray) -> tuple[float, float]:
    """Return yaw and pitch of a direction, deg; (0, 0) is along z."""
    x, y, z = direction / np.linalg.norm(direction)
    return math.degrees(math.atan2(x, z)), math.degrees(math.asin(y))


def direction_of(yaw_deg: float, pitch_deg: float) -> FloatArray:
    """Return the unit vector with this yaw and pitch."""
    yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
    return np.array(
        [math.sin(yaw) * math.cos(pitch), math.sin(pitch), math.cos(yaw) * math.cos(pitch)]
    )


def facing(forwards: FloatArray, up: FloatArray) -> FloatArray:
    """Return axes (columns x, y, z) with z along `forwards` and x level with respect to `up`."""
    z = forwards / np.linalg.norm(forwards)
    x = np.cross(up, z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def angles_between(direction: FloatArray, reference: FloatArray, up: FloatArray) -> tuple:
    """Return yaw and pitch of a direction seen from another one, deg.

    The reference direction is (0, 0); level is what is square to `up`.
    """
    return direction_angles(facing(reference, up).T @ direction)


def aimed_eye(
    centre: FloatArray, target: FloatArray, *, head: FloatArray, kappa_deg: tuple[float, float]
) -> FloatArray:
    """Return the turn of an eyeball whose visual axis meets the target.

    The eye turns by yaw and pitch in the head and does not roll (near enough to Listing's law at
    these angles). `kappa_deg` is the constant angle from the visual to the optical axis, yaw and
    pitch; z of the eyeball is the optical axis.
    """
    yaw, pitch = direction_angles(head.T @ (target - centre))
    return head @ head_turn(yaw, pitch, 0.0) @ head_turn(*kappa_deg, 0.0)


def visual_axis(eye: FloatArray, kappa_deg: tuple[float, float]) -> FloatArray:
    """Return the direction of the visual axis of a turned eyeball."""
    return eye @ head_turn(*kappa_deg, 0.0).T @ np.array([0.0, 0.0, 1.0])


def chain(
    parents: tuple[int, ...], joints: FloatArray, turns: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the turn and the shift of each bone that move rest positions to posed ones.

    Parameters
    ----------
    parents : index of the parent of each bone, -1 = none; parents come first.
    joints : rest position of each bone's joint, shape (b, 3), m.
    turns : own turn of each bone about its joint, in rest axes, shape (b, 3, 3).

    Returns
    -------
    turns : shape (b, 3, 3).
    shifts : shape (b, 3), m; posed = turn @ rest + shift.
    """
    whole = np.empty_like(turns)
    shifts = np.empty_like(joints)
    for bone, parent in enumerate(parents):
        above, moved = (np.eye(3), np.zeros(3)) if parent < 0 else (whole[parent], shifts[parent])
        whole[bone] = above @ turns[bone]
        shifts[bone] = above @ joints[bone] + moved - whole[bone] @ joints[bone]
    return whole, shifts


def skin(
    points: FloatArray, weights: FloatArray, turns: FloatArray, shifts: FloatArray
) -> FloatArray:
    """Move points by linear blend skinning.

    Parameters
    ----------
    points : rest positions, shape (n, 3), m.
    weights : share of each bone, shape (n, b), rows add up to 1.
    turns, shifts : from `chain`.
    """
    blended = weights @ np.concatenate([turns.reshape(len(turns), 9), shifts], axis=1)
    turned = np.einsum("nij,nj->ni", blended[:, :9].reshape(-1, 3, 3), points)
    return turned + blended[:, 9:]


def vertex_normals(points: FloatArray, triangles: IntArray) -> FloatArray:
    """Return unit normals, the mean of the adjacent triangles by area, shape (n, 3)."""
    corners = points[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    where = triangles.T.ravel()
    summed = np.stack(
        [np.bincount(where, np.tile(normals[:, k], 3), len(points)) for k in range(3)], axis=1
    )
    return summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-20)


def line_tilt_deg(left: FloatArray, right: FloatArray) -> float:
    """Return the tilt of the line through two joints in the picture plane, deg.

    Positive = the person's left one is lower, the sign of a roll towards the left shoulder.
    """
    return math.degrees(math.atan2(right[1] - left[1], left[0] - right[0]))
