"""Head angles and closed eyes of rendered people, and looking at the lens with the head turned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.head_pose import measure_head_pose
from analysis.sight_stage import FACES_PER_S
from tests.benchmarks.tables import Cell, Table
from tests.benchmarks.vision_clips import BASE, PeopleClip
from tests.benchmarks.vision_figures import Answer, error_figure, share_figure, share_text
from tests.benchmarks.vision_gaze import ON, at_lens
from tests.benchmarks.vision_judging import MODES, NONE, TWO_POINT, Judge
from tests.benchmarks.vision_landmarks import Sampling
from tests.benchmarks.vision_scores import Share, share, spread

LIDS_RATE_HZ = 15.0
HEAD_LIMIT_DEG = 30.0
"""beyond it nothing is promised"""
TURN_DEG = 10.0
"""width of a bin of the head's angle"""


def head(judge: Judge, clips: Sequence[PeopleClip]) -> Answer:
    """How exact are the head's angles, and what do turns of it do to contact?"""
    own = [c for c in clips if c.kind == "heads" and c.condition == BASE]
    found = [(c, *_head_errors(judge, c)) for c in own]
    if not found:
        return Answer()
    rows: list[tuple[Cell, ...]] = []
    for clip, yaw, pitch, roll in found:
        for name, errors in (("yaw", yaw), ("pitch", pitch), ("roll", roll)):
            s = spread(errors)
            rows.append((f"{clip.identity} {name}", s.mean, s.bias, s.p95, s.count))
    tables = [
        Table(
            f"Head angles within ±{HEAD_LIMIT_DEG:.0f} deg of yaw",
            ("", "mean error", "bias", "95 % below", "frames"),
            tuple(rows),
            "deg. Pitch is against the person's own median error: the product uses it only\n"
            "relative to the person.",
        )
    ]
    yaws = {c.identity: spread(yaw) for c, yaw, _, _ in found}
    pitches = {c.identity: spread(pitch) for c, _, pitch, _ in found}
    whole = spread(np.concatenate([yaw for _, yaw, _, _ in found]))
    both = spread(np.concatenate([pitch for _, _, pitch, _ in found]))
    figures = (
        error_figure("head_yaw_error_deg", whole, yaws, ON),
        error_figure("head_pitch_error_deg", both, pitches, ON),
    )
    tables.append(_turns(judge, own))
    return Answer(tuple(tables), figures)


def _head_errors(judge: Judge, clip: PeopleClip):
    landmarks = judge.store.find(clip.path, Sampling(FACES_PER_S))
    pose = measure_head_pose(landmarks)
    truth = clip.truth.at(landmarks.face.times)
    within = np.abs(truth.head_yaw_deg) <= HEAD_LIMIT_DEG + TURN_DEG / 2
    errors = [
        np.where(within, measured.values - true, np.nan)
        for measured, true in (
            (pose.yaw, truth.head_yaw_deg),
            (pose.pitch, truth.head_pitch_deg),
            (pose.roll, truth.head_roll_deg),
        )
    ]
    errors[1] = errors[1] - np.nanmedian(errors[1])
    return errors


def _turns(judge: Judge, clips: Sequence[PeopleClip]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for mode in MODES:
        judged = [j for c in clips if (j := judge.frames(c, mode)) is not None]
        for axis, turns in (("yaw", (-30, -20, -10, 0, 10, 20, 30)), ("pitch", (-15, 0, 15))):
            for turn in turns:
                shares, usable, seen = Share(), 0, 0
                for j in judged:
                    angle = j.truth.head_yaw_deg if axis == "yaw" else j.truth.head_pitch_deg
                    near = np.abs(angle - turn) <= TURN_DEG / 2
                    near &= at_lens(j) & j.truly_open
                    usable, seen = usable + int((near & j.usable).sum()), seen + int(near.sum())
                    shares += share(j.contact, near & j.judged)
                if seen:
                    rows.append((f"{mode} {axis} {turn:+d}", usable / seen, share_text(shares)))
    return Table(
        "Looking at the lens while the head turns",
        ("calibration, head, deg", "usable", "counted"),
        tuple(rows),
        f"Head within {TURN_DEG / 2:g} deg of the angle.",
    )


def lids(judge: Judge, clips: Sequence[PeopleClip]) -> Answer:
    """Are closed eyes told from open ones, half-covered ones included?"""
    rows: list[tuple[Cell, ...]] = []
    recalls: dict[str, Share] = {}
    falses: dict[str, Share] = {}
    for clip in clips:
        if clip.kind not in ("lids", "answer"):
            continue
        rate = LIDS_RATE_HZ if clip.kind == "lids" else FACES_PER_S
        j = judge.frames(clip, TWO_POINT, rate_hz=rate) or judge.frames(clip, NONE, rate_hz=rate)
        if j is None:
            continue
        down = j.truth.gaze_pitch_deg <= -15.0
        recall = share(j.closed, j.truly_closed & j.face)
        false = share(j.closed, j.truly_open & j.face)
        rows.append(
            (
                f"{clip.identity} {clip.kind}",
                clip.condition,
                share_text(recall),
                share_text(false),
                share_text(share(j.closed, j.truly_open & down & j.face)),
                share_text(share(j.closed, ~j.truly_open & ~j.truly_closed & j.face)),
                int((j.truly_closed & ~j.face).sum()),
            )
        )
        if clip.condition == BASE:
            recalls[clip.identity] = recalls.get(clip.identity, Share()) + recall
            falses[clip.identity] = falses.get(clip.identity, Share()) + false
    if not rows:
        return Answer()
    table = Table(
        "Closed eyes",
        ("", "condition", "closed found", "open called closed", "of them down", "half", "no face"),
        tuple(rows),
        f"Share of frames called closed. lids at {LIDS_RATE_HZ:g} per s, answers at"
        f" {FACES_PER_S:g}. down: open eyes that look at least 15 deg\n"
        "down. half: lids between a fifth and four fifths. no face: closed ones without a face.",
    )
    figures = (
        share_figure("closed_recall", recalls, ON, high_is_good=True),
        share_figure("closed_false", falses, ON, high_is_good=False),
    )
    return Answer((table,), figures)
