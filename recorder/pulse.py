"""PulseAudio and PipeWire: sources by the names people know, and which one we really get.

The door to pulsectl. Linux only; elsewhere, and without a sound server, nothing is found.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

BLUETOOTH_RATE_HZ = 16000
"""a headset's own microphone comes at 8 or 16 kHz (hands-free profile)"""

ROUTES = ("PULSE_SOURCE", "PIPEWIRE_NODE")
"""variables that choose the source: read by libpulse (ALSA's bridge) and by PipeWire's own bridge
whenever a stream is opened"""

_CLIENT = "mensetsu"
_HARDWARE = 0x0004  # PA_SOURCE_HARDWARE of pulse/def.h
_BLUETOOTH = re.compile(r"bluez|bluetooth|hands.?free|airpods", re.IGNORECASE)
_PROCESSING = (
    ("echo cancellation", re.compile(r"echo[-_. ]?cancel|\baec\b", re.IGNORECASE)),
    (
        "noise suppression",
        re.compile(
            r"rnnoise|noise[-_. ]?(suppress|cancel|torch|reduc)|denois|deep[-_]?filter|krisp"
            r"|cadmus|rtx[-_ ]?voice|nvidia broadcast",
            re.IGNORECASE,
        ),
    ),
    ("effects", re.compile(r"(easy|pulse)effects|jamesdsp", re.IGNORECASE)),
)

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Source:
    """A microphone of the sound server."""

    name: str
    """its stable id, such as ``alsa_input.usb-046d_…-00.mono-fallback``"""
    description: str
    """what people know it by"""
    rate_hz: int
    channels: int
    muted: bool
    default: bool
    processing: str
    """ "none", "unknown", or what is done to the sound, such as "echo cancellation" """
    bluetooth: bool


@dataclass(frozen=True, slots=True)
class SourceState:
    """The source that a stream of ours is on."""

    name: str
    description: str
    suspended: bool
    muted: bool


def list_sources() -> tuple[Source, ...] | None:
    """Return the microphones of the sound server, without the monitors of loudspeakers.

    None where no sound server answers.
    """
    try:
        connection = _connect()
    except _errors() as exc:
        _log.debug("no sound server: %s", exc)
        return None
    with connection:
        default = connection.server_info().default_source_name
        return tuple(
            _source(info, default) for info in connection.source_list() if not _is_monitor(info)
        )


def route(source_name: str) -> None:
    """Make streams that this process opens from now on record from a source."""
    for variable in ROUTES:
        if os.environ.get(variable) != source_name:
            os.environ[variable] = source_name


def current_source(pid: int) -> SourceState | None:
    """Return the source that a process records from now; None where that can't be told."""
    watch = SourceWatch(pid)
    try:
        return watch.look()
    finally:
        watch.close()


