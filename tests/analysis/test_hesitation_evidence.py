"""Where a hesitation may lie, and what is measured there."""

import math

import numpy as np
import pytest

from analysis.hesitation_evidence import EvidenceCollector, own_length_s
from analysis.hesitation_guesses import Boundary, Guess
from analysis.results import Word
from analysis.timeline import Segment
from analysis.voice import VoiceTrace

KNOWN = frozenset({"um", "uh", "えーと"})
EDGE_S = 0.05


def voice(speech, held=()):
    """A voice wherever there is speech; `held` stretches do not change."""
    times = np.concatenate([np.arange(s.start + 0.005, s.end, 0.01) for s in speech])
    change = np.full(len(times), 2.5)
    for s in held:
        change[(times >= s.start) & (times < s.end)] = 0.6
    return VoiceTrace(times, np.zeros(len(times)), change, np.full(len(times), -20.0))


def spans(*pairs):
    return tuple(Segment(*p) for p in pairs)


def collect(words, boundaries, speech, held=()):
    words = tuple(Word(*w, 1.0) for w in words)
    collector = EvidenceCollector(words, speech, voice(speech, held), KNOWN)
    return collector.collect(boundaries)


def guess(start, end, ratio=0.0, sound="um", replaced_s=0.0):
    return Guess(sound, ratio, Segment(start, end), replaced_s)


def at(evidence):
    return [(e.start, e.end) for e in evidence]


class TestBetweenWords:
    WORDS = ((0.0, 0.4, "I"), (0.4, 1.0, "worked"), (2.4, 2.7, "for"), (2.7, 3.1, "them"))
    SPEECH = spans((0.0, 1.0), (1.5, 1.9), (2.4, 3.1))

    def test_the_sound_in_the_gap(self):
        (found,) = collect(
            self.WORDS,
            [Boundary(2, 0.6, inserted=guess(1.4, 2.2))],
            self.SPEECH,
            spans((1.55, 1.85)),
        )
        assert at([found]) == [pytest.approx((1.5, 1.9))]
        assert (found.first, found.ratio, found.text) == (0.6, 0.0, "um")
        assert found.held_s == pytest.approx(0.3, abs=EDGE_S)
        assert found.overlap_ratio == pytest.approx(1.0)
        assert found.free_s == pytest.approx(0.4)
        assert (found.opens, found.closes, found.written, found.extra) == (True, True, False, False)

    def test_silence_is_no_place(self):
        silent = spans((0.0, 1.0), (2.4, 3.1))
        assert collect(self.WORDS, [Boundary(2, 0.9, inserted=guess(1.2, 1.2))], silent) == ()

    def test_the_end_of_the_word_before_is_no_place(self):
        trailing = spans((0.0, 1.15), (2.4, 3.1))
        assert collect(self.WORDS, [Boundary(2, 0.9, inserted=guess(1.3, 1.3))], trailing) == ()

    def test_two_in_one_gap(self):
        words = (*self.WORDS[:2], (3.4, 3.7, "for"))
        speech = spans((0.0, 1.0), (1.5, 1.9), (2.4, 2.8), (3.4, 3.7))
        first, second = collect(
            words,
            [Boundary(2, 0.6, inserted=guess(1.4, 2.0))],
            speech,
            spans((1.55, 1.85), (2.45, 2.75)),
        )
        assert at([first, second]) == [pytest.approx((1.5, 1.9)), pytest.approx((2.4, 2.8))]
        assert (first.extra, second.extra) == (False, True)

    def test_two_voices_without_a_silence_between_them(self):
        speech = spans((0.0, 1.0), (1.3, 2.3), (2.4, 3.1))
        found = collect(
            self.WORDS,
            [Boundary(2, 0.6, inserted=guess(1.3, 2.2))],
            speech,
            spans((1.35, 1.65), (1.95, 2.25)),
        )
        assert at(found) == [
            pytest.approx((1.3, 1.65), abs=EDGE_S),
            pytest.approx((1.95, 2.3), abs=EDGE_S),
        ]

    def test_a_sound_without_the_recogniser(self):
        (found,) = collect(self.WORDS, [Boundary(2, 0.0001)], self.SPEECH)
        assert at([found]) == [pytest.approx((1.5, 1.9))]
        assert found.ratio == -math.inf

    def test_a_word_laid_over_the_sound(self):
        # "for" takes 0.45 s by its letters; what comes before is not its own.
        words = (*self.WORDS[:2], (1.5, 2.7, "for"), (2.7, 3.1, "them"))
        speech = spans((0.0, 1.0), (1.5, 3.1))
        (found,) = collect(
            words, [Boundary(2, 0.6, inserted=guess(1.5, 2.2))], speech, spans((1.55, 2.0))
        )
        assert found.start == pytest.approx(1.5)
        assert found.end == pytest.approx(2.0, abs=EDGE_S)

    def test_right_behind_a_word(self):
        # No gap at all: the recogniser stretched the word over the sound.
        words = ((0.0, 0.4, "I"), (0.4, 1.5, "worked"), (1.5, 1.9, "for"))
        speech = spans((0.0, 1.9))
        (found,) = collect(
            words, [Boundary(2, 0.5, inserted=guess(1.0, 1.5))], speech, spans((1.1, 1.5))
        )
        assert at([found]) == [pytest.approx((1.1, 1.5), abs=EDGE_S)]

    def test_two_boundaries_share_a_sound(self):
        words = ((0.0, 0.4, "with"), (0.4, 0.6, "the"), (1.4, 2.0, "queue"))
        speech = spans((0.0, 0.6), (0.8, 1.2), (1.4, 2.0))
        (found,) = collect(
            words,
            [
                Boundary(1, 0.3, inserted=guess(0.4, 1.2, ratio=-4.0)),
                Boundary(2, 0.1, inserted=guess(0.8, 1.2, ratio=-1.0)),
            ],
            speech,
            spans((0.85, 1.15)),
        )
        assert at([found]) == [pytest.approx((0.8, 1.2))]
        # What each of them says about it is put together.
        assert (found.first, found.ratio) == (0.3, -1.0)


