"""The lanes of eyes and body on the timeline."""

from __future__ import annotations

from analysis.results import Anchor, AnswerAnalysis, GazeMetrics, Look
from analysis.timeline import Segment, total
from reports.language import t, tn
from reports.marks import Lane, Mark, Scale, missing_lane, span_text, stacked
from reports.sight import (
    SIGNS,
    direction,
    habits,
    measured_gaze,
    measured_posture,
    place_name,
    place_of,
    why_no_gaze,
    why_no_posture,
)
from reports.wording import capital, listed, moment_clock, seconds

ANCHOR = "anchor"
UNSEEN = "unseen"


def facing_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    """Return the looks away, what could not be judged, and where the person moved."""
    gaze = measured_gaze(analysis)
    if gaze is None:
        return missing_lane("away", t("Facing the camera"), why_no_gaze(analysis))
    looks = [_look_mark(gaze, look, scale) for look in gaze.looks] or [
        # Analyses before schema 4 do not know where a look went.
        scale.mark(s.start, s.end, "look", _spanned(t("Looking away"), s))
        for s in gaze.away
    ]
    unseen = [
        scale.mark(s.start, s.end, UNSEEN, _spanned(t("Not measurable"), s)) for s in gaze.unseen
    ]
    note = t("no look away")
    if looks:
        count = tn("{n} look away", "{n} looks away", len(looks))
        note = listed((count, seconds(total(gaze.away))))
    if unseen:
        note += t("; ") + t("{length} not measurable", length=seconds(total(gaze.unseen)))
    marks = [*looks, *unseen, *_anchor_marks(gaze.anchors, scale)]
    return Lane("away", t("Facing the camera"), note, tuple(sorted(marks, key=_in_time)))


def posture_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    """Return where the person sat otherwise than at the start."""
    posture = measured_posture(analysis)
    if posture is None:
        return missing_lane("posture", t("Posture"), why_no_posture(analysis))
    marks = stacked(
        scale.mark(s.start, s.end, habit.kind, _spanned(capital(habit.name), s))
        for habit in habits(posture)
        for s in habit.moments
    )
    note = t("as at your own start")
    if marks:
        note = tn("{n} stretch", "{n} stretches", len(marks))
    return Lane("posture", t("Posture"), note, tuple(sorted(marks, key=_in_time)))


def look_name(gaze: GazeMetrics, look: Look) -> str:
    """Return what a look was, for instance "Notes, down" or "Looking away, to your left"."""
    place = place_of(gaze, look)
    name = place_name(place.kind) if place else t("Looking away")
    return t("{what}, {where}", what=name, where=direction(look.direction))


def _look_mark(gaze: GazeMetrics, look: Look, scale: Scale) -> Mark:
    place = place_of(gaze, look)
    kind = f"look {place.kind if place and place.kind in ('notes', 'screen') else 'same'}"
    label = _spanned(look_name(gaze, look), look)
    sign = SIGNS.get(look.direction, "")
    return scale.mark(look.start, look.end, kind if place else "look", label, sign)


def _anchor_marks(anchors: tuple[Anchor, ...], scale: Scale) -> list[Mark]:
    return [
        scale.mark(
            a.time,
            a.time,
            ANCHOR,
            t("You moved: measured anew from here, {time}", time=moment_clock(a.time)),
        )
        for a in anchors
    ]


def _spanned(what: str, span: Segment | Look) -> str:
    return t("{what}, {span}", what=what, span=span_text(span.start, span.end))


def _in_time(mark: Mark) -> tuple[float, float]:
    return mark.start, mark.end
