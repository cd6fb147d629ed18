"""What the picture of a set-up shows: face, shoulders, light, sharpness, background.

Every number is the median over the frames that show it. Formulas and limits were tried on 20 real
pictures and 7 degradations of one of them, nowhere else: they find a set-up that is far off and
are no grades.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.errors import MediaUnreadable
from analysis.head_pose import measure_head_pose
from analysis.landmarks import (
    LEFT_SHOULDER,
    RIGHT_SHOULDER,
    Frame,
    LandmarkOptions,
    Landmarks,
    detect_landmarks,
    segment_person,
)
from analysis.media import check_file, probe_media, read_frames
from analysis.person import CHIN, FACE_COLUMN

FloatArray = NDArray[np.float64]

LOOKED_AT_S = 20.0
"""as much of a recording is looked at; our judgement, twice what the check itself records"""
LEAST_FRAMES = 12
"""medians were tried on 10 frames and more (our measurements)"""
WIDTH_PX = 1280
"""longer side of what is measured: that of the recorder's own picture"""

STILL_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")

_SHOULDER_SURE = 0.8
"""visibility above which a shoulder counts; our measurements (pose invents what is hidden)"""
_ROLL_LIMIT_DEG, _ROLL_LEAK = 8.0, 0.26
"""a head tilted beyond the first moves the shoulder line by this share of its own tilt (±20° moved
it by 4.6 and 5.2° on avatars; our measurements)"""

_EYES = (33, 133, 362, 263)
_HULL = (10, 54, 127, 234, CHIN, 454, 356, 284)


@dataclass(frozen=True, slots=True, eq=False)
class PictureFacts:
    """What is seen. NaN = could not be measured."""

    frames: int
    """looked at"""
    face_ratio: float
    """share of the frames with a face, 0..1"""
    several_faces_ratio: float
    rotation_deg: int
    """how far the picture had to be turned to be upright"""
    face_centre_ratio: float
    """middle of the face, of the width, 0 = left"""
    face_size_ratio: float
    """forehead to chin, of the height"""
    head_room_ratio: float
    """above the hair, of the height"""
    eye_line_ratio: float
    """height of the eyes, of the height, 0 = top"""
    shoulders_ratio: float
    """share of the frames with both shoulders"""
    shoulder_tilt_deg: float
    """+ = the person's left shoulder is lower; NaN also where a tilted head leaves it open"""
    head_roll_deg: float
    camera_height_deg: float
    """where the camera is, seen from the head, + = above; a bent head reads the same"""
    face_luma: float
    """mean of the face, 0..255"""
    backlight_ratio: float
    """mean luma of the background by that of the face"""
    side_light: float
    """left minus right half of the face in the picture, by its mean"""
    sharpness: float
    """variance of the Laplacian by that of the brightness, face 200 px wide, × 100"""
    clutter_ratio: float
    """share of edge pixels in the background"""
    frame: Frame | None
    """an example, upright"""
    face_px: FloatArray | None
    """its face: left, top, right, bottom"""
    eyes_px: FloatArray | None
    """its eyes, shape (2, 2): x, y"""
    shoulders_px: FloatArray | None
    """its shoulders, shape (2, 2), where both are seen"""


def read_still(path: Path) -> tuple[Frame, tuple[int, int]]:
    """Read a picture file.

    Returns
    -------
    frame : RGB, at most `WIDTH_PX` on its longer side.
    size_px : width and height in the file.

    Raises
    ------
    MediaUnreadable
        It is not there, or no picture.
    """
    import cv2

    check_file(path)
    # Not imread: it can't open names with other than the system's letters on Windows.
    picture = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise MediaUnreadable(
            f"{path.name} can't be read as a picture: it is damaged or another kind"
        )
    height, width = picture.shape[:2]
    scale = WIDTH_PX / max(height, width)
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(picture[:, :, ::-1], dtype=np.uint8), (width, height)


def sample_frames(path: Path, *, span_s: float = LOOKED_AT_S) -> list[tuple[float, Frame]]:
    """Return frames of the beginning of a clip, at least about `LEAST_FRAMES`, with their times.

    Raises
    ------
    MediaUnreadable
        It can't be decoded.
    """
    probe = probe_media(path)
    duration_s = probe.facts.video_duration_s
    if math.isnan(duration_s):
        return []
    rate_hz = min(10.0, max(1.0, LEAST_FRAMES / max(0.1, min(span_s, duration_s))))
    frames = read_frames(path, rate_hz=rate_hz, origin_s=probe.origin_s, width_px=WIDTH_PX)
    return list(itertools.takewhile(lambda each: each[0] < span_s, frames))


