"""Repetitions and restarts: what the transcript shows, what is meant, what the sound adds."""

import pytest

from analysis.errors import AnalysisError
from analysis.fillers import find_lexical_fillers, read_lexicon
from analysis.hesitation_evidence import Boundary
from analysis.japanese import group_pieces
from analysis.repetitions import find_repetitions, read_repetition_rules
from analysis.results import Filler, Word
from analysis.timeline import Segment

ENGLISH, JAPANESE = read_lexicon("en"), read_lexicon("ja")
WORD_S, CHARACTER_S, PAUSE_S = 0.3, 0.12, 0.5


def say(text, language="en"):
    """Words one after the other; "|" is a pause. Japanese is cut into dictionary words."""
    pieces, at = [], 0.0
    for token in text.split() if language == "en" else text:
        if token == "|":
            at += PAUSE_S
            continue
        length_s = WORD_S if language == "en" else CHARACTER_S
        pieces.append(Word(at, at + length_s, token, 1.0, language == "en"))
        at += length_s
    return tuple(pieces) if language == "en" else group_pieces(tuple(pieces))[0]


def find(text, language="en", **options):
    words = say(text, language)
    lexicon = JAPANESE if language == "ja" else ENGLISH
    return find_repetitions(
        words,
        (),
        (Segment(0.0, words[-1].end),) if words else (),
        language=language,
        hesitations=lexicon.hesitations,
        fillers=find_lexical_fillers(words, lexicon, language),
        **options,
    )


def counted(text, language="en"):
    return [(r.text, r.kind) for r in find(text, language) if r.counted]


class TestEnglish:
    @pytest.mark.parametrize(
        ("text", "given_up"),
        [
            ("and the the team left", ["the"]),
            ("I I I was late", ["I", "I"]),
            ("we, we went home", ["we"]),
            ("we | we went home", ["we"]),
            ("the um the first thing", ["the"]),
            ("the, you know, the first thing", ["the"]),
            ("it was it was late", ["it was"]),
            ("I had to I had to go", ["I had to"]),
            ("for for for the team", ["for", "for"]),
            ("I I'm a tester", ["I"]),
            ("it it's late", ["it"]),
            ("The the team left", ["The"]),
            ("a project project in Osaka", ["project"]),
            ("I like like testing", ["like"]),
            ("w-what I did", ["w-what"]),
            ("and the-the-the team", ["the-the-the"]),
        ],
    )
    def test_repetition(self, text, given_up):
        assert counted(text) == [(t, "repetition") for t in given_up]

    @pytest.mark.parametrize(
        ("text", "given_up"),
        [
            ("so what we- what I did was", "what we"),
            ("I was go- going home", "go"),
            ("the mon– montreal office", "mon"),
            ("it was in the in a drawer", "in the"),
            ("and what we what I did", "what we"),
            ("I was I wanted to go", "I was"),
            ("and we and I left", "and we"),
        ],
    )
    def test_restart(self, text, given_up):
        assert counted(text) == [(given_up, "restart")]

    @pytest.mark.parametrize(
        "text",
        [
            "it was very very good",
            "what he had had before",
            "I know that that works",
            "no no it was fine",
            "no, no, no, it was fine",
            "bye bye",
            "step by step by step we went on",
            "we did it step by step",
            "again and again and again",
            "more and more and more people",
            "thank you thank you all",
            "a lot a lot of work",
            "the code is 5 5 and 7 7",
            "call nine nine one one",
            "words words words words",
            "It works. It works well",
            "That is fine. Fine tuning is next",
            "I think I was right",
            "what I did I did alone",
            "we had a well-known problem",
            "it is a no-no there",
            "I re-read the page",
            "the more the better",
            "I tested it and I fixed it",
            "the way it was it worked",
            "",
        ],
    )
    def test_meant(self, text):
        assert counted(text) == []

    def test_a_dash_alone_is_only_possible(self):
        (one,) = find("I was going to- well we stayed")
        assert (one.text, one.kind, one.counted) == ("to", "restart", False)

    def test_grammar_allows_it_so_it_is_only_possible(self):
        (one,) = find("I know that that works")
        assert not one.counted

    def test_a_new_window_of_the_recogniser_is_only_possible(self):
        (one,) = find("they trust us we We moved on")
        assert (one.text, one.counted) == ("we", False)

    def test_not_over_a_long_silence(self):
        assert counted("that was it sorry" + " |" * 9 + " sorry I forgot") != []
        assert counted("that was it sorry" + " |" * 11 + " sorry I forgot") == []

    def test_times(self):
        (one,) = find("so it was it was late")
        assert (one.start, one.end) == pytest.approx((0.3, 0.9))


