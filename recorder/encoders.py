"""The encoders of a recording: how they are set, and pictures in the form they take."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.container.output import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from recorder.errors import WriterFailed

VIDEO_CODECS = ("libx264", "libvpx", "mpeg4")
"""in the order of preference: cost and size of 720p30 on two cores were 18 % of one core and
11 MB/min, 60-79 % and 19, 20 % and 22 (measured)"""

LAYOUTS = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")
"""by number of channels, from 1 on: what FLAC knows"""

MS = Fraction(1, 1000)
"""the unit of time in Matroska"""

ENCODER_OPTIONS = {
    "libx264": {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "crf": "24",
        "maxrate": "4M",
        "bufsize": "4M",
        # A forced keyframe must be one that decoding can start at.
        "forced-idr": "1",
        "g": "300",
    },
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "300"},
    # Without the threshold every picture of a noisy camera would be taken for a new scene.
    "mpeg4": {"g": "300", "bf": "0", "sc_threshold": "1000000000", "qmin": "4", "qmax": "12"},
}
"""in ms as unit of time, where one picture in must be one packet out"""

# 0: by quality instead.
_BIT_RATES = {"libx264": 0, "libvpx": 2_500_000, "mpeg4": 3_000_000}
# The bit of the first byte of a VP8 frame.
_VP8_SHOWN = 0x10
# Frames of 24 ms at 48 kHz, as with levels 0 to 2, with the prediction of level 5.
_FLAC_OPTIONS = {
    "compression_level": "2",
    "lpc_type": "levinson",
    "min_prediction_order": "1",
    "max_prediction_order": "8",
    "min_partition_order": "0",
    "max_partition_order": "6",
}


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """What the microphone sends: 16-bit samples."""

    rate_hz: int
    channels: int


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """What the camera sends. An odd width or height loses its last column or row."""

    width_px: int
    height_px: int
    rate_hz: float
    """nominal; frames may come at any times"""


def video_codec() -> str:
    """Return the video encoder that this PyAV offers, the best one first.

    Raises
    ------
    WriterFailed
        It has none of them.
    """
    for name in VIDEO_CODECS:
        if name in av.codecs_available:
            return name
    raise WriterFailed("PyAV has no video encoder of ours: reinstall it (pip install av)")


def add_sound(container: OutputContainer, sound: SoundFormat) -> AudioStream:
    """Add the stream of sound; its encoder is opened with the header."""
    audio = container.add_stream("flac", rate=sound.rate_hz)
    assert isinstance(audio, AudioStream)
    context = audio.codec_context
    context.layout = LAYOUTS[sound.channels - 1]
    context.format = "s16"
    context.options = dict(_FLAC_OPTIONS)
    return audio


def add_video(container: OutputContainer, codec: str, picture: PictureFormat) -> VideoStream:
    """Add the stream of pictures and open its encoder.

    Raises
    ------
    av.error.FFmpegError, ValueError
        It doesn't open.
    """
    rate = Fraction(picture.rate_hz).limit_denominator(1001)
    video = container.add_stream(codec, rate=rate, bit_rate=_BIT_RATES[codec])
    assert isinstance(video, VideoStream)
    context = video.codec_context
    context.width, context.height = _even(picture.width_px), _even(picture.height_px)
    context.pix_fmt = "yuv420p"
    context.time_base = video.time_base = MS
    # What cv2 makes of BGR: BT.601, limited range.
    context.colorspace = 6
    context.color_range = 1
    # One picture in, one picture out; more threads would each hold one back.
    context.thread_count = 1
    context.options = dict(ENCODER_OPTIONS[codec])
    context.open()
    return video


def hide_vp8(data: bytes) -> bytes:
    """Return a frame of VP8 as one that is decoded and not shown (RFC 6386, section 9.1)."""
    return bytes([data[0] & ~_VP8_SHOWN]) + data[1:]


def is_hidden_vp8(data: bytes) -> bool:
    """Whether a frame of VP8 is not shown."""
    return not data[0] & _VP8_SHOWN


def black(video: VideoStream) -> VideoFrame:
    """Return a black picture of the size of a stream."""
    planes = np.full((video.height * 3 // 2, video.width), 128, dtype=np.uint8)
    planes[: video.height] = 16
    frame = VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.time_base = MS
    return frame


def to_i420(image: NDArray[np.uint8], picture: PictureFormat) -> VideoFrame:
    """Return a BGR picture in the form and the size that the encoder takes."""
    width, height = _even(picture.width_px), _even(picture.height_px)
    rows, columns = image.shape[:2]
    if (columns, rows) not in ((picture.width_px, picture.height_px), (width, height)):
        image = _fitted(image, width, height)
    # cv2 needs 0.5 ms where PyAV's own conversion needs 3.5 (1280x720, measured).
    planes = cv2.cvtColor(image[:height, :width], cv2.COLOR_BGR2YUV_I420)
    frame = VideoFrame.from_ndarray(planes.astype(np.uint8, copy=False), format="yuv420p")
    frame.time_base = MS
    return frame


def _even(size_px: int) -> int:
    return size_px & ~1


def _fitted(image: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Scale a picture into a size, its own proportions kept, black around it."""
    rows, columns = image.shape[:2]
    scale = min(width_px / columns, height_px / rows)
    inner_px = max(1, round(columns * scale)), max(1, round(rows * scale))
    small = cv2.resize(image, inner_px, interpolation=cv2.INTER_AREA)
    left, top = (width_px - inner_px[0]) // 2, (height_px - inner_px[1]) // 2
    whole = np.zeros((height_px, width_px, 3), dtype=np.uint8)
    whole[top : top + inner_px[1], left : left + inner_px[0]] = small
    return whole
