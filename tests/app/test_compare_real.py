"""The comparison on real analyses: nothing is called a change but what was really changed."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from analysis.pipeline import AnalysisOptions, analyse_media
from analysis.storage import to_json
from app.shelf import read_take
from reports.compare import Comparison, compare_takes
from reports.takes import TakeRecord
from reports.targets import read_targets
from tests.benchmarks.changed_takes import (
    AWAY_RATIO,
    EXTRA_PAUSES,
    PACE,
    SAMPLE,
    looking,
    spoken,
    with_more_pauses,
)
from tests.benchmarks.repeat_media import encoded_again, with_noise_in
from tests.benchmarks.repeat_takes import HELD_OUT

TARGETS = read_targets()
SLOW, USUAL = 0.93, 0.93 * PACE
"""of the sample's pace: 133 and 154 words per minute; its band ends at 160"""
BELOW_DB = 25.0
PACES = {"pace_wpm", "speech_rate_wpm"}
"""one change, two measures: with and without the longest pauses"""


@pytest.fixture(scope="module")
def analysed(tmp_path_factory, packaged_models) -> Callable[..., TakeRecord]:
    """Return the function that analyses a recording, as `mensetsu analyse` does."""

    def analyse(path: Path, language: str = "en") -> TakeRecord:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MENSETSU_HOME", str(packaged_models.parent))
            analysis = analyse_media(path, options=AnalysisOptions(language=language))
        results = tmp_path_factory.mktemp("results") / "analysis.json"
        results.write_text(to_json(analysis), encoding="utf-8")
        return read_take(results)

    return analyse


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder for takes that are made."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture(scope="module")
def sample(analysed) -> TakeRecord:
    """The English sample."""
    return analysed(SAMPLE)


@pytest.fixture(scope="module")
def usual(analysed, made) -> TakeRecord:
    """The English sample without its long silence, near the upper end of the pace's band."""
    return analysed(spoken(USUAL, made / "usual.mp4"))


@pytest.fixture(scope="module")
def fast(analysed, made) -> TakeRecord:
    """The sound of it, 15 % faster."""
    return analysed(spoken(USUAL * PACE, made / "fast.wav"))


def compared(before: TakeRecord, after: TakeRecord) -> Comparison:
    return compare_takes(before, after, targets=TARGETS)


def called(comparison: Comparison) -> dict[str, tuple]:
    """What was called better or worse, with what a failing test wants to know."""
    return {
        d.metric: (d.verdict, d.before, d.after, d.noise)
        for d in comparison.deltas
        if d.verdict in ("better", "worse")
    }


def compared_at_all(comparison: Comparison) -> set[str]:
    return {d.metric for d in comparison.deltas if d.verdict != "not comparable"}


def values(comparison: Comparison, metric: str) -> tuple[float, float]:
    """Before and after of a measure that was measured in both."""
    delta = next(d for d in comparison.deltas if d.metric == metric)
    assert delta.before is not None
    assert delta.after is not None
    return delta.before, delta.after


def verdicts(comparison: Comparison) -> dict[str, str]:
    return {metric: found[0] for metric, found in called(comparison).items()}


class TestTheSameTake:
    def test_analysed_twice(self, sample, analysed):
        comparison = compared(sample, analysed(SAMPLE))
        assert {d.verdict for d in comparison.deltas} <= {"same", "not comparable"}
        assert not [d.metric for d in comparison.deltas if d.changed]
        assert len(compared_at_all(comparison)) >= 20

    def test_encoded_again(self, sample, analysed, made):
        comparison = compared(sample, analysed(encoded_again(SAMPLE, made / "again.mkv")))
        assert called(comparison) == {}
        assert len(compared_at_all(comparison)) >= 20

    def test_with_noise_added(self, sample, analysed, made):
        noisy = with_noise_in(
            SAMPLE,
            made / "noisy.mkv",
            below_db=BELOW_DB,
            pink=True,
            random=np.random.default_rng(7),
        )
        comparison = compared(sample, analysed(noisy))
        assert called(comparison) == {}
        assert len(compared_at_all(comparison)) >= 20


class TestKnownChanges:
    def test_faster_and_out_of_the_band(self, usual, fast):
        comparison = compared(usual, fast)
        assert verdicts(comparison) == dict.fromkeys(PACES, "worse"), called(comparison)
        back = compared(fast, usual)
        assert verdicts(back) == dict.fromkeys(PACES, "better"), called(back)

    def test_faster_inside_the_band_is_no_merit(self, usual, analysed, made):
        comparison = compared(analysed(spoken(SLOW, made / "slow.wav")), usual)
        assert called(comparison) == {}
        pace = next(d for d in comparison.deltas if d.metric == "pace_wpm")
        assert pace.changed
        before, after = values(comparison, "pace_wpm")
        assert after == pytest.approx(PACE * before, rel=0.03)
        assert pace.reason == "Changed inside its target: neither better nor worse."

    def test_five_more_pauses(self, usual, analysed, made):
        comparison = compared(usual, analysed(with_more_pauses(USUAL, made / "pauses.mp4")))
        assert verdicts(comparison) == {"pause_count": "worse"}, called(comparison)
        before, after = values(comparison, "pause_count")
        assert after - before == EXTRA_PAUSES

    def test_looking_away(self, analysed, made):
        at_the_lens = analysed(looking(0.0, made / "lens.mp4"))
        aside = analysed(looking(AWAY_RATIO, made / "aside.mp4"))
        comparison = compared(at_the_lens, aside)
        assert verdicts(comparison) == {"eye_contact_ratio": "worse"}, called(comparison)
        before, after = values(comparison, "eye_contact_ratio")
        assert before - after == pytest.approx(AWAY_RATIO, abs=0.05)
        back = compared(aside, at_the_lens)
        assert verdicts(back) == {"eye_contact_ratio": "better"}, called(back)


@pytest.mark.shared_media
class TestRealClips:
    """Clips that no limit was chosen with."""

    @pytest.mark.parametrize(("place", "language"), HELD_OUT)
    def test_nothing_is_better_or_worse(self, place, language, shared_media, analysed, made):
        path = shared_media / place
        before = analysed(path, language)
        random = np.random.default_rng(zlib.crc32(place.encode()))
        again = encoded_again(path, made / f"{path.stem}-again.mkv")
        noisy = with_noise_in(
            path,
            made / f"{path.stem}-noisy.mkv",
            below_db=BELOW_DB,
            pink=bool(random.integers(2)),
            random=random,
        )
        found = {}
        for other in (again, noisy):
            comparison = compared(before, analysed(other, language))
            # Two silences and the level can be compared in every clip with speech.
            assert len(compared_at_all(comparison)) >= 3
            found[other.stem] = called(comparison)
        assert not any(found.values()), found
