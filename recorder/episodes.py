"""Faults by their beginning and end (pure). Times lie on the recorder's time line, s."""

from __future__ import annotations

from dataclasses import dataclass

from recorder.session import Fault

QUIET_FAULTS_S = 2.0
"""a fault that comes back within this time goes on: one message, not ten (our judgement)"""

EDGE_S = 0.3
"""what is noticed this soon after the last sample of a take still belongs to it: sound is written
so much later than it is heard, at most (our judgement)"""


@dataclass(slots=True)
class _Episode:
    kind: str
    start_s: float
    end_s: float | None
    detail: str


class Episodes:
    """Faults by their beginning and end."""

    def __init__(self) -> None:
        self._all: list[_Episode] = []

    def report(self, kind: str, lasts: bool, at_s: float, detail: str = "") -> Fault | None:
        """Note whether a fault lasts now; return it where that is news."""
        open_ = self._open(kind)
        if lasts and open_ is None:
            last = next((e for e in reversed(self._all) if e.kind == kind), None)
            known = (
                last is not None
                and last.detail == detail
                and last.end_s is not None
                and at_s - last.end_s < QUIET_FAULTS_S
            )
            if known and last is not None:
                last.end_s = None
                return _fault(last)
            return self._add(_Episode(kind, at_s, None, detail))
        if not lasts and open_ is not None:
            open_.end_s = max(at_s, open_.start_s)
            return _fault(open_)
        return None

    def note(self, kind: str, start_s: float, end_s: float, detail: str = "") -> Fault:
        """Note a fault that is over already."""
        return self._add(_Episode(kind, start_s, end_s, detail))

    def during(self, start_s: float, end_s: float = float("inf")) -> tuple[Fault, ...]:
        """Return the faults of a stretch of time, with times that count from its start.

        One that lasts at its end has no end.
        """
        return tuple(
            Fault(
                e.kind,
                round(max(min(e.start_s, end_s) - start_s, 0.0), 3),
                None if e.end_s is None or e.end_s > end_s else round(e.end_s - start_s, 3),
                e.detail,
            )
            for e in self._all
            if (e.end_s is None or e.end_s >= start_s) and e.start_s <= end_s + EDGE_S
        )

    def lasting(self, start_s: float) -> tuple[Fault, ...]:
        """Return the faults that last, with times that count from ``start_s``."""
        return tuple(f for f in self.during(start_s) if f.end_s is None)

    def forget(self, before_s: float) -> None:
        """Forget what was over before a time."""
        self._all = [e for e in self._all if e.end_s is None or e.end_s >= before_s]

    def _open(self, kind: str) -> _Episode | None:
        return next((e for e in self._all if e.kind == kind and e.end_s is None), None)

    def _add(self, episode: _Episode) -> Fault:
        self._all.append(episode)
        self._all.sort(key=lambda e: e.start_s)
        return _fault(episode)


def _fault(episode: _Episode) -> Fault:
    return Fault(episode.kind, episode.start_s, episode.end_s, episode.detail)
