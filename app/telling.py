"""What the sentences of a take mean, kept beside its results so that comparing it takes no time.

The file holds numbers, no words. It can be thrown away: it is worked out again when needed.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from analysis.meaning import Meaning
from analysis.results import AnswerAnalysis
from reports.retelling import sentences_of

FILE = "sentences.npz"


def recall_meaning(meaning: Meaning, folder: Path) -> None:
    """Take over what is kept of a take."""
    meaning.recall(folder / FILE)


def keep_meaning(meaning: Meaning, analysis: AnswerAnalysis | None, folder: Path) -> None:
    """Keep what the sentences of a take mean; where nothing can be written, nothing is lost."""
    texts = [sentence.text for sentence in sentences_of(analysis)]
    if texts:
        with contextlib.suppress(OSError):
            meaning.store(folder / FILE, texts)
