"""How loud the voice is at this moment, in words."""

from __future__ import annotations

import math
from collections import deque

from reports.targets import Band

WINDOW_S = 3.0
"""words over a shorter time flicker (our judgement)"""
SPEECH_RANGE_DB = 15.0
"""below the loudest moment of the window: pauses between words are left out (our judgement)"""
SILENT_DBFS = -55.0
"""below it nobody speaks: quiet rooms measure −80 to −60, soft speech −40 (our judgement)"""
CLIPPED_SHOWN_S = 2.0
"""how long a distorted moment is told"""


class VoiceLevel:
    """Follows the level and judges it against the band of `level_dbfs`."""

    def __init__(self, band: Band) -> None:
        self._band = band
        self._heard: deque[tuple[float, float]] = deque()
        self._clipped_s = -math.inf

    def add(self, time_s: float, rms_dbfs: float, clipped: bool) -> None:
        """Take the level of the last moment."""
        if math.isfinite(rms_dbfs):
            self._heard.append((time_s, rms_dbfs))
        while self._heard and self._heard[0][0] < time_s - WINDOW_S:
            self._heard.popleft()
        if clipped:
            self._clipped_s = time_s

    @property
    def speech_dbfs(self) -> float | None:
        """Level of the speech in the window, dBFS; None = nobody speaks.

        The mean power of its louder moments: near to `level_dbfs` of the analysis, which is the
        mean power over the segments of speech.
        """
        loudest = max((level for _, level in self._heard), default=-math.inf)
        if loudest < SILENT_DBFS:
            return None
        powers = [10 ** (x / 10) for _, x in self._heard if x >= loudest - SPEECH_RANGE_DB]
        return 10 * math.log10(sum(powers) / len(powers))

    def words(self, time_s: float) -> str:
        """Return the judgement, short enough for a meter."""
        if time_s - self._clipped_s < CLIPPED_SHOWN_S:
            return "too loud: distorted"
        level = self.speech_dbfs
        if level is None:
            return "silent"
        judgement = self._band.judge(level)
        if judgement.level == "good":
            return "good"
        how = "soft" if judgement.side == "low" else "loud"
        return f"{'a little' if judgement.level == 'near' else 'too'} {how}"
