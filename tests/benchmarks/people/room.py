"""Rooms: a painted background and the light that falls on the person."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.people.geometry import FloatArray, direction_of


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Light on the person, linear."""

    key_way: FloatArray
    """towards the window or lamp"""
    key: FloatArray
    fill_way: FloatArray
    """towards the screen"""
    fill: FloatArray
    sky: FloatArray
    ground: FloatArray
    room_gain: float
    exposure: float


def light_of(seed: int) -> Light:
    """Return a room's light: a window or lamp to one side and above, the screen, the walls."""
    random = np.random.default_rng([seed, 1])
    side = random.choice([-1, 1]) * random.uniform(15, 50)
    warm = random.uniform(-0.08, 0.12)
    tint = np.array([1 + warm, 1.0, 1 - warm])
    key = random.uniform(0.55, 0.80) * tint
    return Light(
        key_way=direction_of(side, random.uniform(25, 45)),
        key=key,
        fill_way=direction_of(-0.2 * side, -6.0),
        fill=np.array([0.95, 1.0, 1.05]) * random.uniform(0.16, 0.26),
        sky=np.array([1.0, 1.0, 1.02]) * random.uniform(0.36, 0.46),
        ground=np.array([1.0, 0.96, 0.9]) * random.uniform(0.18, 0.26),
        room_gain=random.uniform(0.7, 1.0),
        exposure=1.0,
    )


def paint_room(seed: int, size_px: tuple[int, int] = (1280, 720)) -> NDArray[np.uint8]:
    """Return a wall with a shelf, a picture and a door, a little out of focus, RGB."""
    random = np.random.default_rng([seed, 2])
    width, height = size_px
    wall = random.uniform(120, 190) * np.array([1.0, 0.98, 0.95]) + random.uniform(-12, 12, 3)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    falloff = 1.08 - 0.16 * (x * random.uniform(-1, 1) + 0.6 * y) - 0.10 * (x**2 + y**2)
    picture = wall * falloff[..., None]
    grain = cv2.GaussianBlur(random.normal(0, 1, (height, width)), (0, 0), 9)
    picture += 25 * grain[..., None]
    picture = np.clip(picture, 0, 255).astype(np.uint8)

    def box(left: float, top: float, right: float, bottom: float, colour) -> None:
        corners = [int(left * width), int(top * height)], [int(right * width), int(bottom * height)]
        cv2.rectangle(picture, corners[0], corners[1], [float(c) for c in colour], -1)

    shelf_left = random.choice([0.02, 0.66])
    wood = np.array([120, 84, 56]) * random.uniform(0.6, 1.3)
    for level in (0.22, 0.45, 0.68):
        at = shelf_left + 0.01
        while at < shelf_left + 0.29:
            wide = random.uniform(0.008, 0.022)
            tall = random.uniform(0.09, 0.17)
            if random.random() < 0.85:
                box(at, level - tall, at + wide, level, random.uniform(30, 200, 3))
            at += wide + 0.002
        box(shelf_left, level, shelf_left + 0.31, level + 0.018, wood)
    other = 0.70 if shelf_left < 0.5 else 0.06
    frame = random.uniform(20, 80, 3)
    box(other, 0.14, other + 0.17, 0.42, frame)
    box(other + 0.012, 0.16, other + 0.158, 0.40, random.uniform(120, 230, 3))
    box(other + 0.03, 0.28, other + 0.12, 0.36, random.uniform(60, 200, 3))
    box(other + 0.02, 0.62, other + 0.26, 1.0, wood * 0.8)
    return cv2.GaussianBlur(picture, (0, 0), 3.0).astype(np.uint8)
