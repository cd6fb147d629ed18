"""Words said again ("the the") and sentences begun anew ("what we- what I did").

Two kinds of evidence. The transcript, where the recogniser wrote them down: a row of words that
comes twice at once, a word cut off, a beginning given up. And the sound, since the recogniser
smooths most of them away: forced decoding says how probable the word just said would have been
once more (`Boundary.repeat`), and speech in which no word lies has room for it.

``data/repetitions.toml`` holds what is doubled on purpose ("very very", 一つ一つ), and how probable
a slip of speech is in each case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis import japanese
from analysis.filler_contexts import Clause, matches, see
from analysis.hesitation_evidence import own_length_s
from analysis.hesitation_guesses import Boundary
from analysis.repetition_rules import RepetitionRules, read_repetition_rules
from analysis.results import Filler, Repetition, Word
from analysis.speech import bare
from analysis.timeline import Segment, Segments, intersect, total

_LONGEST_PHRASE = 5  # words; a longer row said twice is a quotation or a loop of the decoder
_DASHES = ("-", "–", "—", "‐")
_ENDS = (".", "?", "!", "。", "？", "！")
_MARKS = " ,.?!、。？！-–—"
_BACK = 4  # words; so far back a sentence is begun anew
_CUT_OFF_MORAE = 3
_FUNCTION_WORDS = ("代名詞", "連体詞", "接続詞")
_DOUBLED_BY_SLIP = ("名詞", "副詞", "形状詞")


@dataclass(frozen=True, slots=True)
class _Find:
    first: int
    end: int
    """given up are the words of the clause from `first` up to `end`"""
    kind: str
    probability: float


def find_repetitions(
    words: tuple[Word, ...],
    boundaries: tuple[Boundary, ...],
    speech: Segments,
    *,
    language: str,
    rules: RepetitionRules | None = None,
    hesitations: frozenset[str] = frozenset(),
    fillers: tuple[Filler, ...] = (),
) -> tuple[Repetition, ...]:
    """Find repetitions and restarts.

    Parameters
    ----------
    words : the transcript (Japanese: grouped into dictionary words).
    boundaries : what else could have been said before words, from forced decoding.
    speech : stretches with speech by the measuring pass, s.
    language : "en" or "ja".
    rules : None = ours.
    hesitations : written forms of "um"; one between two words does not keep them apart.
    fillers : fillers and hesitations that were found; a filler word between two words does not
        keep them apart either ("the, you know, the"), and a sound that is a hesitation is no
        repetition.
    """
    rules = rules or read_repetition_rules(language)
    lexical = [f for f in fillers if f.kind == "word" and f.counted]
    plain = tuple(w for w in words if not any(f.start <= w.start < f.end for f in lexical))
    found: list[Repetition] = []
    # A filler word may be what is said twice (その、その), so the words are also taken as they are.
    for row in (words, plain) if lexical else (words,):
        clause = see(row, hesitations, language)
        for find in _written(row, clause, rules, language):
            repetition = _as_repetition(find, row, clause, rules)
            gap_s = row[clause.index[find.end]].start - repetition.end
            if gap_s <= rules.longest_gap_s and _is_new(repetition, found, rules):
                found.append(repetition)
    for repetition in _heard(words, boundaries, speech, rules, hesitations, fillers):
        if _is_new(repetition, found, rules):
            found.append(repetition)
    return tuple(sorted(found, key=lambda r: (r.start, r.end)))


def _is_new(one: Repetition, others: list[Repetition], rules: RepetitionRules) -> bool:
    """Whether a find is probable enough to be shown, and not found already."""
    known = any(min(one.end, o.end) > max(one.start, o.start) for o in others)
    return not known and one.probability >= rules.possible_from


def _heard(
    words: tuple[Word, ...],
    boundaries: tuple[Boundary, ...],
    speech: Segments,
    rules: RepetitionRules,
    hesitations: frozenset[str],
    fillers: tuple[Filler, ...],
) -> Iterator[Repetition]:
    """Yield where the sound alone speaks for the word just said being said again."""
    sounds = [f for f in fillers if f.kind == "acoustic"]
    for boundary in boundaries:
        if not 0 < boundary.word < len(words) or boundary.repeat < rules.repeat_from:
            continue
        before, after = words[boundary.word - 1], words[boundary.word]
        texts = {bare(before.text), bare(after.text)}
        if texts & hesitations or len(texts) == 1 or before.text.endswith(_ENDS):
            continue
        if any(s.start < after.end and s.end > before.start for s in sounds):
            continue  # the sound between the words is accounted for
        room = Segment(
            min(before.end, before.start + own_length_s(before)),
            max(before.end, after.start, after.end - own_length_s(after)),
        )
        has_room = total(intersect([room], speech)) >= rules.room_s
        chance = rules.chances["heard_with_room" if has_room else "heard"]
        yield Repetition(
            start=before.start,
            end=max(before.end, after.start),
            text=before.text.strip(_MARKS),
            kind="repetition",
            probability=chance,
            counted=chance >= rules.counted_from,
        )


def _written(
    words: tuple[Word, ...], clause: Clause, rules: RepetitionRules, language: str
) -> Iterator[_Find]:
    """Yield what the transcript shows, the longest first where they overlap."""
    at = 0
    while at < len(clause.texts):
        find = _twice(clause, at, rules, language) or _begun_anew(
            words, clause, at, rules, language
        )
        if find is None:
            at += 1
            continue
        yield find
        at = find.end


def _twice(clause: Clause, at: int, rules: RepetitionRules, language: str) -> _Find | None:
    """Find a row of words that begins at a place and comes again right after it."""
    for length in range(_LONGEST_PHRASE, 0, -1):
        end = at + length
        if clause.texts[at:end] != clause.texts[end : end + length]:
            continue
        if length > 1 and len(set(clause.texts[at:end])) == 1:
            continue  # "for for for for" is one word, again and again
        if len(clause.texts[at:end]) < length or any(
            gap.sentence for gap in clause.breaks[at + 1 : end + length]
        ):
            continue
        return _Find(at, end, "repetition", _chance_twice(clause, at, end, rules, language))
    return None


def _chance_twice(
    clause: Clause, first: int, end: int, rules: RepetitionRules, language: str
) -> float:
    texts, chances = clause.texts[first:end], rules.chances
    between = "" if language == "ja" else " "
    if between.join(texts) in rules.lists["meant"] or all(t[:1].isdigit() for t in texts):
        return chances["meant"]
    if matches(clause, first, ("<number>",) * len(texts), rules.lists):
        return chances["meant"]
    if len(texts) > 1:
        # "step by step by step" goes round, and nothing of it is given up.
        around = texts[-1] in rules.lists.get("linking", ()) and len(texts) == 2
        goes_on = clause.texts[end + 2 : end + 3] == texts[:1]
        if around and goes_on:
            return chances["meant"]
        # "what I did I did" is grammar as well.
        inside = any(matches(clause, first, p, rules.lists, before=True) for p in rules.not_after)
        starts = texts[0] in rules.lists.get("pronoun", ())
        return chances["grammatical"] if inside and starts else chances["phrase"]
    text = clause.texts[first]
    # "us we We moved": a new window of the recogniser begins with a capital letter.
    new_window = clause.capital[end] and not clause.capital[first]
    if new_window or text in rules.lists.get("grammatical", ()):
        return chances.get("grammatical", chances["meant"])
    # Japanese is told by the part of speech.
    tag = clause.tags[first].split("/")[0]
    if text in rules.lists.get("function_word", ()) or tag in _FUNCTION_WORDS:
        return chances["function_word"]
    if text in (*clause.texts[max(0, first - 1) : first], *clause.texts[end + 1 : end + 2]):
        return chances["other_word_often"]
    if language == "en":
        return chances["other_word"]
    set_off = clause.breaks[end].off
    # Particles and verbs double by a slip of the recogniser, or are a word of their own (あるある).
    if not set_off and (tag not in _DOUBLED_BY_SLIP or len(text) < 2):
        return chances["particle"]
    return chances["set_off_word" if set_off and tag != "助詞" else "other_word"]


def _contracted(clause: Clause, at: int, rules: RepetitionRules) -> _Find | None:
    """Find a pronoun that comes again with an ending ("I I'm")."""
    text, following = clause.texts[at], clause.texts[at + 1].replace("’", "'")
    gap = clause.breaks[at + 1]
    if text not in rules.lists["pronoun"] or gap.sentence or gap.comma:
        return None
    if not following.startswith(f"{text}'"):
        return None
    return _Find(at, at + 1, "repetition", rules.chances["function_word"])


def _begun_anew(
    words: tuple[Word, ...], clause: Clause, at: int, rules: RepetitionRules, language: str
) -> _Find | None:
    """Find a word cut off at a place, or a beginning that is given up."""
    if at + 1 >= len(clause.texts):
        return None
    text, following = clause.texts[at], clause.texts[at + 1]
    if language == "ja":
        chance = rules.chances["cut_off"]
        return _Find(at, at + 1, "restart", chance) if _is_cut_off(clause, at) else None
    if words[clause.index[at]].text.endswith(_DASHES):
        if following.startswith(text):
            return _Find(at, at + 1, "restart", rules.chances["cut_off"])
        for first in range(at, max(-1, at - _BACK), -1):
            if clause.breaks[first + 1].sentence:
                break
            if clause.texts[first] == following:
                return _Find(first, at + 1, "restart", rules.chances["cut_off"])
        return _Find(at, at + 1, "restart", rules.chances["cut_off_alone"])
    if contracted := _contracted(clause, at, rules):
        return contracted
    if _stuttered(text) and text not in rules.lists["meant"]:
        return _Find(at, at + 1, "repetition", rules.chances["cut_off"])
    for frame in rules.frames:
        end = at + len(frame)
        again = clause.texts[end : end + 1] == (text,)
        if not again or not matches(clause, at, frame, rules.lists):
            continue
        if clause.breaks[end].sentence or clause.breaks[end].comma:
            continue
        if any(matches(clause, at, p, rules.lists, before=True) for p in rules.not_after):
            continue
        return _Find(at, end, "restart", rules.chances["frame"])
    return None


def _stuttered(text: str) -> bool:
    """Whether a word was written with its own beginning in front (w-what, the-the)."""
    parts = text.split("-")
    return len(parts) > 1 and all(p and parts[-1].startswith(p) for p in parts[:-1])


def _is_cut_off(clause: Clause, at: int) -> bool:
    """Whether a Japanese word is the first morae of the next, set off by a comma."""
    tag = clause.tags[at].split("/")[0]
    if not clause.breaks[at + 1].comma or tag in ("助詞", "助動詞", "感動詞", "接続詞"):
        return False
    said = japanese.reading(clause.texts[at])
    whole = japanese.reading(clause.texts[at + 1])
    return 0 < len(said) <= _CUT_OFF_MORAE and said != whole and whole.startswith(said)


def _as_repetition(
    find: _Find, words: tuple[Word, ...], clause: Clause, rules: RepetitionRules
) -> Repetition:
    given_up = [words[clause.index[i]] for i in range(find.first, find.end)]
    text = "".join(f" {w.text}" if w.space_before else w.text for w in given_up)
    return Repetition(
        start=given_up[0].start,
        end=given_up[-1].end,
        text=text.strip(_MARKS),
        kind=find.kind,
        probability=find.probability,
        counted=find.probability >= rules.counted_from,
    )
