"""Is a change between two takes more than what a measure moves by itself?"""

import math

import pytest

from analysis.storage import summary
from reports.errors import ReportError
from reports.measures import read_measures
from reports.repeat_noise import FILE, KINDS, RepeatNoise, noise_of, read_repeat_noise

NOISE = {
    "pause_count": RepeatNoise("pause_count", "absolute", "pauses", 0.4, 1.1, 50, "made up"),
    "pause_count.ja": RepeatNoise("pause_count.ja", "absolute", "pauses", 0.9, 2.5, 20, "made up"),
    "speech_rate_wpm": RepeatNoise("speech_rate_wpm", "relative", "wpm", 0.01, 0.03, 50, "x"),
}

EXACT = {"silences_over_30s"}
"""counts in which a change of one is no chance"""
MEASURED = {
    *("answer_s", "latency_s", "speaking_s", "pause_count", "longest_silence_s"),
    *("level_dbfs", "noise_floor_dbfs", "snr_db", "f0_spread_st"),
    *("word_count", "speech_rate_wpm", "articulation_rate_wpm", "mora_rate_per_min"),
    *("fillers_per_min", "hesitation_count", "lexical_filler_count"),
    *("eye_contact_ratio", "away_count", "notes_looks_per_min", "slouch_ratio"),
    *("side_lean_ratio", "shoulder_tilt_ratio", "lean_in_ratio"),
    *("pace_wpm", "pace_characters_per_min", "clipped_ratio", "soft_end_ratio"),
    *("gaze_coverage_ratio", "posture_coverage_ratio"),
}


def is_real(measure, before, after, *, language=None, noise=None):
    """Whether a change counts, as the comparison decides it."""
    return abs(after - before) > noise_of(measure, language, noise).limit(before, after) + 1e-9


class TestIsReal:
    def test_absolute(self):
        assert is_real("pause_count", 5, 7, noise=NOISE) is True
        assert is_real("pause_count", 5, 6, noise=NOISE) is False
        assert is_real("pause_count", 7, 5, noise=NOISE) is True
        assert is_real("pause_count", 0, 0, noise=NOISE) is False

    def test_exactly_the_limit_is_no_change(self):
        assert is_real("pause_count", 1.0, 2.1, noise=NOISE) is False

    def test_relative_to_the_mean_of_both(self):
        assert is_real("speech_rate_wpm", 150.0, 153.0, noise=NOISE) is False
        assert is_real("speech_rate_wpm", 150.0, 156.0, noise=NOISE) is True
        assert is_real("speech_rate_wpm", 75.0, 78.0, noise=NOISE) is True
        assert is_real("speech_rate_wpm", 0.0, 0.0, noise=NOISE) is False
        assert is_real("speech_rate_wpm", 0.0, 100.0, noise=NOISE) is True

    def test_a_language_with_figures_of_its_own(self):
        assert is_real("pause_count", 5, 7, language="ja", noise=NOISE) is False
        assert is_real("pause_count", 5, 7, language="en", noise=NOISE) is True

    def test_what_counts_may_be_more_than_the_noise(self):
        entry = RepeatNoise("x", "absolute", "s", 0.1, 0.3, 50, "made up", counts_from=1.0)
        assert is_real("x", 2.0, 2.9, noise={"x": entry}) is False
        assert is_real("x", 2.0, 3.1, noise={"x": entry}) is True
        assert entry.limit(2.0, 3.1) == 1.0

    def test_a_share_with_a_least_size(self):
        entry = RepeatNoise("x", "relative", "", 0.1, 0.3, 50, "", counts_from=0.4, at_least=1.5)
        assert entry.limit(1, 2) == 1.5
        assert entry.limit(8, 12) == pytest.approx(4.0)
        assert entry.limit(0, 1) == entry.limit(0, 2) == 1.5

    def test_little_speech_makes_the_limit_wider(self):
        entry = RepeatNoise("x", "relative", "", 0.0, 0.0, 50, "", 0.08, steady_from_s=30.0)
        assert entry.limit(100.0, 100.0) == pytest.approx(8.0)
        assert entry.limit(100.0, 100.0, talk_s=60.0) == pytest.approx(8.0)
        assert entry.limit(100.0, 100.0, talk_s=15.0) == pytest.approx(16.0)
        assert entry.limit(100.0, 100.0, talk_s=0.0) == pytest.approx(8.0)

    def test_the_noise_of_a_measure(self):
        assert noise_of("pause_count", "ja", NOISE) is NOISE["pause_count.ja"]
        assert noise_of("pause_count", "en", NOISE) is NOISE["pause_count"]
        assert noise_of("pause_count", None, NOISE) is NOISE["pause_count"]
        assert noise_of("never_heard_of", None, NOISE) is None
        assert noise_of("pause_count") == read_repeat_noise()["pause_count"]

    def test_a_measure_without_known_noise(self):
        assert noise_of("eye_contact_ratio", None, NOISE) is None


