"""Hesitations by name, in any kana, and as words that sound like them."""

import pytest

from analysis.fillers import read_lexicon
from analysis.hesitation_spelling import find_alike, find_written, likeness
from analysis.results import Word

KNOWN = read_lexicon("ja").hesitations


def say(*pieces, gap_after=()):
    words, at = [], 0.0
    for i, text in enumerate(pieces):
        words.append(Word(at, at + 0.3, text, 0.5, space_before=False))
        at += 0.3 + (0.4 if i in gap_after else 0.0)
    return tuple(words)


@pytest.mark.parametrize(
    "text", ["ジェート、", "ぜい、", "でと", "出と", "英党", "営と", "ぜー", "ええ", "ワー"]
)
def test_what_the_recogniser_makes_of_a_hesitation_sounds_like_one(text):
    assert likeness(text, KNOWN) == 1.0


@pytest.mark.parametrize(
    "text", ["会社", "これ", "それで", "です", "した", "今", "まあ", "こと", "前が", "私は"]
)
def test_other_words_do_not(text):
    assert likeness(text, KNOWN) < 0.7


@pytest.mark.parametrize("text", ["と", "で", "て", "え", "", "Java", "well"])
def test_particles_and_other_languages_are_not_asked(text):
    assert likeness(text, KNOWN) == 0.0


def test_an_alike_run_is_found_where_something_sets_it_off():
    words = say("会社", "は", "ぜい", "と", "開発", gap_after=(1, 3))
    assert find_alike(words, KNOWN) == [(2, 3)]


def test_in_the_middle_of_talk_it_is_not():
    assert find_alike(say("会社", "は", "ぜい", "と", "開発"), KNOWN) == []


def test_a_long_run_is_not_one():
    words = (Word(0, 1, "会社", 1.0), Word(2, 3.5, "ええと、", 0.5), Word(4, 5, "開発", 1.0))
    assert find_alike(words, KNOWN) == []


def test_written_in_katakana_and_cut_in_two():
    assert find_written(say("えっ", "と", "会社"), KNOWN) == [(0, 1)]
    assert find_written(say("エット", "会社"), KNOWN) == [(0, 0)]
