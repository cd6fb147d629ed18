"""Make clips of rendered people with exactly known gaze, head and body angles.

``python -m tests.benchmarks.people.make_people --assets FOLDER --out FOLDER [--split tuning|test]
[--only PATTERN]``

Every clip becomes ``NAME.mp4`` and ``NAME.json``. See README.md for what has to be installed.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from tests.benchmarks.people.assets import AssetsMissing, fetch_assets
from tests.benchmarks.people.figure import AssetFolders, read_figure
from tests.benchmarks.people.glasses import with_clear_lenses
from tests.benchmarks.people.identities import IDENTITIES, Identity
from tests.benchmarks.people.posing import Truth, place_camera, pose_figure
from tests.benchmarks.people.recipes import Recipe, recipe_of
from tests.benchmarks.people.rendering import Studio
from tests.benchmarks.people.room import light_of
from tests.benchmarks.people.webcam import NOISE_SIGMAS, ClipWriter, Picture, Sensor

SOURCES = ("geometry", "meshes", "eyes", "figure", "posing", "shaders", "rendering", "room",
           "motion", "recipes", "webcam", "identities")  # fmt: skip
_SOURCES = b"".join((Path(__file__).parent / f"{name}.py").read_bytes() for name in SOURCES)
_GLASSES = (Path(__file__).parent / "glasses.py").read_bytes()


@dataclass(frozen=True, slots=True)
class Output:
    """One clip made from a rendering."""

    suffix: str
    size_px: tuple[int, int]
    light: float = 1.0


@dataclass(frozen=True, slots=True)
class Shoot:
    """One rendering, and the clips that come from it."""

    kind: str
    size_px: tuple[int, int]
    outputs: tuple[Output, ...]
    distance_m: float = 0.6
    glasses: bool = False


_HD = (1280, 720)
SHOOTS = (
    *(Shoot(kind, _HD, (Output("", _HD),)) for kind in ("calib", "answer", "posture")),
    Shoot("gaze_eyes", _HD, (Output("", _HD), Output("-light30", _HD, 0.3),
                             Output("-light15", _HD, 0.15))),
    *(Shoot(kind, _HD, (Output("", _HD),)) for kind in ("heads", "still", "lids", "gaze_head")),
    Shoot("gaze_short", _HD, (Output("-d90", _HD),), distance_m=0.9),
    Shoot("gaze_short", _HD, (Output("-glasses", _HD),), glasses=True),
    Shoot("gaze_short", _HD, (Output("-d40", _HD),), distance_m=0.4),
    Shoot("gaze_short", _HD, (Output("-d120", _HD),), distance_m=1.2),
    Shoot("gaze_short", (1920, 1080), (Output("-1080p", (1920, 1080)),
                                       Output("-480p", (854, 480)))),
)  # fmt: skip
"""in the order in which they are made"""


_SMALL = (854, 480)
_POSTURES = ("posture", "still")


def shoots_of(identity: Identity) -> tuple[Shoot, ...]:
    """Return what is drawn of a person, in order.

    The long clips of posture are small for the test people: it saves a third of their time, and
    the body is measured in pictures of 640 pixels anyway.
    """
    if identity.split == "tuning":
        return SHOOTS
    return tuple(
        replace(shoot, size_px=_SMALL, outputs=(Output("", _SMALL),))
        if shoot.kind in _POSTURES
        else shoot
        for shoot in SHOOTS
    )


def clip_name(identity: Identity, shoot: Shoot, output: Output) -> str:
    return f"{identity.name}-{shoot.kind}{output.suffix}"


def make_clips(
    identity: Identity, shoot: Shoot, outputs: list[Output], *, folders: AssetFolders, out: Path
) -> None:
    """Render once and write the wanted clips."""
    recipe = recipe_of(identity, shoot.kind)
    figure = read_figure(identity, folders, glasses=shoot.glasses)
    if shoot.glasses:
        figure = with_clear_lenses(figure, folders.dressing.parent / "made")
    camera = place_camera(figure, shoot.distance_m)
    truths: list[Truth] = []
    with ExitStack() as stack:
        studio = stack.enter_context(Studio(figure, light_of(identity.room), size_px=shoot.size_px))
        writers = []
        for output in outputs:
            path = out / f"{clip_name(identity, shoot, output)}.mp4"
            path.with_suffix(".json").unlink(missing_ok=True)
            writers.append(
                stack.enter_context(
                    ClipWriter(path, size_px=output.size_px, rate_hz=recipe.rate_hz)
                )
            )
        sensors = [Sensor(o.size_px, o.light, seed=identity.room) for o in outputs]
        for pose in recipe.poses:
            posed = pose_figure(figure, pose, camera)
            truths.append(posed.truth)
            picture = studio.draw(posed, camera)
            for output, sensor, writer in zip(outputs, sensors, writers, strict=True):
                writer.write(sensor.expose(_scaled(picture, output.size_px)))
    for output in outputs:
        labels = _labels(identity, shoot, output, recipe, truths)
        part = out / f".{labels['name']}.part"
        part.write_text(json.dumps(labels) + "\n", "utf-8")
        # The labels come last: who sees them can read the picture too.
        part.replace(out / f"{labels['name']}.json")


def _scaled(picture: Picture, size_px: tuple[int, int]) -> Picture:
    if picture.shape[1::-1] == size_px:
        return picture
    return cv2.resize(picture, size_px, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _labels(
    identity: Identity, shoot: Shoot, output: Output, recipe: Recipe, truths: list[Truth]
) -> dict[str, object]:
    columns = {
        name: [round(asdict(truth)[name], 4) for truth in truths]
        for name in Truth.__dataclass_fields__
    }
    return {
        "name": clip_name(identity, shoot, output),
        "kind": shoot.kind,
        "condition": output.suffix.removeprefix("-") or "base",
        "identity": identity.name,
        "split": identity.split,
        "glasses": shoot.glasses,
        "size_px": list(output.size_px),
        "fov_deg": identity.fov_deg,
        "distance_m": shoot.distance_m,
        "light": output.light,
        "noise_sigma": NOISE_SIGMAS[output.light],
        "rate_hz": recipe.rate_hz,
        "recipe": recipe_hash(identity, shoot, output),
        "times_s": [round(float(value), 4) for value in recipe.times_s],
        **columns,
        "label": list(recipe.labels),
    }


def recipe_hash(identity: Identity, shoot: Shoot, output: Output) -> str:
    """Return what changes when the clip would come out differently."""
    text = repr((identity, shoot.kind, shoot.size_px, shoot.distance_m, shoot.glasses, output))
    sources = _SOURCES + (_GLASSES if shoot.glasses else b"")
    return hashlib.sha256(text.encode() + sources).hexdigest()[:16]


def is_made(out: Path, name: str, wanted: str) -> bool:
    """Whether the clip is there and was made by this recipe."""
    path = out / f"{name}.json"
    if not path.exists() or not path.with_suffix(".mp4").exists():
        return False
    return json.loads(path.read_text("utf-8")).get("recipe") == wanted


def main() -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--assets", type=Path, required=True, help="folder of the packages")
    parser.add_argument("--out", type=Path, required=True, help="folder of the clips")
    parser.add_argument("--split", choices=("tuning", "test"), help="only these people")
    parser.add_argument("--only", default="*", help="names of the clips, such as 'ada-gaze*'")
    parser.add_argument("--keep", action="store_true", help="keep clips of older recipes")
    wishes = parser.parse_args()
    try:
        folders = fetch_assets(wishes.assets)
    except AssetsMissing as exc:
        print(exc, file=sys.stderr)
        return 1
    wishes.out.mkdir(parents=True, exist_ok=True)
    for index in range(len(SHOOTS)):
        for identity in IDENTITIES:
            if wishes.split not in (None, identity.split):
                continue
            shoot = shoots_of(identity)[index]
            outputs = []
            for output in shoot.outputs:
                name = clip_name(identity, shoot, output)
                there = (wishes.out / f"{name}.json").exists()
                made = is_made(wishes.out, name, recipe_hash(identity, shoot, output))
                if fnmatch.fnmatch(name, wishes.only) and not (made or (there and wishes.keep)):
                    outputs.append(output)
            if not outputs:
                continue
            start = time.monotonic()
            make_clips(identity, shoot, outputs, folders=folders, out=wishes.out)
            names = ", ".join(clip_name(identity, shoot, output) for output in outputs)
            print(f"{names}: {time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
