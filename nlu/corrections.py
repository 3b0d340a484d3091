"""Quantities that are taken back in the same breath: "not 4 years but 5", "F-4, no, D-8"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import regex

from nlu.folding import Folded
from nlu.mentions import Mention
from nlu.roles import MARKS, mask
from nlu.wordlists import word_list

_NOTHING = "(?!)"


def without_taken_back(
    folded: Folded, mentions: list[Mention], languages: tuple[str, ...]
) -> Folded:
    """The text with only the quantities that stand: "married not 4 but 5 years" is married 5."""
    masked = mask(folded.text, mentions)
    cuts = sorted(
        (masked.places[start], masked.places[end])
        for language in languages
        for mark in {MARKS[mention.kind] for mention in mentions}
        for start, end in _taken_back(masked.text, language, mark)
    )
    for start, end in reversed(cuts):
        folded = folded.without(start, end)
    return folded


def _taken_back(text: str, language: str, mark: str) -> Iterator[tuple[int, int]]:
    if text.count(mark) != 2:
        return  # of three nobody knows which is meant
    match = _pattern(language, mark).search(text)
    if match:
        yield match.span("cut")


@cache
def _pattern(language: str, mark: str) -> regex.Pattern[str]:
    said = {name: lists.get(language, _NOTHING) for name, lists in word_list("corrections").items()}
    gap, stop = r"\s*", r"[\s,.…!–-]*"
    before = f"(?:{said['not']}){gap}{mark}{stop}(?:{said['but']})?{stop}(?={mark})"
    behind = rf"{mark}{gap}(?:{said['not_after']})(?!\p{{L}}){stop}(?:\p{{L}}{{1,6}}\s)?(?={mark})"
    oneself = rf"{mark}{stop}(?:{said['oh']})(?!\p{{L}}){stop}(?:\p{{L}}{{1,4}}\s)?(?={mark})"
    second = f"(?<={mark}){stop}(?:{said['not']}){gap}{mark}"
    return regex.compile(f"(?P<cut>{before}|{behind}|{oneself}|{second})", regex.IGNORECASE)
