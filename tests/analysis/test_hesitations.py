"""Hesitations from boundary scores, placed in time."""

import pytest

from analysis.fillers import read_lexicon
from analysis.hesitations import COUNTED_FROM, POSSIBLE_FROM, Boundary, find_hesitations
from analysis.results import Word
from analysis.timeline import Segment
from analysis.voice import VoicedSpan

ENGLISH, JAPANESE = read_lexicon("en"), read_lexicon("ja")
WORD_S, PAUSE_S = 0.3, 0.5


def say(text, language="en"):
    """Words one after the other; "|" is a pause."""
    words, at = [], 0.0
    for token in text.split():
        if token == "|":
            at += PAUSE_S
            continue
        words.append(Word(at, at + WORD_S, token, 1.0, language == "en"))
        at += WORD_S
    return tuple(words)


def hesitate(text, scores, *, speech=None, steady=(), language="en", words=None):
    """Find hesitations; `scores` are probabilities by the index of the word that follows."""
    words = say(text, language) if words is None else words
    if speech is None:
        speech = (Segment(0.0, words[-1].end),)
    return find_hesitations(
        words,
        tuple(Boundary(i, p) for i, p in scores.items()),
        speech,
        JAPANESE if language == "ja" else ENGLISH,
        steady=lambda gap: tuple(s for s in steady if s.end > gap.start and s.start < gap.end),
        language=language,
    )


class TestHesitations:
    # Words end at 0.6 s; the next begins at 1.1 s; between them somebody is heard.
    TEXT = "I was | glad"
    HEARD = (Segment(0.0, 0.6), Segment(0.75, 1.4))

    @pytest.mark.parametrize(
        ("probability", "counted"),
        [
            (POSSIBLE_FROM - 0.001, None),
            (POSSIBLE_FROM, False),
            (COUNTED_FROM - 0.001, False),
            (COUNTED_FROM, True),
            (0.9, True),
        ],
    )
    def test_counted_possible_nothing(self, probability, counted):
        found = hesitate(self.TEXT, {2: probability}, speech=self.HEARD)
        assert [f.counted for f in found] == ([] if counted is None else [counted])
        assert all(f.kind == "acoustic" and f.text == "um" for f in found)
        assert all(f.probability == probability for f in found)

    def test_placed_on_the_steady_voice(self):
        spans = (VoicedSpan(0.8, 1.05, 0.5),)
        (found,) = hesitate(self.TEXT, {2: 0.5}, speech=self.HEARD, steady=spans)
        assert (found.start, found.end) == (0.8, 1.05)

    def test_placed_where_somebody_is_heard_without_a_steady_voice(self):
        (found,) = hesitate(self.TEXT, {2: 0.5}, speech=self.HEARD)
        assert found.start == 0.75
        assert found.end <= 1.1

    def test_no_sound_in_the_gap_is_no_hesitation(self):
        # The decoder expects an "um" after a long silence. That is a guess, not a sound.
        silent = (Segment(0.0, 0.62), Segment(1.1, 1.4))
        text = "I was | glad of that and of a great many other things"
        assert hesitate(text, {2: 0.9}, speech=silent) == ()

    def test_the_end_of_the_word_before_is_no_hesitation(self):
        trailing = (Segment(0.0, 0.7), Segment(1.1, 5.0))
        text = "I was | glad of that and of a great many other things"
        assert hesitate(text, {2: 0.9}, speech=trailing) == ()

    def test_a_steady_voice_before_a_short_word_is_not_the_word(self):
        words = (Word(0, 0.3, "I", 1.0), Word(0.3, 0.6, "was", 1.0), Word(1.0, 1.4, "glad.", 1.0))
        spans = (VoicedSpan(0.73, 0.95, 0.5),)
        for speech in ((Segment(0.0, 1.4),), (Segment(0.0, 0.95), Segment(1.0, 1.4))):
            (um,) = hesitate("", {2: 0.5}, words=words, speech=speech, steady=spans)
            assert (um.start, um.end) == (0.73, 0.95)

    def test_a_hesitation_that_was_written_as_words_lies_on_them(self):
        words = (
            Word(0.0, 0.8, "です。", 1.0, space_before=False),
            Word(1.8, 2.3, "イエート", 0.3, space_before=False),
            Word(2.3, 2.4, "は、", 0.5, space_before=False),
            Word(2.9, 3.4, "これまで", 1.0, space_before=False),
        )
        speech = (Segment(0.0, 0.85), Segment(1.8, 2.45), Segment(2.9, 3.4))
        (sound,) = hesitate("", {1: 0.5}, words=words, speech=speech, language="ja")
        assert (sound.start, sound.end) == (1.8, 2.4)

    def test_sound_after_a_misplaced_word_is_the_hesitation(self):
        words = (
            Word(0.0, 0.8, "8%.", 1.0),
            Word(0.8, 1.1, "and", 1.0),
            Word(2.2, 2.4, "we", 1.0),
            Word(2.4, 2.8, "had", 1.0),
        )
        speech = (Segment(0.0, 1.1), Segment(1.5, 1.8), Segment(2.2, 2.8))
        (um,) = hesitate("", {1: 0.7}, words=words, speech=speech)
        assert (um.start, um.end) == (1.5, 1.8)

    def test_two_sounds_in_one_gap(self):
        words = (Word(0, 0.3, "I", 1.0), Word(3.0, 3.3, "was", 1.0))
        spans = (VoicedSpan(0.8, 1.3, 0.5), VoicedSpan(1.9, 2.2, 0.5))
        first, second = hesitate(
            "", {1: 0.4}, words=words, speech=(Segment(0.0, 3.3),), steady=spans
        )
        assert (first.start, first.counted, first.probability) == (0.8, True, 0.4)
        assert (second.start, second.counted, second.probability) == (1.9, False, 0.2)

    def test_the_first_word_has_no_boundary(self):
        assert hesitate("I was | glad", {0: 0.9}) == ()

    def test_written_by_the_recogniser_itself(self):
        found = hesitate("I was, um, glad", {})
        assert [(f.text, f.counted) for f in found] == [("um", True)]
        assert (found[0].start, found[0].end) == pytest.approx((0.6, 0.9))

    def test_written_and_scored_is_one(self):
        assert len(hesitate("I was, um, glad", {2: 0.9, 3: 0.8})) == 1

    def test_japanese_is_named_in_japanese(self):
        (found,) = hesitate("私 は | 御社", {2: 0.5}, speech=self.HEARD, language="ja")
        assert found.text == "えー"

    def test_no_boundaries(self):
        assert hesitate("I was glad", {}) == ()
        assert hesitate("", {}, words=(), speech=()) == ()


