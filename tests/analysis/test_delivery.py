"""Delivery over time, on sounds and words whose truth is known."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.delivery import measure_delivery
from analysis.levels import LevelMeter
from analysis.media import RATE_HZ
from analysis.melody import steady_semitones
from analysis.results import Filler, Pause, SpeechMetrics, Transcript, VoiceMetrics, Word
from analysis.sentence_ends import judge_sentence_ends, soft_tails
from analysis.settings import read_settings
from analysis.timeline import Segment, Track, gaps, intersect, total
from analysis.voice import track_f0

SPREAD_ST = 0.3
"""what the percentiles of a window may differ from those of the whole contour"""
DROP_DB = 0.3
"""frames of 20 ms against exact edges"""

QUIET = VoiceMetrics(-20.0, -3.0, -80.0, 60.0, 120.0, 6.0, 0.6, 0.0)
NO_F0 = Track(np.zeros(0), np.zeros(0, dtype=np.float32), "Hz")


@pytest.fixture(scope="module")
def settings():
    return read_settings()


def metrics(*stretches, lost=(), after_s=1.0):
    """Return the metrics of an answer with speech in the given stretches."""
    speech = tuple(Segment(a, b) for a, b in stretches)
    answer = Segment(speech[0].start, speech[-1].end)
    duration_s = answer.end + after_s
    return SpeechMetrics(
        duration_s=duration_s,
        answer=answer,
        speaking_s=sum(s.duration_s for s in speech),
        latency_s=answer.start,
        after_s=after_s,
        pauses=(
            *(Pause(g.start, g.end, "inside") for g in gaps(speech, answer)),
            Pause(answer.end, duration_s, "after"),
        ),
        speech=speech,
        lost=tuple(lost),
    )


def even(start, end, *, per_s, text="word"):
    """Return words back to back, `per_s` a second, the last one with a full stop."""
    count = round((end - start) * per_s)
    times = [start + i / per_s for i in range(count + 1)]
    words = [Word(a, b, text, 1.0) for a, b in itertools.pairwise(times)]
    return [*words[:-1], replace(words[-1], text=f"{text}.")]


def said(*words):
    return Transcript("en", 1.0, "test", tuple(words))


def contour(start, end, *, spread_st, base_hz=120.0, period_s=1.6, step_s=0.01):
    """Return f0 that swings evenly, so that its 10th to 90th percentile is `spread_st`."""
    times = np.arange(start, end, step_s)
    swing = 2 * np.abs(2 * (times / period_s % 1) - 1) - 1
    return Track(times, base_hz * 2 ** (spread_st / 0.8 * swing / 2 / 12), "Hz")


def joined(*tracks):
    return Track(
        np.concatenate([t.times for t in tracks]), np.concatenate([t.values for t in tracks]), "Hz"
    )


def hum(length_s, gain):
    """Return a buzz of 150 Hz whose amplitude follows `gain` (one value per sample or one)."""
    at = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 150 * k * at) / k for k in range(1, 12))
    return (0.1 * tone * gain).astype(np.float32)


def levels_of(samples):
    meter = LevelMeter()
    meter.rate_hz = RATE_HZ
    meter.add(samples[None])
    return meter.result()


def gain_of(samples_s, *changes):
    """Return a gain of 1 with `(start, end, dB)` in it and silence outside of `samples_s`."""
    length_s, speech = samples_s
    gain = np.zeros(round(length_s * RATE_HZ))
    for start, end in speech:
        gain[round(start * RATE_HZ) : round(end * RATE_HZ)] = 1
    for start, end, change_db in changes:
        gain[round(start * RATE_HZ) : round(end * RATE_HZ)] *= 10 ** (change_db / 20)
    return gain


# --- pace ------------------------------------------------------------------------------------


def test_fastest_and_slowest_passage_have_the_right_time_and_rate(settings):
    words = [
        *even(0, 30, per_s=2),
        *even(30, 50, per_s=3),
        *even(50, 70, per_s=2),
        *even(70, 90, per_s=1),
    ]
    measured, cautions = measure_delivery(
        said(*words), metrics((0, 90)), contour(0, 90, spread_st=6), levels_of(hum(91, 1)),
        settings, voice=QUIET,
    )  # fmt: skip
    fast, slow = measured.fastest, measured.slowest
    assert measured.pace_unit == "words/min"
    assert fast.rate_per_min == pytest.approx(180, abs=0.01)
    assert 30 <= fast.start < fast.end <= 50
    assert slow.rate_per_min == pytest.approx(60, abs=0.01)
    assert 70 <= slow.start < slow.end <= 90
    assert fast.end - fast.start == pytest.approx(settings["pace.window_s"])
    assert cautions == ()
    assert measured.pace.values.max() == pytest.approx(180, abs=0.01)


def test_passages_do_not_overlap_and_need_two_windows(settings):
    def extremes(end):
        words = said(*even(0, end / 2, per_s=2), *even(end / 2, end, per_s=3))
        measured, cautions = measure_delivery(
            words, metrics((0, end)), NO_F0, levels_of(hum(1, 1)), settings, voice=None
        )
        return measured, [c.code for c in cautions]

    measured, _ = extremes(31.0)
    assert measured.slowest.end <= measured.fastest.start
    measured, codes = extremes(29.0)
    assert measured.fastest is None
    assert measured.slowest is None
    assert "delivery-too-short" in codes


def test_a_window_with_little_talk_is_no_passage(settings):
    # From 30 to 60 s single words lie between pauses of 4 s: nobody would call that a pace.
    stretches = [(0, 30), *((t, t + 1) for t in range(34, 60, 5)), (63, 93)]
    words = [*even(0, 30, per_s=2.5), *even(63, 93, per_s=2)]
    words += [Word(t, t + 1, "yes", 1.0) for t in range(34, 60, 5)]
    words.sort(key=lambda w: w.start)
    measured, _ = measure_delivery(
        said(*words), metrics(*stretches), NO_F0, levels_of(hum(1, 1)), settings, voice=None
    )
    slow = Segment(measured.slowest.start, measured.slowest.end)
    talk = total(intersect([slow], [Segment(*s) for s in stretches]))
    assert talk >= settings["delivery.passage_talk_s"]
    assert not 38 < slow.middle < 55


def test_written_hesitations_are_no_words(settings):
    words = even(0, 40, per_s=2)
    sounds = tuple(Filler(w.start, w.end, "word", "acoustic", 0.9, True) for w in words[:40:2])
    measured, _ = measure_delivery(
        said(*words), metrics((0, 40)), NO_F0, levels_of(hum(1, 1)), settings,
        voice=None, fillers=sounds,
    )  # fmt: skip
    assert measured.slowest.rate_per_min == pytest.approx(60, abs=5)
    assert measured.fastest.rate_per_min == pytest.approx(120, abs=0.01)


# --- melody ----------------------------------------------------------------------------------


def melody(f0, settings, end=60.0):
    measured, _ = measure_delivery(
        None, metrics((0, end)), f0, levels_of(hum(1, 1)), settings, voice=None
    )
    return measured


@pytest.mark.parametrize("spread_st", [1.0, 2.5, 6.0, 10.0])
def test_spread_of_a_known_contour(settings, spread_st):
    measured = melody(contour(0, 60, spread_st=spread_st), settings)
    assert measured.f0_spread_st.values == pytest.approx(np.full(51, spread_st), abs=SPREAD_ST)
    assert measured.f0_spread_st.times[0] == 5.0
    assert measured.monotone_ratio == (1.0 if spread_st < 3.5 else 0.0)


def test_flat_stretch_is_placed_and_its_share_counted(settings):
    f0 = joined(
        contour(0, 20, spread_st=8),
        contour(20, 45, spread_st=1),
        contour(45, 60, spread_st=8),
    )
    measured = melody(f0, settings)
    (flat,) = measured.monotone
    assert flat.start == pytest.approx(20, abs=2)
    assert flat.end == pytest.approx(45, abs=2)
    assert measured.monotone_ratio == pytest.approx(25 / 60, abs=0.06)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_octave_errors_do_not_make_a_voice_lively(settings, factor):
    f0 = contour(0, 60, spread_st=2)
    values = f0.values.copy()
    # In every window 14 % of the frames jump by an octave: raw percentiles would be 12 off.
    values[(f0.times % 0.7) < 0.1] *= factor
    wrong = Track(f0.times, values, "Hz")
    raw = 12 * np.log2(values / 100)
    assert np.subtract(*np.percentile(raw, [90, 10])) > 9
    measured = melody(wrong, settings)
    assert measured.f0_spread_st.values == pytest.approx(np.full(51, 2.0), abs=SPREAD_ST)
    assert len(steady_semitones(wrong)[0]) == pytest.approx(0.86 * len(values), rel=0.03)


def test_a_spread_beyond_one_voice_is_not_measured(settings):
    measured = melody(contour(0, 60, spread_st=1), settings)
    assert measured.monotone_ratio == 1.0
    # Two voices in turn, an octave and a half apart, in runs as long as syllables.
    f0 = contour(0, 60, spread_st=1)
    other = Track(f0.times, f0.values * np.where(f0.times % 0.6 < 0.3, 1, 2.9), "Hz")
    raw = 12 * np.log2(other.values / 100)
    assert np.subtract(*np.percentile(raw, [90, 10])) > settings["delivery.spread_most_st"]
    assert np.isnan(melody(other, settings).f0_spread_st.values).all()


def test_soft_voices_in_the_background_do_not_count(settings):
    # Another voice, 20 dB softer, in every other half second.
    f0 = contour(0, 60, spread_st=2)
    soft = f0.times % 1 >= 0.5
    mixed = Track(f0.times, f0.values * np.where(soft, 2.0, 1.0), "Hz")
    gain = np.ones(60 * RATE_HZ)
    gain[np.arange(60 * RATE_HZ) % RATE_HZ >= RATE_HZ // 2] = 0.1
    measured, _ = measure_delivery(
        None, metrics((0, 60)), mixed, levels_of(hum(60, gain)), settings, voice=None
    )
    assert measured.f0_spread_st.values == pytest.approx(np.full(51, 2.0), abs=SPREAD_ST)


def test_too_little_voice_is_not_measured(settings):
    f0 = contour(0, 60, spread_st=2)
    sparse = Track(f0.times, np.where(f0.times % 1 < 0.25, f0.values, np.nan), "Hz")
    measured = melody(sparse, settings)
    assert np.isnan(measured.f0_spread_st.values).all()
    assert math.isnan(measured.monotone_ratio)
    assert measured.monotone == ()
    for empty in (NO_F0, Track(f0.times, np.full(len(f0.times), np.nan), "Hz")):
        assert math.isnan(melody(empty, settings).monotone_ratio)


def test_an_answer_shorter_than_the_window_is_not_measured(settings):
    measured, cautions = measure_delivery(
        None, metrics((0, 9)), contour(0, 9, spread_st=1), levels_of(hum(1, 1)), settings,
        voice=None,
    )  # fmt: skip
    assert len(measured.f0_spread_st.times) == 0
    assert math.isnan(measured.monotone_ratio)
    assert "melody over time" in cautions[-1].text


def test_monotone_stretch_begins_and_ends_with_talk(settings):
    f0 = joined(contour(2, 12, spread_st=1), contour(17, 30, spread_st=1))
    measured, _ = measure_delivery(
        None, metrics((2, 12), (17, 30)), f0, levels_of(hum(1, 1)), settings, voice=None
    )
    (flat,) = measured.monotone
    assert (flat.start, flat.end) == (2, 30)
    assert measured.monotone_ratio == 1.0


# --- ends of sentences -----------------------------------------------------------------------

SPEECH = ((0.5, 5.0), (6.0, 11.0), (12.0, 16.0))
WORDS = [*even(0.5, 5, per_s=2), *even(6, 11, per_s=2), *even(12, 16, per_s=2)]


def drops_of(samples, settings, *, speech=SPEECH, voice=QUIET, words=None, **options):
    lost = options.pop("lost", ())
    measured, cautions = measure_delivery(
        said(*(words or WORDS)), metrics(*speech, lost=lost), NO_F0, levels_of(samples), settings,
        voice=voice, **options,
    )  # fmt: skip
    return measured, [c.code for c in cautions]


@pytest.mark.parametrize("drop_db", [11.0, 14.0, 20.0])
def test_a_soft_end_is_found_with_its_drop(settings, drop_db):
    gain = gain_of((17, SPEECH), (10.3, 11.0, -drop_db))
    measured, _ = drops_of(hum(17, gain), settings)
    assert measured.sentence_end_count == 3
    (drop,) = measured.drops
    assert drop.drop_db == pytest.approx(drop_db, abs=DROP_DB)
    assert (drop.start, drop.end) == (pytest.approx(10.3, abs=0.03), pytest.approx(11, abs=0.03))


def test_an_even_voice_and_a_natural_fall_are_no_drops(settings):
    gain = gain_of((17, SPEECH), (4.3, 5, -6), (10.3, 11, -8), (15.3, 16, 3))
    measured, _ = drops_of(hum(17, gain), settings)
    assert measured.sentence_end_count == 3
    assert measured.drops == ()


def test_noise_is_taken_out_of_the_levels(settings):
    noise_dbfs = -38.0
    rng = np.random.default_rng(1)
    noise = 10 ** (noise_dbfs / 20) * rng.standard_normal(17 * RATE_HZ)
    gain = gain_of((17, SPEECH), (10.3, 11.0, -14))
    samples = (hum(17, gain) + noise).astype(np.float32)
    voice = replace(QUIET, noise_floor_dbfs=noise_dbfs, snr_db=16.0)
    measured, _ = drops_of(samples, settings, voice=voice)
    (drop,) = measured.drops
    assert drop.drop_db == pytest.approx(14, abs=1.5)


@pytest.mark.parametrize("snr_db", [9.9, math.nan, None])
def test_soft_ends_are_withheld_in_noise(settings, snr_db):
    voice = None if snr_db is None else replace(QUIET, snr_db=snr_db)
    gain = gain_of((17, SPEECH), (10.3, 11.0, -14))
    measured, codes = drops_of(hum(17, gain), settings, voice=voice)
    assert measured.sentence_end_count == 0
    assert measured.drops == ()
    assert "ends-withheld" in codes


def test_ends_without_a_pause_behind_them_are_not_judged(settings):
    words = [*even(0.5, 5, per_s=2), *even(5, 9.5, per_s=2)]
    gain = gain_of((11, ((0.5, 9.5),)), (4.3, 5, -14))
    measured, _ = drops_of(hum(11, gain), settings, speech=((0.5, 9.5),), words=words)
    assert measured.sentence_end_count == 1
    assert measured.drops == ()


def test_a_short_sentence_is_not_judged(settings):
    speech = ((0.5, 2.5), (4.0, 9.0))
    words = [*even(0.5, 2.5, per_s=2), *even(4, 9, per_s=2)]
    gain = gain_of((10, speech), (1.8, 2.5, -14))
    measured, _ = drops_of(hum(10, gain), settings, speech=speech, words=words)
    assert measured.sentence_end_count == 1


def test_lost_sound_and_a_cut_recording_are_no_ends(settings):
    gain = gain_of((17, SPEECH), (10.3, 11.0, -14))
    measured, _ = drops_of(hum(17, gain), settings, lost=(Segment(11.0, 12.0),))
    assert measured.sentence_end_count == 2
    assert measured.drops == ()


def test_a_soft_um_behind_a_sentence_is_not_its_end(settings):
    speech = ((0.5, 5.0), (6.0, 11.5), (12.5, 16.5))
    words = [*even(0.5, 5, per_s=2), *even(6, 11, per_s=2), *even(12.5, 16.5, per_s=2)]
    gain = gain_of((17.5, speech), (11.0, 11.5, -16))
    um = Filler(11.0, 11.5, "um", "acoustic", 0.9, True)
    measured, _ = drops_of(hum(17.5, gain), settings, speech=speech, words=words, fillers=(um,))
    assert measured.sentence_end_count == 3
    assert measured.drops == ()


def test_a_fading_end_that_the_voice_detector_missed_is_heard(settings):
    # The detector stops at 10.4 s; the voice goes on 16 dB softer to 11.0 s.
    gain = gain_of((17, SPEECH), (10.3, 11.0, -16))
    samples = hum(17, gain)
    heard = ((0.5, 5.0), (6.0, 10.4), (12.0, 16.0))
    measured, _ = drops_of(samples, settings, speech=heard)
    assert measured.drops == ()
    tails = soft_tails(metrics(*heard).speech, 17.0)
    assert tails[1] == Segment(10.4, 11.4)
    measured, _ = drops_of(samples, settings, speech=heard, tail_f0=track_f0(samples, tails))
    (drop,) = measured.drops
    assert drop.drop_db == pytest.approx(16, abs=1.5)
    assert drop.end == pytest.approx(11.0, abs=0.05)


def test_breath_behind_a_sentence_is_not_its_end(settings):
    rng = np.random.default_rng(2)
    samples = hum(17, gain_of((17, SPEECH)))
    breath = slice(round(11.05 * RATE_HZ), round(11.6 * RATE_HZ))
    samples[breath] += (0.02 * rng.standard_normal(breath.stop - breath.start)).astype(np.float32)
    tails = soft_tails(metrics(*SPEECH).speech, 17.0)
    (_, middle, _) = judge_sentence_ends(
        said(*WORDS), metrics(*SPEECH), levels_of(samples), QUIET, settings,
        tail_f0=track_f0(samples, tails),
    )  # fmt: skip
    assert middle.end == pytest.approx(11.0, abs=0.05)
    assert middle.drop_db < 1


# --- what is missing -------------------------------------------------------------------------


def test_nobody_spoke(settings):
    silent = SpeechMetrics(10.0, None, 0.0, math.nan, math.nan, (), ())
    assert measure_delivery(None, silent, NO_F0, levels_of(hum(1, 1)), settings, voice=None) == (
        None,
        (),
    )


def test_without_words_only_the_melody_is_measured(settings):
    measured = melody(contour(0, 60, spread_st=6), settings)
    assert measured.pace_unit == ""
    assert measured.fastest is None
    assert measured.sentence_end_count == 0
    assert measured.monotone_ratio == 0.0


def test_limits_are_kept_with_the_result(settings):
    measured = melody(contour(0, 60, spread_st=6), settings)
    assert measured.pace_window_s == settings["pace.window_s"]
    assert measured.flat_below_st == settings["delivery.flat_below_st"]
    assert measured.flat_window_s == settings["delivery.flat_window_s"]
    assert measured.drop_from_db == settings["delivery.drop_from_db"]
