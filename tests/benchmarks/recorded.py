"""What is in a recording, against what was played: samples bit by bit, pictures by their stamps."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import av_drift_detector
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
FPS = 30
SIZE_PX = (1280, 720)
_LOOK_FOR = 480
"""samples by which a place is known again"""
_FULL_SCALE = 30_000
_NOISE = 8
"""peak of the noise over the pattern: -72 dB, and no two stretches are alike"""


@dataclass(frozen=True, slots=True)
class Sync:
    """Sound against picture; + = the sound comes late."""

    frames: int
    mean_ms: float
    least_ms: float
    most_ms: float
    skew_ppm: float


def pattern_pictures(seconds: float) -> Iterator[NDArray[np.uint8]]:
    """Yield numbered pictures."""
    width, height = SIZE_PX
    renderer = av_drift_detector.PatternRenderer(fps=str(FPS), width=width, height=height)
    for number in range(round(seconds * FPS)):
        luma = np.frombuffer(renderer.render(number), np.uint8).reshape(height, width)
        yield np.repeat(luma[:, :, None], 3, 2)


def pattern_sound(seconds: float) -> NDArray[np.int16]:
    """Return the sound that belongs to `pattern_pictures`."""
    made = av_drift_detector.synthesize_audio(
        round(seconds * RATE_HZ), fps=str(FPS), sample_rate=RATE_HZ, music=False
    )
    return (np.asarray(made) * _FULL_SCALE).astype(np.int16) + _noise(len(made), _NOISE)


def unique_sound(seconds: float) -> NDArray[np.int16]:
    """Return noise of which no two stretches are alike."""
    return _noise(round(seconds * RATE_HZ), 3_000)


def _noise(count: int, peak: int) -> NDArray[np.int16]:
    return np.random.default_rng(5).integers(-peak, peak + 1, count, np.int16)


def read_sound(media: Path) -> tuple[float, NDArray[np.int16]]:
    """Return the time of the first sample (s) and all samples of a mono FLAC stream."""
    pieces, start_s = [], None
    with av.open(str(media)) as container:
        for frame in container.decode(audio=0):
            assert frame.format.name in ("s16", "s16p"), frame.format.name
            start_s = frame.time if start_s is None else start_s
            pieces.append(frame.to_ndarray().reshape(-1))
    return start_s or 0.0, np.concatenate(pieces)


def lost_samples(recorded: NDArray[np.int16], played: NDArray[np.int16]) -> int:
    """Count samples that were played within the recording and are not in it as they were.

    Silence in their place counts as lost, like a piece that is missing.
    """
    heard = played.tobytes()
    at = _find(recorded[:_LOOK_FOR], heard, 0)
    if at < 0:
        return len(recorded)
    lost = done = 0
    while done < len(recorded):
        rest = min(len(recorded) - done, len(played) - at)
        wrong = np.flatnonzero(recorded[done : done + rest] != played[at : at + rest])
        if not len(wrong):
            return lost + len(recorded) - done - rest
        done, at = done + int(wrong[0]), at + int(wrong[0])
        again = _again(recorded, done, heard, at)
        if again is None:
            return lost + len(recorded) - done
        skipped, found = again
        lost += max(skipped, found - at)
        done, at = done + skipped, found
    return lost


def _again(recorded: NDArray[np.int16], done: int, heard: bytes, at: int) -> tuple[int, int] | None:
    """Return how far on the recording is as played again, and where that was played."""
    for skipped in range(0, len(recorded) - done - _LOOK_FOR, _LOOK_FOR // 4):
        piece = recorded[done + skipped : done + skipped + _LOOK_FOR]
        if piece.any() and (found := _find(piece, heard, at)) >= 0:
            return skipped, found
    return None


def _find(piece: NDArray[np.int16], heard: bytes, start: int) -> int:
    wanted, at = piece.tobytes(), 2 * start - 1
    while (at := heard.find(wanted, at + 1)) >= 0:
        if at % 2 == 0:
            return at // 2
    return -1


def measure_sync(media: Path) -> Sync:
    """Measure every picture of the pattern against the sound."""
    width, height = SIZE_PX
    start_s, samples = read_sound(media)
    reader = av_drift_detector.StampReader(try_qr=False)
    with av.open(str(media)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            luma = np.frombuffer(frame.planes[0], np.uint8).reshape(height, -1)[:, :width]
            reader.read(np.ascontiguousarray(luma).tobytes(), width, height, frame.time)
    sound = {
        "sample_rate": RATE_HZ,
        "start_time": start_s,
        "samples": samples.astype(np.float32) / 32768,
    }
    report = av_drift_detector.analyze_frames(
        reader.finish(), sound, width=width, height=height, fps=str(FPS)
    )
    offsets = [f["drift_ms"] for f in report["frames"] if f["status"] == "ok"]
    return Sync(
        len(offsets),
        statistics.fmean(offsets),
        min(offsets),
        max(offsets),
        report["summary"]["skew_ppm"],
    )