class TestAtTheEdges:
    WORDS = ((1.0, 1.4, "well"), (1.4, 1.8, "yes"))

    def test_before_the_first_word(self):
        (found,) = collect(
            self.WORDS,
            [Boundary(0, 0.5, inserted=guess(0.2, 0.7))],
            spans((0.2, 0.6), (1.0, 1.8)),
            spans((0.25, 0.55)),
        )
        assert at([found]) == [pytest.approx((0.2, 0.6))]

    def test_behind_the_last_word(self):
        (found,) = collect(
            self.WORDS,
            [Boundary(2, 0.5, inserted=guess(2.1, 2.6))],
            spans((1.0, 1.8), (2.1, 2.5)),
            spans((2.15, 2.45)),
        )
        assert at([found]) == [pytest.approx((2.1, 2.5))]

    def test_without_words_or_speech(self):
        assert collect((), [], spans((0.0, 1.0))) == ()
        assert collect((), [Boundary(0, 0.5)], spans((0.0, 1.0)))[0].free_s == pytest.approx(1.0)


class TestWritten:
    def test_as_itself(self):
        words = ((0.0, 0.4, "so"), (1.0, 1.2, "um,"), (2.0, 2.4, "yes"))
        speech = spans((0.0, 0.4), (0.95, 1.45), (2.0, 2.4))
        (found,) = collect(words, [Boundary(1, 0.9), Boundary(2, 0.01)], speech, spans((1.0, 1.4)))
        # All of the sound, of which the word is a part.
        assert at([found]) == [pytest.approx((0.95, 1.45))]
        assert (found.text, found.written, found.swallows) == ("um", True, False)

    def test_a_second_one_behind_it(self):
        words = ((0.0, 0.4, "so"), (1.0, 1.4, "um,"), (3.0, 3.4, "yes"))
        speech = spans((0.0, 0.4), (1.0, 1.4), (2.0, 2.4), (3.0, 3.4))
        first, second = collect(
            words,
            [Boundary(1, 0.9), Boundary(2, 0.4, inserted=guess(1.9, 2.4))],
            speech,
            spans((1.05, 1.35), (2.05, 2.35)),
        )
        assert (first.written, second.written) == (True, False)
        assert at([second]) == [pytest.approx((2.0, 2.4))]

    @pytest.mark.parametrize("texts", [("えーと",), ("エート",), ("えー", "と、")])
    def test_japanese_in_any_kana_and_cut_in_two(self, texts):
        length = 0.6 / len(texts)
        said = [(1.0 + i * length, 1.0 + (i + 1) * length, t) for i, t in enumerate(texts)]
        words = tuple(
            Word(*w, 1.0, space_before=False) for w in ((0.0, 0.4, "はい"), *said, (2.0, 2.4, "私"))
        )
        speech = spans((0.0, 0.4), (1.0, 1.6), (2.0, 2.4))
        (found,) = EvidenceCollector(words, speech, voice(speech), KNOWN).collect([])
        assert at([found]) == [pytest.approx((1.0, 1.6))]
        assert found.written

    def test_as_other_words(self):
        words = (
            (0.0, 0.8, "です。"),
            (1.8, 2.3, "イエート"),
            (2.3, 2.45, "は、"),
            (2.9, 3.4, "これまで"),
        )
        speech = spans((0.0, 0.8), (1.8, 2.45), (2.9, 3.4))
        boundary = Boundary(
            1,
            0.8,
            inserted=guess(1.8, 1.85, ratio=-20.0, sound="うーん"),
            instead=guess(1.8, 2.5, ratio=7.0, sound="えーと", replaced_s=0.65),
        )
        (found,) = collect(words, [boundary], speech, spans((1.85, 2.1)))
        assert at([found]) == [pytest.approx((1.8, 2.45))]
        assert (found.text, found.ratio, found.swallows) == ("えーと", 7.0, True)
        # イエートハ has the sounds of エート, and two more.
        assert 0.5 < found.likeness < 0.9


