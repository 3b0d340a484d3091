"""Countries and their people: "Vietnamese", "베트남 사람", "日本人"."""

from __future__ import annotations

from functools import cache

import regex
from babel import Locale

from nlu.mentions import Mention
from nlu.wordlists import alternatives, word_list

_BABEL = {"tl": "fil"}
_KOREA = ("KR", "KP")
_SHORTEST = 4  # "Chad" and longer; "Ý" and "Áo" are words of their own in Vietnamese
_SHORTEST_EAST_ASIAN = 2
_NO_SPACES = ("ko", "ja", "zh", "th", "my", "km")


def find_countries(text: str, language: str) -> list[Mention]:
    """The countries named in `text` but Korea, where everybody here is, as ISO 3166 codes."""
    found = []
    for match in _lexicon_pattern(language).finditer(text):
        found.append(Mention("country", match.lastgroup or "", match.start(), match.end()))
    names = _names(language)
    for match in _names_pattern(language).finditer(text):
        code = names[match.group().casefold()]
        found.append(Mention("country", code, match.start(), match.end()))
    return found


@cache
def _lexicon_pattern(language: str) -> regex.Pattern[str]:
    edge = "" if language in _NO_SPACES else r"(?<![\p{L}\p{M}])"
    after = "" if language in _NO_SPACES else r"(?![\p{L}\p{M}])"
    groups = "|".join(
        f"(?P<{code}>{patterns[language]})"
        for code, patterns in word_list("countries").items()
        if language in patterns
    )
    return regex.compile(f"{edge}(?:{groups or '(?!)'}){after}", regex.IGNORECASE)


@cache
def _names(language: str) -> dict[str, str]:
    shortest = _SHORTEST_EAST_ASIAN if language in _NO_SPACES else _SHORTEST
    return {
        name.casefold(): code
        for code, name in Locale(_BABEL.get(language, language)).territories.items()
        if len(code) == 2 and code.isalpha() and len(name) >= shortest and code not in _KOREA
    }


@cache
def _names_pattern(language: str) -> regex.Pattern[str]:
    edge = "" if language in _NO_SPACES else r"(?<![\p{L}\p{M}])"
    after = "" if language in _NO_SPACES else r"(?![\p{L}\p{M}])"
    return regex.compile(
        f"{edge}(?:{alternatives(list(_names(language)))}){after}", regex.IGNORECASE
    )
