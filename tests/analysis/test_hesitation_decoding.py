"""The forced decoder on a model that says what the test wants: no weights are needed."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.hesitation_decoding import (
    FILLER_TOKENS,
    TRIED,
    ForcedDecoder,
    merged,
)
from analysis.hesitation_guesses import Guess
from analysis.hesitation_window import GapScore, Piece, cut
from analysis.timeline import Segment

TEXT, EOT, SPECIAL = 400, 400, 410
FRAMES_PER_TOKEN = 10


class Letters:
    """A tokenizer: each character is a token, in order of appearance."""

    eot = EOT
    sot_prev, no_timestamps = SPECIAL - 1, SPECIAL - 2
    sot_sequence = (SPECIAL - 3,)

    def __init__(self):
        self.known = {}

    def encode(self, text):
        return [self.known.setdefault(c, len(self.known)) for c in text]


class Model:
    """Likes a hesitation where it is told to, and every other token half."""

    def __init__(self, tokenizer, likes=(), firsts=None, ends=0.5):
        self.ends = ends
        self.tokenizer = tokenizer
        self.likes = [tuple(tokenizer.encode(text)) for text in likes]
        self.firsts = firsts or {}
        self.aligned = []

    def generate(self, encoded, prompts, **options):
        tokens = prompts[0][prompts[0].index(SPECIAL - 2) + 1 :]
        rows = np.full((len(tokens) + 1, SPECIAL), -30.0)
        for step in range(len(tokens) + 1):
            wanted = {tokens[step]: 0.5} if step < len(tokens) else {EOT: self.ends}
            wanted |= self.firsts.get(step, {})
            for token, chance in wanted.items():
                rows[step, token] = math.log(chance)
            rows[step, EOT - 1] = math.log(max(1e-9, 1 - sum(wanted.values())))
        # As the library does.
        return [SimpleNamespace(logits=[list(rows[: options["max_length"] // 2])])]

    def align(self, encoded, start, texts, frames):
        (text,) = texts
        self.aligned.append(text)
        chances = np.full(len(text), 0.5)
        for liked in self.likes:
            for at in range(len(text) - len(liked) + 1):
                if tuple(text[at : at + len(liked)]) == liked:
                    chances[at : at + len(liked)] = 1.0
        times = [(i, i * FRAMES_PER_TOKEN) for i in range(len(text) + 1)]
        return [SimpleNamespace(text_token_probs=list(chances), alignments=times)]


def score(text, *, language="ja", likes=(), firsts=None, gaps=(), doubtful=(), ends=0.5):
    """Score a text of which "|" cuts pieces; a piece takes 0.2 s, one in `gaps` waits 0.5 s."""
    tokenizer = Letters()
    first = {tokenizer.encode(t)[0] for t in FILLER_TOKENS[language]}
    assert first
    pieces, tokens, at = [], [], 0.0
    for i, part in enumerate(text.split("|")):
        at += 0.5 if i in gaps else 0.0
        sure = 0.2 if i in doubtful else 0.9
        pieces.append(Piece(len(tokens), part, at, at + 0.2, sure))
        tokens += tokenizer.encode(part)
        at += 0.2
    named = {
        step: {tokenizer.encode(c)[0]: p for c, p in chances.items()}
        for step, chances in (firsts or {}).items()
    }
    model = Model(tokenizer, likes, named, ends)
    decoder = ForcedDecoder(model, tokenizer, language, 448)
    return decoder.score("encoded", 3000, tokens, pieces), model, tokenizer


def test_first_tokens_at_every_boundary():
    scores, _, _ = score("こ|れ|は", firsts={1: {"え": 0.3, "ん": 0.1}})
    assert len(scores) == 4
    assert scores[1].first == pytest.approx(0.4, abs=1e-3)
    assert scores[2].first < 1e-3


def test_a_hesitation_of_several_tokens_counts_as_a_whole():
    scores, model, _ = score("こ|れ|は", gaps=(1,), likes=("あのー、",))
    assert len(model.aligned) == len(TRIED["ja"])
    guess = scores[1].inserted
    assert guess.sound == "あのー"
    # All its tokens are certain, and the rest is as likely as without it.
    assert guess.ratio == pytest.approx(0.0, abs=0.05)
    others, *_ = score("こ|れ|は", gaps=(1,))
    assert others[1].inserted.ratio == pytest.approx(3 * math.log(0.5), abs=0.05)


def test_where_it_would_lie():
    scores, _, _ = score("こ|れ|は", gaps=(1,), likes=("あのー、",))
    # At the start of the window there was room for one, too: four tokens come before こ.
    begin = (4 + 1) * FRAMES_PER_TOKEN / 50
    assert scores[1].inserted.place == Segment(begin, begin + 4 * FRAMES_PER_TOKEN / 50)


def test_without_room_none_is_tried():
    scores, model, _ = score("こ|れ|は")
    assert scores[1].inserted is None
    assert scores[2].inserted is None
    # Before the first and behind the last word there always is.
    assert scores[0].inserted is not None
    assert scores[3].inserted is not None
    assert len(model.aligned) == len(TRIED["ja"])


def test_a_word_that_begins_like_a_hesitation_is_a_word():
    scores, _, _ = score("こ|え|だ")
    assert scores[1].first < 1e-3


def test_a_likely_first_token_is_room_enough():
    scores, _, _ = score("こ|れ|は", firsts={2: {"え": 0.1}})
    assert scores[2].inserted is not None


def test_the_end_of_the_text_speaks_against_more_of_it():
    # Nothing but the end is likely behind the last word.
    scores, _, _ = score("こ|れ|は", ends=0.999)
    sure, _, _ = score("こ|れ|は", ends=0.01)
    assert scores[3].inserted.ratio == pytest.approx(
        sure[3].inserted.ratio + math.log(0.001 / 0.99), abs=0.05
    )


def test_several_boundaries_are_tried_at_once():
    scores, model, _ = score("こ|れ|は|本|だ", gaps=(1, 3))
    assert all(scores[i].inserted for i in (0, 1, 3, 5))
    assert len(model.aligned) == len(TRIED["ja"])


def test_a_hesitation_that_was_written_as_words():
    # A short run, set off at its end, that the recogniser was not sure of.
    scores, _, _ = score(
        "で|い|え|は、|これ", doubtful=(1, 2, 3), gaps=(1, 4), likes=("えっと、これ",)
    )
    guess = scores[1].instead
    assert guess.replaced_s == pytest.approx(0.6)
    # Four tokens of one half are gone, and four certain ones came.
    assert guess.ratio > 4 * math.log(2) - 0.1
    assert scores[4].instead is None


def test_sure_words_are_not_replaced():
    scores, _, _ = score("で|い|え|は、|これ", gaps=(1, 4))
    assert all(s.instead is None for s in scores)


def test_english_begins_a_sentence_anew():
    scores, model, tokenizer = score(
        " Yes.| The| end", language="en", gaps=(1,), likes=(" Um, the",)
    )
    assert tokenizer.encode(" Um,") == model.aligned[0][: len(tokenizer.encode(" Um,"))]
    assert scores[1].inserted.sound == "um"


def test_words_said_again():
    scores, _, _ = score(" the| queue", language="en", firsts={4: {" ": 0.25}})
    assert scores[1].repeats == (pytest.approx(0.25, abs=1e-3),)


def test_more_text_than_the_decoder_takes():
    scores, model, _ = score("|".join("これは本だ" * 100), gaps=(3,))
    assert len(scores) == 501
    assert max(map(len, model.aligned), default=0) <= 448
    assert scores[400].inserted is None


class TestBetweenWindows:
    GUESS = Guess("um", -1.0, Segment(3.0, 3.5))

    def test_one_alone(self):
        gap = GapScore(0.5, self.GUESS)
        assert merged(None, gap) == gap
        assert merged(gap, None) == gap
        assert merged(None, None) is None

    def test_what_the_window_before_expected_counts(self):
        before, after = GapScore(0.1, self.GUESS), GapScore(0.9, repeats=(0.2,))
        both = merged(before, after)
        assert (both.first, both.inserted, both.repeats) == (0.1, self.GUESS, (0.2,))

    def test_the_likelier_guess_counts(self):
        better = Guess("uh", 0.5, Segment(3.1, 3.4))
        assert merged(GapScore(0.1, self.GUESS), GapScore(0.1, better)).inserted == better
        assert merged(GapScore(0.1, better), GapScore(0.1, self.GUESS)).inserted == better


class TestCut:
    def test_words_and_pieces(self):
        words = [
            SimpleNamespace(word=" full-time.", start=10.1, end=10.9, probability=0.8),
            SimpleNamespace(word=" full", start=11.0, end=11.2, probability=0.9),
        ]
        pieces, starts = cut([" full", "-time", ".", " full"], [1, 2, 1, 1], words, 10.0)
        assert [p.position for p in pieces] == [0, 1, 3, 4]
        assert starts == [0, 3]
        assert pieces[0].start == pytest.approx(0.1)
        assert math.isnan(pieces[1].start)
        assert [p.end for p in pieces] == pytest.approx([0.9, 0.9, 0.9, 1.2])
        assert [p.probability for p in pieces] == [0.8, 0.8, 0.8, 0.9]

    def test_nothing(self):
        assert cut([], [], [], 0.0) == ([], [])
