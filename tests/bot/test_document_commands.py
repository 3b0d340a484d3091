"""`ieum knowledge add`, `list`, `remove`: as an organisation uses them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "centre.md").write_text("# Our centre\n\nWe are open on Sundays.\n")
    (tmp_path / "wages.txt").write_text("A lawyer helps with unpaid wages.\n")
    return tmp_path


def ieum(folder: Path, *said: str) -> Result:
    names = [
        str(folder / word) if word.endswith((".md", ".txt", ".pdf")) else word for word in said
    ]
    return CliRunner().invoke(main, ("knowledge", *names), env={"VAR_DIR": str(folder / "var")})


def listed(folder: Path) -> str:
    return ieum(folder, "list").output


def test_documents_are_added_listed_replaced_and_removed(folder: Path) -> None:
    assert "ieum knowledge add FILE" in listed(folder)
    added = ieum(folder, "add", "centre.md", "wages.txt", "--as-of", "2026-03")
    assert added.exit_code == 0, added.output
    assert "Added centre.md: Our centre (1 passage)" in added.output
    assert "wages.txt: wages (1 passage, added on " in listed(folder)
    assert "as of 2026-03" in listed(folder)
    assert "Replaced wages.txt" in ieum(folder, "add", "wages.txt").output
    removed = CliRunner().invoke(
        main, ("knowledge", "remove", "centre.md"), env={"VAR_DIR": str(folder / "var")}
    )
    assert removed.output == "Removed centre.md.\n"
    assert "centre.md" not in listed(folder)


def test_one_bad_file_and_nothing_is_added(folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"no PDF at all")
    result = ieum(folder, "add", "centre.md", "broken.pdf", "none.txt")
    assert result.exit_code == 1
    assert "broken.pdf is damaged" in result.output
    assert "none.txt cannot be opened" in result.output
    assert "Nothing was added." in result.output
    assert "There are no documents yet" in listed(folder)


def test_two_files_of_one_name(folder: Path) -> None:
    (folder / "copy").mkdir()
    (folder / "copy" / "centre.md").write_text("Other.")
    result = ieum(folder, "add", "centre.md", "copy/centre.md")
    assert result.exit_code == 1
    assert "centre.md stands here twice" in result.output


def test_a_date_that_is_none(folder: Path) -> None:
    result = ieum(folder, "add", "centre.md", "--as-of", "last year")
    assert result.exit_code == 1
    assert "2026-03" in result.output


def test_removing_what_is_not_there_names_what_is(folder: Path) -> None:
    ieum(folder, "add", "wages.txt")
    result = CliRunner().invoke(
        main, ("knowledge", "remove", "rent.txt"), env={"VAR_DIR": str(folder / "var")}
    )
    assert result.exit_code == 1
    assert "'rent.txt'" in result.output
    assert "wages.txt" in result.output
