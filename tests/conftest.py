"""What every test gets: a data folder of its own, no unseen ERROR logs, the real recordings."""

from __future__ import annotations

import logging
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.devices.environment import missing

ROOT = Path(__file__).resolve().parents[1]

# Started in the background of a script, or by nohup, a program is born deaf to these, and so are
# all that it starts: the tests of Ctrl-C and of closed terminals could not reach them.
for _name, _hearing in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    _number = getattr(signal, _name, None)
    if _number is not None and signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _hearing)

pytest_plugins = ["tests.devices.fixtures"]


def _shared_media() -> Path:
    """Return the folder of real recordings: beside the checkout, or where the variable says."""
    override = os.environ.get("MENSETSU_SHARED_MEDIA")
    return Path(override) if override else ROOT.parent / "shared" / "media"


def pytest_collection_modifyitems(config, items):
    """Leave out what this machine can't run, and remember how much that was."""
    left_out = {}
    if not _shared_media().is_dir():
        left_out["shared_media"] = f"no recordings at {_shared_media()}"
    if lacking := missing():
        left_out["virtual_devices"] = lacking
    if "hardware" not in config.option.markexpr:
        left_out["hardware"] = "devices are needed: run with -m hardware"
    config.left_out = []
    for marker, reason in left_out.items():
        dropped = [item for item in items if item.get_closest_marker(marker)]
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = [item for item in items if not item.get_closest_marker(marker)]
            config.left_out.append(f"{len(dropped)} {marker} tests left out: {reason}")


def pytest_terminal_summary(terminalreporter, config):
    for line in getattr(config, "left_out", ()):
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real recordings (only for tests with the marker shared_media)."""
    return _shared_media()


@pytest.fixture(scope="session")
def _models_folder(tmp_path_factory) -> Iterator[Path]:
    """One `models` folder for all tests, filled by the first that needs a model."""
    folder = tmp_path_factory.mktemp("shared-home") / "models"
    folder.mkdir()
    yield folder
    # pytest keeps the folders of its last runs; 220 MB each are too much for that.
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def packaged_models(_models_folder) -> Path:
    """The `models` folder with every packaged model assembled in it, once."""
    from analysis.models import PACKAGED, resolve_model

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MENSETSU_HOME", str(_models_folder.parent))
        for name in PACKAGED:
            resolve_model(name)
    return _models_folder


@pytest.fixture(autouse=True)
def home(request, tmp_path_factory, monkeypatch, _models_folder) -> Path:
    """A data folder of its own for every test; its `models` leads to the shared ones."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("MENSETSU_HOME", str(folder))
    try:
        (folder / "models").symlink_to(_models_folder, target_is_directory=True)
    except OSError:  # Windows without the right to make links: hard links of the files
        models = request.getfixturevalue("packaged_models")
        shutil.copytree(models, folder / "models", copy_function=os.link)
    return folder


@pytest.fixture(autouse=True)
def _no_error_logs(caplog):
    """Fail a test that logs an ERROR; one that means to calls `caplog.clear()` at its end."""
    yield
    for phase in ("setup", "call"):
        errors = [r for r in caplog.get_records(phase) if r.levelno >= logging.ERROR]
        assert not errors, "\n".join(f"{r.name}: {r.getMessage()}" for r in errors)
