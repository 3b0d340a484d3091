"""A message of every card type in one language, built from the real base: the longest there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from knowledge.assessment import assess
from knowledge.base import KnowledgeBase, conditions
from knowledge.cards import Card, Cards
from knowledge.catalogue import Catalogue
from knowledge.check import Boundary, boundaries
from knowledge.facts import decode_facts
from knowledge.periods import seoul_today
from knowledge.wording import Wording

Json = dict[str, Any]
BASE = KnowledgeBase.load()


def gallery(language: str) -> dict[str, Json]:
    """Name → message.  Where a card type has several faces, there is one of each."""
    shown = _Gallery(language)
    return {name: message | {"language": language} for name, message in shown.messages()}


class _Gallery:
    def __init__(self, language: str) -> None:
        self.cards = Cards(BASE, language)
        self.words = Catalogue.of(language)

    def messages(self) -> Iterator[tuple[str, Json]]:
        cards, words = self.cards, self.words
        greeting = f"{words.phrase('greeting')}\n\n{words.phrase('greeting.consent', days=30)}"
        yield "greeting", {"text": greeting}
        longest = sorted(BASE.facts.values(), key=lambda fact: len(str(cards.choices(fact))))
        yield "question of choices", self._of(cards.question(longest[-1]))
        yield "question of a length", self._of(cards.question(BASE.facts["residence"]))
        services = sorted(BASE.services.values(), key=lambda service: len(cards.title(service)))
        yield "clarify", self._of(cards.clarify(services[-3:]))
        verdicts = _verdicts()
        yield "ways", self._of(cards.ways([_assessed(*found) for found in verdicts.values()]))
        for outcome, found in verdicts.items():
            yield f"verdict {outcome}", self._of(cards.verdict(_assessed(*found)))
        service = BASE.services["permanent_residence.f5_2"]
        items = [*conditions(service.requires), *service.items]
        told = [(service, item) for item in items if item.id and (item.claims or item.text)]
        told.sort(key=lambda pair: -len(pair[1].claims))
        answer = cards.answer(service, told[:5], 0.93, seoul_today())
        yield "answer", self._of(answer)
        for level, reason in (("emergency", "violence"), ("high", "stay")):
            yield f"urgent {level}", self._of(cards.urgent(level, reason, None))
        yield "handoff", self._of(cards.handoff() | {"case_id": "2026-0142"})
        for reason in ("unrelated", "not_covered"):
            yield f"out of scope {reason}", self._of(cards.out_of_scope(reason))
        yield "notice", self._corrected()
        changed = cards.notice("language")
        yield "language", {"text": words.phrase("language_changed"), "card": changed}
        yield "counsellor", {"text": words.phrase("handoff.expected"), "role": "counsellor"}
        yield "system", {"text": words.phrase("please_wait"), "role": "system"}

    def _of(self, card: Card) -> Json:
        text = Wording(self.words).of(card)
        return {"text": text, "card": card, "choices": card.get("choices", [])}

    def _corrected(self) -> Json:
        fact = BASE.facts["residence"]
        change = {"fact": fact.id, "from": "P2Y", "to": "P3Y"}
        change["label"] = self.words.text(f"fact.{fact.id}.label", fact.label)
        change["before"] = self.cards.value(fact, "P2Y", seoul_today())
        change["now"] = self.cards.value(fact, "P3Y", seoul_today())
        service = BASE.services["naturalisation.general"]
        verdict = {"service": service.id, "title": self.cards.title(service)}
        changes: Json = change | {"verdicts": [verdict | {"from": "depends", "to": "eligible"}]}
        named = {"label": change["label"], "to": change["now"], "from_": change["before"]}
        text = self.words.phrase("corrected", **named)
        return {"text": text, "card": self.cards.notice("corrected", [changes])}


@cache
def _verdicts() -> dict[str, tuple[str, Boundary]]:
    """Outcome → the boundary case whose card is the longest; each of another service."""
    cards = Cards(BASE, "en")
    found = [
        (len(json.dumps(cards.verdict(verdict), default=str)), verdict.outcome, service, case)
        for service in BASE.services
        for case in boundaries(service)
        for verdict in [_assessed(service, case)]
    ]
    longest: dict[str, tuple[str, Boundary]] = {}
    for _, outcome, service, case in sorted(found, key=lambda one: -one[0]):
        if outcome not in longest and service not in {shown for shown, _ in longest.values()}:
            longest[outcome] = service, case
    return longest


def _assessed(service: str, case: Boundary) -> Any:
    facts = decode_facts(case.facts, BASE.facts, case.today)
    return assess(BASE.services[service], facts, case.today)
