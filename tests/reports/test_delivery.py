"""The delivery in sentences: what is told, and what is told not to be measured."""

import math
from dataclasses import replace

import pytest

from analysis.results import CountRange, Filler, Passage
from analysis.timeline import Segment
from reports.delivery import MOST_SHOWN, delivery_rows


@pytest.fixture
def rows(targets):
    def tell(answer):
        language = answer.transcript.language if answer.transcript else None
        measure = "pace_characters_per_min" if language == "ja" else "pace_wpm"
        return {r.title: r for r in delivery_rows(answer, targets.band(measure, language))}

    return tell


def with_delivery(answer, **changes):
    return replace(answer, delivery=replace(answer.delivery, **changes))


def test_pace_names_the_passages_with_time_rate_and_verdict(answers, rows):
    answer = with_delivery(
        answers["full"](), fastest=Passage(70, 85, 188.2), slowest=Passage(20, 35, 104.0)
    )
    row = rows(answer)["Pace"]
    assert row.text.startswith("Within 110–160 for ")
    assert row.text.endswith("(words/min).")
    assert [(p.start, p.clock, p.text) for p in row.places] == [
        (70, "1:10–1:25", "fastest, 188: too fast"),
        (20, "0:20–0:35", "slowest, 104: a bit slow"),
    ]


def test_pace_in_its_band_is_fine(answers, rows):
    answer = with_delivery(
        answers["full"](), fastest=Passage(70, 85, 151), slowest=Passage(20, 35, 120)
    )
    assert [p.text for p in rows(answer)["Pace"].places] == [
        "fastest, 151: fine",
        "slowest, 120: fine",
    ]


def test_flat_stretches_have_share_and_time(answers, rows):
    answer = with_delivery(
        answers["full"](),
        monotone=(Segment(10, 22), Segment(61, 73)),
        monotone_ratio=0.22,
    )
    row = rows(answer)["Melody"]
    assert row.text == (
        "Flat for 14 s, 22% of the talk: the voice rises and falls by less than 3.5 semitones"
        " within 10 s."
    )
    assert [p.clock for p in row.places] == ["0:10–0:22", "1:01–1:13"]
    assert row.places[0].name == "Go to 0:10–0:22, flat melody"
    none = rows(with_delivery(answer, monotone=(), monotone_ratio=0.0))["Melody"]
    assert none.text.startswith("The voice rises and falls throughout")
    assert none.places == ()


def test_soft_ends_have_time_and_drop(answers, rows):
    answer = answers["full"]()
    row = rows(answer)["Ends of sentences"]
    assert row.text == "2 of 9 fade away: 10 dB or more below the rest of the sentence."
    assert [p.text for p in row.places] == ["12 dB", "14 dB"]
    none = rows(with_delivery(answer, drops=()))["Ends of sentences"]
    assert none.text.startswith("None of 9 fades away")


def test_hesitations_have_a_range_in_one_sentence_and_possible_ones_to_click(answers, rows):
    answer = answers["full"]()
    possible = answer.possible_hesitations
    answer = replace(answer, hesitation_range=CountRange(4, 7, 0.9))
    row = rows(answer)["Hesitations"]
    assert row.text == (
        "4 (4–7) hesitations: 4 counted, and in 90% of such answers the true number lies within the"
        " range in brackets."
    )
    assert row.before_places == "Possible, not counted:"
    assert [p.start for p in row.places] == [f.start for f in possible]
    sure = replace(answer, fillers=(), hesitation_range=CountRange(0, 0, 0.9))
    assert rows(sure)["Hesitations"].text == "0 hesitations."


def test_repeated_words_are_counted_and_quoted(answers, rows):
    row = rows(answers["full"]())["Repeated words"]
    assert row.text == "1 repetition and 1 restart; 1 more possible, not counted."
    assert [p.text for p in row.places] == ["“last”", "“so what we”", "“I”?"]
    none = rows(replace(answers["full"](), repetitions=()))["Repeated words"]
    assert none.text == "No word repeated, no sentence begun anew."


def test_no_row_lists_more_than_a_few(answers, rows):
    answer = answers["full"]()
    many = tuple(Filler(float(i), i + 0.3, "um", "acoustic", 0.3, False) for i in range(20))
    row = rows(replace(answer, fillers=many))["Hesitations"]
    assert len(row.places) == MOST_SHOWN
    assert row.more == 20 - MOST_SHOWN


def test_what_was_not_measured_says_so(answers, rows):
    told = rows(answers["withheld"]())
    assert told["Melody"].text.startswith("Not measured")
    assert told["Ends of sentences"].text.startswith("Not measured")
    assert "too little talk" in told["Pace"].text
    assert "Hesitations" not in told
    assert not any(r.places for name, r in told.items() if name != "Repeated words")


def test_an_older_analysis_tells_only_its_pace(answers, rows):
    told = rows(answers["older"]())
    assert list(told) == ["Pace"]
    assert told["Pace"].places == ()
    assert rows(answers["empty"]()) == {}


def test_japanese_pace_is_in_characters(answers, rows):
    assert "(characters/min)" in rows(answers["japanese"]())["Pace"].text


def test_every_place_lies_in_the_recording(any_answer, rows):
    for row in rows(any_answer).values():
        for place in row.places:
            assert 0 <= place.start <= any_answer.media.duration_s
            assert not math.isnan(place.start)
