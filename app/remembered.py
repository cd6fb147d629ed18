"""What the user chose the last time: microphone, camera, language."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import AppError
from app.results_folder import replace_file


@dataclass(frozen=True, slots=True)
class Choices:
    """Choices that hold until others are made; None = never chosen."""

    microphone: str | None = None
    """id"""
    camera: str | None = None
    """id"""
    language: str | None = None
    """of the answers, "en" or "ja" """
    interface: str | None = None
    """language of the pages, "en" or "ja" """


def read_choices(path: Path) -> Choices:
    """Return the choices in a file; without one, or with a broken one, there are none."""
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        told = {name: data.get(name) for name in (f.name for f in dataclasses.fields(Choices))}
    except (OSError, ValueError, AttributeError):
        return Choices()
    texts = {name: value for name, value in told.items() if isinstance(value, str)}
    for name in ("language", "interface"):
        if texts.get(name) not in ("en", "ja"):
            texts.pop(name, None)
    return Choices(**texts)


def remember(path: Path, **chosen: str | None) -> None:
    """Add choices to a file; None changes nothing.

    Raises
    ------
    AppError
        The file can't be written.
    """
    before = read_choices(path)
    after = dataclasses.replace(before, **{k: v for k, v in chosen.items() if v is not None})
    if after == before:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(dataclasses.asdict(after), ensure_ascii=False, indent=1))
    except OSError as exc:
        raise AppError(f"{path} can't be written: {exc.strerror or exc}") from exc
