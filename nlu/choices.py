"""Facts told in words: "이혼했어요" (divorced), "no ARC yet" (not registered)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

import regex

from knowledge.base import facts_of
from knowledge.facts import decode_value
from knowledge.schema import Fact
from knowledge.weighing import MET, weigh
from nlu.certainty import Certainty, Span, certainty
from nlu.mentions import Mention
from nlu.roles import Masked, compile_cue, has_mark, mask
from nlu.wordlists import word_list, word_list_if_any


def find_choices(text: str, mentions: list[Mention], languages: tuple[str, ...]) -> list[Mention]:
    """What `text` says of yes-or-no facts and choices; `mentions` are its quantities."""
    masked = mask(text, mentions)
    found = (_named("choices", fact, text, masked, languages) for fact in word_list("choices"))
    return [mention for mention in found if mention]


def find_plain_words(
    text: str, mentions: list[Mention], languages: tuple[str, ...], facts: Collection[str]
) -> list[Mention]:
    """What plain words say of `facts`: "elementary school", where a school is asked for.

    They say nothing of what is not asked for, and may be said of something else.
    """
    masked = mask(text, mentions)
    found = (_named("if_asked", fact, text, masked, languages) for fact in sorted(facts))
    return [mention for mention in found if mention]


def told_along(
    mentions: list[Mention], facts: Mapping[str, Fact], asked: Collection[str], today: date
) -> list[Mention]:
    """The choices that come with what else is told: with a status, or with other facts.

    D-4-7 is for learning a foreign language, whoever asks; two years abroad are a
    long trip where a service asks (`asked`) what happened.
    """
    by_facts = _told_by_facts(mentions, facts, asked, today)
    return [*_told_by_status(mentions, facts.values()), *by_facts]


def _told_by_facts(
    mentions: list[Mention], facts: Mapping[str, Fact], asked: Collection[str], today: date
) -> Iterator[Mention]:
    by_role = {mention.role: mention for mention in mentions if mention.role}
    for fact in (facts[name] for name in sorted(asked) if name in facts):
        for choice in fact.choices:
            if choice.told_if is None:
                continue
            told = [by_role[name] for name in facts_of(choice.told_if) if name in by_role]
            values = {m.role: decode_value(facts[m.role], m.value, today) for m in told if m.role}
            if weigh(choice.told_if, values, today).low == MET:
                yield Mention("choice", choice.value, told[0].start, told[0].end, role=fact.id)


def _told_by_status(mentions: list[Mention], facts: Iterable[Fact]) -> list[Mention]:
    """Of two statuses that would say different things only the one that is wanted says it."""
    named = [mention for mention in mentions if mention.kind == "status"]
    found = []
    for fact in facts:
        values = {choice.status: choice.value for choice in fact.choices if choice.status}
        saying = [mention for mention in named if mention.value in values]
        if len({mention.value for mention in saying}) > 1:
            saying = [mention for mention in saying if mention.role == "target_status"]
        found += [
            Mention("choice", values[str(m.value)], m.start, m.end, role=fact.id)
            for m in saying[:1]
        ]
    return found


# A friend in danger is as urgent as oneself; a guardian is somebody else by nature.
_OF_ANYBODY = ("danger", "guardian", "guardian_changes")


def _named(
    name: str, fact: str, text: str, masked: Masked, languages: tuple[str, ...]
) -> Mention | None:
    """The first value of the fact's list that the text names."""
    for value, cues in _cues(name, fact, languages):
        named = [
            mention
            for cue in cues
            if (mention := _first(fact, value, cue, text, masked, languages))
        ]
        if named:
            return min(named, key=lambda mention: mention.start)
    return None


class _Cue(NamedTuple):
    """Words that tell a value; with a mark they are held against a text with marks."""

    pattern: regex.Pattern[str]
    marked: bool


@cache
def _cues(name: str, fact: str, languages: tuple[str, ...]) -> list[tuple[bool | str, list[_Cue]]]:
    """The cues of each value of a fact, from `choices.yml` or `if_asked/<fact>.yml`."""
    anywhere = name == "choices"
    lists = word_list(name)[fact] if anywhere else word_list_if_any(f"{name}/{fact}")
    compiled = [
        (value, [compile_cue(cue, tongue) for tongue in languages for cue in by.get(tongue, [])])
        for value, by in lists.items()
    ]
    return [(value, [_Cue(p, has_mark(p)) for p in patterns]) for value, patterns in compiled]


def _first(
    fact: str,
    value: bool | str,
    cue: _Cue,
    text: str,
    masked: Masked,
    languages: tuple[str, ...],
) -> Mention | None:
    read = masked.text if cue.marked else text
    for match in cue.pattern.finditer(read):
        judged = certainty(read, Span(*match.span()), languages, of_anybody=fact in _OF_ANYBODY)
        if judged is not Certainty.NOT_SAID:
            sure = judged is Certainty.SURE
            return Mention(
                "bool" if isinstance(value, bool) else "choice",
                value,
                masked.places[match.start()] if cue.marked else match.start(),
                masked.places[match.end()] if cue.marked else match.end(),
                role=fact if sure else None,
                about=None if sure else fact,
            )
    return None
