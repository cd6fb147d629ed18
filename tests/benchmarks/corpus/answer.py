"""One answer: the steps of a script spoken by a voice, spliced, and labelled to the sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from hesitation import Hesitations
from script import Hesitate, Pause, Say, Step, plain_text
from sound import Samples, cut_to_voice, resample, reshape, rms, speech_rms, vowel
from splice import Tape
from voices import Voice, reading, speak

SPEECH_DBFS = -23.0
ROOM_DBFS = -65.0
_LOUDEST_DBFS = -3.0
_CHUNK_SPREAD_DB = 1.5
_SMALL_KANA = "ァィゥェォャュョヮ"


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished take."""

    samples: Samples
    labels: dict[str, Any]


def record_answer(
    steps: tuple[Step, ...],
    voice: Voice,
    *,
    spoken: dict[str, str],
    random: np.random.Generator,
    cache: Path,
) -> Answer:
    """Speak the steps of a script.

    Parameters
    ----------
    spoken : words that an engine has to be told in another spelling.
    random : draws pauses, levels and hesitations.
    cache : folder of synthesised chunks.
    """
    studio = _Studio(voice, spoken, random, cache)
    studio.gap_s = float(random.uniform(0.4, 1.6))
    for index, step in enumerate(steps):
        rest = steps[index + 1 :]
        if isinstance(step, Pause):
            studio.pause(step)
        elif isinstance(step, Hesitate):
            studio.hesitate(step, last=not any(isinstance(later, Say) for later in rest))
        else:
            studio.say(step)
    return studio.finish(plain_text(steps, language=voice.language))


