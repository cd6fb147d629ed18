"""The clips of each person: what happens when."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.people.geometry import FloatArray
from tests.benchmarks.people.identities import Identity
from tests.benchmarks.people.motion import (
    HEAD_SWAY_DEG,
    blinks,
    eased,
    gaze_jitter,
    nods,
    slow,
    talking,
)
from tests.benchmarks.people.posing import Pose

SIDES = {"left": (1.0, 0.0), "right": (-1.0, 0.0), "up": (0.0, 1.0), "down": (0.0, -1.0)}
SIZES_DEG = (5, 8, 10, 15, 20)
SCREEN_DEG = -10.0
"""middle of the screen under the lens"""
NOTES_DEG = (15.0, -25.0)
_HELD_S, _BETWEEN_S = 8.0, 4.0
"""how long a posture is held, and the usual one after it"""
BLINK_SEEN = 0.3
"""closed further than this a frame is called "blink" """


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """What happens in a clip, frame by frame."""

    kind: str
    rate_hz: float
    times_s: FloatArray
    poses: tuple[Pose, ...]
    labels: tuple[str, ...]


KINDS = ("calib", "gaze_eyes", "heads", "posture", "answer", "still", "gaze_head", "lids",
         "gaze_short")  # fmt: skip


def recipe_of(identity: Identity, kind: str) -> Recipe:
    """Return a person's recipe of a kind; the same at every call."""
    random = np.random.default_rng(zlib.crc32(f"{identity.name} {kind}".encode()))
    return {
        "calib": _calibration,
        "gaze_eyes": lambda r: _gaze(r, "gaze_eyes", SIZES_DEG, 0.0, 1.2),
        "gaze_head": lambda r: _gaze(r, "gaze_head", SIZES_DEG, 0.5, 1.2),
        "gaze_short": lambda r: _gaze(r, "gaze_short", (8, 15), 0.0, 1.0),
        "heads": _heads,
        "lids": _lids,
        "posture": _posture,
        "still": _still,
        "answer": _answer,
    }[kind](random)


@dataclass(slots=True)
class _Course:
    """A recipe in the making: steps with what holds in them."""

    steps: list[tuple[float, str, dict[str, float]]]
    """length s, label, pose"""

    def add(self, length_s: float, label: str, **pose: float) -> None:
        self.steps.append((length_s, label, pose))

    def times(self, rate_hz: float) -> FloatArray:
        return np.arange(round(sum(step[0] for step in self.steps) * rate_hz)) / rate_hz

    def which(self, times_s: FloatArray) -> FloatArray:
        ends = np.cumsum([step[0] for step in self.steps])
        return np.minimum(np.searchsorted(ends, times_s + 1e-6, side="right"), len(ends) - 1)

    def keys(self, name: str) -> list[tuple[float, float]]:
        starts = np.cumsum([0.0] + [step[0] for step in self.steps[:-1]])
        return [(float(at), step[2].get(name, 0.0)) for at, step in
                zip(starts, self.steps, strict=True)]  # fmt: skip


