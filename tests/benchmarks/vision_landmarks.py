"""Landmarks of a clip through the product's own doors, kept where asked.

Finding landmarks is nearly all of the benchmark's time. They depend on the clip, on the sampling
and on the source of three modules: whatever is kept under another key of these is not used.
"""

from __future__ import annotations

import hashlib
import math
import pickle
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis import landmarks as landmarks_module
from analysis import media as media_module
from analysis import person as person_module
from analysis.landmarks import LandmarkOptions, Landmarks, detect_landmarks
from analysis.media import probe_media, read_frames
from analysis.timeline import Track
from tests.benchmarks.vision_degrade import Degradation, degrade

_NO_POSE = 100_000


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a clip is looked at."""

    rate_hz: float
    body: bool = False
    """whether shoulders are looked for too (three to five times the cost of a face)"""
    late_frames: int = 0
    """sampling starts this many frames of the clip later"""
    degradation: Degradation | None = None
    """what is done to the clip first"""


class LandmarkStore:
    """Landmarks by clip and sampling, in memory and in a folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, Landmarks] = {}
        modules = (landmarks_module, media_module, person_module)
        code = [Path(str(module.__file__)).read_bytes() for module in modules]
        self._sources = hashlib.sha256(b"".join(code)).hexdigest()
        self._clips: dict[Path, str] = {}

    def find(self, path: Path, sampling: Sampling) -> Landmarks:
        """Return the landmarks of a clip."""
        key = self._key(path, sampling)
        if key in self._known:
            return self._known[key]
        kept = self._folder / f"{path.stem}-{key[:16]}.pickle" if self._folder else None
        if kept is not None and kept.is_file():
            found = pickle.loads(kept.read_bytes())
        else:
            _tell(f"{path.stem} {sampling.rate_hz:g}/s")
            found = _detect(path, sampling)
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                partial = kept.with_suffix(".partial")
                partial.write_bytes(pickle.dumps(found))
                partial.replace(kept)
            _tell("")
        self._known[key] = found
        return found

    def _key(self, path: Path, sampling: Sampling) -> str:
        if path not in self._clips:
            self._clips[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        parts = (self._sources, self._clips[path], repr(sampling))
        return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _detect(path: Path, sampling: Sampling) -> Landmarks:
    options = LandmarkOptions() if sampling.body else LandmarkOptions(pose_every=_NO_POSE)
    # Of the clip as it is: what is made of it has no sound, and with it another t = 0.
    origin_s = probe_media(path).origin_s
    with tempfile.TemporaryDirectory(prefix="mensetsu-vision-") as folder:
        if sampling.degradation is not None:
            path = degrade(path, sampling.degradation, Path(folder))
        frames = read_frames(path, rate_hz=sampling.rate_hz, origin_s=origin_s)
        if sampling.late_frames:
            frames = _later(path, sampling, origin_s)
        return detect_landmarks(frames, options=options)


def _later(
    path: Path, sampling: Sampling, origin_s: float
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield the frames of a grid that starts some frames later."""
    due = -math.inf
    for number, (time, frame) in enumerate(read_frames(path, rate_hz=1000.0, origin_s=origin_s)):
        if number < sampling.late_frames or time < due - 1e-3:
            continue
        due = (time if math.isinf(due) else due) + 1 / sampling.rate_hz
        yield time, frame


def joined(first: Landmarks, second: Landmarks, *, gap_s: float) -> Landmarks:
    """Return the landmarks of one recording after the other, the second one's times moved.

    Parameters
    ----------
    first, second : of one person, in pictures of one size.
    gap_s : from the last frame of the first to the first frame of the second.

    Raises
    ------
    ValueError
        The pictures differ in size.
    """
    if first.frame_size_px != second.frame_size_px:
        raise ValueError(
            f"pictures of {first.frame_size_px} and {second.frame_size_px} can't be joined"
        )
    move = float(first.face.times[-1]) + gap_s - float(second.face.times[0])

    def both(a: Track, b: Track) -> Track:
        times = np.concatenate([a.times, b.times + move])
        return Track(times, np.concatenate([a.values, b.values]), a.unit)

    return replace(
        first,
        face=both(first.face, second.face),
        pose=both(first.pose, second.pose),
        face_count=both(first.face_count, second.face_count),
        face_luma=both(first.face_luma, second.face_luma),
    )


def part(landmarks: Landmarks, start_s: float, end_s: float, *, step_s: float = 0.0) -> Landmarks:
    """Return the frames of a stretch of time.

    Parameters
    ----------
    start_s, end_s : from (included) and to (left out).
    step_s : if not 0, the frames get times this far apart, from 0 on: the stretch played slower.
    """

    def cut(track: Track) -> Track:
        inside = (track.times >= start_s) & (track.times < end_s)
        times = track.times[inside]
        if step_s:
            numbers = np.searchsorted(landmarks.face.times, np.append(start_s, times))
            times = (numbers[1:] - numbers[0]) * step_s
        return Track(times, track.values[inside], track.unit)

    return replace(
        landmarks,
        face=cut(landmarks.face),
        pose=cut(landmarks.pose),
        face_count=cut(landmarks.face_count),
        face_luma=cut(landmarks.face_luma),
    )


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
