"""The sample takes against the truth beside them: plain measurements, nothing of mensetsu."""

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from recorder.questions import find_question, read_bank
from sample_media.takes import count_morae

FOLDER = Path(__file__).parents[2] / "sample_media"
NAMES = ("english_take", "japanese_take")
LARGEST_BYTES = 4_000_000
SHORTEST_S, LONGEST_S = 60, 150
WINDOW_S = 0.01
SILENT_DBFS = -50.0
SHORTEST_PAUSE_S = 0.25
EDGE_TOLERANCE_S = 0.1
DURATION_TOLERANCE_S = 0.1
LEVEL_TOLERANCE_DB = 1.0
BASELINE_S = 8.0


@pytest.fixture(scope="module", params=NAMES)
def truth(request):
    return json.loads((FOLDER / f"{request.param}.expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def levels(truth):
    """RMS of consecutive 10 ms windows of the clip in dB below full scale."""
    with av.open(str(FOLDER / truth["clip"])) as container:
        stream = container.streams.audio[0]
        blocks = [frame.to_ndarray()[0] for frame in container.decode(stream)]
        size = round(stream.rate * WINDOW_S)
    sound = np.concatenate(blocks).astype(np.float64)
    windows = sound[: sound.size // size * size].reshape(-1, size)
    return 10 * np.log10(np.mean(windows**2, axis=1) + 1e-12)


@pytest.fixture(scope="module")
def silences(levels):
    """Silences of 0.25 s or more between two loud windows, as (start, end) in s."""
    loud = np.flatnonzero(levels > SILENT_DBFS)
    gaps = [((a + 1) * WINDOW_S, b * WINDOW_S) for a, b in pairwise(loud)]
    return [(a, b) for a, b in gaps if b - a >= SHORTEST_PAUSE_S - WINDOW_S / 2]


def test_the_clip_is_small_and_is_the_one_of_the_truth(truth):
    data = (FOLDER / truth["clip"]).read_bytes()
    assert len(data) < LARGEST_BYTES
    assert hashlib.sha256(data).hexdigest() == truth["sha256"]


def test_streams_and_duration(truth):
    with av.open(str(FOLDER / truth["clip"])) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.codec_context.name == "h264"
        assert audio.codec_context.name == "aac"
        assert audio.channels == 1
        assert (video.width, video.height) == (1280, 720)
        assert video.average_rate == truth["frame"]["fps"]
        for stream in (video, audio):
            duration_s = float(stream.duration * stream.time_base)
            assert abs(duration_s - truth["duration_s"]) < DURATION_TOLERANCE_S
    assert SHORTEST_S <= truth["duration_s"] <= LONGEST_S


def test_the_pauses_agree_with_the_energy_of_the_sound(truth, silences):
    measured = np.array(silences)
    expected = np.array([(p["start"], p["end"]) for p in truth["pauses"]])
    assert measured.shape == expected.shape
    assert np.abs(measured - expected).max() < EDGE_TOLERANCE_S


def test_one_silence_is_longer_than_30_s(truth, silences):
    (expected,) = truth["silences_over_30_s"]
    (measured,) = [s for s in silences if s[1] - s[0] > 30]
    assert measured == pytest.approx((expected["start"], expected["end"]), abs=EDGE_TOLERANCE_S)
    assert expected in truth["pauses"]


def test_answer_begins_and_ends_with_the_sound(truth, levels):
    loud = np.flatnonzero(levels > SILENT_DBFS) * WINDOW_S
    assert loud[0] == pytest.approx(truth["answer"]["start"], abs=EDGE_TOLERANCE_S)
    assert loud[-1] + WINDOW_S == pytest.approx(truth["answer"]["end"], abs=EDGE_TOLERANCE_S)


def test_level_of_speech_and_room(truth, levels):
    time = np.arange(levels.size) * WINDOW_S
    speech = np.zeros(levels.size, bool)
    for part in truth["parts"]:
        speech |= (time >= part["start"]) & (time < part["end"])
    loud = levels[speech & (levels > levels.max() - 30)]
    level = 10 * np.log10(np.mean(10 ** (loud / 10)))
    assert level == pytest.approx(truth["speech_level_dbfs"], abs=LEVEL_TOLERANCE_DB)
    (silence,) = truth["silences_over_30_s"]
    quiet = levels[(time > silence["start"] + 0.1) & (time < silence["end"] - 0.1)]
    room = 10 * np.log10(np.mean(10 ** (quiet / 10)))
    assert room == pytest.approx(truth["room_tone_dbfs"], abs=LEVEL_TOLERANCE_DB)


def test_parts_fillers_and_pauses_tile_the_answer(truth):
    parts = truth["parts"]
    edges = [(a["end"], b["start"]) for a, b in pairwise(parts)]
    assert edges == [(p["start"], p["end"]) for p in truth["pauses"]]
    assert (parts[0]["start"], parts[-1]["end"]) == tuple(truth["answer"].values())
    hesitations = [p for p in parts if p["kind"] == "hesitation"]
    assert [h["start"] for h in truth["hesitations"]] == [p["start"] for p in hesitations]
    assert len(hesitations) >= 3
    for hesitation in hesitations:
        assert 0.25 <= hesitation["end"] - hesitation["start"] <= 0.8
    assert truth["lexical_fillers"]
    for filler in truth["lexical_fillers"]:
        (part,) = [p for p in parts if p["start"] == filler["start"]]
        assert part["text"].startswith(filler["text"])
        assert filler["start"] + 0.1 < filler["end"] <= part["end"]


def test_counts_are_those_of_the_parts(truth):
    said = [p for p in truth["parts"] if p["kind"] != "hesitation"]
    if truth["language"] == "en":
        assert truth["mora_count"] is None
        assert truth["word_count"] == sum(len(p["text"].split()) for p in said)
        assert 150 <= truth["word_count"] <= 200
    else:
        assert truth["word_count"] is None
        assert truth["mora_count"] == sum(count_morae(p["reading_kana"]) for p in said)


@pytest.mark.parametrize(
    ("kana", "morae"), [("ハイ", 2), ("シュッカ", 3), ("エート", 3), ("カンキョー", 4), ("", 0)]
)
def test_count_morae(kana, morae):
    assert count_morae(kana) == morae


def test_what_is_seen_lies_inside_the_take(truth):
    assert 2 <= len(truth["away"]) <= 3
    for segment in truth["away"]:
        assert BASELINE_S < segment["start"] < segment["end"] < truth["duration_s"]
        assert 2 <= segment["end"] - segment["start"] <= 4
    for segment in truth["slouch"]:
        assert BASELINE_S < segment["start"] < segment["end"] < truth["duration_s"]
        assert segment["end"] - segment["start"] >= 8


def test_the_question_is_in_the_bank(truth):
    assert find_question(read_bank(), truth["question_id"]).id == truth["question_id"]


def test_one_take_is_english_and_one_japanese():
    files = [FOLDER / f"{name}.expected.json" for name in NAMES]
    found = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    assert [t["language"] for t in found] == ["en", "ja"]
    assert [bool(t["slouch"]) for t in found] == [True, False]


def test_the_readme_names_origin_licence_and_checksum(truth):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for word in ("NASA", "public domain", "Apache-2.0", "CMU Arctic", "flite"):
        assert word in text
    assert truth["sha256"] in text
