"""Hesitation sounds ("um", えーと): how probable each is, and where it lies.

The recogniser mostly drops them. `analysis.hesitation_decoding` asks it where it would have written
one, `analysis.hesitation_evidence` looks for the sound in those places, and
`analysis.hesitation_model` says how probable a hesitation is given both.
"""

from __future__ import annotations

from collections.abc import Sequence

from analysis.fillers import Lexicon
from analysis.hesitation_evidence import Evidence, EvidenceCollector
from analysis.hesitation_guesses import Boundary
from analysis.hesitation_model import HesitationModel
from analysis.results import Filler, Word
from analysis.timeline import Segments
from analysis.voice import VoiceTrace


def find_hesitations(
    words: tuple[Word, ...],
    boundaries: Sequence[Boundary],
    speech: Segments,
    lexicon: Lexicon,
    *,
    trace: VoiceTrace,
    model: HesitationModel,
    language: str,
) -> tuple[Filler, ...]:
    """Find hesitation sounds and place them in time.

    Parameters
    ----------
    words : the transcript.
    boundaries : what the recogniser says about the places between words.
    speech : stretches with speech by the measuring pass.
    lexicon : written forms of hesitations.
    trace : of the voice, over the speech.
    model : weighs the evidence.
    language : names a sound that the recogniser has no sure name for ("um" or えー).

    Returns
    -------
    Sounds with their probability, in order; those below `HesitationModel.count_from` are possible
    and not counted, those below `HesitationModel.show_from` are left out.
    """
    collector = EvidenceCollector(words, speech, trace, lexicon.hesitations)
    fillers = []
    for evidence in collector.collect(boundaries):
        probability = model.probability(evidence)
        if probability >= model.show_from:
            fillers.append(
                Filler(
                    evidence.start,
                    evidence.end,
                    _name(evidence, language),
                    "acoustic",
                    probability,
                    counted=probability >= model.count_from,
                )
            )
    return tuple(fillers)


def _name(evidence: Evidence, language: str) -> str:
    """Name a sound: in Japanese the guess is right for 4 in 10 only, so what was written counts."""
    if language == "ja":
        return evidence.text if evidence.written else "えー"
    return evidence.text or "um"
