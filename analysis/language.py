"""In which language an answer is given, and whether the words can be that language.

The recogniser guesses the language of several stretches (start, middle, end), not of the first
words alone. The user's word wins for the transcript, but what contradicts it is said. Where the
recogniser is sure of another language *and* hardly believes its own words, the words are shown and
nothing is counted from them: numbers would be invented. Both must agree, since an accent alone can
sound like another language, and noise alone lowers the belief in words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.asr import SUPPORTED, LanguageGuess, Recogniser
from analysis.errors import AnalysisError
from analysis.results import Caution, Word
from analysis.settings import Settings, read_settings
from analysis.timeline import Segment, Segments, support, total

STRETCH_S = 20.0
"""speech in a stretch, as far as there is enough: the recogniser hears 30 s at a time"""
MOST_STRETCHES = 5
_LONGEST_STRETCH_S = 30.0
_LEAST_SAID = 0.1
"""below it a supported language is not assumed for one that is not; our judgement"""
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
class Vote:
    """What a stretch of the answer sounds like."""

    start: float
    """s"""
    end: float
    """s"""
    speech_s: float
    """speech in it"""
    guess: LanguageGuess

    def probability(self, code: str) -> float:
        """Return how probable a language is there, 0..1, as far as the recogniser told."""
        if code == self.guess.language:
            return self.guess.probability
        return self.guess.supported.get(code, 0.0)


@dataclass(frozen=True, slots=True)
class LanguageChoice:
    """The language to transcribe in."""

    code: str | None
    """ISO 639-1; None = none that is supported"""
    probability: float
    """0..1; 1.0 where the user gave it"""
    cautions: tuple[Caution, ...] = ()
    heard: str | None = None
    """the language it surely is, where that is another"""
    checked: bool = True
    """False = the model knows English only"""


def choose_language(
    recogniser: Recogniser,
    samples: NDArray[np.float32],
    speech: Segments,
    wanted: str,
    *,
    settings: Settings | None = None,
) -> LanguageChoice:
    """Decide in which language to transcribe, and say what contradicts it.

    Parameters
    ----------
    samples : mono at 16 kHz, shape (n,).
    speech : stretches with speech, s.
    wanted : "en", "ja" or "auto".
    settings : ``language.*`` of the thresholds; None = ours.

    Raises
    ------
    AnalysisError
        The model does not know the language that the user gave.
    """
    settings = settings or read_settings()
    if not recogniser.multilingual:
        name = recogniser.choice.name
        if wanted == "ja":
            raise AnalysisError(
                f"the model {name} knows English only: use --model base for Japanese"
            )
        doubt = Caution(
            "language-not-checked",
            f"The model {name} knows English only, so English was taken for granted.",
        )
        return LanguageChoice("en", 1.0, () if wanted == "en" else (doubt,), checked=False)
    votes = listen(recogniser, samples, speech)
    return decide(votes, wanted, settings=settings)


def listen(
    recogniser: Recogniser, samples: NDArray[np.float32], speech: Segments
) -> tuple[Vote, ...]:
    """Guess the language of stretches spread evenly over the answer."""
    votes = []
    for part in stretches(support(speech, collar_s=0.5)):
        guess = recogniser.guess_language(samples, part)
        if guess is not None:
            votes.append(Vote(part[0].start, part[-1].end, total(part), guess))
    return tuple(votes)


def stretches(speech: Segments) -> tuple[Segments, ...]:
    """Cut the speech into up to `MOST_STRETCHES` stretches: all of it while that is possible."""
    length = total(speech)
    count = max(1, min(MOST_STRETCHES, math.ceil(length / STRETCH_S - 0.25)))
    wanted = min(_LONGEST_STRETCH_S, length / count)
    step = (length - wanted) / (count - 1) if count > 1 else 0.0
    parts = (_part(speech, i * step, i * step + wanted) for i in range(count))
    return tuple(part for part in parts if part)


def _part(speech: Segments, begin_s: float, end_s: float) -> Segments:
    """Return the speech between two points of the time spent speaking."""
    part: list[Segment] = []
    spent = 0.0
    for segment in speech:
        start = segment.start + max(0.0, begin_s - spent)
        end = segment.start + min(segment.duration_s, end_s - spent)
        if end - start > 0.05:  # s; less holds no sound
            part.append(Segment(start, end))
        spent += segment.duration_s
    return tuple(part)


def decide(
    votes: tuple[Vote, ...], wanted: str, *, settings: Settings | None = None
) -> LanguageChoice:
    """Weigh what the stretches sound like."""
    settings = settings or read_settings()
    if not votes:
        return LanguageChoice(wanted if wanted in SUPPORTED else None, 1.0)
    weights = pooled(votes)
    top = max(weights, key=lambda code: weights[code])
    if wanted in SUPPORTED:
        cautions: list[Caution] = []
        heard = None
        if (
            top != wanted
            and weights[top] >= settings["language.mismatch_ratio"]
            and weights.get(wanted, 0.0) <= settings["language.mismatch_wanted_ratio"]
        ):
            heard = top
            cautions.append(
                Caution(
                    "language-mismatch",
                    f"The language was given as {name_of(wanted)}, but it sounds like"
                    f" {name_of(top)}: if so, the words and all that is counted from them are"
                    " wrong. Analyse it again with the right --language.",
                )
            )
        else:
            cautions += mixture(votes, wanted, settings)
        return LanguageChoice(wanted, 1.0, tuple(cautions), heard)
    best = max(SUPPORTED, key=lambda code: weights.get(code, 0.0))
    if top not in SUPPORTED and (
        weights[top] >= settings["language.foreign_ratio"] or weights.get(best, 0.0) < _LEAST_SAID
    ):
        return LanguageChoice(
            None,
            weights[top],
            (
                Caution(
                    "language-not-supported",
                    f"The language seems to be {name_of(top)}, which is not supported (only"
                    " English and Japanese are): words, pace and fillers were not measured."
                    " Duration, pauses and level do not depend on the language.",
                ),
            ),
            heard=top,
        )
    probability = weights.get(best, 0.0)
    doubts = list(mixture(votes, best, settings))
    if not doubts and probability < settings["language.unsure_ratio"]:
        doubts.append(
            Caution(
                "language-unsure",
                f"The language was hard to tell; {name_of(best)} was assumed. Give it with"
                " --language if that is wrong.",
            )
        )
    return LanguageChoice(best, probability, tuple(doubts))


def pooled(votes: Iterable[Vote]) -> dict[str, float]:
    """Return language → mean probability over the stretches, weighted by their speech."""
    votes = tuple(votes)
    codes = {v.guess.language for v in votes} | set(SUPPORTED)
    length = sum(v.speech_s for v in votes) or 1.0
    return {c: sum(v.probability(c) * v.speech_s for v in votes) / length for c in sorted(codes)}


def mixture(votes: tuple[Vote, ...], code: str, settings: Settings) -> tuple[Caution, ...]:
    """Say where the answer goes on in the other language."""
    (other,) = (c for c in SUPPORTED if c != code)
    sure = settings["language.switch_ratio"]
    strange = [v for v in votes if v.probability(other) >= sure]
    if not strange:
        return ()
    spans = support(Segment(v.start, v.end) for v in strange)
    when = ", ".join(f"{_clock(s.start)} to {_clock(s.end)}" for s in spans)
    return (
        Caution(
            "language-mixed",
            f"From {when} it sounds like {name_of(other)}, the rest like {name_of(code)}: words"
            f" were written as {name_of(code)} throughout, so those of that part, and what is"
            " counted from them, are likely wrong.",
        ),
    )


def doubt_words(
    choice: LanguageChoice, words: tuple[Word, ...], *, settings: Settings | None = None
) -> Caution | None:
    """Tell whether nothing may be counted from the words, and why.

    Returns
    -------
    caution : None = the words may be counted.
    """
    settings = settings or read_settings()
    belief = word_belief(words)
    if math.isnan(belief) or choice.code is None:
        return None
    if choice.heard is not None and belief < settings["language.withhold_belief"]:
        return Caution(
            "words-not-counted",
            f"It sounds like {name_of(choice.heard)}, and the {name_of(choice.code)} words are"
            " guesses: the text is shown, but words, pace and fillers were not counted.",
        )
    if not choice.checked and belief < settings["language.english_only_belief"]:
        return Caution(
            "words-not-counted",
            "The model knows English only, and it hardly believes its own words: perhaps another"
            " language is spoken, or the sound is very bad. The text is shown, but words, pace and"
            " fillers were not counted. For Japanese use --model base.",
        )
    return None


def word_belief(words: tuple[Word, ...]) -> float:
    """Return the geometric mean of the words' own probabilities, 0..1; NaN without words."""
    if not words:
        return math.nan
    # A single word of probability 0 must not decide alone.
    return math.exp(sum(math.log(max(w.probability, 1e-3)) for w in words) / len(words))


def name_of(code: str) -> str:
    """Return the English name of a language."""
    return _NAMES.get(code, f"another language ({code})")


def _clock(time_s: float) -> str:
    return f"{int(time_s) // 60}:{int(time_s) % 60:02d}"
