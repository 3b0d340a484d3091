"""The days ahead that matter to a person: what they can be reminded of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from knowledge.assessment import DatedDeadline, Verdict, assess
from knowledge.cards import Cards
from knowledge.facts import Facts
from knowledge.periods import Period
from knowledge.schema import Service
from knowledge.unlock import unlock

LEADS = tuple(map(Period.parse, ("P2M", "P1M", "P14D", "P7D", "P1D")))
"""How long before a day people are offered to be reminded."""
LEADS_OF_A_FIRST_DAY = tuple(map(Period.parse, ("P0D", "P7D")))


class Occasion(NamedTuple):
    """A day to come.  `about` names it: `fact/<id>`, `deadline/<service>/<id>` or
    `unlock/<service>`; `text` says in the reader's language what day it is.

    `opens` tells a first day (from then on one can apply) from a last one.
    """

    about: str
    day: date
    text: str
    opens: bool = False
    service: str | None = None

    def leads(self, today: date) -> list[Period]:
        """How long before it a reminder can still be sent, the longest first."""
        leads = LEADS_OF_A_FIRST_DAY if self.opens else LEADS
        return [lead for lead in leads if lead.before(self.day) > today]


def occasions(
    cards: Cards, services: Iterable[Service], facts: Facts, today: date
) -> list[Occasion]:
    """What a person told and these services make of it, the nearest day first.

    Where sources disagree on a last day, it is the earliest; on a first day,
    the latest.
    """
    found = [*_of_facts(cards, facts), *_of_services(cards, services, facts, today)]
    return sorted((o for o in found if o.day > today), key=lambda o: (o.day, o.about))


def _of_facts(cards: Cards, facts: Facts) -> Iterator[Occasion]:
    for name, value in facts.items():
        fact = cards.base.facts[name]
        if fact.lies == "future" and isinstance(value, date):
            label = cards.catalogue.text(f"fact.{name}.label", fact.label)
            yield Occasion(f"fact/{name}", value, label)


def _of_services(
    cards: Cards, services: Iterable[Service], facts: Facts, today: date
) -> Iterator[Occasion]:
    for service in services:
        verdict = assess(service, facts, today)
        title = cards.title(service)
        for dated in verdict.deadlines():
            if dated.day and not _is_the_day_itself(cards, dated):
                yield _of_deadline(cards, service, dated)
        if day := _possible_from(cards, verdict):
            text = cards.catalogue.phrase("reminder.possible", title=title)
            yield Occasion(f"unlock/{service.id}", day, text, True, service.id)


def _of_deadline(cards: Cards, service: Service, dated: DatedDeadline) -> Occasion:
    deadline = dated.deadline
    days = [day for day in (dated.day, *(day for _, day in dated.claimed)) if day]
    text = cards.catalogue.text(f"{service.id}.{deadline.id}", deadline.text)
    return Occasion(
        f"deadline/{service.id}/{deadline.id}",
        max(days) if deadline.opens else min(days),
        f"{cards.title(service)}: {text}",
        deadline.opens,
        service.id,
    )


def _is_the_day_itself(cards: Cards, dated: DatedDeadline) -> bool:
    """Whether the deadline is a day that the person told as such: the last day of their stay."""
    deadline = dated.deadline
    counted = cards.base.facts[deadline.counted_from or ""]
    return counted.lies == "future" and Period.parse(deadline.period or "P0D") == Period()


def _possible_from(cards: Cards, verdict: Verdict) -> date | None:
    """The day from which time alone turns a no into a yes."""
    changes = unlock(verdict, cards.base.facts)
    days = [change.day for change in changes if change.day]
    return max(days) if days and len(days) == len(changes) else None
