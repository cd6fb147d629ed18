"""What the product says about a rendered person, frame by frame, beside what is true.

Everything is judged through the product's own functions, with each of its three ways to know
where the lens is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.errors import CalibrationRefused
from analysis.gaze import measure_gaze
from analysis.gaze_calibration import RATE_HZ as CALIBRATION_RATE_HZ
from analysis.gaze_calibration import calibrate
from analysis.gaze_frames import Calibration, FrameGaze, judge_frames
from analysis.landmarks import Landmarks
from analysis.results import Caution, GazeMetrics
from analysis.sight_stage import FACES_PER_S
from analysis.timeline import Segment
from tests.benchmarks.vision_clips import PeopleClip, Truth, calibration_clip
from tests.benchmarks.vision_landmarks import LandmarkStore, Sampling, joined, part

BoolArray = NDArray[np.bool_]

TWO_POINT, ONE_POINT, NONE = "two-point", "one-point", "none"
MODES = (TWO_POINT, ONE_POINT, NONE)
CLOSED, OPEN = 0.8, 0.2
"""share of the way that the lids have gone from which eyes are truly closed, up to which they are
truly open; between them it is neither; our judgement"""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A clip as the product sees it; arrays of shape (n,), one value per frame that was looked at.

    The frames of looking at the lens that were put in front (mode "none") are not in it.
    """

    clip: PeopleClip
    mode: str
    truth: Truth
    yaw_deg: NDArray[np.float64]
    pitch_deg: NDArray[np.float64]
    face: BoolArray
    usable: BoolArray
    closed: BoolArray
    contact: BoolArray

    @property
    def judged(self) -> BoolArray:
        """Whether the product says contact or not: a usable face with open eyes."""
        return self.usable & ~self.closed & np.isfinite(self.yaw_deg)

    @property
    def truly_open(self) -> BoolArray:
        """Whether the eyes are open."""
        return self.truth.eyes_closed <= OPEN

    @property
    def truly_closed(self) -> BoolArray:
        """Whether the eyes are closed."""
        return self.truth.eyes_closed >= CLOSED


class Judge:
    """Judges clips; knows the calibrations of a folder of clips."""

    def __init__(self, store: LandmarkStore, clips: Sequence[PeopleClip]) -> None:
        self.store = store
        self._clips = clips
        self.refusals: dict[str, str] = {}
        """name of a calibration clip to why the product refused it"""

    def frames(
        self, clip: PeopleClip, mode: str, *, rate_hz: float = FACES_PER_S, late_frames: int = 0
    ) -> Judged | None:
        """Judge the gaze of each frame; None = there is no calibration, or it was refused."""
        landmarks = self.store.find(clip.path, Sampling(rate_hz, late_frames=late_frames))
        prepared = self._prepared(clip, landmarks, mode, rate_hz)
        if prepared is None:
            return None
        whole, calibration = prepared
        found = judge_frames(whole, calibration=calibration)
        return _judged(clip, mode, found, landmarks)

    def metrics(
        self, clip: PeopleClip, mode: str, *, rate_hz: float = FACES_PER_S
    ) -> tuple[GazeMetrics, tuple[Caution, ...]] | None:
        """Measure the gaze of a clip as the product reports it.

        In mode "none" seconds of looking at the lens are put in front, except of answers, which
        have their own; times of such a clip are not those of the clip.
        """
        landmarks = self.store.find(clip.path, Sampling(rate_hz))
        prepared = self._prepared(clip, landmarks, mode, rate_hz)
        if prepared is None:
            return None
        whole, calibration = prepared
        return measure_gaze(whole, calibration=calibration)

    def calibration(self, clip: PeopleClip, mode: str) -> Calibration | None:
        """Return what the product makes of the person's calibration; None = it refused."""
        source = calibration_clip(self._clips, clip)
        if source is None or source.name in self.refusals:
            return None
        landmarks = self.store.find(source.path, Sampling(CALIBRATION_RATE_HZ))
        try:
            found = calibrate(landmarks, _told(source, "lens"), _told(source, "screen"))
        except CalibrationRefused as exc:
            self.refusals[source.name] = str(exc)
            return None
        if mode == ONE_POINT:
            return replace(found, screen_yaw_deg=None, screen_pitch_deg=None)
        return found

    def _prepared(
        self, clip: PeopleClip, landmarks: Landmarks, mode: str, rate_hz: float
    ) -> tuple[Landmarks, Calibration | None] | None:
        if mode != NONE:
            calibration = self.calibration(clip, mode)
            return None if calibration is None else (landmarks, calibration)
        if clip.kind == "answer":
            return landmarks, None
        source = calibration_clip(self._clips, clip)
        if source is None:
            return None
        lens = _told(source, "lens")
        seconds = self.store.find(source.path, Sampling(CALIBRATION_RATE_HZ))
        # Three seconds hold fewer frames than the product asks for at this rate: play them slower.
        seconds = part(seconds, lens.start, lens.end, step_s=1 / rate_hz)
        if seconds.frame_size_px != landmarks.frame_size_px:
            return None
        return joined(seconds, landmarks, gap_s=1 / rate_hz), None


def _told(clip: PeopleClip, label: str) -> Segment:
    spans = [span for told, span in clip.truth.spans() if told == label]
    if not spans:
        raise ValueError(f"{clip.name} has no frames with the label {label!r}")
    return Segment(spans[0].start, spans[-1].end)


def _judged(clip: PeopleClip, mode: str, found: FrameGaze, landmarks: Landmarks) -> Judged:
    count = len(landmarks.face.times)
    own = slice(len(found.times) - count, None)
    return Judged(
        clip=clip,
        mode=mode,
        truth=clip.truth.at(landmarks.face.times),
        yaw_deg=np.asarray(found.yaw_deg[own], dtype=np.float64),
        pitch_deg=np.asarray(found.pitch_deg[own], dtype=np.float64),
        face=found.face[own],
        usable=found.usable[own],
        closed=found.closed[own],
        contact=found.contact[own],
    )
