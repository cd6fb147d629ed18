"""Answers to report on: a realistic one, and what can go missing or wrong in one."""

import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.pace import pace_track
from analysis.results import (
    AnswerAnalysis,
    Caution,
    ContentMetrics,
    CountRange,
    DeliveryMetrics,
    Drop,
    Filler,
    GazeMetrics,
    GazePlace,
    Look,
    MediaFacts,
    Passage,
    Pause,
    PostureMetrics,
    Provenance,
    Repetition,
    SpeechMetrics,
    Transcript,
    VoiceMetrics,
    Word,
)
from analysis.timeline import Segment, Track, gaps
from recorder.session import Question
from reports.targets import read_targets
from tests.reports.sight_cases import with_sight, without_gaze

HOSTILE = "</script><img src=x onerror=\"document.title='pwned'\">&lt;b&gt;--> {{ 7*7 }}"

# "|2.4" is a pause of 2.4 s, "~" marks the word before it as a filler.
ENGLISH = """
In my last project I led the migration of our billing service to the cloud, and we finished two
weeks early. |1.3 Let me explain how that happened. |0.6 At the time I was, you~ know,~ the only
backend engineer in a team of five, |0.4 and the old system went down about once a week. |2.4 My
task was to move it without losing a single invoice. |0.5 So first I wrote a test that compared
every invoice between the old and the new system, and, |1.2 like,~ we ran it every night. |32 Where
was I? |0.7 Yes. After three weeks the nightly comparison showed no differences any more, |0.5 and
we switched over on a Sunday morning with the whole team on the line. |3.1 Nothing broke. |0.6
Since then the service has been down only once, for four minutes, and the support team gets about
thirty tickets less every month. |1.6 What I learned is that a boring test, written early, buys
more time than any clever tool, |0.4 and that asking colleagues for help on the first day is
cheaper than on the last. |0.8 That is how I would like to work at your company as well, because
your engineers wrote about the same kind of careful migration in their blog last spring.
"""
JAPANESE = """
はい。 |0.5 私が 御社を 志望した 理由は、 |1.2 利用者に 近い 開発が できると 考えた からです。 |0.6
前職では、 請求の 仕組みを クラウドに 移す 仕事を 担当しました。 |2.2 その~ 結果、 障害は 月に
四回から 一回に 減り、 |0.4 問い合わせも 三割 少なく なりました。 |1.7 御社の 技術ブログで
同じような 移行の 話を 読み、 |0.5 ぜひ 一緒に 働きたいと 思いました。
"""


def spoken(text, *, per_letter_s, start, japanese):
    """Return words with times, pauses inside and filler words of a marked text."""
    words, pauses, fillers = [], [], []
    at = start
    for token in text.split():
        if token.startswith("|"):
            length_s = float(token[1:])
            pauses.append(Pause(at, at + length_s, "inside"))
            at += length_s
            continue
        clean = token.replace("~", "")
        length_s = round(0.06 + per_letter_s * len(clean), 2)
        words.append(Word(round(at, 2), round(at + length_s, 2), clean, 0.93, not japanese))
        if "~" in token:
            name = clean.strip(",、")
            fillers.append(Filler(at, at + length_s, name, "word", 0.8, True))
        at = round(at + length_s + 0.02, 2)
    return words, pauses, fillers


def delivered(transcript, speech):
    """Return a delivery with one flat stretch and two soft ends."""
    track = pace_track(transcript, speech)
    times, rates = track.times[track.present], track.values[track.present]
    if not len(times):
        return None
    # Shorter than two windows are some answers of these tests: the passages may overlap.
    fast, slow = (
        Passage(max(0.0, at - 7.5), min(speech.duration_s, at + 7.5), float(rate))
        for at, rate in (
            (times[np.argmax(rates)], rates.max()),
            (times[np.argmin(rates)], rates.min()),
        )
    )
    length_s = speech.duration_s
    return DeliveryMetrics(
        pace_unit=track.unit,
        pace=track,
        fastest=fast,
        slowest=slow,
        f0_spread_st=Track(times, 5 + np.sin(times), "semitones"),
        monotone=(Segment(0.2 * length_s, 0.3 * length_s),),
        monotone_ratio=0.14,
        sentence_end_count=9,
        drops=(
            Drop(0.1 * length_s, 0.1 * length_s + 0.7, 11.6),
            Drop(0.6 * length_s, 0.6 * length_s + 0.7, 14.2),
        ),
    )


