"""Answers with everything that eyes and body can show, to report on."""

import math
from dataclasses import replace

from analysis.results import Anchor, Caution, GazePlace, Look
from analysis.timeline import Segment

NOTES = ((8.0, 9.9), (21.0, 22.6), (44.0, 46.1), (66.0, 68.4), (88.0, 89.0))
AWAY = ((3.0, 3.6, "up"), (30.0, 31.2, "left"), (52.0, 56.0, "right"), (97.0, 98.5, "down"))
SCREEN = ((12.0, 13.0), (35.0, 42.0), (74.0, 80.0), (100.0, 104.0))
MOVED_S = 60.0


def spans(times):
    return tuple(Segment(*t[:2]) for t in times)


def looks_at(times, place, yaw_deg, pitch_deg):
    return [Look(a, b, "down", yaw_deg, pitch_deg, place) for a, b in times]


def with_sight(answer):
    """Put notes, the screen, moves, and every habit of the body into an answer."""
    looks = (
        *looks_at(NOTES, 0, -14.2, -24.0),
        *looks_at(SCREEN, 1, 1.0, -9.6),
        *(Look(a, b, way, 12.0, -1.0) for a, b, way in AWAY),
    )
    looks = tuple(sorted(looks, key=lambda look: look.start))
    gaze = replace(
        answer.gaze,
        eye_contact_ratio=0.66,
        eye_contact_low_ratio=0.58,
        eye_contact_high_ratio=0.73,
        away=tuple(Segment(look.start, look.end) for look in looks),
        looks=looks,
        places=(
            GazePlace("notes", "down", -14.2, -24.0, spans(NOTES)),
            GazePlace("screen", "down", 1.0, -9.6, spans(SCREEN)),
        ),
        anchors=(Anchor(MOVED_S, 3.1, -4.0),),
        unseen=(Segment(14.0, 18.0), Segment(108.0, 110.0)),
        calibration="two-point",
    )
    posture = replace(
        answer.posture,
        tilt_ratio=0.05,
        lean_in=(Segment(54.0, 66.0),),
        lean_in_ratio=0.11,
    )
    return replace(answer, gaze=gaze, posture=posture)


def without_gaze(answer, code, text):
    """Withhold the gaze of an answer for a reason."""
    gaze = replace(
        answer.gaze,
        coverage_ratio=0.41,
        eye_contact_ratio=math.nan,
        eye_contact_low_ratio=math.nan,
        eye_contact_high_ratio=math.nan,
        away=(),
        looks=(),
        places=(),
        anchors=(),
        calibration="none",
    )
    return replace(answer, gaze=gaze, warnings=(*answer.warnings, Caution(code, text)))
