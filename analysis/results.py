"""What the analysis of one answer yields: plain, frozen data with units in the names.

``analysis.json`` holds exactly these names. Times are seconds from the first audio sample.
Raw numbers are stored once; ratios and rates are properties. NaN and None mean "not measured"
(null in JSON) and are never a stand-in for zero; a `Caution` says why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from analysis.timeline import Segment, Segments, Track, intersect, total
from recorder.session import Question

# 1: first version.
# 2: stretches of an answer in which the microphone delivered nothing.
# 3: calibrated probability of a hesitation and a range of their number; repetitions; delivery over
#    time; the limits that pauses were measured with.
# 4: how sure the share of eye contact is, where the looks away went, places looked at repeatedly,
#    moments at which the person's own baseline was taken anew; leaning in.
SCHEMA = 4

LONG_PAUSE_S = 5.0
"""Pauses above this are left out of the pace (they are silences, shown on their own): one block
of 31 s would halve the words per minute of an answer. Our judgement."""

SILENCE_LIMIT_S = 30.0
"""Interviewers' rule: a thoughtful pause is fine, never silent for MORE than 30 s."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the transcript."""

    start: float
    """s"""
    end: float
    """s"""
    text: str
    """with its punctuation, without leading space"""
    probability: float
    """0..1, the recogniser's own"""
    space_before: bool = True
    """whether a space belongs before it (Japanese: no)"""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said, by the content pass."""

    language: str
    """ISO 639-1 code"""
    language_probability: float
    """0..1; 1.0 where the user gave the language"""
    model: str
    """name of the speech model"""
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words as one string."""
        parts = (f" {w.text}" if w.space_before else w.text for w in self.words)
        return "".join(parts).strip()


@dataclass(frozen=True, slots=True)
class Pause:
    """A silence of at least 0.25 s."""

    start: float
    """s"""
    end: float
    """s"""
    place: str
    """ "before", "inside" or "after" the answer; where nothing was said at all, "before" """

    @property
    def duration_s(self) -> float:
        """Length in s."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class SpeechMetrics:
    """Duration, pauses and pace of an answer."""

    duration_s: float
    """length of the sound, s"""
    answer: Segment | None
    """from the first to the last speech; None = nobody spoke"""
    speaking_s: float
    """time with speech, s"""
    latency_s: float
    """silence before the answer, s; NaN = nobody spoke"""
    after_s: float
    """silence after the answer, s; NaN = nobody spoke"""
    pauses: tuple[Pause, ...]
    """every silence of at least 0.25 s"""
    speech: Segments
    """the stretches with speech"""
    word_count: int | None = None
    """words without hesitations; None = not measured (no transcript), and None for Japanese
    only if there is no transcript: there it counts dictionary words"""
    syllable_count: int | None = None
    """English only"""
    mora_count: int | None = None
    """Japanese only"""
    character_count: int | None = None
    """Japanese only; letters, kana and kanji without punctuation"""
    lost: Segments = ()
    """where the microphone delivered nothing: neither speech nor a pause of the candidate's"""
    shortest_pause_s: float = 0.25
    """shorter silences belong to articulation"""
    long_pause_s: float = LONG_PAUSE_S
    """pauses above this are left out of the pace, s"""
    silence_limit_s: float = SILENCE_LIMIT_S
    """a silence above this is one too long, s"""

    @property
    def answer_s(self) -> float:
        """First to last speech, s; NaN = nobody spoke."""
        return self.answer.duration_s if self.answer else math.nan

    @property
    def pauses_inside(self) -> tuple[Pause, ...]:
        """Pauses between the first and the last speech."""
        return tuple(p for p in self.pauses if p.place == "inside")

    @property
    def heard_s(self) -> float:
        """Answer without what the microphone lost, s."""
        lost = intersect(self.lost, (self.answer,)) if self.answer else ()
        return self.answer_s - total(lost)

    @property
    def articulating_s(self) -> float:
        """Answer without its pauses of at least 0.25 s, s."""
        return self.heard_s - sum(p.duration_s for p in self.pauses_inside)

    @property
    def pace_base_s(self) -> float:
        """Answer without its pauses above `long_pause_s`, s."""
        inside = self.pauses_inside
        return self.heard_s - sum(p.duration_s for p in inside if p.duration_s > self.long_pause_s)

    @property
    def speech_rate_wpm(self) -> float:
        """Words per minute of the answer, all pauses included; NaN = not measured."""
        return _per_minute(self.word_count, self.heard_s)

    @property
    def pace_wpm(self) -> float:
        """Words per minute of the answer without its pauses above `long_pause_s`."""
        return _per_minute(self.word_count, self.pace_base_s)

    @property
    def articulation_rate_wpm(self) -> float:
        """Words per minute of the answer, pauses excluded."""
        return _per_minute(self.word_count, self.articulating_s)

    @property
    def syllable_rate_per_min(self) -> float:
        """Syllables per minute of the answer, pauses included."""
        return _per_minute(self.syllable_count, self.heard_s)

    @property
    def syllable_articulation_rate_per_min(self) -> float:
        """Syllables per minute of the answer, pauses excluded."""
        return _per_minute(self.syllable_count, self.articulating_s)

    @property
    def mora_rate_per_min(self) -> float:
        """Morae per minute of the answer, pauses included."""
        return _per_minute(self.mora_count, self.heard_s)

    @property
    def mora_articulation_rate_per_min(self) -> float:
        """Morae per minute of the answer, pauses excluded."""
        return _per_minute(self.mora_count, self.articulating_s)

    @property
    def character_rate_per_min(self) -> float:
        """Characters per minute of the answer, pauses included."""
        return _per_minute(self.character_count, self.heard_s)

    @property
    def pace_characters_per_min(self) -> float:
        """Characters per minute of the answer without its pauses above `long_pause_s`."""
        return _per_minute(self.character_count, self.pace_base_s)

    @property
    def pause_ratio(self) -> float:
        """Share of the answer that is pause, 0..1."""
        if not self.answer or not self.heard_s:
            return math.nan
        return sum(p.duration_s for p in self.pauses_inside) / self.heard_s

    @property
    def longest_pause(self) -> Pause | None:
        """The longest silence, wherever it lies."""
        return max(self.pauses, key=lambda p: p.duration_s, default=None)

    @property
    def silences_over_limit(self) -> tuple[Pause, ...]:
        """Every silence above `silence_limit_s`, wherever it lies (exactly 30.0 s is not)."""
        # 1 ms: one sample of rounding must not turn exactly 30.0 s into "over".
        return tuple(p for p in self.pauses if p.duration_s > self.silence_limit_s + 0.001)