def build(text=ENGLISH, *, language="en", per_letter_s=0.055, start=1.4, after_s=1.1):
    """Return a full analysis of a spoken text."""
    japanese = language == "ja"
    words, inside, fillers = spoken(text, per_letter_s=per_letter_s, start=start, japanese=japanese)
    answer = Segment(start, words[-1].end)
    duration_s = answer.end + after_s
    speech = gaps([Segment(p.start, p.end) for p in inside], within=answer)
    letters = sum(c.isalnum() for w in words for c in w.text)
    metrics = SpeechMetrics(
        duration_s=duration_s,
        answer=answer,
        speaking_s=sum(s.duration_s for s in speech),
        latency_s=start,
        after_s=after_s,
        pauses=(
            Pause(0.0, start, "before"),
            *inside,
            Pause(answer.end, duration_s, "after"),
        ),
        speech=speech,
        word_count=len(words),
        syllable_count=None if japanese else round(letters / 3),
        mora_count=round(letters * 1.4) if japanese else None,
        character_count=letters if japanese else None,
    )
    sounds = [
        Filler(p.end - 0.4, p.end - 0.05, "えー" if japanese else "um", "acoustic", 0.85, True)
        for p in inside
        if 0.65 < p.duration_s < 3.2
    ][:4] + [Filler(p.end - 0.3, p.end, "uh", "acoustic", 0.4, False) for p in inside[2:9:4]]
    times = np.arange(0, duration_s, 0.2)
    track = Track(times, 6 * np.sin(times / 5), "deg")
    scale = duration_s / 110
    transcript = Transcript(language, 1.0, "base", tuple(words))
    again = words[2]
    return AnswerAnalysis(
        take_id="2026-11-23-0900-a1",
        media=MediaFacts(
            name="take.mp4",
            path="take.mp4",
            sha256="9f2c" * 16,
            duration_s=duration_s,
            audio_codec="aac",
            audio_streams=1,
            sample_rate_hz=48000,
            channels=1,
            audio_duration_s=duration_s,
            video_codec="h264",
            frame_size_px=(1280, 720),
            rotation_deg=0,
            video_duration_s=duration_s,
            av_offset_s=0.02,
        ),
        question=Question(
            id="experience-challenge",
            text_en="Tell me about a difficult project and what you did.",
            text_ja="困難だったプロジェクトと、そこで何をしたかを教えてください。",
            stage="technical",
            kind="experience",
            intent="how you act when things are hard",
            structure="STAR",
            band_s=(120.0, 180.0),
            band_source="2–3 min where an example is told",
        ),
        transcript=transcript,
        speech=metrics,
        fillers=tuple(sorted((*fillers, *sounds), key=lambda f: f.start)),
        voice=VoiceMetrics(-24.3, -4.1, -58.0, 33.7, 128.0, 6.4, 0.62, 0.0),
        gaze=GazeMetrics(
            coverage_ratio=0.97,
            eye_contact_ratio=0.71,
            away=tuple(
                Segment(a * scale, b * scale)
                for a, b in ((4, 5.2), (18, 19), (31, 33.5), (47, 58), (61, 70), (92, 93.1))
            ),
            yaw=track,
            pitch=track,
            gaze_yaw=track,
            gaze_pitch=track,
            closed_ratio=0.03,
            calibration="own first seconds",
        ),
        posture=PostureMetrics(
            coverage_ratio=0.99,
            lean_deg=1.2,
            shoulder_tilt_deg=0.8,
            slouch_ratio=0.18,
            side_lean_ratio=0.06,
            movement=0.05,
            slouch=(Segment(50 * scale, 63 * scale), Segment(80 * scale, 87 * scale)),
            side_lean=(Segment(96 * scale, 102 * scale),),
            tilt=(Segment(24 * scale, 30 * scale),),
        ),
        content=ContentMetrics(conclusion_s=start + 0.5),
        warnings=(Caution("filler-estimate", "Two hesitations lie inside a word: uncertain."),),
        provenance=Provenance(
            version="0.1.0",
            created="2026-11-23T09:04:00+00:00",
            libraries={"faster-whisper": "1.2.1", "mediapipe": "0.10.21"},
            models={"whisper-base": "905e5bf8" * 8},
            options={"vad_threshold": 0.5},
        ),
        hesitation_range=CountRange(len(sounds) - 3, len(sounds), 0.9),
        repetitions=(
            Repetition(again.start, again.end, again.text, "repetition", 0.9, True),
            Repetition(again.end + 0.5, again.end + 1, "so what we", "restart", 0.8, True),
            Repetition(again.end + 1.2, again.end + 1.4, "I", "repetition", 0.4, False),
        ),
        delivery=delivered(transcript, metrics),
    )


def japanese():
    answer = build(JAPANESE, language="ja", per_letter_s=0.145)
    return replace(answer, media=replace(answer.media, name="回答 その1.mp4"))


def older():
    """An analysis of schema 2: nothing over time but what the words tell."""
    return replace(build(), hesitation_range=None, repetitions=None, delivery=None, schema=2)


def empty():
    """Nothing could be measured but the container."""
    answer = build()
    return replace(
        answer,
        question=None,
        transcript=None,
        speech=None,
        fillers=None,
        voice=None,
        gaze=None,
        posture=None,
        content=None,
        hesitation_range=None,
        repetitions=None,
        delivery=None,
        media=replace(
            answer.media,
            video_codec=None,
            audio_codec=None,
            frame_size_px=None,
            audio_duration_s=math.nan,
            video_duration_s=math.nan,
            av_offset_s=math.nan,
        ),
        warnings=(Caution("no-sound", "The recording has no sound."),),
    )


