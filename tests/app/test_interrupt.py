"""Ctrl-C and other ends of a running analysis, as a real program on a real terminal."""

import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.cli import main
from app.results_folder import write_synced

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_media" / "english_take.mp4"
STOPPED_WITHIN_S = 5.0
"""The product promises 2 s; the rest is for machines that are busy with other things."""
ORPHANS_END_WITHIN_S = 10.0
BAR = re.compile(r"(Sound|Picture): .*?(\d+) %.*?left +\d+:\d\d:\d\d")


def descendants(process: int) -> set[int]:
    """Return the ids of the living processes below one, by Linux' /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = _stat(int(entry.name))
                if state != "Z":
                    children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    todo = [process]
    while todo:
        below = children.get(todo.pop(), [])
        found.update(below)
        todo += below
    return found


def alive(process: int) -> bool:
    """Whether a process still runs; one that waits to be reaped does not."""
    try:
        return _stat(process)[0] != "Z"
    except OSError:
        return False


def _stat(process: int) -> tuple[str, int]:
    text = Path(f"/proc/{process}/stat").read_text()
    state, parent = text[text.rindex(")") + 2 :].split()[:2]
    return state, int(parent)


def wait_until(condition, *, within_s: float, why: str) -> float:
    """Wait for something and return how long it took, s."""
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        assert waited < within_s, f"not within {within_s} s: {why}"
        time.sleep(0.02)
    return time.monotonic() - began


class OnTerminal:
    """An `analyse` of the whole English sample in a terminal; reads what it shows."""

    def __init__(self, folder: Path):
        self.media = Path(shutil.copy(SAMPLE, folder / "take.mp4"))
        ours, theirs = pty.openpty()
        self._ours = ours
        self._shown = bytearray()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "analyse", str(self.media)],
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        with contextlib.suppress(OSError):  # how Linux says that the other side is gone
            while data := os.read(self._ours, 4096):
                self._shown += data

    @property
    def shown(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._shown.decode(errors="replace"))

    def works(self) -> bool:
        """Whether both stages have got somewhere."""
        stages = {stage for stage, share in BAR.findall(self.shown) if int(share) >= 3}
        assert self.process.poll() is None, self.shown
        return stages == {"Sound", "Picture"}

    def press_ctrl_c(self):
        os.killpg(self.process.pid, signal.SIGINT)

    def finish(self):
        """Wait for the last that it shows."""
        self._reader.join(timeout=10)

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.finish()
        os.close(self._ours)


@pytest.fixture
def running(tmp_path, scratch, packaged_models):
    started = OnTerminal(tmp_path)
    try:
        wait_until(started.works, within_s=120, why="both bars")
        yield started
    finally:
        started.close()


def names(folder):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize("how", ["ctrl-c", "twice", "SIGTERM", "SIGHUP"])
def test_a_stop_ends_all_at_once_and_leaves_nothing(running, scratch, tmp_path, how):
    workers = descendants(running.process.pid)
    assert len(workers) == 2
    assert len(names(scratch)) == 1
    began = time.monotonic()
    if how.startswith("SIG"):
        running.process.send_signal(getattr(signal, how))
    else:
        running.press_ctrl_c()
    if how == "twice":
        time.sleep(0.02)
        running.press_ctrl_c()
    code = running.process.wait(timeout=60)
    took = time.monotonic() - began
    print(f"{how}: ended after {took:.2f} s")
    assert took < STOPPED_WITHIN_S
    assert code == 130
    assert not any(alive(worker) for worker in workers)
    assert names(tmp_path) == ["take.mp4"]
    assert names(scratch) == []
    running.finish()
    assert "Stopped; nothing half-done is left behind." in running.shown
    assert "Traceback" not in running.shown


def test_the_bar_shows_stage_share_and_remaining_time(running):
    wait_until(
        lambda: re.search(r"Sound: .*left +0:\d\d:\d\d", running.shown), within_s=60, why="a time"
    )
    assert "Sound: words, pauses, fillers" in running.shown
    assert "Picture: eyes, posture" in running.shown


def test_a_killed_program_takes_its_workers_along(running, tmp_path):
    workers = descendants(running.process.pid)
    running.process.kill()
    running.process.wait()
    took = wait_until(
        lambda: not any(alive(worker) for worker in workers),
        within_s=ORPHANS_END_WITHIN_S,
        why="the workers end without their parent",
    )
    print(f"workers ended after {took:.1f} s")
    assert names(tmp_path / "take-analysis") == []


def test_a_killed_sound_worker_is_an_error_a_killed_picture_a_note(
    program, clip, tmp_path, scratch
):
    """Out of memory: the system kills the largest process."""
    for stage in ("sound", "sight"):
        media = Path(shutil.copy(clip, tmp_path / f"{stage}.mp4"))
        kill = threading.Thread(target=kill_worker, args=(stage, media))
        kill.start()
        done = program("analyse", media, "--json")
        kill.join()
        if stage == "sound":
            assert done.code == 1
            assert re.fullmatch(r"mensetsu: the sound stage ended [^\n]*signal 9[^\n]*\n", done.err)
            assert names(tmp_path) == ["sound.mp4"]
        else:
            assert done.code == 0
            assert "The picture could not be measured" in done.out
    assert names(scratch) == []


def kill_worker(stage, media):
    """Kill one worker of the run on a recording: the one that has, or has not, loaded MediaPipe."""

    def find():
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                maps = (entry / "maps").read_text() if entry.name.isdigit() else ""
                if b"analysis.worker" not in (entry / "cmdline").read_bytes():
                    continue
                if (os.getpid() in ancestors(int(entry.name))) and MARKS[stage] in maps:
                    os.kill(int(entry.name), signal.SIGKILL)
                    return True
        return False

    wait_until(find, within_s=120, why=f"a {stage} worker on {media.name}")


MARKS = {"sight": "/mediapipe/", "sound": "/ctranslate2"}


def ancestors(process: int) -> list[int]:
    found = []
    while process > 1:
        process = _stat(process)[1]
        found.append(process)
    return found


def test_a_stop_between_the_four_files_waits_for_the_last(take, monkeypatch):
    """Four renames are one step: a stop in between comes after the last."""
    monkeypatch.setattr("analysis.pipeline._run_side_by_side", lambda *_: {})
    monkeypatch.setattr(sys, "argv", ["mensetsu", "analyse", str(take)])
    before = {p.name: p.read_bytes() for p in take.iterdir()}
    real, moved, left = os.replace, [], []

    def replace(source, target):
        if moved == []:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
        moved.append(Path(target).name)
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr("app.cli._leave", lambda code: left.append(code))
    handlers = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        main()
    finally:
        for stop, handler in handlers.items():
            signal.signal(stop, handler)
    assert left == [130]
    assert moved == ["summary.json", "report.html", "transcript.srt", "analysis.json"]
    after = {p.name: p.read_bytes() for p in take.iterdir()}
    assert after.keys() == before.keys()
    assert all(after[name] != before[name] for name in before)


def test_no_bar_without_a_terminal(program, recording):
    done = program("analyse", recording, "--model", "tiny.en", "--no-video", "--json")
    assert done.code == 0
    assert done.err == ""


def test_write_synced_takes_a_name_that_is_not_unicode(tmp_path):
    write_synced(tmp_path / "x.json", '{"name": "take\udce9"}')
    assert (tmp_path / "x.json").read_bytes() == b'{"name": "take\\udce9"}'


@pytest.mark.skipif(os.name == "nt", reason="terminals there have no other end")
def test_a_lost_terminal_does_not_change_the_exit_code():
    """What can't be written any more at the end is let go, with the code of the work."""
    code = (
        "import os, sys\n"
        "from app import cli\n"
        "sys.argv = ['mensetsu', 'models', 'list']\n"
        "os.dup2(os.open('/dev/full', os.O_WRONLY), 1)\n"
        "def work(**_):\n"
        "    sys.stdout.write('kept')\n"
        "    sys.exit(130)\n"
        "cli.cli = work\n"
        "cli.main()\n"
    )
    # Unbuffered, nothing would be left to write at the end.
    buffered = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, env=buffered
    )
    assert (done.returncode, done.stderr) == (130, "")
