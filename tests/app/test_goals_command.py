"""`goals`: set from a remark or by hand, held against takes, met, given up; hostile files."""

import json
import os
import shutil
from dataclasses import replace
from datetime import date, timedelta

import pytest

from analysis.storage import read_analysis
from app.goal_check import goal_lines, goal_verdicts, note_take
from app.goal_store import GoalBook, GoalsUnreadable, read_goals, write_goals
from app.shelf import read_take
from recorder.session import Question
from reports.goals import AskedQuestion, Goal
from tests.app.practised import QUESTION, days, made, put, session
from tests.reports.conftest import HOSTILE

posix = pytest.mark.skipif(os.name != "posix", reason="a POSIX terminal")
MINUTES = made(0).speech.answer_s / 60


NOISE = """
[fillers_per_min]
kind = "absolute"
limit_95 = 1.0
[fillers_per_min.en]
kind = "absolute"
limit_95 = 1.0
"""


@pytest.fixture(autouse=True)
def _known_noise(home):
    """A noise that stays the same when it is measured again."""
    (home / "repeat_noise.toml").write_text(NOISE, encoding="utf-8")


@pytest.fixture
def store(home):
    return home / "sessions"


@pytest.fixture
def first(store):
    """A session of one take with many hesitations, before any goal."""
    return session(store, "2026-11-01-0900-aaaa", days(-2), [made(30)])


@pytest.fixture
def wanted(mensetsu, first):
    """An open goal: at most 6 fillers per minute on the question of the take."""
    done = mensetsu(
        "goals", "set", f"{first.name}/01", "--measure", "fillers_per_min", "--at-most", "6"
    )
    assert done.code == 0, done.err
    return read_goals().goals[0]


def again(store, number, count, *, language="en", created=None):
    name = f"2026-12-{number:02}-0900-bbbb"
    (answer,) = [made(count)]
    return session(store, name, created or days(number), [answer], language=language)


def results(folder):
    (found,) = folder.glob("*-analysis")
    return found


def page(folder):
    return (results(folder) / "report.html").read_text(encoding="utf-8")


