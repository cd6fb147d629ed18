"""The screen while recording: what stands on it, at any width, in any language, without colour."""

import math

import pytest
from rich.cells import cell_len

from app.level_words import VoiceLevel
from app.notices import AGAIN, Notices
from app.record_display import Lines
from app.record_view import Phase, View, against_band, draw, goal_lines, question_lines
from app.takes import clock, health
from recorder.faults import KINDS
from recorder.messages import Event, Ready, Status
from recorder.questions import find_question, read_bank
from recorder.session import CaptureHealth, Fault, Take
from reports.targets import read_targets

BANK = read_bank()
MOMENTS = {"suspended", "clock-changed", "audio-gap", "write-failed", "disk-full"}
"""faults that the recorder tells of only when they are over (test_notices.py)"""
WHY = find_question(BANK, "why-this-company")
READY = Ready(
    *("Mic", "mic", 48_000, 1, "echo cancellation", False),
    *("Camera カメラ", "camera", (1280, 720), 30.0, "libx264"),
)
STATUS = Status(
    frames_written=97,
    frames_dropped_by={"camera": 2, "queue": 1},
    free_bytes=24_300_000_000,
    remaining_s=1800,
)
KEYS = (("n", "next"), ("a", "again"), ("p", "pause"), ("s", "stop"))
BAND = read_targets().bands["any", "level_dbfs"]


def view(**changes):
    known = {
        "phase": Phase.recording,
        "question": WHY,
        "number": 2,
        "total": 3,
        "elapsed_s": 42.0,
        "level_dbfs": -24.2,
        "level_words": "good",
        "keys": KEYS,
    }
    return View(**(known | changes))


def drawn(shown, *, languages=("en",), width=80, status=STATUS, plain=False):
    return draw(shown, READY, status, languages, width, plain=plain).plain


def test_all_that_is_promised_stands_on_it():
    text = drawn(view())
    for words in (
        "Question 2 of 3",
        WHY.text_en,
        "0:42",
        "target 1:00–2:00, 0:18 to the target",
        "−24 dBFS  good",
        "Mic · 48 kHz · echo cancellation",
        "Camera カメラ · 1280×720 · 30 a second",
        "3 of 100 pictures lost",
        "24.3 GB free",
        "space for 30 min",
    ):
        assert words in text
    assert WHY.text_ja not in text
    assert all(f"{key}\u00a0{what}" in text for key, what in KEYS)


@pytest.mark.parametrize("width", [30, 60, 80, 120])
def test_it_fits_every_width_in_both_languages(width):
    notice = "! " + " ".join(KINDS["microphone-zeros"])
    for question in BANK:
        shown = view(question=question, notices=(notice,), seconds=90, elapsed_s=400)
        lines = drawn(shown, languages=("en", "ja"), width=width).splitlines()
        assert max(cell_len(line) for line in lines) <= width
        assert width < 60 or len(lines) <= 23
        assert question.text_ja in "".join(line.strip() for line in lines)


def test_the_band_is_seen_without_colour():
    def bar(elapsed_s):
        return drawn(view(elapsed_s=elapsed_s)).splitlines()[6].strip()

    assert set(bar(0)) == {"·", "│", "▒"}
    assert [bar(s).count("│") for s in (0, 30, 90, 140, 600)] == [2] * 5
    assert [bar(s).index("▒") > bar(s).index("│") for s in (0, 30)] == [True, True]
    assert set(bar(600)) == {"█", "│"}
    assert bar(30).count("█") < bar(90).count("█") < bar(140).count("█")


@pytest.mark.parametrize(
    ("elapsed_s", "words"),
    [
        (0.0, "1:00 to the target"),
        (59.2, "0:01 to the target"),
        (60.0, "within the target"),
        (120.0, "within the target"),
        (135.9, "0:15 beyond the target"),
    ],
)
def test_the_time_against_the_target(elapsed_s, words):
    assert against_band(elapsed_s, (60, 120)) == words


def test_an_ascii_terminal_gets_ascii():
    shown = view(level_dbfs=-math.inf, question=find_question(BANK, "Why us?"))
    text = draw(
        shown,
        Ready("Mic", "m", 48_000, 1, "none", False, None, None, None, None, None),
        STATUS,
        ("en", "ja"),
        60,
        plain=True,
    ).plain
    assert text.isascii()
    assert "Camera  none: sound only" in text
    assert text.count("Why us?") == 1


def test_a_question_can_not_steer_the_terminal():
    (line,) = question_lines(find_question(BANK, "\x1b[2J[bold]Hi\u202e there[/]"), ("en",))
    assert line.plain == " [2J[bold]Hi  there[/]"


