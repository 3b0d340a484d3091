"""Days: "15 March", "다음 주 금요일", "tháng 3 năm sau", "3日前".

dateparser was tried first and read "15일" as 6 December and "3月15日" as a day
in 2115; a wrong deadline is worse than none, so days are read by patterns over
CLDR's names, and what they do not fit is left alone.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

import regex
from babel import Locale
from dateutil.relativedelta import relativedelta

from knowledge.periods import Period
from nlu.mentions import Mention
from nlu.wordlists import alternatives, word_list

_BABEL = {"tl": "fil"}
# The order of day and month in figures.  In English and Tagalog both are written.
_MONTH_FIRST = ("ko", "ja", "zh", "mn")
_EITHER = ("en", "tl")
_BUDDHIST = 543


def find_dates(text: str, language: str, today: date, durations: list[Mention]) -> list[Mention]:
    """The days, months and years named in `text`; `durations` are those found in it."""
    return [
        *_in_figures(text, language, today),
        *_by_name(text, language, today),
        *_east_asian(text, today),
        *_vietnamese(text, language, today),
        *_mongolian(text, language, today),
        *_by_word(text, language, today),
        *_by_distance(text, language, today, durations),
        *_by_weekday(text, language, today),
        *_by_month_word(text, language, today),
        *_alone(text, language, today),
    ]


def _mention(
    match: regex.Match[str], today: date, year: int | None, month: int | None, day: int | None
) -> Iterator[Mention]:
    """One mention, or none where there is no such day (31 June)."""
    if year is not None and year > 2400:
        year -= _BUDDHIST
    if year is not None and year < 100:
        year += 2000
    if year is not None and not 1920 <= year <= 2100:
        return
    precision = "day" if day else "month" if month else "year"
    readings = sorted(_readings(today, year, month, day))
    if not readings:
        return
    past = max((r for r in readings if r <= today), default=None)
    future = min((r for r in readings if r >= today), default=None)
    nearer = min(readings, key=lambda reading: abs((reading - today).days))
    yield Mention(
        "date",
        nearer.isoformat(),
        match.start(),
        match.end(),
        past=past.isoformat() if past else None,
        future=future.isoformat() if future else None,
        precision=precision,
    )


def _readings(today: date, year: int | None, month: int | None, day: int | None) -> Iterator[date]:
    if year is not None:
        months = [(year, month or 1)]
    elif month is not None:
        months = [(today.year + shift, month) for shift in (-1, 0, 1)]
    else:
        shifted = [today + relativedelta(months=shift, day=1) for shift in (-1, 0, 1)]
        months = [(first.year, first.month) for first in shifted]
    for y, m in months:
        if 1 <= m <= 12 and 1 <= (day or 1) <= calendar.monthrange(y, m)[1]:
            yield date(y, m, day or 1)


_ISO = regex.compile(
    r"(?<!\d)(?P<y>(?:19|20|25)\d\d)\s?[-./]\s?(?P<m>\d{1,2})\s?[-./]\s?(?P<d>\d{1,2})(?!\d)"
)
_FIGURES = regex.compile(
    r"(?<![\d./-])(?P<a>\d{1,2})(?P<sep>[-./])(?P<b>\d{1,2})(?:(?P=sep)(?P<y>(?:19|20|25)?\d\d))?"
    r"(?![\d/]|[.-]\d|\s?(?:점|点|%))"
)


def _in_figures(text: str, language: str, today: date) -> Iterator[Mention]:
    for match in _ISO.finditer(text):
        yield from _mention(match, today, int(match["y"]), int(match["m"]), int(match["d"]))
    for match in _FIGURES.finditer(text):
        first, second = int(match["a"]), int(match["b"])
        year = int(match["y"]) if match["y"] else None
        if year is None and match["sep"] != "/":
            continue  # 3.5 and 4-1 are rarely days
        if language in _MONTH_FIRST:
            month, day = first, second
        elif language in _EITHER and first <= 12 and second <= 12 and first != second:
            continue  # 3/4 is in March for some and in April for others
        elif language in _EITHER and second > 12:
            month, day = first, second
        else:
            month, day = second, first
        yield from _mention(match, today, year, month, day)


_UNSURE_MONTHS = frozenset(["may", "march", "mar", "mei", "mayo", "june", "май", "sept", "jun"])
_BEFORE_MONTH = (
    r"(?:in|on|until|till|by|since|from|next|last|of|this|noong|sa|hanggang|bulan|sejak|sampai|pada)"
    r"\s+"
)


def _by_name(text: str, language: str, today: date) -> Iterator[Mention]:
    months = _months(language)
    if not months:
        return
    for match in _named_pattern(language).finditer(text):
        name = match["month"].casefold().rstrip(".")
        day, year = match["before"] or match["after"], match["year"]
        if not day and not year and name in _UNSURE_MONTHS and not match["lead"]:
            continue  # "you may ..."
        yield from _mention(
            match, today, int(year) if year else None, months[name], int(day) if day else None
        )


@cache
def _months(language: str) -> dict[str, int]:
    """Names of months by CLDR; where months are numbers (ko ja zh vi mn) there are none."""
    if language in ("ko", "ja", "zh", "vi", "mn"):
        return {}
    locale = Locale(_BABEL.get(language, language))
    names: dict[str, int] = {}
    for width in ("wide", "abbreviated"):
        for context in ("format", "stand-alone"):
            for number, name in locale.months[context][width].items():
                names[name.casefold().rstrip(".")] = number
    if language in ("tl", "ne", "km", "my"):
        names |= _months("en")
    if language == "ru":
        names["марте"], names["мае"] = 3, 5
        names |= {name[:-1] + "е": n for name, n in names.items() if name.endswith("я")}
    if language == "en":
        names["sept"] = 9
    return {name: number for name, number in names.items() if len(name) > 2}


@cache
def _named_pattern(language: str) -> regex.Pattern[str]:
    name = alternatives(list(_months(language)))
    edge = r"(?<![\p{L}\p{M}])" if language not in ("th", "my", "km") else ""
    after_edge = r"(?![\p{L}\p{M}])" if edge else ""
    # Khmer and Burmese put words for "day", "month" and "year" between.
    return regex.compile(
        rf"{edge}(?:(?P<before>(?<!\d)\d{{1,2}})(?:st|nd|rd|th|-?е|-го|-)?\s*(?:of\s+|ng\s+|ខែ\s*|tanggal\s+)?"
        rf"|(?P<lead>{_BEFORE_MONTH})|)"
        rf"{edge}(?P<month>{name})\.?{after_edge}"
        rf"(?:\s*(?:လ\s*)?(?P<after>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|:)(?:\s*ရက်)?)?"
        rf"(?:,?\s*(?:ឆ្នាំ\s*|พ\.ศ\.\s*|of\s+|taong\s+)?(?P<year>(?:19|20|25)\d\d)(?!\d))?",
        regex.IGNORECASE,
    )


_EAST_ASIAN = regex.compile(
    r"(?<!\d)(?:(?P<y>\d{4}|\d{2}(?=\s?[년年]))\s?[년年]\s?(?:도\s?)?|(?P<rel>{years})の?\s?)?"
    r"(?<![\d])(?P<m>\d{{1,2}})\s?(?:월|月(?![额額])|月份)"
    r"(?:\s?(?P<d>\d{{1,2}})\s?[일日号號]|(?P<end>\s?(?:말일?(?!고)|の?末|底)))?".replace(
        "{years}",
        "올해|금년|내년|작년|지난해|来年|今年|去年|昨年|明年|前年",
    )
    .replace("{{", "{")
    .replace("}}", "}")
)


def _east_asian(text: str, today: date) -> Iterator[Mention]:
    for match in _EAST_ASIAN.finditer(text):
        year = int(match["y"]) if match["y"] else None
        if match["rel"]:
            year = today.year + _year_shift(match["rel"])
        month, day = int(match["m"]), int(match["d"]) if match["d"] else None
        if match["end"] and 1 <= month <= 12:
            day = calendar.monthrange(year or today.year, month)[1]
        if (
            match["d"] is None
            and match["y"] is None
            and text[match.end() :].startswith(("間", "간"))
        ):
            continue
        yield from _mention(match, today, year, month, day)


def _year_shift(word: str) -> int:
    for words in word_list("dates")["years"].values():
        if word in words:
            return int(words[word])
    raise ValueError(f"{word!r} is not in lexicon/dates.yml")


_VIETNAMESE = regex.compile(
    r"(?:(?:ngày|ngay|mùng|mồng)?\s*(?<![\d/])(?P<d>\d{1,2})\s*(?:tháng|thang|thg)\s*"
    r"|(?:tháng|thang|thg)\s*)(?P<m>\d{1,2})(?!\d)"
    r"(?:\s*(?:(?:năm|nam|/|-)\s*(?P<y>(?:19|20)\d\d)|(?P<rel>(?:năm|nam)\s+(?:nay|sau|tới|toi|ngoái|ngoai|trước|truoc))))?",
    regex.IGNORECASE,
)


def _vietnamese(text: str, language: str, today: date) -> Iterator[Mention]:
    if language != "vi":
        return
    for match in _VIETNAMESE.finditer(text):
        year = int(match["y"]) if match["y"] else None
        if match["rel"]:
            year = today.year + _year_shift(regex.sub(r"\s+", " ", match["rel"].casefold()))
        yield from _mention(
            match, today, year, int(match["m"]), int(match["d"]) if match["d"] else None
        )


_MONGOLIAN = regex.compile(
    r"(?:(?P<y>(?:19|20)\d\d)\s*он(?:ы|д)?\s*)?(?<!\d)(?P<m>\d{1,2})\s*-?\s*(?:р\s*|дугаар\s*|дүгээр\s*)?"
    r"сар(?:ын\s*(?P<d>\d{1,2})|д)",
    regex.IGNORECASE,
)


def _mongolian(text: str, language: str, today: date) -> Iterator[Mention]:
    if language != "mn":
        return
    for match in _MONGOLIAN.finditer(text):
        yield from _mention(
            match,
            today,
            int(match["y"]) if match["y"] else None,
            int(match["m"]),
            int(match["d"]) if match["d"] else None,
        )


def _by_word(text: str, language: str, today: date) -> Iterator[Mention]:
    for match in _words(language, "words").finditer(text):
        day = today + timedelta(days=int(_looked_up(match, language, "words")))
        yield from _mention(match, today, day.year, day.month, day.day)


def _by_distance(
    text: str, language: str, today: date, durations: list[Mention]
) -> Iterator[Mention]:
    for name in ("ago", "ahead"):
        for duration in durations:
            for pattern in _distances(language, name):
                for match in pattern.finditer(
                    text[: duration.start]
                    + _MARK * (duration.end - duration.start)
                    + text[duration.end :]
                ):
                    period = Period.parse(str(duration.value))
                    day = period.before(today) if name == "ago" else period.after(today)
                    mention = next(_mention(match, today, day.year, day.month, day.day))
                    yield mention._replace(period=str(duration.value))


_MARK = "\ue000"


@cache
def _distances(language: str, name: str) -> list[regex.Pattern[str]]:
    return [
        regex.compile(
            pattern.replace(" ", r"\s*").replace("{}", f"(?<!{_MARK}){_MARK}+"), regex.IGNORECASE
        )
        for pattern in word_list("dates")[name].get(language, [])
    ]


def _by_weekday(text: str, language: str, today: date) -> Iterator[Mention]:
    pattern = _weekday_pattern(language)
    if pattern is None:
        return
    for match in pattern.finditer(text):
        wanted = _weekdays(language)[match["day"].casefold()]
        which = regex.sub(
            r"\s+", " ", (match["week"] or match["week_after"] or "").casefold().strip()
        )
        shift = word_list("dates")["weeks"][language].get(which) if which else None
        monday = today - timedelta(days=today.weekday())
        if shift:
            day = monday + timedelta(days=7 * shift + wanted)
        else:
            day = today + timedelta(days=(wanted - today.weekday()) % 7)
        yield from _mention(match, today, day.year, day.month, day.day)


@cache
def _weekdays(language: str) -> dict[str, int]:
    """Monday is 0, as in `date.weekday()`."""
    locale = Locale(_BABEL.get(language, language))
    names = {name.casefold(): number for number, name in locale.days["format"]["wide"].items()}
    if language == "en":
        short = locale.days["format"]["abbreviated"].items()
        names |= {name.casefold(): n for n, name in short if n not in (2, 5, 6)}  # wed, sat, sun
    if language == "ja":
        names |= {name[:-1]: number for name, number in names.items()}
    if language == "zh":
        plain = dict(zip("一二三四五六日天", (0, 1, 2, 3, 4, 5, 6, 6), strict=True))
        names = {f"{week}{sign}": n for sign, n in plain.items() for week in ("周", "星期", "礼拜")}
    if language == "vi":
        plain = {
            "thu hai": 0,
            "thu ba": 1,
            "thu tu": 2,
            "thu nam": 3,
            "thu sau": 4,
            "thu bay": 5,
            "chu nhat": 6,
        }
        names |= plain
    return names


@cache
def _weekday_pattern(language: str) -> regex.Pattern[str] | None:
    weeks = word_list("dates")["weeks"].get(language)
    if weeks is None:
        return None
    week, day = alternatives(list(weeks)), alternatives(list(_weekdays(language)))
    edge = r"\b" if language in ("en", "vi") else ""
    if language == "vi":
        form = rf"(?P<week>(?!))?{edge}(?P<day>{day}){edge}\s*(?P<week_after>{week})?"
    else:
        needed = "" if language in ("ko", "zh") else "?"
        needed = "?" if language in ("ko", "en") else needed
        form = (
            rf"(?:{edge}(?P<week>{week})\s*){needed}{edge}(?P<day>{day}){edge}(?P<week_after>(?!))?"
        )
    return regex.compile(form, regex.IGNORECASE)


def _by_month_word(text: str, language: str, today: date) -> Iterator[Mention]:
    ends = word_list("dates")["month_end"].get(language)
    for name in ("months", "years"):
        pattern = _words(language, name)
        for match in pattern.finditer(text):
            shift = int(_looked_up(match, language, name))
            if name == "years":
                yield from _mention(match, today, today.year + shift, None, None)
                continue
            first = today + relativedelta(months=shift, day=1)
            day = None
            if ends and _at_end(text, match, ends):
                day = calendar.monthrange(first.year, first.month)[1]
            yield from _mention(match, today, first.year, first.month, day)


def _at_end(text: str, match: regex.Match[str], ends: dict[str, str]) -> bool:
    if ends["before"]:
        return bool(regex.search(ends["before"] + "$", text[: match.start()], regex.IGNORECASE))
    return bool(regex.match(ends["after"], text[match.end() :]))


def _alone(text: str, language: str, today: date) -> Iterator[Mention]:
    for name in ("day_alone", "year_alone"):
        if pattern := word_list("dates")[name].get(language):
            for match in regex.finditer(pattern, text, regex.IGNORECASE):
                groups = match.groupdict()
                year = int(groups["year"]) if groups.get("year") else None
                day = int(groups["day"]) if groups.get("day") else None
                yield from _mention(match, today, year, None, day)


@cache
def _words(language: str, name: str) -> regex.Pattern[str]:
    words = list(word_list("dates")[name].get(language, {}))
    edge, after = r"(?<![\p{L}\p{M}])", r"(?![\p{L}\p{M}])"
    if language in ("ko", "ja", "zh", "th", "my", "km"):
        edge, after = "", ""
    return regex.compile(rf"{edge}(?:{alternatives(words) or '(?!)'}){after}", regex.IGNORECASE)


def _looked_up(match: regex.Match[str], language: str, name: str) -> int:
    found: Any = word_list("dates")[name][language][
        regex.sub(r"\s+", " ", match.group().casefold())
    ]
    return int(found)
