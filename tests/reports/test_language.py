"""Every sentence of every page is there in Japanese, and a Japanese page holds no English."""

import math
import re
import tomllib
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from analysis.capture_faults import capture_cautions
from analysis.language import name_of
from analysis.results import Caution, Drop
from analysis.timeline import Segment
from recorder.session import CaptureHealth, Fault, Question
from reports import feedback
from reports.cautions import FILE, caution_text
from reports.charts import lanes
from reports.html import render_answer
from reports.language import catalogue, speaking, t, tn
from reports.sight import AGAINST
from reports.targets import read_targets
from tests.reports.sentences import (
    ROOT,
    calls,
    caution_patterns,
    computed,
    normal,
    placeholders,
    sources,
    toml,
)
from tests.reports.sight_cases import with_sight

JAPANESE = sorted((ROOT / "reports" / "data" / "ja").glob("*.toml"))
PHRASES_BEGIN = "# Phrases"


def cautions():
    """Return the patterns of whole sentences, and those of what may stand in them."""
    text = (ROOT / "reports" / "data" / "ja" / FILE).read_text(encoding="utf-8")
    whole, _, phrases = text.partition(PHRASES_BEGIN)
    return tomllib.loads(whole), tomllib.loads(phrases)


# ---- the catalogue -------------------------------------------------------------------------------


def test_every_sentence_has_its_japanese():
    missing = [text for text in sorted(sources()) if text not in catalogue("ja")]
    assert missing == []


def test_everything_that_is_translated_is_known_here():
    unknown = {
        f"{file}: {expression}"
        for file, texts, expression in calls()
        if texts is None and computed(file, expression) is None
    }
    assert unknown == set()


def test_no_japanese_stands_for_a_sentence_that_is_gone():
    whole, phrases = cautions()
    known = sources() | set(whole) | set(phrases)
    orphans = {
        file.name: sorted(set(toml(f"reports/data/ja/{file.name}")) - known) for file in JAPANESE
    }
    assert {name: texts for name, texts in orphans.items() if texts} == {}


@pytest.mark.parametrize("file", JAPANESE, ids=lambda f: f.name)
def test_the_japanese_fills_in_the_same(file):
    for english, japanese in toml(f"reports/data/ja/{file.name}").items():
        assert japanese.strip() or not english.strip(), english
        assert placeholders([japanese]) == placeholders([english]), english


def test_one_sentence_has_one_japanese():
    told = {}
    for file in JAPANESE:
        for english, japanese in toml(f"reports/data/ja/{file.name}").items():
            assert told.setdefault(english, japanese) == japanese, (file.name, english)


@pytest.mark.parametrize("file", JAPANESE, ids=lambda f: f.name)
def test_the_japanese_is_japanese(file):
    for english, japanese in toml(f"reports/data/ja/{file.name}").items():
        left = re.sub(r"\{\w+\}", "", japanese)
        if re.search(r"[A-Za-z]{4}", re.sub(r"\{\w+\}", "", english)):
            assert re.search(r"[ぁ-んァ-ヶ一-龠]", left), english
        # No space before a unit of time, as everywhere on the pages.
        assert not re.search(r"[\d}] (秒|分)", japanese), japanese
        assert not re.search(r"[a-z]+ing\b|\bthe\b|\bof\b", left), japanese


def test_one_and_many_share_their_japanese():
    assert tn("{n} pause", "{n} pauses", 1) == "1 pause"
    assert tn("{n} pause", "{n} pauses", 2) == "2 pauses"
    with speaking("ja"):
        one = tn("{n} time elsewhere", "{n} times elsewhere", 1)
        assert one == tn("{n} time elsewhere", "{n} times elsewhere", 2).replace("2", "1")
        assert one != "1 time elsewhere"


def test_a_text_of_the_user_stays_as_it_is():
    with speaking("ja"):
        assert t("My {own} band") == "My {own} band"
    with pytest.raises(ValueError, match="fr"), speaking("fr"):
        pass
    assert t("in range") == "in range"


# ---- cautions of the analysis --------------------------------------------------------------------


