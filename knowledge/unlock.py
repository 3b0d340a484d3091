"""What would turn a no into a yes, and when, if it is only time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from knowledge.assessment import Verdict
from knowledge.base import facts_of
from knowledge.periods import Period
from knowledge.schema import Condition, Fact
from knowledge.weighing import UNMET, Reason, parse_period


class Change(NamedTuple):
    """A condition that has to be met yet.

    `day` is set where time alone does it.  `about` says that only a length of
    time was known and not its first day, so that the day is an estimate.
    """

    condition: Condition
    day: date | None = None
    about: bool = False


def unlock(verdict: Verdict, known: Mapping[str, Fact]) -> tuple[Change, ...]:
    """The easiest changes that together make a `not_eligible` verdict a yes.

    Empty where there is nothing to unlock or nothing that could be changed.
    """
    if verdict.outcome != "not_eligible" or verdict.reason is None:
        return ()
    return tuple(_ways(verdict.reason, verdict, known) or ())


def _ways(reason: Reason, verdict: Verdict, known: Mapping[str, Fact]) -> list[Change] | None:
    """The changes that would make a node met; None where nothing can."""
    if reason.high > UNMET:
        return []
    condition = reason.condition
    if condition.fact is not None:
        return None if known[condition.fact].fixed else _change(condition, verdict)
    if condition.not_ is not None:
        lasting = any(known[fact].fixed for fact in facts_of(condition))
        return None if lasting or not condition.text else [Change(condition)]
    ways = [_ways(child, verdict, known) for child in reason.children]
    if condition.any or condition.at_least_of is not None:
        best = min((way for way in ways if way is not None), key=_effort, default=None)
        if best and condition.unlock and any(change.day is None for change in best):
            return [Change(condition)]  # waiting is told with its day, the rest in its own words
        return best
    if condition.claims:
        gone = None in ways and not condition.unlock
        return None if gone or not condition.text else [Change(condition)]
    changes: list[Change] = []
    for way in ways:
        if way is None:
            return None
        changes += way
    # A node that says itself what helps speaks for the nameless ones below it.
    if condition.unlock and not any(change.condition.text for change in changes):
        day = max((change.day for change in changes if change.day), default=None)
        return [Change(condition, day, any(change.about for change in changes))]
    return changes


def _effort(changes: list[Change]) -> tuple[int, int, date]:
    """Waiting is easier than changing something, one change easier than two."""
    to_do = sum(change.day is None for change in changes)
    last = max((change.day for change in changes if change.day), default=date.min)
    return to_do, len(changes), last


def _change(condition: Condition, verdict: Verdict) -> list[Change] | None:
    value = verdict.facts.get(condition.fact or "")
    grows = condition.at_least is not None and condition.measure != "ahead"
    if grows and isinstance(value, Period):
        bound = parse_period(str(condition.at_least))
        if value.days == bound.days == 0:
            wait = Period(bound.months - value.months)
        else:
            wait = Period(0, bound.bounds()[1] - value.bounds()[0])
        return [Change(condition, wait.after(verdict.today), about=True)]
    if grows and isinstance(value, date):
        return [Change(condition, parse_period(str(condition.at_least)).after(value))]
    # A day that has passed does not come back.
    gone = condition.measure == "ago" and condition.at_least is None
    return None if gone else [Change(condition)]
