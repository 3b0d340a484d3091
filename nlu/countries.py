"""Countries and their people: "Vietnamese", "베트남 사람", "日本人", "Беларуси"."""

from __future__ import annotations

from functools import cache

import regex
from babel import Locale

from nlu.folding import fold
from nlu.mentions import Mention
from nlu.wordlists import word_list

_BABEL = {"tl": "fil"}
_KOREA = ("KR", "KP")
_SHORTEST = 4  # "Chad" and longer; "Ý" and "Áo" are words of their own in Vietnamese
_SHORTEST_EAST_ASIAN = 2
_NO_SPACES = ("ko", "ja", "zh", "th", "my", "km")


def find_countries(text: str, language: str) -> list[Mention]:
    """The countries named in `text` but Korea, where everybody here is, as ISO 3166 codes.

    A language or a dish ("Chinese food", "tiếng Việt") is no country.
    """
    found = []
    for match in _pattern(language).finditer(text):
        if not _other_thing(text, match, language):
            code = (match.lastgroup or "").lstrip("_")
            found.append(Mention("country", code, match.start(), match.end()))
    return found


def _other_thing(text: str, match: regex.Match[str], language: str) -> bool:
    before, after = _not_meant(language)
    start = match.start()
    if language == "en" and match.group().casefold() in _PLACES:
        before = None  # "in Japan" is a place, "in Japanese" a language
    return bool(
        (before and before.search(text[max(0, start - 20) : start]))
        or (after and after.search(text[match.end() : match.end() + 20]))
    )


_PLACES = frozenset(name.casefold() for name in Locale("en").territories.values()) | {
    "uk",
    "usa",
    "us",
    "pinas",
}


@cache
def _not_meant(language: str) -> tuple[regex.Pattern[str] | None, regex.Pattern[str] | None]:
    lists = word_list("countries")["not_meant"]
    before, after = (
        regex.compile(lists[side][language], regex.IGNORECASE) if language in lists[side] else None
        for side in ("before", "after")
    )
    return before, after


@cache
def _pattern(language: str) -> regex.Pattern[str]:
    lists = word_list("countries")
    spaced = language not in _NO_SPACES
    edge = r"(?<![\p{L}\p{M}'])" if spaced else r"(?<!\p{Latin}(?=\p{Latin}))"
    after = r"(?![\p{L}\p{M}])" if spaced else r"(?!(?<=\p{Latin})\p{Latin})"
    if language == "ja":  # アルバイト is no country
        edge = r"(?<![\p{Katakana}ー](?=\p{Katakana}))"
        after = r"(?!(?<=[\p{Katakana}ー])[\p{Katakana}ー])"
    listed = [
        (code, names[language]) for code, names in lists["names"].items() if language in names
    ]
    known = [f"(?P<{code}>{pattern})" for code, pattern in listed]
    named = [f"(?P<_{code}>{pattern})" for pattern, code in _named(language, dict(listed))]
    endings = lists["endings"].get(language, "")
    # Of two names that begin alike the longer is meant ("Guinea-Bissau").
    return regex.compile(f"{edge}(?:{'|'.join(known + named)}){endings}{after}", regex.IGNORECASE)


def _named(language: str, listed: dict[str, str]) -> list[tuple[str, str]]:
    """CLDR's names that `listed` does not hold, as patterns with their codes, longest first."""
    shortest = _SHORTEST_EAST_ASIAN if language in _NO_SPACES else _SHORTEST
    names = {
        fold(name).text.casefold(): code
        for code, name in Locale(_BABEL.get(language, language)).territories.items()
        if len(code) == 2
        and code.isalpha()
        and len(name) >= shortest
        and code not in _KOREA
        and "(?<" not in listed.get(code, "")
        and not regex.fullmatch(listed.get(code, "(?!)"), name, regex.IGNORECASE)
    }
    ordered = sorted(names.items(), key=lambda item: -len(item[0]))
    return [(_declined(name) if language == "ru" else _words(name), code) for name, code in ordered]


def _words(name: str) -> str:
    return regex.escape(name).replace(r"\ ", r"\s+")


def _declined(name: str) -> str:
    """Russian case endings: Саудовская Аравия, Саудовской Аравии."""
    parts = []
    for word in name.split():
        stem = regex.sub(r"(?:ая|ий|ые|[аяьйыи])$", "", word)
        parts.append(regex.escape(stem) + (r"\p{L}{0,3}" if len(stem) > 2 else ""))
    return r"\s+".join(parts)
