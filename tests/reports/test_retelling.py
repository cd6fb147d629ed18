"""Two tellings of an answer, aligned: with the real encoder, and by hand-made likeness."""

import itertools

import numpy as np
import pytest

from analysis.meaning import Meaning
from analysis.results import Transcript, Word
from analysis.sentences import split_sentences
from reports.retelling import assign, retell
from tests.benchmarks.retelling import (
    HALVES,
    LANGUAGES,
    Score,
    score_tellings,
    score_words,
    sentences,
    tellings,
)

ENGLISH = (
    "In my last job I was responsible for the mobile app of a bank.",
    "Many customers could not log in on Monday mornings.",
    "I looked at the records and found that one server was too slow.",
    "We replaced it within a week.",
    "So my conclusion is that looking at numbers is better than guessing.",
)
JAPANESE = (
    "前職では銀行のアプリを担当していました。",
    "月曜日の朝にログインできないお客様が多かったです。",
    "記録を調べると、一台のサーバーが遅いことが分かりました。",
    "一週間以内にそれを交換しました。",
    "結論として、推測よりも数字を見ることが大切だと思います。",
)


@pytest.fixture(scope="module")
def meaning():
    return Meaning()


def told(found):
    return [(link.before, link.after, link.same_words, link.moved) for link in found.links]


@pytest.mark.parametrize("texts", [ENGLISH, JAPANESE])
def test_the_same_telling_is_kept_and_needs_no_encoder(texts):
    fresh = Meaning()
    found = retell(sentences(texts), sentences(texts), fresh)
    assert told(found) == [((i,), (i,), True, "") for i in range(5)]
    assert not fresh.loaded
    assert found.added == found.dropped == ()


@pytest.mark.parametrize(
    ("before", "conclusion"),
    [
        (ENGLISH, "To put it first: numbers are better than guesses."),
        (JAPANESE, "結論から言うと、勘ではなく数字で判断すべきです。"),
    ],
)
def test_the_conclusion_at_the_front_is_found(meaning, before, conclusion):
    found = retell(sentences(before), sentences([conclusion, *before[:4]]), meaning)
    assert told(found) == [
        ((4,), (0,), False, "front"),
        *(((i,), (i + 1,), True, "") for i in range(4)),
    ]


@pytest.mark.parametrize(
    ("before", "example"),
    [
        (ENGLISH, "My grandmother, for example, gave up and went to the branch on foot."),
        (JAPANESE, "例えば、祖母は諦めて歩いて支店まで行きました。"),
    ],
)
def test_an_added_example_and_a_dropped_sentence_are_found(meaning, before, example):
    found = retell(sentences(before), sentences([*before[:2], example, *before[2:]]), meaning)
    assert found.added == (2,)
    assert found.dropped == ()
    assert len(found.kept) == 5
    assert found.moved == ()
    found = retell(sentences(before), sentences([*before[:3], before[4]]), meaning)
    assert found.dropped == (3,)
    assert found.added == ()


@pytest.mark.parametrize(
    ("order", "moved"),
    [
        ((1, 2, 3, 4, 0), {0: "later"}),
        ((4, 0, 1, 2, 3), {4: "front"}),
        ((0, 4, 1, 2, 3), {4: "front"}),
        ((0, 1, 4, 2, 3), {4: "earlier"}),
        ((0, 2, 3, 1, 4), {1: "later"}),
        ((3, 4, 0, 1, 2), {3: "front", 4: "front"}),
        ((0, 1, 2, 3, 4), {}),
    ],
)
def test_the_fewest_are_moved(order, moved):
    found = retell(sentences(ENGLISH), sentences([ENGLISH[i] for i in order]), None)
    assert {link.before[0]: link.moved for link in found.moved} == moved
    assert len(found.links) == 5


def test_of_two_that_changed_places_the_shorter_moved():
    long, short = ENGLISH[2], "We replaced it within a week."
    words = [Word(i, i + 0.5, w, 1.0) for i, w in enumerate(f"{long} {short}".split())]
    before = split_sentences(Transcript("en", 1.0, "base", tuple(words)))
    found = retell(before, (before[1], before[0]), None)
    assert [(link.before, link.moved) for link in found.moved] == [((1,), "front")]


def test_one_sentence_told_as_two_is_put_together(meaning):
    before = (
        ENGLISH[0],
        "I found the slow server in the records and we replaced it within a week.",
        "Today I am a team leader in Osaka.",
    )
    after = (
        ENGLISH[0],
        "In the logs I discovered which machine was slow.",
        "It took us less than a week to replace that server.",
        "Today I am a team leader in Osaka.",
    )
    found = retell(sentences(before), sentences(after), meaning)
    assert [(link.before, link.after) for link in found.links] == [
        ((0,), (0,)),
        ((1,), (1, 2)),
        ((2,), (3,)),
    ]
    back = retell(sentences(after), sentences(before), meaning)
    assert [(link.before, link.after) for link in back.links] == [
        ((0,), (0,)),
        ((1, 2), (1,)),
        ((3,), (2,)),
    ]


@pytest.mark.parametrize(
    ("before", "after", "dropped", "added"),
    [
        ((), (), (), ()),
        ((), ("Yes.",), (), (0,)),
        (("はい。",), (), (0,), ()),
        (("Yes.",), ("Yes!",), (), ()),
        (("...",), ("?!",), (0,), (0,)),
    ],
)
def test_empty_and_one_word_tellings(meaning, before, after, dropped, added):
    vectors = None if before == ("...",) else meaning
    found = retell(sentences(before), sentences(after), vectors)
    assert (found.dropped, found.added) == (dropped, added)


def test_without_meaning_only_the_words_count():
    found = retell(sentences(ENGLISH), sentences(["Numbers beat guesses.", ENGLISH[0]]), None)
    assert told(found) == [((0,), (1,), True, "")]
    assert not found.by_meaning


def test_every_sentence_is_used_once(meaning):
    for telling in tellings():
        found = retell(sentences(telling.before), sentences(telling.after), meaning)
        for side in ("before", "after"):
            used = [i for link in found.links for i in getattr(link, side)]
            assert len(used) == len(set(used))


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_labelled_tellings(meaning, language, half):
    """The figures beside the thresholds hold."""
    score = score_tellings(language, half, meaning)
    assert score.precision >= 0.94
    assert score.recall >= 0.89
    assert score_words(language, half) == Score(*[score_words(language, half).there] * 3)


def test_the_assignment_is_the_best_there_is():
    numbers = np.random.default_rng(5)
    for rows, columns in ((1, 1), (2, 5), (5, 2), (4, 4), (5, 5), (3, 6)):
        for _ in range(20):
            gain = numbers.random((rows, columns)) * (numbers.random((rows, columns)) > 0.4)
            square = np.zeros((max(rows, columns),) * 2)
            square[:rows, :columns] = gain
            best = max(
                sum(square[i, j] for i, j in enumerate(order))
                for order in itertools.permutations(range(len(square)))
            )
            chosen = assign(gain)
            assert sum(gain[i, j] for i, j in chosen) == pytest.approx(best)
            assert len({i for i, _ in chosen}) == len({j for _, j in chosen}) == len(chosen)
    assert assign(np.zeros((0, 3))) == []
    assert assign(np.zeros((3, 3))) == []


def test_two_hundred_sentences_told_backwards(meaning):
    texts = [f"{text} Number {i}." for i in range(3) for x in tellings() for text in x.before]
    order = np.random.default_rng(5).permutation(texts)[:200]
    found = retell(sentences(order), sentences(order[::-1]), meaning)
    assert len(found.kept) == 200
    assert len(found.moved) == 199
