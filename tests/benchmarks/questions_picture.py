"""What the picture is asked: faces, looks aside, closed eyes, sound that is late."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np
from cases import Answer, Case, Target
from matching import match_stretches
from tables import Cell, Table

from analysis.timeline import Segment, Track, intersect

FACE_SHARE = 0.05
SHIFT_S = 0.1
EYES = (("eyes open in a still of", 13.0, 43.5), ("eyes closed in a still of", 55.5, 58.5))
"""stills of dc1; its notes have them the wrong way round"""


def faces(cases: list[Case]) -> Answer:
    """Is the share of the picture with a face right, and what comes of it?"""
    rows: list[tuple[Cell, ...]] = []
    targets: list[Target] = []
    for case in cases:
        gaze, posture, clip = case.analysis.gaze, case.analysis.posture, case.clip
        if gaze is None and case.analysis.media.video_codec is None:
            continue
        coverage = gaze.coverage_ratio if gaze else None
        contact = gaze.eye_contact_ratio if gaze else None
        true_contact = None
        if clip.away is not None and clip.duration_s:
            true_contact = 1 - sum(s.duration_s for s in clip.away) / clip.duration_s
        rows.append(
            (
                clip.name,
                clip.face_share,
                coverage,
                true_contact,
                contact,
                gaze and gaze.closed_ratio,
                posture and posture.coverage_ratio,
                posture and posture.slouch_ratio,
                posture and posture.side_lean_ratio,
            )
        )
        measurable = contact is not None and not math.isnan(contact)
        if clip.face_share == 0:
            targets.append(
                Target(
                    f"{clip.name}: no face",
                    "eye contact not measurable",
                    f"{contact:.2f}" if measurable and contact is not None else "not measurable",
                    not measurable,
                )
            )
        elif clip.face_share is not None and clip.face_share < 1 and coverage is not None:
            heard = case.analysis.transcript
            said = len(heard.words) if heard else 0
            targets.append(
                Target(
                    f"{clip.name}: face part of the time, nobody speaks",
                    f"coverage {clip.face_share:.2f} ± {FACE_SHARE}, no words",
                    f"{coverage:.2f}, {said} words",
                    abs(coverage - clip.face_share) <= FACE_SHARE and not said,
                )
            )
    return Answer(
        Table(
            "Picture",
            (
                "clip",
                "true face",
                "face",
                "true contact",
                "contact",
                "eyes closed",
                "shoulders",
                "slouch",
                "side lean",
            ),
            tuple(rows),
            "Shares of the time. Contact is known only for the samples (their looks aside).",
        ),
        tuple(targets),
    )


def looks(cases: list[Case]) -> Answer:
    """Are looks aside, slouching and closed eyes found where they are?"""
    rows: list[tuple[Cell, ...]] = []
    for case in cases:
        gaze, posture, clip = case.analysis.gaze, case.analysis.posture, case.clip
        if clip.away is not None:
            found = gaze.away if gaze else ()
            rows.append(_stretch_row(f"{clip.name} looking away", clip.away, found))
        if clip.slouch is not None:
            found = posture.slouch if posture else ()
            rows.append(_stretch_row(f"{clip.name} slouching", clip.slouch, found))
    return Answer(
        Table(
            "Looking away and slouching (a true stretch is found if half of it is measured)",
            ("what", "true", "found", "false ≥ 1 s", "true s", "measured s", "worst edge s"),
            tuple(rows),
        )
    )


def _stretch_row(
    what: str, true: Sequence[Segment], measured: Sequence[Segment]
) -> tuple[Cell, ...]:
    covered = [
        sum(s.duration_s for s in intersect([t], measured)) >= 0.5 * t.duration_s for t in true
    ]
    matches = match_stretches(true, measured)
    false = sum(1 for s in measured if s.duration_s >= 1.0 and not intersect([s], true))
    return (
        what,
        len(true),
        sum(covered),
        false,
        sum((s.duration_s for s in true), 0.0),
        sum((s.duration_s for s in measured), 0.0),
        max(matches.edge_errors_s, default=math.nan),
    )


def closed_eyes(cases: list[Case]) -> Answer:
    """Are the still pictures with open and with closed eyes of dc1 told apart?"""
    rows: list[tuple[Cell, ...]] = []
    for case in cases:
        gaze = case.analysis.gaze
        if case.name not in ("dc1_answer", "dc2_noise20db") or gaze is None:
            continue
        for what, start, end in EYES:
            times = gaze.gaze_yaw.times
            inside = (times >= start) & (times < end)
            seen = inside & gaze.yaw.present
            gone = seen & ~gaze.gaze_yaw.present
            share = float(np.mean(gone[seen])) if seen.any() else math.nan
            rows.append((case.name, f"{what} {start:.1f}–{end:.1f} s", int(seen.sum()), share))
    return Answer(
        Table(
            "Closed eyes",
            ("clip", "truth", "frames with a face", "share called closed"),
            tuple(rows),
        )
    )


def offset(cases: list[Case]) -> Answer:
    """Does sound that is late against the picture move anything but itself?"""
    by_name = {c.name: c for c in cases}
    base, late = by_name.get("dc1_answer"), by_name.get("dc3_avoffset500ms")
    if base is None or late is None:
        return Answer(Table("Sound late by 0.5 s", (), ()))
    wanted = 0.5
    a, b = base.analysis.speech, late.analysis.speech
    edges: list[float] = []
    if a and b:
        moved = [Segment(p.start + wanted, p.end + wanted) for p in a.speech]
        matches = match_stretches(moved, b.speech)
        # The last stretch is cut by the end of the file.
        edges = [m.start - t.start for t, m in matches.pairs]
        edges += [m.end - t.end for t, m in matches.pairs if m.end < 59]
    # One edge may be off by frames of the detector; a shift moves all of them.
    sound = statistics.fmean(edges) if edges else math.nan
    largest = max(map(abs, edges)) if edges else math.nan
    first, second = base.analysis.gaze, late.analysis.gaze
    picture = _shift_s(first.yaw, second.yaw) if first and second else math.nan
    return Answer(
        Table(
            "Sound late by 0.5 s against the picture (dc3 relative to dc1)",
            ("what", "figure"),
            (
                ("speech edges compared", len(edges)),
                ("sound: mean shift beyond 0.5 s, s", sound),
                ("sound: largest difference of one edge beyond 0.5 s, s", largest),
                ("picture: shift of the head's yaw, s", picture),
            ),
        ),
        (
            Target(
                "dc3: sound and picture each where they are",
                f"mean shift ≤ {SHIFT_S} s",
                f"sound {sound:+.2f} s, picture {picture:+.2f} s",
                abs(sound) <= SHIFT_S and abs(picture) <= SHIFT_S,
            ),
        ),
    )


def _shift_s(a: Track, b: Track) -> float:
    """Return by how much `b` is late against `a`: the shift with the smallest mean difference."""
    shifts = np.arange(-1.5, 1.51, 0.05)
    costs = []
    for shift in shifts:
        inside = a.present & (a.times + shift <= b.times[-1]) & (a.times + shift >= b.times[0])
        known = b.present
        there = np.interp(a.times[inside] + shift, b.times[known], b.values[known])
        costs.append(float(np.mean(np.abs(there - a.values[inside]))))
    return float(shifts[int(np.argmin(costs))])
