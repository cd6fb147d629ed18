"""``analysis.json`` and ``summary.json``: results to files and back.

The JSON has exactly the names of `analysis.results`; NaN becomes null. A file of an older schema
stays readable (missing fields take their defaults), a newer or foreign one is refused by name.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import types
import typing
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from analysis.errors import AnalysisUnreadable
from analysis.results import SCHEMA, AnswerAnalysis
from analysis.timeline import Track


def to_json(analysis: AnswerAnalysis) -> str:
    """Return the text of ``analysis.json``."""
    text = json.dumps(_plain(analysis), ensure_ascii=False, indent=1, allow_nan=False)
    # A file name that is no valid Unicode comes as lone surrogates, which no file can hold; JSON
    # knows them as escapes.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def from_json(text: str) -> AnswerAnalysis:
    """Read the text of an ``analysis.json``.

    Raises
    ------
    AnalysisUnreadable
        It is broken, from another program, or of a newer schema.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise AnalysisUnreadable(f"not valid JSON ({exc}): analyse the recording again") from exc
    if not isinstance(data, dict) or "schema" not in data or "take_id" not in data:
        raise AnalysisUnreadable("not an analysis of mensetsu: give the analysis.json of a take")
    if type(data["schema"]) is not int or data["schema"] > SCHEMA:
        raise AnalysisUnreadable(
            f"written by a newer mensetsu (schema {data['schema']!r}, this one reads up to"
            f" {SCHEMA}): update mensetsu"
        )
    try:
        return _revive(AnswerAnalysis, data)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as exc:
        raise AnalysisUnreadable(f"damaged analysis ({exc}): analyse the recording again") from exc


def read_analysis(path: Path) -> AnswerAnalysis:
    """Read an ``analysis.json``.

    Raises
    ------
    AnalysisUnreadable
        It can't be read; the message names the file.
    """
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise AnalysisUnreadable(f"{path} can't be read: {exc}") from exc
    except AnalysisUnreadable as exc:
        raise AnalysisUnreadable(f"{path}: {exc}") from exc


def summary(analysis: AnswerAnalysis) -> dict[str, Any]:
    """Return the flat summary: what ``summary.json`` and ``--json`` hold; None = not measured."""
    speech, voice, gaze, posture = (
        analysis.speech,
        analysis.voice,
        analysis.gaze,
        analysis.posture,
    )
    delivery = analysis.delivery
    longest = speech.longest_pause if speech else None
    flat = {
        "answer_s": speech and speech.answer_s,
        "latency_s": speech and speech.latency_s,
        "speaking_s": speech and speech.speaking_s,
        "word_count": speech and speech.word_count,
        "speech_rate_wpm": speech and speech.speech_rate_wpm,
        "pace_wpm": speech and speech.pace_wpm,
        "pace_characters_per_min": speech and speech.pace_characters_per_min,
        "articulation_rate_wpm": speech and speech.articulation_rate_wpm,
        "syllable_rate_per_min": speech and speech.syllable_rate_per_min,
        "mora_rate_per_min": speech and speech.mora_rate_per_min,
        "character_rate_per_min": speech and speech.character_rate_per_min,
        "pause_count": speech and len(speech.pauses_inside),
        "longest_silence_s": longest.duration_s if longest else (0.0 if speech else None),
        "silences_over_30s": speech and len(speech.silences_over_limit),
        "fillers_per_min": analysis.fillers_per_min,
        "hesitation_count": _count(analysis.hesitations),
        "hesitation_possible_count": _count(analysis.possible_hesitations),
        "hesitation_low": analysis.hesitation_range and analysis.hesitation_range.low,
        "hesitation_high": analysis.hesitation_range and analysis.hesitation_range.high,
        "lexical_filler_count": _count(analysis.lexical_fillers),
        "repetition_count": _count(analysis.counted_repetitions("repetition")),
        "restart_count": _count(analysis.counted_repetitions("restart")),
        "level_dbfs": voice and voice.level_dbfs,
        "noise_floor_dbfs": voice and voice.noise_floor_dbfs,
        "snr_db": voice and voice.snr_db,
        "clipped_ratio": voice and voice.clipped_ratio,
        "f0_spread_st": voice and voice.f0_spread_st,
        "pace_fastest_per_min": delivery and delivery.fastest and delivery.fastest.rate_per_min,
        "pace_slowest_per_min": delivery and delivery.slowest and delivery.slowest.rate_per_min,
        "monotone_ratio": delivery and delivery.monotone_ratio,
        "volume_drop_count": len(delivery.drops)
        if delivery and delivery.sentence_end_count
        else None,
        "soft_end_ratio": len(delivery.drops) / delivery.sentence_end_count
        if delivery and delivery.sentence_end_count
        else None,
        "gaze_coverage_ratio": gaze and gaze.coverage_ratio,
        "eye_contact_ratio": gaze and gaze.eye_contact_ratio,
        "eye_contact_low_ratio": gaze and gaze.eye_contact_low_ratio,
        "eye_contact_high_ratio": gaze and gaze.eye_contact_high_ratio,
        "away_count": None
        if gaze is None or math.isnan(gaze.eye_contact_ratio)
        else len(gaze.away),
        "notes_looks_per_min": _notes_looks_per_min(analysis),
        "gaze_calibration": gaze and gaze.calibration,
        "posture_coverage_ratio": posture and posture.coverage_ratio,
        "slouch_ratio": posture and posture.slouch_ratio,
        "side_lean_ratio": posture and posture.side_lean_ratio,
        "shoulder_tilt_ratio": posture and posture.tilt_ratio,
        "lean_in_ratio": posture and posture.lean_in_ratio,
        "conclusion_s": analysis.content and analysis.content.conclusion_s,
        "language": analysis.transcript and analysis.transcript.language,
        "model": analysis.transcript and analysis.transcript.model,
        "duration_s": analysis.media.duration_s,
        "frame_width_px": analysis.media.frame_size_px and analysis.media.frame_size_px[0],
        "frame_height_px": analysis.media.frame_size_px and analysis.media.frame_size_px[1],
        "speech_settings": _fingerprint(analysis, "speech."),
        "sight_settings": _fingerprint(analysis, "sight."),
        "schema": analysis.schema,
        "warnings": [w.text for w in analysis.warnings],
    }
    return _plain(flat)


