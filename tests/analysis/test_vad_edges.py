"""Edges by level: hand-made levels, exact answers."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.timeline import Segment
from analysis.vad import MEASURING
from analysis.vad_edges import refine_edges

OPTIONS = MEASURING.edges
TOLERANCE_S = 0.021  # a frame


def levels(*stretches, background=-65.0, seconds=10.0):
    """Frames of 10 ms: `background`, and (start, end, dBFS) over it."""
    values = np.full(round(seconds * 100), background, dtype=np.float32)
    for start, end, level in stretches:
        values[round(start * 100) : round(end * 100)] = level
    return values


def refined(speech, values, options=OPTIONS):
    return refine_edges(speech, values, options, duration_s=len(values) / 100)


def assert_edges(found, start, end):
    (segment,) = found
    assert segment.start == pytest.approx(start, abs=TOLERANCE_S)
    assert segment.end == pytest.approx(end, abs=TOLERANCE_S)


def test_outwards_and_inwards_to_the_voice():
    values = levels((2.0, 4.0, -20))
    assert_edges(refined((Segment(2.1, 3.9),), values), 2.0, 4.0)
    assert_edges(refined((Segment(1.9, 4.1),), values), 2.0, 4.0)


def test_over_the_closure_of_a_stop_but_not_over_a_pause():
    assert_edges(refined((Segment(2.0, 3.0),), levels((2, 3, -20), (3.08, 3.15, -40))), 2.0, 3.15)
    assert_edges(refined((Segment(2.0, 3.0),), levels((2, 3, -20), (3.15, 3.22, -40))), 2.0, 3.0)


def test_a_weak_end_counts_a_weaker_one_does_not():
    assert_edges(refined((Segment(2.0, 3.0),), levels((2, 3, -20), (3, 3.1, -55))), 2.0, 3.1)
    assert_edges(refined((Segment(2.0, 3.0),), levels((2, 3, -20), (3, 3.1, -59))), 2.0, 3.0)


def test_no_further_than_its_reach_except_as_loud_as_the_voice():
    weak = levels((2, 3, -20), (3, 4, -45))
    assert_edges(refined((Segment(2.0, 3.0),), weak), 2.0, 3.0 + OPTIONS.reach_s)
    drawn_out = levels((2, 3, -20), (3, 3.6, -28))
    assert_edges(refined((Segment(2.0, 3.0),), drawn_out), 2.0, 3.6)


def test_in_noise_nothing_moves():
    values = levels((2, 4, -20), background=-30)
    assert refined((Segment(2.1, 4.1),), values) == (Segment(2.1, 4.1),)


def test_in_some_noise_out_only():
    values = levels((2, 4, -20), background=-45)
    assert_edges(refined((Segment(2.1, 4.1),), values), 2.0, 4.1)


def test_in_a_room_that_echoes_the_ends_stay():
    voice = tuple(Segment(float(t), t + 1.0) for t in range(1, 26, 5))
    values = levels(*((s.start, s.end, -20) for s in voice), seconds=30)
    for spoken in voice:
        first = round(spoken.end * 100)
        values[first : first + 40] = np.linspace(-30, -60, 40)
    dry = replace(OPTIONS, tail_s=9)
    assert [s.end for s in refined(voice, values)] == [s.end for s in voice]
    moved = refined(voice, values, dry)
    assert all(new.end > old.end + 0.2 for new, old in zip(moved, voice, strict=True))
    # Too few ends to tell a room by.
    assert [s.end for s in refined(voice[:4], values)] == [s.end for s in moved[:4]]


@pytest.mark.parametrize("speech", [(), (Segment(0.0, 10.0),), (Segment(0.0, 0.004),)])
def test_nothing_to_move(speech):
    assert refined(speech, levels((0, 10, -20))) == speech


def test_without_any_levels():
    assert refined((Segment(0.0, 0.015),), np.zeros(0, np.float32)) == (Segment(0.0, 0.015),)
