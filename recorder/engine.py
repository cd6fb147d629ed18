"""The recorder's process: devices, files, and the conversation with the user interface.

    standard input    commands (`recorder.messages`); its end = the user interface is gone
    standard output   replies, heartbeat, events
    threads           PortAudio's callback, camera, encode (`recorder.recording`), sync-to-disk (one
                      per take, `recorder.writer`), watchdogs and journal (`recorder.housekeeping`),
                      finish (ends takes), microphone-watch, microphone-mend, send, and this one,
                      which obeys the commands one after the other

Whatever ends the user interface, the running take is closed in order. Ctrl-C is for the user
interface alone. The process reaches no network.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import traceback
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from recorder.errors import RecorderError, RecorderFailed
from recorder.messages import (
    Event,
    Status,
    decode,
    encode,
    error_to_dict,
    options_from_dict,
)
from recorder.session import question_from_dict

MOST_EVENTS = 1000
"""kept for a user interface that does not read; older ones are in the journal anyway"""
MODULE = "recorder.engine"


class Sender(threading.Thread):
    """Writes messages from a thread of its own: who sends never waits."""

    def __init__(self, out: BinaryIO) -> None:
        super().__init__(name="send", daemon=True)
        self._out = out
        self._messages: deque[dict[str, Any]] = deque(maxlen=MOST_EVENTS)
        self._beat: dict[str, Any] | None = None
        self._news = threading.Event()
        self._idle = threading.Event()

    def reply(self, id_: int, value: Any) -> None:
        """Answer a command."""
        self._put({"reply": id_, "value": value})

    def refuse(self, id_: int, error: RecorderError) -> None:
        """Answer a command that failed."""
        self._put({"reply": id_, "error": error_to_dict(error)})

    def event(self, event: Event) -> None:
        """Tell what the user has to know."""
        self._put({"event": asdict(event)})

    def beat(self, status: Status) -> None:
        """Tell the counters; only the newest ones wait to be read."""
        self._beat = {"beat": asdict(status)}
        self._news.set()

    def flush(self, limit_s: float) -> None:
        """Wait until everything is written, or nobody reads."""
        self._idle.clear()
        self._news.set()
        self._idle.wait(limit_s)

    def run(self) -> None:
        """Write for ever; a user interface that is gone is told by the end of the commands."""
        while True:
            self._news.wait()
            self._news.clear()
            try:
                # First: who reads an answer wants counters that know of it.
                beat, self._beat = self._beat, None
                if beat is not None:
                    self._out.write(encode(beat))
                while self._messages:
                    self._out.write(encode(self._messages.popleft()))
                self._out.flush()
            except OSError:
                self._messages.clear()
            self._idle.set()

    def _put(self, message: dict[str, Any]) -> None:
        self._messages.append(message)
        self._news.set()


def refuse_network() -> None:
    """Make every attempt of Python to reach the network fail, for the rest of this process."""

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        refused = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg")
        if event in refused and not (arguments and _is_local(arguments[0])):
            raise PermissionError(f"mensetsu does not use the network ({event})")

    sys.addaudithook(guard)


def _is_local(socket: Any) -> bool:
    import socket as sockets

    family = getattr(sockets, "AF_UNIX", None)  # sound servers of this computer
    return family is not None and getattr(socket, "family", None) == family


def _read_commands(commands: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Read until the user interface is gone; then the take is closed and the process ends."""
    with contextlib.suppress(OSError):
        for line in sys.stdin.buffer:
            with contextlib.suppress(ValueError):
                commands.put(decode(line))
    commands.put({"do": "close", "id": 0})


def main() -> None:
    """Serve one user interface."""
    # Libraries print to standard output as they like: keep the real one for the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # OpenCV reads them once, when it is loaded (`recorder.video` explains them).
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
    commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: commands.put({"do": "close", "id": 0}))
    refuse_network()
    threading.excepthook = _end_with_thread
    # The callback of the sound waits for this at most, while another thread computes.
    sys.setswitchinterval(0.001)
    sender = Sender(out)
    sender.start()
    sender.beat(Status())
    threading.Thread(target=_read_commands, args=(commands,), name="commands", daemon=True).start()
    try:
        _obey(commands, sender)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    sender.flush(1.0)
    # Drivers may hang when they are unloaded, and everything is on the disk.
    os._exit(0)


def _end_with_thread(failure: threading.ExceptHookArgs) -> None:
    """End the process with a thread that failed: half a recorder would pretend to record.

    What was recorded is on the disk, and the user interface tells of the end.
    """
    threading.__excepthook__(failure)
    os._exit(1)


def _obey(commands: queue.SimpleQueue[dict[str, Any]], sender: Sender) -> None:
    """Obey commands until the last."""
    from recorder.studio import Studio

    studio: Studio | None = None

    def opened() -> Studio:
        if studio is None:
            raise RecorderFailed("the recorder has no devices yet")
        return studio

    while True:
        # With a time limit: a signal is looked at only between two waits.
        try:
            command = commands.get(timeout=0.2)
        except queue.Empty:
            continue
        id_, name = command.get("id", 0), command.get("do")
        try:
            if name == "open":
                options = options_from_dict(command["options"])
                studio = Studio(Path(command["folder"]), options, command["meters"], sender)
                sender.reply(id_, asdict(studio.ready))
            elif name == "begin":
                question = question_from_dict(command["question"])
                sender.reply(id_, opened().begin(question, command["goal"]))
            elif name == "finish":
                take = opened().finish("asked")
                sender.reply(id_, None if take is None else asdict(take))
            elif name == "close":
                session = studio.close() if studio is not None else None
                sender.reply(id_, None if session is None else asdict(session))
                return
        except RecorderError as exc:
            sender.refuse(id_, exc)
            if name == "close":
                return
        except (LookupError, TypeError, ValueError) as exc:
            sender.refuse(id_, RecorderFailed(f"a command makes no sense: {exc!r}"))


def command() -> list[str]:
    """Return the command line that starts a recorder of this very installation."""
    root = str(Path(__file__).resolve().parent.parent)
    # -P and an explicit path: a folder named "recorder" where the user stands must not be taken.
    start = f"import sys; sys.path.insert(0, {root!r}); from {MODULE} import main; main()"
    return [sys.executable, "-P", "-c", start]


if __name__ == "__main__":
    main()
