"""Which microphones there are.

PortAudio's list is frozen when it is initialised, and initialising it again would end running
streams: the list is made by a short-lived process (`serve`), which prints it as one JSON line.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from recorder import pulse
from recorder.device_choice import choose, told_apart
from recorder.errors import MicrophoneUnusable

SERVER_HOST = "sound server"
"""`Microphone.host` of a source of PulseAudio or PipeWire"""
BRIDGES = ("pulse", "pipewire")
"""PortAudio devices (of ALSA) that lead to the sound server, the better one first"""
LIST_LIMIT_S = 20.0
"""time for the list to be made (our judgement; 0.3 s on an idle Linux machine, but audio drivers
of Windows are known to take seconds)"""
NO_PORTAUDIO = (
    "the PortAudio library is missing: install it (on Debian and Ubuntu: "
    "sudo apt install libportaudio2), then try again"
)
NO_MICROPHONE = "no microphone was found: plug one in and look whether the system's sound settings"
SOUND_CARDS = Path("/dev/snd")
"""where Linux has them"""

_HOSTS = {"win32": ("Windows WASAPI", "Windows DirectSound", "MME")}
"""which host API to list: Windows shows every microphone once in each"""
_NOT_A_MICROPHONE = re.compile(
    r"\[loopback\]|^monitor of |^stereo ?mix|^what u hear|^wave out mix|ステレオ ?ミキサー",
    re.IGNORECASE,
)
_ALSA_ROUTES = re.compile(
    r"^(sysdefault|front|surround\d+|iec958|spdif|hdmi|dmix|dsnoop|lavrate|samplerate|speexrate"
    r"|speex|upmix|vdownmix|jack|oss|usbstream)\b",
    re.IGNORECASE,
)
_ALSA_NUMBERS = re.compile(r"\s*\((plug)?hw:[^)]*\)")
_WINDOWS_NUMBER = re.compile(r"(?<=\()\d+- ?")


@dataclass(frozen=True, slots=True)
class Microphone:
    """A microphone."""

    id: str
    """what is stored: stays the same when it is plugged in again and after a restart"""
    name: str
    """what people know it by"""
    channels: int
    rate_hz: int
    """the rate it runs at"""
    host: str
    """`SERVER_HOST`, or the name of PortAudio's host API"""
    default: bool
    """the system's choice"""
    processing: str
    """what the platform says is done to the sound: "none", "unknown", "echo cancellation", …"""
    bluetooth: bool
    """a headset's (by its bus, name or rate): bad sound; it also makes the loudspeakers worse"""
    muted: bool = False
    """muted in the system (only a sound server tells)"""
    device: str = ""
    """PortAudio's name of what is opened; may hold a number that changes"""


def list_microphones() -> tuple[Microphone, ...]:
    """Return the microphones there are now, in the order that ``mensetsu devices`` shows.

    Raises
    ------
    MicrophoneUnusable
        They can't be listed: PortAudio is missing or does not answer.
    """
    root = str(Path(__file__).resolve().parent.parent)
    # -P and an explicit path: a folder named "recorder" where the user stands must not be taken.
    start = (
        f"import sys; sys.path.insert(0, {root!r}); "
        "from recorder.microphone_list import serve; serve()"
    )
    # The source that this process records from says nothing about those to be listed.
    environment = {k: v for k, v in os.environ.items() if k not in pulse.ROUTES}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", start],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=LIST_LIMIT_S,
            check=False,
            # Windows: no console window flashes up.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as exc:
        raise MicrophoneUnusable(
            f"the sound system did not list its microphones within {LIST_LIMIT_S:.0f} s: "
            "unplug and plug in the microphone, or restart the computer"
        ) from exc
    except (OSError, ValueError) as exc:
        raise MicrophoneUnusable(
            "the microphones can't be listed: the sound system's library crashed; "
            "try again, or restart the computer"
        ) from exc
    if "error" in answer:
        raise MicrophoneUnusable(answer["error"])
    return tuple(Microphone(**told) for told in answer["microphones"])


def find_microphone(wanted: str | None, remembered: str | None = None) -> Microphone:
    """Find a microphone.

    Parameters
    ----------
    wanted
        An id, a place in the list (the first is 1) or a part of a name, as
        `recorder.device_choice.choose` takes them; None = no wish.
    remembered
        Id that was used before, for no wish; where it is gone too, the system's default.

    Raises
    ------
    MicrophoneUnusable
        Reason "none", "unknown", "permission" or "failed".
    """
    microphones = list_microphones()
    if not microphones:
        if _sound_cards_refused():
            raise MicrophoneUnusable(
                "this user may not use the sound devices: add the user to the group audio "
                "(sudo usermod -aG audio $USER), then log in again",
                "permission",
            )
        raise MicrophoneUnusable(f"{NO_MICROPHONE} show it", "none")
    return choose(
        microphones,
        wanted,
        remembered,
        default=next((m for m in microphones if m.default), microphones[0]),
        kind="microphone",
        error=MicrophoneUnusable,
    )


