"""`ieum knowledge graph`, `coverage` and `site` on the command line."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from bot.cli import main


def knowledge(*said: object, **environ: str) -> Result:
    return CliRunner(env=environ).invoke(main, ["knowledge", *map(str, said)])


def test_a_tree_is_drawn_into_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tree.svg"
    facts = ("--facts", "status=F-6", "residence=P23M")
    result = knowledge("graph", "permanent_residence.f5_2", *facts, "--language", "ko", "-o", file)
    assert result.exit_code == 0, result.output
    picture = ET.parse(file).getroot()
    assert picture.get("lang") == "ko"
    assert "한국인 배우자의 영주권 (F-5-2)" in "".join(picture.itertext())


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (("nothing",), "no service 'nothing'"),
        (("call_centre",), "no conditions"),
        (("reentry_permit", "--facts", "sister=true"), "no fact 'sister'"),
    ],
)
def test_what_cannot_be_drawn_is_said(tmp_path: Path, said: tuple[str, ...], problem: str) -> None:
    file = tmp_path / "tree.svg"
    result = knowledge("graph", *said, "-o", file)
    assert result.exit_code == 1
    assert problem in result.output
    assert not file.exists()


def test_coverage_fails_where_something_is_open(tmp_path: Path) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text("facts:\n- {id: new.one, service: kiip, statement: Something new.}\n")
    result = knowledge("coverage", file)
    assert result.exit_code == 1
    assert "new.one: Something new." in result.output
    file.write_text("facts: soon\n")
    result = knowledge("coverage", file)
    assert result.exit_code == 1
    assert result.output.startswith("Error: facts.yaml")


def test_the_site_is_written_where_the_desk_keeps_its_data(tmp_path: Path) -> None:
    result = knowledge("site", VAR_DIR=str(tmp_path))
    assert result.exit_code == 0, result.output
    first = tmp_path / "site" / "en" / "index.html"
    assert result.output == f"Open {first.as_uri()}\n"
    assert first.exists()
