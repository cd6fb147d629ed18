"""What the table of conditions counts, on cases that can be checked by hand."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from analysis.results import CountRange, Filler, Pause, Repetition, SpeechMetrics, Transcript, Word
from analysis.timeline import Segment

FOLDER = Path(__file__).parent
NAMES = (
    "truth",
    "matching",
    "tables",
    "cases",
    "alignment",
    "scores",
    "conditions_table",
    "reliability",
)


@pytest.fixture(scope="module")
def benchmark():
    """The modules as the programs import them: from their own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(FOLDER), *sys.path])
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in NAMES})
    for name in NAMES:
        sys.modules.pop(name, None)


def heard(start, end, text, probability=0.9, counted=True, kind="acoustic"):
    return Filler(start, end, text, kind, probability, counted)


SPEECH = (Segment(1.0, 5.0), Segment(6.0, 12.0))
WORDS = tuple(Word(1.0 + i, 1.5 + i, f"w{i}", 0.9) for i in range(10))


@pytest.fixture
def clip(benchmark):
    return benchmark.truth.Clip(
        name="a",
        path=Path("a"),
        group="corpus",
        language="en",
        speech=SPEECH,
        duration_s=13.0,
        text="one two three four five six seven eight nine ten",
        word_count=10,
        hesitation_count=2,
        hesitations=(Segment(1.0, 1.3), Segment(4.7, 5.0)),
        lexical_fillers=(Segment(7.0, 7.3),),
        repetitions=(Segment(8.0, 8.3),),
    )


@pytest.fixture
def analysed(benchmark, clip):
    """Return the function that makes a case of what was measured."""

    def make(**changes):
        speech = SpeechMetrics(
            duration_s=13.0,
            answer=Segment(1.1, 12.0),
            speaking_s=9.9,
            latency_s=1.1,
            after_s=1.0,
            pauses=(Pause(5.0, 6.1, "inside"),),
            speech=(Segment(1.1, 5.0), Segment(6.1, 12.0)),
            word_count=11,
        )
        whole = {
            "media": SimpleNamespace(duration_s=13.0),
            "transcript": Transcript("en", 1.0, "base", WORDS),
            "speech": speech,
            "hesitations": (heard(1.1, 1.4, "um"), heard(9.0, 9.3, "uh")),
            "fillers": (heard(1.1, 1.4, "um"), heard(9.0, 9.3, "uh")),
            "hesitation_range": CountRange(1, 3, 0.9),
            "lexical_fillers": (heard(7.1, 7.4, "like", kind="word"),),
            "repetitions": (
                Repetition(8.1, 8.2, "the", "repetition", 0.9, True),
                Repetition(10.0, 10.2, "so", "repetition", 0.3, False),
            ),
        }
        return benchmark.cases.Case(clip, SimpleNamespace(**{**whole, **changes}))

    return make


def test_one_recording(benchmark, analysed):
    s = benchmark.scores.score([analysed()])
    assert (s.clips, s.minutes) == (1, pytest.approx(13 / 60))
    assert (s.hesitations.true, s.hesitations.found, s.hesitations.false) == (2, 1, 1)
    assert (s.hesitations.recall, s.hesitations.precision, s.hesitations.f1) == (0.5, 0.5, 0.5)
    assert s.hesitation_offs_s == [pytest.approx(0.1)]
    assert s.ranges == [True]
    assert (s.lexical.found, s.lexical.false) == (1, 0)
    # What is only possible is not counted.
    assert (s.repetitions.found, s.repetitions.false) == (1, 0)
    assert (s.pauses.true, s.pauses.found) == (1, 1)
    assert s.pause_edges_s == pytest.approx([0.0, 0.1])
    assert s.pause_lengths_s == pytest.approx([0.1])
    assert s.answers_s == pytest.approx([-0.1])
    assert s.languages == [True]
    # 11 words in 10.9 s against 10 in 11 s; without pauses 9.8 s against 10 s.
    assert s.rates == [pytest.approx((11 / 10.9) / (10 / 11) - 1)]
    assert s.articulation == [pytest.approx((11 / 9.8) / (10 / 10) - 1)]


def test_false_ones_count_per_minute_of_fluent_speech(benchmark, analysed):
    s = benchmark.scores.score([analysed()])
    # Speech at 2.3–3.7 s and at 6.0–12.0 s is a second or more from both true ones.
    assert s.fluent_minutes == pytest.approx((1.4 + 6.0) / 60)
    assert s.fluent_false == 1
    near = (heard(5.5, 5.8, "um"),)
    assert benchmark.scores.score([analysed(hesitations=near)]).fluent_false == 0


def test_counts_without_times(benchmark, analysed, clip):
    case = analysed()
    untimed = replace(case, clip=replace(clip, hesitations=None, hesitation_count=3))
    s = benchmark.scores.score([untimed])
    assert (s.hesitations.true, s.hesitations.found, s.hesitations.false) == (3, 2, 0)
    assert (s.hesitation_offs_s, s.fluent_minutes) == ([], 0)
    fluent = replace(case, clip=replace(clip, hesitations=None, hesitation_count=0))
    s = benchmark.scores.score([fluent])
    assert (s.hesitations.false, s.fluent_false) == (2, 2)
    assert s.fluent_minutes == pytest.approx(9.9 / 60)