def serve() -> None:
    """Print the microphones as one JSON line: what the short-lived process does."""
    # Libraries write to standard output as they like: keep the real one for the answer.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    answer: dict[str, Any]
    try:
        answer = {"microphones": [asdict(m) for m in _gather()]}
    except OSError:
        answer = {"error": NO_PORTAUDIO}
    with out:
        json.dump(answer, out)


def _gather() -> tuple[Microphone, ...]:
    """Return the microphones, asking the libraries in this process."""
    import sounddevice as sd  # OSError where PortAudio is missing

    devices: list[dict[str, Any]] = [dict(d) for d in sd.query_devices()]
    hosts: list[dict[str, Any]] = [dict(h) for h in sd.query_hostapis()]
    sources = pulse.list_sources()
    bridge = next((b for b in BRIDGES if any(d["name"] == b for d in devices)), None)
    if sources is not None and bridge is not None:
        return _of_server(sources, bridge)
    return of_portaudio(devices, hosts, sys.platform)


def _of_server(sources: Iterable[pulse.Source], bridge: str) -> tuple[Microphone, ...]:
    return tuple(
        Microphone(
            id=source.name,
            name=source.description,
            channels=source.channels,
            rate_hz=source.rate_hz,
            host=SERVER_HOST,
            default=source.default,
            processing=source.processing,
            bluetooth=source.bluetooth,
            muted=source.muted,
            device=bridge,
        )
        for source in sources
    )


def of_portaudio(
    devices: list[dict[str, Any]], hosts: list[dict[str, Any]], platform: str
) -> tuple[Microphone, ...]:
    """Return the microphones among PortAudio's devices.

    Parameters
    ----------
    devices, hosts
        What ``sounddevice.query_devices()`` and ``query_hostapis()`` return.
    platform
        ``sys.platform``.
    """
    inputs = [
        (index, d)
        for index, d in enumerate(devices)
        if d["max_input_channels"] > 0 and not _NOT_A_MICROPHONE.search(d["name"])
    ]
    host_of = {index: hosts[d["hostapi"]] for index, d in inputs}
    wanted_hosts = _HOSTS.get(platform, ())
    host = next((n for n in wanted_hosts if any(h["name"] == n for h in host_of.values())), None)
    if host is not None:
        inputs = [(index, d) for index, d in inputs if host_of[index]["name"] == host]
    if platform == "linux":
        inputs = _real_ones(inputs)
    names = [_ALSA_NUMBERS.sub("", d["name"]).strip() or d["name"] for _, d in inputs]
    stable = [_WINDOWS_NUMBER.sub("", name) for name in names]
    ids = [f"{host_of[index]['name']}: {n}" for (index, _), n in zip(inputs, stable, strict=True)]
    return tuple(
        Microphone(
            id=id_,
            name=name,
            channels=int(d["max_input_channels"]),
            rate_hz=round(d["default_samplerate"]),
            host=host_of[index]["name"],
            default=index == host_of[index]["default_input_device"],
            processing="unknown",
            bluetooth=pulse.looks_bluetooth(name, round(d["default_samplerate"])),
            device=d["name"],
        )
        for (index, d), name, id_ in zip(
            inputs, names, told_apart(ids, [""] * len(ids)), strict=True
        )
    )


def _real_ones(inputs: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, dict[str, Any]]]:
    """Leave out ALSA's ways to one and the same sound card."""
    cards = [entry for entry in inputs if "(hw:" in entry[1]["name"]]
    if cards:
        return cards
    others = [entry for entry in inputs if not _ALSA_ROUTES.match(entry[1]["name"])]
    same = [e for e in others if e[1]["name"] in (*BRIDGES, "default")]
    return [e for e in others if e not in same[1:]]


def _sound_cards_refused() -> bool:
    """Whether Linux has devices that record sound, none of which this user may open."""
    if sys.platform != "linux":
        return False
    recording = list(SOUND_CARDS.glob("pcmC*D*c"))
    return bool(recording) and not any(os.access(p, os.R_OK | os.W_OK) for p in recording)
