"""Bad input: one clear line and exit 1 with nothing left behind, or a result that says what is off.

The tests may run as root, whom permission bits do not stop: what can't be written is tried as
another user, on full and read-only file systems of a private mount name space, and, where the
machine allows neither, by refusing system calls.
"""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from analysis.storage import read_analysis

ROOT = Path(__file__).resolve().parents[2]
FAST = ("--model", "tiny.en", "--no-video")
ONE_LINE = re.compile(r"mensetsu: [^\n]+\n")
RATE_HZ = 16_000


@pytest.fixture
def refused(mensetsu, untouched):
    """Run what has to fail: exit 1, one line, nothing printed, nothing changed; return the line."""

    def run(*arguments):
        with untouched():
            done = mensetsu(*arguments)
        assert done.code == 1, done.err
        assert done.out == ""
        assert ONE_LINE.fullmatch(done.err), done.err
        assert "unexpected problem" not in done.err
        assert "Traceback" not in done.err
        return done.err

    return run


def picture(path, text):
    """Write a picture or another file that is no recording."""
    pixels = np.full((48, 64, 3), 90, np.uint8)
    if path.suffix in (".png", ".jpg", ".gif", ".bmp"):
        codec = {".png": "png", ".jpg": "mjpeg", ".gif": "gif", ".bmp": "bmp"}[path.suffix]
        stream = av.CodecContext.create(codec, "w")
        stream.width, stream.height = 64, 48
        stream.pix_fmt = {"gif": "rgb8", "mjpeg": "yuvj420p", "png": "rgb24"}.get(codec, "bgr24")
        stream.time_base = Fraction(1)
        frame = av.VideoFrame.from_ndarray(pixels).reformat(format=stream.pix_fmt)
        packets = [*stream.encode(frame), *stream.encode(None)]
        path.write_bytes(b"".join(bytes(p) for p in packets))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def test_no_such_file(refused, tmp_path):
    assert "no such file" in refused("analyse", tmp_path / "nothing.mp4")


def test_a_folder_that_is_no_take(refused, tmp_path):
    assert "is a folder without a session or results" in refused("analyse", tmp_path)


def test_an_empty_file(refused, tmp_path):
    (tmp_path / "empty.mp4").touch()
    assert "is empty (0 bytes)" in refused("analyse", tmp_path / "empty.mp4")


@pytest.mark.parametrize(
    "name",
    ["x.txt", "x.mp4", "x.srt", "x.html", "x.png", "x.jpg", "x.bmp", "jpg.mp4"],
)
def test_a_text_or_a_picture(refused, tmp_path, name):
    subtitles = "1\n00:00:00,000 --> 00:00:02,000\nHello.\n"
    path = picture(tmp_path / name, subtitles if name == "x.srt" else "Hello there.\n" * 50)
    if name == "jpg.mp4":
        picture(tmp_path / "x.jpg", "").replace(path)
    line = refused("analyse", path)
    assert name in line
    assert re.search("not audio or video|picture or a text|neither audio nor video|too short", line)


def test_a_file_name_stays_on_one_line(refused, tmp_path):
    (tmp_path / "two\nlines\x1b[31m.mp4").touch()
    assert "\x1b" not in refused("analyse", tmp_path / "two\nlines\x1b[31m.mp4")


def test_a_truncated_recording_without_index(refused, clip, tmp_path):
    half = tmp_path / "half.mp4"
    half.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    assert b"moov" not in half.read_bytes()
    assert "cut off or damaged" in refused("analyse", half)


def test_a_truncated_recording_with_its_index_counts_as_far_as_it_goes(
    mensetsu, clip, cut_media, tmp_path
):
    whole = cut_media(clip, tmp_path / "whole.mp4", options={"movflags": "faststart"})
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    done = mensetsu("analyse", whole, *FAST, "--json")
    assert done.code == 0, done.err
    assert 5 < json.loads(done.out)["answer_s"] < 12


