"""The labelled corpus: splicing, conditions, reader and scripts. Nothing here speaks."""

import importlib
import json
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

FOLDER = Path(__file__).parent / "corpus"
RATE_HZ = 16000
EDGE_S = 0.011
"""frames of 10 ms that start every 5 ms"""
NAMES = ("answer", "conditions", "make_corpus", "read_corpus", "script", "sound", "splice",
         "summary", "voices")  # fmt: skip


@pytest.fixture(scope="module")
def corpus():
    """The modules as the programs import them: from their own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(FOLDER), *sys.path])
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in NAMES})


def tone(length_s, *, hz=220.0, level=0.2, rate_hz=RATE_HZ):
    time_s = np.arange(round(length_s * rate_hz)) / rate_hz
    return level * np.sin(2 * np.pi * hz * time_s)


def quiet(length_s, rate_hz=RATE_HZ):
    return np.zeros(round(length_s * rate_hz))


def speech_like(seconds=12.0, rate_hz=RATE_HZ, seed=1):
    """Bursts of shaped noise of 0.3 to 1 s with gaps, at about -23 dBFS."""
    random = np.random.default_rng(seed)
    pieces, total = [], 0
    while total < seconds * rate_hz:
        burst = random.standard_normal(round(random.uniform(0.3, 1.0) * rate_hz))
        burst = np.convolve(burst, np.hanning(9) / np.hanning(9).sum(), "same")
        gap = np.zeros(round(random.uniform(0.2, 0.7) * rate_hz))
        pieces += [burst, gap]
        total += burst.size + gap.size
    whole = np.concatenate(pieces)[: round(seconds * rate_hz)]
    return whole * (10 ** (-23 / 20) / np.sqrt(np.mean(np.square(whole[np.abs(whole) > 0]))))


# --- cutting and splicing ---------------------------------------------------------------------


def test_a_chunk_is_cut_to_its_voice(corpus):
    raw = np.concatenate([quiet(0.3), tone(0.5), quiet(0.25), tone(0.2), quiet(0.4)])
    piece, edges = corpus.sound.cut_to_voice(raw, RATE_HZ)
    assert [pytest.approx(edge, abs=EDGE_S) for edge in edges] == [(0.0, 0.5), (0.75, 0.95)]
    assert piece.size / RATE_HZ == pytest.approx(0.95 + 2 * corpus.sound.MARGIN_S, abs=EDGE_S)


def test_a_short_gap_inside_a_chunk_is_no_gap(corpus):
    raw = np.concatenate([tone(0.3), quiet(0.1), tone(0.3)])
    _, edges = corpus.sound.cut_to_voice(raw, RATE_HZ)
    assert edges == [pytest.approx((0.0, 0.7), abs=EDGE_S)]


def test_a_chunk_without_voice_is_refused(corpus):
    with pytest.raises(ValueError, match="no voice"):
        corpus.sound.cut_to_voice(np.empty(0), RATE_HZ)


def test_spliced_edges_are_where_the_sound_is(corpus):
    tape = corpus.splice.Tape(RATE_HZ)
    places = []
    for length_s, gap_s in ((0.4, 1.0), (0.6, 0.5), (0.3, 31.0), (0.5, 0.0), (0.25, 0.2)):
        piece, edges = corpus.sound.cut_to_voice(tone(length_s), RATE_HZ)
        places.append(tape.append(piece, edges, gap_s=gap_s))
    assert [start for start, _ in places] == pytest.approx(
        [1.0, 1.9, 33.5, 33.8, 34.5], abs=5 * EDGE_S
    )
    assert places[1][0] - places[0][1] == pytest.approx(0.5, abs=1 / RATE_HZ)
    assert places[2][0] - places[1][1] == pytest.approx(31.0, abs=1 / RATE_HZ)

    mixed = tape.samples(tail_s=0.7)
    heard = corpus.sound.voice_edges(mixed, RATE_HZ)
    labelled = tape.speech()
    assert len(labelled) == 4  # the fourth clings to the third
    assert len(heard) == len(labelled)
    for mine, theirs in zip(labelled, heard, strict=True):
        assert mine == pytest.approx(theirs, abs=corpus.sound.MARGIN_S)
    assert mixed.size / RATE_HZ == pytest.approx(places[-1][1] + 0.7, abs=1 / RATE_HZ)


def test_a_chunk_may_start_the_tape_without_losing_its_beginning(corpus):
    tape = corpus.splice.Tape(RATE_HZ)
    piece, edges = corpus.sound.cut_to_voice(tone(0.4), RATE_HZ)
    assert tape.append(piece, edges, gap_s=0.0)[0] == 0.0
    mixed = tape.samples(tail_s=0.1)
    margin = round(corpus.sound.MARGIN_S * RATE_HZ)
    assert np.array_equal(mixed[: piece.size - margin], piece[margin:])


def test_lengthening_by_psola_gives_the_wanted_length(corpus):
    time_s = np.arange(round(0.3 * RATE_HZ)) / RATE_HZ
    order = np.arange(1, 12)[:, None]
    voice = 0.1 * (np.sin(2 * np.pi * 120 * order * time_s) / order).sum(axis=0)
    longer = corpus.sound.reshape(voice, RATE_HZ, lengthen=2.5, lower_st=2.0, flatten=0.5)
    assert longer.size / voice.size == pytest.approx(2.5, rel=0.05)
    share, f0_hz = corpus.sound.voiced_share(longer, RATE_HZ)
    assert share > 0.8
    assert f0_hz == pytest.approx(120 * 2 ** (-2 / 12), rel=0.03)


def test_closing_lips_are_told_from_a_vowel(corpus):
    time_s = np.arange(round(0.4 * RATE_HZ)) / RATE_HZ

    def vowel_to(high):
        lows = sum(np.sin(2 * np.pi * 120 * k * time_s) for k in (1, 2, 3, 4, 5))
        highs = sum(np.sin(2 * np.pi * 120 * k * time_s) for k in (8, 9, 10, 11))
        return lows + highs * np.linspace(1, high, time_s.size) ** 2

    assert corpus.sound.nasal_end_db(vowel_to(0.0), RATE_HZ) > 6
    assert abs(corpus.sound.nasal_end_db(vowel_to(1.0), RATE_HZ)) < 2


# --- conditions -------------------------------------------------------------------------------


CONDITION_NAMES = ("clean", "white20", "white10", "pink20", "pink10", "babble20", "babble10",
                   "room", "bluetooth8k", "clipped", "soft45", "hum1", "hum2")  # fmt: skip


def test_the_conditions_are_those_that_are_reported(corpus):
    assert tuple(corpus.conditions.CONDITIONS) == CONDITION_NAMES


def degraded(corpus, name, rate_hz=RATE_HZ):
    sound = speech_like(rate_hz=rate_hz)
    babble = speech_like(seconds=5, rate_hz=rate_hz, seed=2)
    return sound, corpus.conditions.degrade(sound, rate_hz, name, seed=5, babble=babble)


@pytest.mark.parametrize("rate_hz", [16000, 48000])
@pytest.mark.parametrize("name", CONDITION_NAMES)
def test_nothing_moves_in_time(corpus, name, rate_hz):
    sound, heard = degraded(corpus, name, rate_hz)
    assert heard.size == sound.size
    assert np.abs(heard).max() <= 1.0
    size = 2 ** int(np.ceil(np.log2(2 * sound.size)))
    crossed = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sound, size)), size)
    lag = int(np.argmax(crossed))
    assert min(lag, size - lag) <= 1


@pytest.mark.parametrize("name", ["white20", "white10", "pink20", "pink10", "babble20", "babble10",
                                  "hum1", "hum2"])  # fmt: skip
def test_the_noise_has_the_wanted_ratio(corpus, name):
    sound, heard = degraded(corpus, name)
    # A rare turning down of the whole is found again from the sound itself.
    gain = np.dot(heard, sound) / np.dot(sound, sound)
    noise = heard / gain - sound
    spoken = np.sqrt(np.mean(np.square(sound[np.abs(sound) > 0])))
    ratio_db = 20 * np.log10(spoken / np.sqrt(np.mean(np.square(noise))))
    assert ratio_db == pytest.approx(corpus.conditions.CONDITIONS[name].snr_db, abs=1.0)


def band_share_db(sound, low_hz, high_hz, rate_hz=RATE_HZ):
    power = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.fft.rfftfreq(sound.size, 1 / rate_hz)
    return 10 * np.log10(power[(hz >= low_hz) & (hz < high_hz)].mean() + 1e-20)


def test_pink_noise_falls_by_three_decibels_an_octave(corpus):
    nothing = speech_like() * 1e-3
    own = corpus.conditions.Condition("loud", "noise", "pink", -60.0)
    noise = corpus.conditions.degrade(nothing, RATE_HZ, own, seed=1)
    fall_db = band_share_db(noise, 200, 400) - band_share_db(noise, 3200, 6400)
    assert fall_db == pytest.approx(4 * 3.01, abs=1.0)


def test_the_headset_lets_only_the_telephone_band_through(corpus):
    sound, heard = degraded(corpus, "bluetooth8k")
    kept = band_share_db(heard, 500, 3000) - band_share_db(sound, 500, 3000)
    assert kept == pytest.approx(0.0, abs=1.0)
    assert band_share_db(heard, 20, 150) < band_share_db(sound, 20, 150) - 20
    assert band_share_db(heard, 4200, 7900) < band_share_db(sound, 4200, 7900) - 40


def test_the_headset_codes_to_eight_bits(corpus):
    ramp = np.linspace(-0.9, 0.9, 8000)
    assert 200 <= np.unique(corpus.conditions._mu_law(ramp)).size <= 256


def test_clipped_is_really_clipped(corpus):
    _, heard = degraded(corpus, "clipped")
    ceiling = 10 ** (-1 / 20)
    assert np.abs(heard).max() == pytest.approx(ceiling)
    assert np.mean(np.isclose(np.abs(heard), ceiling)) > 0.02


def test_soft_speech_is_at_its_level_and_in_16_bit(corpus):
    sound, heard = degraded(corpus, "soft45")
    spoken = heard[np.abs(sound) > 0]
    assert 20 * np.log10(np.sqrt(np.mean(np.square(spoken)))) == pytest.approx(-45, abs=1.0)
    assert np.array_equal(heard * 32768, np.round(heard * 32768))


def test_the_room_decays_as_long_as_it_says(corpus):
    click = quiet(2.0)
    click[1600:1616] = np.random.default_rng(4).standard_normal(16) / 5

    def level_db(start_s):
        first = round(start_s * RATE_HZ)
        parts = [heard[first : first + RATE_HZ // 10] for heard in rooms]
        return 10 * np.log10(np.mean(np.square(parts)))

    rooms = [corpus.conditions.degrade(click, RATE_HZ, "room", seed=seed) for seed in range(6)]
    assert max(np.abs(heard[:1600]).max() for heard in rooms) < 1e-9
    # 60 dB in 0.6 s are 30 dB in 0.3 s.
    assert level_db(0.15) - level_db(0.45) == pytest.approx(30.0, abs=2.0)


def test_the_two_hums_differ(corpus):
    _, one = degraded(corpus, "hum1")
    _, other = degraded(corpus, "hum2")
    gaps = speech_like() == 0
    assert np.corrcoef(one[gaps], other[gaps])[0, 1] == pytest.approx(0, abs=0.2)


def test_a_seed_gives_the_same_noise_again(corpus):
    sound = speech_like()
    runs = [corpus.conditions.degrade(sound, RATE_HZ, "pink10", seed=s) for s in (7, 7, 8)]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_babble_is_asked_for(corpus):
    with pytest.raises(ValueError, match="babble"):
        corpus.conditions.degrade(speech_like(), RATE_HZ, "babble20", seed=1)


# --- the reader -------------------------------------------------------------------------------


LABELS = {
    "name": "en-somebody", "language": "en", "voice": "v0", "half": "tuning",
    "audio": "en-somebody.flac", "duration_s": 3.0, "text": "so we we began", "word_count": 4,
    "mora_count": None, "reading": None,
    "speech": [{"start": 0.5, "end": 1.2}, {"start": 1.5, "end": 2.5}],
    "parts": [{"kind": "hesitation", "start": 0.5, "end": 0.9, "text": "um"}],
    "hesitations": [{"start": 0.5, "end": 0.9, "text": "um", "place": "first"}],
    "lexical_fillers": [{"start": 0.9, "end": 1.2, "text": "so"}],
    "content_uses": [],
    "repetitions": [{"start": 1.5, "end": 1.7, "text": "we", "kind": "repetition"}],
    "stretched": [],
    "robotic": False,
}  # fmt: skip


def put_take(corpus, folder, samples, **changes):
    labels = {**LABELS, **changes}
    corpus.make_corpus.write_flac(folder / labels["audio"], samples, RATE_HZ)
    (folder / f"{labels['name']}.json").write_text(json.dumps(labels), "utf-8")


def test_a_take_is_read_as_it_was_written(corpus, tmp_path):
    samples = np.round(speech_like(seconds=3) * 32768) / 32768
    put_take(corpus, tmp_path, samples)
    (take,) = corpus.read_corpus.read_corpus(tmp_path)
    assert take.audio == tmp_path / "en-somebody.flac"
    assert take.hesitations[0].place == "first"
    assert (take.speech[1].start, take.speech[1].end) == (1.5, 2.5)
    assert take.repetitions[0].kind == "repetition"
    assert take.mora_count is None
    heard, rate_hz = corpus.read_corpus.read_sound(take.audio)
    assert rate_hz == RATE_HZ
    assert np.array_equal(heard, samples)


def test_a_half_is_read_alone(corpus, tmp_path):
    samples = speech_like(seconds=3)
    put_take(corpus, tmp_path, samples)
    put_take(corpus, tmp_path, samples, name="ja-other", audio="ja-other.flac", half="test")
    read = corpus.read_corpus.read_corpus
    assert [take.name for take in read(tmp_path)] == ["en-somebody", "ja-other"]
    assert [take.name for take in read(tmp_path, half="test")] == ["ja-other"]
    with pytest.raises(ValueError, match="halves"):
        read(tmp_path, half="training")


def test_babble_leaves_the_speaker_out_and_has_no_gaps(corpus, tmp_path):
    for number in range(6):
        samples = speech_like(seconds=3, seed=number)
        put_take(corpus, tmp_path, samples, name=f"t{number}", audio=f"t{number}.flac",
                 voice=f"v{number}")  # fmt: skip
    # The speaker's own take is unreadable: whoever uses it fails.
    (tmp_path / "t0.flac").write_bytes(b"")
    takes = corpus.read_corpus.read_corpus(tmp_path)
    mixed = corpus.read_corpus.babble_of(takes, "v0", RATE_HZ, 4.0, seed=1)
    assert mixed.size == 4 * RATE_HZ
    levels = corpus.sound.frame_levels(mixed, RATE_HZ)
    assert levels.min() > levels.max() - 35
    with pytest.raises(ValueError, match="4 talkers"):
        corpus.read_corpus.babble_of(takes[:4], "v0", RATE_HZ, 4.0)


# --- scripts ----------------------------------------------------------------------------------


def test_the_markup_is_read(corpus):
    s = corpus.script
    steps = s.read_script("@ {I} I saw <you know> the [kind of] thing & /\n~so~ @@um /31.5")
    assert steps == (
        s.Hesitate(1, None, attached=False),
        s.Say("I", "repetition", False),
        s.Say("I saw", "speech", True),
        s.Say("you know", "filler", True),
        s.Say("the", "speech", True),
        s.Say("kind of", "content", True),
        s.Say("thing", "speech", True),
        s.Hesitate(1, None, attached=True),
        s.Pause(0.3, 0.9),
        s.Say("so", "stretched", False),
        s.Hesitate(2, "um", attached=False),
        s.Pause(31.5, 31.5),
    )
    assert s.plain_text(steps, language="en") == "I I saw you know the kind of thing so"


def test_a_restart_is_told_from_a_repetition(corpus):
    steps = corpus.script.read_script("{what we-} what I did")
    assert steps[0].role == "restart"
    assert corpus.script.plain_text(steps, language="en") == "what we what I did"


def test_japanese_clauses_do_not_run_into_each_other(corpus):
    steps = corpus.script.read_script("@ はい <まあ> そう 思います\n次に進みます")
    text = corpus.script.plain_text(steps, language="ja")
    assert text == "はいまあそう、思います、次に進みます"


@pytest.mark.parametrize("broken", ["we [began", "<like we began", "so ~so", "a //// b"])
def test_a_mark_left_open_is_refused(corpus, broken):
    with pytest.raises(ValueError, match=r"not closed|one to three strokes"):
        corpus.script.read_script(broken)


def test_morae_are_counted(corpus):
    count = corpus.answer.count_morae
    assert count("キシャ") == 2
    assert count("チューシン") == 4
    assert count("イッカゲツ") == 5
    assert count("") == 0


def test_every_take_has_a_script_and_a_voice_of_its_half(corpus):
    scripts = corpus.make_corpus.read_scripts()
    castings = corpus.make_corpus.read_castings()
    assert len({casting.name for casting in castings}) == len(castings)
    assert {casting.script for casting in castings} == set(scripts)
    for casting in castings:
        voice, script = corpus.voices.VOICES[casting.voice], scripts[casting.script]
        assert (voice.half, voice.language) == (script["half"], script["language"]), casting.name


def test_no_speaker_is_heard_in_both_halves(corpus):
    halves = {}
    for voice in corpus.voices.VOICES.values():
        halves.setdefault((voice.engine, voice.speaker), set()).add(voice.half)
    assert all(len(half) == 1 for half in halves.values())


def test_the_scripts_hold_what_was_promised(corpus):
    s = corpus.script
    scripts = corpus.make_corpus.read_scripts()
    castings = corpus.make_corpus.read_castings()
    spoken = [s.read_script(scripts[casting.script]["text"]) for casting in castings]
    hesitations = [sum(x.count for x in steps if isinstance(x, s.Hesitate)) for steps in spoken]
    silences = [
        [x.low_s for x in steps if isinstance(x, s.Pause) and x.low_s == x.high_s]
        for steps in spoken
    ]
    assert sum(hesitations) >= 200
    assert len({corpus.voices.VOICES[casting.voice].name for casting in castings}) >= 8
    for language in ("en", "ja"):
        for half in ("tuning", "test"):
            mine = [
                count
                for count, casting in zip(hesitations, castings, strict=True)
                if scripts[casting.script]["half"] == half
                and scripts[casting.script]["language"] == language
            ]
            assert sum(mine) >= 55, (language, half)
            assert mine.count(0) == 1, "one answer is fluent throughout"
    flat = [length for each in silences for length in each]
    assert sum(length > 30 for length in flat) >= 10
    assert any(sum(length > 30 for length in each) == 2 for each in silences)
    assert 29.5 in flat  # close to a silence of half a minute, but none
    assert not [length for length in flat if 20 < length <= 30 and length != 29.5]


def test_texts_of_the_halves_differ(corpus):
    s = corpus.script
    lines = {"tuning": set(), "test": set()}
    for script in corpus.make_corpus.read_scripts().values():
        steps = s.read_script(script["text"])
        long = {x.text for x in steps if isinstance(x, s.Say) and len(x.text) > 12}
        lines[script["half"]] |= long
    assert not lines["tuning"] & lines["test"]


def test_the_files_of_the_scripts_hold_no_unknown_keys():
    for name in ("scripts_en.toml", "scripts_ja.toml"):
        data = tomllib.loads((FOLDER / name).read_text("utf-8"))
        assert set(data) <= {"spoken", "script"}
        for script in data["script"]:
            assert set(script) == {"name", "half", "text"}


def test_the_summary_says_what_is_missing(corpus, tmp_path, capsys):
    put_take(corpus, tmp_path, speech_like(seconds=3))
    corpus.summary.print_summary(tmp_path)
    printed = capsys.readouterr().out
    assert "at least 200 are wanted" in printed
    assert "without a hesitation" in printed
    (take,) = corpus.read_corpus.read_corpus(tmp_path)
    assert corpus.summary.gaps_of(take) == [pytest.approx(0.3)]
    assert corpus.summary.longest_fluent_s(take) == pytest.approx(1.0)
