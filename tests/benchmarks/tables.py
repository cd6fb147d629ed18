"""Plain text tables."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; the first column is on the left, the others on the right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def text(self) -> str:
        """Return it for a terminal."""
        cells = [self.columns, *(tuple(show(c) for c in row) for row in self.rows)]
        widths = [max(_width(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = [self.title, "=" * _width(self.title)]
        for number, row in enumerate(cells):
            lines.append(
                "  ".join(
                    _padded(c, w, i > 0) for i, (c, w) in enumerate(zip(row, widths, strict=True))
                ).rstrip()
            )
            if number == 0:
                lines.append("  ".join("-" * w for w in widths))
        if self.note:
            lines.append(self.note)
        return "\n".join(lines)

    def plain(self) -> dict[str, object]:
        """Return it for JSON."""
        rows = [dict(zip(self.columns, map(_finite, row), strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "note": self.note}


def show(cell: Cell) -> str:
    """Write a cell: – is "not known" or "not measured"."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def percent(share: float | None) -> str:
    """Write a share as a percentage."""
    return "–" if share is None or math.isnan(share) else f"{100 * share:.0f} %"


def _finite(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
