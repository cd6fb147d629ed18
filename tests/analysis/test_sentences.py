"""Sentences of a transcript."""

from analysis.results import Pause, Transcript, Word
from analysis.sentences import split_sentences, unstretched


def words(*entries, spaced=True):
    return tuple(Word(a, b, text, 1.0, spaced) for a, b, text in entries)


def texts(transcript, pauses=()):
    return [s.text for s in split_sentences(transcript, pauses)]


def test_split_at_punctuation():
    said = words((0, 1, "Yes."), (1, 2, "I"), (2, 3, "can!”"), (3, 4, "Really"))
    assert texts(Transcript("en", 1, "m", said)) == ["Yes.", "I can!”", "Really"]


def test_split_at_japanese_punctuation_without_spaces():
    said = words((0, 1, "はい。"), (1, 2, "私は"), (2, 3, "佐藤です"), spaced=False)
    assert texts(Transcript("ja", 1, "m", said)) == ["はい。", "私は佐藤です"]


def test_split_at_a_pause_above_the_limit_only():
    said = words((0, 1, "one"), (2.5, 3, "two"), (4.6, 5, "three"))
    assert texts(Transcript("en", 1, "m", said)) == ["one two", "three"]


def test_split_at_a_measured_pause_that_a_word_was_stretched_over():
    said = words((0, 1, "one"), (1, 6, "two"), (6, 7, "three"))
    transcript = Transcript("en", 1, "m", said)
    assert texts(transcript, (Pause(1.2, 5.5, "inside"),)) == ["one", "two three"]


def test_long_stretch_without_punctuation_is_split_at_a_short_pause():
    said = [(i * 1.0, i + (0.5 if i == 30 else 1), "wordword") for i in range(40)]
    assert len(texts(Transcript("en", 1, "m", words(*said)))) == 2


def test_unstretched_keeps_the_end_of_a_word():
    (word,) = unstretched(words((1, 6, "two")), [Pause(1.2, 5.5, "inside")])
    assert (word.start, word.end) == (5.5, 6)
    (word,) = unstretched(words((1, 6, "two")), [Pause(2, 7, "inside")])
    assert (word.start, word.end) == (1, 2)
    (word,) = unstretched(words((1, 6, "two")), [Pause(2, 2.9, "inside")])
    assert (word.start, word.end) == (1, 6)


def test_no_words_no_sentences():
    assert split_sentences(Transcript("en", 1, "m", ())) == ()
