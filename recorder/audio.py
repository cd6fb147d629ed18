"""Microphones as they are opened: blocks of sound as they arrive, and the short test sound.

With `recorder.microphone_list`, which tells what there is, the door to sounddevice. It is loaded
when it is needed: without the PortAudio library, the import fails.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder import pulse
from recorder.errors import DeviceUnusable, MicrophoneUnusable
from recorder.microphone_list import (
    NO_PORTAUDIO,
    SERVER_HOST,
    Microphone,
    find_microphone,
    list_microphones,
)

__all__ = [
    "AudioBlock",
    "Microphone",
    "MicrophoneStream",
    "find_microphone",
    "list_microphones",
    "play",
]

BLOCK_S = 0.01
"""length of a block: the clock gets 100 arrival times a second (recording facts, section 2: the
runs without any loss had blocks of 10 ms)"""
LATENCY_S = 0.1
"""asked of PortAudio: room for late wake-ups (same runs)"""

_OTHER_RATES_HZ = (48000, 44100)
_BAD_RATE, _BAD_CHANNELS, _GONE, _BUSY = -9997, -9998, -9996, -9985
_HOST_PERMISSION = (-2147024891, 0x80070005, -13)  # E_ACCESSDENIED; EACCES of ALSA
_HOST_BUSY = (-2004287478, 0x8889000A, -16)  # AUDCLNT_E_DEVICE_IN_USE; EBUSY of ALSA

_opening = threading.Lock()
_open_streams = 0


@dataclass(frozen=True, slots=True, eq=False)
class AudioBlock:
    """Sound as one callback delivered it."""

    samples: NDArray[np.int16]
    """shape (n, channels)"""
    arrival_s: float
    """`time.monotonic()` at the start of the callback: the last sample is at most this old"""
    overflow: bool = False
    """the device says that it lost sound before this block"""


class MicrophoneStream:
    """A microphone that is open: at its native rate, with one channel where it can.

    A dead microphone is not reported by PortAudio: blocks just stop, or another microphone takes
    over (`recorder.pulse.SourceWatch` tells). To go on after that: close, find the microphone by
    its id, and make a new stream.

    Parameters
    ----------
    microphone
        As `find_microphone` returned it.
    deliver
        Called with every block from PortAudio's thread: it may only append to a queue.

    Raises
    ------
    MicrophoneUnusable
        Reason "unknown" (gone), "busy", "permission" or "failed".
    """

    def __init__(self, microphone: Microphone, deliver: Callable[[AudioBlock], None]) -> None:
        sd = _sounddevice()
        self._errors = sd.PortAudioError
        self._deliver = deliver
        self._stream: Any = None
        with _opening:
            if microphone.host == SERVER_HOST:
                pulse.route(microphone.id)
            try:
                self._open(sd, microphone, _index(sd, microphone))
            except sd.PortAudioError as exc:
                raise _unusable(microphone, exc) from exc
            _count_streams(1)

    def start(self) -> None:
        """Let the blocks come.

        Raises
        ------
        MicrophoneUnusable
            As on opening: some devices refuse only now.
        """
        if self._stream is None:
            raise MicrophoneUnusable(f"{self._microphone.name} is closed")
        try:
            self._stream.start()
        except self._errors as exc:
            raise _unusable(self._microphone, exc) from exc

    def stop(self) -> None:
        """Hold the blocks; `start` lets them come again."""
        if self._stream is not None:
            # A device that is gone can't be stopped, and need not be.
            with contextlib.suppress(self._errors):
                self._stream.abort()

    def close(self) -> None:
        """Give the microphone back; any number of times, also when it is gone."""
        with _opening:
            stream, self._stream = self._stream, None
        if stream is None:
            return
        # Without the lock: a dead stream may hang here, and another one must open nevertheless.
        with contextlib.suppress(self._errors):
            stream.close()
        # Only now: PortAudio must not be started anew under a stream that is being closed.
        with _opening:
            _count_streams(-1)

    def _open(self, sd: Any, microphone: Microphone, index: int) -> None:
        """Open with what the device likes best of what is good for us."""
        self._microphone = microphone
        rates = dict.fromkeys((microphone.rate_hz, *_OTHER_RATES_HZ))
        counts = dict.fromkeys((1, min(2, microphone.channels), microphone.channels))
        wishes = [(rate, count) for rate in rates for count in counts]
        while True:
            self.rate_hz, self.channels = wishes.pop(0)
            try:
                self._stream = sd.RawInputStream(
                    samplerate=self.rate_hz,
                    channels=self.channels,
                    dtype="int16",
                    blocksize=round(self.rate_hz * BLOCK_S),
                    latency=LATENCY_S,
                    device=index,
                    callback=self._take,
                )
            except sd.PortAudioError as exc:
                if _code(exc) not in (_BAD_RATE, _BAD_CHANNELS) or not wishes:
                    raise
            else:
                return

    def _take(self, data: Any, frames: int, when: Any, status: Any) -> None:
        arrival_s = time.monotonic()
        samples = np.frombuffer(bytes(data), np.int16).reshape(-1, self.channels)
        self._deliver(AudioBlock(samples, arrival_s, bool(status and status.input_overflow)))


def play(samples: NDArray[np.float32], rate_hz: int) -> None:
    """Play a short sound through the system's loudspeaker and wait for its end.

    Parameters
    ----------
    samples
        Shape (n,), within ±1.

    Raises
    ------
    DeviceUnusable
        There is no loudspeaker, or it can't be used.
    """
    sd = _sounddevice(DeviceUnusable)
    try:
        sd.play(np.asarray(samples, np.float32), rate_hz, blocking=True)
    except (sd.PortAudioError, ValueError) as exc:
        raise DeviceUnusable(
            f"no sound can be played ({_text(exc)}): check the loudspeaker in the system's settings"
        ) from exc


def _sounddevice(error: type[DeviceUnusable] = MicrophoneUnusable) -> Any:
    try:
        import sounddevice
    except OSError as exc:
        raise error(NO_PORTAUDIO) from exc
    return sounddevice


def _count_streams(change: int) -> None:
    global _open_streams
    _open_streams += change


def _index(sd: Any, microphone: Microphone) -> int:
    """Return where PortAudio has the microphone now."""
    place = _place(sd, microphone)
    if place is None and _open_streams == 0:
        # PortAudio knows only what was there when it started, and nothing of ours runs.
        sd._terminate()
        sd._initialize()
        place = _place(sd, microphone)
    if place is None:
        raise MicrophoneUnusable(
            f"{microphone.name} is gone: plug it in again, or choose another microphone "
            "(mensetsu devices)",
            "unknown",
        )
    return place


def _place(sd: Any, microphone: Microphone) -> int | None:
    server = microphone.host == SERVER_HOST
    for index, device in enumerate(sd.query_devices()):
        same_host = server or sd.query_hostapis(device["hostapi"])["name"] == microphone.host
        if same_host and device["max_input_channels"] and device["name"] == microphone.device:
            return index
    return None


def _unusable(microphone: Microphone, error: Exception) -> MicrophoneUnusable:
    """Say in plain words why a microphone could not be opened."""
    code, host = _code(error), _host_code(error)
    name = microphone.name
    if host in _HOST_PERMISSION:
        return MicrophoneUnusable(
            f"{name} may not be used: allow this program to use the microphone in the system's "
            "privacy settings",
            "permission",
        )
    if microphone.host == SERVER_HOST:
        sources = pulse.list_sources()
        if sources is None:
            return MicrophoneUnusable(
                f"{name} can't be opened: the sound server (PulseAudio or PipeWire) does not run"
            )
        if microphone.id not in [source.name for source in sources]:
            return MicrophoneUnusable(
                f"{name} is gone: plug it in again, or choose another microphone "
                "(mensetsu devices)",
                "unknown",
            )
    if code == _BUSY or host in _HOST_BUSY:
        return MicrophoneUnusable(
            f"{name} is in use by another program: close that one, or choose another microphone",
            "busy",
        )
    if code == _GONE:
        return MicrophoneUnusable(f"{name} is gone: plug it in again", "unknown")
    return MicrophoneUnusable(
        f"{name} can't be opened ({_text(error)}): plug it in again, or choose another microphone"
    )


def _code(error: Exception) -> int | None:
    return error.args[1] if len(error.args) > 1 else None


def _host_code(error: Exception) -> int | None:
    return error.args[2][1] if len(error.args) > 2 else None


def _text(error: Exception) -> str:
    details = error.args[2][2] if len(error.args) > 2 else ""
    return details or str(error.args[0] if error.args else error).rpartition(": ")[2]
