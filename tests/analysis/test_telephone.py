"""Telephone width: noticed by its bands, and widened without touching the band itself."""

import numpy as np
import pytest

from analysis.media import RATE_HZ
from analysis.telephone import (
    BandBalance,
    TelephoneOptions,
    is_telephone,
    measure_balance,
    widen,
)

OPTIONS = TelephoneOptions(low_below_db=16, high_below_db=40)
SECONDS = 20
HZ = np.fft.rfftfreq(SECONDS * RATE_HZ, 1 / RATE_HZ)
NOISE = np.random.default_rng(1).standard_normal(SECONDS * RATE_HZ)


def band(low_hz, high_hz):
    spectrum = np.fft.rfft(NOISE)
    spectrum[(low_hz > HZ) | (high_hz < HZ)] = 0
    return np.fft.irfft(spectrum, len(NOISE)).astype(np.float32)


def level_db(samples, low_hz, high_hz):
    power = np.square(np.abs(np.fft.rfft(samples)))
    return 10 * np.log10(power[(low_hz <= HZ) & (high_hz >= HZ)].sum())


class TestBalance:
    def test_of_noise_is_the_ratio_of_the_bandwidths(self):
        balance = measure_balance(NOISE.astype(np.float32))
        assert balance.low_db == pytest.approx(10 * np.log10(160 / 3100), abs=0.7)
        assert balance.high_db == pytest.approx(10 * np.log10(3300 / 3100), abs=0.5)

    @pytest.mark.parametrize(
        ("low_hz", "high_hz", "telephone"),
        [(300, 3400, True), (20, 3400, False), (300, 8000, False), (20, 8000, False)],
    )
    def test_both_sides_must_be_missing(self, low_hz, high_hz, telephone):
        assert is_telephone(measure_balance(band(low_hz, high_hz)), OPTIONS) is telephone

    @pytest.mark.parametrize("count", [0, 1, 511, 512, 5000])
    def test_nothing_is_no_telephone(self, count):
        balance = measure_balance(np.zeros(count, np.float32))
        assert balance == BandBalance(0.0, 0.0)
        assert not is_telephone(balance, OPTIONS)


class TestWiden:
    def test_the_band_stays_and_its_surroundings_are_filled(self):
        narrow = band(300, 3400)
        wide = widen(narrow)
        assert level_db(wide, 400, 3300) == pytest.approx(level_db(narrow, 400, 3300), abs=0.1)
        for low_hz, high_hz in ((70, 280), (4200, 6000)):
            missing_db = level_db(wide, 400, 3300) - level_db(wide, low_hz, high_hz)
            assert missing_db < 25
            assert level_db(wide, low_hz, high_hz) > level_db(narrow, low_hz, high_hz) + 30

    def test_no_seam_between_chunks(self, monkeypatch):
        narrow = band(300, 3400)
        whole = widen(narrow)
        monkeypatch.setattr("analysis.telephone._CHUNK", 1 << 16)
        assert widen(narrow) == pytest.approx(whole, abs=0.05 * float(np.abs(whole).max()))

    @pytest.mark.parametrize("count", [0, 1, 3000])
    def test_silence_stays_silence(self, count):
        assert np.array_equal(widen(np.zeros(count, np.float32)), np.zeros(count, np.float32))
