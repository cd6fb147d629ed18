"""Which frames of a video are decoded, when only a few per second are wanted.

It belongs to the door of the decoders (`media`): it looks into the packets of the container.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterator

import av
import av.error as av_error
from av.container.input import InputContainer

# Packets read ahead: H.264 and HEVC show a frame at most 16 later than others decoded before it;
# as many again to find the next keyframe (our judgement).
_AHEAD = 32
# A frame that has to be decoded anyway is near enough within this share of the distance of the
# frames that are asked for: 50 ms at 5 per s; our judgement.
_NEAR_STEPS = 0.25
# Of these every keyframe makes a decoder forget what came before.
_CLEAN_KEYFRAMES = ("mjpeg", "vp8", "vp9", "mpeg4", "mpeg1video", "mpeg2video")


class _Grid:
    """Which of all frames are taken, asked once for each in the order of their times.

    The reference frame nearest to when a frame is due, if it is near enough, as it has to be
    decoded anyway; else the frame that is due.
    """

    def __init__(self, stream: av.VideoStream, rate_hz: float) -> None:
        self._step_s = 1 / rate_hz
        # A transport stream does not tell its average rate.
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        # Half a frame early is nearer to the grid than a whole frame late.
        self._early_s = 0.5 / max(rate, 1.0)
        self._near_s = _NEAR_STEPS * self._step_s
        self._due_s = self._last_s = -math.inf

    def takes(self, time_s: float, *, reference: bool = True, next_s: float = math.inf) -> bool:
        """Whether the frame is taken; `next_s`: time of the next reference frame."""
        due_s = self._due_s
        if time_s <= self._last_s:
            return False
        if due_s > -math.inf:
            if reference and next_s < math.inf:
                near_s = max(self._early_s, self._near_s)
                if time_s < due_s - near_s or abs(next_s - due_s) < abs(time_s - due_s):
                    return False
            elif time_s < due_s - self._early_s or next_s <= due_s + self._near_s:
                return False
            self._due_s = max(due_s + self._step_s, time_s + 0.5 * self._step_s)
        else:
            self._due_s = time_s + self._step_s
        self._last_s = time_s
        return True


class Plan:
    """What of the packets that were read ahead has to be decoded.

    Packets come in the order of decoding, frames are shown in the order of their times: which of
    the coming packets holds a frame that `_Grid` takes is known once no earlier one can follow.
    """

    def __init__(self, stream: av.VideoStream, rate_hz: float) -> None:
        self._grid = _Grid(stream, rate_hz)
        self._roles = _roles(stream)
        self._ahead: deque[tuple[av.Packet, bool]] = deque()
        self._undecided: list[tuple[int, bool]] = []
        self._wanted: set[int] = set()
        self._newest = -math.inf
        self._reordered = False
        self.untimed = False
        """whether packets come without times (AVI)"""

    def __len__(self) -> int:
        return len(self._ahead)

    def add(self, packet: av.Packet) -> None:
        """Take in the next packet of the stream."""
        reference, clean = self._roles(packet)
        self._ahead.append((packet, clean))
        if packet.pts is None:
            # PyAV marks the end with an empty one.
            self.untimed = self.untimed or packet.size > 0
        else:
            heapq.heappush(self._undecided, (packet.pts, reference))
            self._reordered = self._reordered or packet.pts < self._newest
            self._newest = max(self._newest, packet.pts)

    def next(self) -> tuple[av.Packet, bool, bool]:
        """Return the oldest packet, whether its frame is wanted, and whether anything needs it."""
        packet, _ = self._ahead.popleft()
        if packet.pts is None:
            # Nothing can be said.
            return packet, True, True
        wanted = self._wants(packet)
        return packet, wanted, wanted or self._reordered or self._needed_later()

    def takes(self, frame: av.VideoFrame) -> bool:
        """Whether a decoded frame is one of those that are wanted."""
        if frame.pts in self._wanted:
            self._wanted.discard(frame.pts)
            return True
        return False

    def _wants(self, packet: av.Packet) -> bool:
        assert packet.pts is not None
        assert packet.time_base is not None
        while self._undecided and self._undecided[0][0] <= packet.pts:
            pts, reference = heapq.heappop(self._undecided)
            later = min((p for p, refers in self._undecided if refers), default=None)
            if self._grid.takes(
                float(pts * packet.time_base),
                reference=reference,
                next_s=math.inf if later is None else float(later * packet.time_base),
            ):
                self._wanted.add(pts)
        return packet.pts in self._wanted

    def _needed_later(self) -> bool:
        """Whether a wanted frame comes before decoding can start anew; without reordering."""
        for packet, clean in self._ahead:
            if packet.pts is None:
                # The end, or nothing can be said.
                return packet.size > 0
            if clean:
                return False
            if self._wants(packet):
                return True
        return True


def _roles(stream: av.VideoStream) -> Callable[[av.Packet], tuple[bool, bool]]:
    """Return what tells of a packet whether others may refer to it, and whether it starts clean.

    Clean: nothing that follows needs older frames. With H.264 and HEVC containers call any point
    of recovery a keyframe, also one in a picture that is renewed bit by bit: the bitstream says.
    """
    context = stream.codec_context
    name = context.name
    if name not in ("h264", "hevc"):
        return lambda packet: (True, packet.is_keyframe and name in _CLEAN_KEYFRAMES)
    config = context.extradata or b""
    at = 4 if name == "h264" else 21
    # Without the record that containers put in front, units are told apart by start codes.
    length_bytes = (config[at] & 3) + 1 if len(config) > at and config[0] == 1 else 0

    def roles(packet: av.Packet) -> tuple[bool, bool]:
        for head in _unit_heads(bytes(packet), length_bytes):
            # ITU-T H.264 table 7-1 and 7.3.1, H.265 table 7-1 and 7.3.1.2: slices come first in
            # the numbering; 5, and 19 and 20, are those of an instantaneous refresh.
            if name == "h264" and 1 <= head & 31 <= 5:
                return head >> 5 & 3 != 0, head & 31 == 5
            if name == "hevc" and (kind := head >> 1 & 63) < 32:
                return kind > 14 or kind % 2 == 1, kind in (19, 20)
        return True, False

    return roles


def _unit_heads(data: bytes, length_bytes: int) -> Iterator[int]:
    """Yield the first byte of each unit (NAL) of an H.264 or HEVC packet."""
    at = 0
    while True:
        if length_bytes:
            at += length_bytes
        else:
            at = data.find(b"\0\0\1", at) + 3
            if at < 3:
                return
        if at >= len(data):
            return
        yield data[at]
        if length_bytes:
            at += int.from_bytes(data[at - length_bytes : at], "big")


def picked_frames(
    container: InputContainer, stream: av.VideoStream, rate_hz: float
) -> Iterator[av.VideoFrame]:
    """Yield the frames that are wanted, decoding little else.

    Frames that no other frame refers to are left undecoded unless they are wanted: a third to a
    half of the cost with B-frames. So is what lies between the last frame that is wanted and the
    next keyframe, where that is sure to need nothing of it.
    """
    context = stream.codec_context
    plan = Plan(stream, rate_hz)
    untimed = _Grid(stream, rate_hz)
    last_s = -math.inf
    demuxed = container.demux(stream)
    while True:
        try:
            while demuxed is not None and len(plan) <= _AHEAD:
                plan.add(next(demuxed))
        except (StopIteration, av_error.FFmpegError):
            # An error: the file ends in the middle, and what came before it counts.
            demuxed = None
        if not len(plan):
            return
        packet, wanted, needed = plan.next()
        if not needed:
            continue
        context.skip_frame = "DEFAULT" if wanted else "NONREF"
        try:
            frames = packet.decode()
        except av_error.EOFError:
            return
        except av_error.FFmpegError:
            continue
        for frame in frames:
            if not isinstance(frame, av.VideoFrame) or frame.time is None:
                continue
            if plan.untimed:
                taken = untimed.takes(frame.time)
            else:
                # One that was wanted may be damaged, or never be shown: the next will do.
                taken = plan.takes(frame) or frame.time > last_s + 1.75 / rate_hz
            if taken and frame.time > last_s:
                last_s = frame.time
                yield frame
