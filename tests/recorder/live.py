"""What the tests with virtual devices share: a question, waiting, and reading a recording."""

import time

import av
import numpy as np

from recorder.session import Question

QUESTION = Question(
    "why-us", "Why us?", "志望動機は？", "first", "motivation", "x", "PREP", (60, 90)
)
WAIT_S = 40.0
"""for what takes a second on an idle machine"""


def noise(seconds, seed=1, level=3000):
    """Sound of which every short piece is unique."""
    random = np.random.default_rng(seed)
    return (random.standard_normal(round(48_000 * seconds)) * level).astype(np.int16)


def wait(reached, what):
    """Wait until `reached` returns something true, and return that."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        value = reached()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"did not happen: {what}")


class Told:
    """The events of a recorder, looked through as often as one likes."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.events = []

    def _find(self, kind, fault):
        self.recorder.status()
        self.events += self.recorder.events()
        for i, event in enumerate(self.events):
            if event.kind == kind and (fault is None or event.fault.kind == fault):
                return self.events.pop(i)
        return None

    def began(self, fault):
        return wait(lambda: self._find("fault-began", fault), f"{fault} began").fault

    def over(self, fault):
        return wait(lambda: self._find("fault-over", fault), f"{fault} over").fault

    def finished(self):
        return wait(lambda: self._find("take-finished", None), "the take was finished")


def recorded(recorder, seconds):
    """Wait until the running take is so much longer."""
    until = recorder.status().elapsed_s + seconds
    wait(lambda: recorder.status().elapsed_s >= until, f"{seconds} s more were recorded")


def sound_of(path):
    """Return the samples of a recording, shape (n, channels)."""
    with av.open(str(path)) as container:
        channels = container.streams.audio[0].channels
        parts = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate([p.reshape(-1, channels) for p in parts])


def picture_times_of(path):
    """Return the times of the pictures, and whether the first is a keyframe."""
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.pts is not None]
    return np.array([float(p.pts * p.time_base) for p in packets]), packets[0].is_keyframe


def place_in(played, heard):
    """Return where a piece of sound lies in what was played; it has to be there to the bit."""
    found = played.tobytes().find(np.ascontiguousarray(heard).tobytes())
    assert found >= 0, "other sound than was played"
    assert found % 2 == 0
    return found // 2
