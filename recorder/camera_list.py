"""Which cameras there are: by name and id, never by the index, which changes on replugging.

The door to cv2_enumerate_cameras. On Linux every device is also asked itself: its bus tells two
alike cameras apart, and a camera that is refused or busy is told as such, not left out.
"""

from __future__ import annotations

import errno
import importlib
import logging
import os
import re
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from recorder.device_choice import choose, told_apart, with_place
from recorder.errors import CameraUnusable

V4L2, AVFOUNDATION, MSMF, DSHOW = 200, 1200, 1400, 700
"""OpenCV's numbers of the camera backends"""
LINUX_NODES = 16
"""/dev/video0 … 15 are tried without a look at the folder, which a sandbox may hide"""
NO_CAMERA = "no camera was found: plug one in or switch it on, or record sound only (--no-video)"

_BACKENDS = {"linux": V4L2, "darwin": AVFOUNDATION, "win32": MSMF}
_UNLIKELY = re.compile(r"\bIR\b|infrared|virtual|\bOBS\b", re.IGNORECASE)
"""cameras that nobody means who does not name them"""

# linux/videodev2.h, 64 bit.
_QUERYCAP = 0x80685600
_G_FMT, _S_FMT = 0xC0D05604, 0xC0D05605
_FORMAT_BYTES = 208
_BUF_CAPTURE = 1
_CAP_CAPTURE = 0x00000001 | 0x00001000  # VIDEO_CAPTURE, VIDEO_CAPTURE_MPLANE
_CAP_DEVICE_CAPS = 0x80000000
_CAPABILITY = struct.Struct("16s32s32s6I")  # driver, card, bus_info, version, caps, device caps
_CAPABILITY_BYTES = 104

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera."""

    id: str
    """what is stored: name with maker and model number; of two alike ones also the plug"""
    name: str
    """what people know it by"""
    index: int
    """OpenCV's number of it at this moment"""
    path: str
    """the system's own name of it; empty where that is not known"""
    backend: int
    """OpenCV's number of the interface: `V4L2`, `AVFOUNDATION`, `MSMF` or `DSHOW`"""
    place: str = ""
    """where it is plugged in; empty where that is not known"""
    trouble: str = ""
    """ "permission" or "busy" where the device refused even to tell its name"""


def list_cameras() -> tuple[Camera, ...]:
    """Return the cameras there are now, in the order that ``mensetsu devices`` shows."""
    backend = _BACKENDS.get(sys.platform, V4L2)
    return _on_linux() if backend == V4L2 else _by_library(backend)


def find_camera(wanted: str | None, remembered: str | None = None) -> Camera:
    """Find a camera.

    Parameters
    ----------
    wanted
        An id, a place in the list (the first is 1) or a part of a name, as
        `recorder.device_choice.choose` takes them; None = no wish.
    remembered
        Id that was used before, for no wish; where it is gone too, the system's first.

    Raises
    ------
    CameraUnusable
        Reason "none", "unknown", "busy" or "permission".
    """
    cameras = list_cameras()
    if not cameras:
        raise CameraUnusable(NO_CAMERA, "none")
    likely = [c for c in cameras if not c.trouble and not _UNLIKELY.search(c.name)]
    working = likely or [c for c in cameras if not c.trouble] or list(cameras)
    try:
        camera = choose(
            cameras,
            wanted,
            remembered,
            default=working[0],
            kind="camera",
            error=CameraUnusable,
            # It was stored while its twin was there.
            other_ids={with_place(c.id, c.place): c for c in cameras},
        )
    except CameraUnusable:
        # The wanted one may be the one that would not tell its name.
        refused = [c for c in cameras if c.trouble]
        if len(refused) != 1 or (wanted or "").strip().isdecimal():
            raise
        camera = refused[0]
    if camera.trouble:
        raise refusal(camera, camera.trouble)
    return camera


def is_present(camera: Camera) -> bool:
    """Whether the system still (or again) has this camera, perhaps under another number."""
    # By its place too: a twin that comes or goes changes the ids.
    return any(
        c.id == camera.id or (c.name == camera.name and c.place == camera.place != "")
        for c in list_cameras()
    )


def refusal(camera: Camera, reason: str) -> CameraUnusable:
    """Return the error for a camera that can't be opened for a reason of `trouble_with`."""
    if reason == "permission":
        advice = (
            "add your user to the group video (sudo usermod -aG video $USER), then log in again"
            if camera.backend == V4L2
            else "allow this program to use the camera in the system's privacy settings"
        )
        return CameraUnusable(f"{camera.name} may not be used: {advice}", reason)
    if reason == "busy":
        return CameraUnusable(
            f"{camera.name} is in use by another program: close that one, choose another "
            "camera, or record sound only (--no-video)",
            reason,
        )
    if reason == "none":
        return CameraUnusable(
            f"{camera.name} is gone: plug it in again, or record sound only (--no-video)", reason
        )
    return CameraUnusable(
        f"{camera.name} gives no picture: plug it in again, close other programs that use it, "
        "or record sound only (--no-video)",
        reason,
    )


