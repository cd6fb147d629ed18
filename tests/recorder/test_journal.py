"""What is known of a take even after a kill."""

import errno
import json
import math
import os
from dataclasses import replace

import pytest

import recorder.journal
from recorder.disk import BALLAST, make_ballast
from recorder.errors import FolderRefused
from recorder.journal import TakeJournal, journal_path, note_outcome, read_journal
from recorder.session import CaptureHealth, DevicesUsed, Fault, Question, Take

TAKE = Take(
    id="2026-11-23-1045-k3f9-01",
    question=Question(
        "why-us", "Why us?", "なぜ弊社ですか。", "first", "motivation", "", "PREP", (60.0, 90.0)
    ),
    media="01-why-us.mkv",
    duration_s=0.0,
    sample_rate_hz=48_000,
    channels=1,
    frame_size_px=(1280, 720),
    health=CaptureHealth(),
    goal="えーと を減らす",
    devices=DevicesUsed("内蔵マイク", "none", "Front Camera", 30.0),
)


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "面接 の 練習"
    folder.mkdir()
    return journal_path(folder / TAKE.media)


def test_it_lies_beside_the_recording(path):
    assert path.name == "01-why-us.journal.jsonl"
    assert journal_path(path.with_name("02-a.b.mkv")).name == "02-a.b.journal.jsonl"


def test_everything_comes_back(path):
    gone = Fault("camera-gone", 12.5, None, "Front Camera")
    stalled = Fault("microphone-stalled", 20.0, 21.0)
    ended = replace(TAKE, duration_s=93.25, health=CaptureHealth(frames_written=2700))
    with TakeJournal(path, TAKE, language="ja") as journal:
        journal.second(1.0, frames_written=30, frames_dropped_by={"queue": 1}, audio_gap_s=0.0)
        journal.fault(gone)
        journal.second(13.0, frames_dropped_by={"queue": 3, "camera": 4}, audio_gap_s=0.75)
        journal.fault(stalled)
        journal.fault(replace(gone, end_s=30.0))
        cut = read_journal(path)
        journal.end(ended)
    whole = read_journal(path)
    assert cut.end is None
    assert cut.start == TAKE
    assert cut.language == "ja"
    assert cut.utc is not None
    assert cut.utc.endswith("+00:00")
    assert [line["t_s"] for line in cut.seconds] == [1.0, 13.0]
    assert cut.faults == (replace(gone, end_s=30.0), stalled)
    assert cut.take_when_cut_off() == replace(
        TAKE,
        health=CaptureHealth(
            frames_dropped=7,
            frames_dropped_by={"queue": 3, "camera": 4},
            audio_gap_s=0.75,
            faults=cut.faults,
        ),
    )
    assert replace(whole, end=None) == cut
    assert whole.end == ended


def test_it_is_read_wherever_a_kill_cuts_it(path):
    with TakeJournal(path, TAKE) as journal:
        journal.second(1.0)
        journal.fault(Fault("camera-gone", 1.5))
        journal.second(2.0)
        journal.end(TAKE)
    data = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(data) if byte == ord("\n")]
    for length in range(0, len(data) + 1):
        path.write_bytes(data[:length])
        read = read_journal(path)
        # A line whose newline alone is missing is whole, too.
        lines = sum(length >= end - 1 for end in ends)
        assert (read.start is not None) == (lines >= 1)
        assert len(read.seconds) == (lines >= 2) + (lines >= 4)
        assert len(read.faults) == (lines >= 3)
        assert (read.end is not None) == (lines >= 5)


@pytest.mark.parametrize(
    "damage",
    [
        b"\0" * 500,
        b'{"event": "second"',
        b'\xff\xfe{"event"}\n',
        b'["event"]\n',
        b'{"event": "end", "take": {"id": 3}}\n',
        b'{"event": "fault", "kind": "x", "colour": 1}\n',
        b'{"event": "from a newer mensetsu"}\n',
        b"{}\n",
    ],
)
def test_damage_costs_only_what_is_damaged(path, damage):
    with TakeJournal(path, TAKE) as journal:
        journal.second(1.0)
    with path.open("ab") as file:
        file.write(damage)
    read = read_journal(path)
    assert (read.start, len(read.seconds), read.end) == (TAKE, 1, None)
    note_outcome(path, "unreadable", why="nothing in it")
    read = read_journal(path)
    assert read.outcome == {"event": "unreadable", "why": "nothing in it"}
    assert (read.start, len(read.seconds)) == (TAKE, 1)


def test_a_note_for_a_recording_without_journal(path):
    note_outcome(path, "unreadable", why="x")
    assert read_journal(path).outcome == {"event": "unreadable", "why": "x"}
    assert read_journal(path).take_when_cut_off() is None


def test_figures_that_are_no_numbers(path):
    with TakeJournal(path, TAKE) as journal:
        journal.second(1.0, rms_dbfs=-math.inf, cpu_ratio=math.nan, clock_offset_s=0.25)
    assert read_journal(path).seconds == (
        {"t_s": 1.0, "rms_dbfs": None, "cpu_ratio": None, "clock_offset_s": 0.25},
    )
    for line in path.read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=lambda name: pytest.fail(name))


def test_every_line_is_synced_before_the_call_returns(path, monkeypatch):
    synced = []
    monkeypatch.setattr(
        recorder.journal, "sync_file", lambda descriptor: synced.append(path.stat().st_size)
    )
    with TakeJournal(path, TAKE) as journal:
        journal.second(1.0)
        journal.end(TAKE)
    sizes = [len(line) for line in path.read_bytes().splitlines(keepends=True)]
    assert synced == [sizes[0], sum(sizes[:2]), sum(sizes)]


def test_it_never_overwrites(path):
    path.write_bytes(b"precious")
    with pytest.raises(FolderRefused):
        TakeJournal(path, TAKE)
    assert path.read_bytes() == b"precious"
    with pytest.raises(FolderRefused):
        TakeJournal(path.parent / "gone" / path.name, TAKE)


def test_after_closing_nothing_is_noted(path):
    journal = TakeJournal(path, TAKE)
    journal.close()
    journal.second(1.0)
    journal.close()
    assert read_journal(path).seconds == ()


def test_a_full_disk_uses_the_reserve(path, monkeypatch):
    make_ballast(path.parent)
    reserve = path.parent / BALLAST
    original = os.write

    def write(descriptor, data):
        if reserve.exists():
            raise OSError(errno.ENOSPC, "full")
        return original(descriptor, data)

    with TakeJournal(path, TAKE) as journal:
        monkeypatch.setattr(os, "write", write)
        journal.end(TAKE)
        assert journal.failures == 0
    assert read_journal(path).end == TAKE


def test_a_line_that_fails_is_counted_and_harms_no_other(path, monkeypatch):
    original = os.write
    with TakeJournal(path, TAKE) as journal:
        half = iter([True])

        def write(descriptor, data):
            if next(half, False):
                return original(descriptor, data[:9])
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(os, "write", write)
        journal.second(1.0)
        journal.second(2.0)
        monkeypatch.setattr(os, "write", original)
        assert journal.failures == 2
        journal.second(3.0)
        journal.end(TAKE)
    read = read_journal(path)
    assert [line["t_s"] for line in read.seconds] == [3.0]
    assert read.end == TAKE
