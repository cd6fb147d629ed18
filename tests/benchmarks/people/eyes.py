"""Eyes and lids of a person's size on MakeHuman's base mesh.

The base mesh's eyeballs have 30 mm, people's 24 mm: on the large ones an iris would wander half as
far again for the same turn. So the lids are laid onto a smaller eyeball whose front stays where it
was (`EyeSocket.settle`), and the opening is widened to a person's. Lids are moved here, too, not
by the package's blink, which overshoots by millimetres: each lid turns about the eyeball's
horizontal axis until its margin is where it shall be.

Sizes: eyeball 24 mm, cornea of 7.8 mm radius, visible iris 11.7 mm, iris 3.5 mm behind the cornea
(textbook values of adults); widest opening of the lids in people about 28 x 10 mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.benchmarks.people.geometry import FloatArray, IntArray
from tests.benchmarks.people.meshes import BaseMesh

EYEBALL_RADIUS_M = 0.0120
CORNEA_RADIUS_M = 0.0078
LIMBUS_RADIUS_M = 0.00585
IRIS_DEPTH_M = 0.0035
"""behind the cornea's front"""
CORNEA_CENTRE_M = float(
    np.sqrt(EYEBALL_RADIUS_M**2 - LIMBUS_RADIUS_M**2)
    - np.sqrt(CORNEA_RADIUS_M**2 - LIMBUS_RADIUS_M**2)
)
"""in front of the eyeball's centre, so that both spheres meet at the limbus"""

# The left eye's inner edges of the lids on the base mesh, from the nose outwards.
_UPPER = (7769, 7768, 7772, 7767, 7766, 7765, 7748, 7747, 7749, 7750, 7751, 7752, 7753, 7754)
_LOWER = (7769, 7770, 7771, 7764, 11717, 7763, 7762, 7761, 7760, 7759, 7758, 7757, 11716, 7756,
          7755, 7754)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EyeFit:
    """How an identity's eyes are laid out."""

    width_ratio: float = 1.14
    """widening of the opening: 24.3 mm on the base mesh, 28 in people"""
    height_ratio: float = 1.08
    upper_cover_m: float = 0.0015
    """how much of the iris the upper lid covers when the eye looks straight ahead: 1-2 mm"""
    lower_cover_m: float = 0.0002


