"""Single keys, what is remembered, and a priority below others'."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import AppError
from app.keys import plain_key
from app.remembered import Choices, read_choices, remember

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="a POSIX terminal")


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("n", "n"),
        ("N", "n"),
        ("ｎ", "n"),  # a Japanese input method
        ("\r", "\n"),
        ("\x1b[A", None),  # an arrow
        ("\x1b", None),
        ("n\x1b[A", "n"),
        ("", None),
    ],
)
def test_keys_as_they_are_typed(typed, key):
    assert plain_key(typed) == key


@posix
@pytest.mark.parametrize("ending", ["end", "error"])
def test_the_terminal_gets_its_state_back(ending):
    import pty
    import termios

    code = (
        "import sys; from app.keys import open_keys\n"
        "with open_keys() as keys:\n"
        "    print('ready', flush=True)\n"
        "    for _ in range(2): print(keys.read(60.0), flush=True)\n"
        "    print(keys.read(0.0), flush=True)\n"
        f"    assert {ending == 'end'}\n"
    )
    ours, theirs = pty.openpty()
    try:
        before = termios.tcgetattr(theirs)
        os.write(ours, b"typed before")
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout.readline() == "ready\n"
        during = termios.tcgetattr(theirs)
        assert not during[3] & termios.ICANON
        assert during[3] & termios.ISIG  # Ctrl-C still works
        os.write(ours, b"N")
        assert process.stdout.readline() == "n\n"
        os.write(ours, b"\x1b[A")
        out, _ = process.communicate(timeout=60)
        assert out == "None\nNone\n"
        assert process.returncode == (0 if ending == "end" else 1)
        assert termios.tcgetattr(theirs) == before
    finally:
        os.close(ours)
        os.close(theirs)


def test_choices_are_remembered_one_by_one(tmp_path):
    path = tmp_path / "new" / "choices.json"
    assert read_choices(path) == Choices()
    remember(path, microphone="mic one")
    remember(path, camera="カメラ", language=None)
    remember(path, language="ja", microphone=None)
    assert read_choices(path) == Choices("mic one", "カメラ", "ja")
    remember(path, microphone="mic two")
    assert read_choices(path).microphone == "mic two"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"language": "fr", "microphone": 3}', '{"new": "x"}', "\udcff"]
)
def test_a_broken_file_remembers_nothing(tmp_path, text):
    path = tmp_path / "choices.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read_choices(path) == Choices()
    remember(path, language="en")
    assert json.loads(path.read_text(encoding="utf-8"))["language"] == "en"


def test_what_can_not_be_remembered_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(AppError, match="can't be written"):
        remember(tmp_path / "file" / "choices.json", language="en")


@posix
def test_work_that_can_wait_and_its_workers():
    code = (
        "import os, subprocess, sys; from app.priority import lower_priority\n"
        "before = os.nice(0); lower_priority(); lower_priority()\n"
        "child = [sys.executable, '-c', 'import os; print(os.nice(0))']\n"
        "print(before, os.nice(0), int(subprocess.check_output(child)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, after, child = map(int, done.stdout.split())
    assert after == child == max(before, 10)