class TestSet:
    def test_from_a_remark(self, mensetsu, first):
        done = mensetsu("goals", "set", f"{first.name}/01", "--remark", "2", "--json")
        assert done.code == 0, done.err
        (goal,) = json.loads((first.parent.parent / "goals.json").read_text("utf-8"))["goals"]
        shown = json.loads(done.out)
        assert shown.pop("text")
        assert shown == goal
        assert goal["id"] == "1"
        assert goal["question"]["id"] == "self-introduction"
        assert goal["start_take"] == f"{first.name}-01"
        assert goal["until"] == (date.today() + timedelta(days=14)).isoformat()
        assert goal["drill"]

    def test_without_a_take_it_is_the_newest(self, mensetsu, store, first):
        newest = session(store, "2026-11-02-0900-bbbb", days(-1), [made(30)])
        session(store, "2026-11-03-0900-cccc", days(0), [made(1)], analysed=False)
        done = mensetsu("goals", "set", "--remark", "1")
        assert done.code == 0, done.err
        assert read_goals().goals[0].start_name == f"{newest.name}/01"

    def test_without_any_take(self, mensetsu):
        done = mensetsu("goals", "set")
        assert done.code == 1
        assert "no answer is analysed yet" in done.err

    def test_the_drill_of_a_measure_goes_with_it(self, wanted):
        assert wanted.drill == "silent-gaps"
        assert wanted.start_value == pytest.approx(30 / MINUTES)

    def test_for_a_question_from_where_the_newest_take_is(self, mensetsu, first):
        arguments = ("--question", "self-introduction", "--measure", "latency_s")
        done = mensetsu("goals", "set", *arguments, "--at-most", "1", "--until", "2099-01-01")
        assert done.code == 0, done.err
        assert "Goal 1: First word after: at most 1.0 s, on self-introduction" in done.out
        (goal,) = read_goals().goals
        assert (goal.until, goal.start_value, goal.language) == ("2099-01-01", 1.4, "en")

    def test_for_a_question_of_ones_own_in_japanese(self, mensetsu):
        done = mensetsu(
            *("goals", "set", "--question", "なぜ <b>御社</b>?", "--measure", "latency_s"),
            *("--at-most", "２", "--at-least", "0"),
        )
        assert done.code == 0, done.err
        (goal,) = read_goals().goals
        assert goal.question.key.startswith("own:")
        assert goal.comparison == "between"
        assert mensetsu("goals").out.startswith("Open\n  1  First word after: 0.0 s to 2.0 s")

    def test_a_fourth_is_refused_until_one_gives_way(self, mensetsu, first):
        arguments = ("goals", "set", "--question", "strengths", "--measure", "latency_s")
        for _ in range(3):
            assert mensetsu(*arguments, "--at-most", "2").code == 0
        before = read_goals()
        done = mensetsu(*arguments, "--at-most", "1")
        assert done.code == 1
        assert "3 goals are open (1, 2, 3)" in done.err
        assert "mensetsu goals clear ID" in done.err
        assert read_goals() == before
        done = mensetsu(*arguments, "--at-most", "1", "--instead", "2")
        assert done.code == 0, done.err
        assert [(g.id, g.state) for g in read_goals().goals] == [
            ("1", "open"), ("2", "given up"), ("3", "open"), ("4", "open"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--measure", "confidence", "--at-most", "1"), "no measure is called 'confidence'"),
            (("--measure", "latency_s", "--at-most", "soon"), "'soon' is no number"),
            (("--measure", "latency_s", "--at-most", "1", "--until", "2001-01-01"), "has passed"),
            (("--measure", "latency_s", "--at-most", "1", "--until", "x"), "is no date"),
            (("--measure", "latency_s"), "is in its target already"),
            (("--measure", "mora_rate_per_min"), "was not measured there"),
            (("--remark", "9"), "no remark 9"),
            ((), "say which with --remark"),
            (("--remark", "1", "--instead", "7"), "there is no goal '7'"),
        ],
    )
    def test_refused_in_one_line(self, mensetsu, first, arguments, words):
        done = mensetsu("goals", "set", f"{first.name}/01", *arguments)
        assert done.code == 1
        assert words in done.err
        assert done.err.count("\n") == 1
        assert not (first.parent.parent / "goals.json").exists()

    @pytest.mark.parametrize(
        "arguments",
        [
            ("x", "--question", "strengths"),
            ("--question", "strengths"),
            ("--question", "strengths", "--measure", "latency_s"),
            ("x", "--remark", "1", "--measure", "latency_s"),
        ],
    )
    def test_wrong_usage(self, mensetsu, arguments):
        assert mensetsu("goals", "set", *arguments).code == 2

    def test_a_take_without_a_question_can_not_be_a_goal(self, mensetsu, tmp_path):
        media = tmp_path / "answer.mp4"
        media.write_bytes(b"x")
        folder = put(replace(made(30), question=None), media, "answer")
        done = mensetsu("goals", "set", folder, "--remark", "1")
        assert done.code == 1
        assert "analyse it again with --question" in done.err


