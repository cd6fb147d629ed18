"""What the page of an answer shows, as plain values: numbers become words here."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from analysis.results import AnswerAnalysis
from recorder.session import Question
from reports.cautions import caution_text
from reports.charts import lanes, time_ticks
from reports.delivery import DeliveryRow, delivery_rows
from reports.details import Detail, details
from reports.evidence import pace_over_time
from reports.feedback import choose_remarks, low_trust, pace_of
from reports.glance import Tile, tiles
from reports.language import interface, t
from reports.marks import Lane, Tick
from reports.pace_chart import PaceChart, pace_chart
from reports.prose import Passage, passages
from reports.remarks import Remark
from reports.sight import measured_gaze
from reports.sight_accuracy import Figure, accuracy
from reports.sight_rows import SightRow, sight_rows
from reports.targets import Targets
from reports.wording import language_name, listed, listed_and, span


@dataclass(frozen=True, slots=True)
class AnswerView:
    """Everything the template needs, in the order of the page."""

    title: str
    question_en: str
    question_ja: str
    structure: str
    intent: str
    date: str
    language: str
    """name of the language, "" where unknown"""
    language_code: str
    file_name: str
    media_href: str | None
    media_kind: str
    """ "video", "audio" or "" where nothing can be played"""
    media_format: str
    frame_size_px: tuple[int, int] | None
    duration_s: float
    player_zero_s: float
    """time at which the player's clock shows zero"""
    low_trust: bool
    tiles: tuple[Tile, ...]
    gaze_note: bool
    remarks: tuple[Remark, ...]
    went_well: str
    lanes: tuple[Lane, ...]
    looks: frozenset[str]
    """kinds of marks that the legend has to explain"""
    ticks: tuple[Tick, ...]
    pace: PaceChart | None
    pace_band: str
    pace_how: str
    """how the pace over time is counted"""
    delivery: tuple[DeliveryRow, ...]
    sight: tuple[SightRow, ...]
    accuracy: tuple[Figure, ...]
    """how sure eye contact and posture are"""
    passages: tuple[Passage, ...]
    word_times: tuple[tuple[float, float], ...]
    transcript_note: str
    details: tuple[Detail, ...]
    warnings: tuple[str, ...]
    limits: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]


def answer_view(
    analysis: AnswerAnalysis,
    *,
    media_href: str | None,
    targets: Targets,
    created: str | None,
    extra_lanes: Sequence[Lane] = (),
) -> AnswerView:
    """Put together what the page shows; `extra_lanes` come below ours."""
    question, media, speech = analysis.question, analysis.media, analysis.speech
    transcript = analysis.transcript
    duration_s = max(
        [media.duration_s, speech.duration_s if speech else 0.0, 0.001],
        key=lambda s: -math.inf if math.isnan(s) else s,
    )
    has_picture = media.video_codec is not None
    _, band = pace_of(analysis, targets)
    track, delivery = pace_over_time(analysis), analysis.delivery
    pace = track and pace_chart(
        track,
        band,
        duration_s,
        fastest=delivery and delivery.fastest,
        slowest=delivery and delivery.slowest,
    )
    shown_tiles = tiles(analysis, targets)
    shown_lanes = (*lanes(analysis, duration_s), *extra_lanes)
    text = passages(analysis)
    words = tuple(w for p in text for w in p.word_times)
    return AnswerView(
        title=_title(question) or media.name or t("Answer"),
        question_en=question.text_en if question else "",
        question_ja=question.text_ja if question else "",
        structure=t(question.structure) if question else "",
        intent=t(question.intent) if question else "",
        date=_date(created or analysis.provenance.created),
        language=language_name(transcript.language) if transcript else "",
        language_code=transcript.language if transcript else "",
        file_name=media.name,
        media_href=media_href,
        media_kind=("video" if has_picture else "audio") if media_href else "",
        media_format=listed_and([c for c in (media.video_codec, media.audio_codec) if c]),
        frame_size_px=media.frame_size_px,
        duration_s=duration_s,
        player_zero_s=media.player_zero_s,
        low_trust=low_trust(analysis),
        tiles=shown_tiles,
        gaze_note=measured_gaze(analysis) is not None,
        remarks=choose_remarks(analysis, targets),
        went_well=_went_well(shown_tiles),
        lanes=shown_lanes,
        looks=frozenset(m.kind for lane in shown_lanes for m in lane.marks),
        ticks=time_ticks(duration_s),
        pace=pace,
        pace_band=span(f"{band.low:.0f}", f"{band.high:.0f}") if band else "",
        pace_how=_pace_how(analysis) if pace else "",
        delivery=delivery_rows(analysis, band),
        sight=sight_rows(analysis),
        accuracy=accuracy(analysis),
        passages=text,
        word_times=words,
        transcript_note=_transcript_note(analysis),
        details=details(analysis, targets),
        warnings=tuple(caution_text(w.text) for w in analysis.warnings),
        limits=_limits(analysis),
        provenance=_provenance(analysis),
    )


