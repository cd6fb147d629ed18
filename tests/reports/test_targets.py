"""Bands: what they say, and how a user's file overrides them."""

import math

import pytest

from reports.errors import TargetsUnreadable
from reports.targets import STRENGTHS, Judgement, read_targets


@pytest.fixture
def own(tmp_path):
    def write(text):
        path = tmp_path / "my targets.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_every_band_has_a_source_and_a_known_strength(targets):
    for band in targets.bands.values():
        assert len(band.source) > 15
        assert band.strength in STRENGTHS
        assert band.unit
        assert math.isfinite(band.low) or math.isfinite(band.high)


@pytest.mark.parametrize(
    ("value", "judgement"),
    [
        (110, Judgement("good")),
        (160, Judgement("good")),
        (160.5, Judgement("near", "high")),
        (109.9, Judgement("near", "low")),
        (180, Judgement("near", "high")),
        (180.1, Judgement("off", "high")),
        (99, Judgement("off", "low")),
        (math.nan, Judgement("unjudged")),
        (None, Judgement("unjudged")),
    ],
)
def test_english_pace(targets, value, judgement):
    assert targets.band("pace_wpm", "en").judge(value) == judgement


def test_bands_are_by_language(targets):
    assert targets.band("pace_characters_per_min", "ja").low == 250
    assert targets.band("pace_wpm", "ja") is None
    assert targets.band("fillers_per_min", "ja") == targets.band("fillers_per_min")


def test_length_comes_from_the_question(targets, answers):
    band = targets.answer_band(answers["full"]().question)
    assert (band.amber_low, band.low, band.high, band.amber_high) == (90, 120, 180, 225)
    general = targets.answer_band(None)
    assert (general.low, general.high) == (60, 180)


def test_silence_of_exactly_30_s_is_not_over(targets):
    band = targets.band("longest_silence_s")
    assert band.judge(30.0).level == "near"
    assert band.judge(30.1).level == "off"


def test_own_file_overrides_what_it_names(own):
    targets = read_targets(own("[en.pace_wpm]\nlow = 90\n[any.fillers_per_min]\nhigh = 20\n"))
    pace = targets.band("pace_wpm", "en")
    assert (pace.amber_low, pace.low, pace.high, pace.amber_high) == (90, 90, 160, 180)
    assert pace.strength == "your choice"
    assert "my targets.toml" in pace.source
    assert targets.band("fillers_per_min").amber_high == 20
    # What is not named, and the packaged bands, stay.
    assert targets.band("latency_s") == read_targets(None).band("latency_s")
    assert read_targets(None).band("pace_wpm", "en").low == 110


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[en.pace_wpm]\nlow = 'slow'\n", "en.pace_wpm.low"),
        ("[en.pace_wpm]\nlow = true\n", "en.pace_wpm.low"),
        ("[en.pace_wpm]\nlow = nan\n", "en.pace_wpm.low"),
        ("[en.pace_wpm]\nlowest = 90\n", "'lowest'"),
        ("[en.pace]\nlow = 90\n", "[en.pace]"),
        ("[fr.pace_wpm]\nlow = 90\n", "[fr]"),
        ("pace = 3\n", "[pace]"),
        ("[en]\npace_wpm = 3\n", "en.pace_wpm"),
        ("[en.pace_wpm]\nlow = 200\n", "en.pace_wpm"),
        ("[en.pace_wpm]\nsource = 3\n", "en.pace_wpm.source"),
        ("[en.pace_wpm]\nstrength = 'sure'\n", "en.pace_wpm.strength"),
        ("[en.pace_wpm\n", "TOML"),
    ],
)
def test_mistake_names_file_and_key(own, text, named):
    with pytest.raises(TargetsUnreadable) as error:
        read_targets(own(text))
    assert "my targets.toml" in str(error.value)
    assert named in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(TargetsUnreadable, match=r"none\.toml"):
        read_targets(tmp_path / "none.toml")
