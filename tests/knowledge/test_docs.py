"""What docs/ tells volunteers to write is what the base takes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import msgspec
import pytest
import yaml

from knowledge.base import BASE, KnowledgeBase
from knowledge.check import boundaries, mismatches
from knowledge.schema import Condition, Fact, Note, from_yaml

DOCS = Path(__file__).parents[2] / "docs"


def examples(page: str) -> list[str]:
    """The YAML examples of a page."""
    return re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_service_of_the_example_can_be_added(tmp_path: Path) -> None:
    record, fact, cases, messages = examples("add-a-service.md")
    folder = Path(shutil.copytree(BASE, tmp_path / "base"))
    (folder / "services/library_card.yml").write_text(record, encoding="utf-8")
    (folder / "boundaries/library_card.yml").write_text(cases, encoding="utf-8")
    with (folder / "facts.yml").open("a", encoding="utf-8") as file:
        file.write(f"\n{fact}")
    base = KnowledgeBase.load(folder)
    assert msgspec.convert(yaml.safe_load(fact), list[Fact])[0].id in base.facts
    written = boundaries("library_card", folder)
    assert len(written) == 4
    assert [list(mismatches(base, "library_card", case)) for case in written] == [[]] * 4
    assert set(yaml.safe_load(messages)) == {"en", "ko"}


def test_the_claims_of_the_example_are_such() -> None:
    item, condition = examples("review-a-service.md")
    assert from_yaml(item.encode(), list[Note])[0].safe
    assert len(from_yaml(condition.encode(), list[Condition])[0].claims) == 2


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_resolve(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
