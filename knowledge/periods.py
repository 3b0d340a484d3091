"""Calendar periods: "two years", "14 days", and what they are from a given day."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import isodate
from dateutil.relativedelta import relativedelta

SEOUL = ZoneInfo("Asia/Seoul")
_ISO_PERIOD = re.compile(r"-?P(?=\d)")


class Period(NamedTuple):
    """A length of time in whole months and days, as a person or a rule gives it."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Period:
        """ISO 8601: `P2Y`, `P35M`, `P2W`, `-P14D`.  ValueError says what is expected."""
        if not _ISO_PERIOD.match(text):
            raise ValueError(f"{text!r} is not a period; write for example P2Y, P35M or P14D")
        try:
            parsed = isodate.parse_duration(text)
        except isodate.ISO8601Error as error:
            raise ValueError(
                f"{text!r} is not a period; write for example P2Y, P35M or P14D"
            ) from error
        if isinstance(parsed, timedelta):
            return cls(0, parsed.days)
        return cls(int(parsed.months + parsed.years * 12), parsed.tdelta.days)

    def __str__(self) -> str:
        sign = "-" if self.months < 0 or self.days < 0 else ""
        years, months = divmod(abs(self.months), 12)
        parts = ((years, "Y"), (months, "M"), (abs(self.days), "D"))
        return sign + "P" + ("".join(f"{n}{unit}" for n, unit in parts if n) or "0D")

    def after(self, day: date) -> date:
        """The day this long after `day`; where the month has no such day, its last one."""
        return day + relativedelta(months=self.months, days=self.days)

    def before(self, day: date) -> date:
        """The day this long before `day`."""
        return day - relativedelta(months=self.months, days=self.days)

    def bounds(self) -> tuple[int, int]:
        """The fewest and the most days this can be: three months are 89 to 92 days."""
        whole, rest = divmod(abs(self.months), 12)
        least = whole * 365 + _SHORTEST[rest] + abs(self.days)
        most = whole * 365 + (whole + 3) // 4 + _LONGEST[rest] + abs(self.days)
        return (-most, -least) if self.months < 0 or self.days < 0 else (least, most)

    def reaches(self, bound: Period) -> bool | None:
        """Whether this is at least `bound`.

        None where months and days are mixed so that the calendar would have to
        tell (is three months 90 days?).
        """
        if self.days == bound.days == 0:
            return self.months >= bound.months
        if self.months == bound.months:
            return self.days >= bound.days
        least, most = self.bounds()
        bound_least, bound_most = bound.bounds()
        if least >= bound_most:
            return True
        return False if most < bound_least else None


# Days of the shortest and the longest run of n whole months, leap days counted.
_SHORTEST = (0, 28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334)
_LONGEST = (0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337)


def seoul_now() -> datetime:
    """This moment on a clock in Korea, wherever the server stands."""
    return datetime.now(SEOUL)


def seoul_today() -> date:
    """Today's date in Korea."""
    return seoul_now().date()