@dataclass(frozen=True, slots=True)
class Filler:
    """A filler word ("like", まあ) or a hesitation sound ("um", えーと)."""

    start: float
    """s"""
    end: float
    """s"""
    text: str
    kind: str
    """ "word" = lexical, from the transcript; "acoustic" = hesitation sound"""
    probability: float
    """0..1 that it is one; of hesitations calibrated: of those with 0.8, 8 in 10 are"""
    counted: bool
    """True = counted; False = possible, shown but not counted"""


@dataclass(frozen=True, slots=True)
class Repetition:
    """Words said again ("the the"), or a sentence begun anew ("what we— what I did")."""

    start: float
    """s; of what was given up"""
    end: float
    """s; before it is said again"""
    text: str
    """what is said again or was given up"""
    kind: str
    """ "repetition" or "restart" """
    probability: float
    """0..1"""
    counted: bool
    """True = counted; False = possible, shown but not counted"""


@dataclass(frozen=True, slots=True)
class CountRange:
    """Between which numbers a count lies."""

    low: int
    high: int
    level_ratio: float
    """share of such ranges that hold the true number, 0..1"""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the answer and its pace."""

    start: float
    """s"""
    end: float
    """s"""
    rate_per_min: float
    """in the unit of `DeliveryMetrics.pace_unit`"""


@dataclass(frozen=True, slots=True)
class Drop:
    """The end of a sentence that is much softer than the sentence."""

    start: float
    """s; of the soft end"""
    end: float
    """s"""
    drop_db: float
    """how much softer, dB"""


@dataclass(frozen=True, slots=True)
class DeliveryMetrics:
    """How the answer was delivered over time. None and NaN = not measured."""

    pace_unit: str
    """ "words/min" or "characters/min"; "" without a transcript"""
    pace: Track
    """in a rolling window, in `pace_unit`"""
    fastest: Passage | None
    slowest: Passage | None
    f0_spread_st: Track
    """f0 spread (10th to 90th percentile) in a rolling window, semitones"""
    monotone: Segments
    """where the voice hardly rises or falls, s"""
    monotone_ratio: float
    """share of the judged speech that is monotone, 0..1"""
    sentence_end_count: int
    """ends of sentences whose level could be judged; 0 = not measured"""
    drops: tuple[Drop, ...]
    """ends of sentences that fade away"""
    pace_window_s: float = 15.0
    """the pace at an instant is that of this long around it"""
    flat_below_st: float = 3.5
    """a smaller f0 spread is monotone, semitones"""
    flat_window_s: float = 10.0
    """the f0 spread is that of this long"""
    drop_from_db: float = 10.0
    """an end this much softer than its sentence fades away, dB"""


@dataclass(frozen=True, slots=True)
class VoiceMetrics:
    """Loudness and melody of the voice. NaN = not measured."""

    level_dbfs: float
    """20·log10 RMS over speech, full scale = 1"""
    peak_dbfs: float
    """largest sample"""
    noise_floor_dbfs: float
    """RMS of the silences"""
    snr_db: float
    """speech above noise floor"""
    f0_median_hz: float
    """median fundamental frequency over voiced speech"""
    f0_spread_st: float
    """10th to 90th percentile of f0, semitones"""
    voiced_ratio: float
    """share of speech frames that are voiced, 0..1"""
    clipped_ratio: float
    """share of samples at full scale, 0..1"""


@dataclass(frozen=True, slots=True)
class Look:
    """One look away from the camera."""

    start: float
    """s"""
    end: float
    """s"""
    direction: str
    """ "left", "right" (the person's own), "up" or "down": the axis on which it is further off"""
    yaw_deg: float
    """median over the look, against looking at the lens, + = to the person's left"""
    pitch_deg: float
    """the same, + = up; the vertical axis is the less exact one"""
    place: int | None = None
    """which of `GazeMetrics.places` it went to; None = none that was looked at repeatedly"""

    @property
    def duration_s(self) -> float:
        """Length in s."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class GazePlace:
    """One place that was looked at again and again."""

    kind: str
    """ "notes" (below or beside the camera, off the screen), "screen" (where the middle of the
    screen was when it was calibrated, or where a screen usually is), or "elsewhere" """
    direction: str
    """ "left", "right" (the person's own), "up" or "down" """
    yaw_deg: float
    """median, against looking at the lens, + = to the person's left"""
    pitch_deg: float
    """the same, + = up"""
    moments: Segments
    """the looks at it, s"""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment from which a person's own baseline was taken anew, because the person moved."""

    time: float
    """s"""
    yaw_deg: float
    """how far the reading of the lens moved, + = to the person's left"""
    pitch_deg: float
    """the same, + = up"""


@dataclass(frozen=True, slots=True)
class GazeMetrics:
    """Whether the person faces the camera: an estimate from head pose and iris position."""

    coverage_ratio: float
    """share of the sampled frames with a face turned to the camera by at most 30 deg, 0..1"""
    eye_contact_ratio: float
    """share of the judged frames that face the camera, those that made the own baseline left out,
    0..1; NaN = withheld"""
    away: Segments
    """looking elsewhere for at least 0.3 s"""
    yaw: Track
    """head turn, deg, + = to the person's left"""
    pitch: Track
    """head up/down relative to the own baseline, deg, + = up"""
    gaze_yaw: Track
    """gaze against the own baseline, deg; NaN where eyes are closed or no face"""
    gaze_pitch: Track
    """gaze against the own baseline, deg; NaN where eyes are closed or no face"""
    closed_ratio: float
    """share of the frames with a face in which the eyes are closed, 0..1"""
    calibration: str
    """what gaze was measured against: "two-point" (lens and screen, recorded beforehand),
    "one-point" (the lens alone), "own first seconds", or "none" where it was withheld"""
    eye_contact_low_ratio: float = math.nan
    """the same share with the frames near the boundary counted as looking elsewhere"""
    eye_contact_high_ratio: float = math.nan
    """the same share with the frames near the boundary counted as facing the camera"""
    looks: tuple[Look, ...] = ()
    """where each of `away` went"""
    places: tuple[GazePlace, ...] = ()
    """what was looked at repeatedly, most often first"""
    anchors: tuple[Anchor, ...] = ()
    """when the baseline was taken anew"""
    unseen: Segments = ()
    """where gaze could not be judged for at least 1 s (no face, or turned away), s"""


@dataclass(frozen=True, slots=True)
class PostureMetrics:
    """Upper body against the person's own first seconds."""

    coverage_ratio: float
    """share of the sampled frames with both shoulders, 0..1"""
    lean_deg: float
    """median sideways lean of the head over the shoulders against the own baseline, deg, + = to the
    person's left"""
    shoulder_tilt_deg: float
    """median tilt of the shoulder line against the own baseline, deg, + = left shoulder lower;
    moments with a tilted head left out"""
    slouch_ratio: float
    """share of the judged time slouching, 0..1; NaN = withheld"""
    side_lean_ratio: float
    """share of the judged time leaning sideways, 0..1; NaN = withheld"""
    movement: float
    """path of the shoulders, shoulder widths per s"""
    slouch: Segments
    side_lean: Segments
    tilt: Segments
    lean_in: Segments = ()
    """much nearer to the camera than at the own start"""
    lean_in_ratio: float = math.nan
    """share of the judged time leaning in, 0..1; NaN = withheld"""
    tilt_ratio: float = math.nan
    """share of the judged time with tilted shoulders, 0..1; NaN = withheld"""


@dataclass(frozen=True, slots=True)
class ContentMetrics:
    """Structure of what was said."""

    conclusion_s: float | None
    """time of the first conclusion, s; None = none found"""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What the container holds."""

    name: str
    """file name"""
    path: str
    """from the folder of the analysis to the file, with forward slashes, so that both can be moved
    together; as it was given where there is no such way (another drive)"""
    sha256: str
    """of the file"""
    duration_s: float
    """from the first audio sample (first frame without audio) to the last of either, s"""
    audio_codec: str | None
    audio_streams: int
    sample_rate_hz: int | None
    channels: int | None
    audio_duration_s: float
    """NaN = no audio"""
    video_codec: str | None
    frame_size_px: tuple[int, int] | None
    """width, height as shown (rotation applied); None = no video"""
    rotation_deg: int
    """rotation that was applied"""
    video_duration_s: float
    """NaN = no video"""
    av_offset_s: float
    """first video frame minus first audio sample, s, by the container; NaN = only one of them"""

    @property
    def player_zero_s(self) -> float:
        """Time at which a player's clock shows zero, s: the earlier of first frame and sample."""
        return min(0.0, self.av_offset_s) if self.av_offset_s == self.av_offset_s else 0.0


@dataclass(frozen=True, slots=True)
class Caution:
    """Why a number is missing or to be read with care."""

    code: str
    """stable, for programs, for instance "no-face" """
    text: str
    """one sentence for the user"""


@dataclass(frozen=True, slots=True)
class Provenance:
    """How the numbers were made."""

    version: str
    """of mensetsu"""
    created: str
    """UTC, ISO 8601"""
    libraries: dict[str, str]
    """name to version"""
    models: dict[str, str]
    """name to sha256"""
    options: dict[str, object]
    """thresholds and choices that were in force"""


@dataclass(frozen=True, slots=True)
class AnswerAnalysis:
    """Everything measured in one answer."""

    take_id: str
    media: MediaFacts
    question: Question | None
    transcript: Transcript | None
    """None = speech not recognised (no speech, or a language that is not supported)"""
    speech: SpeechMetrics | None
    """None = no sound"""
    fillers: tuple[Filler, ...] | None
    """None = not measured"""
    voice: VoiceMetrics | None
    gaze: GazeMetrics | None
    """None = no picture, or no face to measure"""
    posture: PostureMetrics | None
    content: ContentMetrics | None
    warnings: tuple[Caution, ...]
    provenance: Provenance
    hesitation_range: CountRange | None = None
    """of the number of hesitations; None = not measured"""
    repetitions: tuple[Repetition, ...] | None = None
    """None = not measured"""
    delivery: DeliveryMetrics | None = None
    """None = not measured"""
    schema: int = field(default=SCHEMA)

    @property
    def hesitations(self) -> tuple[Filler, ...] | None:
        """Counted hesitation sounds; None = not measured."""
        return self._fillers("acoustic", counted=True)

    @property
    def possible_hesitations(self) -> tuple[Filler, ...] | None:
        """Hesitation sounds that are possible, not counted; None = not measured."""
        return self._fillers("acoustic", counted=False)

    @property
    def lexical_fillers(self) -> tuple[Filler, ...] | None:
        """Counted filler words; None = not measured."""
        return self._fillers("word", counted=True)

    @property
    def fillers_per_min(self) -> float:
        """Counted hesitations and filler words per minute of the answer; NaN = not measured."""
        if self.fillers is None or self.speech is None:
            return math.nan
        return _per_minute(sum(f.counted for f in self.fillers), self.speech.answer_s)

    def counted_repetitions(self, kind: str) -> tuple[Repetition, ...] | None:
        """Counted ones of a kind ("repetition" or "restart"); None = not measured."""
        if self.repetitions is None:
            return None
        return tuple(r for r in self.repetitions if r.kind == kind and r.counted)

    def _fillers(self, kind: str, *, counted: bool) -> tuple[Filler, ...] | None:
        if self.fillers is None:
            return None
        return tuple(f for f in self.fillers if f.kind == kind and f.counted == counted)


def _per_minute(count: int | None, seconds: float) -> float:
    if count is None or not seconds > 0:
        return math.nan
    return 60.0 * count / seconds
