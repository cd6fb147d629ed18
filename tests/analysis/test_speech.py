"""Durations, pauses, rates and units: exact arithmetic on hand-made segments and words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.results import Pause, Transcript, Word
from analysis.speech import bare, count_syllables, count_units, find_pauses, measure_speech
from analysis.timeline import Segment

HESITATIONS = frozenset({"um", "uh", "えーと"})


def segs(*pairs):
    return tuple(Segment(a, b) for a, b in pairs)


def transcript(text, language="en"):
    words = tuple(Word(float(i), i + 0.5, t, 1.0) for i, t in enumerate(text.split()))
    return Transcript(language, 1.0, "base", words)


class TestLostSound:
    """The microphone was dead from 10 to 14 s of an answer of 20 s."""

    SPEECH = segs((0, 8), (9, 9.5), (15.5, 20))

    def measured(self, lost):
        return measure_speech(self.SPEECH, 20.0, transcript("one two three"), lost=lost)

    def test_a_dead_microphone_is_no_pause(self):
        before = self.measured(())
        assert [(p.start, p.end) for p in before.pauses] == [(8, 9), (9.5, 15.5)]
        after = self.measured(segs((10, 14)))
        # A second around it is as uncertain; what lies beyond that was heard.
        assert after.lost == segs((9.5, 15.0))
        assert [(p.start, p.end) for p in after.pauses] == [(8, 9), (15.0, 15.5)]

    def test_rates_leave_it_out(self):
        after = self.measured(segs((10, 14)))
        assert (after.answer_s, after.heard_s) == (20.0, 14.5)
        assert after.speech_rate_wpm == pytest.approx(3 / 14.5 * 60)
        assert after.articulating_s == pytest.approx(13.0)
        assert after.pace_base_s == pytest.approx(14.5)
        assert after.pause_ratio == pytest.approx(1.5 / 14.5)

    def test_it_ends_no_silence_of_the_candidate(self):
        found = measure_speech(segs((0, 1), (50, 51)), 51.0, None, lost=segs((40, 41)))
        assert [(p.start, p.end) for p in found.pauses] == [(1, 39), (42, 50)]
        assert len(found.silences_over_limit) == 1

    def test_before_the_answer_and_beyond_the_end(self):
        found = measure_speech(segs((5, 6)), 8.0, None, lost=segs((0, 2), (7.5, 20), (30, 31)))
        assert found.lost == segs((0, 3), (6.5, 8.0))
        assert [(p.start, p.end) for p in found.pauses] == [(3, 5), (6, 6.5)]
        assert found.heard_s == found.answer_s == 1.0


class TestPauses:
    def test_before_inside_after(self):
        assert find_pauses(segs((1, 3), (4, 6)), 8.0) == (
            Pause(0.0, 1, "before"),
            Pause(3, 4, "inside"),
            Pause(6, 8.0, "after"),
        )

    def test_a_quarter_of_a_second_is_one_less_is_none(self):
        assert find_pauses(segs((0, 1), (1.25, 2)), 2.0) == (Pause(1, 1.25, "inside"),)
        assert find_pauses(segs((0, 1), (1.2421875, 2)), 2.0) == ()

    def test_speech_from_edge_to_edge(self):
        assert find_pauses(segs((0, 5)), 5.0) == ()

    def test_speech_beyond_the_stated_length(self):
        assert find_pauses(segs((0, 1), (2, 5.02)), 5.0) == (Pause(1, 2, "inside"),)

    def test_nobody_spoke(self):
        assert find_pauses((), 7.0) == (Pause(0.0, 7.0, "before"),)
        assert find_pauses((), 0.1) == ()

    @given(
        st.lists(
            st.tuples(st.integers(0, 300), st.integers(1, 40)).map(
                lambda p: Segment(p[0] / 4, (p[0] + p[1]) / 4)
            ),
            max_size=8,
        )
    )
    def test_pauses_never_touch_speech_and_are_placed_in_order(self, speech):
        speech = tuple(sorted(speech))
        pauses = find_pauses(speech, 100.0)
        order = ["before", "inside", "after"]
        ranks = [order.index(p.place) for p in pauses]
        assert ranks == sorted(ranks)
        for pause in pauses:
            assert all(s.end <= pause.start or s.start >= pause.end for s in speech)


class TestThirtySeconds:
    @pytest.mark.parametrize(("length", "over"), [(29.99, 0), (30.0, 0), (30.01, 1), (32.0, 1)])
    @pytest.mark.parametrize("place", ["before", "inside", "after"])
    def test_more_than_thirty(self, length, over, place):
        # 8.1 + 30 − 8.1 is not exactly 30 in binary: that must not make it "over".
        starts = {"before": 0.0, "inside": 8.1, "after": 8.1}
        speech = {
            "before": segs((length, length + 5)),
            "inside": segs((1, 8.1), (8.1 + length, 8.1 + length + 3)),
            "after": segs((1, 8.1)),
        }[place]
        duration = max(speech[-1].end, starts[place] + length)
        metrics = measure_speech(speech, duration, None)
        found = metrics.silences_over_limit
        assert len(found) == over
        assert [p.place for p in found] == [place] * over
        assert metrics.longest_pause.duration_s == pytest.approx(length)

    def test_nobody_spoke_for_a_minute(self):
        (silence,) = measure_speech((), 60.0, None).silences_over_limit
        assert silence.place == "before"


class TestRates:
    # Answer 1–61 s; pauses 4, 6 and 0.5 s inside.
    SPEECH = segs((1, 11), (15, 25), (31, 40), (40.5, 61))

    def test_seconds(self):
        metrics = measure_speech(self.SPEECH, 70.0, None)
        assert metrics.answer == Segment(1, 61)
        assert metrics.answer_s == 60.0
        assert metrics.speaking_s == 49.5
        assert metrics.latency_s == 1.0
        assert metrics.after_s == 9.0
        assert metrics.articulating_s == 49.5
        assert metrics.pace_base_s == 54.0  # without the pause of 6 s
        assert metrics.pause_ratio == 10.5 / 60

    def test_words_per_minute(self):
        metrics = measure_speech(self.SPEECH, 70.0, transcript("one two three four five six"))
        assert metrics.word_count == 6
        assert metrics.syllable_count == 6
        assert metrics.speech_rate_wpm == 6.0
        assert metrics.articulation_rate_wpm == pytest.approx(6 / 49.5 * 60)
        assert metrics.pace_wpm == pytest.approx(6 / 54 * 60)
        assert metrics.syllable_rate_per_min == 6.0
        assert math.isnan(metrics.mora_rate_per_min)
        assert math.isnan(metrics.character_rate_per_min)

    def test_morae_per_minute(self):
        text = "私は えーと、 御社を 志望しました。"
        metrics = measure_speech(self.SPEECH, 70.0, transcript(text, "ja"), hesitations=HESITATIONS)
        assert metrics.mora_count == 15
        assert metrics.character_count == 11
        assert metrics.word_count == 8
        assert metrics.syllable_count is None
        assert metrics.mora_rate_per_min == 15.0
        assert metrics.character_rate_per_min == 11.0
        assert metrics.pace_characters_per_min == pytest.approx(11 / 54 * 60)

    def test_a_pause_of_exactly_five_seconds_belongs_to_the_pace(self):
        metrics = measure_speech(segs((0, 10), (15, 20)), 20.0, transcript("a b"))
        assert metrics.pace_base_s == 20.0

    def test_no_transcript_is_not_zero_words(self):
        metrics = measure_speech(self.SPEECH, 70.0, None)
        assert metrics.word_count is None
        assert math.isnan(metrics.speech_rate_wpm)

    def test_no_words_in_a_transcript_are_zero_words(self):
        metrics = measure_speech(self.SPEECH, 70.0, transcript(""))
        assert metrics.word_count == 0
        assert metrics.speech_rate_wpm == 0.0

    @pytest.mark.parametrize("words", [None, transcript("")])
    def test_nobody_spoke(self, words):
        metrics = measure_speech((), 12.0, words)
        assert metrics.answer is None
        assert metrics.speaking_s == 0.0
        assert metrics.word_count is None
        for name in (
            "answer_s",
            "latency_s",
            "after_s",
            "speech_rate_wpm",
            "articulation_rate_wpm",
            "pace_wpm",
            "pause_ratio",
            "mora_rate_per_min",
        ):
            assert math.isnan(getattr(metrics, name)), name
        assert metrics.longest_pause == Pause(0.0, 12.0, "before")


class TestUnits:
    def test_hesitations_and_bare_marks_are_no_words(self):
        said = transcript("Um, I — uh - like it. UH")
        assert count_units(said, HESITATIONS) == {"word_count": 3, "syllable_count": 3}

    def test_several_words_in_one_piece(self):
        words = (Word(0, 1, "New York", 1.0), Word(1, 2, "full-time", 1.0))
        units = count_units(Transcript("en", 1.0, "base", words), frozenset())
        assert units == {"word_count": 3, "syllable_count": 4}

    def test_japanese_marks_are_no_characters(self):
        units = count_units(transcript("はい、 そうです。", "ja"), frozenset())
        assert units == {"word_count": 3, "mora_count": 6, "character_count": 6}

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("Hello,", "hello"),
            ("“don’t”", "don’t"),
            ("—", ""),
            ("full-", "full"),
            ("えーと、", "えーと"),
        ],
    )
    def test_bare(self, text, plain):
        assert bare(text) == plain

    @pytest.mark.parametrize(
        ("word", "syllables"),
        [
            ("project", 2),
            ("checkout", 2),
            ("Incident.", 3),
            ("strengths", 1),
            ("area", 3),
            ("don't", 1),
            ("engineer's", 3),
            # not in the dictionary
            ("mensetsu", 3),
            ("kubectl", 2),
            ("refactored", 4),
            ("full-time", 2),
            ("trade-offs", 2),
            # numbers as they are read
            ("0", 2),
            ("7", 2),
            ("12", 1),
            ("21", 3),
            ("100", 3),
            ("250", 5),
            ("1,000", 3),
            ("50%", 2),
            ("1000000", 3),
            ("1999", 5),
            ("1905", 4),
            ("2005", 4),
            ("2024", 5),
            ("1900", 4),
            ("007", 6),
            # odd ones must not break the count
            ("", 0),
            ("...", 0),
            ("²", 1),
            ("x", 1),
            ("東京", 4),
            ("9" * 30, 30),
        ],
    )
    def test_syllables(self, word, syllables):
        assert count_syllables(word) == syllables


class TestMixedSpeech:
    def test_japanese_words_in_an_english_answer(self):
        units = count_units(
            transcript("We call it 根回し and 御社 values nemawari too"), HESITATIONS
        )
        # ne-ma-wa-shi 4 and o-n-sha 3 morae; val-ues 2, ne-ma-wa-ri 4
        assert units == {"word_count": 9, "syllable_count": 3 + 4 + 1 + 3 + 2 + 4 + 1}

    def test_a_japanese_sentence_without_spaces_is_several_words(self):
        units = count_units(transcript("They said よろしくお願いします"), HESITATIONS)
        assert units["word_count"] == 2 + 5
        assert units["syllable_count"] == 2 + 4 + 1 + 3 + 1 + 2

    def test_english_words_in_a_japanese_answer(self):
        mixed = count_units(transcript("私はprojectのleaderです", "ja"), HESITATIONS)
        written = count_units(transcript("私はプロジェクトのリーダーです", "ja"), HESITATIONS)
        assert mixed == written

    def test_an_english_sentence_in_a_japanese_answer(self):
        units = count_units(transcript("それは a good question ですね", "ja"), HESITATIONS)
        assert units["word_count"] == 2 + 3 + 2
        assert units["mora_count"] == 3 + 1 + 3 + 5 + 3  # ソレワ ア グッド クエスチョン デスネ

    def test_hesitations_of_the_other_language_are_no_words(self):
        both = frozenset({"um", "えーと"})
        assert count_units(transcript("um 私は", "ja"), both)["word_count"] == 2
        assert count_units(transcript("well えーと yes"), both)["word_count"] == 2