@dataclass(slots=True)
class _Studio:
    """Where an answer is put together."""

    voice: Voice
    spoken: dict[str, str]
    random: np.random.Generator
    cache: Path
    gap_s: float | None = None
    """gap that a pause asked for; None = the next chunk draws its own"""
    parts: list[dict[str, Any]] = field(default_factory=list)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    given_up: list[dict[str, Any]] = field(default_factory=list)
    clung: bool = False
    tape: Tape = field(init=False)
    hesitations: Hesitations = field(init=False)

    def __post_init__(self) -> None:
        self.tape = Tape(self.voice.rate_hz)
        self.hesitations = Hesitations(self.voice, self.random, self.cache)
        names = ("hesitations", "lexical_fillers", "content_uses", "repetitions", "stretched")
        self.events = {name: [] for name in names}

    def pause(self, step: Pause) -> None:
        """Keep a pause for the next chunk."""
        self.gap_s = float(self.random.uniform(step.low_s, step.high_s))

    def say(self, step: Say) -> None:
        """Speak words."""
        samples = self._synthesise(step.text)
        if step.role == "stretched":
            samples = self._stretch(samples)
        level_db = self.random.uniform(-_CHUNK_SPREAD_DB, _CHUNK_SPREAD_DB)
        kind = "stretched" if step.role == "stretched" else "speech"
        if step.role in ("repetition", "restart"):
            kind = "repetition"
        label = self._lay(samples, step.text, level_db, kind, self._gap(step))
        self._close_repetition(step, label)
        if step.role in ("filler", "content"):
            name = "lexical_fillers" if step.role == "filler" else "content_uses"
            self.events[name].append(label)
        elif step.role == "stretched":
            self.events["stretched"].append(label)

    def hesitate(self, step: Hesitate, *, last: bool) -> None:
        """Make one hesitation or several in one gap."""
        for number in range(step.count):
            first_of_answer = not self.parts
            sound, samples, level_db = self.hesitations.draw(step.sound, short=step.attached)
            place = "between"
            if first_of_answer:
                place = "first"
            elif step.count > 1:
                place = "chain"
            elif step.attached:
                place = "attached"
            elif last:
                place = "last"
            gap_s = self._take_gap(0.0 if step.attached else self._hesitation_gap(number > 0))
            label = self._lay(samples, sound, level_db, "hesitation", gap_s)
            self.events["hesitations"].append({**label, "place": place})
        # Not drawn where a pause or silence of the script follows.
        self.clung = True

    def finish(self, text: str) -> Answer:
        """Mix the tape and put the labels together."""
        tail_s = self.gap_s if self.gap_s is not None else float(self.random.uniform(0.4, 1.2))
        mixed = self.tape.samples(tail_s=tail_s)
        mixed *= 10 ** (SPEECH_DBFS / 20) / self._mean_rms(mixed)
        loudest = float(np.abs(mixed).max())
        if loudest > 10 ** (_LOUDEST_DBFS / 20):
            mixed *= 10 ** (_LOUDEST_DBFS / 20) / loudest
        mixed += _room_tone(mixed.size, self.random)
        is_japanese = self.voice.language == "ja"
        kana = "".join(
            self._reading(part["text"])
            for part in self.parts
            if is_japanese and part["kind"] != "hesitation"
        )
        labels = {
            "text": text,
            "word_count": None if is_japanese else len(text.split()),
            "mora_count": count_morae(kana) if is_japanese else None,
            "reading": kana if is_japanese else None,
            "speech": [_span(*edges) for edges in self.tape.speech()],
            "parts": self.parts,
            **self.events,
        }
        return Answer(mixed, labels)

    def _synthesise(self, text: str) -> Samples:
        for word, told in self.spoken.items():
            text = text.replace(word, told)
        samples, rate_hz = speak(
            self.voice, text.rstrip("-—"), slow=1 / self.voice.speed, cache=self.cache
        )
        return resample(samples, rate_hz, self.voice.rate_hz)

    def _stretch(self, samples: Samples) -> Samples:
        rate_hz = self.voice.rate_hz
        factor = self.random.uniform(2.2, 3.2)
        piece, _ = cut_to_voice(samples, rate_hz)
        return reshape(piece, rate_hz, lengthen=factor, part=vowel(piece, rate_hz))

    def _lay(
        self, samples: Samples, text: str, level_db: float, kind: str, gap_s: float
    ) -> dict[str, Any]:
        rate_hz = self.voice.rate_hz
        piece, edges = cut_to_voice(samples, rate_hz)
        piece = piece * (10 ** ((SPEECH_DBFS + level_db) / 20) / speech_rms(piece, rate_hz))
        start, end = self.tape.append(piece, edges, gap_s=gap_s)
        label = {**_span(start, end), "text": text.rstrip("-—").strip(" ,.、。")}
        self.parts.append({"kind": kind, **label})
        return label

    def _close_repetition(self, step: Say, label: dict[str, Any]) -> None:
        """Put what was given up several times in a row into one event."""
        if step.role in ("repetition", "restart"):
            self.given_up.append({**label, "kind": step.role})
            return
        if self.given_up:
            between = " " if self.voice.language == "en" else ""
            event = {
                "start": self.given_up[0]["start"],
                "end": self.given_up[-1]["end"],
                "text": between.join(item["text"] for item in self.given_up),
                "kind": self.given_up[-1]["kind"],
            }
            self.events["repetitions"].append(event)
            self.given_up = []

    def _gap(self, step: Say) -> float:
        draw = self.random
        if self.clung:
            self.clung = False
            near = draw.random() < 0.3
            return self._take_gap(0.02 if near else float(draw.uniform(0.1, 0.8)))
        if step.role in ("content", "stretched") or (step.joined and not self.given_up):
            if step.role == "filler" and draw.random() < 0.6:
                return self._take_gap(float(draw.uniform(0.18, 0.45)))
            return self._take_gap(0.02)
        if self.given_up:
            near = draw.random() < 0.5
            return self._take_gap(0.03 if near else float(draw.uniform(0.2, 0.5)))
        # Between two clauses: sometimes none at all, as people do.
        near = draw.random() < 0.25
        return self._take_gap(0.03 if near else float(draw.uniform(0.18, 0.6)))

    def _hesitation_gap(self, in_chain: bool) -> float:
        if in_chain:
            return float(self.random.uniform(0.12, 0.7))
        near = self.random.random() < 0.25
        return 0.03 if near else float(self.random.uniform(0.1, 0.8))

    def _take_gap(self, otherwise_s: float) -> float:
        gap_s = otherwise_s if self.gap_s is None else self.gap_s
        self.gap_s = None
        return gap_s

    def _mean_rms(self, mixed: Samples) -> float:
        rate_hz = self.voice.rate_hz
        spoken = [p for p in self.parts if p["kind"] != "hesitation"]
        cuts = [mixed[round(p["start"] * rate_hz) : round(p["end"] * rate_hz)] for p in spoken]
        return rms(np.concatenate(cuts))

    def _reading(self, text: str) -> str:
        for word, told in self.spoken.items():
            text = text.replace(word, told)
        return reading(text)


def count_morae(kana: str) -> int:
    """Count the morae of katakana: small vowels and ャュョ belong to the sign before."""
    return sum(sign not in _SMALL_KANA for sign in kana)


def _room_tone(count: int, random: np.random.Generator) -> Samples:
    # Softer towards the top, as a quiet room is.
    white = random.standard_normal(count + 8)
    soft = np.convolve(white, np.array([1, 2, 4, 6, 6, 4, 2, 1, 0.5]) / 26.5, "valid")[:count]
    return soft * (10 ** (ROOM_DBFS / 20) / rms(soft))


def _span(start: float, end: float) -> dict[str, float]:
    return {"start": round(start, 4), "end": round(end, 4)}
