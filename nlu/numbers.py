"""Numbers in figures and in words: "1,200", "37,4", "二十三", "twenty-three", "스물여섯"."""

from __future__ import annotations

from functools import cache
from typing import Any

import regex

from nlu.mentions import Mention, without_overlaps
from nlu.wordlists import alternatives, word_list

# Groups of thousands by comma, point or space, a decimal point or comma: "52.000.000", "37,4".
FIGURES = (
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d{1,3}(?:\.\d{3}){2,}(?!\d)"
    r"|\d{1,3}(?: \d{3}){2,}(?!\d)|\d+(?:[.,]\d{1,2}(?![\d.,]*\d)|\.\d+)?"
)
# Where "3.900" is three thousand nine hundred and "35 000" thirty-five thousand.
_POINT_GROUPS = ("vi", "ru", "id", "uz", "mn")
_HAN = "一二三四五六七八九十百千〇零兩两"
_HANGUL = "일이삼사오육칠팔구십백천"
_HAN_VALUES = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {
    "零": 0,
    "两": 2,
    "兩": 2,
}
_HANGUL_VALUES = {sign: value for value, sign in enumerate("일이삼사오육칠팔구", start=1)}
_POWERS = {"十": 10, "百": 100, "千": 1000, "십": 10, "백": 100, "천": 1000}
_NO_SPACES = ("ja", "zh", "th", "my", "km")


@cache
def number_pattern(language: str) -> str:
    """A pattern (no groups) for a number as speakers of `language` write it."""
    return f"(?:{_figures(language)}|{_words_pattern(language)})"


def _figures(language: str) -> str:
    if language in _POINT_GROUPS:
        return rf"\d{{1,3}}(?:[. ]\d{{3}})+(?![\d,])|{FIGURES}"
    return FIGURES


@cache
def _words_pattern(language: str) -> str:
    lists = word_list("numbers")
    words: dict[str, float] = lists["words"].get(language, {})
    units = alternatives([word for word, value in words.items() if 1 <= value < 10])
    built = lists["built"].get(language, "(?!)").replace(" ", r"\s+").replace(r"\s+?", r"\s?")
    built = built.replace("{units}", f"(?:{units})").replace(
        "{words}", f"(?:{alternatives(list(words))})"
    )
    either = f"(?:{built}|{alternatives(list(words))})"
    if before := lists["halves_before"].get(language):
        either = rf"(?:(?:{alternatives(before)})\s+)?{either}"
    if language == "ko":
        return rf"(?<![가-힣])(?:[{_HANGUL}]+|{either})"
    if language in ("ja", "zh"):
        return f"[{_HAN}]+|{either}"
    if language in _NO_SPACES:
        return either
    edge, after = r"(?<![\p{L}\p{M}])", r"(?![\p{L}\p{M}])"
    halved = rf"(?:\s+(?:{alternatives(lists['halves'][language])}))?"
    return rf"{edge}(?:{either}{halved}){after}|\d+\s+(?:{alternatives(lists['halves'][language])})"


def number_value(text: str, language: str) -> float | None:
    """The number that `text` is, or None."""
    text = regex.sub(r"\s+", " ", text.strip().casefold())
    for half in word_list("numbers")["halves"][language]:
        if text.endswith(" " + half):
            whole = number_value(text.removesuffix(half), language)
            return None if whole is None else whole + 0.5
    if text[:1].isdigit() and (figure := _figure(text, language)) is not None:
        return figure
    built = _built(text) if text else None
    return built if built is not None else _worded(text, language)


def find_numbers(text: str, quantities: list[Mention], languages: tuple[str, ...]) -> list[Mention]:
    """The numbers of `text` that belong to none of its `quantities`.

    Words count where they cannot well be anything else ("스물여섯 살", "twice").
    """
    found = []
    first = languages[0] if languages else "en"
    for match in _lone_figures(first).finditer(text):
        value = _figure(match.group(), first)
        phone = len(match.group()) > 1 and match.group().isdigit() and match.group()[0] == "0"
        if value is not None and not phone and len(match.group()) < 16:
            found.append(Mention("number", plain(value), match.start(), match.end()))
    for language in languages:
        # "ten" is a name in Vietnamese: English words alone count in English only.
        found += _in_words(text, language, alone=language != "en" or first == "en")
    return without_overlaps(
        [
            number
            for number in found
            if all(number.end <= q.start or number.start >= q.end for q in quantities)
        ]
    )


@cache
def _lone_figures(language: str) -> regex.Pattern[str]:
    """Figures that stand alone: a code (F-6) does not, "TOPIK4", "kaka-18" and "4級" do."""
    return regex.compile(
        rf"(?<![\p{{Latin}}\d/-]|\d[.,]|(?<!\p{{L}})\p{{Cyrillic}})(?:{_figures(language)})(?![\d/]|,\d)"
        r"|(?<=\p{L}{3}-?)(?<!covid-?)(?<!\d\p{L}*-?)(?:\d+(?:\.\d+)?)(?![\d/-])"
        r"|(?<![\p{L}\d/-])\d{1,3}(?=/100\b)",
        regex.IGNORECASE,
    )


