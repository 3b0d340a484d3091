"""Statuses of stay: "F6", "f-6-1", "Ｄ４", "디투", "結婚ビザ"."""

from __future__ import annotations

from functools import cache

import regex

from nlu.mentions import Mention
from nlu.wordlists import alternatives, word_list

# Which figures follow which letter.
_KINDS = {"A": 3, "B": 2, "C": 4, "D": 10, "E": 10, "F": 6, "G": 1, "H": 2}
_CODE = regex.compile(
    r"(?<![\p{Latin}0-9.@/])(?P<letter>[A-Ha-h])\s?-?\s?(?P<figures>\d{1,3})"
    r"(?:-(?P<kind>\d{1,2}|[A-Za-z](?![A-Za-z])))?(?![A-Za-z0-9]|[.,]\d|-\d|\s?[점点%])"
)
# "e 25 tuổi" is no status, "visa e 9" is.
_VISA = regex.compile(r"visa|viza|виз|비자|ビザ|签|簽|status|자격|资格", regex.IGNORECASE)


def find_statuses(text: str, language: str) -> list[Mention]:
    """The statuses in `text`; a name for several (a student visa) is only `about` the status."""
    found = []
    for match in _CODE.finditer(text):
        code = _code(match["letter"].upper(), match["figures"], match["kind"])
        apart = match["letter"].islower() and " " in match.group()
        if code and not (apart and not _beside_visa(text, match)):
            found.append(Mention("status", code, match.start(), match.end()))
    found += _spelled(text, language)
    for status, pattern, doubtful in _names(language):
        found += [
            Mention(
                "status", status, match.start(), match.end(), about="status" if doubtful else None
            )
            for match in pattern.finditer(text)
        ]
    return found


def _beside_visa(text: str, match: regex.Match[str]) -> bool:
    around = text[max(0, match.start() - 8) : match.start()], text[match.end() : match.end() + 8]
    return match.span() == (0, len(text)) or any(_VISA.search(side) for side in around)


def _spelled(text: str, language: str) -> list[Mention]:
    """Codes as they are said ("디투") or written in another script ("ф6", "एफ-६")."""
    if (pattern := _spelled_pattern(language)) is None:
        return []
    spelled = word_list("statuses")["spelled"][language]
    found = []
    for match in pattern.finditer(text):
        letter = spelled["letters"][match["letter"].casefold()]
        figures = str(spelled.get("figures", {}).get(match["figures"], match["figures"]))
        if code := _code(letter, figures, match["kind"]):
            found.append(Mention("status", code, match.start(), match.end()))
    return found


@cache
def _spelled_pattern(language: str) -> regex.Pattern[str] | None:
    spelled = word_list("statuses")["spelled"].get(language)
    if spelled is None:
        return None
    figures = "|".join([r"\d{1,3}(?!\d)", *spelled.get("figures", {})])
    return regex.compile(
        rf"(?<![\p{{L}}\p{{M}}\d])(?!{spelled.get('not', '(?!)')})"
        rf"(?P<letter>{alternatives(list(spelled['letters']))})"
        rf"\s?-?\s?(?P<figures>{figures})(?:-(?P<kind>\d{{1,2}}))?(?![.,]\d)",
        regex.IGNORECASE,
    )


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
    named = [
        (status, names, False)
        for status, names in lists.items()
        if status not in ("doubtful", "spelled")
    ]
    named += [(status, names, True) for status, names in lists["doubtful"].items()]
    return [
        (status, regex.compile(_spaced(names[language]), regex.IGNORECASE), doubtful)
        for status, names, doubtful in named
        if language in names
    ]


def _spaced(pattern: str) -> str:
    return pattern.replace(" ?", r"\s*").replace(" ", r"\s+")
