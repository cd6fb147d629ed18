"""Hesitations: um and えーと as a voice says them, made longer, lower and flatter, and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sound import Samples, cut_to_voice, frame_levels, nasal_end_db, resample, reshape, voiced_share
from voices import CLOSED, Voice, hesitations, speak, spellings

_SHARES = {
    "en": {"um": 0.36, "uh": 0.34, "er": 0.1, "hmm": 0.08, "uhm": 0.12},
    "ja": {
        "えーと": 0.26,
        "えー": 0.2,
        "あのー": 0.22,
        "うーん": 0.1,
        "あー": 0.08,
        "えっと": 0.14,
    },
}
"""how often each is drawn; our judgement"""
_LENGTH_S = {"えーと": (0.45, 0.95), "あのー": (0.4, 0.95), "えっと": (0.3, 0.7)}
_ANY_LENGTH_S = (0.22, 0.9)
_SHORT_S = (0.2, 0.45)
_MOST_LENGTHENING = 3.6
_LEAST_VOICED = 0.5
_NASAL_DB = 4.0


class NotSpoken(Exception):
    """No spelling made the voice say this hesitation."""


@dataclass(slots=True)
class Hesitations:
    """Draws hesitations of one voice."""

    voice: Voice
    random: np.random.Generator
    cache: Path
    _spoken: dict[str, Samples | None] = field(default_factory=dict)

    def draw(self, sound: str | None, *, short: bool) -> tuple[str, Samples, float]:
        """Make one.

        Parameters
        ----------
        sound : which; None = drawn.
        short : True for one that clings to a word.

        Returns
        -------
        Its name, its samples at the rate of the voice's takes, and its level re speech in dB.
        """
        shares = _SHARES[self.voice.language]
        if sound is None:
            sound = str(self.random.choice(list(shares), p=list(shares.values())))
        low_s, high_s = _SHORT_S if short else _LENGTH_S.get(sound, _ANY_LENGTH_S)
        wanted_s = float(self.random.triangular(low_s, low_s + 0.4 * (high_s - low_s), high_s))
        lower_st = float(self.random.uniform(0.3, 2.5))
        flatten = float(self.random.uniform(0.25, 0.7))
        level_db = float(self.random.uniform(-8, 0))
        plain = self._plain(sound)
        while plain is None:
            sound = str(self.random.choice(list(shares), p=list(shares.values())))
            plain = self._plain(sound)
        rate_hz = self.voice.rate_hz
        lengthen = float(np.clip(wanted_s / (plain.size / rate_hz), 0.5, _MOST_LENGTHENING))
        made = reshape(plain, rate_hz, lengthen=lengthen, lower_st=lower_st, flatten=flatten)
        return sound, made, level_db

    def _plain(self, sound: str) -> Samples | None:
        if sound not in self._spoken:
            try:
                self._spoken[sound] = speak_hesitation(self.voice, sound, cache=self.cache)
            except NotSpoken as exc:
                print(f"  {exc}")
                self._spoken[sound] = None
                if list(self._spoken.values()) == [None] * len(hesitations(self.voice.language)):
                    raise
        return self._spoken[sound]


def speak_hesitation(voice: Voice, sound: str, *, cache: Path) -> Samples:
    """Speak a hesitation in the first spelling that comes out right.

    Raises
    ------
    NotSpoken : if all are clipped, unvoiced or, where the lips should close, without a nasal end.
    """
    tried: list[str] = []
    for spelling in spellings(voice, sound):
        # The kokoro voices blur a vowel that is spoken slowly; the others gain by it.
        slow = 1.0 if voice.engine == "kokoro" and voice.language == "ja" else 1.5
        raw, rate_hz = speak(voice, spelling, slow=slow, cache=cache)
        at_rate = resample(raw, rate_hz, voice.rate_hz)
        piece, edges = cut_to_voice(at_rate, voice.rate_hz)
        if spelling.endswith("|"):
            piece, edges = cut_to_voice(_before_closure(piece, voice.rate_hz), voice.rate_hz)
        length_s = edges[-1][1]
        share, _ = voiced_share(piece, voice.rate_hz)
        nasal_db = nasal_end_db(piece, voice.rate_hz)
        tried.append(f"{spelling} {length_s:.2f} s, {share:.0%} voiced, nasal {nasal_db:.0f} dB")
        # Longer than this it is spelled out ("aitch em em").
        whole = len(edges) == 1 and 0.1 <= length_s <= (0.9 if voice.language == "en" else 1.4)
        if sound not in CLOSED:
            nasal_db = _NASAL_DB
        if (whole or sound == "えっと") and share >= _LEAST_VOICED and nasal_db >= _NASAL_DB:
            return piece
    raise NotSpoken(f"{voice.name} can't say {sound!r}: {'; '.join(tried)}")


def _before_closure(samples: Samples, rate_hz: int) -> Samples:
    """Return what is spoken before the deepest dip in the middle of a chunk."""
    levels = frame_levels(samples, rate_hz)
    low, high = round(0.25 * levels.size), round(0.8 * levels.size)
    dip = low + int(np.argmin(levels[low:high]))
    loud = np.flatnonzero(levels[:dip] > levels[:dip].max() - 12)
    return samples[: round((loud[-1] + 1) / levels.size * samples.size)]