def _finish(
    course: _Course,
    random: np.random.Generator,
    kind: str,
    rate_hz: float,
    *,
    sway_deg: float = HEAD_SWAY_DEG,
    nod: bool = False,
    blink: bool = True,
    over_s: float = 0.35,
    extra: dict[str, FloatArray] | None = None,
) -> Recipe:
    """Lay what people do without meaning to over the steps.

    Eyes jump; heads and bodies glide within `over_s`. While a body part is still more than a
    tenth of its way off, the label is "moving".
    """
    times = course.times(rate_hz)
    which = course.which(times)
    steps = [course.steps[i] for i in which]
    jitter = gaze_jitter(times, random)
    blinking = blinks(times, random) if blink else np.zeros(len(times))
    mouth = talking(times, random)
    glided = ("head_yaw_deg", "head_pitch_deg", "head_roll_deg", "slouch_deg", "side_lean_deg",
              "lean_in_deg", "shoulder_tilt_deg")  # fmt: skip
    course_of = {name: eased(times, course.keys(name), over_s=over_s) for name in glided}
    moving = np.zeros(len(times), dtype=bool)
    for name, values in course_of.items():
        goal = np.array([step[2].get(name, 0.0) for step in steps])
        moving |= np.abs(values - goal) > 1.0
    sway = {
        "head_yaw_deg": slow(times, random, spread=sway_deg),
        "head_pitch_deg": slow(times, random, spread=0.8 * sway_deg)
        + (nods(times, random) if nod else 0.0),
        "head_roll_deg": slow(times, random, spread=0.6 * sway_deg),
        "side_lean_deg": slow(times, random, spread=0.3, over_s=6.0),
        "lean_in_deg": slow(times, random, spread=0.3, over_s=6.0),
        "slouch_deg": np.zeros(len(times)),
        "shoulder_tilt_deg": np.zeros(len(times)),
    }
    for name, values in (extra or {}).items():
        if name in sway:
            sway[name] = sway[name] + values
    places = (extra or {}).get("place_m", np.zeros((len(times), 3)))
    poses, labels = [], []
    for i, (_, label, wish) in enumerate(steps):
        closed = max(float(blinking[i]), wish.get("eyes_closed", 0.0))
        poses.append(
            Pose(
                gaze_yaw_deg=wish.get("gaze_yaw_deg", 0.0) + float(jitter[i, 0]),
                gaze_pitch_deg=wish.get("gaze_pitch_deg", 0.0) + float(jitter[i, 1]),
                eyes_closed=closed,
                place_m=(float(places[i, 0]), float(places[i, 1]), float(places[i, 2])),
                **{name: float(course_of[name][i] + sway[name][i]) for name in glided},
                **{name: float(values[i]) for name, values in mouth.items()},
            )
        )
        own = "blink" if blinking[i] > BLINK_SEEN else "moving" if moving[i] else label
        labels.append(own)
    return Recipe(kind, rate_hz, times, tuple(poses), tuple(labels))


def _calibration(random: np.random.Generator) -> Recipe:
    course = _Course([])
    course.add(3.0, "lens")
    # People's heads go along a little: a fifth of the way.
    course.add(3.0, "screen", gaze_pitch_deg=SCREEN_DEG, head_pitch_deg=0.2 * SCREEN_DEG)
    return _finish(course, random, "calib", 15.0, sway_deg=0.8)


def _gaze(
    random: np.random.Generator,
    kind: str,
    sizes_deg: tuple[int, ...],
    head_share: float,
    hold_s: float,
) -> Recipe:
    course = _Course([])
    course.add(2.0, "lens")
    targets = [(size, side) for size in sizes_deg for side in SIDES]
    random.shuffle(targets)
    for size, side in targets:
        yaw, pitch = (size * way for way in SIDES[side])
        course.add(
            hold_s,
            f"{side}{size}",
            gaze_yaw_deg=yaw,
            gaze_pitch_deg=pitch,
            head_yaw_deg=head_share * yaw,
            head_pitch_deg=head_share * pitch,
        )
        course.add(0.8 if head_share == 0 else 1.0, "lens")
    return _finish(course, random, kind, 5.0, over_s=0.3)


def _heads(random: np.random.Generator) -> Recipe:
    course = _Course([])
    course.add(1.2, "lens")
    for pitch in (0, -15, 15):
        for yaw in range(-30, 31, 10):
            course.add(1.2, "lens", head_yaw_deg=yaw, head_pitch_deg=pitch)
    for roll in (-15, 15):
        course.add(1.4, "lens", head_roll_deg=roll)
    for yaw in (10, 20, 30, -10, -20, -30):
        side = "left" if yaw > 0 else "right"
        course.add(1.2, f"turned-{side}{abs(yaw)}", head_yaw_deg=yaw, gaze_yaw_deg=yaw)
    return _finish(course, random, "heads", 5.0, sway_deg=0.6, over_s=0.35)


