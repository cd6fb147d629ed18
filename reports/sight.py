"""What eyes and body did, in words: the vocabulary that tiles, lanes, rows and remarks share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.results import AnswerAnalysis, GazeMetrics, GazePlace, Look, PostureMetrics
from analysis.timeline import Segments, total
from reports.cautions import caution_text
from reports.language import t
from reports.wording import share_range

WITHHELD = {
    "picture-left-out": "the picture was left out, as asked for",
    "picture-failed": "the picture could not be measured",
    "no-face": "no face was found",
    "company": "somebody else was in the picture",
    "head-turned": "the head was turned away",
    "face-coverage-low": "a face was seen in too few frames",
    "gaze-too-short": "the face was seen too briefly",
    "no-calibration": "no steady look in the first seconds",
    "face-too-dark": "the face was too dark",
    "face-too-small": "the face was too small or too far away",
    "shoulders-not-seen": "head and shoulders were seen in too few frames",
    "posture-too-short": "the shoulders were seen too briefly",
}
"""Caution to reason, in the few words that fit a tile; the whole sentence stands in the limits."""
_PICTURE_CODES = ("picture-left-out", "picture-failed", "no-face")
# Dark and small come last: they are also told where they only make a number less sure.
GAZE_CODES = (
    *_PICTURE_CODES,
    "head-turned",
    "face-coverage-low",
    "gaze-too-short",
    "no-calibration",
    "face-too-dark",
    "face-too-small",
)
POSTURE_CODES = (*_PICTURE_CODES, "company", "shoulders-not-seen", "posture-too-short")

DIRECTIONS = {"left": "to your left", "right": "to your right", "up": "up", "down": "down"}
SIGNS = {"left": "←", "right": "→", "up": "↑", "down": "↓"}

PLACES = {"notes": "Notes", "screen": "Screen", "elsewhere": "Same place"}
"""Kind of a place that was looked at repeatedly, to the name of a look at it."""

AGAINST = {
    "two-point": "your calibration (lens and screen)",
    "one-point": "your calibration (lens)",
    "own first seconds": "your own first seconds",
}
"""What gaze was measured against."""


@dataclass(frozen=True, slots=True)
class Habit:
    """One way of sitting that differs from the own start."""

    kind: str
    """names its look"""
    name: str
    """for instance "slouching" """
    measure: str
    """name of its band"""
    ratio: float
    """share of the judged time, 0..1; NaN = not measured"""
    moments: Segments


def habits(posture: PostureMetrics) -> tuple[Habit, ...]:
    """Return every habit that is looked for, in the order of the page."""
    return (
        Habit("slouch", t("slouching"), "slouch_ratio", posture.slouch_ratio, posture.slouch),
        Habit(
            "lean",
            t("leaning sideways"),
            "side_lean_ratio",
            posture.side_lean_ratio,
            posture.side_lean,
        ),
        Habit(
            "tilt",
            t("shoulders tilted"),
            "shoulder_tilt_ratio",
            posture.tilt_ratio,
            posture.tilt,
        ),
        Habit("near", t("leaning in"), "lean_in_ratio", posture.lean_in_ratio, posture.lean_in),
    )


def measured_gaze(analysis: AnswerAnalysis) -> GazeMetrics | None:
    """Return the gaze where its share is given; None = not measured or withheld."""
    gaze = analysis.gaze
    return None if gaze is None or math.isnan(gaze.eye_contact_ratio) else gaze


def measured_posture(analysis: AnswerAnalysis) -> PostureMetrics | None:
    """Return the posture where any share of it is given; None = not measured or withheld."""
    posture = analysis.posture
    if posture is None or all(math.isnan(h.ratio) for h in habits(posture)):
        return None
    return posture


def why_no_gaze(analysis: AnswerAnalysis) -> str:
    """Return in a few words why there is no share of facing the camera."""
    return _why_not(analysis, GAZE_CODES) or t(
        "face not seen well enough, or the picture was not analysed"
    )


def why_no_posture(analysis: AnswerAnalysis) -> str:
    """Return in a few words why there is no posture."""
    return _why_not(analysis, POSTURE_CODES) or t(
        "shoulders not seen well enough, or the picture was not analysed"
    )


def told_why(analysis: AnswerAnalysis, codes: tuple[str, ...]) -> str:
    """Return the caution that withheld a number, whole; "" where none tells it."""
    told = {w.code: w.text for w in reversed(analysis.warnings)}
    return caution_text(next((told[code] for code in codes if code in told), ""))


def facing_share(gaze: GazeMetrics) -> str:
    """Return the share of facing the camera as a range, for instance "about 60–75%"."""
    return share_range(
        gaze.eye_contact_ratio, gaze.eye_contact_low_ratio, gaze.eye_contact_high_ratio
    )


def place_of(gaze: GazeMetrics, look: Look) -> GazePlace | None:
    """Return the place that a look went to; None = none that was looked at repeatedly."""
    if look.place is None or not 0 <= look.place < len(gaze.places):
        return None
    return gaze.places[look.place]


def direction(name: str) -> str:
    """Return a direction in words; what is none stays as it is."""
    return t(DIRECTIONS.get(name, name))


def place_name(kind: str) -> str:
    """Return the name of a look at a place."""
    return t(PLACES.get(kind, PLACES["elsewhere"]))


def share_at(gaze: GazeMetrics, place: GazePlace) -> float:
    """Return how much of the time looking away went to a place, 0..1; NaN = never away."""
    away_s = total(gaze.away)
    return total(place.moments) / away_s if away_s else math.nan


def _why_not(analysis: AnswerAnalysis, codes: tuple[str, ...]) -> str:
    if analysis.media.video_codec is None:
        return t("the recording has no picture")
    told = {w.code for w in analysis.warnings}
    return t(next((WITHHELD[code] for code in codes if code in told), ""))
