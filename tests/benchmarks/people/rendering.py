"""Drawing a posed person with OpenGL, without a screen (EGL; Mesa's llvmpipe is enough)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.people import shaders
from tests.benchmarks.people.eyes import (
    CORNEA_CENTRE_M,
    CORNEA_RADIUS_M,
    IRIS_DEPTH_M,
    LIMBUS_RADIUS_M,
    eyeball,
)
from tests.benchmarks.people.figure import Figure
from tests.benchmarks.people.geometry import FloatArray
from tests.benchmarks.people.posing import Camera, Posed, PosedEye
from tests.benchmarks.people.room import Light, paint_room

Picture = NDArray[np.uint8]

_SHADOW_PX = 1024
_EYES_M = (0.135, 0.055)
"""width and height around the eyes that is drawn finer"""
_FINER = 3
"""The eyes are drawn at this many times the size and averaged. All of the picture with several
samples a pixel costs three times as much on a processor, and only the eyes gain by it."""
_KINDS = {"skin": 0, "cloth": 1, "hair": 2, "brow": 2, "lash": 2, "teeth": 3, "glasses": 3}
_COVERS = {"brow": 0.9, "lash": 0.55}
"""share by which a thing's strands cover; the package's lashes are made for stage make-up"""
_EYE_BIAS_M = 0.0012
"""Eyeballs are drawn this much further off, so that the cornea never sticks out of a closed lid."""

_CORNERS = np.array([1.34, 1.0, 0.85])
"""of an eyeball's size: the conjunctiva that fills the corners of the lids"""

# Where the iris lies in the package's textures of eyes, share of the width (measured on them).
IRIS_CENTRE, IRIS_RADIUS, IRIS_PUPIL = (0.295, 0.292), 0.113, 0.31


@dataclass(slots=True)
class _Drawn:
    """One part on the graphics side."""

    points: Any
    normals: Any
    array: Any
    shadow_array: Any
    texture: Any
    kind: str
    colour: tuple[float, float, float]


