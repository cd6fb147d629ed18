"""The counting of the recording benchmark: a lost sample would be seen."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parent
pytest.importorskip("av_drift_detector")


@pytest.fixture(scope="module")
def recorded():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(FOLDER), *sys.path])
        yield importlib.import_module("recorded")
    sys.modules.pop("recorded", None)


@pytest.fixture(scope="module")
def played(recorded):
    return recorded.unique_sound(3.0)


def test_nothing_lost_wherever_the_recording_begins_and_ends(recorded, played):
    assert recorded.lost_samples(played, played) == 0
    assert recorded.lost_samples(played[1001:-777], played) == 0


@pytest.mark.parametrize("count", [1, 480, 4801])
def test_missing_piece_is_counted(recorded, played, count):
    cut = np.delete(played, slice(50_000, 50_000 + count))
    assert recorded.lost_samples(cut, played) == count


def test_silence_in_place_of_a_piece_is_counted(recorded, played):
    silenced = played.copy()
    silenced[50_000:54_800] = 0
    lost = recorded.lost_samples(silenced, played)
    # Found again in steps of 120 samples.
    assert 4_750 <= lost <= 4_800 + 120


def test_two_pieces_and_a_wrong_sample(recorded, played):
    cut = np.delete(played, np.r_[20_000:20_010, 90_000:90_020])
    cut[60_000] += 1
    assert 31 <= recorded.lost_samples(cut, played) <= 30 + 240


def test_something_else_is_lost_altogether(recorded, played):
    other = np.zeros(48_000, np.int16)
    assert recorded.lost_samples(other, played) == 48_000


def test_pattern_sound_belongs_to_its_pictures(recorded):
    drift = pytest.importorskip("av_drift_detector")
    reader = drift.StampReader(try_qr=False)
    for number, picture in enumerate(recorded.pattern_pictures(2.0)):
        reader.read(np.ascontiguousarray(picture[:, :, 0]).tobytes(), 1280, 720, number / 30)
    sound = recorded.pattern_sound(2.0).astype(np.float32) / 32768
    delayed = np.pad(sound, (4_800, 0))
    for samples, offset_ms in ((sound, 0), (delayed, 100)):
        told = {"sample_rate": 48_000, "start_time": 0.0, "samples": samples}
        report = drift.analyze_frames(reader.finish(), told, width=1280, height=720, fps="30")
        assert report["summary"]["mean_ms"] == pytest.approx(offset_ms, abs=0.1)
