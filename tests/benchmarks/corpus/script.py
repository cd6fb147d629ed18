"""The markup of the answers' scripts, read into steps that can be spoken one by one.

An answer is a text of one clause per line. Inside a line:

``<like>`` a lexical filler · ``[like]`` the same word used with its meaning · ``{the}`` said and
then said again · ``{what we-}`` given up and begun anew · ``~so~`` a word with a stretched vowel ·
``@`` a hesitation (``@@``, ``@@@`` several in one gap, ``@um`` a given one, ``&`` one that clings
to the word before) · ``/`` a short pause, ``//`` a longer one, ``///`` a long one, ``/31.5`` a
silence of that many seconds.

The kind, length and level of a hesitation and the length of a pause are drawn by the take's seed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal["speech", "filler", "content", "repetition", "restart", "stretched"]

_TOKEN = re.compile(
    r"<(?P<filler>[^>]+)>|\[(?P<content>[^\]]+)\]|\{(?P<given_up>[^}]+)\}|~(?P<stretched>[^~]+)~"
    r"|(?P<cling>&)|(?P<marks>@+)(?P<sound>[^\W\d_]+(?=\W|$))?|/(?P<seconds>\d+(?:\.\d+)?)|(?P<pause>/+)"
)
_LEFT_OVER = re.compile(r"[<>\[\]{}~@&/]")


@dataclass(frozen=True, slots=True)
class Say:
    """Words that are synthesised as one chunk."""

    text: str
    role: Role
    joined: bool
    """True = stands inside a clause, so that it follows the chunk before with little or no gap"""


@dataclass(frozen=True, slots=True)
class Hesitate:
    """One or several hesitations in one gap."""

    count: int
    sound: str | None
    """which one; None = drawn"""
    attached: bool
    """True = no gap to the word before"""


@dataclass(frozen=True, slots=True)
class Pause:
    """Time without any voice."""

    low_s: float
    high_s: float


Step = Say | Hesitate | Pause

_PAUSES = {1: (0.3, 0.9), 2: (0.9, 2.2), 3: (2.2, 4.0)}


def read_script(text: str) -> tuple[Step, ...]:
    """Read an answer's markup.

    Raises
    ------
    ValueError : if a mark is left open or a pause has more strokes than there are lengths.
    """
    steps: list[Step] = []
    for line in text.strip().splitlines():
        steps += _read_line(line.strip())
    return tuple(steps)


def plain_text(steps: tuple[Step, ...], *, language: str) -> str:
    """Return the words as they should be transcribed: everything but hesitations."""
    said = [(_tidy(step.text), step.joined) for step in steps if isinstance(step, Say)]
    if language != "ja":
        return " ".join(words for words, _ in said)
    # Without a sign between clauses their words would run into each other.
    marked = [words if joined else f"、{words}" for words, joined in said]
    return "".join(marked).replace(" ", "、").removeprefix("、")


def _tidy(text: str) -> str:
    return text.rstrip("-‐—").strip()


def _read_line(line: str) -> list[Step]:
    steps: list[Step] = []
    at = 0
    said = False
    for found in _TOKEN.finditer(line):
        said |= _add_words(steps, line[at : found.start()], joined=said)
        at = found.end()
        step = _read_mark(found, joined=said)
        said |= isinstance(step, Say)
        steps.append(step)
    _add_words(steps, line[at:], joined=said)
    return steps


def _add_words(steps: list[Step], words: str, *, joined: bool) -> bool:
    words = words.strip()
    if not words:
        return False
    if left := _LEFT_OVER.search(words):
        raise ValueError(f"The mark {left.group()!r} is not closed in {words!r}.")
    if not any(letter.isalnum() for letter in words):
        # A comma or full stop that stood behind a mark: it belongs to the text before.
        return False
    steps.append(Say(words, "speech", joined))
    return True


def _read_mark(found: re.Match[str], *, joined: bool) -> Step:
    for role in ("filler", "content", "stretched"):
        if found[role]:
            return Say(found[role].strip(), role, joined)
    if text := found["given_up"]:
        restart = text.rstrip().endswith(("-", "—"))
        return Say(text.strip(), "restart" if restart else "repetition", joined)
    if found["cling"]:
        return Hesitate(1, None, attached=True)
    if found["marks"]:
        return Hesitate(len(found["marks"]), found["sound"], attached=False)
    if found["seconds"]:
        return Pause(float(found["seconds"]), float(found["seconds"]))
    strokes = len(found["pause"])
    if strokes not in _PAUSES:
        raise ValueError(f"A pause has one to three strokes or a number, not {found.group()!r}.")
    return Pause(*_PAUSES[strokes])
