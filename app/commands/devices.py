"""``devices``: microphones and cameras, numbered."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app import config
from app.output import print_json
from app.record_view import printable
from app.remembered import read_choices
from recorder.errors import DeviceUnusable

if TYPE_CHECKING:
    from recorder.audio import Microphone
    from recorder.camera_list import Camera

BLUETOOTH = "Bluetooth: narrow, muffled sound; prefer another one"

TROUBLE = {"permission": "may not be used: allow it", "busy": "in use by another program"}


def devices(
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show the microphones and cameras that are there."""
    from recorder.audio import list_microphones
    from recorder.camera_list import list_cameras

    choices = read_choices(config.choices_file())
    microphones, no_microphones = _listed(list_microphones)
    cameras, no_cameras = _listed(list_cameras)
    if as_json:
        print_json(
            {
                "microphones": _rows(microphones, choices.microphone),
                "cameras": _rows(cameras, choices.camera),
                "problems": [text for text in (no_microphones, no_cameras) if text],
            }
        )
        return
    _show("Microphones", microphones, _microphone_facts, choices.microphone, no_microphones)
    _show("Cameras", cameras, _camera_facts, choices.camera, no_cameras)
    if microphones or cameras:
        typer.echo("Choose with --microphone or --camera: number, id or part of the name.")


def _listed(listing: Any) -> tuple[Sequence[Any], str]:
    """Return the devices of a kind, or why they can't be listed."""
    try:
        return listing(), ""
    except DeviceUnusable as exc:
        return (), str(exc)


def _rows(found: Sequence[Any], remembered: str | None) -> list[dict[str, Any]]:
    rows = []
    for number, device in enumerate(found, start=1):
        facts = dataclasses.asdict(device)
        for passing in ("index", "backend", "device"):
            facts.pop(passing, None)
        rows.append({"number": number, **facts, "remembered": device.id == remembered})
    return rows


def _show(
    title: str,
    found: Sequence[Any],
    facts: Callable[[Any], list[str]],
    remembered: str | None,
    problem: str,
) -> None:
    typer.echo(title)
    if not found:
        typer.echo(f"  {problem or 'none found'}")
    for number, device in enumerate(found, start=1):
        marks = [*facts(device), *(["remembered"] if device.id == remembered else [])]
        typer.echo(f"  {number}  {printable(device.name)}")
        if marks:
            typer.echo(f"     {', '.join(marks)}")
        if device.id != device.name:
            typer.echo(f"     id: {printable(device.id)}")
    typer.echo("")


def _camera_facts(camera: Camera) -> list[str]:
    return [TROUBLE[camera.trouble]] if camera.trouble else []


def _microphone_facts(device: Microphone) -> list[str]:
    channels = "1 channel" if device.channels == 1 else f"{device.channels} channels"
    facts = [f"{device.rate_hz / 1000:g} kHz", channels]
    facts += ["default"] if device.default else []
    facts += [device.processing] if device.processing not in ("none", "unknown") else []
    facts += ["muted"] if device.muted else []
    facts += [BLUETOOTH] if device.bluetooth else []
    return facts
