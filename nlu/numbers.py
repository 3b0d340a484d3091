"""Numbers in figures and in words."""

from __future__ import annotations

from functools import cache

import regex

from nlu.mentions import Mention
from nlu.wordlists import alternatives, word_list

FIGURES = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_HAN = "一二三四五六七八九十百千〇零兩两"
_HANGUL = "일이삼사오육칠팔구십백천"
_HAN_VALUES = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "两": 2,
    "兩": 2,
}
_HANGUL_VALUES = {sign: value for value, sign in enumerate("일이삼사오육칠팔구", start=1)}
_POWERS = {"十": 10, "百": 100, "千": 1000, "십": 10, "백": 100, "천": 1000}


@cache
def number_pattern(language: str) -> str:
    """A pattern (no groups) for a number as speakers of `language` write it."""
    words = list(word_list("numbers")["words"].get(language, {}))
    parts = [FIGURES]
    if language in ("ja", "zh"):
        parts.append(f"[{_HAN}]+")
    if language == "ko":
        parts.append(f"(?<![가-힣])[{_HANGUL}]+")
        parts.append(f"(?<![가-힣])(?:{alternatives(words)})")
    elif language in ("ja", "zh", "th", "my", "km"):
        parts.append(alternatives(words))
    elif words:
        halved = rf"(?:{alternatives(words)}|\d+)\s+and\s+a\s+half|"
        tens = (
            r"(?:twenty|thirty|forty|fifty)[\s-]+(?:one|two|three|four|five|six|seven|eight|nine)"
        )
        more = f"{halved}{tens}|" if language == "en" else ""
        parts.append(rf"\b(?:{more}{alternatives(words)})\b")
    return f"(?:{'|'.join(parts)})"


def number_value(text: str, language: str) -> float | None:
    """The number that `text` is, or None."""
    text = regex.sub(r"\s+", " ", text.strip().casefold())
    if text.endswith(" and a half"):
        whole = number_value(text.removesuffix(" and a half"), language)
        return None if whole is None else whole + 0.5
    if regex.fullmatch(FIGURES, text):
        return float(text.replace(",", ""))
    words = word_list("numbers")["words"].get(language, {})
    if text in words:
        return float(words[text])
    parts = regex.split(r"[\s-]+", text)
    if len(parts) == 2 and all(part in words for part in parts):
        return float(words[parts[0]] + words[parts[1]])
    return _built(text)


def find_numbers(text: str, quantities: list[Mention]) -> list[Mention]:
    """The figures of `text` that belong to none of its `quantities`."""
    found = []
    for match in regex.finditer(rf"(?<![\p{{Latin}}\d.,-])(?:{FIGURES})(?!\d)", text):
        free = all(match.end() <= q.start or match.start() >= q.end for q in quantities)
        if free and len(match.group()) < 16:
            value = plain(float(match.group().replace(",", "")))
            found.append(Mention("number", value, match.start(), match.end()))
    return found


def plain(value: float) -> int | float:
    """3.0 as 3."""
    return int(value) if value == int(value) else value


def _built(text: str) -> float | None:
    """三百五十, 이십오: digits before powers of ten."""
    total = digit = 0
    for sign in text:
        if sign in _POWERS:
            total += (digit or 1) * _POWERS[sign]
            digit = 0
        elif sign in _HAN_VALUES or sign in _HANGUL_VALUES:
            digit = digit * 10 + _HAN_VALUES.get(sign, _HANGUL_VALUES.get(sign, 0))
        else:
            return None
    return float(total + digit)
