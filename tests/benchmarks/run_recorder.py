"""One take with the real recorder, for recording.py: ``run_recorder.py FOLDER NICE``.

Stands in for the user interface: looks at preview and level as a page would. Prints "recording"
when the take runs; ends it when standard input ends, and prints a line of JSON.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from dataclasses import asdict
from pathlib import Path

import psutil

from recorder.capture import CaptureOptions, Recorder
from recorder.engine import MODULE
from recorder.questions import read_bank
from tests.devices.feeder import set_group_priority

LOOK_S = 1 / 15
MEMORY_EVERY_S = 1.0


def main() -> None:
    """Record until standard input ends."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    memory_mb, previews, faults = [], 0, []
    with Recorder(folder, CaptureOptions()) as recorder:
        ready = recorder.open()
        # Beside it there may be the standard library's watcher of shared memory.
        (engine,) = (c for c in psutil.Process().children() if MODULE in " ".join(c.cmdline()))
        if niceness := int(sys.argv[2]):
            set_group_priority(engine.pid, niceness)
            for thread in Path(f"/proc/{engine.pid}/task").iterdir():
                os.setpriority(os.PRIO_PROCESS, int(thread.name), niceness)
        recorder.begin(read_bank()[0])
        began_s, cpu_before = time.monotonic(), engine.cpu_times()
        print("recording", flush=True)
        seen_s, next_look_s = 0.0, began_s
        while not select.select([0], [], [], LOOK_S)[0]:
            preview = recorder.preview()
            if preview is not None and preview.time_s > seen_s:
                previews, seen_s = previews + 1, preview.time_s
            recorder.level()
            recorder.status()
            faults += [e.fault.kind for e in recorder.events() if e.fault is not None]
            if time.monotonic() >= next_look_s:
                memory_mb.append(engine.memory_info().rss / 1e6)
                next_look_s += MEMORY_EVERY_S
        cpu_after, over_s = engine.cpu_times(), time.monotonic()
        take = recorder.finish()
    assert take is not None
    used_s = sum(cpu_after[:2]) - sum(cpu_before[:2])
    told = {
        "media": str(folder / take.media),
        "take": asdict(take),
        "codec": ready.codec,
        "cpu_ratio": used_s / (over_s - began_s),
        "memory_mb": memory_mb,
        "previews": previews,
        "faults": faults,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
