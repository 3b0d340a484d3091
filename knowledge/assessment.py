"""The assessment: from a service's rules and a person's facts to a verdict.

`assess` is a pure function.  How a condition comes out is `knowledge/weighing.py`,
what to ask next `knowledge/questions.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from knowledge.facts import Facts
from knowledge.questions import Gain, gains, most_useful_first
from knowledge.schema import Claim, Condition, Deadline, Item, Outcome, Service
from knowledge.weighing import DISPUTED, MET, UNMET, Reason, parse_period, weigh

_OUTCOME: tuple[Outcome, ...] = ("not_eligible", "depends", "eligible")


class DatedDeadline(NamedTuple):
    """A deadline with its last day, where the day it counts from is known."""

    deadline: Deadline
    day: date | None
    claimed: tuple[tuple[Claim, date | None], ...] = ()


class Verdict(NamedTuple):
    """The decision on one service for one person on one day.

    `missing` are the facts that could still change the outcome, the one that
    settles most first; `unsure` are such facts the person does not know.
    `worth` is what asking for each of them would bring.
    """

    service: Service
    facts: Facts
    today: date
    outcome: Outcome
    reason: Reason | None
    missing: tuple[str, ...]
    unsure: tuple[str, ...]
    worth: Mapping[str, Gain] = {}

    @property
    def requirements(self) -> tuple[Reason, ...]:
        """What is shown to a person: the nodes with a text that matter for them."""
        return tuple(_shown(self.reason)) if self.reason else ()

    def applying(self, items: Sequence[Item]) -> list[Item]:
        """The items that apply to this person."""
        return [i for i in items if self._span(i.when)[0] >= DISPUTED]

    def possibly(self, items: Sequence[Item]) -> list[Item]:
        """The items of which it is not known whether they apply."""
        return [i for i in items if (span := self._span(i.when))[0] == UNMET != span[1]]

    def not_excluded(self, items: Sequence[Item]) -> list[Item]:
        """The items that apply or may apply, in the order of the record."""
        return [i for i in items if self._span(i.when)[1] > UNMET]

    def deadlines(self) -> list[DatedDeadline]:
        """The deadlines that apply, with their dates."""
        return [self._dated(d) for d in self.service.deadlines if d in self.applying([d])]

    def _span(self, when: Condition | None) -> tuple[int, int]:
        if when is None:
            return MET, MET
        reason = weigh(when, self.facts, self.today)
        return reason.low, reason.high

    def _dated(self, deadline: Deadline) -> DatedDeadline:
        start = self.facts.get(deadline.counted_from) if deadline.counted_from else None
        if not isinstance(start, date) or deadline.period is None:
            return DatedDeadline(deadline, None, tuple((c, None) for c in deadline.claims))
        return DatedDeadline(
            deadline,
            parse_period(deadline.period).after(start),
            tuple(
                (c, parse_period(c.period).after(start) if c.period else None)
                for c in deadline.claims
            ),
        )


def assess(service: Service, facts: Facts, today: date) -> Verdict:
    """The verdict on `service`.  A missing fact is never filled in."""
    if service.requires is None:
        return Verdict(service, facts, today, "eligible", None, (), ())
    reason = weigh(service.requires, facts, today)
    if reason.settled:
        return Verdict(service, facts, today, _OUTCOME[reason.low], reason, (), ())
    worth = gains(reason)
    still_open = most_useful_first([worth])
    missing = tuple(f for f in still_open if f not in facts or facts[f] is not None)
    unsure = tuple(f for f in still_open if f in facts and facts[f] is None)
    return Verdict(service, facts, today, "needs_more_info", reason, missing, unsure, worth)


def missing_across(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """The facts that can still change any of several verdicts on one person, best first.

    Best is what settles most of them together; "can I stay after the divorce?"
    touches three services, and one question can close two.
    """
    in_order = most_useful_first(verdict.worth for verdict in verdicts)
    asked_for = {fact for verdict in verdicts for fact in verdict.missing}
    return tuple(fact for fact in in_order if fact in asked_for)


def _shown(reason: Reason) -> Iterator[Reason]:
    """The nodes to show: a way that is met stands for its alternatives."""
    condition = reason.condition
    if condition.any:
        if reason.status == "met":
            met = [c for c in reason.children if c.status == "met"]
            ways = list(_shown(met[0]))
            yield from ways or ([reason] if condition.text else [])
            return
        if condition.text:
            yield reason
        # A closed way beside an open one, or beside a disputed one, only confuses.
        for child in reason.children:
            if child.status == "unmet" and reason.status != "unmet":
                continue
            if child.status == "unknown" and reason.settled:
                continue
            yield from _shown(child)
        return
    if condition.text:
        yield reason
        if condition.all and reason.status != "met":
            for child in reason.children:
                yield from _shown(child)
        return
    for child in reason.children:
        yield from _shown(child)
