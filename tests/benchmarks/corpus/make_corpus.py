"""Make the labelled corpus: interview answers, synthesised chunk by chunk and spliced.

``python tests/benchmarks/corpus/make_corpus.py --out FOLDER [--only PATTERN]``

Every take becomes ``NAME.flac`` and ``NAME.json``. See README.md for what has to be installed.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from answer import record_answer
from script import read_script
from sound import Samples
from summary import print_summary
from voices import VOICES, VoiceMissing

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Casting:
    """A take to be made."""

    name: str
    script: str
    voice: str
    seed: int


def read_castings() -> list[Casting]:
    """Read who says what."""
    data = tomllib.loads((FOLDER / "takes.toml").read_text("utf-8"))
    return [Casting(**entry) for entry in data["take"]]


def read_scripts() -> dict[str, dict[str, Any]]:
    """Read the scripts of both languages by their names."""
    scripts: dict[str, dict[str, Any]] = {}
    for language in ("en", "ja"):
        data = tomllib.loads((FOLDER / f"scripts_{language}.toml").read_text("utf-8"))
        for entry in data["script"]:
            if entry["name"] in scripts:
                raise ValueError(f"Two scripts are called {entry['name']!r}.")
            scripts[entry["name"]] = {
                "spoken": data.get("spoken", {}),
                **entry,
                "language": language,
            }
    return scripts


def make_take(
    casting: Casting, script: dict[str, Any], *, out: Path, cache: Path
) -> dict[str, Any]:
    """Make one take and write it."""
    voice = VOICES[casting.voice]
    if voice.half != script["half"] or voice.language != script["language"]:
        raise ValueError(f"{casting.name}: the voice and the script are of different halves.")
    answer = record_answer(
        read_script(script["text"]),
        voice,
        spoken=script["spoken"],
        random=np.random.default_rng(casting.seed),
        cache=cache,
    )
    labels = {
        "name": casting.name,
        "language": voice.language,
        "voice": voice.name,
        "half": voice.half,
        "audio": f"{casting.name}.flac",
        "duration_s": round(answer.samples.size / voice.rate_hz, 4),
        **answer.labels,
        "robotic": voice.robotic,
    }
    part = out / f".{casting.name}.part.flac"
    write_flac(part, answer.samples, voice.rate_hz)
    part.replace(out / labels["audio"])
    text = json.dumps(labels, ensure_ascii=False, indent=1) + "\n"
    part = out / f".{casting.name}.part"
    part.write_text(text, "utf-8")
    # The labels come last: who sees them can read the sound too.
    part.replace(out / f"{casting.name}.json")
    return labels


def write_flac(path: Path, samples: Samples, rate_hz: int) -> None:
    """Write mono sound of 16 bit."""
    import av
    from av.audio.stream import AudioStream

    whole = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate_hz, layout="mono")
        assert isinstance(stream, AudioStream)
        for first in range(0, whole.size, 4096):
            frame = av.AudioFrame.from_ndarray(
                whole[None, first : first + 4096], format="s16", layout="mono"
            )
            frame.sample_rate = rate_hz
            frame.pts = first
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the takes")
    parser.add_argument("--only", default="*", help="names of the takes, such as 'en-*'")
    parser.add_argument("--cache", type=Path, help="folder of the chunks (OUT/.chunks)")
    parser.add_argument("--summary", action="store_true", help="make nothing, only count")
    wishes = parser.parse_args()
    wishes.out.mkdir(parents=True, exist_ok=True)
    if wishes.summary:
        print_summary(wishes.out)
        return 0
    cache = wishes.cache or wishes.out / ".chunks"
    scripts = read_scripts()
    left_out: dict[str, str] = {}
    for casting in read_castings():
        if not fnmatch.fnmatch(casting.name, wishes.only):
            continue
        try:
            labels = make_take(casting, scripts[casting.script], out=wishes.out, cache=cache)
        except VoiceMissing as exc:
            left_out[casting.name] = str(exc)
            print(f"{casting.name}: left out: {exc}", file=sys.stderr)
            continue
        hesitations = len(labels["hesitations"])
        print(
            f"{casting.name}: {labels['duration_s']:.1f} s, {hesitations} hesitations", flush=True
        )
    print_summary(wishes.out)
    if left_out:
        print(f"\nLeft out for want of a voice: {', '.join(left_out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
