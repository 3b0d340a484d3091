"""The engine on small rules of our own: the chain unmet < disputed < met."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from knowledge.assessment import Verdict, assess
from knowledge.base import KnowledgeBase
from knowledge.facts import Facts
from knowledge.periods import Period
from knowledge.schema import Service
from knowledge.unlock import unlock

TODAY = date(2026, 11, 21)
CITE = [{"source": "bucheon_guide", "section": "a place"}]


def service(requires: object, **more: object) -> Service:
    return msgspec.convert(
        {
            "id": "test",
            "title": "A test",
            "summary": "A test.",
            "cite": CITE,
            "checked_on": "2026-11-21",
            "review_by": "2027-11-21",
            "requires": requires,
        }
        | more,
        Service,
    )


def verdict(requires: object, **facts: object) -> Verdict:
    return assess(service(requires), facts, TODAY)  # type: ignore[arg-type]


YES = {"fact": "registered", "equals": True}
ALSO = {"fact": "passport_valid", "equals": True}
TWO_YEARS = {"fact": "residence", "at_least": "P2Y"}
CLAIMS = {
    "id": "in_time",
    "text": "You report in time.",
    "claims": [
        {
            "says": "14",
            "cite": CITE,
            "test": {"fact": "moved_on", "measure": "ago", "at_most": "P14D"},
        },
        {
            "says": "15",
            "cite": CITE,
            "test": {"fact": "moved_on", "measure": "ago", "at_most": "P15D"},
        },
    ],
    "safe": "Report within 14 days.",
}


def test_a_missing_fact_is_never_filled_in() -> None:
    out = verdict({"all": [YES, ALSO]})
    assert (out.outcome, set(out.missing)) == ("needs_more_info", {"registered", "passport_valid"})


def test_all_is_unmet_as_soon_as_one_part_is() -> None:
    out = verdict({"all": [YES, ALSO]}, registered=False)
    assert (out.outcome, out.missing) == ("not_eligible", ())


def test_any_is_met_as_soon_as_one_part_is() -> None:
    assert verdict({"any": [YES, ALSO]}, passport_valid=True).outcome == "eligible"


def test_at_least_two_of_three() -> None:
    rule = {"at_least_of": 2, "of": [YES, ALSO, TWO_YEARS]}
    assert verdict(rule, registered=True, residence=Period(24)).outcome == "eligible"
    assert verdict(rule, registered=False, residence=Period(23)).outcome == "not_eligible"
    assert verdict(rule, registered=True).outcome == "needs_more_info"


def test_not_turns_an_open_question_into_an_open_question() -> None:
    assert verdict({"not": YES}).outcome == "needs_more_info"
    assert verdict({"not": YES}, registered=True).outcome == "not_eligible"


@pytest.mark.parametrize(
    ("moved", "outcome"),
    [
        (date(2026, 11, 7), "eligible"),  # 14 days ago: in time by both sources
        (date(2026, 11, 6), "depends"),  # 15 days ago: by one
        (date(2026, 11, 5), "not_eligible"),  # 16 days ago: by none
    ],
)
def test_where_sources_disagree_the_outcome_depends(moved: date, outcome: str) -> None:
    assert verdict(CLAIMS, moved_on=moved).outcome == outcome


def test_a_dispute_is_no_yes_and_no_no() -> None:
    disputed = {"office_decides": True}
    assert verdict({"all": [disputed, YES]}, registered=True).outcome == "depends"
    assert verdict({"all": [disputed, YES]}, registered=False).outcome == "not_eligible"
    assert verdict({"any": [disputed, YES]}, registered=True).outcome == "eligible"
    # Still open: a no could come of it.
    assert verdict({"all": [disputed, YES]}).outcome == "needs_more_info"


def test_what_can_no_longer_matter_is_not_asked() -> None:
    rule = {"all": [{"any": [YES, ALSO]}, TWO_YEARS]}
    assert verdict(rule, registered=True).missing == ("residence",)


def test_the_question_that_settles_most_comes_first() -> None:
    rule = {"any": [{"all": [YES, ALSO]}, {"all": [YES, TWO_YEARS]}]}
    assert verdict(rule).missing[0] == "registered"


def test_not_knowing_is_an_answer_and_not_asked_again() -> None:
    out = verdict({"all": [YES, ALSO]}, registered=None, passport_valid=True)
    assert (out.outcome, out.missing, out.unsure) == ("needs_more_info", (), ("registered",))


@pytest.mark.parametrize(
    ("lived", "outcome"),
    [
        (Period(23), "not_eligible"),
        (Period(24), "eligible"),
        (date(2024, 11, 22), "not_eligible"),  # two years tomorrow
        (date(2024, 11, 21), "eligible"),  # two years today: bounds count
    ],
)
def test_two_years_are_a_calendar_period(lived: Period | date, outcome: str) -> None:
    assert verdict(TWO_YEARS, residence=lived).outcome == outcome


def test_the_29th_of_february() -> None:
    rule = service({"fact": "residence", "at_least": "P1Y"})
    facts: Facts = {"residence": date(2024, 2, 29)}
    assert assess(rule, facts, date(2025, 2, 27)).outcome == "not_eligible"
    assert assess(rule, facts, date(2025, 2, 28)).outcome == "eligible"


def test_three_months_may_or_may_not_be_ninety_days() -> None:
    rule = {"fact": "residence", "at_least": "P90D"}
    assert verdict(rule, residence=Period(3)).outcome == "needs_more_info"
    assert verdict(rule, residence=Period(4)).outcome == "eligible"


def test_a_status_is_known_by_its_beginning() -> None:
    rule = {"fact": "status", "one_of": ["F-6"]}
    assert verdict(rule, status="F-6-1").outcome == "eligible"
    assert verdict(rule, status="F-61").outcome == "not_eligible"
    # F-6 alone does not say which F-6.
    assert (
        verdict({"fact": "status", "one_of": ["F-6-1"]}, status="F-6").outcome == "needs_more_info"
    )


def test_unlock_names_the_day_when_it_is_only_time(base: KnowledgeBase) -> None:
    rule = {"id": "two_years", "text": "Two years in Korea.", "cite": CITE} | TWO_YEARS
    (change,) = unlock(verdict(rule, residence=date(2025, 3, 2)), base.facts)
    assert (change.day, change.about) == (date(2027, 3, 2), False)
    (change,) = unlock(verdict(rule, residence=Period(23)), base.facts)
    assert (change.day, change.about) == (date(2026, 12, 21), True)


def test_unlock_prefers_waiting_and_never_offers_what_cannot_change(base: KnowledgeBase) -> None:
    born = {"fact": "born_in_korea", "equals": True}
    assert base.facts["born_in_korea"].fixed
    out = verdict({"any": [born, TWO_YEARS]}, born_in_korea=False, residence=Period(20))
    assert [c.condition.fact for c in unlock(out, base.facts)] == ["residence"]
    out = verdict(born, born_in_korea=False)
    assert unlock(out, base.facts) == ()
