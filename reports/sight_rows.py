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
from reports.language import t, tn
from reports.sight import (
    AGAINST,
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
from reports.wording import (
    angle,
    capital,
    is_range,
    length,
    listed,
    listed_and,
    moment_clock,
    seconds,
)

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
        rows.append(_withheld(t("Facing the camera"), why, why_no_gaze(analysis)))
    else:
        rows += [_facing(gaze), _looks(gaze)]
        rows += [_place_row(place, gaze.calibration) for place in gaze.places]
        rows += [_unseen(gaze)] if gaze.unseen else []
    if posture is None:
        why = told_why(analysis, POSTURE_CODES)
        # One cause of both is told once.
        if not (gaze is None and why and why == told_why(analysis, GAZE_CODES)):
            rows.append(_withheld(t("Posture"), why, why_no_posture(analysis)))
    else:
        rows.append(_posture(posture))
    if gaze is not None and gaze.anchors:
        rows.append(_moved(gaze.anchors))
    return tuple(rows)


def _withheld(title: str, why: str, in_short: str) -> SightRow:
    text = t("Not measured: {why}.", why=in_short)
    if why:
        text = t("Not measured. {sentence}", sentence=why)
    return SightRow(title, text, measured=False)


def _facing(gaze: GazeMetrics) -> SightRow:
    share = capital(facing_share(gaze))
    text = t("{share} of the judged time", share=share)
    if is_range(gaze.eye_contact_low_ratio, gaze.eye_contact_high_ratio):
        text = t(
            "{share} of the judged time (the lower end takes what lies near the boundary as away,"
            " the upper end as facing)",
            share=share,
        )
    against = AGAINST.get(gaze.calibration)
    if against:
        text = t("{what}, against {reference}", what=text, reference=t(against))
    seen = f"{gaze.coverage_ratio:.0%}"
    return SightRow(
        t("Facing the camera"),
        t("{what}. The face was seen in {share} of the frames.", what=text, share=seen),
    )


def _looks(gaze: GazeMetrics) -> SightRow:
    title = t("Looks away")
    if not gaze.away:
        return SightRow(title, t("None that lasted."))
    text = tn(
        "{n} look, {length} in all",
        "{n} looks, {length} in all",
        len(gaze.away),
        length=length(total(gaze.away)),
    )
    if not gaze.looks:
        places = [_place(s, t("looking away"), "") for s in gaze.away]
        lengths = [s.duration_s for s in gaze.away]
        return _row(title, t("{what}.", what=text), places, lengths)
    ways = Counter(look.direction for look in gaze.looks)
    told = [t("{n} {where}", n=count, where=direction(way)) for way, count in ways.most_common()]
    places = [
        _place(Segment(look.start, look.end), look_name(gaze, look), direction(look.direction))
        for look in gaze.looks
    ]
    lengths = [look.duration_s for look in gaze.looks]
    text = t("{what}: {details}.", what=text, details=listed(told))
    return _row(title, text, places, lengths)


def _place_row(place: GazePlace, calibration: str) -> SightRow:
    lies = PLACE_TEXTS.get(place.kind, "")
    if place.kind == "screen" and calibration == "two-point":
        lies = CALIBRATED_SCREEN
    where = _way(place)
    if lies:
        where = t("{place}, {lies}", place=where, lies=t(lies))
    text = tn(
        "{n} look at one place {where}: {length} in all.",
        "{n} looks at one place {where}: {length} in all.",
        len(place.moments),
        where=where,
        length=length(total(place.moments)),
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
    parts = [
        t("{angle} {where}", angle=angle(size), where=direction(way))
        for way, size in main
        if abs(size) >= 2.5
    ]
    return listed_and(parts) or direction(place.direction)


def _unseen(gaze: GazeMetrics) -> SightRow:
    text = tn(
        "{length} in {n} stretch: no face in the picture, or the head turned away. It counts"
        " neither way.",
        "{length} in {n} stretches: no face in the picture, or the head turned away. It counts"
        " neither way.",
        len(gaze.unseen),
        length=length(total(gaze.unseen)),
    )
    places = [_place(s, t("not measurable"), "") for s in gaze.unseen]
    return _row(t("Not measurable"), text, places, [s.duration_s for s in gaze.unseen])


def _posture(posture: PostureMetrics) -> SightRow:
    known = [h for h in habits(posture) if h.ratio == h.ratio]
    text = t(
        "Against your own start: {habits} of the judged time. Head and shoulders were seen in"
        " {share} of the frames.",
        habits=listed([f"{h.name} {h.ratio:.0%}" for h in known]),
        share=f"{posture.coverage_ratio:.0%}",
    )
    places = [_place(s, h.name, h.name) for h in habits(posture) for s in h.moments]
    lengths = [s.duration_s for h in habits(posture) for s in h.moments]
    return _row(t("Posture"), text, places, lengths)


def _moved(anchors: Sequence[Anchor]) -> SightRow:
    # What is told within a second is one move.
    times: list[float] = []
    for time in sorted(a.time for a in anchors):
        if not times or time - times[-1] > 1.0:
            times.append(time)
    places = [
        Place(time, at, "", t("Go to {time}, {what}", time=at, what=t("you moved")))
        for time in times
        for at in [moment_clock(time)]
    ]
    text = t("From here on the gaze is measured against how you sat after the move.")
    return _row(t("You moved"), text, places, [1.0] * len(places))


def _place(span: Segment, name: str, text: str) -> Place:
    at, lasts = moment_clock(span.start), seconds(span.duration_s)
    told = listed((text, lasts)) if text else lasts
    spoken = t("Go to {time}, {what}", time=at, what=listed((name, lasts)))
    return Place(span.start, at, told, spoken)


def _row(title: str, text: str, places: Sequence[Place], lengths_s: Sequence[float]) -> SightRow:
    """Return a row with the longest moments, in order of time."""
    ranked = sorted(zip(lengths_s, places, strict=True), key=lambda p: -p[0])
    shown = sorted((p for _, p in itertools.islice(ranked, MOST_SHOWN)), key=lambda p: p.start)
    more = len(places) - len(shown)
    return SightRow(title, text, tuple(shown), t("The longest:") if more else "", more)
