"""Goals: what a number means, what meets it, what is closer, and what is said of it."""

import math
from dataclasses import replace
from datetime import date

import pytest

from analysis.storage import summary
from recorder.session import Question
from reports.errors import ReportError
from reports.feedback import choose_remarks
from reports.goal_forms import goal_forms, measure_of_remark, suggested_goal
from reports.goal_numbers import (
    AT_LEAST,
    AT_MOST,
    BETWEEN,
    command_number,
    first_step,
    goal_value,
    number_text,
    read_number,
    step_between,
)
from reports.goal_steps import quoted, set_command, smaller_step
from reports.goals import (
    CLOSER,
    MET,
    NOT_MEASURED,
    NOT_YET,
    AskedQuestion,
    Goal,
    judge_goal,
)
from reports.language import speaking
from reports.measures import read_measures
from reports.repeat_noise import RepeatNoise
from reports.takes import TakeRecord

MEASURES = read_measures()
ASKED = Question("self-introduction", "Who are you?", "自己紹介", "first", "x", "", "", (30, 60))
QUESTION = AskedQuestion("self-introduction", "self-introduction", "Who are you?", "自己紹介")


def noise(limit=1.0, kind="absolute"):
    """Return the same noise for every measure."""
    return {name: RepeatNoise(name, kind, "", 0.0, limit, 9, "made up") for name in MEASURES}


def take(id_="t-1", *, language="en", question=ASKED, **numbers):
    known = {"speaking_s": 60.0, "snr_db": 30.0, **numbers}
    return TakeRecord(
        id_, id_, "2026-11-23T10:00:00+00:00", 1, "s", question, language, known, None, None
    )


def goal(measure="fillers_per_min", low=None, high=3.0, **more):
    comparison = BETWEEN if None not in (low, high) else AT_MOST if low is None else AT_LEAST
    known = {"id": "1", "until": "2026-12-01", "set": "2026-11-20T10:00:00+00:00"}
    known |= {"question": QUESTION, "language": "en", **more}
    return Goal(measure=measure, comparison=comparison, low=low, high=high, **known)


