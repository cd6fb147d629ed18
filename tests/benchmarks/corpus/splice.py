"""The tape on which chunks are spliced: it knows to the sample where each voice begins and ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from sound import MARGIN_S, Edges, Samples

SHORTEST_GAP_S = 0.16
"""gaps in the speech that are shorter are no gaps"""


@dataclass(slots=True)
class Tape:
    """Chunks one after the other, their faded margins overlapping."""

    rate_hz: int
    voice_end_s: float = 0.0
    """end of the last voice on the tape, s"""
    _chunks: list[tuple[int, Samples]] = field(default_factory=list)
    _speech: Edges = field(default_factory=list)

    def append(self, piece: Samples, edges: Edges, *, gap_s: float) -> tuple[float, float]:
        """Lay a chunk down.

        Parameters
        ----------
        piece : samples with a margin of `MARGIN_S` at both ends.
        edges : stretches with voice, counted from the first voice.
        gap_s : time between the last voice and this one.

        Returns
        -------
        Where its voice starts and ends, s.
        """
        onset = round((self.voice_end_s + gap_s) * self.rate_hz)
        self._chunks.append((onset - round(MARGIN_S * self.rate_hz), piece))
        start = onset / self.rate_hz
        self._speech += [(start + a, start + b) for a, b in edges]
        self.voice_end_s = start + edges[-1][1]
        return start, self.voice_end_s

    def samples(self, *, tail_s: float) -> Samples:
        """Return the whole tape, with `tail_s` of nothing after the last voice."""
        length = round((self.voice_end_s + tail_s) * self.rate_hz)
        # Room on both sides: the first margin may begin before the tape does.
        room = round(MARGIN_S * self.rate_hz) + 1
        mixed = np.zeros(length + 2 * room)
        for first, piece in self._chunks:
            mixed[room + first : room + first + piece.size] += piece
        return mixed[room : room + length]

    def speech(self) -> Edges:
        """Return every stretch with voice; gaps below `SHORTEST_GAP_S` are closed."""
        joined: Edges = []
        for start, end in sorted(self._speech):
            if joined and start - joined[-1][1] < SHORTEST_GAP_S:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined
