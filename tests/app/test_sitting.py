"""What the keys do, and that nothing ends by itself, on a device and a clock of the test's own."""

import itertools
import math

import pytest

from app import sitting
from app.record_view import Phase
from recorder import capture
from recorder.errors import FolderRefused, RecorderFailed, WriterFailed
from recorder.messages import Event, Status
from recorder.questions import read_bank
from recorder.session import CaptureHealth, Fault, Take
from reports.targets import read_targets

QUESTIONS = read_bank()[:3]
BAND = read_targets().bands["any", "level_dbfs"]


class Level:
    """A voice of a good level."""

    rms_dbfs = -24.0
    peak_dbfs = -12.0
    clipped = False


class World:
    """Device, keys, display and clock in one: `script` is a key or a call for every moment."""

    def __init__(self, script=()):
        self.now = 1000.0
        self.script = iter(script)
        self.done = []
        self.takes = []
        self.running = None
        self.began_s = 0.0
        self.news = []
        self.views = []
        self.told = []
        self.refuse = None
        self.broken = False  # files can't be ended
        self.goals = []  # of each take, as the recorder keeps it

    # The device.
    def begin(self, question, *, goal=None):
        if self.refuse:
            raise self.refuse  # like the recorder: a running take goes on
        if self.running:
            self._finish("switched")
        self.running = (f"s-{len(self.takes) + 1:02}", question)
        self.began_s = self.now
        self.done.append(f"begin {question.id}")
        self.goals.append(goal)
        return self.running[0]

    def finish(self):
        self.done.append("finish")
        if self.running is None:
            return None
        take = self._finish("asked")
        if take is None:
            raise WriterFailed("01.mkv can't be ended")
        return take

    def _finish(self, reason):
        id_, question = self.running
        length = self.now - self.began_s
        take = None
        if not self.broken:
            take = Take(id_, question, f"{id_}.mkv", length, 48_000, 1, None, CaptureHealth())
            self.takes.append(take)
        self.news.append(Event("take-finished", id_, take=take, reason=reason))
        self.running = None
        return take

    def status(self):
        if self.running is None:
            return Status()
        return Status(take_id=self.running[0], elapsed_s=self.now - self.began_s)

    def events(self):
        news, self.news = self.news, []
        return news

    def level(self):
        return Level()

    # The keys, and with them the clock.
    def read(self, timeout_s):
        self.now += timeout_s
        step = next(self.script, "s")
        if callable(step):
            step()
            return None
        return step

    def monotonic(self):
        return self.now

    # The display.
    def show(self, view, status):
        self.views.append(view)

    def tell(self, text):
        self.told.append(text)


def wait(seconds):
    return [None] * math.ceil(seconds * sitting.PER_SECOND)


COUNTDOWN = wait(sitting.COUNTDOWN_S)


def run(
    monkeypatch, *script, seconds=None, by_hand=True, questions=QUESTIONS, world=None, goals=()
):
    world = world or World()
    steps = ([step] if callable(step) or isinstance(step, str) else step for step in script)
    world.script = itertools.chain.from_iterable(steps)
    monkeypatch.setattr(sitting, "time", world)
    plan = sitting.Plan(tuple(questions), seconds, by_hand, goals)
    world.sitting = sitting.Sitting(plan, world, world, world, BAND)
    world.sitting.run()
    return world


def names(world):
    return [take.question.id for take in world.takes]


def test_next_switches_without_an_end_in_between(monkeypatch):
    world = run(monkeypatch, COUNTDOWN, wait(2), "n", wait(2), "n", wait(2), "n")
    first, second, third = (q.id for q in QUESTIONS)
    assert world.done == [f"begin {first}", f"begin {second}", f"begin {third}", "finish"]
    assert names(world) == [first, second, third]
    keys = [dict(view.keys)["n"] for view in world.views if view.phase is Phase.recording]
    assert keys[0] == "next"
    assert keys[-1] == "finish"


def test_it_counts_down_before_the_first(monkeypatch):
    world = run(monkeypatch, wait(1), "s")
    assert world.done == []
    shown = [view.elapsed_s for view in world.views]
    assert shown[0] == pytest.approx(3.0)
    assert shown == sorted(shown, reverse=True)


