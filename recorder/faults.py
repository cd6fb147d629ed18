"""What can go wrong during a recording, in plain words.

Every kind has one sentence that says what happened and one that says what to do; both are shown
the moment a watchdog notices, and stand in the take's health afterwards.
"""

from __future__ import annotations

from recorder.session import Fault

KINDS: dict[str, tuple[str, str]] = {
    "microphone-stalled": (
        "The microphone stopped sending sound.",
        "Check its plug or its connection; silence is recorded until it comes back.",
    ),
    "microphone-zeros": (
        "The microphone sends nothing but digital silence.",
        "Unmute it, and allow this program to use the microphone in the system's privacy settings.",
    ),
    "microphone-replaced": (
        "Another microphone took over.",
        "Plug the chosen one in again, or end this take and choose the microphone you want.",
    ),
    "microphone-clipping": (
        "The sound is too loud and gets distorted.",
        "Turn the microphone's volume down, or move away from it.",
    ),
    "audio-gap": (
        "A piece of sound was lost.",
        "Silence of the same length stands in its place; close other programs if it happens again.",
    ),
    "camera-gone": (
        "The camera is gone.",
        "Plug it in again; the sound goes on being recorded.",
    ),
    "camera-stalled": (
        "The camera stopped sending pictures.",
        "Close other programs that use it, or plug it in again; the sound goes on being recorded.",
    ),
    "picture-black": (
        "The picture is black.",
        "Open the camera's cover, switch a light on, and allow this program to use the camera.",
    ),
    "picture-constant": (
        "The picture does not change at all.",
        "The camera may be frozen or blocked by a privacy switch: plug it in again.",
    ),
    "frames-dropped": (
        "Many pictures are being lost.",
        "Close other programs: the computer is too busy.",
    ),
    "video-failed": (
        "The picture can't be recorded any more.",
        "The sound goes on being recorded.",
    ),
    "write-failed": (
        "The recording can't be written any more: the take was closed, what was recorded is kept.",
        "Check the disk, or record to another one.",
    ),
    "disk-low": (
        "The disk is nearly full.",
        "Free some space before the next answer.",
    ),
    "disk-full": (
        "The disk is full: the take was closed, and what was recorded so far is kept.",
        "Free some space, then answer again.",
    ),
    "suspended": (
        "The computer slept or stood still.",
        "Silence stands in the place of the missing time; answer this question again.",
    ),
    "clock-changed": (
        "The computer's clock was changed.",
        "Nothing to do: the recording does not depend on it.",
    ),
}


def describe(fault: Fault) -> tuple[str, str]:
    """Return what happened (with the detail) and what to do, a sentence each."""
    happened, advice = KINDS[fault.kind]
    if fault.detail:
        happened = f"{happened.rstrip('.')} ({fault.detail})."
    return happened, advice
