"""The file of an answer, read back from the disk."""

import errno
import itertools
import os
import struct
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest

import recorder.encoders
import recorder.sink
from analysis.media import probe_media
from recorder.disk import BALLAST, BALLAST_BYTES, free_ballast, make_ballast
from recorder.errors import FolderRefused, WriterFailed
from recorder.remux import inspect
from recorder.writer import (
    INTERLEAVE_CAP_US,
    VIDEO_CODECS,
    VP8_HELD_S,
    PictureFormat,
    SoundFormat,
    TakeWriter,
    video_codec,
)

ROOT = Path(__file__).resolve().parents[2]
MONO = SoundFormat(48_000, 1)
SMALL = PictureFormat(160, 120, 30.0)
# Longest cluster that the crash safety of the recorder allows.
CLUSTER_MS = 250
CLUSTER, TIME_CODE, SIMPLE_BLOCK, BLOCK_GROUP, BLOCK = 0x1F43B675, 0xE7, 0xA3, 0xA0, 0xA1
SEGMENT = 0x18538067


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "面接 の 練習"
    folder.mkdir()
    return folder / "01-自己 紹介.mkv"


@pytest.fixture
def noise():
    return np.random.default_rng(7)


def some_sound(noise, seconds, sound=MONO):
    count = int(seconds * sound.rate_hz)
    return noise.integers(-32768, 32768, (count, sound.channels), dtype=np.int16)


def picture(number, size=SMALL):
    """A picture that no other number has: a bar that moves, on grey."""
    image = np.full((size.height_px, size.width_px, 3), 90, dtype=np.uint8)
    left = number * 4 % (size.width_px - 8)
    image[:, left : left + 8] = 220
    return image


def grainy(number, size=SMALL):
    """A picture of a camera in the dark: nothing but noise, another one every time."""
    noise = np.random.default_rng(number)
    return noise.integers(0, 256, (size.height_px, size.width_px, 3), dtype=np.uint8)


def write(path, samples, times_s, *, sound=MONO, size=SMALL, image=picture, **options):
    """Write sound and pictures in the order in which they would come."""
    writer = TakeWriter(path, sound, size, **options)
    times = iter(enumerate(times_s))
    due = next(times, None)
    step = sound.rate_hz // 100
    for first in range(0, len(samples), step):
        writer.write_sound(samples[first : first + step])
        while due is not None and due[1] < writer.samples / sound.rate_hz:
            assert writer.write_picture(image(due[0], size), due[1])
            due = next(times, None)
    return writer.close()


def decoded(path):
    """Return the sound (n, channels) and the pictures as (time, frame)."""
    sound, frames = [], []
    with av.open(str(path)) as container:
        channels = container.streams.audio[0].codec_context.channels
        for packet in container.demux():
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    sound.append(frame.to_ndarray().reshape(-1, channels))
                else:
                    frames.append((frame.time, frame))
    return np.concatenate(sound), frames


def element(data, at):
    """Return id, start of the contents and their length of the EBML element at a place."""
    width = 9 - data[at].bit_length()
    identity = int.from_bytes(data[at : at + width])
    at += width
    width = 9 - data[at].bit_length()
    length = int.from_bytes(data[at : at + width]) & ((1 << 7 * width) - 1)
    if length == (1 << 7 * width) - 1:
        length = len(data)  # not known: to the end of the file
    return identity, at + width, length


def elements(data, start, end):
    while start < end:
        identity, inside, length = element(data, start)
        yield identity, inside, min(inside + length, end)
        start = inside + length


def clusters(path):
    """Return for each cluster the times of its blocks in ms and its place in the file."""
    data = path.read_bytes()
    found = []
    for identity, inside, end in elements(data, 0, len(data)):
        if identity != SEGMENT:
            continue
        for child, start, stop in elements(data, inside, end):
            if child == CLUSTER:
                found.append((block_times(data, start, stop), start, stop))
    return found


def block_times(data, start, stop):
    base, times = 0, []
    for identity, inside, end in elements(data, start, stop):
        if identity == TIME_CODE:
            base = int.from_bytes(data[inside:end])
        elif identity in (SIMPLE_BLOCK, BLOCK_GROUP):
            if identity == BLOCK_GROUP:
                inside = next(i for k, i, _ in elements(data, inside, end) if k == BLOCK)
            # One byte of track number, then the time from that of the cluster on.
            times.append(base + struct.unpack_from(">h", data, inside + 1)[0])
    return times


