"""The own rating beside the numbers: what stands beside what, and what is never claimed."""

import pytest

from recorder.session import Question
from reports.drill_rows import drill_part
from reports.drills import drill_question, read_drills
from reports.language import speaking
from reports.self_rating import SelfRating, self_part
from reports.takes import TakeRecord

ASKED = Question("strengths", "Strengths?", "強み?", "first", "x", "", "", (60, 120))
RATING = SelfRating("2026-11-23T10:00:00+00:00", 4, None, 5, "Too fast.")


def take(*, question=ASKED, language="en", number=1, **numbers):
    recorded = f"2026-11-2{number}T10:00:00+00:00"
    return TakeRecord(
        f"t-{number}", f"t-{number}", recorded, 1, "s", question, language, numbers, None, None
    )


def test_each_thing_stands_beside_what_is_measured_of_it(targets):
    numbers = {"answer_s": 150.0, "fillers_per_min": 3.0, "pace_wpm": 130.0}
    part = self_part((RATING,), take(**numbers, longest_silence_s=40.0), targets)
    structure, delivery, confidence = part.rows
    assert (structure.rating, structure.dots) == (4, "●●●●○")
    assert [(m.title, m.value, m.level) for m in structure.measured] == [
        ("Length of the answer", "2:30 min", "near"),
        ("Conclusion after", "not measured", "unjudged"),
    ]
    assert (delivery.rating, delivery.dots) == (None, "○○○○○")
    assert [(m.value, m.verdict) for m in delivery.measured] == [
        ("130 words/min", "in its target"),
        ("3.0 per min", "in its target"),
        ("40 s", "outside its target"),
    ]
    assert confidence.measured == ()
    assert "nothing here measures confidence" in confidence.note
    assert (part.rating, part.earlier) == (RATING, 0)


def test_the_conclusion_where_it_is_measured(targets):
    part = self_part((RATING,), take(conclusion_s=7.6), targets)
    assert part.rows[0].measured[1].value == "8 s"


def test_the_newest_counts_and_the_others_are_told(targets):
    newest = SelfRating("2026-11-24T10:00:00+00:00", 1, 1, 1, after_numbers=True)
    part = self_part((RATING, RATING, newest), take(), targets)
    assert (part.rating, part.earlier) == (newest, 2)
    with pytest.raises(ValueError):
        self_part((), take(), targets)


def test_noise_is_told(targets):
    part = self_part((RATING,), take(snr_db=5.0, pace_wpm=130.0), targets)
    assert "noisy" in part.rows[1].note


def test_in_japanese_the_pace_is_in_characters(targets):
    with speaking("ja"):
        part = self_part((RATING,), take(language="ja", pace_characters_per_min=300.0), targets)
    assert [row.title for row in part.rows] == ["構成", "話し方", "自信"]
    assert part.rows[1].measured[0].level == "good"


class TestExercise:
    DRILL = read_drills()["silent-gaps"]
    QUESTION = drill_question(DRILL)

    def part(self, before=None, **numbers):
        now = take(question=self.QUESTION, number=2, speaking_s=50.0, **numbers)
        return drill_part(self.DRILL, now, before, self.targets, None)

    @pytest.fixture(autouse=True)
    def _with_targets(self, targets):
        self.targets = targets

    def test_the_first_time(self):
        part = self.part(fillers_per_min=9.0, hesitation_count=5)
        assert part.first_time
        assert [(r.title, r.value, r.level, r.before, r.change) for r in part.rows] == [
            ("Fillers", "9.0 per min", "near", "", ""),
            ("Hesitations (um, えーと)", "6.0 per min of speech", "unjudged", "", ""),
        ]

    def test_against_last_time(self):
        before = take(question=self.QUESTION, speaking_s=50.0, fillers_per_min=20.0)
        part = self.part(before, fillers_per_min=3.0, hesitation_count=5)
        fillers, hesitations = part.rows
        assert (fillers.before, fillers.change, fillers.level) == ("20.0 per min", "better", "good")
        assert hesitations.before == "not measured"
        assert hesitations.change == "Not measured in the earlier take."

    @pytest.mark.parametrize("drill", read_drills().values(), ids=list(read_drills()))
    def test_every_exercise_shows_what_it_trains(self, drill, targets):
        for language in ("en", "ja"):
            now = take(question=drill_question(drill), language=language)
            part = drill_part(drill, now, now, targets, None)
            assert len(part.rows) == len(drill.trained(language))
            assert {row.value for row in part.rows} == {"not measured"}