def _in_words(text: str, language: str, alone: bool) -> list[Mention]:
    found = []
    for name, pattern in _word_patterns(language):
        if name == "alone" and not alone:
            continue
        for match in pattern.finditer(text):
            word = match["number"].casefold()
            if word in ("a", "an") or text[: match.start("number")].endswith("第"):
                continue
            value: float | None
            if name in ("counts", "ordinals"):
                # Which of the patterns it was.
                listed = word_list("numbers")[name][language]
                value = next(
                    v
                    for p, v in listed.items()
                    if regex.match(
                        p, text[match.start() :] if name == "counts" else word, regex.IGNORECASE
                    )
                )
            else:
                value = number_value(word, language)
            whole = word == text.strip().casefold()  # then it can be nothing else
            if value is not None and (name != "alone" or whole or not _is_unsure(word, language)):
                start, end = match.span("number")
                found.append(Mention("number", plain(value), start, end))
    return found


def _is_unsure(word: str, language: str) -> bool:
    """Whether the word alone is more often something else than a number."""
    if word[:1].isdigit():
        return True
    if language in _NO_SPACES:
        return not regex.search("(?<=.)(?:十|สิบ|ဆယ်|ဆယ့်|សិប|ម្ភៃ)|^ម្ភៃ.", word)
    if regex.fullmatch(f"[{_HANGUL}]+", word):
        return len(word) < 3 or "십" not in word
    return word in word_list("numbers")["unsure"].get(language, ())


@cache
def _word_patterns(language: str) -> list[tuple[str, regex.Pattern[str]]]:
    lists = word_list("numbers")
    number = f"(?P<number>{_words_pattern(language)})"
    patterns = {
        "counted": rf"{number}(?={lists['counters'][language]})",
        "level": rf"(?:{lists['levels']['before']}){number}(?!\s*\d)",
        "alone": number,
    }
    if listed := lists["ordinals"].get(language):
        patterns["ordinals"] = (
            rf"(?<!\p{{L}})(?P<number>{'|'.join(listed)})(?={lists['levels']['after']})"
        )
    if listed := lists["counts"].get(language):
        edge = "" if language in _NO_SPACES else r"(?<!\p{L})"
        after = "" if language in _NO_SPACES else r"(?!\p{L})"
        patterns["counts"] = f"{edge}(?P<number>{'|'.join(listed)}){after}"
    return [(name, regex.compile(p, regex.IGNORECASE)) for name, p in patterns.items()]


def plain(value: float) -> int | float:
    """3.0 as 3."""
    return int(value) if value == int(value) else value


def _figure(text: str, language: str) -> float | None:
    """ "52.000.000", "1,200.5", "37,4": what the signs between the figures are depends on both."""
    if regex.fullmatch(
        r"\d{1,3}(?: \d{3})+|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}", text
    ):
        groups = "." if text.count(".") > 1 else " ,"
        return float("".join(sign for sign in text if sign not in groups))
    if language in _POINT_GROUPS and regex.fullmatch(r"\d{1,3}\.\d{3}", text):
        return float(text.replace(".", ""))
    if regex.fullmatch(r"\d+(?:[.,]\d+)?", text):
        return float(text.replace(",", "."))
    return None


def _worded(text: str, language: str) -> float | None:
    """ "two hundred and fifty", "hai mươi hai", "หกสิบสาม"."""
    words, times, teens = _tokens(language)
    half = 0.0
    total: float | None = None
    position = 0
    pattern = _token_pattern(language)
    while position < len(text):
        match = pattern.match(text, position)
        if not match:
            return None
        position = match.end()
        token = regex.sub(r"\s+", " ", match["token"] or "")
        if match["half"]:
            half = 0.5
        elif token in times and total:
            # "hundred and twenty": only the last digit is multiplied.
            rest = total % times[token]
            total += rest * times[token] - rest
        elif token in teens:
            total = (total or 0) + 10
        elif token in words or token in times:
            total = (total or 0) + float(words.get(token, times.get(token, 0)))
    return None if total is None else total + half


@cache
def _tokens(language: str) -> tuple[dict[str, float], dict[str, int], list[str]]:
    lists: dict[str, Any] = word_list("numbers")
    return (
        lists["words"].get(language, {}),
        lists["times"].get(language, {}),
        lists["teens"].get(language, []),
    )


@cache
def _token_pattern(language: str) -> regex.Pattern[str]:
    words, times, teens = _tokens(language)
    halves = word_list("numbers")["halves_before"].get(language, [])
    return regex.compile(
        rf"(?:(?P<half>{alternatives(halves) or '(?!)'})"
        rf"|(?P<token>{alternatives([*words, *times, *teens]) or '(?!)'}|\d+))"
        r"(?:[\s-]+and\b|'?t\b|[\s-]at\b)?[\s-]*"
    )


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
