"""What the desk says: cards, their text, and the catalogues."""

from __future__ import annotations

import re
import string
from typing import Any

import pytest

from knowledge.assessment import assess
from knowledge.base import BASE, KnowledgeBase, read_phrases
from knowledge.cards import Cards
from knowledge.catalogue import ANSWERED, LANGUAGES, Catalogue, messages
from knowledge.facts import decode_facts
from knowledge.translation import untranslated
from knowledge.wording import Wording
from tests.knowledge.answers import TODAY

LISTS = (
    "requirements",
    "documents",
    "maybe_documents",
    "fees",
    "deadlines",
    "offices",
    "steps",
    "notes",
)
BASE_SERVICES = list(KnowledgeBase.load().services)


def verdict_card(
    base: KnowledgeBase, service: str, language: str, **facts: object
) -> dict[str, Any]:
    typed = decode_facts(facts, base.facts, TODAY)
    return Cards(base, language).verdict(assess(base.services[service], typed, TODAY))


@pytest.mark.parametrize("service", BASE_SERVICES)
@pytest.mark.parametrize("language", ANSWERED)
def test_every_statement_of_a_verdict_has_a_source(
    base: KnowledgeBase, service: str, language: str
) -> None:
    card = verdict_card(base, service, language)
    for name in LISTS:
        for item in card[name]:
            assert item["citations"], f"{name} {item['id']}"
            assert item["text"]
    text = Wording(Catalogue.of(language)).of(card)
    assert "{" not in text
    for item in card["documents"]:
        assert item["text"] in text, "the text is complete without the card"


def test_a_disputed_fee_names_both_sums_and_the_safe_one(base: KnowledgeBase) -> None:
    card = verdict_card(base, "permanent_residence.f5_2", "en")
    text = Wording(Catalogue.of("en")).of(card)
    (fee,) = [fee for fee in card["fees"] if fee["disputed"]]
    assert fee["amount_krw"] == 230_000
    assert {50_000, 230_000} <= {claim["amount_krw"] for claim in fee["claims"]}
    assert fee["safe"] in text
    assert "50,000" in text
    assert "230,000" in text
    assert fee["stale"]


def test_every_fee_names_its_sum_in_words(base: KnowledgeBase) -> None:
    for service in base.services.values():
        for fee in service.fees:
            assert f"{fee.amount_krw:,}" in fee.text or fee.amount_krw == 0, fee.text


def test_a_deadline_becomes_a_date(base: KnowledgeBase) -> None:
    card = verdict_card(
        base, "residence_change_report", "en", moved_on="2026-11-10", registered=True
    )
    assert "2026-11-24" in [deadline["date"] for deadline in card["deadlines"]]
    assert "November 24, 2026" in Wording(Catalogue.of("en")).of(card)


@pytest.mark.parametrize("language", [x for x in ANSWERED if x != "en"])
def test_the_catalogue_is_complete(base: KnowledgeBase, language: str) -> None:
    assert untranslated(base, language) == []


@pytest.mark.parametrize("language", [x for x in LANGUAGES if x not in ANSWERED])
def test_who_is_answered_in_english_is_told_so_in_their_language(language: str) -> None:
    english = read_phrases(BASE)["answered_in_english"]
    assert Catalogue.of(language).translates("answered_in_english", english)


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_names_that_are_filled_in(base: KnowledgeBase, language: str) -> None:
    catalogue = Catalogue.of(language)
    for context, english in messages(base):
        if "{" in english:
            assert names(catalogue.text(context, english)) == names(english), context


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_dates_money_and_periods_are_written_the_readers_way(base: KnowledgeBase) -> None:
    status = base.facts["stay_until"]
    assert Cards(base, "ja").value(status, "2027-03-02", TODAY) == "2027年3月2日"
    assert Cards(base, "ko").value(status, "2027-03-02", TODAY) == "2027년 3월 2일"
    assert Cards(base, "ko").value(base.facts["nationality"], "VN", TODAY) == "베트남"
    assert Cards(base, "en").value(base.facts["residence"], "P35M", TODAY) == "35 months"
    assert "30,000,000" in Cards(base, "en").value(
        base.facts["household_income"], 30_000_000, TODAY
    )


def test_vietnamese_writes_numbers_the_vietnamese_way(base: KnowledgeBase) -> None:
    """230,000 would be two hundred and thirty there."""
    words = Catalogue.of("vi")
    for context, english in messages(base):
        text = words.text(context, english)
        for number in re.findall(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?!\d)", english):
            assert number not in text, context
        for number in re.findall(r"(?<![\d.,:/-])\d+\.\d{1,2}(?![\d.:])", english):
            assert number not in text, context