def _lids(random: np.random.Generator) -> Recipe:
    course = _Course([])
    for label, closed, pitch in (
        ("lens", 0.0, 0.0), ("closed", 1.0, 0.0), ("lens", 0.0, 0.0), ("half", 0.5, 0.0),
        ("lens", 0.0, 0.0), ("down20", 0.0, -20.0), ("lens", 0.0, 0.0), ("closed", 1.0, 0.0),
        ("lens", 0.0, 0.0),
    ):  # fmt: skip
        course.add(0.9, label, eyes_closed=closed, gaze_pitch_deg=pitch)
    return _finish(course, random, "lids", 15.0, sway_deg=0.8, blink=False)


def _posture(random: np.random.Generator) -> Recipe:
    course = _Course([])
    course.add(8.0, "still")
    targets = [(f"slouch{deg}", "slouch_deg", deg) for deg in (5, 10, 15, 20, 25)]
    targets += [(f"lean{deg:+d}", "side_lean_deg", deg) for deg in (-12, -8, -4, 4, 8, 12)]
    targets += [(f"tilt{deg:+d}", "shoulder_tilt_deg", deg) for deg in (-10, -6, -3, 3, 6, 10)]
    targets += [(f"in{deg}", "lean_in_deg", deg) for deg in (10, 20)]
    for label, name, deg in targets:
        # Heads roll along with a leaning trunk, but by a third only.
        roll = deg / 3 if name == "side_lean_deg" else 0.0
        course.add(_HELD_S, label, **{name: deg, "head_roll_deg": roll})
        course.add(_BETWEEN_S, "still")
    return _finish(course, random, "posture", 5.0, nod=True, over_s=1.0)


def _still(random: np.random.Generator) -> Recipe:
    course = _Course([])
    course.add(120.0, "still")
    times = course.times(5.0)
    gestures = {
        "head_yaw_deg": slow(times, random, spread=3.0, over_s=1.6),
        "head_pitch_deg": slow(times, random, spread=2.5, over_s=1.4),
        "head_roll_deg": slow(times, random, spread=2.0, over_s=2.2),
    }
    return _finish(course, random, "still", 5.0, nod=True, extra=gestures)


def _answer(random: np.random.Generator) -> Recipe:
    looks: list[tuple[str, float, float, float]] = []
    for side, size in (("left", 10), ("right", 15), ("up", 15), ("down", 15), ("left", 25),
                       ("right", 20), ("up", 10), ("down", 20), ("right", 10), ("left", 20),
                       ("up", 20)):  # fmt: skip
        yaw, pitch = (size * way for way in SIDES[side])
        looks.append((f"{side}{size}", yaw, pitch, random.uniform(1.0, 4.0)))
    looks += [("notes", *NOTES_DEG, random.uniform(1.0, 2.5)) for _ in range(5)]
    random.shuffle(looks)
    rest = 120.0 - sum(look[3] for look in looks)
    gaps = random.uniform(0.6, 1.4, len(looks) + 1)
    gaps[0] += 1.0
    gaps *= rest / gaps.sum()
    course = _Course([])
    for gap, (label, yaw, pitch, length) in zip(gaps, looks, strict=False):
        course.add(round(gap, 1), "lens")
        share = 0.4 if max(abs(yaw), abs(pitch)) > 12 else 0.15
        course.add(
            round(length, 1), label, gaze_yaw_deg=yaw, gaze_pitch_deg=pitch,
            head_yaw_deg=share * yaw, head_pitch_deg=share * pitch,
        )  # fmt: skip
    course.add(120.0 - sum(step[0] for step in course.steps), "lens")
    times = course.times(5.0)
    place = np.stack(
        [
            eased(times, [(0, 0.0), (50, 0.06)], over_s=1.5) + slow(times, random, spread=0.006,
                                                                    over_s=30.0),
            eased(times, [(0, 0.0), (90, -0.04)], over_s=2.0),
            eased(times, [(0, 0.0), (50, -0.12 * 0.6)], over_s=1.5)
            + slow(times, random, spread=0.01, over_s=30.0),
        ],
        axis=1,
    )  # fmt: skip
    extra = {
        "place_m": place,
        "head_pitch_deg": eased(times, [(0, 0.0), (90, -4.0)], over_s=2.0),
    }
    return _finish(course, random, "answer", 5.0, nod=True, extra=extra)
