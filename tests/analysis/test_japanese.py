"""Readings, morae, numbers, foreign words, and the joining of the recogniser's pieces."""

import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.japanese import (
    count_characters,
    count_kana,
    count_morae,
    count_words,
    group_pieces,
    has_japanese,
    join_words,
    reading,
    split_words,
)
from analysis.japanese_numbers import count_up, kanji_number, say_number, written_value
from analysis.katakana import from_romaji, from_sounds, is_acronym
from analysis.readings import read_readings
from analysis.results import Word

TRUTH = tomllib.loads(Path(__file__).with_name("readings.toml").read_text("utf-8"))
MOST_MORA_ERROR_RATIO = 0.02

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
    ("50%", "ゴジュッパーセント", 8),
    ("3.5倍", "サンテンゴバイ", 7),
    ("2024年", "ニセンニジュウヨネン", 9),
    ("1000万円", "イッセンマンエン", 8),
    ("二十四時間", "ニジュウヨジカン", 7),
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


@pytest.mark.parametrize("half", ["tuning", "held out"])
def test_morae_of_what_is_said_in_interviews(half):
    found = [
        (text, count_morae(text), count_kana(true))
        for table in TRUTH.values()
        for text, true in table["phrases"][half == "held out" :: 2]
    ]
    assert len(found) >= 150
    wrong = sum(abs(measured - true) for _, measured, true in found)
    assert wrong / sum(true for _, _, true in found) <= MOST_MORA_ERROR_RATIO


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("4月1日と5月1日", "シガツツイタチトゴガツツイタチ"),
        ("1日で", "イチニチデ"),
        ("2〜3本", "ニサンボン"),
        ("10〜20人", "ジュウカラニジュウニン"),
        ("9:30", "クジサンジュップン"),
        ("10:00に", "ジュウジニ"),
        ("3分の1", "サンブンノイチ"),
        ("三分の一", "サンブンノイチ"),
        ("三分間", "サンプンカン"),
        ("十分です", "ジュウブンデス"),
        ("5 means", "ゴミーンズ"),
        ("100MB", "ヒャクメガバイト"),
        ("Python3とJava 17", "パイソンスリートジャバジュウナナ"),
        ("Java 3年", "ジャバサンネン"),
        ("ITの仕事", "アイティーノシゴト"),
        ("R&D", "アールアンドディー"),
        ("他社の他", "タシャノホカ"),
        ("テストを行った", "テストヲオコナッタ"),
        ("東京に行った", "トウキョウニイッタ"),
        ("1,2年", "イチニネン"),
        ("1/2", "ニブンノイチ"),
        ("007", "ゼロゼロナナ"),
    ],
)
def test_readings_by_their_neighbours(text, said):
    assert reading(text) == said


def test_words_without_a_known_reading():
    assert count_morae("XYZQ") == count_morae("エックスワイゼットキュー")
    assert reading("nemawari") == "ネマワリ"
    assert 3 <= count_morae("Blorptrix") <= 9


# The first text waits for the dictionaries.
@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_has_a_reading_of_kana(text):
    said = reading(text)
    assert count_kana(said) == count_morae(text)
    assert count_kana(said) >= 0.4 * len(said)
    assert count_characters(text) >= 0


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1,200", 1200),
            ("150万", 1_500_000),
            ("1億2000万", 120_000_000),
            ("二十四", 24),
            ("千二百", 1200),
            ("二〇二四", 2024),
            ("万", None),
            ("", None),
            ("十百", None),
        ],
    )
    def test_value(self, text, value):
        assert written_value(text) == value

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("0", "ゼロ"),
            ("300", "サンビャク"),
            ("8600", "ハッセンロッピャク"),
            ("1000万", "イッセンマン"),
            ("0.5", "レイテンゴ"),
            ("1.05", "イッテンゼロゴ"),
            ("1.5億", "イッテンゴオク"),
            ("二十", "ニジュウ"),
            ("万", None),
        ],
    )
    def test_said(self, text, said):
        assert say_number(text) == said

    @given(st.integers(0, 10**16 - 1))
    def test_as_the_dictionary_reads_kanji(self, number):
        # Every digit but zero is heard, and none more than once per place.
        said = say_number(str(number))
        assert said
        assert written_value(kanji_number(str(number)).replace("ゼロ", "〇")) == number

    @pytest.mark.parametrize(
        ("number", "counter", "said"),
        [
            ("1", "人", "ヒトリ"),
            ("14", "人", "ジュウヨニン"),
            ("3", "本", "サンボン"),
            ("8", "回", "ハッカイ"),
            ("100", "個", "ヒャッコ"),
            ("600", "件", "ロッピャッケン"),
            ("20", "歳", "ハタチ"),
            ("10", "分", "ジュップン"),
            ("4", "分", "ヨンプン"),
            ("1.5", "人", "イッテンゴニン"),
            ("19", "日", "ジュウクニチ"),
        ],
    )
    def test_counted(self, number, counter, said):
        assert count_up(number, read_readings().counters[counter]) == said

    def test_in_a_range_nobody_is_alone(self):
        assert count_up("2", read_readings().counters["人"], ordinal=False) == "ニニン"


