"""The transcript as it is shown: everything in its place, nothing twice."""

from dataclasses import replace

from analysis.results import Filler, Pause, Transcript, Word
from analysis.sentences import without_hesitations
from reports.prose import passages
from reports.quotes import quote


def shown(answer):
    """Return the passages as text, marks by their sort."""
    lines = []
    for passage in passages(answer):
        if passage.silence:
            lines.append(f"[{passage.silence}]")
        else:
            marks = {"word": "{}", "filler": "*{}*", "sound": "<{}>", "pause": "{}"}
            lines.append(" ".join(marks[p.sort].format(p.text) for p in passage.pieces))
    return lines


def answer_of(answers, words, *, fillers=(), pauses=()):
    answer = answers["full"]()
    return replace(
        answer,
        transcript=Transcript("en", 1.0, "m", tuple(Word(*w, 0.9) for w in words)),
        fillers=tuple(fillers),
        speech=replace(answer.speech, pauses=tuple(pauses)),
    )


def test_pauses_and_hesitations_stand_at_their_time(answers):
    answer = answer_of(
        answers,
        [(1, 1.5, "We"), (3, 3.5, "moved"), (4.5, 5, "it."), (37, 38, "Yes.")],
        fillers=[
            Filler(2.6, 2.9, "um", "acoustic", 0.9, True),
            Filler(3.6, 3.9, "uh", "acoustic", 0.3, False),
            Filler(36.5, 36.8, "um", "acoustic", 0.9, True),
        ],
        pauses=[
            Pause(0, 1, "before"),
            Pause(1.5, 2.6, "inside"),
            Pause(3.9, 4.5, "inside"),
            Pause(5, 36.5, "inside"),
        ],
    )
    # The gap between "We" and "moved" is 1.5 s: it does not end the sentence.
    assert shown(answer) == [
        "⟨1.0 s⟩ We ⟨1.1 s⟩ <um> moved <uh?> it.",
        "[Silence of 32 s – over the limit of 30 s]",
        "<um> Yes.",
    ]


def test_filler_word_of_two_words_is_marked_whole(answers):
    words = [(0, 1, "So,"), (1, 1.2, "you"), (1.2, 1.5, "know,"), (1.5, 2, "yes.")]
    answer = answer_of(answers, words, fillers=[Filler(1, 1.5, "you know", "word", 0.9, True)])
    assert shown(answer) == ["So, *you* *know,* yes."]


def test_hesitation_in_the_transcript_is_marked_once(answers):
    words = [(0, 1, "So,"), (1, 1.4, "Um,"), (1.5, 2, "yes.")]
    answer = answer_of(answers, words, fillers=[Filler(1, 1.4, "Um", "acoustic", 0.9, True)])
    assert shown(answer) == ["So, *Um,* yes."]
    assert quote(answer, 1, 1.4) == "So, Um, yes."
    assert [w.text for w in without_hesitations(answer.transcript, answer.fillers).words] == [
        "So,",
        "yes.",
    ]


def test_silence_before_the_answer_stands_first(answers):
    lines = shown(answers["silence_before"]())
    assert lines[0] == "[Silence of 31 s before the answer – over the limit of 30 s]"
    lines = shown(answers["silence_after"]())
    assert lines[-1] == "[Silence of 31 s after the answer – over the limit of 30 s]"
