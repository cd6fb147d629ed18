"""The lanes of eyes and body on the timeline."""

from __future__ import annotations

from analysis.results import Anchor, AnswerAnalysis, GazeMetrics, Look
from analysis.timeline import Segment, total
from reports.marks import Lane, Mark, Scale, span_text, stacked
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
from reports.wording import moment_clock, plural, seconds

ANCHOR = "anchor"
UNSEEN = "unseen"


def facing_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    """Return the looks away, what could not be judged, and where the person moved."""
    gaze = measured_gaze(analysis)
    if gaze is None:
        return _missing("away", "Facing the camera", why_no_gaze(analysis))
    looks = [_look_mark(gaze, look, scale) for look in gaze.looks] or [
        # Analyses before schema 4 do not know where a look went.
        scale.mark(s.start, s.end, "look", f"Looking away, {span_text(s.start, s.end)}")
        for s in gaze.away
    ]
    unseen = [
        scale.mark(s.start, s.end, UNSEEN, f"Not measurable, {span_text(s.start, s.end)}")
        for s in gaze.unseen
    ]
    note = f"{_count(len(looks), 'look')} away"
    if looks:
        note += f", {seconds(total(gaze.away))}"
    if unseen:
        note += f"; {seconds(total(gaze.unseen))} not measurable"
    marks = [*looks, *unseen, *_anchor_marks(gaze.anchors, scale)]
    return Lane("away", "Facing the camera", note, tuple(sorted(marks, key=_in_time)))


def posture_lane(analysis: AnswerAnalysis, scale: Scale) -> Lane:
    """Return where the person sat otherwise than at the start, and where the person moved."""
    posture = measured_posture(analysis)
    if posture is None:
        return _missing("posture", "Posture", why_no_posture(analysis))
    marks = stacked(
        scale.mark(s.start, s.end, habit.kind, f"{habit.name.capitalize()}, {_span(s)}")
        for habit in habits(posture)
        for s in habit.moments
    )
    note = plural(len(marks), "stretch", "stretches") if marks else "as at your own start"
    anchors = _anchor_marks(posture.anchors, scale)
    return Lane("posture", "Posture", note, tuple(sorted([*marks, *anchors], key=_in_time)))


def look_name(gaze: GazeMetrics, look: Look) -> str:
    """Return what a look was, for instance "Notes, down" or "Looking away, to your left"."""
    place = place_of(gaze, look)
    name = place_name(place.kind) if place else "Looking away"
    return f"{name}, {direction(look.direction)}"


def _look_mark(gaze: GazeMetrics, look: Look, scale: Scale) -> Mark:
    place = place_of(gaze, look)
    kind = f"look {place.kind if place and place.kind in ('notes', 'screen') else 'same'}"
    label = f"{look_name(gaze, look)}, {span_text(look.start, look.end)}"
    sign = SIGNS.get(look.direction, "")
    return scale.mark(look.start, look.end, kind if place else "look", label, sign)


def _anchor_marks(anchors: tuple[Anchor, ...], scale: Scale) -> list[Mark]:
    return [
        scale.mark(
            a.time,
            a.time,
            ANCHOR,
            f"You moved: measured anew from here, {moment_clock(a.time)}",
        )
        for a in anchors
    ]


def _missing(id: str, title: str, why: str) -> Lane:
    return Lane(id, title, "not measured", (), measured=False, why=why)


def _count(count: int, name: str) -> str:
    return plural(count, name) if count else f"no {name}"


def _span(span: Segment) -> str:
    return span_text(span.start, span.end)


def _in_time(mark: Mark) -> tuple[float, float]:
    return mark.start, mark.end
