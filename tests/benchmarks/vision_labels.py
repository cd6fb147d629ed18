"""Labels of looks, lids and movements in recordings of real people, seen by eye.

The labels lie in `vision_labels.toml`, whose head says how they were made. They were made without
any estimate of gaze or lids, so that estimators can be held against them. What can't be inside a
file that is right (a look at the lens in the middle of a blink, one person in both splits) is
refused on reading.

`python tests/benchmarks/vision_labels.py` prints what there is.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

LABELS = Path(__file__).with_suffix(".toml")
FORMAT = 1

Gaze = Literal["lens", "left", "right", "up", "down", "closed", "unsure"]
"""where somebody looks; left and right are the person's own"""
Lids = Literal["open", "between", "closed"]
Split = Literal["tuning", "test"]
Span = tuple[float, float]
"""start and end, s; half-open"""

_SAME_S = 0.002
"""times are written to the millisecond"""


class LabelError(ValueError):
    """The file of labels contradicts itself."""


@dataclass(frozen=True, slots=True)
class Blink:
    """One closure of the lids; times in s, borders half-way between two frames."""

    start: float
    """a lid begins to cover the pupil"""
    end: float
    """the pupil is free again"""
    shut: Span | None
    """no pupil to be seen; None: the lids did not close"""
    sure: bool
    """False: one eye shut and the other a slit, or smeared by the coding"""


@dataclass(frozen=True, slots=True)
class Nod:
    """One movement of the head up or down and back; times in s."""

    start: float
    peak: float
    end: float
    direction: Literal["up", "down"]
    """where the chin goes first"""


@dataclass(frozen=True, slots=True)
class Change:
    """Something seen for a while; times in s."""

    start: float
    end: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledClip:
    """What was seen in one recording of one person."""

    name: str
    file: str
    folder: Literal["shared_media", "sample_media"]
    """sample_media: part of the repository; shared_media: beside the checkout where there is one"""
    identity: str
    split: Split
    sure: Literal["high", "medium", "low"]
    """how sure the gaze labels are"""
    duration_s: float
    note: str
    gaze: tuple[tuple[float, Gaze], ...]
    """(time s, label), ascending"""
    gaze_again: tuple[tuple[float, Gaze], ...]
    """some of the same frames, judged once more without knowing which they were"""
    head_turned_s: tuple[float, ...]
    """times of those in `gaze` with the head turned by more than some 20 degrees"""
    lids_covered: tuple[Span, ...]
    """where every closure is labelled"""
    lids_step_frames: int
    """every n-th frame was looked at for the lids"""
    blinks: tuple[Blink, ...]
    narrow: tuple[Span, ...]
    """lids narrowed without a blink"""
    lids_again: tuple[tuple[float, Lids], ...]
    nods_covered: tuple[Span, ...]
    nods: tuple[Nod, ...]
    smiles: tuple[Span, ...]
    no_smiles: tuple[Span, ...]
    body_covered: tuple[Span, ...]
    """where the next two were looked for"""
    hands_at_face: tuple[Span, ...]
    posture_changes: tuple[Change, ...]

    def lids_at(self, time_s: float, *, sure_only: bool = True) -> Lids | None:
        """Return how the lids are at a time, or None where that was not labelled.

        Doubtful closures and narrowed lids are "between": neither found nor missed. With
        `sure_only` off, doubtful closures count as closed.
        """
        if not _inside(time_s, self.lids_covered):
            return None
        for blink in self.blinks:
            if blink.start <= time_s < blink.end:
                counts = blink.sure or not sure_only
                shut = counts and blink.shut is not None and _inside(time_s, [blink.shut])
                return "closed" if shut else "between"
        return "between" if _inside(time_s, self.narrow) else "open"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a composed clip that shows a labelled clip from `source_start` on; s."""

    start: float
    end: float
    source: str
    source_start: float


@dataclass(frozen=True, slots=True)
class Frozen:
    """A stretch of a composed clip that shows one frame; s."""

    start: float
    end: float
    identity: str
    gaze: Gaze


@dataclass(frozen=True, slots=True)
class Composed:
    """A clip made of labelled ones."""

    file: str
    same_picture: tuple[str, ...]
    """other files with this picture, which may end earlier"""
    note: str
    pieces: tuple[Piece, ...]
    frozen: tuple[Frozen, ...]


@dataclass(frozen=True, slots=True)
class VisionLabels:
    """All labels."""

    clips: tuple[LabelledClip, ...]
    composed: tuple[Composed, ...]

    def clip(self, name: str) -> LabelledClip:
        """Return the clip of that name."""
        return next(clip for clip in self.clips if clip.name == name)

    def of_split(self, split: Split) -> tuple[LabelledClip, ...]:
        """Return the clips of one split."""
        return tuple(clip for clip in self.clips if clip.split == split)

    def gaze_of(self, composed: Composed) -> tuple[tuple[float, Gaze], ...]:
        """Return the gaze labels of the moving pieces of a composed clip: (time s, label)."""
        return tuple(
            (piece.start + time_s - piece.source_start, label)
            for piece in composed.pieces
            for time_s, label in self.clip(piece.source).gaze
            if piece.source_start <= time_s < piece.source_start + piece.end - piece.start
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two judgements of the same frames by the same person."""

    frames: int
    same: int
    kappa: float
    """Cohen's kappa: 0 = as by chance, 1 = always the same; nan where all is one label"""
    differing: tuple[tuple[str, float, str, str], ...]
    """clip, time s, first and second label"""


