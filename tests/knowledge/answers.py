"""Answers worth trying: for each fact, values below, at and above every bound of a service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from knowledge.base import KnowledgeBase, conditions
from knowledge.facts import Value
from knowledge.periods import Period
from knowledge.schema import Condition, Service

TODAY = date(2026, 11, 21)
DAY = timedelta(days=1)


def worth_trying(base: KnowledgeBase, service: Service) -> dict[str, list[Value]]:
    """Fact id -> values that between them take every branch of the service's rules."""
    answers: dict[str, list[Value]] = {}
    trees = [service.requires, *(item.when for item in service.items)]
    for tree in trees:
        for condition in conditions(tree):
            if condition.fact:
                values = answers.setdefault(condition.fact, [])
                values += [v for v in _values(base, condition) if v not in values]
    return answers


def _values(base: KnowledgeBase, condition: Condition) -> Iterator[Value]:
    fact = base.facts[condition.fact or ""]
    if fact.kind == "bool":
        yield from (True, False)
        return
    if fact.kind == "choice":
        yield from (choice.value for choice in fact.choices)
        return
    if fact.kind in ("status", "country", "text"):
        wanted = condition.one_of or (condition.equals,)
        yield from (str(value) for value in wanted)
        yield from {"status": ("E-9", "E-7"), "country": ("FR",), "text": ("elsewhere",)}[fact.kind]
        return
    bound = next(
        b
        for b in (condition.at_least, condition.at_most, condition.more_than, condition.less_than)
        if b is not None
    )
    if fact.kind in ("number", "money"):
        assert isinstance(bound, int | float)
        yield from (bound - 1, bound, bound + 1)
        return
    period = Period.parse(str(bound))
    if fact.kind == "duration":
        yield from (
            Period(max(period.months - 1, 0), 0),
            period,
            period._replace(days=period.days + 1),
        )
        yield from (period.before(TODAY) + DAY, period.before(TODAY), period.before(TODAY) - DAY)
        return
    day = period.before(TODAY) if condition.measure == "ago" else period.after(TODAY)
    yield from (day - DAY, day, day + DAY)
