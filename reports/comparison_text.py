"""Two transcripts side by side: what became of each sentence."""

from __future__ import annotations

from dataclasses import dataclass

from reports.language import t
from reports.retelling import Link, Retelling
from reports.wording import moment_clock


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in one of the takes."""

    index: int
    """in its telling"""
    start: float
    """s"""
    clock: str
    text: str


@dataclass(frozen=True, slots=True)
class TextRow:
    """What was said in both takes, beside each other."""

    kind: str
    """names its look: "kept", "reworded", "added", "dropped" or "elsewhere" """
    sign: str
    what: str
    """what became of it, in words"""
    before: tuple[Said, ...]
    after: tuple[Said, ...]


def text_rows(retelling: Retelling) -> tuple[TextRow, ...]:
    """Return the rows in the order of the later take; what was dropped stands where it was."""
    old = [s.start for s in retelling.before]
    shown: set[int] = set()
    rows: list[TextRow] = []
    by_after = {i: link for link in retelling.links for i in link.after}
    by_before = {i: link for link in retelling.links for i in link.before}

    def catch_up(until: int) -> None:
        """Tell of the sentences of the earlier take up to a place what is not told yet."""
        for i in range(until):
            if i in shown:
                continue
            link = by_before.get(i)
            if link is None:
                shown.add(i)
                rows.append(TextRow("dropped", "−", t("dropped"), _said(retelling, i=i), ()))
            elif link.moved and i == link.before[0]:
                shown.add(i)
                rows.append(_moved_from_here(retelling, link))

    done: set[int] = set()
    for j in range(len(retelling.after)):
        if j in done:
            continue
        link = by_after.get(j)
        if link is None:
            rows.append(TextRow("added", "+", t("added"), (), _said(retelling, j=j)))
            continue
        if not link.moved:
            catch_up(link.before[0])
        rows.append(_linked(retelling, link, old))
        done |= set(link.after)
        shown |= set(link.before) if not link.moved else set()
    catch_up(len(retelling.before))
    return tuple(rows)


def _linked(retelling: Retelling, link: Link, old: list[float]) -> TextRow:
    what = t("same words") if link.same_words else t("in other words")
    sign = "=" if link.same_words else "≈"
    if link.moved:
        before = moment_clock(old[link.before[0]])
        how = {
            "front": t("moved to the front, before at {time}", time=before),
            "earlier": t("moved ahead, before at {time}", time=before),
            "later": t("moved back, before at {time}", time=before),
        }[link.moved]
        what = t("{first}, {second}", first=what, second=how)
        sign = "↓" if link.moved == "later" else "↑"
    return TextRow(
        "kept" if link.same_words else "reworded",
        sign,
        what,
        tuple(said for i in link.before for said in _said(retelling, i=i)),
        tuple(said for j in link.after for said in _said(retelling, j=j)),
    )


def _moved_from_here(retelling: Retelling, link: Link) -> TextRow:
    now = moment_clock(retelling.after[link.after[0]].start)
    return TextRow(
        "elsewhere",
        "↓" if link.moved == "later" else "↑",
        t("now at {time}", time=now),
        _said(retelling, i=link.before[0]),
        (),
    )


def _said(retelling: Retelling, *, i: int | None = None, j: int | None = None) -> tuple[Said, ...]:
    """Return sentence `i` of the earlier or `j` of the later take."""
    if i is not None:
        index, sentence = i, retelling.before[i]
    elif j is not None:
        index, sentence = j, retelling.after[j]
    else:
        return ()
    return (Said(index, sentence.start, moment_clock(sentence.start), sentence.text),)
