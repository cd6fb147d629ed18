"""A sentence in the other language, inside an answer: found where the words are missing or doubted.

The recogniser drops or translates such a sentence. The stretches in which `analysis.language`
listens are too long to show it, so what was not understood is asked for its language again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.asr import Recogniser
from analysis.language import LanguageChoice, Vote, mixture, word_belief
from analysis.results import Caution, Word
from analysis.settings import Settings, read_settings
from analysis.timeline import Segment, Segments, extent, gaps, intersect, support, total

_LEAST_PASSAGE_S = 1.5
"""shorter ones are names and slips, and too short to tell a language; our judgement"""
_MOST_PASSAGES = 3
_NEIGHBOURS = 2
"""words on each side that are judged with a word: one alone is often doubted"""


def find_switches(
    recogniser: Recogniser,
    samples: NDArray[np.float32],
    speech: Segments,
    words: tuple[Word, ...],
    choice: LanguageChoice,
    *,
    settings: Settings | None = None,
) -> tuple[Caution, ...]:
    """Ask again where the words are missing or hardly believed.

    Returns
    -------
    cautions : "language-mixed" with its times; none where the choice has said so already.
    """
    settings = settings or read_settings()
    said = any(c.code in ("language-mixed", "language-mismatch") for c in choice.cautions)
    if said or choice.code is None or not choice.checked:
        return ()
    votes = []
    for part in doubtful_passages(speech, words, belief=settings["language.passage_belief"])[
        :_MOST_PASSAGES
    ]:
        heard = intersect(speech, (part,))
        guess = recogniser.guess_language(samples, heard)
        if guess is not None:
            votes.append(Vote(part.start, part.end, total(heard), guess))
    return mixture(tuple(votes), choice.code, settings)


def doubtful_passages(
    speech: Segments, words: tuple[Word, ...], *, belief: float
) -> tuple[Segment, ...]:
    """Return passages without words that are believed, the longest first.

    Parameters
    ----------
    belief : geometric mean of the probabilities from which neighbouring words are believed.
    """
    good = []
    for i, word in enumerate(words):
        near = words[max(0, i - _NEIGHBOURS) : i + _NEIGHBOURS + 1]
        if word_belief(near) >= belief:
            good.append(Segment(word.start, max(word.start, word.end)))
    believed = support(good, collar_s=1.0)
    spoken = extent(speech)
    rest = gaps(believed, spoken) if spoken else ()
    found = [s for s in rest if total(intersect(speech, (s,))) >= _LEAST_PASSAGE_S]
    return tuple(sorted(found, key=lambda s: -total(intersect(speech, (s,)))))
