"""Facts told in words: "이혼했어요" (divorced), "no ARC yet" (not registered)."""

from __future__ import annotations

from functools import cache

import regex

from nlu.certainty import Certainty, Span, certainty
from nlu.mentions import Mention
from nlu.roles import Masked, compile_cue, has_mark, mask
from nlu.wordlists import word_list


def find_choices(text: str, mentions: list[Mention], languages: tuple[str, ...]) -> list[Mention]:
    """What `text` says of yes-or-no facts and choices; `mentions` are its quantities."""
    masked = mask(text, mentions)
    found = []
    for fact in word_list("choices"):
        named = [
            mention
            for language in languages
            for value, pattern in _patterns(fact, language)
            if (mention := _first(fact, value, pattern, text, masked, languages))
        ]
        if named:
            order = list(word_list("choices")[fact])
            kept = min(named, key=lambda m: (order.index(m.value), m.start))
            found.append(kept)
    return found


# A friend in danger is as urgent as oneself.
_OF_ANYBODY = ("danger",)


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


@cache
def _patterns(fact: str, language: str) -> list[tuple[bool | str, regex.Pattern[str]]]:
    return [
        (value, compile_cue(pattern, language))
        for value, cues in word_list("choices")[fact].items()
        for pattern in cues.get(language, [])
    ]
