"""Frames to landmarks of the face and the upper body: the only door to MediaPipe.

MediaPipe 0.10.21 (the "solutions" interface: its models lie inside the wheel and nothing is
sent). Frames are streamed and never kept, apart from the few that are needed to find out which
way up the picture is. Of each face only the points that head pose, gaze and lids need are kept,
so that an hour of video costs some megabytes.

Everyone in the picture is found first; who the candidate is gets decided at the end, from all
frames (`follow_person`): a decision by the first frame could fall on a passer-by.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.person import (
    FACE_COLUMN,
    FACE_IDS,
    distinct_faces,
    face_box,
    follow_person,
)
from analysis.results import Caution
from analysis.timeline import Segments, Track
from analysis.upright import Frame, UprightOptions, is_turned, turned_stretches, upright_frames

POSE_IDS = (0, 7, 8, 11, 12)
NOSE, LEFT_EAR, RIGHT_EAR, LEFT_SHOULDER, RIGHT_SHOULDER = range(5)
"""columns of `Landmarks.pose`; left and right are the person's own"""

# A cut-out of three face heights leaves the mesh's detector enough around the face; our judgement.
_CUT_SIDES = 3.0

_LOG_NOISE = re.compile(
    rb"[IW]0000 |INFO: Created TensorFlow Lite|WARNING: All log messages before absl"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LandmarkOptions:
    """How faces and bodies are looked for."""

    pose_every: int = 3
    """body on every n-th frame; 5/3 = 1.7 per s is enough for things that last 5 s, and a body
    costs 3 to 5 times a face (our measurements)"""
    most_faces: int = 3
    """faces looked for in a frame; measured on d02: 5.7 ms a frame for 1, 7 ms for 2 or 3"""
    face_score: float = 0.5
    """score above which the long-range detector is sure of a face; MediaPipe's own default"""
    upright: UprightOptions = field(default_factory=UprightOptions)
    """when a picture counts as upright"""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Where the candidate's face and shoulders are, frame by frame."""

    face: Track
    """px, shape (frames, len(FACE_IDS), 3): x to the right, y down, z (relative, towards the
    camera negative, about the scale of x); NaN = the candidate's face is not there"""
    pose: Track
    """shape (every n-th frame, 5, 3): x px, y px, visibility 0..1; NaN = no body, or somebody
    else's"""
    face_count: Track
    """number of faces in the frame, the candidate's included, shape (frames,)"""
    face_luma: Track
    """mean luma 0..255 inside the face's box, shape (frames,)"""
    frame_size_px: tuple[int, int]
    """width, height after `rotation_deg`; (0, 0) without frames"""
    rotation_deg: int = field(default=0)
    """how far the frames had to be turned counter-clockwise to be upright"""
    turned: Segments = field(default=())
    """when the picture lay on its side or stood on its head (a phone that was turned while it
    recorded), s; nothing is measured there"""

    @property
    def has_face(self) -> bool:
        """Whether the candidate's face is in any frame."""
        return bool(np.isfinite(self.face.values).any())

    @property
    def several_faces_ratio(self) -> float:
        """Share of the frames with more than one face, 0..1; NaN without frames."""
        counts = self.face_count.values
        return float(np.mean(counts > 1)) if len(counts) else float("nan")


NO_FACE = Caution(
    "no-face",
    "No face was found in the picture, so eye contact and posture are not measurable: sit in"
    " front of the camera with light on your face, and check the picture before you start.",
)


def detect_landmarks(
    frames: Iterable[tuple[float, Frame]],
    *,
    options: LandmarkOptions | None = None,
    progress: Callable[[float], None] | None = None,
) -> Landmarks:
    """Find the candidate's face in every frame and the upper body in every n-th.

    A sideways or upside-down picture (a phone's video that lost its rotation tag) is noticed and
    turned: the face mesh happily fits an upright face onto a sideways one, so this can't be left
    to "no face found".

    Parameters
    ----------
    frames : (time in s, RGB frame) with increasing times, all frames of one size; about 5 per s
        and 640 px on the longer side are enough.
    options : see `LandmarkOptions`.
    progress : called with the time in s of each frame that is done.

    Raises
    ------
    ValueError
        Times do not increase, or a frame has another size than those before.
    """
    options = options or LandmarkOptions()
    times: list[float] = []
    faces: list[NDArray[np.float32]] = []
    lumas: list[NDArray[np.float32]] = []
    bodies: list[tuple[int, NDArray[np.float32]]] = []
    checks: list[tuple[int, bool]] = []
    counts: list[int] = []
    size, rotation, seen_people, far_faces = (0, 0), 0, True, 0
    with _Detectors(options) as detectors:
        for time, frame, turned in upright_frames(frames, detectors.face_score, options.upright):
            if times and time <= times[-1]:
                raise ValueError(f"frame times must increase, got {time} after {times[-1]}")
            shown = (frame.shape[1], frame.shape[0])
            if turned != rotation:
                # What was seen before was seen the wrong way up.
                faces, lumas = [_NO_FACES] * len(times), [_NO_LUMA] * len(times)
                bodies = [(index, _NO_BODY) for index, _ in bodies]
                size, rotation, checks, counts = shown, turned, [], [0] * len(times)
            elif times and shown != size:
                raise ValueError(f"frames must be of one size, got {shown} after {size}")
            size = shown
            if not checks or time - times[checks[-1][0]] >= options.upright.turn_check_s:
                turned_now = is_turned(frame, detectors.face_score, options.upright)
                if checks and checks[-1][1] and not turned_now:
                    detectors.forget()
                checks.append((len(times), turned_now))
                before, far_faces = far_faces, detectors.count_faces(frame)
                if before > 1 >= far_faces:
                    detectors.forget_body()
            found = detectors.people(frame)
            if len(found) and not seen_people:
                detectors.forget_body()
            seen_people = bool(len(found))
            if len(times) % options.pose_every == 0:
                bodies.append((len(times), detectors.body(frame)))
            times.append(time)
            faces.append(found)
            counts.append(max(len(found), far_faces))
            lumas.append(np.array([_luma(frame, face) for face in found], dtype=np.float32))
            if progress is not None:
                progress(time)
    seen_at = np.array(times, dtype=np.float64)
    wrong_way = turned_stretches(seen_at, checks)
    for index in np.flatnonzero(_within(seen_at, wrong_way)):
        faces[index], lumas[index] = _NO_FACES, _NO_LUMA
    bodies = [
        (index, _NO_BODY if _within(seen_at[index], wrong_way).any() else body)
        for index, body in bodies
    ]
    found = _assemble(seen_at, faces, counts, lumas, bodies, size, rotation)
    return replace(found, turned=wrong_way)


def segment_person(frames: Iterable[Frame]) -> Iterator[NDArray[np.float32]]:
    """Yield for each frame where people are: 0 (background) to 1, shape (height, width).

    It needs no face: shoulders and hair belong to it too. Unsure in the dark and in heavily
    compressed pictures.
    """
    with _Detectors(LandmarkOptions()) as detectors:
        for frame in frames:
            yield detectors.person(frame)


def picture_cautions(landmarks: Landmarks) -> tuple[Caution, ...]:
    """Return what to know about the picture as a whole: turned, or several people."""
    cautions = []
    if landmarks.rotation_deg:
        cautions.append(
            Caution(
                "picture-rotated",
                f"The picture was not upright and was turned by {landmarks.rotation_deg} degrees"
                " before it was measured.",
            )
        )
    if landmarks.turned:
        when = " and ".join(f"{s.start:.0f} to {s.end:.0f} s" for s in landmarks.turned)
        cautions.append(
            Caution(
                "picture-turned",
                f"The picture was turned on its side or head from {when}: nothing of it was"
                " measured there. Keep the camera as it is while you record.",
            )
        )
    if landmarks.several_faces_ratio > SEVERAL_FACES_RATIO:
        cautions.append(
            Caution(
                "several-faces",
                f"More than one face is in the picture in {landmarks.several_faces_ratio:.0%} of"
                " the frames; the larger, more central person was measured.",
            )
        )
    return tuple(cautions)


SEVERAL_FACES_RATIO = 0.05
"""share of frames above which a second face is a second person; our judgement (in d07 clutter
still passes for a face in 2 % of the frames)"""

_NO_FACES = np.empty((0, len(FACE_IDS), 3), dtype=np.float32)
_NO_LUMA = np.empty(0, dtype=np.float32)
_NO_BODY = np.full((len(POSE_IDS), 3), np.nan, dtype=np.float32)


class _Detectors:
    """MediaPipe's solutions, started when first needed, quiet, closed together."""

    def __init__(self, options: LandmarkOptions) -> None:
        self._options = options
        self._solutions: dict[str, Any] = {}
        self._settled: set[str] = set()
        self._cut = (0, 0, 0)

    def __enter__(self) -> _Detectors:
        return self

    def __exit__(self, *_: object) -> None:
        for solution in self._solutions.values():
            solution.close()

    def people(self, frame: Frame) -> NDArray[np.float32]:
        """Return all faces, shape (m, len(FACE_IDS), 3), px.

        The mesh's own detector is a short-range one: it misses faces below about an eighth of
        the frame and takes clutter for a second face (d07: a fifth of the frames). Where it does
        not find exactly one face, the long-range detector has the last word.
        """
        found = distinct_faces(self._mesh("face_mesh", frame))
        if len(found) == 1:
            return found
        seen = self._detections(frame)
        if not len(found):
            return self._near(frame, max(seen, key=lambda box: box[2])) if seen else _NO_FACES
        real = [
            any(np.hypot(x - box[0], y - box[1]) < max(height, box[2]) / 2 for box in seen)
            for x, y, height in map(face_box, found)
        ]
        return found[real] if any(real) else found[:1]

    def _near(self, frame: Frame, box: tuple[float, float, float]) -> NDArray[np.float32]:
        """Return the face that the mesh finds in a cut-out around `box`."""
        x, y, side = box
        left, top, size = self._cut
        # The cut-out stays where it is while the face is well inside: the mesh follows a face
        # from frame to frame and must not see the picture jump.
        inside = abs(x - left - size / 2) < size / 6 and abs(y - top - size / 2) < size / 6
        if not inside or not 2 < size / side < 5:
            size = int(_CUT_SIDES * side)
            left, top = max(0, int(x - size / 2)), max(0, int(y - size / 2))
            self._cut = (left, top, size)
        cut = np.ascontiguousarray(frame[top : top + size, left : left + size])
        found = self._mesh("near_mesh", cut)[:1]
        return found + np.array([left, top, 0], dtype=np.float32)

    def _mesh(self, name: str, frame: Frame) -> NDArray[np.float32]:
        found = self._process(name, frame).multi_face_landmarks or ()
        if not found:
            return _NO_FACES
        scale = np.array([frame.shape[1], frame.shape[0], frame.shape[1]], dtype=np.float32)
        points = [[face.landmark[i] for i in FACE_IDS] for face in found]
        return np.array([[(p.x, p.y, p.z) for p in face] for face in points], np.float32) * scale

    def body(self, frame: Frame) -> NDArray[np.float32]:
        """Return the upper body, shape (5, 3): x px, y px, visibility; NaN where there is none."""
        found = self._process("pose", frame).pose_landmarks
        if found is None:
            return _NO_BODY
        scale = np.array([frame.shape[1], frame.shape[0], 1], dtype=np.float32)
        points = [found.landmark[i] for i in POSE_IDS]
        return np.array([(p.x, p.y, p.visibility) for p in points], np.float32) * scale

    def person(self, frame: Frame) -> NDArray[np.float32]:
        """Return where people are, 0..1, shape (height, width)."""
        return self._process("person", frame).segmentation_mask

    def face_score(self, frame: Frame) -> float:
        """Return the detector's best score for an upright face, 0..1."""
        found = self._process("face_detection", frame).detections or ()
        return max((float(face.score[0]) for face in found), default=0.0)

    def forget(self) -> None:
        """Look for everything anew: what is followed from frame to frame was led astray."""
        for name in ("face_mesh", "near_mesh", "pose"):
            if name in self._solutions:
                self._solutions[name].reset()

    def forget_body(self) -> None:
        """Look for the body anew; it would be looked for where the last one was lost."""
        if "pose" in self._solutions:
            self._solutions["pose"].reset()

    def count_faces(self, frame: Frame) -> int:
        """Return how many faces the long-range detector is sure of: the mesh misses far ones."""
        return len(self._detections(frame))

    def _detections(self, frame: Frame) -> list[tuple[float, float, float]]:
        """Return middle x, middle y and height of the faces that the detector is sure of, px."""
        height, width = frame.shape[:2]
        found = self._process("face_detection", frame).detections or ()
        boxes = [
            face.location_data.relative_bounding_box
            for face in found
            if face.score[0] >= self._options.face_score
        ]
        return [
            (width * (b.xmin + b.width / 2), height * (b.ymin + b.height / 2), height * b.height)
            for b in boxes
            if b.height > 0
        ]

    def _process(self, name: str, frame: Frame):
        if name in self._settled:
            return self._solutions[name].process(frame)
        # MediaPipe's C++ side writes to stderr when a graph starts, and once more when it finds
        # something for the first time; no setting of it helps.
        with _quiet_stderr():
            solution = self._solutions.get(name) or self._start(name)
            result = solution.process(frame)
        if any(_is_something(getattr(result, found)) for found in result._fields):
            self._settled.add(name)
        return result

    def _start(self, name: str):
        warnings.filterwarnings("ignore", message=".*SymbolDatabase.GetPrototype.*")
        from mediapipe.python.solutions import face_detection, face_mesh, pose, selfie_segmentation

        solution = {
            "face_mesh": lambda: face_mesh.FaceMesh(
                refine_landmarks=True, max_num_faces=self._options.most_faces
            ),
            "near_mesh": lambda: face_mesh.FaceMesh(refine_landmarks=True, max_num_faces=1),
            # Its own smoothing believes in 30 frames a second and would blur seconds.
            "pose": lambda: pose.Pose(model_complexity=1, smooth_landmarks=False),
            # Model 1: the long-range one tells upright from sideways, the short-range one does
            # not (scores .57-.92 in the wrong rotations).
            "face_detection": lambda: face_detection.FaceDetection(
                model_selection=1, min_detection_confidence=0.3
            ),
            # Model 0: the square one; the other is for landscape pictures only.
            "person": lambda: selfie_segmentation.SelfieSegmentation(model_selection=0),
        }[name]()
        self._solutions[name] = solution
        return solution


def _is_something(found: Any) -> bool:
    """Whether a field of a result holds anything; masks are arrays, which have no truth."""
    return found is not None and (isinstance(found, np.ndarray) or bool(found))


def _within(times: NDArray[np.float64] | np.float64, segments: Segments) -> NDArray[np.bool_]:
    """Tell which times lie in a segment, its end included."""
    return np.any([(times >= s.start) & (times <= s.end) for s in segments], axis=0) & np.ones(
        np.shape(times), dtype=bool
    )


def _assemble(
    times: NDArray[np.float64],
    faces: list[NDArray[np.float32]],
    counts: list[int],
    lumas: list[NDArray[np.float32]],
    bodies: list[tuple[int, NDArray[np.float32]]],
    size: tuple[int, int],
    rotation: int,
) -> Landmarks:
    """Keep the candidate's face, and the body that belongs to it."""
    chosen = follow_person(times, faces, size)
    face = np.full((len(times), len(FACE_IDS), 3), np.nan, dtype=np.float32)
    luma = np.full(len(times), np.nan, dtype=np.float32)
    for index, which in enumerate(chosen):
        if which >= 0:
            face[index] = faces[index][which]
            luma[index] = lumas[index][which]
    at = [index for index, _ in bodies]
    body = np.array([points for _, points in bodies], dtype=np.float32).reshape(-1, 5, 3)
    for row, index in enumerate(at):
        # With somebody else in the picture the body found may be half theirs.
        if counts[index] > 1 or not _same_person(body[row], face[index], others=counts[index] > 0):
            body[row] = np.nan
    return Landmarks(
        face=Track(times, face, "px"),
        pose=Track(times[at], body, "px"),
        face_count=Track(times, np.array(counts, dtype=np.float32), "faces"),
        face_luma=Track(times, luma, "luma"),
        frame_size_px=size,
        rotation_deg=rotation,
    )


def _same_person(
    body: NDArray[np.float32], face: NDArray[np.float32], *, others: np.bool_ | bool
) -> bool:
    """Whether a body belongs to the candidate's face; `others`: somebody's face is there."""
    if np.isnan(face).any():
        return not others
    _, _, height = face_box(face)
    apart = np.hypot(*(body[NOSE, :2] - face[FACE_COLUMN[4], :2]))
    # Within a face height: the next head cannot be nearer; our judgement.
    return bool(apart <= height) or bool(np.isnan(apart))


def _luma(frame: Frame, face: NDArray[np.float32]) -> float:
    """Return the mean luma (BT.601) inside the face's box, 0..255; NaN outside the frame."""
    low = np.clip(face[:, :2].min(axis=0), 0, None).astype(int)
    high = face[:, :2].max(axis=0).astype(int) + 1
    # Every second pixel is plenty for a mean.
    box = frame[low[1] : high[1] : 2, low[0] : high[0] : 2]
    if not box.size:
        return float("nan")
    return float(box.reshape(-1, 3).mean(axis=0) @ np.array([0.299, 0.587, 0.114]))


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hold back what C++ writes to stderr; everything that is not known noise comes afterwards."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, AttributeError, ValueError):
        # No stderr at all (a windowed program): nothing to keep quiet.
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            rest = b"".join(line for line in held if not _LOG_NOISE.match(line))
            if rest:
                os.write(2, rest)