def trouble_with(camera: Camera) -> str:
    """Return why a camera can't be opened: "permission", "busy", "none" (gone) or "failed"."""
    if camera.backend != V4L2:
        if not is_present(camera):
            return "none"
        return "permission" if _denied_on_macos() else "failed"
    try:
        device = os.open(camera.path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as exc:
        return _reason(exc)
    try:
        # A camera may be opened by many and used by one: setting what is set anyway tells.
        form = bytearray(_FORMAT_BYTES)
        struct.pack_into("I", form, 0, _BUF_CAPTURE)
        _ioctl(device, _G_FMT, form)
        _ioctl(device, _S_FMT, form)
    except OSError as exc:
        return _reason(exc)
    finally:
        os.close(device)
    return "failed"


def twin_on(camera: Camera, backend: int) -> Camera | None:
    """Return the same camera as another interface of Windows shows it."""
    others = _by_library(backend)
    by_place = [c for c in others if c.place and c.place == camera.place]
    by_name = [c for c in others if c.name == camera.name]
    return next(iter(by_place or by_name), None)


def _on_linux() -> tuple[Camera, ...]:
    known = {info.index: info for info in _library(V4L2) or ()}
    found: list[Camera] = []
    for index in sorted({*range(LINUX_NODES), *known}):
        path = f"/dev/video{index}"
        try:
            name, bus = _asked(path)
            trouble = ""
        except OSError as exc:
            trouble = _reason(exc)
            if trouble not in ("permission", "busy"):
                continue
            name, bus = "", ""
        if not name and not trouble:
            continue  # no camera, or the second device of one, for its metadata
        info = known.get(index)
        name = name or (info.name if info else "") or f"camera {path}"
        id_ = name + _numbers(info)
        found.append(Camera(id_, name, index, path, V4L2, bus or path, trouble))
    return _told_apart(found)


def _asked(path: str) -> tuple[str, str]:
    """Return the name and bus of a V4L2 device; no name if it takes no pictures."""
    device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        answer = bytearray(_CAPABILITY_BYTES)
        _ioctl(device, _QUERYCAP, answer)
    finally:
        os.close(device)
    _, card, bus, _, all_caps, device_caps, *_ = _CAPABILITY.unpack_from(answer)
    caps = device_caps if all_caps & _CAP_DEVICE_CAPS else all_caps
    return (_text(card), _text(bus)) if caps & _CAP_CAPTURE else ("", "")


def _ioctl(device: int, request: int, data: bytearray) -> None:
    fcntl: Any = importlib.import_module("fcntl")  # not on Windows
    fcntl.ioctl(device, request, data, True)


def _reason(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "permission"
    if error.errno == errno.EBUSY:
        return "busy"
    gone = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
    return "none" if error.errno in gone else "failed"


def _by_library(backend: int) -> tuple[Camera, ...]:
    infos = _library(backend)
    if infos is None:
        # Its system library is missing or failed: the first camera can still be tried.
        return (Camera("first camera", "first camera", 0, "", backend),)
    return _told_apart(
        [
            Camera(
                id=(info.name or f"camera {info.index}") + _numbers(info),
                name=info.name or f"camera {info.index}",
                index=info.index,
                path=info.path or "",
                backend=backend,
                place=_windows_place(info.path or ""),
            )
            for info in infos
        ]
    )


def _library(backend: int) -> list[Any] | None:
    """Return what cv2_enumerate_cameras tells; None where it does not work."""
    try:
        from cv2_enumerate_cameras import enumerate_cameras

        return list(enumerate_cameras(backend))
    # ImportError: pyobjc on macOS; RuntimeError and OSError: COM on Windows.
    except (ImportError, RuntimeError, OSError, NotImplementedError) as exc:
        _log.debug("cv2_enumerate_cameras: %s", exc)
        return None


def _told_apart(found: Sequence[Camera]) -> tuple[Camera, ...]:
    ids = told_apart([c.id for c in found], [c.place for c in found])
    return tuple(replace(c, id=id_) for c, id_ in zip(found, ids, strict=True))


def _numbers(info: Any) -> str:
    if info is None or info.vid is None or info.pid is None:
        return ""
    return f" [{info.vid:04x}:{info.pid:04x}]"


def _windows_place(path: str) -> str:
    """Return a device path without the interface class, in which MSMF and DSHOW differ."""
    return path.lower().partition("#{")[0]


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace").strip()


def _denied_on_macos() -> bool:
    """Whether macOS has refused the camera to the program we run in (a terminal, mostly)."""
    if sys.platform != "darwin":
        return False
    try:
        av: Any = importlib.import_module("AVFoundation")
    except ImportError:
        return False
    status = av.AVCaptureDevice.authorizationStatusForMediaType_(av.AVMediaTypeVideo)
    return status in (1, 2)  # restricted, denied
