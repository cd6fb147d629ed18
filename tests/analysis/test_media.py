"""Real files of many kinds, made here: where the sound and the frames lie, and what is refused."""

import errno
import http.server
import itertools
import math
import os
import struct
import subprocess
import sys
import threading
import wave
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from analysis import frame_picking
from analysis.errors import MediaUnreadable
from analysis.levels import LEVEL_STEP_S
from analysis.media import RATE_HZ, file_sha256, probe_media, read_frames, read_sound

CLICK_TOLERANCE_S = 0.005
"""where a click is found again, the encoder delays of MP3, AAC and Opus included"""
TIME_TOLERANCE_S = 0.002
"""of times that containers round to milliseconds"""
AAC_FRAME_TOLERANCE_S = 0.13
"""a frame of 1024 samples at 8 kHz: what AAC may add at the end"""
LEVEL_TOLERANCE_DB = 0.1
MEMORY_GROWTH_MB = 150

CLICK_S = 1.0
LENGTH_S = 2.0
RATES_HZ = (8000, 11025, 16000, 22050, 44100, 48000, 96000)
AUDIO = {  # ending: audio codec
    "wav": "pcm_s16le",
    "flac": "flac",
    "mp3": "libmp3lame",
    "m4a": "aac",
    "mp4": "aac",
    "mkv": "aac",
    "mov": "aac",
    "webm": "libopus",
}
VIDEO = {"mp4": "libx264", "mkv": "libx264", "mov": "libx264", "webm": "libvpx"}


def click_track(rate_hz, channels="stereo", *, at_s=CLICK_S, length_s=LENGTH_S):
    """Faint noise with one click; shape (channels, n). "dead" = the right channel is zero."""
    count = round(length_s * rate_hz)
    sound = np.random.default_rng(1).normal(0, 1e-4, count)
    width = max(4, round(0.001 * rate_hz))
    first = round(at_s * rate_hz) - width // 2
    sound[first : first + width] += 0.8 * np.hanning(width)
    left = sound.astype(np.float32)
    match channels:
        case "mono":
            return left[None]
        case "stereo":
            return np.stack([left, left])
        case _:
            return np.stack([left, np.zeros_like(left)])