def test_paused_shows_what_was_kept_and_not_the_next_question():
    text = drawn(view(phase=Phase.paused, saved="Kept: 01-x.mkv (0:52, no problems)"))
    assert "nothing is being recorded" in text
    assert "Kept: 01-x.mkv" in text
    assert "Question 2 of 3 comes next" in text
    assert WHY.text_en not in text
    assert "That was the last question." in drawn(view(phase=Phase.paused, number=4))


def test_the_countdown_shows_the_question():
    text = drawn(view(phase=Phase.countdown, elapsed_s=2.1))
    assert "Starts in 3 …" in text
    assert WHY.text_en in text


def test_goals_stand_under_the_question_before_and_while_it_is_answered():
    goals = ("Fillers: at most 3.0 per min", "First word after: at most 2.0 s", "x \x1b[2J")
    for phase in (Phase.countdown, Phase.recording):
        lines = [line.strip() for line in drawn(view(phase=phase, goals=goals)).splitlines()]
        at = lines.index(WHY.text_en)
        assert lines[at + 1 : at + 4] == [
            "Goal    Fillers: at most 3.0 per min",
            "Goal    First word after: at most 2.0 s",
            "Goal    x  [2J",
        ]
    assert "Goal" not in drawn(view(phase=Phase.paused, goals=goals))
    assert [str(line.style) for line in goal_lines(view(goals=goals))] == ["dim"] * 3


@pytest.mark.parametrize("width", [30, 80])
def test_three_goals_fit_beside_everything_else(width):
    notice = "! " + " ".join(KINDS["microphone-zeros"])
    goals = ("Sentences that fade away: at most 40%",) * 3
    shown = view(notices=(notice,), seconds=90, elapsed_s=400, goals=goals)
    lines = drawn(shown, width=width).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    assert width < 60 or len(lines) <= 23


def test_plain_lines_tell_the_goals_once(capsys):
    lines = Lines(("en",))
    for phase in (Phase.countdown, Phase.countdown, Phase.recording, Phase.recording):
        lines.show(view(phase=phase, goals=("Fillers: at most 3.0 per min",)), STATUS)
    told = capsys.readouterr().err.splitlines()
    assert told.count("goal: Fillers: at most 3.0 per min") == 2
    assert told[1] == told[4] == "goal: Fillers: at most 3.0 per min"


def levels(*rms_dbfs, clipped=False):
    voice = VoiceLevel(BAND)
    for number, level in enumerate(rms_dbfs):
        voice.add(number / 8, level, clipped)
    return voice.words(len(rms_dbfs) / 8)


def test_level_words_follow_the_band_of_the_report():
    assert levels(-24, -24) == "good"
    assert levels(-34, -34) == "a little soft"
    assert levels(-45, -45) == "too soft"
    assert levels(-15, -15) == "a little loud"
    assert levels(-8, -8) == "too loud"
    assert levels(-8, -8, clipped=True) == "too loud: distorted"
    assert levels() == levels(-math.inf, -70, -65) == "silent"


def test_pauses_between_words_are_left_out_of_the_level():
    assert levels(*[-24, -24, -70, -70] * 6) == "good"
    # A whole window of silence is silence again.
    assert levels(*[-24] * 8, *[-70] * 40) == "silent"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - MOMENTS))
def test_every_fault_has_its_words_and_its_end(kind):
    notices = Notices()
    fault = Fault(kind, 1.0)
    told = notices.add(Event("fault-began", None, fault=fault), 100.0)
    assert told == f"! {KINDS[kind][0]} {KINDS[kind][1]}"
    assert notices.add(Event("fault-began", None, fault=fault), 101.0) is None
    assert notices.texts(1000.0) == (told,)
    assert notices.add(Event("fault-over", None, fault=fault), 1001.0) == AGAIN.get(kind)
    assert notices.texts(1010.0) == ()
    assert set(AGAIN) <= set(KINDS)


def test_the_health_of_a_take_in_words():
    def take(**told):
        return Take("s-01", WHY, "01.mkv", 65.0, 48_000, 1, None, CaptureHealth(**told))

    assert health(take()) == "no problems"
    gone = Fault("camera-gone", 3.0)
    told = health(
        take(
            recovered=True,
            frames_written=97,
            frames_dropped_by={"camera": 3},
            audio_gap_s=0.51,
            faults=(gone, gone),
        )
    )
    assert told == (
        "recovered after an interruption; 3 of 100 pictures lost; 0.5 s of sound missing;"
        " the camera is gone"
    )
    assert clock(65.9) == "1:05"