def test_sound_comes_back_bit_by_bit_and_pictures_at_their_time(path, noise):
    samples = some_sound(noise, 3.0137)
    times = np.cumsum(noise.uniform(0.004, 0.09, 200))
    times = [t for t in times if t < 3.0]
    written = write(path, samples, times)
    assert written.clean
    assert (written.samples, written.frames) == (len(samples), len(times))
    assert written.duration_s == len(samples) / 48_000
    assert written.first_frame_s == round(times[0], 3)
    assert written.bytes == path.stat().st_size
    sound, frames = decoded(path)
    assert np.array_equal(sound, samples)
    assert [t for t, _ in frames] == pytest.approx([round(t, 3) for t in times], abs=1e-6)
    assert max(abs(t - wanted) for (t, _), wanted in zip(frames, times, strict=True)) <= 0.00051


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000, 96_000])
def test_every_format_of_sound_is_kept_exactly(path, noise, rate_hz, channels):
    sound = SoundFormat(rate_hz, channels)
    samples = some_sound(noise, 1.23, sound)
    written = write(path, samples, [0.0, 0.5, 1.0], sound=sound)
    assert written.clean
    assert written.samples == len(samples)
    back, _ = decoded(path)
    assert np.array_equal(back, samples)


def test_blocks_of_any_length_and_sound_alone(path, noise):
    samples = some_sound(noise, 2.0)
    writer = TakeWriter(path, MONO, None)
    assert writer.codec is None
    at = 0
    for length in itertools.cycle([1, 7, 480, 4608, 3, 0, 12_000]):
        writer.write_sound(samples[at : at + length])
        at += length
        assert writer.samples == min(at, len(samples))
        if at >= len(samples):
            break
    assert not writer.write_picture(picture(0), 0.5)
    written = writer.close()
    assert (written.frames, written.first_frame_s, written.picture) == (0, None, None)
    sound, frames = decoded(path)
    assert np.array_equal(sound, samples)
    assert frames == []


def test_clusters_are_short(path, noise):
    times = np.arange(0, 4, 1 / 30) + noise.uniform(0, 0.02, 120)
    write(path, some_sound(noise, 4.0), times)
    found = clusters(path)
    starts = [min(times) for times, _, _ in found]
    assert len(found) >= 16
    assert max(np.diff(starts)) <= CLUSTER_MS
    assert max(max(times) - min(times) for times, _, _ in found) <= CLUSTER_MS


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_clusters_of_sound_alone_are_short(path, noise, rate_hz):
    sound = SoundFormat(rate_hz, 1)
    write(path, some_sound(noise, 3.0, sound), [], sound=sound, size=None)
    starts = [min(times) for times, _, _ in clusters(path)]
    assert max(np.diff(starts)) <= CLUSTER_MS


@pytest.mark.parametrize("codec", VIDEO_CODECS)
@pytest.mark.parametrize("rate_hz", [5.0, 15.0, 29.97, 60.0])
def test_keyframes_come_every_second_whatever_the_rate(path, noise, codec, rate_hz):
    times = np.arange(0, 4.5, 1 / rate_hz)
    times = times + noise.uniform(-0.2, 0.2, len(times)) / rate_hz
    times = times[times >= 0]
    written = write(path, some_sound(noise, 4.6), times, codec=codec, image=grainy)
    assert written.frames == len(times)
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.pts is not None]
        keys = [float(p.pts * p.time_base) for p in packets if p.is_keyframe]
    assert packets[0].is_keyframe
    assert max(np.diff(keys)) <= 1.0
    assert len(keys) <= 8  # not every picture either


def test_a_picture_after_a_hole_is_a_keyframe(path, noise):
    times = [0.0, 0.033, 0.067, 5.0, 5.033]
    write(path, some_sound(noise, 5.2), times)
    with av.open(str(path)) as container:
        keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.is_keyframe]
    assert keys == [0.0, 5.0]


