"""``record``: questions asked and answers recorded, at the terminal."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.models import user_dir
from app import config
from app.check_store import newest_setup
from app.commands.analyse import analyse_all
from app.errors import AppError
from app.keys import open_keys
from app.priority import lower_priority
from app.record_choices import (
    calibration_for,
    choose_drill,
    choose_language,
    choose_questions,
    open_goals,
)
from app.record_display import open_display
from app.remembered import read_choices, remember
from app.self_rating import offer_ratings
from app.session_folder import (
    check_language,
    open_session,
    recover_folder,
    recover_given,
    recover_unfinished,
    session_language,
)
from app.sitting import Plan, Sitting
from app.sources import find_recordings
from app.takes import clock, health, title
from recorder.errors import CameraUnusable, RecorderError, RecorderFailed
from recorder.messages import CaptureOptions, Ready
from recorder.session import Session, Take, read_session

if TYPE_CHECKING:
    from recorder.capture import Recorder

_STOPPED = 130


class SessionLanguage(enum.StrEnum):
    """Languages of a session."""

    en = "en"
    ja = "ja"


def record(
    question: Annotated[
        list[str] | None,
        typer.Option(metavar="ID|TEXT", help="What to ask; may be given several times."),
    ] = None,
    set_name: Annotated[
        str | None,
        typer.Option("--set", metavar="NAME", help="A set of questions, for instance quick."),
    ] = None,
    drill: Annotated[
        str | None,
        typer.Option(metavar="ID", help="An exercise instead of a question (mensetsu drills)."),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(metavar="N|NAME", help="As 'mensetsu devices' lists them. Remembered."),
    ] = None,
    microphone: Annotated[
        str | None,
        typer.Option(metavar="N|NAME", help="As 'mensetsu devices' lists them. Remembered."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=1, metavar="N", help="End every answer after N seconds."),
    ] = None,
    no_video: Annotated[bool, typer.Option("--no-video", help="Record sound only.")] = False,
    language: Annotated[
        SessionLanguage | None, typer.Option(help="Language of the answers. Remembered.")
    ] = None,
    session: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Go on with a session, or make one in this folder."),
    ] = None,
    analyse: Annotated[
        bool | None,
        typer.Option("--analyse/--no-analyse", help="Analyse afterwards. Default: it asks."),
    ] = None,
) -> None:
    """Ask questions and record the answers."""
    if no_video and camera is not None:
        raise typer.BadParameter("leave either --camera or --no-video out")
    if drill is not None and (question or set_name is not None):
        raise typer.BadParameter("an exercise is recorded by itself: leave --question, --set out")
    exercise = None if drill is None else choose_drill(drill)
    by_hand = _interactive()
    recover_unfinished(config.sessions_dir())
    recover_given(session)
    before = session_language(session)
    if exercise is not None:
        asked = (exercise[1],)
        seconds = exercise[0].ends_after_s if seconds is None else seconds
    else:
        asked = choose_questions(question or [], set_name, ask=by_hand)
    choices = read_choices(config.choices_file())
    wanted = language.value if language is not None else None
    if session is not None and before is not None:
        check_language(session, before, wanted)
    spoken = before or choose_language(wanted, choices, asked, ask=by_hand)
    known = by_hand or wanted or choices.language or before
    level_band = config.targets().bands["any", "level_dbfs"]
    plan = Plan(
        asked,
        seconds,
        by_hand=sys.stdin is not None and sys.stdin.isatty(),
        goals=open_goals(asked, spoken),
    )
    setup, calibration = None, None
    if before is None:  # what an earlier session began with holds for all its takes
        setup = newest_setup(user_dir())
        calibration = None if no_video else calibration_for(camera, choices.camera)
    options = CaptureOptions(
        microphone=microphone,
        camera=camera,
        video=not no_video,
        language=spoken,
        setup=setup,
        calibration=calibration,
        remembered_microphone=choices.microphone,
        remembered_camera=choices.camera,
    )
    with open_session(session, spoken, setup, calibration) as folder:
        earlier = {take.id for take in read_session(folder).takes}
        sitting: Sitting | None = None
        with _kept_when_stopped(folder, earlier):
            if by_hand:  # on Windows, a camera may take half a minute
                typer.echo("Opening the microphone and the camera …", err=True)
            recorder, ready = _open_recorder(folder, options, ask=by_hand)
            with recorder:
                _remember(ready, microphone, camera, wanted)
                languages = (spoken,) if known else ("en", "ja")
                with open_keys() as keys, open_display(ready, languages) as display:
                    sitting = Sitting(plan, recorder, keys, display, level_band)
                    sitting.run()
            if sitting.not_ended:
                _recover_now(folder)
        done = read_session(folder)
        takes = tuple(take for take in done.takes if take.id not in earlier)
        _show_takes(done, takes, folder)
        if sitting.cut_short:
            raise AppError(sitting.cut_short)
    if takes:
        _analyse_or_say_how(folder, takes, analyse, ask=by_hand)


def _interactive() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _open_recorder(folder: Path, options: CaptureOptions, *, ask: bool) -> tuple[Recorder, Ready]:
    """Open the devices; without a usable camera, offer to record sound only."""
    from recorder.capture import Recorder

    recorder = Recorder(folder, options)
    try:
        return recorder, recorder.open()
    except CameraUnusable as exc:
        recorder.close()
        if exc.reason == "unknown":
            raise  # a slip: no reason to do without
        if not ask:
            hint = "" if "--no-video" in str(exc) else "; --no-video records sound only"
            raise CameraUnusable(f"{exc}{hint}", exc.reason) from exc
        typer.echo(str(exc), err=True)
        if not typer.confirm("Record sound only?", default=True, err=True):
            raise typer.Exit(1) from exc
    except BaseException:
        recorder.close()
        raise
    recorder = Recorder(folder, dataclasses.replace(options, video=False))
    try:
        return recorder, recorder.open()
    except BaseException:
        recorder.close()
        raise


def _remember(
    ready: Ready, microphone: str | None, camera: str | None, language: str | None
) -> None:
    """Remember what was chosen now, and that it could be used."""
    try:
        remember(
            config.choices_file(),
            microphone=ready.microphone_id if microphone is not None else None,
            camera=ready.camera_id if camera is not None else None,
            language=language,
        )
    except AppError as exc:
        typer.echo(f"note: the choice is not remembered: {exc}", err=True)


@contextlib.contextmanager
def _kept_when_stopped(folder: Path, earlier: set[str]) -> Iterator[None]:
    """Say where the answers are if the recording is stopped or breaks off."""
    try:
        yield
    except KeyboardInterrupt:
        # The terminal may be gone; the recordings are not.
        with contextlib.suppress(OSError):
            takes = [take for take in read_session(folder).takes if take.id not in earlier]
            if takes:
                seconds = sum(take.duration_s for take in takes)
                answers = "1 answer" if len(takes) == 1 else f"{len(takes)} answers"
                typer.echo(f"Stopped; {answers} kept ({clock(seconds)}) in {folder}", err=True)
            else:
                typer.echo("Stopped; nothing was recorded.", err=True)
        sys.exit(_STOPPED)
    except RecorderFailed:
        # What was written until then is to be readable at once.
        with contextlib.suppress(RecorderError):
            recover_folder(folder)
        raise


def _recover_now(folder: Path) -> None:
    """Restore the answers of this sitting whose files could not be ended as they should."""
    try:
        recover_folder(folder)
    except RecorderError as exc:
        typer.echo(f"note: not recovered yet, 'mensetsu recover' tries again: {exc}", err=True)


def _show_takes(session: Session, takes: tuple[Take, ...], folder: Path) -> None:
    if not takes:
        typer.echo("Nothing was recorded.")
        return
    typer.echo(f"Session {session.id}")
    for take in takes:
        low, high = take.question.band_s
        number = take.id.rpartition("-")[2]
        typer.echo(
            f"  {number}  {clock(take.duration_s):>5}  (target {clock(low)}–{clock(high)})"
            f"  {title(take)}: {health(take)}"
        )
    typer.echo(f"folder: {folder}")


def _analyse_or_say_how(
    folder: Path, takes: tuple[Take, ...], analyse: bool | None, *, ask: bool
) -> None:
    if analyse is None and ask:
        offer_ratings(folder, takes)
        analyse = typer.confirm("Analyse now?", default=True, err=True)
    if not analyse:
        typer.echo(f"analyse: mensetsu analyse {folder}", err=True)
        return
    lower_priority()
    new = {take.id for take in takes}
    analyse_all([r for r in find_recordings(folder) if r.take_id in new])
