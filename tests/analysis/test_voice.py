"""Level, noise floor, SNR, f0 and the trace of signals whose truth is known."""

import math

import numpy as np
import pytest

from analysis.levels import LEVEL_STEP_S, Levels
from analysis.media import RATE_HZ
from analysis.timeline import Segment, Track
from analysis.voice import QUIETEST_DBFS, measure_voice, trace_voice, track_f0

LEVEL_TOLERANCE_DB = 1.0
F0_TOLERANCE_RATIO = 0.01
HELD_CHANGE = 1.1
"""a held vowel changes less within 100 ms, moving ones more"""
RNG = np.random.default_rng(3)


def seconds(duration_s):
    return np.arange(round(duration_s * RATE_HZ)) / RATE_HZ


def voice(f0_hz, duration_s, *, formants=(700, 1200, 2600), level_dbfs=-20.0):
    """A vowel: harmonics of f0 (a number or one per sample) under fixed formants."""
    t = seconds(duration_s)
    f0 = np.broadcast_to(np.asarray(f0_hz, dtype=float), t.shape)
    phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
    sound = np.zeros_like(t)
    for k in range(1, 40):
        at = k * f0
        gain = sum(1 / (1 + ((at - f) / 90) ** 2) for f in formants) + 0.003
        sound += np.where(at < 7500, gain, 0) * np.sin(k * phase) / math.sqrt(k)
    return at_level(sound, level_dbfs)


def at_level(sound, level_dbfs):
    return (sound / np.sqrt(np.mean(sound**2)) * 10 ** (level_dbfs / 20)).astype(np.float32)


def noise(duration_s, level_dbfs):
    return at_level(RNG.standard_normal(round(duration_s * RATE_HZ)), level_dbfs)


