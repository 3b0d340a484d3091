"""Statuses of stay: "F6", "f-6-1", "Ｄ４", "結婚ビザ"."""

from __future__ import annotations

from functools import cache

import regex

from nlu.mentions import Mention
from nlu.wordlists import word_list

# Which figures follow which letter.
_KINDS = {"A": 3, "B": 2, "C": 4, "D": 10, "E": 10, "F": 6, "G": 1, "H": 2}
_CODE = regex.compile(
    r"(?<![A-Za-z0-9.@/])(?P<letter>[A-Ha-h])\s?-?\s?(?P<figures>\d{1,3})"
    r"(?:-(?P<kind>\d{1,2}|[A-Za-z](?![A-Za-z])))?(?![A-Za-z0-9]|[.,]\d|-\d|\s?[점点%])"
)


def find_statuses(text: str, language: str) -> list[Mention]:
    """The statuses in `text`; a name for several (a student visa) is only `about` the status."""
    found = []
    for match in _CODE.finditer(text):
        code = _code(match["letter"].upper(), match["figures"], match["kind"])
        # "a 3 year ..." is an article and a number.
        if code and not (match["letter"] == "a" and " " in match.group()):
            found.append(Mention("status", code, match.start(), match.end()))
    for status, pattern, doubtful in _names(language):
        found += [
            Mention(
                "status", status, match.start(), match.end(), about="status" if doubtful else None
            )
            for match in pattern.finditer(text)
        ]
    return found


def _code(letter: str, figures: str, kind: str | None) -> str | None:
    number = int(figures)
    if figures.startswith("0"):
        return None
    if number <= _KINDS[letter]:
        return f"{letter}-{number}" + (f"-{kind.upper()}" if kind else "")
    # "F61" is F-6-1, "F299" F-2-99.
    if kind is None and 0 < int(figures[0]) <= _KINDS[letter]:
        return f"{letter}-{figures[0]}-{int(figures[1:])}"
    return None


@cache
def _names(language: str) -> list[tuple[str, regex.Pattern[str], bool]]:
    lists = word_list("statuses")
    named = [(status, names, False) for status, names in lists.items() if status != "doubtful"]
    named += [(status, names, True) for status, names in lists["doubtful"].items()]
    return [
        (status, regex.compile(names[language].replace(" ", r"\s+"), regex.IGNORECASE), doubtful)
        for status, names, doubtful in named
        if language in names
    ]
