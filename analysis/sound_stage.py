"""The sound of a take: decode, voice activity, transcript, fillers, voice, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analysis.asr import SUPPORTED, Recogniser
from analysis.errors import AnalysisError
from analysis.fillers import find_lexical_fillers, read_lexicon
from analysis.hesitations import find_hesitations
from analysis.media import read_sound
from analysis.models import ModelChoice
from analysis.results import Caution, Filler, SpeechMetrics, Transcript, VoiceMetrics
from analysis.settings import read_settings
from analysis.speech import measure_speech
from analysis.timeline import Segment, Segments, intersect, support
from analysis.vad import LENIENT, MEASURING, detect_speech
from analysis.voice import find_steady_voice, measure_voice, track_f0

LANGUAGE_SURE = 0.5
"""probability from which a language outside `SUPPORTED` is believed; our judgement"""
MISMATCH_SURE = 0.8
"""probability from which we contradict the language that the user gave; our judgement"""
_NAMES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "id": "Indonesian",
    "ja": "Japanese",
    "ko": "Korean",
    "pt": "Portuguese",
    "ru": "Russian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


@dataclass(frozen=True, slots=True)
class SoundResult:
    """What the sound of a take yields."""

    speech: SpeechMetrics
    transcript: Transcript | None
    fillers: tuple[Filler, ...] | None
    voice: VoiceMetrics | None
    cautions: tuple[Caution, ...]


def measure_sound(
    path: Path,
    scratch: Path,
    choice: ModelChoice,
    *,
    language: str,
    beam_size: int = 5,
    overrides: Path | None = None,
    lost: Segments = (),
    progress: Callable[[float], None],
) -> SoundResult:
    """Measure everything that can be heard.

    Parameters
    ----------
    path : a file with an audio stream.
    scratch : folder for the decoded samples; the caller removes it.
    choice : the speech model.
    language : "en", "ja" or "auto".
    overrides : folder that may hold the user's own fillers.toml and speech.toml.
    lost : where the recorder noted that the microphone delivered nothing, s.
    progress : called with the share that is done, 0..1.

    Raises
    ------
    AnalysisError
        The sound can't be decoded, or the model can't be used.
    """
    # Shares of the work, from runs on two cores: decode .03, voice activity .05, words .85.
    settings = read_settings(overrides and overrides / "speech.toml")
    sound = read_sound(path, scratch)
    samples, duration = sound.samples, max(sound.duration_s, 1e-3)
    progress(0.03)
    speech = detect_speech(
        samples, MEASURING, progress=lambda t: progress(0.03 + 0.03 * t / duration)
    )
    lenient = detect_speech(
        samples, LENIENT, progress=lambda t: progress(0.06 + 0.03 * t / duration)
    )
    cautions = list(sound.cautions)
    transcript, fillers = None, None
    if speech:
        recogniser = Recogniser(choice)
        chosen, doubts = choose_language(recogniser, samples, speech, language)
        cautions += doubts
        if chosen is not None:
            code, sureness = chosen
            # Only what both passes hold for speech: the lenient one alone lets music through.
            margin = LENIENT.pad_ms / 1000
            certain = (Segment(max(0.0, s.start - margin), s.end + margin) for s in speech)
            heard = support((*(s for s in lenient if intersect([s], speech)), *certain))
            recognition = recogniser.recognise(
                samples,
                heard,
                speech,
                language=code,
                beam_size=beam_size,
                on_progress=lambda t: progress(0.1 + 0.8 * min(1.0, t / duration)),
            )
            transcript = Transcript(code, sureness, choice.name, recognition.words)
            lexicon = read_lexicon(code, overrides and overrides / "fillers.toml")
            hesitations = find_hesitations(
                recognition.words,
                recognition.boundaries,
                speech,
                lexicon,
                steady=lambda span: find_steady_voice(samples, span),
                language=code,
            )
            words = find_lexical_fillers(recognition.words, lexicon, code)
            fillers = tuple(sorted((*hesitations, *words), key=lambda f: (f.start, f.end)))
            cautions += _word_doubts(transcript, speech)
            metrics = measure_speech(
                speech,
                sound.duration_s,
                transcript,
                settings=settings,
                hesitations=lexicon.hesitations,
                heard=tuple(Segment(h.start, h.end) for h in hesitations if h.counted),
                lost=lost,
            )
        else:
            metrics = measure_speech(speech, sound.duration_s, None, settings=settings, lost=lost)
    else:
        metrics = measure_speech(speech, sound.duration_s, None, settings=settings, lost=lost)
        cautions.append(
            Caution(
                "no-speech",
                "Nobody speaks in this recording: words, pace and fillers were not measured. If you"
                " did speak, check that the right microphone was chosen and not muted.",
            )
        )
    progress(0.92)
    f0 = track_f0(samples, speech, progress=lambda t: progress(0.92 + 0.07 * t / duration))
    voice, doubts = measure_voice(sound.levels, f0, speech, sound.duration_s)
    cautions += doubts
    progress(1.0)
    return SoundResult(metrics, transcript, fillers, voice, tuple(cautions))


def choose_language(
    recogniser: Recogniser, samples, speech: Segments, wanted: str
) -> tuple[tuple[str, float] | None, list[Caution]]:
    """Decide in which language to transcribe; None = in none, with the reason.

    Raises
    ------
    AnalysisError
        The model does not know the language that the user gave.
    """
    if not recogniser.multilingual:
        if wanted == "ja":
            raise AnalysisError(
                f"the model {recogniser.choice.name} knows English only: use --model base for"
                " Japanese"
            )
        doubt = Caution(
            "language-not-checked",
            f"The model {recogniser.choice.name} knows English only, so English was taken for"
            " granted.",
        )
        return ("en", 1.0), [] if wanted == "en" else [doubt]
    guess = recogniser.guess_language(samples, support(speech, collar_s=0.5))
    if wanted in SUPPORTED:
        if guess and guess.language != wanted and guess.probability >= MISMATCH_SURE:
            return (wanted, 1.0), [
                Caution(
                    "language-mismatch",
                    f"The language was given as {_name(wanted)}, but it sounds like"
                    f" {_name(guess.language)}: if so, the words and all that is counted from them"
                    " are wrong. Analyse it again with the right --language.",
                )
            ]
        return (wanted, 1.0), []
    if guess is None:
        return None, []
    if guess.language in SUPPORTED:
        return (guess.language, guess.probability), []
    best = max(SUPPORTED, key=lambda code: guess.supported[code])
    if guess.probability >= LANGUAGE_SURE or guess.supported[best] < 0.1:
        return None, [
            Caution(
                "language-not-supported",
                f"The language seems to be {_name(guess.language)}, which is not supported (only"
                " English and Japanese are): words, pace and fillers were not measured. Duration,"
                " pauses and level do not depend on the language.",
            )
        ]
    return (best, guess.supported[best]), [
        Caution(
            "language-unsure",
            f"The language was hard to tell; {_name(best)} was assumed. Give it with --language if"
            " that is wrong.",
        )
    ]


def _word_doubts(transcript: Transcript, speech: Segments) -> list[Caution]:
    if not transcript.words:
        return [
            Caution(
                "no-words",
                "There is a voice or something like one, but no words were recognised.",
            )
        ]
    spans = [Segment(w.start, w.end) for w in transcript.words]
    covered = intersect(support(spans, collar_s=0.6), speech)
    missing = sum(s.duration_s for s in speech) - sum(s.duration_s for s in covered)
    share = missing / sum(s.duration_s for s in speech)
    # 20 %: our judgement; hesitations and breaths leave up to a tenth without a word.
    if share > 0.2:
        return [
            Caution(
                "words-missing",
                f"For {share:.0%} of the speaking time no words were recognised: word counts and"
                " pace are too low.",
            )
        ]
    return []


def _name(code: str) -> str:
    return _NAMES.get(code, f"another language ({code})")
