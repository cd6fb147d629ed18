"""Posing a person, and the truth about the pose, read off the posed geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.people.eyes import EYEBALL_RADIUS_M, LIMBUS_RADIUS_M
from tests.benchmarks.people.figure import BONES, Figure
from tests.benchmarks.people.geometry import (
    FloatArray,
    aimed_eye,
    angles_between,
    chain,
    direction_angles,
    head_angles,
    head_turn,
    line_tilt_deg,
    skin,
    turn_x,
    turn_y,
    turn_z,
    vertex_normals,
    visual_axis,
)
from tests.benchmarks.people.meshes import fit

_NECK_SHARES = {"neck01": 0.2, "neck02": 0.2, "neck03": 0.2, "head": 0.4}
"""how a turn of the head is shared out over its joints; our judgement"""
_UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True, slots=True)
class Pose:
    """What a person does in one frame. Angles in deg, lengths in m."""

    head_yaw_deg: float = 0.0
    """of the head in the world, whatever the trunk does"""
    head_pitch_deg: float = 0.0
    head_roll_deg: float = 0.0
    gaze_yaw_deg: float = 0.0
    """where the eyes are sent, seen from the line to the lens"""
    gaze_pitch_deg: float = 0.0
    eyes_closed: float = 0.0
    """0..1"""
    slouch_deg: float = 0.0
    """bend of the upper back"""
    side_lean_deg: float = 0.0
    """of the trunk, + = to the person's left"""
    lean_in_deg: float = 0.0
    """of the trunk towards the camera"""
    shoulder_tilt_deg: float = 0.0
    """of the line through the shoulder joints, + = left one lower"""
    place_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """where the chair stands"""
    mouth_open: float = 0.0
    mouth_round: float = 0.0
    smile: float = 0.0
    brows: float = 0.0
    """+ = raised, -1..1"""


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A webcam: where it is, where it looks."""

    place: FloatArray
    """m"""
    axes: FloatArray
    """columns: x right in the picture, y up, z from the scene to the camera"""
    fov_deg: float
    """horizontal"""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of a posed person."""

    head_yaw_deg: float
    """against the camera's axis"""
    head_pitch_deg: float
    head_roll_deg: float
    gaze_yaw_deg: float
    """mean visual axis of both eyes against the line from the eyes' middle to the lens"""
    gaze_pitch_deg: float
    eyes_closed: float
    slouch_deg: float
    """turn of the uppermost against the middle vertebrae of the trunk"""
    side_lean_deg: float
    """of the line from the hips to the neck in the picture plane, against rest"""
    shoulder_tilt_deg: float
    """of the line through the shoulder joints in the picture plane, against rest"""
    face_distance_m: float
    """from the lens to the eyes' middle"""


@dataclass(frozen=True, slots=True, eq=False)
class PosedPart:
    """One thing as it is drawn: corners with normals."""

    points: FloatArray
    normals: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class PosedEye:
    """One eyeball."""

    centre: FloatArray
    turn: FloatArray
    head: FloatArray
    """turn of the head"""
    upper_lid_m: float
    """height of the upper lid's margin over the eyeball's centre, for its shadow"""


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """A person ready to be drawn."""

    parts: tuple[PosedPart, ...]
    eyes: tuple[PosedEye, PosedEye]
    mouth_open: float
    truth: Truth


def rest_eyes(figure: Figure) -> FloatArray:
    """Return the middle between the eyeballs of the person at rest, m."""
    return np.mean([socket.eyeball_centre for socket in figure.sockets], axis=0)


def place_camera(figure: Figure, distance_m: float) -> Camera:
    """Put the lens in front of the person at rest, aimed so that the eyes lie above the middle."""
    identity = figure.identity
    eyes = rest_eyes(figure)
    place = eyes + np.array([0.0, identity.lens_height_m, distance_m])
    half = math.degrees(math.atan(math.tan(math.radians(identity.fov_deg / 2)) * 9 / 16))
    # People frame themselves: eyes at about 0.40 of the height, whatever the lens' height.
    down = math.degrees(math.atan2(identity.lens_height_m, distance_m)) + 0.20 * half
    return Camera(place=place, axes=turn_x(-down), fov_deg=identity.fov_deg)


