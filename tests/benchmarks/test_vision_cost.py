"""The accounting of the picture's cost: every second counts once, for one stage."""

import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
NAMES = ("truth", "tables", "answer_media", "vision_cost")
pytest.importorskip("resource")


@pytest.fixture
def cost(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [str(FOLDER), *sys.path])
        module = importlib.import_module("vision_cost")
    clock = [0.0]
    monkeypatch.setattr(module, "_cpu_s", lambda: clock[0])

    def spend(seconds):
        clock[0] += seconds

    monkeypatch.setattr(module, "spend", spend, raising=False)
    yield module
    for name in NAMES:
        sys.modules.pop(name, None)


def test_inner_stages_are_no_part_of_outer_ones(cost):
    meter = cost.Meter()
    start = meter.around("start and way up", lambda: cost.spend(5))

    def face(first):
        cost.spend(1)
        if first:
            start()
        cost.spend(2)

    counted = meter.around("face", face)
    cost.spend(0.25)
    counted(True)
    counted(first=False)
    cost.spend(0.5)
    meter.enter("rest")
    assert meter.cpu_s["start and way up"] == 5
    assert meter.cpu_s["face"] == 6
    assert meter.cpu_s["rest"] == 0.75
    assert sum(meter.cpu_s.values()) == 11.75


def test_of_a_stream_only_its_own_steps_count(cost):
    def frames(n):
        for number in range(n):
            cost.spend(1)
            yield number
        cost.spend(10)

    meter = cost.Meter()
    seen = []
    for number in meter.along("reading", frames)(3):
        seen.append(number)
        cost.spend(100)
    meter.enter("rest")
    assert seen == [0, 1, 2]
    assert meter.cpu_s["reading"] == 13
    assert meter.cpu_s["rest"] == 300


def test_what_fails_is_counted_and_left(cost):
    def fails():
        cost.spend(2)
        raise ValueError

    meter = cost.Meter()
    with pytest.raises(ValueError):
        meter.around("body", fails)()
    cost.spend(1)
    meter.enter("rest")
    assert meter.cpu_s["body"] == 2
    assert meter.cpu_s["rest"] == 1


def test_least_and_ratio_are_by_second_of_video(cost):
    def run(reading_s, video_s):
        return cost.Cost({**dict.fromkeys(cost.STAGES, 0.0), "reading": reading_s}, 1, 1, video_s)

    runs = {cost.NEW: [run(4, 2), run(3, 3)], cost.OLD: [run(8, 2), run(6, 2)]}
    assert cost._least(runs[cost.NEW], "reading") == 1
    assert cost._ratio(runs, "reading") == 3
    assert cost._ratio(runs, None) == 3
