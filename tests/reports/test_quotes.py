"""Quotes: the words around a moment."""

from reports.quotes import quote


def test_quote_is_around_the_moment_and_short(answers):
    answer = answers["full"]()
    assert answer.transcript
    word = answer.transcript.words[40]
    text = quote(answer, word.start, word.end)
    assert word.text in text
    assert len(text) < 100
    assert text.startswith("…")
    assert text.endswith("…")


def test_quote_shows_hesitations(answers):
    answer = answers["full"]()
    um = answer.hesitations[0]
    assert "(um)" in quote(answer, um.start, um.end)


def test_quote_of_a_silence_tells_the_words_before(answers):
    answer = answers["full"]()
    silence = answer.speech.longest_pause
    assert "ran it every night." in quote(answer, silence.start, silence.end)


def test_quote_without_words(answers):
    assert quote(answers["empty"](), 0, 1) == ""
