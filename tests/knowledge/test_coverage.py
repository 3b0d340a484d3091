"""What the records carry of a list of facts, on a base of one service."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.base import KnowledgeBase, RecordError
from knowledge.coverage import Coverage, report

SERVICE = """
id: card
title: Card
summary: A card.
cite: &page [{source: page, section: Cards}]
checked_on: 2026-11-21
review_by: 2027-11-21
carries: [card.what]
requires:
  all:
  - {id: registered, text: You are registered., cite: *page, carries: [card.who],
     fact: registered, equals: true}
fees:
- {id: fee, text: It costs nothing., amount_krw: 0, cite: *page, carries: [card.fee, card.who]}
"""
BASE = {
    "services/card.yml": SERVICE,
    "facts.yml": "- {id: registered, kind: bool, question: Registered?, why: W, find_out: F, "
    "label: Registration}",
    "sources.yml": "- {id: page, title: Page, publisher: P, language: en, "
    "checked_on: 2026-11-21, reliability: official}",
    "contacts.yml": "[]",
    "triage.yml": "[]",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "services").mkdir()
    for name, text in BASE.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def coverage(folder: Path, *listed: str, left_out: str = "") -> Coverage:
    facts = folder / "list.yaml"
    entries = [f"- {{id: {name}, service: card, statement: About {name}.}}" for name in listed]
    facts.write_text("facts:\n" + "\n".join(entries), encoding="utf-8")
    if left_out:
        (folder / "left_out.yml").write_text(left_out, encoding="utf-8")
    return Coverage.of(facts, KnowledgeBase.load(folder), folder)


def test_facts_are_carried_by_services_requirements_and_items(folder: Path) -> None:
    found = coverage(folder, "card.what", "card.who", "card.fee")
    assert found.carried == {
        "card.what": ["card"],
        "card.who": ["card/registered", "card/fee"],
        "card.fee": ["card/fee"],
    }
    assert found.complete
    assert "card/registered, card/fee" in "\n".join(report(found, everything=True))
    assert "card/registered" not in "\n".join(report(found, everything=False))


def test_a_fact_that_nobody_carries_is_named_with_its_statement(folder: Path) -> None:
    found = coverage(folder, "card.what", "card.who", "card.fee", "card.colour")
    assert found.open == ["card.colour"]
    assert not found.complete
    assert "card.colour: About card.colour." in "\n".join(report(found, everything=False))
    assert found.by_service() == [("card", 3, 4)]


def test_a_reason_closes_a_gap_but_not_more_than_a_twentieth(folder: Path) -> None:
    reason = "- {id: card.colour, reason: Nobody needs it.}"
    few = coverage(folder, "card.what", "card.who", "card.fee", "card.colour", left_out=reason)
    assert few.open == []
    assert not few.complete  # three of four are too few
    many = few._replace(
        listed=few.listed | {f"more.{n}": few.listed["card.fee"] for n in range(16)},
        carried=dict(few.carried) | {f"more.{n}": ["card"] for n in range(16)},
    )
    assert many.share == 0.95
    assert many.complete


def test_a_misspelt_id_is_found(folder: Path) -> None:
    found = coverage(folder, "card.what", "card.who")
    assert found.unknown == {"card.fee": ["card/fee"]}
    assert not found.complete
    assert "card.fee: card/fee" in "\n".join(report(found, everything=False))


@pytest.mark.parametrize(
    ("left_out", "problem"),
    [
        ("- {id: card.fee, reason: No.}", "card/fee carries it"),
        ("- {id: card.size, reason: No.}", "not in the list"),
        ("- {id: card.colour, reason: No.}\n- {id: card.colour, reason: No.}", "twice"),
        ("- {id: card.colour}", "reason"),
    ],
)
def test_a_wrong_reason_is_refused(folder: Path, left_out: str, problem: str) -> None:
    with pytest.raises(RecordError, match=problem) as caught:
        coverage(folder, "card.what", "card.who", "card.fee", "card.colour", left_out=left_out)
    assert caught.value.file.name == "left_out.yml"
