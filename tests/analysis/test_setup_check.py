"""Every item of the set-up check in order and not in order, on pictures and sound made worse."""

import datetime
import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from analysis.errors import AnalysisError, MediaUnreadable
from analysis.head_pose import CANONICAL_CM
from analysis.landmarks import FACE_IDS, Landmarks, segment_person
from analysis.media import frame_rate, probe_media, read_frames, read_waveform, resample
from analysis.setup_check import DeviceFacts, check_setup, measure_file
from analysis.setup_drawing import draw_check, save_picture
from analysis.setup_items import FIX, PASS, UNCHECKED, judge, read_limits
from analysis.setup_picture import measure_picture
from analysis.setup_sound import (
    TEST_SOUND_DBFS,
    find_holes,
    make_test_sound,
    measure_bandwidth,
    measure_echo,
    measure_setup_sound,
)
from analysis.timeline import Track

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_media" / "english_take.mp4"
NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
LIMITS = read_limits()
LEVEL_ERROR_DB = 0.5
SNR_ERROR_DB = 1.5
ECHO_ERROR_DB = 1.0
DELAY_ERROR_S = 0.002
RATE_HZ = 48_000
RAMP = np.tile(np.linspace(2.9, -1.6, 1280), (720, 1))

FINE = DeviceFacts(
    camera="Webcam",
    cameras=2,
    frame_size_px=(1280, 720),
    camera_rate_hz=30.0,
    frames_lost_ratio=0.001,
    microphone="Headset",
    microphones=2,
    microphone_rate_hz=48_000,
    audio_gaps=0,
    free_bytes=50_000_000_000,
    free_cores=1.5,
    earlier_checks=("2026-11-21T12:00:00+00:00",),
)


def item(check, name):
    return next(each for each in check.items if each.id == name)


def of(devices=FINE, picture=None, sound=None):
    return check_setup(picture, sound, devices, now=NOW)


@pytest.fixture(
    scope="module", params=["sample", pytest.param("real", marks=pytest.mark.shared_media)]
)
def frame(request):
    """A picture in which everything is in order: of the sample, and of a webcam's kind."""
    path = SAMPLE
    if request.param == "real":
        media = request.getfixturevalue("shared_media")
        path = media / "video" / "d07_woman_nod_720p.mp4"
    probe = probe_media(path)
    frames = read_frames(path, rate_hz=2, origin_s=probe.origin_s, width_px=1280)
    return next(picture for time, picture in frames if time > 3.0)


@pytest.fixture(scope="module")
def mask(frame):
    return next(segment_person([frame]))


def look(*frames):
    # The landmarks settle after the first look.
    frames = frames * 3 if len(frames) == 1 else frames
    return measure_picture([(0.5 * n, each) for n, each in enumerate(frames)])


