"""analysis.json and summary.json: what goes in comes out, and what is broken is refused."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import AnalysisUnreadable
from analysis.results import (
    SCHEMA,
    AnswerAnalysis,
    Caution,
    ContentMetrics,
    Filler,
    GazeMetrics,
    MediaFacts,
    Pause,
    PostureMetrics,
    Provenance,
    SpeechMetrics,
    Transcript,
    VoiceMetrics,
    Word,
)
from analysis.storage import from_json, read_analysis, summary, to_json
from analysis.timeline import Segment, Track
from recorder.session import Question

NAN = math.nan
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028\x00\x07\"'\\ {{ 7*7 }} ‮ 😀"
LONE_SURROGATE = "take\udce9"  # what Python makes of a file name in Latin-1
DESIGN_KEYS = {
    "answer_s",
    "latency_s",
    "speaking_s",
    "word_count",
    "speech_rate_wpm",
    "articulation_rate_wpm",
    "mora_rate_per_min",
    "pause_count",
    "longest_silence_s",
    "silences_over_30s",
    "fillers_per_min",
    "hesitation_count",
    "hesitation_possible_count",
    "hesitation_low",
    "hesitation_high",
    "repetition_count",
    "restart_count",
    "pace_fastest_per_min",
    "pace_slowest_per_min",
    "monotone_ratio",
    "volume_drop_count",
    "lexical_filler_count",
    "level_dbfs",
    "noise_floor_dbfs",
    "snr_db",
    "f0_spread_st",
    "gaze_coverage_ratio",
    "eye_contact_ratio",
    "away_count",
    "posture_coverage_ratio",
    "slouch_ratio",
    "side_lean_ratio",
    "conclusion_s",
    "language",
    "model",
    "schema",
    "warnings",
}
EXTRA_KEYS = {
    "eye_contact_low_ratio",
    "eye_contact_high_ratio",
    "shoulder_tilt_ratio",
    "lean_in_ratio",
    "syllable_rate_per_min",
    "character_rate_per_min",
    "pace_wpm",
    "pace_characters_per_min",
    "clipped_ratio",
    "soft_end_ratio",
    "notes_looks_per_min",
    "gaze_calibration",
    "duration_s",
    "frame_width_px",
    "frame_height_px",
    "speech_settings",
    "sight_settings",
}

FACTS = MediaFacts(
    name="面接 1.mkv",
    path="../面接 1.mkv",
    sha256="ab" * 32,
    duration_s=61.25,
    audio_codec="aac",
    audio_streams=1,
    sample_rate_hz=48_000,
    channels=2,
    audio_duration_s=61.25,
    video_codec="h264",
    frame_size_px=(1280, 720),
    rotation_deg=90,
    video_duration_s=61.0,
    av_offset_s=-0.125,
)
SPEECH = SpeechMetrics(
    duration_s=61.25,
    answer=Segment(1.0, 61.0),
    speaking_s=28.0,
    latency_s=1.0,
    after_s=0.25,
    pauses=(
        Pause(0.0, 1.0, "before"),
        Pause(11.0, 43.0, "inside"),
        Pause(61.0, 61.25, "after"),
    ),
    speech=(Segment(1.0, 11.0), Segment(43.0, 61.0)),
    word_count=60,
    syllable_count=90,
)
PROVENANCE = Provenance(
    version="0.1.0",
    created="2026-11-23T08:00:00+00:00",
    libraries={"av": "17.1.0"},
    models={"whisper base": "cd" * 32},
    options={"language": "auto", "video": True, "beam_size": 5, "long_pause_s": 5.0},
)


def track(*values):
    return Track(np.arange(len(values)) * 0.2, np.array(values, dtype=np.float32), "deg")


FULL = AnswerAnalysis(
    take_id="take-1",
    media=FACTS,
    question=Question(
        "motivation", "Why us?", "志望動機は？", "first", "motivation", "fit", "PREP", (60.0, 90.0)
    ),
    transcript=Transcript(
        "en", 0.98, "base", (Word(1.0, 1.5, "Hello,", 0.9), Word(1.5, 2.0, "んです", 0.5, False))
    ),
    speech=SPEECH,
    fillers=(
        Filler(2.0, 2.5, "um", "acoustic", 0.9, counted=True),
        Filler(3.0, 3.5, "um", "acoustic", 0.05, counted=False),
        Filler(5.0, 5.5, "like", "word", 0.75, counted=True),
        Filler(6.0, 6.5, "so", "word", 0.4, counted=False),
    ),
    voice=VoiceMetrics(-20.5, -3.0, -62.0, 41.5, 120.0, 6.5, 0.6, 0.0),
    gaze=GazeMetrics(
        coverage_ratio=0.9,
        eye_contact_ratio=0.75,
        away=(Segment(4.0, 5.5),),
        yaw=track(0.1, NAN, 3.125),
        pitch=track(),
        gaze_yaw=track(NAN, NAN),
        gaze_pitch=track(1.0),
        closed_ratio=0.05,
        calibration="own first seconds",
    ),
    posture=PostureMetrics(
        0.95, 1.5, -2.0, 0.1, 0.0, 0.02, (Segment(30.0, 36.0),), (), (Segment(1.0, 9.0),)
    ),
    content=ContentMetrics(conclusion_s=2.5),
    warnings=(Caution("noisy", "It is loud."), Caution("no-face", "顔が見えません。")),
    provenance=PROVENANCE,
)
NOTHING = replace(
    FULL,
    question=None,
    transcript=None,
    speech=None,
    fillers=None,
    voice=None,
    gaze=None,
    posture=None,
    content=None,
    warnings=(),
)
UNMEASURED = replace(
    FULL,
    media=replace(
        FACTS, audio_codec=None, frame_size_px=None, audio_duration_s=NAN, av_offset_s=NAN
    ),
    speech=SpeechMetrics(
        5.0, None, 0.0, NAN, NAN, (Pause(0.0, 5.0, "before"),), (), word_count=None
    ),
    fillers=(),
    voice=VoiceMetrics(*[NAN] * 8),
    gaze=replace(FULL.gaze, coverage_ratio=NAN, eye_contact_ratio=NAN, away=(), calibration="none"),
    posture=PostureMetrics(0.0, NAN, NAN, NAN, NAN, NAN, (), (), ()),
    content=ContentMetrics(conclusion_s=None),
)
TEXT = replace(
    FULL,
    take_id=HOSTILE,
    transcript=Transcript("ja", 1.0, "base", (Word(0.0, 1.0, HOSTILE, 1.0),)),
    warnings=(Caution("x", HOSTILE),),
    provenance=replace(PROVENANCE, options={HOSTILE: HOSTILE}),
)
CASES = {"full": FULL, "nothing": NOTHING, "not a number": UNMEASURED, "hostile text": TEXT}


def same(a, b) -> bool:
    """Equal, with NaN equal to NaN: NaN survives as what is written for it."""
    return repr(a) == repr(b)


class TestRoundTrip:
    @pytest.mark.parametrize("case", CASES)
    def test_there_and_back(self, case):
        analysis = CASES[case]
        again = from_json(to_json(analysis))
        assert same(again, analysis)
        if case != "not a number":  # there NaN != NaN, by definition
            assert again == analysis

    @pytest.mark.parametrize("case", CASES)
    def test_strict_json_with_the_names_of_the_fields(self, case):
        def refuse(constant):
            raise AssertionError(constant)

        data = json.loads(to_json(CASES[case]), parse_constant=refuse)
        assert list(data) == list(AnswerAnalysis.__slots__)

    def test_japanese_stays_readable(self):
        assert "志望動機は？" in to_json(FULL)

    def test_a_name_that_is_no_unicode_can_still_be_written(self, tmp_path):
        path = tmp_path / "analysis.json"
        path.write_text(to_json(replace(FULL, take_id=LONE_SURROGATE)), encoding="utf-8")
        assert read_analysis(path).take_id == LONE_SURROGATE

    def test_infinity_is_not_measured(self):
        loud = replace(FULL, voice=replace(FULL.voice, snr_db=math.inf))
        assert math.isnan(from_json(to_json(loud)).voice.snr_db)

    def test_numbers_of_numpy(self):
        voice = replace(FULL.voice, snr_db=np.float32(41.5), level_dbfs=np.float64(-20.5))
        assert from_json(to_json(replace(FULL, voice=voice))) == FULL

    def test_a_field_of_a_later_version_of_the_same_schema_is_passed_over(self):
        data = json.loads(to_json(FULL))
        data["voice"]["jitter"] = 1.0
        assert from_json(json.dumps(data)) == FULL

    def test_a_missing_field_with_a_default_takes_it(self):
        data = json.loads(to_json(FULL))
        del data["transcript"]["words"][0]["space_before"]
        assert from_json(json.dumps(data)) == FULL

    def test_read_from_a_file(self, tmp_path):
        path = tmp_path / "analysis.json"
        path.write_text(to_json(FULL), encoding="utf-8")
        assert read_analysis(path) == FULL


def changed(path: str, value) -> str:
    data = json.loads(to_json(FULL))
    *way, last = path.split(".")
    at = data
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if value is ...:
        del at[last]
    else:
        at[int(last) if isinstance(at, list) else last] = value
    return json.dumps(data)


class TestRefused:
    @pytest.mark.parametrize(
        "text", ["", "{", to_json(FULL)[:-20], "nothing", "[" * 100_000, "{'a': 1}"]
    )
    def test_broken(self, text):
        with pytest.raises(AnalysisUnreadable, match="not valid JSON"):
            from_json(text)

    @pytest.mark.parametrize("text", ["[]", "3", '"x"', "null", "{}", '{"schema": 1, "takes": []}'])
    def test_foreign(self, text):
        with pytest.raises(AnalysisUnreadable, match="not an analysis of mensetsu"):
            from_json(text)

    @pytest.mark.parametrize("schema", [SCHEMA + 1, 99])
    def test_newer(self, schema):
        with pytest.raises(AnalysisUnreadable, match=f"newer mensetsu.*{schema}.*update"):
            from_json(changed("schema", schema))

    @pytest.mark.parametrize("schema", ["1", None, 1.5, True])
    def test_no_schema_number(self, schema):
        with pytest.raises(AnalysisUnreadable):
            from_json(changed("schema", schema))

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("take_id", 5),
            ("take_id", None),
            ("media", None),
            ("media", []),
            ("media.duration_s", "long"),
            ("media.duration_s", True),
            ("media.duration_s", 10**400),
            ("media.frame_size_px", [1, 2, 3]),
            ("media.channels", 1.5),
            ("media.channels", True),
            ("media.name", ...),
            ("speech.pauses", {}),
            ("speech.pauses.0", 3),
            ("speech.answer.end", 0.0),
            ("speech.answer.start", None),
            ("speech.word_count", "60"),
            ("fillers.0.counted", 1),
            ("transcript.words", "words"),
            ("gaze.yaw", None),
            ("gaze.yaw", [1, 2]),
            ("gaze.yaw.values", ["a", 1, 2]),
            ("gaze.yaw.values", [1.0]),
            ("gaze.yaw.times", [0.2, 0.1, 0.0]),
            ("gaze.yaw.unit", ...),
            ("provenance.libraries", []),
            ("provenance.libraries", {"av": 17}),
            ("warnings", "noisy"),
            ("question.band_s", [1]),
        ],
    )
    def test_wrong_types(self, path, value):
        with pytest.raises(AnalysisUnreadable, match="damaged analysis"):
            from_json(changed(path, value))

    def test_the_file_is_named(self, tmp_path):
        path = tmp_path / "答え.json"
        path.write_text("{", encoding="utf-8")
        with pytest.raises(AnalysisUnreadable, match=r"答え\.json"):
            read_analysis(path)

    @pytest.mark.parametrize("content", [None, b"\xff\xfe\x00{"])
    def test_missing_or_not_text(self, tmp_path, content):
        path = tmp_path / "analysis.json"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(AnalysisUnreadable, match=r"analysis\.json can't be read"):
            read_analysis(path)

    def test_a_folder(self, tmp_path):
        with pytest.raises(AnalysisUnreadable, match="can't be read"):
            read_analysis(tmp_path)


class TestSummary:
    @pytest.mark.parametrize("case", CASES)
    def test_exactly_the_keys_of_the_design_and_flat(self, case):
        found = summary(CASES[case])
        assert set(found) == DESIGN_KEYS | EXTRA_KEYS
        assert isinstance(found.pop("warnings"), list)
        assert all(v is None or isinstance(v, (int, float, str)) for v in found.values())
        json.dumps(found, allow_nan=False)

    def test_values(self):
        found = summary(FULL)
        expected = {
            "answer_s": 60.0,
            "latency_s": 1.0,
            "speaking_s": 28.0,
            "word_count": 60,
            "speech_rate_wpm": 60.0,
            "articulation_rate_wpm": 60 * 60 / 28,
            "syllable_rate_per_min": 90.0,
            "mora_rate_per_min": None,
            "character_rate_per_min": None,
            "pause_count": 1,
            "longest_silence_s": 32.0,
            "silences_over_30s": 1,
            "fillers_per_min": 2.0,
            "hesitation_count": 1,
            "hesitation_possible_count": 1,
            "lexical_filler_count": 1,
            "away_count": 1,
            "eye_contact_ratio": 0.75,
            "slouch_ratio": 0.1,
            "conclusion_s": 2.5,
            "language": "en",
            "model": "base",
            "schema": SCHEMA,
            "warnings": ["It is loud.", "顔が見えません。"],
        }
        assert {key: found[key] for key in expected} == expected

    def test_nothing_measured_is_null_not_zero(self):
        found = summary(NOTHING)
        known = {k for k, v in found.items() if v is not None}
        assert known == {"schema", "warnings", "duration_s", "frame_width_px", "frame_height_px"}

    def test_thresholds_are_told_apart_by_their_kind(self):
        made = FULL.provenance
        usual, slower, other_eyes = (
            summary(replace(FULL, provenance=replace(made, options={**made.options, **own})))
            for own in (
                {"speech.shortest_pause_s": 0.25, "sight.lens_yaw_deg": 7},
                {"speech.shortest_pause_s": 0.5, "sight.lens_yaw_deg": 7},
                {"speech.shortest_pause_s": 0.25, "sight.lens_yaw_deg": 8, "language": "ja"},
            )
        )
        assert usual["speech_settings"] != slower["speech_settings"]
        assert usual["sight_settings"] == slower["sight_settings"]
        assert usual["speech_settings"] == other_eyes["speech_settings"]
        assert usual["sight_settings"] != other_eyes["sight_settings"]

    def test_nobody_spoke(self):
        found = summary(replace(UNMEASURED, fillers=None, transcript=None))
        assert found["answer_s"] is None
        assert found["latency_s"] is None
        assert found["speaking_s"] == 0.0
        assert found["longest_silence_s"] == 5.0
        assert found["away_count"] is None
        assert found["fillers_per_min"] is None
        assert found["hesitation_count"] is None
