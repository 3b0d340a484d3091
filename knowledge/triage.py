"""How urgent a person's situation is: `base/triage.yml` held against it, and how it ranks.

Both are pure functions: of what is known, of the day, and of the time waited.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from knowledge.assessment import Verdict
from knowledge.base import KnowledgeBase
from knowledge.facts import Facts
from knowledge.schema import Level, Signal, TriageRule
from knowledge.weighing import MET, Reason, weigh

GRAVEST_FIRST: tuple[Level, ...] = ("emergency", "high", "normal", "low")
NO_RULE: Level = "normal"
"""The level of a situation that no rule speaks of."""

_RANK = {"emergency": 1000, "high": 200, "normal": 100, "low": 0}
_BELOW_EMERGENCY = 999
_STEP = 100  # from one level to the next
_RISES_ONE_LEVEL_IN = timedelta(hours=8)
_DATES_COUNT_WITHIN = 30  # days


class Situation(NamedTuple):
    """What is known of a person: their facts, the verdicts on what they asked, and what showed
    in the conversation.
    """

    facts: Facts
    verdicts: Sequence[Verdict] = ()
    signals: Collection[Signal] = ()


def triage(base: KnowledgeBase, situation: Situation, today: date) -> list[TriageRule]:
    """The rules that hold, the gravest first; what raises the case is the first."""
    return [rule for rule in base.triage if _holds(rule, situation, today)]


def urgency(base: KnowledgeBase, facts: Facts, today: date) -> TriageRule | None:
    """The gravest rule about danger and dates that holds; None where nothing is urgent."""
    held = triage(base, Situation(facts), today)
    return next((r for r in held if r.level in ("emergency", "high")), None)


def level_of(rules: Iterable[TriageRule]) -> Level:
    """The gravest level of some rules."""
    levels = {rule.level for rule in rules}
    return next((level for level in GRAVEST_FIRST if level in levels), NO_RULE)


def graver(one: Level, other: Level) -> Level:
    """The graver of two levels."""
    return min(one, other, key=GRAVEST_FIRST.index)


def priority(level: Level, waited: timedelta, nearest: date | None, today: date) -> int:
    """What is looked after first: the greater, the sooner.

    It rises with the time waited, a level every eight hours, and over the last
    thirty days before the `nearest` date that must not pass, by one level.
    Nothing overtakes an emergency but an older emergency.
    """
    rank = _RANK[level] + int(_STEP * (waited / _RISES_ONE_LEVEL_IN))
    if nearest is not None:
        left = min(max((nearest - today).days, 0), _DATES_COUNT_WITHIN)
        rank += _STEP * (_DATES_COUNT_WITHIN - left) // _DATES_COUNT_WITHIN
    return rank if level == "emergency" else min(rank, _BELOW_EMERGENCY)


def nearest_date(situation: Situation, today: date) -> date | None:
    """The next last day: of the stay, and of what the verdicts say must be done; None if none.

    A day that has passed counts as well, and most: nothing became less urgent by it.
    """
    days = [
        dated.day
        for verdict in situation.verdicts
        for dated in verdict.deadlines()
        if dated.day is not None and not dated.deadline.opens
    ]
    stay = situation.facts.get("stay_until")
    if isinstance(stay, date):
        days.append(stay)
    return min(days, default=None)


def _holds(rule: TriageRule, situation: Situation, today: date) -> bool:
    if rule.when is not None:
        return weigh(rule.when, situation.facts, today).low == MET
    if rule.verdict is not None:
        return any(_VERDICTS[rule.verdict](verdict) for verdict in situation.verdicts)
    return rule.signal in situation.signals


def _is_disputed(verdict: Verdict) -> bool:
    return not verdict.missing and any(r.condition.claims for r in _disputed(verdict.reason))


def _disputed(reason: Reason | None) -> Iterator[Reason]:
    """The conditions that keep a verdict from being settled by a rule."""
    if reason is not None and reason.status == "disputed":
        yield reason
        for child in reason.children:
            yield from _disputed(child)


_VERDICTS: Mapping[str, Callable[[Verdict], bool]] = {
    "disputed": _is_disputed,
    "depends": lambda verdict: verdict.outcome == "depends",
    # Only what the person cannot tell is left open.
    "unsure": lambda verdict: bool(verdict.unsure) and not verdict.missing,
}