class TestVerdict:
    def judge(self, value, before=None, limit=1.0, wanted=None, **more):
        wanted = wanted or goal()
        earlier = None if before is None else take("t-0", **{wanted.measure: before})
        return judge_goal(wanted, take(**{wanted.measure: value}, **more), earlier, noise(limit))

    def test_met(self):
        verdict = self.judge(2.9, before=8.0)
        assert (verdict.kind, verdict.value, verdict.before) == (MET, 2.9, 8.0)
        assert verdict.value_text == "2.9 per min"
        assert verdict.word == "met"

    def test_a_number_counts_as_it_is_shown(self):
        assert self.judge(3.04).kind == MET
        assert self.judge(3.06).kind == NOT_YET

    def test_closer_only_beyond_the_noise(self):
        assert self.judge(6.9, before=8.0, limit=1.0).kind == CLOSER
        within = self.judge(7.1, before=8.0, limit=1.0)
        assert within.kind == NOT_YET
        assert within.reason.endswith("moves by itself (±1.0 per min).")

    def test_further_away_is_not_yet(self):
        verdict = self.judge(9.9, before=8.0)
        assert (verdict.kind, verdict.reason) == (NOT_YET, "")

    def test_the_first_take_is_never_closer(self):
        verdict = judge_goal(goal(start_value=9.0), take(fillers_per_min=4.0), None, noise())
        assert (verdict.kind, verdict.before) == (NOT_YET, 9.0)
        assert "no earlier take" in verdict.reason

    def test_another_speech_model_is_never_closer(self):
        before = take("t-0", fillers_per_min=9.0, model="base")
        now = take(fillers_per_min=4.0, model="small")
        verdict = judge_goal(goal(), now, before, noise())
        assert verdict.kind == NOT_YET
        assert "Different speech models" in verdict.reason

    def test_a_measure_of_unknown_noise_is_never_closer(self):
        verdict = judge_goal(
            goal(), take(fillers_per_min=4.0), take("t-0", fillers_per_min=9.0), {}
        )
        assert verdict.kind == NOT_YET
        assert verdict.reason

    @pytest.mark.parametrize("value", [None, math.nan, "three", True])
    def test_what_was_not_measured_is_not_judged(self, value):
        verdict = self.judge(value, before=8.0)
        assert (verdict.kind, verdict.value) == (NOT_MEASURED, None)
        assert verdict.value_text == "not measured"
        assert verdict.reason

    def test_a_noisy_recording_meets_no_goal_of_the_speech(self):
        assert self.judge(1.0, snr_db=6.0).kind == NOT_MEASURED
        level = goal("level_dbfs", low=-30.0, high=None)
        assert self.judge(-20.0, wanted=level, snr_db=6.0).kind == MET

    def test_between(self):
        length = goal("answer_s", low=30.0, high=60.0)
        assert self.judge(45.0, wanted=length).kind == MET
        assert self.judge(25.0, before=10.0, wanted=length).kind == CLOSER
        assert self.judge(80.0, before=10.0, wanted=length).kind == NOT_YET
        assert length.text == "Length of the answer: 0:30 min to 1:00 min"

    def test_more_is_better(self):
        eyes = goal("eye_contact_ratio", low=0.5, high=None)
        assert self.judge(0.497, wanted=eyes).kind == MET
        assert self.judge(0.4, before=0.2, limit=0.1, wanted=eyes).kind == CLOSER
        assert self.judge(0.1, before=0.2, limit=0.05, wanted=eyes).kind == NOT_YET

    def test_a_silence_a_little_over_30_s_is_over_30_s(self):
        assert self.judge(30.02, wanted=goal("longest_silence_s", high=30.0)).kind == NOT_YET

    def test_counts_are_held_per_minute_of_speech(self):
        wanted = goal("hesitation_count", high=3.0)
        now = take(hesitation_count=6, speaking_s=120.0)
        verdict = judge_goal(wanted, now, take("t-0", hesitation_count=8), noise(2.0))
        assert (verdict.kind, verdict.value, verdict.before) == (MET, 3.0, 8.0)
        assert wanted.text == "Hesitations (um, えーと): at most 3.0 per min of speech"
        assert (
            goal_value(MEASURES["hesitation_count"], take(hesitation_count=6, speaking_s=0)) is None
        )

    def test_the_noise_of_a_count_is_spread_over_the_minutes(self):
        wanted = goal("hesitation_count", high=1.0)
        long = [take(f"t-{n}", hesitation_count=n, speaking_s=240.0) for n in (20, 28)]
        # Two per minute fewer in four minutes are eight: more than six.
        assert judge_goal(wanted, long[0], long[1], noise(6.0)).kind == CLOSER
        short = [take(f"t-{n}", hesitation_count=n, speaking_s=60.0) for n in (5, 7)]
        assert judge_goal(wanted, short[0], short[1], noise(6.0)).kind == NOT_YET

    def test_the_moments_are_those_of_the_take(self, answers, targets):
        answer = answers["full"]()
        now = take(**summary(answer))
        verdict = judge_goal(goal(), now, None, noise(), shown=(answer, targets))
        assert verdict.moments
        counted = {f.start for f in answer.fillers if f.counted}
        assert {m.start for m in verdict.moments} <= counted

    @pytest.mark.parametrize("measure", sorted(MEASURES))
    def test_every_measure_can_be_a_goal(self, measure, any_answer, targets):
        now = take(**summary(any_answer))
        verdict = judge_goal(goal(measure), now, None, noise(), shown=(any_answer, targets))
        assert verdict.value_text
        assert len(verdict.moments) <= 3
        for moment in verdict.moments:
            assert 0 <= moment.start <= moment.end

    def test_in_japanese(self):
        with speaking("ja"):
            verdict = self.judge(2.9, before=8.0)
            assert verdict.word == "達成"
            assert verdict.goal.text.startswith("フィラー：")


class TestForWhom:
    def test_of_the_same_question_and_language(self):
        assert goal().is_for(ASKED, "en")
        assert not goal().is_for(ASKED, "ja")
        assert goal().is_for(ASKED, None)
        assert goal(language=None).is_for(ASKED, "ja")
        assert not goal().is_for(replace(ASKED, id="strengths"), "en")
        assert not goal().is_for(None, "en")

    def test_a_goal_without_a_question_is_for_none(self):
        assert not goal(question=AskedQuestion("", "", "", "")).is_for(None, "en")


