"""A sitting: the questions one after the other, and what the keys do.

Nothing ends by itself but what the user asked for with a number of seconds; silence least of all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.keys import Keys
from app.level_words import VoiceLevel
from app.notices import Notices
from app.record_display import PER_SECOND, Display
from app.record_view import Phase, View
from app.takes import clock, health
from recorder.errors import FolderRefused, WriterFailed
from recorder.messages import Event, Status
from recorder.session import Question, Take
from reports.targets import Band

if TYPE_CHECKING:
    from recorder.capture import Level

COUNTDOWN_S = 3.0
"""time to look at the camera (our judgement)"""
DEAF_S = 0.4
"""after a key did something: a key that is held down does it once (our judgement)"""
CUT_SHORT = {
    "disk-full": "The disk is full: this answer ended",
    "write-failed": "The recording could not be written on: this answer ended",
}
NOT_ENDED = "Its file could not be ended as it should; it is recovered when you stop."


class Device(Protocol):
    """What a sitting needs of a `recorder.capture.Recorder`."""

    def begin(self, question: Question, *, goal: str | None = None) -> str:
        """Begin a take."""
        ...

    def finish(self) -> Take | None:
        """End the running take."""
        ...

    def status(self) -> Status:
        """Return the counters."""
        ...

    def events(self) -> list[Event]:
        """Return what happened since the last call."""
        ...

    def level(self) -> Level:
        """Return the level of the last moment."""
        ...


@dataclass(frozen=True, slots=True)
class ShownGoal:
    """A goal as it is shown before and while an answer is recorded."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked and how."""

    questions: tuple[Question, ...]
    seconds: float | None = None
    """per answer; None = until the user ends it"""
    by_hand: bool = True
    """somebody is at the keys: count down, and wait after a problem"""
    goals: tuple[tuple[ShownGoal, ...], ...] = ()
    """open goals of each question; () = none has any"""

    def goals_of(self, index: int) -> tuple[ShownGoal, ...]:
        """Return the goals of a question by its place."""
        return self.goals[index] if index < len(self.goals) else ()


