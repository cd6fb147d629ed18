"""Voice activity on real speech with gaps of known length, and on everything that is no speech."""

import itertools
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.foreground import background_doubts
from analysis.media import RATE_HZ, read_sound
from analysis.settings import read_settings
from analysis.telephone import TelephoneOptions
from analysis.timeline import Segment, extent, gaps, intersect, total
from analysis.vad import (
    LENIENT,
    MEASURING,
    VoiceActivity,
    choose_passages,
    collect,
    detect_speech,
    lenient_options,
    measure_voice_activity,
    measuring_options,
)

SAMPLES = Path(__file__).parents[2] / "sample_media"
FOUND_RATIO = 0.95
EDGE_TOLERANCE_S = 0.3
MEAN_EDGE_TOLERANCE_S = 0.12
CLEAN_EDGE_TOLERANCE_S = 0.03
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


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def voice_of(samples, truth):
    return np.concatenate(
        [
            samples[round(p["start"] * RATE_HZ) : round(p["end"] * RATE_HZ)]
            for p in truth["parts"]
            if p["kind"] == "speech"
        ]
    )


def faster(samples, factor):
    """Another speaker, crudely: the same one, faster and higher."""
    return np.interp(np.arange(0, len(samples) - 1, factor), np.arange(len(samples)), samples)


def other_people(count):
    """Five speakers at once without a pause, RMS 1, from both bundled takes."""
    mixed = np.zeros(count)
    for number, factor in enumerate((1.0, 0.85, 1.15, 0.93, 1.08)):
        name = ("japanese_take", "english_take")[number % 2]
        truth = json.loads((SAMPLES / f"{name}.expected.json").read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            sound = np.array(read_sound(SAMPLES / f"{name}.mp4", Path(folder)).samples)
        talk = faster(voice_of(sound, truth), factor)
        mixed += np.resize(np.roll(talk / rms(talk), number * 7 * RATE_HZ), count)
    return mixed / rms(mixed)


@pytest.fixture(scope="module")
def crowded(take):
    samples, truth = take
    people = other_people(len(samples))
    level = rms(voice_of(samples, truth)) * 10 ** (-10 / 20)
    return (samples + level * people).astype(np.float32), truth


@pytest.mark.parametrize("take", ["english_take"], indirect=True)
class TestOtherPeople:
    """People who talk 10 dB below the candidate, all the time."""

    def test_the_long_silence_is_found_among_them(self, crowded):
        samples, truth = crowded
        (silence,) = truth["silences_over_30_s"]
        true = Segment(silence["start"], silence["end"])
        activity = measure_voice_activity(samples, MEASURING)
        whole = Segment(0.0, len(samples) / RATE_HZ)
        (found,) = [g for g in gaps(activity.speech, whole) if g.duration_s > 30]
        assert found.start == pytest.approx(true.start, abs=EDGE_TOLERANCE_S)
        assert found.end == pytest.approx(true.end, abs=EDGE_TOLERANCE_S)
        assert activity.foreground.gated
        assert total(activity.speech) == pytest.approx(truth["speaking_s"], rel=0.1)

    def test_without_the_gate_it_is_lost(self, crowded):
        samples, truth = crowded
        (silence,) = truth["silences_over_30_s"]
        inner = Segment(silence["start"] + 1, silence["end"] - 1)
        everybody = replace(MEASURING, foreground=None)
        assert total(intersect(detect_speech(samples, everybody), [inner])) > 0.5

    def test_they_are_said(self, crowded):
        samples, _ = crowded
        activity = measure_voice_activity(samples, MEASURING)
        (doubt,) = background_doubts(activity.foreground, activity.others, MEASURING.foreground)
        assert doubt.code == "background-voices"
        assert not intersect(activity.others, activity.speech)

    def test_nobody_is_no_one_else(self, take):
        samples, _ = take
        activity = measure_voice_activity(samples, MEASURING)
        assert not activity.foreground.gated
        assert activity.others == ()
        assert background_doubts(activity.foreground, (), MEASURING.foreground) == ()


class TestSoftSpeech:
    def test_a_passage_15_db_softer_stays(self, take):
        samples, truth = take
        parts = [p for p in truth["parts"] if p["kind"] == "speech"][2:6]
        softer = samples.copy()
        cut = slice(round(parts[0]["start"] * RATE_HZ), round(parts[-1]["end"] * RATE_HZ))
        softer[cut] *= 10 ** (-15 / 20)
        found = detect_speech(softer, MEASURING)
        span = Segment(parts[0]["start"], parts[-1]["end"])
        before = total(intersect(detect_speech(samples, MEASURING), [span]))
        assert total(intersect(found, [span])) == pytest.approx(before, rel=0.1)


class TestEdges:
    def test_clean_edges_are_good_to_a_few_hundredths(self, take):
        samples, truth = take
        pauses = [Segment(p["start"], p["end"]) for p in truth["pauses"]]
        errors = match(
            [p for p in pauses if p.duration_s >= 0.5], detect_speech(samples, MEASURING)
        )
        assert None not in errors
        assert np.abs(np.array(errors)).mean() < CLEAN_EDGE_TOLERANCE_S

    def test_a_cut_elsewhere_gives_the_same_pauses(self, take):
        samples, _ = take
        whole = detect_speech(samples, MEASURING)
        shift = 12_345
        moved = detect_speech(samples[shift : 40 * RATE_HZ], MEASURING)
        shifted = [Segment(s.start + shift / RATE_HZ, s.end + shift / RATE_HZ) for s in moved]
        inner = Segment(3.0, 38.0)
        before, after = (
            [g for g in gaps(s, inner) if g.duration_s >= 0.5] for s in (whole, shifted)
        )
        assert len(before) == len(after) > 3
        for one, two in zip(before, after, strict=True):
            assert one.start == pytest.approx(two.start, abs=0.05)
            assert one.end == pytest.approx(two.end, abs=0.05)


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(0.2 * RNG.standard_normal(4000), id="a hiss"),
        pytest.param(0.3 * np.sin(np.arange(8000) * 2 * np.pi * 1000 / RATE_HZ), id="a beep"),
        pytest.param(
            0.8 * np.exp(-np.arange(4000) / 400) * RNG.standard_normal(4000), id="a knock"
        ),
    ],
)
def test_a_loud_sound_in_a_silence_is_no_speech(take, sound):
    samples, truth = take
    (silence,) = truth["silences_over_30_s"]
    at = round((silence["start"] + 10) * RATE_HZ)
    louder = samples.copy()
    louder[at : at + len(sound)] += sound.astype(np.float32)
    inner = Segment(silence["start"] + EDGE_TOLERANCE_S, silence["end"] - EDGE_TOLERANCE_S)
    assert total(intersect(detect_speech(louder, MEASURING), [inner])) == 0


