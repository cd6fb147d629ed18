import re
from pathlib import Path

import pytest

from recorder.errors import QuestionUnknown
from recorder.questions import OWN_ID, STAGES, find_question, find_set, read_bank, read_sets
from recorder.session import Question

KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
LEAST_QUESTIONS = 34
KINDS = {
    "self-introduction",
    "career-summary",
    "motivation",
    "personality",
    "experience",
    "technical",
    "career-plan",
    "conditions",
    "closing",
}

OWN_FILE = """
[bands.short]
band_s = [10, 20.5]
band_source = "my coach"

[[question]]
id = "why-this-company"
text_en = "Why us?"
text_ja = "なぜ弊社ですか。"
stage = "final"
kind = "motivation"
intent = "Mine."
structure = "PREP"
band = "short"
talking_points = ["製品を使っている", "the team"]

[[question]]
id = "favourite-editor"
text_en = "Which editor do you use?"
text_ja = "エディターは何をお使いですか。"
stage = "technical"
kind = "technical"
intent = "Small talk."
structure = "PREP"
band_s = [20, 40]
"""


@pytest.fixture(scope="module")
def bank() -> tuple[Question, ...]:
    return read_bank()


def test_the_bundled_bank_is_large_and_its_ids_are_unique(bank):
    ids = [q.id for q in bank]
    assert len(ids) >= LEAST_QUESTIONS
    assert len(set(ids)) == len(ids)
    assert OWN_ID not in ids


def test_every_stage_is_there_and_no_other(bank):
    assert {q.stage for q in bank} == set(STAGES)


@pytest.mark.parametrize("question", read_bank(), ids=lambda q: q.id)
def test_every_question_is_complete(question):
    texts = (question.text_en, question.intent, question.structure, question.band_source)
    assert all(text.strip() for text in texts)
    assert all(text.isascii() for text in texts)
    assert question.kind in KINDS
    assert KANA.search(question.text_ja)
    assert question.text_ja.endswith("。")
    assert "御社" not in question.text_ja  # said by the candidate, never by the interviewer
    low, high = question.band_s
    assert 10 <= low < high <= 180


def test_bands_follow_the_kind_of_question(bank):
    bands = {q.id: q.band_s for q in bank}
    assert bands["self-introduction"] == (30, 60)
    assert bands["career-summary"] == (60, 120)
    assert {q.band_s for q in bank if q.kind == "experience"} == {(120, 180)}
    assert bands["any-questions"] < (60, 60)


def test_a_missing_user_file_changes_nothing(bank, tmp_path):
    assert read_bank(tmp_path / "none.toml") == bank


def test_the_users_file_overrides_and_adds(bank, tmp_path):
    path = tmp_path / "my questions.toml"
    path.write_text(OWN_FILE, encoding="utf-8")
    merged = read_bank(path)
    assert len(merged) == len(bank) + 1
    assert [q.id for q in merged[:-1]] == [q.id for q in bank]
    replaced = find_question(merged, "why-this-company")
    assert replaced.text_ja == "なぜ弊社ですか。"
    assert replaced.band_s == (10, 20.5)
    assert replaced.band_source == "my coach"
    assert replaced.talking_points == ("製品を使っている", "the team")
    added = merged[-1]
    assert (added.id, added.band_s) == ("favourite-editor", (20, 40))
    assert added.band_source


