"""Lengths of time: "2 years and 3 months", "2년 반", "半年"."""

from __future__ import annotations

from functools import cache
from typing import Any

import regex

from knowledge.periods import Period
from nlu.mentions import Mention
from nlu.numbers import number_pattern, number_value
from nlu.wordlists import alternatives, word_list

_UNITS = ("years", "months", "weeks", "days")
_LONGEST_YEARS = 90  # "2021년" is a year, not a length
_LONGEST_DAYS = 5000
_NO_SPACES = ("ko", "ja", "zh", "th", "my", "km")


def find_durations(text: str, language: str) -> list[Mention]:
    """The lengths of time in `text`, each with its ISO 8601 period."""
    parts = [_measure(match, language) for match in _pattern(language).finditer(text)]
    found: list[Mention] = []
    for part in filter(None, parts):
        start, end, months, days = part
        if found and _JOINT.fullmatch(text, found[-1].end, start):
            before = Period.parse(str(found[-1].value))
            if before.months >= 12 and not before.months % 12 + before.days and months < 12:
                joined = str(Period(before.months + months, days))
                found[-1] = Mention("duration", joined, found[-1].start, end)
                continue
        found.append(Mention("duration", str(Period(months, days)), start, end))
    return found


_JOINT = regex.compile(r"\s*(?:,|and|và|dan|at|и|va|ба|과|와|と|零|又|กับ|နဲ့|និង|र)?\s*")


def _measure(match: regex.Match[str], language: str) -> tuple[int, int, int, int] | None:
    """Start, end, months and days of one number with its unit, or of a word like `半年`."""
    if match.group("whole"):
        period = next(
            period
            for pattern, period in _wholes(language)
            if (found := pattern.match(match.string, match.start())) and found.end() == match.end()
        )
        return match.start(), match.end(), period.months, period.days
    number = number_value(match.group("number"), language)
    if number is None:
        return None
    number += 0.5 if match.group("half") or match.group("half_unit") else 0
    months_, days_ = 0.0, 0.0
    if match.group("years"):
        months_ = number * 12
    elif match.group("months"):
        months_ = number
    else:
        days_ = number * (7 if match.group("weeks") else 1)
    # Half a month is fifteen days.
    days_ += round(months_ % 1 * 30)
    if months_ > _LONGEST_YEARS * 12 or days_ > _LONGEST_DAYS:
        return None
    return match.start(), match.end(), int(months_), int(days_)


@cache
def _pattern(language: str) -> regex.Pattern[str]:
    lists: dict[str, Any] = word_list("durations")
    units = "|".join(f"(?P<{name}>{lists['units'][language][name]})" for name in _UNITS)
    wholes = "|".join(pattern.pattern for pattern, _ in _wholes(language)) or r"(?!)"
    halves = alternatives(word_list("numbers")["halves"][language])
    half_units = lists["half_units"].get(language, "(?!)")
    before, edge = "", ""
    if language not in _NO_SPACES:
        before, edge = r"(?<![\p{L}\p{M}])", r"(?![\p{L}\p{M}])"
    return regex.compile(
        rf"{before}(?P<whole>{wholes}){edge}"
        rf"|(?<![\p{{Latin}}\d/-]|\d[.,])(?P<number>{number_pattern(language)})"
        rf"(?:\s+(?:full|whole|more|ទៀត))?\s*-?\s*(?:(?P<half_unit>{half_units}))?"
        rf"(?:{units}){edge}(?:\s*(?P<half>{halves}){edge})?",
        regex.IGNORECASE,
    )


@cache
def _wholes(language: str) -> list[tuple[regex.Pattern[str], Period]]:
    """Longest pattern first."""
    listed = word_list("durations")["whole"].get(language, {})
    return [
        (
            regex.compile(pattern.replace(" ", r"\s+").replace(r"\s+?", r"\s*"), regex.IGNORECASE),
            Period.parse(period),
        )
        for pattern, period in sorted(listed.items(), key=lambda item: -len(item[0]))
    ]