def withheld():
    """Every metric is there, every number is NaN."""
    answer, nan = build(), math.nan
    assert answer.gaze
    assert answer.posture
    assert answer.delivery
    return replace(
        answer,
        voice=VoiceMetrics(nan, nan, nan, nan, nan, nan, nan, nan),
        gaze=replace(answer.gaze, coverage_ratio=0.2, eye_contact_ratio=nan, calibration="none"),
        posture=replace(answer.posture, slouch_ratio=nan, side_lean_ratio=nan, lean_deg=nan),
        content=ContentMetrics(conclusion_s=None),
        fillers=None,
        hesitation_range=None,
        repetitions=None,
        delivery=replace(
            answer.delivery,
            fastest=None,
            slowest=None,
            f0_spread_st=Track(np.arange(3.0), np.full(3, nan), "semitones"),
            monotone=(),
            monotone_ratio=nan,
            sentence_end_count=0,
            drops=(),
        ),
    )


def no_speech():
    answer = build()
    speech = SpeechMetrics(41.0, None, 0.0, math.nan, math.nan, (Pause(0.0, 41.0, "before"),), ())
    return replace(
        answer,
        speech=speech,
        transcript=None,
        fillers=(),
        voice=None,
        content=None,
        hesitation_range=CountRange(0, 0, 0.9),
        repetitions=(),
        delivery=None,
    )


def hostile():
    answer = build()
    assert answer.transcript
    assert answer.question
    assert answer.gaze
    words = [
        replace(w, text=HOSTILE) if i % 9 == 4 else w for i, w in enumerate(answer.transcript.words)
    ]
    return replace(
        answer,
        transcript=replace(answer.transcript, words=tuple(words), model=HOSTILE),
        question=replace(
            answer.question, text_en=HOSTILE, text_ja=HOSTILE, intent=HOSTILE, band_source=HOSTILE
        ),
        media=replace(answer.media, name=HOSTILE, video_codec=HOSTILE),
        fillers=(
            Filler(3.0, 3.4, HOSTILE, "acoustic", 0.9, True),
            Filler(5.0, 5.4, HOSTILE, "acoustic", 0.3, False),
        ),
        repetitions=(Repetition(7.0, 7.4, HOSTILE, "restart", 0.9, True),),
        warnings=(Caution("x", HOSTILE),),
        gaze=replace(
            answer.gaze,
            calibration=HOSTILE,
            looks=(
                Look(4.0, 5.2, HOSTILE, 1.0, -9.0, 0),
                # A file edited by hand may name a place that is not there.
                Look(18.0, 19.0, "down", 1.0, -9.0, 7),
                Look(31.0, 33.5, "down", 1.0, -9.0, -1),
            ),
            places=(GazePlace(HOSTILE, HOSTILE, 1.0, -2.0, (Segment(4.0, 5.2),)),),
        ),
        provenance=Provenance(HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, {HOSTILE: HOSTILE}, {}),
        take_id="=1+1",
    )


def sight():
    """Everything that eyes and body can show."""
    return with_sight(build())


def gaze_withheld():
    return without_gaze(sight(), "head-turned", "The head was turned away in 59% of the picture.")


def silence_before():
    return build("Good morning. |0.5 My name is Sato and I write software.", start=31.2)


def silence_after():
    return build("Good morning. |0.5 My name is Sato and I write software.", after_s=31.2)


def silence_inside():
    return build("Good morning. |31.2 My name is Sato and I write software.")


def noisy():
    answer = build()
    assert answer.voice
    return replace(answer, voice=replace(answer.voice, noise_floor_dbfs=-30.0, snr_db=6.2))


def sound_only():
    answer = build()
    media = replace(answer.media, name="take.m4a", video_codec=None, frame_size_px=None)
    return replace(answer, media=media, gaze=None, posture=None)


def all_fine():
    """Everything inside its band."""
    answer = build(ENGLISH.replace("|32", "|1.1"), per_letter_s=0.062)
    assert answer.question
    assert answer.posture
    return replace(
        answer,
        question=replace(answer.question, band_s=(60.0, 120.0)),
        fillers=tuple(f for f in answer.fillers or () if f.kind == "word"),
        posture=replace(answer.posture, slouch_ratio=0.0, side_lean_ratio=0.0, slouch=()),
    )


BUILDERS = {
    "full": build,
    "japanese": japanese,
    "older": older,
    "empty": empty,
    "withheld": withheld,
    "no_speech": no_speech,
    "hostile": hostile,
    "sight": sight,
    "gaze_withheld": gaze_withheld,
    "silence_before": silence_before,
    "silence_after": silence_after,
    "silence_inside": silence_inside,
    "noisy": noisy,
    "sound_only": sound_only,
    "all_fine": all_fine,
}


@pytest.fixture
def answers():
    """Builders of answers, by name."""
    return BUILDERS


@pytest.fixture(params=sorted(BUILDERS))
def any_answer(request):
    """Each answer in turn."""
    return BUILDERS[request.param]()


@pytest.fixture
def targets():
    return read_targets(None)


@pytest.fixture
def hostile_text():
    return HOSTILE