def pose_figure(figure: Figure, pose: Pose, camera: Camera) -> Posed:
    """Pose a person in front of a camera."""
    turns, shifts = _bones(figure, pose)
    head = BONES.index("head")
    centres = [turns[head] @ s.eyeball_centre + shifts[head] for s in figure.sockets]
    middle = np.mean(centres, axis=0)
    eyes = _aim(figure, pose, camera, centres, turns[head])
    pitches = [direction_angles(turns[head].T @ eye[:, 2])[1] for eye in eyes]

    points = figure.points.copy()
    for name, share in _face(pose).items():
        if share:
            points += share * figure.faces[name]
    for socket, pitch in zip(figure.sockets, pitches, strict=True):
        socket.move_lids(points, gaze_pitch_deg=pitch, closed=pose.eyes_closed)
        socket.settle(points)
    parts = []
    for part in figure.parts:
        rest = points if part.fitted is None else fit(part.fitted, points)
        moved = skin(rest, part.weights, turns, shifts)
        normals = vertex_normals(moved, part.triangles)
        parts.append(PosedPart(moved[part.corner_points], normals[part.corner_points]))
    lids = [_upper_lid(figure, index, pitch, pose.eyes_closed) for index, pitch in
            enumerate(pitches)]  # fmt: skip
    return Posed(
        parts=tuple(parts),
        eyes=(
            PosedEye(centres[0], eyes[0], turns[head], lids[0]),
            PosedEye(centres[1], eyes[1], turns[head], lids[1]),
        ),
        mouth_open=pose.mouth_open,
        truth=_truth(figure, pose, camera, turns, shifts, middle, eyes),
    )


