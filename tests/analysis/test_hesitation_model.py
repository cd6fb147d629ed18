"""From evidence to a probability, and from probabilities to a range of their number."""

import dataclasses
import math

import numpy as np
import pytest

from analysis.errors import AnalysisError
from analysis.hesitation_evidence import Evidence
from analysis.hesitation_model import FEATURES, count_range, features, read_hesitation_model
from analysis.results import Filler

SURE = Evidence(
    start=1.0,
    end=1.4,
    text="um",
    first=0.7,
    ratio=0.5,
    place_s=0.6,
    overlap_ratio=1.0,
    held_s=0.35,
    change=0.4,
    level_db=-3.0,
    free_s=0.4,
    opens=True,
    closes=True,
    extra=False,
    swallows=False,
    likeness=0.0,
    written=False,
)
NOTHING = dataclasses.replace(
    SURE,
    end=1.15,
    first=0.0001,
    ratio=-9.0,
    place_s=0.1,
    overlap_ratio=0.2,
    held_s=0.0,
    change=1.0,
    free_s=0.1,
    opens=False,
    closes=False,
)
LANGUAGES = ("en", "ja")


@pytest.fixture
def model():
    """No misses, nothing that differs from answer to answer."""
    return dataclasses.replace(
        read_hesitation_model("en"), missed_ratio=0.0, missed_least=0.0, spread=0.0
    )


def sounds(*probabilities):
    return [Filler(i, i + 0.3, "um", "acoustic", p, p >= 0.5) for i, p in enumerate(probabilities)]


class TestFeatures:
    def test_all_are_numbers_and_limited(self):
        odd = dataclasses.replace(
            SURE,
            first=0.0,
            ratio=-math.inf,
            change=math.nan,
            level_db=math.nan,
            free_s=400.0,
            end=90.0,
        )
        for evidence in (odd, dataclasses.replace(odd, first=1.0, ratio=math.inf)):
            values = features(evidence)
            assert len(values) == len(FEATURES)
            assert all(abs(v) <= 10 for v in values)

    def test_what_the_recogniser_wrote_has_no_ratio(self):
        one = features(dataclasses.replace(SURE, written=True))
        other = features(dataclasses.replace(SURE, written=True, first=0.0, ratio=-math.inf))
        assert one == other


@pytest.mark.parametrize("language", LANGUAGES)
class TestBundled:
    def test_a_clear_one_is_counted_and_nothing_is_not_shown(self, language):
        model = read_hesitation_model(language)
        assert model.probability(SURE) > model.count_from
        assert model.probability(NOTHING) < model.show_from

    def test_thresholds_are_ordered(self, language):
        model = read_hesitation_model(language)
        assert 0 < model.show_from < model.count_from < 1

    def test_more_of_the_recogniser_is_more(self, language):
        model = read_hesitation_model(language)
        sure = [
            model.probability(dataclasses.replace(SURE, held_s=0.0, change=1.0, first=f, ratio=r))
            for f, r in ((0.001, -8.0), (0.1, -3.0), (0.8, 1.0))
        ]
        assert sure == sorted(sure)
        assert sure[-1] > sure[0] + 0.2


def test_probability_is_the_logistic_of_slope_and_shift(model):
    plain = dataclasses.replace(
        model, weights=dict.fromkeys(FEATURES, 0.0), intercept=2.0, slope=0.5, shift=-1.0
    )
    assert plain.probability(SURE) == pytest.approx(0.5)
    tilted = dataclasses.replace(plain, weights={**plain.weights, "opens": 2.0})
    assert tilted.probability(SURE) == pytest.approx(1 / (1 + math.exp(-1)))


