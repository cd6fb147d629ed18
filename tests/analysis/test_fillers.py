"""Filler words in context, and the user's own list."""

import pytest

from analysis.errors import AnalysisError
from analysis.fillers import WORD_COUNTED_FROM, find_lexical_fillers, read_lexicon
from analysis.japanese import group_pieces
from analysis.results import Word

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


def fillers_in(text, language="en"):
    words = say(text, language)
    if language == "ja":
        words, _ = group_pieces(words)
    lexicon = JAPANESE if language == "ja" else ENGLISH
    return find_lexical_fillers(words, lexicon, language)


# (rule, text in which it is a filler, text in which it is content)
CASES_EN = [
    ("like", "It was, like, three weeks", "I like Java"),
    ("like", "we | like | ran it", "it looks like | a bug"),
    ("like", "Like, ten of us", "I would like to work here"),
    ("like", "and, like, done", "tools like | Docker"),
    ("you know", "it was, you know, slow", "do you know Java"),
    ("you know", "you know, it broke", "as you know | it broke"),
    ("you know", "it broke | you know", "I will tell you know how"),
    ("you know", "so you know | we left", "whether you know him"),
    ("I mean", "I mean, we tried", "that is what I mean."),
    ("I mean", "it works, I mean | it works well", "and I | mean it works"),
    ("basically", "Basically, I led it", "we are basically done here"),
    ("actually", "it was, actually, fine", "I actually wrote it"),
    ("literally", "we | literally | slept there", "it literally means that"),
    ("kind of", "it was kind of hard", "what kind of problem"),
    ("kind of", "we kind of won", "the best kind of team"),
    ("sort of", "I sort of agreed", "this sort of thing"),
    ("so", "it broke. So, I fixed it", "it broke so we left"),
    ("so", "So | I fixed it", "so far so good"),
    ("well", "Well, I tried", "it works well, I think"),
    ("well", "It failed. Well | I tried", "well known tools"),
]
CASES_JA = [
    ("あの", "あの 、 私 は", "あの 人 は"),
    ("あの", "それ で あの | 考え まし た", "そう です 。 あの 会社 で"),
    ("その", "私 は 、 その 、 考え まし た", "その 結果 、 障害 は"),
    ("その", "私 は | その | 考え まし た", "その 会社 で"),
    ("まあ", "まあ 私 は", "まあまあ です"),
    ("まあ", "それ は まあ 大丈夫", "今 会社 に います"),
    ("なんか", "なんか 、 違う と", "私 なんか が いい です"),
    ("ちょっと", "私 は 、 ちょっと 、 その", "もう ちょっと 、 時間 が"),
    ("ちょっと", "ちょっと | 難しい です", "ちょっと 待って"),
]


class TestLexical:
    @pytest.mark.parametrize(
        ("rule", "text", "language"),
        [(r, f, "en") for r, f, _ in CASES_EN] + [(r, f, "ja") for r, f, _ in CASES_JA],
    )
    def test_filler(self, rule, text, language):
        assert rule in [f.text for f in fillers_in(text, language)]

    @pytest.mark.parametrize(
        ("rule", "text", "language"),
        [(r, c, "en") for r, _, c in CASES_EN] + [(r, c, "ja") for r, _, c in CASES_JA],
    )
    def test_content(self, rule, text, language):
        assert rule not in [f.text for f in fillers_in(text, language)]

    def test_every_rule_has_a_case(self):
        assert {c[0] for c in CASES_EN} == {w.text for w in ENGLISH.words}
        assert {c[0] for c in CASES_JA} == {w.text for w in JAPANESE.words}

    def test_every_rule_says_where_it_comes_from(self):
        for rule in (*ENGLISH.words, *JAPANESE.words):
            assert rule.source
            assert 0 < rule.probability <= 1

    def test_times_and_kind(self):
        (filler,) = fillers_in("it was, you know, slow")
        assert (filler.start, filler.end) == pytest.approx((0.6, 1.2))
        assert (filler.kind, filler.text) == ("word", "you know")

    def test_counted_and_possible(self):
        counted = {f.text: f.counted for f in fillers_in("So, it was, you know, slow")}
        assert counted == {"so": False, "you know": True}
        for rule in ENGLISH.words:
            assert rule.probability >= WORD_COUNTED_FROM or rule.text in ("actually", "so", "well")

    def test_a_word_is_one_filler_only(self):
        assert len(fillers_in("Well, you know, it was, like, kind of hard")) == 4

    def test_nothing(self):
        assert fillers_in("") == ()
        assert fillers_in("We cut our costs in half") == ()


OWN = """
[en.hesitations]
texts = ["Ahem"]
[[en.words]]
text = "right"
probability = 0.7
set_off = "both"
source = "me"
"""


class TestOwnList:
    def test_replaces_the_bundled_one(self, home):
        (home / "fillers.toml").write_text(OWN, encoding="utf-8")
        lexicon = read_lexicon("en", home / "fillers.toml")
        assert [w.text for w in lexicon.words] == ["right"]
        assert lexicon.hesitations == {"ahem"}
        assert lexicon.words[0].not_after == ()

    def test_absent_is_the_bundled_one(self, home):
        assert read_lexicon("en", home / "fillers.toml") == ENGLISH

    def test_with_a_byte_order_mark(self, home):
        (home / "fillers.toml").write_text(OWN, encoding="utf-8-sig")
        assert read_lexicon("en", home / "fillers.toml").hesitations == {"ahem"}

    @pytest.mark.parametrize(
        "content",
        [
            b"[en",
            b"",
            b"en = 3",
            OWN.replace('"both"', '"sometimes"').encode(),
            OWN.replace("0.7", '"much"').encode(),
            OWN.replace('text = "right"', "").encode(),
            OWN.replace('["Ahem"]', "7").encode(),
            OWN.replace("[[en.words]]", "[en.words]").encode(),
            OWN.replace("Ahem", "えーと").encode("shift_jis"),
        ],
    )
    def test_a_mistake_names_the_file(self, home, content):
        path = home / "fillers.toml"
        path.write_bytes(content)
        with pytest.raises(AnalysisError, match=r"fillers\.toml has a mistake .*correct or remove"):
            read_lexicon("en", path)

    def test_the_other_language_is_missing(self, home):
        path = home / "fillers.toml"
        path.write_text(OWN, encoding="utf-8")
        with pytest.raises(AnalysisError, match="ja"):
            read_lexicon("ja", path)
