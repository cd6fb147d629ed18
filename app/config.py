"""Where things of the user lie: data folder, own targets, questions, words and thresholds."""

from __future__ import annotations

import enum
import locale
import os
from pathlib import Path

from analysis.models import user_dir
from app.errors import AppError
from app.remembered import read_choices, remember
from recorder import store
from reports.language import INTERFACES
from reports.repeat_noise import FILE as NOISE_FILE
from reports.repeat_noise import RepeatNoise, read_repeat_noise
from reports.targets import Targets, read_targets

INTERFACE = "MENSETSU_INTERFACE"


class Interface(enum.StrEnum):
    """Languages of the pages."""

    en = "en"
    ja = "ja"


_OWN = (
    "fillers",
    "hesitations",
    "readings",
    "repetitions",
    "speech",
    "sight",
    "models",
    "setup",
    "repeat_noise",
)
"""data files that are read from the data folder by their built-in name"""


def targets_file() -> Path:
    """Return the place of the user's own targets."""
    return user_dir() / "targets.toml"


def questions_file() -> Path:
    """Return the place of the user's own questions."""
    return user_dir() / "questions.toml"


def own_files() -> dict[str, Path]:
    """Return every file of data that the user may write over ours, by what it holds."""
    return {
        "targets": targets_file(),
        "questions": questions_file(),
        **{name: user_dir() / f"{name}.toml" for name in _OWN},
    }


def demo_dir() -> Path:
    """Return the folder of the demo's copy of the sample and its report."""
    return user_dir() / "demo"


def targets() -> Targets:
    """Return the bands, with the user's own over ours."""
    own = targets_file()
    return read_targets(own if own.is_file() else None)


def noise() -> dict[str, RepeatNoise]:
    """Return how much each measure moves by itself, with the user's own over ours."""
    return read_repeat_noise(user_dir() / NOISE_FILE)


def interface(chosen: Interface | None = None) -> str:
    """Return the language of the pages, and remember a choice.

    What was chosen now; else what MENSETSU_INTERFACE says; else what was chosen before; else the
    system's language, and English where that is neither.
    """
    if chosen is not None:
        remember(choices_file(), interface=chosen.value)
        return chosen.value
    wished = os.environ.get(INTERFACE, "")
    if wished:
        if wished not in INTERFACES:
            raise AppError(f"{INTERFACE} is {wished!r}: set it to {' or '.join(INTERFACES)}")
        return wished
    return read_choices(choices_file()).interface or ("ja" if system_is_japanese() else "en")


def system_is_japanese() -> bool:
    """Whether the system speaks Japanese."""
    return (locale.getlocale()[0] or "").lower().startswith("ja")  # ja_JP; Japanese_Japan


def goals_file() -> Path:
    """Return the place of the user's goals."""
    return user_dir() / "goals.json"


def choices_file() -> Path:
    """Return the place of the remembered choices."""
    return user_dir() / "choices.json"


def sessions_dir() -> Path:
    """Return the folder of the sessions."""
    return store.sessions_dir(user_dir())
