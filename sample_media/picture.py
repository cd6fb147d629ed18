"""A portrait that sways, blinks, talks, looks aside and slouches at known times.

Conventions
-----------
The person is cut out of the portrait and drawn over a plain background of 1280x720 pixels.
Everything that moves is a smooth displacement; amounts are pixels of this canvas, times are
seconds from the start of the take. "image left" is the left of the picture, the subject's right.
"""

from __future__ import annotations

from typing import Any

import cv2
import mediapipe as mp
import numpy as np
from numpy.typing import NDArray

from sample_media.takes import Script

WIDTH, HEIGHT, FPS = 1280, 720, 15
SCALE = 1.8
FIRST_ROW, MIDDLE_COLUMN = -32.0, 216.0
"""row of the portrait at the top of the canvas, column at its middle"""
ROCKET = 343, 360
"""row above which and column right of which only a model rocket's stand is left"""
ASIDE_RATIO = 0.2
"""how far the irises move, in widths of the eye between its corners"""
SLOUCH_PX = 80.0
"""how far the head sinks towards the shoulders"""
NECK_PX = 195.0
"""height below the chin over which the sinking fades out"""
RAMP_S, SLOUCH_RAMP_S = 0.2, 1.0
BLINK_S = 0.28
JAW_PX = 4.5
NOD_PX = 3.0
SWAY_PX, ZOOM_RATIO = 7.0, 0.008

Field = NDArray[np.float32]
_EYES = (
    # upper lid, lower lid (both from corner to corner), iris
    (
        (33, 246, 161, 160, 159, 158, 157, 173, 133),
        (33, 7, 163, 144, 145, 153, 154, 155, 133),
        (468, 469, 471),
    ),
    (
        (362, 398, 384, 385, 386, 387, 388, 466, 263),
        (362, 382, 381, 380, 374, 373, 390, 249, 263),
        (473, 474, 476),
    ),
)


