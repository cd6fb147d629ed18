"""Takes to compare: two tellings of one answer, and the two sample recordings."""

import json
from dataclasses import replace
from pathlib import Path

from analysis.results import AnswerAnalysis, Transcript, Word
from analysis.storage import summary
from analysis.timeline import Segment
from reports.takes import TakeRecord
from tests.reports.conftest import build

SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"

FIRST = """
In my last job I was responsible for the checkout page of an online shop. |0.8 The page was slow,~
and many customers gave up before they paid. |12 My task was to find out why. |0.9 I measured every
step from the click to the confirmation. |1.4 Our office was in the middle of Osaka. |0.7 One query
took four seconds, and I rewrote it. |2.1 So in short, I solve problems by measuring first.
"""
SECOND = """
To put the conclusion first, I always measure before I try to solve anything. |0.8 In my last job I
was responsible for the checkout page of an online shop. |0.7 People left without paying because the
page took too long. |1.2 I timed each stage of the purchase. |0.6 A single request to the database
took four seconds, so I changed it. |0.9 In the following month our sales rose by eight percent.
"""
FIRST_JA = """
前職では ネットショップの 決済画面を 担当していました。 |0.8 画面が 遅くて、 途中で やめる
お客様が 多かったです。 |12 原因を 調べるのが 私の 役割でした。 |1.1 クリックから 完了までの 時間を
全部 測りました。 |1.4 事務所は 大阪に ありました。 |0.9
つまり、 私の 強みは 測ってから 直す ことです。
"""
SECOND_JA = """
結論から 申し上げますと、 必ず 計測してから 問題を 解決するのが 私の 長所です。 |0.8 前職では
ネットショップの 決済画面を 担当していました。 |0.9 支払いの 画面に 時間が かかり、 諦める 方が
たくさん いました。 |0.7 注文の 各段階に かかる 時間を 計測しました。 |0.8 翌月の 売り上げは
八パーセント 伸びました。
"""


def answer(text: str, *, language: str = "en") -> AnswerAnalysis:
    """Return the analysis of a telling."""
    letter_s = 0.145 if language == "ja" else 0.055
    return build(text, language=language, per_letter_s=letter_s)


def sample(language: str) -> AnswerAnalysis:
    """Return the analysis of a sample recording with the words that were spliced in."""
    name = {"en": "english_take", "ja": "japanese_take"}[language]
    truth = json.loads((SAMPLES / f"{name}.expected.json").read_text(encoding="utf-8"))
    words = []
    for part in truth["parts"]:
        if part["kind"] != "speech":
            continue
        texts = part["text"].split() if language == "en" else [part["text"]]
        each_s = (part["end"] - part["start"]) / len(texts)
        for index, text in enumerate(texts):
            end = "." if index + 1 == len(texts) else ""
            start = part["start"] + index * each_s
            words.append(Word(start, start + each_s, text + end, 1.0, language == "en"))
    made = build("Yes it is so.", language=language)
    assert made.speech
    speech = replace(
        made.speech,
        duration_s=truth["duration_s"],
        answer=Segment(truth["answer"]["start"], truth["answer"]["end"]),
        speaking_s=truth["speaking_s"],
        pauses=(),
    )
    return replace(
        made,
        transcript=Transcript(language, 1.0, "base", tuple(words)),
        speech=speech,
        delivery=None,
        media=replace(
            made.media, name=f"{name}.mp4", duration_s=truth["duration_s"], av_offset_s=0.0
        ),
    )


def record(number: int, analysis: AnswerAnalysis, **changed) -> TakeRecord:
    """Return a take of one question, a day after the one before."""
    fields = {k: changed.pop(k) for k in list(changed) if k in TakeRecord.__dataclass_fields__}
    made = TakeRecord(
        id=f"s-{number:02}",
        name=f"2026-11-{number:02}-0900-ab/01",
        recorded=f"2026-11-{number:02}T09:00:00+00:00",
        number=1,
        session=f"2026-11-{number:02}-0900-ab",
        question=analysis.question,
        language=analysis.transcript.language if analysis.transcript else None,
        summary={**summary(analysis), **changed},
        results=Path(f"{number:02}-answer-analysis"),
        media=None,
        microphone="Desk",
        camera="Lid",
    )
    return replace(made, **fields)
