"""Every service of the base: its boundary cases, and what must hold for all of them."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.assessment import Verdict, assess
from knowledge.base import KnowledgeBase, conditions, facts_of
from knowledge.check import Boundary, boundaries, mismatches, overdue
from knowledge.facts import Value
from knowledge.schema import Service
from tests.knowledge.answers import TODAY, worth_trying
from tests.knowledge.paths import answers, matters, questions, ways

BASE = KnowledgeBase.load()
ASSESSED = [s for s in BASE.services.values() if facts_of(s.requires)]
_WALKS = 60  # random walks through each service; the same ones every time
each_service = pytest.mark.parametrize("service", ASSESSED, ids=lambda s: s.id)
some_examples = settings(max_examples=40, deadline=None)


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


@each_service
def test_has_boundary_cases(service: Service) -> None:
    assert len(boundaries(service.id)) >= 2, f"write base/boundaries/{service.id}.yml"


@each_service
def test_every_way_through_the_questions_ends_and_every_outcome_is_reached(
    service: Service,
) -> None:
    reached = {verdict.outcome for verdict in ways(service, answers(BASE, service))}
    left_open = any(c.claims or c.office_decides for c in conditions(service.requires))
    assert reached == {"eligible", "not_eligible"} | ({"depends"} if left_open else set())


@each_service
def test_no_question_is_asked_that_can_no_longer_matter(service: Service) -> None:
    possible = answers(BASE, service)
    for known, fact in questions(service, possible):
        assert matters(service, possible, known, fact), f"{fact} is needless, knowing {known}"


@each_service
def test_not_knowing_some_things_ends_too_and_says_what_is_left_open(service: Service) -> None:
    possible = answers(BASE, service)
    for seed in range(_WALKS):
        choose = random.Random(f"{service.id} {seed}")
        one_way = {fact: [choose.choice([*values, None])] for fact, values in possible.items()}
        for verdict in ways(service, one_way):
            assert bool(verdict.unsure) == (verdict.outcome == "needs_more_info")


@each_service
def test_who_knows_nothing_gets_needs_more_info_and_how_to_find_out(service: Service) -> None:
    facts: dict[str, Value | None] = {}
    verdict = assess(service, facts, TODAY)
    while verdict.missing:
        assert verdict.missing[0] not in facts
        facts[verdict.missing[0]] = None
        verdict = assess(service, facts, TODAY)
    assert verdict.outcome == "needs_more_info"
    assert verdict.unsure


def told(service: Service) -> st.SearchStrategy[dict[str, Value | None]]:
    """Some facts about a person, each near a bound of a rule; None is "I don't know"."""
    tried = worth_trying(BASE, service)
    return st.fixed_dictionaries(
        {}, optional={fact: st.sampled_from([*values, None]) for fact, values in tried.items()}
    )


@each_service
@some_examples
@given(data=st.data())
def test_more_facts_never_flip_what_is_settled(service: Service, data: st.DataObject) -> None:
    facts = data.draw(told(service))
    few = {f: v for f, v in facts.items() if data.draw(st.booleans(), label=f)}
    before, after = assess(service, few, TODAY), assess(service, facts, TODAY)
    if before.outcome != "needs_more_info":
        assert after.outcome == before.outcome
    for was, now in zip(_statuses(before), _statuses(after), strict=True):
        assert was in ("unknown", now)


@each_service
@some_examples
@given(data=st.data())
def test_the_order_of_facts_does_not_matter(service: Service, data: st.DataObject) -> None:
    facts = data.draw(told(service))
    shuffled = dict(data.draw(st.permutations(list(facts.items()))))
    one, other = assess(service, facts, TODAY), assess(service, shuffled, TODAY)
    assert (one.outcome, one.missing) == (other.outcome, other.missing)


@each_service
@some_examples
@given(data=st.data())
def test_something_is_missing_if_and_only_if_it_is_open(
    service: Service, data: st.DataObject
) -> None:
    verdict = assess(service, data.draw(told(service)), TODAY)
    assert bool(verdict.missing or verdict.unsure) == (verdict.outcome == "needs_more_info")


@each_service
@some_examples
@given(data=st.data())
def test_what_is_not_known_is_never_filled_in(service: Service, data: st.DataObject) -> None:
    """A settled verdict holds whatever the facts are that it was not told."""
    facts = data.draw(told(service))
    verdict = assess(service, facts, TODAY)
    if verdict.outcome != "needs_more_info":
        for fact, values in worth_trying(BASE, service).items():
            if facts.get(fact) is None:
                told_too = {**facts, fact: data.draw(st.sampled_from(values), label=fact)}
                assert assess(service, told_too, TODAY).outcome == verdict.outcome


def test_a_service_past_its_review_is_named() -> None:
    service = ASSESSED[0]
    assert service.id not in overdue(BASE, service.review_by)
    assert service.id in overdue(BASE, service.review_by + timedelta(days=1))


def _statuses(verdict: Verdict) -> list[str]:
    def walk(reason: object) -> list[str]:
        return [reason.status, *(s for c in reason.children for s in walk(c))]  # type: ignore[attr-defined]

    return walk(verdict.reason)
