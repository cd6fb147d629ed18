"""Which device is meant: by number, id or part of the name (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from recorder.errors import DeviceUnusable


class Named(Protocol):
    """What a device needs to be chosen."""

    @property
    def id(self) -> str:
        """What is stored: stays the same when the device is plugged in again."""
        ...

    @property
    def name(self) -> str:
        """What people know it by."""
        ...


Device = TypeVar("Device", bound=Named)


def choose(
    devices: Sequence[Device],
    wanted: str | None,
    remembered: str | None,
    *,
    default: Device,
    kind: str,
    error: type[DeviceUnusable],
    other_ids: Mapping[str, Device] | None = None,
) -> Device:
    """Choose one of ``devices``, of which there is at least one.

    Parameters
    ----------
    wanted
        In this order: an id; a number, the place in the list that ``mensetsu devices`` shows
        (the first is 1); a part of a name or an id, in any case, that fits one device only.
        None or empty = no wish.
    remembered
        Id that was used before: taken where there is no wish and the device is there.
    default
        Taken where there is neither.
    kind
        "microphone" or "camera", for the message.
    other_ids
        Under which they may have been stored when other devices were there (`with_place`).

    Raises
    ------
    DeviceUnusable
        Of the class ``error``, reason "unknown": nothing fits, or more than one.
    """
    by_id = {**(other_ids or {}), **{d.id: d for d in devices}}
    wanted = (wanted or "").strip()
    if not wanted:
        return by_id.get(remembered or "", default)
    if wanted in by_id:
        return by_id[wanted]
    if wanted.isdecimal():
        place = int(wanted)
        if 1 <= place <= len(devices):
            return devices[place - 1]
        raise error(f"there is no {kind} {place}: there {_listed(devices)}", "unknown")
    fitting = [d for d in devices if d.name.casefold() == wanted.casefold()]
    if not fitting:
        part = wanted.casefold()
        fitting = [d for d in devices if part in d.name.casefold() or part in d.id.casefold()]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise error(
            f"more than one {kind} fits {wanted!r}: {_names(devices, fitting)}; "
            "give the number or more of the name",
            "unknown",
        )
    raise error(f"there is no {kind} {wanted!r}: there {_listed(devices)}", "unknown")


def told_apart(ids: Sequence[str], places: Sequence[str]) -> tuple[str, ...]:
    """Return ids that differ: those that stand more than once get their place added."""
    named = [
        with_place(id_, place) if ids.count(id_) > 1 else id_
        for id_, place in zip(ids, places, strict=True)
    ]
    # Alike in place too: the order is all that is left.
    return tuple(
        id_ if named.index(id_) == i else f"{id_}#{named[: i + 1].count(id_)}"
        for i, id_ in enumerate(named)
    )


def with_place(id_: str, place: str) -> str:
    """Return the id of a device of which there are two, with the place where it is plugged in."""
    return f"{id_} @ {place}" if place else id_


def _listed(devices: Sequence[Named]) -> str:
    verb = "is only" if len(devices) == 1 else "are"
    return f"{verb} {_names(devices, devices)} (mensetsu devices lists them)"


def _names(devices: Sequence[Named], some: Sequence[Named]) -> str:
    return ", ".join(f"{i} {d.name}" for i, d in enumerate(devices, 1) if d in some)
