"""Is a hesitation with the probability 0.8 one in 8 of 10 cases? The curve, as text and as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cases import Case
from matching import match_events
from scores import COLLAR_S, timed_hesitations
from tables import Cell, Table

BINS = 10
_SIZE, _EDGE = 360, 44


@dataclass(frozen=True, slots=True)
class Bin:
    """The hesitations whose probability lies in one tenth."""

    low: float
    high: float
    count: int
    mean_probability: float
    true_share: float


def judged(cases: Sequence[Case]) -> list[tuple[float, bool]]:
    """Return (probability, whether it is one) of all heard ones, counted and possible."""
    pairs = []
    for case in cases:
        timed = timed_hesitations(case)
        if timed is None or not case.clip.pooled:
            continue
        heard, true = timed
        matches = match_events(true, heard, COLLAR_S)
        right = {id(m) for _, m in matches.pairs}
        pairs += [(f.probability, id(f) in right) for f in heard]
    return pairs


def curve(pairs: Sequence[tuple[float, bool]]) -> list[Bin]:
    """Return the tenths that hold any."""
    bins = []
    for i in range(BINS):
        low, high = i / BINS, (i + 1) / BINS
        inside = [(p, t) for p, t in pairs if low <= p < high or (i == BINS - 1 and p == 1.0)]
        if inside:
            count = len(inside)
            bins.append(
                Bin(
                    low,
                    high,
                    count,
                    sum(p for p, _ in inside) / count,
                    sum(t for _, t in inside) / count,
                )
            )
    return bins


def table(pairs: Sequence[tuple[float, bool]], what: str) -> Table:
    """Return the curve as a table, with Brier score and calibration error below."""
    bins = curve(pairs)
    rows: list[tuple[Cell, ...]] = [
        (f"{b.low:.1f}–{b.high:.1f}", b.count, b.mean_probability, b.true_share) for b in bins
    ]
    note = "Nothing to compare."
    if pairs:
        brier = sum((p - t) ** 2 for p, t in pairs) / len(pairs)
        off = sum(b.count * abs(b.mean_probability - b.true_share) for b in bins) / len(pairs)
        note = (
            f"{len(pairs)} heard, Brier score {brier:.3f}, mean distance from the diagonal"
            f" {off:.3f}. Below the least probability that is shown nothing is listed."
        )
    return Table(
        f"How sure: hesitations by their probability, {what}",
        ("probability", "heard", "mean", "share true"),
        tuple(rows),
        note,
    )


def svg(curves: dict[str, Sequence[tuple[float, bool]]]) -> str:
    """Return the curves as a picture: share that is true over mean probability."""
    colours = ("#1f6f8b", "#b3541e", "#5b7f2b", "#6b4c9a")
    inner = _SIZE - 2 * _EDGE

    def at(x: float, y: float) -> tuple[float, float]:
        return _EDGE + inner * x, _SIZE - _EDGE - inner * y

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}"'
        ' font-family="sans-serif" font-size="11">',
        f'<rect width="{_SIZE}" height="{_SIZE}" fill="#fff"/>',
        f'<rect x="{_EDGE}" y="{_EDGE}" width="{inner}" height="{inner}" fill="none"'
        ' stroke="#999"/>',
        '<line x1="{:.0f}" y1="{:.0f}" x2="{:.0f}" y2="{:.0f}" stroke="#999"'
        ' stroke-dasharray="4 4"/>'.format(*at(0, 0), *at(1, 1)),
    ]
    for tick in (0.0, 0.5, 1.0):
        x, y = at(tick, 0)
        parts.append(f'<text x="{x:.0f}" y="{y + 15:.0f}" text-anchor="middle">{tick:g}</text>')
        x, y = at(0, tick)
        parts.append(f'<text x="{x - 6:.0f}" y="{y + 4:.0f}" text-anchor="end">{tick:g}</text>')
    middle = _SIZE / 2
    parts.append(
        f'<text x="{middle:.0f}" y="{_SIZE - 10}" text-anchor="middle">mean probability</text>'
        f'<text x="12" y="{middle:.0f}" text-anchor="middle"'
        f' transform="rotate(-90 12 {middle:.0f})">share that is true</text>'
    )
    for number, (name, pairs) in enumerate(curves.items()):
        colour = colours[number % len(colours)]
        points = [(*at(b.mean_probability, b.true_share), b.count) for b in curve(pairs)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{min(9.0, 2 + count**0.5 / 2):.1f}"'
            f' fill="{colour}" fill-opacity="0.7"><title>{count}</title></circle>'
            for x, y, count in points
        ]
        parts.append(
            f'<text x="{_EDGE + 8}" y="{_EDGE + 16 + 15 * number}" fill="{colour}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"
