"""``mensetsu clips``: single moments as files, copied where possible, words drawn where asked."""

import re

import av
import numpy as np
import pytest

from analysis import captions
from analysis.captions import Caption, draw_captions, find_font
from analysis.storage import read_analysis
from app import clips as cutting
from app.clips import spans


def pictures(path):
    with av.open(str(path)) as container:
        return [(f.time, f.to_ndarray(format="gray")) for f in container.decode(video=0)]


def made(done):
    assert done.code == 0, done.err
    return [line for line in done.out.splitlines() if line]


def test_the_longest_pauses_are_copied(mensetsu, take):
    done = mensetsu("clips", take, "--longest-pauses", 2)
    paths = made(done)
    pauses = read_analysis(take / "analysis.json").speech.pauses_inside
    longest = sorted(sorted(pauses, key=lambda p: -p.duration_s)[:2], key=lambda p: p.start)
    assert [p.rsplit("/", 1)[1] for p in paths] == [
        f"{n:02d}-pause-0m{int(p.start):02d}s.mp4" for n, p in enumerate(longest, start=1)
    ]
    assert done.err.count("picture copied") == 2
    for path, pause in zip(paths, longest, strict=True):
        with av.open(path) as container:
            assert {s.type for s in container.streams} == {"audio", "video"}
            assert float(container.duration / av.time_base) >= pause.duration_s
    early = [float(s) for s in re.findall(r"begins (\d+\.\d) s earlier", done.err)]
    with av.open(str(take.parent / "clip.mp4")) as container:
        keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.is_keyframe]
    starts = [max(0.0, p.start - cutting.MARGIN_S) for p in longest]
    expected = [s - max(k for k in keys if k <= s) for s in starts]
    assert early == [pytest.approx(e, abs=0.06) for e in expected if e >= 0.05]


def test_words_are_drawn_in_or_stand_beside(mensetsu, take):
    burnt = made(mensetsu("clips", take, "--at", "0:03-0:06"))
    plain = mensetsu("clips", take, "--at", "0:03-0:06", "--no-burn")
    (beside,) = made(plain)
    assert "picture copied" in plain.err
    assert not list(take.glob("clips/01-*.srt"))
    text = (take / "clips" / "02-moment-0m03s.srt").read_text(encoding="utf-8")
    assert "-->" in text
    first = pictures(burnt[0])
    assert first[0][0] == pytest.approx(0.0, abs=0.05)
    early_s = float(re.search(r"begins (\d+\.\d) s earlier", plain.err)[1])
    drawn = next(p for t, p in first if t >= 1.0)
    bare = next(p for t, p in pictures(beside) if t >= 1.0 + early_s)
    differs = np.abs(drawn.astype(float) - bare)
    upper, lower = np.split(differs, [int(len(differs) * 0.7)])
    assert lower.mean() > 4 * upper.mean()
    assert lower.mean() > 5


def test_nothing_is_overwritten_and_numbers_go_on(mensetsu, take):
    for number in (1, 2):
        (path,) = made(mensetsu("clips", take, "--at", "1-2", "--no-burn"))
        assert path.endswith(f"{number:02d}-moment-0m01s.mp4")


def test_moments_of_the_remarks(mensetsu, take):
    analysis = read_analysis(take / "analysis.json")
    from reports.feedback import choose_remarks
    from reports.targets import read_targets

    shown = {m.start for r in choose_remarks(analysis, read_targets()) for m in r.evidence}
    done = mensetsu("clips", take, "--moments", "remarks")
    if shown:
        assert len(made(done)) == len(shown)
    else:
        assert (done.code, done.out) == (1, "")


def test_wrong_usage_changes_nothing(mensetsu, take, untouched):
    for wrong in (
        [],
        ["--at", "x"],
        ["--at", "9-3"],
        ["--at", "5:00-5:10"],
        ["--longest-pauses", 0],
    ):
        with untouched():
            assert mensetsu("clips", take, *wrong).code == 2, wrong
    (take.parent / "clip.mp4").unlink()
    with untouched():
        done = mensetsu("clips", take, "--at", "1-2")
    assert done.code == 1
    assert "is gone" in done.err


def test_without_a_font_the_words_stand_beside(mensetsu, take, monkeypatch):
    monkeypatch.setattr(captions, "FONTS", {"linux": ("/nowhere.ttf",)})
    monkeypatch.setattr("sys.platform", "linux")
    done = mensetsu("clips", take, "--at", "3-6")
    made(done)
    assert "no font" in done.err
    assert list(take.glob("clips/*.srt"))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [("1:05-1:20", 65, 80), ("65-80", 65, 80), ("0:01.5-2.25", 1.5, 2.25), ("1:59-9:99", 119, 120)],
)
def test_spans_of_time(text, start, end):
    (moment,) = spans([text], 120.0)
    assert (moment.start_s, moment.end_s) == (start, end)


@pytest.mark.parametrize("text", ["", "1:05", "1-", "a-b", "-1-5", "5-5", "1:05-1:04", "130-140"])
def test_what_is_no_span(text):
    with pytest.raises(ValueError):
        spans([text], 120.0)


def test_letters_are_drawn_where_they_belong():
    font = find_font("Words")
    assert font is not None, "no font: run the set-up"
    overlay = draw_captions([Caption(1.0, 2.0, ("Words", "and more"))], font)
    assert overlay(0.99, (640, 360)) is None
    assert overlay(2.0, (640, 360)) is None
    for size in ((640, 360), (360, 640), (160, 90)):
        patch = overlay(1.5, size)
        rows, width = patch.luma.shape
        assert width == size[0]
        assert rows % 2 == patch.top_px % 2 == 0
        assert size[1] / 2 < patch.top_px + rows <= size[1]
        assert patch.luma.max() > 200
        assert patch.alpha.max() == 1.0
    assert overlay(1.5, (640, 360)) is overlay(1.6, (640, 360))


def test_a_line_that_is_too_long_is_made_smaller():
    font = find_font("x")
    patch = draw_captions([Caption(0.0, 9.0, ("wide " * 60,))], font)(1.0, (640, 360))
    lit = np.flatnonzero((patch.luma > 150).any(axis=0))
    assert lit[0] > 0
    assert lit[-1] < 639


def test_a_font_must_have_the_letters():
    assert find_font("𒀀") is None
    found = find_font("面接の練習")
    assert found is None or "DejaVu" not in found.name
