"""Rendered people with exactly known gaze, head and body: what is in a clip and when.

A folder holds ``<name>.mp4`` and ``<name>.json`` (people/README.md says how they are made). Truth
is per frame of the clip; what is measured at other instants is compared with the nearest frame.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.timeline import Segment

FloatArray = NDArray[np.float64]

BASE = "as it is"
BASE_HEIGHT_PX, BASE_DISTANCE_M = 720, 0.6
_ANGLES = (
    "head_yaw_deg",
    "head_pitch_deg",
    "head_roll_deg",
    "gaze_yaw_deg",
    "gaze_pitch_deg",
    "eyes_closed",
)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is true in each frame; shape (n,) each."""

    times_s: FloatArray
    head_yaw_deg: FloatArray
    """against the camera's axis, + = to the person's left"""
    head_pitch_deg: FloatArray
    """+ = up"""
    head_roll_deg: FloatArray
    """+ = towards the person's left shoulder"""
    gaze_yaw_deg: FloatArray
    """from the eyes, against the direction to the lens, + = to the person's left"""
    gaze_pitch_deg: FloatArray
    """+ = up"""
    eyes_closed: FloatArray
    """0 = open, 1 = closed"""
    label: NDArray[np.str_]
    """what the person was told to do; "" where nothing is known"""

    def at(self, times_s: FloatArray) -> Truth:
        """Return the truth at other instants: that of the nearest frame, NaN where there is none.

        A frame stands for the time up to six tenths of a step around it.
        """
        step_s = float(np.median(np.diff(self.times_s))) if len(self.times_s) > 1 else 0.0
        after = np.clip(np.searchsorted(self.times_s, times_s), 1, max(1, len(self.times_s) - 1))
        after = np.minimum(after, len(self.times_s) - 1)
        before = np.maximum(after - 1, 0)
        nearer = np.abs(self.times_s[before] - times_s) <= np.abs(self.times_s[after] - times_s)
        nearest = np.where(nearer, before, after)
        near = np.abs(self.times_s[nearest] - times_s) <= 0.6 * step_s + 1e-6
        values = {name: np.where(near, getattr(self, name)[nearest], np.nan) for name in _ANGLES}
        return Truth(times_s=times_s, label=np.where(near, self.label[nearest], ""), **values)

    def spans(self) -> tuple[tuple[str, Segment], ...]:
        """Return (label, when) of every stretch with one label."""
        if not len(self.times_s):
            return ()
        step_s = float(np.median(np.diff(self.times_s))) if len(self.times_s) > 1 else 0.0
        changes = np.flatnonzero(self.label[1:] != self.label[:-1]) + 1
        edges = [0, *changes.tolist(), len(self.label)]
        ends = np.append(self.times_s, self.times_s[-1] + step_s)
        return tuple(
            (str(self.label[a]), Segment(float(self.times_s[a]), float(ends[b])))
            for a, b in itertools.pairwise(edges)
        )


@dataclass(frozen=True, slots=True, eq=False)
class PeopleClip:
    """A clip of a rendered person."""

    path: Path
    name: str
    kind: str
    """ "calib", "gaze_eyes", "gaze_head", "heads", "lids", "posture", "still" or "answer" """
    identity: str
    split: str
    """ "tuning" or "test" """
    condition: str
    """what differs from 720p, full light, 0.6 m and no glasses; `BASE` = nothing"""
    rate_hz: float
    truth: Truth
    changes: dict[str, float]
    """instants of what happens once, s (only "answer"), by name"""


def read_people(folder: Path, split: str) -> tuple[PeopleClip, ...]:
    """Read the clips of a split, those that are complete (video and truth).

    Raises
    ------
    ValueError
        A truth file is not as people/README.md says.
    """
    clips = []
    for truth in sorted(folder.glob("*.json")):
        video = truth.with_suffix(".mp4")
        if not video.is_file():
            continue
        data = json.loads(truth.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.get("split") != split or "times_s" not in data:
            continue
        clips.append(_clip(video, data))
    return tuple(clips)


def _clip(path: Path, data: dict[str, Any]) -> PeopleClip:
    times = np.asarray(data["times_s"], dtype=np.float64)
    arrays: dict[str, Any] = {
        name: np.asarray(data[name], dtype=np.float64) for name in _ANGLES if name in data
    }
    arrays["label"] = np.asarray(data["label"], dtype=np.str_)
    for name in (*_ANGLES, "label"):
        if len(arrays.get(name, ())) != len(times):
            raise ValueError(f"{path.stem}: {name} needs one value for each of {len(times)} frames")
    return PeopleClip(
        path=path,
        name=data["name"],
        kind=data["kind"],
        identity=data["identity"],
        split=data["split"],
        condition=_condition(data),
        rate_hz=float(data["rate_hz"]),
        truth=Truth(times_s=times, **arrays),
        changes=dict(data.get("changes_s", {})),
    )


def _condition(data: dict[str, Any]) -> str:
    """Name what differs from the base, several things joined by ", "."""
    found = []
    height = int(data["size_px"][1])
    if height != BASE_HEIGHT_PX:
        found.append(f"{height}p")
    light, distance = float(data["light"]), float(data["distance_m"])
    if light != 1.0:
        found.append(f"light ×{light:g}")
    if abs(distance - BASE_DISTANCE_M) > 0.01:
        found.append(f"{distance:g} m")
    if data["glasses"]:
        found.append("glasses")
    return ", ".join(found) or BASE


def calibration_clip(clips: Sequence[PeopleClip], clip: PeopleClip) -> PeopleClip | None:
    """Return the calibration of the same person, in the same condition where there is one."""
    own = [c for c in clips if c.kind == "calib" and c.identity == clip.identity]
    return next(
        (c for condition in (clip.condition, BASE) for c in own if c.condition == condition), None
    )
