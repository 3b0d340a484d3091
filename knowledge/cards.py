"""Cards: what the desk says, as data in the reader's language.

The fields are those of the public API.  `knowledge/wording.py` turns a card
into the plain text that is complete without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeAlias

from dateutil.relativedelta import relativedelta

from knowledge.assessment import DatedDeadline, Verdict
from knowledge.base import KnowledgeBase
from knowledge.catalogue import Catalogue
from knowledge.facts import decode_value
from knowledge.periods import Period
from knowledge.schema import (
    Citation,
    Claim,
    Condition,
    Deadline,
    Document,
    Fact,
    Fee,
    Item,
    Note,
    Office,
    Service,
    Step,
)
from knowledge.unlock import unlock
from knowledge.weighing import Reason

Card: TypeAlias = dict[str, Any]
FEE_KEEPS = relativedelta(years=2)
"""How long a fee is trusted after the date its source bears; undated ones never are."""
_BEST_FIRST = ("eligible", "depends", "needs_more_info", "not_eligible")
_KIND = {
    Document: "document",
    Fee: "fee",
    Deadline: "deadline",
    Office: "office",
    Step: "step",
    Condition: "requirement",
}


class Cards:
    """Builds the cards of one language."""

    def __init__(self, base: KnowledgeBase, language: str) -> None:
        self.base = base
        self.catalogue = Catalogue.of(language)

    def question(self, fact: Fact, *services: Service) -> Card:
        """One question, with why it is asked and how to find the answer out.

        Where it serves several services, the card names them as `services`.
        """
        several = {"services": [service.id for service in services]} if services[1:] else {}
        return several | {
            "type": "question",
            "service": services[0].id if len(services) == 1 else None,
            "fact": fact.id,
            "kind": fact.kind,
            "unit": fact.unit,
            "lies": fact.lies,
            "text": self._fact(fact, "question"),
            "why": self._fact(fact, "why"),
            "find_out": self._fact(fact, "find_out"),
            "choices": self.choices(fact),
            "citations": [],
        }

    def choices(self, fact: Fact) -> list[dict[str, str]]:
        """The buttons under a question; every question can be answered with "I don't know"."""
        if fact.kind == "bool":
            buttons = [
                (self._yes_or_no(fact, value == "true"), value) for value in ("true", "false")
            ]
        else:
            buttons = [(self._fact(fact, c.value), c.value) for c in fact.choices]
        buttons = [(label, value) for label, value in buttons] + [
            (self.catalogue.phrase("unsure"), "unsure")
        ]
        return [{"label": label, "value": f"fact:{fact.id}={value}"} for label, value in buttons]

    def clarify(self, services: Sequence[Service]) -> Card:
        """Which of these do you mean?  Who cannot tell is led through all of them at once."""
        names = [service.id for service in services]
        choices = [
            {"label": self.title(service), "value": f"service:{service.id}"} for service in services
        ]
        if len(names) > 1:
            all_of_them = {
                "label": self.catalogue.phrase("clarify.all"),
                "value": f"services:{','.join(names)}",
            }
            choices.append(all_of_them)
        return {
            "type": "clarify",
            "service": None,
            "services": names,
            "choices": choices,
            "citations": [],
        }

    def ways(self, verdicts: Sequence[Verdict]) -> Card:
        """How several services that a person may mean come out for them, open ones first."""
        best_first = sorted(verdicts, key=lambda v: _BEST_FIRST.index(v.outcome))
        card = self.clarify([verdict.service for verdict in best_first])
        card["outcomes"] = {v.service.id: v.outcome for v in best_first}
        card["choices"] = [c for c in card["choices"] if c["value"].startswith("service:")]
        return card

    def verdict(self, verdict: Verdict) -> Card:
        """The decision with everything that goes with it for this person."""
        service = verdict.service
        card: Card = {
            "type": "verdict",
            "service": service.id,
            "title": self.title(service),
            "outcome": verdict.outcome,
            "headline": self._headline(verdict),
            "requirements": [self._requirement(service, r) for r in verdict.requirements],
            "documents": self.items(service, verdict.applying(service.documents)),
            "maybe_documents": self.items(service, verdict.possibly(service.documents)),
            "fees": self.items(service, verdict.applying(service.fees), verdict.today),
            "deadlines": [self._deadline(service, d) for d in verdict.deadlines()],
            "offices": self.items(service, verdict.not_excluded(service.offices)),
            "steps": self.items(service, verdict.not_excluded(service.steps)),
            "notes": self.items(
                service,
                [
                    n
                    for n in verdict.applying(service.notes)
                    if isinstance(n, Note) and (n.when or n.kind in ("caution", "penalty"))
                ],
            ),
            "unlock": [
                {
                    "text": self._text(
                        service,
                        change.condition.id,
                        change.condition.unlock or change.condition.text,
                        ".unlock" if change.condition.unlock else "",
                    ),
                    "date": change.day.isoformat() if change.day else None,
                    "about": change.about,
                    "citations": self.citations(change.condition.cite),
                }
                for change in unlock(verdict, self.base.facts)
                if change.condition.text
            ],
            "unsure": [
                {
                    "fact": name,
                    "label": self._fact(self.base.facts[name], "label"),
                    "find_out": self._fact(self.base.facts[name], "find_out"),
                }
                for name in verdict.unsure
            ],
            "related": [
                {"service": other, "title": self.title(self.base.services[other])}
                for other in service.related
                if other in self.base.services
            ],
            "review_due": service.review_by < verdict.today,
            "citations": self.citations(service.cite),
        }
        return card

    def answer(
        self,
        service: Service | None,
        items: Sequence[tuple[Service, Item | Condition]],
        confidence: float,
        today: date,
    ) -> Card:
        """Statements of the base that answer a question."""
        return {
            "type": "answer",
            "service": service.id if service else None,
            "title": self.title(service) if service else None,
            "items": [self.item(owner, item, today) for owner, item in items],
            "confidence": round(confidence, 3),
            "review_due": bool(service and service.review_by < today),
            "citations": self.citations(service.cite) if service else [],
        }

    def urgent(self, level: str, reason: str, service: Service | None) -> Card:
        """Whom to call now, before anything else."""
        contacts = [c for c in self.base.contacts.values() if reason in c.calls_for]
        return {
            "type": "urgent",
            "service": service.id if service else None,
            "level": level,
            "reason": reason,
            "contacts": [self._contact(contact.id) for contact in contacts],
            "steps": [
                text
                for name, text in self.catalogue.phrases(f"urgent.{reason}.").items()
                if name.rpartition(".")[2].isdigit()
            ],
            "citations": [c for contact in contacts for c in self.citations(contact.cite)],
        }

    def handoff(self, status: str = "queued") -> Card:
        """A counsellor takes over; the gateway, which keeps the cases, fills in `case_id`."""
        return {
            "type": "handoff",
            "service": None,
            "case_id": None,
            "status": status,
            "expected": self.catalogue.phrase("handoff.expected"),
            "citations": [],
        }

    def out_of_scope(self, reason: str) -> Card:
        """`unrelated` to the desk, or a matter of immigration that is `not_covered`."""
        contacts = ["immigration_1345"] if reason == "not_covered" else []
        return {
            "type": "out_of_scope",
            "service": None,
            "reason": reason,
            "contacts": [self._contact(name) for name in contacts],
            "citations": [],
        }

    def notice(self, about: str, changed: Sequence[dict[str, Any]] = ()) -> Card:
        """Something was done: `consent`, `erased`, `language`, `corrected`, `restarted`."""
        return {
            "type": "notice",
            "service": None,
            "about": about,
            "changed": list(changed),
            "citations": [],
        }

    def value(self, fact: Fact, raw: object, today: date) -> str:
        """A fact's wire value in the reader's words: 2 years, Vietnam, 30,000,000 won."""
        value = decode_value(fact, raw, today)
        if value is None:
            return self.catalogue.phrase("unsure")
        if isinstance(value, bool):
            return self._yes_or_no(fact, value)
        if isinstance(value, Period):
            return self.catalogue.period(value)
        if isinstance(value, date):
            day = self.catalogue.day(value)
            return self.catalogue.phrase("since", day=day) if fact.kind == "duration" else day
        if fact.kind == "money":
            return self.catalogue.won(int(value))
        if fact.kind == "country":
            return self.catalogue.country(str(value))
        return self._fact(fact, str(value)) if fact.kind == "choice" else str(value)

    def title(self, service: Service) -> str:
        return self.catalogue.text(f"{service.id}.title", service.title)

    def items(
        self, service: Service, items: Iterable[Item], today: date | None = None
    ) -> list[dict[str, Any]]:
        return [self.item(service, item, today) for item in items]

    def item(
        self, service: Service, item: Item | Condition, today: date | None = None
    ) -> dict[str, Any]:
        """A statement with its sources; where they disagree, with what each says."""
        name = f"{service.id}.{item.id}"
        shown: dict[str, Any] = {
            "id": item.id,
            "kind": item.kind if isinstance(item, Note) else _KIND[type(item)],
            "text": self._text(service, item.id, item.text),
            "disputed": bool(item.claims),
            "citations": self.citations(item.cite)
            + [c for claim in item.claims for c in self.citations(claim.cite)],
        }
        if item.claims and item.safe:
            shown["claims"] = [self._claim(name, claim) for claim in item.claims]
            shown["safe"] = self.catalogue.text(f"{name}.safe", item.safe)
        if isinstance(item, Item) and item.if_text:
            shown["if"] = self.catalogue.text(f"{name}.if", item.if_text)
        if isinstance(item, Fee):
            shown |= {
                "amount_krw": item.amount_krw,
                "as_of": item.as_of,
                "stale": item.amount_krw > 0 and (today is None or _is_stale(item, today)),
            }
        if isinstance(item, Office) and item.contact:
            shown["contact"] = self._contact(item.contact)
        return shown

    def citations(self, citations: Iterable[Citation]) -> list[dict[str, Any]]:
        return [
            {
                "source": citation.source,
                "title": self.catalogue.text(f"source.{citation.source}", source.title),
                "section": self.catalogue.text("section", citation.section),
                "as_of": source.as_of,
                "note": citation.note,
                "outside": source.reliability == "outside",
            }
            for citation in citations
            for source in [self.base.sources[citation.source]]
        ]

    def _headline(self, verdict: Verdict) -> str:
        own = verdict.service.outcomes.get(verdict.outcome)
        if own:
            return self.catalogue.text(f"{verdict.service.id}.{verdict.outcome}", own)
        return self.catalogue.phrase(f"outcome.{verdict.outcome}")

    def _requirement(self, service: Service, reason: Reason) -> dict[str, Any]:
        return self.item(service, reason.condition) | {
            "status": reason.status,
            "facts": list(_facts_of(reason)),
        }

    def _deadline(self, service: Service, dated: DatedDeadline) -> dict[str, Any]:
        shown = self.item(service, dated.deadline)
        shown["date"] = dated.day.isoformat() if dated.day else None
        shown["opens"] = dated.deadline.opens
        for claim, (_, day) in zip(shown.get("claims", ()), dated.claimed, strict=False):
            claim["date"] = day.isoformat() if day else None
        return shown

    def _claim(self, name: str, claim: Claim) -> dict[str, Any]:
        return {
            "says": self.catalogue.text(f"{name}.{claim.cite[0].source}", claim.says),
            "amount_krw": claim.amount_krw,
            "citations": self.citations(claim.cite),
        }

    def _contact(self, name: str) -> dict[str, Any]:
        contact = self.base.contacts[name]
        return {
            "name": self.catalogue.text(f"contact.{name}.name", contact.name),
            "phone": contact.phone,
            "hours": self.catalogue.text(f"contact.{name}.hours", contact.hours),
            "languages": list(contact.languages),
            "citations": self.citations(contact.cite),
        }

    def _yes_or_no(self, fact: Fact, yes: bool) -> str:
        name = "yes" if yes else "no"
        return self.catalogue.phrase(f"{name}.{fact.asks}" if fact.asks else name)

    def _fact(self, fact: Fact, part: str) -> str:
        choices = {choice.value: choice.label for choice in fact.choices}
        english = choices.get(part) or getattr(fact, part)
        return self.catalogue.text(f"fact.{fact.id}.{part}", english)

    def _text(self, service: Service, name: str | None, english: str | None, of: str = "") -> str:
        return self.catalogue.text(f"{service.id}.{name}{of}", english or "")


def _facts_of(reason: Reason) -> dict[str, None]:
    if reason.condition.fact:
        return {reason.condition.fact: None}
    return {fact: None for child in reason.children for fact in _facts_of(child)}


def _is_stale(fee: Fee, today: date) -> bool:
    if fee.as_of is None:
        return True
    parts = [int(part) for part in fee.as_of.split("-")]
    year, month, day = parts + [1] * (3 - len(parts))
    return date(year, month, day) + FEE_KEEPS < today
