"""The labelled corpus as values: ``read_corpus(folder)`` gives its takes.

Times are seconds from the start of the take and exact by construction: each chunk was synthesised
alone, cut to its voice by energy in frames of 10 ms, and laid down at a known sample.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

PLACES = ("between", "first", "last", "chain", "attached")
_FADE_S = 0.02


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the take."""

    start: float
    """s"""
    end: float
    """s"""


@dataclass(frozen=True, slots=True)
class Spoken(Span):
    """A stretch in which something is said."""

    text: str


@dataclass(frozen=True, slots=True)
class Part(Spoken):
    """A spliced chunk."""

    kind: str
    """ "speech", "hesitation", "repetition" or "stretched" """


@dataclass(frozen=True, slots=True)
class Hesitation(Spoken):
    """A hesitation; `place` is one of `PLACES`."""

    place: str
    """ "attached" has no gap to the word before, "chain" shares its gap with others"""


@dataclass(frozen=True, slots=True)
class GivenUp(Spoken):
    """Words that were said and then said again or begun anew: only what was given up."""

    kind: str
    """ "repetition" or "restart" """


@dataclass(frozen=True, slots=True)
class Take:
    """One labelled answer."""

    name: str
    language: str
    """ "en" or "ja" """
    voice: str
    half: str
    """ "tuning" or "test" """
    audio: Path
    duration_s: float
    text: str
    """what should be transcribed: everything but the hesitations"""
    word_count: int | None
    """None for Japanese"""
    mora_count: int | None
    """None for English"""
    reading: str | None
    """katakana of the whole text; None for English"""
    speech: tuple[Span, ...]
    """every stretch with voice, hesitations included; gaps are 0.16 s or longer"""
    parts: tuple[Part, ...]
    hesitations: tuple[Hesitation, ...]
    lexical_fillers: tuple[Spoken, ...]
    content_uses: tuple[Spoken, ...]
    """the words of lexical fillers, used with their meaning"""
    repetitions: tuple[GivenUp, ...]
    stretched: tuple[Spoken, ...]
    """words with a lengthened vowel: no hesitations"""
    robotic: bool
    """True = formant synthesis, which recognisers understand badly"""


def read_corpus(folder: Path, half: str | None = None) -> list[Take]:
    """Read the takes of a folder in the order of their names.

    Parameters
    ----------
    half : "tuning" or "test"; None = both.
    """
    if half not in (None, "tuning", "test"):
        raise ValueError(f"The halves are 'tuning' and 'test', not {half!r}.")
    takes = [read_take(path) for path in sorted(folder.glob("*.json"))]
    return [take for take in takes if half is None or take.half == half]


def read_take(path: Path) -> Take:
    """Read the labels of one take."""
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return Take(
        name=data["name"],
        language=data["language"],
        voice=data["voice"],
        half=data["half"],
        audio=path.parent / data["audio"],
        duration_s=data["duration_s"],
        text=data["text"],
        word_count=data["word_count"],
        mora_count=data["mora_count"],
        reading=data["reading"],
        speech=tuple(Span(**item) for item in data["speech"]),
        parts=tuple(Part(**item) for item in data["parts"]),
        hesitations=tuple(Hesitation(**item) for item in data["hesitations"]),
        lexical_fillers=tuple(Spoken(**item) for item in data["lexical_fillers"]),
        content_uses=tuple(Spoken(**item) for item in data["content_uses"]),
        repetitions=tuple(GivenUp(**item) for item in data["repetitions"]),
        stretched=tuple(Spoken(**item) for item in data["stretched"]),
        robotic=data["robotic"],
    )


def read_sound(path: Path) -> tuple[Samples, int]:
    """Read a mono sound file: samples of full scale 1 and their rate in Hz."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        pieces = [frame.to_ndarray() for frame in container.decode(stream)]
        rate_hz = int(stream.rate)
    whole = np.concatenate(pieces, axis=1)[0]
    if whole.dtype == np.int16:
        return whole.astype(np.float64) / 32768, rate_hz
    if whole.dtype == np.int32:
        return whole.astype(np.float64) / 2147483648, rate_hz
    return whole.astype(np.float64), rate_hz


def babble_of(
    takes: Sequence[Take],
    exclude_voice: str,
    rate_hz: int,
    duration_s: float,
    *,
    talkers: int = 5,
    seed: int = 0,
) -> Samples:
    """Mix other speakers talking at once, their pauses taken out.

    Parameters
    ----------
    takes : whom to choose from; only one half, so that no test voice is heard in tuning.
    exclude_voice : the speaker who shall be understood.
    rate_hz : of the result; takes of another rate are resampled (linearly: it is only babble).
    talkers : how many, at least 4, as many as possible with different voices.

    Raises
    ------
    ValueError : if there are fewer than four takes by others.
    """
    others = [take for take in takes if take.voice != exclude_voice]
    if len(others) < 4 or talkers < 4:
        raise ValueError(f"Babble needs at least 4 talkers; {len(others)} takes are by others.")
    random = np.random.default_rng(seed)
    by_voice: dict[str, list[Take]] = {}
    for index in random.permutation(len(others)):
        by_voice.setdefault(others[index].voice, []).append(others[index])
    # Round after round of different voices, so that a voice comes twice only if there are few.
    most = max(map(len, by_voice.values()))
    rounds = [own[turn] for turn in range(most) for own in by_voice.values() if turn < len(own)]
    count = round(duration_s * rate_hz)
    mixed = np.zeros(count)
    for take in rounds[:talkers]:
        talk = _talk_without_gaps(take, rate_hz)
        talk = np.roll(talk, int(random.integers(talk.size)))
        mixed += np.resize(talk, count) / np.sqrt(np.mean(np.square(talk)))
    return mixed / np.sqrt(talkers)


def _talk_without_gaps(take: Take, rate_hz: int) -> Samples:
    samples, own_hz = read_sound(take.audio)
    pieces = []
    fade = round(_FADE_S * own_hz)
    for span in take.speech:
        piece = samples[round(span.start * own_hz) : round(span.end * own_hz)].copy()
        if piece.size > 2 * fade:
            piece[:fade] *= np.linspace(0, 1, fade)
            piece[-fade:] *= np.linspace(1, 0, fade)
            pieces.append(piece)
    talk = np.concatenate(pieces)
    if own_hz == rate_hz:
        return talk
    wanted = np.arange(round(talk.size * rate_hz / own_hz)) * own_hz / rate_hz
    return np.interp(wanted, np.arange(talk.size), talk)
