"""``check``: camera, microphone, light and place before an interview."""

from __future__ import annotations

import dataclasses
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.errors import AnalysisError
from analysis.models import user_dir
from app import config
from app.check_recording import Wanted
from app.check_store import (
    check_to_dict,
    earlier_checks,
    save_calibration,
    save_check,
)
from app.check_view import BACKDROP, ask_backdrop, show_backdrop, show_check
from app.commands.record import SessionLanguage
from app.errors import AppError, OutputRefused
from app.output import print_json
from app.remembered import read_choices
from recorder.errors import RecorderError
from recorder.session import GazeCalibration

if TYPE_CHECKING:
    from analysis.setup_check import DeviceFacts, FileFacts, SetupCheck
    from analysis.setup_items import Limits

_FILE_ENDINGS = re.compile(
    r"\.(jpe?g|png|bmp|webp|tiff?|mkv|mp4|mov|webm|avi|mpe?g|m4v|wav|flac|mp3|m4a|ogg|opus|aac)$",
    re.IGNORECASE,
)


def check(
    camera: Annotated[
        str | None,
        typer.Option(metavar="N|NAME|FILE", help="Camera, or a still, a clip, a recording."),
    ] = None,
    microphone: Annotated[
        str | None, typer.Option(metavar="N|NAME|FILE", help="Microphone, or a file with sound.")
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(metavar="OUT.png", help="Write the picture with what was measured in it."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on standard output.")
    ] = False,
    calibrate: Annotated[
        bool | None,
        typer.Option(
            "--calibrate/--no-calibrate",
            help="Calibrate your gaze afterwards: the lens, then the screen. Default: it asks.",
        ),
    ] = None,
    no_echo: Annotated[
        bool, typer.Option("--no-echo", help="Play no test sound on the loudspeaker.")
    ] = False,
    language: Annotated[
        SessionLanguage | None, typer.Option(help="Language of the sentence to read.")
    ] = None,
) -> None:
    """Check camera, microphone, light and place, a day before the interview."""
    from analysis.setup_check import DeviceFacts, FileFacts, check_setup
    from analysis.setup_items import read_limits

    picture_file, sound_file = _file(camera), _file(microphone)
    # What is not named beside a file is left out: a device would be another set-up.
    from_camera = picture_file is None and (camera is not None or sound_file is None)
    from_microphone = sound_file is None and (microphone is not None or picture_file is None)
    if calibrate and not (from_camera and from_microphone):
        raise typer.BadParameter("a gaze calibration needs the devices: leave the files out")
    _check_image(image)
    home = user_dir()
    limits = read_limits(home / "setup.toml")
    choices = read_choices(config.choices_file())
    spoken = language.value if language is not None else choices.language or "en"
    wanted = Wanted(
        camera=camera,
        microphone=microphone,
        remembered_camera=choices.camera,
        remembered_microphone=choices.microphone,
        picture=from_camera,
        sound=from_microphone,
        echo=not no_echo,
        language=spoken,
    )
    measured, devices = FileFacts(None, None, None, None), DeviceFacts()
    if from_camera or from_microphone:
        from app.check_devices import check_devices

        done = check_devices(home, wanted, _tell)
        measured, devices = done.measured, done.devices
    measured, devices = _with_files(measured, devices, picture_file, sound_file)
    live = from_camera and from_microphone
    devices = dataclasses.replace(
        devices,
        free_bytes=_free_bytes(home),
        earlier_checks=earlier_checks(home) if live else None,
    )
    result = check_setup(measured.picture, measured.sound, devices, limits=limits)
    told = check_to_dict(result, live=live)
    if not as_json:
        show_check(result)
    refused: AppError | AnalysisError | RecorderError | None = None
    drawn = None
    try:
        drawn = _draw(result, limits, image)
    except OutputRefused as exc:
        refused = exc  # told at the end: the check itself is made, and is kept
    by_hand = not as_json and _interactive()
    ticked: dict[str, bool] = {}
    if by_hand:
        ticked = ask_backdrop()
    elif not as_json:
        show_backdrop()
    told["backdrop"] = [
        {"id": name, "text": text, "ticked": ticked.get(name)} for name, text in BACKDROP.items()
    ]
    told["image"] = None if drawn is None else str(drawn)
    saved = save_check(home, told)
    if calibrate is None and by_hand and live and devices.camera is not None:
        calibrate = typer.confirm("\nCalibrate your gaze now (10 seconds)?", default=True, err=True)
    calibration, why = None, None
    if calibrate:
        try:
            calibration = _calibrate(home, wanted)
        except (AppError, AnalysisError, RecorderError) as exc:
            refused, why = exc, str(exc)
    if as_json:
        found = calibration and dataclasses.asdict(calibration)
        print_json({**told, "saved": str(saved), "calibration": found, "calibration_refused": why})
    else:
        if drawn is not None:
            typer.echo(f"picture: {drawn}")
        typer.echo(f"kept: {saved}")
    if refused is not None:
        raise refused


def _with_files(
    measured: FileFacts, devices: DeviceFacts, picture_file: Path | None, sound_file: Path | None
) -> tuple[FileFacts, DeviceFacts]:
    """Add what the given files hold to what the devices yielded."""
    from analysis.setup_check import measure_file, measure_sound_file

    if picture_file is not None:
        # Sound of the same file, unless another source was given.
        alone = measured.sound is None and sound_file is None
        found = measure_file(picture_file, sound_too=alone)
        measured = dataclasses.replace(found, sound=found.sound if alone else measured.sound)
        devices = dataclasses.replace(
            devices, frame_size_px=found.frame_size_px, camera_rate_hz=found.rate_hz
        )
    if sound_file is not None:
        measured = dataclasses.replace(measured, sound=measure_sound_file(sound_file))
    return measured, devices


def _calibrate(home: Path, wanted: Wanted) -> GazeCalibration:
    """Calibrate and keep the result."""
    from app.check_gaze import calibrate_gaze, tone

    calibration = calibrate_gaze(home, wanted, _tell, tone)
    path = save_calibration(home, calibration)
    _tell(f"Your gaze is calibrated for {calibration.camera}: {path}")
    return calibration


def _draw(result: SetupCheck, limits: dict[str, Limits], image: Path | None) -> Path | None:
    from analysis.setup_drawing import draw_check, save_picture

    if image is None:
        return None
    picture = draw_check(result, limits)
    if picture is None:
        raise OutputRefused(f"{image} was not made: there is no picture to draw in")
    try:
        image.parent.mkdir(parents=True, exist_ok=True)
        save_picture(picture, image)
    except OSError as exc:
        raise OutputRefused(
            f"{image} can't be written ({exc.strerror or exc}): choose another place with --image"
        ) from exc
    return image


def _check_image(image: Path | None) -> None:
    """Refuse a place for the picture before the work, not after it."""
    from analysis.setup_drawing import IMAGE_SUFFIXES

    if image is None:
        return
    if image.suffix.lower() not in IMAGE_SUFFIXES:
        raise typer.BadParameter(f"--image must end in {' or '.join(IMAGE_SUFFIXES)}: {image}")
    if image.is_dir():
        raise OutputRefused(f"{image} is a folder: give a file with --image")


def _file(given: str | None) -> Path | None:
    """Return the file that was given; None = a device, or nothing."""
    if given is None or given.isdecimal():
        return None
    path = Path(given).expanduser()
    if path.is_file():
        return path
    # A file that is missing must not be looked for among the devices.
    return path if _FILE_ENDINGS.search(path.name) else None


def _free_bytes(home: Path) -> int | None:
    place = home
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None


def _interactive() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _tell(line: str) -> None:
    typer.echo(line, err=True)
