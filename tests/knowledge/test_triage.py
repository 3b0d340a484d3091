"""How urgent a situation is, and how a case ranks among others."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.assessment import assess
from knowledge.base import KnowledgeBase
from knowledge.facts import decode_facts
from knowledge.schema import Level
from knowledge.triage import (
    GRAVEST_FIRST,
    Situation,
    level_of,
    nearest_date,
    priority,
    triage,
)

TODAY = date(2026, 11, 22)
WAITS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30))
DAYS = st.none() | st.integers(-100, 400).map(lambda n: TODAY + timedelta(days=n))
LEVELS = st.sampled_from(GRAVEST_FIRST)


def rules(
    base: KnowledgeBase, *signals: str, service: str | None = None, **facts: object
) -> list[str]:
    """The ids of the rules that hold."""
    typed = decode_facts(facts, base.facts, TODAY)
    verdicts = [assess(base.services[service], typed, TODAY)] if service else []
    situation = Situation(typed, verdicts, signals)  # type: ignore[arg-type]
    return [rule.id for rule in triage(base, situation, TODAY)]


@pytest.mark.parametrize(
    ("facts", "first", "level"),
    [
        ({"danger": "violence"}, "violence", "emergency"),
        ({"danger": "detention"}, "detention", "emergency"),
        ({"danger": "child_no_papers"}, "child_no_papers", "high"),
        ({"stay_until": "2026-11-21"}, "stay_ended", "high"),
        ({"stay_until": "2026-11-22"}, "stay_ends", "high"),
        ({"stay_until": "2026-11-29"}, "stay_ends", "high"),
        ({"stay_until": "2026-11-30"}, "stay_ends_soon", "normal"),
        ({"stay_until": "2026-11-30", "marriage": "divorcing"}, "stay_ends_in_conflict", "high"),
        ({"stay_until": "2026-12-20", "guarantee": "withdrawn"}, "stay_ends_in_conflict", "high"),
        ({"stay_until": "2027-02-20", "guarantee": "withdrawn"}, "guarantee_withdrawn", "normal"),
        ({"marriage": "divorcing"}, "lawsuit", "normal"),
    ],
)
def test_facts_raise_a_case(
    base: KnowledgeBase, facts: dict[str, object], first: str, level: Level
) -> None:
    held = rules(base, **facts)
    assert held[0] == first
    assert level_of(rule for rule in base.triage if rule.id in held) == level


def test_nothing_known_raises_nothing(base: KnowledgeBase) -> None:
    assert rules(base) == []
    assert level_of([]) == "normal"
    assert rules(base, stay_until=None) == [], "not known is no reason"


@pytest.mark.parametrize(
    ("signal", "level"),
    [
        ("danger", "emergency"),
        ("asked_for_person", "normal"),
        ("misunderstood", "normal"),
        ("anger", "normal"),
        ("fear", "normal"),
        ("out_of_base", "low"),
    ],
)
def test_what_shows_in_the_conversation_raises_a_case(
    base: KnowledgeBase, signal: str, level: Level
) -> None:
    [held] = [rule for rule in base.triage if rule.id in rules(base, signal)]
    assert (held.signal, held.level) == (signal, level)


def test_a_verdict_raises_a_case_once_nothing_is_left_to_ask(base: KnowledgeBase) -> None:
    f5 = "permanent_residence.f5_2"
    assert rules(base, service=f5) == [], "a question is still open"
    unsure = {name: None for name in assess(base.services[f5], {}, TODAY).missing}
    while left := assess(base.services[f5], decode_facts(unsure, base.facts, TODAY), TODAY).missing:
        unsure |= dict.fromkeys(left)
    assert rules(base, service=f5, **unsure) == ["unsure"]


def test_a_verdict_on_which_the_sources_disagree_raises_a_case(base: KnowledgeBase) -> None:
    away = {"loss_event": "long_trip", "absence_permit": "no_permit", "abroad_length": "P18M"}
    assert rules(base, service="permanent_residence.loss", **away) == ["disputed", "depends"]
    assert rules(base, service="e7_regional") == ["depends"], "nobody disagrees, the office decides"


def test_the_gravest_rules_stand_first(base: KnowledgeBase) -> None:
    ranks = [GRAVEST_FIRST.index(rule.level) for rule in base.triage]
    assert ranks == sorted(ranks)


@given(LEVELS, WAITS, WAITS, DAYS)
def test_waiting_never_lowers_the_priority(
    level: Level, shorter: timedelta, longer: timedelta, nearest: date | None
) -> None:
    shorter, longer = sorted((shorter, longer))
    assert priority(level, shorter, nearest, TODAY) <= priority(level, longer, nearest, TODAY)


@given(LEVELS, WAITS, DAYS, st.integers(0, 400))
def test_a_date_that_comes_near_never_lowers_it(
    level: Level, waited: timedelta, nearest: date | None, later: int
) -> None:
    after = TODAY + timedelta(days=later)
    assert priority(level, waited, nearest, TODAY) <= priority(level, waited, nearest, after)


@given(LEVELS, WAITS, DAYS, WAITS)
def test_nothing_overtakes_an_emergency(
    level: Level, waited: timedelta, nearest: date | None, emergency_waited: timedelta
) -> None:
    emergency = priority("emergency", emergency_waited, None, TODAY)
    assert level == "emergency" or priority(level, waited, nearest, TODAY) < emergency


def test_who_waits_long_enough_overtakes_who_came_later(base: KnowledgeBase) -> None:
    fresh = priority("high", timedelta(0), None, TODAY)
    assert priority("normal", timedelta(hours=7), None, TODAY) < fresh
    assert priority("normal", timedelta(hours=9), None, TODAY) > fresh
    soon = TODAY + timedelta(days=10)
    assert priority("normal", timedelta(0), soon, TODAY) > priority(
        "normal", timedelta(0), None, TODAY
    )


def test_the_next_last_day_is_of_the_stay_or_of_a_deadline(base: KnowledgeBase) -> None:
    facts = decode_facts({"moved_on": "2026-11-20", "registered": True}, base.facts, TODAY)
    verdict = assess(base.services["residence_change_report"], facts, TODAY)
    [deadline] = [d.day for d in verdict.deadlines() if d.day]
    assert nearest_date(Situation(facts, [verdict]), TODAY) == deadline
    stay = {**facts, "stay_until": date(2026, 11, 25)}
    assert nearest_date(Situation(stay, [verdict]), TODAY) == date(2026, 11, 25)
    assert nearest_date(Situation({}), TODAY) is None
