"""Numbers that tell who somebody is: found in what people write, and hidden.

What is hidden is replaced by a sign of its kind (`🛂•••` for a passport). Signs
belong to no language, so that the message still says what it said and is read in
the language it was written in.  Sums, dates, visa codes, scores and the
telephone numbers of offices are left alone: the desk needs them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import phonenumbers
import regex
import yaml
from phonenumbers import PhoneNumberType
from stdnum import iban, luhn

Kind = Literal["registration", "passport", "phone", "account", "card", "email", "number"]

# Signs and no words: a message of nothing but a passport number must not change the language.
SIGNS: dict[Kind, str] = {
    "registration": "🆔•••",
    "passport": "🛂•••",
    "phone": "📞•••",
    "account": "🏦•••",
    "card": "💳•••",
    "email": "📧•••",
    "number": "🔢•••",
}


class Found(NamedTuple):
    """A personal number at `start:end` of a text."""

    kind: Kind
    start: int
    end: int


def mask(text: str, public: Collection[str] = ()) -> str:
    """The text with a sign in place of each personal number; itself where there is none."""
    parts, end = [], 0
    for found in find(text, public):
        parts += [text[end : found.start], SIGNS[found.kind]]
        end = found.end
    return "".join([*parts, text[end:]])


def find(text: str, public: Collection[str] = ()) -> list[Found]:
    """The personal numbers of a text, in order.

    `public` are telephone numbers that everybody may know, as `digits` gives them.
    """
    written = _folded(text)
    if not _MAY_HOLD_ONE.search(written):
        return []
    taken: list[_Taken] = []
    read = bytearray(len(written))
    # Of two readings of the same figures the first counts.
    for finder in (_emails, _registrations, _ibans, _passports, _cards, _plain, _phones, _others):
        for found in finder(written):
            if not any(read[found.start : found.end]):
                taken.append(found)
                read[found.start : found.end] = b"1" * (found.end - found.start)
    return [
        Found(kind, start, end)
        for kind, start, end in sorted(taken, key=lambda one: one.start)
        if kind and digits(written[start:end]) not in public
    ]


def digits(text: str) -> str:
    """The figures of a text, one after the other."""
    return "".join(c for c in text if c.isdecimal())


class _Taken(NamedTuple):
    kind: Kind | None  # None: figures that tell nothing about a person
    start: int
    end: int


_MAY_HOLD_ONE = regex.compile(r"\d(?:\D{0,3}\d){5}|@")
_ALONE_BEFORE, _ALONE_AFTER = r"(?<![\p{Latin}\d]|\d[-.,])", r"(?![\p{Latin}\d]|[-.,]\d)"
_NEAR = 25  # letters on either side in which a word tells what a number is


def _emails(text: str) -> Iterator[_Taken]:
    yield from _all(_EMAIL, "email", text)


# With spaces around the @ too, as people write it who do not want machines to find it.  One
# script on either side of it: "메일은kim@naver.com이에요" has neither word in its address.
_EMAIL = regex.compile(
    r"(?:[\p{Latin}\d._%+-]{1,64}|[\p{Hangul}\d._-]{1,64}|[\p{Han}\d._-]{1,64}"
    r"|[\p{Cyrillic}\d._-]{1,64})(?: @ ?|@ ?)"
    r"(?:[\p{Latin}\p{Hangul}\p{Han}\p{Cyrillic}\d-]{1,63}\.){1,5}"
    r"(?:\p{Latin}{2,24}|\p{Cyrillic}{2,24}|\p{Hangul}{2}|\p{Han}{2})"
)


def _registrations(text: str) -> Iterator[_Taken]:
    """Resident and alien registration numbers: a birthday and seven figures, or stars for them.

    The last figure proves nothing: those given since October 2020 are drawn by lot.
    """
    yield from _all(_REGISTRATION, "registration", text)


_REGISTRATION = regex.compile(
    r"(?<!\d|\d[-.,])\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s?[-.]?\s?"
    r"(?:\d{7}|\d[*xX•●○]{2,6})(?![\d*]|[-.,]\d)"
)


def _ibans(text: str) -> Iterator[_Taken]:
    for match in _IBAN.finditer(text):
        if iban.is_valid(match.group()):
            yield _Taken("account", *match.span())


_IBAN = regex.compile(_ALONE_BEFORE + r"\p{Latin}{2}\d{2}(?: ?[A-Za-z\d]){11,30}" + _ALONE_AFTER)


def _passports(text: str) -> Iterator[_Taken]:
    """With letters they show by themselves; with a gap, or without letters, a word beside tells."""
    yield from _all(_PASSPORT, "passport", text)
    for match in _NAMED_PASSPORT.finditer(text):
        if _beside(text, *match.span(), "passport") and not _DATE.fullmatch(match.group()):
            yield _Taken("passport", *match.span())


# China, Vietnam, the Philippines, Uzbekistan, Thailand, Mongolia, Indonesia, Cambodia, Japan,
# Myanmar; and Korea's own, whose newer ones have a letter inside.
_PASSPORT = regex.compile(
    _ALONE_BEFORE + r"(?:\p{Latin}-?\d{7,8}\p{Latin}?|\p{Latin}{2}-?\d{6,8}"
    r"|\p{Latin}\d{3}\p{Latin}\d{4})" + _ALONE_AFTER
)
_NAMED_PASSPORT = regex.compile(
    _ALONE_BEFORE + r"(?:\p{Latin}{1,2} \d{6,8}|\d{2} ?\d{6,7})" + _ALONE_AFTER
)


def _cards(text: str) -> Iterator[_Taken]:
    """Figures whose last one proves the others, or four times four."""
    for match in _CARD.finditer(text):
        if match["fours"] or luhn.is_valid(digits(match.group())):
            yield _Taken("card", *match.span())


_CARD = regex.compile(
    r"(?<![\d]|\d[-.,])(?:(?P<fours>[3-9]\d{3}(?:[- ]\d{4}){3})|[3-6](?:[- ]?\d){12,18})"
    r"(?!\d|[-.,]\d)"
)


def _plain(text: str) -> Iterator[_Taken]:
    """Dates, and sums of money: with a currency, in groups of three, or round."""
    yield from _all(_DATE, None, text)
    for match in _SUM.finditer(text):
        before, after = text[: match.start()].rstrip(), text[match.end() :].lstrip()
        named = before.endswith(_words("money")) or after.startswith(_words("money"))
        is_round = match.group().endswith("0000") and not match.group().startswith("0")
        if named or is_round or match["grouped"]:
            yield _Taken(None, *match.span())


_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_DATE = regex.compile(
    rf"(?<!\d|\d[-.])(?:{_YEAR}([-. ]|\. )?{_MONTH}\1?{_DAY}|{_DAY}([-. ]){_MONTH}\2{_YEAR})(?!\d)"
)
_SUM = regex.compile(
    r"(?<!\d|\d[-.,]|\+ ?)(?:(?P<grouped>[1-9]\d{0,2}(?:,\d{3})+|(?<!\d )[1-9]\d{0,2}"
    r"(?:[ .]\d{3}){2,})|\d+)(?:[.,]\d{1,2})?(?!\d|-\d)"
)


def _phones(text: str) -> Iterator[_Taken]:
    for match in _PHONE.finditer(text):
        number = match.group()
        if len(digits(number)) > 15 or _DECIMAL.fullmatch(number):
            continue
        if number.startswith(("+", "0", "(0")):  # as no sum begins
            personal = _reachable(number) is not False
        else:
            named = _beside(text, *match.span(), "phone")
            likely = len(digits(number)) >= 9 and not _beside(text, *match.span(), "account")
            personal = (named or likely) and _reachable(number) is True
        if personal:
            yield _Taken("phone", *match.span())


_PHONE = regex.compile(
    r"(?<![\p{Latin}\d]|\d[-.,])(?:\+ ?)?\(?\d(?:[-. ()]{0,2}\d){6,16}(?!\d|,\d)"
)
_DECIMAL = regex.compile(r"0\.\d+")
# Where people write a number as they would at home.
_HOMES = ("KR", "CN", "VN", "TH", "UZ", "MN", "NP", "PH", "ID", "KH", "MM", "RU", "JP")
_OFFICES = (
    PhoneNumberType.UAN,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PREMIUM_RATE,
)


def _reachable(number: str) -> bool | None:
    """Whether a person may answer there; False for an office's number, None where nobody can."""
    for home in _HOMES:
        try:
            parsed = phonenumbers.parse(number, home)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return phonenumbers.number_type(parsed) not in _OFFICES
    return None