def test_a_picture_that_is_not_later_is_left_out(path):
    writer = TakeWriter(path, MONO, SMALL)
    assert not writer.write_picture(picture(0), -0.01)
    assert writer.write_picture(picture(0), 0.1)
    assert not writer.write_picture(picture(1), 0.1)
    assert not writer.write_picture(picture(1), 0.1004)  # the same ms
    assert not writer.write_picture(picture(1), 0.05)
    assert writer.write_picture(picture(1), 0.1006)
    writer.write_sound(np.zeros((9600, 1), np.int16))
    assert writer.close().frames == 2
    assert [round(t, 3) for t, _ in decoded(path)[1]] == [0.1, 0.101]


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_colours_and_odd_sizes(path, codec):
    size = PictureFormat(641, 481, 30.0)
    image = np.zeros((481, 641, 3), np.uint8)
    image[:, :320] = (200, 60, 30)
    image[:, 320:] = (40, 90, 180)
    writer = TakeWriter(path, MONO, size, codec=codec)
    for number in range(10):
        assert writer.write_picture(image, number / 30)
    writer.write_sound(np.zeros((16000, 1), np.int16))
    assert writer.close().clean
    _, frames = decoded(path)
    back = frames[-1][1].to_ndarray(format="bgr24").astype(int)
    assert back.shape == (480, 640, 3)
    assert np.abs(back[100:380, 40:280] - image[100:380, 40:280]).mean() < 6
    assert np.abs(back[100:380, 360:600] - image[100:380, 360:600]).mean() < 6


def test_a_picture_of_another_size_is_fitted_in(path):
    writer = TakeWriter(path, MONO, SMALL)
    assert writer.write_picture(np.full((480, 480, 3), 200, np.uint8), 0.0)
    assert writer.write_picture(np.full((12, 1000, 3), 200, np.uint8), 0.1)
    assert writer.write_picture(picture(2), 0.2)
    writer.write_sound(np.zeros((16000, 1), np.int16))
    assert writer.close().clean
    first, second, _ = (frame.to_ndarray(format="gray8") for _, frame in decoded(path)[1])
    assert first[60, 80] > 180
    assert max(first[60, 5], first[60, 155]) < 40  # black beside a square one
    assert second[60, 80] > 180
    assert max(second[5, 80], second[115, 80]) < 40


def test_analysis_reads_it_with_its_clock(path, noise):
    write(path, some_sound(noise, 3.25), np.arange(0.4, 3.2, 1 / 30))
    probe = probe_media(path)
    assert probe.origin_s == 0.0
    facts = probe.facts
    assert facts.audio_duration_s == pytest.approx(3.25, abs=0.001)
    assert facts.duration_s == pytest.approx(3.25, abs=0.001)
    assert facts.av_offset_s == pytest.approx(0.4, abs=0.001)
    assert (facts.audio_codec, facts.video_codec) == ("flac", "h264")
    assert facts.frame_size_px == (160, 120)


def test_what_was_written_is_on_its_way_at_once(path, noise):
    """Nothing but the newest cluster waits in memory."""
    writer = TakeWriter(path, MONO, SMALL)
    header = path.stat().st_size
    assert header > 100
    samples = some_sound(noise, 2.0)
    for number in range(60):
        writer.write_sound(samples[number * 1600 : (number + 1) * 1600])
        writer.write_picture(picture(number), number / 30)
    copy = path.with_name("copy.mkv")
    copy.write_bytes(path.read_bytes())
    assert writer.bytes_written == path.stat().st_size
    sound, frames = decoded(copy)
    assert len(sound) / 48000 > 2.0 - 0.45
    assert frames[-1][0] > 2.0 - 0.45
    writer.close()


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_a_stalled_camera_does_not_hold_the_sound_back(path, noise, codec):
    writer = TakeWriter(path, MONO, SMALL, codec=codec)
    writer.write_picture(picture(0), 0.0)
    samples = some_sound(noise, 4.0)
    for first in range(0, len(samples), 480):
        writer.write_sound(samples[first : first + 480])
    copy = path.with_name("copy.mkv")
    copy.write_bytes(path.read_bytes())
    sound, _ = decoded(copy)
    # VP8 is exempt from FFmpeg's cap; the writer has one of its own.
    held_s = VP8_HELD_S[1] if codec == "libvpx" else INTERLEAVE_CAP_US / 1e6
    assert len(sound) / 48000 > 4.0 - held_s - CLUSTER_MS / 1000 - 0.1
    assert writer.write_picture(picture(1), 3.9)
    assert writer.close().frames == 2
    sound, frames = decoded(path)
    assert np.array_equal(sound, samples)
    assert [round(t, 3) for t, _ in frames] == [0.0, 3.9]
    assert inspect(path).frames == 2


