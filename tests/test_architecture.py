"""Promises about the whole: what imports what, what is locked, what a checkout must not hold."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MEDIA = {"cv2", "mediapipe", "faster_whisper", "ctranslate2", "sounddevice", "av", "parselmouth"}
# Texts that are data, not code: no program of ours.
BINARY = {".mp4", ".png", ".jpg", ".wav", ".m4a"}


def loaded_by(statement):
    """Return the top-level modules that a statement loads in a fresh interpreter."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "statement",
    [
        "import reports.html",
        "import reports.export",
        "import recorder.session",
        "import recorder.questions",
        "from app import cli",
        "import contextlib\nfrom typer.testing import CliRunner\nfrom app.cli import cli\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
        "assert CliRunner().invoke(cli, ['questions', 'list']).exit_code == 0",
    ],
)
def test_reports_and_help_load_no_media_library(statement):
    assert loaded_by(statement) & MEDIA == set()


def test_the_import_contract_names_every_module_of_the_recorder():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (contract,) = (
        c
        for c in tomllib.loads(text)["tool"]["importlinter"]["contracts"]
        if c["name"].startswith("Of the recorder")
    )
    modules = {f"recorder.{path.stem}" for path in (ROOT / "recorder").glob("*.py")}
    open_to_all = {"recorder.__init__", "recorder.session", "recorder.errors"}
    assert set(contract["forbidden_modules"]) == modules - open_to_all


def test_the_session_format_needs_the_standard_library_alone():
    ours = {"recorder", "json"}
    extra = loaded_by("import recorder.session") - loaded_by("pass") - ours
    assert extra <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_name_packages_not_places(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert all(re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^ ]+( ;.*)?( *#.*)?$", p) for p in pins)
    assert not re.search(r"https?://|file:|--(extra-)?index|--find-links", "\n".join(lines))


def test_the_lock_has_one_opencv_and_no_jax():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Za-z0-9._-]+)==", text, re.M)
    assert [n for n in names if n.startswith("opencv")] == ["opencv-python"]
    assert [n for n in names if n.startswith(("jax", "torch", "tensorflow"))] == []
    assert re.search(r"^mediapipe==0\.10\.21$", text, re.M)


def tracked():
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in done.stdout.split("\0") if name]


def test_no_paths_of_a_machine_in_tracked_files():
    place = re.compile(r"(?<![\w.])/(?:home|Users|root|work|mnt)/[a-z]|[A-Z]:\\Users\\")
    found = []
    for path in tracked():
        if path.suffix in BINARY or not path.is_file() or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if place.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert found == []


def test_no_weights_in_the_checkout():
    sizes = {path: path.stat().st_size for path in tracked() if path.is_file()}
    assert max(sizes.values()) < 4e6
    assert not [p for p in sizes if p.suffix in (".bin", ".onnx", ".tflite", ".pt")]


def test_import_contracts():
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [tool, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_init_files_among_the_tests():
    """With one, pytest would take tests/analysis for the package analysis."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []
