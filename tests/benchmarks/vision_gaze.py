"""Eye contact of rendered people, by angle and by condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.tables import Cell, Table
from tests.benchmarks.vision_clips import BASE, PeopleClip
from tests.benchmarks.vision_figures import Answer, share_figure, share_text
from tests.benchmarks.vision_judging import MODES, NONE, ONE_POINT, TWO_POINT, Judge, Judged
from tests.benchmarks.vision_scores import (
    ANGLES_DEG,
    DIRECTIONS,
    Share,
    looks_at_lens,
    looks_towards,
    pooled,
    share,
    spread,
)

GRIDS = ("gaze_eyes", "gaze_head")
GRIDS_EYES = ("gaze_eyes", "gaze_short")
"""clips in which the eyes alone turn; the short ones are those of most conditions"""
RATES_HZ = (2.0, 2.5, 3.75, 5.0, 7.5, 15.0)
"""of the frames that are looked at: whole parts of the 5 and 15 per s that the clips have"""
COVERAGE, FIT = 0.6, 0.8
"""what a number is not justified below: the product's own least coverage, and four of five frames
right at the lens and well beside it; our judgement"""
ON = "rendered people"

BoolArray = NDArray[np.bool_]
Which = Callable[[Judged], BoolArray]


class Asked(NamedTuple):
    """A group of frames of which it is asked how many are counted as contact."""

    key: str
    title: str
    which: Which
    high_is_good: bool


def at_lens(j: Judged) -> BoolArray:
    return looks_at_lens(j.truth.gaze_yaw_deg, j.truth.gaze_pitch_deg)


def _towards(directions: Sequence[str], angles: Sequence[float]) -> Which:
    def which(j: Judged) -> BoolArray:
        masks = [
            looks_towards(j.truth.gaze_yaw_deg, j.truth.gaze_pitch_deg, direction, angle)
            for direction in directions
            for angle in angles
        ]
        return np.logical_or.reduce(masks)

    return which


ASKED = (
    Asked("lens_counted", "lens", at_lens, True),
    Asked("sideways_10_counted", "10 aside", _towards(("left", "right"), (10,)), False),
    Asked("sideways_15_counted", "≥ 15 aside", _towards(("left", "right"), (15, 20)), False),
    Asked("up_15_counted", "≥ 15 up", _towards(("up",), (15, 20)), False),
    Asked("screen_counted", "10 down", _towards(("down",), (10,)), False),
    Asked("down_10_up_counted", "≥ 10 down", _towards(("down",), (10, 15, 20)), False),
    Asked("down_15_counted", "≥ 15 down", _towards(("down",), (15, 20)), False),
)


def gaze(judge: Judge, clips: Sequence[PeopleClip]) -> Answer:
    """Which looks count as contact, by direction, angle and calibration?"""
    grids = [c for c in clips if c.kind in GRIDS and c.condition == BASE]
    answer = Answer()
    for mode in MODES:
        judged = [j for c in grids if (j := judge.frames(c, mode)) is not None]
        if judged:
            answer += _by_angle(judged, mode)
            answer += _by_identity(judged, mode)
    if judge.refusals:
        rows = tuple((name, why) for name, why in sorted(judge.refusals.items()))
        answer += Answer((Table("Calibrations that were refused", ("clip", "why"), rows),))
    return answer


def _counted(judged: Iterable[Judged], which: Which) -> dict[str, Share]:
    """Return by identity how many of the frames are counted as contact."""
    found: dict[str, Share] = {}
    for j in judged:
        among = which(j) & j.judged & j.truly_open
        before = found.get(j.clip.identity, Share())
        found[j.clip.identity] = before + share(j.contact, among)
    return found


def _by_angle(judged: Sequence[Judged], mode: str) -> Answer:
    rows: list[tuple[Cell, ...]] = []
    lens = _counted(judged, at_lens)
    rows.append(("lens", "0", *_share_cells(lens), None))
    for direction in DIRECTIONS:
        for angle in ANGLES_DEG:
            found = _counted(judged, _towards((direction,), (angle,)))
            reads = _readings(judged, direction, angle)
            rows.append((direction, str(angle), *_share_cells(found), reads))
    figures = tuple(
        share_figure(_key(a.key, mode), _counted(judged, a.which), ON, high_is_good=a.high_is_good)
        for a in ASKED
    )
    table = Table(
        f"Counted as contact by true gaze, calibration: {mode}",
        ("direction", "deg", "counted", "95 % interval", "most", "least", "reads"),
        tuple(rows),
        "Frames with open eyes that the product judges, eyes alone and eyes with head. most,\n"
        "least: of one identity. reads: median measured deg that way, smallest and largest of\n"
        "the identities.",
    )
    return Answer((table,), figures)


def _readings(judged: Sequence[Judged], direction: str, angle: float) -> str | None:
    """Return how far off people read, lowest and highest of the identities, deg."""
    x, y = DIRECTIONS[direction]
    which = _towards((direction,), (angle,))
    found: dict[str, list[float]] = {}
    for j in judged:
        among = which(j) & j.judged & j.truly_open
        along = (j.yaw_deg * x + j.pitch_deg * y)[among]
        found.setdefault(j.clip.identity, []).extend(along[np.isfinite(along)].tolist())
    middles = [float(np.median(values)) for values in found.values() if values]
    return f"{min(middles):.0f} to {max(middles):.0f}" if middles else None


def _key(key: str, mode: str) -> str:
    if key == "screen_counted":
        return {TWO_POINT: "screen_counted_two_point"}.get(mode, f"{key}_{_slug(mode)}")
    return key if mode == TWO_POINT else f"{key}_{_slug(mode)}"


def _slug(mode: str) -> str:
    return {ONE_POINT: "one_point", NONE: "own_start"}.get(mode, mode)


def _share_cells(by_identity: dict[str, Share]) -> tuple[Cell, ...]:
    whole = pooled(by_identity.values())
    low, high = whole.interval
    values = [s.value for s in by_identity.values() if s.count]
    if not values:
        return ("–", "–", "–", "–")
    return (
        share_text(whole),
        f"{100 * low:.0f}–{100 * high:.0f}",
        f"{100 * max(values):.0f} %",
        f"{100 * min(values):.0f} %",
    )


def _by_identity(judged: Sequence[Judged], mode: str) -> Answer:
    rows: list[tuple[Cell, ...]] = []
    names = sorted({j.clip.identity for j in judged})
    for name in names:
        for kind in GRIDS:
            own = [j for j in judged if j.clip.identity == name and j.clip.kind == kind]
            if own:
                rows.append((f"{name} {kind}", *_row(own)))
    return Answer((_conditions_table(f"Gaze by identity, calibration: {mode}", rows),))


def _row(judged: Sequence[Judged]) -> tuple[Cell, ...]:
    frames = sum(len(j.usable) for j in judged)
    usable = sum(int(j.usable.sum()) for j in judged)
    yaw = spread(np.concatenate([_errors(j, "yaw") for j in judged]))
    pitch = spread(np.concatenate([_errors(j, "pitch") for j in judged]))
    return (
        f"{usable / frames:.2f}" if frames else None,
        *(share_text(pooled(_counted(judged, a.which).values())) for a in ASKED),
        yaw.mean,
        pitch.mean,
    )


def _errors(j: Judged, axis: str) -> NDArray[np.float64]:
    measured = j.yaw_deg if axis == "yaw" else j.pitch_deg
    true = j.truth.gaze_yaw_deg if axis == "yaw" else j.truth.gaze_pitch_deg
    return np.where(j.judged & j.truly_open, measured - true, np.nan)


def _conditions_table(title: str, rows: Sequence[tuple[Cell, ...]]) -> Table:
    return Table(
        title,
        ("", "coverage", *(a.title for a in ASKED), "yaw err", "pitch err"),
        tuple(rows),
        "coverage: share of frames with a usable face. Columns in deg: counted as contact (wrong\n"
        "but for the lens). err: mean size of the gaze's error, deg.",
    )


def gaze_conditions(judge: Judge, clips: Sequence[PeopleClip]) -> Answer:
    """What do resolution, light, distance, glasses and rate do?"""
    tables = []
    unjustified = Share()
    for mode in (TWO_POINT, ONE_POINT):
        rows: list[tuple[Cell, ...]] = []
        for condition in _conditions(clips):
            own = [c for c in clips if c.kind in GRIDS_EYES and c.condition == condition]
            judged = [j for c in own if (j := judge.frames(c, mode)) is not None]
            if judged:
                rows.append((condition, *_row(judged)))
        for kind in ("gaze_eyes", "lids"):
            of_kind = [c for c in clips if c.kind == kind and c.condition == BASE]
            for rate in RATES_HZ:
                fast = [c for c in of_kind if c.rate_hz >= rate]
                at = [j for c in fast if (j := judge.frames(c, mode, rate_hz=rate)) is not None]
                if at:
                    rows.append((f"{kind} at {rate:g} per s", *_row(at)))
        tables.append(_conditions_table(f"Gaze by condition, calibration: {mode}", rows))
    rows = []
    for condition in _conditions(clips):
        for clip in clips:
            if clip.kind not in GRIDS_EYES or clip.condition != condition:
                continue
            given = judge.metrics(clip, TWO_POINT)
            judged = judge.frames(clip, TWO_POINT)
            if given is None or judged is None:
                continue
            metrics, cautions = given
            withheld = bool(np.isnan(metrics.eye_contact_ratio))
            lens = pooled(_counted([judged], at_lens).values())
            wrong = pooled(_counted([judged], _towards(("left", "right"), (15, 20))).values())
            # What can't tell the lens from 15 deg aside in one of five frames measures nothing.
            unfit = metrics.coverage_ratio < COVERAGE or lens.value < FIT or wrong.value > 1 - FIT
            if condition != BASE:
                unjustified += Share(int(unfit and not withheld), 1)
            rows.append(
                (
                    f"{clip.identity} {condition}",
                    metrics.coverage_ratio,
                    None if withheld else metrics.eye_contact_ratio,
                    share_text(lens),
                    share_text(wrong),
                    "yes" if unfit else "no",
                    " ".join(c.code for c in cautions),
                )
            )
    table = Table(
        "Given or withheld, by condition (two-point)",
        ("", "coverage", "contact", "lens", "≥ 15 aside", "unfit", "cautions"),
        tuple(rows),
        f"contact – = withheld. unfit: coverage below {COVERAGE}, the lens counted in less than\n"
        f"{FIT:.0%}, or ≥ 15 deg aside counted in more than {1 - FIT:.0%} of the frames.",
    )
    figures = ()
    if unjustified.count:
        figures = (share_figure("unjustified_given", {"all": unjustified}, ON, high_is_good=False),)
    return Answer((*tables, table), figures)


def _conditions(clips: Sequence[PeopleClip]) -> list[str]:
    found = {c.condition for c in clips if c.kind in GRIDS_EYES}
    return sorted(found, key=lambda name: (name != BASE, name))