def test_a_stalled_microphone_does_not_hold_the_pictures_back(path):
    writer = TakeWriter(path, MONO, SMALL)
    writer.write_sound(np.ones((4800, 1), np.int16))
    for number in range(120):
        writer.write_picture(picture(number), number / 30)
    copy = path.with_name("copy.mkv")
    copy.write_bytes(path.read_bytes())
    _, frames = decoded(copy)
    assert frames[-1][0] > 4.0 - 0.6
    assert writer.close().clean


def test_pictures_that_come_in_a_burst_long_after_the_sound(path, noise):
    """As on a computer that had no time for them."""
    size = PictureFormat(320, 240, 30.0)
    writer = TakeWriter(path, MONO, size)
    writer.write_sound(some_sound(noise, 3.0))
    for number in range(25):  # fewer than from one keyframe to the next
        writer.write_picture(grainy(number, size), number / 30)
    copy = path.with_name("copy.mkv")
    copy.write_bytes(path.read_bytes())
    sound, frames = decoded(copy)
    assert len(sound) / 48000 > 3.0 - 0.5
    assert frames[-1][0] > 0.8 - 0.3
    assert writer.close().clean


def test_closing_twice_and_writing_afterwards(path, noise):
    writer = TakeWriter(path, MONO, SMALL)
    writer.write_sound(some_sound(noise, 0.5))
    written = writer.close()
    assert writer.close() == written
    size = path.stat().st_size
    writer.write_sound(some_sound(noise, 0.5))
    assert not writer.write_picture(picture(0), 9.0)
    assert path.stat().st_size == size


def test_a_file_without_anything(path):
    written = TakeWriter(path, MONO, SMALL).close()
    assert (written.samples, written.frames, written.duration_s) == (0, 0, 0.0)


def test_it_never_overwrites(path):
    path.write_bytes(b"precious")
    with pytest.raises(WriterFailed, match="exists"):
        TakeWriter(path, MONO, SMALL)
    assert path.read_bytes() == b"precious"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FolderRefused, match="choose a folder"):
        TakeWriter(tmp_path / "gone" / "01-x.mkv", MONO, SMALL)


def test_wrong_arguments(path, noise):
    with pytest.raises(ValueError, match="9 channels"):
        TakeWriter(path, SoundFormat(48_000, 9), None)
    writer = TakeWriter(path, SoundFormat(48_000, 2), None)
    with pytest.raises(ValueError, match="not \\(n, 2\\)"):
        writer.write_sound(some_sound(noise, 0.1))
    writer.close()


def test_the_next_encoder_takes_over_where_the_first_does_not_open(path, noise, monkeypatch):
    assert video_codec() == "libx264"
    options = {**recorder.encoders.ENCODER_OPTIONS, "libx264": {"preset": "no such preset"}}
    monkeypatch.setattr(recorder.encoders, "ENCODER_OPTIONS", options)
    writer = TakeWriter(path, MONO, SMALL)
    assert writer.codec == "libvpx"
    writer.write_sound(some_sound(noise, 1.0))
    writer.write_picture(picture(0), 0.0)
    assert writer.close().clean
    assert probe_media(path).facts.video_codec == "vp8"


def test_no_encoder_at_all(path, monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"flac"})
    with pytest.raises(WriterFailed, match="no video encoder opens"):
        TakeWriter(path, MONO, SMALL)
    assert not path.exists()
    with pytest.raises(WriterFailed, match="no video encoder"):
        video_codec()


def test_an_encoder_that_gives_up_leaves_the_sound(path, noise, monkeypatch):
    writer = TakeWriter(path, MONO, SMALL)
    samples = some_sound(noise, 2.0)
    writer.write_sound(samples[:48000])
    assert writer.write_picture(picture(0), 0.0)

    class Broken:
        def encode(self, frame):
            raise av.error.ExternalError(-1, "encoder lost")

    monkeypatch.setattr(writer, "_video", Broken())
    with pytest.raises(WriterFailed, match="can't be encoded") as caught:
        writer.write_picture(picture(1), 0.1)
    assert not caught.value.full
    assert not writer.write_picture(picture(2), 0.2)
    writer.write_sound(samples[48000:])
    written = writer.close()
    assert written.clean
    assert np.array_equal(decoded(path)[0], samples)


