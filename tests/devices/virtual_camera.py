"""Cameras without hardware: a shim under OpenCV's real V4L2 backend, fed in real time.

`VirtualCameras` is the bus: what a program sees as /dev/video*. Needs gcc and the kernel's headers.
"""

from __future__ import annotations

import enum
import mmap
import shutil
import struct
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from tests.devices.feeder import Feeder
from tests.devices.shims import built

_MAGIC = 0x4D414356
_SLOTS = 24
_DATA_AT = 4096
_STATE_AT, _GENERATION_AT, _COUNTS_AT, _OWNER_AT, _CARD_AT, _BUS_AT = 24, 28, 36, 56, 64, 96
JPEG_QUALITY = 88
"""About what webcams send (our judgement)."""


class _State(enum.IntEnum):
    FINE = 0
    GONE = 1
    BUSY = 2
    DENIED = 3
    LOCKED = 4


@dataclass(frozen=True, slots=True)
class CameraCounts:
    """What the camera did since it was plugged in; frames count only while a program streams."""

    delivered: int
    dropped: int
    """frames for which the program had no buffer ready"""
    streams: int
    """how often a program began to stream"""


@dataclass(frozen=True, slots=True)
class Shown:
    """When something is seen."""

    first: int
    """number of its first frame, counted from the camera's first"""
    start_s: float
    """when that is captured, on the clock of time.monotonic()"""
    period_s: float