def test_the_users_file_may_use_the_bundled_bands(tmp_path):
    path = tmp_path / "q.toml"
    path.write_text(OWN_FILE.replace('band = "short"', 'band = "experience"'), encoding="utf-8")
    assert find_question(read_bank(path), "why-this-company").band_s == (120, 180)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[question]]", "[[question", "not valid TOML"),
        ("[[question]]", "[[questions]]", "unknown 'questions'"),
        ("why-this-company", "Why us", "question 1: id must be kebab-case"),
        ("why-this-company", "own", "question 1: id must be kebab-case"),
        ("favourite-editor", "why-this-company", "question 2: the id .* stands twice"),
        ('stage = "technical"', 'stage = "second"', r"question 2 \(favourite-editor\): stage"),
        ('text_ja = "エディターは何をお使いですか。"', "", "question 2 .*text_ja must be a text"),
        ('intent = "Mine."', 'intent = " "', "question 1 .*intent must be a text"),
        ('intent = "Mine."', "intent = 3", "question 1 .*intent must be a text"),
        ('structure = "PREP"', 'structur = "PREP"', "unknown 'structur'"),
        ("band_s = [20, 40]", "band_s = [40, 20]", r"question 2 .*not \[40, 20\]"),
        ("band_s = [20, 40]", 'band_s = "long"', "question 2 .*band_s must be"),
        ("band_s = [20, 40]", "band_s = [nan, 40]", "question 2 .*band_s must be"),
        ("band_s = [20, 40]", "", "question 2 .*band_s must be"),
        ("band_s = [20, 40]", 'band_s = [20, 40]\nband = "short"', "not both"),
        ('band = "short"', 'band = "long"', "question 1 .*no band is called 'long'"),
        ("band_s = [10, 20.5]", "band_s = [10]", "band 'short': band_s must be"),
        ('["製品を使っている", "the team"]', '"one"', "talking_points must be a list"),
    ],
)
def test_a_mistake_in_the_users_file_is_named(tmp_path, old, new, message):
    path = tmp_path / "mine.toml"
    assert old in OWN_FILE
    path.write_text(OWN_FILE.replace(old, new), encoding="utf-8")
    with pytest.raises(QuestionUnknown, match=message) as caught:
        read_bank(path)
    assert str(path) in str(caught.value)


def test_every_stage_is_a_set_and_bundled_ones_are_sittings(bank):
    sets = read_sets()
    for stage in STAGES:
        assert find_set(sets, stage) == tuple(q for q in bank if q.stage == stage)
    assert len(sets["quick"]) == 3
    for name in set(sets) - set(STAGES):
        assert sets[name][0].id == "self-introduction"
        assert 3 <= len(sets[name]) <= 8
        assert len(set(sets[name])) == len(sets[name])


def test_the_users_sets_override_and_add(tmp_path):
    path = tmp_path / "q.toml"
    own = '\n[sets]\nquick = ["favourite-editor"]\nmine = ["strengths", "favourite-editor"]\n'
    path.write_text(OWN_FILE + own, encoding="utf-8")
    sets = read_sets(path)
    assert [q.id for q in find_set(sets, "quick")] == ["favourite-editor"]
    assert [q.id for q in find_set(sets, "mine")] == ["strengths", "favourite-editor"]
    assert find_set(sets, "technical")[-1].id == "favourite-editor"
    assert len(read_bank(path)) == len(read_bank()) + 1
    with pytest.raises(QuestionUnknown, match=r"no set is called 'none': there are first, .*mine"):
        find_set(sets, "none")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sets = 3", "write sets as"),
        ("sets.mine = []", "set 'mine': give a list"),
        ('sets.mine = "strengths"', "set 'mine': give a list"),
        ("sets.mine = [1]", "set 'mine': give a list"),
        ('sets.mine = ["strength"]', "set 'mine': no question has the id 'strength'"),
    ],
)
def test_a_mistake_in_the_users_sets_is_named(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QuestionUnknown, match=message) as caught:
        read_sets(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["question = 3", "bands = [1]", "question = [1]", "bands.x = 1"])
def test_wrong_shapes_in_the_users_file_are_named(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QuestionUnknown, match=re.escape(str(path))):
        read_bank(path)


def test_a_users_file_that_is_no_text_is_named(tmp_path):
    path: Path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(QuestionUnknown, match="can't be read"):
        read_bank(path)


def test_find_by_id(bank):
    assert find_question(bank, " self-introduction ").id == "self-introduction"


def test_an_unknown_id_names_the_nearest(bank):
    with pytest.raises(QuestionUnknown, match=r"did you mean .*self-introduction"):
        find_question(bank, "self-introducton")
    with pytest.raises(QuestionUnknown, match="no question has the id 'zzzz'"):
        find_question(bank, "zzzz")
    with pytest.raises(QuestionUnknown, match="empty"):
        find_question(bank, "  ")


@pytest.mark.parametrize("text", ["What is your hobby?", "趣味は何ですか", "Why?"])
def test_free_text_becomes_a_question_of_ones_own(bank, text):
    own = find_question(bank, text)
    assert (own.id, own.kind, own.text_en, own.text_ja) == ("own", "own", text, text)
    assert own.band_s == (60, 180)
    assert own.band_source == "our judgement"