class TestForeignWords:
    @pytest.mark.parametrize(
        ("sounds", "said"),
        [
            ("K IH1 T", "キット"),
            ("F AY1 N AH0 L", "ファイナル"),
            ("K AA1 R", "カー"),
            ("D AO1 R", "ドー"),
            ("HH EH1 R", "ヘア"),
            ("S IH1 NG", "シング"),
            ("TH IH1 NG K", "シンク"),
            ("K AE1 M P", "カンプ"),
            ("N EH1 T S", "ネツ"),
        ],
    )
    def test_from_sounds(self, sounds, said):
        assert from_sounds(sounds.split()) == said

    @pytest.mark.parametrize(
        ("word", "said"),
        [
            ("kaizen", "カイゼン"),
            ("shokunin", "ショクニン"),
            ("gakkou", "ガッコウ"),
            ("tokkyo", "トッキョ"),
            ("strength", ""),
        ],
    )
    def test_from_romaji(self, word, said):
        assert from_romaji(word) == said

    def test_acronyms(self):
        assert all(is_acronym(w) for w in ("AWS", "APIs", "sql", "html"))
        assert not any(is_acronym(w) for w in ("team", "Google", "ARCHITECTURE"))


class TestOwnReadings:
    def own(self, folder, text):
        file = folder / "readings.toml"
        file.write_text(text, "utf-8-sig")
        return read_readings(file)

    def test_they_win(self, tmp_path):
        own = self.own(tmp_path, '"弊社" = "ウチ"\n"Acme" = "アクミー"\n"私" = "ワタクシ"\n')
        assert reading("私は弊社のAcme", readings=own) == "ワタクシハウチノアクミー"
        assert own.changed == ("弊社", "Acme", "私")
        assert count_morae("Acme", readings=own) == 4
        assert reading("弊社") == "ヘイシャ"

    def test_no_file_is_ours(self, tmp_path):
        assert read_readings(tmp_path / "readings.toml") is read_readings()

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ('"弊社" = "へいしゃ"', "must be katakana"),
            ('"弊社" = 3', "must be katakana"),
            ('" " = "ア"', "belongs to no word"),
            ("弊社 = 1", "has a mistake"),
            ('[words]\n"弊社" = "ア"', "must be katakana"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path, text, why):
        with pytest.raises(AnalysisError, match=why):
            self.own(tmp_path, text)

    def test_every_table_has_a_source(self):
        from importlib import resources

        text = resources.files("analysis").joinpath("data/readings.toml").read_text("utf-8")
        data = tomllib.loads(text)
        contexts = data.pop("context")
        assert all(table["source"] for table in (*data.values(), *contexts))


class TestMixedSpeech:
    def test_english_words_are_words(self):
        assert count_words("私はprojectのleaderです。") == 6
        assert count_words("I don't know") == 3
        assert has_japanese("the 根回し")
        assert not has_japanese("nemawari, 123")

    def test_characters_of_english_words_are_those_of_their_katakana(self):
        assert count_characters("projectの") == count_characters("プロジェクトの") == 7
        assert count_characters("AWSの3年") == 6

    def test_spaces_only_between_latin_words(self):
        words = [
            Word(0, 1, t, 1.0, True) for t in ("私は", "machine", "learning", "を", "AWS", "で")
        ]
        assert join_words(words) == "私はmachine learningをAWSで"


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

    def test_english_words_keep_their_space(self):
        parts = [("僕", 0), ("は", 0), ("team", 1), ("lead", 1), ("er", 0), ("です", 0)]
        row = tuple(
            Word(i * 0.2, i * 0.2 + 0.2, text, 0.9, bool(space))
            for i, (text, space) in enumerate(parts)
        )
        words, index = group_pieces(row)
        assert [w.text for w in words] == ["僕", "は", "team", "leader", "です"]
        assert [(w.start, w.end) for w in words][2:4] == [
            pytest.approx((0.4, 0.6)),
            pytest.approx((0.6, 1.0)),
        ]
        assert words[3].space_before
        assert index == {0: 0, 1: 1, 2: 2, 3: 3, 5: 4}

    def test_nothing(self):
        assert group_pieces(()) == ((), {})

    def test_only_a_mark(self):
        words, _ = group_pieces(pieces("。"))
        assert [w.text for w in words] == ["。"]