def test_every_caution_has_its_japanese():
    known = {normal(text) for text in cautions()[0]}
    missing = {place: text for text, place in caution_patterns().items() if text not in known}
    assert missing == {}


def test_no_caution_is_translated_that_is_gone():
    noise = {
        re.sub(r"\b\d+ (takes|clips)\b", r"{} \1", entry["source"])
        for entry in _tables(toml("reports/data/repeat_noise.toml"))
    }
    known = set(caution_patterns()) | noise
    assert [text for text in cautions()[0] if normal(text) not in known] == []


def _tables(value):
    if isinstance(value, dict):
        if "source" in value:
            yield value
        for inner in value.values():
            yield from _tables(inner)


def test_every_source_of_noise_has_its_japanese():
    noise = {e["source"] for e in _tables(toml("reports/data/repeat_noise.toml"))}
    assert noise
    with speaking("ja"):
        assert [text for text in noise if caution_text(text) == text] == []


@pytest.mark.parametrize("english", sorted(cautions()[0]))
def test_a_caution_is_told_in_japanese(english):
    filled = re.sub(r"\{(\w+)\}", lambda m: SAMPLES.get(m[1], "12"), english)
    with speaking("ja"):
        told = caution_text(filled)
    assert told != filled
    assert "{" not in told
    assert english_words(told) - {"base", "--model", "--language", "model", "language"} == set()
    assert caution_text(filled) == filled


SAMPLES = {
    "given": "English",
    "heard": "another language (xy)",
    "other": "Japanese",
    "code": "English",
    "written": "English",
    "model": "M",
    "calibrated": "M",
    "what": "the fastest and the slowest passage, the melody over time and the ends of sentences",
    "when": "at 0:31 for 2.1 s, at 1:02 for 0.5 s, at 1:40 for 11.0 s and 3 more times",
    "reason": "7",
    "share": "41%",
    "snr": "-3",
}


def test_cautions_of_real_faults_are_told_in_japanese():
    faults = tuple(
        Fault(kind, float(start), float(start) + 1.5, "")
        for kind in ("microphone-stalled", "camera-gone", "microphone-clipping")
        for start in range(3, 63, 12)
    )
    health = CaptureHealth(faults=faults, recovered=True)
    told = capture_cautions(health, 100.0)
    assert len(told) == 4
    with speaking("ja"):
        texts = [caution_text(c.text) for c in told]
    assert any("ほか2回" in text for text in texts)
    assert all(english_words(text) == set() for text in texts)


@pytest.mark.parametrize("code", ["en", "ja", "zh", "ko", "vi", "de", "xx"])
def test_languages_that_are_heard_have_their_names(code):
    english = (
        f"It sounds like {name_of(code)}, and the Japanese words are guesses: the text is shown,"
        " but words, pace and fillers were not counted."
    )
    with speaking("ja"):
        assert english_words(caution_text(english)) == set()


def test_an_unknown_caution_stays_and_is_no_pattern():
    with speaking("ja"):
        for text in ("Something new {0} was seen.", "", "12 to {x}", "<b>at 3 for 4 s</b>"):
            assert caution_text(text) == text


# ---- pages ---------------------------------------------------------------------------------------

ALLOWED = {
    # names of programs, models, formats and units
    *("mensetsu", "sha", "base", "whisper-base", "mediapipe", "mp4", "m4a", "aac", "h264"),
    *("dbfs", "utc", "space", "enter", "star", "prep", "laske", "microsoft", "nhk"),
}
SAID = "go"
"""for every English word of an answer: too short to be taken for a word of the page"""


class Visible(HTMLParser):
    """Collects what is seen or read aloud, without what is marked as another language."""

    EMPTY = ("meta", "input", "br", "link", "img")

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.texts, self._open = [], []
        self.language = None
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "html":
            self.language = attributes["lang"]
        hidden = tag in ("script", "style", "code") or attributes.get("lang") == "en"
        hidden = hidden or (bool(self._open) and self._open[-1][1])
        if not hidden:
            names = ("aria-label", "title", "alt", "placeholder")
            self.texts += [attributes[name] for name in names if attributes.get(name)]
        if tag not in self.EMPTY:
            self._open.append((tag, hidden))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip() and self._open and not self._open[-1][1]:
            self.texts.append(data.strip())


