"""Make the sample takes and the truth about them: ``python -m sample_media.make_samples``.

See README.md beside this file for what must be installed. The truth (``<clip>.expected.json``)
is written from the splice and from the script in ``takes.py``; nothing is measured by mensetsu.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from sample_media import picture, voices
from sample_media.takes import SCRIPTS, Script, count_morae

CRF = 27
AUDIO_BIT_RATE = 64000
AAC_FRAME = 1024
PAUSE_S = 0.25
LONG_SILENCE_S = 30.0


def main() -> None:
    """Make the takes that are named, or all of them."""
    parser = argparse.ArgumentParser(description="make the sample takes")
    parser.add_argument("names", nargs="*", help="english_take, japanese_take; default: both")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    for script in SCRIPTS:
        if not options.names or script.name in options.names:
            make_take(script, options.output)


def make_take(script: Script, folder: Path) -> None:
    """Write the clip and its truth into a folder."""
    track = voices.speak_take(script)
    clip = folder / f"{script.name}.mp4"
    portrait = picture.Portrait(script, _envelope(track.sound))
    _encode(portrait, track.sound, clip)
    truth = _truth(script, track, portrait.blinks, clip)
    text = json.dumps(truth, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / f"{script.name}.expected.json").write_text(text + "\n", encoding="utf-8")


def _envelope(sound: voices.Sound) -> NDArray[np.float64]:
    """Loudness of the speech, 0 to 1, one value per frame: how far the jaw is open."""
    level = 10 ** (voices.levels_dbfs(sound) / 20)
    loud = np.clip(level / 10 ** ((voices.SPEECH_DBFS + 4) / 20) - 0.05, 0, 1)
    smooth = np.convolve(loud, np.hanning(11) / np.hanning(11).sum(), mode="same")
    frames = np.arange(int(sound.size / voices.RATE_HZ * picture.FPS)) / picture.FPS
    return np.interp(frames, np.arange(smooth.size) * voices.WINDOW_S, smooth)


def _encode(portrait: picture.Portrait, sound: voices.Sound, clip: Path) -> None:
    frame_count = int(sound.size / voices.RATE_HZ * picture.FPS)
    with av.open(str(clip), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=picture.FPS)
        video.width, video.height, video.pix_fmt = picture.WIDTH, picture.HEIGHT, "yuv420p"
        # A fixed number of threads: the bytes depend on it.
        video.options = {"crf": str(CRF), "preset": "medium", "threads": "2", "g": "150"}
        audio = container.add_stream("aac", rate=voices.RATE_HZ, layout="mono")
        audio.bit_rate = AUDIO_BIT_RATE
        done = 0
        for index in range(frame_count):
            frame = av.VideoFrame.from_ndarray(portrait.frame(index), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, picture.FPS)
            container.mux(video.encode(frame))
            last = index == frame_count - 1
            until = sound.size if last else (index + 1) * voices.RATE_HZ // picture.FPS
            while done < until and (last or done + AAC_FRAME <= until):
                block = sound[done : done + AAC_FRAME].astype(np.float32)[None]
                samples = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
                samples.sample_rate = voices.RATE_HZ
                samples.pts, samples.time_base = done, Fraction(1, voices.RATE_HZ)
                container.mux(audio.encode(samples))
                done += block.shape[1]
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def _truth(script: Script, track: voices.Track, blinks: list[float], clip: Path) -> dict[str, Any]:
    spoken = track.spoken
    japanese = script.language == "ja"
    gaps = [
        {"start": _s(a.end), "end": _s(b.start)}
        for a, b in pairwise(spoken)
        if b.start - a.end >= PAUSE_S
    ]
    said = [s for s in spoken if s.part.kind != "hesitation"]
    lexical = [
        {
            "start": _s(s.start),
            "end": _s(s.filler_end or s.end),
            "text": s.part.filler or s.part.text,
        }
        for s in spoken
        if s.part.kind == "lexical" or s.part.filler
    ]
    truth: dict[str, Any] = {
        "clip": clip.name,
        "sha256": hashlib.sha256(clip.read_bytes()).hexdigest(),
        "made_by": "sample_media/make_samples.py, from the splice; measured by no part of mensetsu",
        "language": script.language,
        "question_id": script.question_id,
        "duration_s": _s(track.sound.size / voices.RATE_HZ),
        "answer": {"start": _s(spoken[0].start), "end": _s(spoken[-1].end)},
        "speaking_s": _s(sum(s.end - s.start for s in spoken)),
        "parts": [
            {
                "start": _s(s.start),
                "end": _s(s.end),
                "kind": s.part.kind,
                "text": s.part.text,
                **({"reading_kana": s.part.kana} if japanese else {}),
                **({"mora_count": count_morae(s.part.kana)} if japanese else {}),
                **({} if japanese else {"word_count": len(s.part.text.split())}),
            }
            for s in spoken
        ],
        "word_count": None if japanese else sum(len(s.part.text.split()) for s in said),
        "mora_count": sum(count_morae(s.part.kana) for s in said) if japanese else None,
        "counts_note": "word_count and mora_count hold lexical fillers but no hesitations",
        "hesitations": [
            {"start": _s(s.start), "end": _s(s.end), "text": s.part.text}
            for s in spoken
            if s.part.kind == "hesitation"
        ],
        "lexical_fillers": lexical,
        "pauses": gaps,
        "pauses_note": f"every silence of {PAUSE_S} s or more inside the answer",
        "silences_over_30_s": [g for g in gaps if g["end"] - g["start"] > LONG_SILENCE_S],
        "speech_level_dbfs": voices.SPEECH_DBFS,
        "room_tone_dbfs": voices.ROOM_DBFS,
        "frame": {"width_px": picture.WIDTH, "height_px": picture.HEIGHT, "fps": picture.FPS},
        "away": [{"start": a.start, "end": a.end, "direction": a.direction} for a in script.away],
        "slouch": [{"start": start, "end": end} for start, end in script.slouch],
        "blinks": [{"start": _s(b), "end": _s(b + picture.BLINK_S)} for b in blinks],
    }
    return truth


def _s(seconds: float) -> float:
    return round(seconds, 3)


if __name__ == "__main__":
    main()