def moved(frame, right=0, down=0):
    shift = np.float32([[1, 0, right], [0, 1, down]])
    return cv2.warpAffine(frame, shift, frame.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


def scaled(frame, factor, middle=(0.5, 0.5)):
    height, width = frame.shape[:2]
    x, y = middle[0] * width, middle[1] * height
    matrix = np.float32([[factor, 0, width / 2 - factor * x], [0, factor, height / 2 - factor * y]])
    return cv2.warpAffine(frame, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def lopsided(frame, deg):
    """Tilt what lies below the chin, + = the person's left (right in the picture) sinks."""
    y, x = np.indices(frame.shape[:2]).astype(np.float32)
    below = np.clip((y / frame.shape[0] - 0.5) / 0.15, 0, 1)
    sunk = np.float32(math.tan(math.radians(deg))) * (x - 660) * below
    return cv2.remap(frame, x, y - sunk, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def times(frame, factor):
    if np.ndim(factor) == 2:
        factor = factor[..., None]
    return np.clip(frame * factor, 0, 255).astype(np.uint8)


class TestPicture:
    def test_a_good_picture_is_in_order(self, frame):
        check = of(picture=look(frame))
        flagged = {i.id for i in check.items if i.state == FIX}
        # At their limits: plants behind the one person, the tilted space suit of the other.
        assert flagged <= {"background-busy", "shoulders-level"}
        for name in ("face-found", "face-centred", "eye-line", "face-brightness", "sharpness"):
            assert item(check, name).state == PASS

    @pytest.mark.parametrize(
        ("name", "worse"),
        [
            ("face-brightness", lambda f: times(f, 0.35)),
            ("face-brightness", lambda f: times(f.astype(int) + 75, 1.08)),
            ("sharpness", lambda f: cv2.GaussianBlur(f, (0, 0), 5)),
            ("side-light", lambda f: times(f, RAMP)),
            ("side-light", lambda f: times(f, RAMP)[:, ::-1].copy()),
            ("face-centred", lambda f: moved(f, right=-330)),
            ("face-centred", lambda f: moved(f, right=250)),
            ("face-size", lambda f: scaled(f, 0.45, (0.5, 0.2))),
            ("face-size", lambda f: scaled(f, 2.2, (0.53, 0.35))),
            ("head-room", lambda f: moved(f, down=-110)),
            ("head-room", lambda f: scaled(moved(f, down=150), 0.8, (0.5, 0.45))),
            ("eye-line", lambda f: moved(f, down=-110)),
            ("eye-line", lambda f: moved(f, down=150)),
            ("shoulders-visible", lambda f: moved(scaled(f, 1.5, (0.53, 0.35)), down=130)),
            ("picture-upright", lambda f: np.rot90(f).copy()),
            ("picture-upright", lambda f: np.rot90(f, 2).copy()),
            ("one-person", lambda f: np.hstack([f[:, 320:960], f[:, 320:960]])),
            ("face-found", lambda f: np.full_like(f, 128)),
        ],
    )
    def test_what_is_worse_is_flagged(self, frame, name, worse):
        flagged = item(of(picture=look(worse(frame))), name)
        assert flagged.state == FIX, flagged
        assert flagged.advice.endswith((".", "!"))
        assert flagged.source

    def test_side_of_the_shift(self, frame):
        assert "left" in item(of(picture=look(moved(frame, right=-330))), "face-centred").advice
        assert "right" in item(of(picture=look(moved(frame, right=250))), "face-centred").advice

    def test_light_from_behind(self, frame, mask):
        lit = np.where(mask > 0.5, 0.38, 1.5)
        flagged = item(of(picture=look(times(frame, lit))), "backlight")
        assert flagged.state == FIX
        assert flagged.value > 2.0

    def test_busy_background(self, frame, mask):
        chequered = frame.copy()
        squares = (np.indices(mask.shape) // 12).sum(axis=0) % 2 * 200
        behind = mask < 0.2
        chequered[behind] = squares[behind, None]
        assert item(of(picture=look(chequered)), "background-busy").state == FIX

    def test_plain_background(self, frame, mask):
        plain = frame.copy()
        plain[mask < 0.5] = 200
        assert item(of(picture=look(plain)), "background-busy").state == PASS

    def test_eye_line_and_size_follow_the_picture(self, frame):
        before, after = look(frame), look(moved(frame, down=72))
        assert after.eye_line_ratio - before.eye_line_ratio == pytest.approx(0.1, abs=0.015)
        smaller = look(scaled(frame, 0.7, (0.5, 0.3)))
        assert smaller.face_size_ratio / before.face_size_ratio == pytest.approx(0.7, abs=0.04)
        shifted = look(moved(frame, right=128))
        assert shifted.face_centre_ratio - before.face_centre_ratio == pytest.approx(0.1, abs=0.015)

    def test_without_a_face_nothing_is_claimed(self):
        check = of(picture=look(np.full((720, 1280, 3), 128, np.uint8)))
        assert item(check, "face-found").state == FIX
        for name in ("face-size", "eye-line", "camera-height", "face-brightness", "one-person"):
            assert item(check, name).state == UNCHECKED
            assert "face" in item(check, name).advice

    def test_median_of_frames(self, frame):
        # A face that is away for one frame of five is no fault of its place.
        facts = look(frame, frame, moved(frame, right=-330), frame, frame)
        assert 0.4 < facts.face_centre_ratio < 0.6

    def test_portrait_and_tiny_pictures(self, frame):
        assert look(frame[:, 300:1000].copy()).face_ratio == 1.0
        assert look(cv2.resize(frame, (160, 90))).frames == 3
        assert look(np.zeros((8, 8, 3), np.uint8)).face_ratio == 0.0


def turn(axis, deg):
    return cv2.Rodrigues(np.radians(deg) * np.array(axis, dtype=float))[0]


@pytest.fixture
def exact(monkeypatch):
    """Measure a head and shoulders of known angles (the image plays no part)."""

    def measure(camera_up_deg=0.0, roll_deg=0.0, tilt_deg=0.0):
        points = {**CANONICAL_CM, 152: (0.0, -8.0, 4.0)}
        filler = (0.0, 2.6, 4.0)
        model = np.array([points.get(i, filler) for i in FACE_IDS])
        # A camera above sees the head from above: its top comes nearer.
        seen = model @ turn((1, 0, 0), camera_up_deg).T @ turn((0, 0, 1), -roll_deg).T
        seen = seen * [1, -1, -1] + [0, 0, 60]
        pixels = seen[:, :2] / seen[:, 2:] * 0.9 * 1280 + [640, 300]
        face = np.column_stack([pixels, seen[:, 2]]).astype(np.float32)[None]
        right, down = (200 * f(math.radians(tilt_deg)) for f in (math.cos, math.sin))
        pose = np.full((1, 5, 3), 0.99, np.float32)
        pose[0, 3, :2], pose[0, 4, :2] = (640 + right, 560 + down), (640 - right, 560 - down)
        landmarks = Landmarks(
            face=Track(np.zeros(1), face, "px"),
            pose=Track(np.zeros(1), pose, "px"),
            face_count=Track(np.zeros(1), np.ones(1, np.float32), "faces"),
            face_luma=Track(np.zeros(1), np.ones(1, np.float32), "luma"),
            frame_size_px=(1280, 720),
        )
        monkeypatch.setattr("analysis.setup_picture.detect_landmarks", lambda *_, **__: landmarks)
        return measure_picture([(0.0, np.zeros((720, 1280, 3), np.uint8))])

    return measure


class TestAngles:
    """Exact heads and shoulders: pictures of known camera heights and tilts are not at hand."""

    @pytest.mark.parametrize(("up_deg", "state"), [(-25, FIX), (-6, PASS), (6, PASS), (25, FIX)])
    def test_camera_seen_from_the_head(self, exact, up_deg, state):
        facts = exact(camera_up_deg=up_deg)
        assert facts.camera_height_deg == pytest.approx(up_deg, abs=4)
        found = item(of(picture=facts), "camera-height")
        assert found.state == state
        if state == FIX:
            assert found.hint
            assert ("lower" if up_deg > 0 else "raise") in found.advice

    @pytest.mark.parametrize(
        ("tilt_deg", "roll_deg", "state"),
        [(0, 0, PASS), (8, 0, PASS), (14, 0, FIX), (-14, 0, FIX), (3, 20, PASS), (20, 20, FIX)],
    )
    def test_shoulders(self, exact, tilt_deg, roll_deg, state):
        facts = exact(tilt_deg=tilt_deg, roll_deg=roll_deg)
        assert facts.head_roll_deg == pytest.approx(roll_deg, abs=1)
        found = item(of(picture=facts), "shoulders-level")
        assert (found.state, found.value) == (state, pytest.approx(tilt_deg, abs=0.1))
        if state == FIX:
            assert ("right" if tilt_deg > 0 else "left") in found.advice

    def test_a_tilted_head_leaves_it_open(self, exact):
        found = item(of(picture=exact(tilt_deg=12, roll_deg=20)), "shoulders-level")
        assert found.state == UNCHECKED
        assert "straight" in found.advice


@pytest.mark.shared_media
class TestRealClips:
    def test_a_person_on_a_sofa(self, shared_media):
        facts = measure_file(shared_media / "video" / "d02_latentsync_sofa.mp4")
        check = of(replace(FINE, frame_size_px=facts.frame_size_px), facts.picture, facts.sound)
        assert facts.picture.frames >= 10
        assert item(check, "face-size").advice.startswith("Your face is small")
        assert item(check, "shoulders-visible").state == PASS
        assert item(check, "speech-level").state == PASS
        assert facts.rate_hz == pytest.approx(30, abs=0.3)

    def test_a_face_close_to_the_webcam(self, shared_media):
        facts = measure_file(shared_media / "video" / "d06_webcam_glasses_nospeech.mp4")
        check = of(replace(FINE, frame_size_px=facts.frame_size_px), facts.picture, facts.sound)
        assert item(check, "face-size").state == FIX
        assert item(check, "shoulders-visible").state == FIX
        assert item(check, "camera-resolution").state == FIX
        assert item(check, "speech-level").state == UNCHECKED

    def test_one_shoulder_up(self, shared_media):
        path = shared_media / "video" / "d07_woman_nod_720p.mp4"
        _, picture = next(read_frames(path, rate_hz=1, origin_s=0.0, width_px=1280))
        # The body model holds against it: it reads about a third.
        found = item(of(picture=look(lopsided(picture, -45))), "shoulders-level")
        assert found.state == FIX
        assert "left shoulder is higher" in found.advice

    def test_low_light(self, shared_media):
        facts = measure_file(shared_media / "video" / "dc4_vertical_lowlight.mp4")
        dark = item(of(picture=facts.picture), "face-brightness")
        assert (dark.state, dark.hint) == (FIX, False)

    def test_no_face(self, shared_media):
        facts = measure_file(shared_media / "video" / "d04_autoeditor_noface.mp4")
        assert item(of(picture=facts.picture), "face-found").state == FIX

    def test_a_face_for_a_part_of_the_time(self, shared_media):
        facts = measure_file(shared_media / "video" / "d05_face_noface.mov")
        found = item(of(picture=facts.picture), "face-found")
        assert found.state == FIX
        assert found.value == pytest.approx(40, abs=10)

    @pytest.mark.parametrize("noise_db", [10.0, 20.0, 30.0])
    def test_noise_of_known_strength(self, shared_media, noise_db):
        samples, rate_hz = read_waveform(
            shared_media / "video" / "d02_latentsync_sofa.mp4", limit_s=12
        )
        clean = measure_setup_sound(samples, rate_hz)
        noisy = measure_setup_sound(with_noise(samples, clean.level_dbfs - noise_db), rate_hz)
        assert noisy.snr_db == pytest.approx(noise_db, abs=SNR_ERROR_DB)


@pytest.fixture(scope="module")
def voice():
    """Speech at −22 dBFS with a room of −62 dBFS, 12 s."""
    samples, rate_hz = read_waveform(SAMPLE, limit_s=12)
    assert rate_hz == RATE_HZ
    return samples


def gained(samples, db):
    return np.clip(samples * 10 ** (db / 20), -1, 1).astype(np.float32)


def with_noise(samples, level_dbfs):
    noise = np.random.default_rng(1).standard_normal(len(samples)) * 10 ** (level_dbfs / 20)
    return np.clip(samples + noise, -1, 1).astype(np.float32)


def listen(samples, rate_hz=RATE_HZ, **options):
    return of(sound=measure_setup_sound(samples, rate_hz, **options))


class TestSound:
    def test_a_good_voice_is_in_order(self, voice):
        check = listen(voice)
        for name in (
            "microphone-found",
            "sound-bandwidth",
            "speech-level",
            "clipping",
            "noise-floor",
            "snr",
            "dropouts",
        ):
            assert item(check, name).state == PASS, name

    @pytest.mark.parametrize("gain_db", [-14, -7, 0, 3])
    def test_level(self, voice, gain_db):
        found = measure_setup_sound(gained(voice, gain_db), RATE_HZ).level_dbfs
        assert found == pytest.approx(-22.5 + gain_db, abs=LEVEL_ERROR_DB + 0.5)
        before = measure_setup_sound(voice, RATE_HZ).level_dbfs
        assert found - before == pytest.approx(gain_db, abs=LEVEL_ERROR_DB)

    def test_too_soft_and_too_loud(self, voice):
        soft = item(listen(gained(voice, -20)), "speech-level")
        assert (soft.state, soft.hint) == (FIX, False)
        assert "soft" in soft.advice
        loud = item(listen(gained(voice, 13)), "speech-level")
        assert (loud.state, loud.hint) == (FIX, False)
        assert item(listen(gained(voice, -10)), "speech-level").hint

    def test_clipping(self, voice):
        assert item(listen(gained(voice, 24)), "clipping").state == FIX
        assert item(listen(voice), "clipping").state == PASS

    @pytest.mark.parametrize("snr_db", [5.0, 10.0, 15.0, 20.0, 25.0, 30.0])
    def test_noise_of_known_strength(self, voice, snr_db):
        clean = measure_setup_sound(voice, RATE_HZ)
        noisy = measure_setup_sound(with_noise(voice, clean.level_dbfs - snr_db), RATE_HZ)
        assert noisy.snr_db == pytest.approx(snr_db, abs=SNR_ERROR_DB)
        assert noisy.noise_floor_dbfs == pytest.approx(clean.level_dbfs - snr_db, abs=1.0)

    def test_noise_is_flagged(self, voice):
        check = listen(with_noise(voice, -35))
        assert item(check, "noise-floor").state == FIX
        assert item(check, "snr").state == FIX
        assert item(listen(with_noise(voice, -58)), "snr").state == PASS

    def test_nobody_speaks(self):
        hiss = with_noise(np.zeros(8 * RATE_HZ, np.float32), -65)
        check = listen(hiss)
        assert item(check, "speech-level").state == UNCHECKED
        assert "speak" in item(check, "speech-level").advice
        assert item(check, "noise-floor").value == pytest.approx(-65, abs=0.5)
        assert item(check, "sound-bandwidth").state == UNCHECKED

    def test_digital_silence_is_a_muted_microphone(self):
        check = listen(np.zeros(8 * RATE_HZ, np.float32))
        assert item(check, "microphone-found").state == FIX
        assert "unmute" in item(check, "microphone-found").advice
        assert item(check, "speech-level").state == UNCHECKED

    def test_nothing_at_all(self):
        check = listen(np.zeros(0, np.float32))
        assert item(check, "microphone-found").state == FIX


class TestDropouts:
    @pytest.mark.parametrize("length_s", [0.005, 0.02, 0.1, 0.5])
    def test_holes_are_counted_where_they_are(self, voice, length_s):
        holed = voice.copy()
        level = np.convolve(voice**2, np.ones(480) / 480, "same")
        loud = np.flatnonzero(level > 10 ** (-28 / 10))
        starts = []
        for at in loud:
            end = at + round(length_s * RATE_HZ)
            apart = not starts or at > starts[-1] + RATE_HZ
            if apart and end + 480 < len(voice):
                around = min(level[at - 144], level[end + 144])
                starts += [at] if around > 10 ** (-28 / 10) else []
        starts = starts[:4]
        assert len(starts) >= 3
        for at in starts:
            holed[at : at + round(length_s * RATE_HZ)] = 0
        holes = find_holes(holed, RATE_HZ)
        assert [round(h.start * RATE_HZ) for h in holes] == pytest.approx(starts, abs=30)
        assert item(of(sound=measure_setup_sound(holed, RATE_HZ)), "dropouts").state == FIX

    def test_a_noise_gate_is_no_dropout(self, voice):
        gated = voice.copy()
        level = np.convolve(voice**2, np.ones(4800) / 4800, "same")
        gated[level < 10 ** (-50 / 10)] = 0
        assert np.mean(gated == 0) > 0.1
        assert find_holes(gated, RATE_HZ) == ()

    def test_gaps_that_the_recorder_tells(self, voice):
        sound = measure_setup_sound(voice, RATE_HZ)
        check = of(replace(FINE, audio_gaps=2), sound=sound)
        assert item(check, "dropouts").state == FIX
        assert item(check, "dropouts").value == 2


def telephone(samples, rate_hz):
    """Send sound over a narrow line and show it at 48 kHz again."""
    size = len(samples)
    spectrum = np.fft.rfft(samples)
    spectrum[round(0.94 * rate_hz / 2 * size / RATE_HZ) :] = 0
    quantised = np.round(np.fft.irfft(spectrum, size) * 32767) / 32768
    return quantised.astype(np.float32)


class TestBandwidth:
    @pytest.mark.parametrize("rate_hz", [8_000, 16_000])
    def test_a_bluetooth_headset_shown_as_48_khz(self, voice, rate_hz):
        found = item(listen(telephone(voice, rate_hz)), "sound-bandwidth")
        assert found.state == FIX
        assert found.value == pytest.approx(0.94 * rate_hz / 2000, abs=0.15)

    def test_the_rate_itself(self, voice):
        check = of(
            replace(FINE, microphone_rate_hz=16_000, bluetooth=True),
            sound=measure_setup_sound(resample(voice, RATE_HZ), 16_000),
        )
        found = item(check, "sound-bandwidth")
        assert found.state == FIX
        assert "Bluetooth" in found.shown

    def test_steady_noise_does_not_hide_the_limit(self, voice):
        narrow = telephone(with_noise(voice, -55), 16_000)
        assert item(listen(narrow), "sound-bandwidth").state == FIX

    def test_no_speech(self, voice):
        assert math.isnan(measure_bandwidth(voice, RATE_HZ, ()))


def heard(gain_db, delay_s, *, length_s=6.0, at_s=2.0, noise_dbfs=-62.0, rate_hz=RATE_HZ):
    """What a microphone hears of the test sound, with a room's reflections 12 dB below."""
    sound = np.zeros(round(length_s * rate_hz))
    chirp = make_test_sound(rate_hz) * 10 ** (gain_db / 20)
    for later_s, factor in ((0.0, 1.0), (0.011, 0.25), (0.031, -0.15)):
        first = round((at_s + delay_s + later_s) * rate_hz)
        sound[first : first + len(chirp)] += factor * chirp
    return with_noise(sound.astype(np.float32), noise_dbfs)


class TestEcho:
    def test_the_test_sound(self):
        for rate_hz in (8_000, 16_000, 44_100, 48_000):
            sound = make_test_sound(rate_hz)
            assert 20 * math.log10(np.sqrt(np.mean(sound**2))) == pytest.approx(-20, abs=0.01)
            assert abs(sound[0]) < 1e-3
            assert np.abs(sound).max() < 0.2

    @pytest.mark.parametrize("gain_db", [0.0, -10.0, -25.0, -40.0])
    @pytest.mark.parametrize("delay_s", [0.02, 0.12, 0.8])
    def test_known_level_and_delay(self, gain_db, delay_s):
        echo = measure_echo(heard(gain_db, delay_s), RATE_HZ, 2.0)
        reflections_db = 10 * math.log10(1 + 0.25**2 + 0.15**2)
        wanted = TEST_SOUND_DBFS + gain_db + reflections_db
        assert echo.level_dbfs == pytest.approx(wanted, abs=ECHO_ERROR_DB)
        assert echo.delay_s == pytest.approx(delay_s, abs=DELAY_ERROR_S)

    def test_at_another_rate(self):
        echo = measure_echo(heard(-10, 0.1, rate_hz=16_000), 16_000, 2.0)
        assert echo.level_dbfs == pytest.approx(-29.7, abs=ECHO_ERROR_DB)

    def test_not_heard_in_mere_noise(self):
        echo = measure_echo(heard(-200, 0.1), RATE_HZ, 2.0)
        assert math.isnan(echo.level_dbfs)
        assert echo.limit_dbfs < -60

    def test_cut_off(self):
        assert math.isnan(measure_echo(heard(0, 0.1)[: 2 * RATE_HZ], RATE_HZ, 2.0).level_dbfs)

    def test_loud_quiet_and_none(self, voice):
        def judged(gain_db, **noise):
            tail = heard(gain_db, 0.1, length_s=4.0, at_s=1.0, **noise)
            both = np.concatenate([voice, tail])
            return item(listen(both, test_sound_s=len(voice) / RATE_HZ + 1.0), "echo")

        loud, soft, none = judged(-8), judged(-40), judged(-200)
        assert (loud.state, loud.hint) == (FIX, False)
        assert loud.value == pytest.approx(-22.5 + 28, abs=1.5)
        assert soft.state == PASS
        assert (none.state, none.shown) == (PASS, "not heard")
        assert item(listen(voice), "echo").state == UNCHECKED

    def test_the_test_sound_spoils_no_other_item(self, voice):
        both = np.concatenate([voice, heard(0, 0.1, length_s=4.0, at_s=1.0)])
        with_it = measure_setup_sound(both, RATE_HZ, test_sound_s=len(voice) / RATE_HZ + 1.0)
        alone = measure_setup_sound(voice, RATE_HZ)
        assert with_it.noise_floor_dbfs == pytest.approx(alone.noise_floor_dbfs, abs=1.0)
        assert with_it.level_dbfs == pytest.approx(alone.level_dbfs, abs=0.1)

    def test_noise_that_could_hide_it(self, voice):
        tail = heard(-200, 0.1, length_s=4.0, at_s=1.0, noise_dbfs=-8.0)
        check = listen(np.concatenate([voice, tail]), test_sound_s=len(voice) / RATE_HZ + 1.0)
        assert item(check, "echo").state in (UNCHECKED, PASS)
        echo = check.sound.echo
        assert (item(check, "echo").state == PASS) == (
            check.sound.level_dbfs - echo.limit_dbfs >= LIMITS["echo"].low
        )


class TestDevices:
    def test_all_in_order(self):
        check = of()
        for name in (
            "camera-found",
            "camera-resolution",
            "camera-rate",
            "frames-lost",
            "microphone-found",
            "disk-free",
            "cpu-free",
            "fallback-camera",
            "fallback-microphone",
            "last-check",
        ):
            assert item(check, name).state == PASS, name
        assert item(check, "camera-found").shown == "Webcam"

    @pytest.mark.parametrize(
        ("name", "change"),
        [
            ("camera-found", {"camera": None, "camera_problem": "Another program uses it."}),
            ("camera-resolution", {"frame_size_px": (640, 360)}),
            ("camera-rate", {"camera_rate_hz": 12.0}),
            ("frames-lost", {"frames_lost_ratio": 0.15}),
            ("microphone-found", {"microphone": None, "microphone_problem": "None is there."}),
            ("dropouts", {"audio_gaps": 1}),
            ("disk-free", {"free_bytes": 900_000_000}),
            ("cpu-free", {"free_cores": 0.2}),
            ("fallback-camera", {"cameras": 1}),
            ("fallback-microphone", {"microphones": 1}),
            ("last-check", {"earlier_checks": ()}),
            ("last-check", {"earlier_checks": ("2026-11-23T11:00:00+00:00",)}),
            ("last-check", {"earlier_checks": ("2026-09-01T11:00:00+00:00",)}),
        ],
    )
    def test_what_is_wrong(self, name, change):
        flagged = item(of(replace(FINE, **change)), name)
        assert flagged.state == FIX
        assert flagged.advice.endswith(".")

    def test_the_problem_is_told_in_its_own_words(self):
        facts = replace(FINE, camera=None, camera_problem="Another program uses it: close it.")
        assert item(of(facts), "camera-found").advice == "Another program uses it: close it."

    def test_a_check_a_day_ago_counts_even_after_one_today(self):
        made = ("2026-11-23T11:59:00+00:00", "2026-11-22T08:00:00+00:00")
        found = item(of(replace(FINE, earlier_checks=made)), "last-check")
        assert found.state == PASS
        assert found.value == pytest.approx(28 / 24)

    def test_nothing_known_is_nothing_claimed(self):
        check = of(DeviceFacts())
        assert check.passed == ()
        assert check.to_fix == ()
        assert len(check.not_checked) == len(check.items) == len(LIMITS)
        assert all(each.advice for each in check.items)
        assert all(math.isnan(each.value) for each in check.items)


class TestFiles:
    def test_a_still_has_no_sound(self, frame, tmp_path):
        path = tmp_path / "静止画.png"
        save_picture(frame, path)
        facts = measure_file(path)
        assert (facts.sound, facts.rate_hz) == (None, None)
        assert facts.frame_size_px == (1280, 720)
        check = check_setup(facts.picture, None, DeviceFacts(frame_size_px=(1280, 720)), now=NOW)
        assert item(check, "face-found").state == PASS
        for name in ("speech-level", "echo", "dropouts", "camera-rate", "microphone-found"):
            assert item(check, name).state == UNCHECKED

    def test_a_recording(self):
        facts = measure_file(SAMPLE)
        assert facts.picture.frames >= 10
        assert facts.rate_hz == pytest.approx(15, abs=0.1)
        assert facts.sound.level_dbfs == pytest.approx(-22, abs=1.5)

    def test_frame_rate(self):
        assert frame_rate(SAMPLE, limit_s=5) == pytest.approx(15, abs=0.1)

    def test_big_stills_are_scaled_down(self, frame, tmp_path):
        path = tmp_path / "big.jpg"
        save_picture(cv2.resize(frame, (3840, 2160)), path)
        facts = measure_file(path)
        assert facts.frame_size_px == (3840, 2160)
        assert facts.picture.frame.shape == (720, 1280, 3)

    def test_no_picture_at_all(self, tmp_path):
        broken = tmp_path / "broken.png"
        broken.write_bytes(b"no picture")
        with pytest.raises(MediaUnreadable, match="picture"):
            measure_file(broken)
        with pytest.raises(MediaUnreadable, match="no such file"):
            measure_file(tmp_path / "none.jpg")


class TestDrawing:
    def test_what_is_drawn(self, frame):
        check = of(picture=look(frame))
        drawn = draw_check(check)
        assert drawn.shape == (720, 1280 + 500, 3)
        changed = np.abs(drawn[:, :1280].astype(int) - frame).sum(axis=2) > 60
        left, top, right, _ = check.picture.face_px.astype(int)
        # The box of the face, the eyes, the shoulders.
        assert changed[top - 1 : top + 2, left:right].mean() > 0.5
        for x, y in check.picture.eyes_px.astype(int):
            assert changed[y - 2 : y + 2, x - 2 : x + 2].mean() > 0.5
        for x, y in check.picture.shoulders_px.astype(int):
            assert changed[y - 2 : y + 2, x - 2 : x + 2].mean() > 0.5
        assert changed.mean() < 0.1

    def test_states_have_different_colours(self, frame):
        good, bad = (draw_check(of(picture=look(f))) for f in (frame, moved(frame, right=-330)))
        orange = np.array([255, 160, 40])

        def flagged(drawn):
            return int((np.abs(drawn[:, :1280].astype(int) - orange).sum(axis=2) < 30).sum())

        assert flagged(bad) > flagged(good) + 500

    def test_no_face_and_no_picture(self):
        drawn = draw_check(of(picture=look(np.full((480, 640, 3), 90, np.uint8))))
        assert drawn.shape[0] == 720
        assert draw_check(of()) is None


class TestLimits:
    def test_every_item_says_what_to_do_and_why(self):
        for limits in LIMITS.values():
            assert limits.source.endswith((".", ").")), limits.id
            assert not math.isinf(limits.low) or not math.isinf(limits.high)
            assert math.isinf(limits.low) or limits.too_low.endswith("."), limits.id
            assert math.isinf(limits.high) or limits.too_high.endswith("."), limits.id
            assert limits.target

    def test_voice_bands_are_those_of_the_report(self):
        import tomllib

        bands = tomllib.loads((ROOT / "reports/data/targets.toml").read_text("utf-8"))["any"]
        assert (LIMITS["speech-level"].low, LIMITS["speech-level"].high) == (
            bands["level_dbfs"]["low"],
            bands["level_dbfs"]["high"],
        )
        assert LIMITS["snr"].low == bands["snr_db"]["low"]
        assert LIMITS["clipping"].high == pytest.approx(100 * bands["clipped_ratio"]["high"])

    def test_own_limits(self, tmp_path):
        own = tmp_path / "setup.toml"
        own.write_text("[face-size]\nlow = 10\n", encoding="utf-8")
        limits = read_limits(own)
        assert (limits["face-size"].low, limits["face-size"].high) == (10, 50)
        assert limits["face-size"].source == "Your own choice (setup.toml)."
        assert limits["snr"] == LIMITS["snr"]
        assert judge(limits["face-size"], 15.0).state == PASS

    @pytest.mark.parametrize(
        "text",
        [
            "[no-such-item]\nlow = 1\n",
            "[snr]\nlow = 'loud'\n",
            "[snr]\ntitle = 'x'\n",
            "[face-size]\nlow = 70\n",
            "snr = 3\n",
            "[snr\n",
        ],
    )
    def test_mistakes_are_told(self, tmp_path, text):
        own = tmp_path / "setup.toml"
        own.write_text(text, encoding="utf-8")
        with pytest.raises(AnalysisError, match=r"setup\.toml has a mistake"):
            read_limits(own)

    def test_judging(self):
        snr = LIMITS["snr"]
        assert judge(snr, 19.6).state == PASS  # shown as 20
        assert (judge(snr, 15.0).state, judge(snr, 15.0).hint) == (FIX, True)
        assert (judge(snr, 5.0).state, judge(snr, 5.0).hint) == (FIX, False)
        assert judge(snr, math.nan, why_not="because").advice == "because"
        assert judge(snr, math.inf).state == PASS
        assert judge(LIMITS["shoulders-level"], -0.2).shown == "0 °"