class TestJapanese:
    @pytest.mark.parametrize(
        ("text", "given_up"),
        [
            ("私は、私は東京で働いています。", "私は"),
            ("その、その結果を見ました。", "その"),
            ("でも、でもチームで頑張りました。", "でも"),
            ("会社が会社が変わりました。", "会社が"),
            ("まずあの、あの資料を作りました。", "あの"),
            ("結果はその | その良かったです。", "その"),
            ("テスト、テストの話をします。", "テスト"),
            ("最初は、えーと、最初は大変でした。", "最初は"),
        ],
    )
    def test_repetition(self, text, given_up):
        assert counted(text, "ja") == [(given_up, "repetition")]

    def test_a_word_cut_off(self):
        assert counted("さい、最初は大変でした。", "ja") == [("さい", "restart")]

    @pytest.mark.parametrize(
        "text",
        [
            "一つ一つ確認しました。",
            "だんだん良くなりました。",
            "人々の意見を聞きました。",
            "はい、はい、分かりました。",
            "本当に本当に大変でした。",
            "もっともっと勉強したいです。",
            "色々な人と話しました。",
            "一人一人と話しました。",
            "電話は三三五五です。",
            "そうです。そうですね。",
            "みたいなあるあるだと思います。",
            "私は、はい、大丈夫です。",
        ],
    )
    def test_meant(self, text):
        assert counted(text, "ja") == []


def hear(repeat, *, text="and the | first thing", speech=None, fillers=(), rules=None):
    """Find with a boundary before the third word."""
    words = say(text)
    return find_repetitions(
        words,
        (Boundary(2, 0.0, repeat),),
        speech or (Segment(0.0, words[-1].end),),
        language="en",
        hesitations=ENGLISH.hesitations,
        rules=rules,
        fillers=fillers,
    )


class TestSound:
    """What the recogniser smoothed away is shown, but not counted."""

    def test_likely_and_room_for_it(self):
        (one,) = hear(0.3)
        assert (one.text, one.kind, one.counted) == ("the", "repetition", False)
        assert (one.start, one.end) == pytest.approx((0.3, 1.1))

    def test_without_room_it_is_less_likely(self):
        (with_room,) = hear(0.3)
        (without,) = hear(0.3, speech=(Segment(0.0, 0.6), Segment(1.1, 1.7)))
        assert 0 < without.probability < with_room.probability

    @pytest.mark.parametrize("repeat", [0.0, 0.001])
    def test_unlikely(self, repeat):
        assert hear(repeat) == ()

    def test_the_sound_is_a_hesitation(self):
        um = Filler(0.7, 1.0, "um", "acoustic", 0.9, counted=True)
        assert hear(0.3, fillers=(um,)) == ()

    @pytest.mark.parametrize(
        "text", ["and um first thing", "and the um thing", "That ends. First thing"]
    )
    def test_nothing_that_could_be_said_again(self, text):
        assert hear(0.3, text=text) == ()

    def test_the_transcript_has_it_already(self):
        found = hear(0.3, text="and the the thing")
        assert [(r.text, r.counted) for r in found] == [("the", True)]

    def test_a_boundary_after_the_last_word(self):
        words = say("and the")
        assert find_repetitions(words, (Boundary(2, 0.0, 0.9),), (), language="en") == ()

    def test_own_rules_may_count_it(self, home):
        (home / "repetitions.toml").write_text(OWN, encoding="utf-8")
        rules = read_repetition_rules("en", home / "repetitions.toml")
        assert [r.counted for r in hear(0.3, rules=rules)] == [True]
        assert hear(0.1, rules=rules) == ()


OWN = """
[en.limits]
counted_from = 0.5
possible_from = 0.2
longest_gap_s = 0.4
[en.chances]
function_word = { value = 0.3 }
heard = { value = 0.3 }
heard_with_room = { value = 0.9 }
other_word = { value = 0.8 }
other_word_often = { value = 0.8 }
phrase = { value = 0.8 }
grammatical = { value = 0.3 }
meant = { value = 0.0 }
cut_off = { value = 0.8 }
cut_off_alone = { value = 0.3 }
frame = { value = 0.7 }
[en.lists]
function_word = { words = ["the"] }
grammatical = { words = [] }
meant = { words = ["team"] }
pronoun = { words = ["i"] }
[en.sound]
repeat_from = 0.2
room_s = 0.3
[en.frames]
patterns = ["<pronoun> was"]
not_after = []
"""


class TestRules:
    def test_every_rule_says_where_it_comes_from(self):
        import tomllib
        from importlib import resources

        text = resources.files("analysis").joinpath("data/repetitions.toml").read_text("utf-8")
        for language in tomllib.loads(text).values():
            entries = [language["limits"], language["frames"], language["sound"]]
            entries += [*language["chances"].values(), *language["lists"].values()]
            assert all(entry["source"] for entry in entries)

    def test_own_rules(self, home):
        (home / "repetitions.toml").write_text(OWN, encoding="utf-8-sig")
        rules = read_repetition_rules("en", home / "repetitions.toml")
        found = find("the the team team I was I went to to Osaka", rules=rules)
        assert [(r.text, r.counted) for r in found] == [
            ("the", False),
            ("I was", True),
            ("to", True),
        ]

    def test_absent_are_the_bundled_ones(self, home):
        assert read_repetition_rules("en", home / "none.toml") == read_repetition_rules("en")

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            ("[en.limits]", "[en.limits"),
            ("0.8", "8.0"),
            ("0.8", '"much"'),
            ("0.8", "true"),
            ("<pronoun>", "<pronouns>"),
            ("words =", "word ="),
            ("[en.frames]", "[fr.frames]"),
        ],
    )
    def test_a_mistake_names_the_file(self, home, ours, theirs):
        path = home / "repetitions.toml"
        path.write_text(OWN.replace(ours, theirs), encoding="utf-8")
        with pytest.raises(AnalysisError, match=r"repetitions\.toml has a mistake"):
            read_repetition_rules("en", path)
