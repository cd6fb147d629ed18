"""The environment in which a program sees the virtual devices, and what they need here."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.devices.shims import VirtualClock
from tests.devices.virtual_camera import VirtualCamera, VirtualCameras
from tests.devices.virtual_microphone import VirtualMicrophone, no_microphone


def device_environment(
    microphone: VirtualMicrophone | None = None,
    camera: VirtualCamera | VirtualCameras | None = None,
    clock: VirtualClock | None = None,
    **more: str,
) -> dict[str, str]:
    """Return the whole environment for a subprocess; a device that is left out is not there."""
    nothing = Path(tempfile.gettempdir()) / f"no-devices-{os.getuid()}"
    sound = microphone.environment if microphone is not None else no_microphone(nothing)
    if camera is None:
        with VirtualCameras() as bus:  # its folder is gone: no camera there, a real one neither
            parts = [bus.environment]
    else:
        parts = [camera.environment]
    if clock is not None:
        parts.append(clock.environment)
    preload = [p.pop("LD_PRELOAD") for p in parts]
    for part in parts:
        sound.update(part)
    return {**sound, "LD_PRELOAD": ":".join(preload), **more}


def missing() -> str:
    """Return what the virtual devices lack on this machine, "" for nothing."""
    if sys.platform != "linux":
        return "they need Linux"
    programs = [p for p in ("pulseaudio", "pactl", "parec", "gcc") if shutil.which(p) is None]
    if ctypes.util.find_library("portaudio") is None:
        programs.append("libportaudio2")
    plugin = "alsa-lib/libasound_module_pcm_pulse.so"
    if not [*Path("/usr").glob(f"lib*/{plugin}"), *Path("/usr/lib").glob(f"*/{plugin}")]:
        programs.append("libasound2-plugins")
    if not Path("/usr/include/linux/videodev2.h").exists():
        programs.append("linux-libc-dev")
    return f"no {', no '.join(programs)} here (make dev installs them)" if programs else ""
