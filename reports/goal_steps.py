"""Smaller steps, and the command that sets one: a goal as it is typed in a terminal."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

from reports.goal_numbers import command_number, step_between
from reports.goals import Goal


def smaller_step(goal: Goal, values: Sequence[float], noise: float) -> Goal | None:
    """Return an easier goal: half of the way from the best of some values; None = it is near.

    Parameters
    ----------
    values : what the last tries read, none of which met the goal.
    noise : the smallest change of the measure that counts.
    """
    best = min(values, key=goal.outside)
    if not goal.outside(best):
        return None
    low, high = goal.low, goal.high
    edge = high if high is not None and best > high else low
    if edge is None:
        return None
    step = step_between(goal.about, best, edge, noise)
    if step is None:
        return None
    if edge == high:
        high = step
    else:
        low = step
    return Goal(
        id="",
        measure=goal.measure,
        comparison=goal.comparison,
        low=low,
        high=high,
        question=goal.question,
        language=goal.language,
        until=goal.until,
        set=goal.set,
    )


def set_command(goal: Goal, *, instead: str | None = None) -> str | None:
    """Return what to type to set a goal; None = its question can't be typed safely."""
    question = quoted(goal.question.given)
    if question is None:
        return None
    words = ["mensetsu goals set", f"--question {question}", f"--measure {goal.measure}"]
    if goal.high is not None:
        words.append(f"--at-most {command_number(goal.about, goal.high)}")
    if goal.low is not None:
        words.append(f"--at-least {command_number(goal.about, goal.low)}")
    if instead is not None:
        words.append(f"--instead {instead}")
    return " ".join(words)


def quoted(text: str, *, windows: bool = os.name == "nt") -> str | None:
    """Return a text as one word of a command line; None = the shell would read more into it."""
    if not text or not text.isprintable():
        return None
    if not windows:
        return shlex.quote(text)
    if any(c in text for c in '"%!^&|<>`$'):
        return None
    return text if text.replace("-", "").replace("/", "").isalnum() else f'"{text}"'