class VirtualCameras:
    """The bus."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self.folder = Path(
            tempfile.mkdtemp(prefix="vcam-", dir=memory if memory.is_dir() else None)
        )
        # Frames are kept on the disk: minutes of them would fill the memory.
        self.files = Path(tempfile.mkdtemp(prefix="vcam-frames-"))
        self.cameras: list[VirtualCamera] = []

    def add(self, number: int = 0, name: str = "Virtual Camera", **options: Any) -> VirtualCamera:
        """Plug a camera in as /dev/video<number>; options: those of VirtualCamera."""
        camera = VirtualCamera(self, number, name, **options)
        self.cameras.append(camera)
        return camera

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program see these cameras and no other."""
        return {"VCAM_FOLDER": str(self.folder), "LD_PRELOAD": str(built("v4l2_shim.c"))}

    def __enter__(self) -> VirtualCameras:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop all cameras and remove the folder."""
        for camera in self.cameras:
            camera.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.files, ignore_errors=True)


class VirtualCamera:
    """One camera; it shows a moving test picture until something is played."""

    def __init__(
        self,
        bus: VirtualCameras,
        number: int,
        name: str,
        *,
        size_px: tuple[int, int] = (1280, 720),
        rate_hz: float = 30.0,
        fourcc: str = "MJPG",
        latency_s: float = 0.0,
        usb_id: tuple[int, int] = (0x1234, 0x5678),
    ) -> None:
        self.bus = bus
        self.number = number
        self.name = name
        self.size_px = size_px
        self.rate_hz = rate_hz
        self._fourcc = fourcc
        self._usb_id = usb_id
        serial = len(bus.cameras)
        self._home = bus.files / f"camera-{serial}"
        self._home.mkdir()
        self._unplugged = bus.folder / f"unplugged-{serial}"
        self._files = 0
        width, height = size_px
        # An MJPG frame of noise takes less than a byte per pixel; YUYV takes two.
        slot_bytes = width * height * (2 if fourcc == "YUYV" else 1) // 4096 * 4096 + 65536
        with self._node.open("w+b") as file:
            file.truncate(_DATA_AT + _SLOTS * slot_bytes)
            self._ring = mmap.mmap(file.fileno(), 0)
        code = struct.unpack("I", fourcc.encode())[0]
        struct.pack_into("6I", self._ring, 0, _MAGIC, width, height, code, _SLOTS, slot_bytes)
        struct.pack_into("I", self._ring, 32, round(rate_hz * 1000))
        struct.pack_into("I", self._ring, 52, round(latency_s * 1e6))
        struct.pack_into("32s", self._ring, _CARD_AT, name.encode()[:31])
        struct.pack_into("32s", self._ring, _BUS_AT, f"usb-0000:00:14.0-{serial + 1}".encode())
        self._slot_bytes = slot_bytes
        self._describe()
        default = self._pack(moving_pattern(size_px))
        options = {
            "ring": str(self._node),
            "default": str(default),
            "folders": [str(bus.folder), str(bus.files)],
        }
        self._feeder = Feeder("camera_feeder.py", options, self._home / "log")
        self._feeder.answer()

    @property
    def pid(self) -> int:
        return self._feeder.pid

    @property
    def path(self) -> str:
        """Return what programs open."""
        return f"/dev/video{self.number}"

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program see this camera (and the others of its bus)."""
        return self.bus.environment

    def close(self) -> None:
        """Stop it; programs that have it open see it unplugged."""
        self._set(_State.GONE)
        self._feeder.close()
        self._ring.close()
        self._node.unlink(missing_ok=True)

    # --- what it sees ------------------------------------------------------------------------
    def play(
        self,
        frames: Iterable[np.ndarray | bytes] | Path,
        *,
        at_s: float | None = None,
        repeat: bool = False,
    ) -> Shown:
        """Show BGR pictures of the camera's size, or frames as the camera sends them.

        From now (0.2 s later) or from the first frame at or after a moment of the monotonic clock.
        A path is what `pack` returned.
        """
        path = frames if isinstance(frames, Path) else self._pack(frames)
        told = self._feeder.ask("play", path=str(path), at_s=at_s, repeat=repeat)
        return Shown(**told, period_s=1 / self.rate_hz)

    def pack(self, frames: Iterable[np.ndarray | bytes], quality: int = JPEG_QUALITY) -> Path:
        """Encode pictures ahead of time, for many or for several plays."""
        return self._pack(frames, quality)

    def black(self) -> None:
        """See nothing but black, as with its cover closed."""
        width, height = self.size_px
        self.play([np.zeros((height, width, 3), np.uint8)], repeat=True)

    def freeze(self) -> None:
        """Send the same picture over and over."""
        self.play([moving_pattern(self.size_px, 1)[0]], repeat=True)

    # --- what goes wrong ---------------------------------------------------------------------
    def stall(self, active: bool = True) -> None:
        """Send no frame, and no error either."""
        self._feeder.ask("stall", active=active)

    def unplug(self) -> None:
        """Be gone: ENODEV where it is open, ENOENT where it is opened."""
        self._set(_State.GONE)
        self._node.rename(self._unplugged)
        shutil.rmtree(self._listing)

    def replug(self, number: int | None = None) -> None:
        """Come back, perhaps under another number; what was open stays dead."""
        self.number = self.number if number is None else number
        (generation,) = struct.unpack_from("I", self._ring, _GENERATION_AT)
        struct.pack_into("I", self._ring, _GENERATION_AT, generation + 1)
        struct.pack_into("Q", self._ring, _OWNER_AT, 0)
        struct.pack_into("3I", self._ring, _COUNTS_AT + 4, 0, 0, 0)
        self._set(_State.FINE)
        self._unplugged.rename(self._node)
        self._describe()

    def busy(self) -> None:
        """Be in use by another program: it opens, but gives no buffers (EBUSY)."""
        self._set(_State.BUSY)

    def lock(self) -> None:
        """Be in use in a way that it does not even open (EBUSY)."""
        self._set(_State.LOCKED)

    def deny(self) -> None:
        """Be forbidden to this user (EACCES)."""
        self._set(_State.DENIED)

    def allow(self) -> None:
        """End `busy`, `lock` and `deny`."""
        self._set(_State.FINE)

    # --- what is known about it --------------------------------------------------------------
    def counts(self) -> CameraCounts:
        _, delivered, dropped, streams = struct.unpack_from("4I", self._ring, _COUNTS_AT)
        return CameraCounts(delivered, dropped, streams)

    def streaming_pid(self) -> int | None:
        """Return the process that has the camera's buffers."""
        (owner,) = struct.unpack_from("Q", self._ring, _OWNER_AT)
        return owner >> 32 or None

    def late_s(self) -> float:
        """Return the longest that the feeder itself was held up."""
        return self._feeder.ask("state")["late_s"]

    @property
    def _node(self) -> Path:
        return self.bus.folder / f"video{self.number}"

    @property
    def _listing(self) -> Path:
        return self.bus.folder / "sys" / f"video{self.number}"

    def _set(self, state: _State) -> None:
        struct.pack_into("I", self._ring, _STATE_AT, state)

    def _describe(self) -> None:
        device = self._listing / "device"
        device.mkdir(parents=True)
        (self._listing / "name").write_text(self.name + "\n")
        for name, number in zip(("idVendor", "idProduct"), self._usb_id, strict=True):
            (device / name).write_text(f"{number:04x}\n")

    def _pack(self, frames: Iterable[np.ndarray | bytes], quality: int = JPEG_QUALITY) -> Path:
        self._files += 1
        path = self._home / f"frames-{self._files}"
        body = path.with_suffix(".body")
        starts = [0]
        with body.open("wb") as out:
            for frame in frames:
                sent = frame if isinstance(frame, bytes) else self._encode(frame, quality)
                assert len(sent) <= self._slot_bytes, "a frame larger than the camera's buffers"
                out.write(sent)
                starts.append(starts[-1] + len(sent))
        count = len(starts) - 1
        assert count, "no frames"
        offset = 8 * (count + 2)
        with path.open("wb") as out, body.open("rb") as rest:
            out.write(struct.pack(f"{count + 2}Q", count, *(s + offset for s in starts)))
            shutil.copyfileobj(rest, out, 1 << 20)
        body.unlink()
        return path

    def _encode(self, image: np.ndarray, quality: int) -> bytes:
        import cv2

        width, height = self.size_px
        assert image.shape == (height, width, 3), image.shape
        if self._fourcc == "YUYV":
            return cv2.cvtColor(image, cv2.COLOR_BGR2YUV_YUY2).tobytes()
        done, sent = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert done
        return sent.tobytes()


def moving_pattern(size_px: tuple[int, int], count: int = 15) -> list[np.ndarray]:
    """Return pictures in which something moves, with the noise of a sensor."""
    width, height = size_px
    random = np.random.default_rng(3)
    noise = random.integers(0, 12, (height, width, 1), np.uint8)
    ramp = np.linspace(60, 180, width, dtype=np.uint8)[None, :, None]
    pictures = []
    for number in range(count):
        picture = np.broadcast_to(ramp, (height, width, 3)) + np.roll(noise, 7 * number, 1)
        left = width * number // count
        picture[height // 3 : height // 2, left : left + width // 8] = (200, 120, 40)
        pictures.append(picture)
    return pictures
