"""What was said: language, words, hesitations, filler words and repetitions, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.asr import SUPPORTED, Recogniser
from analysis.fillers import Lexicon, find_lexical_fillers, read_lexicon
from analysis.hesitation_model import HesitationModel, count_range, read_hesitation_model
from analysis.hesitations import find_hesitations
from analysis.language import choose_language, doubt_words
from analysis.language_switches import find_switches
from analysis.models import PACKAGED, ModelChoice
from analysis.readings import Readings, read_readings
from analysis.repetition_rules import RepetitionRules, read_repetition_rules
from analysis.repetitions import find_repetitions
from analysis.results import Caution, CountRange, Filler, Repetition, Transcript
from analysis.settings import Settings, read_settings
from analysis.timeline import Segment, Segments, Track, intersect, support
from analysis.voice import trace_voice

CALIBRATED = "base"
"""the model with which ``data/hesitations.toml`` was fitted"""


@dataclass(frozen=True, slots=True)
class Lists:
    """Everything that the user may have changed, read before the work begins."""

    settings: Settings
    lexicons: dict[str, Lexicon]
    """by language"""
    models: dict[str, HesitationModel]
    rules: dict[str, RepetitionRules]
    readings: Readings

    @property
    def hesitation_forms(self) -> frozenset[str]:
        """Written hesitations of every language: an "um" in a Japanese answer is no word either."""
        return frozenset(form for lex in self.lexicons.values() for form in lex.hesitations)


def read_lists(overrides: Path | None) -> Lists:
    """Read thresholds and lists, with the user's own over ours.

    Raises
    ------
    AnalysisError
        A file of the user has a mistake.
    """

    def own(name: str) -> Path | None:
        return overrides and overrides / name

    return Lists(
        settings=read_settings(own("speech.toml")),
        lexicons={c: read_lexicon(c, own("fillers.toml")) for c in SUPPORTED},
        models={c: read_hesitation_model(c, own("hesitations.toml")) for c in SUPPORTED},
        rules={c: read_repetition_rules(c, own("repetitions.toml")) for c in SUPPORTED},
        readings=read_readings(own("readings.toml")),
    )


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said. None = not measured."""

    transcript: Transcript | None = None
    countable: bool = False
    """whether words may be counted: not where they are guesses in a wrong language"""
    fillers: tuple[Filler, ...] | None = None
    hesitations: tuple[Filler, ...] = ()
    """all that were found, also where the words may not be counted"""
    hesitation_range: CountRange | None = None
    repetitions: tuple[Repetition, ...] | None = None
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """The sound that the recogniser gets."""

    samples: NDArray[np.float32]
    """mono at 16 kHz, shape (n,)"""
    speech: Segments
    """by the measuring pass, s"""
    passages: Segments
    """what is to be recognised, s"""


def recognise_spoken(
    heard: Heard,
    choice: ModelChoice,
    lists: Lists,
    *,
    language: str,
    beam_size: int,
    f0: Track,
    on_progress: Callable[[float], None],
) -> Spoken:
    """Transcribe and look for what carries no content.

    Parameters
    ----------
    heard : the sound; there is speech in it.
    choice : the speech model.
    lists : thresholds and lists.
    language : "en", "ja" or "auto".
    f0 : over the speech, Hz.
    on_progress : called with the seconds of the take that are done.

    Raises
    ------
    AnalysisError
        The model can't be used, or does not know the language.
    """
    settings = lists.settings
    recogniser = Recogniser(choice)
    chosen = choose_language(recogniser, heard.samples, heard.speech, language, settings=settings)
    cautions = list(chosen.cautions)
    code = chosen.code
    if code is None:
        return Spoken(cautions=tuple(cautions))
    recognition = recogniser.recognise(
        heard.samples,
        heard.passages,
        heard.speech,
        language=code,
        beam_size=beam_size,
        on_progress=on_progress,
    )
    words = recognition.words
    transcript = Transcript(code, chosen.probability, choice.name, words)
    lexicon, model = lists.lexicons[code], lists.models[code]
    hesitations = find_hesitations(
        words,
        recognition.boundaries,
        heard.speech,
        lexicon,
        trace=trace_voice(heard.samples, f0),
        model=model,
        language=code,
    )
    cautions += find_switches(
        recogniser, heard.samples, heard.speech, words, chosen, settings=settings
    )
    doubt = doubt_words(chosen, words, settings=settings)
    if doubt is not None:
        return Spoken(transcript, hesitations=hesitations, cautions=(*cautions, doubt))
    cautions += _word_doubts(transcript, heard.speech)
    if choice.sha256 != PACKAGED[CALIBRATED].sha256:
        cautions.append(
            Caution(
                "hesitations-not-calibrated",
                f"How sure hesitations are was set with the model {CALIBRATED}: with {choice.name}"
                " their number and its range are less certain.",
            )
        )
    lexical = find_lexical_fillers(words, lexicon, code, heard=hesitations)
    fillers = tuple(sorted((*hesitations, *lexical), key=lambda f: (f.start, f.end)))
    return Spoken(
        transcript=transcript,
        countable=True,
        fillers=fillers,
        hesitations=hesitations,
        hesitation_range=count_range(hesitations, model),
        repetitions=find_repetitions(
            words,
            recognition.boundaries,
            heard.speech,
            language=code,
            rules=lists.rules[code],
            hesitations=lexicon.hesitations,
            fillers=fillers,
        ),
        cautions=tuple(cautions),
    )


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
