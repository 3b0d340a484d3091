"""When counsellors are there: opening hours, and Korea's public holidays."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import holidays
from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]

from knowledge.periods import SEOUL

_LOOKS_AHEAD = 100  # changes; the longest row of holidays is a good week


class Opening:
    """Opening hours as OpenStreetMap writes them: `Mo-Fr 09:00-18:00; Dec 31 off`.

    ValueError where `hours` cannot be read.
    """

    def __init__(self, hours: str) -> None:
        try:
            self._hours = OpeningHours(hours, timezone=SEOUL)
        except ParserError as error:
            raise ValueError(
                f"opening_hours wants hours such as Mo-Fr 09:00-18:00; found {hours!r}: {error}"
            ) from None
        # The library's own holidays of Korea lack those made since 2026 and some substitutes.
        self._holidays = holidays.country_holidays("KR", language="ko")

    def is_open(self, moment: datetime) -> bool:
        """Whether counsellors are there at a moment (with a time zone)."""
        there = moment.astimezone(SEOUL)
        return there.date() not in self._holidays and bool(self._hours.is_open(there))

    def opens(self, moment: datetime) -> datetime | None:
        """When they are there again, after `moment`; None where they are there then, or never."""
        if self.is_open(moment):
            return None
        at = moment.astimezone(SEOUL)
        for _ in range(_LOOKS_AHEAD):
            if at.date() in self._holidays:
                at = datetime.combine(at.date() + timedelta(days=1), time(), SEOUL)
            elif self._hours.is_open(at):
                return at
            elif (change := self._hours.next_change(at)) is not None:
                at = change
            else:
                return None
        return None
