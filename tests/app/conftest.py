"""Short recordings cut from the samples, the command line in process and as a real program."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from app.cli import main

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_media" / "english_take.mp4"
CLIP_S = 14.9
"""Of the English sample: 33 words, one "um", pauses of 0.9, 0.5 and 1.1 s, a face throughout."""
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Outcome:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str


def cut(source: Path, target: Path, *, end=CLIP_S, kinds=("audio", "video"), options=None) -> Path:
    """Copy the packets before `end` (s), without encoding anything."""
    with av.open(str(source)) as before, av.open(str(target), "w", options=options or {}) as after:
        streams = {
            s.index: after.add_stream_from_template(s) for s in before.streams if s.type in kinds
        }
        for packet in before.demux():
            if packet.dts is None or packet.stream.index not in streams:
                continue
            if float(packet.pts * packet.time_base) < end:
                packet.stream = streams[packet.stream.index]
                after.mux(packet)
    return target


def write_sound(path: Path, samples: np.ndarray, *, rate_hz: int = 16_000) -> Path:
    """Write a mono WAV file; samples of full scale 1."""
    with av.open(str(path), "w", format="wav") as out:
        stream = out.add_stream("pcm_s16le", rate=rate_hz, layout="mono")
        whole = (np.clip(samples, -1, 1) * 32767).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
        frame.sample_rate = rate_hz
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def tree(*folders: Path) -> dict[str, bytes]:
    """Return every file and folder with what is in it; models and scratch of tests left out."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if "models" not in path.parts:
                found[str(path)] = path.read_bytes() if path.is_file() else b"folder"
    return found


@pytest.fixture(scope="session")
def cut_media():
    """Return the function that copies the beginning of a recording."""
    return cut


@pytest.fixture(scope="session")
def make_sound():
    """Return the function that writes samples to a file."""
    return write_sound


@pytest.fixture
def untouched(tmp_path, home, scratch):
    """Return a context in which no file may change, the data folder and scratch included."""

    @contextlib.contextmanager
    def watch():
        before = tree(tmp_path, home, scratch)
        yield
        assert tree(tmp_path, home, scratch) == before

    return watch


@pytest.fixture
def scratch(tmp_path_factory, monkeypatch) -> Path:
    """The temporary folder of this test's runs, to see that nothing is left in it."""
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def mensetsu(monkeypatch, packaged_models):
    """Run the command line in this process; return its exit code and what it printed."""

    def run(*arguments: object) -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        handlers = {stop: signal.getsignal(stop) for stop in STOPS}
        monkeypatch.setattr(sys, "argv", ["mensetsu", *map(str, arguments)])
        try:
            with (
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
                pytest.raises(SystemExit) as left,
            ):
                main()
        finally:
            for stop, handler in handlers.items():
                signal.signal(stop, handler)
        return Outcome(int(left.value.code or 0), out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def program(packaged_models):
    """Run the command line as a program of its own."""

    def run(*arguments: object, before: tuple[str, ...] = (), **options) -> Outcome:
        done = subprocess.run(
            [*before, sys.executable, "-m", "app", *map(str, arguments)],
            cwd=options.pop("cwd", ROOT),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=options.pop("timeout", 300),
            check=False,
            **options,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """A short recording of a person who speaks."""
    return cut(SAMPLE, tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture(scope="session")
def voice(tmp_path_factory) -> Path:
    """Its first sentence as sound alone, for what needs no picture."""
    folder = tmp_path_factory.mktemp("voice")
    return cut(SAMPLE, folder / "voice.m4a", end=6.0, kinds=("audio",))


@pytest.fixture(scope="session")
def _analysed(tmp_path_factory, packaged_models, clip) -> Path:
    """A folder with the clip and its results."""
    folder = tmp_path_factory.mktemp("analysed")
    shutil.copyfile(clip, folder / "clip.mp4")
    done = subprocess.run(
        [sys.executable, "-m", "app", "analyse", str(folder / "clip.mp4"), "--json"],
        cwd=ROOT,
        env={**os.environ, "MENSETSU_HOME": str(packaged_models.parent)},
        capture_output=True,
        check=True,
    )
    (folder / "printed.json").write_bytes(done.stdout)
    assert done.stderr == b""
    return folder


@pytest.fixture
def take(_analysed, tmp_path) -> Path:
    """The results of the clip (a copy), with the clip beside them."""
    shutil.copytree(_analysed, tmp_path / "analysed")
    return tmp_path / "analysed" / "clip-analysis"


@pytest.fixture
def recording(voice, tmp_path) -> Path:
    """A copy of the sound alone, in a folder of its own."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    return Path(shutil.copy(voice, folder / "answer.m4a"))


@pytest.fixture
def terminal():
    """Return the function that starts the command line on a terminal (POSIX only)."""
    if os.name != "posix":
        pytest.skip("the terminals of these tests are POSIX'")
    from tests.app.terminal import Terminal

    with contextlib.ExitStack() as stack:

        def start(environment, *arguments, **more):
            started = Terminal(environment, *arguments, **more)
            stack.callback(started.close)
            return started

        yield start
