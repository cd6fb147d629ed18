"""Set-up checks and gaze calibrations as they lie on disk: ``checks/`` in the data folder.

A file each, named by its time, never written twice. A file that can't be read is as good as none.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import OutputRefused
from recorder.session import GazeCalibration, SetupUsed

if TYPE_CHECKING:
    # It loads the decoders.
    from analysis.setup_check import SetupCheck

# 1: first version.
SCHEMA = 1
FOLDER = "checks"

_GAZE = "-gaze"


def check_to_dict(check: SetupCheck, *, live: bool) -> dict[str, Any]:
    """Return the JSON form of a check.

    Parameters
    ----------
    check : the result.
    live : whether devices were checked, not a file.
    """
    return {
        "schema": SCHEMA,
        "made": check.made,
        "live": live,
        "passed": list(check.passed),
        "to_fix": list(check.to_fix),
        "not_checked": list(check.not_checked),
        "items": [
            {name: _plain(value) for name, value in dataclasses.asdict(item).items()}
            for item in check.items
        ],
        "devices": {
            name: _plain(value) for name, value in dataclasses.asdict(check.devices).items()
        },
    }


def save_check(home: Path, told: dict[str, Any]) -> Path:
    """Write a check (as `check_to_dict` made it) and return its path.

    Raises
    ------
    OutputRefused
        The data folder can't be written.
    """
    return _write(home, told, "")


def save_calibration(home: Path, calibration: GazeCalibration) -> Path:
    """Write a gaze calibration and return its path.

    Raises
    ------
    OutputRefused
        The data folder can't be written.
    """
    return _write(home, {"schema": SCHEMA, **dataclasses.asdict(calibration)}, _GAZE)


def earlier_checks(home: Path) -> tuple[str, ...]:
    """Return when devices were checked, UTC in ISO 8601, the newest first."""
    return tuple(data["made"] for data in _checks(home))


def newest_setup(home: Path) -> SetupUsed | None:
    """Return the newest check of devices, for a session to remember; None = there is none."""
    for data in _checks(home):
        try:
            return SetupUsed(
                made=data["made"],
                passed=tuple(data["passed"]),
                to_fix=tuple(data["to_fix"]),
                not_checked=tuple(data["not_checked"]),
            )
        except (KeyError, TypeError):
            continue
    return None


def newest_calibration(home: Path, camera_name: str | None) -> GazeCalibration | None:
    """Return the newest gaze calibration that was made with a camera; None = there is none."""
    found = []
    for data in _read(home, gaze=True):
        known = {f.name for f in dataclasses.fields(GazeCalibration)}
        try:
            calibration = GazeCalibration(**{k: v for k, v in data.items() if k in known})
        except TypeError:
            continue
        if calibration.camera == camera_name and math.isfinite(calibration.lens_yaw_deg):
            found.append(calibration)
    return max(found, key=lambda each: each.made, default=None)


def _checks(home: Path) -> list[dict[str, Any]]:
    """Return the checks of devices, the newest first."""
    live = [data for data in _read(home, gaze=False) if data.get("live") is True]
    return sorted(live, key=lambda data: data["made"], reverse=True)


def _read(home: Path, *, gaze: bool) -> list[dict[str, Any]]:
    found = []
    for path in (home / FOLDER).glob("*.json"):
        if path.stem.endswith(_GAZE) != gaze:
            continue
        try:
            data: Any = json.loads(path.read_text(encoding="utf-8"))
            datetime.datetime.fromisoformat(data["made"])
            if data["schema"] <= SCHEMA:
                found.append(data)
        except (OSError, ValueError, LookupError, TypeError):
            continue
    return found


def _write(home: Path, data: dict[str, Any], ending: str) -> Path:
    folder = home / FOLDER
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".new-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            target = _free_name(folder, ending)
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise OutputRefused(
            f"the result can't be kept in {folder} ({exc.strerror or exc}): free some space, or set"
            " MENSETSU_HOME to a folder that can be written"
        ) from exc
    return target


def _free_name(folder: Path, ending: str) -> Path:
    """Take a name that nobody has: the empty file that holds it is replaced at once."""
    while True:
        now = datetime.datetime.now(datetime.UTC)
        target = folder / f"{now:%Y%m%d-%H%M%S-%f}{ending}.json"
        try:
            target.open("x").close()
        except FileExistsError:
            continue
        return target


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return list(value) if isinstance(value, tuple) else value
