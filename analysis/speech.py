"""How an answer is paced: its duration, its silences, its rate of words.

Definitions
-----------
Answer : from the first to the last speech that the measuring voice activity pass finds.
Pause : a silence of at least 0.25 s (``data/speech.toml``). Pauses, and so every silence above
    30 s, come from voice activity alone, never from word times (a recogniser stretches words over
    silences).
Speech rate : units per minute of the answer, all pauses included.
Articulation rate : units per minute of the answer, pauses excluded.
Lost : where the microphone delivered nothing. It is no pause, and no part of the rates.
Units : English words without hesitations, syllables; Japanese morae of the reading, characters.
"""

from __future__ import annotations

import re
from dataclasses import replace

from analysis import japanese
from analysis.pronunciations import sounds_of
from analysis.readings import Readings
from analysis.results import Pause, SpeechMetrics, Transcript, Word
from analysis.settings import Settings, read_settings
from analysis.timeline import Segment, Segments, extent, gaps, intersect, support, total

_BARE = re.compile(r"[^\w'’-]+")
_VOWEL_GROUPS = re.compile(r"[aeiouy]+")


def measure_speech(
    speech: Segments,
    duration_s: float,
    transcript: Transcript | None,
    *,
    settings: Settings | None = None,
    hesitations: frozenset[str] = frozenset(),
    heard: Segments = (),
    lost: Segments = (),
    readings: Readings | None = None,
) -> SpeechMetrics:
    """Measure duration, pauses and pace.

    Parameters
    ----------
    speech : stretches with speech by the measuring pass, s.
    duration_s : length of the sound, s.
    transcript : None = not recognised; rates are then not measured.
    settings : the limits of pauses; None = ours.
    hesitations : written forms of "um" and the like, which are no words.
    heard : where hesitations were found; words that lie there are those sounds, misheard.
    lost : where the recorder noted that the microphone delivered nothing, s.
    readings : how words are said in Japanese; None = ours.
    """
    settings = settings or read_settings()
    answer = extent(speech)
    lost = _around(lost, speech, duration_s, settings["pauses.lost_margin_s"])
    shortest_s = settings["pauses.shortest_s"]
    pauses = find_pauses(speech, duration_s, lost, shortest_s=shortest_s)
    metrics = SpeechMetrics(
        duration_s=duration_s,
        answer=answer,
        speaking_s=total(speech),
        latency_s=answer.start if answer else float("nan"),
        after_s=max(0.0, duration_s - answer.end) if answer else float("nan"),
        pauses=pauses,
        speech=speech,
        lost=lost,
        shortest_pause_s=shortest_s,
        long_pause_s=settings["pauses.long_s"],
        silence_limit_s=settings["pauses.silence_limit_s"],
    )
    if transcript is None or answer is None:
        return metrics
    return replace(
        metrics, **count_units(transcript, hesitations, support(heard), readings=readings)
    )


def find_pauses(
    speech: Segments, duration_s: float, lost: Segments = (), *, shortest_s: float = 0.25
) -> tuple[Pause, ...]:
    """Return every silence of at least `shortest_s`, with its place.

    Where nobody speaks, the whole recording is one silence before an answer that never came.
    """
    answer = extent(speech)
    pauses = []
    for gap in gaps((*speech, *lost), Segment(0.0, max(duration_s, answer.end if answer else 0.0))):
        if gap.duration_s < shortest_s:
            continue
        if answer is None or gap.end <= answer.start:
            place = "before"
        else:
            place = "after" if gap.start >= answer.end else "inside"
        pauses.append(Pause(gap.start, gap.end, place))
    return tuple(pauses)


def _around(lost: Segments, speech: Segments, duration_s: float, margin_s: float) -> Segments:
    """Return lost sound with its margins, as far as nobody speaks in them."""
    wide = support(
        Segment(max(0.0, s.start - margin_s), min(duration_s, s.end + margin_s))
        for s in lost
        if s.start < duration_s
    )
    return tuple(part for s in wide for part in gaps(speech, s))


