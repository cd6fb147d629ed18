"""`rate`: the own view of an answer is kept beside it, before and after the numbers."""

import json
import os

import pytest

from app.self_rating import LONGEST_NOTE, RatingUnreadable, add_rating, rating_file, read_ratings
from reports.self_rating import SelfRating
from tests.app.practised import days, made, put, session
from tests.reports.conftest import HOSTILE

posix = pytest.mark.skipif(os.name != "posix", reason="a POSIX terminal")
RATED = ("--structure", "4", "--delivery", "2", "--confidence", "3", "--note", "速すぎた <b>")


@pytest.fixture
def store(home):
    return home / "sessions"


@pytest.fixture
def recorded(store):
    """A session of one take, not analysed."""
    return session(store, "2026-11-01-0900-aaaa", days(-1), [made(5)], analysed=False)


@pytest.fixture
def media(recorded):
    return recorded / "01-self-introduction.mkv"


def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def test_before_the_numbers(mensetsu, recorded, media):
    done = mensetsu("rate", f"{recorded.name}/01", *RATED)
    assert done.code == 0, done.err
    assert done.err == ""
    kept = recorded / "01-self-introduction-self.json"
    assert done.out == f"rating: {kept}\n"
    (rating,) = read_ratings(kept)
    assert (rating.structure, rating.delivery, rating.confidence) == (4, 2, 3)
    assert rating.note == "速すぎた <b>"
    assert not rating.after_numbers
    folder = put(made(5), media, f"{recorded.name}-01")
    html = page(folder)
    assert "Your own rating beside the numbers" in html
    assert "4 of 5" in html
    assert "速すぎた &lt;b&gt;" in html
    assert "Rated before the numbers were there." in html
    assert "nothing here measures confidence" in html
    assert html.index('id="glance-title"') < html.index('id="self-title"')


def test_after_the_numbers_is_told_and_the_earlier_one_stays(mensetsu, recorded, media):
    assert mensetsu("rate", media, "--structure", "4").code == 0
    folder = put(made(5), media, f"{recorded.name}-01")
    done = mensetsu("rate", folder, "--structure", "2")
    assert done.code == 0
    assert "the numbers of this take are there already" in done.err
    first, second = read_ratings(rating_file(media, folder))
    assert (first.structure, first.after_numbers) == (4, False)
    assert (second.structure, second.after_numbers) == (2, True)
    assert mensetsu("report", folder).code == 0
    assert "Rated when the numbers were there already. One earlier rating is kept." in page(folder)


def test_a_recording_from_elsewhere(mensetsu, tmp_path):
    media = tmp_path / "私の 答え.mp4"
    media.write_bytes(b"x")
    assert mensetsu("rate", media, "--delivery", "5").code == 0
    assert (tmp_path / "私の 答え-self.json").is_file()
    folder = put(made(5), media, "x")
    assert "5 of 5" in page(folder)
    other = tmp_path / "b.mp4"
    other.write_bytes(b"y")
    folder = put(made(5), other, "b")
    assert mensetsu("rate", other, "--delivery", "1").code == 0
    assert read_ratings(folder / "b-self.json")[0].after_numbers


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 1, "nothing to rate"),
        (("--note", " \x1b "), 1, "nothing to rate"),
        (("--structure", "6"), 2, ""),
        (("--structure", "0"), 2, ""),
        (("--delivery", "good"), 2, ""),
        (("--note", "x" * (LONGEST_NOTE + 1)), 1, "are the most"),
    ],
)
def test_refused(mensetsu, recorded, media, arguments, code, words):
    done = mensetsu("rate", media, *arguments)
    assert done.code == code
    assert words in done.err
    assert not list(recorded.glob("*-self.json"))


def test_what_is_no_take(mensetsu, tmp_path):
    assert mensetsu("rate", "nobody", *RATED).code == 1
    assert mensetsu("rate", tmp_path, *RATED).code == 1


def test_a_note_is_text(mensetsu, recorded, media):
    assert mensetsu("rate", media, "--note", f"{HOSTILE}\x1b[2J\u202eabc").code == 0
    html = page(put(made(5), media, f"{recorded.name}-01"))
    assert "<img" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "&lt;img src=x" in html


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", '{"schema": 1}', '{"schema": "1", "ratings": []}', "[" * 100_000,
        '{"schema": 1, "ratings": [1]}', '{"schema": 1, "ratings": [{"made": 1}]}',
        '{"schema": 1, "ratings": [{"made": "x", "structure": 9}]}',
        '{"schema": 1, "ratings": [{"made": "x", "structure": true}]}',
        '{"schema": 7, "ratings": []}', '{"schema": 1, "ratings": [{"made": "x", "note": 3}]}',
    ],
)  # fmt: skip
def test_a_broken_file_is_told_of_and_left_alone(mensetsu, recorded, media, capsys, text):
    kept = rating_file(media, None)
    kept.write_text(text, encoding="utf-8")
    with pytest.raises(RatingUnreadable):
        read_ratings(kept)
    done = mensetsu("rate", media, *RATED)
    assert done.code == 1
    assert kept.name in done.err
    assert done.err.count("\n") == 1
    folder = put(made(5), media, f"{recorded.name}-01")
    assert "self-title" not in page(folder)
    assert kept.name in capsys.readouterr().err
    assert kept.read_text(encoding="utf-8") == text


def test_unknown_keys_are_kept(media):
    kept = rating_file(media, None)
    old = {"made": "2026", "mood": 1, "structure": 3}
    kept.write_text(json.dumps({"schema": 1, "ratings": [old], "x": [1]}), encoding="utf-8")
    add_rating(kept, SelfRating(days(0), 1, None, None))
    data = json.loads(kept.read_text("utf-8"))
    assert data["x"] == [1]
    assert data["ratings"][0] == old
    assert len(data["ratings"]) == 2


@posix
def test_it_asks_at_the_terminal(terminal, recorded, media, home, packaged_models):
    environment = {**os.environ, "MENSETSU_HOME": str(home)}
    shown = terminal(environment, "rate", f"{recorded.name}/01")
    shown.wait_for("Structure, 1 to 5")
    shown.press("9\n")
    shown.wait_for("Structure, 1 to 5", times=2)
    shown.press("４\n")
    shown.wait_for("Delivery, 1 to 5")
    shown.press("\n")
    shown.wait_for("Confidence, 1 to 5")
    shown.press("1\n")
    shown.wait_for("Note")
    shown.press("もっと短く\n")
    shown.wait_for("rating: ")
    assert shown.finish() == 0
    (rating,) = read_ratings(rating_file(media, None))
    assert (rating.structure, rating.delivery, rating.confidence) == (4, None, 1)
    assert rating.note == "もっと短く"
