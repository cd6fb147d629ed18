"""Takes that were cut off, restored."""

import errno
import json
import random
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

import recorder.recovery
import recorder.remux
from analysis.media import probe_media
from recorder.disk import BALLAST, make_ballast
from recorder.errors import (
    RecorderBusy,
    RecordingUnreadable,
    SessionUnreadable,
    WriterFailed,
)
from recorder.journal import TakeJournal, journal_path, read_journal
from recorder.recovery import find_unfinished, recover
from recorder.remux import inspect, remux
from recorder.session import (
    CaptureHealth,
    Fault,
    Question,
    Session,
    Take,
    read_session,
    write_session,
)
from recorder.store import session_lock
from recorder.writer import VIDEO_CODECS, PictureFormat, SoundFormat, TakeWriter

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from write_in_real_time import read_state, sound  # noqa: E402

SESSION = Session("2026-11-23-1045-k3f9", "2026-11-23T10:45:00+00:00", "ja")
SIZE = PictureFormat(160, 120, 30.0)
LENGTH_S = 4.0


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "面接 の 練習" / SESSION.id
    write_session(SESSION, path)
    return path


def question(name):
    return Question(
        name, "Why us?", "なぜ弊社ですか。", "first", "motivation", "", "", (60.0, 90.0)
    )


def take(number=1, name="why-us"):
    return Take(
        id=f"{SESSION.id}-{number:02}",
        question=question(name),
        media=f"{number:02}-{name}.mkv",
        duration_s=0.0,
        sample_rate_hz=48_000,
        channels=1,
        frame_size_px=(160, 120),
        health=CaptureHealth(),
        goal="えーと を減らす",
    )


def write(media, length_s=LENGTH_S, *, codec=None, size=SIZE):
    """Write a recording, and copy what lay on the disk before it was ended: that is cut off."""
    writer = TakeWriter(media, SoundFormat(48_000, 1), size, codec=codec)
    samples = sound(0, int(length_s * 48_000))
    for number in range(int(length_s * 30)):
        writer.write_sound(samples[number * 1600 : (number + 1) * 1600])
        image = np.full((120, 160, 3), 90, np.uint8)
        image[:, number % 150 : number % 150 + 8] = 220
        writer.write_picture(image, 0.02 + number / 30)
    cut = media.with_suffix(".cut")
    shutil.copy(media, cut)
    writer.close()
    return cut


def cut_off(folder, number=1, name="why-us", **options):
    """Leave a take as a kill leaves it."""
    begun = take(number, name)
    media = folder / begun.media
    with TakeJournal(journal_path(media), begun, language="ja") as journal:
        journal.second(1.0, frames_dropped_by={"queue": 1}, audio_gap_s=0.25)
        journal.fault(Fault("camera-gone", 1.5, 2.5))
        write(media, **options).replace(media)
    return media


def decoded(path):
    samples, times = [], []
    with av.open(str(path)) as container:
        for packet in container.demux():
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    samples.append(frame.to_ndarray().reshape(-1))
                else:
                    times.append(frame.time)
    return np.concatenate(samples), times


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_a_recording_that_was_cut_off_gets_duration_and_index(folder, codec):
    source = write(folder / "01-x.mkv", codec=codec)
    with av.open(str(source)) as container:
        assert container.duration is None
    before = source.read_bytes()
    target = folder / "01-x.recovered.mkv"
    written = remux(source, target)
    assert source.read_bytes() == before
    assert written.clean
    assert written.duration_s > LENGTH_S - 0.6
    samples, times = decoded(target)
    assert np.array_equal(samples, sound(0, len(samples))[:, 0])
    assert len(samples) == written.samples == round(written.duration_s * 48_000)
    assert len(times) == written.frames
    assert times == pytest.approx([round(0.02 + n / 30, 3) for n in range(len(times))], abs=1e-6)
    facts = probe_media(target).facts
    assert facts.duration_s == pytest.approx(written.duration_s, abs=0.04)
    assert facts.audio_duration_s == pytest.approx(written.duration_s, abs=0.04)
    assert facts.av_offset_s == pytest.approx(0.02, abs=1e-6)
    assert probe_media(target).origin_s == 0.0
    with av.open(str(target)) as container:
        container.seek(2_000_000)
        frame = next(container.decode(video=0))
        assert 0.9 < frame.time <= 2.0  # the index works
    assert sorted(p.name for p in folder.glob("*")) == sorted(
        ["01-x.cut", "01-x.mkv", "01-x.recovered.mkv", "session.json"]
    )


