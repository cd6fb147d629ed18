"""A part of the report page that comes from elsewhere than the analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reports.marks import Lane


@dataclass(frozen=True, slots=True)
class AnswerParts:
    """Parts of the page, and what they need of it."""

    parts: Mapping[str, object] = field(default_factory=dict[str, object])
    """by the name under which the templates know them"""
    lanes: tuple[Lane, ...] = ()
    """more lanes of the time line"""
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """for the scripts"""
