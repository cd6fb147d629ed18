"""Preview and level in shared memory, also read by another process while they are written."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from recorder.camera_feed import shrunk
from recorder.meters import SILENT_DBFS, Level, LevelMeter, Meters

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def meters():
    made = Meters.make()
    yield made
    made.close()


def test_nothing_before_the_first_picture(meters):
    assert meters.read_preview() is None
    assert meters.read_level() == Level()


def test_what_one_writes_the_other_reads(meters):
    writer = Meters.attach(meters.name)
    image = np.random.default_rng(1).integers(0, 255, (360, 480, 3)).astype(np.uint8)
    writer.write_preview(image, 12.5)
    writer.write_level(Level(-20.0, -3.0, True, 7.0))
    seen = meters.read_preview()
    assert seen.time_s == 12.5
    assert np.array_equal(seen.image, image)
    assert meters.read_level() == Level(-20.0, -3.0, True, 7.0)
    writer.close()


def test_it_lasts_without_its_name(meters):
    writer = Meters.attach(meters.name)
    meters.unlink()
    writer.write_level(Level(-9.0, -3.0, False, 1.0))
    assert meters.read_level().rms_dbfs == -9.0
    with pytest.raises(FileNotFoundError):
        Meters.attach(meters.name)
    writer.close()


def test_another_process_leaves_it_alone(meters):
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import numpy as np\n"
        "from recorder.meters import Level, Meters\n"
        f"m = Meters.attach({meters.name!r})\n"
        "m.write_level(Level(-1.0, -0.5, False, 3.0))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert meters.read_level().time_s == 3.0
    Meters.attach(meters.name).close()


def test_no_picture_is_read_half_written(meters):
    writer = Meters.attach(meters.name)
    over = threading.Event()

    def write():
        value = 0
        while not over.is_set():
            value = (value + 1) % 250
            writer.write_preview(np.full((360, 640, 3), value, np.uint8), float(value))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        seen = [p for p in (meters.read_preview() for _ in range(300)) if p is not None]
    finally:
        over.set()
        thread.join()
    writer.close()
    assert all(np.all(p.image == int(p.time_s)) for p in seen)


def test_the_level_is_that_of_the_last_moments():
    meter = LevelMeter(48_000)
    assert meter.level(0.0).rms_dbfs == SILENT_DBFS
    loud = np.full((480, 1), 16_384, np.int16)
    for _ in range(10):
        meter.feed(loud)
    level = meter.level(1.0)
    assert level.rms_dbfs == pytest.approx(-6.02, abs=0.01)
    assert level.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert not level.clipped
    for _ in range(10):
        meter.feed(np.zeros((480, 1), np.int16))
    assert meter.level(2.0).rms_dbfs == SILENT_DBFS


def test_full_scale_is_clipped():
    meter = LevelMeter(48_000)
    samples = np.zeros((480, 2), np.int16)
    samples[3, 1] = -32_768
    meter.feed(samples)
    level = meter.level(0.0)
    assert level.clipped
    assert level.peak_dbfs == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((1280, 720), (640, 360)),
        ((640, 480), (480, 360)),
        ((320, 240), (320, 240)),
        ((720, 1280), (202, 360)),
    ],
)
def test_the_preview_keeps_its_proportions(size, small):
    image = np.zeros((size[1], size[0], 3), np.uint8)
    assert shrunk(image).shape == (small[1], small[0], 3)
