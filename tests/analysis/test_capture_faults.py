from pathlib import Path

import numpy as np
import pytest

from analysis.capture_faults import capture_cautions, lost_sound
from analysis.media import read_waveform
from analysis.pipeline import analyse_media
from analysis.timeline import Segment
from recorder.session import CaptureHealth, Fault
from recorder.writer import SoundFormat, TakeWriter

SAMPLES = Path(__file__).parents[2] / "sample_media"


def health(*faults, **more):
    return CaptureHealth(faults=faults, **more)


def test_a_healthy_take_needs_no_words():
    assert capture_cautions(None, 60.0) == capture_cautions(CaptureHealth(), 60.0) == ()
    assert lost_sound(None, 60.0) == lost_sound(CaptureHealth(), 60.0) == ()


def test_lost_sound_is_joined_and_ends_with_the_recording():
    faults = [
        Fault("audio-gap", 10.0, 11.0),
        Fault("microphone-stalled", 10.5, 14.0),
        Fault("camera-gone", 20.0, 30.0),
        Fault("microphone-zeros", 50.0),
        Fault("suspended", 70.0, 90.0),
    ]
    assert lost_sound(health(*faults), 60.0) == (Segment(10.0, 14.0), Segment(50.0, 60.0))


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault("microphone-stalled", 75.0, 78.2), "sound-lost", "at 1:15 for 3.2 s"),
        (Fault("camera-gone", 3.0), "picture-lost", "at 0:03 for 97.0 s"),
        (Fault("microphone-replaced", 1.0, 2.0), "microphone-replaced", "at 0:01 for 1.0 s"),
        (Fault("microphone-clipping", 1.0, 2.0), "microphone-clipping", "at 0:01"),
        (Fault("disk-full", 59.9), "disk-full", "ends before you did"),
    ],
)
def test_each_kind_of_trouble_is_told_once_with_its_moment(fault, code, words):
    told = capture_cautions(health(fault, fault), 100.0)
    assert [c.code for c in told] == [code]
    assert words in told[0].text


def test_many_moments_are_counted():
    faults = [Fault("audio-gap", 10.0 * n, 10.0 * n + 0.2) for n in range(1, 6)]
    (told,) = capture_cautions(health(*faults), 60.0)
    assert "at 0:10 for 0.2 s, at 0:20 for 0.2 s, at 0:30 for 0.2 s and 2 more times" in told.text


def test_a_recovered_take():
    (told,) = capture_cautions(health(recovered=True), 60.0)
    assert told.code == "recording-cut-off"


def test_a_silence_that_the_microphone_made_is_not_the_candidates(tmp_path):
    """Real speech with five seconds of it lost, as the recorder writes them."""
    samples, rate_hz = read_waveform(SAMPLES / "english_take.mp4", limit_s=25.0)
    answer = (samples * 32767).astype(np.int16).reshape(-1, 1)
    answer[12 * rate_hz : 17 * rate_hz] = 0
    path = tmp_path / "01-take.mkv"
    writer = TakeWriter(path, SoundFormat(rate_hz, 1), None)
    writer.write_sound(answer)
    writer.close()
    blind = analyse_media(path)
    told = health(Fault("microphone-stalled", 12.4, 17.0), audio_gap_s=5.0)
    knowing = analyse_media(path, health=told)
    assert blind.speech.longest_pause.duration_s >= 4.9
    assert knowing.speech.longest_pause.duration_s < 3.0
    assert knowing.speech.word_count == blind.speech.word_count
    assert knowing.speech.speech_rate_wpm > 1.1 * blind.speech.speech_rate_wpm
    assert "sound-lost" in [c.code for c in knowing.warnings]
