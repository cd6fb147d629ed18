"""The picture of a take: frames, landmarks, then eye contact and posture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analysis.gaze import measure_gaze
from analysis.gaze_frames import Calibration
from analysis.head_pose import measure_head_pose
from analysis.landmarks import detect_landmarks, picture_cautions
from analysis.media import read_frames
from analysis.posture import measure_posture
from analysis.results import Caution, GazeMetrics, PostureMetrics
from analysis.sight_options import read_sight_options
from recorder.session import GazeCalibration

FACES_PER_S = 5.0
"""contact within 5 points of 10 per s on short clips (our measurements);
10 per s only buys timing"""


@dataclass(frozen=True, slots=True)
class SightResult:
    """What the picture of a take yields."""

    gaze: GazeMetrics
    posture: PostureMetrics
    cautions: tuple[Caution, ...]


def measure_sight(
    path: Path,
    *,
    origin_s: float,
    duration_s: float,
    calibration: GazeCalibration | None = None,
    overrides: Path | None = None,
    progress: Callable[[float], None],
) -> SightResult:
    """Measure everything that can be seen.

    Parameters
    ----------
    path : a file with a video stream.
    origin_s : container time of t = 0.
    duration_s : of the video, for the progress.
    calibration : the person's own, recorded before the answer.
    overrides : folder of the user's own files of data.
    progress : called with the share that is done, 0..1.
    """
    options = read_sight_options(overrides)
    total = max(duration_s, 1e-3)
    landmarks = detect_landmarks(
        read_frames(path, rate_hz=FACES_PER_S, origin_s=origin_s),
        progress=lambda t: progress(min(0.98, max(0.0, t) / total)),
    )
    head = measure_head_pose(landmarks)
    known = None
    if calibration is not None:
        known = Calibration(
            lens_yaw_deg=calibration.lens_yaw_deg,
            lens_pitch_deg=calibration.lens_pitch_deg,
            screen_yaw_deg=calibration.screen_yaw_deg,
            screen_pitch_deg=calibration.screen_pitch_deg,
        )
    gaze, of_gaze = measure_gaze(landmarks, head=head, calibration=known, options=options.gaze)
    posture, of_posture = measure_posture(landmarks, head, options=options.posture)
    progress(1.0)
    # Eyes and posture may have the same reason to be withheld: say it once.
    cautions = dict.fromkeys((*picture_cautions(landmarks), *of_gaze, *of_posture))
    return SightResult(gaze, posture, tuple(cautions))