def test_the_thread_syncs_and_counts_what_the_disk_refuses(path, noise, monkeypatch):
    synced = threading.Event()
    calls = []

    def sync(descriptor):
        calls.append(threading.current_thread().name)
        if len(calls) >= 3:
            synced.set()
        if len(calls) == 2:
            raise OSError(errno.EINVAL, "not here")

    monkeypatch.setattr(recorder.sink, "sync_file", sync)
    writer = TakeWriter(path, MONO, None, sync_s=0.01)
    writer.write_sound(some_sound(noise, 0.5))
    assert synced.wait(30)
    assert writer.failed_syncs == 1
    assert writer.worst_sync_s > 0
    assert writer.close().clean
    assert set(calls[:-1]) == {"sync-to-disk"}
    assert calls[-1] == threading.current_thread().name


def test_a_sync_that_finds_data_lost_is_told_once(path, noise, monkeypatch):
    """The file still gets its end: what follows the hole can be read."""
    refused = threading.Event()

    def sync(descriptor):
        if threading.current_thread().name == "sync-to-disk" and not refused.is_set():
            refused.set()
            raise OSError(errno.EIO, "lost")

    monkeypatch.setattr(recorder.sink, "sync_file", sync)
    writer = TakeWriter(path, MONO, SMALL, sync_s=0.01)
    assert refused.wait(30)
    while not writer.failed_syncs:
        time.sleep(0.01)
    with pytest.raises(WriterFailed, match="loses what is written") as caught:
        writer.write_sound(some_sound(noise, 0.5))
    assert not caught.value.full
    writer.write_sound(some_sound(noise, 0.5))
    assert not writer.write_picture(picture(0), 0.0)
    assert writer.close().clean
    assert len(decoded(path)[0]) == 24_000


def test_a_file_that_broke_untold_is_told_once(path, noise):
    writer = TakeWriter(path, MONO, None)
    writer._sink.broken = OSError(errno.EIO, "gone")
    with pytest.raises(WriterFailed, match="the sound can't be written") as caught:
        writer.write_sound(some_sound(noise, 0.1))
    assert not caught.value.full
    assert writer.samples == 0
    writer.write_sound(some_sound(noise, 0.1))
    assert not writer.close().clean


def test_a_sync_that_finds_the_disk_full_is_told(path, noise, monkeypatch):
    refused = threading.Event()

    def sync(descriptor):
        refused.set()
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(recorder.sink, "sync_file", sync)
    writer = TakeWriter(path, MONO, None, sync_s=0.01)
    assert refused.wait(30)
    assert told_full(writer, noise) < 60
    assert not writer.close().clean  # the last sync was refused, too


def test_the_reserve(tmp_path):
    assert make_ballast(tmp_path)
    assert (tmp_path / BALLAST).stat().st_size == BALLAST_BYTES
    made = (tmp_path / BALLAST).stat().st_mtime_ns
    assert make_ballast(tmp_path)  # there already
    assert (tmp_path / BALLAST).stat().st_mtime_ns == made
    assert free_ballast(tmp_path)
    assert not (tmp_path / BALLAST).exists()
    assert not free_ballast(tmp_path)
    assert not make_ballast(tmp_path / "gone")


def told_full(writer, noise):
    """Write until the writer tells that the disk is full; return how much it was given, in s."""
    samples = some_sound(noise, 1.0)
    failure = None
    for number in range(1800):
        try:
            first = number % 30 * 1600
            writer.write_sound(samples[first : first + 1600])
            writer.write_picture(picture(number), number / 30)
        except WriterFailed as exc:
            failure = exc
            break
    assert failure is not None
    assert failure.full
    assert "full" in str(failure)
    return writer.samples / 48000


def fill(path, noise):
    writer = TakeWriter(path, MONO, SMALL)
    return writer, told_full(writer, noise)