def levels_of(samples):
    step = round(LEVEL_STEP_S * RATE_HZ)
    whole = samples[: len(samples) // step * step].astype(np.float64)
    squares = np.mean(whole.reshape(-1, step) ** 2, axis=1)
    peak = float(np.abs(samples).max())
    return Levels(squares.astype(np.float32), peak, float(np.mean(np.abs(samples) >= 0.999)))


def measure(samples, speech):
    f0 = track_f0(samples, speech)
    return measure_voice(levels_of(samples), f0, speech, len(samples) / RATE_HZ)


def mix(speech_dbfs, noise_dbfs):
    """Voice at 2–6 s of 9 s, noise throughout."""
    samples = noise(9.0, noise_dbfs)
    samples[2 * RATE_HZ : 6 * RATE_HZ] += voice(120, 4.0, level_dbfs=speech_dbfs)
    return samples, (Segment(2.0, 6.0),)


class TestLevel:
    @pytest.mark.parametrize(
        ("speech_dbfs", "noise_dbfs"), [(-20, -60), (-20, -40), (-30, -50), (-12, -30), (-25, -45)]
    )
    def test_level_noise_and_snr(self, speech_dbfs, noise_dbfs):
        found, cautions = measure(*mix(speech_dbfs, noise_dbfs))
        together = 10 * math.log10(10 ** (speech_dbfs / 10) + 10 ** (noise_dbfs / 10))
        assert found.level_dbfs == pytest.approx(together, abs=LEVEL_TOLERANCE_DB)
        assert found.noise_floor_dbfs == pytest.approx(noise_dbfs, abs=LEVEL_TOLERANCE_DB)
        assert found.snr_db == pytest.approx(speech_dbfs - noise_dbfs, abs=LEVEL_TOLERANCE_DB)
        assert cautions == ()

    def test_noisy_is_said(self):
        found, cautions = measure(*mix(-30, -36))
        assert found.snr_db == pytest.approx(6, abs=LEVEL_TOLERANCE_DB)
        assert [c.code for c in cautions] == ["noisy"]

    def test_a_cough_in_a_silence_is_no_noise_floor(self):
        samples, speech = mix(-20, -60)
        samples[int(7.0 * RATE_HZ) : int(7.3 * RATE_HZ)] += noise(0.3, -15)
        found, _ = measure(samples, speech)
        assert found.noise_floor_dbfs == pytest.approx(-60, abs=LEVEL_TOLERANCE_DB)

    def test_digital_silence_has_a_floor(self):
        samples, speech = mix(-20, -200)
        samples[: 2 * RATE_HZ] = 0
        samples[6 * RATE_HZ :] = 0
        found, _ = measure(samples, speech)
        assert found.noise_floor_dbfs == QUIETEST_DBFS
        assert found.snr_db == pytest.approx(80, abs=LEVEL_TOLERANCE_DB)

    def test_speech_throughout_has_no_noise_floor(self):
        samples = voice(120, 3.0)
        found, cautions = measure(samples, (Segment(0.0, 3.0),))
        assert found.level_dbfs == pytest.approx(-20, abs=0.1)
        assert math.isnan(found.noise_floor_dbfs)
        assert math.isnan(found.snr_db)
        assert [c.code for c in cautions] == ["no-noise-floor"]

    def test_peak_and_clipping(self):
        samples, speech = mix(-20, -60)
        samples[3 * RATE_HZ : 3 * RATE_HZ + 1440] = 1.0
        found, _ = measure(samples, speech)
        assert found.peak_dbfs == pytest.approx(0, abs=0.01)
        assert found.clipped_ratio == pytest.approx(1440 / len(samples))

    def test_nobody_spoke(self):
        samples = noise(3.0, -50)
        assert measure(samples, ()) == (None, ())

    def test_dead_silent_speech_segment(self):
        found, _ = measure(np.zeros(3 * RATE_HZ, np.float32), (Segment(1.0, 2.0),))
        assert found.level_dbfs == QUIETEST_DBFS
        assert math.isnan(found.f0_median_hz)


class TestF0:
    @pytest.mark.parametrize("f0_hz", [75, 120, 210, 330])
    def test_median(self, f0_hz):
        samples = voice(f0_hz, 3.0)
        found, _ = measure(samples, (Segment(0.2, 2.8),))
        assert found.f0_median_hz == pytest.approx(f0_hz, rel=F0_TOLERANCE_RATIO)
        assert found.f0_spread_st == pytest.approx(0, abs=0.1)
        assert found.voiced_ratio > 0.95

    def test_in_noise(self):
        samples = voice(120, 3.0) + noise(3.0, -40)
        found, _ = measure(samples, (Segment(0.2, 2.8),))
        assert found.f0_median_hz == pytest.approx(120, rel=F0_TOLERANCE_RATIO)

    def test_spread(self):
        # Even glide over an octave in semitones: 10th to 90th percentile is 0.8 of 12.
        f0 = 100 * 2 ** (seconds(6.0) / 6.0)
        found, _ = measure(voice(f0, 6.0), (Segment(0.0, 6.0),))
        assert found.f0_spread_st == pytest.approx(9.6, abs=0.4)
        assert found.f0_median_hz == pytest.approx(100 * math.sqrt(2), rel=0.02)

    def test_two_levels_of_f0_in_two_segments(self):
        samples = np.concatenate([voice(100, 2.0), np.zeros(RATE_HZ, np.float32), voice(200, 2.0)])
        track = track_f0(samples, (Segment(0.0, 2.0), Segment(3.0, 5.0)))
        early = track.values[track.times < 2]
        late = track.values[track.times > 3]
        assert np.nanmedian(early) == pytest.approx(100, rel=F0_TOLERANCE_RATIO)
        assert np.nanmedian(late) == pytest.approx(200, rel=F0_TOLERANCE_RATIO)
        assert not ((track.times > 2.05) & (track.times < 2.95)).any()

    def test_noise_is_unvoiced(self):
        found, _ = measure(noise(3.0, -20), (Segment(0.0, 3.0),))
        assert found.voiced_ratio < 0.1
        assert math.isnan(found.f0_median_hz)

    def test_too_little_voice_is_not_measured(self):
        samples = np.zeros(2 * RATE_HZ, np.float32)
        samples[:4800] = voice(120, 0.3)
        found, _ = measure(samples, (Segment(0.0, 0.3),))
        assert math.isnan(found.f0_spread_st)

    @pytest.mark.parametrize("within", [(), (Segment(0.5, 0.52),), (Segment(0.95, 1.0),)])
    def test_too_short_to_look(self, within):
        track = track_f0(voice(120, 1.0), within)
        assert isinstance(track, Track)
        assert track.unit == "Hz"
        assert len(track.times) <= 1

    def test_long_speech_is_read_in_blocks(self, monkeypatch):
        samples = voice(150, 8.0)
        whole = track_f0(samples, (Segment(0.0, 8.0),))
        monkeypatch.setattr("analysis.voice._BLOCK_S", 3.0)
        seen = []
        parts = track_f0(samples, (Segment(0.0, 8.0),), progress=seen.append)
        assert seen == pytest.approx([3.0, 6.0, 8.0])
        assert np.nanmedian(parts.values) == pytest.approx(np.nanmedian(whole.values), rel=1e-3)
        assert len(parts.times) == pytest.approx(len(whole.times), abs=15)


class TestTrace:
    def trace(self, sound):
        whole = (Segment(0.0, len(sound) / RATE_HZ),)
        return trace_voice(sound, track_f0(sound, whole))

    @pytest.mark.parametrize("f0_hz", [110, 200])
    def test_a_held_vowel(self, f0_hz):
        trace = self.trace(voice(f0_hz, 1.0))
        steps = trace.inside(Segment(0.2, 0.8))
        assert len(trace.times[steps]) == pytest.approx(60, abs=1)
        assert np.nanmean(trace.f0_st[steps]) == pytest.approx(12 * math.log2(f0_hz / 100), abs=0.1)
        assert trace.level_db[steps] == pytest.approx(-20.0, abs=LEVEL_TOLERANCE_DB)
        assert trace.change[steps].max() < HELD_CHANGE

    def test_a_moving_spectrum(self):
        vowels = [(300, 2200, 3000), (750, 1100, 2500), (320, 800, 2300), (500, 1900, 2600)] * 2
        moving = self.trace(np.concatenate([voice(120, 0.09, formants=f) for f in vowels]))
        steps = moving.inside(Segment(0.1, 0.6))
        assert np.median(moving.change[steps]) > HELD_CHANGE

    def test_noise_and_silence_have_no_pitch(self):
        for sound in (noise(2.0, -20), np.zeros(2 * RATE_HZ, np.float32)):
            assert np.isnan(self.trace(sound).f0_st).mean() > 0.9

    def test_times_jump_over_silences(self):
        sound = np.concatenate([voice(120, 1.0), np.zeros(RATE_HZ, np.float32), voice(120, 1.0)])
        f0 = track_f0(sound, (Segment(0.0, 1.0), Segment(2.0, 3.0)))
        trace = trace_voice(sound, f0)
        assert np.diff(trace.times).max() > 0.8
        assert trace.change[trace.inside(Segment(2.2, 2.8))].max() < HELD_CHANGE