class Sitting:
    """Asks the questions of a plan."""

    def __init__(
        self, plan: Plan, device: Device, keys: Keys, display: Display, level_band: Band
    ) -> None:
        self._plan = plan
        self._device = device
        self._keys = keys
        self._display = display
        self._notices = Notices()
        self._voice = VoiceLevel(level_band)
        self._phase = Phase.paused
        self._asked = 0  # index of the question that is asked, or comes next
        self._again: int | None = None  # while paused: the one answered last
        self._take: str | None = None
        self._takes = 0
        self._since_s = 0.0  # of the phase
        self._deaf_until_s = 0.0
        self._saved = ""
        self._over = False
        self.cut_short: str | None = None
        """why the last answer ended before its time, if nobody is there to go on"""
        self.not_ended = False
        """whether an answer is on the disk whose file could not be ended as it should"""

    def run(self) -> None:
        """Ask until the questions are through or the user stops."""
        self._announce(0)
        while not self._over:
            self._show()
            key = self._keys.read(1 / PER_SECOND)
            now_s = time.monotonic()
            self._tell_news(now_s)
            if self._over:
                break
            if key and now_s >= self._deaf_until_s and self._press(key):
                self._deaf_until_s = time.monotonic() + DEAF_S
                continue
            if self._phase is Phase.countdown and now_s - self._since_s >= COUNTDOWN_S:
                self._begin()
            elif self._phase is Phase.recording and self._is_full():
                self._next()

    def _is_full(self) -> bool:
        seconds = self._plan.seconds
        return seconds is not None and self._elapsed_s(self._device.status()) >= seconds

    def _elapsed_s(self, status: Status) -> float:
        if status.take_id == self._take:
            return status.elapsed_s + status.beat_age_s
        return time.monotonic() - self._since_s

    def _announce(self, index: int) -> None:
        """Ask a question: with a countdown if somebody is there, at once if not."""
        self._asked = index
        self._again = None
        if self._plan.by_hand:
            self._enter(Phase.countdown)
        else:
            self._begin()

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._since_s = time.monotonic()

    def _begin(self) -> None:
        """Begin a take; one that is running ends at the same sample."""
        try:
            # The take keeps which goals were shown: it counts for these, whenever it is analysed.
            ids = " ".join(goal.id for goal in self._plan.goals_of(self._asked))
            question = self._plan.questions[self._asked]
            self._take = self._device.begin(question, goal=ids or None)
        except (FolderRefused, WriterFailed) as exc:
            if not self._plan.by_hand:
                raise
            why = str(exc)
            if self._take is not None:
                # The recorder has refused before it ended the old one, which would go on unseen.
                self._end()
                self._again = self._asked - 1
                why = f"{why} {self._saved}"
            self._display.tell(why)
            self._wait(why)
            return
        self._takes += 1
        self._enter(Phase.recording)

    def _end(self) -> None:
        self._take = None
        try:
            self._device.finish()
        except WriterFailed as exc:
            self.not_ended = True
            self._display.tell(str(exc))
        self._tell_news(time.monotonic())

    def _next(self) -> None:
        if self._asked + 1 < len(self._plan.questions):
            self._asked += 1
            self._begin()
        else:
            self._end()
            self._over = True

    def _wait(self, saved: str) -> None:
        """Wait for the user before the next question, or end after the last."""
        self._saved = saved
        self._enter(Phase.paused)

    def _press(self, key: str) -> bool:
        """Do what a key means now; False = nothing."""
        if key not in {key for key, _ in self._known_keys()}:
            return False
        if key == "s":
            if self._phase is Phase.recording:
                self._end()
            self._over = True
        elif self._phase is Phase.recording:
            if key == "n":
                self._next()
            elif key == "a":
                self._end()
                self._announce(self._asked)
            else:
                self._end()
                self._pause_after(self._asked)
        elif self._phase is Phase.countdown:
            self._wait("")
        elif key == "a" and self._again is not None:
            self._announce(self._again)
        else:
            self._announce(self._asked)
        return True

    def _pause_after(self, index: int) -> None:
        self._again = index
        self._asked = index + 1
        self._wait(self._saved)

    def _known_keys(self) -> tuple[tuple[str, str], ...]:
        if not self._plan.by_hand:
            return ()
        last = self._asked + 1 >= len(self._plan.questions)
        if self._phase is Phase.recording:
            return (
                ("n", "finish" if last else "next"),
                ("a", "again"),
                ("p", "pause"),
                ("s", "stop"),
            )
        if self._phase is Phase.countdown:
            return (("p", "wait"), ("s", "stop"))
        more = self._asked < len(self._plan.questions)
        keys = [("n", "next question")] if more else []
        keys += [("a", "the last one again")] if self._again is not None else []
        return (*keys, ("s", "stop"))

    def _tell_news(self, now_s: float) -> None:
        for event in self._device.events():
            text = self._notices.add(event, now_s)
            if text is not None:
                self._display.tell(text)
            if event.kind == "take-finished":
                self._tell_end(event)
        level = self._device.level()
        self._voice.add(now_s, level.rms_dbfs, level.clipped)

    def _tell_end(self, event: Event) -> None:
        """Tell of a take that has ended; one that ended by itself ends the question, too."""
        take = event.take
        if take is None:
            self.not_ended = True
            self._saved = NOT_ENDED
        else:
            self._saved = f"Kept: {take.media} ({clock(take.duration_s)}, {health(take)})"
        self._display.tell(self._saved)
        if event.reason not in CUT_SHORT or event.take_id != self._take:
            return
        self._take = None
        why = CUT_SHORT[event.reason] + ("." if take is None else ", and is kept so far.")
        self._display.tell(why)
        if self._plan.by_hand:
            self._pause_after(self._asked)
            self._saved = f"{why} {self._saved}"
        else:
            self.cut_short = why
            self._over = True

    def _show(self) -> None:
        now_s = time.monotonic()
        status = self._device.status()
        level = self._device.level()
        questions = self._plan.questions
        elapsed_s = 0.0
        if self._phase is Phase.recording:
            elapsed_s = self._elapsed_s(status)
        elif self._phase is Phase.countdown:
            elapsed_s = max(0.0, COUNTDOWN_S - (now_s - self._since_s))
        view = View(
            phase=self._phase,
            question=questions[min(self._asked, len(questions) - 1)],
            number=self._asked + 1,
            total=len(questions),
            take=self._takes,
            elapsed_s=elapsed_s,
            seconds=self._plan.seconds,
            level_dbfs=level.rms_dbfs,
            level_words=self._voice.words(now_s),
            notices=self._notices.texts(now_s),
            keys=self._known_keys(),
            saved=self._saved,
            goals=tuple(goal.text for goal in self._plan.goals_of(self._asked)),
        )
        self._display.show(view, status)