def test_what_was_not_measured_is_not_counted_as_none(benchmark, analysed):
    s = benchmark.scores.score(
        [analysed(repetitions=None, hesitations=None, fillers=None, hesitation_range=None)]
    )
    assert s.repetitions.measured is s.hesitations.measured is False
    row = dict(
        zip(benchmark.conditions_table.COLUMNS, benchmark.conditions_table.row("x", s), strict=True)
    )
    shown = {name: benchmark.tables.show(cell) for name, cell in row.items()}
    assert shown["rep. P"] == shown["hes. R"] == shown["range %"] == shown["morae %"] == "–"
    assert shown["lex. P"] == "1.00"


def test_no_words_at_all_is_an_error_of_its_whole_size(benchmark, analysed):
    case = analysed()
    silent = analysed(transcript=None, speech=replace(case.analysis.speech, word_count=None))
    s = benchmark.scores.score([silent])
    assert s.rates == [-1.0]
    assert (s.words_true, s.words_wrong, s.languages) == (10, 10, [False])


def test_repeats_of_other_clips_are_left_out(benchmark, analysed, clip):
    case = replace(analysed(), clip=replace(clip, pooled=False))
    assert benchmark.scores.score([case]).clips == 0


def test_columns_have_names_of_their_own(benchmark):
    columns = benchmark.conditions_table.COLUMNS
    assert len(set(columns)) == len(columns)


def test_rows_by_condition_then_samples_and_real(benchmark, analysed, clip):
    case = analysed()
    cases = [
        case,
        replace(case, condition="white10"),
        replace(case, clip=replace(clip, group="natural")),
    ]
    both, english, japanese = benchmark.conditions_table.condition_tables(cases)
    assert [row[0] for row in both.rows] == ["clean", "white10", "real: sound"]
    assert [row[1] for row in both.rows] == [1, 1, 1]
    assert [row[1] for row in english.rows] == [1, 1, 1]
    assert japanese.rows == ()


def test_targets_name_what_is_not_met(benchmark, analysed):
    case = analysed()
    noisy = replace(analysed(hesitations=()), condition="white20")
    targets = benchmark.conditions_table.condition_targets([case, noisy]).targets
    verdicts = {t.what: t.met for t in targets}
    assert verdicts["generated, clean: pauses ≥ 0.5 s, found"] is True
    assert verdicts["generated, clean: hesitations, English, recall"] is False
    assert verdicts["generated, clean: hesitations, Japanese, recall"] is None
    assert verdicts["generated, white20: hesitations, against clean"] is False
    assert verdicts["generated, pink20: hesitations, against clean"] is None
    assert verdicts["clean: false hesitations per min of fluent speech (0.1 min)"] is False


class TestWordEdges:
    def edges(self, benchmark, texts, words, language="en"):
        chunks = tuple(benchmark.truth.Chunk(*t) for t in texts)
        transcript = Transcript(language, 1.0, "base", tuple(Word(*w, 0.9) for w in words))
        return benchmark.alignment.word_edge_errors_s(chunks, transcript)

    def test_first_and_last_word_of_a_chunk(self, benchmark):
        errors = self.edges(
            benchmark,
            [(1.0, 3.0, "we built it"), (4.0, 5.0, "yes")],
            [(1.1, 1.4, "We"), (1.4, 2.0, "built"), (2.0, 2.9, "it."), (4.0, 5.3, "Yes.")],
        )
        assert errors == pytest.approx([0.1, 0.1, 0.0, 0.3])

    def test_a_misheard_word_has_no_edge(self, benchmark):
        errors = self.edges(
            benchmark,
            [(1.0, 3.0, "we built it")],
            [(1.1, 1.4, "He"), (1.4, 2.0, "built"), (2.0, 2.9, "it.")],
        )
        assert errors == pytest.approx([0.1])

    def test_kana_of_words(self, benchmark):
        errors = self.edges(
            benchmark,
            [(1.0, 3.0, "今日は雨です")],
            [(1.2, 1.5, "今日"), (1.5, 1.8, "は"), (1.8, 2.2, "雨"), (2.2, 3.1, "です")],
            "ja",
        )
        assert errors == pytest.approx([0.2, 0.1])


class TestReliability:
    def test_tenths(self, benchmark):
        pairs = [(0.85, True)] * 8 + [(0.81, False)] * 2 + [(0.05, False), (1.0, True)]
        low, middle, high = benchmark.reliability.curve(pairs)
        assert (low.count, low.true_share) == (1, 0.0)
        assert (middle.low, middle.count, middle.true_share) == (0.8, 10, 0.8)
        assert middle.mean_probability == pytest.approx(0.842)
        assert (high.low, high.count, high.true_share) == (0.9, 1, 1.0)
        assert sum(b.count for b in (low, middle, high)) == len(pairs)

    def test_pairs_of_a_case(self, benchmark, analysed):
        pairs = benchmark.reliability.judged([analysed()])
        assert pairs == [(0.9, True), (0.9, False)]

    def test_table_and_picture(self, benchmark):
        pairs = [(0.9, True), (0.5, False)]
        table = benchmark.reliability.table(pairs, "made up")
        assert [row[0] for row in table.rows] == ["0.5–0.6", "0.9–1.0"]
        assert "Brier score 0.130" in table.note
        picture = benchmark.reliability.svg({"made up": pairs})
        assert picture.startswith("<svg")
        assert picture.count("<circle") == 2
        assert "made up" in picture
