"""Reading glasses from the package's sunglasses: the tinted lenses become almost clear."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.people.figure import Figure

VEIL_RATIO = 0.10
"""how much of what lies behind a lens its reflections hide: both faces of uncoated plastic reflect
8 %; our judgement"""
VEIL_GREY = 190
"""of the room that the lens reflects, 0..255"""


def with_clear_lenses(figure: Figure, folder: Path) -> Figure:
    """Return the figure with clear lenses; the changed texture is kept in `folder`."""
    parts = []
    for part in figure.parts:
        if part.kind == "glasses":
            path = folder / "clear-glasses.png"
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                texture = cv2.imread(str(part.texture), cv2.IMREAD_UNCHANGED)
                if texture is None:
                    raise FileNotFoundError(f"No texture at {part.texture}.")
                cv2.imwrite(str(path), clear_lenses(texture.astype(np.uint8)))
            part = replace(part, texture=path)
        parts.append(part)
    return replace(figure, parts=tuple(parts))


def clear_lenses(texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a texture (BGRA) whose half-transparent places are almost clear."""
    clear = texture.copy()
    lens = (texture[..., 3] > 60) & (texture[..., 3] < 220)
    clear[lens] = [VEIL_GREY, VEIL_GREY, VEIL_GREY, round(255 * VEIL_RATIO)]
    return clear
