"""When the language model is trained anew."""

from __future__ import annotations

import io
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from bot import training
from bot.settings import Settings


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose files can be changed, trained by a stand-in for `python -m rasa`."""
    root = tmp_path / "project"
    (root / "nlu" / "data").mkdir(parents=True)
    for name in ("config.yml", "domain.yml", "nlu/data/acts.yml"):
        (root / name).write_text("one")
    monkeypatch.setattr(training, "ROOT", root)
    monkeypatch.setattr(training, "ingredients", lambda: ingredients(root))
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


def ingredients(root: Path) -> Iterator[Path]:
    yield from (root / "config.yml", root / "domain.yml", root / "nlu" / "data" / "acts.yml")


def train(settings: Settings, force: bool = False) -> tuple[bool, str]:
    said = io.StringIO()
    return training.train(settings, Console(file=said), force), said.getvalue()


def test_training_happens_once_until_something_changes(root: Path, settings: Settings) -> None:
    trained, said = train(settings)
    assert trained
    assert "trained" in said
    assert train(settings) == (False, "")
    (root / "nlu" / "data" / "acts.yml").write_text("two")
    assert train(settings)[0]
    assert train(settings) == (False, "")


def test_it_can_be_forced(root: Path, settings: Settings) -> None:
    train(settings)
    assert train(settings, force=True)[0]
    assert "--force" in training.model_file(settings).read_text()


def test_a_failure_shows_the_end_of_the_log_and_is_not_taken_for_a_model(
    root: Path, settings: Settings
) -> None:
    train(settings)
    (root / "config.yml").write_text("changed")
    (root / "broken").touch()
    with pytest.raises(training.TrainingFailed, match="YamlException: line 3"):
        train(settings)
    (root / "broken").unlink()
    assert train(settings)[0]


def test_code_data_and_configuration_are_ingredients() -> None:
    names = {path.relative_to(training.ROOT).as_posix() for path in training.ingredients()}
    assert {"config.yml", "domain.yml", "nlu/tokenizer.py", "nlu/data/rules.yml"} <= names
    assert not {name for name in names if "__pycache__" in name}
