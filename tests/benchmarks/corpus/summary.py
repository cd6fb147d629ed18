"""What a folder of takes holds, as a table, and whether it is what was promised."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from read_corpus import Take, read_corpus

PAUSE_S = 0.3
LONG_SILENCE_S = 30.0
FLUENT_S = 30.0
_NOT_FLUENT_S = 4.0
"""a gap this long is no part of fluent speech"""

LEAST_MINUTES = 30.0
LEAST_HESITATIONS = 200
LEAST_VOICES = 8
MOST_ROBOTIC = 0.25


def gaps_of(take: Take) -> list[float]:
    """Return the lengths of the gaps between stretches of speech, s."""
    return [b.start - a.end for a, b in pairwise(take.speech)]


def longest_fluent_s(take: Take) -> float:
    """Return the longest time without a hesitation, gaps over 4 s taken out."""
    marks = [(0.0, 0.0), *((h.start, h.end) for h in take.hesitations)]
    marks.append((take.duration_s, take.duration_s))
    longest = 0.0
    for (_, start), (end, _) in pairwise(marks):
        spoken = [s for s in take.speech if s.start >= start - 0.001 and s.end <= end + 0.001]
        if not spoken:
            continue
        breaks = [b.start - a.end for a, b in pairwise(spoken)]
        lost = sum(gap for gap in breaks if gap > _NOT_FLUENT_S)
        longest = max(longest, spoken[-1].end - spoken[0].start - lost)
    return longest


def count_row(takes: Sequence[Take]) -> list[str]:
    """Return the counts of some takes as cells."""
    gaps = [gap for take in takes for gap in gaps_of(take)]
    repetitions = [item for take in takes for item in take.repetitions]
    restarts = sum(item.kind == "restart" for item in repetitions)
    return [
        str(len(takes)),
        str(len({take.voice for take in takes})),
        f"{sum(take.duration_s for take in takes) / 60:.1f}",
        str(sum(len(take.hesitations) for take in takes)),
        str(sum(PAUSE_S <= gap <= 4.0 for gap in gaps)),
        str(sum(gap > 4.0 for gap in gaps)),
        str(sum(gap > LONG_SILENCE_S for gap in gaps)),
        str(sum(len(take.lexical_fillers) for take in takes)),
        str(sum(len(take.content_uses) for take in takes)),
        f"{len(repetitions) - restarts}+{restarts}",
        str(sum(len(take.stretched) for take in takes)),
    ]


_HEADS: tuple[str, ...] = (
    "", "takes", "voices", "minutes", "hesit.", "pauses", ">4 s", ">30 s", "lexical", "content",
    "rep+rest", "stretched",
)  # fmt: skip


def print_summary(folder: Path) -> None:
    """Print the counts of each half and language, and every promise that isn't kept."""
    takes = read_corpus(folder)
    rows = [list(_HEADS)]
    for half in ("tuning", "test"):
        for language in ("en", "ja"):
            some = [t for t in takes if t.half == half and t.language == language]
            rows.append([f"{half} {language}", *count_row(some)])
        rows.append([half, *count_row([t for t in takes if t.half == half])])
    rows.append(["all", *count_row(takes)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    print()
    for row in rows:
        first, *cells = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join([row[0].ljust(len(first)), *cells]))
    places: dict[str, int] = {}
    for take in takes:
        for hesitation in take.hesitations:
            places[hesitation.place] = places.get(hesitation.place, 0) + 1
    print("places:", ", ".join(f"{place} {count}" for place, count in sorted(places.items())))
    for broken in broken_promises(takes):
        print(f"NOT KEPT: {broken}")


def broken_promises(takes: Sequence[Take]) -> list[str]:
    """Say what the corpus should hold and does not."""
    minutes = sum(take.duration_s for take in takes) / 60
    hesitations = sum(len(take.hesitations) for take in takes)
    voices = {take.voice for take in takes}
    robotic = sum(take.duration_s for take in takes if take.robotic) / 60
    broken = []
    if minutes < LEAST_MINUTES:
        broken.append(f"{minutes:.1f} minutes, at least {LEAST_MINUTES:.0f} are wanted")
    if hesitations < LEAST_HESITATIONS:
        broken.append(f"{hesitations} hesitations, at least {LEAST_HESITATIONS} are wanted")
    if len(voices) < LEAST_VOICES:
        broken.append(f"{len(voices)} voices, at least {LEAST_VOICES} are wanted")
    if robotic > MOST_ROBOTIC * minutes:
        broken.append(f"{robotic:.1f} of {minutes:.1f} minutes are robotic voices")
    halves = [{take.voice for take in takes if take.half == half} for half in ("tuning", "test")]
    if both := halves[0] & halves[1]:
        broken.append(f"heard in both halves: {', '.join(sorted(both))}")
    for take in takes:
        if longest_fluent_s(take) < FLUENT_S:
            broken.append(f"{take.name}: only {longest_fluent_s(take):.1f} s without a hesitation")
    return broken