def english_words(text):
    return {w.lower() for w in re.findall(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z-]{2,}", text)}


def bundled(number):
    table = toml("recorder/data/questions.toml")
    entry = table["question"][number]
    band = table["bands"][entry["band"]]
    keys = ("id", "text_en", "text_ja", "stage", "kind", "intent", "structure")
    return Question(
        **{key: entry[key] for key in keys},
        band_s=(float(band["band_s"][0]), float(band["band_s"][1])),
        band_source=band["band_source"],
    )


def without_own_words(answer, question=0):
    """Return an answer whose own texts hold no English words: what is left is the page's."""
    spoken = answer.transcript and replace(
        answer.transcript,
        words=tuple(
            replace(w, text=re.sub(r"[A-Za-z']{3,}", SAID, w.text)) for w in answer.transcript.words
        ),
    )
    return replace(
        answer,
        transcript=spoken,
        fillers=answer.fillers and tuple(replace(f, text="um") for f in answer.fillers),
        repetitions=answer.repetitions and tuple(replace(r, text="I") for r in answer.repetitions),
        question=answer.question and bundled(question),
        warnings=tuple(_caution(i) for i in range(3)),
        media=replace(answer.media, name="回答.mp4"),
        provenance=replace(answer.provenance, libraries={"mediapipe": "0.10"}),
    )


def _caution(number):
    text = sorted(cautions()[0])[number]
    return Caution("sample", re.sub(r"\{(\w+)\}", lambda m: SAMPLES.get(m[1], "12"), text))


def varied(answers):
    """Yield answers that together show every remark, every tile and every row."""
    for name, build in answers.items():
        if name != "hostile":
            yield name, build()
    full, japanese = answers["full"](), answers["japanese"]()
    for name, level, clipped in (("soft", -45.0, 0.0), ("loud", -5.0, 0.01)):
        voice = replace(full.voice, level_dbfs=level, clipped_ratio=clipped)
        yield name, replace(full, voice=voice)
    drops = tuple(Drop(float(s), s + 0.7, 12.0) for s in (9, 22, 70, 80))
    delivery = replace(full.delivery, drops=drops, monotone_ratio=0.7)
    yield "dull", replace(full, delivery=delivery)
    yield "one drop", replace(full, delivery=replace(full.delivery, drops=drops[:1]))
    yield "lively", replace(full, delivery=replace(full.delivery, drops=(), monotone=()))
    yield "fast", answers["full"](per_letter_s=0.03)
    yield "slow", answers["full"](per_letter_s=0.2)
    yield "late", answers["full"](start=6.0)
    yield "long silences", answers["full"](SILENCES)
    many = tuple(replace(full.fillers[0], start=float(s), end=s + 0.3) for s in range(5, 95, 3))
    yield "fillers", replace(full, fillers=many)
    yield "no fillers", replace(full, fillers=(), hesitation_range=None, repetitions=())
    yield "sight in Japanese", with_sight(japanese)
    seen = with_sight(full)
    for calibration in AGAINST:
        yield calibration, replace(seen, gaze=replace(seen.gaze, calibration=calibration))
    screen = replace(seen.gaze, eye_contact_ratio=0.3, eye_contact_high_ratio=0.35)
    longer = replace(screen.places[1], moments=(Segment(60.0, 100.0),))
    screen = replace(screen, places=(longer,), eye_contact_low_ratio=0.2, away=longer.moments)
    yield "at the screen", replace(seen, gaze=screen)
    rare = replace(full.gaze, eye_contact_ratio=0.2)
    yield "rarely", replace(full, gaze=rare)
    for habit in ("slouch", "side_lean", "tilt", "lean_in"):
        shares = {f"{h}_ratio": 0.0 for h in ("slouch", "side_lean", "tilt", "lean_in")}
        posture = replace(seen.posture, **shares | {f"{habit}_ratio": 0.6})
        if not getattr(posture, habit):
            posture = replace(posture, **{habit: (Segment(3.0, 9.0),)})
        yield habit, replace(seen, posture=posture)
    yield (
        "upright",
        replace(
            full,
            posture=replace(full.posture, slouch_ratio=0.0, side_lean_ratio=0.0, tilt_ratio=0.0),
        ),
    )
    unseen = replace(full.posture, slouch_ratio=math.nan, side_lean_ratio=math.nan)
    yield "no posture", replace(full, posture=unseen, gaze=None)


SILENCES = "Good morning. |31 My name, |12 like,~ is Sato. |33 I write software and I test it."


def test_a_japanese_page_holds_no_english(answers, targets, monkeypatch):
    monkeypatch.setattr(feedback, "MOST_REMARKS", len(feedback.ORDER))
    remarks, left = Counter(), {}
    for number, (name, answer) in enumerate(varied(answers)):
        shown = without_own_words(answer, question=number)
        for href in ("take.mp4", None):
            with speaking("ja"):
                page = Visible(render_answer(shown, media_href=href, targets=targets))
                chosen = feedback.choose_remarks(shown, targets)
            assert page.language == "ja"
            assert len(page.texts) > 20
            remarks.update(r.id for r in chosen)
            found = {
                (text[:80], *sorted(english_words(text) - ALLOWED))
                for text in page.texts
                if english_words(text) - ALLOWED
            }
            if found:
                left[name] = sorted(found)
    assert left == {}
    # The answers are varied enough to show every kind of remark.
    assert set(remarks) == set(feedback.ORDER)


def test_every_reason_for_no_number_is_japanese(answers, targets):
    for code in ("head-turned", "face-too-dark", "no-face", "company", "shoulders-not-seen"):
        answer = without_own_words(answers["gaze_withheld"]())
        nan = replace(
            answer.posture,
            slouch_ratio=math.nan,
            side_lean_ratio=math.nan,
            tilt_ratio=math.nan,
            lean_in_ratio=math.nan,
        )
        answer = replace(answer, posture=nan, warnings=(Caution(code, "-"),))
        with speaking("ja"):
            page = Visible(render_answer(answer, media_href=None, targets=targets))
        assert [text for text in page.texts if english_words(text) - ALLOWED] == []


def test_english_and_japanese_leave_each_other_alone(answers, targets):
    def pages():
        return [
            render_answer(build(), media_href="take.mp4", targets=targets)
            for build in answers.values()
        ]

    with speaking("ja"):
        first_ja = pages()
    english = pages()
    with speaking("ja"):
        assert pages() == first_ja
    assert pages() == english
    assert all('<html lang="en">' in page for page in english)
    japanese = re.compile(r"[ぁ-んァ-ヶ]")
    plain = render_answer(without_japanese(answers["sight"]()), media_href="t.mp4", targets=targets)
    assert not japanese.search(plain)


def without_japanese(answer):
    return replace(answer, question=replace(answer.question, text_ja=""))


def test_a_band_of_the_user_says_so_in_japanese(tmp_path):
    own = tmp_path / "私の {own} (1).toml"
    own.write_text("[en.pace_wpm]\nhigh = 170\n", encoding="utf-8")
    band = read_targets(own).band("pace_wpm", "en")
    assert band
    assert band.cited == "Your own choice (私の {own} (1).toml)."
    with speaking("ja"):
        assert band.cited == "ご自身の設定（私の {own} (1).toml）。"


def test_hostile_text_is_no_pattern_in_japanese(answers, targets, hostile_text):
    with speaking("ja"):
        source = render_answer(answers["hostile"](), media_href=None, targets=targets)
    assert hostile_text not in source
    assert "<img" not in source
    assert "{{ 7*7 }}" in source


def test_the_order_of_marks_is_the_same_in_both_languages(answers):
    answer = answers["sight"]()
    english = lanes(answer, 115.0)
    with speaking("ja"):
        japanese = lanes(answer, 115.0)
    assert [[m.start for m in lane.marks] for lane in english] == [
        [m.start for m in lane.marks] for lane in japanese
    ]
    assert all(e.title != j.title for e, j in zip(english, japanese, strict=True))