def _others(text: str) -> Iterator[_Taken]:
    """Accounts, and what else is too long to be a sum: receipts, applications, certificates."""
    for match in _LONG.finditer(text):
        figures = digits(match.group())
        account = _beside(text, *match.span(), "account")
        if len(figures) >= (9 if account else 10):
            yield _Taken("account" if account else "number", *match.span())


_LONG = regex.compile(r"(?<!\d|\d[.,])\d(?:[- ]?\d){8,29}(?!\d|[.,]\d)")


def _all(pattern: regex.Pattern[str], kind: Kind | None, text: str) -> Iterator[_Taken]:
    for match in pattern.finditer(text):
        yield _Taken(kind, *match.span())


def _beside(text: str, start: int, end: int, kind: str) -> bool:
    """Whether a word of this kind stands near the number."""
    around = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    return any(word in side for side in around for word in _words(kind))


@cache
def _words(kind: str) -> tuple[str, ...]:
    lists = yaml.load(Path(__file__).with_suffix(".yml").read_bytes(), yaml.CSafeLoader)
    return tuple(lists[kind])


def _folded(text: str) -> str:
    """Letter for letter: small, every script's figures as 0-9, every dash as -, gaps as spaces."""
    return "".join(map(_fold, text))


@cache
def _fold(letter: str) -> str:
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    if unicodedata.category(letter) == "Pd" or letter == "−":
        return "-"
    if letter != "\n" and (letter.isspace() or unicodedata.category(letter) == "Cf"):
        return " "
    plain = unicodedata.normalize("NFKC", letter).lower()
    return plain if len(plain) == 1 else letter