def _notes_looks_per_min(analysis: AnswerAnalysis) -> float | None:
    """Looks at places where notes lie, per minute of the answer; None = not measured."""
    gaze, speech = analysis.gaze, analysis.speech
    if gaze is None or math.isnan(gaze.eye_contact_ratio) or speech is None:
        return None
    if not speech.answer_s > 0:
        return None
    looks = sum(len(place.moments) for place in gaze.places if place.kind == "notes")
    return 60.0 * looks / speech.answer_s


def _fingerprint(analysis: AnswerAnalysis, prefix: str) -> str | None:
    """Name the thresholds in force, so that takes measured with others are known; None = unknown.

    Twelve signs of a sha256: enough to tell settings apart, and no secret.
    """
    settings = {k: v for k, v in analysis.provenance.options.items() if k.startswith(prefix)}
    if not settings:
        return None
    text = json.dumps(settings, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def _count(items: tuple[Any, ...] | None) -> int | None:
    return None if items is None else len(items)


def _plain(value: Any) -> Any:
    """Turn dataclasses, tracks, tuples and NaN into what JSON knows."""
    if isinstance(value, Track):
        return {
            "times": np.round(value.times, 4).tolist(),
            "values": _plain(_rounded(value.values)),
            "unit": value.unit,
        }
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {_plain(str(k)): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _rounded(values: np.ndarray) -> Any:
    # Three decimals: far below the noise of any track, and a third of the file.
    return np.round(values.astype(np.float64), 3).tolist()


def _revive(kind: Any, data: Any) -> Any:
    """Build a value of the annotated type `kind` from its JSON form."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if data is None:
            return None
        (only,) = (a for a in arguments if a is not type(None))
        return _revive(only, data)
    if kind is Track:
        return _revive_track(data)
    if dataclasses.is_dataclass(kind):
        return _revive_dataclass(typing.cast(type, kind), data)
    if origin is tuple:
        if not isinstance(data, list):
            raise ValueError(f"expected a list, found {data!r:.40}")
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_revive(arguments[0], v) for v in data)
        return tuple(_revive(a, v) for a, v in zip(arguments, data, strict=True))
    if kind is float:
        if data is None:
            return math.nan
        if isinstance(data, bool) or not isinstance(data, (int, float)):
            raise ValueError(f"expected a number, found {data!r:.40}")
        return float(data)
    # By type, not isinstance: true is no number.
    if kind in (int, str, bool) and type(data) is not kind:
        raise ValueError(f"expected {kind.__name__}, found {data!r:.40}")
    if origin is dict:
        if not isinstance(data, dict):
            raise ValueError(f"expected an object, found {data!r:.40}")
        return {key: _revive(arguments[1], value) for key, value in data.items()}
    return data


def _revive_dataclass(kind: type, data: Any) -> Any:
    if not isinstance(data, dict):
        raise ValueError(f"expected {kind.__name__}, found {data!r:.40}")
    hints = _hints(kind)
    known = {f.name for f in dataclasses.fields(kind)}
    return kind(**{k: _revive(hints[k], v) for k, v in data.items() if k in known})


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Return the types of a dataclass; to work them out is two thirds of reading a file."""
    return typing.get_type_hints(kind)


def _revive_track(data: dict[str, Any]) -> Track:
    # A float array turns the None of a missing value into NaN.
    values = np.array(data["values"], dtype=np.float32)
    return Track(np.array(data["times"], dtype=np.float64), values, data["unit"])
