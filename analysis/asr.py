"""Speech to text: the only door to faster-whisper's recogniser.

The content pass hears only what the lenient voice activity pass found (Whisper invents text in
silence), without a prompt (a filler prompt loops and drops passages). While its encoder output is
still at hand, every window is scored for the hesitations that the recogniser dropped
(`analysis.hesitation_decoding`); the transcript stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.vad import SpeechTimestampsMap
from numpy.typing import NDArray

from analysis.errors import ModelMissing
from analysis.hesitation_decoding import ForcedDecoder, merged
from analysis.hesitation_guesses import Boundary, Guess
from analysis.hesitation_window import GapScore, Piece, cut
from analysis.japanese import group_pieces
from analysis.media import RATE_HZ
from analysis.models import ModelChoice
from analysis.results import Word
from analysis.timeline import Segment, Segments
from analysis.vad import collect
from analysis.words import MAX_REPEATS, in_order, inside_speech, join_pieces, looping

SUPPORTED = ("en", "ja")

_FRAMES_PER_S = 100  # of the recogniser's features
_PASSAGE_S = 300.0
"""the recogniser gets at most this much at a time, so that memory does not grow with the take"""

MAX_COMPRESSION = 2.4
"""above it a segment repeats itself (Whisper's own threshold)"""
MAX_NO_SPEECH = 0.8
"""above it there was nobody (real speech reached 0.31 after the voice activity pass)"""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What the content pass and the forced pass heard."""

    words: tuple[Word, ...]
    boundaries: tuple[Boundary, ...]
    """only those where the forced pass has something to say"""


@dataclass(frozen=True, slots=True)
class LanguageGuess:
    """The language by the recogniser."""

    language: str
    probability: float
    supported: dict[str, float]
    """probability of each of `SUPPORTED`"""


class _RememberingModel(WhisperModel):
    """Keeps the encoder output of the window that is being decoded."""

    encoded: Any = None
    frames: int = 0
    """of it that are sound, 100 a second"""

    def encode(self, features: NDArray[np.float32]) -> Any:
        self.encoded = super().encode(features)
        return self.encoded

    def find_alignment(
        self, tokenizer, text_tokens, encoder_output, num_frames, median_filter_width=7
    ) -> Any:
        self.frames = num_frames
        return super().find_alignment(
            tokenizer, text_tokens, encoder_output, num_frames, median_filter_width
        )


class Recogniser:
    """A loaded speech model.

    Raises
    ------
    ModelMissing
        The folder is not a model that can be loaded.
    """

    def __init__(self, choice: ModelChoice, *, threads: int = 2) -> None:
        self.choice = choice
        # Hard passages are decoded by sampling: the same recording must give the same words.
        ctranslate2.set_random_seed(0)
        try:
            self._model = _RememberingModel(
                str(choice.folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=threads,
                num_workers=1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as exc:
            raise ModelMissing(
                f"the model folder {choice.folder} can't be loaded ({str(exc).splitlines()[0]}):"
                " is it a CTranslate2 Whisper model?"
            ) from exc

    @property
    def multilingual(self) -> bool:
        """Whether it knows more than English."""
        return self._model.model.is_multilingual

    def guess_language(
        self, samples: NDArray[np.float32], speech: Segments
    ) -> LanguageGuess | None:
        """Guess the language from up to the first 30 s of speech; None without speech."""
        heard = _first_speech(samples, speech, 30.0)
        if not len(heard):
            return None
        language, probability, all_languages = self._model.detect_language(heard)
        ranked = dict(all_languages)
        return LanguageGuess(
            language, float(probability), {code: float(ranked.get(code, 0.0)) for code in SUPPORTED}
        )

    def recognise(
        self,
        samples: NDArray[np.float32],
        lenient: Segments,
        measured: Segments,
        *,
        language: str,
        beam_size: int = 5,
        on_progress: Callable[[float], None] | None = None,
    ) -> Recognition:
        """Transcribe, and score every word boundary for hesitations.

        Parameters
        ----------
        samples : mono at 16 kHz, shape (n,).
        lenient : what the recogniser hears.
        measured : speech by the measuring pass; no word is credited outside it.
        language : "en" or "ja".
        on_progress : called with the seconds of the take that are done, per segment.
        """
        pieces: list[_Heard] = []
        # What is known of the boundary before the next word, while words in between are dropped.
        gap: GapScore | None = None
        for passage in _passages(lenient):
            for window, behind in self._windows(samples, passage, language, beam_size):
                for heard in window:
                    gap = merged(gap, heard.gap)
                    word = inside_speech(heard.word, measured)
                    if word is not None and not looping(
                        [p.word for p in pieces[-MAX_REPEATS:]], word
                    ):
                        pieces.append(_Heard(word, gap))
                        gap = None
                gap = merged(gap, behind)
                if on_progress is not None and window:
                    on_progress(window[-1].word.end)
            if on_progress is not None:
                on_progress(passage[-1].end)
        words, index = (group_pieces if language == "ja" else join_pieces)(
            in_order([piece.word for piece in pieces])
        )
        return Recognition(words, tuple(_boundaries(pieces, gap, index, len(words))))

    def _windows(
        self, samples: NDArray[np.float32], passage: Segments, language: str, beam_size: int
    ) -> Iterator[tuple[list[_Heard], GapScore | None]]:
        """Yield the words of one decoder window after the other, on the take's clock.

        Each with what is known of the boundary before it; and of the one behind the last word.
        """
        audio = collect(samples, passage)
        clock = SpeechTimestampsMap(
            [{"start": round(s.start * RATE_HZ), "end": round(s.end * RATE_HZ)} for s in passage],
            RATE_HZ,
        )
        segments, _info = self._model.transcribe(
            audio,
            language=language if self.multilingual else None,
            beam_size=beam_size,
            word_timestamps=True,
            condition_on_previous_text=False,
            vad_filter=False,
        )
        tokenizer = Tokenizer(
            self._model.hf_tokenizer,
            self.multilingual,
            task="transcribe",
            language=language,
        )
        decoder = ForcedDecoder(self._model.model, tokenizer, language, self._model.max_length)
        for encoded, frames, window in self._by_window(segments):
            words, tokens, pieces, starts = _text_of(window, tokenizer)
            if not tokens:
                continue
            offset = window[0].seek / _FRAMES_PER_S
            scores = [
                _gap_on_clock(score, offset, clock)
                for score in decoder.score(encoded, frames, tokens, pieces)
            ]
            yield (
                [
                    _Heard(_on_clock(word, clock), scores[at] if at is not None else None)
                    for word, at in zip(words, starts, strict=True)
                ],
                scores[-1],
            )

    def _by_window(self, segments: Iterable[Any]) -> Iterator[tuple[Any, int, list[Any]]]:
        """Yield (encoder output, its frames, segments) of one decoder window after the other."""
        window: list[Any] = []
        encoded, frames = None, 0
        for segment in segments:
            if window and segment.seek != window[0].seek:
                yield encoded, frames, window
                window = []
            if not window:
                # The library decodes as it is asked: this is still the window of this segment.
                encoded, frames = self._model.encoded, self._model.frames
            window.append(segment)
        if window:
            yield encoded, frames, window


def _text_of(
    segments: list[Any], tokenizer: Tokenizer
) -> tuple[list[Any], list[int], list[Piece], list[int | None]]:
    """Return what was really said in a window: its words, tokens, and pieces (`cut`)."""
    good = [
        s
        for s in segments
        if s.compression_ratio <= MAX_COMPRESSION and s.no_speech_prob <= MAX_NO_SPEECH
    ]
    words = [word for segment in good for word in segment.words or ()]
    tokens = [t for s in good for t in s.tokens if t < tokenizer.eot]
    texts, groups = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    offset = segments[0].seek / _FRAMES_PER_S
    pieces, starts = cut(texts[:-1], [len(g) for g in groups[:-1]], words, offset)
    return words, tokens, pieces, starts


@dataclass(frozen=True, slots=True)
class _Heard:
    word: Word
    gap: GapScore | None
    """of the boundary before it; None = in the midst of a word"""


def _boundaries(
    pieces: list[_Heard], behind: GapScore | None, index: dict[int, int], count: int
) -> Iterator[Boundary]:
    """Yield the boundaries before words, and the one behind the last of `count` words."""
    first_piece = {word: piece for piece, word in index.items()}
    for i, piece in enumerate(pieces):
        if piece.gap is not None and i in index:
            before = first_piece.get(index[i] - 1)
            again = piece.gap.repeats
            known = before is not None and 0 < i - before <= len(again)
            repeat = again[i - before - 1] if before is not None and known else 0.0
            yield _boundary(index[i], piece.gap, repeat)
    if behind is not None:
        yield _boundary(count, behind, 0.0)


def _boundary(word: int, gap: GapScore, repeat: float) -> Boundary:
    return Boundary(word, gap.first, repeat, gap.inserted, gap.instead)


def download_model(name: str, folder: Path) -> None:
    """Download a model into a folder: the one use of the network, on the user's request.

    Raises
    ------
    ModelMissing
        It could not be fetched.
    """
    from faster_whisper.utils import download_model as fetch

    try:
        fetch(name, output_dir=str(folder))
    except Exception as exc:  # the hub's client raises a dozen unrelated types
        reason = (str(exc) or type(exc).__name__).splitlines()[0]
        raise ModelMissing(
            f"the model {name!r} could not be fetched ({reason}): check the internet connection"
        ) from exc


def _first_speech(
    samples: NDArray[np.float32], speech: Segments, seconds: float
) -> NDArray[np.float32]:
    chosen, length = [], 0.0
    for segment in speech:
        chosen.append(segment)
        length += segment.duration_s
        if length >= seconds:
            break
    return collect(samples, tuple(chosen))[: round(seconds * RATE_HZ)]


def _passages(lenient: Segments) -> Iterator[Segments]:
    passage: list = []
    length = 0.0
    for segment in lenient:
        if passage and length + segment.duration_s > _PASSAGE_S:
            yield tuple(passage)
            passage, length = [], 0.0
        passage.append(segment)
        length += segment.duration_s
    if passage:
        yield tuple(passage)


def _gap_on_clock(gap: GapScore, offset: float, clock: SpeechTimestampsMap) -> GapScore:
    """Put the places of hesitations, from the start of the window, on the take's clock."""

    def moved(guess: Guess | None) -> Guess | None:
        if guess is None:
            return None
        chunk = clock.get_chunk_index(offset + guess.place.middle)
        start = float(clock.get_original_time(offset + guess.place.start, chunk))
        end = float(clock.get_original_time(offset + guess.place.end, chunk))
        return replace(guess, place=Segment(start, max(start, end)))

    return replace(gap, inserted=moved(gap.inserted), instead=moved(gap.instead))


def _on_clock(word: Any, clock: SpeechTimestampsMap) -> Word:
    """Put a word from the joined speech back on the take's clock."""
    chunk = clock.get_chunk_index((word.start + word.end) / 2)
    start = clock.get_original_time(word.start, chunk)
    end = clock.get_original_time(word.end, chunk)
    return Word(
        start=float(start),
        end=float(max(start, end)),
        text=word.word.strip(),
        probability=float(word.probability),
        space_before=word.word[:1].isspace(),
    )