class TestVerdicts:
    def test_the_whole_way(self, mensetsu, store, wanted):
        assert "not tried yet; started from" in mensetsu("goals").out
        not_yet = again(store, 1, 29)
        assert "Your goal for this question" in page(not_yet)
        assert "The change is no more than this measure moves by itself" in page(not_yet)
        closer = again(store, 2, 20)
        assert "↗</span> closer</span> Fillers: at most 6.0 per min" in page(closer)
        third = again(store, 3, 19)
        assert "After 3 tries without meeting it, a smaller step may help" in page(third)
        assert "--measure fillers_per_min --at-most 8" in page(third)
        assert "--instead 1" in page(third)
        assert "3 tries; last measured" in mensetsu("goals").out
        met = again(store, 4, 8)
        html = page(met)
        assert "✓</span> met</span> Fillers: at most 6.0 per min" in html
        # The report opens with it.
        assert html.index('id="goal-title"') < html.index('id="glance-title"')
        (goal,) = read_goals().goals
        assert (goal.state, goal.met_take, len(goal.tries)) == ("met", f"{met.name}-01", 4)
        listed = mensetsu("goals").out
        assert listed.startswith("Achievements\n  1  Fillers: at most 6.0 per min")
        assert f"with {8 / MINUTES:.1f} per min, {met.name}/01" in listed
        # A later one is held against it no longer.
        assert "goal-title" not in page(again(store, 5, 3))

    def test_a_take_counts_once(self, store, wanted):
        folder = again(store, 1, 29)
        for _ in range(3):
            analysis = read_analysis(results(folder) / "analysis.json")
            put(analysis, folder / "01-self-introduction.mkv", f"{folder.name}-01")
        (goal,) = read_goals().goals
        assert len(goal.tries) == 1
        (verdict,) = goal_verdicts(analysis, results(folder))
        assert (verdict.number, verdict.smaller) == (1, None)

    def test_the_page_of_the_take_that_met_it_stays(self, mensetsu, store, wanted):
        met = again(store, 1, 1)
        again(store, 2, 30)
        assert mensetsu("report", results(met)).code == 0
        assert "✓</span> met</span>" in page(met)

    def test_takes_before_the_goal_other_questions_and_languages_do_not_count(self, store, wanted):
        again(store, 1, 1, created=days(-1))
        other = replace(made(1), question=Question("x", "X?", "X", "first", "x", "", "", (30, 60)))
        session(store, "2026-12-20-0900-cccc", days(20), [other])
        session(store, "2026-12-21-0900-cccc", days(21), [made(1, language="ja")], language="ja")
        (goal,) = read_goals().goals
        assert (goal.state, goal.tries) == ("open", ())

    def test_a_take_before_which_it_was_shown_counts(self, store, wanted):
        # The session began before the goal was set, and went on.
        folder = session(store, "2026-11-02-0900-dddd", days(-1), [made(1)], goals=["1"])
        assert read_goals().goals[0].met_take == f"{folder.name}-01"

    def test_recordings_from_elsewhere(self, mensetsu, tmp_path):
        folders = []
        for number, count in enumerate((30, 20, 8)):
            media = tmp_path / f"私の 答え{number}.mp4"
            media.write_bytes(bytes([number]))
            os.utime(media, (4e9 + number, 4e9 + number) if number else (1e9, 1e9))
            folders.append(put(made(count), media, "answer"))
            if number == 0:
                text = (folders[0] / "report.html").read_text("utf-8")
                assert "--question self-introduction --measure fillers_per_min --start" in text
                assert str(tmp_path) not in text
                arguments = ("--measure", "fillers_per_min", "--at-most", "6")
                assert mensetsu("goals", "set", folders[0], *arguments).code == 0
        (goal,) = read_goals().goals
        assert [one.kind for one in goal.tries] == ["closer", "met"]
        assert goal.tries[0].name == str(folders[1])

    def test_lines_for_the_terminal(self, store, wanted):
        folder = again(store, 1, 8)
        verdicts = goal_verdicts(read_analysis(results(folder) / "analysis.json"), results(folder))
        (line,) = goal_lines(verdicts)
        assert line.startswith("goal 1, met: Fillers: at most 6.0 per min; measured ")
        assert ", before " in line

    def test_a_session_elsewhere_knows_its_own_takes(self, mensetsu, tmp_path):
        folder = session(tmp_path, "mine", days(-1), [made(30)])
        arguments = ("--measure", "fillers_per_min", "--at-most", "6")
        assert mensetsu("goals", "set", results(folder), *arguments).code == 0
        later = session(tmp_path, "later", days(1), [made(20), made(13)])
        analysis = read_analysis(later / "02-self-introduction-analysis" / "analysis.json")
        (verdict,) = goal_verdicts(analysis, later / "02-self-introduction-analysis")
        assert verdict.before == pytest.approx(20 / MINUTES)
        assert verdict.kind == "closer"


