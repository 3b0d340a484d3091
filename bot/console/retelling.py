"""What the desk said, told again in a counsellor's language, from the card that it said it with.

No machine translates here: a card names the records it was made from, and these
stand in every language.
"""

from __future__ import annotations

import re
from functools import cache

from knowledge.base import conditions
from knowledge.cards import Card, Cards
from knowledge.catalogue import ANSWERED, Catalogue
from knowledge.periods import seoul_today
from knowledge.schema import Condition, Item, Service
from knowledge.wording import Wording

_LISTS = (
    "requirements",
    "documents",
    "maybe_documents",
    "fees",
    "deadlines",
    "offices",
    "steps",
    "notes",
    "items",
)


def retold(text: str, card: Card | None, language: str, cards: Cards) -> str | None:
    """A message of the desk in the language of `cards`; None where the records do not tell it."""
    if cards.catalogue.written_in == language:
        return None
    again = _card(card, cards) if card else None
    if again is not None:
        return Wording(cards.catalogue).of(again)
    lines = [line for line in text.splitlines() if line.strip()]
    told = [_phrase(line, language, cards.catalogue) for line in lines]
    # Of how long somebody waits the essence is enough; elsewhere half a text would mislead.
    is_handoff = card is not None and card.get("type") == "handoff"
    if all(told) or (is_handoff and any(told)):
        return "\n".join(filter(None, told))
    return None


def _card(card: Card, cards: Cards) -> Card | None:
    """The same card in another language, where the base still has what it was made from."""
    base, kind = cards.base, card.get("type")
    service = base.services.get(card.get("service") or "")
    if kind == "question" and card.get("fact") in base.facts:
        return cards.question(base.facts[card["fact"]], *([service] if service else []))
    if kind == "clarify" and "outcomes" not in card:
        named = [base.services[name] for name in card["services"] if name in base.services]
        return cards.clarify(named)
    if kind == "urgent":
        return cards.urgent(card["level"], card["reason"], service)
    if kind == "out_of_scope":
        return cards.out_of_scope(card["reason"])
    if kind in ("answer", "verdict") and service is not None:
        return _of_service(card, service, cards)
    return None


def _of_service(card: Card, service: Service, cards: Cards) -> Card:
    statements = _statements(service)
    again = {**card, "title": cards.title(service), "related": []}
    for name in _LISTS:
        again[name] = [
            {**item, **cards.item(service, statements[item["id"]], seoul_today())}
            for item in card.get(name, ())
            if item["id"] in statements
        ]
    if card["type"] == "verdict":
        own = service.outcomes.get(card["outcome"])
        again["headline"] = (
            cards.catalogue.text(f"{service.id}.{card['outcome']}", own)
            if own
            else cards.catalogue.phrase(f"outcome.{card['outcome']}")
        )
        # What would change a no is not named by its record in the card.
        again["unlock"] = []
        again["unsure"] = [
            {
                **unsure,
                "label": cards.catalogue.text(f"fact.{fact.id}.label", fact.label),
                "find_out": cards.catalogue.text(f"fact.{fact.id}.find_out", fact.find_out),
            }
            for unsure in card["unsure"]
            if (fact := cards.base.facts.get(unsure["fact"]))
        ]
    return again


def _statements(service: Service) -> dict[str, Item | Condition]:
    found: dict[str, Item | Condition] = {item.id: item for item in service.items}
    return found | {c.id: c for c in conditions(service.requires) if c.id}


def _phrase(line: str, language: str, catalogue: Catalogue) -> str | None:
    """A sentence of the catalogue in another language; None where it is not one of ours."""
    names, patterns = _phrases(language if language in ANSWERED else "en")
    if name := names.get(line.strip()):
        return catalogue.phrase(name)
    for name, pattern in patterns:
        if found := pattern.fullmatch(line.strip()):
            return catalogue.phrase(name, **found.groupdict())
    return None


@cache
def _phrases(language: str) -> tuple[dict[str, str], list[tuple[str, re.Pattern[str]]]]:
    """The names of a language's phrases by their text, and patterns of those with numbers."""
    phrases = Catalogue.of(language).phrases("")
    patterns = [
        (name, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\d+)", re.escape(text))))
        for name, text in phrases.items()
        if "{" in text
    ]
    return {text: name for name, text in phrases.items()}, patterns
