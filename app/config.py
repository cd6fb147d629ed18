"""Where things of the user lie: data folder, own targets, questions, words and thresholds."""

from __future__ import annotations

from pathlib import Path

from analysis.models import user_dir
from recorder import store
from reports.targets import Targets, read_targets

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


def choices_file() -> Path:
    """Return the place of the remembered choices."""
    return user_dir() / "choices.json"


def sessions_dir() -> Path:
    """Return the folder of the sessions."""
    return store.sessions_dir(user_dir())
