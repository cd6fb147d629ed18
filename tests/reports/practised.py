"""Takes as the store has them, for the pages over many of them."""

from pathlib import Path

from analysis.storage import summary
from recorder.questions import find_question, read_bank
from reports.takes import TakeRecord
from tests.reports.conftest import build

TOLD = summary(build())


def take(day="2026-11-20T03:00:00+00:00", question="strengths", number=1, **changes):
    """Return an analysed English take; `changes` of its fields, `told` of its summary."""
    told = changes.pop("told", {})
    session = changes.pop("session", (day or "")[:10])
    numbers = {**TOLD, **told} if told is not None else None
    fields = {
        "id": f"{session}-{number:02}",
        "name": f"{session}/{number:02}",
        "recorded": day,
        "number": number,
        "session": session,
        "question": find_question(read_bank(), question),
        "language": "en",
        "summary": numbers,
        "results": Path("results") if numbers is not None else None,
        "media": Path("take.mkv"),
        "duration_s": 90.0,
        **changes,
    }
    return TakeRecord(**fields)