@dataclass(frozen=True, slots=True, eq=False)
class EyeSocket:
    """One eye of a shaped, unposed figure."""

    centre: FloatArray
    """of the base mesh's own eyeball, m"""
    radius_m: float
    """of the base mesh's own eyeball"""
    fit: EyeFit
    points: IntArray
    """of the base mesh, around the eye"""
    upper_share: FloatArray
    """how far each of `points` goes with the upper margin, 0..1"""
    lower_share: FloatArray
    upper_height: tuple[FloatArray, FloatArray]
    """x and y of the upper margin against the centre, m, by rising x"""
    lower_height: tuple[FloatArray, FloatArray]

    @property
    def eyeball_centre(self) -> FloatArray:
        """Centre of the eyeball of a person's size."""
        # Half a millimetre forwards closes the gap that the base mesh leaves behind the lids.
        return self.centre + np.array([0.0, 0.0, self.radius_m - EYEBALL_RADIUS_M + 0.0004])

    def move_lids(self, points: FloatArray, *, gaze_pitch_deg: float, closed: float) -> None:
        """Turn the lids about the eyeball's horizontal axis, in place.

        Parameters
        ----------
        points : the base mesh before `settle`, shape (n, 3), m.
        gaze_pitch_deg : of the eyeball in the head, + = up. The upper lid goes along 1:1 (Becker
            & Fuchs 1988, lid and eye saccades of the same size), the lower one by 0.35 (our
            judgement).
        closed : 0 (open) to 1 (the margins meet).
        """
        own = points[self.points] - self.centre
        lift = EYEBALL_RADIUS_M * np.sin(np.radians(gaze_pitch_deg)) / self.fit.height_ratio
        x = own[:, 0]
        upper_now = np.interp(x, *self.upper_height)
        lower_now = np.interp(x, *self.lower_height)
        # At the corners there is nothing to open.
        gape = np.clip((upper_now - lower_now) / 0.009, 0.0, 1.0)
        upper_rest, lower_rest = self._rest_heights()
        upper = upper_now + (upper_rest - np.interp(0.0, *self.upper_height) + lift) * gape
        lower = lower_now + (lower_rest - np.interp(0.0, *self.lower_height) + 0.35 * lift) * gape
        meeting = lower + 0.12 * (upper - lower)
        # A closing lid may not stand open by way of the corners: both margins go to one line.
        upper += closed * (meeting - 0.0006 - upper)
        lower += closed * (meeting - lower) * np.where(gape > 0, 1.0, 0.0)
        by = self.upper_share * self._angle(upper_now, upper)
        by += self.lower_share * self._angle(lower_now, lower)
        c, s = np.cos(by), np.sin(by)
        y, z = own[:, 1].copy(), own[:, 2].copy()
        points[self.points, 1] = self.centre[1] + c * y + s * z
        points[self.points, 2] = self.centre[2] - s * y + c * z

    def _rest_heights(self) -> tuple[float, float]:
        """Heights of the margins over the pupil, straight ahead, before `settle`."""
        ratio = self.fit.height_ratio
        return (
            (LIMBUS_RADIUS_M - self.fit.upper_cover_m) / ratio,
            -(LIMBUS_RADIUS_M - self.fit.lower_cover_m) / ratio,
        )

    def _angle(self, now: FloatArray, wanted: FloatArray) -> FloatArray:
        reach = self.radius_m * 1.06
        return np.arcsin(np.clip(wanted / reach, -1, 1)) - np.arcsin(np.clip(now / reach, -1, 1))

    def settle(self, points: FloatArray) -> None:
        """Widen the opening and lay the lids onto the smaller eyeball, in place."""
        own = points[self.points] - self.centre
        out = np.hypot(own[:, 0], own[:, 1])
        near = _falling(out, 0.015, 0.030)
        ratio = np.array([self.fit.width_ratio, self.fit.height_ratio])
        flat = own[:, :2] * (1 + (ratio - 1) * near[:, None])
        limit = 0.9 * EYEBALL_RADIUS_M
        new_out = np.minimum(np.hypot(flat[:, 0], flat[:, 1]), limit)
        old_out = np.minimum(out, limit)
        small = np.sqrt(EYEBALL_RADIUS_M**2 - new_out**2) - EYEBALL_RADIUS_M
        large = np.sqrt(self.radius_m**2 - old_out**2) - self.radius_m
        points[self.points, :2] = self.centre[:2] + flat
        points[self.points, 2] += near * (small - large)


def read_sockets(base: BaseMesh, points: FloatArray, fit: EyeFit) -> tuple[EyeSocket, EyeSocket]:
    """Find both eyes of a shaped figure: left, right."""
    mirrored = _mirror(base.points)
    left = _socket(base, points, fit, "l", np.array(_UPPER), np.array(_LOWER))
    upper, lower = mirrored(np.array(_UPPER)), mirrored(np.array(_LOWER))
    return left, _socket(base, points, fit, "r", upper, lower)


