"""What "auto" takes: by language, memory and cores, among the models that are here."""

import pytest

from analysis.errors import AnalysisError, ModelMissing
from analysis.model_choice import (
    LANGUAGES,
    choose_model,
    free_memory_mb,
    read_model_rules,
    usable_cores,
)
from analysis.models import FETCHABLE, PACKAGED

RULES = read_model_rules()
PLENTY_MB = 16_000


def choose(*present, language="en", memory_mb=PLENTY_MB, cores=8):
    return choose_model(present, language, memory_mb=memory_mb, cores=cores, rules=RULES)


class TestChoice:
    def test_only_base(self):
        for language in ("en", "ja", "auto"):
            assert choose("base", language=language, cores=2).name == "base"
        assert choose("base").reason == "the best one here for English"
        assert "both languages" in choose("base", language="auto").reason

    def test_small_needs_more_cores_than_two(self):
        pick = choose("base", "small", language="ja", cores=2)
        assert pick.name == "base"
        assert pick.reason == "small is here too, but needs 4 processor cores (there are 2)"
        assert choose("base", "small", language="ja", cores=8).name == "small"

    def test_the_order_of_the_folders_says_nothing(self):
        assert choose("small", "base", cores=8) == choose("base", "small", cores=8)

    def test_little_memory_takes_the_small_english_one(self):
        pick = choose("base", "tiny.en", memory_mb=700)
        assert pick.name == "tiny.en"
        assert pick.reason == ("base is here too, but needs 900 MB of free memory (there are 700)")

    def test_everything_that_is_lacking_is_said(self):
        reason = choose("base", "small", memory_mb=1000, cores=2).reason
        assert "4 processor cores" in reason
        assert "2000 MB" in reason

    @pytest.mark.parametrize("language", ["ja", "auto"])
    def test_an_english_model_is_never_taken_for_what_may_be_japanese(self, language):
        assert choose("base", "tiny.en", language=language, memory_mb=100).name == "base"
        with pytest.raises(ModelMissing, match=r"here: tiny\.en\).*models fetch base"):
            choose("tiny.en", language=language)

    def test_room_for_none_takes_the_smallest_and_says_so(self):
        pick = choose("base", "small", language="auto", memory_mb=300, cores=1)
        assert pick.name == "base"
        assert "needs 900 MB of free memory (there are 300)" in pick.reason
        assert "slow" in pick.reason

    def test_models_without_a_rule_are_left_alone(self):
        assert choose("mine", "base").name == "base"
        with pytest.raises(ModelMissing, match="here: mine"):
            choose("mine", language="ja")

    def test_base_is_preferred_to_the_english_base(self):
        """The probabilities of hesitations were calibrated with it."""
        assert choose("base.en", "base").name == "base"

    def test_what_this_computer_has(self):
        assert free_memory_mb() > 10
        assert usable_cores() >= 1


class TestRules:
    def test_every_model_that_can_be_had_has_a_rule(self):
        assert {*FETCHABLE, *PACKAGED} == set(RULES)

    def test_each_has_a_source_and_says_what_it_needs(self):
        for rule in RULES.values():
            assert len(rule.source) > 10
            assert rule.needed_memory_mb > rule.size_mb > 0
            assert rule.cpu_s_per_s > 0
            assert rule.languages[0] == "en"
            assert rule.name.endswith(".en") == (not rule.knows("ja"))
            assert set(rule.languages) <= set(LANGUAGES)

    def test_ranks_decide(self):
        ranks = [rule.rank for rule in RULES.values()]
        assert len(set(ranks)) == len(ranks)

    def test_a_file_of_the_user_overrides_and_adds(self, tmp_path):
        own = tmp_path / "models.toml"
        own.write_bytes(
            b'\xef\xbb\xbf[small]\nleast_cores = 2\n\n[mine]\nlanguages = ["en", "ja"]\nrank = 99\n'
        )
        rules = read_model_rules(own)
        small = rules["small"]
        assert (small.least_cores, small.rank) == (2, RULES["small"].rank)
        assert small.source == "your own choice"
        assert rules["base"] == RULES["base"]
        pick = choose_model(("base", "small", "mine"), "ja", memory_mb=8000, cores=2, rules=rules)
        assert pick.name == "mine"

    def test_no_file(self, tmp_path):
        assert read_model_rules(tmp_path / "models.toml") == RULES

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("x = 1", r"write \[x\]"),
            ("[mine]\nrank = 1", "languages is missing"),
            ('[small]\nlanguages = ["de"]', '"en" and "ja"'),
            ("[small]\nlanguages = []", '"en" and "ja"'),
            ('[small]\nrank = "high"', "number from 0 on, not 'high'"),
            ("[small]\nleast_cores = -1", "number from 0 on"),
            ("[small]\nleast_cores = true", "number from 0 on"),
            ("[small]\nneeded_memory_mb = inf", "number from 0 on"),
            ("[small]\nsource = 3", "must be a text"),
            ("[small]\nmemory = 3", "unknown key.*needed_memory_mb"),
            ("not = [toml", "has a mistake"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path, text, said):
        own = tmp_path / "models.toml"
        own.write_text(text, encoding="utf-8")
        with pytest.raises(AnalysisError, match=said) as raised:
            read_model_rules(own)
        assert str(own) in str(raised.value)

    def test_another_encoding(self, tmp_path):
        own = tmp_path / "models.toml"
        own.write_text("[small]\nrank = 1\n", encoding="utf-16")
        with pytest.raises(AnalysisError, match="save it as UTF-8"):
            read_model_rules(own)
