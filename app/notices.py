"""Faults of the devices as the user is told of them: at once, and until they are over."""

from __future__ import annotations

import math

from recorder.faults import describe
from recorder.messages import Event
from recorder.session import Fault

SHOWN_S = 8.0
"""at least: time to look up from the camera and read two sentences (our judgement)"""
OVER_SHOWN_S = 5.0
AGAIN = {
    "microphone-stalled": "The microphone sends sound again.",
    "microphone-zeros": "The microphone sends sound again.",
    "microphone-replaced": "The chosen microphone is back.",
    "camera-gone": "The camera is back.",
    "camera-stalled": "The camera sends pictures again.",
    "picture-black": "The picture is no longer black.",
    "picture-constant": "The picture changes again.",
    "frames-dropped": "Pictures are no longer lost.",
    "disk-low": "There is enough space on the disk again.",
}
"""what is told when a fault is over; the end of the others is no news, unless it is all there is"""


class Notices:
    """The faults that are shown."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[str, float, bool]] = {}  # kind: text, shown until, lasts

    def add(self, event: Event, now_s: float) -> str | None:
        """Take an event; return what is to be told, or None if it is no news."""
        if event.fault is None:
            return None
        kind = event.fault.kind
        if event.kind == "fault-began":
            text = sentence(event.fault)
            news = self._shown.get(kind, ("",))[0] != text
            self._shown[kind] = (text, now_s + SHOWN_S, True)
            return text if news else None
        if event.kind != "fault-over":
            return None
        if kind not in AGAIN:
            return self._add_moment(event.fault, now_s)
        self._shown[kind] = (AGAIN[kind], now_s + OVER_SHOWN_S, False)
        return AGAIN[kind]

    def _add_moment(self, fault: Fault, now_s: float) -> str | None:
        """Take the end of a fault, which may be the first that is told of it."""
        shown, until_s, lasts = self._shown.get(fault.kind, ("", -math.inf, False))
        if lasts:
            self._shown[fault.kind] = (shown, until_s, False)
            return None
        # A sleep, a gap, a full disk: the recorder knows of them only when they are over.
        text = sentence(fault)
        self._shown[fault.kind] = (text, now_s + SHOWN_S, False)
        return text if text != shown or now_s >= until_s else None

    def texts(self, now_s: float) -> tuple[str, ...]:
        """Return what is shown at a moment, the oldest first."""
        return tuple(
            text for text, until_s, lasts in self._shown.values() if lasts or now_s < until_s
        )


def sentence(fault: Fault) -> str:
    """Return what happened and what to do."""
    return "! " + " ".join(describe(fault))
