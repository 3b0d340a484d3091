"""A bad record is refused with file, line, field and what was expected."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from knowledge.base import BASE, KnowledgeBase, RecordError

SERVICE = "residence_change_report"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BASE, tmp_path / "base"))


def spoil(folder: Path, old: str, new: str, file: str = f"services/{SERVICE}.yml") -> RecordError:
    """The error that loading gives once `old` is written as `new`."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has changed; adapt this test"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RecordError) as caught:
        KnowledgeBase.load(folder)
    return caught.value


def line_of(folder: Path, words: str, file: str = f"services/{SERVICE}.yml") -> int:
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if words in line)


def test_the_base_loads() -> None:
    base = KnowledgeBase.load()
    assert SERVICE in base.services
    assert base.sources["f5_blog"].as_of == "2021-06"


def test_a_misspelt_field(folder: Path) -> None:
    error = spoil(folder, "summary:", "sumary:")
    assert error.file.name == f"{SERVICE}.yml"
    assert error.line is not None
    assert "sumary" in str(error)


def test_a_wrong_type_is_named_with_its_line(folder: Path) -> None:
    error = spoil(folder, "checked_on: 2026-11-21", "checked_on: soon")
    assert error.line == line_of(folder, "checked_on")
    assert "checked_on" in error.field
    assert "date" in error.problem


def test_broken_yaml(folder: Path) -> None:
    error = spoil(folder, "summary:", "summary: [")
    assert error.line is not None
    assert "not readable YAML" in str(error)


def test_a_fact_that_does_not_exist(folder: Path) -> None:
    error = spoil(folder, "fact: moved_on", "fact: mooved_on")
    assert "mooved_on" in str(error)
    assert "facts.yml" in str(error)


def test_a_source_that_does_not_exist(folder: Path) -> None:
    error = spoil(folder, "source: bucheon_guide", "source: bucheon_gide")
    assert "bucheon_gide" in str(error)


def test_a_period_that_is_none(folder: Path) -> None:
    error = spoil(folder, "P14D", "14 days")
    assert "P14D" in str(error)  # the example of what is expected


def test_a_condition_with_two_forms(folder: Path) -> None:
    error = spoil(folder, "fact: registered", "office_decides: true\n      fact: registered")
    assert "exactly one of" in str(error)


def test_an_item_without_a_source(folder: Path) -> None:
    path = folder / "services/extra.yml"
    path.write_text(
        "id: extra\ntitle: T\nsummary: S\ncite: []\nchecked_on: 2026-11-21\n"
        "review_by: 2027-11-21\nsteps:\n- {id: go, text: Go.}\n",
        encoding="utf-8",
    )
    with pytest.raises(RecordError, match="where it is from") as caught:
        KnowledgeBase.load(folder)
    assert caught.value.line == 8


def test_a_record_under_another_name(folder: Path) -> None:
    error = spoil(folder, f"id: {SERVICE}", "id: somewhere_else")
    assert SERVICE in str(error)