def test_a_voice_is_compared_with_the_rest_of_the_take():
    words = ((0.0, 1.0, "certainly"), (3.0, 4.0, "certainly"))
    speech = spans((0.0, 1.0), (1.5, 2.0), (3.0, 4.0))
    trace = voice(speech, spans((1.5, 2.0)))
    inside = (trace.times > 1.5) & (trace.times < 2.0)
    lower = VoiceTrace(
        trace.times,
        np.where(inside, -2.0, 0.0),
        trace.change,
        np.where(inside, -26.0, -20.0),
    )
    collector = EvidenceCollector(tuple(Word(*w, 1.0) for w in words), speech, lower, KNOWN)
    (found,) = collector.collect([Boundary(1, 0.5)])
    assert found.level_db == pytest.approx(-6.0)
    assert found.change == pytest.approx(0.6 / 2.5)


def test_unvoiced_sound_has_no_pitch_and_no_level():
    speech = spans((0.0, 1.0), (1.5, 2.0), (3.0, 4.0))
    trace = voice(speech)
    silent = np.where((trace.times > 1.5) & (trace.times < 2.0), np.nan, 0.0)
    words = (Word(0.0, 1.0, "certainly", 1.0), Word(3.0, 4.0, "certainly", 1.0))
    mute = VoiceTrace(trace.times, silent, trace.change, trace.level_db)
    (found,) = EvidenceCollector(words, speech, mute, KNOWN).collect([Boundary(1, 0.5)])
    assert math.isnan(found.change)
    assert math.isnan(found.level_db)
    assert found.held_s == 0.0


@pytest.mark.parametrize(
    ("text", "length_s"), [("I", 0.27), ("worked,", 0.72), ("私", 0.38), ("これまで", 0.98)]
)
def test_own_length(text, length_s):
    assert own_length_s(Word(0.0, 1.0, text, 1.0)) == pytest.approx(length_s)
