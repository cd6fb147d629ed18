"""The same take again: what changes is what was meant to, and the arithmetic of the differences."""

import importlib
import math
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

FOLDER = Path(__file__).parent
NAMES = ("truth", "tables", "matching", "cases", "sound_files", "added_noise", "repeats",
         "repeat_takes", "noise_limits")  # fmt: skip
RATE_HZ = 44_100
STEP_S = 0.01


@pytest.fixture(scope="module")
def benchmark():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(FOLDER), *sys.path])
        # The differences need no corpus: only where the takes come from does.
        stand_in = SimpleNamespace(default_corpus=None, how_to_make=None, take_files=None)
        patch.setitem(sys.modules, "generated", stand_in)
        modules = {name: importlib.import_module(name) for name in (*NAMES, "repeat_noise")}
        yield SimpleNamespace(**modules)
    for name in (*NAMES, "repeat_noise"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def bursts():
    """Two bursts of a tone in 3 s, at 0.5–1.0 s and 1.7–2.4 s."""
    times = np.arange(3 * RATE_HZ) / RATE_HZ
    inside = ((times >= 0.5) & (times < 1.0)) | ((times >= 1.7) & (times < 2.4))
    return 0.2 * np.sin(2 * np.pi * 440 * times) * inside


def edges(samples, rate_hz):
    """Return where the level crosses a tenth of its largest, s."""
    size = round(STEP_S * rate_hz)
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    loud = np.sqrt(np.mean(blocks**2, axis=1))
    return STEP_S * np.flatnonzero(np.diff((loud > 0.1 * loud.max()).astype(int)))


def ways():
    return ["rerecorded-1", "rerecorded-2", "opus-32k", "aac-64k", "mp3-64k", "pcm-16k", "noise-1"]


@pytest.mark.parametrize("name", ways())
def test_the_take_stays_the_same(benchmark, bursts, tmp_path, name):
    repeats = {r.name: r for group in benchmark.repeats.REPEATS.values() for r in group}
    path = repeats[name].make(bursts, RATE_HZ, np.random.default_rng(1), tmp_path)
    again, rate_hz = benchmark.sound_files.read_mono(path)
    assert rate_hz == (16_000 if name == "pcm-16k" else RATE_HZ if "noise" in name else 48_000)
    assert len(again) / rate_hz == pytest.approx(3.0, abs=0.06)
    before = edges(bursts, RATE_HZ)
    # An echo of 0.25 s may fill up to a block or two behind a burst.
    assert edges(again, rate_hz)[:4:2] == pytest.approx(before[::2], abs=0.05)
    quiet = again[: round(0.3 * rate_hz)]
    assert np.abs(quiet).max() < 0.05
    change_db = 20 * math.log10(np.std(again) / np.std(bursts))
    assert abs(change_db) < 3.5
    if rate_hz != 16_000:  # of another rate there is nothing to compare bit by bit
        length = min(len(again), len(bursts))
        assert not np.array_equal(again[:length], bursts[:length])


def test_noise_has_its_level_and_a_seed(benchmark, bursts, tmp_path):
    noisy = next(
        r for group in benchmark.repeats.REPEATS.values() for r in group if r.name == "noise-1"
    )
    made = []
    for number, seed in enumerate((1, 1, 2)):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = noisy.make(bursts, RATE_HZ, np.random.default_rng(seed), folder)
        made.append(benchmark.sound_files.read_mono(path)[0])
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
    noise = made[0] - bursts
    speech = np.std(bursts[round(0.6 * RATE_HZ) : round(0.9 * RATE_HZ)])
    assert 24.5 < 20 * math.log10(speech / np.std(noise)) < 30.5


class TestFigures:
    def test_differences(self, benchmark):
        assert list(benchmark.repeat_noise.differences([1.0, 2.0, 4.0], "absolute")) == [1, 3, 2]
        (share,) = benchmark.repeat_noise.differences([90.0, 110.0], "relative")
        assert share == pytest.approx(0.2)
        assert list(benchmark.repeat_noise.differences([0.0, 0.0], "relative")) == []

    def test_the_limit_of_normal_noise(self, benchmark):
        random = np.random.default_rng(0)
        differences = random.normal(0, 3 * math.sqrt(2), 20_000)
        sd, limit = benchmark.repeat_noise.spread(differences)
        assert sd == pytest.approx(3.0, rel=0.03)
        assert limit == pytest.approx(1.96 * math.sqrt(2) * 3.0, rel=0.03)

    def test_one_outlier_moves_little(self, benchmark):
        differences = [0.1, -0.1] * 50
        assert benchmark.repeat_noise.spread(differences)[0] == pytest.approx(
            benchmark.repeat_noise.spread([*differences, 50.0])[0], rel=0.05
        )

    def test_counts_that_mostly_stay(self, benchmark):
        sd, limit = benchmark.repeat_noise.spread([0] * 80 + [1] * 20)
        assert sd == pytest.approx(math.sqrt(15 / 95) / math.sqrt(2))
        assert limit >= 1.0
        assert benchmark.repeat_noise.spread([0] * 50) == (0.0, 0.0)

    def test_a_file_that_is_read_back(self, benchmark, tmp_path):
        from reports.repeat_noise import read_repeat_noise

        take = benchmark.repeat_noise.Take
        takes = [
            take(
                name,
                language,
                {str(k): {"answer_s": 60 + size * k, "language": language} for k in range(6)},
            )
            for name, language, size in (("a", "en", 0.01), ("b", "ja", 0.1))
        ]
        noise = list(benchmark.repeat_noise.noises(takes))
        assert [(n.measure, n.language, n.n) for n in noise] == [
            ("answer_s", "", 30),
            ("answer_s", "en", 15),
        ]
        entries = benchmark.repeat_noise.entries(noise)
        text = benchmark.noise_limits.merged("", entries, benchmark.repeat_noise.head(takes))
        whole = {"kind", "unit", "sd", "limit_95", "counts_from", "n", "source", "en"}
        assert set(tomllib.loads(text)["answer_s"]) == whole
        path = tmp_path / "repeat_noise.toml"
        path.write_text(text, encoding="utf-8")
        read = read_repeat_noise(path)
        assert read["answer_s.en"].limit_95 == pytest.approx(noise[1].limit_95, abs=1e-4)
        assert read["answer_s"].limit_95 > 5 * read["answer_s.en"].limit_95
        # The largest difference of any language: 5 steps of 0.1 s.
        assert read["answer_s"].counts_from == pytest.approx(1.25 * 0.5)
        assert read["answer_s.en"].counts_from == pytest.approx(1.25 * 0.5)

    def test_too_few_differences_say_nothing(self, benchmark):
        take = benchmark.repeat_noise.Take(
            "a", "en", {"1": {"answer_s": 1.0}, "2": {"answer_s": 2.0}}
        )
        assert list(benchmark.repeat_noise.noises([take])) == []

    def test_added_noise_is_no_noise_of_the_noise_floor(self, benchmark):
        flat = {
            f"{way}-{k}": {"answer_s": 60.0 + k % 2, "noise_floor_dbfs": floor, "snr_db": 30.0}
            for way, floor in (("noise", -50.0), ("opus", -70.0))
            for k in range(6)
        }
        noise = benchmark.repeat_noise.noises([benchmark.repeat_noise.Take("a", "en", flat)])
        limits = {n.measure: (n.limit_95, n.n) for n in noise}
        assert limits["noise_floor_dbfs"] == (0.0, 15)
        assert limits["answer_s"][0] >= 1.0
        assert limits["answer_s"][1] == 66

    def test_too_little_speech_or_too_much_noise_is_not_compared_and_says_nothing(self, benchmark):
        def take(**more):
            flat = {
                str(k): {"speaking_s": 60.0, "snr_db": 30.0, "answer_s": 60.0, "pace_wpm": 100 + k}
                | more
                for k in range(6)
            }
            return benchmark.repeat_noise.Take("a", "en", flat)

        def measures(one):
            return {n.measure for n in benchmark.repeat_noise.noises([one])}

        assert {"pace_wpm", "answer_s", "snr_db"} <= measures(take())
        assert "pace_wpm" not in measures(take(speaking_s=5.0))
        assert "answer_s" in measures(take(speaking_s=5.0))
        assert "pace_wpm" not in measures(take(snr_db=8.0))
        assert "snr_db" in measures(take(snr_db=8.0))


class TestWhatCounts:
    @pytest.fixture
    def limits(self, benchmark):
        return benchmark.noise_limits

    def test_the_largest_difference_with_a_margin(self, limits):
        takes = [([10.0, 10.2, 11.0], 60.0), ([5.0, 5.0], 60.0)]
        assert limits.counts_from("answer_s", "absolute", takes) == pytest.approx(1.25)

    def test_never_below_the_floor(self, limits):
        takes = [([10.0, 10.0], 60.0)]
        for measure, rule in limits.RULES.items():
            assert limits.counts_from(measure, "absolute", takes) == rule.floor > 0

    def test_little_speech_stands_for_less(self, limits):
        long, short = [([100.0, 110.0], 60.0)], [([100.0, 110.0], 15.0)]
        share = limits.counts_from("pace_wpm", "relative", long)
        assert share == pytest.approx(1.25 * 10 / 105)
        assert limits.counts_from("pace_wpm", "relative", short) == pytest.approx(share / 2)

    def test_one_more_of_few_is_no_large_share(self, limits):
        takes = [([0.0, 1.0], 60.0), ([20.0, 25.0], 60.0)]
        share = limits.counts_from("hesitation_count", "relative", takes)
        assert share == pytest.approx(1.25 * 5 / 22.5)

    def test_sound_and_picture_leave_each_other_alone(self, limits):
        def entry(measure, counts_from):
            return limits.Entry(measure, "absolute", "s", 0.1, 0.2, counts_from, 50, "measured")

        old = '# What this is.\n\n[made_up]\nkind = "absolute"\nlimit_95 = 3\n'
        text = limits.merged(old, [entry("answer_s", 1.0)], "# Sound: first.")
        text = limits.merged(text, [entry("slouch_ratio", 0.1)], "# Picture: first.")
        text = limits.merged(
            text, [entry("answer_s", 2.0), entry("answer_s.ja", 3.0)], "# Sound: second."
        )
        data = tomllib.loads(text)
        assert list(data) == ["answer_s", "slouch_ratio", "made_up"]
        assert data["answer_s"]["counts_from"] == 2.0
        assert data["answer_s"]["ja"]["counts_from"] == 3.0
        assert data["slouch_ratio"]["steady_from_s"] == 30
        comments = [line for line in text.splitlines() if line.startswith("#")]
        assert comments == ["# What this is.", "# Picture: first.", "# Sound: second."]
        assert limits.merged(text, [entry("slouch_ratio", 0.1)]) == text
