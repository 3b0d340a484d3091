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
from nlu.numbers import number_value
from nlu.wordlists import alternatives, word_list

_BABEL = {"tl": "fil"}
# The order of day and month in figures.  In English and Tagalog both are written.
_MONTH_FIRST = ("ko", "ja", "zh", "mn")
_EITHER = ("en", "tl")
_BUDDHIST = 543


def find_dates(text: str, language: str, today: date, durations: list[Mention]) -> list[Mention]:
    """The days, weeks, months and years named in `text`; `durations` are those found in it."""
    return [
        *_in_figures(text, language, today),
        *_by_name(text, language, today),
        *_east_asian(text, today),
        *_vietnamese(text, language, today),
        *_mongolian(text, language, today),
        *_by_word(text, language, today),
        *_by_distance(text, language, today, durations),
        *_by_weekday(text, language, today),
        *_by_week(text, language, today),
        *_by_month_word(text, language, today),
        *_by_end(text, language, today),
        *_alone(text, language, today),
    ]


def _mention(
    span: tuple[int, int], today: date, year: int | None, month: int | None, day: int | None
) -> Iterator[Mention]:
    """One mention, or none where there is no such day (31 June)."""
    if year is not None and year > 2400:
        year -= _BUDDHIST
    if year is not None and year < 100:
        year += 2000
    if year is not None and not 1920 <= year <= 2100:
        return
    precision = "day" if day else "month" if month else "year"
    yield from _read(span, today, list(_readings(today, year, month, day)), precision)


