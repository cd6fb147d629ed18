"""Real clips: agreement with labels by eye, and what worse pictures change.

No angle is known here. Labels say what a person who looked at the crops of the eyes saw
(vision_labels.toml says how sure they are); the clips made worse by known amounts are compared with
themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.gaze import measure_gaze
from analysis.gaze_frames import Calibration, FrameGaze, judge_frames, usable_gaze
from analysis.head_pose import measure_head_pose
from analysis.landmarks import Landmarks
from analysis.media import probe_media
from analysis.raw_gaze import measure_raw_gaze
from analysis.sight_stage import FACES_PER_S
from tests.benchmarks.tables import Cell, Table
from tests.benchmarks.vision_degrade import DEGRADATIONS
from tests.benchmarks.vision_figures import Answer, share_figure, share_text
from tests.benchmarks.vision_labels import LabelledClip, read_labels
from tests.benchmarks.vision_landmarks import LandmarkStore, Sampling
from tests.benchmarks.vision_scores import Share, share

FloatArray = NDArray[np.float64]

AWAY = ("left", "right", "up", "down")
OWN_START, ONE_POINT = "own first seconds", "one-point"
FIRST_S = 4.0
"""a one-point calibration takes the frames labelled "lens" of this long from the first one on (as
many at 5 per s as the product asks for), of a short clip only its first third"""
RATES_HZ = (2.0, 3.0, 5.0, 10.0, 15.0)
FEWEST = 5
"""usable frames of a one-point calibration; the clips are short"""
LIDS_RATE_HZ = 15.0
ON = "labelled real clips"
SAMPLES = Path(__file__).resolve().parents[2] / "sample_media"


def real_paths(folder: Path, split: str) -> tuple[Path, ...]:
    """Return the real clips of a split that are at hand."""
    return tuple(path for _, path in _clips(folder, split))


def real(store: LandmarkStore, folder: Path, split: str) -> Answer:
    """Does the product agree with labels by eye?"""
    clips = _clips(folder, split)
    if not clips:
        return Answer()
    answer = Answer()
    for mode in (ONE_POINT, OWN_START):
        answer += _agreement(store, clips, mode)
    return answer + _by_rate(store, clips) + _closures(store, clips)


def _by_rate(store: LandmarkStore, clips: Sequence[tuple[LabelledClip, Path]]) -> Answer:
    rows: list[tuple[Cell, ...]] = []
    people = [(clip, path) for clip, path in clips if clip.folder == "shared_media"]
    for rate in RATES_HZ:
        figures = {f.key: f for f in _agreement(store, people, ONE_POINT, rate_hz=rate).figures}
        lens, away = figures["real_lens_counted"], figures["real_away_counted"]
        rows.append((f"{rate:g}", lens.value, lens.count, away.value, away.count))
    table = Table(
        "Real clips by rate, calibration: one-point",
        ("frames per s", "lens", "of", "away", "of "),
        tuple(rows),
        "Share counted as contact.",
    )
    return Answer((table,))


def _agreement(
    store: LandmarkStore,
    clips: Sequence[tuple[LabelledClip, Path]],
    mode: str,
    *,
    rate_hz: float = FACES_PER_S,
) -> Answer:
    rows: list[tuple[Cell, ...]] = []
    lens: dict[str, Share] = {}
    away: dict[str, Share] = {}
    for clip, path in clips:
        landmarks = store.find(path, Sampling(rate_hz))
        labels = _labels(clip, path)
        calibration, last_s = (None, -np.inf)
        if mode == ONE_POINT:
            within_s = min(FIRST_S, clip.duration_s / 3)
            found = lens_calibration(landmarks, labels.get("lens", []), within_s=within_s)
            if found is None:
                rows.append((clip.name, *[None] * (2 + len(AWAY)), "too few lens frames"))
                continue
            calibration, last_s = found
        frames = judge_frames(landmarks, calibration=calibration)
        # What the baseline was taken from agrees by construction.
        shares = {
            label: _contact(frames, [t for t in labels.get(label, []) if t > last_s])
            for label in ("lens", *AWAY)
        }
        all_away = sum((shares[label] for label in AWAY), Share())
        if clip.folder == "shared_media":
            lens[clip.identity] = lens.get(clip.identity, Share()) + shares["lens"]
            away[clip.identity] = away.get(clip.identity, Share()) + all_away
        rows.append(
            (
                clip.name,
                share_text(shares["lens"]),
                *(share_text(shares[label]) for label in AWAY),
                share_text(all_away),
                frames.how,
            )
        )
    table = Table(
        f"Real clips: labels counted as contact, calibration: {mode}",
        ("", "lens", *AWAY, "all away", "how"),
        tuple(rows),
        "Share of the labels that the product judges and counts as contact: right for the lens,\n"
        "wrong elsewhere. The takes of the samples are a portrait with moved irises, no person:\n"
        "in no figure.",
    )
    suffix = "" if mode == ONE_POINT else "_own_start"
    return Answer(
        (table,),
        (
            share_figure(f"real_lens_counted{suffix}", lens, ON, high_is_good=True),
            share_figure(f"real_away_counted{suffix}", away, ON, high_is_good=False),
        ),
    )


def lens_calibration(
    landmarks: Landmarks, lens_s: Sequence[float], *, within_s: float = FIRST_S
) -> tuple[Calibration, float] | None:
    """Calibrate on the first frames that are labelled "lens".

    Parameters
    ----------
    landmarks : of the clip.
    lens_s : times of the labels "lens".
    within_s : those of this long are used, from the first one on.

    Returns
    -------
    calibration : of one point.
    last_s : time of the last label that it was taken from.
    None where fewer than `FEWEST` frames are usable.
    """
    if not len(lens_s):
        return None
    first = min(lens_s)
    used = [t for t in lens_s if t < first + within_s]
    head = measure_head_pose(landmarks)
    raw = measure_raw_gaze(landmarks, head)
    usable = usable_gaze(raw, head)
    times = landmarks.face.times
    near = np.min(np.abs(times[:, None] - np.asarray(used)[None, :]), axis=1) <= 0.3
    chosen = near & usable
    if chosen.sum() < FEWEST:
        return None
    yaw, pitch = (float(np.median(v[chosen])) for v in (raw.yaw_deg, raw.pitch_deg))
    return Calibration(lens_yaw_deg=yaw, lens_pitch_deg=pitch), max(used)


def _contact(frames: FrameGaze, times_s: Sequence[float]) -> Share:
    """Count the labels at which the product says contact, of those that it judges."""
    judged = frames.judged & np.isfinite(frames.yaw_deg)
    hits = count = 0
    for index in nearest_frames(frames.times, times_s):
        if index >= 0 and judged[index]:
            count += 1
            hits += int(frames.contact[index])
    return Share(hits, count)


def nearest_frames(times_s: FloatArray, wanted_s: Sequence[float]) -> list[int]:
    """Return the index of the frame nearest to each instant; -1 = none within six tenths of a step.

    Parameters
    ----------
    times_s : of the frames, shape (n,), increasing.
    wanted_s : instants.
    """
    if not len(times_s):
        return [-1] * len(wanted_s)
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0
    found = []
    for wanted in wanted_s:
        index = int(np.argmin(np.abs(times_s - wanted)))
        found.append(index if abs(times_s[index] - wanted) <= 0.6 * step_s + 1e-6 else -1)
    return found


def _closures(store: LandmarkStore, clips: Sequence[tuple[LabelledClip, Path]]) -> Answer:
    """Are closed eyes found where every closure is labelled?"""
    rows: list[tuple[Cell, ...]] = []
    recalls: dict[str, Share] = {}
    falses: dict[str, Share] = {}
    for clip, path in clips:
        if not clip.lids_covered:
            continue
        frames = judge_frames(store.find(path, Sampling(LIDS_RATE_HZ)))
        start_s = _picture_start_s(path)
        lids = np.array([clip.lids_at(float(t) - start_s) or "" for t in frames.times])
        recall = share(frames.closed, (lids == "closed") & frames.face)
        false = share(frames.closed, (lids == "open") & frames.face)
        recalls[clip.identity] = recalls.get(clip.identity, Share()) + recall
        falses[clip.identity] = falses.get(clip.identity, Share()) + false
        covered_s = sum(end - start for start, end in clip.lids_covered)
        rows.append(
            (
                clip.name,
                f"{covered_s:.1f}",
                len(clip.blinks),
                share_text(recall),
                share_text(false),
            )
        )
    if not rows:
        return Answer()
    table = Table(
        f"Real clips: closed eyes, {LIDS_RATE_HZ:g} per s",
        ("", "s covered", "closures", "closed frames found", "open called closed"),
        tuple(rows),
        "Lids on the way, narrowed or doubtful are neither.",
    )
    return Answer(
        (table,),
        (
            share_figure("real_closed_recall", recalls, ON, high_is_good=True),
            share_figure("real_closed_false", falses, ON, high_is_good=False),
        ),
    )


def degraded(store: LandmarkStore, folder: Path, split: str) -> Answer:
    """What do worse pictures of the same take change?"""
    rows: list[tuple[Cell, ...]] = []
    for clip, path in _clips(folder, split):
        if clip.folder != "shared_media":
            continue
        clean = store.find(path, Sampling(FACES_PER_S))
        found = lens_calibration(clean, list(clean.face.times))
        if found is None:
            continue
        calibration, _ = found
        before = judge_frames(clean, calibration=calibration)
        for how in DEGRADATIONS:
            landmarks = store.find(path, Sampling(FACES_PER_S, degradation=how))
            after = judge_frames(landmarks, calibration=calibration)
            given, cautions = measure_gaze(landmarks, calibration=calibration)
            codes = " ".join(c.code for c in cautions) or None
            rows.append(
                (
                    f"{clip.name} {how.name}",
                    *_change(before, after),
                    given.eye_contact_ratio,
                    codes,
                )
            )
    return Answer(
        (
            Table(
                "Real clips made worse: change against the clip as it is",
                (
                    *("", "face", "yaw", "yaw sd", "pitch", "pitch sd"),
                    *("contact", "was", "agree", "given", "cautions"),
                ),
                tuple(rows),
                "face: share of the usable frames that still are. yaw, pitch: median change of\n"
                "the gaze and sd of a frame's (robust), deg. contact: share now, and as it was;\n"
                "agree: frames judged the same; given: what the product reports, – = withheld.\n"
                "Baseline: first seconds of the clip as it is.",
            ),
        )
    )


def _change(before: FrameGaze, after: FrameGaze) -> tuple[Cell, ...]:
    pairs = nearest_frames(after.times, list(before.times))
    left = np.flatnonzero([index >= 0 for index in pairs])
    right = np.array([pairs[index] for index in left], dtype=int)
    usable = before.judged[left]
    still = usable & after.judged[right]
    cells: list[Cell] = [float(still.sum() / usable.sum()) if usable.any() else None]
    for name in ("yaw_deg", "pitch_deg"):
        change = (getattr(after, name)[right] - getattr(before, name)[left])[still]
        change = change[np.isfinite(change)]
        middle = float(np.median(change)) if len(change) else np.nan
        robust = 1.4826 * float(np.median(np.abs(change - middle))) if len(change) else np.nan
        cells += [middle, robust]
    if not still.any():
        return (*cells, None, None, None)
    was, now = before.contact[left][still], after.contact[right][still]
    return (*cells, float(now.mean()), float(was.mean()), float((now == was).mean()))


def _clips(folder: Path, split: str) -> list[tuple[LabelledClip, Path]]:
    found = []
    for clip in read_labels().clips:
        path = (folder if clip.folder == "shared_media" else SAMPLES) / clip.file
        if clip.split == split and path.is_file():
            found.append((clip, path))
    return found


def _labels(clip: LabelledClip, path: Path) -> dict[str, list[float]]:
    """Return label to its times on the clock of the take: labels count from the first picture."""
    offset = _picture_start_s(path)
    found: dict[str, list[float]] = {}
    for time, label in clip.gaze:
        found.setdefault(label, []).append(time + offset)
    return found


def _picture_start_s(path: Path) -> float:
    facts = probe_media(path).facts
    return 0.0 if facts.audio_codec is None else facts.av_offset_s
