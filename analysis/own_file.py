"""A TOML file of the user, read the same way everywhere."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError


def read_own_file(path: Path) -> dict[str, Any]:
    """Return the tables of a user's file.

    Raises
    ------
    AnalysisError
        It can't be read, is not UTF-8, or is no TOML; the message names it.
    """
    try:
        # Editors on Windows put a byte order mark in front.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise AnalysisError(f"{path} is not UTF-8: save it as UTF-8, or remove it") from exc
    except (OSError, ValueError) as exc:
        raise AnalysisError(f"{path} has a mistake ({exc}): correct or remove it") from exc
