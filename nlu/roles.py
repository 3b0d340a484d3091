"""Which fact a quantity is about: "married {3 years}", "in Korea {35 months}"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

import regex
from dateutil.relativedelta import relativedelta

from knowledge.periods import Period
from nlu.certainty import Certainty, Span, certainty
from nlu.mentions import Mention
from nlu.wordlists import word_list

# One private letter stands for each kind of quantity while roles are looked for.
MARKS = {
    "duration": "\ue001",
    "date": "\ue002",
    "money": "\ue003",
    "number": "\ue004",
    "country": "\ue005",
    "status": "\ue006",
    "text": "\ue007",  # a city or a province
}
_NO_SPACES = ("ko", "ja", "zh", "th", "my", "km")
_BESIDE = 16  # letters before and after a claim in which words may say that the day has passed
_ANY_WORD = regex.compile(r"(?<!\[)(\\w|\\p\{L\})\+")


class Masked(NamedTuple):
    """A text with its quantities replaced by marks; `places` lead back to the text."""

    text: str
    places: list[int]
    marks: dict[int, Mention]


def assign_roles(
    text: str, mentions: list[Mention], languages: tuple[str, ...], today: date
) -> list[Mention]:
    """The mentions, each with the fact it is about where the words around it say so.

    Where two facts would do, the one whose words stand closest is taken.  Two
    different values for one fact are both only `about` it.
    """
    masked = mask(text, mentions)
    found: dict[int, list[tuple[int, str, Span]]] = defaultdict(list)
    for language in languages:
        for fact, pattern in _patterns(language):
            for match in pattern.finditer(masked.text, overlapped=True):
                mark = match.start("mark")
                found[mark].append((match.end() - match.start(), fact, Span(*match.span())))
    assigned = [
        _assigned(masked, mark, sorted(found.get(mark, [])), languages, today)
        for mark in masked.marks
    ]
    return _without_contradictions(assigned)


def _assigned(
    masked: Masked,
    mark: int,
    claims: Sequence[tuple[int, str, Span]],
    languages: tuple[str, ...],
    today: date,
) -> Mention:
    """The mention at `mark` as the first of the facts that claim it and that it can be."""
    mention = masked.marks[mark]
    ahead = mention.kind == "date" and mention.past is None
    for _, fact, span in claims if not mention.about else ():
        if ahead and _lies_behind(fact):
            continue
        judged = max(
            (certainty(masked.text, s, languages) for s in (span, Span(mark, mark + 1))),
            key=list(Certainty).index,
        )
        if judged is Certainty.NOT_SAID:
            break
        passed = _told_as_passed(fact, _beside(masked.text, span), languages)
        kind, sure = word_list("roles")[fact]["kind"], judged is Certainty.SURE
        told = as_fact(mention, fact, kind, sure, passed, today)
        if told is not mention:
            return told
    return mention


def mask(text: str, mentions: list[Mention]) -> Masked:
    """`text` with one mark for each mention; mentions do not overlap."""
    letters: list[str] = []
    places: list[int] = []
    marks: dict[int, Mention] = {}
    position = 0
    for mention in sorted(mentions, key=lambda m: m.start):
        letters.extend(text[position : mention.start])
        places.extend(range(position, mention.start))
        marks[len(letters)] = mention
        letters.append(MARKS[mention.kind])
        places.append(mention.start)
        position = mention.end
    letters.extend(text[position:])
    places.extend(range(position, len(text) + 1))
    return Masked("".join(letters), places, marks)


def _beside(text: str, span: Span) -> str:
    """The span with a few letters before and after it, of the same sentence."""
    before = regex.split(r"[.?!。？！\n]", text[max(0, span.start - _BESIDE) : span.start])[-1]
    return before + text[span.start : span.end + _BESIDE]


def _lies_behind(fact: str) -> bool:
    return bool(word_list("roles")[fact].get("direction") == "past")


def _told_as_passed(fact: str, text: str, languages: tuple[str, ...]) -> bool:
    """Whether a day that is usually ahead is told as past: "my visa ended on 3 November"."""
    if _lies_behind(fact):
        return True
    words = word_list("roles")[fact].get("passed", {})
    return any(
        regex.search(words[language], text, regex.IGNORECASE)
        for language in languages
        if language in words
    )


def as_fact(
    mention: Mention, fact: str, kind: str, sure: bool, passed: bool, today: date
) -> Mention:
    """The mention as a value of `fact`, which is of `kind`; itself where it can be none.

    It is only `about` the fact where that is not `sure`, or the value is coarse.
    """
    value = _value(mention, kind, passed, today)
    if value is None or not _plausible(fact, value):
        return mention
    changed = mention._replace(kind=kind, value=value)
    coarse = mention.precision == "year" or (kind == "date" and mention.precision != "day")
    return changed._replace(about=fact) if coarse or not sure else changed._replace(role=fact)


def _value(
    mention: Mention, kind: str, passed: bool, today: date
) -> str | int | float | bool | None:
    """The mention's value as a fact of `kind` takes it."""
    if kind == mention.kind == "date":
        return (mention.past if passed else mention.future) or mention.value
    if kind == "duration" and mention.kind == "date":
        if mention.period:
            return mention.period if mention.past else None
        return _began(mention, today)
    if kind == "number" and mention.kind == "duration":
        years = regex.fullmatch(r"P(\d+)Y", str(mention.value))
        return int(years[1]) if years else None
    if kind == "number" and mention.kind != "number":
        return None
    if kind == "date" and mention.kind == "duration":
        away = Period.parse(str(mention.value))
        return (away.before(today) if passed else away.after(today)).isoformat()
    return mention.value


