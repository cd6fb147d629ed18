"""Faults that the recorder tells of only when they are over, as its housekeeping makes them."""

import threading
from types import SimpleNamespace

import pytest

from app.notices import SHOWN_S, Notices
from recorder.episodes import Episodes
from recorder.faults import KINDS
from recorder.housekeeping import Housekeeping


@pytest.fixture
def noted():
    """Return what notes a fault that is over, and returns the event of it."""
    told = []
    keeping = Housekeeping.__new__(Housekeeping)
    keeping._reporting = threading.Lock()
    keeping._episodes = Episodes()
    keeping._recording = SimpleNamespace(run=None)
    keeping._tell = told.append

    def note(kind, detail=""):
        keeping.note(kind, 3.0, 5.0, detail)
        return told.pop()

    return note


@pytest.mark.parametrize(
    "kind", ["suspended", "clock-changed", "audio-gap", "write-failed", "disk-full"]
)
def test_a_fault_without_a_beginning_is_news(noted, kind):
    notices = Notices()
    event = noted(kind)
    assert event.kind == "fault-over"
    told = notices.add(event, 100.0)
    assert told == f"! {KINDS[kind][0]} {KINDS[kind][1]}"
    assert notices.texts(100.0 + SHOWN_S - 1) == (told,)
    assert notices.texts(100.0 + SHOWN_S + 1) == ()
    # The same once more: while it is shown no news, later on it is.
    assert notices.add(noted(kind), 200.0) == told
    assert notices.add(noted(kind), 201.0) is None
    assert notices.texts(201.0 + SHOWN_S - 0.5) == (told,)


def test_its_detail_is_told(noted):
    told = Notices().add(noted("suspended", "for 90.0 s"), 100.0)
    assert told is not None
    assert told.startswith("! The computer slept or stood still (for 90.0 s). Silence")
