"""Remarks on eye contact and posture.

They name where eyes and body were and what to do about it. What lies at a place that was looked at
can't be seen, and why somebody looks away even less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from analysis.results import AnswerAnalysis, GazeMetrics, GazePlace
from analysis.timeline import Segments, total
from reports.evidence import longest, moments
from reports.language import t
from reports.remarks import Candidate, candidate, judged_by
from reports.sight import direction, habits, measured_gaze, measured_posture, share_at
from reports.targets import Targets
from reports.wording import capital, seconds

FEWEST_NOTES_LOOKS = 3
"""Fewer looks at one place are no pattern; our judgement."""

MOST_OF_AWAY = 0.5
"""From this share of the time looking away on, a place is what the remark is about; our
judgement."""

LEVELS = ("near", "off")
HABIT_DRILLS = {
    "slouch": "reset-posture",
    "lean": "both-forearms",
    "tilt": "both-forearms",
    "near": "bring-the-screen",
}


def sight_remarks(analysis: AnswerAnalysis, targets: Targets) -> Iterator[Candidate]:
    """Yield what could be remarked of the picture: at most one of each sort."""
    gaze = measured_gaze(analysis)
    if gaze is not None:
        notes = _looks_at(gaze, "notes")
        told = list(_notes(analysis, targets, notes))
        yield from told
        # Where most looks away went to the notes, that says it all.
        if not told or not total(notes) >= MOST_OF_AWAY * total(gaze.away):
            yield from _facing(analysis, targets, gaze)
    yield from _posture(analysis, targets)


def _notes(analysis: AnswerAnalysis, targets: Targets, looks: Segments) -> Iterator[Candidate]:
    if len(looks) < FEWEST_NOTES_LOOKS:
        return
    spoken_s = analysis.speech.answer_s if analysis.speech else math.nan
    minutes = (spoken_s if spoken_s > 0 else analysis.media.duration_s) / 60
    band, judged = judged_by(targets, "notes_looks_per_min", len(looks) / minutes)
    if band and judged.level in LEVELS:
        title = t(
            "As if reading from notes: {n} looks at one place, {length} in all",
            n=len(looks),
            length=seconds(total(looks)),
        )
        why = t(
            "Eyes that go to the same spot again and again look like reading to the other side,"
            " whatever lies there. A few keywords next to the lens do the same job."
        )
        shown = moments(analysis, longest(looks))
        yield candidate("notes_looks_per_min", judged, title, shown, why, band, "notes-at-the-lens")


def _facing(analysis: AnswerAnalysis, targets: Targets, gaze: GazeMetrics) -> Iterator[Candidate]:
    # The upper end where the share is uncertain: in doubt there is nothing to remark.
    share = gaze.eye_contact_high_ratio
    share = gaze.eye_contact_ratio if math.isnan(share) else share
    band, judged = judged_by(targets, "eye_contact_ratio", share)
    if not band or judged.level not in LEVELS or not gaze.away:
        return
    place = max(gaze.places, key=lambda p: total(p.moments), default=None)
    if place and place.kind == "screen" and share_at(gaze, place) >= MOST_OF_AWAY:
        title, why = _screen(place)
        shown = moments(analysis, longest(place.moments))
        drill = "window-under-the-lens"
    else:
        title = t("More of the answer could go towards the camera")
        why = t(
            "In a video interview, looking near the lens is what the other side sees as being"
            " spoken to. The first and the last sentence count most."
        )
        shown = moments(analysis, longest(gaze.away))
        drill = "lens-sentences"
    yield candidate("eye_contact_ratio", judged, title, shown, why, band, drill)


def _screen(place: GazePlace) -> tuple[str, str]:
    title = t(
        "Most looks away went {where} to the screen: {n}, {length} in all",
        where=direction(place.direction),
        n=len(place.moments),
        length=seconds(total(place.moments)),
    )
    why = t(
        "That is where the other person's face is, and nothing is wrong with it. They see a look"
        " past the camera: the closer the window is to the lens, the less."
    )
    return title, why


def _posture(analysis: AnswerAnalysis, targets: Targets) -> Iterator[Candidate]:
    posture = measured_posture(analysis)
    if posture is None:
        return
    found = [
        (judged, habit, band)
        for habit in habits(posture)
        for band, judged in [judged_by(targets, habit.measure, habit.ratio)]
        if band and judged.level in LEVELS and habit.moments
    ]
    if not found:
        return
    # One of them at a time: the worst.
    judged, habit, band = max(found, key=lambda f: (LEVELS.index(f[0].level), f[1].ratio))
    title = t(
        "{habit} for {share} of the time, against your own start",
        habit=capital(habit.name),
        share=f"{habit.ratio:.0%}",
    )
    why = t("An upper body balanced in the picture keeps the face in view and the breath free.")
    if habit.kind == "near":
        why = t("Close to the camera the face fills the picture and the hands leave it.")
    shown = moments(analysis, longest(habit.moments))
    yield candidate("posture", judged, title, shown, why, band, HABIT_DRILLS[habit.kind])


def _looks_at(gaze: GazeMetrics, kind: str) -> Segments:
    """Return the looks at the place of a kind that was looked at most often."""
    places = [p.moments for p in gaze.places if p.kind == kind]
    return max(places, key=len, default=())