def _began(mention: Mention, today: date) -> str | None:
    """The day a length of time began; of a month or a year its last day, to be on the safe side."""
    if mention.past is None:
        return None
    first = date.fromisoformat(mention.past)
    step = {
        "day": relativedelta(),
        "week": relativedelta(weeks=1),
        "month": relativedelta(months=1),
        "year": relativedelta(years=1),
    }
    last = first + step[mention.precision] - timedelta(days=mention.precision != "day")
    return last.isoformat() if last <= today else None


def _plausible(fact: str, value: object) -> bool:
    if fact == "nationality":
        return value != "KR"
    limits = word_list("roles").get(fact, {}).get("range")
    return not limits or (isinstance(value, int) and limits[0] <= value <= limits[1])


def _without_contradictions(mentions: list[Mention]) -> list[Mention]:
    values = defaultdict(set)
    for mention in mentions:
        if mention.role:
            values[mention.role].add(mention.value)
    return [
        mention._replace(role=None, about=mention.role)
        if mention.role and len(values[mention.role]) > 1
        else mention
        for mention in mentions
    ]


@cache
def _patterns(language: str) -> list[tuple[str, regex.Pattern[str]]]:
    return list(_compiled(language))


def _compiled(language: str) -> Iterator[tuple[str, regex.Pattern[str]]]:
    for fact, lists in word_list("roles").items():
        own = MARKS[lists["kind"]]
        if lists["kind"] == "duration":
            own += MARKS["date"]
        for pattern in lists.get(language, []):
            yield fact, compile_cue(pattern, language, own)


def has_mark(pattern: regex.Pattern[str]) -> bool:
    """Whether a pattern names a quantity."""
    return any(mark in pattern.pattern for mark in MARKS.values())


@cache
def compile_cue(pattern: str, language: str, own: str = "") -> regex.Pattern[str]:
    """A pattern of the lexicon: spaces, `{}` and `{kind}` written out."""
    marked = "{}" if "{}" in pattern else None
    for kind, mark in MARKS.items():
        if marked is None and own and "{" + kind + "}" in pattern:
            marked = "{" + kind + "}"
            own = mark
        if marked != "{" + kind + "}":
            pattern = pattern.replace("{" + kind + "}", mark)
    if marked:
        free = r"\s?" if language in _NO_SPACES else ""
        pattern = pattern.replace(marked, f"{free}(?P<mark>[{own}]){free}", 1)
        # A town is a word like any other: "moved to Daegu on 3 May".
        pattern = _ANY_WORD.sub(lambda word: f"[{word[1]}{MARKS['text']}]+", pattern)
    pattern = pattern.replace(" ?", r"\s?").replace(
        " ", r"\s+" if language not in _NO_SPACES else r"\s?"
    )
    if language not in _NO_SPACES:
        pattern = rf"(?<![\p{{L}}\p{{M}}])(?:{pattern})(?![\p{{L}}\p{{M}}])"
    return regex.compile(pattern, regex.IGNORECASE)
