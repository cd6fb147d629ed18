"""Language: weighed over stretches, said where it contradicts the user, nothing counted blindly."""

import itertools
import json
import wave
from pathlib import Path

import numpy as np
import pytest

from analysis.asr import LanguageGuess, Recogniser
from analysis.errors import AnalysisError
from analysis.japanese import has_japanese
from analysis.language import (
    MOST_STRETCHES,
    LanguageChoice,
    Vote,
    choose_language,
    decide,
    doubt_words,
    listen,
    pooled,
    stretches,
    word_belief,
)
from analysis.language_switches import doubtful_passages, find_switches
from analysis.media import RATE_HZ, read_sound
from analysis.models import resolve_model
from analysis.results import Word
from analysis.sound_stage import measure_sound
from analysis.timeline import Segment, intersect, total

SAMPLES = {"en": "english_take", "ja": "japanese_take"}


def vote(start, end, speech_s=None, **probabilities):
    """A stretch: vote(0, 20, en=0.9)."""
    top = max(probabilities, key=lambda code: probabilities[code])
    supported = {code: probabilities.get(code, 0.0) for code in ("en", "ja")}
    guess = LanguageGuess(top, probabilities[top], supported)
    return Vote(start, end, speech_s or end - start, guess)


def codes(choice):
    return [c.code for c in choice.cautions]


def words(*probabilities):
    return tuple(Word(i, i + 0.5, "w", p) for i, p in enumerate(probabilities))


class TestStretches:
    def test_a_short_answer_is_one(self):
        speech = (Segment(1.0, 6.0), Segment(8.0, 10.0))
        assert stretches(speech) == (speech,)

    @pytest.mark.parametrize("length", [3, 19, 26, 45, 70, 100, 150])
    def test_all_of_it_is_heard_while_that_is_possible(self, length):
        speech = (Segment(2.0, 2.0 + length / 3), Segment(100.0, 100.0 + 2 * length / 3))
        parts = stretches(speech)
        assert sum(total(p) for p in parts) == pytest.approx(length)
        assert all(total(p) <= 30.0 + 1e-9 for p in parts)
        assert all(a[-1].end <= b[0].start for a, b in itertools.pairwise(parts))

    def test_of_a_long_answer_start_middle_and_end(self):
        speech = tuple(Segment(10.0 * i, 10.0 * i + 8.0) for i in range(60))
        parts = stretches(speech)
        assert len(parts) == MOST_STRETCHES
        assert [total(p) for p in parts] == pytest.approx([30.0] * MOST_STRETCHES)
        assert parts[0][0].start == 0.0
        assert parts[-1][-1].end == pytest.approx(598.0)
        assert all(total(intersect(p, speech)) == pytest.approx(30.0) for p in parts)

    def test_nobody_spoke(self):
        assert stretches(()) == ()


class TestDecide:
    ENGLISH = (vote(0, 20, en=0.97), vote(20, 40, en=0.95, ja=0.01))
    JAPANESE = (vote(0, 20, ja=0.98), vote(20, 40, ja=0.9, en=0.02))
    RUSSIAN = (vote(0, 20, ru=0.9, en=0.02), vote(20, 40, ru=0.8, en=0.1))

    @pytest.mark.parametrize(
        ("votes", "wanted", "code", "heard", "said"),
        [
            (ENGLISH, "auto", "en", None, []),
            (ENGLISH, "en", "en", None, []),
            (ENGLISH, "ja", "ja", "en", ["language-mismatch"]),
            (JAPANESE, "auto", "ja", None, []),
            (JAPANESE, "ja", "ja", None, []),
            (JAPANESE, "en", "en", "ja", ["language-mismatch"]),
            (RUSSIAN, "auto", None, "ru", ["language-not-supported"]),
            (RUSSIAN, "en", "en", "ru", ["language-mismatch"]),
            (RUSSIAN, "ja", "ja", "ru", ["language-mismatch"]),
        ],
    )
    def test_given_and_detected(self, votes, wanted, code, heard, said):
        choice = decide(votes, wanted)
        assert (choice.code, choice.heard, codes(choice)) == (code, heard, said)

    def test_the_first_stretch_alone_does_not_decide(self):
        # A greeting in the other language, then the answer.
        votes = (vote(0, 20, ja=0.7, en=0.2), vote(20, 40, en=0.95), vote(40, 60, en=0.95))
        choice = decide(votes, "auto")
        assert (choice.code, codes(choice)) == ("en", [])
        assert choice.probability == pytest.approx((0.2 + 0.95 + 0.95) / 3)

    def test_longer_stretches_weigh_more(self):
        votes = (vote(0, 5, speech_s=2.0, ja=0.9), vote(5, 30, speech_s=20.0, en=0.9))
        assert decide(votes, "auto").code == "en"
        assert pooled(votes)["en"] == pytest.approx(0.9 * 20 / 22)

    @pytest.mark.parametrize("wanted", ["auto", "en", "ja"])
    def test_a_switch_in_the_middle_is_said_with_its_time(self, wanted):
        votes = (
            vote(0, 20, en=0.95),
            vote(20, 40, en=0.95),
            vote(65, 85, ja=0.95),
            vote(85, 105, ja=0.95),
        )
        choice = decide(votes, wanted)
        assert codes(choice) == ["language-mixed"]
        text = choice.cautions[0].text
        if choice.code == "en":
            assert "From 1:05 to 1:45 it sounds like Japanese" in text
        else:
            assert "From 0:00 to 0:40 it sounds like English" in text

    def test_hard_to_tell(self):
        assert codes(decide((vote(0, 8, en=0.3, ja=0.25),), "auto")) == ["language-unsure"]
        # A weak guess of a third language, while English is nearly as likely: English is assumed.
        choice = decide((vote(0, 8, cy=0.35, en=0.3),), "auto")
        assert (choice.code, codes(choice)) == ("en", ["language-unsure"])

    def test_no_weak_guess_contradicts_the_user(self):
        assert codes(decide((vote(0, 8, ja=0.6, en=0.3),), "en")) == []
        assert codes(decide((vote(0, 8, ja=0.45, en=0.05),), "en")) == []
        assert codes(decide((vote(0, 8, ja=0.6, en=0.05),), "en")) == ["language-mismatch"]

    def test_no_votes(self):
        assert decide((), "auto").code is None
        assert decide((), "ja").code == "ja"


