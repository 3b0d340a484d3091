"""When the language model is trained and the records are read anew."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bot import training
from bot.settings import Settings


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose files can be changed, trained by a stand-in for `python -m rasa`."""
    root = tmp_path / "project"
    for name in ("config.yml", "domain.yml", "nlu/data/acts.yml", "knowledge/base/one.yml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("one")
    (root / "knowledge" / "encoder.py").touch()
    monkeypatch.setattr(training, "ROOT", root)
    monkeypatch.setattr(training, "build_index", read)
    python = root / "python"
    python.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        "said = sys.argv[1:]\n"
        "out = pathlib.Path(said[said.index('--out') + 1])\n"
        f"if pathlib.Path({str(root / 'broken')!r}).exists():\n"
        "    print('YamlException: line 3'); sys.exit(1)\n"
        "out.joinpath('desk.tar.gz').write_text(' '.join(said))\n"
    )
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(python))
    return root


def read(settings: Settings) -> None:
    """Stands where the records are embedded; leaves a line each time."""
    settings.index_folder.mkdir(parents=True, exist_ok=True)
    with (settings.index_folder / "router.pickle").open("a") as file:
        file.write("read\n")


def times_read(settings: Settings) -> int:
    return len((settings.index_folder / "router.pickle").read_text().splitlines())


def prepare(settings: Settings, force: bool = False) -> tuple[bool, str]:
    said = io.StringIO()
    return training.prepare(settings, Console(file=said), force), said.getvalue()


def test_training_happens_once_until_something_changes(root: Path, settings: Settings) -> None:
    trained, said = prepare(settings)
    assert trained
    assert "trained" in said
    assert prepare(settings) == (False, "")
    (root / "nlu" / "data" / "acts.yml").write_text("two")
    assert prepare(settings)[0]
    assert prepare(settings) == (False, "")


def test_a_new_record_is_read_and_needs_no_training(root: Path, settings: Settings) -> None:
    prepare(settings)
    (root / "knowledge" / "base" / "two.yml").write_text("new")
    assert not prepare(settings)[0]
    assert times_read(settings) == 2
    assert prepare(settings) == (False, "")
    assert times_read(settings) == 2


def test_it_can_be_forced(root: Path, settings: Settings) -> None:
    prepare(settings)
    assert prepare(settings, force=True)[0]
    assert "--force" in training.model_file(settings).read_text()


def test_a_failure_shows_the_end_of_the_log_and_is_not_taken_for_a_model(
    root: Path, settings: Settings
) -> None:
    prepare(settings)
    (root / "config.yml").write_text("changed")
    (root / "broken").touch()
    with pytest.raises(training.TrainingFailed, match="YamlException: line 3"):
        prepare(settings)
    (root / "broken").unlink()
    assert prepare(settings)[0]


def test_code_data_and_configuration_are_ingredients() -> None:
    names = {path.relative_to(training.ROOT).as_posix() for path in training.ingredients()}
    assert {"config.yml", "domain.yml", "nlu/tokenizer.py", "nlu/data/rules.yml"} <= names
    assert not {name for name in names if "__pycache__" in name}


def test_records_and_their_examples_are_what_the_index_is_made_from() -> None:
    names = {path.relative_to(training.ROOT).as_posix() for path in training.records()}
    assert {"knowledge/search.py", "knowledge/base/examples/stay_extension.yml"} <= names
