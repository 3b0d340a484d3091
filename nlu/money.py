"""Sums in won: "3천만원", "30 million won", "３００万ウォン", "ဝမ် သန်း ၄၀", "52.000.000"."""

from __future__ import annotations

from functools import cache

import regex

from nlu.mentions import Mention
from nlu.numbers import FIGURES, number_pattern, number_value
from nlu.wordlists import alternatives, word_list

_MYRIAD = 10_000
_LARGE = 1_000_000
_OTHER_MONEY = (
    r"\$|usd|us dollars?|dollars?|dollar|do la|dolar|dolyar|доллар|ам\.?\s*доллар|डलर"
    r"|ดอลลาร์|เหรียญ|ដុល្លារ"
    r"|ဒေါ်လာ|달러|불(?![가-힣])|ドル|米ドル|美刀|円|美元|美金|人民币|元(?!\p{L})|đô|đồng|долл|руб|сум|so'm|baht|บาท"
    r"|peso|rupiah|tugrik|төгрөг|юан|yuan|euro|евро"
)


def find_money(text: str, language: str) -> list[Mention]:
    """The sums in `text`, in won.

    A sum without "won" counts where it is told in millions or ten-thousands
    (an income of "30 million"), or is written out in full (45,000,000).
    Dollars and other money are numbers, here where words tell how many
    ("five thousand dollars").
    """
    found = []
    for match in _pattern(language).finditer(text):
        amount = _amount(match, language)
        if amount is None:
            continue
        start, end = match.start(), match.start() + len(match.group().rstrip())
        if not match["other"]:
            found.append(Mention("money", amount, start, end))
        elif match.captures("power") or not (match["rest"] or "0")[0].isdigit():
            found.append(Mention("number", amount, start, match.start("other")))
    return found


def _amount(match: regex.Match[str], language: str) -> int | None:
    won = bool(match["won_before"] or match["won"] or match["other"])
    parts = list(zip(match.captures("number"), match.captures("power"), strict=True))
    if match["power_first"]:
        parts.append((match["number_after"], match["power_first"]))
    if not parts and not won and not _WRITTEN_OUT.fullmatch(match["rest"] or ""):
        return None
    powers = _powers(language)
    total = 0.0
    unit = 1
    size = 1
    for number, power in reversed(parts):
        value = number_value(number, language)
        if value is None:
            return None
        size = powers[regex.sub(r"\s+", " ", power.casefold())]
        if (
            size < _MYRIAD
            and number is parts[-1][0]
            and len(parts) > 1
            and parts[-2][1] in "억億亿"
        ):
            unit = _MYRIAD  # "3억 2천" is 3억 2천만
        # "4천5백만": the thousands before are ten-thousands as well.
        total += value * (size * unit if size < _MYRIAD else size)
        unit = _MYRIAD if _MYRIAD <= size < _MYRIAD**2 and language in ("ko", "ja", "zh") else unit
    if match["rest"]:
        rest = number_value(match["rest"], language)
        if rest is None:
            return None
        # "2 tỷ 3" is 2.3 billion.
        told = powers[regex.sub(r"\s+", " ", parts[-1][1].casefold())] / 10 if parts else 0
        total += rest * told if language == "vi" and rest < 10 and parts and not won else rest
    elif not parts:
        return None
    if not total:
        return 0 if won and (match["rest"] or parts) else None
    if total < 100 and not match[0].strip()[0].isdigit():
        return None  # "이원" is a name
    return int(total) if won or total >= _LARGE else None


# 45,000,000 or 45000000: such a figure is hardly anything but money.
_WRITTEN_OUT = regex.compile(r"\d{1,3}(?:[,. ]\d{3}){2,3}|[1-9]\d{2,5}0000")


@cache
def _powers(language: str) -> dict[str, int]:
    """The words of a language, and Korea's signs, which everybody here writes: "4200만"."""
    powers: dict[str, dict[str, int]] = word_list("money")["powers"]
    signs = {sign: size for sign, size in powers["ko"].items() if not sign.isascii()}
    return {**signs, **powers[language]}


@cache
def _pattern(language: str) -> regex.Pattern[str]:
    lists = word_list("money")
    power = alternatives(list(_powers(language)))
    number = number_pattern(language)
    won = f"(?:{lists['won'][language]}|원|krw|₩)"
    won_before = won if language in lists["power_first"] else "(?:krw|₩)"
    spaced = language not in ("ko", "ja", "zh", "th", "my", "km")
    # A romanised word must not be the beginning of another one.
    edge = r"(?![\p{L}\p{M}])" if spaced else r"(?<!\p{Latin}(?=\p{Latin}))"
    first, after_won = "(?P<power_first>(?!))(?P<number_after>(?!))", ""
    if language in lists["power_first"]:
        first = rf"(?P<power_first>{power})\s*(?P<number_after>{number})(?!\s*(?:{power}))"
        after_won = rf"(?!\s*(?:\d|{power}))"
    other = rf"(?:{_OTHER_MONEY}{'|do' if language == 'vi' else ''})"
    sized = (
        rf"(?P<number>{number})\s*(?:[多餘余]\s*)?"
        rf"(?P<power>{power})(?:{edge}|(?=won))\s*(?:and\s+(?={number}))?"
    )
    return regex.compile(
        rf"(?<![\p{{Latin}}\d$￥¥€]|\d[.,]|usd\s)(?:(?P<won_before>{won_before})\s*)?"
        rf"(?:{first}|(?:{sized})+(?P<rest>{FIGURES}|{number}(?=\s*(?:{won}|{other})))?|(?P<rest>{number}))"
        rf"\s*(?P<won>{won}{edge}{after_won})?(?:\s*(?P<other>{other}))?",
        regex.IGNORECASE,
    )