class TestWordsAreDoubted:
    def test_belief_is_a_geometric_mean(self):
        assert word_belief(words(0.9, 0.4)) == pytest.approx(0.6)
        assert word_belief(words(0.0)) == pytest.approx(0.001)
        assert np.isnan(word_belief(()))

    @pytest.mark.parametrize(
        ("heard", "checked", "belief", "withheld"),
        [
            ("ja", True, 0.3, True),
            ("ja", True, 0.9, False),  # an accent: the words are believed
            (None, True, 0.3, False),  # noise: nothing speaks against the language
            (None, False, 0.2, True),  # a model that knows English only
            (None, False, 0.6, False),
        ],
    )
    def test_both_must_agree(self, heard, checked, belief, withheld):
        choice = LanguageChoice("en", 1.0, heard=heard, checked=checked)
        caution = doubt_words(choice, words(*[belief] * 5))
        assert (caution is not None) == withheld
        if caution:
            assert caution.code == "words-not-counted"

    def test_no_words_no_doubt(self):
        assert doubt_words(LanguageChoice("en", 1.0, heard="ja"), ()) is None


class TestDoubtfulPassages:
    SPEECH = (Segment(0.0, 20.0), Segment(22.0, 30.0))

    def spoken(self, *spans, probability=0.9):
        return tuple(
            Word(t, t + 0.4, "w", probability) for a, b in spans for t in np.arange(a, b, 0.5)
        )

    def test_all_is_believed(self):
        words = self.spoken((0, 20), (22, 30))
        assert doubtful_passages(self.SPEECH, words, belief=0.5) == ()

    def test_words_are_missing(self):
        words = self.spoken((0, 10), (16, 20), (26, 30))
        found = doubtful_passages(self.SPEECH, words, belief=0.5)
        assert [(s.start, s.end) for s in found] == [
            pytest.approx((9.9, 16.0)),
            pytest.approx((19.9, 26.0)),
        ]

    def test_words_are_guesses(self):
        words = sorted(
            (*self.spoken((0, 10), (16, 30)), *self.spoken((10, 16), probability=0.1)),
            key=lambda w: w.start,
        )
        (found,) = doubtful_passages(self.SPEECH, tuple(words), belief=0.5)
        assert found.start == pytest.approx(10.0, abs=1.0)
        assert found.end == pytest.approx(16.0, abs=1.0)

    def test_one_odd_word_is_no_passage(self):
        words = (*self.spoken((0, 9)), Word(9.0, 9.4, "Zaiko", 0.05), *self.spoken((9.5, 30)))
        assert doubtful_passages((Segment(0, 30),), words, belief=0.5) == ()

    def test_nobody_spoke(self):
        assert doubtful_passages((), (), belief=0.5) == ()


@pytest.fixture(scope="module")
def recogniser(packaged_models):
    return Recogniser(resolve_model(str(packaged_models / "base")))


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    """Samples and true speech of the sample takes, at 16 kHz."""
    folder = Path(__file__).parents[2] / "sample_media"
    found = {}
    for code, name in SAMPLES.items():
        scratch = tmp_path_factory.mktemp(name)
        samples = np.array(read_sound(folder / f"{name}.mp4", scratch).samples)
        truth = json.loads((folder / f"{name}.expected.json").read_text("utf-8"))
        speech = tuple(Segment(p["start"], p["end"]) for p in truth["parts"])
        found[code] = (samples, speech)
    return found


def first(heard, code, seconds):
    """The first seconds of speech of a take, its silences left out."""
    samples, speech = heard[code]
    picked = np.concatenate(
        [samples[round(s.start * RATE_HZ) : round(s.end * RATE_HZ)] for s in speech]
    )
    return picked[: round(seconds * RATE_HZ)]


