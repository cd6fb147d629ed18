"""Thresholds of the sound analysis: ours, the user's over them, and mistakes by name."""

import math
import tomllib
from importlib import resources

import pytest

from analysis.errors import AnalysisError
from analysis.settings import SIGHT, SPEECH, read_settings


@pytest.fixture
def own(tmp_path):
    """Write the user's file and return its path."""

    def write(text, encoding="utf-8"):
        path = tmp_path / SPEECH
        path.write_text(text, encoding=encoding)
        return path

    return write


class TestOurs:
    @pytest.mark.parametrize("file", [SPEECH, SIGHT])
    def test_each_number_makes_sense_and_has_a_source(self, file):
        settings = read_settings(file=file)
        assert len(settings.entries) >= 4
        for name, entry in settings.entries.items():
            assert entry.name == name
            assert name.count(".") == 1
            assert entry.low <= entry.value <= entry.high, name
            assert all(map(math.isfinite, (entry.low, entry.value, entry.high)))
            assert len(entry.source) > 10, name
            assert entry.unit, name

    def test_values_by_name(self):
        assert read_settings()["pauses.silence_limit_s"] == 30.0
        with pytest.raises(KeyError):
            read_settings()["pauses.no_such"]

    def test_nothing_is_changed_without_a_file(self, tmp_path):
        assert read_settings(None).changed == ()
        assert read_settings(tmp_path / SPEECH) == read_settings()
        assert read_settings(tmp_path) == read_settings()


class TestOwn:
    def test_it_overrides_only_what_it_names(self, own):
        settings = read_settings(own("[pauses.shortest_s]\nvalue = 0.3\n"))
        ours = read_settings()
        assert settings["pauses.shortest_s"] == 0.3
        assert settings.entries["pauses.shortest_s"].source == "your own choice"
        assert settings.changed == ("pauses.shortest_s",)
        others = set(ours.entries) - {"pauses.shortest_s"}
        assert {n: settings.entries[n] for n in others} == {n: ours.entries[n] for n in others}
        assert ours["pauses.shortest_s"] == 0.25

    def test_a_whole_number_and_a_source_of_ones_own(self, own):
        text = '[pauses.long_s]\nvalue = 4\nsource = "my coach"\n'
        settings = read_settings(own(text))
        assert settings["pauses.long_s"] == 4.0
        assert isinstance(settings["pauses.long_s"], float)
        assert settings.entries["pauses.long_s"].source == "my coach"

    def test_a_copy_of_ours_changes_no_value(self, own):
        copy = resources.files("analysis").joinpath(f"data/{SPEECH}").read_text(encoding="utf-8")
        settings, ours = read_settings(own(copy)), read_settings()
        assert {n: s.value for n, s in settings.entries.items()} == {
            n: s.value for n, s in ours.entries.items()
        }

    def test_limits_of_sense_stay_ours(self, own):
        text = "[pauses.shortest_s]\nvalue = 9\nlow = 0\nhigh = 99\n"
        with pytest.raises(AnalysisError, match=r"must lie between 0\.1 and 1 s"):
            read_settings(own(text))

    def test_a_byte_order_mark_is_none_of_the_text(self, own):
        path = own("[pauses.long_s]\nvalue = 4\n", encoding="utf-8-sig")
        assert path.read_bytes()[:3] == b"\xef\xbb\xbf"
        assert read_settings(path)["pauses.long_s"] == 4.0

    @pytest.mark.parametrize("encoding", ["utf-16", "shift_jis", "latin-1"])
    def test_another_encoding_is_named(self, own, encoding):
        source = "d\u00e9cid\u00e9" if encoding == "latin-1" else "\u9762\u63a5"
        path = own(f'[pauses.long_s]\nvalue = 4\nsource = "{source}"\n', encoding=encoding)
        with pytest.raises(AnalysisError, match="save it as UTF-8") as raised:
            read_settings(path)
        assert str(path) in str(raised.value)

    @pytest.mark.parametrize("value", ['"0.3"', "true", "[1]", "nan", "{ a = 1 }", "1979-05-27"])
    def test_a_value_that_is_no_number(self, own, value):
        with pytest.raises(AnalysisError, match=r"pauses\.long_s\.value must be a number"):
            read_settings(own(f"[pauses.long_s]\nvalue = {value}\n"))

    def test_no_value_at_all(self, own):
        with pytest.raises(AnalysisError, match="must be a number, not None"):
            read_settings(own('[pauses.long_s]\nsource = "me"\n'))

    @pytest.mark.parametrize("value", ["0.0999", "1.0001", "-1", "inf", "-inf"])
    def test_out_of_range(self, own, value):
        with pytest.raises(AnalysisError, match=r"shortest_s\.value must lie between 0\.1 and 1 s"):
            read_settings(own(f"[pauses.shortest_s]\nvalue = {value}\n"))

    @pytest.mark.parametrize("value", ["0.1", "1"])
    def test_the_limits_themselves_are_inside(self, own, value):
        path = own(f"[pauses.shortest_s]\nvalue = {value}\n")
        assert read_settings(path)["pauses.shortest_s"] == float(value)

    def test_an_unknown_name_lists_the_known_ones(self, own):
        with pytest.raises(AnalysisError) as raised:
            read_settings(own("[pauses.shortest]\nvalue = 0.3\n"))
        said = str(raised.value)
        assert "[pauses.shortest]" in said
        assert all(name in said for name in read_settings().entries)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("pauses = 3", "pauses must be a table"),
            ("[pauses]\nshortest_s = 0.3", r"write \[pauses\.shortest_s\]"),
            ("[pauses.long_s]\nvalue = 4\nvalu = 4", "unknown key 'valu'"),
            ("[pauses.long_s]\nvalue = 4\nsource = 3", "source must be a text"),
            ("[pauses.long_s\nvalue = 4", "has a mistake"),
            ("[pauses.long_s]\nvalue = 4\n[pauses.long_s]\nvalue = 5", "has a mistake"),
        ],
    )
    def test_mistakes_are_named(self, own, text, said):
        path = own(text)
        with pytest.raises(AnalysisError, match=said) as raised:
            read_settings(path)
        assert str(path) in str(raised.value)

    def test_the_mistakes_read_like_toml_says(self, own):
        text = "[pauses.long_s]\nvalue = = 4\n"
        with pytest.raises(tomllib.TOMLDecodeError) as raised:
            tomllib.loads(text)
        with pytest.raises(AnalysisError) as said:
            read_settings(own(text))
        assert str(raised.value) in str(said.value)