class Studio:
    """Draws one person in one room at one size. Use it in a `with`."""

    def __init__(self, figure: Figure, light: Light, *, size_px: tuple[int, int]) -> None:
        import moderngl  # pyright: ignore[reportMissingImports]

        self._gl = moderngl
        self._figure, self._light, self._size = figure, light, size_px
        context = moderngl.create_context(standalone=True, backend="egl")
        self._context = context
        self._whole = _canvas(context, size_px)
        self._fine: tuple[tuple[int, int], Any] | None = None
        depth = context.depth_texture((_SHADOW_PX, _SHADOW_PX))
        depth.compare_func = "<="
        depth.repeat_x = depth.repeat_y = False
        self._depth = depth
        self._shadow = context.framebuffer(depth_attachment=depth)
        self._thing = context.program(shaders.THING_VERTEX, shaders.THING_FRAGMENT)
        self._eye = context.program(shaders.THING_VERTEX, shaders.EYE_FRAGMENT)
        self._deep = context.program(shaders.THING_VERTEX, shaders.DEPTH_FRAGMENT)
        self._room = context.program(shaders.ROOM_VERTEX, shaders.ROOM_FRAGMENT)
        self._parts = [self._load(part) for part in figure.parts]
        self._iris = self._texture(_read_picture(str(figure.iris)))
        points, normals, triangles = eyeball()
        self._ball = (points, normals)
        self._ball_points = context.buffer(reserve=points.size * 4)
        self._ball_normals = context.buffer(reserve=points.size * 4)
        index = context.buffer(triangles.astype(np.uint32).tobytes())
        self._ball_array = context.vertex_array(
            self._eye,
            [(self._ball_points, "3f", "point"), (self._ball_normals, "3f", "normal")],
            index,
        )
        corners = np.array([-1, -1, 1, -1, -1, 1, 1, 1], dtype=np.float32)
        self._wall = context.vertex_array(
            self._room, [(context.buffer(corners.tobytes()), "2f", "corner")]
        )
        self._wall_texture = self._texture(paint_room(figure.identity.room))

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.release()

    def draw(self, posed: Posed, camera: Camera) -> Picture:
        """Return the picture, shape (height, width, 3), RGB."""
        for drawn, part in zip(self._parts, posed.parts, strict=True):
            drawn.points.write(part.points.astype(np.float32).tobytes())
            drawn.normals.write(part.normals.astype(np.float32).tobytes())
        to_shadow = self._draw_shadow(posed)
        everything = (0, 0, *self._size)
        picture = self._draw_window(posed, camera, to_shadow, self._whole, everything)
        left, top, width, height = self._around_eyes(posed, camera)
        if width and height:
            if self._fine is None or self._fine[0] != (width, height):
                if self._fine is not None:
                    self._fine[1].release()
                canvas = _canvas(self._context, (width * _FINER, height * _FINER))
                self._fine = (width, height), canvas
            window = (left, top, width, height)
            fine = self._draw_window(posed, camera, to_shadow, self._fine[1], window)
            fine = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
            picture[top : top + height, left : left + width] = fine
        return picture

    def _around_eyes(self, posed: Posed, camera: Camera) -> tuple[int, int, int, int]:
        """Return left, top, width and height around the eyes, px, inside the picture."""
        middle = np.mean([eye.centre for eye in posed.eyes], axis=0)
        seen = _view(camera, self._size) @ [*middle, 1.0]
        x = (0.5 + 0.5 * seen[0] / seen[3]) * self._size[0]
        y = (0.5 - 0.5 * seen[1] / seen[3]) * self._size[1]
        scale = self._size[0] / (2 * math.tan(math.radians(camera.fov_deg / 2)) * seen[3])
        # Even steps of size, so that the canvas is not made anew for each frame.
        width, height = (16 * math.ceil(scale * length / 16) for length in _EYES_M)
        left, top = round(x - width / 2), round(y - height / 2)
        if left < 0 or top < 0 or left + width > self._size[0] or top + height > self._size[1]:
            return 0, 0, 0, 0
        return left, top, width, height

    def _draw_window(
        self,
        posed: Posed,
        camera: Camera,
        to_shadow: FloatArray,
        canvas: Any,
        window: tuple[int, int, int, int],
    ) -> Picture:
        """Draw a window (left, top, width, height, px) of the picture onto a canvas."""
        context = self._context
        left, top, width, height = window
        scale = np.array([self._size[0] / width, self._size[1] / height])
        middle = np.array([2 * left + width, 2 * top + height]) / self._size - 1
        cut = np.diag([*scale, 1.0, 1.0])
        cut[:2, 3] = scale * middle * [-1, 1]
        to_picture = cut @ _view(camera, self._size)
        self._light_up(self._thing, camera, to_picture, to_shadow)
        self._light_up(self._eye, camera, to_picture, to_shadow)
        canvas.use()
        canvas.clear(0, 0, 0, 1)
        context.enable_only(self._gl.DEPTH_TEST)
        context.depth_func = "<="
        self._wall_texture.use(0)
        self._room["room"] = 0
        self._room["gain"] = self._light.room_gain
        self._room["part"] = (
            left / self._size[0],
            1 - (top + height) / self._size[1],
            width / self._size[0],
            height / self._size[1],
        )
        self._wall.render(self._gl.TRIANGLE_STRIP)
        self._depth.use(1)
        for drawn in self._parts:
            if drawn.kind not in ("hair", "brow", "lash", "glasses"):
                # Behind closed lips nobody sees teeth.
                if drawn.kind == "teeth" and posed.mouth_open < 0.02:
                    continue
                self._draw_part(drawn)
        for eye, side in zip(posed.eyes, (1.0, -1.0), strict=True):
            self._draw_eye(eye, camera, side)
        context.enable(self._gl.BLEND)
        context.blend_func = self._gl.SRC_ALPHA, self._gl.ONE_MINUS_SRC_ALPHA
        # Strands: first what covers, which hides what lies behind it, then the soft edges.
        for kinds, cut_off, hides in (
            (("hair",), 0.6, True),
            (("hair", "brow", "lash"), 0.02, False),
            (("glasses",), 0.02, False),
        ):
            canvas.depth_mask = hides
            for drawn in self._parts:
                if drawn.kind in kinds:
                    self._draw_part(drawn, cut_off)
        canvas.depth_mask = True
        context.disable(self._gl.BLEND)
        data = np.frombuffer(canvas.read(components=3), dtype=np.uint8)
        return np.ascontiguousarray(data.reshape(canvas.height, canvas.width, 3)[::-1])

    def _load(self, part) -> _Drawn:
        context = self._context
        count = len(part.corner_points)
        points, normals = context.buffer(reserve=count * 12), context.buffer(reserve=count * 12)
        uvs = context.buffer(part.corner_uvs.astype(np.float32).tobytes())
        index = context.buffer(part.corner_triangles.astype(np.uint32).tobytes())
        content = [(points, "3f", "point"), (normals, "3f", "normal"), (uvs, "2f", "uv")]
        return _Drawn(
            points=points,
            normals=normals,
            array=context.vertex_array(self._thing, content, index),
            shadow_array=context.vertex_array(self._deep, [content[0], content[2]], index),
            texture=self._texture(_read_picture(str(part.texture))),
            kind=part.kind,
            colour=part.colour,
        )

    def _texture(self, picture: Picture) -> Any:
        height, width, channels = picture.shape
        texture = self._context.texture((width, height), channels, picture[::-1].tobytes())
        texture.build_mipmaps()
        texture.filter = (self._gl.LINEAR_MIPMAP_LINEAR, self._gl.LINEAR)
        return texture

    def _light_up(self, program, camera: Camera, to_picture, to_shadow) -> None:
        light = self._light
        for name, value in (
            ("lens", camera.place),
            ("key_way", light.key_way),
            ("key_light", light.key),
            ("fill_way", light.fill_way),
            ("fill_light", light.fill),
            ("sky", light.sky),
            ("ground", light.ground),
        ):
            program[name] = tuple(float(v) for v in value)
        program["exposure"] = light.exposure
        program["to_picture"].write(to_picture.T.astype(np.float32).tobytes())
        program["to_shadow"].write(to_shadow.T.astype(np.float32).tobytes())
        program["shadow"] = 1

    def _draw_shadow(self, posed: Posed) -> FloatArray:
        middle = np.mean([eye.centre for eye in posed.eyes], axis=0) - [0, 0.08, 0.08]
        to_shadow = _from_light(self._light.key_way, middle)
        self._shadow.use()
        self._shadow.clear()
        self._context.enable_only(self._gl.DEPTH_TEST)
        self._deep["to_picture"].write(to_shadow.T.astype(np.float32).tobytes())
        for drawn in self._parts:
            # Glasses and lashes would throw shadows of the map's coarse pixels.
            if drawn.kind in ("glasses", "brow", "lash", "teeth"):
                continue
            drawn.texture.use(0)
            self._deep["skin"] = 0
            self._deep["kind"] = _KINDS[drawn.kind]
            self._deep["cut"] = 0.5
            drawn.shadow_array.render()
        return to_shadow

    def _draw_part(self, drawn: _Drawn, cut_off: float = 0.4) -> None:
        drawn.texture.use(0)
        self._thing["skin"] = 0
        self._thing["colour"] = drawn.colour
        self._thing["kind"] = _KINDS[drawn.kind]
        self._thing["cut"] = 0.0 if drawn.kind in ("skin", "teeth") else cut_off
        self._thing["cover"] = _COVERS.get(drawn.kind, 1.0)
        drawn.array.render()

    def _draw_eye(self, eye: PosedEye, camera: Camera, side: float) -> None:
        """Draw one eyeball; `side` is 1 for the left one."""
        away = eye.centre - camera.place
        away *= _EYE_BIAS_M / np.linalg.norm(away)
        centre = eye.centre + away
        program = self._eye
        self._iris.use(0)
        for name, value in (
            ("iris", 0),
            ("iris_colour", self._figure.identity.iris_colour),
            ("eye_centre", tuple(centre)),
            ("lid", eye.upper_lid_m),
            ("nose_side", side),
            ("limbus", LIMBUS_RADIUS_M),
            ("cornea_front", CORNEA_CENTRE_M + CORNEA_RADIUS_M),
            ("iris_depth", IRIS_DEPTH_M),
            ("pupil", self._figure.identity.pupil_ratio),
            ("texture_limbus", IRIS_RADIUS),
            ("texture_centre", IRIS_CENTRE),
            ("texture_pupil", IRIS_PUPIL),
        ):
            program[name] = value
        program["eye"].write(eye.turn.T.astype(np.float32).tobytes())
        program["head"].write(eye.head.T.astype(np.float32).tobytes())
        points, normals = self._ball
        # The white behind the corners of the lids goes with the head and does not turn.
        for stretch, turn, opaque in ((_CORNERS, eye.head, 1.0), (np.ones(3), eye.turn, 0.0)):
            program["opaque"] = opaque
            placed = (points * stretch) @ turn.T + centre
            slanted = (normals / stretch) @ turn.T
            self._ball_points.write(placed.astype(np.float32).tobytes())
            self._ball_normals.write(slanted.astype(np.float32).tobytes())
            self._ball_array.render()


