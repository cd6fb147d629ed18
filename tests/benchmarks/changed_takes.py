"""The English sample and the rendered person, changed by known amounts.

Made from what lies in the repository only, so that whoever has it can try the comparison on takes
whose changes are known exactly.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.benchmarks.changes import Samples, Scene, faster, room_noise, write_take
from tests.benchmarks.repeat_media import heard

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_media" / "english_take.mp4"
RENDERED = ROOT / "tests" / "analysis" / "rendered" / "looks.mp4"
CUT_S = (46.53, 77.53)
"""the sample without most of its silence of 32 s: a second of it stays"""
QUIET_S = (50.0, 76.0)
"""of the sample: room noise only"""
PAUSES_S = ((12.99, 1.0), (17.59, 1.2), (34.565, 1.5), (81.85, 1.3), (98.535, 1.1))
"""place in the sample and length: after "shop", "was", "work", "old" and "up", in the middle of
clauses, where the sound itself is quiet for a moment"""
EXTRA_PAUSES = len(PAUSES_S)
PACE = 1.15
LENS_S = ((0.2, 2.8), (6.2, 17.0), (20.2, 24.0), (25.8, 29.6), (31.4, 34.8), (38.9, 41.8))
"""of the rendered person: looks into the lens"""
ASIDE_S = ((17.6, 19.6), (35.4, 38.4))
"""of the rendered person: looks 20° and 15° to the side"""
AWAY_RATIO = 0.3


def spoken(ratio: float, target: Path) -> Path:
    """Write the sample without its long silence, so many times as fast; the pitch stays.

    Parameters
    ----------
    ratio : 1.15 = 15 % faster.
    target : .mp4, or .wav for the sound alone.
    """
    samples, rate_hz = _sample()
    scenes = [_scene(samples, rate_hz, *part, ratio) for part in _parts(samples, rate_hz)]
    if target.suffix == ".wav":
        scenes = [replace(scene, picture=None) for scene in scenes]
    return write_take(scenes, rate_hz, target)


def with_more_pauses(ratio: float, target: Path) -> Path:
    """Write what `spoken` does with `PAUSES_S` in it; the picture stands still meanwhile."""
    samples, rate_hz = _sample()
    quiet = _stretch(samples, rate_hz, QUIET_S)
    random = np.random.default_rng(1)
    scenes = []
    for start_s, end_s in _parts(samples, rate_hz):
        at_s = start_s
        for place_s, length_s in PAUSES_S:
            if not start_s < place_s < end_s:
                continue
            scenes.append(_scene(samples, rate_hz, at_s, place_s, ratio))
            noise = room_noise(quiet, round(length_s * rate_hz), random)
            scenes.append(Scene(noise, SAMPLE, place_s, place_s))
            at_s = place_s
        scenes.append(_scene(samples, rate_hz, at_s, end_s, ratio))
    return write_take(scenes, rate_hz, target)


def looking(away_ratio: float, target: Path) -> Path:
    """Write the rendered person with a voice, looking aside in two looks for a share of the time.

    Both looks are shown slower, so that they fill their part; a third at the same place would make
    it a place where notes may lie.
    """
    samples, rate_hz = _sample()
    voice = _stretch(samples, rate_hz, (0.0, CUT_S[0]))
    whole_s = len(voice) / rate_hz
    aside_s = away_ratio * whole_s / len(ASIDE_S)
    lens_s = (1 - away_ratio) * whole_s / 3
    # The first seconds at the lens come first: they are what looking at the camera is told by.
    order: list[tuple[float, tuple[tuple[float, float], ...]]] = [(lens_s, LENS_S)]
    for look in ASIDE_S:
        order += [(aside_s, (look,)), (lens_s, LENS_S)] if away_ratio else [(lens_s, LENS_S)]
    shown: list[tuple[float, float, float]] = []
    at = 0
    for length_s, stretches in order:
        if stretches is LENS_S:
            left_s = length_s
            while left_s > 1e-6:
                start_s, end_s = LENS_S[at % len(LENS_S)]
                taken_s = min(left_s, end_s - start_s)
                shown.append((taken_s, start_s, start_s + taken_s))
                left_s -= taken_s
                at += 1
        else:
            shown.append((length_s, *stretches[0]))
    ends = np.round(np.cumsum([length_s for length_s, _, _ in shown]) * rate_hz).astype(int)
    starts = [0, *ends[:-1]]
    scenes = [
        Scene(voice[a:b], RENDERED, start_s, end_s)
        for a, b, (_, start_s, end_s) in zip(starts, ends, shown, strict=True)
    ]
    return write_take(scenes, rate_hz, target)


def _sample() -> tuple[Samples, int]:
    _, samples, rate_hz = heard(SAMPLE)
    return samples, rate_hz


def _parts(samples: Samples, rate_hz: int) -> tuple[tuple[float, float], tuple[float, float]]:
    return (0.0, CUT_S[0]), (CUT_S[1], len(samples) / rate_hz)


def _scene(samples: Samples, rate_hz: int, start_s: float, end_s: float, ratio: float) -> Scene:
    sound = _stretch(samples, rate_hz, (start_s, end_s))
    if ratio != 1.0:
        sound = faster(sound, rate_hz, ratio)
    return Scene(sound, SAMPLE, start_s, end_s)


def _stretch(samples: Samples, rate_hz: int, span_s: tuple[float, float]) -> Samples:
    return samples[round(span_s[0] * rate_hz) : round(span_s[1] * rate_hz)]
