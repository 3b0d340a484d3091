"""Whether words about a person are said of them, and for certain.

"If we divorce", "not yet", "my friend has", "must I be married three years?":
the same words as a fact, and none.  "Almost three years" is one to confirm.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import NamedTuple

import regex

from nlu.wordlists import word_list

_REACH = 40  # letters before and after that are looked at
_SENTENCE_END = regex.compile(r"[.!?。！？\n]+(?=\s|$|[^\d])")


class Certainty(Enum):
    SURE = "sure"
    DOUBTFUL = "doubtful"
    NOT_SAID = "not said"


class Span(NamedTuple):
    start: int
    end: int


def certainty(
    text: str, span: Span, languages: tuple[str, ...], of_anybody: bool = False
) -> Certainty:
    """How certain `text[span]` is said of the person who writes, or `of_anybody`."""
    before = text[max(0, span.start - _REACH) : span.start]
    after = text[span.end : span.end + _REACH]
    for language in languages:
        if _any("dropped", "before", language, before) or _any("dropped", "after", language, after):
            return Certainty.NOT_SAID
        if not of_anybody and _any("sentence", None, language, sentence_around(text, span)):
            return Certainty.NOT_SAID
    for language in languages:
        if _any("doubtful", "before", language, before) or _any(
            "doubtful", "after", language, after
        ):
            return Certainty.DOUBTFUL
    return Certainty.SURE


def sentence_around(text: str, span: Span) -> str:
    """The sentence in which the span stands, with its end."""
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if end.end() >= span.end:
            return text[start : end.end()]
        start = end.end()
    return text[start:]


def _any(group: str, side: str | None, language: str, text: str) -> bool:
    return any(pattern.search(text) for pattern in _patterns(group, side, language))


@cache
def _patterns(group: str, side: str | None, language: str) -> list[regex.Pattern[str]]:
    lists = word_list("guards")[group]
    patterns = (lists[side] if side else lists).get(language, [])
    if side == "before" and language not in ("ja", "zh", "th", "my", "km"):
        # "мне" (to me) ends with "не" (not).
        patterns = [rf"(?<![\p{{L}}\p{{M}}])(?:{pattern})" for pattern in patterns]
    return [regex.compile(pattern, regex.IGNORECASE) for pattern in patterns]