def count_units(
    transcript: Transcript,
    hesitations: frozenset[str],
    heard: Segments = (),
    *,
    readings: Readings | None = None,
) -> dict[str, int | None]:
    """Count words and syllables (English) or words, morae and characters (Japanese).

    Words of the other language count too: Japanese inside English as dictionary words, their morae
    as syllables; English inside Japanese as words, with the morae and characters of their katakana.
    """
    spoken = tuple(
        w for w in transcript.words if bare(w.text) not in hesitations and not _lies_in(w, heard)
    )
    if transcript.language == "ja":
        text = japanese.join_words(spoken)
        return {
            "word_count": japanese.count_words(text),
            "mora_count": japanese.count_morae(text, readings=readings),
            "character_count": japanese.count_characters(text, readings=readings),
        }
    words = [part for w in spoken for word in w.text.split() for part in _words_of(word)]
    return {
        "word_count": len(words),
        "syllable_count": sum(count_syllables(word, readings=readings) for word in words),
    }


def _words_of(written: str) -> tuple[str, ...]:
    """Return the words of what stands between two spaces: Japanese needs none between words."""
    if japanese.has_japanese(written):
        return japanese.word_texts(written)
    return (written,) if bare(written) else ()


def _lies_in(word: Word, heard: Segments) -> bool:
    """Whether nearly all of a word (80 %: our judgement) lies in found hesitations."""
    length = word.end - word.start
    return length > 0 and total(intersect([Segment(word.start, word.end)], heard)) >= 0.8 * length


def bare(text: str) -> str:
    """Return a word without punctuation, in lower case."""
    return _BARE.sub("", text).strip("-'’").casefold()


def count_syllables(word: str, *, readings: Readings | None = None) -> int:
    """Count the syllables of a word in an English answer.

    CMU's pronouncing dictionary where it knows the word; else its groups of vowels, which is right
    for 82.5 % of 6000 random entries of the dictionary. Digits are counted as they are read; a
    Japanese word has as many as morae.
    """
    if japanese.has_japanese(word):
        return japanese.count_morae(word, readings=readings)
    plain = bare(word).replace("’", "'")
    if not plain:
        return 0
    if plain.isdecimal():
        return sum(count_syllables(part) for part in _digits_said(plain))
    sounds = sounds_of(plain)
    if sounds:
        return sum(sound[-1].isdigit() for sound in sounds)
    if "-" in plain or "'" in plain:
        parts = [p for p in re.split(r"[-']", plain) if p]
        if len(parts) > 1:
            return sum(count_syllables(p) for p in parts if len(p) > 1 or p in "aio")
    if plain.endswith("e") and len(plain) > 2 and plain[-2] not in "aeiouyl":
        plain = plain[:-1]
    return max(1, len(_VOWEL_GROUPS.findall(plain)))


_ONES = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def _digits_said(digits: str) -> list[str]:
    """Spell a number in English words; years as two pairs, very long ones digit by digit."""
    number = int(digits)
    if len(digits) > 9 or (len(digits) > 1 and digits[0] == "0"):
        return [_ONES[int(d)] for d in digits]
    if len(digits) == 4 and (1100 <= number < 2000 or 2010 <= number < 2100):
        tail = _below_hundred(number % 100) or ["hundred"]
        if 0 < number % 100 < 10:
            tail = ["oh", *tail]
        return [*_below_hundred(number // 100), *tail]
    said: list[str] = []
    for size, name in ((1_000_000, "million"), (1000, "thousand"), (1, "")):
        part = number // size % 1000
        if part:
            if part >= 100:
                said += [_ONES[part // 100], "hundred"]
            said += _below_hundred(part % 100)
            said += [name] if name else []
    return said or ["zero"]


def _below_hundred(number: int) -> list[str]:
    if number < 20:
        return [_ONES[number]] if number else []
    return [_TENS[number // 10 - 2], *([_ONES[number % 10]] if number % 10 else [])]