def test_video_without_sound(mensetsu, clip, cut_media, tmp_path):
    silent = cut_media(clip, tmp_path / "silent.mp4", kinds=("video",), end=12)
    done = mensetsu("analyse", silent, "--json")
    assert done.code == 0, done.err
    flat = json.loads(done.out)
    assert flat["answer_s"] is flat["word_count"] is flat["level_dbfs"] is flat["language"] is None
    assert flat["gaze_coverage_ratio"] > 0.9
    assert "speech was not measured" in " ".join(flat["warnings"])
    page = (tmp_path / "silent-analysis" / "report.html").read_text(encoding="utf-8")
    assert "not measured" in page


def test_video_without_sound_and_without_the_picture(refused, clip, cut_media, tmp_path):
    silent = cut_media(clip, tmp_path / "silent.mp4", kinds=("video",), end=2)
    assert "has no sound" in refused("analyse", silent, "--no-video")


def test_sound_without_picture(mensetsu, recording):
    done = mensetsu("analyse", recording, "--model", "tiny.en", "--json")
    flat = json.loads(done.out)
    assert flat["word_count"] > 8
    assert flat["eye_contact_ratio"] is flat["posture_coverage_ratio"] is None
    assert "no picture" in " ".join(flat["warnings"])


def test_a_clip_of_a_fifth_of_a_second(refused, make_sound, cut_media, clip, tmp_path):
    tone = 0.3 * np.sin(2 * np.pi * 200 * np.arange(RATE_HZ // 5) / RATE_HZ)
    assert "0.2 s long: too short" in refused("analyse", make_sound(tmp_path / "s.wav", tone))
    assert "too short" in refused("analyse", cut_media(clip, tmp_path / "s.mp4", end=0.2))


def noise(kind):
    random = np.random.default_rng(7)
    white = random.standard_normal(20 * RATE_HZ)
    if kind == "white":
        return 0.05 * white
    if kind == "pink":
        bins = np.fft.rfft(white)
        pink = np.fft.irfft(bins / np.sqrt(np.maximum(np.arange(len(bins)), 1)))
        return 0.1 * pink / np.abs(pink).max() * 5
    time = np.arange(len(white)) / RATE_HZ
    chords = [(220.0, 277.2, 329.6), (196.0, 246.9, 293.7), (174.6, 220.0, 261.6)]
    music = np.zeros(len(white))
    for beat in range(40):
        on = (time >= beat / 2) & (time < beat / 2 + 0.5)
        for f0 in chords[beat // 4 % 3]:
            for harmonic in (1, 2, 3):
                music[on] += np.sin(2 * np.pi * f0 * harmonic * time[on]) / harmonic
        music[on] *= np.exp(-3 * (time[on] - beat / 2))
    return 0.05 * music


@pytest.mark.parametrize("kind", ["white", "pink", "music", "silence"])
def test_only_noise_or_music(mensetsu, make_sound, tmp_path, kind):
    sound = np.zeros(20 * RATE_HZ) if kind == "silence" else noise(kind)
    done = mensetsu("analyse", make_sound(tmp_path / "noise.wav", sound), "--json")
    assert done.code == 0, done.err
    flat = json.loads(done.out)
    assert not flat["word_count"]
    assert flat["speech_rate_wpm"] is flat["fillers_per_min"] is None
    assert re.search("Nobody speaks|no words were recognised", " ".join(flat["warnings"]))
    assert (tmp_path / "noise-analysis" / "transcript.srt").read_text() == ""


@pytest.fixture(scope="module")
def portrait(clip):
    """A frame of the clip: RGB, shape (height, width, 3)."""
    with av.open(str(clip)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def write_video(path, frame, *, seconds=12, rate=5):
    """Write a video of one still picture that moves by a pixel or two, as people do."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.height, stream.width = frame.shape[:2]
        stream.pix_fmt = "yuv420p"
        for index in range(seconds * rate):
            moved = np.roll(frame, index % 3, axis=1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(moved, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def smaller(frame, share):
    height, width = (int(size * share) // 2 * 2 for size in frame.shape[:2])
    picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
    return picture.reformat(width=width, height=height).to_ndarray()


def see(mensetsu, path):
    done = mensetsu("analyse", path, "--json")
    assert done.code == 0, done.err
    analysis = read_analysis(path.with_name(f"{path.stem}-analysis") / "analysis.json")
    return json.loads(done.out), {caution.code for caution in analysis.warnings}


def test_two_faces(mensetsu, portrait, tmp_path):
    height, width = portrait.shape[:2]
    person = np.ascontiguousarray(portrait[:, width // 4 : width * 3 // 4])
    other = smaller(person, 0.8)
    both = np.full((height, person.shape[1] + other.shape[1], 3), 120, np.uint8)
    both[:, : person.shape[1]] = person
    both[: other.shape[0], person.shape[1] :] = other
    flat, cautions = see(mensetsu, write_video(tmp_path / "two.mp4", both))
    assert "several-faces" in cautions
    assert flat["gaze_coverage_ratio"] > 0.9


def test_no_face(mensetsu, tmp_path):
    wall = np.full((360, 640, 3), 150, np.uint8)
    flat, cautions = see(mensetsu, write_video(tmp_path / "wall.mp4", wall))
    assert "no-face" in cautions
    assert flat["gaze_coverage_ratio"] == 0
    assert flat["eye_contact_ratio"] is flat["away_count"] is flat["slouch_ratio"] is None


@pytest.mark.parametrize("turns", [1, 3])
def test_sideways_without_a_tag(mensetsu, portrait, tmp_path, turns):
    path = write_video(tmp_path / "sideways.mp4", np.ascontiguousarray(np.rot90(portrait, turns)))
    flat, cautions = see(mensetsu, path)
    assert "picture-rotated" in cautions
    assert flat["gaze_coverage_ratio"] > 0.9


def test_an_incomplete_model_folder(refused, recording, packaged_models, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    assert "incomplete" in refused("analyse", recording, "--model", folder)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copy(packaged_models / "tiny.en" / name, folder)
    assert "incomplete: model.bin missing" in refused("analyse", recording, "--model", folder)
    (folder / "model.bin").write_bytes(b"no weights" * 100)
    assert "can't be loaded" in refused("analyse", recording, "--model", folder)
    missing = tmp_path / "nothing"
    assert "there is no model folder" in refused("analyse", recording, "--model", missing)


def test_models_that_are_not_here_or_unknown(refused, recording):
    assert "mensetsu models fetch small" in refused("analyse", recording, "--model", "small")
    assert "unknown model 'huge'" in refused("analyse", recording, "--model", "huge")


def test_english_only_model_for_japanese(refused, recording):
    line = refused("analyse", recording, *FAST, "--language", "ja")
    assert "knows English only" in line


def test_output_that_belongs_to_something_else(refused, recording, take, tmp_path):
    assert "holds the results of another recording (clip.mp4)" in refused(
        "analyse", recording, "--output", take
    )
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert "is a file" in refused("analyse", recording, "--output", tmp_path / "file")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "report.html").write_text("mine", encoding="utf-8")
    assert "that is not ours" in refused("analyse", recording, "--output", foreign)
    (foreign / "analysis.json").write_text("{}", encoding="utf-8")
    assert "give another folder" in refused("analyse", recording, "--output", foreign)


def test_output_below_a_file(refused, recording):
    assert "can't be written" in refused("analyse", recording, "--output", recording / "below")


def test_folders_that_were_made_for_nothing_go_again(refused, make_sound, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF" + b"\x00" * 300)
    refused("analyse", broken, "--output", tmp_path / "a" / "b" / "c")


# --- what can't be written -------------------------------------------------------------------


def allowed(*command):
    """Whether this machine allows a program that prepares a place that can't be written."""
    done = subprocess.run([*command], capture_output=True, cwd=ROOT, check=False)
    return done.returncode == 0


def in_mounts(script, *arguments):
    """Run a shell script in a mount name space of its own."""
    return subprocess.run(
        ["unshare", "-m", "sh", "-euc", script, "sh", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [("size=64k", "no space left"), ("ro", "can't be written (no permission)")],
)
def test_output_on_a_full_or_read_only_disk(recording, tmp_path, scratch, options, words):
    if not allowed("unshare", "-m", "true"):
        pytest.skip("no mounts here; the refused system calls below stand for it")
    place = tmp_path / "disk"
    place.mkdir()
    done = in_mounts(
        'mount -t tmpfs -o "$1" none "$2"; code=0; "$3" -m app analyse "$4" --output "$2/out"'
        ' || code=$?; ls -A "$2" >&2; exit $code',
        options, place, sys.executable, recording,
    )  # fmt: skip
    assert done.returncode == 1
    assert words in done.stderr
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert list(scratch.iterdir()) == []


def test_no_room_for_the_work_itself(recording, tmp_path):
    if not allowed("unshare", "-m", "true"):
        pytest.skip("no mounts here")
    place = tmp_path / "disk"
    place.mkdir()
    done = in_mounts(
        'mount -t tmpfs -o size=1m none "$1"; code=0; TMPDIR="$1" "$2" -m app analyse "$3"'
        ' || code=$?; ls -A "$1" >&2; exit $code',
        place, sys.executable, recording,
    )  # fmt: skip
    assert done.returncode == 1
    assert "not enough space in" in done.stderr
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert [p.name for p in recording.parent.iterdir()] == ["answer.m4a"]


def test_output_of_somebody_else(voice, packaged_models, tmp_path_factory, tmp_path):
    as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    if os.geteuid() != 0:
        as_nobody = ()
    elif not allowed(*as_nobody, sys.executable, "-c", "import app"):
        pytest.skip("no other user can run this; the refused system calls below stand for it")
    locked = tmp_path / "locked"
    locked.mkdir()
    shutil.copy(voice, locked / "answer.m4a")
    for folder in (locked, *locked.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
        if folder == tmp_path_factory.getbasetemp().parent:
            break
    locked.chmod(0o555)
    try:
        for more in ((), ("--output", locked / "out")):
            done = subprocess.run(
                [*as_nobody, sys.executable, "-m", "app", "analyse", locked / "answer.m4a", *more],
                capture_output=True,
                text=True,
                cwd=ROOT,
                env={**os.environ, "MENSETSU_HOME": "/nonexistent"},
                check=False,
            )
            assert done.returncode == 1
            assert "can't be written (no permission)" in done.stderr
            assert ONE_LINE.fullmatch(done.stderr), done.stderr
            assert [p.name for p in locked.iterdir()] == ["answer.m4a"]
    finally:
        locked.chmod(0o755)


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "no space left"), (errno.EROFS, "no permission"), (errno.EIO, "can't be")],
)
@pytest.mark.parametrize("call", ["mkdir", "replace", "fsync"])
def test_refused_system_calls(refused, recording, monkeypatch, call, code, words):
    """The same on any machine; "replace" and "fsync" fail after the work, before anything shows."""
    real = getattr(os, call)

    def fail(*arguments, **named):
        if call == "fsync" or "answer-analysis" in str(arguments[0]):
            raise OSError(code, os.strerror(code), str(arguments[0]))
        return real(*arguments, **named)

    monkeypatch.setattr(os, call, fail)
    if call != "mkdir":  # the work is done by then, and is the same each time
        monkeypatch.setattr("analysis.pipeline._run_side_by_side", lambda *_: {})
    assert words in refused("analyse", recording, *FAST)


def test_a_disk_that_fills_up_leaves_the_old_results(mensetsu, take, monkeypatch, untouched):
    monkeypatch.setattr("analysis.pipeline._run_side_by_side", lambda *_: {})
    real, done = os.fsync, []

    def full(handle):
        done.append(handle)
        if len(done) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with untouched():
        ended = mensetsu("analyse", take)
    assert ended.code == 1
    assert "no space left for the results" in ended.err


# --- four hours ------------------------------------------------------------------------------

LONG_S = 4 * 3600
MOST_MB = 1500
EDGE_S = 0.3


def write_long(path, clip):
    """Write four hours: the clip's words, silence, the clip's words again; return the silence.

    Packets of silence are repeated, not encoded; the picture is one grey frame each 5 s.
    """
    rate, size = 8000, 1024
    random = np.random.default_rng(1)
    with av.open(str(clip)) as source:
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate, frame_size=size)
        blocks = [b for f in source.decode(audio=0) for b in resampler.resample(f)]
    spoken = [b.to_ndarray() for b in blocks if b.samples == size]
    quiet = list((1e-4 * random.standard_normal((64, 1, size))).astype(np.float32))
    with av.open(str(path), "w") as out:
        sound = out.add_stream("aac", rate=rate, layout="mono")
        sound.bit_rate = 16_000
        video = out.add_stream("libx264", rate=1, options={"g": "1"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        coded = []
        for number, block in enumerate([*spoken, *quiet, *spoken]):
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate, number * size
            coded += sound.encode(frame)
        data = [bytes(p) for p in [*coded, *sound.encode(None)]]
        head, tail = data[: len(spoken) + 32], data[len(spoken) + 32 :]
        loop = data[len(spoken) + 8 : len(spoken) + 40]
        more = LONG_S * rate // size - len(head) - len(tail)
        data = [*head, *(loop[i % len(loop)] for i in range(more)), *tail]
        grey = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 60, np.uint8))
        picture = bytes([*video.encode(grey), *video.encode(None)][0])
        shown = 0
        for number, packet in enumerate(data):
            while shown <= number * size / rate:
                mux(out, video, picture, shown, 5, rate=1)
                shown += 5
            mux(out, sound, packet, number * size, size, rate=rate)
    return len(data) * size / rate - len(spoken) * size / rate


def mux(out, stream, data, at, length, *, rate):
    packet = av.Packet(data)
    packet.stream, packet.time_base = stream, Fraction(1, rate)
    packet.pts = packet.dts = at
    packet.duration, packet.is_keyframe = length, True
    out.mux(packet)


def unreturnable_mb(process):
    """Memory of a process tree that the system can't take back (no pages of files), by /proc.

    The decoded sound is mapped from a file: the system keeps of it what it has room for.
    """
    total_kb = 0
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(text[text.rindex(")") + 2 :].split()[1]), []).append(entry)
    todo = [Path(f"/proc/{process}")]
    while todo:
        entry = todo.pop()
        todo += parents.get(int(entry.name), [])
        try:
            rollup = (entry / "smaps_rollup").read_text()
        except OSError:
            continue
        total_kb += sum(
            int(kb) for kb in re.findall(r"^Pss_(?:Anon|Shmem): +(\d+) kB", rollup, re.M)
        )
    return total_kb / 1024


def test_four_hours_in_bounded_memory(clip, tmp_path, packaged_models, record_property):
    path = tmp_path / "long.mp4"
    second = write_long(path, clip)
    running = subprocess.Popen(
        [sys.executable, "-m", "app", "analyse", path, "--json", "--model", "tiny.en"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    peak, ended = 0.0, threading.Event()
    reader = threading.Thread(target=lambda: (running.wait(), ended.set()))
    reader.start()
    while not ended.wait(0.5):
        peak = max(peak, unreturnable_mb(running.pid))
    reader.join()
    out, err = running.communicate()
    print(f"peak {peak:.0f} MB")
    record_property("peak_mb", peak)
    assert (running.returncode, err) == (0, b"")
    assert 100 < peak < MOST_MB
    assert json.loads(out)["silences_over_30s"] == 1
    analysis = read_analysis(tmp_path / "long-analysis" / "analysis.json")
    (silence,) = analysis.speech.silences_over_limit
    # The clip's last word ends at 14.87 s (14.85 s are left of it), its first begins at 1.6 s.
    assert silence.start == pytest.approx(14.85, abs=EDGE_S)
    assert silence.end == pytest.approx(second + 1.6, abs=EDGE_S)
