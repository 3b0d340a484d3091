"""What a person told about themselves, as typed values.

On the wire (API, Rasa's slot, YAML) a value is JSON: a boolean, a choice's
value, a number, an ISO 8601 period (`P2Y`) or a date, won as an integer, an
ISO 3166 country code, a status such as `F-6`.  `null` means that the person
was asked and does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias

from knowledge.periods import Period
from knowledge.schema import Fact

Value: TypeAlias = bool | int | float | str | date | Period
Facts: TypeAlias = Mapping[str, "Value | None"]

_STATUS = re.compile(r"([A-H])-?(\d{1,2})(?:-?(\d{1,2}|[A-Z]))?$")
_UNIT_PERIODS = {"years": "P{}Y", "months": "P{}M", "weeks": "P{}W", "days": "P{}D"}


def decode_facts(raw: Mapping[str, object], known: Mapping[str, Fact], today: date) -> Facts:
    """The typed facts; ValueError names the fact and what it should be."""
    facts: dict[str, Value | None] = {}
    for name, value in raw.items():
        if name not in known:
            raise ValueError(f"there is no fact {name!r}; GET /v1/facts lists them all")
        facts[name] = decode_value(known[name], value, today)
    return facts


def decode_value(fact: Fact, raw: object, today: date) -> Value | None:
    """One wire value as the type of its fact; ValueError says what was expected."""
    if raw is None:
        return None
    try:
        return _DECODERS[fact.kind](fact, raw, today)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{fact.id}: {error}") from error


def encode_value(value: Value | None) -> bool | int | float | str | None:
    """The wire form of a typed value."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Period) else value


def _bool(fact: Fact, raw: object, today: date) -> bool:
    if isinstance(raw, bool):
        return raw
    raise ValueError(f"expected true or false, got {raw!r}")


def _choice(fact: Fact, raw: object, today: date) -> str:
    values = [choice.value for choice in fact.choices]
    if isinstance(raw, str) and raw in values:
        return raw
    raise ValueError(f"expected one of {', '.join(values)}; got {raw!r}")


def _number(fact: Fact, raw: object, today: date) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not abs(raw) < 1e15:
        raise ValueError(f"expected a number of {fact.unit or 'units'}, got {raw!r}")
    return raw


def _money(fact: Fact, raw: object, today: date) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw < 1e15:
        raise ValueError(f"expected an amount in won, got {raw!r}")
    return int(raw)


def _duration(fact: Fact, raw: object, today: date) -> Period | date:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        if raw < 0 or raw != int(raw) or raw > 2000 * 12:
            raise ValueError(f"expected whole {fact.unit}, got {raw!r}")
        return Period.parse(_UNIT_PERIODS[fact.unit or "months"].format(int(raw)))
    if isinstance(raw, str):
        if raw.startswith("P"):
            return Period.parse(raw)
        began = _calendar_day(raw)
        if began > today:
            raise ValueError(f"began on {raw}, which is still to come")
        return began
    raise ValueError(
        f"expected a number of {fact.unit}, a period such as P2Y, or the date it began; got {raw!r}"
    )


def _date(fact: Fact, raw: object, today: date) -> date:
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str):
        if raw.startswith(("P", "-P")):
            away = Period.parse(raw)
            past = fact.lies == "past" and min(away) >= 0
            return away.before(today) if past else away.after(today)
        return _calendar_day(raw)
    raise ValueError(f"expected a date such as 2026-11-21, got {raw!r}")


def _calendar_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expected a date such as 2026-11-21, got {text!r}") from None
    if not 1900 <= day.year <= 2200:
        raise ValueError(f"expected a date between 1900 and 2200, got {text!r}")
    return day


def _country(fact: Fact, raw: object, today: date) -> str:
    if isinstance(raw, str) and re.fullmatch("[A-Za-z]{2}", raw):
        return raw.upper()
    raise ValueError(f"expected a two-letter country code such as VN, got {raw!r}")


def _status(fact: Fact, raw: object, today: date) -> str:
    if isinstance(raw, str) and (found := _STATUS.match(raw.strip().upper().replace(" ", ""))):
        return "-".join(part for part in found.groups() if part)
    raise ValueError(f"expected a status of stay such as F-6 or D-4-1, got {raw!r}")


def _text(fact: Fact, raw: object, today: date) -> str:
    if isinstance(raw, str) and raw.strip() and len(raw) <= 200:
        return raw.strip()
    raise ValueError(f"expected a short text, got {raw!r}")


_DECODERS: Mapping[str, Callable[[Fact, object, date], Value]] = {
    "bool": _bool,
    "choice": _choice,
    "number": _number,
    "money": _money,
    "duration": _duration,
    "date": _date,
    "country": _country,
    "status": _status,
    "text": _text,
}
