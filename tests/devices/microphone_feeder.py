"""Process that stands in for microphones: runs PulseAudio and feeds its pipe-sources.

Sample n of a microphone is captured at `anchor_s + (n - anchor) / rate`, whatever happens: a
sample that nobody takes is lost, as with real hardware.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import numpy as np
from feeder import Commands, as_hardware, die_with_parent

CHUNK_S = 0.01
PIPE_BYTES = 1 << 20
"""What Linux lets any user have: seconds of sound, for a sound server that is held up."""
AWAY_S = 1.0
"""A pipe that is not read for so long has no reader: what is in it must not grow old."""
START_WITHIN_S = 30.0


class Microphone:
    """One pipe-source."""

    def __init__(self, pipe: Path, rate_hz: int, channels: int) -> None:
        self._path = pipe
        self.rate_hz = rate_hz
        self._channels = channels
        self._chunk = round(rate_hz * CHUNK_S)
        self._file = -1
        # Nothing is as quiet as digital silence: the last bits of a converter are noise.
        noise = np.random.default_rng(7).integers(-3, 4, (rate_hz * 7 + 11, channels))
        self._noise = noise.astype(np.int16)
        self._playing: list[tuple[int, np.ndarray, bool]] = []
        self.zeros = False
        self.stalled = False
        self.suspended = False
        self.count = 0
        self.anchor = 0
        self.anchor_s = time.monotonic()
        self.true_rate_hz = float(rate_hz)
        self._left = 0
        self._taken_s = -np.inf
        self.discarded = 0
        self.late_s = 0.0
        self.echo: Loudspeaker | None = None

    def open(self) -> None:
        self.close()
        # For reading too: a pipe without a reader could not be opened, and old sound is taken out.
        self._file = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self._file, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._left, self._taken_s = 0, -np.inf

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def time_of(self, sample: int) -> float:
        return self.anchor_s + (sample - self.anchor) / self.true_rate_hz

    @property
    def due_s(self) -> float:
        """When the next chunk is complete."""
        return self.time_of(self.count + self._chunk)

    def play(self, samples: np.ndarray, at_s: float | None, repeat: bool) -> int:
        start = self.count
        if at_s is not None:
            start = max(start, round((at_s - self.anchor_s) * self.true_rate_hz) + self.anchor)
        if samples.ndim == 1:
            samples = np.repeat(samples[:, None], self._channels, 1)
        self._playing.append((start, samples, repeat))
        return start

    def drift(self, ppm: float) -> None:
        self.anchor_s, self.anchor = self.time_of(self.count), self.count
        self.true_rate_hz = self.rate_hz * (1 + ppm * 1e-6)

    def silence(self) -> None:
        self._playing.clear()

    def feed(self) -> None:
        """Send what was captured up to now."""
        while self.due_s <= time.monotonic():
            self.late_s = max(self.late_s, time.monotonic() - self.due_s)
            chunk = self._next()
            if self._file >= 0 and not self.stalled:
                self._send(chunk)

    def _next(self) -> np.ndarray:
        at = self.count + np.arange(self._chunk)
        chunk = self._noise[at % len(self._noise)]
        for start, samples, repeat in self._playing:
            wanted = at - start
            inside = wanted >= 0 if repeat else (wanted >= 0) & (wanted < len(samples))
            chunk[inside] = samples[wanted[inside] % len(samples)]
        self._playing = [
            p for p in self._playing if p[2] or p[0] + len(p[1]) > self.count + self._chunk
        ]
        if self.echo is not None:
            chunk = np.clip(chunk + self.echo.take(self._chunk)[:, None], -32768, 32767)
        self.count += self._chunk
        return np.zeros_like(chunk) if self.zeros else chunk.astype(np.int16)

    def _send(self, chunk: np.ndarray) -> None:
        now = time.monotonic()
        waiting = struct.unpack("i", fcntl.ioctl(self._file, termios.FIONREAD, b"\0" * 4))[0]
        if waiting < self._left:
            self._taken_s = now
        if self.suspended or now - self._taken_s > AWAY_S:
            waiting -= self._empty()
        if not self.suspended:
            try:
                os.write(self._file, chunk.tobytes())
            except BlockingIOError:
                self._empty()
        self._left = struct.unpack("i", fcntl.ioctl(self._file, termios.FIONREAD, b"\0" * 4))[0]

    def _empty(self) -> int:
        try:
            old = len(os.read(self._file, PIPE_BYTES))
        except BlockingIOError:
            return 0
        self.discarded += old // (2 * self._channels)
        return old

    @property
    def taken(self) -> bool:
        """Whether somebody records."""
        return time.monotonic() - self._taken_s < AWAY_S


class Loudspeaker:
    """What programs play, as the microphone hears it."""

    def __init__(self, monitor: str, rate_hz: int, gain: float) -> None:
        self._gain = gain
        self._sound = np.zeros(0)
        self._process = subprocess.Popen(
            ["parec", "--raw", "--format=s16le", "--channels=1", f"--rate={rate_hz}",
             "--latency-msec=20", f"--device={monitor}"],
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent,
        )  # fmt: skip
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        self._odd = b""

    def take(self, count: int) -> np.ndarray:
        try:
            raw = self._odd + os.read(self._pipe, 1 << 20)
        except BlockingIOError:
            raw = self._odd
        whole = len(raw) // 2 * 2
        self._odd = raw[whole:]
        heard = np.frombuffer(raw[:whole], np.int16) * self._gain
        self._sound = np.concatenate([self._sound, heard])
        out = np.zeros(count)
        part = self._sound[:count]
        out[: len(part)] = part
        self._sound = self._sound[count:]
        return out

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


class Stand:
    """All microphones, and the sound server."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self.commands = Commands()
        self._server = subprocess.Popen(
            options["server"], env=options["environment"], stdin=subprocess.DEVNULL,
            stdout=sys.stderr, preexec_fn=die_with_parent,
        )  # fmt: skip
        os.environ.update(options["environment"])
        self._microphones = {
            m["name"]: Microphone(Path(m["pipe"]), m["rate_hz"], m["channels"])
            for m in options["microphones"]
        }
        until = time.monotonic() + START_WITHIN_S
        while not (ready := self._ready()) and time.monotonic() < until:
            if self._server.poll() is not None:
                raise SystemExit(f"pulseaudio ended with {self._server.returncode}")
            time.sleep(0.02)
        if not ready:
            raise SystemExit("pulseaudio did not start")
        for microphone in self._microphones.values():
            microphone.open()

    def _ready(self) -> bool:
        pipes = all(Path(m["pipe"]).exists() for m in self._options["microphones"])
        answer = ["pactl", "info"]
        return pipes and not subprocess.run(answer, capture_output=True, check=False).returncode

    def run(self) -> None:
        commands = self.commands
        commands.reply(server=self._server.pid)
        while not commands.over:
            due = min(m.due_s for m in self._microphones.values())
            for command in commands.until(due):
                try:
                    commands.reply(**self._obey(command))
                except (OSError, ValueError, LookupError) as exc:
                    commands.reply(error=repr(exc))
            for microphone in self._microphones.values():
                microphone.feed()

    def _obey(self, command: dict[str, Any]) -> dict[str, Any]:
        microphone = self._microphones[command["microphone"]]
        match command["command"]:
            case "play":
                samples = np.load(command["path"], mmap_mode="r")
                first = microphone.play(samples, command["at_s"], command["repeat"])
                return {"first": first, "start_s": microphone.time_of(first)}
            case "silence":
                microphone.silence()
            case "set":
                for name in ("zeros", "stalled", "suspended"):
                    setattr(microphone, name, command.get(name, getattr(microphone, name)))
            case "drift":
                microphone.drift(command["ppm"])
            case "open":
                microphone.open()
            case "close":
                microphone.close()
            case "echo":
                if microphone.echo is not None:
                    microphone.echo.close()
                    microphone.echo = None
                if command["gain"]:
                    microphone.echo = Loudspeaker(
                        command["monitor"], microphone.rate_hz, command["gain"]
                    )
            case "state":
                return {
                    "count": microphone.count,
                    "anchor": microphone.anchor,
                    "anchor_s": microphone.anchor_s,
                    "true_rate_hz": microphone.true_rate_hz,
                    "discarded": microphone.discarded,
                    "late_s": microphone.late_s,
                    "taken": bool(microphone.taken),
                }
            case other:
                raise ValueError(other)
        return {}

    def close(self) -> None:
        for microphone in self._microphones.values():
            if microphone.echo is not None:
                microphone.echo.close()
            microphone.close()
        self._server.terminate()
        try:
            self._server.wait(5)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()


def main() -> None:
    as_hardware()
    options = json.loads(sys.argv[1])
    stand = Stand(options)
    try:
        stand.run()
    finally:
        stand.close()
        if stand.commands.left_alone:
            shutil.rmtree(options["folder"], ignore_errors=True)


if __name__ == "__main__":
    main()
