"""The candidate and the others by level: made-up levels, where every answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.foreground import (
    Foreground,
    background_doubts,
    band_levels,
    find_foreground,
    find_islands,
    keep_foreground,
)
from analysis.media import RATE_HZ
from analysis.timeline import Segment, total
from analysis.vad import MEASURING

OPTIONS = MEASURING.foreground
ISLANDS = MEASURING.islands
WHOLE = (Segment(0.0, 60.0),)
ANSWER = (Segment(0.0, 20.0), Segment(50.0, 60.0))


def levels(background, *, far_db=0.0, near_db=-20.0, moves_db=2.0):
    """A minute of frames: the candidate from 0 to 20 and 50 to 60 s, `background` between."""
    random = np.random.default_rng(3)
    values = background + moves_db * random.standard_normal(6000) + far_db
    for segment in ANSWER:
        span = slice(round(segment.start * 100), round(segment.end * 100))
        syllables = 6 * np.abs(np.sin(np.arange(span.stop - span.start) / 8))
        values[span] = np.maximum(values[span], near_db - syllables)
    return values.astype(np.float32)


class TestLevels:
    def test_of_a_tone_in_the_band_and_below_it(self):
        time_s = np.arange(RATE_HZ) / RATE_HZ
        tone = np.sin(2 * np.pi * 1000 * time_s).astype(np.float32)
        assert band_levels(tone) == pytest.approx(np.full(99, -3.01), abs=0.1)
        hum = np.sin(2 * np.pi * 50 * time_s).astype(np.float32)
        assert band_levels(hum).max() < -20

    @pytest.mark.parametrize(("count", "frames"), [(0, 0), (319, 0), (320, 1), (480, 2)])
    def test_any_length(self, count, frames):
        assert len(band_levels(np.zeros(count, np.float32))) == frames

    def test_in_chunks_as_in_one(self, monkeypatch):
        noise = np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32)
        whole = band_levels(noise)
        monkeypatch.setattr("analysis.foreground._CHUNK", 7)
        assert band_levels(noise) == pytest.approx(whole)


class TestGate:
    def test_people_in_the_background_are_cut_off(self):
        values = levels(-35.0)
        found = find_foreground(values, WHOLE, OPTIONS)
        assert found.gated
        assert found.far_dbfs < found.gate_dbfs < found.near_dbfs
        kept = keep_foreground(WHOLE, values, found, OPTIONS)
        assert total(kept) == pytest.approx(30.0, abs=0.5)
        assert kept[0].end == pytest.approx(20.0, abs=0.2)
        assert kept[-1].start == pytest.approx(50.0, abs=0.2)

    def test_steady_noise_in_which_nobody_is_heard_needs_no_gate(self):
        values = levels(-35.0)
        found = find_foreground(values, ANSWER, OPTIONS)
        assert not found.gated
        assert keep_foreground(ANSWER, values, found, OPTIONS) == ANSWER

    def test_too_near_to_tell(self):
        found = find_foreground(levels(-25.0), WHOLE, OPTIONS)
        assert not found.gated
        (doubt,) = background_doubts(found, (), OPTIONS)
        assert doubt.code == "background-too-loud"

    def test_a_soft_voice_in_a_quiet_room_is_the_candidate(self):
        # Its level falls to the floor between syllables, as that of many voices never does.
        values = levels(-35.0)
        values[np.arange(6000) % 40 < 8] = -70
        assert not find_foreground(values, WHOLE, OPTIONS).gated

    def test_an_odd_moment_is_no_heap(self):
        values = levels(-35.0)
        values[3000:3120] = -60
        assert find_foreground(values, WHOLE, OPTIONS).far_dbfs == pytest.approx(-33, abs=2)

    @pytest.mark.parametrize("count", [0, 1, 99, 100])
    def test_nothing_recorded(self, count):
        found = find_foreground(np.full(count, -120, np.float32), (), OPTIONS)
        assert not found.gated
        assert np.isnan(found.near_dbfs)
        assert background_doubts(found, (), OPTIONS) == ()
        assert find_islands(np.full(count, -120, np.float32), (), found, ISLANDS) == ()


class TestIslands:
    QUIET = Foreground(-20.0, -65.0, -np.inf, 0.0, 3.0)

    def loud(self, start, end, level=-25.0):
        values = levels(-65.0)
        values[round(start * 100) : round(end * 100)] = level
        return values

    def test_a_loud_sound_apart_from_speech(self):
        (island,) = find_islands(self.loud(30, 30.5), ANSWER, self.QUIET, ISLANDS)
        assert island.start == pytest.approx(30.0, abs=0.02)
        assert island.end == pytest.approx(30.5, abs=0.02)

    @pytest.mark.parametrize(
        ("start", "end", "level"),
        [
            (30, 30.1, -25),  # a click
            (30, 33, -25),  # music
            (30, 30.5, -40),  # soft
            (20.05, 20.5, -25),  # beside speech
        ],
    )
    def test_others_are_none(self, start, end, level):
        assert find_islands(self.loud(start, end, level), ANSWER, self.QUIET, ISLANDS) == ()

    def test_not_in_noise_and_not_among_people(self):
        values = self.loud(30, 30.5)
        for foreground in (
            replace(self.QUIET, far_dbfs=-40.0),
            replace(self.QUIET, gate_dbfs=-50.0),
        ):
            assert find_islands(values, ANSWER, foreground, ISLANDS) == ()