class TestClear:
    def test_it_stays_as_given_up(self, mensetsu, wanted):
        done = mensetsu("goals", "clear", "1", "--yes")
        assert (done.code, done.out) == (0, "Given up: goal 1\n")
        assert mensetsu("goals").out.startswith("Given up\n  1  Fillers")
        done = mensetsu("goals", "clear", "1", "--yes")
        assert done.code == 1
        assert "is not open (given up)" in done.err

    def test_nobody_to_ask(self, mensetsu, wanted):
        done = mensetsu("goals", "clear", "1")
        assert done.code == 1
        assert "--yes" in done.err
        assert read_goals().goals[0].state == "open"

    def test_unknown(self, mensetsu):
        assert "there is no goal '9'" in mensetsu("goals", "clear", "9", "--yes").err


GOOD = {
    "id": "1", "measure": "latency_s", "comparison": "at most", "low": None, "high": 2.0,
    "question": {"key": "strengths", "id": "strengths", "text_en": "S?", "text_ja": "強み"},
    "until": "2026-12-01", "set": "2026-11-20T10:00:00+00:00", "state": "open", "tries": [],
}  # fmt: skip


def written(home, *goals, **more):
    path = home / "goals.json"
    path.write_text(json.dumps({"schema": 1, "goals": list(goals), **more}), "utf-8")
    return path


class TestFile:
    def test_nothing_yet(self, mensetsu):
        assert mensetsu("goals").out.startswith("No goals yet")
        assert mensetsu("goals", "--json").out == "[]\n"

    def test_unknown_keys_are_kept(self, mensetsu, home):
        path = written(home, {**GOOD, "mood": {"a": [1]}}, colour="blue")
        assert mensetsu("goals", "clear", "1", "--yes").code == 0
        data = json.loads(path.read_text("utf-8"))
        assert data["colour"] == "blue"
        assert data["goals"][0]["mood"] == {"a": [1]}
        assert data["goals"][0]["state"] == "given up"

    @pytest.mark.parametrize(
        "text",
        [
            "", "null", "[]", "{", "{}", '{"schema": "1", "goals": []}', '{"schema": true}',
            '{"schema": 1, "goals": {}}', '{"schema": 1, "goals": [1]}', "[" * 100_000,
            '{"schema": 99, "goals": []}', "\x00\x01", '{"schema": 1, "goals": [{"id": "1"}]}',
        ],
    )  # fmt: skip
    def test_a_broken_file_is_told_of_and_left_alone(self, mensetsu, home, text):
        path = home / "goals.json"
        path.write_text(text, encoding="utf-8")
        arguments = ("--question", "strengths", "--measure", "latency_s", "--at-most", "1")
        for words in (("goals",), ("goals", "set", *arguments), ("goals", "clear", "1", "--yes")):
            done = mensetsu(*words)
            assert done.code == 1
            assert "goals.json" in done.err
            assert done.err.count("\n") == 1
        assert path.read_text(encoding="utf-8") == text

    @pytest.mark.parametrize(
        "change",
        [
            {"high": "2"}, {"high": True}, {"high": None}, {"low": 1.0}, {"high": float("nan")},
            {"high": float("inf")}, {"id": 1}, {"measure": "confidence"}, {"state": "done"},
            {"comparison": "about"}, {"until": "soon"}, {"set": "2026"}, {"question": None},
            {"question": {}}, {"tries": {}}, {"tries": [1]}, {"tries": [{"take": "x"}]},
            {"drill": 3}, {"start_value": []},
        ],
    )  # fmt: skip
    def test_a_goal_that_is_none(self, home, change):
        written(home, {**GOOD, **change})
        with pytest.raises(GoalsUnreadable, match="is no file of goals"):
            read_goals()

    def test_two_of_one_id(self, home):
        written(home, GOOD, GOOD)
        with pytest.raises(GoalsUnreadable, match="two goals of one id"):
            read_goals()

    def test_a_broken_file_does_not_cost_the_report(self, store, home, capsys):
        (home / "goals.json").write_text("{", encoding="utf-8")
        folder = store / "x"
        folder.mkdir(parents=True)
        (folder / "a.mkv").write_bytes(b"x")
        results = put(made(30), folder / "a.mkv", "a", note=False)
        assert "In one glance" in (results / "report.html").read_text("utf-8")
        assert "Make it a goal" in (results / "report.html").read_text("utf-8")
        assert "goals.json" in capsys.readouterr().err
        with pytest.raises(GoalsUnreadable):
            note_take(read_analysis(results / "analysis.json"), results)
        assert (home / "goals.json").read_text("utf-8") == "{"

    def test_hostile_texts_stay_texts(self, mensetsu, home, store):
        asked = {
            "key": QUESTION.id,
            "id": HOSTILE,
            "text_en": HOSTILE,
            "text_ja": "\x1b[2J",
        }
        written(home, {**GOOD, "question": asked, "measure": "fillers_per_min", "high": 1.0})
        folder = again(store, 1, 30)
        assert "<img" not in page(folder)
        assert "\x1b" not in mensetsu("goals").out
        assert read_take(results(folder)).analysed

    def test_what_is_written_is_read_again(self):
        asked = AskedQuestion("own:なぜ?", "own", "なぜ?", "なぜ?")
        goal = Goal("7", "latency_s", "at least", 1.5, None, asked, None, "2026-12-01", days(0))
        write_goals(GoalBook((goal,)))
        assert read_goals() == GoalBook((goal,))


