"""The recordings of the accuracy benchmark and what is known about each.

Truth comes from how a recording was made (splices, scripts), from labels that came with it, or
from energy measured by whoever collected it: never from mensetsu. Where something is not known it
is None, and no figure is made from it.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.timeline import Segment, Segments, extent, gaps, intersect, support

ROOT = Path(__file__).resolve().parents[2]

HESITATIONS = ("um", "uh", "er", "erm", "hm", "hmm", "mm")
LONG_SILENCE_S = 30.0
TRUE_PAUSE_S = 0.5
SURE_SILENCE_S = 1.0
_PAUSE_FLOOR_S = 0.25
_SHORTEST_HESITATION_S = 0.1  # what the alignment squeezes into less stands elsewhere

# From the notes on the clips (MANIFEST.md), by energy in 10 ms windows; d03 from its copy in dc1.
_ENERGY_SPEECH = {
    "d01_remotion_hoodie.mp4": ((0.02, 11.80), ((5.36, 5.77), (9.18, 9.61))),
    "d02_latentsync_sofa.mp4": (
        (0.00, 19.88),
        ((1.07, 1.76), (5.75, 6.14), (8.90, 9.24), (9.68, 10.08), (15.10, 15.48)),
    ),
    "d03_wda_katiehill.mp4": ((0.01, 7.79), ((0.85, 1.34), (4.60, 5.25))),
    "d04_autoeditor_noface.mp4": ((0.19, 40.47), ((17.22, 39.96),)),
}
# d04 is only known to have that one pause: whatever else is found in it can't be judged.
_PAUSES_INCOMPLETE = ("d04_autoeditor_noface.mp4",)
_LANGUAGES = {"d08_russian_vlog.mp4": "ru"}
_NOBODY_SPEAKS = ("d05_face_noface.mov", "d06_webcam_glasses_nospeech.mp4")
_FACE_SHARE = {
    "d04_autoeditor_noface.mp4": 0.0,
    "d05_face_noface.mov": 2.4 / 6.4,
    "d06_webcam_glasses_nospeech.mp4": 1.0,
    "d07_woman_nod_720p.mp4": 1.0,
}
_LATE_SOUND_S = 60.0
"""length of the sound of dc3, from its container"""
_NATURAL = (
    "acoustic_corpus.wav",
    "cold_corpus.wav",
    "cold_corpus3.wav",
    "michaelandsickmichael.wav",
    "61-70968-0000.flac",
    "jfk.flac",
    "julius_ja.wav",
)
# The same voice and words as acoustic_corpus and cold_corpus: shown, in no total.
_REPEATS = ("michaelandsickmichael.wav",)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Words that were spliced in as one piece: their first and last edge is known."""

    start: float
    """s"""
    end: float
    """s"""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A recording and its truth; None = not known."""

    name: str
    path: Path
    group: str
    """ "sample" = made, "video" = real people, "natural" = sound only, "contrived" = short tests,
    "corpus" = generated answers"""
    language: str | None = None
    """ISO 639-1; None = nobody speaks, or not known"""
    speech: Segments | None = None
    """stretches with voice, s; their gaps are the silences"""
    duration_s: float | None = None
    pauses_complete: bool = True
    """whether `speech` has every gap of at least 0.3 s"""
    text: str | None = None
    """what is said; "" = nothing"""
    word_count: int | None = None
    """without hesitations; None = count the text"""
    mora_count: int | None = None
    hesitation_count: int | None = None
    hesitations: Segments | None = None
    lexical_fillers: Segments | None = None
    repetitions: Segments | None = None
    """and restarts"""
    chunks: tuple[Chunk, ...] = ()
    """in their order, hesitations left out"""
    voice: str = ""
    """who speaks"""
    robotic: bool = False
    """a voice that recognisers understand badly"""
    away: Segments | None = None
    slouch: Segments | None = None
    face_share: float | None = None
    """share of the picture with a face"""
    pooled: bool = True
    """False = shown but left out of the totals"""

    @property
    def answer(self) -> Segment | None:
        """First to last voice."""
        return extent(self.speech) if self.speech else None

    @property
    def silences(self) -> Segments:
        """Every silence of at least 0.25 s; before and after the answer where the end is known."""
        if not self.speech or not self.answer:
            return ()
        whole = self.answer
        if self.duration_s is not None:
            whole = Segment(0.0, max(self.duration_s, whole.end))
        # 1 µs: the difference of two times with two decimals.
        return tuple(g for g in gaps(self.speech, whole) if g.duration_s >= _PAUSE_FLOOR_S - 1e-6)

    @property
    def long_silences(self) -> Segments:
        """Silences of more than 30 s."""
        return tuple(s for s in self.silences if s.duration_s > LONG_SILENCE_S)

    @property
    def pauses(self) -> Segments:
        """Silences inside the answer."""
        inside = [self.answer] if self.answer else []
        return tuple(s for s in self.silences if intersect([s], inside))


def shared_media() -> Path | None:
    """Return the folder of real recordings beside the checkout, or None."""
    override = os.environ.get("MENSETSU_SHARED_MEDIA")
    folder = Path(override) if override else ROOT.parent / "shared" / "media"
    return folder if folder.is_dir() else None


def read_clips() -> list[Clip]:
    """Return every recording that is at hand."""
    clips = _samples(ROOT / "sample_media")
    shared = shared_media()
    if shared is not None:
        clips += _videos(shared / "video")
        clips += _spoken(shared / "speech")
    return clips


def _samples(folder: Path) -> list[Clip]:
    clips = []
    for file in sorted(folder.glob("*.expected.json")):
        data = json.loads(file.read_text(encoding="utf-8"))
        spoken = [p["text"] for p in data["parts"] if p["kind"] != "hesitation"]
        clips.append(
            Clip(
                name=data["clip"].removesuffix(".mp4"),
                path=folder / data["clip"],
                group="sample",
                language=data["language"],
                speech=_segments(data["parts"]),
                duration_s=data["duration_s"],
                text=("" if data["language"] == "ja" else " ").join(spoken),
                word_count=data["word_count"],
                mora_count=data["mora_count"],
                hesitation_count=len(data["hesitations"]),
                hesitations=_segments(data["hesitations"]),
                lexical_fillers=_segments(data["lexical_fillers"]),
                chunks=tuple(
                    Chunk(p["start"], p["end"], p["text"])
                    for p in data["parts"]
                    if p["kind"] == "speech"
                ),
                away=_segments(data["away"]),
                slouch=_segments(data["slouch"]),
                face_share=1.0,
            )
        )
    return clips


def _segments(data: list[dict[str, Any]]) -> Segments:
    return tuple(Segment(float(d["start"]), float(d["end"])) for d in data)


def _videos(folder: Path) -> list[Clip]:
    if not folder.is_dir():
        return []
    texts = _manifest_texts(folder / "MANIFEST.md")
    clips = []
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".mp4", ".mov", ".mpg"):
            continue
        beside = path.with_suffix(".json")
        if beside.is_file():
            clips.append(_composed(path, json.loads(beside.read_text(encoding="utf-8"))))
            continue
        name = path.name
        speech = None
        if name in _ENERGY_SPEECH:
            speech = _energy_speech(name)
        elif path.with_suffix(".align").is_file():
            speech = _grid_speech(path.with_suffix(".align"))
        text = "" if name in _NOBODY_SPEAKS else texts.get(name)
        clips.append(
            Clip(
                name=path.stem,
                path=path,
                group="video",
                language=_LANGUAGES.get(name, "en" if text else None),
                speech=speech,
                pauses_complete=name not in _PAUSES_INCOMPLETE,
                text=text,
                face_share=_FACE_SHARE.get(name),
            )
        )
    return clips


def _manifest_texts(path: Path) -> dict[str, str]:
    """Return file name → what is said, from the lines "- transcript: …" of the notes."""
    texts: dict[str, str] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            name = line[3:].strip()
        elif line.startswith("- transcript:"):
            text = re.sub(r"\([^)]*\)", "", line.removeprefix("- transcript:")).strip(' "')
            if text:
                texts[name] = text
    return texts


def _energy_speech(name: str) -> Segments:
    (start, end), pauses = _ENERGY_SPEECH[name]
    return gaps((Segment(*p) for p in pauses), Segment(start, end))


def _grid_speech(path: Path) -> Segments:
    """Read the word times of a clip of the GRID corpus (25 000 units a second)."""
    rows = (line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return support(
        Segment(int(start) / 25_000, int(end) / 25_000)
        for start, end, word in rows
        if word != "sil"
    )


def _composed(path: Path, data: dict[str, Any]) -> Clip:
    """Read the truth of a spliced clip: edges are those of the voice, not of the splice."""
    common: dict[str, Any] = {"name": path.stem, "path": path, "group": "video"}
    if "timeline" in data:
        return Clip(
            **common,
            language="ja" if "japanese" in path.stem else "en",
            speech=_timeline_speech(data),
            duration_s=data["duration"],
            text=data["reference_text"],
            word_count=data.get("reference_words"),
            face_share=1.0,
        )
    if "base_truth" in data:
        base = json.loads((path.parent / data["base_truth"]).read_text(encoding="utf-8"))
        shift = float(data["timeline_audio_shift"])
        heard = Segment(0.0, _LATE_SOUND_S)
        moved = (Segment(s.start + shift, s.end + shift) for s in _timeline_speech(base))
        # Its last half second is the start of a sentence: no text is known for it.
        return Clip(**common, language="en", speech=intersect(moved, [heard]), face_share=1.0)
    source = data["source"]
    texts = _manifest_texts(path.parent / "MANIFEST.md")
    return Clip(
        **common,
        language="en",
        speech=_energy_speech(source),
        text=texts.get(source),
        face_share=1.0,
    )


def _timeline_speech(data: dict[str, Any]) -> Segments:
    speech: list[Segment] = []
    for part in data["timeline"]:
        if part["kind"] == "speech":
            pauses = (Segment(*p) for p in part["pauses_in_speech_ge_0_3s"])
            speech += gaps(pauses, Segment(part["speech_onset"], part["speech_offset"]))
    return support(speech)


def _spoken(folder: Path) -> list[Clip]:
    labels = folder / "labels.json"
    if not labels.is_file():
        return []
    clips = []
    for key, label in json.loads(labels.read_text(encoding="utf-8")).items():
        clips.append(_labelled(folder / key, label))
    joined = folder / "mfa" / "michaelandsickmichael.wav"
    if joined.is_file():
        rows = [r for tier in read_textgrid(joined.with_suffix(".TextGrid")) for r in tier]
        text = " ".join(text for _, _, text in sorted(rows) if text.strip())
        clips.append(_labelled(joined, text))
    return [c for c in clips if c.path.is_file()]


def _labelled(path: Path, label: str) -> Clip:
    japanese = bool(re.search(r"[぀-ヿ一-鿿]", label))
    text = re.sub(r"\(kana[^)]*\)", "", label).strip() if japanese else label
    tokens = text.split()
    grid = path.with_suffix(".TextGrid")
    timed: tuple[Segments, Segments] | None = None
    if grid.is_file() and path.name not in _REPEATS:
        timed = _aligned_speech(read_textgrid(grid)[0], tokens)
    natural = path.name in _NATURAL or path.name.startswith("common_voice")
    return Clip(
        name=path.stem,
        path=path,
        group="natural" if natural else "contrived",
        language="ja" if japanese else "en",
        speech=timed[0] if timed else None,
        text=text,
        # None of the Japanese labels has one.
        hesitation_count=0 if japanese else sum(t in HESITATIONS for t in tokens),
        hesitations=timed[1] if timed else None,
        pooled=path.name not in _REPEATS,
    )


Row = tuple[float, float, str]


def read_textgrid(path: Path) -> list[list[Row]]:
    """Read the interval tiers of a Praat TextGrid, long or short form."""
    text = re.sub(r"\[\d*\]", "", path.read_text(encoding="utf-8"))
    tokens = re.findall(r'"[^"]*"|(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])', text)[2:]
    tiers = []
    at = 3  # begin, end, number of tiers
    while at < len(tokens):
        count = int(tokens[at + 4])
        at += 5
        cells = tokens[at : at + 3 * count]
        tiers.append(
            [
                (float(cells[i]), float(cells[i + 1]), cells[i + 2].strip('"'))
                for i in range(0, len(cells), 3)
            ]
        )
        at += 3 * count
    return tiers


def _aligned_speech(rows: list[Row], tokens: list[str]) -> tuple[Segments, Segments]:
    """Return voice and hesitations of a forced alignment.

    The alignment misses some hesitations of the label: each then lies somewhere in the gap between
    its neighbours, and that gap is no silence.
    """
    spoken = [r for r in rows if r[2].strip()]
    voice = [Segment(a, b) for a, b, _ in spoken]
    hesitations = [
        Segment(a, b)
        for a, b, word in spoken
        if word in HESITATIONS and b - a >= _SHORTEST_HESITATION_S
    ]
    at = 0
    for token in tokens:
        heard = spoken[at][2].casefold() if at < len(spoken) else ""
        if token in HESITATIONS and heard != token and 0 < at < len(spoken):
            gap = Segment(spoken[at - 1][1], spoken[at][0])
            if gap.duration_s >= _SHORTEST_HESITATION_S:
                hesitations.append(gap)
                voice.append(gap)
            continue
        if heard in HESITATIONS and token not in HESITATIONS:
            at += 1  # one that the label does not have
        at += 1
    # Shorter gaps are stops and breaths of the alignment.
    return support(voice, collar_s=_PAUSE_FLOOR_S), tuple(sorted(hesitations))