def test_the_goals_of_a_question_are_shown_and_kept_with_its_takes(monkeypatch):
    few, soon = sitting.ShownGoal("1", "Fillers: at most 3"), sitting.ShownGoal("4", "First: 2 s")
    script = (COUNTDOWN, wait(2), "n", wait(2), "n", wait(2), "a", COUNTDOWN, wait(1), "n")
    world = run(monkeypatch, *script, goals=((few, soon), (), (few,)))
    assert world.goals == ["1 4", None, "1", "1"]
    shown = {(view.number, view.phase): view.goals for view in world.views}
    assert shown[1, Phase.countdown] == shown[1, Phase.recording] == (few.text, soon.text)
    assert shown[2, Phase.recording] == ()
    assert shown[3, Phase.countdown] == (few.text,)


def test_again_keeps_the_old_take_and_counts_down(monkeypatch):
    world = run(monkeypatch, COUNTDOWN, wait(2), "a", COUNTDOWN, wait(3), "s")
    assert names(world) == [QUESTIONS[0].id] * 2
    assert world.done == [f"begin {QUESTIONS[0].id}", "finish"] * 2
    assert [take.duration_s for take in world.takes] == pytest.approx([2, 3], abs=0.5)


def test_pause_then_next_then_again(monkeypatch):
    world = run(
        monkeypatch,
        *(COUNTDOWN, wait(1), "p", wait(30)),
        *("n", COUNTDOWN, wait(1), "p", wait(1)),
        *("a", COUNTDOWN, wait(1), "s"),
    )
    assert names(world) == [QUESTIONS[0].id, QUESTIONS[1].id, QUESTIONS[1].id]
    assert sum(take.duration_s for take in world.takes) < 6
    paused = next(view for view in world.views if view.phase is Phase.paused)
    assert (paused.number, paused.question) == (2, QUESTIONS[1])
    assert paused.saved.startswith("Kept: s-01.mkv (0:01, no problems)")


def test_pause_after_the_last_leaves_again_and_stop(monkeypatch):
    script = (COUNTDOWN, wait(1), "p", wait(1), "n", wait(1), "a", COUNTDOWN, wait(1), "s")
    world = run(monkeypatch, *script, questions=QUESTIONS[:1])
    assert names(world) == [QUESTIONS[0].id] * 2
    paused = next(view for view in world.views if view.phase is Phase.paused)
    assert paused.number == 2
    assert paused.total == 1
    assert [key for key, _ in paused.keys] == ["a", "s"]


def test_a_countdown_can_wait(monkeypatch):
    world = run(monkeypatch, wait(1), "p", wait(20), "n", COUNTDOWN, wait(1), "s")
    assert names(world) == [QUESTIONS[0].id]
    assert len(world.takes) == 1


def test_it_never_stops_by_itself(monkeypatch):
    world = World()
    world.level = lambda: type("Silence", (), {"rms_dbfs": -math.inf, "clipped": False})()
    world = run(monkeypatch, COUNTDOWN, wait(1800), "s", world=world)
    assert len(world.takes) == 1
    assert world.takes[0].duration_s == pytest.approx(1800, abs=1)
    assert world.views[-1].level_words == "silent"


def test_seconds_end_every_answer(monkeypatch):
    world = run(monkeypatch, wait(60), seconds=5, by_hand=False)
    assert [take.duration_s for take in world.takes] == pytest.approx([5, 5, 5], abs=0.3)
    assert world.done[-1] == "finish"
    assert world.done.count("finish") == 1
    # Nobody at the keys: no countdown, and no key is offered.
    assert {view.phase for view in world.views} == {Phase.recording}
    assert all(view.keys == () for view in world.views)


def test_a_held_key_and_unknown_keys_do_nothing(monkeypatch):
    world = run(monkeypatch, COUNTDOWN, wait(1), "n", "n", "n", wait(1), "x", "\n", wait(1), "s")
    assert names(world) == [QUESTIONS[0].id, QUESTIONS[1].id]


def test_faults_are_told_at_once_and_until_they_are_over(monkeypatch):
    world = World()
    gone = Fault("camera-gone", 1.0)

    def event(kind):
        return lambda: world.news.append(Event(kind, "s-01", fault=gone))

    run(
        monkeypatch,
        *(COUNTDOWN, wait(1), event("fault-began"), wait(60)),
        *(event("fault-over"), wait(60), "s"),
        world=world,
    )
    (told, over) = world.told[:2]
    assert told == ("! The camera is gone. Plug it in again; the sound goes on being recorded.")
    assert over == "The camera is back."
    shown = [view.notices for view in world.views]
    assert shown.count((told,)) >= 60 * sitting.PER_SECOND
    assert 0 < shown.count((over,)) <= 6 * sitting.PER_SECOND
    assert shown[-1] == ()


