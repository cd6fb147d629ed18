"""Pace over time, by hand-made words of known times."""

import itertools
import math

import numpy as np
import pytest

from analysis.pace import pace_track, spoken_units
from analysis.results import Pause, SpeechMetrics, Transcript, Word
from analysis.timeline import Segment, gaps

EXACT = 1e-3
"""values are stored as float32"""


def transcript(words, language="en"):
    return Transcript(language, 1.0, "test", tuple(words))


def even(start, end, *, per_s, text="word"):
    """Return words back to back, `per_s` a second."""
    count = round((end - start) * per_s)
    times = [start + i / per_s for i in range(count + 1)]
    return [Word(a, b, text, 1.0) for a, b in itertools.pairwise(times)]


def metrics(*stretches):
    """Return the metrics of an answer with speech in the given stretches."""
    speech = tuple(Segment(a, b) for a, b in stretches)
    answer = Segment(speech[0].start, speech[-1].end)
    return SpeechMetrics(
        duration_s=answer.end,
        answer=answer,
        speaking_s=sum(s.duration_s for s in speech),
        latency_s=answer.start,
        after_s=0.0,
        pauses=tuple(Pause(g.start, g.end, "inside") for g in gaps(speech, answer)),
        speech=speech,
    )


def test_even_talk_has_one_pace_up_to_the_edges():
    track = pace_track(transcript(even(2, 42, per_s=2)), metrics((2, 42)))
    assert track.unit == "words/min"
    assert track.times.tolist() == [2.0 + i for i in range(41)]
    assert track.values == pytest.approx(np.full(41, 120.0), abs=EXACT)


def test_change_of_pace_shows_after_half_a_window():
    words = even(0, 30, per_s=2) + even(30, 60, per_s=3)
    track = pace_track(transcript(words), metrics((0, 60)), window_s=10)
    at = dict(zip(track.times, track.values, strict=True))
    assert at[25] == pytest.approx(120, abs=EXACT)
    assert at[30] == pytest.approx(150, abs=EXACT)
    assert at[35] == pytest.approx(180, abs=EXACT)


def test_long_silence_has_no_pace_and_does_not_lower_it_beside():
    words = even(0, 20, per_s=2) + even(52, 72, per_s=2)
    track = pace_track(transcript(words), metrics((0, 20), (52, 72)))
    silent = (track.times > 20) & (track.times < 52)
    assert np.isnan(track.values[silent]).all()
    assert track.values[~silent] == pytest.approx(np.full((~silent).sum(), 120.0), abs=EXACT)


def test_pause_up_to_the_limit_lowers_the_pace():
    words = even(0, 20, per_s=2) + even(25, 45, per_s=2)
    track = pace_track(transcript(words), metrics((0, 20), (25, 45)))
    at = dict(zip(track.times, track.values, strict=True))
    # 5.0 s is not above the limit: 15 s window, 10 s of talk, 20 words.
    assert at[22] == pytest.approx(60 * 20 / 15, abs=EXACT)


def test_word_stretched_over_a_silence_counts_where_speech_is():
    words = [*even(0, 20, per_s=2), Word(20, 60.5, "however", 0.5), *even(60.5, 80, per_s=2)]
    track = pace_track(transcript(words), metrics((0, 20), (60, 80)))
    silent = (track.times > 20) & (track.times < 60)
    assert np.isnan(track.values[silent]).all()
    assert track.values[~silent] == pytest.approx(np.full((~silent).sum(), 120.0), abs=EXACT)


def test_too_little_talk_is_not_measured():
    track = pace_track(transcript(even(0, 2, per_s=2)), metrics((0, 2)))
    assert np.isnan(track.values).all()
    track = pace_track(transcript(even(0, 3, per_s=2)), metrics((0, 3)))
    assert track.values == pytest.approx(np.full(4, 120.0), abs=EXACT)


def test_japanese_counts_characters_without_punctuation():
    words = even(0, 30, per_s=1, text="弊社は、")
    track = pace_track(transcript(words, "ja"), metrics((0, 30)))
    assert track.unit == "characters/min"
    assert track.values == pytest.approx(np.full(31, 180.0), abs=EXACT)


def test_without_words_or_speech_the_track_is_empty():
    silent = SpeechMetrics(10.0, None, 0.0, math.nan, math.nan, (), ())
    assert len(pace_track(transcript(even(0, 5, per_s=2)), silent).times) == 0
    assert len(pace_track(transcript([]), metrics((0, 5))).times) == 0


def test_word_of_no_length_counts_once():
    words = [Word(t + 0.5, t + 0.5, "a", 1.0) for t in range(20)]
    track = pace_track(transcript(words), metrics((0, 20)), window_s=10)
    at = dict(zip(track.times, track.values, strict=True))
    assert at[10] == pytest.approx(60, abs=EXACT)


def test_talk_without_words_has_no_pace():
    # The recogniser missed everything from 30 to 60 s.
    track = pace_track(transcript(even(0, 30, per_s=2) + even(60, 90, per_s=2)), metrics((0, 90)))
    at = dict(zip(track.times, track.values, strict=True))
    assert math.isnan(at[45])
    assert math.isnan(at[30])
    assert at[20] == pytest.approx(120, abs=EXACT)
    assert at[75] == pytest.approx(120, abs=EXACT)


def test_window_and_step_must_be_positive():
    with pytest.raises(ValueError, match="positive"):
        pace_track(transcript([]), metrics((0, 5)), step_s=0)


@pytest.mark.parametrize(
    ("text", "japanese", "units"),
    [
        ("don't", False, 1),
        ("--", False, 0),
        ("コード、", True, 3),
        ("。", True, 0),
        ("12", True, 2),
    ],
)
def test_spoken_units(text, japanese, units):
    assert spoken_units(text, japanese=japanese) == units
