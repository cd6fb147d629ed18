"""Vectors of sentences: the real encoder."""

import threading

import numpy as np
import pytest

from analysis.meaning import MOST_CHARACTERS, WIDTH, Meaning


@pytest.fixture(scope="module")
def meaning():
    return Meaning()


def test_vectors_are_of_unit_length_and_in_order(meaning):
    texts = ["We finished early.", "御社で働きたいです。", "", "um", "We finished early."]
    vectors = meaning(texts)
    assert vectors.shape == (5, WIDTH)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-4)
    assert np.array_equal(vectors[0], vectors[4])


@pytest.mark.parametrize(
    ("said", "reworded", "other"),
    [
        (
            "The old system crashed about once a week.",
            "Nearly every week the previous software went down.",
            "I studied computer science in Osaka.",
        ),
        (
            "私の強みは粘り強さです。",
            "最後まで諦めずにやり抜くところが私の長所です。",
            "大学では情報工学を専攻しました。",
        ),
        (
            "I worked as an engineer in Tokyo.",
            "東京でエンジニアとして働きました。",
            "寿司が好きです。",
        ),
    ],
)
def test_the_same_in_other_words_lies_closer_than_something_else(meaning, said, reworded, other):
    a, b, c = meaning([said, reworded, other])
    assert a @ b > a @ c + 0.1


def test_no_texts_need_no_encoder():
    fresh = Meaning()
    assert fresh([]).shape == (0, WIDTH)
    assert not fresh.loaded


def test_hostile_texts(meaning):
    texts = ["\udcff broken", "\x00\x01", "</script>", "a " * 100_000, "🙂" * 50, "字" * 5000]
    assert np.isfinite(meaning(texts)).all()


def test_a_long_text_counts_with_its_beginning(meaning):
    text = "word " * MOST_CHARACTERS
    first, second = meaning([text, text + "something else"])
    assert np.array_equal(first, second)


def test_stored_vectors_spare_the_encoder(meaning, tmp_path):
    texts = ["We finished early.", "御社で働きたいです。", "We finished early."]
    file = tmp_path / "私の 回答" / "sentences.npz"
    file.parent.mkdir()
    meaning.store(file, texts)
    assert [f.name for f in file.parent.iterdir()] == ["sentences.npz"]
    fresh = Meaning()
    fresh.recall(file)
    assert fresh(texts) == pytest.approx(meaning(texts), abs=2e-3)
    assert not fresh.loaded


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 broken", b"no archive"])
def test_a_broken_file_is_passed_over(tmp_path, content):
    file = tmp_path / "sentences.npz"
    if content is not None:
        file.write_bytes(content)
    fresh = Meaning()
    fresh.recall(file)
    assert not fresh.loaded


@pytest.mark.parametrize(
    "changed",
    [
        {"version": np.array(99)},
        {"version": np.array("new")},
        {"keys": np.array(3)},
        {"vectors": np.ones((1, 3), np.float16)},
        {"vectors": np.full((1, WIDTH), np.nan, np.float16)},
        {"vectors": np.zeros((1, WIDTH), np.float16)},
    ],
)
def test_foreign_vectors_are_not_taken(meaning, tmp_path, changed):
    file = tmp_path / "sentences.npz"
    meaning.store(file, ["Yes."])
    with np.load(file) as stored:
        data = {name: stored[name] for name in stored.files}
    np.savez(file, **(data | changed))
    fresh = Meaning()
    fresh.recall(file)
    assert fresh(["Yes."]) == pytest.approx(meaning(["Yes."]), abs=1e-6)
    assert fresh.loaded


def test_several_threads_get_the_same(meaning):
    fresh, results = Meaning(), []
    threads = [
        threading.Thread(target=lambda i=i: results.append((i, fresh([f"Sentence {i}.", "Yes."]))))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, vectors in results:
        assert vectors == pytest.approx(meaning([f"Sentence {index}.", "Yes."]), abs=1e-5)
