"""Reading what the packages hold: the base mesh, shapes (targets), the rig, fitted things.

The base mesh is MakeHuman's hm08, in decimetres; everything is returned in metres.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.people.geometry import FloatArray, IntArray

_METRES = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class BaseMesh:
    """MakeHuman's base mesh with its helper geometry."""

    points: FloatArray
    """shape (19158, 3), m"""
    uvs: FloatArray
    """shape (t, 2)"""
    triangles: IntArray
    """of the body alone, point indices, shape (f, 3)"""
    uv_triangles: IntArray
    """the same corners as indices into `uvs`"""
    groups: dict[str, IntArray]
    """points of each group, such as "joint-l-eye" """


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A thing made for the base mesh: hair, clothes, brows, lashes, glasses, teeth."""

    anchors: IntArray
    """three points of the base mesh for each own point, shape (n, 3)"""
    shares: FloatArray
    """shape (n, 3)"""
    offsets: FloatArray
    """shape (n, 3), m"""
    uvs: FloatArray
    triangles: IntArray
    uv_triangles: IntArray
    hidden: IntArray
    """points of the base mesh that it covers"""
    texture: Path


def read_base(path: Path) -> BaseMesh:
    """Read base.obj."""
    points, uvs, groups = [], [], {}
    corners, uv_corners = [], []
    group = ""
    for line in path.read_text("utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            points.append([float(value) for value in rest.split()[:3]])
        elif kind == "vt":
            uvs.append([float(value) for value in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            pairs = [[int(value) - 1 for value in item.split("/")[:2]] for item in rest.split()]
            groups.setdefault(group, set()).update(point for point, _ in pairs)
            if group == "body":
                for second in range(1, len(pairs) - 1):
                    triple = (pairs[0], pairs[second], pairs[second + 1])
                    corners.append([point for point, _ in triple])
                    uv_corners.append([uv for _, uv in triple])
    return BaseMesh(
        points=np.array(points) * _METRES,
        uvs=np.array(uvs),
        triangles=np.array(corners),
        uv_triangles=np.array(uv_corners),
        groups={name: np.array(sorted(members)) for name, members in groups.items()},
    )


def read_target(path: Path, point_count: int) -> FloatArray:
    """Read a shape: how far each point moves, shape (n, 3), m."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    moves = np.zeros((point_count, 3))
    for line in text.decode("utf-8").splitlines():
        values = line.split()
        if len(values) == 4 and not line.startswith("#"):
            moves[int(values[0])] = [float(value) * _METRES for value in values[1:]]
    return moves


def read_weights(path: Path) -> dict[str, list[tuple[int, float]]]:
    """Read which bone moves which point by which share."""
    return json.loads(path.read_text("utf-8"))["weights"]


def read_fitted(path: Path, texture: str | None = None) -> Fitted:
    """Read a fitted thing (three.js JSON with MakeHuman's binding)."""
    data = json.loads(path.read_text("utf-8"))
    triangles, uv_triangles = _faces(data["faces"])
    return Fitted(
        anchors=np.array(data["ref_vIdxs"], dtype=np.int64),
        shares=np.array(data["weights"], dtype=np.float64),
        offsets=np.array(data["offsets"], dtype=np.float64) * _METRES,
        uvs=np.array(data["uvs"][0], dtype=np.float64).reshape(-1, 2),
        triangles=triangles,
        uv_triangles=uv_triangles,
        hidden=np.flatnonzero(np.array(data["metadata"].get("deleteVerts", []), dtype=bool)),
        texture=path.parent / (texture or data["materials"][0]["mapDiffuse"]),
    )


def _faces(numbers: list[int]) -> tuple[IntArray, IntArray]:
    """Decode three.js' list of faces: a byte of flags, then indices."""
    triangles, uv_triangles, at = [], [], 0
    while at < len(numbers):
        flags = numbers[at]
        count = 4 if flags & 1 else 3
        at += 1
        points = numbers[at : at + count]
        at += count + bool(flags & 2)
        # One number for the whole face (4), one for each corner (8): texture, then normal, colour.
        at += bool(flags & 4)
        uvs = numbers[at : at + count] if flags & 8 else [0] * count
        at += count if flags & 8 else 0
        at += bool(flags & 16) + (count if flags & 32 else 0)
        at += bool(flags & 64) + (count if flags & 128 else 0)
        for second in range(1, count - 1):
            triangles.append([points[0], points[second], points[second + 1]])
            uv_triangles.append([uvs[0], uvs[second], uvs[second + 1]])
    return np.array(triangles), np.array(uv_triangles)


def fit(thing: Fitted, points: FloatArray) -> FloatArray:
    """Return where the thing's points lie on a shaped base mesh, shape (n, 3), m."""
    return (points[thing.anchors] * thing.shares[..., None]).sum(axis=1) + thing.offsets