def full(world):
    def happen():
        world._finish("disk-full")

    return happen


def test_a_full_disk_ends_the_answer_and_waits_for_the_user(monkeypatch):
    world = World()
    script = (COUNTDOWN, wait(2), full(world), wait(5), "a", COUNTDOWN, wait(1), "s")
    run(monkeypatch, *script, world=world)
    assert names(world) == [QUESTIONS[0].id] * 2
    paused = next(view for view in world.views if view.phase is Phase.paused)
    assert paused.saved.startswith("The disk is full: this answer ended, and is kept so far.")
    assert world.sitting.cut_short is None


def test_a_full_disk_ends_all_where_nobody_is(monkeypatch):
    world = World()
    run(monkeypatch, wait(2), full(world), wait(5), by_hand=False, world=world)
    assert len(world.takes) == 1
    assert world.sitting.cut_short.startswith("The disk is full")


def test_a_refused_beginning_is_shown_and_can_be_tried_again(monkeypatch):
    world = World()
    world.refuse = FolderRefused("no space for recordings")

    def free():
        world.refuse = None

    run(monkeypatch, COUNTDOWN, wait(1), free, "n", COUNTDOWN, wait(1), "s", world=world)
    assert names(world) == [QUESTIONS[0].id]
    paused = next(view for view in world.views if view.phase is Phase.paused)
    assert paused.saved == "no space for recordings"


def test_a_refused_beginning_is_an_error_where_nobody_is(monkeypatch):
    world = World()
    world.refuse = FolderRefused("no space for recordings")
    with pytest.raises(FolderRefused):
        run(monkeypatch, wait(1), by_hand=False, world=world)


def test_a_refused_next_ends_the_answer_that_is_running(monkeypatch):
    world = World()

    def refuse():
        world.refuse = WriterFailed("no encoder")

    def free():
        world.refuse = None

    script = (COUNTDOWN, wait(2), refuse, "n", wait(2), free, "n", COUNTDOWN, wait(1), "s")
    run(monkeypatch, *script, world=world)
    first, second, _ = (q.id for q in QUESTIONS)
    assert world.done == [f"begin {first}", "finish", f"begin {second}", "finish"]
    paused = next(view for view in world.views if view.phase is Phase.paused)
    assert paused.saved.startswith("no encoder Kept: s-01.mkv (0:0")
    assert [key for key, _ in paused.keys] == ["n", "a", "s"]


@pytest.mark.parametrize("reason", ["disk-full", "write-failed"])
@pytest.mark.parametrize("by_hand", [True, False])
def test_an_answer_whose_file_can_not_be_ended_is_over(monkeypatch, reason, by_hand):
    world = World()
    world.broken = True

    def fail():
        world._finish(reason)

    script = (COUNTDOWN if by_hand else [], wait(2), fail, wait(5), "s")
    run(monkeypatch, *script, by_hand=by_hand, world=world)
    assert world.sitting.not_ended
    why = f"{sitting.CUT_SHORT[reason]}."
    assert why in world.told
    if by_hand:
        assert world.views[-1].phase is Phase.paused
        assert world.views[-1].saved == f"{why} {sitting.NOT_ENDED}"
    else:
        assert world.sitting.cut_short == why


def test_an_end_that_fails_is_told_and_the_sitting_goes_on(monkeypatch):
    world = World()
    world.broken = True

    def mend():
        world.broken = False

    script = (COUNTDOWN, wait(1), "p", wait(1), mend, "n", COUNTDOWN, wait(1), "s")
    run(monkeypatch, *script, world=world)
    assert "01.mkv can't be ended" in world.told
    assert world.sitting.not_ended
    assert names(world) == [QUESTIONS[1].id]


def test_one_take_that_ends_without_a_result_is_not_waited_for(monkeypatch, tmp_path):
    class Broken:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def open(self):
            pass

        def begin(self, question, *, goal=None):
            return "s-01"

        def events(self):
            return [Event("take-finished", "s-01", reason="write-failed")]

        def status(self):
            raise AssertionError("it goes on")

    monkeypatch.setattr(capture, "Recorder", Broken)
    with pytest.raises(RecorderFailed, match="could not be ended"):
        capture.record_take(tmp_path, QUESTIONS[0], capture.CaptureOptions(), seconds=None)
