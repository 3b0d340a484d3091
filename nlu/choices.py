"""Facts told in words: "이혼했어요" (divorced), "no ARC yet" (not registered)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import regex

from knowledge.schema import Fact
from nlu.certainty import Certainty, Span, certainty
from nlu.mentions import Mention
from nlu.roles import Masked, compile_cue, has_mark, mask
from nlu.wordlists import word_list, word_list_if_any


def find_choices(text: str, mentions: list[Mention], languages: tuple[str, ...]) -> list[Mention]:
    """What `text` says of yes-or-no facts and choices; `mentions` are its quantities."""
    masked, lists = mask(text, mentions), word_list("choices")
    found = [_named(fact, lists[fact], text, masked, languages) for fact in lists]
    return [mention for mention in found if mention]


def find_plain_words(
    text: str, mentions: list[Mention], languages: tuple[str, ...], facts: Collection[str]
) -> list[Mention]:
    """What plain words say of `facts`: "elementary school", where a school is asked for.

    They say nothing of what is not asked for, and may be said of something else.
    """
    masked = mask(text, mentions)
    found = [
        _named(fact, lists, text, masked, languages)
        for fact in sorted(facts)
        if (lists := word_list_if_any(f"if_asked/{fact}"))
    ]
    return [mention for mention in found if mention]


def told_by_status(mentions: list[Mention], facts: Iterable[Fact]) -> list[Mention]:
    """The choices that come with the statuses named: D-4-7 is for learning a foreign language.

    Of two that would say different things only the status that is wanted says it.
    """
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


def _named(
    fact: str,
    values: Mapping[Any, Mapping[str, list[str]]],
    text: str,
    masked: Masked,
    languages: tuple[str, ...],
) -> Mention | None:
    """The first value of the list that the text names."""
    for value, cues in values.items():
        named = [
            mention
            for language in languages
            for cue in cues.get(language, [])
            if (mention := _first(fact, value, compile_cue(cue, language), text, masked, languages))
        ]
        if named:
            return min(named, key=lambda mention: mention.start)
    return None


# A friend in danger is as urgent as oneself; a guardian is somebody else by nature.
_OF_ANYBODY = ("danger", "guardian", "guardian_changes")


def _first(
    fact: str,
    value: bool | str,
    pattern: regex.Pattern[str],
    text: str,
    masked: Masked,
    languages: tuple[str, ...],
) -> Mention | None:
    # A pattern that names a quantity is held against marks, any other against the words.
    marked = has_mark(pattern)
    read = masked.text if marked else text
    kind = "bool" if isinstance(value, bool) else "choice"
    for match in pattern.finditer(read):
        judged = certainty(read, Span(*match.span()), languages, of_anybody=fact in _OF_ANYBODY)
        if judged is not Certainty.NOT_SAID:
            sure = judged is Certainty.SURE
            return Mention(
                kind,
                value,
                masked.places[match.start()] if marked else match.start(),
                masked.places[match.end()] if marked else match.end(),
                role=fact if sure else None,
                about=None if sure else fact,
            )
    return None
