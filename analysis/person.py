"""Who the candidate is, where several faces come and go.

The main person is decided at the end, from all frames: a decision by the first frame could fall
on a passer-by.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RIGID_IDS = (33, 133, 362, 263, 168, 6, 4, 129, 358, 10, 127, 356, 9, 54, 284, 234, 454)
"""Face mesh points that speech does not move: no chin, no mouth (our measurements)."""

IRIS_RIGHT, IRIS_LEFT = 468, 473
"""centres of the irises; right and left are the person's own"""

CHIN = 152

FACE_IDS = (*RIGID_IDS, IRIS_RIGHT, IRIS_LEFT, 159, 145, 386, 374, CHIN)
"""The points that are kept: rigid ones, irises, upper and lower lids, chin."""

FACE_COLUMN = {point: column for column, point in enumerate(FACE_IDS)}
"""face mesh id to column of `Landmarks.face`"""


def follow_person(
    times: NDArray[np.float64],
    faces: Sequence[NDArray[np.float32]],
    frame_size_px: tuple[int, int],
    *,
    link_heights: float = 1.5,
    link_size: float = 2.0,
    link_hole_s: float = 3.0,
) -> NDArray[np.intp]:
    """Decide in each frame which face is the candidate's.

    Faces that follow each other in place and size are linked. The candidate is the link with the
    most frames, larger and more central ones counting more. Other links are taken for the
    candidate too (who moved, or left and came back) if they never share a frame with the
    candidate and do not continue somebody else.

    Parameters
    ----------
    times : s, shape (n,).
    faces : per frame, shape (m, len(FACE_IDS), 3), px; m may be 0.
    frame_size_px : width, height.
    link_heights : a face may move this many face heights from one sample to the next; our
        judgement (a head crosses about its own height in 0.2 s at most).
    link_size : and change its size by this factor at most; our judgement.
    link_hole_s : a link outlives a hole of this length; our judgement.

    Returns
    -------
    index into each frame's faces, shape (n,); -1 = the candidate is not there.
    """
    links: list[_Link] = []
    recent: list[_Link] = []
    width, _ = frame_size_px
    for index, (time, found) in enumerate(zip(times, faces, strict=True)):
        recent = [link for link in recent if time - link.time <= link_hole_s]
        boxes = [face_box(face) for face in found]
        pairs = sorted(
            (link.distance(box), number, which)
            for number, link in enumerate(recent)
            for which, box in enumerate(boxes)
            if link.distance(box) <= link_heights
            and 1 / link_size <= box[2] / link.box[2] <= link_size
        )
        free_links, free_faces = set(range(len(recent))), set(range(len(boxes)))
        for _, number, which in pairs:
            if number in free_links and which in free_faces:
                free_links.remove(number)
                free_faces.remove(which)
                recent[number].add(index, which, time, boxes[which], _weight(boxes[which], width))
        for which in sorted(free_faces):
            link = _Link(boxes[which])
            link.add(index, which, time, boxes[which], _weight(boxes[which], width))
            links.append(link)
            recent.append(link)
    return _stitch(links, len(times))


def distinct_faces(faces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Drop a face that lies on a larger one (the mesh fitted twice)."""
    if len(faces) < 2:
        return faces
    boxes = [face_box(face) for face in faces]
    kept: list[int] = []
    for which in sorted(range(len(faces)), key=lambda each: -boxes[each][2]):
        x, y, _ = boxes[which]
        if all(np.hypot(x - boxes[k][0], y - boxes[k][1]) > boxes[k][2] / 2 for k in kept):
            kept.append(which)
    return faces[kept]


def face_box(face: NDArray[np.float32]) -> tuple[float, float, float]:
    """Return middle x, middle y and height of a face, px."""
    top, chin = face[FACE_COLUMN[10], :2], face[FACE_COLUMN[CHIN], :2]
    x, y = (top + chin) / 2
    return float(x), float(y), max(1.0, float(np.hypot(*(chin - top))))


def _apart(a: Sequence[float] | NDArray, b: Sequence[float] | NDArray) -> float:
    """Return the distance of two boxes in heights of the larger, a change of size included."""
    return float(np.hypot(a[0] - b[0], a[1] - b[1]) / max(a[2], b[2]) + abs(np.log(a[2] / b[2])))


class _Link:
    """One face through time."""

    def __init__(self, box: tuple[float, float, float]) -> None:
        self.box = box
        self.time = float("nan")
        self.weight = 0.0
        self.frames: list[int] = []
        self.which: list[int] = []
        self._boxes: list[tuple[float, float, float]] = []

    def distance(self, box: tuple[float, float, float]) -> float:
        """Return the way from the last place, in face heights."""
        return _apart(self.box, box)

    def add(
        self,
        frame: int,
        which: int,
        time: float,
        box: tuple[float, float, float],
        weight: float,
    ) -> None:
        self.box, self.time = box, time
        self.weight += weight
        self.frames.append(frame)
        self.which.append(which)
        self._boxes.append(box)

    @property
    def typical(self) -> NDArray[np.float64]:
        """Median x, y, height."""
        return np.median(np.array(self._boxes, dtype=np.float64), axis=0)


def _stitch(links: list[_Link], count: int) -> NDArray[np.intp]:
    """Join the links that are the candidate's."""
    chosen = np.full(count, -1, dtype=np.intp)
    others: list[NDArray[np.float64]] = []
    main: NDArray[np.float64] | None = None
    for link in sorted(links, key=lambda each: -each.weight):
        if np.any(chosen[link.frames] >= 0):
            # One or two shared frames are a false face, no second person; our judgement.
            if len(link.frames) > 2:
                others.append(link.typical)
            continue
        if main is None:
            main = link.typical
        elif others:
            place = link.typical
            nearest = min(_apart(other, place) for other in others)
            if nearest < _apart(main, place):
                continue
        chosen[link.frames] = link.which
    return chosen


def _weight(box: tuple[float, float, float], width: int) -> float:
    """Return how much a face counts: its height, less towards the sides of the picture."""
    off = min(1.0, abs(box[0] - width / 2) / (width / 2)) if width else 0.0
    return box[2] * (1 - 0.5 * off)
