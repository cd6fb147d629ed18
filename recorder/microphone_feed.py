"""The microphone: its blocks in a queue, what the sound server says of it, and its return."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from recorder.audio import AudioBlock, Microphone, MicrophoneStream, find_microphone
from recorder.errors import MicrophoneUnusable
from recorder.microphone_list import SERVER_HOST
from recorder.pulse import SourceState, SourceWatch

LOOK_S = 0.3
"""how often the sound server is asked: a microphone that was replaced has to be told within 1 s"""
MEND_AFTER_S = 3.0
MEND_EVERY_S = 5.0
"""a silent microphone is opened anew after `MEND_AFTER_S`, then every `MEND_EVERY_S` (our
judgement; a short pause, as Bluetooth makes, ends by itself)"""
CLOSE_LIMIT_S = 3.0
"""a dead stream may hang when it is closed: it is left alone after this (our judgement)"""

_log = logging.getLogger(__name__)


class MicrophoneFeed:
    """An open microphone.

    Raises
    ------
    MicrophoneUnusable
        It can't be opened.
    """

    def __init__(self, microphone: Microphone) -> None:
        self.microphone = microphone
        self.state: SourceState | None = None
        """what the sound server said last; None = nothing"""
        self.replaced_by: str | None = None
        """name of the microphone that took over"""
        self.muted = False
        self.newest_s = time.monotonic()
        """when sound came last"""
        self._blocks: deque[AudioBlock] = deque()
        self._stopping = threading.Event()
        self._dead = threading.Event()
        self._stream = MicrophoneStream(microphone, self._deliver)
        self.rate_hz = self._stream.rate_hz
        self.channels = self._stream.channels
        self._on_server = microphone.host == SERVER_HOST

    def start(self) -> None:
        """Let the sound come.

        Raises
        ------
        MicrophoneUnusable
        """
        self._stream.start()
        if self._on_server:
            threading.Thread(target=self._watch, name="microphone-watch", daemon=True).start()
        threading.Thread(target=self._mend, name="microphone-mend", daemon=True).start()

    def take(self) -> list[AudioBlock]:
        """Return the blocks that came since the last call."""
        blocks = self._blocks
        return [blocks.popleft() for _ in range(len(blocks))]

    def tell_dead(self, dead: bool) -> None:
        """Say whether no sound comes any more: then it is opened anew now and then."""
        if dead:
            self._dead.set()
        else:
            self._dead.clear()

    def stop(self) -> None:
        """Give the microphone back."""
        self._stopping.set()
        self._dead.set()
        _within(CLOSE_LIMIT_S, self._stream.close)

    def _deliver(self, block: AudioBlock) -> None:
        # PortAudio's thread does nothing but this: no lock, no wait.
        self.newest_s = block.arrival_s
        self._blocks.append(block)

    def _watch(self) -> None:
        """Ask the sound server again and again; the answer may take as long as it likes."""
        watch = SourceWatch()
        chosen = self.microphone.id
        while not self._stopping.wait(LOOK_S):
            self.state = state = watch.look()
            if state is None:
                continue
            self.muted = state.muted
            self.replaced_by = None if state.name == chosen else state.description
            if self.replaced_by is not None and watch.is_present(chosen):
                watch.move(chosen)
        watch.close()

    def _mend(self) -> None:
        while not self._stopping.is_set():
            self._dead.wait()
            wait_s = MEND_AFTER_S
            while self._dead.is_set() and not self._stopping.wait(wait_s):
                wait_s = MEND_EVERY_S
                state = self.state
                # It is there and will go on by itself; a new stream would get nothing either.
                asleep = state is not None and state.suspended
                if self._dead.is_set() and not asleep:
                    self._reopen()

    def _reopen(self) -> None:
        _within(CLOSE_LIMIT_S, self._stream.close)
        try:
            microphone = find_microphone(self.microphone.id)
            stream = MicrophoneStream(microphone, self._deliver)
            if (stream.rate_hz, stream.channels) != (self.rate_hz, self.channels):
                stream.close()
                _log.info("the microphone is back in another form")
                return
            stream.start()
        except MicrophoneUnusable as exc:
            _log.info("the microphone is not back: %s", exc)
            return
        self._stream = stream


def _within(limit_s: float, action: Callable[[], None]) -> None:
    """Do something that may hang, and wait for it no longer than this."""
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    thread.join(limit_s)