class TestNumbers:
    @pytest.mark.parametrize(
        ("measure", "typed", "value"),
        [
            ("fillers_per_min", "3", 3.0),
            ("fillers_per_min", " 3,5 ", 3.5),
            ("fillers_per_min", "３．５", 3.5),
            ("eye_contact_ratio", "45%", 0.45),
            ("eye_contact_ratio", "0.45", 0.45),
            ("answer_s", "1:30", 90.0),
            ("level_dbfs", "−30", -30.0),
        ],
    )
    def test_read(self, measure, typed, value):
        assert read_number(MEASURES[measure], typed) == pytest.approx(value)

    @pytest.mark.parametrize(
        ("measure", "typed"),
        [
            *[
                ("fillers_per_min", t)
                for t in ("", "many", "nan", "inf", "-1", "1:30", "3%", "1e999")
            ],
            *[("eye_contact_ratio", t) for t in ("45", "101%", "-1%", "%")],
            ("answer_s", "1:xx"),
        ],
    )
    def test_refused_with_what_to_do(self, measure, typed):
        with pytest.raises(ReportError, match=r"write|lies between|never below"):
            read_number(MEASURES[measure], typed)

    @pytest.mark.parametrize("measure", sorted(MEASURES))
    def test_what_is_typed_is_what_was_meant(self, measure):
        about = MEASURES[measure]
        for value in (0.25, 1.0) if about.unit == "share" else (0.5, 3.0, 117.0):
            assert read_number(about, command_number(about, value)) == pytest.approx(value)

    def test_texts(self):
        assert number_text(MEASURES["longest_silence_s"], 27.5) == "27.5 s"
        assert number_text(MEASURES["longest_silence_s"], 27.0) == "27 s"
        assert number_text(MEASURES["clipped_ratio"], 0.0003) == "0.03%"
        assert number_text(MEASURES["level_dbfs"], -31.2) == "−31 dBFS"


class TestFirstStep:
    def test_half_of_the_way_and_never_beyond_the_band(self, targets):
        band = targets.band("fillers_per_min")
        about = MEASURES["fillers_per_min"]
        for tenth in range(51, 300):
            comparison, number = first_step(about, tenth / 10, band, 0.5)
            assert comparison == AT_MOST
            assert band.high <= number < tenth / 10
            half = (tenth / 10 + band.high) / 2
            assert number == band.high or abs(number - half) <= 0.5

    def test_below_a_band_it_is_at_least(self, targets):
        band = targets.band("pace_wpm", "en")
        assert first_step(MEASURES["pace_wpm"], 80.0, band, 4.0) == (AT_LEAST, 95.0)

    def test_half_of_the_way_within_the_noise_is_the_band_itself(self, targets):
        band = targets.band("fillers_per_min")
        assert first_step(MEASURES["fillers_per_min"], 8.0, band, 2.0) == (AT_MOST, 5.0)

    def test_inside_there_is_nothing_to_reach(self, targets):
        band = targets.band("fillers_per_min")
        assert first_step(MEASURES["fillers_per_min"], 3.0, band, 1.0) is None

    def test_without_a_band_half_of_it(self):
        about = MEASURES["hesitation_count"]
        assert first_step(about, 8.0, None, 1.0) == (AT_MOST, 4.0)
        assert first_step(about, 8.0, None, 5.0) == (AT_MOST, 3.0)
        assert first_step(about, 0.0, None, 1.0) is None