def measure_picture(frames: Sequence[tuple[float, Frame]]) -> PictureFacts:
    """Measure the picture of a set-up.

    Parameters
    ----------
    frames : (time in s, RGB frame) with increasing times, all of one size; a still is one frame.
    """
    landmarks = detect_landmarks(frames, options=LandmarkOptions(pose_every=1))
    turns = landmarks.rotation_deg // 90
    upright = [np.ascontiguousarray(np.rot90(frame, turns)) for _, frame in frames]
    width, height = landmarks.frame_size_px
    seen = np.isfinite(landmarks.face.values).all(axis=(1, 2))
    faces = np.flatnonzero(seen)
    points = landmarks.face.values[..., :2].astype(np.float64)
    head = measure_head_pose(landmarks)
    shoulders = _shoulders(landmarks)
    visible = np.isfinite(shoulders).all(axis=(1, 2))
    masks = list(segment_person(upright[index] for index in faces))
    looks = np.array(
        [
            _look(upright[index], points[index], mask)
            for index, mask in zip(faces, masks, strict=True)
        ]
    ).reshape(-1, len(_LOOKS))
    light = dict(zip(_LOOKS, _medians(looks), strict=True))
    eyes = points[:, [FACE_COLUMN[i] for i in _EYES]]
    top, chin = points[:, FACE_COLUMN[10]], points[:, FACE_COLUMN[CHIN]]
    hull = points[:, [FACE_COLUMN[i] for i in _HULL]]
    middle = (hull[..., 0].min(axis=1) + hull[..., 0].max(axis=1)) / 2
    roll = _median(head.roll.values)
    example = _example(faces, points, visible)
    return PictureFacts(
        frames=len(frames),
        face_ratio=float(np.mean(seen)) if len(seen) else math.nan,
        several_faces_ratio=landmarks.several_faces_ratio,
        rotation_deg=landmarks.rotation_deg,
        face_centre_ratio=_median(middle) / max(1, width),
        face_size_ratio=_median(chin[:, 1] - top[:, 1]) / max(1, height),
        head_room_ratio=light["head_room"],
        eye_line_ratio=_median(eyes[..., 1].mean(axis=1)) / max(1, height),
        shoulders_ratio=float(np.mean(visible[faces])) if len(faces) else math.nan,
        shoulder_tilt_deg=_level(_median(_tilt(shoulders)), roll),
        head_roll_deg=roll,
        camera_height_deg=_median(head.camera_pitch_deg),
        face_luma=light["luma"],
        backlight_ratio=light["backlight"],
        side_light=light["side"],
        sharpness=light["sharpness"],
        clutter_ratio=light["clutter"],
        frame=upright[example] if upright else None,
        face_px=_box(hull[example]) if len(faces) else None,
        eyes_px=np.array([eyes[example, :2].mean(axis=0), eyes[example, 2:].mean(axis=0)])
        if len(faces)
        else None,
        shoulders_px=shoulders[example] if len(faces) and visible[example] else None,
    )


_LOOKS = ("luma", "backlight", "side", "sharpness", "clutter", "head_room")


def _look(frame: Frame, face: FloatArray, mask: NDArray[np.float32]) -> tuple[float, ...]:
    """Return what `_LOOKS` names, of one frame."""
    import cv2

    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    hull = cv2.convexHull(
        np.round(face[[FACE_COLUMN[i] for i in _HULL]]).astype(np.int32).reshape(-1, 1, 2)
    )
    inside = np.zeros(luma.shape, dtype=np.uint8)
    cv2.fillConvexPoly(inside, hull, (1,))
    in_face = inside.astype(bool)
    if not in_face.any():
        return (math.nan,) * len(_LOOKS)
    brightness = float(luma[in_face].mean())
    # Halves on both sides of the line from between the eyes to the nose.
    (upper_x, upper_y), (nose_x, nose_y) = face[FACE_COLUMN[168]], face[FACE_COLUMN[4]]
    rows, columns = np.nonzero(in_face)
    slope = (nose_x - upper_x) / (nose_y - upper_y) if nose_y - upper_y > 1 else 0.0
    left = columns < upper_x + slope * (rows - upper_y)
    side = math.nan
    if left.any() and not left.all():
        values = luma[in_face]
        side = float(values[left].mean() - values[~left].mean()) / max(1.0, brightness)
    background = mask < 0.2
    backlight = clutter = math.nan
    # Of a picture that is nearly all person nothing can be said.
    if background.mean() > 0.05:
        backlight = float(luma[background].mean()) / max(1.0, brightness)
        clutter = _clutter(luma, mask)
    return (
        brightness,
        backlight,
        side,
        _sharpness(luma, _box(face)),
        clutter,
        _head_room(mask, face),
    )


