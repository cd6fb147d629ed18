"""What is said and shown in the two sample takes: the source of every truth in the JSON files.

Conventions
-----------
A take is a row of parts. ``gap_s`` is the exact silence after a part, in seconds. Parts are
clauses without commas, so that the synthesiser makes no pause of its own inside one.
Times of what is seen count from the start of the take, in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SMALL_KANA = frozenset("ャュョァィゥェォ")


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of speech and the silence after it."""

    kind: Literal["speech", "hesitation", "lexical"]
    """ "lexical": the part is a filler word by itself"""
    text: str
    gap_s: float
    kana: str = ""
    """reading in katakana (Japanese only)"""
    filler: str = ""
    """filler word that a part of kind "speech" begins with"""
    length_s: float = 0.0
    """wanted length of a hesitation; 0 = as synthesised"""


@dataclass(frozen=True, slots=True)
class Aside:
    """The eyes look away."""

    start: float
    end: float
    direction: Literal["image left", "image right"]


@dataclass(frozen=True, slots=True)
class Script:
    """A whole take."""

    name: str
    language: Literal["en", "ja"]
    question_id: str
    lead_s: float
    """silence before the answer"""
    parts: tuple[Part, ...]
    away: tuple[Aside, ...]
    slouch: tuple[tuple[float, float], ...]
    seed: int


def _say(text: str, gap_s: float, kana: str = "", filler: str = "") -> Part:
    return Part("speech", text, gap_s, kana, filler)


def _um(text: str, gap_s: float, length_s: float, kana: str = "") -> Part:
    return Part("hesitation", text, gap_s, kana, "", length_s)


ENGLISH = Script(
    name="english_take",
    language="en",
    question_id="proud-project",
    lead_s=1.6,
    parts=(
        _say("The project I am most proud of cut our checkout time in half", 0.9),
        _um("um", 0.5, 0.42),
        _say("let me explain how we got there", 1.1),
        _say("Two years ago I worked at an online shop with about forty engineers", 0.8),
        _say("basically our checkout page was too slow on busy days", 0.45, filler="basically"),
        _say("and we lost customers every weekend", 0.9),
        _um("uh", 0.55, 0.34),
        _say("my task was to find the cause and fix it before the winter sale", 1.3),
        _say("First I measured every step of the request", 0.6),
        _say(
            "you know the database was doing the same work again and again", 0.5, filler="you know"
        ),
        _um("um", 0.7, 0.48),
        _say("so I added a small cache", 0.4),
        _say("and moved the heavy queries to a background job", 1.0),
        _say("Then there was one more problem that I had to solve", 32.0),
        _um("um", 0.6, 0.38),
        _say("yes the sales team was afraid of showing old prices", 0.8),
        _say("so I wrote tests for every price change", 0.5),
        _say("like three of us reviewed each release together", 2.4, filler="like"),
        _say("As a result the page now loads in one second instead of two", 0.7),
        _say("sales on the busiest day went up by eight percent", 0.5),
        _um("uh", 0.4, 0.30),
        _say("and we had no incident during the whole sale", 1.2),
        _say("I learned to measure first and to change one thing at a time", 0.7),
        _say("and that is how I would like to work in your team", 1.5),
    ),
    away=(
        Aside(15.0, 18.0, "image left"),
        Aside(43.0, 45.5, "image right"),
        Aside(62.0, 65.5, "image left"),
    ),
    slouch=((88.0, 100.0),),
    seed=20241,
)

JAPANESE = Script(
    name="japanese_take",
    language="ja",
    question_id="reason-for-leaving",
    lead_s=1.4,
    parts=(
        _say("はい", 0.6, "ハイ"),
        _say("転職を考えた一番の理由は", 0.4, "テンショクヲカンガエタイチバンノリユーワ"),
        _say(
            "設計から運用まで一貫して担当したいからです",
            1.0,
            "セッケーカラウンヨーマデイッカンシテタントーシタイカラデス",
        ),
        _um("えーと", 0.5, 0.0, "エート"),
        _say("現在の会社では", 0.4, "ゲンザイノカイシャデワ"),
        _say(
            "物流会社向けの在庫管理システムの開発を三年間担当しております",
            0.8,
            "ブツリューガイシャムケノザイコカンリシステムノカイハツヲサンネンカンタントーシテオリマス",
        ),
        _say(
            "昨年は出荷処理の速度を二倍に改善しました",
            1.2,
            "サクネンワシュッカショリノソクドヲニバイニカイゼンシマシタ",
        ),
        _um("あのー", 0.45, 0.0, "アノー"),
        _say("ただ現在の職場では", 0.4, "タダゲンザイノショクバデワ"),
        _say("開発と運用の部署が分かれていて", 0.5, "カイハツトウンヨーノブショガワカレテイテ"),
        _say(
            "自分が作った機能がお客様にどう使われているのかを",
            0.4,
            "ジブンガツクッタキノーガオキャクサマニドーツカワレテイルノカヲ",
        ),
        _say("直接知る機会がほとんどありません", 31.2, "チョクセツシルキカイガホトンドアリマセン"),
        _um("えー", 0.6, 0.0, "エー"),
        _say(
            "そこで運用まで含めて責任を持てる環境で働きたいと考えました",
            0.9,
            "ソコデウンヨーマデフクメテセキニンヲモテルカンキョーデハタラキタイトカンガエマシタ",
        ),
        Part("lexical", "まあ", 0.4, "マー"),
        _say(
            "新しい技術を学ぶことも大切ですが",
            0.5,
            "アタラシイギジュツヲマナブコトモタイセツデスガ",
        ),
        _say(
            "御社は開発チームが運用も担当されていると伺っております",
            0.8,
            "オンシャワカイハツチームガウンヨーモタントーサレテイルトウカガッテオリマス",
        ),
        _um("えーと", 0.5, 0.0, "エート"),
        _say("これまでの経験を生かして", 0.4, "コレマデノケーケンヲイカシテ"),
        _say(
            "サービスの改善に長く貢献したいと思っております",
            0.8,
            "サービスノカイゼンニナガクコーケンシタイトオモッテオリマス",
        ),
        _say("以上です", 1.5, "イジョーデス"),
    ),
    away=(
        Aside(20.0, 23.0, "image right"),
        Aside(48.0, 51.0, "image left"),
    ),
    slouch=(),
    seed=20242,
)

SCRIPTS = (ENGLISH, JAPANESE)


def count_morae(kana: str) -> int:
    """Morae of a katakana reading: one a sign (ー, ッ, ン too), none for a small vowel sign."""
    return sum(sign not in SMALL_KANA for sign in kana)