def picture(index, width=160, height=120):
    """Grey that tells the frame, with a white quarter at the top left."""
    frame = np.full((height, width, 3), 40 + index % 100, np.uint8)
    frame[: height // 2, : width // 2] = 255
    return frame


def write(
    path,
    *,
    sound=None,
    rate_hz=48_000,
    audio_codec=None,
    audio_start_s=0.0,
    hole=None,
    frame_times=None,
    video_codec=None,
    audio_streams=1,
    options=None,
    size=(160, 120),
):
    """Write a media file; `hole` = (from s, length s) in the time stamps of the sound."""
    ending = path.suffix[1:]
    with av.open(str(path), "w") as out:
        audio = []
        if sound is not None:
            layout = "mono" if len(sound) == 1 else "stereo"
            codec = audio_codec or AUDIO[ending]
            audio = [
                out.add_stream(codec, rate=rate_hz, layout=layout) for _ in range(audio_streams)
            ]
        video = None
        if frame_times is not None:
            video = out.add_stream(
                video_codec or VIDEO[ending], rate=30, options=options or {"bf": "0"}
            )
            video.width, video.height = size
            video.pix_fmt = "yuv420p"
            video.time_base = video.codec_context.time_base = Fraction(1, 90_000)
        packets = []
        for stream in audio:
            step = 960
            for at in range(0, sound.shape[1], step):
                block = np.ascontiguousarray(sound[:, at : at + step])
                frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
                frame.sample_rate = rate_hz
                frame.time_base = Fraction(1, rate_hz)
                frame.pts = at
                packets += stream.encode(frame)
            packets += stream.encode(None)
        for packet in packets:
            shift = audio_start_s
            if hole and packet.pts * packet.time_base >= hole[0]:
                shift += hole[1]
            packet.pts += round(shift / packet.time_base)
            packet.dts = packet.pts
        if video is not None:
            for i, time in enumerate(frame_times):
                frame = av.VideoFrame.from_ndarray(picture(i, *size), format="rgb24")
                frame.pts = round(time * 90_000)
                frame.time_base = Fraction(1, 90_000)
                packets += video.encode(frame)
            packets += video.encode(None)
        packets.sort(key=lambda p: float(p.dts * p.time_base))
        out.mux(packets)
    return path


def at_fps(fps, length_s=LENGTH_S, start_s=0.0):
    return start_s + np.arange(round(fps * length_s)) / fps


def click_found_s(samples):
    return int(np.argmax(np.abs(samples))) / RATE_HZ


def rotate(path, degrees):
    """Write a clockwise rotation into the track header of an mp4, as phones do."""
    cos = round(math.cos(math.radians(degrees)))
    sin = round(math.sin(math.radians(degrees)))
    one = 1 << 16
    matrix = struct.pack(">9i", cos * one, sin * one, 0, -sin * one, cos * one, 0, 0, 0, 1 << 30)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") - 4
    data[at + 48 : at + 48 + 36] = matrix
    path.write_bytes(data)


def codes(cautions):
    return [c.code for c in cautions]


def supported(ending, rate_hz):
    if ending == "mp3":
        return rate_hz <= 48_000
    return ending != "webm" or rate_hz in (8000, 16000, 48000)


class TestWhereTheSoundLies:
    @pytest.mark.parametrize(
        ("ending", "rate_hz"), [(e, r) for e in AUDIO for r in RATES_HZ if supported(e, r)]
    )
    def test_every_container_at_every_rate(self, tmp_path, ending, rate_hz):
        frames = at_fps(30) if ending in VIDEO else None
        path = write(
            tmp_path / f"take.{ending}",
            sound=click_track(rate_hz),
            rate_hz=rate_hz,
            frame_times=frames,
        )
        probe = probe_media(path)
        sound = read_sound(path, tmp_path)
        assert click_found_s(sound.samples) == pytest.approx(CLICK_S, abs=CLICK_TOLERANCE_S)
        assert sound.samples.dtype == np.float32
        assert sound.duration_s == pytest.approx(LENGTH_S, abs=AAC_FRAME_TOLERANCE_S)
        assert probe.facts.duration_s == pytest.approx(LENGTH_S, abs=AAC_FRAME_TOLERANCE_S)
        assert probe.facts.channels == 2
        assert probe.facts.sha256 == file_sha256(path)
        if ending != "webm":  # Opus always says 48 kHz
            assert probe.facts.sample_rate_hz == rate_hz
        if frames is None:
            assert codes(probe.cautions) == ["no-video"]
        else:
            assert probe.cautions == ()
            assert probe.facts.frame_size_px == (160, 120)
            assert probe.facts.av_offset_s == pytest.approx(0, abs=0.03)

    @pytest.mark.parametrize("channels", ["mono", "stereo", "dead"])
    @pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "m4a", "webm"])
    def test_channels(self, tmp_path, ending, channels):
        path = write(tmp_path / f"take.{ending}", sound=click_track(48_000, channels))
        sound = read_sound(path, tmp_path)
        assert click_found_s(sound.samples) == pytest.approx(CLICK_S, abs=CLICK_TOLERANCE_S)
        # As loud as the living channel, not half as loud, whatever the coder leaks.
        assert np.abs(sound.samples).max() > 0.6

    def test_a_dead_channel_does_not_halve_the_level(self, tmp_path):
        t = np.arange(96_000) / 48_000
        tone = (0.1 * math.sqrt(2) * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
        path = write(tmp_path / "a.wav", sound=np.stack([np.zeros_like(tone), tone]))
        levels = read_sound(path, tmp_path).levels
        assert 10 * np.log10(levels.mean_square.mean()) == pytest.approx(-20, abs=0.1)

    def test_sound_only_in_the_second_half_of_a_dead_channel(self, tmp_path):
        sound = click_track(48_000, "dead", at_s=0.5)
        sound[1, 60_000:60_048] = 0.9
        path = write(tmp_path / "a.wav", sound=sound)
        samples = read_sound(path, tmp_path).samples
        assert click_found_s(samples[:RATE_HZ]) == pytest.approx(0.5, abs=CLICK_TOLERANCE_S)
        assert click_found_s(samples[RATE_HZ:]) == pytest.approx(0.25, abs=CLICK_TOLERANCE_S)

    def test_progress_is_in_seconds(self, tmp_path):
        seen = []
        path = write(tmp_path / "a.wav", sound=click_track(48_000))
        read_sound(path, tmp_path, progress=seen.append)
        assert seen == sorted(seen)
        assert seen[-1] == pytest.approx(LENGTH_S)


class TestOneClock:
    @pytest.mark.parametrize("ending", ["mkv", "mp4", "mov"])
    def test_sound_later_than_picture(self, tmp_path, ending):
        path = write(
            tmp_path / f"a.{ending}",
            sound=click_track(48_000),
            frame_times=at_fps(10, 3.0),
            audio_start_s=0.75,
        )
        probe = probe_media(path)
        assert probe.facts.av_offset_s == pytest.approx(-0.75, abs=0.03)
        assert probe.facts.player_zero_s == probe.facts.av_offset_s
        sound = read_sound(path, tmp_path)
        times = [t for t, _ in read_frames(path, rate_hz=10, origin_s=probe.origin_s)]
        assert times[0] == pytest.approx(probe.facts.av_offset_s)
        # Seen from the first frame the click is where it was put.
        click_s = click_found_s(sound.samples) - times[0]
        assert click_s == pytest.approx(CLICK_S + 0.75, abs=CLICK_TOLERANCE_S)
        # From the first sample to the last of either: 2.75 s of sound against 3 s of picture.
        assert probe.facts.duration_s == pytest.approx(2.25, abs=0.15)

    @pytest.mark.parametrize("ending", ["mkv", "mp4", "mov"])
    def test_picture_later_than_sound(self, tmp_path, ending):
        path = write(
            tmp_path / f"a.{ending}",
            sound=click_track(48_000),
            frame_times=at_fps(10, 1.0, start_s=0.5),
        )
        probe = probe_media(path)
        assert probe.facts.av_offset_s == pytest.approx(0.5, abs=0.03)
        assert probe.facts.player_zero_s == 0.0
        times = [t for t, _ in read_frames(path, rate_hz=10, origin_s=probe.origin_s)]
        assert times[0] == pytest.approx(0.5, abs=0.03)
        sound = read_sound(path, tmp_path)
        assert click_found_s(sound.samples) == pytest.approx(CLICK_S, abs=CLICK_TOLERANCE_S)

    @pytest.mark.parametrize("codec", ["pcm_s16le", "aac"])
    def test_a_hole_in_the_time_stamps_is_silence(self, tmp_path, codec):
        path = write(
            tmp_path / "a.mkv",
            sound=click_track(48_000, at_s=1.5),
            audio_codec=codec,
            hole=(0.8, 0.7),
        )
        sound = read_sound(path, tmp_path)
        assert click_found_s(sound.samples) == pytest.approx(2.2, abs=CLICK_TOLERANCE_S)
        assert sound.duration_s == pytest.approx(2.7, abs=AAC_FRAME_TOLERANCE_S)
        hole = sound.samples[round(0.9 * RATE_HZ) : round(1.4 * RATE_HZ)]
        assert not np.any(hole)
        # The levels keep the same clock.
        loudest = int(np.argmax(sound.levels.mean_square)) * LEVEL_STEP_S
        assert loudest == pytest.approx(2.2, abs=LEVEL_STEP_S)

    def test_a_long_hole(self, tmp_path):
        path = write(tmp_path / "a.mkv", sound=click_track(48_000, at_s=1.5), hole=(0.8, 45.0))
        samples = read_sound(path, tmp_path).samples
        assert click_found_s(samples) == pytest.approx(46.5, abs=CLICK_TOLERANCE_S)

    def test_several_sounds_are_said(self, tmp_path):
        path = write(tmp_path / "a.mkv", sound=click_track(48_000), audio_streams=2)
        probe = probe_media(path)
        assert probe.facts.audio_streams == 2
        assert "several-audio-streams" in codes(probe.cautions)


class TestFrames:
    @pytest.mark.parametrize("ending", ["mkv", "mp4", "webm"])
    def test_variable_rate_comes_with_true_times(self, tmp_path, ending):
        gaps = np.random.default_rng(2).choice([0.3, 0.25, 0.55, 1.2], 12)
        true = np.concatenate([[0.0], np.cumsum(gaps)])
        path = write(tmp_path / f"a.{ending}", frame_times=true)
        probe = probe_media(path)
        frames = list(read_frames(path, rate_hz=5, origin_s=probe.origin_s))
        assert [t for t, _ in frames] == pytest.approx(true, abs=TIME_TOLERANCE_S)
        # The grey tells which frame it is.
        greys = [int(f[-20, -20, 0]) for _, f in frames]
        assert greys == pytest.approx(40 + np.arange(len(true)), abs=3)

    @pytest.mark.parametrize("options", [{"bf": "0"}, {"x264-params": "bframes=3:b-adapt=0"}])
    @pytest.mark.parametrize("fps", [15, 30, 60])
    def test_about_five_a_second(self, tmp_path, fps, options):
        path = write(tmp_path / "a.mp4", frame_times=at_fps(fps, 6.0), options=options)
        frames = list(read_frames(path, rate_hz=5, origin_s=0.0))
        assert 27 <= len(frames) <= 31
        times = np.array([t for t, _ in frames])
        assert np.diff(times).max() < 0.35
        greys = np.array([int(f[-20, -20, 0]) for _, f in frames])
        wrong = (greys - 40 - np.round(times * fps) + 50) % 100 - 50
        assert np.abs(wrong).max() <= 4

    def test_many_b_frames_leave_enough(self, tmp_path):
        # 16 B-frames in a row, which no other frame refers to.
        path = write(
            tmp_path / "a.mp4",
            frame_times=at_fps(30, 8.0),
            options={"x264-params": "bframes=16:b-pyramid=none:b-adapt=0"},
        )
        times = [t for t, _ in read_frames(path, rate_hz=5, origin_s=0.0)]
        assert len(times) >= 0.9 * 5 * 8

    def test_few_frames_all_come(self, tmp_path):
        path = write(tmp_path / "a.mp4", frame_times=at_fps(3, 4.0))
        times = [t for t, _ in read_frames(path, rate_hz=5, origin_s=0.0)]
        assert times == pytest.approx(at_fps(3, 4.0), abs=TIME_TOLERANCE_S)

    @pytest.mark.parametrize(
        ("degrees", "size", "white"),
        [
            (0, (160, 120), (0, 0)),
            (90, (120, 160), (0, 1)),
            (180, (160, 120), (1, 1)),
            (270, (120, 160), (1, 0)),
        ],
    )
    def test_upright_by_the_rotation_tag(self, tmp_path, degrees, size, white):
        path = write(tmp_path / "a.mp4", frame_times=at_fps(10))
        rotate(path, degrees)
        assert probe_media(path).facts.frame_size_px == size
        _, frame = next(read_frames(path, rate_hz=5, origin_s=0.0))
        height, width = frame.shape[:2]
        assert (width, height) == size
        quarters = frame[:, :, 0].reshape(2, height // 2, 2, width // 2).mean(axis=(1, 3))
        assert np.unravel_index(np.argmax(quarters), (2, 2)) == white
        assert quarters[white] > 240
        assert np.sort(quarters.ravel())[2] < 60

    def test_large_ones_are_made_small_and_small_ones_are_left(self, tmp_path):
        path = write(tmp_path / "a.mp4", frame_times=at_fps(5, 1.0), size=(960, 540))
        _, frame = next(read_frames(path, rate_hz=5, origin_s=0.0))
        assert frame.shape == (360, 640, 3)
        _, frame = next(read_frames(path, rate_hz=5, origin_s=0.0, width_px=1920))
        assert frame.shape == (540, 960, 3)

    def test_sound_only_has_no_frames(self, tmp_path):
        path = write(tmp_path / "a.wav", sound=click_track(16_000))
        assert list(read_frames(path, rate_hz=5, origin_s=0.0)) == []


RUNS = {  # name: ending, codec, options of the encoder
    "without B-frames": ("mp4", "libx264", {"bf": "0"}),
    "keyframes every ten": ("mkv", "libx264", {"bf": "0", "g": "10", "sc_threshold": "0"}),
    "B-frames, some referred to": ("mp4", "libx264", {"x264-params": "bframes=3:b-adapt=0"}),
    "seven B-frames": ("mp4", "libx264", {"x264-params": "bframes=7:b-pyramid=none:b-adapt=0"}),
    "open groups": (
        "mkv",
        "libx264",
        {"x264-params": "bframes=3:b-adapt=0:open-gop=1:keyint=12:min-keyint=12"},
    ),
    "renewed bit by bit": (
        "mp4",
        "libx264",
        {"x264-params": "intra-refresh=1:keyint=10:bframes=0"},
    ),
    "H.265": ("mp4", "libx265", {"x265-params": "log-level=error:bframes=4:keyint=20"}),
    "VP8": ("webm", "libvpx", {"g": "10", "deadline": "realtime", "cpu-used": "8"}),
    "VP9": (
        "webm",
        "libvpx-vp9",
        {"g": "10", "deadline": "realtime", "cpu-used": "8", "lag-in-frames": "16"},
    ),
    "MPEG-4": ("mp4", "mpeg4", {"g": "12", "bf": "2"}),
    "MPEG-4 without B-frames": ("mov", "mpeg4", {"g": "12", "bf": "0"}),
    "Motion JPEG": ("mkv", "mjpeg", {}),
    "transport stream": ("ts", "libx264", {"bf": "0", "g": "10"}),
}


def moving(path, codec, options, times):
    """Write frames whose grey and whose bar tell which they are; every frame differs a lot."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=30, options=options)
        stream.width, stream.height = 160, 128
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        rng = np.random.default_rng(4)
        ground = rng.integers(40, 200, (128, 160, 3), dtype=np.uint8)
        for i, time in enumerate(times):
            image = np.roll(ground, (3 * i, 5 * i), axis=(0, 1))
            # The number of the frame, eight bits of a sixteen-pixel square each.
            for bit in range(8):
                image[-32:, 20 * bit : 20 * bit + 20] = 235 if i >> bit & 1 else 16
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(1000 * time), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def number_of(frame):
    bits = frame[-24:-8].mean(axis=(0, 2)).reshape(8, 20)[:, 6:14].mean(axis=1) > 125
    return int(np.sum(bits << np.arange(8)))


class TestOnlyWhatIsNeededIsDecoded:
    """The frames that come out are those that decoding everything would give."""

    @pytest.fixture(params=RUNS)
    def make(self, request, tmp_path):
        ending, codec, options = RUNS[request.param]
        if codec not in av.codecs_available:
            pytest.skip(f"no encoder {codec} here")
        return lambda times: moving(tmp_path / f"a.{ending}", codec, options, times)

    def test_rate_times_and_pictures(self, make):
        path = make(at_fps(30, 4.0))
        with av.open(str(path)) as container:
            every = {f.time: f.to_ndarray(format="rgb24") for f in container.decode(video=0)}
        assert len(every) == 120
        first = min(every)
        for rate_hz in (1, 5, 12):
            found = list(read_frames(path, rate_hz=rate_hz, origin_s=first))
            assert len(found) == pytest.approx(4 * rate_hz, abs=1)
            gaps = np.diff([t for t, _ in found])
            # A frame that is decoded anyway may be taken a quarter of a step early or late.
            assert gaps.max() <= 1.5 / rate_hz + 1 / 30 + TIME_TOLERANCE_S
            for time, frame in found:
                assert number_of(frame) == round(30 * time)
                nearest = min(every, key=lambda t: abs(t - first - time))
                np.testing.assert_array_equal(frame, every[nearest])

    def test_variable_rate(self, make):
        gaps = np.random.default_rng(2).choice([0.033, 0.066, 0.1, 0.4], 60)
        true = np.concatenate([[0.0], np.cumsum(gaps)])
        path = make(true)
        first, _ = next(read_frames(path, rate_hz=5, origin_s=0.0))
        found = list(read_frames(path, rate_hz=5, origin_s=first))
        for time, frame in found:
            assert true[number_of(frame)] == pytest.approx(time, abs=TIME_TOLERANCE_S)
        # After each frame the next is at the latest the first one that lies a step further on,
        # give or take a quarter of a step for each.
        times = np.array([t for t, _ in found])
        for this, after in itertools.pairwise(times):
            latest = min(true[true >= this + 0.3 - TIME_TOLERANCE_S], default=true[-1])
            assert after <= latest + TIME_TOLERANCE_S
        assert times[-1] > true[-1] - 0.4 - TIME_TOLERANCE_S

    @pytest.mark.parametrize(
        ("run", "most"),
        [
            # Groups of 10 frames, 15 from one that is taken to the next: 7 of 30.
            ("keyframes every ten", 0.24),
            ("VP8", 0.45),
            ("MPEG-4 without B-frames", 0.55),
            ("Motion JPEG", 0.08),
            ("B-frames, some referred to", 0.55),
            ("seven B-frames", 0.25),
        ],
    )
    def test_the_rest_is_left_out(self, tmp_path, monkeypatch, run, most):
        ending, codec, options = RUNS[run]
        path = moving(tmp_path / f"a.{ending}", codec, options, at_fps(30, 4.0))
        decoded = []
        takes = frame_picking.Plan.takes

        def counted(plan, frame):
            decoded.append(frame.pts)
            return takes(plan, frame)

        monkeypatch.setattr(frame_picking.Plan, "takes", counted)
        taken = list(read_frames(path, rate_hz=2, origin_s=0.0))
        assert len(taken) == 8
        assert len(decoded) <= most * 120

    def test_a_damaged_middle_costs_only_itself(self, tmp_path):
        path = moving(tmp_path / "a.mkv", *RUNS["keyframes every ten"][1:], at_fps(30, 8.0))
        data = bytearray(path.read_bytes())
        middle = len(data) // 2
        data[middle : middle + 4000] = np.random.default_rng(1).bytes(4000)
        path.write_bytes(data)
        found = list(read_frames(path, rate_hz=5, origin_s=0.0))
        times = np.array([t for t, _ in found])
        assert times[0] == pytest.approx(0.0, abs=TIME_TOLERANCE_S)
        assert times[-1] > 7.5
        right = [number_of(frame) == round(30 * time) for time, frame in found]
        assert np.mean(right) > 0.8

    def test_what_was_cut_off_counts_so_far(self, tmp_path):
        path = moving(tmp_path / "a.mkv", *RUNS["keyframes every ten"][1:], at_fps(30, 8.0))
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
        found = list(read_frames(path, rate_hz=5, origin_s=0.0))
        assert 3.0 < found[-1][0] < 5.0
        assert all(number_of(frame) == round(30 * time) for time, frame in found)


class TestLevels:
    @pytest.mark.parametrize("ending", ["wav", "flac"])
    @pytest.mark.parametrize("rate_hz", RATES_HZ)
    def test_a_sine_of_minus_twenty(self, tmp_path, ending, rate_hz):
        t = np.arange(2 * rate_hz) / rate_hz
        tone = (0.1 * math.sqrt(2) * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)
        path = write(tmp_path / f"a.{ending}", sound=tone[None], rate_hz=rate_hz)
        sound = read_sound(path, tmp_path)
        # Frames follow the clock at every rate: 50 a second.
        assert len(sound.levels.mean_square) == 100
        found = 10 * np.log10(sound.levels.mean_square)
        assert found == pytest.approx(np.full(100, -20), abs=LEVEL_TOLERANCE_DB)
        assert sound.levels.peak == pytest.approx(0.1 * math.sqrt(2), rel=0.01)
        assert sound.levels.clipped_ratio == 0.0
        middle = sound.samples[RATE_HZ // 2 : -RATE_HZ // 2]
        assert 10 * np.log10(np.mean(middle**2)) == pytest.approx(-20, abs=LEVEL_TOLERANCE_DB)

    @pytest.mark.parametrize("channels", [1, 2])
    def test_clipping(self, tmp_path, channels):
        sound = np.full((channels, 48_000), 0.1, np.float32)
        sound[0, 1000:1480] = 1.0
        sound[0, 5000:5240] = -1.0
        levels = read_sound(write(tmp_path / "a.wav", sound=sound), tmp_path).levels
        assert levels.clipped_ratio == pytest.approx(720 / 48_000)
        assert levels.peak == pytest.approx(1.0, abs=1e-4)

    def test_loud_but_not_clipped(self, tmp_path):
        sound = np.full((1, 48_000), 0.99, np.float32)
        levels = read_sound(write(tmp_path / "a.wav", sound=sound), tmp_path).levels
        assert levels.clipped_ratio == 0.0


def id3_with_cover(mp3):
    """Put a cover picture in front of an MP3."""
    image = cv2.imencode(".png", np.full((64, 64, 3), 200, np.uint8))[1].tobytes()
    body = b"\x00image/png\x00\x03\x00" + image
    frame = b"APIC" + struct.pack(">I", len(body)) + b"\x00\x00" + body
    size = len(frame)
    safe = bytes((size >> s) & 0x7F for s in (21, 14, 7, 0))
    start = mp3.find(b"\xff\xfb") if mp3.startswith(b"ID3") else 0
    return b"ID3\x03\x00\x00" + safe + frame + mp3[start:]


class TestOddButGood:
    def test_a_cover_picture_is_no_video(self, tmp_path):
        plain = write(tmp_path / "plain.mp3", sound=click_track(44_100), rate_hz=44_100)
        path = tmp_path / "cover.mp3"
        path.write_bytes(id3_with_cover(plain.read_bytes()))
        with av.open(str(path)) as container:
            assert len(container.streams.video) == 1
        probe = probe_media(path)
        assert probe.facts.video_codec is None
        assert probe.facts.frame_size_px is None
        assert codes(probe.cautions) == ["no-video"]
        assert list(read_frames(path, rate_hz=5, origin_s=0.0)) == []

    def test_video_only(self, tmp_path):
        path = write(tmp_path / "a.mp4", frame_times=at_fps(10))
        probe = probe_media(path)
        assert codes(probe.cautions) == ["no-audio"]
        assert probe.facts.audio_codec is None
        assert math.isnan(probe.facts.audio_duration_s)
        assert math.isnan(probe.facts.av_offset_s)
        assert probe.facts.duration_s == pytest.approx(LENGTH_S, abs=0.11)
        with pytest.raises(MediaUnreadable, match="no audio stream"):
            read_sound(path, tmp_path)

    @pytest.mark.parametrize(
        "name", ["私の 答え その１.mp4", "a & b; $(x) 'q' #1 100%d.mp4", "-n.mp4"]
    )
    def test_names(self, tmp_path, name):
        path = write(tmp_path / name, sound=click_track(48_000), frame_times=at_fps(10))
        assert probe_media(path).facts.name == name
        assert len(read_sound(path, tmp_path).samples) > RATE_HZ

    @pytest.mark.skipif(sys.platform == "win32", reason="no colons in names there")
    @pytest.mark.parametrize("name", ["12:30.wav", "http:take.wav", "concat:a.wav"])
    def test_a_colon_makes_no_protocol(self, tmp_path, monkeypatch, name):
        write(tmp_path / name.replace(":", "-"), sound=click_track(48_000)).rename(tmp_path / name)
        monkeypatch.chdir(tmp_path)
        assert probe_media(Path(name)).facts.duration_s == pytest.approx(LENGTH_S)
        assert len(read_sound(Path(name), tmp_path).samples) > RATE_HZ

    @pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode elsewhere")
    def test_a_name_that_is_no_unicode(self, tmp_path):
        path = tmp_path / os.fsdecode(b"caf\xe9.wav")
        write(tmp_path / "a.wav", sound=click_track(48_000)).rename(path)
        assert len(read_sound(path, tmp_path).samples) > RATE_HZ

    @pytest.mark.parametrize("ending", ["mkv", "webm"])
    def test_a_recording_that_was_cut_off_counts_so_far(self, tmp_path, ending):
        whole = write(
            tmp_path / f"whole.{ending}", sound=click_track(48_000), frame_times=at_fps(30)
        )
        path = tmp_path / f"part.{ending}"
        data = whole.read_bytes()
        path.write_bytes(data[: round(0.9 * len(data))])
        assert 1.0 < read_sound(path, tmp_path).duration_s <= LENGTH_S + 0.1
        assert probe_media(path).facts.audio_codec is not None

    def test_silence_is_sound(self, tmp_path):
        path = write(tmp_path / "a.wav", sound=np.zeros((2, 48_000), np.float32))
        sound = read_sound(path, tmp_path)
        assert not np.any(sound.samples)
        assert sound.duration_s == pytest.approx(1.0)


class TestRefused:
    def refused(self, path, match):
        with pytest.raises(MediaUnreadable, match=match):
            probe_media(path)

    def test_missing(self, tmp_path):
        self.refused(tmp_path / "gone.mp4", r"gone\.mp4: no such file")

    def test_a_folder(self, tmp_path):
        self.refused(tmp_path, "is a folder")

    def test_empty(self, tmp_path):
        (tmp_path / "a.mp4").write_bytes(b"")
        self.refused(tmp_path / "a.mp4", "is empty")

    @pytest.mark.parametrize("name", ["notes.txt", "notes.mp4", "notes.wav", "notes"])
    @pytest.mark.parametrize("text", ["Hello, this is a text.\n" * 200, "x", "\x00" * 5000])
    def test_text(self, tmp_path, name, text):
        (tmp_path / name).write_text(text)
        self.refused(tmp_path / name, "not audio or video|neither audio nor video")

    @pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp", "picture.mp4"])
    def test_a_picture(self, tmp_path, name):
        kind = Path(name).suffix if "picture" not in name else ".png"
        (tmp_path / name).write_bytes(cv2.imencode(kind, picture(0))[1].tobytes())
        self.refused(tmp_path / name, "picture|not audio or video")

    def test_cut_off_mp4(self, tmp_path):
        whole = write(tmp_path / "a.mp4", sound=click_track(48_000), frame_times=at_fps(30))
        data = whole.read_bytes()
        assert data.rindex(b"moov") > len(data) / 2
        whole.write_bytes(data[: len(data) // 2])
        self.refused(whole, r"a\.mp4 can't be opened: it is cut off or damaged")

    def test_only_the_head_of_an_mkv(self, tmp_path):
        whole = write(tmp_path / "a.mkv", sound=click_track(48_000))
        whole.write_bytes(whole.read_bytes()[:200])
        self.refused(whole, "cut off|damaged|neither")

    def test_random_bytes(self, tmp_path):
        path = tmp_path / "a.mkv"
        path.write_bytes(np.random.default_rng(5).bytes(50_000))
        self.refused(path, "not audio or video|neither|can't be decoded")

    @pytest.mark.parametrize("ending", ["wav", "mp3", "mp4"])
    def test_too_short(self, tmp_path, ending):
        sound = click_track(48_000, at_s=0.1, length_s=0.2)
        path = write(tmp_path / f"a.{ending}", sound=sound)
        self.refused(path, r"a\.\w+ is 0\.\d s long: too short")

    def test_not_allowed(self, tmp_path, monkeypatch):
        # Root may read everything, so the refusal comes from below the seam.
        path = write(tmp_path / "a.wav", sound=click_track(48_000))
        opened = Path.open

        def refuse(self, *args, **kwargs):
            if self == path:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return opened(self, *args, **kwargs)

        monkeypatch.setattr(Path, "open", refuse)
        self.refused(path, "can't be read: Permission denied")


class TestNoNetwork:
    """A play list is a text that names other places: none of them is asked."""

    @pytest.mark.parametrize("name", ["list.m3u8", "list.mp4", "list.ffconcat", "list.mpd", "list"])
    def test_a_play_list_fetches_nothing(self, tmp_path, name):
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            url = f"http://127.0.0.1:{server.server_port}/secret.ts"
            text = {
                "list.ffconcat": f"ffconcat version 1.0\nfile '{url}'\n",
                "list.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"'
                ' type="static" mediaPresentationDuration="PT5S"><Period><AdaptationSet>'
                f'<Representation id="1" bandwidth="1"><BaseURL>{url}</BaseURL>'
                "</Representation></AdaptationSet></Period></MPD>",
            }.get(
                name,
                "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n"
                f"{url}\n#EXT-X-ENDLIST\n",
            )
            (tmp_path / name).write_text(text)
            try:
                with pytest.raises(MediaUnreadable):
                    probe_media(tmp_path / name)
            finally:
                server.shutdown()
                thread.join()
        assert asked == []


MEASURE_MEMORY = """
import resource, sys, tempfile
from pathlib import Path
from analysis.media import probe_media, read_sound
unit = 2**20 if sys.platform == "darwin" else 2**10
with tempfile.TemporaryDirectory() as scratch:
    read_sound(Path(sys.argv[1]), Path(scratch))
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    probe_media(Path(sys.argv[2]))
    sound = read_sound(Path(sys.argv[2]), Path(scratch))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(sound.duration_s, (after - base) / unit)
"""


@pytest.mark.skipif(os.name == "nt", reason="no resource module there")
def test_an_hour_of_sound_in_bounded_memory(tmp_path):
    block = (np.random.default_rng(1).normal(0, 3000, 80_000)).astype("<i2").tobytes()
    for name, repeats in (("short.wav", 1), ("long.wav", 360)):
        with wave.open(str(tmp_path / name), "wb") as out:
            out.setparams((1, 2, 8000, 0, "NONE", ""))
            for _ in range(repeats):
                out.writeframes(block)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            MEASURE_MEMORY,
            str(tmp_path / "short.wav"),
            str(tmp_path / "long.wav"),
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    (tmp_path / "long.wav").unlink()
    duration_s, growth_mb = map(float, done.stdout.split())
    assert duration_s == pytest.approx(3600, abs=0.01)
    assert growth_mb < MEMORY_GROWTH_MB