def _canvas(context: Any, size_px: tuple[int, int]) -> Any:
    return context.framebuffer(
        [context.renderbuffer(size_px, 4)], context.depth_renderbuffer(size_px)
    )


def _view(camera: Camera, size_px: tuple[int, int]) -> FloatArray:
    """Return the matrix from the world to the picture."""
    near, far = 0.05, 6.0
    across = 1 / math.tan(math.radians(camera.fov_deg / 2))
    project = np.array(
        [
            [across, 0, 0, 0],
            [0, across * size_px[0] / size_px[1], 0, 0],
            [0, 0, (far + near) / (near - far), 2 * far * near / (near - far)],
            [0, 0, -1, 0],
        ]
    )
    look = np.eye(4)
    look[:3, :3] = camera.axes.T
    look[:3, 3] = -camera.axes.T @ camera.place
    return project @ look


def _from_light(way: FloatArray, middle: FloatArray) -> FloatArray:
    """Return the matrix from the world to the shadow map: parallel light, half a metre around."""
    x = np.cross([0.0, 1.0, 0.0], way)
    x /= np.linalg.norm(x)
    look = np.eye(4)
    look[:3, :3] = np.stack([x, np.cross(way, x), way])
    look[:3, 3] = -look[:3, :3] @ middle
    return np.diag([1 / 0.34, 1 / 0.34, -1 / 0.6, 1.0]) @ look


def _read_picture(path: str) -> Picture:
    """Read a texture, RGB or RGBA."""
    picture = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise FileNotFoundError(f"No texture at {path}.")
    if picture.dtype != np.uint8:
        picture = (picture / 257).astype(np.uint8)
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    if picture.shape[2] == 3:
        picture = np.concatenate(
            [picture, np.full((*picture.shape[:2], 1), 255, dtype=np.uint8)], axis=2
        )
    return np.ascontiguousarray(picture[..., [2, 1, 0, 3]], dtype=np.uint8)