class TestSmallerStep:
    def test_half_of_the_way_from_the_best(self):
        easier = smaller_step(goal(high=3.0), [9.0, 7.0, 8.0], 1.0)
        assert easier.high == 5.0
        assert easier.wanted == "at most 5.0 per min"

    def test_easier_than_the_goal_and_better_than_the_best(self):
        about = MEASURES["fillers_per_min"]
        for tenth in range(31, 200):
            best = tenth / 10
            step = step_between(about, best, 3.0, 0.4)
            assert step is None or 3.0 < step < best
            assert step is not None or best < 3.6

    def test_near_the_goal_there_is_none(self):
        assert smaller_step(goal(high=3.0), [3.2, 3.3, 3.4], 1.0) is None

    def test_the_other_side_of_a_range_stays(self):
        easier = smaller_step(goal("answer_s", low=60.0, high=90.0), [200.0, 210.0, 180.0], 1.0)
        assert (easier.low, easier.high) == (60.0, 135.0)
        easier = smaller_step(goal("answer_s", low=60.0, high=90.0), [20.0, 10.0, 15.0], 1.0)
        assert (easier.low, easier.high) == (40.0, 90.0)

    def test_the_command_sets_it_instead(self):
        easier = smaller_step(goal(high=3.0), [9.0], 1.0)
        assert set_command(easier, instead="1") == (
            "mensetsu goals set --question self-introduction --measure fillers_per_min"
            " --at-most 6 --instead 1"
        )


class TestQuoting:
    def test_a_shell_reads_one_word(self):
        assert quoted("self-introduction", windows=False) == "self-introduction"
        assert quoted("$(rm -rf ~) 'x'", windows=False) == """'$(rm -rf ~) '"'"'x'"'"''"""
        assert quoted("なぜ?", windows=True) == '"なぜ?"'
        assert quoted("strengths", windows=True) == "strengths"

    @pytest.mark.parametrize("text", ["", "a\nb", "\x1b[2J", "\u202eabc"])
    def test_what_steers_a_terminal_is_not_typed(self, text):
        assert quoted(text, windows=False) is None

    @pytest.mark.parametrize("text", ["%PATH%", 'say "x"', "a & b", "a | b", "`x`", "$x"])
    def test_what_windows_reads_more_into_is_not_typed(self, text):
        assert quoted(text, windows=True) is None


class TestForms:
    TODAY = date(2026, 11, 23)

    def forms(self, answer, targets, address="2026-11-23-0900-ab12/01"):
        now = replace(
            take(**summary(answer)),
            question=answer.question,
            language=answer.transcript.language if answer.transcript else None,
        )
        remarks = choose_remarks(answer, targets)
        return remarks, goal_forms(remarks, now, address, targets, noise(0.1), self.TODAY), now

    def test_every_remark_with_a_number_can_become_a_goal(self, any_answer, targets):
        remarks, forms, now = self.forms(any_answer, targets)
        for number, remark in enumerate(remarks, 1):
            measure = measure_of_remark(remark.id, now, targets)
            spoke = now.value("answer_s") is not None
            assert (measure is not None) == (spoke or remark.id != "silence")
            if number in forms:
                form = forms[number]
                assert form.measure == measure
                assert form.until == date(2026, 12, 7)
                assert form.whole.startswith(
                    f"mensetsu goals set 2026-11-23-0900-ab12/01 --measure {measure.id} --at-"
                )
                assert form.whole.endswith(" --until 2026-12-07")
                typed = form.whole.split()[-3]
                assert read_number(measure, typed) == pytest.approx(form.number)

    def test_a_recording_from_elsewhere_is_named_by_its_question(self, answers, targets):
        _, forms, now = self.forms(answers["full"](), targets, address=None)
        assert forms
        for form in forms.values():
            assert f"--question {now.question.id} --measure {form.measure.id}" in form.command
            assert " --start " in form.command
            assert "/" not in form.command

    def test_the_posture_is_the_worst_habit(self, targets):
        now = take(slouch_ratio=0.2, side_lean_ratio=0.45, lean_in_ratio=0.0)
        assert measure_of_remark("posture", now, targets).id == "side_lean_ratio"
        assert measure_of_remark("posture", take(slouch_ratio=0.0), targets) is None

    def test_pace_is_that_of_the_language(self, targets):
        assert measure_of_remark("pace", take(language="ja"), targets).language == "ja"
        assert measure_of_remark("pace", take(language="en"), targets).language == "en"

    def test_eye_contact_has_a_number_though_it_is_not_judged(self, targets):
        now = take(eye_contact_ratio=0.2)
        assert suggested_goal(MEASURES["eye_contact_ratio"], now, targets, noise(0.05)) == (
            AT_LEAST,
            0.4,
        )
