"""The rules of repetitions and restarts: ``data/repetitions.toml``, or the user's own file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from analysis.errors import AnalysisError
from analysis.filler_contexts import Classes, read_pattern


@dataclass(frozen=True, slots=True)
class RepetitionRules:
    """What counts as a repetition in a language; see ``data/repetitions.toml``."""

    chances: dict[str, float]
    """kind of find to the probability that it is a slip"""
    lists: Classes
    frames: tuple[tuple[str, ...], ...]
    """patterns of a beginning that is given up when its first word comes again"""
    not_after: tuple[tuple[str, ...], ...]
    """patterns before it that make it none"""
    counted_from: float
    possible_from: float
    longest_gap_s: float
    """over a longer gap nothing is said again, s"""
    repeat_from: float
    """what forced decoding must say at least for the sound to speak for a repetition, 0..1"""
    room_s: float
    """speech without a word in which what is said again has room, s"""


def read_repetition_rules(language: str, override: Path | None = None) -> RepetitionRules:
    """Read the rules of a language.

    Parameters
    ----------
    language : "en" or "ja".
    override : the user's own file; used instead of the bundled one where it exists.

    Raises
    ------
    AnalysisError
        The user's file has a mistake.
    """
    source, name = resources.files("analysis").joinpath("data/repetitions.toml"), "repetitions.toml"
    if override is not None and override.is_file():
        source, name = override, str(override)
    try:
        # Editors on Windows put a byte order mark in front.
        data = tomllib.loads(source.read_text(encoding="utf-8-sig"))[language]
        lists = {key: tuple(map(str, entry["words"])) for key, entry in data["lists"].items()}
        frames, limits, sound = data["frames"], data["limits"], data["sound"]
        return RepetitionRules(
            chances={key: _share(entry["value"]) for key, entry in data["chances"].items()},
            lists=lists,
            frames=tuple(read_pattern(str(p), lists, language) for p in frames["patterns"]),
            not_after=tuple(read_pattern(str(p), lists, language) for p in frames["not_after"]),
            counted_from=_share(limits["counted_from"]),
            possible_from=_share(limits["possible_from"]),
            longest_gap_s=_seconds(limits["longest_gap_s"]),
            repeat_from=_share(sound["repeat_from"]),
            room_s=_seconds(sound["room_s"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise AnalysisError(f"{name} has a mistake ({exc}): correct or remove it") from exc


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(f"a probability must lie between 0 and 1, not {value!r}")
    return float(value)


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 60:
        raise ValueError(f"a time must lie between 0 and 60 s, not {value!r}")
    return float(value)