def _clutter(luma: NDArray[Any], mask: NDArray[np.float32]) -> float:
    """Return the share of edge pixels in the background, away from the person's outline."""
    import cv2

    scale = 320 / luma.shape[1]
    small = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    person = cv2.resize(mask, (small.shape[1], small.shape[0]))
    behind = cv2.erode((person < 0.2).astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    if not behind.any():
        return math.nan
    return float((cv2.Canny(small, 60, 150)[behind] > 0).mean())


def _sharpness(luma: NDArray[Any], box: FloatArray) -> float:
    import cv2

    left, top = np.clip(box[:2], 0, None).astype(int)
    right, bottom = box[2:].astype(int) + 1
    face = luma[top:bottom, left:right]
    if min(face.shape) < 8:
        return math.nan
    scale = 200 / face.shape[1]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    face = cv2.resize(face, None, fx=scale, fy=scale, interpolation=way)
    spread = float(face.var())
    return 100 * float(cv2.Laplacian(face, cv2.CV_64F).var()) / spread if spread > 0 else math.nan


def _head_room(mask: NDArray[np.float32], face: FloatArray) -> float:
    """Return where the person begins above the face, of the height; NaN where the mask fails."""
    box = _box(face)
    quarter = (box[2] - box[0]) / 4
    first, last = int(max(0, box[0] + quarter)), int(box[2] - quarter) + 1
    band = mask[:, first:last]
    if not band.size:
        return math.nan
    rows = np.flatnonzero((band > 0.5).mean(axis=1) > 0.5)
    # A person who begins below the own face is a mask that failed.
    if not len(rows) or rows[0] > max(0.0, box[1]) + 0.02 * len(mask):
        return math.nan
    return float(rows[0]) / len(mask)


def _shoulders(landmarks: Landmarks) -> FloatArray:
    """Return left and right shoulder in px where both are surely in the picture, (n, 2, 2)."""
    body = landmarks.pose.values[:, [LEFT_SHOULDER, RIGHT_SHOULDER]].astype(np.float64)
    width, height = landmarks.frame_size_px
    with np.errstate(invalid="ignore"):
        sure = (body[..., 2] > _SHOULDER_SURE) & (body[..., 1] < height)
        sure &= (body[..., 0] > 0) & (body[..., 0] < width)
    both = sure.all(axis=1) if len(body) else np.zeros(0, dtype=bool)
    points = body[..., :2].copy()
    points[~both] = np.nan
    return points


def _tilt(shoulders: FloatArray) -> FloatArray:
    apart = shoulders[:, 0] - shoulders[:, 1]
    return np.degrees(np.arctan2(apart[:, 1], apart[:, 0]))


def _level(tilt_deg: float, roll_deg: float, limit_deg: float = 10.0) -> float:
    """Return the tilt, or NaN where a tilted head could make the difference."""
    if math.isnan(tilt_deg) or abs(roll_deg) <= _ROLL_LIMIT_DEG:
        return tilt_deg
    open_question = abs(abs(tilt_deg) - limit_deg) <= _ROLL_LEAK * abs(roll_deg)
    return math.nan if open_question else tilt_deg


def _box(points: FloatArray) -> FloatArray:
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _example(faces: NDArray[np.intp], points: FloatArray, visible: NDArray[np.bool_]) -> int:
    """Return the frame that is nearest to the typical one, with shoulders if there are any."""
    if not len(faces):
        return 0
    wanted = faces[visible[faces]] if visible[faces].any() else faces
    typical = np.median(points[faces], axis=0)
    return int(min(wanted, key=lambda index: float(np.abs(points[index] - typical).sum())))


def _medians(table: FloatArray) -> list[float]:
    return [_median(column) for column in table.T]


def _median(values: NDArray) -> float:
    there = values[np.isfinite(values)]
    return float(np.median(there)) if len(there) else math.nan
