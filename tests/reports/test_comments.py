"""A mentor's comments: what is taken, what is refused, what the page shows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.comments import (
    LONGEST_AUTHOR,
    LONGEST_TEXT,
    MOST_COMMENTS,
    Comment,
    CommentFile,
    clean,
    comment_lane,
    comment_rows,
    comments_json,
    parse_comments,
    share_id,
)
from reports.errors import CommentsUnreadable
from reports.language import speaking

GOOD = {"schema": 1, "take_id": "ab", "author": "Aiko", "comments": [{"time_s": 3, "text": "Good"}]}


def parsed(**changes):
    return parse_comments(json.dumps({**GOOD, **changes}))


def test_a_file_is_read_in_order_and_without_doubles():
    entries = [
        {"time_s": 9.5, "text": "b"},
        {"time_s": 1, "text": "a"},
        {"time_s": 9.5, "text": "b"},
    ]
    assert parsed(comments=entries) == CommentFile(
        "ab", "Aiko", (Comment(1.0, "a", "Aiko"), Comment(9.5, "b", "Aiko"))
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 0},
        {"schema": True},
        {"schema": "1"},
        {"schema": None},
        {"take_id": 5},
        {"author": ["x"]},
        {"comments": {}},
        {"comments": [5]},
        {"comments": [{"text": "x"}]},
        {"comments": [{"time_s": 1}]},
        {"comments": [{"time_s": -1, "text": "x"}]},
        {"comments": [{"time_s": True, "text": "x"}]},
        {"comments": [{"time_s": "1", "text": "x"}]},
        {"comments": [{"time_s": 1e99, "text": "x"}]},
        {"comments": [{"time_s": float("nan"), "text": "x"}]},
        {"comments": [{"time_s": float("inf"), "text": "x"}]},
        {"comments": [{"time_s": 1, "text": ["x"]}]},
        {"comments": [{"time_s": 1, "text": "x" * (LONGEST_TEXT + 1)}]},
        {"comments": [{"time_s": 1, "text": "x"}] * (MOST_COMMENTS + 1)},
    ],
)
def test_what_is_wrong_is_refused(changes):
    with pytest.raises(CommentsUnreadable):
        parsed(**changes)


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "null", '{"a": 1}', "[" * 200_000, "\x00"])
def test_what_is_no_file_of_comments_is_refused(text):
    with pytest.raises(CommentsUnreadable):
        parse_comments(text)


def test_a_newer_schema_asks_for_an_update():
    with pytest.raises(CommentsUnreadable, match="update mensetsu"):
        parsed(schema=2)


def test_hostile_text_is_cleaned_and_stays_text():
    text = "a\u202eb\x00\x1b[31m<img src=x onerror=alert(1)>\r\nc\td"
    (comment,) = parsed(comments=[{"time_s": 1, "text": text}]).comments
    assert comment.text == "ab[31m<img src=x onerror=alert(1)>\nc d"
    assert parsed(author="A\n\u2066iko\x07  S").author == "A iko S"
    assert len(parsed(author="x" * 500).author) == LONGEST_AUTHOR
    assert parsed(comments=[{"time_s": 1, "text": " \x00 "}]).comments == ()


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text):
    assert clean(clean(text)) == clean(text)
    clean(text).encode("utf-8")


@given(
    st.lists(
        st.builds(
            Comment,
            st.floats(0, 86_400).map(lambda s: round(s, 3)),
            st.text(max_size=60).map(lambda s: clean(s).strip()).filter(bool),
            st.just("Aiko"),
        ),
        max_size=20,
    )
)
def test_what_is_written_is_read_again(comments):
    unique = tuple(sorted(set(comments), key=lambda c: (c.time_s, c.author, c.text)))
    file = CommentFile("ab", "Aiko", unique)
    assert parse_comments(comments_json(file)) == file


def test_the_name_for_others_does_not_tell_the_checksum():
    sha256 = "ea393b4e" * 8
    assert share_id(sha256) == share_id(sha256)
    assert share_id(sha256) != share_id("0" * 64)
    assert share_id(sha256) not in sha256
    assert sha256[:8] not in share_id(sha256)


def test_the_lane_holds_every_comment_inside_it():
    comments = [
        Comment(0.0, "first", "Aiko"),
        Comment(0.2, "beside it", ""),
        Comment(50.0, "x" * 200, "Aiko"),
        Comment(500.0, "behind the end", "Aiko"),
    ]
    lane = comment_lane(comments, 100.0)
    assert (lane.id, lane.title, lane.note) == ("mentor", "Mentor", "4 comments")
    assert [m.start for m in lane.marks] == [0.0, 0.2, 50.0, 99.0]
    assert all(m.x >= 0 and m.x + m.width <= 100 for m in lane.marks)
    assert lane.marks[0].top_px != lane.marks[1].top_px
    assert lane.marks[0].label == "Aiko at 0:00: first"
    assert lane.marks[1].label == "Comment at 0:00: beside it"
    assert len(lane.marks[2].label) < 110
    with speaking("ja"):
        assert comment_lane(comments, 100.0).note == "4件"


def test_rows_know_the_language_of_the_text():
    rows = comment_rows([Comment(65.9, "良い間でした", "愛子"), Comment(3.0, "Good", "")])
    assert [(r.clock, r.language, r.author) for r in rows] == [
        ("0:03", "en", ""),
        ("1:05", "ja", "愛子"),
    ]
