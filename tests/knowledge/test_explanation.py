"""The proof of a verdict, as a counsellor reads it."""

from __future__ import annotations

from datetime import date

from knowledge.assessment import assess
from knowledge.base import KnowledgeBase
from knowledge.cards import Cards
from knowledge.explanation import explanation
from knowledge.facts import decode_facts

TODAY = date(2026, 11, 21)
F5 = "permanent_residence.f5_2"


def proof(base: KnowledgeBase, language: str = "en", **facts: object) -> str:
    known = decode_facts(facts, base.facts, TODAY)
    return explanation(assess(base.services[F5], known, TODAY), Cards(base, language))


def test_the_condition_that_decides_is_marked_with_what_was_told_for_it(
    base: KnowledgeBase,
) -> None:
    lines = proof(base, status="F-6", residence="P23M").splitlines()
    (decisive,) = [line for line in lines if "this decides it" in line]
    assert "2 years or more" in decisive and "→ 23 months" in decisive
    assert decisive.strip().startswith("✗") and decisive.count("[") >= 1
    assert any(line.startswith("[1] ") for line in lines)


def test_what_is_open_decides_nothing_and_is_to_be_asked(base: KnowledgeBase) -> None:
    told = proof(base, status="F-6")
    assert "this decides it" not in told
    assert "Still to be asked, the most useful first: " in told
    assert "Still to be asked" not in proof(base, status="E-9")


def test_it_is_written_in_the_language_of_the_counsellor(base: KnowledgeBase) -> None:
    told = proof(base, "ko", status="F-6", residence="P23M")
    assert "23개월" in told and "this decides it" not in told