def _socket(
    base: BaseMesh, points: FloatArray, fit: EyeFit, side: str, upper: IntArray, lower: IntArray
) -> EyeSocket:
    ball = points[base.groups[f"helper-{side}-eye"]]
    centre = (ball.min(axis=0) + ball.max(axis=0)) / 2
    radius = float(np.median(np.linalg.norm(ball - centre, axis=1)))
    own = points - centre
    chosen = np.flatnonzero(
        (np.hypot(own[:, 0], own[:, 1]) < 0.032) & (own[:, 2] > -0.012) & (own[:, 2] < 0.045)
    )
    # The eyeball's and the joints' helpers stay.
    stays = np.concatenate([base.groups[name] for name in base.groups if _stays(name)])
    chosen = np.setdiff1d(chosen, stays)
    near = own[chosen]
    margins = []
    for ids in (upper, lower):
        edge = own[ids][np.argsort(own[ids][:, 0])]
        margins.append((edge[:, 0], edge[:, 1]))
    above = near[:, 1] - np.interp(near[:, 0], *margins[0])
    below = np.interp(near[:, 0], *margins[1]) - near[:, 1]
    inside = (near[:, 0] > margins[0][0][0] - 0.001) & (near[:, 0] < margins[0][0][-1] + 0.003)
    is_upper = above > below
    upper_share = np.where(inside & is_upper, _falling(above, 0.0025, 0.0088), 0.0)
    lower_share = np.where(inside & ~is_upper, _falling(below, 0.0010, 0.0090), 0.0)
    for number, share, other in ((2, upper_share, lower_share), (1, lower_share, upper_share)):
        lashes = np.isin(chosen, base.groups[f"helper-{side}-eyelashes-{number}"])
        share[lashes], other[lashes] = 1.0, 0.0
    return EyeSocket(centre, radius, fit, chosen, upper_share, lower_share, margins[0], margins[1])


def _stays(group: str) -> bool:
    return group.startswith("joint") or group in ("helper-l-eye", "helper-r-eye")


def _mirror(points: FloatArray):
    """Return a function from points of the left half to those of the right half."""

    def right(ids: IntArray) -> IntArray:
        wanted = points[ids] * [-1, 1, 1]
        apart = np.linalg.norm(points[None] - wanted[:, None], axis=2)
        return apart.argmin(axis=1)

    return right


def _falling(value: FloatArray, first: float, last: float) -> FloatArray:
    """1 up to `first`, 0 from `last` on, smooth between."""
    t = np.clip((last - value) / (last - first), 0.0, 1.0)
    return t * t * (3 - 2 * t)


def eyeball(rings: int = 26, spokes: int = 48) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return points, normals and triangles of an eyeball at the origin that looks along z.

    The front half only, with the bulge of the cornea.
    """
    limbus = np.arcsin(LIMBUS_RADIUS_M / EYEBALL_RADIUS_M)
    cornea = np.arcsin(LIMBUS_RADIUS_M / CORNEA_RADIUS_M)
    inner = np.linspace(0.0, 1.0, rings // 2 + 1)[1:] * cornea
    outer = limbus + np.linspace(0.0, 1.0, rings // 2 + 1)[1:] * (np.radians(105) - limbus)
    out = np.concatenate([CORNEA_RADIUS_M * np.sin(inner), EYEBALL_RADIUS_M * np.sin(outer)])
    front = np.concatenate(
        [CORNEA_CENTRE_M + CORNEA_RADIUS_M * np.cos(inner), EYEBALL_RADIUS_M * np.cos(outer)]
    )
    around = np.linspace(0, 2 * np.pi, spokes, endpoint=False)
    ring = np.stack(
        [
            out[:, None] * np.cos(around),
            out[:, None] * np.sin(around),
            np.repeat(front[:, None], spokes, axis=1),
        ],
        axis=-1,
    ).reshape(-1, 3)
    points = np.concatenate([[[0, 0, CORNEA_CENTRE_M + CORNEA_RADIUS_M]], ring])
    centre_z = np.where(np.arange(len(out)) < rings // 2, CORNEA_CENTRE_M, 0.0)
    normals = points - np.stack(
        [np.zeros(len(points)), np.zeros(len(points)),
         np.concatenate([[CORNEA_CENTRE_M], np.repeat(centre_z, spokes)])], axis=1)  # fmt: skip
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    triangles = [[0, 1 + k, 1 + (k + 1) % spokes] for k in range(spokes)]
    for r in range(len(out) - 1):
        for k in range(spokes):
            a, b = 1 + r * spokes + k, 1 + r * spokes + (k + 1) % spokes
            triangles += [[a, a + spokes, b + spokes], [a, b + spokes, b]]
    return points.astype(np.float64), normals, np.array(triangles)