class TestOurs:
    def test_each_entry_is_whole(self):
        noise = read_repeat_noise()
        assert set(noise) >= MEASURED
        for name, entry in noise.items():
            assert entry.measure == name
            assert entry.kind in KINDS
            assert entry.n >= 10, name
            assert len(entry.source) > 10
            # 95 % of the differences of two: at least 1.96 * sqrt(2) standard deviations of one.
            assert entry.limit_95 >= 1.96 * math.sqrt(2) * entry.sd * 0.99

    def test_a_change_counts_only_beyond_everything_that_was_seen(self):
        for name, entry in read_repeat_noise().items():
            assert entry.counts_from is not None, name
            assert entry.counts_from > 0, name
            if entry.at_least == 0:
                assert entry.counts_from >= 0.99 * entry.limit_95, name
            if name.partition(".")[0].endswith("_count") and entry.measure != "word_count":
                assert entry.limit(0, 1) > 1, name
        for name in EXACT:
            assert is_real(name, 0, 1) is True

    def test_every_judged_measure_has_a_limit(self):
        assert {m.id for m in read_measures().values()} <= set(read_repeat_noise())

    def test_big_changes_are_real_and_small_ones_are_not(self):
        assert is_real("answer_s", 60.0, 120.0) is True
        assert is_real("answer_s", 60.0, 60.001) is False
        assert is_real("speech_rate_wpm", 100.0, 160.0) is True
        assert is_real("speech_rate_wpm", 130.0, 130.1) is False

    def test_every_measure_is_a_key_of_the_summary(self, answers):
        keys = set(summary(answers["full"]()))
        assert {name.partition(".")[0] for name in read_repeat_noise()} <= keys


class TestOwn:
    @pytest.fixture
    def own(self, tmp_path):
        def write(text, encoding="utf-8"):
            path = tmp_path / FILE
            path.write_text(text, encoding=encoding)
            return path

        return write

    def test_it_overrides_only_what_it_names(self, own):
        before = read_repeat_noise()
        noise = read_repeat_noise(own("[answer_s]\nlimit_95 = 5\n", "utf-8-sig"))
        assert noise["answer_s"].limit_95 == 5.0
        assert noise["answer_s"].sd == before["answer_s"].sd
        assert noise["answer_s"].source == "your own choice"
        assert is_real("answer_s", 60.0, 64.0, noise=noise) is False
        assert noise["level_dbfs"] == before["level_dbfs"]
        assert read_repeat_noise()["answer_s"] == before["answer_s"]

    def test_a_file_from_before_there_was_more_than_a_limit_works_as_it_did(self, own):
        noise = read_repeat_noise(own("[pause_count]\nlimit_95 = 2\nkind = 'absolute'\n"))
        assert noise["pause_count"].counts_from is None
        assert is_real("pause_count", 10, 13, noise=noise) is True
        assert is_real("pause_count", 10, 12, noise=noise) is False

    def test_what_counts_may_be_set_alone(self, own):
        noise = read_repeat_noise(own("[answer_s]\ncounts_from = 30\n"))
        assert is_real("answer_s", 60.0, 85.0, noise=noise) is False
        assert noise["answer_s"].limit_95 == read_repeat_noise()["answer_s"].limit_95

    def test_a_language_and_a_new_measure(self, own):
        text = '[answer_s.ja]\nlimit_95 = 9\nkind = "absolute"\n'
        text += '[eye_contact_ratio]\nkind = "absolute"\nlimit_95 = 0.1\nsource = "mine"\n'
        noise = read_repeat_noise(own(text))
        assert is_real("answer_s", 60.0, 68.0, language="ja", noise=noise) is False
        assert is_real("answer_s", 60.0, 68.0, language="en", noise=noise) is True
        assert is_real("eye_contact_ratio", 0.5, 0.7, noise=noise) is True
        assert noise["eye_contact_ratio"].source == "mine"

    def test_no_file(self, tmp_path):
        assert read_repeat_noise(tmp_path / FILE) == read_repeat_noise()

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("answer_s = 3", r"write \[answer_s\]"),
            ("[answer_s]\nlimit_95 = -1", "number from 0 on, not -1"),
            ("[answer_s]\nlimit_95 = nan", "number from 0 on"),
            ("[answer_s]\nlimit_95 = true", "number from 0 on"),
            ('[answer_s]\nlimit_95 = "3"', "number from 0 on"),
            ('[answer_s]\nkind = "odd"', "one of absolute, relative"),
            ("[answer_s]\nsource = 3", "must be a text"),
            ("[answer_s]\nlimit = 3", "unknown key.*limit_95"),
            ("[new]\nlimit_95 = 3", r"new\.kind is missing"),
            ('[new]\nkind = "absolute"', r"new\.limit_95 is missing"),
            ("[answer_s", "has a mistake"),
        ],
    )
    def test_mistakes_are_named(self, own, text, said):
        path = own(text)
        with pytest.raises(ReportError, match=said) as raised:
            read_repeat_noise(path)
        assert str(path) in str(raised.value)

    def test_another_encoding(self, own):
        path = own("[answer_s]\nlimit_95 = 3\n", "utf-16")
        with pytest.raises(ReportError, match="save it as UTF-8"):
            read_repeat_noise(path)
