"""The picture of a set-up check, with what was measured drawn into it.

Only letters that OpenCV's own font has (no Japanese, no dashes); states are words as well as
colours.
"""

from __future__ import annotations

import math
import unicodedata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.errors import AnalysisError
from analysis.setup_check import SetupCheck
from analysis.setup_items import FIX, PASS, PICTURE_ITEMS, UNCHECKED, Item, Limits, read_limits
from analysis.setup_picture import PictureFacts

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")

_HEIGHT_PX, _PANEL_PX = 720, 500
_WORDS = {PASS: "ok", FIX: "fix", UNCHECKED: "?"}
# RGB; told apart by their words too. Blue and orange differ for every kind of colour vision.
_COLOURS = {PASS: (90, 170, 255), FIX: (255, 160, 40), UNCHECKED: (160, 160, 160)}
_GUIDE, _OUTLINE = (235, 235, 235), (30, 30, 30)
_LETTERS = {"×": "x", " °": " deg", "°": " deg", "−": "-", "–": "-"}

_SHOWN = (
    *PICTURE_ITEMS,
    "camera-resolution",
    "camera-rate",
)


def draw_check(
    check: SetupCheck, limits: dict[str, Limits] | None = None
) -> NDArray[np.uint8] | None:
    """Return the annotated picture, RGB; None where there is no picture.

    Drawn are the band of the eyes, the middle band of the face, the face's box, the eyes and the
    shoulder line; beside them the items of the picture with their state.
    """
    import cv2

    facts = check.picture
    if facts is None or facts.frame is None:
        return None
    items = {item.id: item for item in check.items}
    height, width = facts.frame.shape[:2]
    scale = _HEIGHT_PX / height
    shown = cv2.resize(facts.frame, (round(width * scale), _HEIGHT_PX))
    picture = np.ascontiguousarray(shown, dtype=np.uint8)
    _draw_bands(picture, limits or read_limits())
    _draw_person(picture, facts, items, scale)
    panel = np.full((_HEIGHT_PX, _PANEL_PX, 3), 30, dtype=np.uint8)
    _write_items(panel, [items[name] for name in _SHOWN])
    return np.hstack([picture, panel])


def save_picture(picture: NDArray[np.uint8], path: Path) -> None:
    """Write an RGB picture; the kind goes by the ending (`IMAGE_SUFFIXES`).

    Raises
    ------
    AnalysisError
        It can't be encoded.
    OSError
        It can't be written.
    """
    import cv2

    done, encoded = cv2.imencode(path.suffix, np.ascontiguousarray(picture[:, :, ::-1]))
    if not done:
        raise AnalysisError(f"{path.name} can't be made: give a name that ends in .png or .jpg")
    # Not imwrite: it can't open names with other than the system's letters on Windows.
    path.write_bytes(encoded.tobytes())


def _draw_bands(picture: NDArray[np.uint8], limits: dict[str, Limits]) -> None:
    """Draw where eyes and face belong."""
    import cv2

    height, width = picture.shape[:2]
    eyes, centred = limits["eye-line"], limits["face-centred"]
    for share in filter(math.isfinite, (eyes.low, eyes.high)):
        y = round(height * share / 100)
        _dashed(picture, (0, y), (width - 1, y))
    for share in filter(math.isfinite, (centred.low, centred.high)):
        x = round(width * share / 100)
        _dashed(picture, (x, 0), (x, height - 1))
    if math.isfinite(eyes.low):
        place = (8, round(height * eyes.low / 100) - 8)
        for shade, thick in ((_OUTLINE, 3), (_GUIDE, 1)):
            cv2.putText(
                picture, "eyes belong between these lines", place, cv2.FONT_HERSHEY_SIMPLEX, 0.5,
                shade, thick, cv2.LINE_AA,
            )  # fmt: skip


def _draw_person(
    picture: NDArray[np.uint8], facts: PictureFacts, items: dict[str, Item], scale: float
) -> None:
    import cv2

    if facts.face_px is None or facts.eyes_px is None:
        return

    def colour(*names: str) -> tuple[int, int, int]:
        states = {items[name].state for name in names}
        return _COLOURS[FIX if FIX in states else PASS if PASS in states else UNCHECKED]

    left, top, right, bottom = (round(float(v)) for v in facts.face_px * scale)
    cv2.rectangle(
        picture, (left, top), (right, bottom), colour("face-size", "face-centred"), 2, cv2.LINE_AA
    )
    for x, y in facts.eyes_px * scale:
        cv2.circle(picture, (round(x), round(y)), 5, colour("eye-line"), -1, cv2.LINE_AA)
    if not np.isnan(facts.head_room_ratio):
        y = round(facts.head_room_ratio * picture.shape[0])
        cv2.line(picture, (left, y), (right, y), colour("head-room"), 2, cv2.LINE_AA)
    if facts.shoulders_px is not None:
        (x1, y1), (x2, y2) = np.round(facts.shoulders_px * scale).astype(int)
        ends = ((int(x1), int(y1)), (int(x2), int(y2)))
        cv2.line(picture, *ends, colour("shoulders-level"), 2, cv2.LINE_AA)
        for end in ends:
            cv2.circle(picture, end, 6, colour("shoulders-visible"), -1, cv2.LINE_AA)


def _write_items(panel: NDArray[np.uint8], items: list[Item]) -> None:
    import cv2

    step = _HEIGHT_PX // (len(items) + 1)
    for row, item in enumerate(items):
        y = round((row + 0.9) * step)
        colour = _COLOURS[item.state]
        word = _WORDS[item.state] + ("?" if item.hint else "")
        for text, x, size, shade in (
            (word, 12, 0.55, colour),
            (item.title, 70, 0.55, (245, 245, 245)),
            (item.shown or "could not be checked", 70, 0.42, (190, 190, 190)),
        ):
            below = 16 if size < 0.5 else 0
            cv2.putText(
                panel, _plain(text), (x, y + below), cv2.FONT_HERSHEY_SIMPLEX, size, shade, 1,
                cv2.LINE_AA,
            )  # fmt: skip


def _dashed(picture: NDArray[np.uint8], start: tuple[int, int], end: tuple[int, int]) -> None:
    import cv2

    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    way = np.array(end, dtype=float) - start
    for at in range(0, length, 24):
        a = np.round(start + way * at / length).astype(int)
        b = np.round(start + way * min(1.0, (at + 12) / length)).astype(int)
        cv2.line(picture, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), _GUIDE, 1, cv2.LINE_AA)


def _plain(text: str) -> str:
    for letter, plain in _LETTERS.items():
        text = text.replace(letter, plain)
    return unicodedata.normalize("NFKD", text).encode("ascii", "replace").decode("ascii")
