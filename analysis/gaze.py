"""Face landmarks to eye contact and looks away.

Eye contact is an *estimate* from head pose and the place of the irises, against the person's own
baseline. What it can do was measured on rendered people with exact angles and on a few real clips
labelled by eye (``tests/benchmarks/vision.py``); the vertical axis is the weaker one. It means
"towards the camera" and no more.

Angles: yaw + = to the person's left (right in the picture), pitch + = up, roll + = towards the
person's left shoulder.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from analysis.gaze_frames import Calibration, FrameGaze, judge_frames
from analysis.head_pose import HeadPose, measure_head_pose
from analysis.landmarks import NO_FACE, Landmarks, picture_cautions
from analysis.looks import describe_looks, find_places
from analysis.person import CHIN, FACE_COLUMN
from analysis.results import Caution, GazeMetrics
from analysis.sight_options import GAZE, GazeOptions
from analysis.timeline import Segment, Segments, Track, intersect, segments_where

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


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
    options = options or GAZE
    head = head or measure_head_pose(landmarks)
    seen = judge_frames(landmarks, head=head, calibration=calibration, options=options)
    times, how = seen.times, seen.how
    coverage = float(np.mean(seen.usable)) if len(times) else math.nan
    elsewhere = np.isfinite(seen.yaw_deg) & ~seen.contact
    away = _held(seen, elsewhere | _blinks_within(seen, elsewhere, options.blink_s))
    away = _at_least(away, options.shortest_away_s)
    counted = seen.contact | (elsewhere & _inside(times, away))
    if seen.baseline is not None:
        counted[seen.baseline] = False
    reason = _why_not(seen, coverage, int(counted.sum()), options)
    reason = reason or _too_poor(landmarks, options)
    ratio = low = high = math.nan
    looks, places = (), ()
    if reason is None:
        contact = seen.contact[counted]
        unsure = seen.unsure[counted]
        ratio = float(np.mean(contact))
        low, high = float(np.mean(contact & ~unsure)), float(np.mean(contact | unsure))
        screen = calibration and calibration.screen_offset_deg
        looks, places = find_places(
            describe_looks(times, seen.yaw_deg, seen.pitch_deg, away), screen, options=options
        )
    else:
        # What is withheld as a share must not come back as a list of moments.
        away, how = (), "none"
    ahead = head.pitch.values - _own(head.pitch.values, seen, options)
    metrics = GazeMetrics(
        coverage_ratio=coverage,
        eye_contact_ratio=ratio,
        away=away,
        yaw=head.yaw,
        pitch=Track(times, ahead.astype(np.float32), "deg"),
        gaze_yaw=Track(times, seen.yaw_deg.astype(np.float32), "deg"),
        gaze_pitch=Track(times, seen.pitch_deg.astype(np.float32), "deg"),
        closed_ratio=float(np.mean(seen.closed[seen.face])) if seen.face.any() else math.nan,
        calibration=how,
        eye_contact_low_ratio=low,
        eye_contact_high_ratio=high,
        looks=looks,
        places=places,
        anchors=seen.anchors if reason is None else (),
        unseen=_at_least(_held(seen, ~seen.usable), options.shortest_unseen_s),
    )
    return metrics, _cautions(landmarks, reason, how, options)


def _blinks_within(seen: FrameGaze, elsewhere: BoolArray, longest_s: float) -> BoolArray:
    """Whether the eyes are closed for a moment in the middle of a look elsewhere."""
    found = np.zeros(len(seen.times), dtype=bool)
    known = np.flatnonzero(~seen.narrow)
    for before, after in itertools.pairwise(known):
        # Counted from the middle of one sample to the middle of the next.
        shut_s = seen.times[after] - seen.times[before] - seen.step_s
        if elsewhere[before] and elsewhere[after] and shut_s <= longest_s + 1e-6:
            found[before + 1 : after] = True
    return found


def _held(seen: FrameGaze, mask: BoolArray) -> Segments:
    """Return when `mask` holds."""
    # Frames come a little unevenly; a sample does not hold into a hole, nor beyond the last one.
    found = segments_where(seen.times, mask, max_step_s=1.4 * seen.step_s)
    if not found:
        return ()
    watched = Segment(float(seen.times[0]), float(seen.times[-1]) + seen.step_s)
    return intersect(found, (watched,))


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
    seen: FrameGaze,
    options: GazeOptions,
) -> float:
    """Return the person's own usual value: in the baseline, else in the first frames."""
    frames = seen.baseline
    if frames is None:
        frames = np.flatnonzero(seen.face)[: options.baseline_frames]
    return float(np.median(values[frames])) if len(frames) else math.nan


def _why_not(
    seen: FrameGaze, coverage: float, counted: int, options: GazeOptions
) -> Caution | None:
    """Return why eye contact is withheld; None = it is not."""
    if not seen.face.any():
        return NO_FACE
    if coverage < options.least_coverage_ratio:
        if np.mean(seen.face) >= options.least_coverage_ratio:
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
    if seen.judged.sum() < options.baseline_frames or (seen.how != "none" and not counted):
        return Caution(
            "gaze-too-short",
            "The face with open eyes is in the picture for too short a time to measure eye"
            " contact: record at least ten seconds.",
        )
    if seen.how == "none":
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
    small = _face_size_ratio(landmarks)
    if options.tiny_face_ratio <= small < options.small_face_ratio:
        cautions.append(
            Caution(
                "face-small",
                f"The face fills only {small:.0%} of the picture, so gaze is imprecise: come"
                " closer to the camera (50 to 80 cm).",
            )
        )
    if options.too_dark_face_luma <= _face_luma(landmarks) < options.dark_face_luma:
        cautions.append(
            Caution(
                "face-dark",
                "The face is dark, so gaze is imprecise: put a light in front of you, not behind.",
            )
        )
    return tuple(cautions)


def _too_poor(landmarks: Landmarks, options: GazeOptions) -> Caution | None:
    """Return why nothing is claimed of so small or so dark a face; None = it is good enough."""
    small = _face_size_ratio(landmarks)
    if small < options.tiny_face_ratio:
        return Caution(
            "face-too-small",
            f"The face fills only {small:.0%} of the picture: too far away to see where the eyes"
            " look, so eye contact is not given. Come closer to the camera (50 to 80 cm).",
        )
    if _face_luma(landmarks) < options.too_dark_face_luma:
        return Caution(
            "face-too-dark",
            "The face is too dark to see where the eyes look, so eye contact is not given: put a"
            " light in front of you, not behind.",
        )
    return None


def _face_size_ratio(landmarks: Landmarks) -> float:
    """Return the usual height of the face, by the frame's shorter side."""
    top, chin = (landmarks.face.values[:, FACE_COLUMN[point], :2] for point in (10, CHIN))
    height = float(np.nanmedian(np.linalg.norm(chin - top, axis=-1)))
    return height / max(1, min(landmarks.frame_size_px))


def _face_luma(landmarks: Landmarks) -> float:
    return float(np.nanmedian(landmarks.face_luma.values))
