"""Eye contact and posture in a few plain sentences, with moments to click.

The words say where eyes and body were, never why: a place is named after what usually lies there.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.results import Anchor, AnswerAnalysis, GazeMetrics, GazePlace, PostureMetrics
from analysis.timeline import Segment, total
from reports.delivery import MOST_SHOWN, Place
from reports.sight import (
    AGAINST,
    DIRECTIONS,
    GAZE_CODES,
    POSTURE_CODES,
    direction,
    facing_share,
    habits,
    measured_gaze,
    measured_posture,
    place_name,
    told_why,
    why_no_gaze,
    why_no_posture,
)
from reports.sight_lanes import look_name
from reports.wording import angle, clock, moment_clock, plural, seconds

PLACE_TEXTS = {
    "notes": "where notes often lie",
    "screen": "where a screen usually is",
}
CALIBRATED_SCREEN = "where the middle of your screen is"


@dataclass(frozen=True, slots=True)
class SightRow:
    """One aspect of eye contact or posture."""

    title: str
    text: str
    places: tuple[Place, ...] = ()
    before_places: str = ""
    """leads to the places"""
    more: int = 0
    """places that are not listed"""
    measured: bool = True


def sight_rows(analysis: AnswerAnalysis) -> tuple[SightRow, ...]:
    """Return what can be told; () for a recording without a picture."""
    if analysis.media.video_codec is None:
        return ()
    gaze, posture = measured_gaze(analysis), measured_posture(analysis)
    rows: list[SightRow] = []
    if gaze is None:
        why = told_why(analysis, GAZE_CODES)
        rows.append(_withheld("Facing the camera", why, why_no_gaze(analysis)))
    else:
        rows += [_facing(gaze), _looks(gaze)]
        rows += [_place_row(place, gaze.calibration) for place in gaze.places]
        rows += [_unseen(gaze)] if gaze.unseen else []
    if posture is None:
        why = told_why(analysis, POSTURE_CODES)
        # One cause of both is told once.
        if not (gaze is None and why and why == told_why(analysis, GAZE_CODES)):
            rows.append(_withheld("Posture", why, why_no_posture(analysis)))
    else:
        rows.append(_posture(posture))
    moved = (*(gaze.anchors if gaze else ()), *(posture.anchors if posture else ()))
    if moved:
        rows.append(_moved(moved))
    return tuple(rows)


def _withheld(title: str, why: str, in_short: str) -> SightRow:
    return SightRow(
        title, f"Not measured. {why}" if why else f"Not measured: {in_short}.", measured=False
    )


def _facing(gaze: GazeMetrics) -> SightRow:
    share = facing_share(gaze)
    text = f"{share[0].upper()}{share[1:]} of the judged time"
    if "–" in share:
        text += (
            " (the lower end takes what lies near the boundary as away, the upper end as facing)"
        )
    against = AGAINST.get(gaze.calibration)
    text += f", against {against}" if against else ""
    return SightRow(
        "Facing the camera",
        f"{text}. The face was seen in {gaze.coverage_ratio:.0%} of the frames.",
    )


def _looks(gaze: GazeMetrics) -> SightRow:
    if not gaze.away:
        return SightRow("Looks away", "None that lasted.")
    text = f"{plural(len(gaze.away), 'look')}, {_length(total(gaze.away))} in all"
    if not gaze.looks:
        places = [_place(s, "looking away", "") for s in gaze.away]
        return _row("Looks away", f"{text}.", places, [s.duration_s for s in gaze.away])
    ways = Counter(look.direction for look in gaze.looks)
    told = [f"{count} {direction(way)}" for way, count in ways.most_common()]
    places = [
        _place(Segment(look.start, look.end), look_name(gaze, look), direction(look.direction))
        for look in gaze.looks
    ]
    lengths = [look.duration_s for look in gaze.looks]
    return _row("Looks away", f"{text}: {', '.join(told)}.", places, lengths)


def _place_row(place: GazePlace, calibration: str) -> SightRow:
    lies = PLACE_TEXTS.get(place.kind, "")
    if place.kind == "screen" and calibration == "two-point":
        lies = CALIBRATED_SCREEN
    where = f", {lies}" if lies else ""
    text = (
        f"{plural(len(place.moments), 'look')} at one place {_way(place)}{where}:"
        f" {_length(total(place.moments))} in all."
    )
    name = place_name(place.kind)
    places = [_place(s, name, "") for s in place.moments]
    return _row(name, text, places, [s.duration_s for s in place.moments])


def _way(place: GazePlace) -> str:
    """Return where a place is: the main direction first, the other axis where it is off too."""
    sideways = "left" if place.yaw_deg > 0 else "right"
    upwards = "up" if place.pitch_deg > 0 else "down"
    across = (sideways, place.yaw_deg), (upwards, place.pitch_deg)
    main = sorted(across, key=lambda way: way[0] != place.direction)
    # Below half a step of 5 degrees there is nothing to tell.
    parts = [f"{angle(size)} {DIRECTIONS[way]}" for way, size in main if abs(size) >= 2.5]
    return " and ".join(parts) or direction(place.direction)


def _unseen(gaze: GazeMetrics) -> SightRow:
    text = (
        f"{_length(total(gaze.unseen))} in {plural(len(gaze.unseen), 'stretch', 'stretches')}:"
        " no face in the picture, or the head turned away. It counts neither way."
    )
    places = [_place(s, "not measurable", "") for s in gaze.unseen]
    return _row("Not measurable", text, places, [s.duration_s for s in gaze.unseen])


def _posture(posture: PostureMetrics) -> SightRow:
    known = [h for h in habits(posture) if h.ratio == h.ratio]
    told = ", ".join(f"{h.name} {h.ratio:.0%}" for h in known)
    text = (
        f"Against your own start: {told} of the judged time. Head and shoulders were seen in"
        f" {posture.coverage_ratio:.0%} of the frames."
    )
    places = [_place(s, h.name, h.name) for h in habits(posture) for s in h.moments]
    lengths = [s.duration_s for h in habits(posture) for s in h.moments]
    return _row("Posture", text, places, lengths)


def _moved(anchors: Sequence[Anchor]) -> SightRow:
    # Eyes and body are anchored apart; what is told within a second is one move.
    times: list[float] = []
    for time in sorted(a.time for a in anchors):
        if not times or time - times[-1] > 1.0:
            times.append(time)
    places = [
        Place(time, moment_clock(time), "", f"Go to {moment_clock(time)}, you moved")
        for time in times
    ]
    text = "From here on you are measured against how you sat after the move."
    return _row("You moved", text, places, [1.0] * len(places))


def _place(span: Segment, name: str, text: str) -> Place:
    at, length = moment_clock(span.start), seconds(span.duration_s)
    return Place(
        span.start, at, f"{text}, {length}" if text else length, f"Go to {at}, {name}, {length}"
    )


def _row(title: str, text: str, places: Sequence[Place], lengths_s: Sequence[float]) -> SightRow:
    """Return a row with the longest moments, in order of time."""
    ranked = sorted(zip(lengths_s, places, strict=True), key=lambda p: -p[0])
    shown = sorted((p for _, p in itertools.islice(ranked, MOST_SHOWN)), key=lambda p: p.start)
    more = len(places) - len(shown)
    return SightRow(title, text, tuple(shown), "The longest:" if more else "", more)


def _length(length_s: float) -> str:
    return seconds(length_s) if length_s < 60 else f"{clock(length_s)} min"
