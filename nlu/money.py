"""Sums in won: "3천만원", "30 million won", "３００万ウォン"."""

from __future__ import annotations

from functools import cache

import regex

from nlu.mentions import Mention
from nlu.numbers import FIGURES, number_pattern, number_value
from nlu.wordlists import alternatives, word_list

_MYRIAD = 10_000
_OTHER_MONEY = (
    r"\$|usd|dollars?|달러|불|ドル|円|美元|人民币|元(?!\p{L})|đô|đồng|долл|руб|сум|so'm|baht|บาท"
    r"|peso|rupiah|tugrik|төгрөг"
)


def find_money(text: str, language: str) -> list[Mention]:
    """The sums in `text`, in won.

    A sum without "won" counts where it is told in millions or ten-thousands
    (an income of "30 million"); dollars and other money are left alone.
    """
    found = []
    for match in _pattern(language).finditer(text):
        amount = _amount(match, language)
        if amount is not None:
            found.append(Mention("money", amount, match.start(), match.end()))
    return found


def _amount(match: regex.Match[str], language: str) -> int | None:
    if not match.captures("power") and not match["won"]:
        return None
    powers = word_list("money")["powers"][language]
    total = 0.0
    unit = 1
    parts = list(zip(match.captures("number"), match.captures("power"), strict=False))
    for number, power in reversed(parts):
        value = number_value(number, language)
        if value is None:
            return None
        size = powers[power.casefold()]
        # "4천5백만": the thousands before are ten-thousands as well.
        total += value * (size * unit if size < _MYRIAD else size)
        unit = _MYRIAD if _MYRIAD <= size < _MYRIAD**2 and language in ("ko", "ja", "zh") else unit
    if match["rest"]:
        rest = number_value(match["rest"], language)
        if rest is None:
            return None
        total += rest
    large = total >= 1_000_000
    return int(total) if total and (match["won"] or large) else None


@cache
def _pattern(language: str) -> regex.Pattern[str]:
    lists = word_list("money")
    power = alternatives(list(lists["powers"][language]))
    number = number_pattern(language)
    spaced = language not in ("ko", "ja", "zh", "th", "my", "km")
    edge = r"(?![\p{L}\p{M}])" if spaced else ""
    return regex.compile(
        rf"(?<![\p{{Latin}}\d.,$￥¥€])(?:krw\s*|₩\s*)?"
        rf"(?:(?P<number>{number})\s*(?P<power>{power}){edge}\s*)*"
        rf"(?P<rest>{FIGURES})?\s*(?P<won>{lists['won'][language]}|krw)?{edge}(?!\s*(?:{_OTHER_MONEY}))",
        regex.IGNORECASE,
    )