def test_the_copy_overwrites_nothing(folder):
    source = write(folder / "01-x.mkv")
    target = folder / "01-x.recovered.mkv"
    target.write_bytes(b"precious")
    with pytest.raises(WriterFailed, match="exists"):
        remux(source, target)
    assert target.read_bytes() == b"precious"


@pytest.mark.parametrize("tail", ["cut", "zeros", "noise"])
def test_wherever_the_file_is_torn(folder, tail):
    source = write(folder / "01-x.mkv", 1.5)
    data = source.read_bytes()
    places = random.Random(4)
    noise = np.random.default_rng(4)
    for _ in range(25):
        length = places.randrange(len(data) // 3, len(data))
        rest = {
            "cut": b"",
            "zeros": bytes(len(data) - length),
            "noise": noise.bytes(len(data) - length),
        }[tail]
        source.write_bytes(data[:length] + rest)
        target = folder / "01-x.recovered.mkv"
        written = remux(source, target)
        samples, times = decoded(target)
        # Up to the torn place nothing is missing, and what is torn is not in it.
        assert np.array_equal(samples, sound(0, len(samples))[:, 0])
        assert written.duration_s > 1.5 * length / len(data) - 0.5
        assert len(times) == written.frames
        target.unlink()


@pytest.mark.parametrize("content", [b"", b"\x1aE\xdf\xa3", b"not a recording", bytes(5000)])
def test_a_recording_that_holds_nothing(folder, content):
    source = folder / "01-x.mkv"
    source.write_bytes(content)
    with pytest.raises(RecordingUnreadable, match="cut off before"):
        remux(source, folder / "01-x.recovered.mkv")
    assert [p.name for p in folder.glob("*.mkv")] == ["01-x.mkv"]
    assert list(folder.glob(".*.part")) == []


def test_only_the_header(folder):
    writer = TakeWriter(folder / "01-x.mkv", SoundFormat(48_000, 1), SIZE)
    copy = folder / "02-x.mkv"
    shutil.copy(folder / "01-x.mkv", copy)
    writer.close()
    with pytest.raises(RecordingUnreadable, match="cut off before"):
        inspect(copy)


def test_a_take_is_restored_and_entered(folder):
    media = cut_off(folder)
    before = media.read_bytes()
    (item,) = find_unfinished(folder)
    assert (item.media, item.journal.start) == (media, take())
    (restored,) = recover(folder, report=pytest.fail)
    assert media.read_bytes() == before
    assert read_session(folder) == replace(SESSION, takes=(restored,))
    written = inspect(folder / "01-why-us.recovered.mkv")
    assert restored == replace(
        take(),
        media="01-why-us.recovered.mkv",
        duration_s=written.duration_s,
        health=CaptureHealth(
            recovered=True,
            frames_written=written.frames,
            frames_dropped=1,
            frames_dropped_by={"queue": 1},
            audio_gap_s=0.25,
            av_offset_s=0.02,
            faults=(Fault("camera-gone", 1.5, 2.5),),
        ),
    )
    assert read_journal(journal_path(media)).outcome["media"] == restored.media


def test_the_reserve_of_a_killed_recorder_is_given_back(folder):
    cut_off(folder)
    make_ballast(folder)
    recover(folder)
    assert not (folder / BALLAST).exists()


def test_a_second_time_changes_nothing(folder):
    cut_off(folder)
    recover(folder)
    files = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert find_unfinished(folder) == ()
    assert recover(folder, report=pytest.fail) == ()
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == files


def test_takes_keep_their_order(folder):
    entered = replace(take(2, "strengths"), media="02-strengths.mkv", duration_s=3.0)
    write_session(replace(SESSION, takes=(entered,)), folder)
    cut_off(folder, 1)
    cut_off(folder, 3, "closing")
    restored = recover(folder)
    assert [t.id[-2:] for t in restored] == ["01", "03"]
    assert [t.id[-2:] for t in read_session(folder).takes] == ["01", "02", "03"]


def test_an_ended_take_that_was_not_entered_stays_as_it_is(folder):
    media = folder / take().media
    ended = replace(take(), duration_s=LENGTH_S, health=CaptureHealth(frames_written=120))
    with TakeJournal(journal_path(media), take()) as journal:
        write(media).unlink()
        journal.end(ended)
    assert recover(folder, report=pytest.fail) == (ended,)
    assert read_session(folder).takes == (ended,)
    assert not (folder / "01-why-us.recovered.mkv").exists()


def test_an_ended_take_whose_file_could_not_be_ended(folder):
    """As on a full disk without a reserve."""
    media = folder / take().media
    ended = replace(take(), duration_s=LENGTH_S, health=CaptureHealth(audio_gap_s=1.0))
    with TakeJournal(journal_path(media), take()) as journal:
        write(media).replace(media)
        journal.end(ended)
    (restored,) = recover(folder, report=pytest.fail)
    assert restored.media == "01-why-us.recovered.mkv"
    assert restored.health.recovered
    assert restored.health.audio_gap_s == 1.0
    assert restored.duration_s < LENGTH_S


def test_an_ended_take_that_lost_its_tail_later(folder):
    """As after a power cut on a file system that kept the header and not the end."""
    media = folder / take().media
    with TakeJournal(journal_path(media), take()) as journal:
        write(media).unlink()
        journal.end(replace(take(), duration_s=LENGTH_S))
    media.write_bytes(media.read_bytes()[: media.stat().st_size // 2])
    (restored,) = recover(folder, report=pytest.fail)
    assert restored.health.recovered
    assert 1.0 < restored.duration_s < LENGTH_S - 1.0


def test_a_recovery_that_was_stopped_before_it_entered_the_take(folder, monkeypatch):
    cut_off(folder)

    def killed(take, folder):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recorder.recovery, "_enter", killed)
        with pytest.raises(KeyboardInterrupt):
            recover(folder)
    made = (folder / "01-why-us.recovered.mkv").stat().st_mtime_ns
    (restored,) = recover(folder)
    assert (folder / restored.media).stat().st_mtime_ns == made
    assert restored.health.recovered


def test_a_copy_that_was_stopped_half_way_is_begun_anew(folder):
    cut_off(folder)
    (folder / ".01-why-us.recovered.mkv.part").write_bytes(b"half")
    assert len(recover(folder)) == 1
    assert list(folder.glob(".*.part")) == []


def test_what_holds_nothing_is_told_once_and_kept(folder):
    media = folder / take().media
    TakeJournal(journal_path(media), take()).close()  # killed before the recording began
    (folder / "02-why-us.mkv").write_bytes(b"")  # and one whose journal is lost, too
    cut_off(folder, 3)
    told = []
    restored = recover(folder, report=lambda path, why: told.append((path.name, why)))
    assert [t.media for t in restored] == ["03-why-us.recovered.mkv"]
    assert told == [
        ("01-why-us.mkv", "01-why-us.mkv was cut off before its recording began"),
        ("02-why-us.mkv", "02-why-us.mkv was cut off before anything was recorded"),
    ]
    assert (folder / "02-why-us.mkv").exists()
    assert journal_path(media).exists()
    assert find_unfinished(folder) == ()
    assert recover(folder, report=pytest.fail) == ()
    assert len(find_unfinished(folder, again=True)) == 2
    again = []
    recover(folder, report=lambda path, why: again.append((path.name, why)), again=True)
    assert again == told


def test_a_recording_whose_journal_is_lost(folder):
    cut_off(folder, 4, "self-introduction")
    journal_path(folder / "04-self-introduction.mkv").unlink()
    cut_off(folder, 5, "none-of-ours")
    journal_path(folder / "05-none-of-ours.mkv").write_bytes(b'{"event": "sta')
    first, second = recover(folder, report=pytest.fail)
    assert (first.id, second.id) == (f"{SESSION.id}-04", f"{SESSION.id}-05")
    assert first.question.text_en != "self introduction"  # the bank's own
    assert second.question.text_en == "none of ours"
    assert (first.sample_rate_hz, first.channels) == (48_000, 1)
    assert first.frame_size_px == (160, 120)
    assert first.health.recovered
    assert [t.id for t in read_session(folder).takes] == [first.id, second.id]
    assert recover(folder, report=pytest.fail) == ()


def test_sound_alone(folder):
    cut_off(folder, size=None)
    (restored,) = recover(folder)
    assert restored.frame_size_px is None
    assert restored.health.frames_written == 0


def test_a_session_that_lost_its_file_gets_it_again(folder):
    cut_off(folder)
    (folder / "session.json").unlink()
    (restored,) = recover(folder)
    session = read_session(folder)
    assert (session.id, session.language, session.takes) == (SESSION.id, "ja", (restored,))
    assert session.created == read_journal(journal_path(folder / "01-why-us.mkv")).utc


def test_a_broken_session_file_is_not_overwritten(folder):
    cut_off(folder)
    (folder / "session.json").write_text("{", encoding="utf-8")
    with pytest.raises(SessionUnreadable):
        recover(folder)
    assert (folder / "session.json").read_text(encoding="utf-8") == "{"
    assert not (folder / "01-why-us.recovered.mkv").exists()


def test_a_session_that_is_being_recorded_is_left_alone(folder):
    cut_off(folder)
    with session_lock(folder), pytest.raises(RecorderBusy):
        recover(folder)
    assert read_session(folder) == SESSION
    assert not (folder / "01-why-us.recovered.mkv").exists()


def test_other_files_are_not_looked_at(folder):
    (folder / "holiday.mkv").write_bytes(b"mine")
    (folder / "01-notes.txt").write_bytes(b"mine")
    assert find_unfinished(folder) == ()


@pytest.mark.parametrize("write_after", [0, 1, 5])
def test_a_full_disk_leaves_nothing_half_done(folder, monkeypatch, write_after):
    media = cut_off(folder)
    original = recorder.remux.Sink.write
    calls = []

    def write(self, data):
        calls.append(data)
        if len(calls) > write_after:
            self.broken = OSError(errno.ENOSPC, "No space left on device")
            raise self.broken
        return original(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(recorder.remux.Sink, "write", write)
        with pytest.raises(WriterFailed, match=r"disk .* is full") as caught:
            recover(folder)
    assert caught.value.full
    assert read_session(folder) == SESSION
    left = {p.name for p in folder.iterdir() if p.name != ".session.lock"}
    assert left == {"session.json", media.name, journal_path(media).name}
    assert len(recover(folder)) == 1  # later, with room


def test_a_full_disk_while_the_session_is_written(folder, monkeypatch):
    cut_off(folder)

    def refuse(session, folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(recorder.recovery, "write_session", refuse)
        with pytest.raises(WriterFailed, match=r"session.json can't be written") as caught:
            recover(folder)
    assert caught.value.full
    assert len(recover(folder)) == 1


def test_a_killed_process_loses_less_than_a_second(tmp_path):
    """The real writer, a real kill, at different moments."""
    moments = random.Random(11)
    started = []
    try:
        for number in range(6):
            folder = tmp_path / f"面接 {number}" / "2026-11-23-1045-k3f9"
            write_session(SESSION, folder)
            script = BENCHMARKS / "write_in_real_time.py"
            command = [sys.executable, script, folder / "01-why-us.mkv", folder.parent / "state"]
            started.append((subprocess.Popen(list(map(str, command))), folder))
        for process, folder in started:
            give_up = time.monotonic() + 60
            while (state := read_state(folder.parent / "state")) is None or state.sound_s < 2:
                assert process.poll() is None
                assert time.monotonic() < give_up
                time.sleep(0.02)
        for process, folder in started:
            time.sleep(moments.uniform(0, 0.4))
            process.kill()
            process.wait()
            state = read_state(folder.parent / "state")
            (restored,) = recover(folder, report=pytest.fail)
            samples, times = decoded(folder / restored.media)
            assert np.array_equal(samples, sound(0, len(samples))[:, 0])
            assert state.sound_s - len(samples) / 48_000 <= 1.0
            assert state.picture_s - times[-1] <= 1.0
            assert restored.health.recovered
            assert json.loads((folder / "session.json").read_text(encoding="utf-8"))["takes"]
    finally:
        for process, _ in started:
            if process.poll() is None:
                process.kill()
                process.wait()