def _read(
    span: tuple[int, int], today: date, readings: list[date], precision: str
) -> Iterator[Mention]:
    """One mention of the days it can be, none where there is no such day."""
    if not readings:
        return
    past = max((r for r in readings if r <= today), default=None)
    future = min((r for r in readings if r >= today), default=None)
    nearer = min(sorted(readings), key=lambda reading: abs((reading - today).days))
    yield Mention(
        "date",
        nearer.isoformat(),
        *span,
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
# 10/2020, 2029-5: a month.
_MONTH_OF_YEAR = regex.compile(
    r"(?<![\d./-])(?:(?P<m>0?[1-9]|1[0-2])[/.](?P<y>(?:19|20)\d\d)|(?P<y>20\d\d)[/.-](?P<m>0?[1-9]|1[0-2]))(?![\d/-]|[.]\d)"
)
_FIGURES = regex.compile(
    r"(?i)(?P<led>(?:ngày|ngay|hôm|hom|tgl\.?|tanggal)\s+)?(?<![\d./-])(?P<a>\d{1,2})(?P<sep>[-./])(?P<b>\d{1,2})(?:(?P=sep)(?P<y>(?:19|20|25)?\d\d))?"
    r"(?![\d/]|[.-]\d|\s?(?:점|点|%|급|级|段|단))"
)


# What follows 11.15 where it is a day.
_AS_A_DAY = regex.compile(
    r"(?:从|搬|入境|到(?!\d)|号|收到|拿到|起|에\s|부터|까지|に(?!も)|から|まで)"
)


def _in_figures(text: str, language: str, today: date) -> Iterator[Mention]:
    for match in _ISO.finditer(text):
        yield from _mention(match.span(), today, int(match["y"]), int(match["m"]), int(match["d"]))
    for match in _MONTH_OF_YEAR.finditer(text):
        yield from _mention(match.span(), today, int(match["y"]), int(match["m"]), None)
    for match in _FIGURES.finditer(text):
        first, second = int(match["a"]), int(match["b"])
        year = int(match["y"]) if match["y"] else None
        is_day = match["led"] and second <= 12 < first
        is_day = is_day or (match["sep"] == "." and _AS_A_DAY.match(text, match.end()))
        if year is None and match["sep"] != "/" and not is_day:
            continue  # 3.5 and 4-1 are rarely days
        if language in _MONTH_FIRST:
            month, day = first, second
        elif language in _EITHER and first <= 12 and second <= 12 and first != second:
            if year is not None:
                # 3/4 is in March for some and in April for others.
                yield from _mention(match.span(), today, year, None, None)
            continue
        elif language in _EITHER and second > 12:
            month, day = first, second
        else:
            month, day = second, first
        yield from _mention(match.span(), today, year, month, day)


_UNSURE_MONTHS = frozenset(
    ["may", "march", "mar", "mart", "mei", "mayo", "mesa", "mina", "май", "март"]
)
_BEFORE_MONTH = (
    r"(?:in|on|until|till|by|since|from|next|last|of|this|noong|nung|sa|hanggang|mula|bulan|sejak|sampai|pada|в|с|до|к"
    r"|เดือน|duean|duan|chong khae|ខែ|khae)\s*(?<![a-zа-я])"
)


def _by_name(text: str, language: str, today: date) -> Iterator[Mention]:
    """ "15 March 2027", "end of June", "2027-yil 12-mart", "พฤษภาคมปีก่อน"."""
    if not _month_patterns(language):
        return
    ends = word_list("dates")["month_end"].get(language)
    for match in _named_pattern(language).finditer(text):
        month = next(n for n in range(1, 13) if match[f"m{n}"])
        name = match[f"m{month}"].casefold()
        figures = match["before"] or match["after"] or _ordinal(match["worded"])
        year = _told_year(match, language, today)
        sure = figures or year or match["lead"] or match["suffix"] or match["mark"]
        if name in _UNSURE_MONTHS and not sure:
            continue  # "you may ..."
        day = int(figures) if figures else None
        start, end = match.span()
        if day is None and ends and (span := _end_of_month(text, match, ends)):
            start, end = span
            day = calendar.monthrange(year or today.year, month)[1]
        yield from _mention((start, end), today, year, month, day)


def _ordinal(word: str | None) -> int | None:
    """ "twelfth", "twenty-first": the day of a month in words."""
    if word is None:
        return None
    return int(word_list("dates")["ordinals"][regex.sub(r"[\s-]+", "-", word.casefold())])


def _told_year(match: regex.Match[str], language: str, today: date) -> int | None:
    if told := match["year"] or match["year_before"]:
        return int(told)
    word = match["rel"] or match["rel_before"]
    if word is None:
        return None
    listed = word_list("dates")["years"][language]
    return today.year + int(listed[regex.sub(r"\s+", " ", word.casefold())])


def _end_of_month(
    text: str, match: regex.Match[str], ends: dict[str, str]
) -> tuple[int, int] | None:
    """From where to where the words for its last day stand, if they stand there."""
    if ends["before"]:
        lead = match["lead"] or ""
        name = match.start() + len(lead) if lead else match.start()
        found = regex.search(
            _spaced(ends["before"]) + r"(?:ខែ|เดือน)?$", text[:name], regex.IGNORECASE
        )
        return (found.start(), match.end()) if found else None
    found = regex.compile(ends["after"], regex.IGNORECASE).match(text, match.end())
    return (match.start(), found.end()) if found else None


def _spaced(pattern: str) -> str:
    return pattern.replace(" ?", r"\s*").replace(" ", r"\s+")


@cache
def _month_patterns(language: str) -> list[str]:
    """A pattern for each month, by CLDR and the lexicon; none where months are numbers."""
    if language in ("ko", "ja", "zh", "vi", "mn"):
        return []
    locale = Locale(_BABEL.get(language, language))
    patterns = list(word_list("dates")["month_names"].get(language, [])) or [""] * 12
    sources = [locale, Locale("en")] if language in ("tl", "ne", "km", "my") else [locale]
    for source in sources:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in source.months[context][width].items():
                    name = name.casefold().rstrip(".")
                    if regex.fullmatch(patterns[number - 1] or "(?!)", name):
                        continue  # the lexicon says where this name is another word
                    if len(name) > 2 and not (
                        width == "abbreviated" and language in ("my", "ne", "km")
                    ):
                        patterns[number - 1] += "|" + regex.escape(name)
                    elif len(name) > 2 and name.isascii():
                        patterns[number - 1] += "|" + name
    if language == "en":
        patterns[8] += "|sept"
    if language == "my":
        # Bare "မေ" and "မတ်" begin other words.
        listed = word_list("dates")["month_names"]["my"]
        patterns[2], patterns[4] = f"{listed[2]}|march", f"{listed[4]}|may"
    return [pattern.strip("|") for pattern in patterns]


@cache
def _named_pattern(language: str) -> regex.Pattern[str]:
    name = "|".join(f"(?P<m{n}>{p})" for n, p in enumerate(_month_patterns(language), start=1))
    spaced = language not in ("th", "my", "km")
    edge = r"(?<![\p{L}\p{M}])" if spaced else r"(?<!\p{Latin}(?=\p{Latin}))"
    after_edge = r"(?![\p{L}\p{M}])" if spaced else r"(?!(?<=\p{Latin})\p{Latin})"
    suffix = word_list("dates")["month_suffixes"].get(language, "")
    ordinals = alternatives(list(word_list("dates")["ordinals"])) if language == "en" else "(?!)"
    ordinals = ordinals.replace(r"\-", r"[\s-]?")
    years = alternatives(list(word_list("dates")["years"].get(language, {}))) or "(?!)"
    # Khmer and Burmese put words for "day", "month" and "year" between.
    return regex.compile(
        rf"(?:(?<!\d)(?P<year_before>(?:19|20|25)\d\d)[\s,]*(?:-?\s?(?:yil|йил)\p{{L}}*|ခုနှစ်)?[\s,]*"
        rf"|{edge}(?P<rel_before>{years})\s*(?:的|की|ko)?\s*)?"
        rf"{edge}(?:(?:(?:on|the|ថ្ងៃទី|วันที่|wan thi|tanggal|tgl\.?|noong|nung)\s*)*"
        rf"(?:(?P<before>(?<![\d-]|\d[.,/])\d{{1,2}})(?:st|nd|rd|th|-?е|-?го|-)?|(?P<worded>{ordinals}))\s*(?:of\s+|ng\s+|ខែ\s*|เดือน\s*|tanggal\s+)?"
        rf"|(?P<lead>{_BEFORE_MONTH})|)"
        rf"{edge}(?P<name>{name})\.?(?P<suffix>{suffix or '(?!)'})?{after_edge}"
        rf"(?P<mark>\s*(?:လ(?![\u102B-\u103E]|[က-အ]်)|la\b))?"
        rf"(?:\s*(?P<after>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|:|,\d|\s*(?:{_UNIT_AFTER}))(?:\s*ရက်(?:နေ့)?)?)?"
        rf"(?:,?\s*(?:ឆ្នាំ\s*|พ\.ศ\.\s*|ปี\s*|of\s+|taong\s+|года?\s+)?(?P<year>(?:19|20|25)\d\d)(?!\d)|,?\s*(?P<rel>{years}){after_edge})?",
        regex.IGNORECASE,
    )


# "in March 3 years ..." is no third of March.
_UNIT_AFTER = (
    r"years?|yrs?|months?|weeks?|days?|лет|года?|месяц|ปี|เดือน|ឆ្នាំ|ခါ|နှစ်"
    r"|tahun|bulan|yil|oy|वर्ष|taon|won"
)


_HAN = "[一二三四五六七八九十]{1,3}|(?<![가-힣])[일이삼사오유육칠팔구시십]{1,4}"
_HANGUL_YEAR = "이천[일이삼사오육칠팔구십]{0,3}"
_EAST_ASIAN = regex.compile(
    r"(?<!\d)(?:(?P<y>\d{4}|\d{2}(?=\s?[년年])|HANGUL_YEAR)\s?[년年]\s?(?:도\s?)?|(?P<rel>YEARS)[の的]?\s?)?"
    r"(?<![\d一二三四五六七八九十])(?P<m>\d{1,2}|HAN)\s?(?:월|月(?![额額])|月份)"
    r"(?:\s?(?P<d>\d{1,2}|HAN)\s?(?:일(?:자|날)?|[日号號])"
    r"|(?<=月)(?P<d>\d{1,2})(?=\s*(?:$|[,，。!！?？]|到期|过期|之?前|截止))|(?P<end>\s?(?:말일?(?!고)|の?末|底)))?".replace(
        "YEARS",
        "올해|금년|내년|작년|지난해|내후년|再来年|来年|今年|去年|昨年|明年|前年|后年|後年",
    )
    .replace("HANGUL_YEAR", _HANGUL_YEAR)
    .replace("HAN", _HAN)
)


def _east_asian(text: str, today: date) -> Iterator[Mention]:
    for match in _EAST_ASIAN.finditer(text):
        year = _number(match["y"])
        if match["rel"]:
            year = today.year + _year_shift(match["rel"])
        month, day = _number(match["m"]), _number(match["d"])
        if match["end"] and month and 1 <= month <= 12:
            day = calendar.monthrange(year or today.year, month)[1]
        if (
            match["d"] is None
            and match["y"] is None
            and text[match.end() :].startswith(("間", "간"))
        ):
            continue
        yield from _mention(match.span(), today, year, month, day)


def _number(told: str | None) -> int | None:
    """A day, a month or a year in figures or in Han or Korean numerals."""
    if told is None:
        return None
    if told.isdigit():
        return int(told)
    # June and October are said with the last sound of their numeral left out.
    return int(number_value(told.replace("유", "육").replace("시", "십"), "ko") or 0)


def _year_shift(word: str) -> int:
    for words in word_list("dates")["years"].values():
        if word in words:
            return int(words[word])
    raise ValueError(f"{word!r} is not in lexicon/dates.yml")


_VIETNAMESE = regex.compile(
    r"(?:(?:ngày|ngay|mùng|mồng|mung|hôm|hom)?\s*(?<![\d/-])(?P<d>\d{1,2})\s*(?:tháng|thang|thg)\s*"
    r"|(?P<end>(?:cuối|cuoi)\s+)?(?:(?:hồi|hoi|đầu|dau)\s+)?(?:tháng|thang|thg)\s*)(?P<m>\d{1,2}(?![\d.,]*\d)|(?<!(?:\d|một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười|mấy)"
    r"\s*tháng\s*)(?:mười hai|mười một|mười|chín|tám|bảy|sáu|tư|ba|hai)\b)"
    r"(?:\s*(?:(?:năm|nam|/|-|,)\s*(?P<y>(?:19|20)\d\d)"
    r"|(?P<rel>(?:năm|nam)\s+(?:nay|sau|tới|toi|ngoái|ngoai|trước|truoc)|sang năm)))?",
    regex.IGNORECASE,
)


def _vietnamese(text: str, language: str, today: date) -> Iterator[Mention]:
    if language != "vi":
        return
    for match in _VIETNAMESE.finditer(text):
        year = int(match["y"]) if match["y"] else None
        if match["rel"]:
            year = today.year + _year_shift(regex.sub(r"\s+", " ", match["rel"].casefold()))
        month = int(number_value(match["m"], "vi") or 0)
        day = int(match["d"]) if match["d"] else None
        if match["end"] and 1 <= month <= 12:
            day = calendar.monthrange(year or today.year, month)[1]
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        yield from _mention((start, match.end()), today, year, month, day)


_MONGOLIAN = regex.compile(
    r"(?:(?P<y>(?:19|20)\d\d)\s*он\p{L}*\s*)?(?<!\d)(?P<m>\d{1,2})\s*-?\s*(?:р\s*|дугаар\s*|дүгээр\s*)?"
    r"(?:(?:сарын|sariin)\s*(?:(?P<d>\d{1,2})(?:-?(?:нд|нээс|ээс|ны|ний|хан|nd|nees|ees|ny|nii)(?!\p{L}))?|(?P<end>сүүл|эцэс|эцс|suul)\p{L}*)|(?:сард|sard)(?!\p{L})|(?(y)(?:сар|sar)\p{L}*|(?!)))",
    regex.IGNORECASE,
)


def _mongolian(text: str, language: str, today: date) -> Iterator[Mention]:
    if language != "mn":
        return
    for match in _MONGOLIAN.finditer(text):
        year, month = int(match["y"]) if match["y"] else None, int(match["m"])
        day = int(match["d"]) if match["d"] else None
        if match["end"] and 1 <= month <= 12:
            day = calendar.monthrange(year or today.year, month)[1]
        yield from _mention(match.span(), today, year, month, day)


def _by_word(text: str, language: str, today: date) -> Iterator[Mention]:
    for match in _words(language, "words").finditer(text):
        day = today + timedelta(days=int(_looked_up(match, language, "words")))
        yield from _mention(match.span(), today, day.year, day.month, day.day)


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
                    mention = next(_mention(match.span(), today, day.year, day.month, day.day))
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
    weeks = word_list("dates")["weeks"][language]
    which = {**weeks.get("before", {}), **weeks.get("after", {})}
    for match in _weekday_pattern(language).finditer(text):
        wanted = next(n for n in range(7) if match[f"d{n}"])
        told = regex.sub(r"\s+", " ", match["week"] or match["week_after"] or "").casefold().strip()
        shift = which.get(told, 0)
        since, ahead = (today.weekday() - wanted) % 7, (wanted - today.weekday()) % 7
        if shift == "last":
            # Yesterday's weekday is called yesterday.
            days = [today - timedelta(days=since if since > 1 else since + 7)]
        elif shift:
            days = [today + timedelta(days=7 * shift + wanted - today.weekday())]
        elif told and which[told] == 0 and told not in _NO_WEEK:
            days = [today + timedelta(days=ahead)]
        else:
            days = [today - timedelta(days=since), today + timedelta(days=ahead)]
        yield from _read(match.span(), today, days, "day")


# "on Friday" may be the last one or the next.
_NO_WEEK = ("on", "by", "until", "в", "во", "до", "sa", "hari")


@cache
def _weekday_pattern(language: str) -> regex.Pattern[str]:
    weeks = word_list("dates")["weeks"][language]
    names = word_list("dates")["weekdays"][language]
    day = "|".join(f"(?P<d{number}>{_spaced(name)})" for number, name in enumerate(names))
    before = alternatives(list(weeks.get("before", {}))) or "(?!)"
    after = alternatives([word.strip() for word in weeks.get("after", {})]) or "(?!)"
    suffix = _spaced(word_list("dates")["weekday_suffixes"].get(language, ""))
    edge, after_edge = r"(?<![\p{L}\p{M}])", r"(?![\p{L}\p{M}])"
    if language in ("ko", "ja", "zh", "th", "my", "km"):
        edge, after_edge = r"(?<!\p{Latin}(?=\p{Latin}))", r"(?!(?<=\p{Latin})\p{Latin})"
    return regex.compile(
        rf"(?:{edge}(?P<week>{before})\s*)?{edge}(?:{day}){suffix}{after_edge}(?:\s*(?P<week_after>{after}){after_edge})?",
        regex.IGNORECASE,
    )


def _by_week(text: str, language: str, today: date) -> Iterator[Mention]:
    """ "last week": its Monday."""
    for match in _words(language, "weeks_alone").finditer(text):
        if regex.search(r"(?<!\S)\d+\s+$", text[: match.start()]):
            continue  # Vietnamese "1 tuần rồi": for a week now, not last week
        shift = _looked_up(match, language, "weeks_alone")
        monday = today + timedelta(days=7 * shift - today.weekday())
        yield from _read(match.span(), today, [monday], "week")


def _by_month_word(text: str, language: str, today: date) -> Iterator[Mention]:
    ends = word_list("dates")["month_end"].get(language)
    for match in _words(language, "years").finditer(text):
        year = today.year + _looked_up(match, language, "years")
        yield from _mention(match.span(), today, year, None, None)
    for match in _words(language, "months").finditer(text):
        first = today + relativedelta(months=_looked_up(match, language, "months"), day=1)
        start, end = match.span()
        day = None
        if told := _day_of_month(text, match, language):
            day, start, end = told
        elif ends and (span := _end_of_word(text, match, ends)):
            start, end = span
            day = calendar.monthrange(first.year, first.month)[1]
        yield from _mention((start, end), today, first.year, first.month, day)


def _day_of_month(text: str, match: regex.Match[str], language: str) -> tuple[int, int, int] | None:
    """The day told with a month ("the 5th of next month"), and from where to where it is told."""
    listed = word_list("dates")["day_of_month"][language]
    if before := listed.get("before"):
        found = regex.search(rf"(?<!\d){_spaced(before)}$", text[: match.start()], regex.IGNORECASE)
        return (int(found["day"]), found.start(), match.end()) if found else None
    found = regex.compile(_spaced(listed["after"]), regex.IGNORECASE).match(text, match.end())
    return (_number(found["day"]) or 0, match.start(), found.end()) if found else None


def _end_of_word(
    text: str, match: regex.Match[str], ends: dict[str, str]
) -> tuple[int, int] | None:
    if ends["before"]:
        found = regex.search(
            ends["before"].strip() + r"\s*$", text[: match.start()], regex.IGNORECASE
        )
        return (found.start(), match.end()) if found else None
    found = regex.compile(ends["after"], regex.IGNORECASE).match(text, match.end())
    return (match.start(), found.end()) if found else None


def _by_end(text: str, language: str, today: date) -> Iterator[Mention]:
    """The end of this month or year, told without its name."""
    last = calendar.monthrange(today.year, today.month)[1]
    for name, month, day in (("this_month_end", today.month, last), ("this_year_end", 12, 31)):
        if pattern := word_list("dates")[name].get(language):
            for match in _edged(language, pattern).finditer(text):
                yield from _mention(match.span(), today, today.year, month, day)


@cache
def _edged(language: str, pattern: str) -> regex.Pattern[str]:
    edge = "" if language in ("ko", "ja", "zh", "th", "my", "km") else r"(?<![\p{L}\p{M}])"
    return regex.compile(edge + pattern, regex.IGNORECASE)


# A year that stands alone and is none of the quantities around it.
_YEAR = regex.compile(
    r"(?<![\p{Latin}\d/-]|\d[.,]|[$₩])(?P<year>19[5-9]\d|20(?!00)[0-3]\d)"
    r"(?![\d/-]|[.,]\d|[ -]?(?:won|usd|dollars?|\p{Sc}|km|hours?|people|명|원|만|천|점"
    r"|人|元|万|ウォン|名|вон|человек))",
    regex.IGNORECASE,
)


def _alone(text: str, language: str, today: date) -> Iterator[Mention]:
    for name in ("day_alone", "year_alone"):
        if pattern := word_list("dates")[name].get(language):
            for match in regex.finditer(pattern, text, regex.IGNORECASE):
                groups = match.groupdict()
                year = int(groups["year"]) if groups.get("year") else None
                day = int(groups["day"]) if groups.get("day") else None
                yield from _mention(match.span(), today, year, None, day)
    for match in _YEAR.finditer(text):
        yield from _mention(match.span(), today, int(match["year"]), None, None)


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
