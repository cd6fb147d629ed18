"""Takes against each other: verdicts, reasons, and what is not compared."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.questions import find_question, read_bank
from reports.compare import compare_takes, deltas_json, ladder
from reports.language import speaking
from reports.measures import read_measures
from reports.repeat_noise import RepeatNoise, read_repeat_noise
from reports.takes import TakeRecord
from reports.targets import read_targets

TARGETS = read_targets()
QUESTION = find_question(read_bank(), "technical-difficulty")
USUAL = {
    "answer_s": 130.0,
    "longest_silence_s": 2.0,
    "silences_over_30s": 0,
    "latency_s": 1.5,
    "speaking_s": 100.0,
    "pace_wpm": 140.0,
    "speech_rate_wpm": 140.0,
    "articulation_rate_wpm": 170.0,
    "word_count": 300,
    "pause_count": 30,
    "fillers_per_min": 6.0,
    "hesitation_count": 10,
    "lexical_filler_count": 3,
    "repetition_count": 2,
    "restart_count": 1,
    "soft_end_ratio": 0.1,
    "monotone_ratio": 0.1,
    "level_dbfs": -24.0,
    "snr_db": 40.0,
    "clipped_ratio": 0.0,
    "eye_contact_ratio": 0.8,
    "away_count": 4,
    "notes_looks_per_min": 0.0,
    "slouch_ratio": 0.0,
    "side_lean_ratio": 0.0,
    "shoulder_tilt_ratio": 0.0,
    "lean_in_ratio": 0.0,
    "gaze_coverage_ratio": 0.99,
    "posture_coverage_ratio": 0.99,
    "noise_floor_dbfs": -64.0,
    "f0_spread_st": 5.0,
    "language": "en",
    "model": "base",
    "gaze_calibration": "two-point",
    "frame_width_px": 1280,
    "frame_height_px": 720,
    "speech_settings": "aaaa",
    "sight_settings": "bbbb",
    "schema": 4,
}


def take(number: int = 1, **changed) -> TakeRecord:
    """Return a take of one question on a fixed date."""
    fields = {k: changed.pop(k) for k in list(changed) if k in TakeRecord.__dataclass_fields__}
    record = TakeRecord(
        id=f"s-{number:02}",
        name=f"s/{number:02}",
        recorded="2026-11-01T10:00:00+00:00",
        number=number,
        session="s",
        question=QUESTION,
        language="en",
        summary={**USUAL, **changed},
        results=Path("s/x"),
        media=None,
        microphone="Desk",
        camera="Lid",
    )
    return replace(record, **fields)


def verdicts(before: TakeRecord, after: TakeRecord) -> dict[str, str]:
    """Return every verdict but "same"."""
    compared = compare_takes(before, after, targets=TARGETS)
    return {d.metric: d.verdict for d in compared.deltas if d.verdict != "same"}


def test_the_same_numbers_are_about_the_same_in_everything():
    compared = compare_takes(take(1), take(2), targets=TARGETS)
    assert {d.verdict for d in compared.deltas} == {"same"}
    assert not any(d.changed for d in (*compared.deltas, *compared.told))
    assert compared.sentence == "About the same in everything that could be compared."
    judged = {m.id for m in read_measures().values() if m.judged != "told" and m.language != "ja"}
    assert {d.metric for d in compared.deltas} == judged


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"silences_over_30s": 1}, "worse"),
        ({"hesitation_count": 30}, "worse"),
        ({"hesitation_count": 0}, "better"),
        ({"eye_contact_ratio": 0.5}, "worse"),
        ({"eye_contact_ratio": 1.0}, "better"),
        ({"longest_silence_s": 25.0}, "worse"),
        ({"latency_s": 9.0}, "worse"),
        ({"pace_wpm": 190.0}, "worse"),
        ({"pace_wpm": 80.0}, "worse"),
        ({"slouch_ratio": 0.6}, "worse"),
        ({"level_dbfs": -42.0}, "worse"),
        ({"answer_s": 400.0}, "worse"),
        ({"snr_db": 12.0}, "worse"),
        ({"pause_count": 60}, "worse"),
    ],
)
def test_one_change_is_called_and_nothing_else(changed, verdict):
    metric = next(iter(changed))
    assert verdicts(take(1), take(2, **changed)) == {metric: verdict}
    back = {"better": "worse", "worse": "better"}[verdict]
    assert verdicts(take(1, **changed), take(2)) == {metric: back}


def test_inside_its_band_a_real_change_is_neither_better_nor_worse():
    compared = compare_takes(take(1, pace_wpm=115.0), take(2, pace_wpm=155.0), targets=TARGETS)
    pace = next(d for d in compared.deltas if d.metric == "pace_wpm")
    assert (pace.verdict, pace.changed) == ("same", True)
    assert pace.reason == "Changed inside its target: neither better nor worse."


def test_a_hair_over_the_edge_of_a_band_is_no_change_for_the_worse():
    assert verdicts(take(1, latency_s=2.99), take(2, latency_s=3.01)) == {}


def test_from_one_side_of_the_band_to_the_other_at_the_same_distance():
    compared = compare_takes(take(1, pace_wpm=90.0), take(2, pace_wpm=180.0), targets=TARGETS)
    pace = next(d for d in compared.deltas if d.metric == "pace_wpm")
    assert (pace.verdict, pace.changed) == ("same", True)
    assert "hardly nearer" in pace.reason


def test_counts_are_held_against_the_amount_of_speech():
    twice = {"speaking_s": 200.0, "answer_s": 150.0, "word_count": 600}
    doubled = {"pause_count": 60, "hesitation_count": 20, "lexical_filler_count": 6}
    assert verdicts(take(1), take(2, **twice, **doubled, repetition_count=4, restart_count=2)) == {}


def test_who_says_the_same_faster_makes_no_more_of_anything():
    before = {"hesitation_count": 9, "word_count": 300, "speaking_s": 150.0}
    compared = compare_takes(
        take(1, **before), take(2, **{**before, "speaking_s": 80.0}), targets=TARGETS
    )
    told = next(d for d in compared.deltas if d.metric == "hesitation_count")
    assert (told.verdict, told.changed) == ("same", False)
    assert told.reason == "3.0 → 3.0 per 100 words."
    other = compare_takes(
        take(1, pause_count=30), take(2, pause_count=60, model="small"), targets=TARGETS
    )
    pauses = next(d for d in other.deltas if d.metric == "pause_count")
    assert (pauses.verdict, pauses.reason) == ("worse", "18.0 → 36.0 per minute of speech.")


def test_pauses_in_the_place_of_hesitations_are_no_loss():
    traded = take(2, pause_count=39, hesitation_count=1)
    assert verdicts(take(1), traded) == {"hesitation_count": "better"}
    compared = compare_takes(take(1), traded, targets=TARGETS)
    pauses = next(d for d in compared.deltas if d.metric == "pause_count")
    assert "in the place of" in pauses.reason
    assert pauses.changed


@pytest.mark.parametrize(
    ("fields", "reason", "metrics"),
    [
        ({"language": "ja"}, "Different languages: English and Japanese.", {"fillers_per_min"}),
        ({"model": "small"}, "Different speech models", {"pace_wpm", "hesitation_count"}),
        ({"camera": "Other"}, "Different cameras.", {"eye_contact_ratio", "slouch_ratio"}),
        ({"gaze_calibration": "one-point"}, "calibrated in another way", {"eye_contact_ratio"}),
        ({"frame_width_px": 405}, "one picture is upright", {"eye_contact_ratio"}),
        ({"microphone": "Other"}, "Different microphones.", {"level_dbfs", "snr_db"}),
        ({"question": None}, "Different questions", {"answer_s"}),
        ({"schema": 3}, "older mensetsu", {"eye_contact_ratio"}),
        ({"speech_settings": "cccc"}, "other thresholds", {"pause_count", "latency_s"}),
        ({"sight_settings": "cccc"}, "other thresholds", {"eye_contact_ratio"}),
        ({"snr_db": 5.0}, "only 5 dB above the noise", {"pause_count", "pace_wpm"}),
        ({"eye_contact_ratio": None, "gaze_coverage_ratio": 0.4}, "in 40%", {"eye_contact_ratio"}),
        ({"speaking_s": 6.0}, "Too little speech to compare: 6.0 s", {"pace_wpm", "answer_s"}),
        ({"latency_s": None}, "Not measured in the later take.", {"latency_s"}),
        ({"latency_s": True}, "Not measured in the later take.", {"latency_s"}),
        ({"latency_s": "9"}, "Not measured in the later take.", {"latency_s"}),
        ({"latency_s": math.inf}, "Not measured in the later take.", {"latency_s"}),
        ({"summary": None}, "The later take is not analysed.", {"latency_s", "slouch_ratio"}),
    ],
)
def test_what_is_not_comparable_says_why(fields, reason, metrics):
    compared = compare_takes(take(1), take(2, **fields), targets=TARGETS)
    told = {d.metric: d.reason for d in compared.of("not comparable")}
    assert metrics <= set(told)
    assert all(reason in told[metric] for metric in metrics)


def test_what_has_nothing_to_do_with_the_conditions_is_still_compared():
    compared = compare_takes(
        take(1), take(2, language="ja", camera="Other", microphone="Other"), targets=TARGETS
    )
    left = {d.metric for d in compared.deltas if d.verdict != "not comparable"}
    assert {"answer_s", "longest_silence_s", "pause_count", "latency_s"} <= left
    assert not left & {"eye_contact_ratio", "pace_wpm", "level_dbfs", "hesitation_count"}


def test_a_measure_whose_noise_nobody_knows_is_not_called():
    noise = {k: v for k, v in read_repeat_noise().items() if not k.startswith("latency_s")}
    compared = compare_takes(take(1), take(2, latency_s=60.0), targets=TARGETS, noise=noise)
    latency = next(d for d in compared.deltas if d.metric == "latency_s")
    assert latency.verdict == "not comparable"
    assert "not known" in latency.reason


def test_noise_of_ones_own_widens_what_counts():
    wide = RepeatNoise("latency_s", "absolute", "s", 1, 50, 10, "mine")
    noise = {**read_repeat_noise(), "latency_s": wide}
    assert verdicts(take(1), take(2, latency_s=40.0)) == {"latency_s": "worse"}
    compared = compare_takes(take(1), take(2, latency_s=40.0), targets=TARGETS, noise=noise)
    assert {d.verdict for d in compared.deltas} == {"same"}


def test_one_honest_sentence():
    def sentence(**changed):
        return compare_takes(take(1), take(2, **changed), targets=TARGETS).sentence

    assert sentence(hesitation_count=0) == (
        "Better: Hesitations (um, えーと). Nothing that could be compared got worse."
    )
    assert sentence(hesitation_count=0, pace_wpm=190.0).startswith(
        "Better: Hesitations (um, えーと). Worse: Pace. Everything else"
    )
    many = sentence(
        pace_wpm=190.0, silences_over_30s=2, longest_silence_s=40.0, slouch_ratio=0.9, latency_s=20
    )
    assert "Longest silence, Silences over 30 s, Pace and 2 more" in many
    nothing = compare_takes(take(1), take(2, summary=None), targets=TARGETS)
    assert nothing.sentence == "Nothing could be compared: see the reasons below."
    with speaking("ja"):
        told = compare_takes(take(1), take(2, hesitation_count=0), targets=TARGETS).sentence
    assert told.startswith("良くなった項目：言いよどみ")


def test_ladder_goes_from_the_oldest_to_the_newest():
    later = take(1, recorded="2026-11-03T10:00:00+00:00", hesitation_count=2)
    compared = ladder([later, take(2, hesitation_count=12), take(1)], targets=TARGETS)
    assert [t.name for t in compared.takes] == ["s/01", "s/02", "s/01"]
    assert compared.takes[-1] is later
    assert len(compared.steps) == 2
    assert compared.since_first is not None
    assert compared.since_first.before.number == 1
    elsewhere = [later, take(2, recorded=None)]
    assert list(ladder(elsewhere, targets=TARGETS).takes) == elsewhere
    with pytest.raises(ValueError, match="two takes"):
        ladder([later], targets=TARGETS)


def test_json_of_the_newest_step():
    compared = ladder([take(1), take(2, pace_wpm=190.0), take(3)], targets=TARGETS)
    data = json.loads(json.dumps(deltas_json(compared), allow_nan=False))
    assert data["deltas"] == data["steps"][1]["deltas"]
    pace = next(d for d in data["deltas"] if d["metric"] == "pace_wpm")
    assert set(pace) == {
        *("metric", "before", "after", "unit", "noise", "verdict", "reason", "changed")
    }
    assert (pace["before"], pace["after"], pace["verdict"]) == (190.0, 140.0, "better")
    assert pace["noise"] > 0
    assert data["since_first"] is not None
    assert {d["verdict"] for d in data["since_first"]} == {"same"}


def test_every_measure_is_a_number_of_the_summary_and_says_its_direction():
    for measure in read_measures().values():
        assert measure.judged in ("fewer", "more", "band", "told"), measure.id
        assert bool(measure.band) == (measure.judged == "band"), measure.id
        assert bool(measure.why) == (measure.judged != "told"), measure.id
        assert measure.settings in ("speech", "sight"), measure.id
        assert set(measure.needs) <= {"language", "model", "camera", "microphone", "question"}
        if measure.band:
            assert measure.band_of(TARGETS, measure.language or "en", QUESTION), measure.id
