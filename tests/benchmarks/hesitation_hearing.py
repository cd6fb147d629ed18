"""What the analysis hears in a take before hesitations are weighed; kept, as it costs minutes."""

from __future__ import annotations

import pickle
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.asr import Recogniser
from analysis.fillers import read_lexicon
from analysis.hesitation_evidence import Evidence, EvidenceCollector
from analysis.hesitation_guesses import Boundary, Guess
from analysis.media import RATE_HZ, read_sound
from analysis.results import Word
from analysis.timeline import Segment, Segments
from analysis.vad import choose_passages, detect_speech, measure_voice_activity
from analysis.vad_options import LENIENT, MEASURING
from analysis.voice import VoiceTrace, trace_voice, track_f0


@dataclass(frozen=True, slots=True)
class Hearing:
    """Words, boundaries and voice of a recording."""

    language: str
    duration_s: float
    words: tuple[Word, ...]
    boundaries: tuple[Boundary, ...]
    speech: Segments
    trace: VoiceTrace

    def evidence(self) -> tuple[Evidence, ...]:
        """Return what speaks for hesitations."""
        known = read_lexicon(self.language).hesitations
        return EvidenceCollector(self.words, self.speech, self.trace, known).collect(
            self.boundaries
        )


def read_samples(path: Path) -> NDArray[np.float32]:
    """Return the sound of a file, mono at 16 kHz."""
    with tempfile.TemporaryDirectory() as scratch:
        return np.array(read_sound(path, Path(scratch)).samples)


def hear(
    recogniser: Recogniser, samples: NDArray[np.float32], language: str, *, beam_size: int = 5
) -> Hearing:
    """Do what the pipeline does up to the hesitations."""
    activity = measure_voice_activity(samples, MEASURING)
    speech = activity.speech
    passages = choose_passages(
        activity, detect_speech(samples, LENIENT), pad_s=LENIENT.pad_ms / 1000
    )
    found = recogniser.recognise(samples, passages, speech, language=language, beam_size=beam_size)
    trace = trace_voice(samples, track_f0(samples, speech))
    duration = len(samples) / RATE_HZ
    return Hearing(language, duration, found.words, found.boundaries, speech, trace)


def kept(path: Path, source: Path) -> Hearing | None:
    """Return what was heard in a recording before; None = not yet, or it was made anew since."""
    if not path.exists() or path.stat().st_mtime < source.stat().st_mtime:
        return None
    data = pickle.loads(path.read_bytes())
    return Hearing(
        language=data["language"],
        duration_s=data["duration"],
        words=tuple(Word(*w) for w in data["words"]),
        boundaries=tuple(
            Boundary(word, first, again, _guess(inserted), _guess(instead))
            for word, first, again, inserted, instead in data["boundaries"]
        ),
        speech=tuple(Segment(*s) for s in data["speech"]),
        trace=VoiceTrace(*data["trace"]),
    )


def keep(path: Path, hearing: Hearing) -> None:
    """Write what was heard, in plain types: they outlive a change of the classes."""
    trace = hearing.trace
    data = {
        "language": hearing.language,
        "duration": hearing.duration_s,
        "words": [(w.start, w.end, w.text, w.probability, w.space_before) for w in hearing.words],
        "boundaries": [
            (b.word, b.probability, b.repeat, _plain(b.inserted), _plain(b.instead))
            for b in hearing.boundaries
        ],
        "speech": [(s.start, s.end) for s in hearing.speech],
        "trace": (trace.times, trace.f0_st, trace.change, trace.level_db),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(data))
    part.replace(path)


def _plain(guess: Guess | None) -> tuple | None:
    return guess and (
        *(guess.sound, guess.ratio, guess.place.start, guess.place.end, guess.replaced_s),
    )


def _guess(plain: tuple | None) -> Guess | None:
    if plain is None:
        return None
    sound, ratio, start, end, replaced = plain
    return Guess(sound, ratio, Segment(start, end), replaced)


def seed_of(name: str) -> int:
    """Return the same seed for the same name on every machine."""
    return zlib.crc32(name.encode()) & 0xFFFF
