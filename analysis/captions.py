"""Words drawn on pictures: white letters on a dark strip near the lower edge.

The letters come from a font of the computer; ours would be 5 MB for Japanese alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from analysis.cutting import Overlay, Patch

FONTS = {
    "linux": (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf",
        "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
        "/usr/share/fonts/truetype/takao-gothic/TakaoGothic.ttf",
        "/usr/share/fonts/truetype/vlgothic/VL-Gothic-Regular.ttf",
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/TTF/DejaVuSans.ttf",
        "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
        "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    ),
    "darwin": (
        "/System/Library/Fonts/ヒラギノ角ゴシック W4.ttc",
        "/System/Library/Fonts/Hiragino Sans GB.ttc",
        "/System/Library/Fonts/Helvetica.ttc",
    ),
    "win32": (
        r"Fonts\YuGothM.ttc",
        r"Fonts\meiryo.ttc",
        r"Fonts\msgothic.ttc",
        r"Fonts\segoeui.ttf",
        r"Fonts\arial.ttf",
    ),
}
"""by system, the better one first; those of Windows below its own folder"""

FEWEST_ROWS_PX = 14
LETTERS_RATIO = 0.052
"""height of the letters against the shorter side of the picture: broadcasters take about 1/20"""
_WIDEST_RATIO = 0.94
_DARK, _WHITE = 16, 235
_STRIP_ALPHA = 0.62
_NOT_A_LETTER = "\U0010fffe"


@dataclass(frozen=True, slots=True)
class Caption:
    """Words that are shown for a while."""

    start: float
    """s on the take's clock"""
    end: float
    """s on the take's clock"""
    lines: tuple[str, ...]


def find_font(text: str) -> Path | None:
    """Return a font of this computer that has every letter of a text; None = there is none."""
    letters = {c for c in text if not c.isspace() and c.isprintable()}
    for path in _fonts():
        if path.is_file() and _has_letters(path, frozenset(letters)):
            return path
    return None


def draw_captions(captions: Sequence[Caption], font: Path) -> Overlay:
    """Return what draws captions over pictures (`cutting.Request.overlay`).

    Parameters
    ----------
    captions : in order, without overlap.
    font : that has their letters (`find_font`).
    """
    drawn: dict[tuple[int, tuple[int, int]], Patch | None] = {}

    def overlay(time_s: float, size: tuple[int, int]) -> Patch | None:
        for number, caption in enumerate(captions):
            if caption.start <= time_s < caption.end:
                key = number, size
                if key not in drawn:
                    drawn[key] = _patch(caption.lines, size, font)
                return drawn[key]
        return None

    return overlay


def _patch(lines: Sequence[str], size: tuple[int, int], font: Path) -> Patch | None:
    """Draw lines in the middle of a strip as wide as the picture."""
    width, height = size
    letters_px = max(FEWEST_ROWS_PX, round(min(size) * LETTERS_RATIO))
    widest_px = width * _WIDEST_RATIO
    face = _face(font, letters_px)
    longest = max((face.getlength(line) for line in lines), default=0.0)
    if not longest:
        return None
    if longest > widest_px:
        face = _face(font, max(8, int(letters_px * widest_px / longest)))
    rows = int(face.size * 1.35)
    pad = int(face.size * 0.35)
    tall = min(height, (rows * len(lines) + 2 * pad + 1) & ~1)
    mask = Image.new("L", (width, tall), 0)
    drawing = ImageDraw.Draw(mask)
    left = right = width // 2
    for number, line in enumerate(lines):
        half = face.getlength(line) / 2
        left, right = min(left, int(width / 2 - half)), max(right, int(width / 2 + half))
        middle = pad + rows * (number + 0.5)
        drawing.text((width / 2, middle), line, fill=255, font=face, anchor="mm")
    white = np.asarray(mask, dtype=np.float32) / 255
    strip = np.zeros((tall, width), dtype=np.float32)
    strip[:, max(0, left - 2 * pad) : right + 2 * pad] = _STRIP_ALPHA
    luma: NDArray[np.uint8] = np.rint(_DARK + white * (_WHITE - _DARK)).astype(np.uint8)
    top = max(0, height - tall - int(height * 0.05)) & ~1
    return Patch(top, luma, np.maximum(strip, white))


@cache
def _face(font: Path, letters_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font), letters_px)


@cache
def _has_letters(font: Path, letters: frozenset[str]) -> bool:
    try:
        face = _face(font, 24)
        missing = _drawn(face, _NOT_A_LETTER)
        return all(_drawn(face, letter) != missing for letter in letters)
    except (OSError, ValueError):
        return False


def _drawn(face: ImageFont.FreeTypeFont, letter: str) -> bytes:
    picture = Image.new("L", (48, 48), 0)
    ImageDraw.Draw(picture).text((4, 4), letter, fill=255, font=face)
    return picture.tobytes()


def _fonts() -> tuple[Path, ...]:
    names = FONTS.get(sys.platform, FONTS["linux"])
    if sys.platform == "win32":
        return tuple(Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / name for name in names)
    return tuple(Path(name) for name in names)
