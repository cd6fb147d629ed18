"""Speech to text: the only door to faster-whisper's recogniser.

The content pass hears only what the lenient voice activity pass found (Whisper invents text in
silence), without a prompt (a filler prompt loops and drops passages). While its encoder output is
still at hand, the decoder runs once more over each window with the finished text forced, behind a
filler prompt: how probable a hesitation would have been at every word boundary. Nothing can loop,
nothing is dropped, the transcript stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.vad import SpeechTimestampsMap
from numpy.typing import NDArray

from analysis.errors import ModelMissing
from analysis.hesitations import Boundary
from analysis.japanese import group_pieces
from analysis.media import RATE_HZ
from analysis.models import ModelChoice
from analysis.results import Word
from analysis.timeline import Segments
from analysis.vad import collect
from analysis.words import MAX_REPEATS, in_order, inside_speech, join_pieces, looping

SUPPORTED = ("en", "ja")


_PASSAGE_S = 300.0
"""the recogniser gets at most this much at a time, so that memory does not grow with the take"""

MAX_COMPRESSION = 2.4
"""above it a segment repeats itself (Whisper's own threshold)"""
MAX_NO_SPEECH = 0.8
"""above it there was nobody (real speech reached 0.31 after the voice activity pass)"""


FILLER_PROMPT = {"en": " Um, uh, hmm, er, ah.", "ja": "えーと、あのー、うーん、えー。"}
FILLER_TOKENS = {
    "en": (
        *(" um", " uh", " Um", " Uh", " hmm", " Hmm", " hm", " er", " Er", " erm"),
        *(" ah", " Ah", " mm", " Mm", " uhm", " eh"),
    ),
    "ja": (
        "えー",
        "えっと",
        "えーと",
        "え",
        "あの",
        "あのー",
        "うーん",
        "うん",
        "ん",
        "あー",
        "んー",
    ),
}
"""first tokens of hesitations; in Japanese hesitations take several tokens"""


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

    def encode(self, features: NDArray[np.float32]) -> Any:
        self.encoded = super().encode(features)
        return self.encoded


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
        for passage in _passages(lenient):
            for window in self._windows(samples, passage, language, beam_size):
                for heard in window:
                    word = inside_speech(heard.word, measured)
                    if word is not None and not looping(
                        [p.word for p in pieces[-MAX_REPEATS:]], word
                    ):
                        pieces.append(_Heard(word, heard.filler))
                if on_progress is not None and window:
                    on_progress(window[-1].word.end)
            if on_progress is not None:
                on_progress(passage[-1].end)
        words, index = (group_pieces if language == "ja" else join_pieces)(
            in_order([piece.word for piece in pieces])
        )
        boundaries = (
            Boundary(index[i], piece.filler)
            for i, piece in enumerate(pieces)
            if piece.filler is not None and i in index
        )
        return Recognition(words, tuple(boundaries))

    def _windows(
        self, samples: NDArray[np.float32], passage: Segments, language: str, beam_size: int
    ) -> Iterator[list[_Heard]]:
        """Yield the words of one decoder window after the other, on the take's clock."""
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
        last: float | None = None
        for encoded, window in self._by_window(segments):
            heard, last = self._score(window, encoded, tokenizer, language, last)
            yield [_Heard(_on_clock(word, clock), score) for word, score in heard]

    def _by_window(self, segments: Iterable[Any]) -> Iterator[tuple[Any, list[Any]]]:
        """Yield (encoder output, segments) of one decoder window after the other."""
        window: list[Any] = []
        encoded = None
        for segment in segments:
            if window and segment.seek != window[0].seek:
                yield encoded, window
                window = []
            if not window:
                # The library decodes as it is asked: this is still the window of this segment.
                encoded = self._model.encoded
            window.append(segment)
        if window:
            yield encoded, window

    def _score(
        self,
        segments: list[Any],
        encoded: Any,
        tokenizer: Tokenizer,
        language: str,
        first: float | None,
    ) -> tuple[list[tuple[Any, float | None]], float | None]:
        """Pair the words of a window with the score of the boundary before each.

        The first boundary of a window has no history and scores high for no reason: it takes
        `first`, what the window before expected after its last word. Also returns that for the
        next window.
        """
        good = [
            s
            for s in segments
            if s.compression_ratio <= MAX_COMPRESSION and s.no_speech_prob <= MAX_NO_SPEECH
        ]
        tokens = [t for s in good for t in s.tokens if t < tokenizer.eot]
        if not tokens:
            return [], None
        scores = self._filler_scores(encoded, tokens, tokenizer, language)
        # Token position at which each word begins, found by walking the text once.
        starts, position = {}, 0
        text = ""
        pieces, groups = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
        for piece, group in zip(pieces[:-1], groups[:-1], strict=True):
            starts[len(text)] = position
            text += piece
            position += len(group)
        heard: list[tuple[Any, float | None]] = []
        at = 0
        for segment in good:
            for word in segment.words or ():
                begin = text.find(word.word, at)
                score = None
                if begin == 0:
                    score = first
                elif begin in starts:
                    score = float(scores[starts[begin]])
                at = max(at, begin + len(word.word))
                heard.append((word, score))
        return heard, float(scores[-1])

    def _filler_scores(
        self, encoded: Any, tokens: list[int], tokenizer: Tokenizer, language: str
    ) -> NDArray[np.float64]:
        """Return the summed hesitation probability before every token, shape (n + 1,)."""
        firsts = sorted({tokenizer.encode(text)[0] for text in FILLER_TOKENS[language]})
        prompt = [
            tokenizer.sot_prev,
            *tokenizer.encode(FILLER_PROMPT[language]),
            *tokenizer.sot_sequence,
            tokenizer.no_timestamps,
        ]
        room = self._model.max_length - len(prompt) - 2
        # Enough for the forced text and no more: the library generates up to half of max_length,
        # and not beyond max_length less the prompt.
        steps = min(len(tokens), room) + 1
        longest = min(self._model.max_length, max(2 * steps, steps + len(prompt)))
        result = self._model.model.generate(
            encoded,
            [prompt + tokens[:room]],
            max_length=longest,
            return_logits_vocab=True,
            beam_size=1,
            suppress_blank=False,
            suppress_tokens=[],
        )[0]
        scores = np.zeros(len(tokens) + 1)
        # One row of logits per forced token, and one for what would follow the last.
        rows = np.asarray(result.logits[0], dtype=np.float32)[:steps]
        for step, logits in enumerate(rows):
            chances = np.exp(logits - logits.max())
            scores[step] = float(chances[firsts].sum() / chances.sum())
        return scores


@dataclass(frozen=True, slots=True)
class _Heard:
    word: Word
    filler: float | None


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
