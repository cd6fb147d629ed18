"""The two-point gaze calibration, guided: the lens, then the middle of the screen."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import typer

from analysis.errors import CalibrationRefused
from analysis.gaze_calibration import calibrate_file
from analysis.timeline import Segment
from app.check_recording import (
    QUESTION,
    Wanted,
    finish,
    scratch_session,
    take_s,
    wait_for_take,
)
from recorder.errors import DeviceUnusable
from recorder.session import GazeCalibration

POINT_S = 3.0
"""per point (the project's requirement)"""
READY_S = 3.0
"""to read what comes; our judgement"""

_TONE_HZ, _TONE_S, _TONE_RATE_HZ = 880.0, 0.15, 48_000


def calibrate_gaze(
    home: Path, wanted: Wanted, tell: Callable[[str], None], signal: Callable[[], None]
) -> GazeCalibration:
    """Guide the user through the two points and return the calibration.

    Parameters
    ----------
    home : the data folder.
    wanted : the devices.
    tell : shows a line to the user.
    signal : makes a sound, for the user who must not look at the screen.

    Raises
    ------
    CalibrationRefused
        It can't be relied on.
    RecorderError, MediaUnreadable
        It can't be recorded.
    """
    from recorder.capture import Recorder

    with scratch_session(home) as folder:
        with Recorder(folder, wanted.options()) as recorder:
            ready = recorder.open()
            if ready.camera is None:
                raise CalibrationRefused("there is no camera to calibrate with")
            tell("Gaze: sit as in the interview, the window of the call in the middle.")
            tell(f"  1. Look into the LENS of the camera for {POINT_S:.0f} s, until a tone comes.")
            tell(f"  2. Then look at the MIDDLE OF THE SCREEN for {POINT_S:.0f} s.")
            for left in range(round(READY_S), 0, -1):
                tell(f"  {left} …")
                time.sleep(1.0)
            recorder.begin(QUESTION)
            wait_for_take(recorder)
            spans = []
            for place in ("look at the lens", "look at the middle of the screen"):
                tell(f"  Now {place}.")
                start_s = take_s(recorder)
                time.sleep(POINT_S)
                spans.append(Segment(start_s, start_s + POINT_S))
                signal()
            take = finish(recorder)
            recorder.close()
        tell("Measuring …")
        found = calibrate_file(folder / take.media, *spans)
    return GazeCalibration(
        lens_yaw_deg=found.lens_yaw_deg,
        lens_pitch_deg=found.lens_pitch_deg,
        screen_yaw_deg=found.screen_yaw_deg,
        screen_pitch_deg=found.screen_pitch_deg,
        made=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        camera=ready.camera,
    )


def tone() -> None:
    """Make a short sound: from the loudspeaker, else the terminal's bell."""
    from recorder.audio import play

    t = np.arange(round(_TONE_S * _TONE_RATE_HZ)) / _TONE_RATE_HZ
    shape = np.sin(np.pi * t / _TONE_S)
    try:
        play((0.1 * shape * np.sin(2 * np.pi * _TONE_HZ * t)).astype(np.float32), _TONE_RATE_HZ)
    except DeviceUnusable:
        typer.echo("\a", nl=False, err=True)