def _title(question: Question | None) -> str:
    if question is None:
        return ""
    if interface() == "ja":
        return question.text_ja or question.text_en
    return question.text_en or question.text_ja


def _pace_how(analysis: AnswerAnalysis) -> str:
    window_s = analysis.delivery.pace_window_s if analysis.delivery else 15.0
    long_s = analysis.speech.long_pause_s if analysis.speech else 5.0
    return t(
        "Pace: {window} s around each moment; silences over {limit} s left out.",
        window=f"{window_s:g}",
        limit=f"{long_s:g}",
    )


def _went_well(shown: tuple[Tile, ...]) -> str:
    good = [t.title.lower() for t in shown if t.level == "good" and not t.doubtful]
    if not good:
        return ""
    return t("In range: {names}.", names=listed_and(good))


def _transcript_note(analysis: AnswerAnalysis) -> str:
    if analysis.speech is None:
        return t("There is no sound, so there is no transcript.")
    if analysis.speech.answer is None:
        return t("No speech was found, so there is no transcript.")
    return t("The speech was not recognised, so there is no transcript.")


@cache
def _all_limits() -> tuple[tuple[str, str], ...]:
    text = resources.files("reports").joinpath("data/limits.toml").read_text(encoding="utf-8")
    return tuple((e["needs"], e["text"]) for e in tomllib.loads(text)["limit"])


def _limits(analysis: AnswerAnalysis) -> tuple[str, ...]:
    spoken = analysis.speech is not None and analysis.speech.answer is not None
    measured = {
        "speech": analysis.speech is not None,
        "transcript": analysis.transcript is not None,
        "pace": analysis.transcript is not None and spoken,
        "fillers": analysis.fillers is not None,
        "voice": analysis.voice is not None,
        "delivery": analysis.delivery is not None,
        "gaze": analysis.gaze is not None,
        "posture": analysis.posture is not None,
    }
    return tuple(t(text) for needs, text in _all_limits() if measured[needs])


def _provenance(analysis: AnswerAnalysis) -> tuple[tuple[str, str], ...]:
    made, media = analysis.provenance, analysis.media
    rows = [("mensetsu", made.version), (t("Analysed"), _date(made.created))]
    if analysis.transcript:
        rows.append((t("Speech model"), analysis.transcript.model))
    rows += [
        (t("Model {name}", name=name), f"sha256 {digest[:16]}…")
        for name, digest in made.models.items()
    ]
    if made.libraries:
        libraries = [f"{n} {v}" for n, v in made.libraries.items()]
        rows.append((t("Libraries"), listed(libraries)))
    # A page to send may leave out which file it was.
    if media.sha256:
        rows.append((t("Recording"), f"{media.name}, sha256 {media.sha256[:16]}…"))
    return tuple(rows)


def _date(created: str) -> str:
    """Return an ISO 8601 time for people; what is none stays as it is."""
    day, _, rest = created.partition("T")
    utc = rest.endswith(("Z", "+00:00"))
    return f"{day} {rest[:5]}{' UTC' if utc else ''}" if rest else created
