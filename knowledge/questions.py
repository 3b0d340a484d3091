"""Which facts can still change an outcome, and which of them to ask first.

A question is worth asking where an answer to it settles the outcome or makes
other questions needless.  Each open fact is tried both ways on what is still
open of the tree; nothing that is settled, and nothing that can no longer
matter, is looked at again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from knowledge.weighing import MET, UNMET, Reason, combine


class Gain(NamedTuple):
    """What asking for a fact is worth: of its two answers, how many settle the outcome, and
    how many other questions they spare together."""

    settled: int
    spared: int


def gains(reason: Reason) -> dict[str, Gain]:
    """The facts that can still change how `reason` comes out, in the order of the record."""
    if reason.settled:
        return {}
    numbers: dict[str, int] = {}
    root = _Open.of(reason, numbers)
    facts = list(_in_order(root.span.facts, numbers))
    return {fact: _gain(root, 1 << numbers[fact], len(facts)) for fact in facts}


def most_useful_first(open_questions: Iterable[Mapping[str, Gain]]) -> list[str]:
    """The facts of one service's `gains`, or of several that a person may mean, best first."""
    settled: Counter[str] = Counter()
    spared: Counter[str] = Counter()
    for service in open_questions:
        for fact, gain in service.items():
            settled[fact] += gain.settled
            spared[fact] += gain.spared
    return sorted(settled, key=lambda fact: (settled[fact], spared[fact]), reverse=True)


class _Span(NamedTuple):
    """The least and the most a node can become; `facts` that can move it, as bits."""

    low: int
    high: int
    facts: int


class _Open(NamedTuple):
    """A node of which something is open, with its span; settled ones have no children.

    `mentions` are all facts below it, as bits: where a fact is not among them,
    its answer changes nothing here.
    """

    reason: Reason
    span: _Span
    mentions: int
    children: tuple[_Open, ...] = ()

    @classmethod
    def of(cls, reason: Reason, numbers: dict[str, int]) -> _Open:
        if reason.settled:
            return cls(reason, _Span(reason.low, reason.high, 0), 0)
        if reason.condition.fact is not None:
            fact = 1 << numbers.setdefault(reason.condition.fact, len(numbers))
            return cls(reason, _Span(reason.low, reason.high, fact), fact)
        children = tuple(cls.of(child, numbers) for child in reason.children)
        span = _over(reason, [child.span for child in children])
        mentions = 0
        for child in children:
            mentions |= child.mentions
        return cls(reason, span, mentions, children)


def _over(reason: Reason, spans: Sequence[_Span]) -> _Span:
    """The span of a node over those of its children."""
    condition = reason.condition
    low = combine(condition, [span.low for span in spans])
    high = combine(condition, [span.high for span in spans])
    if low > high:  # `not` turns the chain round, and with it the ends of a span
        low, high = high, low
    if low == high:
        return _Span(low, high, 0)
    # A child that another one overrules can no longer matter.
    if condition.all:
        least, next_least = sorted([*(span.high for span in spans), MET, MET])[:2]
        matter = [s for s in spans if s.low < (next_least if s.high == least else least)]
    elif condition.any:
        most, next_most = sorted([*(span.low for span in spans), UNMET, UNMET], reverse=True)[:2]
        matter = [s for s in spans if s.high > (next_most if s.low == most else most)]
    else:
        matter = list(spans)
    facts = 0
    for span in matter:
        facts |= span.facts
    return _Span(low, high, facts)


def _gain(root: _Open, fact: int, total: int) -> Gain:
    settled = spared = 0
    for answer in (UNMET, MET):
        after = _suppose(root, fact, answer)
        settled += after.low == after.high
        spared += total - after.facts.bit_count()
    return Gain(settled, spared)


def _suppose(node: _Open, fact: int, answer: int) -> _Span:
    """The node's span if every open condition on `fact` came out as `answer`."""
    if not node.mentions & fact:
        return node.span
    if not node.children:
        return _Span(answer, answer, 0)
    return _over(node.reason, [_suppose(child, fact, answer) for child in node.children])


def _in_order(facts: int, numbers: dict[str, int]) -> Iterator[str]:
    return (fact for fact, number in numbers.items() if facts >> number & 1)
