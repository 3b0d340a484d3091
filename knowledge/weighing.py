"""Weighing one condition against a person's facts.

Every condition comes out on a chain

    unmet < disputed < met

and what is not yet known is the span between the least and the most it can
still become.  `all` takes the least of its parts, `any` the greatest; that is
Kleene's logic with *disputed* (sources disagree, or leave it to the office) as
a value of its own.  A span that has shrunk to one point is settled, and no
further fact can unsettle it.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

from knowledge.facts import Facts, Value
from knowledge.periods import Period
from knowledge.schema import OPERATORS, Condition

Status = Literal["met", "unmet", "unknown", "disputed"]
UNMET, DISPUTED, MET = 0, 1, 2
_STATUS: tuple[Status, ...] = ("unmet", "disputed", "met")
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
    low = combine(condition, [child.low for child in children])
    high = combine(condition, [child.high for child in children])
    # `not` turns the chain round, and with it the ends of a span.
    return Reason(condition, min(low, high), max(low, high), children)


def combine(condition: Condition, values: list[int]) -> int:
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
