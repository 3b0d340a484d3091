"""A verdict in short and in parts: nothing of it may get lost on a small screen."""

from __future__ import annotations

import re
from typing import Any

import pytest

from knowledge.assessment import assess
from knowledge.base import KnowledgeBase
from knowledge.cards import Card, Cards
from knowledge.catalogue import ANSWERED, Catalogue
from knowledge.facts import decode_facts
from knowledge.wording import PARTS, SECTIONS, Wording
from tests.knowledge.answers import TODAY

REFERENCE = re.compile(r"( ?\[\d+\])+")
CASES: dict[str, dict[str, Any]] = {
    "stay_extension": {"stay_until": "2027-01-10"},
    "residence_change_report": {"registered": True, "moved_on": "2026-11-07"},
    "permanent_residence.f5_2": {"status": "F-6", "residence": "P1Y", "marriage": "intact"},
    "reentry_permit": {},
    "kiip": {},
}


def card_of(base: KnowledgeBase, service: str, language: str, **facts: object) -> Card:
    typed = decode_facts(facts, base.facts, TODAY)
    return Cards(base, language).verdict(assess(base.services[service], typed, TODAY))


def statements(text: str) -> set[str]:
    """The lines of a text without the numbers of their sources, which each part counts anew."""
    return {REFERENCE.sub("", line).strip() for line in text.splitlines()} - {""}


def test_every_section_is_in_one_part() -> None:
    assert sorted(SECTIONS) == sorted(section for part in PARTS.values() for section in part)


@pytest.mark.parametrize("language", ANSWERED)
def test_the_parts_together_say_all_that_the_whole_says(base: KnowledgeBase, language: str) -> None:
    words = Catalogue.of(language)
    for service in base.services:
        card = card_of(base, service, language, **CASES.get(service, {}))
        shown = statements(Wording(words).brief(card))
        for name in (*PARTS, "sources"):
            shown |= statements(Wording(words).part(card, name))
        assert statements(Wording(words).of(card)) <= shown, service


@pytest.mark.parametrize("language", ANSWERED)
@pytest.mark.parametrize("service", CASES)
def test_in_short_it_says_what_decides_and_where_that_is_from(
    base: KnowledgeBase, service: str, language: str
) -> None:
    card = card_of(base, service, language, **CASES[service])
    brief = Wording(Catalogue.of(language)).brief(card)
    assert card["headline"] in brief
    for requirement in card["requirements"]:
        assert (requirement["text"] in brief) == (requirement["status"] != "met")
    for change in card["unlock"]:
        assert change["text"] in brief
    for line in brief.splitlines():
        if line.startswith(("✗", "≈", "?")):
            assert REFERENCE.search(line), "a statement without its source"


def test_a_part_with_nothing_in_it_is_empty(base: KnowledgeBase) -> None:
    card = card_of(base, "call_centre", "en")
    assert Wording(Catalogue.of("en")).part(card, "fees") == ""


def test_a_day_that_is_due_stands_in_the_short_form(base: KnowledgeBase) -> None:
    card = card_of(base, "stay_extension", "en", stay_until="2027-01-10")
    assert "January 10, 2027" in Wording(Catalogue.of("en")).brief(card)
