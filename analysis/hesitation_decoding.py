"""What the recogniser would have written at a word boundary if a hesitation had been said there.

It drops most hesitations, so the finished text of a window is decoded again with its encoder
output, and nothing can loop or get lost. Once with the text as it stands, behind a filler prompt:
how probable the first token of a hesitation is at every boundary. And, where that or the time
between the words leaves room for one, once for each of a few hesitations with it inserted: how
much likelier or less likely the audio makes the text then (a hesitation of several tokens counts
as a whole), and where in time the hesitation would lie.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.hesitation_guesses import Guess
from analysis.hesitation_window import ENDS, Edit, GapScore, Piece, Window
from analysis.timeline import Segment

FILLER_PROMPT = {"en": " Um, uh, hmm, er, ah.", "ja": "えーと、あのー、うーん、えー。"}
FILLER_TOKENS = {
    "en": (
        *(" um", " uh", " Um", " Uh", " hmm", " Hmm", " hm", " er", " Er", " erm"),
        *(" ah", " Ah", " mm", " Mm", " uhm", " eh"),
    ),
    "ja": (
        *("えー", "えっと", "えーと", "え", "あの", "あのー"),
        *("うーん", "うん", "ん", "あー", "んー"),
    ),
}
"""first tokens of hesitations; in Japanese hesitations take several tokens"""
TRIED = {"en": ("um", "uh"), "ja": ("えっと", "えー", "あのー")}
"""hesitations that are inserted: more of them cost more than they tell (our judgement)"""
_REPLACING = 2  # the first of them are tried instead of words, too

_NEXT_TOKENS = 6  # of the text after an inserted hesitation count: its effect fades
_FRAMES_PER_S = 50  # of the encoder
_REPEAT_PIECES = 8  # a Japanese word is up to this many pieces of the recogniser


def merged(before: GapScore | None, after: GapScore | None) -> GapScore | None:
    """Join what two windows say about the boundary between them.

    At its first boundary a window has no history and expects a hesitation for no reason: what the
    window before expected after its last word counts there.
    """
    if before is None or after is None:
        return before or after
    guesses = [g for g in (before.inserted, after.inserted) if g is not None]
    return replace(
        after,
        first=before.first,
        inserted=max(guesses, key=lambda g: g.ratio, default=None),
        instead=after.instead or before.instead,
    )


class ForcedDecoder:
    """Scores the boundaries of a text that the recogniser wrote.

    Parameters
    ----------
    model : CTranslate2's Whisper model.
    tokenizer : of the language.
    language : "en" or "ja".
    longest : how many tokens the decoder takes.
    """

    def __init__(self, model: Any, tokenizer: Any, language: str, longest: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._language = language
        self._longest = longest
        self._start = [
            tokenizer.sot_prev,
            *tokenizer.encode(FILLER_PROMPT[language]),
            *tokenizer.sot_sequence,
        ]
        self._firsts = sorted({tokenizer.encode(t)[0] for t in FILLER_TOKENS[language]})

    def score(
        self, encoded: Any, frames: int, tokens: list[int], pieces: Sequence[Piece]
    ) -> list[GapScore]:
        """Return the scores before every piece and after the last one.

        Parameters
        ----------
        encoded : encoder output of the window.
        frames : frames of the window that are sound, 100 a second.
        tokens : its text.
        pieces : the text cut into pieces; times from the start of the window.
        """
        window = self._as_it_stands(encoded, frames, tokens, pieces)
        tried = [i for i in range(len(pieces) + 1) if window.has_room(i)]
        for sound in TRIED[self._language] if tried else ():
            edits = [self._insertion(window, i, sound) for i in tried]
            self._try(window, [e for e in edits if e.stop <= len(window.tokens)])
        runs: list[tuple[int, int]] = []
        for i in range(len(pieces)):
            run = window.misheard(i)
            if run is not None and (not runs or i >= runs[-1][1]):
                runs.append(run)
        for sound in TRIED[self._language][:_REPLACING] if runs else ():
            self._try(window, [self._replacement(window, *run, sound) for run in runs])
        return window.scores

    def _as_it_stands(
        self, encoded: Any, frames: int, tokens: list[int], pieces: Sequence[Piece]
    ) -> Window:
        """Decode with the text forced: the first-token scores of every boundary."""
        tokenizer = self._tokenizer
        prompt = [*self._start, tokenizer.no_timestamps]
        tokens = tokens[: self._longest - len(prompt) - 2]
        # Enough for the forced text and no more: the library generates up to half of max_length,
        # and not beyond max_length less the prompt.
        steps = len(tokens) + 1
        result = self._model.generate(
            encoded,
            [prompt + tokens],
            max_length=min(self._longest, max(2 * steps, steps + len(prompt))),
            return_logits_vocab=True,
            beam_size=1,
            suppress_blank=False,
            suppress_tokens=[],
        )[0]
        order = {p.position: i for i, p in enumerate(pieces)}
        variants = [_variants(p.text, tokenizer) for p in pieces]
        scores = [GapScore(0.0) for _ in range(len(pieces) + 1)]
        likely = np.zeros(len(tokens))
        goes_on = 0.0
        # One row of logits per forced token, and one for what would follow the last.
        rows = np.asarray(result.logits[0], dtype=np.float32)[:steps]
        for step, logits in enumerate(rows):
            chances = np.exp(logits - logits.max())
            text = float(chances[: tokenizer.eot].sum())
            if step < len(tokens):
                likely[step] = _ln(float(chances[tokens[step]]) / text)
            else:
                goes_on = _ln(text / float(chances.sum()))
            i = order.get(step, len(pieces) if step == len(tokens) else None)
            if i is not None:
                chances /= chances.sum()
                # A word that begins like a hesitation (ええ, あの人) is a word.
                written = tokens[step] if step < len(tokens) else -1
                firsts = [t for t in self._firsts if t != written]
                before = variants[max(0, i - _REPEAT_PIECES) : i] if i < len(pieces) else []
                scores[i] = GapScore(
                    first=float(chances[firsts].sum()),
                    repeats=tuple(float(chances[v].sum()) for v in reversed(before)),
                )
        return Window(encoded, frames, tokens, pieces, likely, goes_on, scores)

    def _insertion(self, window: Window, i: int, sound: str) -> Edit:
        """Write a hesitation before the piece `i` as the recogniser would."""
        at = window.position(i)
        encode = self._tokenizer.encode
        if self._language == "ja":
            return Edit(i, sound, at, at, encode(sound + "、"))
        opens = i == 0 or window.pieces[i - 1].text.strip().endswith(ENDS)
        said = encode(f" {sound.capitalize() if opens else sound},")
        if opens and i < len(window.pieces):
            # "Um, this is": what began the sentence no longer does.
            piece = window.pieces[i].text
            lower = encode(piece.lower())
            if (
                len(lower) == 1
                and window.tokens[at : at + 1] == encode(piece)
                and not piece.strip().startswith("I")
            ):
                return Edit(i, sound, at, at + 1, said, lower)
        return Edit(i, sound, at, at, said)

    def _replacement(self, window: Window, i: int, after: int, sound: str) -> Edit:
        """Write a hesitation instead of the pieces from `i` to `after`."""
        return replace(
            self._insertion(window, i, sound),
            stop=window.position(after),
            last=[],
            replaced_s=window.pieces[after - 1].end - window.pieces[i].start,
        )

    def _try(self, window: Window, edits: list[Edit]) -> None:
        """Align the text with all the edits made, and keep what is better than before."""
        text: list[int] = []
        where = np.full(len(window.tokens), -1)
        begins = []
        at = 0
        for edit in edits:
            where[at : edit.start] = len(text) + np.arange(edit.start - at)
            text += window.tokens[at : edit.start]
            begins.append(len(text))
            text += edit.said
            if edit.last:
                where[edit.start] = len(text)
                text += edit.last
            at = edit.stop
        where[at:] = len(text) + np.arange(len(window.tokens) - at)
        text += window.tokens[at:]
        if len(text) > self._longest - len(self._start) - 2:
            return  # a loop of the recogniser: nobody says that much in half a minute
        result = self._model.align(window.encoded, self._start, [text], window.frames)[0]
        likely = np.array([_ln(p) for p in result.text_token_probs])
        # The first frame of each token, and of what follows the last.
        tokens, frames = np.array(result.alignments).T
        first = frames[np.searchsorted(tokens, np.arange(len(text) + 1))] / _FRAMES_PER_S
        for edit, begin in zip(edits, begins, strict=True):
            ahead = np.arange(edit.start, min(edit.stop + _NEXT_TOKENS, len(window.tokens)))
            kept = where[ahead]
            new = likely[begin : begin + len(edit.said)].sum() + likely[kept[kept >= 0]].sum()
            ratio = float(new - window.likely[ahead].sum())
            if edit.start == len(window.tokens):
                ratio += window.goes_on  # no text follows that could speak against it
            guess = Guess(
                edit.sound,
                ratio,
                Segment(*sorted((float(first[begin]), float(first[begin + len(edit.said)])))),
                edit.replaced_s,
            )
            score = window.scores[edit.piece]
            kind = "instead" if edit.replaced_s else "inserted"
            known: Guess | None = getattr(score, kind)
            if known is None or ratio > known.ratio:
                window.scores[edit.piece] = replace(score, **{kind: guess})


def _ln(chance: float) -> float:
    return math.log(max(chance, 1e-9))


def _variants(piece: str, tokenizer: Any) -> list[int]:
    """Return the first tokens with which a piece could be said again, in any case."""
    bare = piece.strip()
    forms = {bare, bare.lower(), bare.capitalize()} - {""}
    spaced = {" " + form for form in forms}
    firsts = {tokenizer.encode(form)[0] for form in (spaced if bare.isascii() else forms | spaced)}
    return sorted(firsts)
