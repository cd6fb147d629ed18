"""Microphones without hardware: a PulseAudio server of its own, with pipe-sources.

Programs reach it the way they reach real ones, through PortAudio and ALSA; `environment` says
where it is. Needs pulseaudio, pulseaudio-utils, libasound2-plugins and libportaudio2.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from tests.devices.feeder import Feeder

SPEAKER = "virtual_loudspeaker"
ALSA_CONF = Path("/usr/share/alsa/alsa.conf")
_ALSA = """pcm.!default { type pulse }
ctl.!default { type pulse }
pcm.pulse { type pulse }
"""


@dataclass(frozen=True, slots=True)
class MicrophoneModel:
    """What a virtual microphone is."""

    name: str = "virtual_microphone"
    description: str = "Virtual Microphone"
    rate_hz: int = 48_000
    channels: int = 1
    properties: dict[str, str] = field(default_factory=dict)
    """more of PulseAudio's properties, for instance {"device.bus": "bluetooth"}"""


SPARE = MicrophoneModel("spare_microphone", "Spare Microphone")


@dataclass(frozen=True, slots=True)
class Played:
    """When something is heard."""

    first: int
    """number of its first sample, counted from the microphone's first"""
    start_s: float
    """when that is captured, on the clock of time.monotonic()"""


@dataclass(frozen=True, slots=True)
class MicrophoneState:
    """The feeder's figures."""

    count: int
    """samples captured so far"""
    discarded: int
    """samples that nobody took, because nobody recorded"""
    late_s: float
    """the longest that the feeder itself was held up"""
    taken: bool
    """somebody records (or did in the last second)"""
    true_rate_hz: float


