"""Every threshold of the picture analysis, from ``data/sight.toml`` and the user's own over it.

What each is and where it comes from is written there; here is what it means to the code.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from analysis.settings import SIGHT, Settings, read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class GazeOptions:
    """Thresholds of the eye contact estimate."""

    yaw_gain: float
    """how much a turn of the eyes counts against a turn of the head the other way"""
    pitch_gain: float
    """the same, vertically"""
    yaw_scale: float
    """reading against the baseline to about true degrees"""
    pitch_scale: float
    """the same, vertically"""
    contact_yaw_deg: float
    """sideways limit of eye contact"""
    contact_up_deg: float
    """limit above the lens"""
    contact_down_deg: float
    """limit below the lens, without a calibrated screen"""
    screen_share: float
    """with a calibrated screen: the boundary as a share of the way to its middle"""
    screen_slant_ratio: float
    """a calibrated screen is straight below (or beside) the lens if the lesser of its two angles
    is below this share of the greater"""
    drift_per_deg: float
    """how much a turned head may be expected to move the reading of the lens, per deg of turn"""
    drift_limit_per_deg: float
    """and at most"""
    drift_per_move_deg: float
    """how much a moved chair may be expected to move it"""
    drift_per_take_deg: float
    """how much light, glasses or another seat than at the calibration may be expected to move it"""
    drift_scatter_deg: float
    """scatter of a gaze that rests on the lens"""
    drift_up_deg: float
    """readings further above the lens tell nothing about the lens"""
    drift_down_deg: float
    """the same below it"""
    move_deg: float
    """a face that stays this far from where it was, seen from the camera, has moved"""
    move_distance_ratio: float
    """or this much further off or nearer"""
    move_window_s: float
    """the time before and after that is compared"""
    head_yaw_limit_deg: float
    """head turned further from the camera: not measurable (kept 19/21 up to 30, beyond not
    tried); our measurements"""
    head_roll_limit_deg: float
    """a head that seems tilted further stands in a turned picture"""
    shortest_away_s: float
    """shorter glances are ignored; our measurements"""
    open_eyes: float
    """above this share of their widest tenth the eyes are open; the median there is the own one"""
    narrow_eyes: float
    """below this share of the own opening it can't be told where the eyes look"""
    closed_eyes: float
    """below this share of the own opening the eyes are closed"""
    blink_s: float
    """eyes that close for less than this while looking elsewhere do not end the look"""
    baseline_frames: int
    """open-eye frames of the baseline; our measurements"""
    baseline_within_s: float
    """the baseline must lie in the first seconds with a face; our judgement"""
    baseline_spread_deg: float
    """largest median absolute deviation of a baseline; our measurements"""
    typical_bias_yaw_deg: float
    typical_bias_pitch_deg: float
    """yaw, pitch that this estimator reads when people look at the lens (12 people); our
    measurements"""
    bias_limit_yaw_deg: float
    bias_limit_pitch_deg: float
    """a baseline further off than this was not taken at the lens: 4 SD of those 12 people
    (1.7, 3.5 deg), at least the limit of contact"""
    unsure_deg: float
    """this near the boundary of eye contact a frame may as well be on its other side"""
    shortest_unseen_s: float
    """shorter stretches without a usable face are not listed"""
    place_yaw_deg: float
    """looks this near one another went to one place"""
    place_pitch_deg: float
    """the same, vertically"""
    place_looks: int
    """so many looks make a place"""
    place_shortest_s: float
    """a look at a place lasts at least this long"""
    screen_pitch_deg: float
    """without a calibration the screen reaches this far below the lens"""
    least_coverage_ratio: float
    """below this share of usable frames nothing is claimed; our judgement"""
    small_face_ratio: float
    """face height by the frame's shorter side; smallest in the material: .16; our measurements"""
    tiny_face_ratio: float
    """below this nothing is claimed"""
    too_dark_face_luma: float
    """mean luma inside the face: below it nothing is claimed"""
    dark_face_luma: float
    """mean luma inside the face: below it "fail" in the set-up check; our measurements. Noise grows
    from 2.2/1.8 to 4.4/2.4 deg (yaw/pitch) in the dark; our measurements"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureOptions:
    """Thresholds of the posture measures."""

    visible: float
    """visibility that a shoulder needs; our measurements (the model invents what it can't see)"""
    head_visible: float
    """visibility that nose and ears need; our judgement (an ear under hair is still placed well,
    a head out of the picture is not)"""
    baseline_samples: int
    """samples of the own baseline: about 5 s at 1.7 per s; our judgement"""
    baseline_within_s: float
    """they must lie within this time of the first one; our judgement"""
    slouch_drop_ratio: float
    """drop of ears over shoulders against the baseline; our measurements
    (repeat noise ±.01 of about .6)"""
    side_lean_shift: float
    """shift of the nose over the shoulders, in shoulder widths; our measurements
    (8 degrees give .15)"""
    lean_in_ratio: float
    """shoulders this much wider than at the own start are nearer"""
    lean_in_drop_ratio: float
    """and the ears sink at least this much towards them: else the chair was moved"""
    lean_in_share: float
    """who leans in comes nearer by more than this times what the ears sink; else it is slouching"""
    lean_in_surely_ratio: float
    """who comes nearer by more than this leans in in any case"""
    tilt_deg: float
    """change of the shoulder line; our measurements (repeat noise ±1)"""
    tilt_hides_slouch_deg: float
    """a shoulder line tilted further lowers the ears too: not judged as slouching"""
    rise_per_pitch: float
    """what a nod does to the rise of the ears, share per deg"""
    shift_per_yaw: float
    """what a turn does to the nose beside the shoulders, shoulder widths per deg"""
    shift_per_roll: float
    """what a roll does to it"""
    tilt_per_yaw: float
    """what a turn does to the shoulder line, deg per deg"""
    tilt_per_roll: float
    """what a roll does to it"""
    roll_limit_deg: float
    """a head that rolls more drags the shoulder line along (20 give 5); our measurements"""
    shortest_s: float
    """shorter slouching, leaning and tilting is just moving; our measurements"""
    still_shift: float
    """shoulder widths; smaller steps are landmark noise: three times the repeat noise of ±.01 in
    our measurements"""
    least_coverage_ratio: float
    """below this share of usable samples nothing is claimed; our judgement"""


@dataclass(frozen=True, slots=True)
class SightOptions:
    """All thresholds of the picture."""

    gaze: GazeOptions
    posture: PostureOptions


def sight_options(settings: Settings) -> SightOptions:
    """Return the thresholds by name."""
    return SightOptions(
        gaze=GazeOptions(**_group(settings, "gaze", GazeOptions)),
        posture=PostureOptions(**_group(settings, "posture", PostureOptions)),
    )


def read_sight_options(overrides: Path | None = None) -> SightOptions:
    """Return the thresholds, with those of ``sight.toml`` in the user's folder over ours.

    Raises
    ------
    AnalysisError
        The user's file has a mistake; the message names it.
    """
    return sight_options(read_settings(overrides and overrides / SIGHT, file=SIGHT))


def _group(settings: Settings, group: str, kind: type) -> dict[str, Any]:
    return {
        field.name: (round if field.type == "int" else float)(settings[f"{group}.{field.name}"])
        for field in fields(kind)
    }


_OURS = sight_options(read_settings(file=SIGHT))
GAZE, POSTURE = _OURS.gaze, _OURS.posture
"""the built-in thresholds"""