def test_a_goal_and_the_next_recording_really_analysed(mensetsu, clip, voice, tmp_path):
    first, second = tmp_path / "first 回答.mp4", tmp_path / "second.m4a"
    shutil.copyfile(clip, first)
    shutil.copyfile(voice, second)
    os.utime(first, (1e9, 1e9))
    os.utime(second, (4e9, 4e9))
    asked = ("--question", "self-introduction", "--language", "en", "--no-video")
    assert mensetsu("analyse", first, *asked).code == 0
    folder = tmp_path / "first 回答-analysis"
    done = mensetsu("goals", "set", folder, "--measure", "answer_s", "--at-most", "0:08")
    assert done.code == 0, done.err
    done = mensetsu("analyse", second, *asked)
    assert done.code == 0, done.err
    assert "goal 1, met: Length of the answer: at most 0:08 min; measured 0:0" in done.out
    (goal,) = read_goals().goals
    assert goal.state == "met"
    assert goal.tries[0].value == pytest.approx(5, abs=1.5)
    assert "✓</span> met</span>" in (tmp_path / "second-analysis/report.html").read_text("utf-8")


@posix
def test_a_goal_is_chosen_at_the_terminal(terminal, first, home, packaged_models):
    environment = {**os.environ, "MENSETSU_HOME": str(home)}
    shown = terminal(environment, "goals", "set", f"{first.name}/01")
    shown.wait_for(r"1  .+\n")
    remarks = shown.wait_for(r"(\d)  \d+ fillers")
    shown.wait_for("Which one")
    shown.press(f"{remarks[0]}\n")
    shown.wait_for(r"Fillers, now .+: at most")
    shown.press("7\n")
    shown.wait_for("Goal 1: Fillers: at most 7.0 per min, on self-introduction")
    assert shown.finish() == 0
    assert read_goals().goals[0].high == 7.0


@posix
def test_giving_up_is_asked_first(terminal, wanted, home):
    environment = {**os.environ, "MENSETSU_HOME": str(home)}
    shown = terminal(environment, "goals", "clear", "1")
    shown.wait_for("Give it up")
    shown.press("n\n")
    shown.wait_for("Nothing was changed")
    assert shown.finish() == 0
    assert read_goals().goals[0].state == "open"
