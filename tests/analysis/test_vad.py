"""Voice activity on real speech with gaps of known length, and on everything that is no speech."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from analysis.media import RATE_HZ, read_sound
from analysis.timeline import Segment, extent, gaps, intersect, total
from analysis.vad import LENIENT, MEASURING, VadOptions, collect, detect_speech

SAMPLES = Path(__file__).parents[2] / "sample_media"
FOUND_RATIO = 0.95
EDGE_TOLERANCE_S = 0.3
MEAN_EDGE_TOLERANCE_S = 0.12
GAPS_S = (0.5, 0.75, 1.0, 0.5, 2.0, 0.6, 4.0, 0.5, 1.5, 31.0)
RNG = np.random.default_rng(4)


@pytest.fixture(scope="module", params=["english_take", "japanese_take"])
def take(request, tmp_path_factory):
    """Samples of a bundled take, and the truth about it."""
    name = request.param
    truth = json.loads((SAMPLES / f"{name}.expected.json").read_text(encoding="utf-8"))
    sound = read_sound(SAMPLES / f"{name}.mp4", tmp_path_factory.mktemp(name))
    return np.array(sound.samples), truth


def noise(duration_s, level_dbfs):
    samples = RNG.standard_normal(round(duration_s * RATE_HZ))
    return (samples * 10 ** (level_dbfs / 20)).astype(np.float32)


def tone(hz, duration_s, level=0.3):
    return (level * np.sin(2 * np.pi * hz * np.arange(duration_s * RATE_HZ) / RATE_HZ)).astype(
        np.float32
    )


def match(true_gaps, speech):
    """Return for each true gap its (start, end) error, or None where it was not found."""
    found = gaps(speech, extent(speech))
    errors = []
    for true in true_gaps:
        best = max(found, key=lambda g: total(intersect([g], [true])), default=None)
        if best is None or total(intersect([best], [true])) < 0.5 * true.duration_s:
            errors.append(None)
        else:
            errors.append((best.start - true.start, best.end - true.end))
    return errors


def assert_found(errors):
    hits = [e for e in errors if e is not None]
    assert len(hits) >= FOUND_RATIO * len(errors)
    edges = np.abs(np.array(hits))
    assert edges.max() < EDGE_TOLERANCE_S
    assert edges.mean() < MEAN_EDGE_TOLERANCE_S


class TestPauses:
    def test_of_the_take(self, take):
        samples, truth = take
        speech = detect_speech(samples, MEASURING)
        pauses = [Segment(p["start"], p["end"]) for p in truth["pauses"]]
        assert_found(match([p for p in pauses if p.duration_s >= 0.5], speech))
        answer = extent(speech)
        assert answer.start == pytest.approx(truth["answer"]["start"], abs=EDGE_TOLERANCE_S)
        assert answer.end == pytest.approx(truth["answer"]["end"], abs=EDGE_TOLERANCE_S)
        assert total(speech) == pytest.approx(truth["speaking_s"], rel=0.05)

    @pytest.mark.parametrize("room_dbfs", [-70, -42])  # speech at −22: an SNR of 48 and 20 dB
    def test_spliced(self, take, room_dbfs):
        samples, truth = take
        parts = [
            p for p in truth["parts"] if p["kind"] != "hesitation" and p["end"] - p["start"] > 1
        ]
        pieces, true_gaps, at = [], [], 0.0
        for part, gap_s in zip(parts, itertools.cycle(GAPS_S), strict=False):
            piece = samples[round(part["start"] * RATE_HZ) : round(part["end"] * RATE_HZ)]
            pieces += [piece, np.zeros(round(gap_s * RATE_HZ), np.float32)]
            at += len(piece) / RATE_HZ
            true_gaps.append(Segment(at, at + gap_s))
            at += gap_s
        spliced = np.concatenate(pieces[:-1])
        spliced += noise(len(spliced) / RATE_HZ, room_dbfs)
        errors = match(true_gaps[:-1], detect_speech(spliced, MEASURING))
        assert_found(errors)
        long = [e for e, g in zip(errors, true_gaps, strict=False) if g.duration_s > 30]
        assert long
        assert None not in long

    @pytest.mark.parametrize("gain_db", [-24, -12, 0, 12])
    def test_of_a_noisy_take_at_any_level(self, take, gain_db):
        # Silero alone loses most of a soft, noisy recording.
        samples, truth = take
        noisy = samples[: 40 * RATE_HZ] + noise(40, -42)
        speech = detect_speech(np.clip(noisy * np.float32(10 ** (gain_db / 20)), -1, 1), MEASURING)
        pauses = [Segment(p["start"], p["end"]) for p in truth["pauses"] if p["end"] < 34]
        assert_found(match([p for p in pauses if p.duration_s >= 0.5], speech))

    def test_no_speech_inside_the_long_silence(self, take):
        samples, truth = take
        (silence,) = truth["silences_over_30_s"]
        inner = Segment(silence["start"] + EDGE_TOLERANCE_S, silence["end"] - EDGE_TOLERANCE_S)
        assert total(intersect(detect_speech(samples, MEASURING), [inner])) == 0
        assert inner.duration_s > 30

    def test_lenient_covers_measuring_and_bridges(self, take):
        samples, _ = take
        piece = samples[: 30 * RATE_HZ]
        measured, lenient = detect_speech(piece, MEASURING), detect_speech(piece, LENIENT)
        assert total(intersect(measured, lenient)) == pytest.approx(total(measured), abs=0.1)
        assert len(lenient) < len(measured)


class TestBlocks:
    def test_long_sound_in_blocks_gives_the_same(self, take, monkeypatch):
        samples, _ = take
        whole = detect_speech(samples, MEASURING)
        monkeypatch.setattr("analysis.vad._BLOCK_S", 20.0)
        monkeypatch.setattr("analysis.vad._SEARCH_S", 6.0)
        seen = []
        parts = detect_speech(samples, MEASURING, progress=seen.append)
        assert len(seen) > len(samples) / RATE_HZ / 20
        assert seen == sorted(seen)
        assert seen[-1] == pytest.approx(len(samples) / RATE_HZ)
        common = total(intersect(whole, parts))
        assert common == pytest.approx(total(whole), rel=0.01)
        assert common == pytest.approx(total(parts), rel=0.01)
        starts = (
            np.array([[s.start, s.end] for s in whole]),
            np.array([[s.start, s.end] for s in parts]),
        )
        assert starts[0].shape == starts[1].shape
        assert np.abs(starts[0] - starts[1]).max() < EDGE_TOLERANCE_S

    def test_read_from_a_file_as_from_memory(self, take, tmp_path):
        samples, _ = take
        piece = samples[: 12 * RATE_HZ]
        piece.tofile(tmp_path / "a.f32")
        mapped = np.memmap(tmp_path / "a.f32", dtype=np.float32, mode="r")
        assert detect_speech(mapped, MEASURING) == detect_speech(piece, MEASURING)


BURSTS = (np.arange(10 * RATE_HZ) % RATE_HZ < RATE_HZ // 2).astype(np.float32)
NO_SPEECH = {
    "zeros": np.zeros(10 * RATE_HZ, np.float32),
    "faint noise": noise(10, -60),
    "loud noise": noise(10, -20),
    "hum of 50 Hz": tone(50, 10),
    "hum with overtones": tone(100, 10) + tone(200, 10, 0.1) + tone(300, 10, 0.1),
    "bursts of 220 Hz": tone(220, 10) * BURSTS,
    "bursts of 440 Hz": tone(440, 10) * BURSTS,
    "bursts of 1 kHz": tone(1000, 10) * BURSTS,
    "clicks": np.where(np.arange(10 * RATE_HZ) % 8000 < 16, 0.8, 0).astype(np.float32),
}


@pytest.mark.parametrize("options", [MEASURING, LENIENT], ids=["measuring", "lenient"])
@pytest.mark.parametrize("kind", NO_SPEECH)
def test_no_speech(kind, options):
    assert detect_speech(NO_SPEECH[kind], options) == ()


@pytest.mark.parametrize("count", [0, 1, 511, 512, 513, 64_000, 64_001, 80_000, 144_001])
def test_any_length(count):
    assert detect_speech(np.zeros(count, np.float32), MEASURING) == ()


def test_collect():
    samples = np.arange(4 * RATE_HZ, dtype=np.float32)
    found = collect(samples, (Segment(0.5, 1.0), Segment(3.0, 3.25)))
    assert len(found) == round(0.75 * RATE_HZ)
    assert found[0] == 0.5 * RATE_HZ
    assert found[-1] == 3.25 * RATE_HZ - 1
    assert len(collect(samples, ())) == 0


def test_the_measuring_pass_is_the_one_that_was_measured():
    measured = VadOptions(
        threshold=0.6, min_silence_ms=160, pad_ms=0, min_speech_ms=96, amplify=True
    )
    assert measured == MEASURING
