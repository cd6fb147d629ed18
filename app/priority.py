"""Less of the computer for work that can wait."""

from __future__ import annotations

import sys

import psutil

NICE = 10
"""of 19: the recorder lost no pictures beside an analysis at lower priority, 8 % beside one at the
same (recording facts, section 6)"""


def lower_priority() -> None:
    """Let this process, and those that it starts from now on, wait for others."""
    process = psutil.Process()
    if sys.platform == "win32":
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        # Raising it again is not allowed, and whoever runs us under nice means it.
        process.nice(max(process.nice(), NICE))
