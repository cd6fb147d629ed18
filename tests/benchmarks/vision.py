"""How exact eye contact and posture are: ``python -m tests.benchmarks.vision --people FOLDER``.

Rendered people with exactly known angles (people/README.md says how they are made), real clips
with labels by eye, and real clips made worse by known amounts, each judged through the product's
own functions. Prints tables, and at the end what was asked and what is reached. It never fails: a
bar that is not met is printed as such. README.md says what is counted.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.vision_answers import answers
from tests.benchmarks.vision_clips import PeopleClip, read_people
from tests.benchmarks.vision_figures import Answer, accuracy_toml, bars_table
from tests.benchmarks.vision_gaze import gaze, gaze_conditions
from tests.benchmarks.vision_head import head, lids
from tests.benchmarks.vision_judging import Judge
from tests.benchmarks.vision_landmarks import LandmarkStore
from tests.benchmarks.vision_posture import posture, posture_conditions
from tests.benchmarks.vision_real import degraded, real, real_paths
from tests.benchmarks.vision_repeats import noise_table, noise_toml, picture_noise

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "gaze",
    "conditions",
    "head",
    "lids",
    "answers",
    "posture",
    "posture-conditions",
    "real",
    "degraded",
    "repeats",
)


def main() -> None:
    """Measure, print, and write the figures where asked."""
    options = _options()
    store = LandmarkStore(options.cache)
    clips = read_people(options.people, options.split) if options.people else ()
    if not clips:
        print("No rendered people: make them with tests/benchmarks/people, and give --people.")
    else:
        names = sorted({c.identity for c in clips})
        print(f"Rendered people, {options.split}: {', '.join(names)} ({len(clips)} clips).")
    answer = Answer()
    for part in options.only:
        found = _part(part, options, store, clips)
        for table in found.tables:
            if table.rows:
                print(f"\n{table.text()}", flush=True)
        answer += found
    bars = bars_table(answer.figures, options.split)
    print(f"\n{bars.text()}")
    if options.json:
        document = {
            "split": options.split,
            "tables": [table.plain() for table in (*answer.tables, bars) if table.rows],
        }
        text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    if options.write:
        options.write.write_text(accuracy_toml(answer.figures), encoding="utf-8")


def _part(
    name: str, options: argparse.Namespace, store: LandmarkStore, clips: tuple[PeopleClip, ...]
) -> Answer:
    judge = Judge(store, clips)
    parts: dict[str, Callable[[], Answer]] = {
        "gaze": lambda: gaze(judge, clips),
        "conditions": lambda: gaze_conditions(judge, clips),
        "head": lambda: head(judge, clips),
        "lids": lambda: lids(judge, clips),
        "answers": lambda: answers(judge, clips),
        "posture": lambda: posture(store, clips),
        "posture-conditions": lambda: posture_conditions(store, clips),
        "real": lambda: real(store, options.real, options.split),
        "degraded": lambda: degraded(store, options.real, options.split),
        "repeats": lambda: _repeats(options, store, clips),
    }
    return parts[name]()


def _repeats(
    options: argparse.Namespace, store: LandmarkStore, clips: tuple[PeopleClip, ...]
) -> Answer:
    kinds = [[c.path for c in clips if c.kind == kind] for kind in ("answer", "posture")]
    paths = [path for of_kind in kinds for path in of_kind[: options.takes or None]]
    noise = picture_noise(store, [*paths, *real_paths(options.real, options.split)])
    if options.write_noise:
        path = options.write_noise
        old = path.read_text(encoding="utf-8") if path.is_file() else ""
        path.write_text(noise_toml(noise, old), encoding="utf-8")
    return Answer((noise_table(noise),))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="exactness of eye contact and posture")
    parser.add_argument("--people", metavar="FOLDER", type=Path, help="rendered people")
    parser.add_argument(
        "--split",
        choices=("tuning", "test"),
        default="tuning",
        help="identities; thresholds were chosen on tuning, so only test is reported",
    )
    parser.add_argument(
        "--real",
        metavar="FOLDER",
        type=Path,
        default=ROOT.parent / "shared" / "media" / "video",
        help="real clips; default: %(default)s",
    )
    parser.add_argument("--cache", metavar="FOLDER", type=Path, help="keep landmarks there")
    parser.add_argument(
        "--only",
        metavar="A,B",
        type=_parts,
        default=PARTS,
        help=f"default: all ({', '.join(PARTS)})",
    )
    parser.add_argument(
        "--takes",
        metavar="N",
        type=int,
        default=0,
        help="rendered clips of each kind that are repeated; default: all",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all tables there too")
    parser.add_argument(
        "--write", metavar="FILE", type=Path, help="write the figures in the form of"
        " reports/data/sight_accuracy.toml",
    )  # fmt: skip
    parser.add_argument(
        "--write-noise",
        metavar="FILE",
        type=Path,
        help="write the noise of repeats into reports/data/repeat_noise.toml or a file of its form",
    )
    return parser.parse_args()


def _parts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in PARTS:
            known = ", ".join(PARTS)
            raise argparse.ArgumentTypeError(f"no part {name!r} (there are: {known})")
    return names


if __name__ == "__main__":
    main()
