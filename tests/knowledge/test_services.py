"""Every service of the base: its boundary cases, and what must hold for all of them."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.assessment import Verdict, assess
from knowledge.base import KnowledgeBase, facts_of
from knowledge.check import Boundary, boundaries, mismatches, overdue
from knowledge.facts import Value
from knowledge.schema import Service
from tests.knowledge.answers import TODAY, worth_trying

BASE = KnowledgeBase.load()
ASSESSED = [s for s in BASE.services.values() if facts_of(s.requires)]
_WALKS = 60  # random walks through each service; the same ones every time


@pytest.mark.parametrize(
    ("service", "boundary"),
    [
        pytest.param(name, boundary, id=f"{name}: {boundary.case}")
        for name in BASE.services
        for boundary in boundaries(name)
    ],
)
def test_boundary(service: str, boundary: Boundary) -> None:
    assert list(mismatches(BASE, service, boundary)) == []


@pytest.mark.parametrize("service", ASSESSED, ids=lambda s: s.id)
def test_has_boundary_cases(service: Service) -> None:
    assert len(boundaries(service.id)) >= 2, f"write base/boundaries/{service.id}.yml"


@pytest.mark.parametrize("service", ASSESSED, ids=lambda s: s.id)
def test_asking_what_is_missing_always_ends_and_asks_nothing_twice(service: Service) -> None:
    answers = worth_trying(BASE, service)
    seen = {boundary.outcome for boundary in boundaries(service.id)}
    for seed in range(_WALKS):
        choose = random.Random(f"{service.id} {seed}")
        facts: dict[str, Value | None] = {}
        verdict = assess(service, facts, TODAY)
        while verdict.missing:
            fact = verdict.missing[0]
            assert fact not in facts, f"{fact} is asked a second time"
            facts[fact] = choose.choice(answers[fact])
            verdict = assess(service, facts, TODAY)
        assert verdict.outcome != "needs_more_info"
        seen.add(verdict.outcome)
    assert len(seen) > 1, f"whatever one answers, it comes out as {seen}"


@pytest.mark.parametrize("service", ASSESSED, ids=lambda s: s.id)
def test_who_knows_nothing_gets_needs_more_info_and_how_to_find_out(service: Service) -> None:
    facts: dict[str, Value | None] = {}
    verdict = assess(service, facts, TODAY)
    while verdict.missing:
        assert verdict.missing[0] not in facts
        facts[verdict.missing[0]] = None
        verdict = assess(service, facts, TODAY)
    assert verdict.outcome == "needs_more_info"
    assert verdict.unsure


@st.composite
def told(draw: st.DrawFn) -> tuple[Service, dict[str, Value | None]]:
    """A service and some facts about a person, each near a bound of a rule."""
    service = draw(st.sampled_from(ASSESSED))
    answers = worth_trying(BASE, service)
    return service, {
        fact: draw(st.sampled_from(values))
        for fact, values in answers.items()
        if draw(st.booleans())
    }


@settings(max_examples=400, deadline=None)
@given(told(), st.randoms(use_true_random=False))
def test_more_facts_never_flip_what_is_settled(
    known: tuple[Service, dict[str, Value | None]], chance: random.Random
) -> None:
    service, facts = known
    few = dict(chance.sample(sorted(facts.items()), k=len(facts) // 2))
    before, after = assess(service, few, TODAY), assess(service, facts, TODAY)
    if before.outcome != "needs_more_info":
        assert after.outcome == before.outcome
    for was, now in zip(_statuses(before), _statuses(after), strict=True):
        assert was in ("unknown", now)


@settings(max_examples=200, deadline=None)
@given(told(), st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(
    known: tuple[Service, dict[str, Value | None]], chance: random.Random
) -> None:
    service, facts = known
    shuffled = list(facts.items())
    chance.shuffle(shuffled)
    one, other = assess(service, facts, TODAY), assess(service, dict(shuffled), TODAY)
    assert (one.outcome, one.missing) == (other.outcome, other.missing)


@settings(max_examples=200, deadline=None)
@given(told())
def test_something_is_missing_if_and_only_if_it_is_open(
    known: tuple[Service, dict[str, Value | None]],
) -> None:
    verdict = assess(*known, TODAY)
    assert bool(verdict.missing or verdict.unsure) == (verdict.outcome == "needs_more_info")


def test_a_service_past_its_review_is_named() -> None:
    service = ASSESSED[0]
    assert service.id not in overdue(BASE, service.review_by)
    assert service.id in overdue(BASE, service.review_by + timedelta(days=1))


def _statuses(verdict: Verdict) -> list[str]:
    def walk(reason: object) -> list[str]:
        return [reason.status, *(s for c in reason.children for s in walk(c))]  # type: ignore[attr-defined]

    return walk(verdict.reason)
