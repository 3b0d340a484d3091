"""Wire values: what is taken, and what is said about what is not."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.base import KnowledgeBase
from knowledge.facts import decode_facts, decode_value, encode_value
from knowledge.periods import Period

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("fact", "raw", "value"),
    [
        ("registered", True, True),
        ("registered", None, None),
        ("marriage", "divorced", "divorced"),
        ("residence", 35, Period(35)),
        ("residence", "P2Y", Period(24)),
        ("residence", "2024-11-21", date(2024, 11, 21)),
        ("stay_until", "2027-05-21", date(2027, 5, 21)),
        ("stay_until", "P6M", date(2027, 5, 21)),
        ("moved_on", "P16D", date(2026, 11, 5)),  # a past event: 16 days ago
        ("household_income", 37621000, 37621000),
        ("nationality", "jp", "JP"),
        ("status", "f-6-1", "F-6-1"),
        ("status", "F6", "F-6"),
        ("kiprat_score", 60, 60),
    ],
)
def test_what_is_taken(base: KnowledgeBase, fact: str, raw: object, value: object) -> None:
    assert decode_value(base.facts[fact], raw, TODAY) == value


@pytest.mark.parametrize(
    ("fact", "raw", "says"),
    [
        ("registered", "yes", "true or false"),
        ("marriage", "complicated", "intact"),
        ("residence", -1, "whole months"),
        ("residence", 1.5, "whole months"),
        ("residence", "2999-01-01", "between 1900 and 2200"),
        ("residence", "2030-01-01", "still to come"),
        ("residence", "long", "such as 2026-11-21"),
        ("stay_until", "tomorrow", "such as 2026-11-21"),
        ("household_income", -5, "won"),
        ("household_income", 1e300, "won"),
        ("nationality", "Japan", "two-letter"),
        ("status", "tourist", "F-6"),
        ("status", ["F-6"], "F-6"),
    ],
)
def test_what_is_not_taken(base: KnowledgeBase, fact: str, raw: object, says: str) -> None:
    with pytest.raises(ValueError, match=fact) as caught:
        decode_value(base.facts[fact], raw, TODAY)
    assert says in str(caught.value)


def test_an_unknown_fact(base: KnowledgeBase) -> None:
    with pytest.raises(ValueError, match="shoe_size"):
        decode_facts({"shoe_size": 42}, base.facts, TODAY)


@pytest.mark.parametrize("value", [True, "divorced", 60, Period(35, 2), date(2027, 5, 21), None])
def test_encoding_is_plain_json(value: object) -> None:
    wire = encode_value(value)  # type: ignore[arg-type]
    assert wire is None or isinstance(wire, bool | int | float | str)


@pytest.mark.parametrize(
    ("text", "period"),
    [("P2Y", Period(24)), ("P1Y6M", Period(18)), ("P2W", Period(0, 14)), ("-P2M", Period(-2))],
)
def test_periods(text: str, period: Period) -> None:
    assert Period.parse(text) == period
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize("text", ["", "P", "2Y", "two years", "PY", "P-"])
def test_no_periods(text: str) -> None:
    with pytest.raises(ValueError, match="P2Y"):
        Period.parse(text)
