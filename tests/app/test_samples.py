"""The bundled takes, and the self-test: the whole program against a truth it has not measured."""

import json
from dataclasses import replace

import pytest

from analysis.results import Pause
from analysis.storage import read_analysis
from app import samples


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_the_truth_of_a_sample_is_complete(name):
    truth = samples.read_truth(name)
    assert truth["language"] == {"english_take": "en", "japanese_take": "ja"}[name]
    assert len(truth["silences_over_30_s"]) == 1


def test_a_copy_is_the_sample_and_replaces_a_broken_one(tmp_path):
    (tmp_path / "english_take.mp4").write_bytes(b"half")
    path = samples.copy_sample(samples.ENGLISH, tmp_path)
    assert path.stat().st_size > 1e6


def test_the_demo_without_a_place_to_write(mensetsu, monkeypatch):
    monkeypatch.setenv("MENSETSU_HOME", "/proc/nowhere")
    for command in ("demo", "selftest"):
        done = mensetsu(command)
        assert done.code == 1
        assert done.err.startswith("mensetsu: /proc/nowhere/demo/english_take.mp4 can't be written")
        assert len(done.err.splitlines()) == 1


@pytest.fixture
def truth(take):
    """A truth that the clip's analysis meets."""
    analysis = read_analysis(take / "analysis.json")
    span = [{"start": p.start, "end": p.end} for p in analysis.speech.pauses_inside]
    answer = analysis.speech.answer
    return analysis, {
        "language": "en",
        "answer": {"start": answer.start, "end": answer.end},
        "silences_over_30_s": [],
        "pauses": span,
        "word_count": analysis.speech.word_count,
        "mora_count": None,
        "speech_level_dbfs": analysis.voice.level_dbfs,
        "hesitations": [{"start": f.start, "end": f.end} for f in analysis.hesitations],
        "lexical_fillers": [],
        "away": [],
        "slouch": [],
    }


def off(analysis, truth):
    return {row.what for row in samples.compare(analysis, truth) if row.good is False}


def test_a_true_analysis_passes(truth):
    assert off(*truth) == set()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"language": "ja"}, "language"),
        ({"answer": {"start": 1.6, "end": 14.0}}, "answer"),
        ({"silences_over_30_s": [{"start": 3, "end": 40}]}, "silences over 30 s"),
        ({"pauses": [{"start": 3.0, "end": 4.0}]}, "pauses ≥ 0.5 s"),
        ({"word_count": 40}, "words"),
        ({"speech_level_dbfs": -10.0}, "voice level"),
        ({"hesitations": [{"start": 12.0, "end": 12.4}]}, "fillers, both kinds"),
        ({"lexical_fillers": [{"start": 9.0, "end": 9.4}]}, "fillers, both kinds"),
        ({"away": [{"start": 5.0, "end": 8.0}]}, "looking away"),
        ({"slouch": [{"start": 5.0, "end": 8.0}]}, "slouching"),
    ],
)
def test_a_wrong_number_is_told(truth, change, what):
    analysis, data = truth
    assert what in off(analysis, {**data, **change})


def test_edges_of_a_silence_are_compared(truth):
    analysis, data = truth
    long = Pause(20.0, 51.0, "inside")
    speech = replace(analysis.speech, pauses=(*analysis.speech.pauses, long))
    wrong = {**data, "silences_over_30_s": [{"start": 20.0, "end": 51.4}]}
    assert "  its edges" in off(replace(analysis, speech=speech), wrong)


def test_nobody_spoke(truth):
    analysis, data = truth
    assert off(replace(analysis, speech=None, transcript=None), data) == {"language", "speech"}


def test_selftest(program):
    """Both samples, every number against what is known from their making."""
    done = program("selftest", "--json", timeout=600)
    rows = json.loads(done.out)
    wrong = [(name, row) for name, table in rows.items() for row in table if row["good"] is False]
    assert wrong == []
    assert set(rows) == set(samples.SAMPLES)
    assert all(len(table) > 10 for table in rows.values())
    assert (done.code, done.err) == (0, "")