class TestRange:
    def test_nothing_found_nothing_missed(self, model):
        assert count_range([], model) == type(count_range([], model))(0, 0, model.level_ratio)

    def test_sure_ones_leave_no_doubt(self, model):
        limits = count_range(sounds(*[0.999] * 8), model)
        assert (limits.low, limits.high) == (8, 8)

    def test_doubtful_ones_widen_it(self, model):
        limits = count_range(sounds(*[0.999] * 4, *[0.5] * 6), model)
        assert 4 <= limits.low < 7 < limits.high <= 10

    def test_words_do_not_matter(self, model):
        word = Filler(9.0, 9.3, "like", "word", 0.9, counted=True)
        assert count_range([*sounds(0.9), word], model) == count_range(sounds(0.9), model)

    def test_what_is_missed_raises_the_upper_end(self, model):
        some = sounds(*[0.999] * 10)
        missing = dataclasses.replace(model, missed_ratio=0.2)
        assert count_range(some, missing).low == 10
        assert count_range(some, missing).high > 11
        overlooked = dataclasses.replace(model, missed_least=1.0)
        assert count_range([], overlooked).high >= 2

    def test_spread_widens_it(self, model):
        some = sounds(*[0.7] * 10)
        narrow, wide = (count_range(some, dataclasses.replace(model, spread=s)) for s in (0.0, 1.5))
        assert wide.low < narrow.low
        assert wide.high > narrow.high

    @pytest.mark.parametrize("spread", [0.0, 1.0])
    def test_it_holds_the_true_number_as_often_as_it_says(self, model, spread):
        random = np.random.default_rng(1)
        model = dataclasses.replace(model, spread=spread, missed_ratio=0.1)
        inside, tries = 0, 400
        for _ in range(tries):
            chances = random.uniform(0.1, 0.95, 12)
            z = random.normal()
            true = 1 / (1 + np.exp(-(np.log(chances / (1 - chances)) + z * spread)))
            missed = random.poisson(0.1 * true.sum() * math.exp(z * spread / 2))
            count = int((random.random(12) < true).sum() + missed)
            limits = count_range(sounds(*chances), model)
            inside += limits.low <= count <= limits.high
        assert model.level_ratio - 0.04 <= inside / tries <= 1.0


class TestOverride:
    def read(self, tmp_path, text, language="en"):
        file = tmp_path / "hesitations.toml"
        file.write_text(text, encoding="utf-8")
        return read_hesitation_model(language, file)

    def test_only_what_is_named(self, tmp_path):
        ours = read_hesitation_model("en")
        own = self.read(tmp_path, "[en]\ncount_from = 0.8\n[en.weights]\nopens = 3.5\n")
        assert own == dataclasses.replace(
            ours, count_from=0.8, weights={**ours.weights, "opens": 3.5}
        )
        assert self.read(tmp_path, "[en]\ncount_from = 0.8\n", "ja") == read_hesitation_model("ja")
        # Ours are as they were.
        assert read_hesitation_model("en") == ours

    def test_no_file(self, tmp_path):
        assert read_hesitation_model("en", tmp_path / "none.toml") == read_hesitation_model("en")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("count_from = ", "has a mistake"),
            ("[de]\ncount_from = 0.5", r"unknown table \[de\]"),
            ("count_from = 0.5", r"unknown table \[count_from\]"),
            ("[en]\ncountfrom = 0.5", "unknown key 'countfrom'"),
            ("[en]\ncount_from = 1.5", "must lie between"),
            ("[en]\ncount_from = 'a'", "must be a number"),
            ("[en]\ncount_from = true", "must be a number"),
            ("[en]\nspread = nan", "must be a number"),
            ("[en]\nweights = 3", "must be a table"),
            ("[en.weights]\nnothing = 3", "unknown measure 'nothing'"),
            ("[en.weights]\nopens = 1e9", "must lie between"),
        ],
    )
    def test_a_mistake_names_the_file(self, tmp_path, text, message):
        with pytest.raises(AnalysisError, match=message) as caught:
            self.read(tmp_path, text)
        assert str(tmp_path / "hesitations.toml") in str(caught.value)
