"""Remarks: which are chosen, and what they rest on."""

import itertools
import math
import re
from dataclasses import replace

import pytest

from analysis.results import Drop, Filler
from reports.feedback import MOST_REMARKS, choose_remarks

JUDGES_A_PERSON = re.compile(
    r"confiden|nervous|emotion|personalit|charisma|trustworth|unfit|attitude|intelligen", re.I
)


def ids(analysis, targets):
    return [r.id for r in choose_remarks(analysis, targets)]


def test_remarks_are_few_and_complete(any_answer, targets):
    remarks = choose_remarks(any_answer, targets)
    assert len(remarks) <= MOST_REMARKS
    for remark in remarks:
        assert remark.evidence
        assert remark.why
        assert remark.source
        assert remark.drill.length_s > 0
        for moment in remark.evidence:
            assert 0 <= moment.start <= moment.end <= any_answer.media.duration_s
            assert bool(moment.quote) == (any_answer.transcript is not None)
        assert [m.start for m in remark.evidence] == sorted(m.start for m in remark.evidence)
        assert not JUDGES_A_PERSON.search(f"{remark.title} {remark.why} {remark.drill.text}")


def test_silence_over_the_limit_comes_first(answers, targets):
    remarks = choose_remarks(answers["full"](), targets)
    assert [r.id for r in remarks] == ["silence", "answer_s", "posture"]
    assert remarks[0].title == "A silence of 32 s inside the answer"
    silence = answers["full"]().speech.longest_pause
    assert remarks[0].evidence[0].start == silence.start


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("silence_before", "before the first word"),
        ("silence_inside", "inside the answer"),
        ("silence_after", "after the last word"),
    ],
)
def test_silence_counts_wherever_it_lies(answers, targets, name, where):
    remarks = choose_remarks(answers[name](), targets)
    assert remarks[0].id == "silence"
    assert where in remarks[0].title
    assert "31 s" in remarks[0].title
    assert "latency_s" not in [r.id for r in remarks]


def test_withheld_numbers_yield_nothing(answers, targets):
    assert set(ids(answers["withheld"](), targets)) <= {"silence", "answer_s", "pace"}
    assert ids(answers["empty"](), targets) == []


def test_no_speech_says_so(answers, targets):
    (remark, *_) = choose_remarks(answers["no_speech"](), targets)
    assert remark.title.startswith("No speech was found")


def test_all_in_range_yields_nothing(answers, targets):
    assert ids(answers["all_fine"](), targets) == []


def test_noisy_recording_judges_only_the_silence_and_itself(answers, targets):
    assert ids(answers["noisy"](), targets) == ["silence", "noise", "posture"]


def test_outside_comes_before_close(answers, targets):
    answer = answers["all_fine"]()
    # Length close to its band (rank 3), posture beyond its own (rank 9).
    answer = replace(
        answer,
        question=replace(answer.question, band_s=(95.0, 180.0)),
        posture=replace(answer.posture, slouch_ratio=0.6, slouch=answers["full"]().posture.slouch),
    )
    assert ids(answer, targets) == ["posture", "answer_s"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"level_dbfs": -41.0}, "level_dbfs"),
        ({"level_dbfs": -9.0}, "level_dbfs"),
        ({"clipped_ratio": 0.02}, "clipped_ratio"),
    ],
)
def test_voice(answers, targets, change, expected):
    answer = answers["all_fine"]()
    answer = replace(answer, voice=replace(answer.voice, **change))
    assert ids(answer, targets) == [expected]


def test_fillers_show_where_they_are_densest(answers, targets):
    answer = answers["all_fine"]()
    crowd = [Filler(50 + i, 50.3 + i, "um", "acoustic", 0.9, True) for i in range(12)]
    lonely = Filler(10.0, 10.3, "um", "acoustic", 0.9, True)
    answer = replace(answer, fillers=(lonely, *crowd))
    (remark,) = choose_remarks(answer, targets)
    assert remark.id == "fillers_per_min"
    assert remark.title == "13 fillers, 9.1 per minute"
    assert all(50 <= m.start <= 62 for m in remark.evidence)
    assert "(um)" in remark.evidence[0].quote


def test_pace_shows_the_fastest_stretch(answers, targets):
    answer = answers["all_fine"]()
    answer = replace(answer, speech=replace(answer.speech, word_count=300))
    (remark,) = choose_remarks(answer, targets)
    assert remark.id == "pace"
    assert remark.title.startswith("Fast: ")
    starts = [m.start for m in remark.evidence]
    assert all(b - a >= 12 for a, b in itertools.pairwise(starts))


def test_two_fillers_in_a_short_answer_are_nothing_to_remark(answers, targets):
    answer = answers["silence_inside"]()
    answer = replace(
        answer,
        fillers=tuple(Filler(33 + i, 33.3 + i, "um", "acoustic", 0.9, True) for i in range(2)),
    )
    assert ids(answer, targets) == ["silence", "answer_s", "posture"]


def test_eyes_and_latency(answers, targets):
    answer = answers["all_fine"]()
    answer = replace(
        answer,
        gaze=replace(answer.gaze, eye_contact_ratio=0.2),
        speech=replace(answer.speech, latency_s=12.0),
    )
    assert ids(answer, targets) == ["eye_contact_ratio", "latency_s"]
    answer = replace(answer, gaze=replace(answer.gaze, eye_contact_ratio=math.nan))
    assert ids(answer, targets) == ["latency_s"]


def test_soft_ends_and_a_flat_melody_come_last(answers, targets):
    answer = answers["all_fine"]()
    drops = tuple(Drop(10.0 * i, 10.0 * i + 0.7, 10.0 + i) for i in range(1, 7))
    answer = replace(
        answer,
        delivery=replace(answer.delivery, drops=drops, sentence_end_count=10, monotone_ratio=0.9),
    )
    soft, flat = choose_remarks(answer, targets)
    assert (soft.id, flat.id) == ("soft_end_ratio", "monotone_ratio")
    assert soft.title == "6 of 10 sentences fade away at the end"
    assert [m.start for m in soft.evidence] == [40, 50, 60]
    assert flat.evidence[0].start == answer.delivery.monotone[0].start
    # Far outside their own band, but behind what is only close to its band.
    answer = replace(answer, speech=replace(answer.speech, latency_s=5.0))
    assert ids(answer, targets) == ["latency_s", "soft_end_ratio", "monotone_ratio"]


def test_two_soft_ends_or_a_short_flat_stretch_are_nothing_to_remark(answers, targets):
    answer = answers["all_fine"]()
    few = replace(
        answer.delivery,
        drops=answer.delivery.drops[:2],
        sentence_end_count=3,
        monotone_ratio=0.29,
    )
    assert ids(replace(answer, delivery=few), targets) == []


def test_the_limit_of_a_silence_is_that_of_the_analysis(answers, targets):
    answer = answers["all_fine"]()
    pause = max(answer.speech.pauses_inside, key=lambda p: p.duration_s)
    strict = replace(answer, speech=replace(answer.speech, silence_limit_s=pause.duration_s - 0.1))
    (remark,) = choose_remarks(strict, targets)
    assert remark.id == "silence"
    assert f"Over {pause.duration_s - 0.1:g} s" in remark.why
