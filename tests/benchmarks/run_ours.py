"""Analyse a file as mensetsu does: ``python run_ours.py MEDIA``; a program for `speed.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from analysis.pipeline import analyse_media


def main() -> None:
    """Analyse, and say in one line what came out."""
    analysis = analyse_media(Path(sys.argv[1]))
    words = analysis.transcript.words if analysis.transcript else ()
    frames = len(analysis.gaze.yaw.times) if analysis.gaze else 0
    print(json.dumps({"words": len(words), "frames": frames}))


if __name__ == "__main__":
    main()