def read_labels(path: Path = LABELS) -> VisionLabels:
    """Read and check the labels."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    if raw.get("format") != FORMAT:
        raise LabelError(f"format {raw.get('format')} is not {FORMAT}")
    labels = VisionLabels(
        tuple(_clip(entry) for entry in raw["clips"]),
        tuple(_composed(entry) for entry in raw["composed"]),
    )
    _check(labels)
    return labels


def measure_gaze_agreement(clips: Iterable[LabelledClip]) -> Agreement:
    """Compare first and second judgement of gaze."""
    return _agreement(
        (clip.name, time_s, _nearest(clip.gaze, time_s), again)
        for clip in clips
        for time_s, again in clip.gaze_again
    )


def measure_lids_agreement(clips: Iterable[LabelledClip]) -> Agreement:
    """Compare the labels of blinks with the second judgement of single frames."""
    return _agreement(
        (clip.name, time_s, str(clip.lids_at(time_s)), again)
        for clip in clips
        for time_s, again in clip.lids_again
    )


def _agreement(pairs: Iterable[tuple[str, float, str, str]]) -> Agreement:
    pairs = list(pairs)
    same = sum(first == again for _, _, first, again in pairs)
    firsts, agains = Counter(p[2] for p in pairs), Counter(p[3] for p in pairs)
    chance = sum(firsts[label] * agains[label] for label in firsts) / max(len(pairs), 1) ** 2
    kappa = (same / len(pairs) - chance) / (1 - chance) if pairs and chance < 1 else float("nan")
    return Agreement(len(pairs), same, kappa, tuple(p for p in pairs if p[2] != p[3]))


def _clip(entry: dict[str, Any]) -> LabelledClip:
    plain = ("name", "file", "folder", "identity", "split", "sure", "duration_s")
    spans = ("lids_covered", "narrow", "nods_covered", "smiles", "no_smiles", "body_covered")
    fields: dict[str, Any] = {key: entry[key] for key in plain}
    fields |= {key: _spans(entry.get(key, ())) for key in (*spans, "hands_at_face")}
    return LabelledClip(
        **fields,
        note=entry["note"].strip(),
        gaze=_by_time(entry["gaze_s"], get_args(Gaze)),
        gaze_again=_by_time(entry.get("gaze_again_s", {}), get_args(Gaze)),
        head_turned_s=tuple(entry.get("head_turned_s", ())),
        lids_step_frames=entry.get("lids_step_frames", 1),
        blinks=tuple(_blink(blink) for blink in entry.get("blinks", ())),
        lids_again=_by_time(entry.get("lids_again_s", {}), get_args(Lids)),
        nods=tuple(Nod(**nod) for nod in entry.get("nods", ())),
        posture_changes=tuple(Change(**change) for change in entry.get("posture_changes", ())),
    )


def _blink(entry: dict[str, Any]) -> Blink:
    shut = (entry["shut_start"], entry["shut_end"]) if "shut_start" in entry else None
    return Blink(entry["start"], entry["end"], shut, entry["sure"])


def _composed(entry: dict[str, Any]) -> Composed:
    return Composed(
        entry["file"],
        tuple(entry.get("same_picture", ())),
        entry["note"].strip(),
        tuple(Piece(**piece) for piece in entry["pieces"]),
        tuple(Frozen(**frozen) for frozen in entry.get("frozen", ())),
    )


def _spans(raw: Sequence[Sequence[float]]) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in raw)


def _by_time(raw: dict[str, list[float]], known: tuple[str, ...]) -> tuple[tuple[float, Any], ...]:
    if unknown := set(raw) - set(known):
        raise LabelError(f"unknown labels {sorted(unknown)}")
    return tuple(sorted((time_s, label) for label, times in raw.items() for time_s in times))


def _inside(time_s: float, spans: Iterable[Span]) -> bool:
    return any(start <= time_s < end for start, end in spans)


def _nearest(gaze: Sequence[tuple[float, Gaze]], time_s: float) -> Gaze:
    after = bisect_right([t for t, _ in gaze], time_s + _SAME_S)
    return gaze[after - 1][1]


def _check(labels: VisionLabels) -> None:
    splits: dict[str, Split] = {}
    for clip in labels.clips:
        if splits.setdefault(clip.identity, clip.split) != clip.split:
            raise LabelError(f"{clip.identity} is in both splits")
        try:
            _check_clip(clip)
        except LabelError as error:
            raise LabelError(f"{clip.name}: {error}") from None
    names = [clip.name for clip in labels.clips]
    if len(set(names)) != len(names):
        raise LabelError("a name occurs twice")
    for composed in labels.composed:
        stretches = sorted((p.start, p.end) for p in (*composed.pieces, *composed.frozen))
        _ascending(stretches, f"pieces of {composed.file}")
        for piece in composed.pieces:
            if piece.source not in names:
                raise LabelError(f"{composed.file}: no clip {piece.source}")


def _check_clip(clip: LabelledClip) -> None:
    if clip.split not in get_args(Split):
        raise LabelError(f"unknown split {clip.split}")
    if clip.sure not in ("high", "medium", "low") or not clip.gaze:
        raise LabelError("unknown sureness, or no gaze")
    times = [time_s for time_s, _ in clip.gaze]
    if any(after - before <= _SAME_S for before, after in pairwise(times)):
        raise LabelError("a frame with two labels")
    for time_s in (*clip.head_turned_s, *(t for t, _ in clip.gaze_again)):
        if not any(abs(time_s - t) <= _SAME_S for t in times):
            raise LabelError(f"{time_s} s was not labelled in the first pass")
    lengths = [(blink.start, blink.end) for blink in clip.blinks]
    _ascending(lengths, "blinks")
    _ascending(sorted([*lengths, *clip.narrow]), "blinks and narrowed lids")
    _ascending(sorted([*clip.smiles, *clip.no_smiles]), "smiles")
    for blink in clip.blinks:
        first, last = blink.shut or (blink.start, blink.end)
        if not blink.start <= first < last <= blink.end:
            raise LabelError(f"the blink at {blink.start} s is shut outside itself")
        if not _inside(blink.start, clip.lids_covered):
            raise LabelError(f"the blink at {blink.start} s lies where lids were not labelled")
    for nod in clip.nods:
        if not nod.start < nod.peak < nod.end or not _inside(nod.start, clip.nods_covered):
            raise LabelError(f"the nod at {nod.start} s")
    ends = [*times, *(end for _, end in [*lengths, *clip.smiles, *clip.lids_covered])]
    if max(ends) > clip.duration_s + _SAME_S or min(times) < 0:
        raise LabelError("a time outside the clip")
    for time_s, label in clip.gaze:
        lids = clip.lids_at(time_s, sure_only=False)
        if lids is not None and (lids == "closed") != (label == "closed"):
            raise LabelError(f"{label} at {time_s} s, where the lids are {lids}")
        if lids == "between" and label != "unsure" and not _inside(time_s, clip.narrow):
            raise LabelError(f"{label} at {time_s} s, where the lids are on the way")


def _ascending(spans: Sequence[Span], what: str) -> None:
    if any(end <= start for start, end in spans):
        raise LabelError(f"{what}: one ends before it starts")
    if any(after[0] < before[1] - _SAME_S for before, after in pairwise(spans)):
        raise LabelError(f"{what}: out of order or two at one time")


def _main() -> None:
    labels = read_labels()
    for split in get_args(Split):
        clips = labels.of_split(split)
        counts = Counter(label for clip in clips for _, label in clip.gaze)
        blinks = [blink for clip in clips for blink in clip.blinks]
        people = sorted({clip.identity for clip in clips})
        print(f"{split}: {', '.join(people)}")
        print(f"  gaze: {', '.join(f'{label} {n}' for label, n in counts.most_common())}")
        print(
            f"  blinks: {sum(b.sure for b in blinks)} sure, {sum(not b.sure for b in blinks)} not"
        )
    for what, measure in (("gaze", measure_gaze_agreement), ("lids", measure_lids_agreement)):
        own = measure(labels.clips)
        print(f"own agreement, {what}: {own.same} of {own.frames}, kappa {own.kappa:.2f}")
        for clip, time_s, first, again in own.differing:
            print(f"  {clip} {time_s:.2f} s: {first}, then {again}")


if __name__ == "__main__":
    _main()
