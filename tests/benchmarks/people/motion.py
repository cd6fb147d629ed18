"""What people do without meaning to: sway, nods, talking, blinks, the unrest of the eyes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tests.benchmarks.people.geometry import FloatArray

HEAD_SWAY_DEG = 1.5
"""standard deviation of the slow sway; our judgement"""
GAZE_JITTER_DEG = 0.5
"""standard deviation of fixations about their target; our judgement"""
BLINK_EVERY_S = 4.0
BLINK_S = 0.25


def slow(times_s: FloatArray, random: np.random.Generator, *, spread: float, over_s: float = 3.0):
    """Return a smooth random course with this standard deviation, shape (n,)."""
    total = np.zeros(len(times_s))
    for _ in range(6):
        period = over_s * random.uniform(0.7, 2.5)
        total += np.sin(2 * np.pi * (times_s / period + random.random()))
    return spread * total / np.sqrt(3.0)


def gaze_jitter(times_s: FloatArray, random: np.random.Generator) -> FloatArray:
    """Return small offsets that change with each fixation (about three a second), deg, (n, 2)."""
    length = float(times_s[-1]) + 2 if len(times_s) else 2.0
    starts = np.cumsum(random.uniform(0.2, 0.5, int(length / 0.2)))
    which = np.searchsorted(starts, times_s)
    return random.normal(0, GAZE_JITTER_DEG, (len(starts) + 1, 2))[which]


def blinks(
    times_s: FloatArray, random: np.random.Generator, *, every_s: float = BLINK_EVERY_S
) -> FloatArray:
    """Return how far the eyes are closed, 0..1, shape (n,)."""
    closed = np.zeros(len(times_s))
    at = random.uniform(0.6, 1.0) * every_s
    while len(times_s) and at < times_s[-1]:
        # Down in 0.09 s, up in 0.16 s.
        since = times_s - at
        closing = np.clip(1 + since / 0.09, 0, 1) * (since <= 0)
        opening = np.clip(1 - since / 0.16, 0, 1) * (since > 0)
        closed = np.maximum(closed, np.maximum(closing, opening))
        at += every_s * random.uniform(0.6, 1.6)
    return closed


def talking(times_s: FloatArray, random: np.random.Generator) -> dict[str, FloatArray]:
    """Return mouth opening, rounding, smile and brows of someone who speaks, shape (n,) each."""
    phrases = slow(times_s, random, spread=1.0, over_s=4.0) > -0.7
    syllables = np.abs(np.sin(2 * np.pi * (4.3 * times_s + slow(times_s, random, spread=0.4))))
    strength = 0.12 + 0.10 * np.abs(slow(times_s, random, spread=1.0, over_s=0.9))
    return {
        "mouth_open": phrases * syllables * strength,
        "mouth_round": phrases * np.clip(slow(times_s, random, spread=0.2, over_s=0.6), 0, 0.5),
        "smile": np.clip(0.08 + slow(times_s, random, spread=0.10, over_s=5.0), 0, 0.5),
        "brows": np.clip(slow(times_s, random, spread=0.16, over_s=3.0), -0.3, 0.6),
    }


def nods(times_s: FloatArray, random: np.random.Generator, *, every_s: float = 9.0) -> FloatArray:
    """Return the pitch of nods: two dips of 4-8 deg in a second, now and then, shape (n,)."""
    pitch = np.zeros(len(times_s))
    at = random.uniform(0.4, 1.0) * every_s
    while len(times_s) and at < times_s[-1]:
        since = (times_s - at) / 1.1
        inside = (since >= 0) & (since < 1)
        pitch -= inside * random.uniform(4, 8) * np.sin(2 * np.pi * since) ** 2
        at += every_s * random.uniform(0.6, 1.5)
    return pitch


def eased(times_s: FloatArray, keys: list[tuple[float, float]], *, over_s: float) -> FloatArray:
    """Return a course that goes to each value from its time on, within `over_s`, shape (n,)."""
    value = np.full(len(times_s), keys[0][1], dtype=np.float64)
    for (_, before), (at, after) in pairwise(keys):
        t = np.clip((times_s - at) / max(over_s, 1e-6), 0, 1)
        value += (after - before) * t * t * (3 - 2 * t)
    return value