def band(samples, low_hz, high_hz):
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    spectrum[(hz < low_hz) | (hz > high_hz)] = 0
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)


class TestTelephone:
    @pytest.mark.parametrize("low_hz", [300, 150])
    def test_pauses_of_a_take(self, take, low_hz):
        samples, truth = take
        speech = detect_speech(band(samples, low_hz, 3400), MEASURING)
        pauses = [Segment(p["start"], p["end"]) for p in truth["pauses"]]
        assert_found(match([p for p in pauses if p.duration_s >= 0.5], speech))

    def test_widened_sound_is_heard_better(self, take):
        samples, _ = take
        narrow = band(samples[: 40 * RATE_HZ], 300, 3400)
        never = replace(MEASURING, telephone=TelephoneOptions(low_below_db=999, high_below_db=999))
        strict = replace(MEASURING, threshold=0.85, islands=None)
        heard, unwidened = (
            total(detect_speech(narrow, o))
            for o in (strict, replace(strict, telephone=never.telephone))
        )
        assert heard > unwidened + 0.5


class TestPassages:
    LENIENT = (Segment(0.8, 9.0), Segment(20.0, 22.0))
    SPEECH = (Segment(1.0, 2.0), Segment(8.0, 9.3))

    def test_the_lenient_ones_with_speech_and_a_margin(self):
        activity = VoiceActivity(self.SPEECH, (), None)
        assert choose_passages(activity, self.LENIENT, pad_s=0.2) == (Segment(0.8, 9.5),)

    def test_nothing_of_other_people(self):
        activity = VoiceActivity(self.SPEECH, (Segment(2.0, 8.0),), None)
        heard = choose_passages(activity, self.LENIENT, pad_s=0.2)
        assert heard == (Segment(0.8, 2.5), Segment(7.5, 9.5))


def test_a_user_changes_a_threshold(tmp_path):
    own = tmp_path / "speech.toml"
    own.write_text("[vad.threshold]\nvalue = 0.4\n[vad.lenient_pad_ms]\nvalue = 300\n")
    settings = read_settings(own)
    assert measuring_options(settings) == replace(MEASURING, threshold=0.4)
    assert lenient_options(settings) == replace(LENIENT, pad_ms=300)
