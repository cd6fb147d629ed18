"""Two-point gaze calibration: some seconds of looking at the lens, some at the screen's middle.

The vertical axis is the weak one: people who look at the lens read 14.2 ± 3.5 degrees (12 people),
one who looked at the screen 8.6, so without knowing the person the two can't be told apart. Within
a person the scatter is 0.7 to 2.3 degrees (our measurements). The boundary between the two points
is the person's own.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.errors import CalibrationRefused
from analysis.gaze_frames import Calibration, usable_gaze
from analysis.head_pose import measure_head_pose
from analysis.landmarks import LandmarkOptions, Landmarks, detect_landmarks
from analysis.media import probe_media, read_frames
from analysis.raw_gaze import measure_raw_gaze
from analysis.sight_options import GAZE, GazeOptions
from analysis.timeline import Segment

RATE_HZ = 15.0
"""frames per s looked at: of 3 s enough for `GazeOptions.baseline_frames`, blinks left out"""
SETTLE_S = 0.5
"""at the beginning of each point left out: the eyes have yet to get there; our judgement (a glance
takes 0.2 s, to notice the signal about 0.3 s)"""
LEAST_SCATTERS = 2.5
"""the points must be this many scatters (1.48 times the median absolute deviation) apart; our
judgement"""


def calibrate_file(path: Path, lens: Segment, screen: Segment) -> Calibration:
    """Calibrate from a recording.

    Parameters
    ----------
    path : a file with a video stream.
    lens, screen : when the person was asked to look there, s.

    Raises
    ------
    CalibrationRefused
        It can't be relied on; the message says why and what to do.
    MediaUnreadable
        The file can't be decoded.
    """
    probe = probe_media(path)
    last = max(lens.end, screen.end)
    frames = read_frames(path, rate_hz=RATE_HZ, origin_s=probe.origin_s)
    wanted = itertools.takewhile(lambda each: each[0] < last, frames)
    landmarks = detect_landmarks(wanted, options=LandmarkOptions(pose_every=10_000))
    return calibrate(landmarks, lens, screen)


def calibrate(
    landmarks: Landmarks, lens: Segment, screen: Segment, *, options: GazeOptions | None = None
) -> Calibration:
    """Calibrate from landmarks.

    Parameters
    ----------
    landmarks : of both points.
    lens, screen : when the person was asked to look there, s.
    options : thresholds.

    Raises
    ------
    CalibrationRefused
        It can't be relied on; the message says why and what to do.
    """
    options = options or GAZE
    head = measure_head_pose(landmarks)
    raw = measure_raw_gaze(landmarks, head, options=options)
    usable = usable_gaze(raw, head, options=options)
    gaze = np.column_stack([raw.yaw_deg, raw.pitch_deg])
    times = landmarks.face.times
    at_lens = _steady(gaze, usable, times, lens, "the lens", options)
    at_screen = _steady(gaze, usable, times, screen, "the middle of the screen", options)
    lens_deg, screen_deg = np.median(at_lens, axis=0), np.median(at_screen, axis=0)
    off = np.abs(lens_deg - (options.typical_bias_yaw_deg, options.typical_bias_pitch_deg))
    if np.any(off > (options.bias_limit_yaw_deg, options.bias_limit_pitch_deg)):
        raise CalibrationRefused(
            "your eyes did not seem to be on the lens: look straight into the camera's lens, with"
            " the camera in front of you, and calibrate again"
        )
    apart = screen_deg - lens_deg
    distance = float(np.hypot(*apart))
    way = apart / max(distance, 1e-6)
    scatter = max(_scatter((at_lens - lens_deg) @ way), _scatter((at_screen - screen_deg) @ way))
    if distance < LEAST_SCATTERS * max(scatter, 1e-3):
        raise CalibrationRefused(
            f"lens and screen can't be told apart ({distance:.1f} degrees between them, with a"
            f" scatter of {scatter:.1f}): sit closer to the screen, with light on your eyes, and"
            " calibrate again"
        )
    return Calibration(
        lens_yaw_deg=float(lens_deg[0]),
        lens_pitch_deg=float(lens_deg[1]),
        screen_yaw_deg=float(screen_deg[0]),
        screen_pitch_deg=float(screen_deg[1]),
    )


def _steady(
    gaze: NDArray[np.float64],
    usable: NDArray[np.bool_],
    times: NDArray[np.float64],
    span: Segment,
    place: str,
    options: GazeOptions,
) -> NDArray[np.float64]:
    """Return the usable gaze of a point, shape (n, 2), if it can be relied on."""
    inside = (times >= span.start + SETTLE_S) & (times < span.end)
    seen = gaze[inside & usable]
    coverage = len(seen) / max(1, int(inside.sum()))
    if coverage < options.least_coverage_ratio or len(seen) < options.baseline_frames:
        raise CalibrationRefused(
            f"while you looked at {place}, face and open eyes were seen in only {len(seen)} of"
            f" {int(inside.sum())} frames: sit in the middle of the picture, with light on your"
            " face, and calibrate again"
        )
    spread = np.median(np.abs(seen - np.median(seen, axis=0)), axis=0)
    if np.any(spread >= options.baseline_spread_deg):
        raise CalibrationRefused(
            f"while you looked at {place}, your eyes moved too much ({spread.max():.1f} degrees):"
            " rest them on the one point, and calibrate again"
        )
    return seen


def _scatter(values: NDArray[np.float64]) -> float:
    return 1.48 * float(np.median(np.abs(values - np.median(values))))