class Portrait:
    """Frames of a take, made from one portrait."""

    def __init__(self, script: Script, envelope: NDArray[np.float64]) -> None:
        """Cut out the person and prepare the displacements.

        ``envelope`` is the loudness of the speech, 0 to 1, one value per frame.
        """
        from skimage import data  # pyright: ignore[reportMissingImports]

        self._script = script
        self._envelope = envelope
        self.blinks = _blinks(script, envelope.size / FPS)
        portrait = data.astronaut()
        to_canvas = np.array(
            [[SCALE, 0, WIDTH / 2 - SCALE * MIDDLE_COLUMN], [0, SCALE, -SCALE * FIRST_ROW]]
        )
        self._person = cv2.warpAffine(
            portrait,
            to_canvas,
            (WIDTH, HEIGHT),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        self._alpha = cv2.warpAffine(_cut_out(portrait), to_canvas, (WIDTH, HEIGHT))
        self._points = _landmarks(portrait) * SCALE + to_canvas[:, 2]
        self._background = _background(script.seed)
        self._rows, self._columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        (left, top), (right, bottom) = self._points.min(axis=0), self._points.max(axis=0)
        self._face = np.s_[int(top) : int(bottom) + 60, int(left) - 20 : int(right) + 20]
        self._lids = {
            closed: np.sum([self._lid_field(eye, closed) for eye in _EYES], axis=0)
            for closed in (0.5, 1.0)
        }
        mouth, chin = self._points[14], self._points[152]
        middle = (mouth + chin) / 2
        across = (self._columns - middle[0]) / (0.9 * (chin[1] - mouth[1]))
        below = np.clip((self._rows - self._points[13][1]) / (mouth[1] - self._points[13][1]), 0, 1)
        fading = np.clip((chin[1] + 0.6 * (chin[1] - mouth[1]) - self._rows) / 40, 0, 1)
        self._jaw = (np.exp(-0.5 * across**2) * below * fading).astype(np.float32)

    def frame(self, index: int) -> NDArray[np.uint8]:
        """RGB picture at ``index / FPS`` seconds."""
        time = index / FPS
        face_x = self._aside(self._aside_px(time))
        face_y = JAW_PX * float(self._envelope[index]) * self._jaw
        face_y = face_y + self._lid(time)
        person = self._person.copy()
        person[self._face] = cv2.remap(
            self._person,
            (self._columns - face_x)[self._face],
            (self._rows - face_y)[self._face],
            cv2.INTER_CUBIC,
        )
        columns, rows = self._body(time, float(self._envelope[index]))
        person = cv2.remap(person, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        alpha = cv2.remap(
            self._alpha, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )[..., None]
        mixed = self._background + alpha * (person - self._background)
        return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    def _aside_px(self, time: float) -> float:
        """Shift of the irises; half of it at the stated start and end of a segment."""
        shift = 0.0
        for aside in self._script.away:
            sign = -1.0 if aside.direction == "image left" else 1.0
            shift += sign * _plateau(time, aside.start, aside.end, RAMP_S)
        width = np.mean([np.ptp(self._points[list(eye[0])][:, 0]) for eye in _EYES])
        return shift * ASIDE_RATIO * float(width)

    def _body(self, time: float, loudness: float) -> tuple[Field, Field]:
        """Where each pixel of the canvas comes from: sway, zoom, nod and slouch."""
        phase = 2 * np.pi * time
        zoom = 1 + ZOOM_RATIO * np.sin(phase / 17)
        sway_x, sway_y = SWAY_PX * np.sin(phase / 11), 0.4 * SWAY_PX * np.sin(phase / 7)
        columns = (self._columns - WIDTH / 2 - sway_x) / zoom + WIDTH / 2
        rows = (self._rows[:, 0] - HEIGHT - sway_y) / zoom + HEIGHT
        sink = NOD_PX * (loudness + 0.5 * np.sin(phase / 3.1))
        for start, end in self._script.slouch:
            sink += SLOUCH_PX * _plateau(time, start, end, SLOUCH_RAMP_S)
        source = np.arange(-100.0, HEIGHT + 100.0)
        chin = self._points[152][1]
        part = np.clip((source - (chin - 10)) / NECK_PX, 0, 1)
        moved = source + sink * (1 - part * part * (3 - 2 * part))
        rows = np.interp(rows, moved, source).astype(np.float32)
        return columns, np.repeat(rows[:, None], WIDTH, axis=1)

    def _lid(self, time: float) -> Field | float:
        for start in self.blinks:
            if start <= time < start + BLINK_S:
                ends = min(time - start, start + BLINK_S - time)
                return self._lids[1.0 if ends > BLINK_S / 4 else 0.5]
        return 0.0

    def _aside(self, shift: float) -> Field:
        """Horizontal displacement that moves both irises between the fixed corners."""
        field = np.zeros((HEIGHT, WIDTH), np.float32)
        if shift == 0.0:
            return field
        for upper_ids, lower_ids, iris_ids in _EYES:
            upper, lower = self._points[list(upper_ids)], self._points[list(lower_ids)]
            left, right = upper[:, 0].min() - 1, upper[:, 0].max() + 1
            iris = self._points[list(iris_ids)]
            centre, radius = iris[0, 0], np.ptp(iris[1:, 0]) / 2
            edges = np.array([centre - radius, centre + radius])
            moved = edges + np.clip(shift, left + 1.5 - edges[0], right - 1.5 - edges[1])
            columns = np.arange(int(left), int(right) + 2)
            source = np.interp(columns, [left, *moved, right], [left, *edges, right])
            rows = self._rows[:, :1]
            outside = np.maximum(upper[:, 1].min() - 3 - rows, rows - lower[:, 1].max() - 3)
            weight = 1 - np.clip(outside / 7, 0, 1)
            field[:, columns] += weight * (columns - source)
        return field

    def _lid_field(self, eye: tuple[tuple[int, ...], ...], closed: float) -> Field:
        """Vertical displacement that draws the upper lid over the eye."""
        upper, lower = self._points[list(eye[0])], self._points[list(eye[1])]
        field = np.zeros((HEIGHT, WIDTH), np.float32)
        for column in range(int(upper[:, 0].min()) + 1, int(upper[:, 0].max())):
            top = float(np.interp(column, upper[:, 0], upper[:, 1]))
            bottom = max(float(np.interp(column, lower[:, 0], lower[:, 1])), top + 0.5)
            lid = top + closed * (bottom + 2.5 - top)
            rows = np.arange(int(top) - 12, int(bottom) + 7)
            source = np.interp(
                # The lashes keep their height; only the bare skin above them is drawn out, and
                # the eye itself vanishes within a pixel.
                rows,
                [rows[0], lid - 5, lid, lid + 0.7, bottom + 6],
                [
                    rows[0],
                    top - 5,
                    top,
                    top + (1 - closed) * 0.7 + closed * (bottom + 2 - top),
                    bottom + 6,
                ],
            )
            field[rows, column] = rows - source
        return cv2.GaussianBlur(field, (9, 1), 1.5).astype(np.float32)


def _plateau(time: float, start: float, end: float, ramp_s: float) -> float:
    """0 outside, 1 inside, one half at start and end."""
    inside = min(time - start, end - time) / ramp_s + 0.5
    inside = min(max(inside, 0.0), 1.0)
    return inside * inside * (3 - 2 * inside)


def _blinks(script: Script, duration_s: float) -> list[float]:
    """Starts of the blinks: every 2.5 to 6 s, none near a look aside."""
    random = np.random.default_rng(script.seed)
    starts: list[float] = []
    time = 1.5
    while time < duration_s - 1:
        if all(time + BLINK_S < a.start - 0.4 or time > a.end + 0.4 for a in script.away):
            starts.append(round(time * FPS) / FPS)
        time += float(random.uniform(2.5, 6.0))
    return starts


def _landmarks(portrait: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Face landmarks of the portrait, x and y in its pixels."""
    solutions: Any = getattr(mp, "solutions")  # noqa: B009  (mediapipe has no types)
    with solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as mesh:
        found = mesh.process(cv2.resize(portrait, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))
    size = portrait.shape[0]
    return np.array([[p.x * size, p.y * size] for p in found.multi_face_landmarks[0].landmark])


def _cut_out(portrait: NDArray[np.uint8]) -> Field:
    """Opacity of the person, 0 to 1."""
    solutions: Any = getattr(mp, "solutions")  # noqa: B009
    with solutions.selfie_segmentation.SelfieSegmentation(model_selection=0) as model:
        mask = model.process(cv2.resize(portrait, None, fx=2, fy=2)).segmentation_mask
    mask = cv2.resize(mask, portrait.shape[1::-1], interpolation=cv2.INTER_AREA)
    solid = cv2.morphologyEx((mask > 0.6).astype(np.uint8), cv2.MORPH_OPEN, np.ones((9, 9)))
    solid = cv2.erode(solid, np.ones((5, 5)))
    solid[: ROCKET[0], ROCKET[1] :] = 0
    return cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 1.3).astype(np.float32)


def _background(seed: int) -> Field:
    """A plain wall, lighter in the middle, with a grain that keeps it free of bands."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    away = np.hypot((columns - WIDTH / 2) / WIDTH, (rows - HEIGHT * 0.4) / WIDTH)
    light = (1 - 0.35 * away)[..., None]
    grain = np.random.default_rng(seed).normal(0, 0.7, (HEIGHT, WIDTH, 1))
    return (np.array([196.0, 190.0, 182.0]) * light + grain).astype(np.float32)