class SourceWatch:
    """Looks again and again which source a process records from, over one connection.

    Nothing here raises, and a connection that broke is made anew. Where the server hangs, so
    does a call: use it from a thread that nothing waits for. Not to be shared by threads.

    Parameters
    ----------
    pid
        The recording process; None = this one.
    """

    def __init__(self, pid: int | None = None) -> None:
        self._pid = str(os.getpid() if pid is None else pid)
        self._connection: Any = None

    def look(self) -> SourceState | None:
        """Return the source of the stream that was opened last; None without one."""
        return self._ask(self._look)

    def is_present(self, source_name: str) -> bool:
        """Whether the server has this source now."""
        return bool(self._ask(lambda server: _find(server, source_name) is not None))

    def move(self, source_name: str) -> bool:
        """Put the stream on another source, without a break; False where that fails.

        For the time when the chosen microphone is back after another one took over.
        """
        return bool(self._ask(lambda server: self._move(server, source_name)))

    def close(self) -> None:
        """Give the connection back; the next call makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, question: Callable[[Any], _Result]) -> _Result | None:
        for _ in range(2):  # a server that was restarted needs a new connection
            try:
                if self._connection is None:
                    self._connection = _connect()
                return question(self._connection)
            except _errors() as exc:
                _log.debug("the sound server does not answer: %s", exc)
                self.close()
        return None

    def _stream(self, server: Any) -> Any:
        ours = [
            stream
            for stream in server.source_output_list()
            if stream.proplist.get("application.process.id") == self._pid
        ]
        return max(ours, key=lambda stream: stream.index, default=None)

    def _look(self, server: Any) -> SourceState | None:
        stream = self._stream(server)
        if stream is None:
            return None
        info = next((s for s in server.source_list() if s.index == stream.source), None)
        if info is None:
            return None
        return SourceState(
            name=info.name,
            description=info.description or info.name,
            suspended=info.state == "suspended",
            muted=bool(info.mute) or bool(stream.mute),
        )

    def _move(self, server: Any, source_name: str) -> bool:
        stream, source = self._stream(server), _find(server, source_name)
        if stream is None or source is None:
            return False
        server.source_output_move(stream.index, source.index)
        return True


def _connect() -> Any:
    import pulsectl

    # pulsectl keeps a view of the rate in memory that libpulse frees: read it while it is there.
    pulsectl.PulseSourceInfo._init_from_struct = _keep_rate
    connection = pulsectl.Pulse(_CLIENT, connect=False)
    try:
        # Without a time limit: pulsectl would always wait for as long as that. And never start
        # a server that is not meant to run.
        connection.connect(autospawn=False)
    except BaseException:
        connection.close()
        raise
    return connection


def _errors() -> tuple[type[Exception], ...]:
    """Return what pulsectl raises where there is no server, no libpulse or no pulsectl."""
    absent = (ImportError, OSError)
    try:
        import pulsectl
    except absent:
        return absent
    return (*absent, pulsectl.PulseError, pulsectl.PulseDisconnected)


def _keep_rate(self: Any, struct: Any) -> None:
    self.rate_hz = int(struct.sample_spec.rate)


def _find(server: Any, source_name: str) -> Any:
    return next((s for s in server.source_list() if s.name == source_name), None)


def _is_monitor(info: Any) -> bool:
    return bool(info.monitor_of_sink_name) or info.proplist.get("device.class") == "monitor"


def _source(info: Any, default: str) -> Source:
    return Source(
        name=info.name,
        description=info.description or info.name,
        rate_hz=info.rate_hz,
        channels=int(info.channel_count),
        muted=bool(info.mute),
        default=info.name == default,
        processing=processing_of(
            info.name, info.description or "", info.proplist, hardware=bool(info.flags & _HARDWARE)
        ),
        bluetooth=is_bluetooth(info.name, info.proplist, info.rate_hz),
    )


def processing_of(
    name: str, description: str, properties: Mapping[str, str], *, hardware: bool
) -> str:
    """Return what the sound server says is done to a source's sound.

    "none" for a device that the server reads itself (what the device does inside is not told),
    "unknown" for others that do not say what they are.
    """
    if hardware:
        return "none"
    words = " ".join((name, description, *properties.values()))
    found = [text for text, pattern in _PROCESSING if pattern.search(words)]
    if found:
        return ", ".join(found)
    if properties.get("device.class") == "filter":
        return "a filter"
    return "unknown"


def is_bluetooth(name: str, properties: Mapping[str, str], rate_hz: int) -> bool:
    """Whether a source is the microphone of a Bluetooth headset."""
    tells = (properties.get("device.bus", ""), properties.get("device.api", ""), name)
    return any(_BLUETOOTH.search(tell) for tell in tells) or looks_bluetooth("", rate_hz)


def looks_bluetooth(name: str, rate_hz: int) -> bool:
    """Guess by name and rate whether a microphone is that of a Bluetooth headset."""
    return 0 < rate_hz <= BLUETOOTH_RATE_HZ or bool(_BLUETOOTH.search(name))