class VirtualMicrophone:
    """The first of the models is the default microphone; commands act on it.

    `other(name)` gives the same commands for another of the models.
    """

    def __init__(
        self,
        model: MicrophoneModel | None = None,
        *others: MicrophoneModel,
    ) -> None:
        models = (model or MicrophoneModel(), *(others or (SPARE,)))
        # Not in the tests' own folders: the path of a socket has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="mic-", dir="/tmp"))
        self._models = {m.name: m for m in models}
        self._modules: dict[str, str] = {}
        self.name = models[0].name
        self.environment = _environment(self.folder)
        _write_configuration(self.folder, models)
        try:
            self._feeder = Feeder("microphone_feeder.py", self._options(), self.folder / "log")
            self.server_pid: int = self._feeder.answer()["server"]
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self._files = 0

    @property
    def pids(self) -> tuple[int, ...]:
        return self._feeder.pid, self.server_pid

    def __enter__(self) -> VirtualMicrophone:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything and remove the folder."""
        self._feeder.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what it hears -----------------------------------------------------------------------
    def play(
        self,
        samples: np.ndarray,
        *,
        at_s: float | None = None,
        repeat: bool = False,
        on: str | None = None,
    ) -> Played:
        """Let the microphone hear int16 samples, shape (n,) or (n, channels).

        From now or from a moment of the monotonic clock on; over what was heard before.
        """
        assert samples.dtype == np.int16
        self._files += 1
        path = self.folder / f"played-{self._files}.npy"
        np.save(path, samples)
        return Played(**self._ask("play", on, path=str(path), at_s=at_s, repeat=repeat))

    def silence(self, on: str | None = None) -> None:
        """Hear nothing any more: the noise of the last bits."""
        self._ask("silence", on)

    def zeros(self, active: bool = True, on: str | None = None) -> None:
        """Send exact zeros, as macOS does where the microphone is not allowed."""
        self._ask("set", on, zeros=active)

    def drift(self, ppm: float, on: str | None = None) -> None:
        """Let the microphone's clock run fast by so many millionths from now on."""
        self._ask("drift", on, ppm=ppm)

    def echo(self, gain: float, on: str | None = None) -> None:
        """Hear what programs play, so much softer (0 = no more)."""
        self._ask("echo", on, gain=gain, monitor=f"{SPEAKER}.monitor")

    # --- what goes wrong ---------------------------------------------------------------------
    def stall(self, active: bool = True, on: str | None = None) -> None:
        """Send nothing; what is captured meanwhile is lost."""
        self._ask("set", on, stalled=active)

    def suspend(self, on: str | None = None) -> None:
        """Have the sound server suspend it: no callback comes any more."""
        self._pactl("suspend-source", on or self.name, "1")
        self._ask("set", on, suspended=True)

    def resume(self, on: str | None = None) -> None:
        """End `suspend`."""
        self._ask("set", on, suspended=False)
        self._pactl("suspend-source", on or self.name, "0")

    def unload(self, on: str | None = None) -> None:
        """Pull the plug: the server moves who records to another microphone, silently."""
        name = on or self.name
        self._pactl("unload-module", self._module(name))
        self._ask("close", on)

    def reload(self, on: str | None = None) -> None:
        """Plug it in again; the server makes it the default once more."""
        name = on or self.name
        self._pactl("load-module", *_module_arguments(self.folder, self._models[name]))
        if name == self.name:
            self._pactl("set-default-source", name)
        self._ask("open", on)

    def mute(self, active: bool = True, on: str | None = None) -> None:
        """Mute it in the sound server."""
        self._pactl("set-source-mute", on or self.name, "1" if active else "0")

    def set_volume(self, percent: float, on: str | None = None) -> None:
        """Set its volume in the sound server; 100 changes no sample."""
        self._pactl("set-source-volume", on or self.name, f"{percent}%")

    # --- what is known about it --------------------------------------------------------------
    def state(self, on: str | None = None) -> MicrophoneState:
        told = self._ask("state", on)
        return MicrophoneState(**{n: told[n] for n in MicrophoneState.__slots__})

    def time_of(self, sample: int, on: str | None = None) -> float:
        """When a sample is captured, s on the monotonic clock (since the last `drift`)."""
        told = self._ask("state", on)
        return told["anchor_s"] + (sample - told["anchor"]) / told["true_rate_hz"]

    def heard(self, command: list[str], **options: Any) -> np.ndarray:
        """Run a command and return what was played through the loudspeaker meanwhile (48 kHz)."""
        path = self.folder / "heard.raw"
        with path.open("wb") as out:
            recorder = subprocess.Popen(
                ["parec", "--raw", "--format=s16le", "--channels=1", "--rate=48000",
                 "--latency-msec=20", f"--device={SPEAKER}.monitor"],
                env=self.environment, stdout=out,
            )  # fmt: skip
            try:
                subprocess.run(command, check=True, **options)
            finally:
                recorder.terminate()
                recorder.wait()
        return np.fromfile(path, np.int16)

    def _options(self) -> dict[str, Any]:
        server = [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
            "--disallow-exit", "--realtime=no", "--high-priority=no", "--log-target=stderr",
            "--log-level=warning", "-F", str(self.folder / "server.pa"),
        ]  # fmt: skip
        microphones = [
            {"name": m.name, "pipe": str(self.folder / m.name), "rate_hz": m.rate_hz,
             "channels": m.channels}
            for m in self._models.values()
        ]  # fmt: skip
        return {
            "server": server,
            "environment": self.environment,
            "microphones": microphones,
            "folder": str(self.folder),
        }

    def _ask(self, command: str, on: str | None, **details: Any) -> dict[str, Any]:
        return self._feeder.ask(command, microphone=on or self.name, **details)

    def _module(self, name: str) -> str:
        listed = self._pactl("list", "short", "modules")
        return next(
            line.split("\t")[0] for line in listed.splitlines() if f"source_name={name} " in line
        )

    def _pactl(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pactl", *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        assert not done.returncode, f"pactl {' '.join(arguments)}: {done.stderr}"
        return done.stdout


def no_microphone(folder: Path) -> dict[str, str]:
    """Return what makes a program see no sound device at all."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alsa.conf").write_text(f"<{ALSA_CONF}>\n")
    return _environment(folder)


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "XDG_RUNTIME_DIR": str(folder),
        "PULSE_RUNTIME_PATH": str(folder / "pulse"),
        "PULSE_STATE_PATH": str(folder / "state"),
        "PULSE_COOKIE": str(folder / "cookie"),
        "PULSE_CONFIG": str(folder / "daemon.conf"),
        "PULSE_CLIENTCONFIG": str(folder / "client.conf"),
        "PULSE_SERVER": f"unix:{folder / 'native'}",
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        "ALSA_CONFIG_PATH": str(folder / "alsa.conf"),
    }


def _module_arguments(folder: Path, model: MicrophoneModel) -> list[str]:
    properties = {"device.description": model.description, **model.properties}
    listed = " ".join(f"{key}='{value}'" for key, value in properties.items())
    return [
        "module-pipe-source",
        f"source_name={model.name}",
        f"file={folder / model.name}",
        "format=s16le",
        f"rate={model.rate_hz}",
        f"channels={model.channels}",
        f'source_properties="{listed}"',
    ]


def _write_configuration(folder: Path, models: tuple[MicrophoneModel, ...]) -> None:
    folder.chmod(0o700)
    (folder / "pulse").mkdir(mode=0o700)
    (folder / "state").mkdir(mode=0o700)
    lines = [
        f"load-module module-native-protocol-unix socket={folder / 'native'} auth-anonymous=1",
        f"load-module module-null-sink sink_name={SPEAKER} rate=48000 channels=2 format=s16le"
        " sink_properties=\"device.description='Virtual Loudspeaker'\"",
        *("load-module " + " ".join(_module_arguments(folder, m)) for m in models),
        f"set-default-sink {SPEAKER}",
        f"set-default-source {models[0].name}",
    ]
    (folder / "server.pa").write_text("\n".join(lines) + "\n")
    (folder / "daemon.conf").write_text("flat-volumes = no\n")
    (folder / "client.conf").write_text("autospawn = no\n")
    (folder / "asoundrc").write_text(_ALSA)
    (folder / "alsa.conf").write_text(f"<{ALSA_CONF}>\n<{folder / 'asoundrc'}>\n")
