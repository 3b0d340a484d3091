"""When counsellors are there."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.cases.queue import Place
from bot.opening import Opening
from knowledge.catalogue import Catalogue
from knowledge.periods import SEOUL

WEEKDAYS = "Mo-Fr 09:00-12:00,13:00-18:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23T10:00", None),  # a Monday
        ("2026-11-23T12:30", "2026-11-23T13:00"),
        ("2026-11-22T10:00", "2026-11-23T09:00"),
        ("2026-12-24T18:00", "2026-12-28T09:00"),  # Christmas is a Friday
        ("2027-02-05T18:00", "2027-02-10T09:00"),  # the new year of the moon, and its substitute
        ("2026-07-17T10:00", "2026-07-20T09:00"),  # Constitution Day, a holiday again since 2026
    ],
)
def test_holidays_weekends_and_breaks_are_waited_for(moment: str, opens: str | None) -> None:
    hours = Opening(WEEKDAYS)
    assert hours.opens(at(moment)) == (at(opens) if opens else None)
    assert hours.is_open(at(moment)) == (opens is None)


def test_hours_are_korean_whatever_the_clock_says() -> None:
    utc = datetime.fromisoformat("2026-11-23T00:30+00:00")
    assert Opening(WEEKDAYS).is_open(utc)


def test_never_open_promises_no_time() -> None:
    assert Opening("2020 Jan 1 09:00-10:00").opens(at("2026-11-23T10:00")) is None


def test_hours_that_cannot_be_read_say_what_is_wanted() -> None:
    with pytest.raises(ValueError, match="Mo-Fr 09:00-18:00"):
        Opening("from nine to five")


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "Monday, November 23, 2026 09:00"),
        ("ko", "2026년 11월 23일 월요일 09:00"),
        ("ja", "2026年11月23日月曜日 09:00"),
        ("zh", "2026年11月23日星期一 09:00"),
        ("vi", "Thứ Hai, 23 tháng 11, 2026 09:00"),
    ],
)
def test_people_read_in_their_own_way_when_counsellors_are_back(
    language: str, written: str
) -> None:
    place = Place(2, None, at("2026-11-23T09:00"))
    told = place.in_words(Catalogue.of(language))
    assert written in told
    assert "2" in told.splitlines()[0]