class TestSound:
    """The recogniser itself, on the samples."""

    @pytest.mark.parametrize("wanted", ["auto", "en", "ja"])
    @pytest.mark.parametrize("spoken", ["en", "ja"])
    @pytest.mark.parametrize("seconds", [6.0, 20.0])
    def test_every_combination(self, recogniser, heard, spoken, wanted, seconds):
        sound = first(heard, spoken, seconds)
        choice = choose_language(recogniser, sound, (Segment(0.0, seconds),), wanted)
        assert choice.code == (spoken if wanted == "auto" else wanted)
        expected = [] if wanted in ("auto", spoken) else ["language-mismatch"]
        assert codes(choice) == expected

    @pytest.mark.parametrize("order", ["enja", "jaen"])
    def test_half_english_half_japanese(self, recogniser, heard, order):
        parts = [first(heard, code, 20.0) for code in (order[:2], order[2:])]
        sound = np.concatenate([parts[0], np.zeros(RATE_HZ, np.float32), parts[1]])
        speech = (Segment(0.0, 20.0), Segment(21.0, 41.0))
        assert len(listen(recogniser, sound, speech)) == 2
        choice = choose_language(recogniser, sound, speech, "auto")
        assert codes(choice) == ["language-mixed"]

    @pytest.mark.parametrize("main", ["en", "ja"])
    def test_a_sentence_in_the_other_language(self, recogniser, heard, main):
        other = "ja" if main == "en" else "en"
        sound = np.concatenate(
            [first(heard, main, 12.0), first(heard, other, 5.0), first(heard, main, 12.0)]
        )
        speech = (Segment(0.0, 29.0),)
        # The recogniser dropped it, as it does.
        words = tuple(Word(t, t + 0.4, "w", 0.9) for t in np.arange(0, 29, 0.5) if not 12 <= t < 17)
        choice = LanguageChoice(main, 1.0)
        (caution,) = find_switches(recogniser, sound, speech, words, choice)
        assert caution.code == "language-mixed"
        everything = tuple(Word(t, t + 0.4, "w", 0.9) for t in np.arange(0, 29, 0.5))
        assert find_switches(recogniser, sound, speech, everything, choice) == ()

    def test_soft_and_noisy(self, recogniser, heard):
        sound = first(heard, "ja", 8.0)
        level = np.sqrt(np.mean(sound**2))
        noise = np.random.default_rng(1).normal(0, level * 10**-0.5, len(sound))
        for changed in (sound * 0.01, sound + noise):
            choice = choose_language(
                recogniser, changed.astype(np.float32), (Segment(0.0, 8.0),), "en"
            )
            assert codes(choice) == ["language-mismatch"]


@pytest.fixture(scope="module")
def tiny(packaged_models):
    return Recogniser(resolve_model(str(packaged_models / "tiny.en")))


class TestEnglishOnlyModel:
    def test_language_choice(self, tiny):
        speech = (Segment(0.0, 1.0),)
        nothing = np.zeros(RATE_HZ, np.float32)
        choice = choose_language(tiny, nothing, speech, "auto")
        assert (choice.code, choice.checked) == ("en", False)
        assert codes(choice) == ["language-not-checked"]
        assert codes(choose_language(tiny, nothing, speech, "en")) == []
        with pytest.raises(AnalysisError, match=r"knows English only.*--model base"):
            choose_language(tiny, nothing, speech, "ja")

    @pytest.mark.parametrize(("spoken", "withheld"), [("en", False), ("ja", True)])
    def test_japanese_is_noticed_by_the_words(self, tiny, heard, spoken, withheld):
        sound = first(heard, spoken, 20.0)
        speech = (Segment(0.0, 20.0),)
        choice = choose_language(tiny, sound, speech, "en")
        found = tiny.recognise(sound, speech, speech, language="en", beam_size=1)
        assert found.words
        assert (doubt_words(choice, found.words) is not None) == withheld


class TestWholeAnswer:
    """A sentence in the other language inside an answer, through the sound stage."""

    @pytest.mark.parametrize("main", ["en", "ja"])
    def test_the_counts_stay_sane_and_it_is_said(self, heard, tmp_path, packaged_models, main):
        other = "ja" if main == "en" else "en"
        whole = first(heard, main, 22.0)
        middle = 11 * RATE_HZ
        mixed = np.concatenate([whole[:middle], first(heard, other, 5.0), whole[middle:]])
        choice = resolve_model(str(packaged_models / "base"))
        results = [
            measure_sound(
                written(sound, tmp_path / f"{i}.wav"),
                tmp_path,
                choice,
                language=main,
                beam_size=1,
                progress=lambda _: None,
            )
            for i, sound in enumerate((whole, mixed))
        ]
        alone, both = (
            r.speech.mora_count if main == "ja" else r.speech.syllable_count for r in results
        )
        # Five seconds more of either language are 10 to 50 units; the recogniser may drop them.
        assert 0.85 * alone <= both <= alone + 50
        assert "language-mixed" not in [c.code for c in results[0].cautions]
        # It is written down in its own language, or said to be missing.
        other_words = [
            w for w in results[1].transcript.words if has_japanese(w.text) == (main == "en")
        ]
        said = "language-mixed" in [c.code for c in results[1].cautions]
        assert said or len(other_words) >= 5


def written(sound, path):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path
