"""The counting of the accuracy benchmark, on cases that can be checked by hand."""

import importlib
import sys
from pathlib import Path

import pytest

from analysis.timeline import Segment

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def benchmark():
    """The modules as the programs import them: from their own folder."""
    names = ("truth", "matching", "tables")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(FOLDER), *sys.path])
        yield {name: importlib.import_module(name) for name in names}
    for name in names:
        sys.modules.pop(name, None)


def test_stretch_found_by_half_of_the_time_covered_together(benchmark):
    true = [Segment(1.0, 2.0), Segment(5.0, 6.0)]
    measured = [Segment(1.1, 2.2), Segment(5.6, 9.0)]
    matches = benchmark["matching"].match_stretches(true, measured)
    assert matches.pairs == ((true[0], measured[0]),)
    assert matches.missed == (true[1],)
    assert matches.false == (measured[1],)
    assert matches.edge_errors_s == pytest.approx([0.1, 0.2])


def test_event_matches_once(benchmark):
    true = [Segment(1.0, 1.3)]
    measured = [Segment(0.8, 0.9), Segment(1.1, 1.4), Segment(2.0, 2.1)]
    matches = benchmark["matching"].match_events(true, measured, 0.35)
    assert matches.pairs == ((true[0], measured[1]),)
    assert len(matches.false) == 2


@pytest.mark.parametrize(
    ("reference", "heard", "edits"),
    [("a b c", "a b c", 0), ("a b c", "a c", 1), ("a b", "a x b", 1), ("", "a", 1), ("a", "b", 1)],
)
def test_edits(benchmark, reference, heard, edits):
    assert benchmark["matching"].edits(reference.split(), heard.split()) == edits


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("um m f a is like <unk> apex", "MFA is like Apex."),
        ("went up by eight percent", "went up by 8%"),
        ("twelve hundred thirty", "Twelve-hundred thirty"),
        ("one thousand two hundred thirty four", "1,234"),
        ("alright yknow it's", "All right, you know: it’s"),
    ],
)
def test_same_words(benchmark, a, b):
    words = benchmark["matching"].english_words
    assert words(a) == words(b)


def test_words_that_are_no_spelling(benchmark):
    words = benchmark["matching"].english_words
    assert words("Here's a long pause") == ["here's", "a", "long", "pause"]


def test_kana_without_hesitations(benchmark):
    kana = benchmark["matching"].kana
    assert kana("えーと、はい。3年です。") == kana("はい三年です")


def test_alignment_that_lacks_a_hesitation(benchmark):
    rows = [(0.0, 1.0, ""), (1.0, 1.5, "so"), (1.5, 2.5, ""), (2.5, 3.0, "yes"), (3.0, 4.0, "um")]
    speech, hesitations = benchmark["truth"]._aligned_speech(rows, ["so", "uh", "yes", "um"])
    assert speech == (Segment(1.0, 4.0),)
    assert hesitations == (Segment(1.5, 2.5), Segment(3.0, 4.0))


def test_silences_of_a_clip(benchmark):
    truth = benchmark["truth"]
    clip = truth.Clip(
        name="x",
        path=Path("x"),
        group="sample",
        speech=(Segment(2.0, 3.0), Segment(3.6, 4.0), Segment(35.0, 36.0)),
        duration_s=36.1,
    )
    assert clip.silences == (Segment(0.0, 2.0), Segment(3.0, 3.6), Segment(4.0, 35.0))
    assert clip.pauses == (Segment(3.0, 3.6), Segment(4.0, 35.0))
    assert clip.long_silences == (Segment(4.0, 35.0),)


@pytest.mark.parametrize("form", ["long", "short"])
def test_textgrid(benchmark, form, tmp_path):
    cells = [("0", "0.5", '""'), ("0.5", "1.25", '"so"')]
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'
    if form == "short":
        body = '0\n1.25\n<exists>\n1\n"IntervalTier"\n"words"\n0\n1.25\n2\n'
        body += "\n".join("\n".join(c) for c in cells)
    else:
        body = "xmin = 0\nxmax = 1.25\ntiers? <exists>\nsize = 1\nitem []:\n    item [1]:\n"
        body += '        class = "IntervalTier"\n        name = "words"\n'
        body += "        xmin = 0\n        xmax = 1.25\n        intervals: size = 2\n"
        for number, (start, end, text) in enumerate(cells, 1):
            body += f"        intervals [{number}]:\n            xmin = {start}\n"
            body += f"            xmax = {end}\n            text = {text}\n"
    path = tmp_path / "a.TextGrid"
    path.write_text(head + body, encoding="utf-8")
    assert benchmark["truth"].read_textgrid(path) == [[(0.0, 0.5, ""), (0.5, 1.25, "so")]]