def kappas(figure: Figure) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return yaw and pitch from the visual to the optical axis of the left and the right eye."""
    out, up = figure.identity.kappa_deg
    return (out, up), (-out, up)


def _aim(
    figure: Figure, pose: Pose, camera: Camera, centres: list[FloatArray], head: FloatArray
) -> list[FloatArray]:
    """Turn both eyes at one point: as far off as the lens, in the wanted direction."""
    middle = np.mean(centres, axis=0)
    to_lens = camera.place - middle
    away = np.linalg.norm(to_lens)
    z = to_lens / away
    x = np.cross(_UP, z)
    x /= np.linalg.norm(x)
    axes = np.stack([x, np.cross(z, x), z], axis=1)
    yaw, pitch = math.radians(pose.gaze_yaw_deg), math.radians(pose.gaze_pitch_deg)
    way = [math.sin(yaw) * math.cos(pitch), math.sin(pitch), math.cos(yaw) * math.cos(pitch)]
    target = middle + away * (axes @ np.array(way))
    return [
        aimed_eye(centre, target, head=head, kappa_deg=kappa)
        for centre, kappa in zip(centres, kappas(figure), strict=True)
    ]


def _upper_lid(figure: Figure, index: int, pitch_deg: float, closed: float) -> float:
    fit_ = figure.sockets[index].fit
    height = LIMBUS_RADIUS_M - fit_.upper_cover_m
    height += EYEBALL_RADIUS_M * math.sin(math.radians(pitch_deg))
    return height - closed * 0.009


def _face(pose: Pose) -> dict[str, float]:
    raised, lowered = max(pose.brows, 0.0), max(-pose.brows, 0.0)
    return {
        "jawOpen": pose.mouth_open,
        "mouthFunnel": pose.mouth_round,
        "mouthSmileLeft": pose.smile,
        "mouthSmileRight": pose.smile,
        "browInnerUp": raised,
        "browOuterUpLeft": raised,
        "browOuterUpRight": raised,
        "browDownLeft": lowered,
        "browDownRight": lowered,
    }


def _bones(figure: Figure, pose: Pose) -> tuple[FloatArray, FloatArray]:
    """Return turn and shift of each bone."""
    own = {bone: np.eye(3) for bone in BONES}
    own["spine05"] = turn_x(pose.lean_in_deg) @ turn_z(pose.side_lean_deg)
    own["spine02"] = turn_x(0.5 * pose.slouch_deg)
    own["spine01"] = turn_x(0.5 * pose.slouch_deg)
    trunk = own["spine05"] @ own["spine02"] @ own["spine01"]
    wanted = head_turn(pose.head_yaw_deg, pose.head_pitch_deg, pose.head_roll_deg)
    axis, angle = _axis_angle(trunk.T @ wanted)
    for bone, share in _NECK_SHARES.items():
        own[bone] = _about(axis, share * angle)
    # Hands on the table: upper arms down and a little forwards.
    for side, sign in (("L", 1.0), ("R", -1.0)):
        own[f"upperarm01.{side}"] = turn_x(-22) @ turn_y(-8 * sign) @ turn_z(30 * sign)
    if abs(pose.shoulder_tilt_deg) > 1e-6:
        _tilt_shoulders(figure, own, pose.shoulder_tilt_deg)
    turns, shifts = _chained(figure, own)
    return turns, shifts + np.array(pose.place_m)


def _tilt_shoulders(figure: Figure, own: dict[str, FloatArray], wanted_deg: float) -> None:
    """Raise one shoulder and drop the other a little until the line has the wanted tilt.

    The tilt counts in the trunk's own axes, so that a lean adds to it.
    """
    girdle = {bone: np.eye(3) for bone in BONES}
    rest = _shoulder_line(figure, girdle)
    angle = wanted_deg
    for _ in range(6):
        # One clavicle goes up by more than the other goes down: people hitch a shoulder.
        up, down = (0.25, 0.75) if angle > 0 else (0.75, 0.25)
        girdle["clavicle.L"] = turn_z(2 * up * angle)
        girdle["clavicle.R"] = turn_z(2 * down * angle)
        angle += wanted_deg - (_shoulder_line(figure, girdle) - rest)
    own["clavicle.L"], own["clavicle.R"] = girdle["clavicle.L"], girdle["clavicle.R"]


def _shoulder_line(figure: Figure, own: dict[str, FloatArray]) -> float:
    turns, shifts = _chained(figure, own)
    left, right = (
        turns[i] @ figure.joints[i] + shifts[i]
        for i in (BONES.index("upperarm01.L"), BONES.index("upperarm01.R"))
    )
    return line_tilt_deg(left, right)


def _chained(figure: Figure, own: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    return chain(figure.parents, figure.joints, np.stack([own[bone] for bone in BONES]))


def _axis_angle(turn: FloatArray) -> tuple[FloatArray, float]:
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    length = float(np.linalg.norm(axis))
    if length < 1e-12:
        return np.array([1.0, 0.0, 0.0]), 0.0
    return axis / length, math.atan2(length, float(np.trace(turn)) - 1)


def _about(axis: FloatArray, angle: float) -> FloatArray:
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def _truth(
    figure: Figure,
    pose: Pose,
    camera: Camera,
    turns: FloatArray,
    shifts: FloatArray,
    middle: FloatArray,
    eyes: list[FloatArray],
) -> Truth:
    def joint(bone: str) -> FloatArray:
        index = BONES.index(bone)
        return camera.axes.T @ (turns[index] @ figure.joints[index] + shifts[index])

    def at_rest(bone: str) -> FloatArray:
        return camera.axes.T @ figure.joints[BONES.index(bone)]

    yaw, pitch, roll = head_angles(camera.axes.T @ turns[BONES.index("head")])
    gaze = np.mean([visual_axis(e, k) for e, k in zip(eyes, kappas(figure), strict=True)], axis=0)
    to_lens = camera.place - middle
    gaze_yaw, gaze_pitch = angles_between(gaze, to_lens, _UP)
    upper, middle_back = turns[BONES.index("spine01")], turns[BONES.index("spine03")]
    bend = middle_back.T @ upper
    trunk, trunk_rest = joint("neck01") - joint("spine05"), at_rest("neck01") - at_rest("spine05")
    shoulders = [
        line_tilt_deg(where("upperarm01.L"), where("upperarm01.R")) for where in (joint, at_rest)
    ]
    return Truth(
        head_yaw_deg=yaw,
        head_pitch_deg=pitch,
        head_roll_deg=roll,
        gaze_yaw_deg=gaze_yaw,
        gaze_pitch_deg=gaze_pitch,
        eyes_closed=pose.eyes_closed,
        slouch_deg=math.degrees(math.atan2(bend[2, 1], bend[1, 1])),
        side_lean_deg=math.degrees(
            math.atan2(trunk[0], trunk[1]) - math.atan2(trunk_rest[0], trunk_rest[1])
        ),
        shoulder_tilt_deg=shoulders[0] - shoulders[1],
        face_distance_m=float(np.linalg.norm(to_lens)),
    )
