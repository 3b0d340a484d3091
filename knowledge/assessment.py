"""The assessment: from a service's rules and a person's facts to a verdict.

`assess` is a pure function.  Every condition comes out on a chain

    unmet < disputed < met

and what is not yet known is the span between the least and the most it can
still become.  `all` takes the least of its parts, `any` the greatest; that is
Kleene's logic with *disputed* (sources disagree, or leave it to the office) as
a value of its own.  A span that has shrunk to one point is settled, and no
further fact can unsettle it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

from knowledge.facts import Facts, Value
from knowledge.periods import Period
from knowledge.schema import OPERATORS, Claim, Condition, Deadline, Item, Outcome, Service

Status = Literal["met", "unmet", "unknown", "disputed"]
UNMET, DISPUTED, MET = 0, 1, 2
_STATUS: tuple[Status, ...] = ("unmet", "disputed", "met")
_OUTCOME: tuple[Outcome, ...] = ("not_eligible", "depends", "eligible")
parse_period = lru_cache(maxsize=None)(Period.parse)


class Reason(NamedTuple):
    """A condition as it came out, with what it rests on: the proof of a verdict.

    `low` and `high` are the least and the most it can still become.
    """

    condition: Condition
    low: int
    high: int
    children: tuple[Reason, ...] = ()

    @property
    def settled(self) -> bool:
        return self.low == self.high

    @property
    def status(self) -> Status:
        return _STATUS[self.low] if self.settled else "unknown"


class DatedDeadline(NamedTuple):
    """A deadline with its last day, where the day it counts from is known."""

    deadline: Deadline
    day: date | None
    claimed: tuple[tuple[Claim, date | None], ...] = ()


class Verdict(NamedTuple):
    """The decision on one service for one person on one day.

    `missing` are the facts that could still change the outcome, the one that
    settles most first; `unsure` are such facts the person does not know.
    """

    service: Service
    facts: Facts
    today: date
    outcome: Outcome
    reason: Reason | None
    missing: tuple[str, ...]
    unsure: tuple[str, ...]

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
    if not reason.settled:
        still_open = _by_what_they_settle(reason)
        missing = tuple(f for f in still_open if f not in facts or facts[f] is not None)
        unsure = tuple(f for f in still_open if f in facts and facts[f] is None)
        return Verdict(service, facts, today, "needs_more_info", reason, missing, unsure)
    return Verdict(service, facts, today, _OUTCOME[reason.low], reason, (), ())


def weigh(condition: Condition, facts: Facts, today: date) -> Reason:
    """How a single condition comes out, with its proof."""
    if condition.fact is not None:
        value = facts.get(condition.fact)
        holds = None if value is None else _holds(condition, value, today)
        if holds is None:
            return Reason(condition, UNMET, MET)
        return Reason(condition, MET, MET) if holds else Reason(condition, UNMET, UNMET)
    if condition.claims:
        tests = [claim.test for claim in condition.claims if claim.test is not None]
        children = tuple(weigh(test, facts, today) for test in tests)
    else:
        children = tuple(weigh(child, facts, today) for child in condition.children)
    low = _combine(condition, [child.low for child in children])
    high = _combine(condition, [child.high for child in children])
    # `not` turns the chain round, and with it the ends of a span.
    return Reason(condition, min(low, high), max(low, high), children)


def _combine(condition: Condition, values: list[int]) -> int:
    if condition.all:
        return min(values)
    if condition.any:
        return max(values)
    if condition.not_ is not None:
        return MET - values[0]
    if condition.at_least_of is not None:
        return sorted(values, reverse=True)[condition.at_least_of - 1]
    if condition.claims:
        return values[0] if min(values) == max(values) else DISPUTED
    return DISPUTED  # office_decides


def _holds(condition: Condition, value: Value, today: date) -> bool | None:
    """Whether the condition holds for a known value; None where the value is too coarse."""
    if condition.equals is not None:
        return _matches(value, condition.equals)
    if condition.one_of:
        found = [_matches(value, wanted) for wanted in condition.one_of]
        return True if True in found else None if None in found else False
    operator = next(o for o in OPERATORS[2:] if getattr(condition, o) is not None)
    operand = getattr(condition, operator)
    if isinstance(value, int | float):
        at_least: bool | None = value >= operand
        at_most: bool | None = value <= operand
    elif isinstance(value, Period):
        bound = parse_period(operand)
        at_least, at_most = value.reaches(bound), bound.reaches(value)
    elif isinstance(value, date):
        bound = parse_period(operand)
        if condition.measure == "ahead":
            at_least, at_most = value >= bound.after(today), value <= bound.after(today)
        else:  # the time since a date: of an event, or since a duration began
            at_least, at_most = bound.after(value) <= today, bound.after(value) >= today
    else:
        raise TypeError(f"{condition.fact}: {value!r} cannot be compared with {operator}")
    holds = at_least if operator in ("at_least", "less_than") else at_most
    if holds is None:
        return None
    return holds if operator in ("at_least", "at_most") else not holds


def _matches(value: Value, wanted: Value) -> bool | None:
    """Whether a value is the wanted one: F-6-1 is an F-6; an F-6 may be an F-6-1."""
    if value == wanted:
        return True
    if isinstance(value, str) and isinstance(wanted, str):
        if value.startswith(wanted + "-"):
            return True
        if wanted.startswith(value + "-"):
            return None
    return False


def _open(reason: Reason) -> Iterator[str]:
    """The facts that can still change the outcome of an unsettled node."""
    if reason.settled:
        return
    condition = reason.condition
    if condition.fact is not None:
        yield condition.fact
        return
    for at, child in enumerate(reason.children):
        others = reason.children[:at] + reason.children[at + 1 :]
        beaten = (condition.all and child.low >= min((o.high for o in others), default=MET)) or (
            condition.any and child.high <= max((o.low for o in others), default=UNMET)
        )
        if not beaten:
            yield from _open(child)


def _by_what_they_settle(reason: Reason) -> list[str]:
    """The open facts; first those whose answer settles the outcome or spares most questions."""
    facts = list(dict.fromkeys(_open(reason)))

    def gain(fact: str) -> tuple[int, int]:
        settled = spared = 0
        for answer in (UNMET, MET):
            after = _suppose(reason, fact, answer)
            settled += after.settled
            spared += len(facts) - len(set(_open(after)))
        return settled, spared

    return sorted(facts, key=gain, reverse=True)


def _suppose(reason: Reason, fact: str, value: int) -> Reason:
    """The same tree if every open condition on `fact` came out as `value`."""
    if reason.settled:
        return reason
    if reason.condition.fact is not None:
        return Reason(reason.condition, value, value) if reason.condition.fact == fact else reason
    children = tuple(_suppose(child, fact, value) for child in reason.children)
    low = _combine(reason.condition, [child.low for child in children])
    high = _combine(reason.condition, [child.high for child in children])
    return Reason(reason.condition, min(low, high), max(low, high), children)


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