class TestMisheard:
    """えーと written as words that nobody said: set off on both sides, and short."""

    WORDS = (
        Word(0.0, 0.5, "です。", 1.0),
        Word(2.0, 2.4, "イエート", 1.0),
        Word(2.4, 2.6, "は、", 1.0),
        Word(3.0, 3.4, "現在", 1.0),
    )
    SPEECH = (Segment(0.0, 0.5), Segment(2.0, 2.6), Segment(3.0, 3.4))

    def find(self, words, speech=SPEECH):
        return hesitate("", {1: 0.5}, words=words, speech=speech, language="ja")

    def test_the_short_run_is_the_hesitation(self):
        (found,) = self.find(self.WORDS)
        assert (found.start, found.end) == (2.0, 2.6)

    def test_a_long_run_is_content(self):
        long = (*self.WORDS[:2], Word(2.4, 3.4, "は、", 1.0), Word(3.9, 4.3, "現在", 1.0))
        speech = (Segment(0.0, 0.5), Segment(2.0, 3.4), Segment(3.9, 4.3))
        assert self.find(long, speech) == ()

    def test_a_run_that_nothing_sets_off_is_content(self):
        joined = (Word(1.5, 1.98, "です", 1.0), *self.WORDS[1:])
        speech = (Segment(1.5, 2.6), Segment(3.0, 3.4))
        found = self.find(joined, speech)
        assert [(f.start, f.end) for f in found] != [(2.0, 2.6)]


def test_thresholds_are_ordered():
    assert 0 < POSSIBLE_FROM < COUNTED_FROM < 1
