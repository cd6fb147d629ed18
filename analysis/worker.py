"""A stage of the analysis in a process of its own.

Sound and sight run side by side; a crash or a stop of one leaves nothing in the other. The
request comes pickled on standard input, messages go pickled to standard output: ("progress",
share), then ("done", result) or ("failed", error). Whatever libraries print goes to standard error.
Standard input stays open: where it ends, the parent was killed, and the worker ends too.

The process can't reach the network: Python refuses every connection before it is made.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from analysis.errors import AnalysisError, AnalysisFailed


@dataclass(frozen=True, slots=True)
class Request:
    """What a worker is to do."""

    stage: str
    """ "sound" or "sight" """
    arguments: dict[str, Any]


def refuse_network() -> None:
    """Make every attempt to reach the network fail, for the rest of this process."""

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in (
            "socket.connect",
            "socket.getaddrinfo",
            "socket.sendto",
            "socket.sendmsg",
            "socket.gethostbyname",
            "socket.gethostbyaddr",
        ):
            raise PermissionError(f"mensetsu does not use the network ({event} {arguments[1:]!r})")

    sys.addaudithook(guard)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def yield_to_other_sessions() -> None:
    """Let a lower priority count against other sessions, too.

    Linux may share the processor among sessions first, and niceness then counts only within one.
    A worker has a session of its own: without this a recorder that runs beside it gets no more
    than an equal share.
    """
    if sys.platform != "linux":
        return
    niceness = os.nice(0)
    if niceness > 0:
        with contextlib.suppress(OSError):  # the kernel does not group, or does not let us
            Path("/proc/self/autogroup").write_text(str(niceness), encoding="ascii")


def run(request: Request, progress: Callable[[float], None]) -> Any:
    """Do the work of a request and return its result."""
    if request.stage == "sound":
        from analysis.sound_stage import measure_sound

        return measure_sound(**request.arguments, progress=progress)
    from analysis.sight_stage import measure_sight

    return measure_sight(**request.arguments, progress=progress)


def main() -> None:
    """Serve one request."""
    # Libraries print to standard output as they like: keep the real one for the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    refuse_network()
    yield_to_other_sessions()
    request: Request = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    last = -1.0

    def progress(share: float) -> None:
        nonlocal last
        if share - last >= 0.002 or share >= 1.0:
            last = share
            send(out, "progress", share)

    try:
        send(out, "done", run(request, progress))
    except BrokenPipeError:
        os._exit(1)  # nobody waits for the result any more
    except AnalysisError as exc:
        send(out, "failed", exc)
    except MemoryError:
        send(out, "failed", AnalysisFailed("the machine ran out of memory: close other programs"))
    except OSError as exc:
        reason = exc.strerror or str(exc)
        send(out, "failed", AnalysisFailed(f"{exc.filename or 'a file'}: {reason}"))


def _end_with_parent() -> None:
    """End this process when the other end of standard input is gone: the parent was killed."""
    while os.read(0, 1):
        pass
    os._exit(1)


def send(out: BinaryIO, kind: str, value: Any) -> None:
    """Write a message."""
    pickle.dump((kind, value), out)
    out.flush()


def command() -> list[str]:
    """Return the command line that starts a worker of this very installation."""
    root = str(Path(__file__).resolve().parent.parent)
    # -P and an explicit path: a folder named "analysis" where the user stands must not be taken.
    start = f"import sys; sys.path.insert(0, {root!r}); from analysis.worker import main; main()"
    return [sys.executable, "-P", "-c", start]
