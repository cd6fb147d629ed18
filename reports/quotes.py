"""Moments of an answer as quotes."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.results import AnswerAnalysis, Word
from analysis.sentences import is_written, joined, unstretched

QUOTE_CHARACTERS = {"ja": 36}
QUOTE_CHARACTERS_ELSE = 72


def quote(analysis: AnswerAnalysis, start: float, end: float) -> str:
    """Return the words around a moment, hesitations in brackets; "" without a transcript."""
    if analysis.transcript is None:
        return ""
    limit = QUOTE_CHARACTERS.get(analysis.transcript.language, QUOTE_CHARACTERS_ELSE)
    pauses = analysis.speech.pauses if analysis.speech else ()
    words = unstretched(analysis.transcript.words, pauses)
    marked = sorted((*words, *_bracketed(analysis)), key=lambda w: w.start)
    if not marked:
        return ""
    inside = [i for i, w in enumerate(marked) if w.end > start and w.start < end]
    if not inside:
        # A silence: the last words before it tell best where it is.
        before = [i for i, w in enumerate(marked) if w.end <= start + 0.3]
        inside = [before[-1] if before else 0]
    first, last = inside[0], inside[0]
    while True:
        grown = len(joined(marked[first : last + 1]))
        if last + 1 <= inside[-1] and grown < limit:
            last += 1
        elif grown < limit / 2 and (first > 0 or last + 1 < len(marked)):
            first, last = max(0, first - 1), min(len(marked) - 1, last + 1)
        else:
            break
    text = joined(marked[first : last + 1])
    return f"{'…' if first > 0 else ''}{text}{'…' if last + 1 < len(marked) else ''}"


def _bracketed(analysis: AnswerAnalysis) -> Iterator[Word]:
    spaced = analysis.transcript is None or analysis.transcript.language != "ja"
    words = analysis.transcript.words if analysis.transcript else ()
    for filler in analysis.hesitations or ():
        if any(is_written(filler, w) for w in words):
            continue
        text = f"({filler.text})"
        yield Word(filler.start, filler.end, text, filler.probability, spaced)
