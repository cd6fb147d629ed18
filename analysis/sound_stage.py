"""The sound of a take: decode, voice activity, words, voice, delivery, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analysis.delivery import measure_delivery
from analysis.foreground import background_doubts
from analysis.media import read_sound
from analysis.models import ModelChoice
from analysis.results import (
    Caution,
    CountRange,
    DeliveryMetrics,
    Filler,
    Repetition,
    SpeechMetrics,
    Transcript,
    VoiceMetrics,
)
from analysis.sentence_ends import soft_tails
from analysis.speech import measure_speech
from analysis.spoken import Heard, Spoken, read_lists, recognise_spoken
from analysis.timeline import Segment, Segments
from analysis.vad import choose_passages, detect_speech, measure_voice_activity
from analysis.vad_options import lenient_options, measuring_options
from analysis.voice import measure_voice, track_f0


@dataclass(frozen=True, slots=True)
class SoundResult:
    """What the sound of a take yields. None = not measured."""

    speech: SpeechMetrics
    transcript: Transcript | None
    fillers: tuple[Filler, ...] | None
    hesitation_range: CountRange | None
    repetitions: tuple[Repetition, ...] | None
    voice: VoiceMetrics | None
    delivery: DeliveryMetrics | None
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
    overrides : folder that may hold the user's own thresholds and lists.
    lost : where the recorder noted that the microphone delivered nothing, s.
    progress : called with the share that is done, 0..1.

    Raises
    ------
    AnalysisError
        The sound can't be decoded, the model can't be used, or a file of the user has a mistake.
    """
    lists = read_lists(overrides)
    settings = lists.settings
    sound = read_sound(path, scratch)
    samples, duration = sound.samples, max(sound.duration_s, 1e-3)

    def part(start: float, share: float) -> Callable[[float], None]:
        return lambda t: progress(start + share * min(1.0, t / duration))

    # Shares of the work, from runs on two cores.
    progress(0.03)
    measuring, lenient = measuring_options(settings), lenient_options(settings)
    activity = measure_voice_activity(samples, measuring, progress=part(0.03, 0.04))
    speech = activity.speech
    cautions = list(sound.cautions)
    if activity.foreground is not None and measuring.foreground is not None:
        cautions += background_doubts(activity.foreground, activity.others, measuring.foreground)
    f0 = track_f0(samples, speech, progress=part(0.07, 0.05))
    spoken = Spoken()
    if speech:
        passages = choose_passages(
            activity,
            detect_speech(samples, lenient, progress=part(0.12, 0.03)),
            pad_s=lenient.pad_ms / 1000,
        )
        spoken = recognise_spoken(
            Heard(samples, speech, passages),
            choice,
            lists,
            language=language,
            beam_size=beam_size,
            f0=f0,
            on_progress=part(0.15, 0.8),
        )
        cautions += spoken.cautions
    else:
        cautions.append(
            Caution(
                "no-speech",
                "Nobody speaks in this recording: words, pace and fillers were not measured. If you"
                " did speak, check that the right microphone was chosen and not muted.",
            )
        )
    counted = spoken.transcript if spoken.countable else None
    metrics = measure_speech(
        speech,
        sound.duration_s,
        counted,
        settings=settings,
        hesitations=lists.hesitation_forms,
        heard=tuple(Segment(h.start, h.end) for h in spoken.hesitations if h.counted),
        lost=lost,
        readings=lists.readings,
    )
    progress(0.96)
    voice, doubts = measure_voice(sound.levels, f0, speech, sound.duration_s)
    cautions += doubts
    delivery, doubts = measure_delivery(
        counted,
        metrics,
        f0,
        sound.levels,
        settings,
        voice=voice,
        fillers=spoken.fillers or (),
        tail_f0=track_f0(samples, soft_tails(speech, sound.duration_s)),
    )
    cautions += doubts
    progress(1.0)
    return SoundResult(
        speech=metrics,
        transcript=spoken.transcript,
        fillers=spoken.fillers,
        hesitation_range=spoken.hesitation_range,
        repetitions=spoken.repetitions,
        voice=voice,
        delivery=delivery,
        cautions=tuple(cautions),
    )
