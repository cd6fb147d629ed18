"""What the recorder noted about a take, for those who read its numbers.

A microphone that died is no pause of the candidate's, and a camera that was unplugged no look
aside: the numbers have to know.
"""

from __future__ import annotations

from analysis.results import Caution
from analysis.timeline import Segment, Segments, support
from recorder.session import CaptureHealth, Fault

_NO_SOUND = ("microphone-stalled", "microphone-zeros", "audio-gap", "suspended")
_NO_PICTURE = ("camera-gone", "camera-stalled", "picture-black", "picture-constant", "video-failed")
_OTHERS = {
    "microphone-replaced": "Another microphone took over {when}: level and voice are not of one.",
    "microphone-clipping": "The sound was too loud and distorted {when}.",
    "disk-full": "The disk was full: the recording ends before you did.",
}


def lost_sound(health: CaptureHealth | None, duration_s: float) -> Segments:
    """Return where the microphone delivered nothing.

    Parameters
    ----------
    health : of the take; None = nothing is known.
    duration_s : of the recording: the end of what lasted to the end.
    """
    return _spans(health.faults if health else (), _NO_SOUND, duration_s)


def capture_cautions(health: CaptureHealth | None, duration_s: float) -> tuple[Caution, ...]:
    """Return what a reader of the numbers has to know, a sentence for each kind of trouble."""
    if health is None:
        return ()
    cautions = []
    if health.recovered:
        text = "The recording was cut off and repaired: the end of the answer may be missing."
        cautions.append(Caution("recording-cut-off", text))
    lost = lost_sound(health, duration_s)
    if lost:
        text = (
            f"The microphone delivered nothing {_when(lost)}: this counts neither as speech nor as"
            " a pause of yours, and what you said there is missing."
        )
        cautions.append(Caution("sound-lost", text))
    unseen = _spans(health.faults, _NO_PICTURE, duration_s)
    if unseen:
        text = f"The camera delivered nothing {_when(unseen)}: the picture was not measured there."
        cautions.append(Caution("picture-lost", text))
    for kind, text in _OTHERS.items():
        spans = _spans(health.faults, (kind,), duration_s)
        if spans:
            cautions.append(Caution(kind, text.format(when=_when(spans))))
    return tuple(cautions)


def _spans(faults: tuple[Fault, ...], kinds: tuple[str, ...], duration_s: float) -> Segments:
    """Return when there was trouble of some kinds, within the recording."""
    spans = []
    for fault in faults:
        if fault.kind in kinds and fault.start_s <= duration_s:
            end_s = duration_s if fault.end_s is None else min(fault.end_s, duration_s)
            # What lasted for less than a hundredth of a second is told as well.
            spans.append(Segment(fault.start_s, max(end_s, fault.start_s + 0.01)))
    return support(spans)


def _when(spans: Segments) -> str:
    told = [f"at {_clock(s.start)} for {max(s.duration_s, 0.1):.1f} s" for s in spans[:3]]
    more = f" and {len(spans) - 3} more times" if len(spans) > 3 else ""
    return ", ".join(told) + more


def _clock(time_s: float) -> str:
    return f"{int(time_s // 60)}:{int(time_s % 60):02}"
