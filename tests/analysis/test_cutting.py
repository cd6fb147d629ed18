"""Recordings handed on and cut: real files, compared sample by sample and picture by picture."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from analysis.cutting import Patch, Request, write_piece
from analysis.errors import CutFailed, MediaUnreadable
from analysis.media import probe_media, read_frames, read_sound

SAMPLE = Path(__file__).resolve().parents[2] / "sample_media" / "english_take.mp4"
SAMPLE_S = 113.54
SECRET = "Room 12, 48.85N 2.35E"


def sound_of(path, scratch):
    scratch = scratch / f"{path.name}.sound"
    scratch.mkdir()
    return np.array(read_sound(path, scratch).samples)


def streams(path):
    with av.open(str(path)) as container:
        return {s.type: s.codec_context.name for s in container.streams}


def made(path, *, video="libx264", audio="flac", rotation=None, seconds=6, late_s=0.0):
    """Write a recording whose picture brightens by one step each 0.1 s, with a beep at 3 s."""
    with av.open(str(path), "w") as out:
        out.metadata["title"] = SECRET
        picture = out.add_stream(video, rate=10)
        picture.width, picture.height, picture.pix_fmt = 160, 90, "yuv420p"
        picture.codec_context.gop_size = 20
        sound = out.add_stream(audio, rate=48000, layout="mono")
        for index in range(seconds * 10):
            planes = np.full((135, 160), 128, dtype=np.uint8)
            planes[:90] = 30 + 3 * index
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = index + round(late_s * 10), Fraction(1, 10)
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))
        whole = np.zeros((1, seconds * 48000), dtype=np.int16)
        whole[0, 3 * 48000 : 3 * 48000 + 4800] = 8000
        for start in range(0, whole.shape[1], 4800):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(whole[:, start : start + 4800]), format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = 48000, start
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    return path


def beep_s(samples):
    return float(np.argmax(np.abs(samples) > 0.1)) / 16000


def test_what_plays_everywhere_is_copied_bit_by_bit(tmp_path):
    piece = write_piece(SAMPLE, tmp_path / "all.mp4", Request())
    assert (piece.picture, piece.sound, piece.start_s) == ("copied", "copied", 0.0)
    assert piece.bytes == (tmp_path / "all.mp4").stat().st_size
    assert np.array_equal(sound_of(SAMPLE, tmp_path), sound_of(tmp_path / "all.mp4", tmp_path))
    before, after = (
        [f.tobytes() for _, f in read_frames(p, rate_hz=1, origin_s=0, width_px=64)]
        for p in (SAMPLE, tmp_path / "all.mp4")
    )
    assert before == after
    assert [p.name for p in tmp_path.glob("*part*")] == []


def test_sound_alone_has_no_picture(tmp_path):
    piece = write_piece(SAMPLE, tmp_path / "a.m4a", Request(picture=False))
    assert (piece.picture, piece.sound) == ("", "copied")
    assert streams(tmp_path / "a.m4a") == {"audio": "aac"}
    assert np.array_equal(sound_of(SAMPLE, tmp_path), sound_of(tmp_path / "a.m4a", tmp_path))


def test_a_copied_clip_begins_at_the_key_frame_before(tmp_path):
    piece = write_piece(SAMPLE, tmp_path / "c.mp4", Request(start_s=31.5, end_s=36.0))
    assert (piece.picture, piece.sound) == ("copied", "copied")
    with av.open(str(SAMPLE)) as container:
        keys = [
            float(p.pts * p.time_base)
            for p in container.demux(video=0)
            if p.is_keyframe and p.pts is not None
        ]
    assert piece.start_s == pytest.approx(max(k for k in keys if k <= 31.5))
    facts = probe_media(tmp_path / "c.mp4").facts
    assert facts.duration_s == pytest.approx(36.0 - piece.start_s, abs=0.2)
    _, first = next(read_frames(tmp_path / "c.mp4", rate_hz=1, origin_s=0, width_px=64))
    original = next(
        f
        for t, f in read_frames(SAMPLE, rate_hz=30, origin_s=0, width_px=64)
        if t >= piece.start_s - 0.001
    )
    assert np.array_equal(first, original)


def test_an_encoded_clip_begins_when_asked_with_sound_in_its_place(tmp_path):
    request = Request(start_s=31.5, end_s=36.0, encode=True)
    piece = write_piece(SAMPLE, tmp_path / "c.mp4", request)
    assert (piece.picture, piece.sound, piece.start_s) == ("encoded", "encoded", 31.5)
    whole, cut = sound_of(SAMPLE, tmp_path), sound_of(tmp_path / "c.mp4", tmp_path)
    around = whole[int(31.4 * 16000) : int(33.6 * 16000)]
    found = np.argmax(np.correlate(around, cut[: 2 * 16000], "valid")) / 16000
    assert found == pytest.approx(0.1, abs=0.002)
    assert probe_media(tmp_path / "c.mp4").facts.duration_s == pytest.approx(4.5, abs=0.1)


def test_the_recorders_own_form_keeps_its_picture_and_its_clock(tmp_path):
    source = made(tmp_path / "take.mkv", late_s=0.5)
    piece = write_piece(source, tmp_path / "out.mp4", Request())
    assert (piece.picture, piece.sound) == ("copied", "encoded")
    assert streams(tmp_path / "out.mp4") == {"video": "h264", "audio": "aac"}
    assert beep_s(sound_of(tmp_path / "out.mp4", tmp_path)) == pytest.approx(3.0, abs=0.002)
    assert probe_media(tmp_path / "out.mp4").facts.av_offset_s == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("codec", ["libvpx", "mpeg4"])
def test_what_not_every_browser_plays_is_encoded(tmp_path, codec):
    source = made(tmp_path / "take.mkv", video=codec)
    piece = write_piece(source, tmp_path / "out.mp4", Request())
    assert (piece.picture, piece.sound) == ("encoded", "encoded")
    assert streams(tmp_path / "out.mp4") == {"video": "h264", "audio": "aac"}
    light = [f.mean() for _, f in read_frames(tmp_path / "out.mp4", rate_hz=10, origin_s=0)]
    assert len(light) == 60
    # Coarse codecs repeat a step now and then; the order of the pictures shows all the same.
    assert np.all(np.diff(light) > -2)
    assert light[-1] - light[0] > 150


def test_nothing_of_the_metadata_goes_along(tmp_path):
    source = made(tmp_path / "take.mkv")
    assert SECRET.encode() in source.read_bytes()
    for name, request in (("a.mp4", Request()), ("b.m4a", Request(picture=False))):
        write_piece(source, tmp_path / name, request)
        held = (tmp_path / name).read_bytes()
        assert SECRET.encode() not in held
        assert b"take.mkv" not in held


def test_an_upright_picture_stays_upright(tmp_path):
    # What a phone writes: the picture lies, and a matrix turns it.
    flat = made(tmp_path / "flat.mp4", audio="aac")
    turned = tmp_path / "turned.mp4"
    data = bytearray(flat.read_bytes())
    identity = bytes.fromhex("00010000 00000000 00000000 00000000 00010000".replace(" ", ""))
    quarter = bytes.fromhex("00000000 00010000 00000000 ffff0000 00000000".replace(" ", ""))
    at = data.find(identity, data.find(b"tkhd"))
    data[at : at + 20] = quarter
    turned.write_bytes(data)
    facts = probe_media(turned).facts
    assert facts.frame_size_px == (90, 160)
    for name, request in (
        ("copied.mp4", Request()),
        ("encoded.mp4", Request(encode=True)),
        ("small.mp4", Request(short_side_px=44)),
    ):
        write_piece(turned, tmp_path / name, request)
        size = probe_media(tmp_path / name).facts.frame_size_px
        assert size[0] < size[1], name


def test_smaller_and_never_larger(tmp_path):
    source = made(tmp_path / "take.mkv")
    for px, size in ((44, (78, 44)), (720, (160, 90))):
        write_piece(source, tmp_path / f"{px}.mp4", Request(short_side_px=px))
        assert probe_media(tmp_path / f"{px}.mp4").facts.frame_size_px == size


def test_what_is_laid_over_is_seen_only_while_it_is(tmp_path):
    source = made(tmp_path / "take.mkv")
    asked = []

    def overlay(time_s, size):
        asked.append(size)
        if not 2.0 <= time_s < 3.0:
            return None
        return Patch(60, np.full((20, 160), 235, np.uint8), np.ones((20, 160), np.float32))

    write_piece(source, tmp_path / "o.mp4", Request(start_s=1.5, end_s=4.0, overlay=overlay))
    assert set(asked) == {(160, 90)}
    for time, frame in read_frames(tmp_path / "o.mp4", rate_hz=10, origin_s=0):
        inside = frame[62:78].mean() > 240
        assert inside == (2.0 <= time + 1.5 + 0.001 < 3.0), time
        assert abs(frame[:50].mean() - frame[50 + 32 :].mean()) < 20


def test_sound_that_was_lost_stays_silent_in_its_length(tmp_path):
    whole, source = made(tmp_path / "whole.mkv"), tmp_path / "gap.mkv"
    with av.open(str(whole)) as before, av.open(str(source), "w") as after:
        stream = after.add_stream_from_template(before.streams.audio[0])
        for packet in before.demux(audio=0):
            if packet.dts is not None and not 1 < packet.pts * packet.time_base < 2.5:
                packet.stream = stream
                after.mux(packet)
    write_piece(source, tmp_path / "out.m4a", Request(picture=False))
    assert beep_s(sound_of(tmp_path / "out.m4a", tmp_path)) == pytest.approx(3.0, abs=0.03)


def test_nothing_is_overwritten_and_nothing_left_behind(tmp_path):
    (tmp_path / "mine.mp4").write_text("mine")
    with pytest.raises(CutFailed, match="not overwritten"):
        write_piece(SAMPLE, tmp_path / "mine.mp4", Request())
    assert (tmp_path / "mine.mp4").read_text() == "mine"
    with pytest.raises(CutFailed):
        write_piece(SAMPLE, tmp_path / "none" / "a.mp4", Request())
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no recording" * 500)
    with pytest.raises(MediaUnreadable):
        write_piece(broken, tmp_path / "b.mp4", Request())
    with pytest.raises(MediaUnreadable):
        write_piece(
            SAMPLE,
            tmp_path / "c.mp4",
            Request(start_s=SAMPLE_S + 5, end_s=SAMPLE_S + 9, encode=True),
        )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["broken.mp4", "mine.mp4"]


def test_sound_alone_asked_of_a_silent_recording(tmp_path):
    source = made(tmp_path / "take.mkv")
    silent = tmp_path / "silent.mp4"
    with av.open(str(source)) as before, av.open(str(silent), "w") as after:
        stream = after.add_stream_from_template(before.streams.video[0])
        for packet in before.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                after.mux(packet)
    with pytest.raises(MediaUnreadable, match="no sound"):
        write_piece(silent, tmp_path / "a.m4a", replace(Request(), picture=False))
    assert write_piece(silent, tmp_path / "a.mp4", Request()).sound == ""