class FullDisk:
    """A file with room for 400 kB, and for 3 MB more once the reserve is freed."""

    def __init__(self, file, reserve=None):
        self.file, self.reserve = file, reserve
        self.room = 400_000

    def write(self, data):
        if self.reserve is not None and not self.reserve.exists():
            self.room = 3_400_000
        left = self.room - self.file.tell()
        if left <= 0:
            # Somebody else frees space, which comes too late for what is lost already.
            self.room = self.room if self.reserve else 10_000_000
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.file.write(data[:left])

    def __getattr__(self, name):
        return getattr(self.file, name)


@pytest.fixture
def full_disk(path, monkeypatch):
    """Let the file be on a full disk; called with the reserve of the folder, or None."""
    original = Path.open

    def install(reserve):
        def opened(self, *arguments, **options):
            file = original(self, *arguments, **options)
            made = self == path and arguments[:1] == ("xb",)
            return FullDisk(file, reserve) if made else file

        monkeypatch.setattr(Path, "open", opened)

    return install


def test_a_full_disk_with_a_reserve_ends_the_file_whole(path, noise, full_disk):
    make_ballast(path.parent)
    full_disk(path.parent / BALLAST)
    writer, given_s = fill(path, noise)
    assert not (path.parent / BALLAST).exists()
    writer.write_sound(some_sound(noise, 1.0))  # told once; later calls do nothing
    written = writer.close()
    assert written.clean
    assert written.duration_s == given_s
    sound, _ = decoded(path)
    assert len(sound) == written.samples
    assert probe_media(path).facts.duration_s == pytest.approx(given_s, abs=0.05)


def test_a_full_disk_without_a_reserve_leaves_a_readable_file(path, noise, full_disk):
    full_disk(None)
    writer, given_s = fill(path, noise)
    size = path.stat().st_size
    written = writer.close()
    assert not written.clean
    assert writer.close() == written
    # An end behind a hole would be worse than none.
    assert path.stat().st_size == size
    sound, frames = decoded(path)
    assert len(sound) / 48000 > given_s - 1.0
    assert frames[-1][0] > given_s - 1.0
    assert not inspect(path).clean


LIMITED = """
    import resource, sys
    import numpy as np
    from pathlib import Path
    sys.path.insert(0, {root!r})
    from recorder.errors import WriterFailed
    from recorder.writer import PictureFormat, SoundFormat, TakeWriter
    noise = np.random.default_rng(0)
    writer = TakeWriter(Path(sys.argv[1]), SoundFormat(48000, 1), PictureFormat(160, 120, 30.0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    told = 0
    for number in range(900):
        try:
            writer.write_sound(noise.integers(-20000, 20000, (1600, 1), dtype=np.int16))
            writer.write_picture(np.full((120, 160, 3), number % 200, np.uint8), number / 30)
        except WriterFailed as exc:
            assert exc.full
            told += 1
            given = writer.samples
    written = writer.close()
    print(told, given, written.clean)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are there on POSIX only")
def test_a_file_that_may_grow_no_longer(path):
    """The system itself refuses the write, in a process of its own."""
    code = textwrap.dedent(LIMITED).format(root=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told, given, clean = done.stdout.split()
    assert (told, clean) == ("1", "False")
    sound, frames = decoded(path)
    assert len(sound) / 48000 > int(given) / 48000 - 1.0
    assert frames


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of 8 MB."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    folder = tmp_path / "小さい disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_really_full_disk(tiny_disk, noise):
    assert make_ballast(tiny_disk)
    path = tiny_disk / "01-自己 紹介.mkv"
    writer, given_s = fill(path, noise)
    written = writer.close()
    assert written.clean
    assert written.duration_s == given_s
    sound, frames = decoded(path)
    assert len(sound) == written.samples
    assert len(frames) == written.frames
    # No room for the next one: said at once, and nothing is left behind.
    for _ in range(10_000):
        try:
            with (tiny_disk / "filler").open("ab") as file:
                file.write(bytes(4096))
        except OSError:
            break
    with pytest.raises(WriterFailed, match="full") as caught:
        TakeWriter(tiny_disk / "02-x.mkv", MONO, SMALL)
    assert caught.value.full
    assert not (tiny_disk / "02-x.mkv").exists()
    assert not make_ballast(tiny_disk)
    assert not (tiny_disk / BALLAST).exists()
