"""Readings, morae, numbers and the joining of the recogniser's pieces."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.japanese import (
    count_characters,
    count_morae,
    group_pieces,
    kanji_number,
    reading,
    split_words,
)
from analysis.results import Word

PHRASES = [
    # text, reading, morae
    ("御社を志望しました", "オンシャヲシボウシマシタ", 11),
    ("貴社", "キシャ", 2),
    ("弊社では", "ヘイシャデハ", 5),
    ("私は", "ワタシハ", 4),
    ("AWS", "エーダブリューエス", 8),
    ("API", "エーピーアイ", 6),
    ("A/B", "エービー", 4),
    ("3月15日", "サンガツジュウゴニチ", 9),
    ("１２月", "ジュウニガツ", 5),
    ("1200人", "センニヒャクニン", 7),
    ("2,500円", "ニセンゴヒャクエン", 8),
    ("50%", "ゴジュウパーセント", 8),
    ("3.5倍", "サンテンゴバイ", 7),
    ("2024年", "ニセンニジュウヨンネン", 10),
    ("1000万円", "イチセンマンエン", 8),  # said イッセンマンエン: as many morae
    ("二十四時間", "ニジュウヨンジカン", 8),
    ("出荷", "シュッカ", 3),  # small kana count nothing, ッ counts one
    ("キャッシュ", "キャッシュ", 3),
    ("パーティー", "パーティー", 4),  # ー counts one
    ("ファイル", "ファイル", 3),
    ("ウェブ", "ウェブ", 2),
    ("三人", "サンニン", 4),  # ン counts one
    ("コミュニケーション", "コミュニケーション", 7),
    ("はい、そうです。", "ハイソウデス", 6),
    ("えーと", "エート", 3),
    ("お願いいたします", "オネガイイタシマス", 9),
    ("", "", 0),
    ("。、！", "", 0),
]


@pytest.mark.parametrize(("text", "said", "morae"), PHRASES)
def test_reading_and_morae(text, said, morae):
    assert reading(text) == said
    assert count_morae(text) == morae


def test_letters_are_read_as_letters_and_unknown_words_by_their_length():
    assert count_morae("XYZQ") == count_morae("エックスワイゼットキュー")
    assert 4 <= count_morae("Kubernetes") <= 10


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("0", "ゼロ"),
        ("1", "一"),
        ("10", "十"),
        ("11", "十一"),
        ("20", "二十"),
        ("100", "百"),
        ("101", "百一"),
        ("300", "三百"),
        ("1000", "千"),
        ("1,200", "千二百"),
        ("10000", "一万"),
        ("15000", "一万五千"),
        ("10000000", "千万"),
        ("15000000", "千五百万"),
        ("100000000", "一億"),
        ("12345678", "千二百三十四万五千六百七十八"),
        ("3.5", "三点五"),
        ("0.25", "ゼロ点二五"),
        ("007", "〇〇七"),
        ("1" * 17, "一" * 17),
    ],
)
def test_kanji_number(digits, said):
    assert kanji_number(digits) == said


@given(st.integers(0, 10**16 - 1))
def test_kanji_number_can_be_read_back(number):
    values = {c: i for i, c in enumerate("〇一二三四五六七八九")}
    units = {"十": 10, "百": 100, "千": 1000}
    groups = {"万": 10**4, "億": 10**8, "兆": 10**12}
    whole = group = digit = 0
    for sign in kanji_number(str(number)).replace("ゼロ", "〇"):
        if sign in groups:
            whole += (group + digit) * groups[sign]
            group = digit = 0
        elif sign in units:
            group += (digit or 1) * units[sign]
            digit = 0
        else:
            digit = values[sign]
    assert whole + group + digit == number


def test_characters_without_marks_and_spaces():
    assert count_characters("「はい」、 3月のAPI。") == 8
    assert count_characters("!? 。") == 0


def test_words_lie_where_they_say():
    text = "私は御社を志望しました。"
    words = split_words(text)
    assert "".join(text[w.begin : w.end] for w in words) == text
    assert [w.surface for w in words if w.is_word][:4] == ["私", "は", "御社", "を"]


@pytest.mark.parametrize("mark", ["。", "、", ""])
def test_an_hour_of_japanese(mark):
    # 8 kanji and kana a second: Sudachi by itself refuses more than 49 149 bytes.
    text = ("私は御社を志望しました" + mark) * 2600
    words = split_words(text)
    assert "".join(w.surface for w in words) == text
    assert all(text[w.begin : w.end] == w.surface for w in words[::97])
    tolerance = 0 if mark else 0.001
    assert count_morae(text) == pytest.approx(15 * 2600, rel=tolerance)


def pieces(*parts, start=10.0, step=0.2):
    """Pieces as the recogniser gives them, one after the other, a time step per piece."""
    return tuple(
        Word(start + i * step, start + (i + 1) * step, text, 0.9 - 0.1 * (i % 2), i == 0)
        for i, text in enumerate(parts)
    )


class TestGroupPieces:
    def test_single_characters_become_dictionary_words(self):
        words, index = group_pieces(pieces("志", "望", "理", "由", "は"))
        assert [w.text for w in words] == ["志望", "理由", "は"]
        assert [(w.start, w.end) for w in words] == [
            pytest.approx((10.0, 10.4)),
            pytest.approx((10.4, 10.8)),
            pytest.approx((10.8, 11.0)),
        ]
        assert index == {0: 0, 2: 1, 4: 2}
        assert words[0].probability == pytest.approx(0.8)

    def test_a_piece_of_several_words_is_shared_out_evenly(self):
        words, index = group_pieces(pieces("私は", "御社", step=1.0))
        assert [w.text for w in words] == ["私", "は", "御社"]
        assert [w.start for w in words] == pytest.approx([10.0, 10.5, 11.0])
        assert index == {0: 0, 1: 2}

    def test_marks_go_to_the_word_before(self):
        words, index = group_pieces(pieces("はい", "、", "そう", "です", "。"))
        assert [w.text for w in words] == ["はい、", "そう", "です。"]
        assert 1 not in index
        assert index[2] == 1

    def test_a_word_across_a_piece_border(self):
        words, index = group_pieces(pieces("開", "発し", "た"))
        assert "".join(w.text for w in words) == "開発した"
        assert words[0].text == "開発"
        assert words[0].end == pytest.approx(10.3)
        assert index[0] == 0
        assert 1 not in index

    def test_order_and_text_are_kept(self):
        parts = list("御社の技術ブログで同じような移行の話を読み、ぜひ一緒に働きたいと思いました。")
        words, index = group_pieces(pieces(*parts))
        assert "".join(w.text for w in words) == "".join(parts)
        assert all(a.end <= b.start + 1e-9 for a, b in pairwise(words))
        assert all(w.start <= w.end for w in words)
        assert all(words[w].start == pytest.approx(10.0 + 0.2 * p) for p, w in index.items())

    def test_nothing(self):
        assert group_pieces(()) == ((), {})

    def test_only_a_mark(self):
        words, _ = group_pieces(pieces("。"))
        assert [w.text for w in words] == ["。"]
