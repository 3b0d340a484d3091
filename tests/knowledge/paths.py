"""Every way through a service's questions, on the pure function.

Two answers that no condition of the service can tell apart are one answer, so
the ways are few enough to walk them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from knowledge.assessment import Verdict, assess
from knowledge.base import KnowledgeBase, conditions, facts_of
from knowledge.facts import Value
from knowledge.schema import Service
from knowledge.weighing import weigh
from tests.knowledge.answers import TODAY, worth_trying

Known = Mapping[str, "Value | None"]


def answers(base: KnowledgeBase, service: Service) -> dict[str, list[Value]]:
    """Fact id -> one answer for each way it can come out in the service's rules."""
    tried = worth_trying(base, service)
    kinds: dict[str, list[Value]] = {}
    for fact in facts_of(service.requires):
        tests = [c for c in conditions(service.requires) if c.fact == fact]
        by_effect = {
            tuple(weigh(test, {fact: value}, TODAY)[1:3] for test in tests): value
            for value in tried[fact]
        }
        kinds[fact] = list(by_effect.values())
    return kinds


def ways(
    service: Service,
    answers: Mapping[str, Sequence[Value | None]],
    known: Known | None = None,
) -> Iterator[Verdict]:
    """The verdict at the end of each way on from `known`, asking what the engine would ask."""
    verdict = assess(service, known or {}, TODAY)
    if not verdict.missing:
        yield verdict
        return
    fact = verdict.missing[0]
    for answer in answers[fact]:
        if fact in verdict.facts and verdict.facts[fact] == answer:
            continue  # "a D-4" again, where the kind of D-4 was asked for
        yield from ways(service, answers, {**verdict.facts, fact: answer})


def questions(
    service: Service, answers: Mapping[str, Sequence[Value]], known: Known | None = None
) -> Iterator[tuple[Known, str]]:
    """Every (what is known, fact asked next) that there can be."""
    verdict = assess(service, known or {}, TODAY)
    if not verdict.missing:
        return
    fact = verdict.missing[0]
    yield verdict.facts, fact
    for answer in answers[fact]:
        if fact in verdict.facts and verdict.facts[fact] == answer:
            continue
        yield from questions(service, answers, {**verdict.facts, fact: answer})


def matters(
    service: Service, answers: Mapping[str, Sequence[Value]], known: Known, fact: str
) -> bool:
    """Whether two answers to `fact`, all else being equal, can end differently."""
    for one in answers[fact]:
        for ended in ways(service, answers, {**known, fact: one}):
            for other in answers[fact]:
                for otherwise in ways(service, answers, {**ended.facts, fact: other}):
                    if otherwise.outcome != ended.outcome:
                        return True
    return False
