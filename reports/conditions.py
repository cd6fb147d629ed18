"""Whether two takes were measured under conditions that let a measure be compared."""

from __future__ import annotations

from collections.abc import Callable

from reports.language import t
from reports.measures import Measure
from reports.repeat_noise import LEAST_SNR_DB, LEAST_TALK_S
from reports.takes import TakeRecord
from reports.wording import language_name, percent, seconds

_LEVELS = ("level_dbfs", "snr_db", "clipped_ratio", "noise_floor_dbfs")
"""hold in noise, and in few words"""
_SILENCES = ("latency_s", "longest_silence_s", "silences_over_30s")
"""hold in few words. The length of the answer doesn't: where little was said, one noise behind the
last word that passes for speech lengthens it by a fifth (our measurements)"""


def not_comparable(measure: Measure, before: TakeRecord, after: TakeRecord) -> str:
    """Return in a sentence why a measure can't be compared in two takes; "" = it can."""
    if not before.analysed:
        return t("The earlier take is not analysed.")
    if not after.analysed:
        return t("The later take is not analysed.")
    for need in measure.needs:
        if why := NEEDS[need](before, after):
            return why
    return (
        _older_way(measure, before, after)
        or _other_thresholds(measure, before, after)
        or _not_measured(measure, before, after)
        or _noisy(measure, before, after)
        or _few_words(measure, before, after)
    )


def _other_language(before: TakeRecord, after: TakeRecord) -> str:
    if before.language is None or before.language == after.language:
        return ""
    return t(
        "Different languages: {before} and {after}.",
        before=t(language_name(before.language)),
        after=t(language_name(after.language)),
    )


def _other_model(before: TakeRecord, after: TakeRecord) -> str:
    old, new = before.text("model"), after.text("model")
    if old is None or new is None or old == new:
        return ""
    return t(
        "Different speech models ({before} and {after}): analyse both with the same.",
        before=old,
        after=new,
    )


def _other_camera(before: TakeRecord, after: TakeRecord) -> str:
    if None not in (before.camera, after.camera) and before.camera != after.camera:
        return t("Different cameras.")
    old, new = before.text("gaze_calibration"), after.text("gaze_calibration")
    if None not in (old, new) and "none" not in (old, new) and old != new:
        return t("Different camera set-up: eye contact was calibrated in another way.")
    shapes = [_is_upright(take) for take in (before, after)]
    if None not in shapes and shapes[0] != shapes[1]:
        return t("Different camera set-up: one picture is upright, the other is not.")
    return ""


def _other_microphone(before: TakeRecord, after: TakeRecord) -> str:
    if None in (before.microphone, after.microphone) or before.microphone == after.microphone:
        return ""
    return t("Different microphones.")


def _other_question(before: TakeRecord, after: TakeRecord) -> str:
    if before.question_key == after.question_key:
        return ""
    return t("Different questions ask for different lengths.")


NEEDS: dict[str, Callable[[TakeRecord, TakeRecord], str]] = {
    "language": _other_language,
    "model": _other_model,
    "camera": _other_camera,
    "microphone": _other_microphone,
    "question": _other_question,
}
"""what takes must have in common, to who says why they don't ("" = they do)"""


def _older_way(measure: Measure, before: TakeRecord, after: TakeRecord) -> str:
    schemas = [take.value("schema") for take in (before, after)]
    if all(schema is None or schema >= measure.since for schema in schemas):
        return ""
    return t("One take was measured by an older mensetsu: analyse it again to compare.")


def _other_thresholds(measure: Measure, before: TakeRecord, after: TakeRecord) -> str:
    key = f"{measure.settings}_settings"
    old, new = before.text(key), after.text(key)
    if old is None or new is None or old == new:
        return ""
    return t("Measured with other thresholds: analyse the earlier take again to compare.")


def _not_measured(measure: Measure, before: TakeRecord, after: TakeRecord) -> str:
    missing = [before.value(measure.id) is None, after.value(measure.id) is None]
    if not any(missing):
        return ""
    if all(missing):
        return t("Not measured in either take.")
    take = before if missing[0] else after
    told = (
        t("Not measured in the earlier take.")
        if missing[0]
        else t("Not measured in the later take.")
    )
    share = take.value(
        "gaze_coverage_ratio" if measure.id in _OF_GAZE else "posture_coverage_ratio"
    )
    if measure.settings == "sight" and share is not None:
        seen = (
            t("The face was seen in {share} of the frames.", share=percent(share))
            if measure.id in _OF_GAZE
            else t("The shoulders were seen in {share} of the frames.", share=percent(share))
        )
        told = t("{first} {second}", first=told, second=seen)
    return told


_OF_GAZE = ("eye_contact_ratio", "notes_looks_per_min", "away_count")


def _noisy(measure: Measure, before: TakeRecord, after: TakeRecord) -> str:
    if measure.settings != "speech" or measure.id in _LEVELS:
        return ""
    worst = min(
        (v for take in (before, after) if (v := take.value("snr_db")) is not None), default=None
    )
    if worst is None or worst >= LEAST_SNR_DB:
        return ""
    return t(
        "One recording is too noisy: the voice is only {snr} dB above the noise.",
        snr=f"{worst:.0f}",
    )


def _few_words(measure: Measure, before: TakeRecord, after: TakeRecord) -> str:
    if measure.settings != "speech" or measure.id in (*_LEVELS, *_SILENCES):
        return ""
    talk = [v for take in (before, after) if (v := take.value("speaking_s")) is not None]
    if not talk or min(talk) >= LEAST_TALK_S:
        return ""
    return t("Too little speech to compare: {length} in one take.", length=seconds(min(talk)))


def _is_upright(take: TakeRecord) -> bool | None:
    """Whether the picture is higher than wide; None = unknown."""
    width, height = take.value("frame_width_px"), take.value("frame_height_px")
    return None if width is None or height is None else height > width
