"""Hesitations with their probability, from evidence that is put together here."""

import dataclasses

import numpy as np
import pytest

from analysis.fillers import read_lexicon
from analysis.hesitation_guesses import Boundary, Guess
from analysis.hesitation_model import read_hesitation_model
from analysis.hesitations import find_hesitations
from analysis.results import Word
from analysis.timeline import Segment
from analysis.voice import VoiceTrace

WORDS = ((0.0, 0.5, "worked"), (2.0, 2.6, "together"), (2.6, 3.0, "there"))
SPEECH = ((0.0, 0.5), (1.0, 1.4), (2.0, 3.0))
HELD = ((1.05, 1.35),)


def hesitate(boundaries, *, words=WORDS, speech=SPEECH, held=HELD, language="en", **changes):
    segments = tuple(Segment(*s) for s in speech)
    times = np.concatenate([np.arange(s.start + 0.005, s.end, 0.01) for s in segments])
    change = np.full(len(times), 2.5)
    for start, end in held:
        change[(times >= start) & (times < end)] = 0.6
    return find_hesitations(
        tuple(Word(*w, 1.0) for w in words),
        boundaries,
        segments,
        read_lexicon(language),
        trace=VoiceTrace(times, np.zeros(len(times)), change, np.full(len(times), -20.0)),
        model=dataclasses.replace(read_hesitation_model(language), **changes),
        language=language,
    )


def expected(word, start, end, *, first=0.7, ratio=0.5, sound="um"):
    return Boundary(word, first, inserted=Guess(sound, ratio, Segment(start, end)))


class TestFound:
    def test_an_um_between_words(self):
        (um,) = hesitate([expected(1, 0.9, 1.6)])
        assert (um.start, um.end) == (pytest.approx(1.0), pytest.approx(1.4))
        assert (um.text, um.kind, um.counted) == ("um", "acoustic", True)
        assert um.probability > 0.8

    def test_counted_possible_nothing(self):
        doubtful = [expected(1, 0.9, 1.6, first=0.05, ratio=-3.0)]
        (sound,) = hesitate(doubtful, count_from=0.95, show_from=0.01)
        p = sound.probability
        for count_from, show_from, counted in (
            (p - 0.001, 0.01, [True]),
            (p + 0.001, p - 0.001, [False]),
            (p + 0.002, p + 0.001, []),
        ):
            found = hesitate(doubtful, count_from=count_from, show_from=show_from)
            assert [f.counted for f in found] == counted

    def test_several_in_one_gap(self):
        words = (WORDS[0], (4.0, 4.6, "together"))
        speech = ((0.0, 0.5), (1.0, 1.4), (2.0, 2.4), (3.0, 3.4), (4.0, 4.6))
        held = ((1.05, 1.35), (2.05, 2.35), (3.05, 3.35))
        found = hesitate([expected(1, 0.9, 1.6)], words=words, speech=speech, held=held)
        assert [round(f.start, 1) for f in found] == [1.0, 2.0, 3.0]
        assert found[0].counted

    def test_before_the_first_and_behind_the_last_word(self):
        words = ((1.0, 1.6, "together"),)
        speech = ((0.3, 0.7), (1.0, 1.6), (2.0, 2.4))
        found = hesitate(
            [expected(0, 0.2, 0.8), expected(1, 1.9, 2.5)],
            words=words,
            speech=speech,
            held=((0.35, 0.65), (2.05, 2.35)),
        )
        assert [(f.start, f.counted) for f in found] == [
            (pytest.approx(0.3), True),
            (pytest.approx(2.0), True),
        ]

    def test_written_by_the_recogniser(self):
        words = (WORDS[0], (1.0, 1.4, "um,"), *WORDS[1:])
        (um,) = hesitate([Boundary(1, 0.9), Boundary(2, 0.01)], words=words)
        assert (um.text, um.counted) == ("um", True)
        assert (um.start, um.end) == (pytest.approx(1.0), pytest.approx(1.4))

    def test_written_as_words_that_nobody_said(self):
        words = (
            (0.0, 0.8, "です。"),
            (1.8, 2.3, "イエート"),
            (2.3, 2.45, "は、"),
            (2.9, 3.4, "現在"),
        )
        boundary = Boundary(
            1, 0.8, instead=Guess("えーと", 6.0, Segment(1.8, 2.5), replaced_s=0.65)
        )
        (sound,) = hesitate(
            [boundary],
            words=words,
            speech=((0.0, 0.8), (1.8, 2.45), (2.9, 3.4)),
            held=((1.85, 2.1),),
            language="ja",
        )
        assert (sound.start, sound.end) == (pytest.approx(1.8), pytest.approx(2.45))
        assert (sound.text, sound.counted) == ("えー", True)


class TestNotFound:
    def test_fluent_speech(self):
        assert hesitate([expected(2, 2.6, 2.62, first=0.0005, ratio=-12.0)]) == ()

    def test_a_silence(self):
        # The recogniser expects an "um" after a long silence. That is a guess, not a sound.
        assert hesitate([expected(1, 1.0, 1.1)], speech=((0.0, 0.5), (2.0, 3.0)), held=()) == ()

    def test_a_stretched_word_is_less_probable_than_one_that_is_expected(self):
        # "sooo": a held voice, but the recogniser hears a word and nothing else.
        words = ((0.0, 0.5, "worked"), (1.0, 1.9, "so"), (2.0, 2.6, "together"))
        speech = ((0.0, 0.5), (1.0, 1.9), (2.0, 2.6))

        def probability(first, ratio):
            found = hesitate(
                [
                    expected(1, 1.0, 1.02, first=0.002, ratio=-9.0),
                    expected(2, 1.85, 1.9, first=first, ratio=ratio),
                ],
                words=words,
                speech=speech,
                held=((1.3, 1.9),),
            )
            return max((f.probability for f in found), default=0.0)

        assert probability(0.001, -9.0) < probability(0.6, 1.0) - 0.3

    def test_nothing_at_all(self):
        assert hesitate([]) == ()
        assert hesitate([], words=()) == ()


def test_a_sound_without_a_name_is_named_by_language():
    held = [Boundary(1, 0.9)]
    for language, name in (("en", "um"), ("ja", "えー")):
        (sound,) = hesitate(held, language=language, show_from=0.01)
        assert sound.text == name
